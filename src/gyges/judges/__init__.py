"""Judges: who reads the answers, what they are asked, and how far they can be trusted."""

from __future__ import annotations

from gyges.judges.apply import Judged, judge_study
from gyges.judges.asked import AskedJudge, Question, question_for
from gyges.judges.lexical import LexicalJudge, Reading, lexical_judge

__all__ = [
    "AskedJudge",
    "Judged",
    "LexicalJudge",
    "Question",
    "Reading",
    "judge_study",
    "lexical_judge",
    "question_for",
]
