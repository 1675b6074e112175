"""``gyges judge``: verdicts for a study that has none, or another judge's."""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.options import setting_dir, study_argument

__all__ = ["command"]


@click.command("judge")
@study_argument
@click.option("--judge", default="lexical", show_default=True, metavar="NAME", help="lexical, or a model as Inspect names it.")
@click.option("--base-url", metavar="URL", help="Where the judge's provider is reached.")
@click.option("--max-connections", type=int, metavar="N", help="Calls under way at once.")
@setting_dir
def command(
    study: Path,
    judge: str,
    base_url: str | None,
    max_connections: int | None,
    setting_dirs: tuple[Path, ...],
) -> None:
    """Let a judge read every answer that it has not read yet, and print the gaps by its verdicts."""
    from gyges import api, findings
    from gyges.cli.table import gap_table, status_table

    folder = api.judge(
        study, judge, base_url=base_url, max_connections=max_connections, setting_dirs=setting_dirs
    )
    click.echo(gap_table(findings.gaps(folder, judge=judge)))
    click.echo()
    click.echo(status_table(findings.statuses(folder, judge)))
