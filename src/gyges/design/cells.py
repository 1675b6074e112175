"""Which combinations of wording and levels does a design ask?

A **cell** is one wording with one level of every factor; each cell asks the same queries, with the same random numbers.
``full`` takes the whole product of what varies; ``one-at-a-time`` the base cell and each further level by itself, for a
first look at many factors; ``fraction`` a balanced part of the product (``fraction.py``). Combinations that cannot be
(levels that exclude each other, a reasoning prefix where nothing is reasoned) are left out and named.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

from gyges.design.fraction import balanced_fraction
from gyges.errors import DesignError, SettingError
from gyges.settings import BASE, Resolved, Setting, Wording, column_of

if TYPE_CHECKING:
    from gyges.design.wordings import WordingTable

__all__ = ["MODES", "WORDING", "Cell", "Cells", "expand"]

MODES = ("full", "one-at-a-time", "fraction")
WORDING = "wording"
"""The name under which wordings vary, as if they were a factor."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One wording with one level of every factor."""

    number: int
    """Its place in the design, from 0."""
    wording: Wording
    levels: Resolved
    columns: Mapping[str, Any]
    """What its trials carry as columns: the levels that vary or were chosen, and what is known of the wording."""
    named: str
    """Its levels in one line, for readers; ``base`` where nothing varies."""
    values: tuple[str, ...] = ()
    """Of the setting's values those that it is asked for; empty: all. A whole text may state the objective of one."""

    @property
    def reasoning(self) -> str:
        """The level of the factor reasoning."""
        return self.levels.own.get("reasoning", "none")

    @property
    def temperature(self) -> float | None:
        """The temperature; None leaves it to the provider."""
        value = self.columns.get("temperature")
        return None if value is None else float(value)


@dataclass(slots=True)
class Cells:
    """The cells of a design."""

    cells: list[Cell] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Combinations that cannot be, each with why, in one line."""
    warned: list[str] = field(default_factory=list)
    """What a whole text of the user's fails to state; it is asked all the same, because it is what was published."""
    of: int = 0
    """How many combinations the full product has."""


def expand(
    setting: Setting,
    base: Mapping[str, Any],
    vary: Mapping[str, Sequence[Any]],
    wordings: WordingTable,
    *,
    mode: str = "full",
    runs: int | None = None,
    seed: int = 0,
) -> Cells:
    """Work out the cells of a design.

    Args:
        setting: The setting.
        base: Levels of every cell that does not vary them, own and shared.
        vary: Factor to its levels, the first of them the base; ``wording`` to ids of wordings.
        wordings: The wordings by their id.
        mode: One of ``MODES``.
        runs: For ``fraction``: how many cells.
        seed: For ``fraction``.

    Raises:
        DesignError: No combination is possible, or ``runs`` does not go with the mode.
    """
    if (mode == "fraction") != (runs is not None):
        raise DesignError(
            "a balanced fraction needs its number of cells, and only it: --fraction N"
        )
    names = list(vary)
    counts = [len(vary[name]) for name in names]
    found = Cells(of=prod(counts))
    proved: dict[Any, list[str]] = {}
    for combination in _combinations(counts, mode, runs, seed):
        chosen = {name: vary[name][at] for name, at in zip(names, combination, strict=True)}
        named = ", ".join(f"{name}={level}" for name, level in chosen.items()) or "base"
        wording = wordings[str(chosen.get(WORDING, base.get(WORDING, BASE)))]
        levels = {**base, **chosen}
        levels.pop(WORDING, None)
        if wording.system is not None and levels.get("reasoning") != base.get("reasoning"):
            found.left_out.append(
                f"{named}: wording {wording.id!r} is a whole text, which reasoning={levels['reasoning']} cannot change"
            )
            continue
        try:
            resolved = setting.resolve(levels)
            # Cells that differ in sampling alone have one system text.
            text = (wording.id, resolved.text_key)
            values = _stated_values(setting, resolved, wording)
            if text not in proved:
                proved[text] = [
                    fault
                    for value in values or setting.values or ("",)
                    for fault in setting.faults(resolved, wording, value)
                ]
            faults = proved[text]
        except SettingError as error:
            found.left_out.append(f"{named}: {error}")
            continue
        if faults and wording.system is None:
            found.left_out.append(f"{named}: {faults[0]}")
            continue
        said = list(faults)
        if values:
            said.append(f"states the objective of {', '.join(values)}, and is asked for that alone")
        warnings = [f"wording {wording.id}: {text}" for text in said]
        found.warned = list(dict.fromkeys([*found.warned, *warnings]))
        columns = _columns(setting, resolved, levels) | wordings.columns(wording)
        found.cells.append(Cell(len(found.cells), wording, resolved, columns, named, values))
    if not found.cells:
        why = found.left_out[0] if found.left_out else "nothing varies"
        raise DesignError(f"the design has no cell that can be asked; {why}")
    return found


def _stated_values(setting: Setting, levels: Resolved, wording: Wording) -> tuple[str, ...]:
    """Name the values whose objective a whole text states; none where it is no whole text, or states none or all."""
    if wording.system is None or not setting.values:
        return ()
    own = {
        value: [fact for fact in setting.facts if fact.when.get("value") == value]
        for value in setting.values
    }
    system = setting.scene(levels, wording)
    stated = tuple(
        value
        for value, facts in own.items()
        if facts and all(fact.found(system.system, system.slots) for fact in facts)
    )
    return stated if len(stated) < len(setting.values) else ()


def _combinations(
    counts: Sequence[int], mode: str, runs: int | None, seed: int
) -> Iterable[tuple[int, ...]]:
    if mode == "fraction" and runs is not None:
        return balanced_fraction(counts, runs, seed=seed)
    if mode == "one-at-a-time":
        return _one_at_a_time(counts)
    return itertools.product(*(range(count) for count in counts))


def _one_at_a_time(counts: Sequence[int]) -> Iterator[tuple[int, ...]]:
    yield (0,) * len(counts)
    for place, count in enumerate(counts):
        for level in range(1, count):
            yield tuple(level if at == place else 0 for at in range(len(counts)))


def _columns(setting: Setting, resolved: Resolved, levels: Mapping[str, Any]) -> dict[str, Any]:
    """Give the columns of a cell: what was chosen or varies, and what levels imply."""
    columns: dict[str, Any] = {column_of("reasoning"): resolved.own.get("reasoning", "none")}
    if (temperature := resolved.parameters.get("temperature")) is not None:
        columns["temperature"] = float(temperature)
    for name in levels:
        factor = setting.shared.get(name)
        if factor is None or name == "temperature":
            continue
        level = levels[name]
        if factor.numbers:
            columns[factor.column] = None if str(level) == factor.default else float(level)
        else:
            columns[factor.column] = str(level)
    return columns
