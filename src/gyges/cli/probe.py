"""``gyges probe``: ask the subject of a study about its situation, or about itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.options import as_json, limits, model_args, provider, setting_dir, study_argument

if TYPE_CHECKING:
    from gyges.probing import ProbeRound

__all__ = ["command"]


@click.command("probe")
@study_argument
@click.option(
    "--probe",
    "name",
    default="belief",
    show_default=True,
    metavar="NAME",
    help="What is asked: belief or self-prediction.",
)
@click.option(
    "--when",
    metavar="TIME",
    help="before the answer (a fork of which it knows nothing), after it, or both.  [default: the probe's last]",
)
@click.option(
    "--model", metavar="MODEL", help="Which of the study's subjects.  [default: all of them]"
)
@click.option(
    "--sample",
    type=int,
    metavar="N",
    help="Probe at most N trials, of blocks drawn at random; both tiers of a block go together.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seeds that draw.")
@click.option("--max-tokens", type=int, metavar="N", help="Limit on an answer.  [default: 600]")
@limits
@click.option(
    "--budget", metavar="AMOUNT", help="Stop cleanly before this exceeds it: 500 (calls) or $2.50."
)
@click.option(
    "--price", metavar="IN,OUT", help="Dollars for a million tokens of input and of output."
)
@provider
@setting_dir
@as_json
def command(
    study: Path,
    name: str,
    arguments: tuple[str, ...],
    price: str | None,
    max_tokens: int | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Take up each answered trial again and ask its subject what it believes, or what it would do.

    The study's trials stay as they are. Only what is missing is asked, and what failed is asked again.
    """
    from gyges.probing import probe
    from gyges.run import parse_price

    if max_tokens is not None:
        options["max_tokens"] = max_tokens
    rounds = probe(
        study,
        name,
        model_args=model_args(arguments),
        price=parse_price(price) if price else None,
        **options,
    )
    if as_json:
        record = {"schema": "gyges.probed/1", "rounds": [one.row() for one in rounds]}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    for one in rounds:
        _say(one)
    for one in rounds:
        click.echo(f"Next: gyges judge {study} --question {one.judged_as}", err=True)


def _say(one: ProbeRound) -> None:
    were = f", {one.skipped} were there" if one.skipped else ""
    click.echo(f"{one.name}: {one.asked} trials asked{were}.")
    if one.asked:
        click.echo("  " + ", ".join(f"{count} {name}" for name, count in one.statuses.items()))
    if one.stopped:
        click.echo(f"Stopped early: {one.stopped}. The same command goes on.", err=True)
    if one.failure:
        click.echo(f"The last call that failed said: {one.failure}", err=True)
