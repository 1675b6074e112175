"""What does each command take? Written from the commands themselves, as a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

PAGE = Path(__file__).resolve().parents[1] / "reference" / "cli.md"

_HEAD = """\
# Command line

Written from the commands by `python docs/tools/refresh.py`; do not edit.

Results go to standard output, progress and messages to standard error. The exit status is 0 when
the command did what it was asked, 1 when it could not, and 2 when it ran and a check failed
(`settings check`, `calibrate`,
`graph extract`). `--debug`, at any place, shows the
traceback of an error. Every command has `--help`.
"""


def page() -> str:
    """Write the page."""
    from gyges.cli import cli

    return _HEAD + "".join(_command(cli, "gyges", click.Context(cli, info_name="gyges")))


def _command(command: click.Command, name: str, context: click.Context) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield f"\n## {name}\n\n{_help(command)}\n\n```text\n{_usage(command, name)}\n```\n"
        rows = [_row(p) for p in command.params if isinstance(p, click.Option) and not p.hidden]
        if rows:
            yield "\n| option | meaning |\n|---|---|\n" + "".join(rows)
        return
    for sub in command.list_commands(context):
        found = command.get_command(context, sub)
        if found is not None:
            inner = click.Context(found, parent=context, info_name=sub)
            yield from _command(found, f"{name} {sub}", inner)


def _help(command: click.Command) -> str:
    text = (command.help or "").split("\f")[0].strip()
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text))


def _usage(command: click.Command, name: str) -> str:
    words = [name, "[OPTIONS]"]
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            word = (parameter.metavar or (parameter.name or "").upper()).strip("[]")
            words.append(word if parameter.required else f"[{word}]")
    return " ".join(words)


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    if not option.is_flag:
        kind = option.type
        value = option.metavar
        if value is None and isinstance(kind, click.Choice):
            value = "|".join(kind.choices)
        elif value is None and isinstance(kind, click.FloatRange):
            value = f"{kind.min:g}..{kind.max:g}"
        elif value is None:
            value = kind.name.upper()
        names = names[:-1] + f" {value}`"
    text = re.sub(r"\s+\[default: (.*)\]$", r" Default: \1.", option.help or "")
    if option.show_default and option.default is not None and option.default != ():
        text = f"{text} Default: `{option.default}`.".strip()
    if option.required:
        text += " Required."
    if option.multiple and "more than once" not in text:
        text += " May be given more than once."
    return f"| {names.replace('|', chr(92) + '|')} | {text.strip().replace('|', chr(92) + '|')} |\n"
