"""What does a study show? The one place that turns its tables into estimates."""

from __future__ import annotations

from gyges.findings.accuracy import Accuracy, accuracies
from gyges.findings.agreement import Agreement, agreement, disagreeing
from gyges.findings.answers import Shown, answers_shown
from gyges.findings.asides import Aside, asides_of
from gyges.findings.balance import averaged, unbalanced
from gyges.findings.cells import compliance
from gyges.findings.contradiction import Contradiction, contradictions
from gyges.findings.dilemmas import Dilemmas, dilemmas
from gyges.findings.factors import varied
from gyges.findings.gaps import estimate_gaps, gaps
from gyges.findings.largest import Largest, largest
from gyges.findings.ordering import Ordering, orderings
from gyges.findings.position import (
    PositionDifference,
    position_differences,
    unread_choices,
)
from gyges.findings.record import Gap
from gyges.findings.refusals import Refusals
from gyges.findings.resistance import Resistance, resistances
from gyges.findings.said_and_done import verbalised_source, with_verbalised
from gyges.findings.sentences import null, plain_method, sentence, warnings
from gyges.findings.statuses import statuses
from gyges.findings.stopping import read_until, until_sentence, until_summary, until_warning
from gyges.findings.varied import Comparison, LevelRow, Varied

__all__ = [
    "Accuracy",
    "Agreement",
    "Aside",
    "Comparison",
    "Contradiction",
    "Dilemmas",
    "Gap",
    "Largest",
    "LevelRow",
    "Ordering",
    "PositionDifference",
    "Refusals",
    "Resistance",
    "Shown",
    "Varied",
    "accuracies",
    "agreement",
    "answers_shown",
    "asides_of",
    "averaged",
    "compliance",
    "contradictions",
    "dilemmas",
    "disagreeing",
    "estimate_gaps",
    "gaps",
    "largest",
    "null",
    "orderings",
    "plain_method",
    "position_differences",
    "read_until",
    "resistances",
    "sentence",
    "statuses",
    "unbalanced",
    "unread_choices",
    "until_sentence",
    "until_summary",
    "until_warning",
    "varied",
    "verbalised_source",
    "warnings",
    "with_verbalised",
]
