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
from gyges.settings import LETTERS, Prompt, Query, Setting

__all__ = [
    "CHOICE",
    "CHOICE_SAMPLES",
    "CHOICE_SAMPLING",
    "Block",
    "Design",
    "PlannedTrial",
    "Planner",
    "blocks",
    "max_tokens_for",
]

_MAX_TOKENS = {"scratchpad": 3000, "none": 600, "choice": 16}

CHOICE = "choice"
"""The level of the factor ``reasoning`` at which a letter is asked for and its probability is read."""

CHOICE_SAMPLES = len(LETTERS)
"""Calls for each query and tier in a forced choice: one for each order of the two answers."""

CHOICE_SAMPLING: dict[str, Any] = {"logprobs": True, "top_logprobs": 20}
"""What a provider is asked for in a forced choice; 20 is the most that the OpenAI API gives."""


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
    until: str | None = None
    """The rule that ends the main arms, instead of a number of samples."""

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
        if self.until is not None and self.samples != 1:
            raise DesignError(
                f"--samples {self.samples}: --until decides how many samples there are; leave --samples out, and "
                "give --max-blocks N to limit them"
            )
        if self.temperature is not None and not 0.0 <= self.temperature <= 2.0:
            raise DesignError(f"--temperature {self.temperature}: must be from 0 to 2")
        if self.reasoning == CHOICE:
            self._check_choice()
        levels = setting.factors.get("reasoning", ())
        if self.reasoning not in levels:
            raise DesignError(
                f"--reasoning {self.reasoning}: {setting.id} has no such level; {nearest(self.reasoning, levels)}"
            )

    def _check_choice(self) -> None:
        if self.until is not None:
            raise DesignError(
                f"--until {self.until}: a forced choice is read in two calls for each query and tier, and more calls "
                "would say the same; leave --until out, and give more --queries for a narrower interval"
            )
        if self.samples > CHOICE_SAMPLES:
            raise DesignError(
                f"--samples {self.samples}: in a forced choice a sample is one order of the two answers, and its "
                f"probability is read, not sampled; allowed: 1 or {CHOICE_SAMPLES}"
            )
        if self.temperature != 1.0:
            raise DesignError(
                f"--temperature {self.temperature}: a forced choice is asked at temperature 1 and read at any "
                "temperature afterwards, without asking again: gyges judge STUDY --judge choice@T"
            )

    def factors(self, option: str | None = None, family: str = "") -> dict[str, Any]:
        """Give the levels that every trial of this design carries as columns.

        The column ``reasoning`` holds what a subject reasoned, so the factor's column is ``reasoning_mode``.

        Args:
            option: In a forced choice, the letter of the answer that complies.
            family: The query's family, where the setting names families.
        """
        levels: dict[str, Any] = {"reasoning_mode": self.reasoning}
        if self.reasoning == CHOICE:
            levels["comply_option"] = option or LETTERS[0]
        if self.temperature is not None:
            levels["temperature"] = float(self.temperature)
        if family:
            levels["family"] = family
        return levels

    def spec(self, setting: Setting) -> dict[str, Any]:
        """Resolve the design into the specification that a study is identified by."""
        record = asdict(self)
        if self.until is None:
            del record["until"]
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
    option: str | None = None
    """In a forced choice, the letter of the answer that complies; the same in the arms of a block."""


Block = tuple[PlannedTrial, ...]


class Planner:
    """Makes the blocks of a design.

    Args:
        design: What to ask.
        setting: The setting that it names, loaded.

    Raises:
        DesignError: The design asks for what the setting does not have.
    """

    def __init__(self, design: Design, setting: Setting) -> None:
        design.check(setting)
        self.design = design
        self._setting = setting
        self._prompts: dict[tuple[str, str, bool, str | None], Prompt] = {}
        self._place = {query.id: at for at, query in enumerate(setting.queries)}

    @property
    def queries(self) -> tuple[Query, ...]:
        """The queries of the main arms, as the setting orders them."""
        return tuple(self._setting.queries[: self.design.queries])

    def balanced(self, sample: int, *, control: bool = False) -> Iterator[Block]:
        """Yield a pass over the queries, each once, in random order."""
        count = self.design.control if control else self.design.queries
        order = list(self._setting.queries[:count])
        random.Random(f"{self.design.seed}/order/{control}/{sample}").shuffle(order)
        for query in order:
            yield self.block(query, sample, control=control)

    def block(self, query: Query, sample: int, *, control: bool = False) -> Block:
        """Make one block."""
        draw = random.Random(f"{self.design.seed}/arms/{control}/{sample}/{query.id}")
        tiers = list(self._setting.tiers)
        draw.shuffle(tiers)
        seed = _seed(self.design.seed, control, query.id, sample)
        option = self._option(query, sample)
        return tuple(
            PlannedTrial(
                query,
                tier.id,
                sample,
                control,
                self._prompt(query, tier.id, control, option),
                seed,
                option,
            )
            for tier in tiers
        )

    def _option(self, query: Query, sample: int) -> str | None:
        """Alternate the order of a forced choice over queries and samples: balanced, and alike in both tiers."""
        if self.design.reasoning != CHOICE:
            return None
        return LETTERS[(self._place[query.id] + sample) % len(LETTERS)]

    def _prompt(self, query: Query, tier: str, control: bool, option: str | None) -> Prompt:
        key = (query.id, tier, control, option)
        if key not in self._prompts:
            self._prompts[key] = self._setting.render(
                query,
                tier=tier,
                reasoning=self.design.reasoning,
                conflict=not control,
                complies=option or LETTERS[0],
            )
        return self._prompts[key]


def blocks(design: Design, setting: Setting) -> Iterator[Block]:
    """Yield the blocks of a design, in the order in which they are asked.

    Where the design says ``until``, these are the first pass and the control; see :mod:`gyges.run.until`.

    Args:
        design: What to ask.
        setting: The setting that it names, loaded.

    Raises:
        DesignError: The design asks for what the setting does not have.
    """
    planner = Planner(design, setting)
    for control in (False, True):
        for sample in range(design.samples):
            yield from planner.balanced(sample, control=control)


def _seed(seed: int, control: bool, query: str, sample: int) -> int:
    """Derive a 31-bit seed: what providers accept."""
    digest = hashlib.sha256(f"{seed}/{control}/{query}/{sample}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
