"""Judging a study, while it is asked and after it."""

from __future__ import annotations

from gyges.judging.named import (
    RULES,
    Asking,
    check_limits,
    facts_of,
    judge_named,
    judge_of,
    make_judge,
    rule_judge,
    running_judge,
)
from gyges.judging.own_rule import own_reader, own_readers
from gyges.judging.proof import ReadingProof, prove_reading, proved_reading
from gyges.judging.rounds import (
    Round,
    apply_judge,
    controls_for,
    judge,
    judged,
    quick_compliance,
    show_known,
)
from gyges.judging.worked import worked_examples

__all__ = [
    "RULES",
    "Asking",
    "ReadingProof",
    "Round",
    "apply_judge",
    "check_limits",
    "controls_for",
    "facts_of",
    "judge",
    "judge_named",
    "judge_of",
    "judged",
    "make_judge",
    "own_reader",
    "own_readers",
    "prove_reading",
    "proved_reading",
    "quick_compliance",
    "rule_judge",
    "running_judge",
    "show_known",
    "worked_examples",
]
