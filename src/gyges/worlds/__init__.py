"""What can a subject do in a trial, beside answering?

A world is a toy: tools that a subject may call, and a state that they change. It is made anew for each trial from the
texts that its query brings, runs in this process, draws nothing at random and reaches nothing outside. A setting names
its world; the run makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from gyges.errors import SettingError, nearest
from gyges.worlds.market import Market, Order

if TYPE_CHECKING:
    from inspect_ai.tool import ToolDef

__all__ = ["WORLDS", "Market", "Order", "World", "slots_of", "world"]


class World(Protocol):
    """What a run needs of a world; each has a record of what was done in it, in its own form."""

    def tools(self) -> list[ToolDef]:
        """Give the tools, bound to this world's state."""


WORLDS: Mapping[str, tuple[Callable[..., World], Sequence[str]]] = {
    "market": (Market, Market.SLOTS),
}
"""Each world by its name: what makes it, and the texts that a query must bring for it."""


def world(name: str, slots: Mapping[str, str], *, control: bool = False) -> World:
    """Make a world for one trial.

    Args:
        name: A name of ``WORLDS``, as a setting gives it.
        slots: The texts that the trial's query brings.
        control: Whether the trial is of the no-conflict control.

    Raises:
        SettingError: There is no such world, or the query lacks a text, or one means nothing there.
    """
    make, needed = _known(name)
    if missing := [slot for slot in needed if not slots.get(slot, "").strip()]:
        raise SettingError(
            f"world {name}: the query brings no {', '.join(missing)}; it needs the slots {', '.join(needed)}"
        )
    return make({slot: slots[slot] for slot in needed}, control=control)


def slots_of(name: str) -> tuple[str, ...]:
    """Name the texts that a query must bring for a world.

    Raises:
        SettingError: There is no such world.
    """
    return tuple(_known(name)[1])


def _known(name: str) -> tuple[Callable[..., World], Sequence[str]]:
    if name not in WORLDS:
        raise SettingError(f"no world {name!r}; {nearest(name, WORLDS)}")
    return WORLDS[name]
