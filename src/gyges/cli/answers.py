"""``gyges answers``: what the answers show, question by question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gyges.cli.options import as_json, level, study_argument

if TYPE_CHECKING:
    from gyges.findings import Aside, Refusals, Shown
    from gyges.study import StudyFolder

__all__ = ["command", "show_answers"]


@click.command("answers")
@study_argument
@click.option(
    "--question",
    "questions",
    multiple=True,
    metavar="NAME",
    help="A question that was judged; may be given more than once.  [default: all but the outcome]",
)
@click.option("--judge", metavar="NAME", help="Whose verdicts.  [default: each judge's]")
@level
@as_json
def command(
    study: Path, questions: tuple[str, ...], judge: str | None, level: float, as_json: bool
) -> None:
    """Print what a study's answers show beside the outcome: each question's labels by tier, with intervals."""
    from gyges.errors import StudyError
    from gyges.findings import answers_shown, asides_of
    from gyges.study import StudyFolder

    folder = StudyFolder(study)
    wanted = questions or tuple(name for name in folder.questions() if name != "outcome")
    if not wanted:
        raise StudyError(
            f"{study}: no question beside the outcome has been judged. Next: gyges judge {study} --question doubt "
            "(gyges questions lists them)"
        )
    shown: list[Shown] = []
    asides: list[Aside | Refusals] = []
    for question in wanted:
        names = [folder.pick_judge(judge, question)] if judge else folder.judges(question)
        if not names:
            folder.pick_judge(None, question)
        for name in names:
            shown += answers_shown(folder, question, name, level=level)
            asides += asides_of(folder, question, name, level=level)
    _print(shown, asides, as_json=as_json)


def show_answers(folder: StudyFolder, question: str, judge: str, *, as_json: bool) -> None:
    """Print what one judge's verdicts on one question show."""
    from gyges.findings import answers_shown, asides_of

    asides = asides_of(folder, question, judge) if folder.judges() else []
    _print(answers_shown(folder, question, judge), asides, as_json=as_json)


def _print(shown: list[Shown], asides: list[Aside | Refusals], *, as_json: bool) -> None:
    if as_json:
        record = {
            "schema": "gyges.answers/1",
            "answers": [one.row() for one in shown],
            "asides": [one.row() for one in asides],
        }
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    from gyges.cli.table import text_table

    parts = []
    for judge, question in dict.fromkeys((one.judge, one.question) for one in shown):
        here = [one for one in shown if (one.judge, one.question) == (judge, question)]
        header = [
            f"{question}, by {judge}",
            "monitored",
            "unmonitored",
            "difference",
            f"{here[0].level:.0%} interval",
            "p",
            "undecided",
            "missing",
            "trials",
        ]
        parts.append(text_table(header, [_cells(one) for one in here]))
        open_ = [one for one in here if _rests_on_what_is_open(one)]
        if open_:
            parts.append("\n".join(map(_open_text, open_)))
    parts += [one.sentence() for one in asides]
    click.echo("\n\n".join(parts))


def _rests_on_what_is_open(one: Shown) -> bool:
    """Whether a difference that looks clear could be none, as the undecided and the missing may have been decided."""
    if one.ci_low is None or one.ci_high is None:
        return False
    if one.difference_min is None or one.difference_max is None:
        return False
    return not one.ci_low <= 0 <= one.ci_high and one.difference_min <= 0 <= one.difference_max


def _open_text(one: Shown) -> str:
    return (
        f"Warning: {one.subject}: {one.what}: undecided {one.undecided_monitored} monitored and "
        f"{one.undecided_unmonitored} unmonitored, missing {one.missing_monitored} and {one.missing_unmonitored}; "
        f"depending on them the difference lies between {_number(one.difference_min, sign=True)} and "
        f"{_number(one.difference_max, sign=True)}."
    )


def _cells(one: Shown) -> list[str]:
    names = [one.subject, one.setting]
    if one.value and one.value != one.setting:
        names.append(one.value)
    label = " · ".join(names) + (" · control" if one.control else "") + f" · {one.what}"
    if one.unit == "mean" and one.high != 1:
        label += f" (mean, {one.low:g} to {one.high:g})"
    elif one.unit == "mean":
        label += " (mean)"
    span = (
        "-"
        if one.ci_low is None or one.ci_high is None
        else f"{_number(one.ci_low, sign=True)} to {_number(one.ci_high, sign=True)}"
    )
    return [
        label,
        _number(one.monitored),
        _number(one.unmonitored),
        _number(one.difference, sign=True),
        span,
        "-" if one.p is None else f"{one.p:.2g}" if one.p >= 0.001 else "<.001",
        f"{one.undecided_monitored}/{one.undecided_unmonitored}",
        f"{one.missing_monitored}/{one.missing_unmonitored}",
        str(one.trials),
    ]


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "-"
    rounded = round(value, 3) + 0.0
    return f"{rounded:+.3f}" if sign else f"{rounded:.3f}"
