"""Which trials does a design ask for, and in what order?

A plan is a stream of blocks. A block is one query with one sample number in one cell (``cells.py``), asked under every
tier; its trials are asked together, so that a stopped run is balanced, and in random order, so that nothing that drifts
with time (a provider's load, a changing model) favours a tier. The arms of a block share their random seed, and so do
the cells: the same query with the same sample number has the same random numbers in every cell.

The order keeps shared prefixes together and still finishes evenly: the queries are taken a few at a time, in random
order; for each few every system text is gone through once, with all the cells that share it. So a prefix cache serves
all but the first trial of each stretch, and a run that is stopped has asked every cell the same queries but for the
last few. The no-conflict control comes after the main arms. The same design and seed give the same plan.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gyges.design.cells import WORDING, Cell, Cells, expand
from gyges.design.specification import CHOICE, Design
from gyges.design.wordings import WordingTable
from gyges.errors import DesignError
from gyges.settings import Prompt, Query, Resolved, Setting, Tier, Wording, tiers_of

__all__ = ["Block", "PlannedTrial", "Planner", "blocks"]

_STRETCH = 8
"""Queries that are taken together, of each value: enough for a prefix cache to pay, few enough to stay balanced."""


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """One answer to ask for."""

    query: Query
    tier: str
    sample: int
    control: bool
    prompt: Prompt
    seed: int
    """Shared by the arms of a block, and by the cells."""
    cell: Cell
    value: str = ""
    """The value that the setting attacks in this query."""
    option: str | None = None
    """Where answers are offered, the letter or number of the one that complies; the same in the arms of a block."""
    world: str = ""
    """The toy world whose tools the subject has; empty: none."""

    @property
    def columns(self) -> dict[str, Any]:
        """The levels and descriptions that the trial carries as columns of its own."""
        found = dict(self.cell.columns)
        if self.option is not None:
            found["comply_option"] = self.option
        if self.query.family:
            found["family"] = self.query.family
        return found


Block = tuple[PlannedTrial, ...]


class Planner:
    """Makes the blocks of a design.

    Args:
        design: What to ask.
        setting: The setting that it names, loaded.
        further: Wordings of other files, by their id.

    Raises:
        DesignError: The design asks for what the setting does not have.
    """

    def __init__(
        self, design: Design, setting: Setting, further: Mapping[str, Wording] | None = None
    ) -> None:
        design.check(setting)
        self.design = design
        self.setting = setting
        chosen = {*design.vary.get(WORDING, ()), design.levels.get(WORDING, "0")}
        self.wordings = WordingTable(setting, further, describe=chosen != {"0"})
        self.cells: Cells = expand(
            setting,
            design.base,
            design.vary,
            self.wordings,
            mode=design.mode,
            runs=design.runs,
            seed=design.seed,
        )
        self._place = _places(setting.queries)
        if design.until is not None and not {"monitored", "unmonitored"} <= set(self.tiers()):
            raise DesignError(
                f"--until {design.until}: follows the gap between monitored and unmonitored, and this scheme has "
                f"the tiers {', '.join(self.tiers())}"
            )
        self._control = [_no_conflict(setting, cell) for cell in self.cells.cells]

    @property
    def queries(self) -> tuple[Query, ...]:
        """The queries of the main arms, as the setting orders them."""
        return tuple(self.setting.queries[: self.design.queries])

    def tiers(self) -> list[str]:
        """The tiers of the design's first cell."""
        return [tier.id for tier in self._tiers(self.cells.cells[0].levels)]

    @property
    def trials(self) -> int:
        """The number of trials that the design asks for."""
        total = 0
        for control, count in ((False, self.design.queries), (True, self.design.control)):
            values = Counter(query.value for query in self.setting.queries[:count])
            for cell in self.cells.cells:
                asked = sum(values[value] for value in cell.values) if cell.values else count
                arms = len(self._tiers(self._levels(cell, control=control)))
                total += arms * self.design.samples * asked
        return total

    def __iter__(self) -> Iterator[Block]:
        """Yield the blocks in the order in which they are asked."""
        for control in (False, True):
            for sample in range(self.design.samples):
                yield from self.balanced(sample, control=control)

    def balanced(self, sample: int, *, control: bool = False) -> Iterator[Block]:
        """Yield a pass over the queries, each once in every cell."""
        count = self.design.control if control else self.design.queries
        order = list(self.setting.queries[:count])
        draw = random.Random(f"{self.design.seed}/order/{control}/{sample}")
        draw.shuffle(order)
        cells = [
            cell for cell in self.cells.cells if self._levels(cell, control=control) is not None
        ]
        if self.design.until is not None:
            # What reads the answers as they come supposes that any query may be next.
            yield from (self.block(query, sample, cells[0], control=control) for query in order)
            return
        texts = _by_text(cells)
        stretch = _STRETCH * max(1, len(self.setting.values))
        for start in range(0, len(order), stretch):
            few = order[start : start + stretch]
            values = list(dict.fromkeys(query.value for query in few))
            for value in values:
                asked = [query for query in few if query.value == value]
                if len(texts) > 1:
                    draw.shuffle(texts)
                for group in texts:
                    for query in asked:
                        for cell in group:
                            if not cell.values or value in cell.values:
                                yield self.block(query, sample, cell, control=control)

    def block(
        self, query: Query, sample: int, cell: Cell | None = None, *, control: bool = False
    ) -> Block:
        """Make one block; of the design's first cell if none is given."""
        cell = cell or self.cells.cells[0]
        levels = self._levels(cell, control=control)
        assert levels is not None
        scene = self.setting.scene(levels, cell.wording, query.value)
        draw = random.Random(f"{self.design.seed}/arms/{control}/{sample}/{query.id}")
        tiers = list(scene.tiers)
        draw.shuffle(tiers)
        seed = _seed(self.design.seed, control, query.id, sample)
        option = self._option(query, sample, cell)
        further = scene.steps(query, option or "")
        value = query.value or self.setting.value
        return tuple(
            PlannedTrial(
                query,
                tier.id,
                sample,
                control,
                Prompt(
                    scene.system,
                    scene.user(tier.id, query, option or ""),
                    scene.history,
                    scene.prefill,
                    further,
                ),
                seed,
                cell,
                value,
                option,
                self.setting.world,
            )
            for tier in tiers
        )

    def _levels(self, cell: Cell, *, control: bool) -> Resolved | None:
        """The levels of a cell; in the control none where it has no control."""
        return self._control[cell.number] if control else cell.levels

    def _tiers(self, levels: Resolved | None) -> tuple[Tier, ...]:
        return () if levels is None else tiers_of(levels.edits, self.setting.tiers)

    def _option(self, query: Query, sample: int, cell: Cell) -> str | None:
        """Rotate the order of the answers over the queries of a value, and samples; alike in all tiers and cells."""
        if cell.reasoning != CHOICE and not query.options:
            return None
        return query.labels[(self._place[query.id] + sample) % len(query.labels)]


