"""What decides a design's trials, apart from the setting's files?

A ``Design`` is the resolved specification of what is asked: numbers, levels, what varies, sampling. It holds itself
against a setting, and it is what a study is identified by.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from gyges.design.cells import WORDING
from gyges.errors import DesignError, SettingError, nearest
from gyges.settings import LETTERS, Setting

__all__ = ["CHOICE", "CHOICE_SAMPLES", "CHOICE_SAMPLING", "Design", "max_tokens_for"]

_MAX_TOKENS = {"scratchpad": 3000, "none": 600, "native": 8000, "choice": 16}

CHOICE = "choice"
"""The level of the factor ``reasoning`` at which a letter is asked for and its probability is read."""

CHOICE_SAMPLES = len(LETTERS)
"""Calls for each query and tier in a forced choice: one for each order of the two answers."""

CHOICE_SAMPLING: dict[str, Any] = {"logprobs": True, "top_logprobs": 20}
"""What a provider is asked for in a forced choice; 20 is the most that the OpenAI API gives."""


def max_tokens_for(*reasoning: str) -> int:
    """Give the default limit on the tokens of an answer: generous, because a truncated answer is a missing one."""
    return max(_MAX_TOKENS.get(level, 3000) for level in reasoning)


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
    levels: dict[str, Any] = field(default_factory=dict)
    """Shared factors that have one level throughout, and ``wording``."""
    vary: dict[str, list[Any]] = field(default_factory=dict)
    """Factor to the levels that are compared, the first of them the base; ``wording`` to ids of wordings."""
    mode: str = "full"
    """``full``, ``one-at-a-time`` or ``fraction``."""
    runs: int | None = None
    """For a fraction: how many cells."""
    preset: str | None = None
    """The preset that it was made from."""
    wordings: dict[str, Any] = field(default_factory=dict)
    """Where wordings of other files come from, by their ids: so that the specification changes with them."""
    cutoff: str | None = None
    """The subject's training cut-off, to be held against publication dates."""
    query_file: dict[str, Any] = field(default_factory=dict)
    """Which file the queries are from, where they are the user's own: its name, hash, and columns."""

    @property
    def reasonings(self) -> tuple[str, ...]:
        """The levels of the factor ``reasoning`` that are asked."""
        return tuple(self.vary.get("reasoning", [self.reasoning]))

    @property
    def base(self) -> dict[str, Any]:
        """The levels that hold wherever nothing else is varied."""
        own = {"reasoning": self.reasoning, **self.levels}
        return own if self.temperature is None else {**own, "temperature": self.temperature}

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
        if self.until is not None and self.vary:
            raise DesignError(
                f"--until {self.until}: follows one gap, and {', '.join(self.vary)} varies; give --samples N instead"
            )
        if self.temperature is not None and not 0.0 <= self.temperature <= 2.0:
            raise DesignError(f"--temperature {self.temperature}: must be from 0 to 2")
        if CHOICE in self.reasonings:
            if len(self.reasonings) > 1:
                raise DesignError(
                    f"--vary reasoning={','.join(self.reasonings)}: a forced choice is read by a judge of its own; "
                    "ask it in a study of its own: --reasoning choice"
                )
            self._check_choice()
        levels = setting.factors.get("reasoning", ())
        for level in self.reasonings:
            if level not in levels:
                raise DesignError(
                    f"--reasoning {level}: {setting.id} has no such level; {nearest(level, levels)}"
                )
        self._check_levels(setting)

    def _check_levels(self, setting: Setting) -> None:
        for name, chosen in {
            **{key: [one] for key, one in self.levels.items()},
            **self.vary,
        }.items():
            if name == WORDING or name in setting.factors:
                continue
            if name not in setting.shared:
                known = [WORDING, *setting.factors, *setting.shared]
                raise DesignError(
                    f"--vary {name}: {setting.id} has no such factor; {nearest(name, known)}; see: gyges settings "
                    f"factors {setting.id}"
                )
            for level in chosen:
                try:
                    setting.shared[name].level(level)
                except SettingError as error:
                    raise DesignError(f"--vary {name}={level}: {error}") from None
            for other in self.vary:
                for level in chosen:
                    implied = setting.shared[name].level(level).sets
                    if other in implied and other != name:
                        raise DesignError(
                            f"--vary {name}={level} brings {other}={implied[other]} with it; leave --vary {other} out"
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
        temperatures = self.vary.get("temperature", [self.temperature])
        if any(temperature != 1.0 for temperature in temperatures):
            shown = ",".join(map(str, temperatures))
            raise DesignError(
                f"--temperature {shown}: a forced choice is asked at temperature 1 and read at any "
                "temperature afterwards, without asking again: gyges judge STUDY --judge choice@T"
            )

    def spec(self, setting: Setting) -> dict[str, Any]:
        """Resolve the design into the specification that a study is identified by."""
        record = asdict(self)
        for name in ("until", "preset", "runs", "cutoff"):
            if record[name] is None:
                del record[name]
        for name in ("levels", "vary", "wordings", "query_file"):
            if not record[name]:
                del record[name]
        if not self.vary:
            del record["mode"]
        used = {name for name in (*self.levels, *self.vary) if name in setting.shared}
        if used:
            record["factors"] = {name: setting.shared[name].version for name in sorted(used)}
        record["setting"] = {"id": setting.id, "version": setting.version, "hash": setting.hash}
        if setting.shape:
            record["setting"]["shape"] = setting.shape
        if setting.threshold is not None:
            record["setting"]["threshold"] = setting.threshold
        record["published"] = [
            {"what": one.what, "since": one.since.isoformat()} for one in setting.published
        ]
        return record
