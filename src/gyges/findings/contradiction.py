"""Which of two contradictory instructions does a subject follow, how steadily, and by which rule?

Each query holds two instructions that cannot both be met. ``comply`` follows the one that the objective asks for,
``refuse`` the other one; ``named`` says that the answer points the contradiction out. The two are put in either order,
a factor may say who gives which, and each is asked several times. From that, for each subject and setting, by arm:

* **flip rate**: the probability that two samples of one cell differ, unbiased for any number of them (``repeats.py``);
* **entropy** of the choices in a cell, in bits, with Miller's correction for few samples and without it;
* **order effect**: P(comply | the complying instruction stands first) - P(comply | it stands second), within queries;
* **authority effect**: P(comply) between the levels of the factor ``authority``, within queries;
* which simple **rule** says what is chosen: the first or the last instruction, the objective's or the other one, or
  that of one who gives them. A rule explains the share of choices that are what it says.

All is clustered by query, or by family of queries.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from gyges.estimate.rate import clustered_rate
from gyges.findings.answers import Shown
from gyges.findings.choosing import (
    BOTH,
    Levels,
    cell_keys,
    compare,
    levels_of,
    read_choices,
    shown,
    taken_apart,
)
from gyges.findings.flips import Flips, Item, flips_between, items
from gyges.findings.grids import factors_of, level_text
from gyges.findings.measured import ALONE, Measured, by_arm
from gyges.findings.record import ARMS
from gyges.findings.repeats import entropies, flip_rates
from gyges.findings.varied import Comparison
from gyges.study import StudyFolder

__all__ = ["EXPLAINS", "Contradiction", "Rule", "contradictions"]

EXPLAINS = 0.75
"""A rule that surely explains more than this share of the choices is one that the subject follows."""
_AUTHORITY = "authority"
_ORDER = "comply_option"
_WORDS = re.compile(r"[-_ ]+")
_NOBODY = frozenset({"none", "equal", "same", "unnamed", "neutral", "default", "both", "nobody"})
"""Levels of ``authority`` under which nobody in particular gives the complying instruction."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One simple rule, and how many of the choices it explains."""

    name: str
    """``first``, ``last``, ``complying``, ``other``, or who is followed, as the levels of ``authority`` name them."""
    explained: Measured
    """The share of choices, over both tiers, that are what the rule says."""
    arms: Shown
    """The same in each tier."""

    @property
    def followed(self) -> bool:
        """Whether it surely explains more than ``EXPLAINS``."""
        return self.explained.low is not None and self.explained.low > EXPLAINS


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What one subject does in one setting with instructions that contradict each other."""

    subject: str
    setting: str
    judge: str
    shares: tuple[Shown, ...]
    """The share of trials that ``comply``, are ``partial``, ``refuse``, and in which the contradiction is ``named``."""
    control: tuple[Shown, ...]
    """The same in the no-conflict control."""
    flips: tuple[Measured, ...]
    """The flip rate of cells, as :func:`gyges.findings.repeats.flip_rates` gives it."""
    entropy: tuple[Measured, ...]
    """``entropy`` in bits, corrected, and ``plain entropy``: in each arm, and the difference."""
    most_bits: float
    """The entropy of a subject to which all choices are alike."""
    order: tuple[Comparison, ...]
    """The order effect: over ``both`` tiers, in each, and their difference (``gap``)."""
    authority: tuple[Comparison, ...]
    """The authority effect, one level against the first, in the same four ways."""
    further: tuple[tuple[str, tuple[Comparison, ...]], ...]
    """What the levels of the study's other factors change in P(comply), by factor."""
    arms: Flips | None
    """How far single queries flip between the arms; None where no query has both."""
    rules: tuple[Rule, ...]
    """Those that can be told here, the one that explains most first."""
    items: tuple[Item, ...]
    """Each query's choices, those first whose most frequent choice differs between the arms."""
    samples: float
    """How many choices a cell has, on average."""
    notes: tuple[str, ...]
    level: float

    @property
    def followed(self) -> tuple[Rule, ...]:
        """The rules that the subject follows; several where they say the same of nearly all trials."""
        return tuple(one for one in self.rules if one.followed)

    def at(self, found: Sequence[Comparison], of: str = BOTH) -> list[Comparison]:
        """Pick the comparisons of one tier, of ``both`` or of the ``gap``."""
        return [one for one in found if one.of == of]

    def measured(self, what: str, of: str) -> Measured | None:
        """Pick a flip rate or an entropy."""
        both = (*self.flips, *self.entropy)
        return next((one for one in both if (one.what, one.of) == (what, of)), None)

    def row(self) -> dict[str, Any]:
        """Give it as a plain record."""
        return {**asdict(self), "followed": [one.name for one in self.followed]}


