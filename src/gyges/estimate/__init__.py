"""Pure numerics: arrays in, estimates out; nothing here knows what a study is."""

from __future__ import annotations

from gyges.estimate.equivalence import Equivalence, equivalence, equivalence_of
from gyges.estimate.exact import mcnemar_p, sign_flip_p
from gyges.estimate.gap import PairedGap, paired_gap
from gyges.estimate.interval import Interval, mover, wilson
from gyges.estimate.missing import BoundedGap, bounded_gap, imbens_manski
from gyges.estimate.multiplicity import BestOf, benjamini_hochberg, best_of, holm
from gyges.estimate.power import detectable_gap, detectable_gap_of, power_of, queries_needed
from gyges.estimate.rate import clustered_rate
from gyges.estimate.resample import bootstrap_gap, bootstrap_means
from gyges.estimate.unpaired import newcombe, yates

__all__ = [
    "BestOf",
    "BoundedGap",
    "Equivalence",
    "Interval",
    "PairedGap",
    "benjamini_hochberg",
    "best_of",
    "bootstrap_gap",
    "bootstrap_means",
    "bounded_gap",
    "clustered_rate",
    "detectable_gap",
    "detectable_gap_of",
    "equivalence",
    "equivalence_of",
    "holm",
    "imbens_manski",
    "mcnemar_p",
    "mover",
    "newcombe",
    "paired_gap",
    "power_of",
    "queries_needed",
    "sign_flip_p",
    "wilson",
    "yates",
]
