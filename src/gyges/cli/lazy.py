"""A group of commands that are imported when they are called, so that its help is quick."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from gyges.errors import nearest

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """A group that knows its commands by name, module and help alone.

    Args:
        listed: For each name the module whose ``command`` it is, and its help in one line.
    """

    def __init__(self, *args: Any, listed: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.listed = listed

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands, in the order of the help."""
        return list(self.listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.listed:
            return None
        command: click.Command = import_module(self.listed[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called, or name the nearest."""
        if args and not args[0].startswith("-") and args[0] not in self.listed:
            raise click.UsageError(f"no command {args[0]!r}; {nearest(args[0], self.listed)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the one-line helps, which import nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.listed.items()])
