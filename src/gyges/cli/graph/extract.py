"""``gyges graph extract``: what could a text add to the graph?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.graph._page_text import wrapped
from gyges.cli.graph.options import by as by_option
from gyges.cli.graph.options import graph_file, opened, print_json, who
from gyges.cli.options import as_json, limits, model_args, provider

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gyges.graph import Store
    from gyges.graph.extraction import Extracted

__all__ = ["command"]

_ROOM = 4000
"""Tokens of an answer."""


@click.command("extract")
@click.argument(
    "source", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--with",
    "model",
    required=True,
    metavar="MODEL",
    help="Who reads: provider/model, as Inspect names it.",
)
@click.option("--from", "node", metavar="ID", help="The node of the text itself: its paper.")
@click.option(
    "--dry-run", is_flag=True, help="Print what would be proposed, and put nothing into the queue."
)
@limits
@provider
@by_option
@graph_file
@as_json
def command(
    source: Path,
    model: str,
    node: str | None,
    dry_run: bool,
    arguments: tuple[str, ...],
    base_url: str | None,
    timeout: int,
    retries: int,
    max_connections: int | None,
    by: str | None,
    file: Path | None,
    as_json: bool,
) -> int:
    """Let a model propose statements from the text FILE; they wait for review, and none enters the graph by itself.

    A statement is only proposed where the passage that it quotes stands in the text. Plain denials ("does not
    cause") are refused, and "might cause" is noted; whether the passage says it is for the reviewer. Exit
    status 2 if some part of the text could not be read by the model, 1 if none.
    """
    from gyges.graph import Incoming
    from gyges.graph.attaching import read_text
    from gyges.graph.extraction import propose
    from gyges.waiting import wait

    text = read_text(source)
    with opened(file) as store:
        own = store.node(node) if node else None
        ask = _asker(model, base_url, model_args(arguments), max_connections, retries, timeout)
        found = wait(
            propose(
                text,
                ask,
                known=store.nodes(),
                source=source.name,
                by=model,
                own=own,
                edges=store.edges(),
                at_once=max_connections or 4,
                on_window=_say,
            )
        )
        new = 0
        if not dry_run and found.proposals:
            taken = store.take(
                Incoming(proposals=found.proposals), f"extract from {source.name}", who(by)
            )
            new = taken.proposals
        _print(store, found, new, dry_run, as_json)
    return 1 if found.failed == found.windows else 2 if found.failed else 0


def _asker(
    name: str,
    base_url: str | None,
    arguments: dict[str, Any],
    connections: int | None,
    retries: int,
    timeout: int,
) -> Callable[[str], Awaitable[str]]:
    """Return what puts one question to the model."""
    from inspect_ai.model import GenerateConfig

    from gyges.run import load_model

    model = load_model(name, base_url=base_url, args=arguments, option="--with")
    config = GenerateConfig(
        max_connections=connections,
        max_retries=retries,
        attempt_timeout=timeout,
        timeout=max(600, timeout),
        max_tokens=_ROOM,
    )

    async def ask(question: str) -> str:
        return (await model.generate(question, config=config)).completion

    return ask


def _say(done: int, of: int) -> None:
    click.echo(f"{done} of {of} parts read", err=True)


def _print(store: Store, found: Extracted, new: int, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "proposals": [one.to_dict() for one in found.proposals],
                "queued": new,
                "refused": [{"why": why, "what": what} for why, what in found.refused],
                "parts": found.windows,
                "failed": found.failed,
                "calls": found.calls,
                "known": found.known,
            }
        )
        return
    for one in found.proposals:
        if one.edge is not None:
            ends = [
                store.node(end).label if store.has(end) else end
                for end in (one.edge.subject, one.edge.object)
            ]
            for line in wrapped(
                f"{one.id}  {ends[0]} — {one.edge.relation} → {ends[1]}", "", "    "
            ):
                click.echo(line)
    for why, what in found.refused:
        for line in wrapped(f"refused, {why}: {what}", "", "    "):
            click.echo(line, err=True)
    queued = "none put into the queue" if dry_run else f"{new} new in the queue: gyges graph review"
    click.echo(
        f"{len(found.proposals)} statements, {found.known} that the graph has, {len(found.refused)} refused, "
        f"{found.failed} of {found.windows} parts unread; {queued}"
    )
