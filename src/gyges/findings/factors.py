"""What was varied in a study, and what does each thing that was varied show?

One :class:`gyges.findings.varied.Varied` for each subject, setting and thing: wordings, tiers, verbalised reasoning,
subjects side by side, and every factor. Numbers are read as a trend, other levels as a list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from gyges.errors import StudyError, nearest
from gyges.findings.exposure import exposure
from gyges.findings.grids import (
    Group,
    arrange,
    factors_of,
    groups_of,
    ordered,
    read_answers,
)
from gyges.findings.landscape import describe_wordings
from gyges.findings.levels import compare_levels, reference_of
from gyges.findings.record import ARMS
from gyges.findings.said_and_done import (
    describe_verbalised,
    verbalised_source,
    with_verbalised,
)
from gyges.findings.side_by_side import compare_subjects
from gyges.findings.tiers import describe_tiers
from gyges.findings.trends import describe_trend, with_repeats
from gyges.findings.varied import Varied, who
from gyges.study import StudyFolder
from gyges.study.schema import FACTOR_COLUMNS

__all__ = ["MOST_LEVELS", "page_of", "varied"]

MOST_LEVELS = 40
"""A factor with more levels is described only if it is named; wordings always are."""
_PAGES = {
    "oversight_probability": "oversight",
    "probability": "oversight",
    "consequence": "consequences",
    "threat": "consequences",
    "information": "dose",
    "training_information": "dose",
}


def page_of(factor: str) -> str:
    """Name the page that a factor stands on."""
    if factor in ("temperature", "oversight", "consequences", "dose"):
        return factor
    return _PAGES.get(factor, f"factor-{factor}")


@dataclass(frozen=True, slots=True)
class _Way:
    study: StudyFolder
    judge: str
    others: list[str]
    wanted: frozenset[str]
    level: float
    seed: int

    def takes(self, name: str) -> bool:
        return not self.wanted or name in self.wanted


def varied(
    study: StudyFolder,
    *,
    judge: str | None = None,
    factors: Sequence[str] = (),
    partial: float = 0.5,
    level: float = 0.95,
    seed: int = 0,
) -> list[Varied]:
    """Describe what was varied in a study.

    Args:
        study: The study; its control is left out.
        judge: Whose verdicts count; the study's default judge if None.
        factors: What to describe: factors of the study, ``wording``, ``tier``, ``verbalised``, ``subject``; all that
            vary if empty.
        partial: What a partial outcome counts.
        level: Confidence level.
        seed: Seeds what is drawn.

    Returns:
        In the order of the pages; of one page, by subject and setting, the values of a setting together first.

    Raises:
        StudyError: An unknown judge or factor.
    """
    name = study.pick_judge(judge)
    others = factors_of(study)
    allowed = {"wording", "tier", "verbalised", "subject", *others}
    for factor in factors:
        if factor not in allowed:
            raise StudyError(
                f"--factor {factor}: nothing of that name varies in {study.path}; {nearest(factor, allowed)}"
            )
    way = _Way(study, name, others, frozenset(factors), level, seed)
    answers = read_answers(study, name, partial)
    if answers.is_empty():
        return []
    groups = list(groups_of(answers))
    among = [group for group, _ in groups]
    found = [one for group, part in groups for one in _of_group(group, part, among, way)]
    if way.takes("subject"):
        found += _subjects(answers, way)
    return _by_page(found)


def _by_page(found: Sequence[Varied]) -> list[Varied]:
    first = ("wordings", "temperature", "tiers", "oversight", "consequences", "dose")
    last = ("verbalised", "subjects")

    def key(one: Varied) -> tuple[int, str]:
        if one.page in first:
            return first.index(one.page), ""
        return (100 + last.index(one.page), "") if one.page in last else (50, one.page)

    return sorted(found, key=key)


def _of_group(
    group: Group, part: pl.DataFrame, among: Sequence[Group], way: _Way
) -> Iterator[Varied]:
    named = who(group, among=among)
    common: dict[str, Any] = {"level": way.level, "seed": way.seed}
    if way.takes("wording") and part["wording"].n_unique() > 1:
        grid = arrange(
            part, "wording", ordered(part["wording"].unique().to_list()), way.others, crossed=False
        )
        if grid is not None:
            one = describe_wordings(grid, part, group, named, others=way.others, **common)
            public = exposure(way.study.manifest.spec, group.subject)
            yield replace(one, sentences=(*one.sentences, *public))
    tiers = part["tier"].n_unique()
    schemes = "tier_scheme" in part.columns and part["tier_scheme"].n_unique() > 1
    if way.takes("tier") and (tiers > len(ARMS) or schemes):
        tier = describe_tiers(part, group, named, way.others, **common)
        if tier is not None:
            yield tier
    for factor in way.others:
        if factor != "tier_scheme" and way.takes(factor):
            yield from _factor(factor, group, part, named, way)
    source = verbalised_source(way.study) if way.takes("verbalised") else None
    if source is not None:
        said = with_verbalised(way.study, part, source)
        crossed = describe_verbalised(said, group, named, way.others, source, **common)
        if crossed is not None:
            yield crossed


def _factor(
    factor: str, group: Group, part: pl.DataFrame, named: str, way: _Way
) -> Iterator[Varied]:
    part = _as_numbers(part, factor)
    levels = ordered(part[factor].unique().to_list(), _named_levels(way.study, factor))
    if len(levels) < 2 or (len(levels) > MOST_LEVELS and factor not in way.wanted):
        return
    numbers = [x for x in levels if isinstance(x, int | float) and not isinstance(x, bool)]
    if len(numbers) < 2:
        # What the others are compared with stands first.
        counts: Mapping[Any, int] = Counter(part[factor].to_list())
        reference = reference_of(levels, counts, _default(way.study, factor))
        levels = [levels[reference], *levels[:reference], *levels[reference + 1 :]]
    others = [name for name in way.others if name != factor]
    grid = arrange(part, factor, levels, others)
    if grid is None:
        return
    page, key = page_of(factor), f"factor.{factor}"
    common: dict[str, Any] = {"page": page, "key": key, "level": way.level, "seed": way.seed}
    if len(numbers) > 1:
        leading = ARMS[0] if page == "oversight" else "gap"
        found = describe_trend(grid, group, named, leading=leading, order=page == "dose", **common)
        yield with_repeats(found, part, others) if factor == "temperature" else found
        return
    yield compare_levels(grid, group, named, reference=0, **common)


def _as_numbers(part: pl.DataFrame, factor: str) -> pl.DataFrame:
    """Read levels that are named by numbers (a dose of 0 to 4) as the numbers."""
    if part.schema[factor] != pl.String:
        return part
    numbers = part[factor].cast(pl.Float64, strict=False)
    named = part[factor].is_not_null()
    return part if (numbers.is_null() & named).any() else part.with_columns(numbers)


def _subjects(answers: pl.DataFrame, way: _Way) -> Iterator[Varied]:
    for group, part in _settings_of(answers):
        subjects = ordered(part["subject"].unique().to_list(), _named_levels(way.study, "subject"))
        if len(subjects) > 1:
            found = compare_subjects(
                part, group, subjects, way.others, level=way.level, seed=way.seed
            )
            if found is not None:
                yield found


def _settings_of(answers: pl.DataFrame) -> Iterator[tuple[Group, pl.DataFrame]]:
    """Take the answers apart by setting and value, all subjects together."""
    named = answers.rename({"subject": "whose"}).with_columns(pl.lit("").alias("subject"))
    for group, part in groups_of(named):
        yield group, part.drop("subject").rename({"whose": "subject"})


def _named_levels(study: StudyFolder, factor: str) -> list[Any]:
    """Give the order in which a study names a factor's levels, where it does."""
    for key in ("vary", "factors", "levels"):
        table = study.manifest.spec.get(key)
        if isinstance(table, Mapping) and isinstance(table.get(factor), list):
            return list(table[factor])
    return []


def _default(study: StudyFolder, factor: str) -> Any:
    """The level that a run names first is its base; consequences are held against having none."""
    table = study.manifest.spec.get("vary")
    if not isinstance(table, Mapping) or page_of(factor) == "consequences":
        return None
    by_column = {FACTOR_COLUMNS.get(str(name), str(name)): levels for name, levels in table.items()}
    levels = by_column.get(factor)
    return levels[0] if isinstance(levels, list) and levels else None
