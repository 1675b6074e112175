"""Pure numerics: arrays in, estimates out; nothing here knows what a study is."""

from __future__ import annotations

from gyges.estimate.gap import Interval, PairedGap, paired_gap, sign_flip_p, worst_case_gap
from gyges.estimate.rate import clustered_rate, wilson

__all__ = [
    "Interval",
    "PairedGap",
    "clustered_rate",
    "paired_gap",
    "sign_flip_p",
    "wilson",
    "worst_case_gap",
]
