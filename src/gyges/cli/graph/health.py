"""``gyges graph health``: what has no source, what is vague, what is contested, what stands alone?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from gyges.cli.graph._page_text import wrapped
from gyges.cli.graph.options import MOST, graph_file, opened, print_json
from gyges.cli.options import as_json

__all__ = ["command"]


@click.command("health")
@click.option(
    "--days",
    type=click.IntRange(0, MOST),
    metavar="N",
    default=90,
    show_default=True,
    help="After how many days an open candidate is stale.",
)
@graph_file
@as_json
def command(days: int, file: Path | None, as_json: bool) -> None:
    """Print the state of the graph: counts, the share of the last resort, what has no evidence, what is contested."""
    from gyges.graph import health_of

    with opened(file) as store:
        health = health_of(store, days=days)
    if as_json:
        print_json(health)
        return
    for line in _lines(health):
        click.echo(line)


def _lines(health: Mapping[str, Any]) -> Iterator[str]:
    yield f"{health['nodes']:,} nodes, {health['edges']:,} edges"
    for name in ("by_type", "by_relation", "by_channel", "by_grade"):
        counts = sorted(health[name].items(), key=lambda one: (-one[1], one[0]))
        said = ", ".join(f"{key} {count:,}" for key, count in counts)
        yield from wrapped(f"{name.replace('_', ' ')}: {said or 'none'}", "", "  ")
    loose = health["catch_all"]
    mark = "" if loose["share"] <= loose["most"] else f" — more than {loose['most']:.0%}"
    yield f"associated_with, the last resort: {loose['edges']:,} ({loose['share']:.1%}){mark}"
    quotes = ", ".join(f"{count} {state}" for state, count in health["quotes"].items())
    yield f"quoted passages: {quotes}"
    yield f"in the queue: {health['proposals']:,} proposals; decided: {health['decisions']:,}"
    yield from _list(
        "edges without evidence", health["edges_without_evidence"], health["without_evidence"]
    )
    yield from _list("nodes without edges", health["orphans"], health["orphan_ids"])
    yield from _list("incomplete nodes", health["incomplete_count"], health["incomplete"])
    contested = [
        f"{one['id']} ({one['supports']} for, {one['contradicts']} against)"
        for one in health["contested"]
    ]
    yield from _list("supported and contradicted", health["contradictions"], contested)
    unusual = [
        f"{one['id']} ({one['edges']:,} edges; usual {one['usual']:g})" for one in health["degree"]
    ]
    yield from _list("far more edges than others of their type", health["degree_count"], unusual)
    names = [f"{one['name']}: {', '.join(one['ids'])}" for one in health["same_name"]]
    yield from _list("names of several nodes", health["same_name_count"], names)
    stale = [f"{one['key']} ({one['why']} since {one['since'][:10]})" for one in health["stale"]]
    yield from _list("stale candidates", health["stale_count"], stale)


def _list(title: str, count: int, items: Sequence[str], most: int = 10) -> Iterator[str]:
    yield f"{title}: {count:,}"
    for item in items[:most]:
        yield from wrapped(item, "  ", "    ")
    if len(items) > most:
        yield "  … --json has more"
