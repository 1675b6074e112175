"""``gyges report``: a static site of a study."""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.options import judge as judge_option
from gyges.cli.options import setting_dir, study_argument
from gyges.cli.selftest import no_selftest, run_controls

__all__ = ["command"]


@click.command("report")
@study_argument
@judge_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the site goes.  [default: STUDY/site]",
)
@setting_dir
@no_selftest
def command(
    study: Path,
    judge: str | None,
    out: Path | None,
    setting_dirs: tuple[Path, ...],
    no_selftest: bool,
) -> None:
    """Write the report: figure, table and every transcript, as files that open by double click."""
    from gyges.report.build import build_site
    from gyges.study import StudyFolder

    folder = StudyFolder(study)
    if not no_selftest:
        run_controls(folder, setting_dirs)
    with folder.reading():
        page = build_site(folder, judge=judge, out=out)
    click.echo(f"Report: {page}")
