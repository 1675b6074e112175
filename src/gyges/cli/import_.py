"""``gyges import``: transcripts that others published, and anyone's data."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gyges.cli.options import as_json

if TYPE_CHECKING:
    from gyges.study.imports import Imported, Note

__all__ = ["command"]

_study = click.option(
    "--study",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The new study's folder.",
)
_verbose = click.option(
    "--verbose", is_flag=True, help="Print every note, not one line for notes of a kind."
)
_path = click.argument("path", type=click.Path(path_type=Path))


@click.group("import")
def command() -> None:
    """Read transcripts that others published into a study. What is odd about them is reported, not repaired."""


@command.command("vlaf")
@_path
@_study
@_verbose
@as_json
def vlaf(path: Path, study: Path, as_json: bool, verbose: bool) -> None:
    """Read the released results of the VLAF project.

    PATH is the results/MFT_refined folder, one value's folder, or a folder above.
    """
    from gyges.study.imports import read_vlaf

    _store(read_vlaf(path), study, "VLAF results", as_json, verbose)


@command.command("jsonl")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@_study
@_verbose
@as_json
def jsonl(path: Path, study: Path, as_json: bool, verbose: bool) -> None:
    """Read one object a line: subject, setting, query, tier, sample, outcome, and any further columns."""
    from gyges.study.imports import read_jsonl

    _store(read_jsonl(path), study, path.stem, as_json, verbose)


@command.command("inspect")
@click.argument("path", metavar="LOGDIR", type=click.Path(path_type=Path))
@_study
@_verbose
@as_json
def inspect(path: Path, study: Path, as_json: bool, verbose: bool) -> None:
    """Read .eval logs of Gyges tasks: a folder of logs, or one log."""
    from gyges.study.imports.inspect_logs import read_inspect

    _store(read_inspect(path), study, "Inspect logs", as_json, verbose)


def _print_notes(notes: list[Note], *, verbose: bool) -> None:
    """Print the notes; kinds that concern many files take one line each unless all are wanted."""
    from dataclasses import asdict

    from gyges.study.notes import fold_notes

    records = [asdict(note) for note in notes]
    told = records if verbose else fold_notes(records)
    for note in told:
        click.echo(f"[{note['kind']}] {note['where']}: {note['what']} -> {note['done']}")
    if len(told) < len(notes):
        click.echo("Every note stands in the study's study.yaml; --verbose prints them.")


def _store(imported: Imported, path: Path, title: str, as_json: bool, verbose: bool) -> None:
    from dataclasses import asdict

    import polars as pl

    from gyges.study.imports.store import store

    line = "gyges " + shlex.join(sys.argv[1:]) if sys.argv[1:2] == ["import"] else ""
    study = store(imported, path, title=title, command=line)
    counts = (
        study.trial_table.scan(["subject", "value", "tier"])
        .select(
            trials=pl.len(),
            subjects=pl.col("subject").n_unique(),
            values=pl.col("value").n_unique(),
        )
        .collect()
        .to_dicts()[0]
    )
    if as_json:
        record = {
            "schema": "gyges.import/1",
            "study": str(path),
            **counts,
            "notes": [asdict(note) for note in imported.notes],
        }
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    _print_notes(imported.notes, verbose=verbose)
    click.echo(
        f"{_many(counts['trials'], 'trial')} of {_many(counts['subjects'], 'subject')} and "
        f"{_many(counts['values'], 'value')}, {_many(len(imported.notes), 'thing')} noted. "
        f"Study: {path}. Next: gyges gap {path}",
        err=True,
    )


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
