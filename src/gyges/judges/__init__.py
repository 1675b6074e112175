"""Judges: who reads the answers, what they are asked, and how far they can be trusted."""

from __future__ import annotations

from gyges.judges.apply import AGAIN, Judged, judge_study
from gyges.judges.asked import STRUCTURES, AskedJudge
from gyges.judges.choice import ChoiceReader, choice_reader, is_choice
from gyges.judges.copied import CopiedReader
from gyges.judges.keyed import KeyedReader
from gyges.judges.known import Known, judge_known, known_record
from gyges.judges.lexical import LexicalJudge, Reading, lexical_judge
from gyges.judges.live import LiveJudge
from gyges.judges.logprobs import SUFFIX, LogprobJudge
from gyges.judges.marked import MarkedReader, MarkedReading
from gyges.judges.options import OptionsReader, has_options_rule, options_reader
from gyges.judges.panel import judge_panel, panel_name
from gyges.judges.question import Example, Question, load_question, question_ids
from gyges.judges.reader import (
    COMPLIANCE,
    OPTION,
    QUERY_ID,
    Reader,
    question_of,
    read_trial,
    reads,
)
from gyges.judges.stated import StatedReader

__all__ = [
    "AGAIN",
    "COMPLIANCE",
    "OPTION",
    "QUERY_ID",
    "STRUCTURES",
    "SUFFIX",
    "AskedJudge",
    "ChoiceReader",
    "CopiedReader",
    "Example",
    "Judged",
    "KeyedReader",
    "Known",
    "LexicalJudge",
    "LiveJudge",
    "LogprobJudge",
    "MarkedReader",
    "MarkedReading",
    "OptionsReader",
    "Question",
    "Reader",
    "Reading",
    "StatedReader",
    "choice_reader",
    "has_options_rule",
    "is_choice",
    "judge_known",
    "judge_panel",
    "judge_study",
    "known_record",
    "lexical_judge",
    "load_question",
    "options_reader",
    "panel_name",
    "question_ids",
    "question_of",
    "read_trial",
    "reads",
]
