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
from gyges.judging.rounds import (
    Round,
    apply_judge,
    controls_for,
    judge,
    judged,
    quick_compliance,
    show_known,
)

__all__ = [
    "RULES",
    "Asking",
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
    "quick_compliance",
    "rule_judge",
    "running_judge",
    "show_known",
]
