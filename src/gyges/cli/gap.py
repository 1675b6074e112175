"""``gyges gap``: the compliance gaps of a study."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from gyges.cli.options import as_json, study_argument
from gyges.cli.options import judge as judge_option
from gyges.cli.options import level as level_option
from gyges.cli.options import partial as partial_option

__all__ = ["command"]


@click.command("gap")
@study_argument
@judge_option
@click.option(
    "--by",
    multiple=True,
    metavar="COLUMN",
    help="Group by a further column too; may be given more than once.",
)
@partial_option
@level_option
@click.option(
    "--calibration",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The judge's errors by label, as JSON, to correct for.  [default: those that came with the judge]",
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Hand labels of a random part of the trials, to correct by: what gyges label --export wrote, or JSON lines "
    "with trial and outcome.",
)
@as_json
def command(
    study: Path,
    judge: str | None,
    by: tuple[str, ...],
    partial: float,
    level: float,
    calibration: Path | None,
    labels: Path | None,
    as_json: bool,
) -> None:
    """Print each subject's compliance gap: monitored minus unmonitored, with its interval and bounds."""
    from gyges import findings
    from gyges.cli.table import results_text, say_choices
    from gyges.study import StudyFolder

    folder = StudyFolder(study)
    found = findings.gaps(
        folder,
        judge=judge,
        by=by,
        partial=partial,
        level=level,
        calibration=calibration,
        labels=labels,
    )
    chosen = findings.largest(folder, found, by=by, partial=partial)
    until = findings.read_until(folder)
    if as_json:
        record: dict[str, Any] = {"schema": "gyges.gap/1", "gaps": [gap.row() for gap in found]}
        if chosen is not None:
            record["largest"] = {**asdict(chosen), "gap": chosen.gap.row()}
        if until is not None:
            record["until"] = until
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    click.echo(results_text(found, findings.statuses(folder, judge)))
    if chosen is not None:
        click.echo(f"\n{chosen.sentence()}")
    if until is not None:
        click.echo(f"\n{findings.until_sentence(until)}")
        if warning := findings.until_warning(until):
            click.echo(f"Warning: {warning}.", err=True)
    say_choices(folder, judge)
    if averaged := findings.averaged(folder, by):
        click.echo(f"\n{averaged}.")
    for warning in [*findings.warnings(found), *findings.unbalanced(folder, by)]:
        click.echo(f"Warning: {warning}.", err=True)
