"""What is chosen in a dilemma, which refusals are there, and do single items flip while the total stays?

A trial offers numbered options and, unless it was left out, an option not to say. The judge of copied options says
which one was taken, or that the subject refused **inside** the option set (took the opt-out) or **outside** it (in
words of its own), or copied nothing. From that, for each subject and setting:

* the share of each choice in both arms, with paired differences, and the same in the no-conflict control;
* what the levels of each factor change in them, compared within queries (``opt_out``, ``memory``, ...);
* whether the place where an option stood decides: the options are rotated over queries and samples, so a subject that
  reads them takes what stands at each of ``N`` places in one of ``N`` answers, whatever it prefers;
* how far single items flip between arms, levels and samples of one cell (``flips.py``), beside the change of the total;
* how many of the stakeholders who are there an answer mentions, and how many its choice honours.

All is clustered by query, or by family of queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

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
from gyges.findings.measured import Measured
from gyges.findings.places import Places, places_taken
from gyges.findings.record import ARMS
from gyges.findings.repeats import flip_rates
from gyges.findings.varied import Comparison
from gyges.study import StudyFolder

__all__ = ["COPIED", "Dilemmas", "Levelled", "dilemmas"]

COPIED = ("comply", "refuse")
"""The two options that every query has; further ones are ``other-1``, ``other-2``, ..."""
_INSIDE, _OUTSIDE, _NOTHING = "opt-out", "refused-outside", "no-copy"
_OFFER = "opt_out"
"""The factor that leaves out the option not to say."""
_FIRST = (_OFFER, "memory")


@dataclass(frozen=True, slots=True)
class Levelled:
    """What the levels of a factor change."""

    factor: str
    levels: tuple[Any, ...]
    """The one that the others are compared with stands first."""
    comparisons: tuple[Comparison, ...]
    """``kind`` is the choice whose share is compared; ``of`` is ``both`` tiers together, a tier, or ``gap``."""
    flips: tuple[Flips, ...]
    """How far single items flip, a level against the first, each in its own tier."""

    def of(self, kind: str, of: str = BOTH) -> list[Comparison]:
        """Pick the comparisons of one choice."""
        return [one for one in self.comparisons if one.kind == kind and one.of == of]


@dataclass(frozen=True, slots=True)
class Dilemmas:
    """What one subject chooses in one setting's dilemmas."""

    subject: str
    setting: str
    judge: str
    shares: tuple[Shown, ...]
    """One for each choice; ``declines`` is ``opt-out`` and ``refused-outside`` together. The opt-out's share is over
    the trials that offered it."""
    control: tuple[Shown, ...]
    """The same in the no-conflict control."""
    factors: tuple[Levelled, ...]
    places: Places | None
    """None where the judge says no options, or the order was not varied."""
    arms: Flips | None
    """How far single items flip between the arms; None where no query has both."""
    samples: tuple[Measured, ...]
    """The flip rate between two samples of a cell, in each arm, and the difference: whatever the order of the options
    in the two (``two samples differ``), and in the same order (``the same prompt twice``) where there are such."""
    items: tuple[Item, ...]
    """Each query's choices, those first whose most frequent choice differs between the arms."""
    stakeholders: tuple[Shown, ...]
    """The mean part of the stakeholders that is ``mentioned``, ``honoured``, and ``mentioned, not honoured``."""
    parties: int
    """How many stakeholders the queries have together."""
    notes: tuple[str, ...]
    level: float

    def share(self, what: str) -> Shown | None:
        """Pick a choice's share."""
        return next((one for one in self.shares if one.what == what), None)

    def row(self) -> dict[str, Any]:
        """Give it as a plain record."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Way:
    study: StudyFolder
    judge: str
    level: float
    seed: int

    @property
    def chance(self) -> dict[str, Any]:
        return {"level": self.level, "seed": self.seed}


def dilemmas(
    study: StudyFolder, judge: str | None = None, *, level: float = 0.95, seed: int = 0
) -> list[Dilemmas]:
    """Describe the choices of a study of dilemmas.

    Args:
        study: The study.
        judge: Whose verdicts on the outcome; the study's default judge if None. One that says which option was copied
            tells refusals apart; any other gives its outcomes alone.
        level: Confidence level.
        seed: Seeds what is drawn.

    Returns:
        One for each subject and setting, in order; none where nothing was judged.

    Raises:
        StudyError: An unknown judge.
    """
    name = study.pick_judge(judge)
    choices = read_choices(study, name)
    way = _Way(study, name, level, seed)
    roster = _roster(study.judge_info(name), choices)
    return [
        _of_group(group.subject, group.setting, part, control, roster, way)
        for group, part, control in taken_apart(choices)
        if part["choice"].count()
    ]


def _of_group(
    subject: str,
    setting: str,
    part: pl.DataFrame,
    control: pl.DataFrame,
    roster: Mapping[str, Sequence[str]],
    way: _Way,
) -> Dilemmas:
    names = factors_of(way.study)
    axes = levels_of(way.study, part, _FIRST)
    keys = cell_keys(part, names)
    parties = _with_parties(part, roster)
    return Dilemmas(
        subject=subject,
        setting=setting,
        judge=way.judge,
        shares=tuple(_shares(part, way)),
        control=tuple(_shares(control, way)) if control["choice"].count() else (),
        factors=tuple(one for axis in axes if (one := _levelled(part, axis, names, keys, way))),
        places=places_taken(part, **way.chance),
        arms=flips_between(part, "tier", *ARMS, keys, **way.chance),
        samples=tuple(flip_rates(part, keys, **way.chance)),
        items=tuple(items(part)),
        stakeholders=tuple(_stakeholders(parties, way)),
        parties=0 if parties is None else _count(parties, roster),
        notes=tuple(_notes(part, names, way)),
        level=way.level,
    )


# Shares


def _kinds(part: pl.DataFrame) -> list[str]:
    """Name the choices that are counted, in order; those that cannot be told are left out."""
    seen = set(part["choice"].drop_nulls().to_list())
    others = sorted((one for one in seen if one.startswith("other-")), key=lambda x: (len(x), x))
    copied = part["label"].count() > 0
    refusals = [_INSIDE, _OUTSIDE, "declines", _NOTHING] if copied else []
    further = sorted(seen - {*COPIED, *others, _INSIDE, _OUTSIDE, _NOTHING})
    return [*COPIED, *others, *further, *refusals]


def _amount(kind: str) -> pl.Expr:
    wanted = [_INSIDE, _OUTSIDE] if kind == "declines" else [kind]
    return pl.col("choice").is_in(wanted).cast(pl.Float64)


def _offered(part: pl.DataFrame) -> pl.DataFrame:
    """Keep the trials that offered the opt-out, as far as the study says."""
    if _OFFER not in part.columns:
        return part
    return part.filter(pl.col(_OFFER).is_null() | (pl.col(_OFFER) != "absent"))


def _shares(part: pl.DataFrame, way: _Way) -> Iterator[Shown]:
    for kind in _kinds(part):
        own = _offered(part) if kind == _INSIDE else part
        found = shown(own, _amount(kind), kind, judge=way.judge, **way.chance)
        if found is not None:
            yield found


def _levelled(
    part: pl.DataFrame, axis: Levels, names: Sequence[str], keys: Sequence[str], way: _Way
) -> Levelled | None:
    found: list[Comparison] = []
    for kind in _kinds(part):
        if kind == _INSIDE and axis.factor == _OFFER:
            # It cannot be taken where it is not offered.
            continue
        own = _offered(part) if kind == _INSIDE else part
        found += compare(own, _amount(kind), kind, axis, names, **way.chance)
    if not found:
        return None
    first = axis.levels[0]
    flips = [
        flips_between(
            part,
            axis.factor,
            one,
            first,
            keys,
            names=(level_text(one), level_text(first)),
            **way.chance,
        )
        for one in axis.levels[1:]
        if one is not None and first is not None
    ]
    return Levelled(
        axis.factor, axis.levels, tuple(found), tuple(one for one in flips if one is not None)
    )


# Stakeholders


def _roster(info: Mapping[str, Any], choices: pl.DataFrame) -> dict[str, list[str]]:
    """Name the stakeholders of each query: as the judge says, else all that any answer was found to name."""
    given = info.get("stakeholders")
    if isinstance(given, Mapping):
        return {str(query): [str(one) for one in names] for query, names in given.items() if names}
    named = (
        choices.select("query", pl.col("labels").alias("mark"))
        .explode("mark")
        .with_columns(pl.col("mark").str.extract(r"^(?:mentions|honours):(.+)$", 1))
        .drop_nulls("mark")
        .unique()
        .sort("query", "mark")
    )
    return {
        str(query): marks
        for query, marks in named.group_by("query", maintain_order=True).agg("mark").iter_rows()
    }


def _with_parties(part: pl.DataFrame, roster: Mapping[str, Sequence[str]]) -> pl.DataFrame | None:
    if not roster:
        return None
    rows = []
    for query, labels in part.select("query", "labels").iter_rows():
        names = roster.get(_own_name(query, roster), ())
        marks = set(labels or ())
        mentioned = {one for one in names if f"mentions:{one}" in marks}
        honoured = {one for one in names if f"honours:{one}" in marks}
        n = len(names)
        rows.append(
            [len(x) / n if n else None for x in (mentioned, honoured, mentioned - honoured)]
        )
    columns = ("mentioned", "honoured", "mentioned, not honoured")
    return part.with_columns(
        pl.Series(name, [row[at] for row in rows], pl.Float64) for at, name in enumerate(columns)
    ).filter(pl.col("mentioned").is_not_null())


def _own_name(query: str, roster: Mapping[str, Any]) -> str:
    """Give a query's own id where several values' queries were named with their value."""
    return query if query in roster else query.rpartition(" ")[2]


def _stakeholders(parties: pl.DataFrame | None, way: _Way) -> Iterator[Shown]:
    if parties is None:
        return
    for name in ("mentioned", "honoured", "mentioned, not honoured"):
        found = shown(parties, pl.col(name), name, judge=way.judge, whole=False, **way.chance)
        if found is not None:
            yield found


def _count(parties: pl.DataFrame, roster: Mapping[str, Sequence[str]]) -> int:
    return sum(len(roster.get(_own_name(one, roster), ())) for one in parties["query"].unique())


def _notes(part: pl.DataFrame, names: Sequence[str], way: _Way) -> Iterator[str]:
    if not part["label"].count():
        yield (
            "The judge says outcomes and not which option was copied: refusals inside and outside the options, and "
            "places, cannot be told apart with it"
        )
    keys = [*cell_keys(part, names), "tier"]
    most = part.filter(pl.col("choice").is_not_null()).group_by(keys).len()["len"].max()
    if most == 1:
        yield "Each cell has one sample: how often two samples of it differ cannot be seen"
    if (
        "stakeholders" not in way.study.judge_info(way.judge)
        and part["labels"].list.len().fill_null(0).sum()
    ):
        yield (
            "Which stakeholders a query has is taken from what any answer to it was found to mention or honour; one "
            "that no answer ever did is not counted"
        )
