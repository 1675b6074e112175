"""How far is what takes a while, for whoever waits at a terminal?"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["embedding"]

_WORTH_TELLING = 100
"""Nodes whose embedding takes more than a moment."""


def embedding() -> Callable[[int, int], None]:
    """Return what tells on stderr how many nodes are embedded: a bar in a terminal, else one line."""
    shown: list[Progress] = []

    def say(done: int, of: int) -> None:
        if of < _WORTH_TELLING:
            return
        if done == 0:
            told = f"embedding {of:,} new or changed nodes, once"
            if sys.stderr.isatty():
                shown.append(_bar(told, of))
            else:
                click.echo(told, err=True)
        elif shown:
            shown[0].update(shown[0].task_ids[0], completed=done)
            if done >= of:
                shown.pop().stop()

    return say


def _bar(told: str, of: int) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(told, total=of)
    bar.start()
    return bar
