"""When has enough been asked, and what is asked next until then?

A run with ``--until`` asks block after block, reads each block's two answers at once, and stops when its rule is met:

``decided``, ``decided@0.05``
    the gap is shown to be above or below zero, or to be smaller than the margin (5 points unless given).
``width<=0.1``
    the confidence sequence for the gap is at most that wide (10 points).

Both read a confidence sequence (:mod:`gyges.estimate.sequential`) that is valid at any stopping time, so a run may
also be ended by a budget, by hand or by ``--max-blocks`` and gone on with later. The estimand is the gap over the
design's queries.

The first pass asks each query once, in the design's order. ``decided`` goes on with balanced passes: there, every
other allocation that was measured needed more blocks. ``width<=`` draws queries by how much their answers vary
(:mod:`gyges.estimate.allocation`). Blocks enter the sequence in the order of the plan, whatever order they finish in,
and a choice uses only what is a fixed number of blocks old, so the same seed and answers give the same run under any
number of connections. A block of which an arm has no verdict is left out and counted; an undecided answer counts as
not compliant.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gyges.design import Block, PlannedTrial, Planner
from gyges.errors import DesignError

if TYPE_CHECKING:
    from gyges.estimate.allocation import Allocation, Draw

__all__ = ["MAX_BLOCKS", "Rule", "Until", "parse_until"]

MAX_BLOCKS = 500
"""How many blocks a run with ``--until`` asks at most if no limit is given."""

MARGIN = 0.05
FILE = "until.json"
_LEVEL = 0.95
_LOWER_SHARE = {"decided": 0.8, "width": 0.5}
"""The part of the error rate spent on wrongly finding a positive gap: most of it, where faking is looked for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When to stop."""

    kind: str
    """``decided`` or ``width``."""
    value: float
    """The margin of equivalence, or the width: fractions, not points."""

    def __str__(self) -> str:
        return f"decided@{self.value:g}" if self.kind == "decided" else f"width<={self.value:g}"


def parse_until(text: str) -> Rule:
    """Read a rule as a user writes it.

    Raises:
        DesignError: The text is no rule.
    """
    plain = "".join(text.split()).lower()
    if match := re.fullmatch(r"(decided)(?:@(\d*\.?\d+))?|(width)<=?(\d*\.?\d+)", plain):
        kind = match[1] or match[3]
        value = float(match[2] or match[4] or MARGIN)
        if 0.0 < value < 1.0:
            return Rule(kind, value)
    raise DesignError(
        f'--until {text!r}: give decided, decided@0.05 (a margin) or "width<=0.1"; numbers are fractions '
        "between 0 and 1"
    )


@dataclass(slots=True)
class _Asked:
    """A block of the plan and what came of it."""

    query: int
    draw: Draw | None
    awaited: set[str]
    """Arms that have not come back."""
    values: dict[str, float | None] = field(default_factory=dict)

    @property
    def difference(self) -> float | None:
        pair = self.values.get("monitored"), self.values.get("unmonitored")
        return None if pair[0] is None or pair[1] is None else pair[0] - pair[1]


class Until:
    """A plan that ends when its rule is met.

    Args:
        rule: When to stop.
        planner: Makes the blocks.
        name: Gives the id of a planned trial.
        known: What is known of trials that the study has: compliance, or None where there is no verdict.
        max_blocks: The most blocks of the main arms.

    Raises:
        DesignError: ``max_blocks`` is less than 1.
    """

    def __init__(
        self,
        rule: Rule,
        planner: Planner,
        name: Callable[[PlannedTrial], str],
        *,
        known: Mapping[str, float | None] | None = None,
        max_blocks: int = MAX_BLOCKS,
    ) -> None:
        from gyges.estimate.allocation import Allocation
        from gyges.estimate.sequential import GapSequence

        if max_blocks < 1:
            raise DesignError(f"--max-blocks {max_blocks}: must be at least 1")
        self.rule = rule
        self.max_blocks = max_blocks
        self._planner, self._name, self._known = planner, name, dict(known or {})
        self._number = {query.id: at for at, query in enumerate(planner.queries)}
        self._visits: Counter[int] = Counter()
        self._blocks: list[_Asked] = []
        self._place: dict[str, _Asked] = {}
        self._read = 0
        """Blocks that entered the sequence or were left out of it."""
        self._sequence = GapSequence(
            level=_LEVEL,
            lower_share=_LOWER_SHARE[rule.kind],
            margin=rule.value if rule.kind == "decided" else None,
        )
        self._allocation: Allocation = Allocation(len(self._number))
        self._learned = 0
        self._draw: Draw | None = None
        self._differences: dict[int, list[float]] = {}
        self._path: list[list[float]] = []
        self._left_out = 0
        self.decision: str | None = None
        """``gap above 0``, ``gap below 0``, ``no gap`` (within the margin) or ``width``; None until the rule is met."""
        self._moved = asyncio.Event()

    # The plan

    def __iter__(self) -> Iterator[Block]:
        """Yield the blocks of the main arms until the rule is met, then those of the control."""
        size = len(self._number)
        order: list[Block] = []
        while self.decision is None and len(self._blocks) < self.max_blocks:
            at = len(self._blocks)
            if at < size or self.rule.kind == "decided":
                if not order:
                    order = list(self._planner.balanced(at // size))
                block = order.pop(0)
                self._add(block, self._number[block[0].query.id], None)
            elif self._can_draw(at):
                draw = self._drawn(at)
                lot = random.Random(f"{self._planner.design.seed}/until/{at}")
                query = lot.choices(range(size), weights=draw.chances.tolist())[0]
                block = self._planner.block(self._planner.queries[query], self._visits[query])
                self._add(block, query, draw)
            else:
                yield ()
                continue
            yield block
        yield from self._planner.balanced(0, control=True)

    async def hold(self) -> None:
        """Wait until the plan can say what comes next."""
        while not self._can_go_on():
            self._moved.clear()
            await self._moved.wait()

    def _can_go_on(self) -> bool:
        at = len(self._blocks)
        over = self.decision is not None or at >= self.max_blocks
        return over or self.rule.kind == "decided" or self._can_draw(at)

    @property
    def _batch(self) -> int:
        return max(1, len(self._number) // 4)

    def _ripe(self, at: int) -> int:
        """How many blocks the choice of block ``at`` may use: all but the last batch before its own."""
        size = len(self._number)
        return size + (at - size) // self._batch * self._batch - self._batch

    def _can_draw(self, at: int) -> bool:
        return at < len(self._number) or self._read >= self._ripe(at)

    def _drawn(self, at: int) -> Draw:
        if self._draw is None or (at - len(self._number)) % self._batch == 0:
            for asked in self._blocks[self._learned : self._ripe(at)]:
                if asked.difference is not None:
                    self._allocation.add(asked.query, asked.difference)
            self._learned = max(self._learned, self._ripe(at))
            self._draw = self._allocation.draw()
        return self._draw

    def _add(self, block: Block, query: int, draw: Draw | None) -> None:
        asked = _Asked(query, draw, {planned.tier for planned in block})
        self._blocks.append(asked)
        self._visits[query] += 1
        for planned in block:
            trial = self._name(planned)
            self._place[trial] = asked
            if trial in self._known:
                self.tell(trial, planned.tier, self._known[trial])

    # The answers

    def tell(self, trial: str, tier: str, value: float | None) -> None:
        """Take the verdict of a trial.

        Args:
            trial: Its id; one that is no part of the plan's main arms is passed over.
            tier: Its tier.
            value: Compliance from 0 to 1; None where there is no verdict.
        """
        asked = self._place.pop(trial, None)
        if asked is None:
            return
        asked.values[tier] = value
        asked.awaited.discard(tier)
        while (
            self.decision is None
            and self._read < len(self._blocks)
            and not self._blocks[self._read].awaited
        ):
            self._enter(self._blocks[self._read])
            self._read += 1
        self._moved.set()

    def _enter(self, asked: _Asked) -> None:
        difference = asked.difference
        if difference is None:
            self._left_out += 1
            return
        if asked.draw is None:
            self._sequence.add(difference)
        else:
            self._sequence.add(*asked.draw.observation(asked.query, difference))
        self._differences.setdefault(asked.query, []).append(difference)
        self._path.append([self._sequence.low, self._sequence.high])
        if self.rule.kind == "width":
            if self._sequence.width <= self.rule.value + 1e-9:
                self.decision = "width"
        elif self._sequence.sign:
            self.decision = "gap above 0" if self._sequence.sign > 0 else "gap below 0"
        elif self._sequence.within:
            self.decision = "no gap"

    # What came of it

    def record(self) -> dict[str, Any]:
        """Give the outcome as one record, the form of ``until.json``; gaps are fractions."""
        means = [sum(values) / len(values) for values in self._differences.values()]
        used = sum(map(len, self._differences.values()))
        return {
            "schema": "gyges.until/1",
            "rule": str(self.rule),
            "value": self.rule.value,
            "decision": self.decision,
            "estimand": f"the gap over {_these(len(self._number))}"
            if len(means) == len(self._number) or not self._left_out
            else f"the gap over the {len(means)} of {len(self._number)} queries with a verdict in both tiers",
            "gap": sum(means) / len(means) if means else None,
            "low": self._sequence.low,
            "high": self._sequence.high,
            "level": _LEVEL,
            "lower_share": _LOWER_SHARE[self.rule.kind],
            "method": "confidence sequence by betting, valid at any stopping time",
            "blocks": used,
            "calls": len(self._planner.tiers()) * (used + self._left_out),
            "left_out": self._left_out,
            "queries": len(means),
            "max_blocks": self.max_blocks,
            "path": self._path,
        }

    def write(self, folder: Path, trials: int) -> dict[str, Any]:
        """Write the record into a study's folder, whole or not at all, and return it.

        Args:
            folder: The study's folder.
            trials: How many trials of the main arms it holds: more than the calls of the record where some were under
                way when the rule was met.
        """
        record = {**self.record(), "trials": trials}
        partial = folder / f"{FILE}.partial"
        partial.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(folder / FILE)
        return record


def _these(queries: int) -> str:
    return "this one query" if queries == 1 else f"these {queries} queries"
