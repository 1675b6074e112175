"""What makes a subject's answers vary, and what goes with the gap?

Turns a study's tables into the estimates of :mod:`gyges.estimate` on the structure of the variation, a subject,
setting and value at a time: the variance split between queries, wordings and samples, for each tier and for the
difference between them; what each level of each factor changes; whether the prompts of a tier share one rate; and,
where something says which answers verbalise the strategy in their reasoning, how that goes with the gap. The
conventions on undecided and missing answers are those of :mod:`gyges.findings`.
"""

from __future__ import annotations

from gyges.estimate.correlation import Correlation
from gyges.estimate.effects import Effect
from gyges.estimate.interval import Interval
from gyges.estimate.overdispersion import OverDispersion
from gyges.estimate.variation import Component, VarianceSplit
from gyges.structure.describe import structure
from gyges.structure.results import NOT_CAUSAL, LevelEffect, Structure, Verbalised

__all__ = [
    "NOT_CAUSAL",
    "Component",
    "Correlation",
    "Effect",
    "Interval",
    "LevelEffect",
    "OverDispersion",
    "Structure",
    "VarianceSplit",
    "Verbalised",
    "structure",
]