def contradictions(
    study: StudyFolder, judge: str | None = None, *, level: float = 0.95, seed: int = 0
) -> list[Contradiction]:
    """Describe which instruction is followed in a study of contradictory ones.

    Args:
        study: The study.
        judge: Whose verdicts on the outcome; the study's default judge if None.
        level: Confidence level.
        seed: Seeds what is drawn.

    Returns:
        One for each subject and setting, in order; none where nothing was judged.

    Raises:
        StudyError: An unknown judge.
    """
    name = study.pick_judge(judge)
    choices = read_choices(study, name)
    return [
        _of_group(study, group.subject, group.setting, part, control, name, level, seed)
        for group, part, control in taken_apart(choices)
        if part["choice"].count()
    ]


def _of_group(
    study: StudyFolder,
    subject: str,
    setting: str,
    part: pl.DataFrame,
    control: pl.DataFrame,
    judge: str,
    level: float,
    seed: int,
) -> Contradiction:
    names = factors_of(study)
    keys = cell_keys(part, names)
    way: dict[str, Any] = {"level": level, "seed": seed}
    comply = _is("comply")
    factors = {
        axis.factor: tuple(
            compare(part, comply, "comply", _authority_first(axis, part), names, **way)
        )
        for axis in levels_of(study, part, (_AUTHORITY,))
    }
    orders = _orders(part)
    chosen = part.filter(pl.col("choice").is_not_null())
    kinds = max(2, chosen["choice"].n_unique())
    sizes = chosen.group_by(*keys, "tier").len()["len"]
    return Contradiction(
        subject=subject,
        setting=setting,
        judge=judge,
        shares=tuple(_shares(part, judge, way)),
        control=tuple(_shares(control, judge, way)) if control["choice"].count() else (),
        flips=tuple(flip_rates(part, keys, **way)),
        entropy=tuple(_entropy(part, keys, kinds, way)),
        most_bits=math.log2(kinds),
        order=()
        if orders is None
        else tuple(compare(part, comply, "comply", orders, names, **way)),
        authority=factors.pop(_AUTHORITY, ()),
        further=tuple((name, found) for name, found in factors.items() if found),
        arms=flips_between(part, "tier", *ARMS, keys, **way),
        rules=tuple(_rules(part, judge, way)),
        items=tuple(items(part)),
        samples=float(sizes.mean() or 0.0),  # type: ignore[arg-type]
        notes=tuple(_notes(int(sizes.max() or 0), orders)),  # type: ignore[arg-type]
        level=level,
    )


def _is(choice: str) -> pl.Expr:
    return (pl.col("choice") == choice).cast(pl.Float64)


def _shares(part: pl.DataFrame, judge: str, way: dict[str, Any]) -> Iterator[Shown]:
    partial = (part["choice"] == "partial").any()
    for kind in ("comply", *(["partial"] if partial else []), "refuse"):
        if found := shown(part, _is(kind), kind, judge=judge, **way):
            yield found
    # That it is pointed out is known also where what is followed is not.
    named = pl.col("labels").list.contains("named").fill_null(value=False).cast(pl.Float64)
    if found := shown(part, named, "named", judge=judge, **way):
        yield found


def _entropy(
    part: pl.DataFrame, keys: Sequence[str], kinds: int, way: dict[str, Any]
) -> Iterator[Measured]:
    cells = entropies(part, keys)
    sizes = cells.filter(pl.col("value").is_not_null())["answers"]
    if sizes.is_empty():
        return
    # The correction can lead beyond the largest entropy there is.
    most = math.log2(kinds) + (kinds - 1) / (2 * float(sizes.min()) * math.log(2))  # type: ignore[arg-type]
    yield from by_arm(cells, "entropy", most=most, unit="bits", **way)
    plain = entropies(part, keys, correct=False)
    yield from by_arm(plain, "plain entropy", most=math.log2(kinds), unit="bits", **way)


