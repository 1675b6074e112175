"""``gyges graph``: what does the field know, how does it know, and what did a study add?"""

from __future__ import annotations

import sys
from typing import Any

import click

from gyges.cli.lazy import LazyGroup
from gyges.errors import GygesError

__all__ = ["command"]

_COMMANDS = {
    "show": ("gyges.cli.graph.show", "Print what the graph says of a node, and how it knows."),
    "search": ("gyges.cli.graph.search", "Look for nodes by id, name, words or meaning."),
    "path": ("gyges.cli.graph.path", "Print the statements that lead from one node to another."),
    "health": (
        "gyges.cli.graph.health",
        "Print what has no source, what is vague, what is contested.",
    ),
    "review": (
        "gyges.cli.graph.review",
        "Decide on candidates: an edge, a merge, not the same, later.",
    ),
    "add": ("gyges.cli.graph.add", "Add a node or an edge."),
    "edit": ("gyges.cli.graph.edit", "Correct a node or an edge."),
    "remove": ("gyges.cli.graph.remove", "Take a node or an edge out."),
    "merge": ("gyges.cli.graph.merge", "Make one node of two that are the same."),
    "history": ("gyges.cli.graph.history", "List what was changed, by whom."),
    "undo": ("gyges.cli.graph.undo", "Take a change back."),
    "attach": ("gyges.cli.graph.attach", "Check quoted passages against your copy of a source."),
    "import": ("gyges.cli.graph.import_", "Take nodes and edges in from a file."),
    "export": ("gyges.cli.graph.export", "Write the graph in a format that others read."),
    "extract": (
        "gyges.cli.graph.extract",
        "Let a model propose statements from a text, for review.",
    ),
    "update": ("gyges.cli.graph.update", "Follow the curated graph of this version."),
    "serve": ("gyges.cli.graph.serve", "Open the graph's site on this machine, with review."),
    "site": ("gyges.cli.graph.site", "Write the graph's site as static pages."),
}


class _Group(LazyGroup):
    """A group that reports our errors in one line also where it is run by itself."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        except GygesError as error:
            click.echo(f"gyges: {error}", err=True)
            sys.exit(1)


@click.group(cls=_Group, listed=_COMMANDS)
def command() -> None:
    """Read and change the research graph: what the field knows of alignment faking, and how it knows.

    The graph is one file of yours. It begins with the curated graph that ships, and keeps every change that you make,
    so that each can be undone. An id is written type:slug, such as concept:alignment-faking.
    """
