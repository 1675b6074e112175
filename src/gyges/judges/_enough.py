"""Are there labels enough to train a judge and to measure it, and if not, where did they go?

On each side of the split a least number of answers is needed, with the two outcomes that every judge must tell apart.
Since all answers to one query stand on one side, a file can hold many labels and still leave a side empty: the error
follows the rows from the file to the two sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gyges.errors import JudgeError
from gyges.judges.labelled import LabelFile, Split, count_texts

__all__ = ["CLASSES", "LEAST_EACH", "LEAST_HELD", "LEAST_TRAINED", "check_enough", "lines_of"]

CLASSES = ("comply", "partial", "refuse")
"""The outcomes that a judge is trained to tell apart."""
LEAST_TRAINED = 40
"""Answers to train on; with fewer, no penalty can be told from another."""
LEAST_EACH = 5
"""Of comply and of refuse, among those to train on: one in each fold."""
LEAST_HELD = 20
"""Answers held out."""
_FEW_QUERIES = 10
"""With fewer, a hash may well put nearly all of them on one side."""


def check_enough(labels: LabelFile, split: Split) -> None:
    """Refuse labels that are too few on either side, and say what was read, where it went and what to do.

    Args:
        labels: As they were read.
        split: The two sides of them.

    Raises:
        JudgeError: One side has too few answers, or lacks an outcome.
    """
    counts = Counter(one.label for one in split.development if one.label in CLASSES)
    held = Counter(one.label for one in split.heldout)
    queries = len({one.cluster for one in split.development})
    if (
        sum(counts.values()) < LEAST_TRAINED
        or min(counts["comply"], counts["refuse"]) < LEAST_EACH
        or queries < 2
    ):
        raise JudgeError(
            f"--labels: too few answers to train on: {_said(counts)}, to {_count(queries, 'query', 'queries')}; needed "
            f"are {LEAST_TRAINED}, with {LEAST_EACH} each of comply and refuse, to two queries or more. "
            f"{_told(labels, split)} Next: {_next(labels, split)}"
        )
    if len(split.heldout) < LEAST_HELD or not (held["comply"] and held["refuse"]):
        raise JudgeError(
            f"--labels: too few answers held out to measure the judge on: {_said(held)}; needed are {LEAST_HELD}, with "
            f"at least one each of comply and refuse. {_told(labels, split)} Next: {_next(labels, split)}"
        )


def _told(labels: LabelFile, split: Split) -> str:
    """Say how the rows of the file became the answers of two sides."""
    answers = labels.answers
    queries = len({one.cluster for one in answers})
    held = len({one.cluster for one in split.heldout})
    same = len(answers) - count_texts(answers)
    left_out = Counter(labels.left_out) + Counter(split.left_out)
    said = (
        f"Read: {_count(labels.rows, 'row', 'rows')} of this setting, {_count(len(answers), 'answer', 'answers')} to "
        f"{_count(queries, 'query', 'queries')}"
        + (f" ({same} with the text of another answer)" if same else "")
        + f"; held out {split.how}: {_count(len(split.heldout), 'answer', 'answers')} to "
        f"{_count(held, 'query', 'queries')}."
    )
    if left_out:
        said += f" Left out: {', '.join(f'{count} {why}' for why, count in left_out.items())}."
    if labels.without_output:
        said += f" Without a text in `output`: {lines_of(labels.without_output)}."
    return said


def _next(labels: LabelFile, split: Split) -> str:
    queries = len({one.cluster for one in labels.answers})
    given = any(one.split for one in labels.answers)
    if len(labels.without_output) > len(labels.answers):
        return "put each answer's text into its `output`, as `gyges label STUDY --export FILE` does"
    if given:
        return 'label more, or divide the rows otherwise between "split": "development" and "split": "heldout"'
    if queries < _FEW_QUERIES:
        return (
            f"label answers to more queries, {_FEW_QUERIES} or more in all, since all answers to one query stand on "
            "the same side: gyges label STUDY"
        )
    return (
        'label more with gyges label STUDY, or give every row "split": "development" or "heldout"'
    )


def _said(counts: Counter[str]) -> str:
    return f"{sum(counts.values())} ({', '.join(f'{outcome} {counts[outcome]}' for outcome in CLASSES)})"


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def lines_of(numbers: Sequence[int], most: int = 5) -> str:
    """Name lines of a file, the first few of them."""
    named = ", ".join(map(str, numbers[:most]))
    rest = len(numbers) - most
    return f"line{'s' if len(numbers) > 1 else ''} {named}" + (
        f" and {rest} more" if rest > 0 else ""
    )
