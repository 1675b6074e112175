"""``gyges judge``: verdicts for a study that has none, or another judge's."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gyges.cli.options import as_json, setting_dir, study_argument

__all__ = ["command"]


@click.command("judge")
@study_argument
@click.option(
    "--judge",
    metavar="NAME",
    help="lexical, a model as Inspect names it, or choice@TEMPERATURE.  [default: lexical; choice for forced choices]",
)
@click.option("--base-url", metavar="URL", help="Where the judge's provider is reached.")
@click.option("--max-connections", type=int, metavar="N", help="Calls under way at once.")
@setting_dir
@as_json
def command(
    study: Path,
    judge: str | None,
    base_url: str | None,
    max_connections: int | None,
    setting_dirs: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Let a judge read every answer that it has not read yet, and print the gaps by its verdicts."""
    from gyges import api, findings
    from gyges.cli.table import gap_table, say_choices, status_table
    from gyges.judges import choice_reader, is_choice

    folder = api.judge(
        study, judge, base_url=base_url, max_connections=max_connections, setting_dirs=setting_dirs
    )
    # A reader of forced choices has one name, however its temperature is written.
    reader = choice_reader(judge, choice=is_choice(folder))
    name = reader.name if reader else judge or "lexical"
    found = findings.gaps(folder, judge=name)
    if as_json:
        record = {"schema": "gyges.gap/1", "gaps": [gap.row() for gap in found]}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    click.echo(gap_table(found))
    click.echo()
    click.echo(status_table(findings.statuses(folder, name)))
    say_choices(folder, name)
