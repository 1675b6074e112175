"""``gyges variation``: what makes a study's answers vary."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gyges.cli.options import as_json, study_argument
from gyges.cli.options import judge as judge_option
from gyges.cli.options import level as level_option
from gyges.cli.options import partial as partial_option

__all__ = ["command"]


@click.command("variation")
@study_argument
@judge_option
@click.option(
    "--factor",
    "factors",
    multiple=True,
    metavar="NAME",
    help="Compare the levels of this factor; may be given more than once.  [default: all that vary]",
)
@click.option(
    "--reference",
    "references",
    multiple=True,
    metavar="FACTOR=LEVEL",
    help="Compare a factor's levels with this one.  [default: the first]",
)
@click.option(
    "--by",
    multiple=True,
    metavar="FACTOR",
    help="Describe each level of a factor on its own; may be given more than once.",
)
@click.option(
    "--verbalised",
    metavar="NAME",
    help="What says which answers state the strategy in their reasoning: a column of 0 and 1, or a judge asked that.",
)
@click.option("--control", is_flag=True, help="Describe the no-conflict control too.")
@partial_option
@level_option
@as_json
def command(
    study: Path,
    judge: str | None,
    factors: tuple[str, ...],
    references: tuple[str, ...],
    by: tuple[str, ...],
    verbalised: str | None,
    control: bool,
    partial: float,
    level: float,
    as_json: bool,
) -> None:
    """Print what makes the answers vary: queries, wordings, samples, factors, prompts, verbalised reasoning."""
    from gyges.cli._variation_text import variation_text
    from gyges.structure import structure
    from gyges.study import StudyFolder

    found = structure(
        StudyFolder(study),
        judge=judge,
        factors=factors,
        by=by,
        reference=_pairs(references),
        verbalised=verbalised,
        control=control,
        partial=partial,
        level=level,
    )
    if as_json:
        record = {"schema": "gyges.variation/1", "groups": [group.row() for group in found]}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False))
        return
    if not found:
        click.echo("No trial in the two tiers; --control describes the no-conflict control.")
        return
    click.echo(variation_text(found))
    if verbalised is None:
        click.echo(
            "\nVerbalised reasoning is not described: --verbalised names what says which answers state the strategy, "
            "an imported column of 0 and 1 or a judge that was asked that."
        )


def _pairs(references: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in references:
        name, equals, level = text.partition("=")
        if not equals or not name or not level:
            raise click.BadParameter(f"--reference {text}: give FACTOR=LEVEL")
        found[name] = level
    return found
