"""What do the judges have in common that read by rule, without a call?

They look at some columns of a trial and give a verdict at once: the lexical judge at the answer, the reader of forced
choices at the log-probabilities, the reader of stated options at the answer and the letter that complies. Whoever has a
trial, from a study's table or fresh from a run, can hand it to any of them alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from gyges.study import Trial, Verdict
from gyges.study.queries import user_query

if TYPE_CHECKING:
    from gyges.judges.asked import AskedJudge

__all__ = ["COMPLIANCE", "OPTION", "QUERY_ID", "Reader", "question_of", "read_trial", "reads"]

COMPLIANCE = {"comply": 1.0, "partial": 0.5, "refuse": 0.0}
"""What each decided outcome counts where rates are shown or followed while a run goes on."""

OPTION = "comply_option"
"""The column that holds the letter of the complying option, where two are offered."""


QUERY_ID = "query_id"
"""What a reader names to be given the id of the query, which stands in the column ``query`` of the trial table."""


class Reader(Protocol):
    """A judge that reads a trial by rule.

    It may have a field ``also``: what it reads too where a trial has it, named like ``columns``.
    """

    @property
    def name(self) -> str:
        """By which it is asked for, and under which its verdicts stand."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What of a trial it needs, and without one of which there is nothing to read.

        Columns of the trial table, ``value`` and ``conversation`` among them; ``query``, the user's question without
        the tier's tag, and ``query_id``, which query it is; ``user``, the user's whole message; ``system``, the text
        that instructs the subject.
        """

    def info(self) -> dict[str, Any]:
        """Describe it, for the study and the report."""

    def verdict(self, trial: str, answer: Mapping[str, Any]) -> Verdict:
        """Read one trial.

        Args:
            trial: Its id.
            answer: Its values by column: those of ``columns``, none of them empty, and those of ``also``, or None.
        """


def question_of(judge: AskedJudge | Reader) -> str:
    """Name the question that a judge answers: ``outcome`` unless it says otherwise."""
    question = getattr(judge, "question", "outcome")
    return question if isinstance(question, str) else str(question.name)


def reads(reader: Reader) -> tuple[str, ...]:
    """Name all that a reader looks at: what it needs, and what it reads where there is any."""
    return tuple(dict.fromkeys((*reader.columns, *getattr(reader, "also", ()))))


def read_trial(reader: Reader, trial: Trial, user: str = "") -> Verdict | None:
    """Read a trial that has just come back; None where it has no answer to read.

    Args:
        reader: Who reads.
        trial: The trial.
        user: The user's message as it was sent, where it is at hand.
    """
    if trial.status != "ok" or not trial.output:
        return None
    said = {"user": user, "query": user_query(user), QUERY_ID: trial.query}
    values = {
        name: trial.factors[name] if name in trial.factors else getattr(trial, name, None)
        for name in reads(reader)
    }
    values |= {name: text or None for name, text in said.items() if name in values}
    if not all(values[name] for name in reader.columns):
        return None
    return reader.verdict(trial.trial, values)
