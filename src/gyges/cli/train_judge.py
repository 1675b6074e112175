"""``gyges train-judge``: a judge of one's own, trained on labelled answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from gyges.cli.options import as_json

__all__ = ["command"]


@click.command("train-judge")
@click.option(
    "--labels",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Labelled answers with their texts, JSON lines, as `gyges label --export` writes them.",
)
@click.option("--setting", required=True, metavar="SETTING", help="The setting of the answers.")
@click.option(
    "--out",
    required=True,
    metavar="FILE.json",
    type=click.Path(path_type=Path),
    help="Where to write the judge; its card goes beside it, FILE.md.",
)
@click.option("--name", metavar="NAME", help="What to call it.  [default: embedded-FILE]")
@click.option(
    "--who", default="", metavar="TEXT", help="Who labelled, in a few words, for the card."
)
@click.option("--seed", default=0, show_default=True, type=int, help="Assigns the folds.")
@as_json
def command(
    labels: Path, setting: str, out: Path, name: str | None, who: str, seed: int, as_json: bool
) -> None:
    """Train a small judge on labelled answers, and compare it with the lexical judge on answers held out.

    Answers of one query are never on both sides: about two in five queries are held out, or the rows that say "split":
    "heldout". Needed at least: 40 answers to train on, 5 each of comply and refuse among them, and 20 held out with
    both; so about 70 answers to 10 queries or more. Needs the extra `embedded`. Use the judge with: gyges judge STUDY
    --judge embedded:FILE.json
    """
    import json

    from gyges.cli._train_text import card_markdown, summary
    from gyges.errors import JudgeError
    from gyges.judges._enough import lines_of
    from gyges.judges.embedded import check_installed
    from gyges.judges.labelled import read_labels
    from gyges.judges.model_file import SCHEMA
    from gyges.judges.training import train
    from gyges.run import Progress

    check_installed()
    if out.suffix != ".json":
        raise JudgeError(f"--out {out}: name a file that ends in .json")
    if out.exists() and SCHEMA not in out.read_text(encoding="utf-8", errors="replace")[:200]:
        raise JudgeError(f"--out {out}: is there and is no trained judge; name another file")
    read = read_labels(labels, setting)
    with Progress(len(read.answers), "reading answers") as bar:
        found = train(
            read,
            setting,
            name=name or _name(out),
            seed=seed,
            who=who,
            on_answer=lambda: bar.step("", None),
        )
    if read.without_output:
        click.echo(
            f"{labels}: without a text in `output`, so left out: {lines_of(read.without_output)}",
            err=True,
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    found.model.write(out)
    card = found.model.card
    beside = out.with_suffix(".md")
    beside.write_text(card_markdown(card), encoding="utf-8")
    click.echo(f"wrote {out} and {beside}", err=True)
    if as_json:
        record: Mapping[str, Any] = {
            "schema": "gyges.train-judge/1",
            "file": str(out),
            "training": found.model.training,
            "card": card,
        }
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    click.echo(summary(card, found.model.training))
    click.echo(f"use it with: gyges judge STUDY --judge embedded:{out}", err=True)


def _name(out: Path) -> str:
    """Name a judge by its file."""
    import re

    stem = re.sub(r"[^a-z0-9._-]+", "-", out.stem.lower()).strip("-._")
    stem = stem.removeprefix("embedded").lstrip("-._")
    return f"embedded-{stem or 'mine'}"