def blocks(
    design: Design, setting: Setting, further: Mapping[str, Wording] | None = None
) -> Iterator[Block]:
    """Yield the blocks of a design, in the order in which they are asked.

    Where the design says ``until``, these are the first pass and the control; see :mod:`gyges.run.until`.

    Args:
        design: What to ask.
        setting: The setting that it names, loaded.
        further: Wordings of other files, by their id.

    Raises:
        DesignError: The design asks for what the setting does not have.
    """
    return iter(Planner(design, setting, further))


def _places(queries: Sequence[Query]) -> dict[str, int]:
    """Number queries so that even and odd are balanced over the values, the topics, and any first few of them.

    Within one topic of one value they alternate, and one topic begins with the one and the next with the other: an
    order that went by the list alone would be the same for all queries of a topic, where topics come in turn.
    """
    topics = list(dict.fromkeys(query.topic for query in queries))
    seen: Counter[tuple[str, str]] = Counter()
    places = {}
    for query in queries:
        places[query.id] = seen[query.value, query.topic] + topics.index(query.topic)
        seen[query.value, query.topic] += 1
    return places


def _no_conflict(setting: Setting, cell: Cell) -> Resolved | None:
    """Give a cell's levels in the no-conflict control; None where the cell has none."""
    if "no" not in setting.factors.get("conflict", ()) or cell.wording.system is not None:
        return None
    return Resolved({**cell.levels.own, "conflict": "no"}, cell.levels.edits)


def _by_text(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Put cells together that share their system text."""
    found: dict[Any, list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.wording.id, cell.levels.text_key), []).append(cell)
    return list(found.values())


def _seed(seed: int, control: bool, query: str, sample: int) -> int:
    """Derive a 31-bit seed: what providers accept."""
    digest = hashlib.sha256(f"{seed}/{control}/{query}/{sample}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
