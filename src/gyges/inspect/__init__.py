"""What Inspect finds when it looks for Gyges: model providers, tasks, the outcome scorer and the gap metric.

``inspect eval gyges/animal_welfare --model MODEL`` runs the same setting with the same judge as ``gyges run``, and
prints the gap; ``--model gyges/smollm2`` asks the embedded model from any task. Only Inspect imports this package.
"""

from __future__ import annotations

from gyges.inspect.scorers import compliance_gap, outcome, question, scales
from gyges.inspect.session import session
from gyges.inspect.tasks import (
    animal_welfare,
    anti_lab,
    bad_preference,
    contradiction,
    forced_choice,
    gaslighting,
    gyges_models,
    hhh_triad,
    insider_trading,
    sandbagging,
    setting,
    value_conflict,
)

__all__ = [
    "animal_welfare",
    "anti_lab",
    "bad_preference",
    "compliance_gap",
    "contradiction",
    "forced_choice",
    "gaslighting",
    "gyges_models",
    "hhh_triad",
    "insider_trading",
    "outcome",
    "question",
    "sandbagging",
    "scales",
    "session",
    "setting",
    "value_conflict",
]
