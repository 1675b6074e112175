"""Judges: who reads the answers, what they are asked, and how far they can be trusted."""

from __future__ import annotations

from gyges.judges.apply import Judged, judge_study
from gyges.judges.asked import AskedJudge, Question, question_for
from gyges.judges.choice import ChoiceReader, choice_reader, is_choice
from gyges.judges.lexical import LexicalJudge, Reading, lexical_judge
from gyges.judges.live import LiveJudge
from gyges.judges.reader import COMPLIANCE, OPTION, Reader, read_trial
from gyges.judges.stated import StatedReader

__all__ = [
    "COMPLIANCE",
    "OPTION",
    "AskedJudge",
    "ChoiceReader",
    "Judged",
    "LexicalJudge",
    "LiveJudge",
    "Question",
    "Reader",
    "Reading",
    "StatedReader",
    "choice_reader",
    "is_choice",
    "judge_study",
    "lexical_judge",
    "question_for",
    "read_trial",
]
