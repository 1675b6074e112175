"""``gyges export``: a study in another tool's format."""

from __future__ import annotations

from pathlib import Path

import click

from gyges.cli.options import study_argument

__all__ = ["command"]


@click.command("export")
@study_argument
@click.option(
    "--to",
    "target",
    type=click.Choice(["inspect"]),
    required=True,
    help="The format: inspect writes .eval logs.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where it goes.  [default: STUDY/export/inspect]",
)
@click.option(
    "--judge", metavar="NAME", help="Whose verdicts are the scores.  [default: the study's judge]"
)
def command(study: Path, target: str, out: Path | None, judge: str | None) -> None:
    """Write a study in another tool's format."""
    from gyges.study import StudyFolder
    from gyges.study.exports import write_inspect

    folder = out or study / "export" / target
    opened = StudyFolder(study)
    with opened.reading():
        paths = write_inspect(opened, folder, judge=judge)
    click.echo(
        f"{len(paths)} log{'' if len(paths) == 1 else 's'} in {folder}. Open them with: inspect view --log-dir {folder}"
    )
