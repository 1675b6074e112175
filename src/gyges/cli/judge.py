"""``gyges judge``: verdicts for a study that has none, another judge's, or on another question."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.options import as_json, limits, setting_dir, structure, study_argument

if TYPE_CHECKING:
    from gyges.study import StudyFolder

__all__ = ["command"]


@click.command("judge")
@study_argument
@click.option(
    "--question",
    default="outcome",
    show_default=True,
    metavar="NAME",
    help="What is asked: outcome, another question, or one of its variants; gyges questions lists them.",
)
@click.option(
    "--judge",
    "judges",
    multiple=True,
    metavar="NAME",
    help="lexical, embedded, a model as Inspect names it, MODEL@logprobs, or choice@TEMPERATURE; several make a panel. "
    " [default: lexical; choice for forced choices]",
)
@click.option(
    "--rule",
    type=click.Choice(["majority", "unanimous"]),
    default="majority",
    show_default=True,
    help="How a panel decides.",
)
@click.option(
    "--votes", type=int, metavar="N", help="How often a model is asked.  [default: the question's]"
)
@click.option(
    "--threshold",
    type=float,
    metavar="SHARE",
    help="The share of votes from which the answer is yes.  [default: the question's]",
)
@click.option(
    "--temperature", type=float, metavar="T", help="The model's.  [default: the question's]"
)
@structure
@click.option(
    "--retest",
    type=click.IntRange(1),
    metavar="N",
    help="Judge N trials, drawn at random, a second time: how often does the judge change its mind?",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seeds that draw.")
@click.option(
    "--budget", metavar="AMOUNT", help="Stop cleanly before this exceeds it: 500 (calls) or $2.50."
)
@click.option(
    "--price", metavar="IN,OUT", help="Dollars for a million tokens of input and of output."
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Processes of a judge that reads by rule.  [default: one for each processor]",
)
@click.option("--base-url", metavar="URL", help="Where the judge's provider is reached.")
@limits
@setting_dir
@as_json
def command(
    study: Path,
    judges: tuple[str, ...],
    as_json: bool,
    price: str | None,
    workers: int | None,
    **options: Any,
) -> None:
    """Let a judge read every answer that it has not read yet, and print what its verdicts show."""
    from gyges import findings
    from gyges.cli.answers import show_answers
    from gyges.cli.table import gap_table, say_choices, status_table
    from gyges.judging import judged
    from gyges.run import parse_price

    done = judged(
        study,
        judges,
        price=parse_price(price) if price else None,
        workers=workers or _processors(),
        **options,
    )
    folder, name, question = done.study, done.judge, options["question"]
    if done.stopped:
        left = len(folder.trial_table.keys() - folder.verdict_table(name, question).keys())
        rest = f"{left} trials are left" if len(judges) < 2 else "not every judge has read all"
        click.echo(f"The budget ended the judging: {rest}. The same command goes on.", err=True)
    _say_known(folder, name, question)
    if options["retest"]:
        _say_retest(folder, name, question)
    if question != "outcome":
        _say_failures(folder, name, question)
        show_answers(folder, question, name, as_json=as_json)
        return
    found = findings.gaps(folder, judge=name)
    if as_json:
        record = {"schema": "gyges.gap/1", "gaps": [gap.row() for gap in found]}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    click.echo(gap_table(found))
    click.echo()
    click.echo(status_table(findings.statuses(folder, name)))
    say_choices(folder, name)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _say_known(folder: StudyFolder, name: str, question: str) -> None:
    known = folder.known(name, question)
    if not known.get("of"):
        return
    wrong = [row["id"] for row in known["rows"] if row["right"] is False]
    failed = known["of"] - known["judged"]
    text = f"Known transcripts: {known['right']} of {known['of']} read right"
    if wrong:
        text += f"; wrong: {', '.join(wrong)}"
    if failed:
        text += f"; {failed} without a verdict"
    click.echo(f"{text}.", err=True)


def _say_failures(folder: StudyFolder, name: str, question: str) -> None:
    """Print how many trials have no verdict, and what the judge said of one of them."""
    import polars as pl

    table = folder.verdict_table(name, question).scan(["status", "note"])
    with folder.reading():
        failed = table.filter(~pl.col("status").is_in(["ok", "no_answer"])).collect()
    for status, notes in failed.group_by("status", maintain_order=True):
        first = " ".join((notes["note"][0] or "").split())[:200]
        count = f"{len(notes)} verdict{'s' if len(notes) != 1 else ''}"
        click.echo(f"No verdict: {count} {status[0]}: {first}", err=True)


def _say_retest(folder: StudyFolder, name: str, question: str) -> None:
    from gyges.judges.retest import retest_of

    found = retest_of(folder, name, question)
    if not found or not found["n"]:
        click.echo("Judged twice: no trial has two verdicts.", err=True)
        return
    share = found["flips"]
    text = f"Judged twice: {share['count']} of {share['n']} verdicts differ ({share['value']:.1%}, 95% interval "
    text += f"{share['low']:.1%} to {share['high']:.1%})"
    if found["failed"]:
        text += f"; {found['failed']} had no second verdict"
    click.echo(f"{text}.", err=True)