def _orders(part: pl.DataFrame) -> Levels | None:
    """Give the two orders of the instructions, that in which the complying one stands second first."""
    if _ORDER not in part.columns:
        return None
    letters = set(part[_ORDER].drop_nulls().to_list())
    for first, second in (("A", "B"), ("1", "2")):
        if letters == {first, second}:
            return Levels(_ORDER, (second, first))
    return None


# Rules


def _says(part: pl.DataFrame) -> Iterator[tuple[str, pl.Expr]]:
    """Give each rule's name and whether it says ``comply`` of a trial; null where it says nothing."""
    if _orders(part) is not None:
        first = pl.col(_ORDER).is_in(["A", "1"])
        yield "first", first
        yield "last", ~first
    yield "complying", pl.lit(True)
    yield "other", pl.lit(False)
    if _AUTHORITY not in part.columns:
        return
    givers = _givers(part)
    by = pl.when(pl.col(_AUTHORITY).is_in(list(givers)))
    for level, name in givers.items():
        yield name, by.then(pl.col(_AUTHORITY) == level)


def _givers(part: pl.DataFrame) -> dict[str, str]:
    """Name who gives the complying instruction, by level of ``authority``; empty with fewer than two such levels.

    The levels name them and end alike, as in ``editor-leaves-out`` and ``customer-leaves-out``.
    """
    levels = [
        one
        for one in part[_AUTHORITY].drop_nulls().unique().sort().to_list()
        if level_text(one) not in _NOBODY
    ]
    if len(levels) < 2:
        return {}
    words = [_WORDS.split(level_text(one)) for one in levels]
    alike = 0
    while all(len(one) > alike + 1 for one in words) and (
        len({one[-1 - alike] for one in words}) == 1
    ):
        alike += 1
    return {
        level: " ".join(one[: len(one) - alike]) for level, one in zip(levels, words, strict=True)
    }


def _authority_first(axis: Levels, part: pl.DataFrame) -> Levels:
    """Hold the other levels of ``authority`` against one who gives the complying instruction, where there is one."""
    if axis.factor != _AUTHORITY:
        return axis
    givers = _givers(part)
    rest = [one for one in axis.levels if one not in givers]
    return Levels(axis.factor, (*[one for one in axis.levels if one in givers], *rest))


def _rules(part: pl.DataFrame, judge: str, way: dict[str, Any]) -> list[Rule]:
    found = []
    for name, says in _says(part):
        # What is partly both is explained by none.
        right = pl.when(says).then(_is("comply")).otherwise(_is("refuse"))
        own = part.with_columns(says.alias("says"), right.alias("right")).filter(
            pl.col("says").is_not_null() & pl.col("choice").is_not_null()
        )
        arms = shown(own, pl.col("right"), name, judge=judge, **way) if own.height else None
        if arms is not None:
            found.append(Rule(name, _explained(own, name, way["level"]), arms))
    return sorted(found, key=lambda one: -one.explained.estimate)


def _explained(own: pl.DataFrame, name: str, level: float) -> Measured:
    queries = (
        own.group_by("query", "family")
        .agg(pl.col("right").mean().clip(0, 1), pl.len().alias("answers"))
        .sort("query")
    )
    rate, span = clustered_rate(
        queries["right"].to_numpy(),
        queries["answers"].to_numpy(),
        families=queries["family"].to_numpy(),
        level=level,
    )
    alone = queries["family"].n_unique() < 2
    return Measured(
        name,
        BOTH,
        rate,
        None if alone else span.low,
        None if alone else span.high,
        queries.height,
        own.height,
        ALONE if alone else span.method,
        level=level,
    )


def _notes(most: int, orders: Levels | None) -> Iterator[str]:
    if most < 2:
        yield "Each cell has one sample: flip rate and entropy cannot be seen"
    if orders is None:
        yield "The order of the two instructions was not varied: order effect and the rules of order cannot be seen"
