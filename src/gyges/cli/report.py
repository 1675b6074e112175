"""``gyges report``: a static site of a study."""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.options import study_argument

__all__ = ["command"]


@click.command("report")
@study_argument
@click.option("--judge", metavar="NAME", help="Whose verdicts count.  [default: the study's judge]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the site goes.  [default: STUDY/site]",
)
def command(study: Path, judge: str | None, out: Path | None) -> None:
    """Write the report: figure, table and every transcript, as files that open by double click."""
    from gyges.report.build import build_site
    from gyges.study import StudyFolder

    folder = StudyFolder(study)
    with folder.reading():
        page = build_site(folder, judge=judge, out=out)
    click.echo(f"Report: {page}")
