"""How much would it tell to read a trial: how unsure are the judges of it?

From 0 to 1 by what the judges of the study said to the question: how close a score is to one half,
whether a judge could not decide or failed, and how many pairs of judges disagree. What no judge has
read is as unsure as can be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from gyges.errors import StudyError, nearest
from gyges.study import StudyFolder

__all__ = ["FLOOR", "sizes", "unsureness"]

FLOOR = 0.2
"""The least size of a trial: no trial weighs more than five times as much as the most unsure one."""

_UNDECIDED = "undecided"


def sizes(study: StudyFolder, question: str, judge: str | None = None) -> dict[str, float]:
    """Give each trial that a judge has read its size for :func:`gyges.labelling.draw`.

    Args:
        study: The study.
        question: The question that the judges answered.
        judge: Only this judge; all by default.

    Returns:
        Trial to size, from ``FLOOR`` to 1. A trial that is missing has size 1.

    Raises:
        StudyError: No judge has answered the question, or not this one.
    """
    tables = {name: study.verdict_table(name, question) for name in study.judges(question)}
    found = {name: table for name, table in tables.items() if table.keys()}
    if judge is not None and judge not in found:
        raise StudyError(
            f"{study.path}: no verdicts of judge {judge!r} to the question {question}; {nearest(judge, found)}"
        )
    if not found:
        raise StudyError(
            f"{study.path}: no judge has answered the question {question}, so none is unsure of it. Next: "
            f"`gyges judge {study.path}`, or draw with --by random"
        )
    said: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    with study.reading():
        for name, table in found.items():
            if judge in (None, name):
                for row in table.scan().collect().iter_rows(named=True):
                    said[row["trial"]].append(row)
    return {trial: FLOOR + (1 - FLOOR) * unsureness(rows) for trial, rows in said.items()}


def unsureness(verdicts: Iterable[Mapping[str, Any]]) -> float:
    """Say how unsure the judges are of one trial, from 0 (all sure of the same) to 1.

    Args:
        verdicts: What each judge said of it, with the columns of the verdict table.
    """
    alone, answers = [], []
    for verdict in verdicts:
        answer = _answer(verdict)
        score = verdict.get("score")
        if verdict["status"] != "ok" or answer == _UNDECIDED:
            alone.append(1.0)
            continue
        answers.append(answer)
        alone.append(0.0 if score is None else 1 - abs(2 * min(max(score, 0.0), 1.0) - 1))
    if not alone:
        return 1.0
    pairs = [one != other for one, other in combinations(answers, 2)]
    apart = sum(pairs) / len(pairs) if pairs else 0.0
    return max(apart, sum(alone) / len(alone))


def _answer(verdict: Mapping[str, Any]) -> Any:
    label = verdict.get("label") or verdict.get("outcome")
    several = verdict.get("labels")
    return (label, *sorted(several)) if several and label != _UNDECIDED else label
