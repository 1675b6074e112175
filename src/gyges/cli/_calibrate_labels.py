"""Which labelled answers is a judge measured on, and can it read them?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gyges.judges import AskedJudge, Question, Reader
    from gyges.judges.reference import Reference, References
    from gyges.study import StudyFolder

__all__ = ["check_setting", "check_subjects", "check_texts", "labelled_answers", "say_calls"]

_FEW = 3
"""Names that a message gives before it only counts."""


def labelled_answers(
    labels: Path | None, folders: Sequence[StudyFolder], question: Question, setting: str | None
) -> References:
    """Read the labelled answers from the file, else from the first of the studies.

    Raises:
        JudgeError: The labels cannot be used.
        StudyError: Nobody has labelled the question in the study.
    """
    from gyges.errors import StudyError
    from gyges.judges.reference import read_references, settle_rows

    if labels is not None:
        return read_references(labels, question, setting)
    if not folders:
        raise click.UsageError(
            "no labels: give --labels FILE, or --study STUDY where gyges label keeps some, or --transcripts DIR"
        )
    from gyges.labelling import export_rows, read_sample

    study = folders[0]
    sample = read_sample(study, question.name)
    if sample is None:
        raise StudyError(
            f"{study.path}: nobody has labelled {question.name} there; label some answers first: gyges label "
            f"{study.path} --question {question.name}"
        )
    rows = (
        (f"{study.path}: label {at}", row)
        for at, row in enumerate(export_rows(study, question, sample), 1)
    )
    found = settle_rows(rows, question, setting, source=str(study.path))
    found.source = study.path.name
    return found


def check_subjects(references: References, study: StudyFolder, *, others: bool) -> str:
    """Check that the labelled answers are of subjects of the study whose gaps they are to correct.

    Args:
        references: The labelled answers.
        study: The study that the card is kept in.
        others: Whether labels of other subjects alone are allowed.

    Returns:
        What a person should be told; empty where every answer is of a subject of the study, or names none.

    Raises:
        JudgeError: Every answer names another subject.
    """
    from gyges.errors import JudgeError

    with study.reading():
        there = set(study.trial_table.scan(["subject"]).unique().collect()["subject"])
    answers = references.answers
    foreign = [one.subject for one in answers if one.subject and one.subject not in there]
    if not foreign:
        return ""
    whose = _few(foreign)
    if len(foreign) == len(answers) and not others:
        raise JudgeError(
            f"--into {study.path}: the labelled answers are of {whose}, and the study's are of {_few(there)}; a judge "
            "may err otherwise on other subjects. Label answers of this study (gyges label), or allow it with "
            "--other-subjects"
        )
    return (
        f"{len(foreign)} of {len(answers)} labelled answers are of other subjects ({whose}) than the study's; the "
        "correction holds as far as the judge errs on both alike"
    )


def check_setting(name: str, references: References, question: Question) -> None:
    """Check that a judge that reads the answers of one setting is told which.

    Raises:
        JudgeError: The labels name none.
    """
    from gyges.errors import JudgeError

    kind = name.partition(":")[0]
    if references.setting or question.name != "outcome" or kind not in ("lexical", "embedded"):
        return
    raise JudgeError(
        f"{references.answers[0].where}: the rows have no setting, and the {kind} judge reads the answers of one; "
        "give --setting SETTING, such as --setting animal-welfare"
    )


def check_texts(
    reader: AskedJudge | Reader,
    question: Question,
    answers: Sequence[Reference],
    standing: Mapping[str, Any],
) -> Iterator[str]:
    """Find the labelled answers that lack a text without which the judge says nothing.

    Args:
        reader: The judge.
        question: What it is asked.
        answers: The labelled answers.
        standing: The answers that have a verdict already, by id.

    Yields:
        What a person should be told.

    Raises:
        JudgeError: No answer can be judged.
    """
    from gyges.errors import JudgeError
    from gyges.judges import AskedJudge

    asked = isinstance(reader, AskedJudge)
    needed = question.needs if isinstance(reader, AskedJudge) else reader.columns
    left = [one for one in answers if one.id not in standing]
    lacking = [(one, gone) for one in left if (gone := _missing(one, needed))]
    if lacking:
        (first, gone), more = lacking[0], len(lacking) - 1
        text = f"{first.where}: the row of {first.id!r} has no {' and no '.join(gone)}, which "
        text += f"the question {question.name} needs" if asked else f"the judge {reader.name} reads"
        text += f" (and {more} more like it)" if more else ""
        if len(lacking) == len(answers):
            raise JudgeError(f"{text}: nothing can be judged")
        yield f"{text}; counted as no_answer"
    # Reasoning, a system text or a probe a trial may lack; a question and an answer it always has.
    shown = [name for name in ("query", "output") if name in question.sees and name not in needed]
    for name in shown if asked else ():
        if left and not any(one.parts.get(name) for one in left):
            yield (
                f"none of the labelled answers has a {name}, which the question {question.name} shows a judge in a "
                "study: it may err otherwise there"
            )


def say_calls(
    reader: AskedJudge, answers: Sequence[Reference], standing: Mapping[str, Any], attacks: int
) -> str:
    """Say how many calls a judge that is asked is about to make.

    Args:
        reader: The judge.
        answers: The labelled answers.
        standing: Those that have a verdict already, by id.
        attacks: How many texts the attack set shows it, once each.
    """
    left = sum(one.id not in standing and reader.can_judge(one.parts) for one in answers)
    votes = f" with {reader.votes} votes each" if reader.votes > 1 else ""
    parts = [f"{left} answer{'' if left == 1 else 's'}{votes}"]
    if attacks:
        parts.append(f"{attacks} texts of the attack set once each (--no-attacks leaves them out)")
    return f"{left * reader.votes + attacks} calls of {reader.name}: {', and '.join(parts)}"


def _missing(one: Reference, needed: Sequence[str]) -> list[str]:
    # The user's whole text is the query, where the tag of the tier is not known.
    parts = {"user": one.parts.get("query"), **one.parts}
    return [name for name in needed if not parts.get(name)]


def _few(names: Any) -> str:
    found = sorted(set(names))
    more = f" and {len(found) - _FEW} more" if len(found) > _FEW else ""
    return ", ".join(found[:_FEW]) + more
