"""Which options of ``gyges graph review`` go together?

An option that a decision would pass over is refused: whoever gave it believes that it counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click
from click.core import ParameterSource

__all__ = ["fitting"]

_TAKES: Mapping[tuple[str, ...], frozenset[str]] = {
    ("--edge", "--accept"): frozenset(
        ["--reverse", "--type", "--gloss", "--source", "--locator", "--quote", "--note"]
    ),
    ("--merge",): frozenset(),
    ("--is",): frozenset(["--note"]),
    ("--not-same",): frozenset(["--note"]),
    ("--later",): frozenset(["--note"]),
}
"""The decisions, and what may be said with each."""
_LISTING = frozenset(["--about", "--since", "-n"])
"""What chooses among candidates."""
_LISTED = _LISTING | {"--later"}
"""What may be given without a key."""
_ALWAYS = frozenset(["--threshold", "--by", "--graph", "--json"])
"""How nodes are compared, who asks and of which file: true of every decision."""


def fitting(context: click.Context, *, decides: bool) -> None:
    """Check that the options given fit what is done.

    Args:
        context: Of the command.
        decides: Whether a key or two ids are given, so that one candidate is decided on.

    Raises:
        click.UsageError: None or several decisions are given, or one that would be passed over.
    """
    given = _given(context)
    if not decides:
        if wrong := [name for name in given if name not in _LISTED]:
            decide = "decides" if len(wrong) == 1 else "decide"
            raise click.UsageError(
                f"{_and(wrong)} {decide} on one candidate: name its key, which the list shows, or two ids"
            )
        return
    if listing := [name for name in given if name in _LISTING]:
        choose = "chooses" if len(listing) == 1 else "choose"
        raise click.UsageError(
            f"{_and(listing)} {choose} what is listed, and a key names one candidate; give one or the other"
        )
    chosen = [names for names in _TAKES if any(name in given for name in names)]
    if len(chosen) != 1:
        raise click.UsageError(
            "choose one decision: --edge RELATION, --accept, --merge ID, --is ID, --not-same or --later"
        )
    (names,) = chosen
    wrong = [name for name in given if name not in names and name not in _TAKES[names]]
    if wrong:
        said = next(name for name in names if name in given)
        raise click.UsageError(f"{said} takes {' and '.join(f'no {name}' for name in wrong)}")


def _given(context: click.Context) -> list[str]:
    """Return the options that the user wrote, in the order of the help."""
    found = []
    for option in context.command.params:
        if isinstance(option, click.Option) and option.name is not None:
            source = context.get_parameter_source(option.name)
            if source is ParameterSource.COMMANDLINE and option.opts[0] not in _ALWAYS:
                found.append(option.opts[0])
    return found


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)
