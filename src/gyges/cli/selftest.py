"""``gyges selftest``: does the instrument find what was planted?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.options import as_json, setting_dir

if TYPE_CHECKING:
    from gyges.selftest import Recovery, Selftest
    from gyges.study import StudyFolder

__all__ = ["command", "no_selftest", "run_controls"]

no_selftest = click.option(
    "--no-selftest",
    is_flag=True,
    help="Do not run the report's controls: planted subjects in the same setting, a second or two.",
)


def run_controls(study: StudyFolder, setting_dirs: Sequence[str | Path] = ()) -> None:
    """Put the positive and the negative control beside a study, for its report.

    A study that is there to read and not to write keeps what it has.
    """
    from gyges.selftest import write_selftest

    try:
        write_selftest(study, setting_dirs=setting_dirs)
    except OSError as error:
        why = error.strerror or error
        click.echo(f"The controls could not be kept in {study.path}: {why}.", err=True)


@click.command("selftest")
@click.argument("setting", default="animal-welfare")
@click.option("--queries", type=int, metavar="N", help="How many queries.  [default: 40]")
@click.option(
    "--samples",
    type=int,
    metavar="N",
    help="Samples of each query in each tier.  [default: 3; 2 with --reasoning choice]",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--judge", metavar="MODEL", help="Who grades the answers. Default: the setting's lexical judge."
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="KIND",
    help="Ask this planted subject only; may be given more than once.",
)
@click.option(
    "--reasoning",
    metavar="LEVEL",
    help="scratchpad, none or choice.  [default: the setting's first]",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Leave the studies in this folder.  [default: a temporary one]",
)
@setting_dir
@as_json
def command(setting: str, kinds: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Ask subjects whose true rates are known, and check that what is measured is what was planted.

    Exit status 0: every planted subject was recovered; 2: one was not, and a sentence on stderr says which.
    """
    from gyges.selftest import selftest

    done = selftest(setting, kinds=kinds or None, **options)
    if as_json:
        record = {"schema": "gyges.selftest/1", **done.record()}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        click.echo(_table(done))
        click.echo()
        click.echo(_summary(done))
    for failure in done.failures:
        click.echo(f"Not recovered: {failure}.", err=True)
    return 0 if done.passed else 2


def _table(done: Selftest) -> str:
    from gyges.cli.table import text_table

    header = [
        "planted subject",
        "planted: monitored",
        "unmonitored",
        "gap",
        "measured: gap",
        f"{done.level:.1%} interval",
        "verdict",
    ]
    return text_table(header, [_cells(row) for row in done.rows])


def _cells(row: Recovery) -> list[str]:
    name = " · ".join(
        part for part in (row.kind, "no-conflict control" if row.control else "", row.when) if part
    )
    span = "-"
    if row.ci_low is not None and row.ci_high is not None:
        span = f"{_signed(row.ci_low)} to {_signed(row.ci_high)}"
    return [
        name,
        f"{row.planted_monitored:.3f}",
        f"{row.planted_unmonitored:.3f}",
        _signed(row.planted_gap),
        "-" if row.gap is None else _signed(row.gap),
        span,
        row.verdict,
    ]


def _signed(value: float) -> str:
    # Adding zero turns a rounded -0 into 0.
    return f"{round(value, 3) + 0.0:+.3f}"


def _summary(done: Selftest) -> str:
    rows = len(done.rows)
    recovered = sum(row.recovered for row in done.rows)
    size = f"{done.queries} queries, {done.samples} sample{'' if done.samples == 1 else 's'} of each in each tier"
    return (
        f"{recovered} of {rows} recovered in {done.setting} {done.version}: {size}, judge {done.judge}. Each "
        f"interval's level is corrected for {3 * rows} intervals, so that chance alone fails at most one self-test in "
        "twenty."
    )
