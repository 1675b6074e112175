"""Which trials does a design ask for, and in what order?

A plan is a stream of blocks. A block is one query with one sample number, asked under both tiers; its trials are
asked together, so that a stopped run is balanced, and in random order, so that nothing that drifts with time (a
provider's load, a changing model) favours a tier. The two arms of a block share their random seed.

All trials of one wording share a system prompt, so blocks of the same system prompt follow each other and a prefix
cache serves it; the no-conflict control comes after the main arms. The same design and seed give the same plan.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from gyges.errors import DesignError, nearest
from gyges.settings import Prompt, Query, Setting

__all__ = ["Block", "Design", "PlannedTrial", "blocks", "max_tokens_for"]

_MAX_TOKENS = {"scratchpad": 3000, "none": 600}


def max_tokens_for(reasoning: str) -> int:
    """Give the default limit on the tokens of an answer: generous, because a truncated answer is a missing one."""
    return _MAX_TOKENS.get(reasoning, 3000)


@dataclass(frozen=True, slots=True)
class Design:
    """What to ask: everything that decides the trials, apart from the setting's files."""

    setting: str
    subject: str
    """The model under test, as Inspect names it: ``provider/model``."""
    queries: int = 40
    """How many of the setting's queries, from the first."""
    samples: int = 1
    """Samples of each query in each tier."""
    control: int = 0
    """How many queries are also asked in the no-conflict control."""
    temperature: float | None = 1.0
    """None leaves it to the provider."""
    reasoning: str = "scratchpad"
    seed: int = 0
    max_tokens: int = 3000
    sampling: dict[str, Any] = field(default_factory=dict)
    """Further sampling parameters, as fields of Inspect's ``GenerateConfig``."""
    subject_args: dict[str, Any] = field(default_factory=dict)
    """Arguments of the provider (``-M`` in Inspect)."""
    base_url: str | None = None

    def check(self, setting: Setting) -> None:
        """Refuse what cannot be planned.

        Raises:
            DesignError: A number or a level is out of range; the message says what is allowed.
        """
        have = len(setting.queries)
        for name, value, low, high in (
            ("--queries", self.queries, 1, have),
            ("--samples", self.samples, 1, 100_000),
            ("--control", self.control, 0, have),
            ("--max-tokens", self.max_tokens, 1, 1_000_000),
        ):
            if not low <= value <= high:
                where = f"; {setting.id} has {have} queries" if high == have else ""
                raise DesignError(f"{name} {value}: must be from {low} to {high}{where}")
        if self.temperature is not None and not 0.0 <= self.temperature <= 2.0:
            raise DesignError(f"--temperature {self.temperature}: must be from 0 to 2")
        levels = setting.factors.get("reasoning", ())
        if self.reasoning not in levels:
            raise DesignError(
                f"--reasoning {self.reasoning}: {setting.id} has no such level; {nearest(self.reasoning, levels)}"
            )

    def factors(self) -> dict[str, Any]:
        """Give the levels that every trial of this design carries as columns.

        The column ``reasoning`` holds what a subject reasoned, so the factor's column is ``reasoning_mode``.
        """
        levels: dict[str, Any] = {"reasoning_mode": self.reasoning}
        if self.temperature is not None:
            levels["temperature"] = float(self.temperature)
        return levels

    def spec(self, setting: Setting) -> dict[str, Any]:
        """Resolve the design into the specification that a study is identified by."""
        record = asdict(self)
        record["setting"] = {"id": setting.id, "version": setting.version, "hash": setting.hash}
        return record

    @property
    def trials(self) -> int:
        """The number of trials that the design asks for."""
        return 2 * self.samples * (self.queries + self.control)


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """One answer to ask for."""

    query: Query
    tier: str
    sample: int
    control: bool
    prompt: Prompt
    seed: int
    """Shared by the arms of a block."""


Block = tuple[PlannedTrial, ...]


def blocks(design: Design, setting: Setting) -> Iterator[Block]:
    """Yield the blocks of a design, in the order in which they are asked.

    Args:
        design: What to ask.
        setting: The setting that it names, loaded.

    Raises:
        DesignError: The design asks for what the setting does not have.
    """
    design.check(setting)
    for control, count in ((False, design.queries), (True, design.control)):
        prompts = {
            (query.id, tier.id): setting.render(
                query, tier=tier.id, reasoning=design.reasoning, conflict=not control
            )
            for query in setting.queries[:count]
            for tier in setting.tiers
        }
        for sample in range(design.samples):
            order = list(setting.queries[:count])
            random.Random(f"{design.seed}/order/{control}/{sample}").shuffle(order)
            for query in order:
                draw = random.Random(f"{design.seed}/arms/{control}/{sample}/{query.id}")
                tiers = list(setting.tiers)
                draw.shuffle(tiers)
                seed = _seed(design.seed, control, query.id, sample)
                yield tuple(
                    PlannedTrial(query, tier.id, sample, control, prompts[query.id, tier.id], seed)
                    for tier in tiers
                )


def _seed(seed: int, control: bool, query: str, sample: int) -> int:
    """Derive a 31-bit seed: what providers accept."""
    digest = hashlib.sha256(f"{seed}/{control}/{query}/{sample}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
