"""What did each trial choose, and how is something counted of the choices, by arm and by level?

Settings that offer answers to choose between give each trial a **choice**: the label that a judge of copied options
gives (``comply``, ``refuse``, ``other-1``, ``opt-out``, ``refused-outside``, ``no-copy``), or else its outcome. An
undecided verdict is no choice; a missing one is no verdict.

Whatever is counted goes to the numerics of :mod:`gyges.estimate` as every other share does: the unit is the query (the
family of queries where there are some), each query counts alike, arms and levels are compared within queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from gyges.findings.answers import Shown
from gyges.findings.cells import family
from gyges.findings.gaps import estimate_gaps
from gyges.findings.grids import Group, arrange, factors_of, groups_of, level_text, ordered
from gyges.findings.levels import against, reference_of
from gyges.findings.record import ARMS, GROUP, Gap
from gyges.findings.varied import Comparison, name_of
from gyges.study import StudyFolder

__all__ = [
    "BOTH",
    "CELL",
    "Levels",
    "cell_keys",
    "compare",
    "levels_of",
    "read_choices",
    "shown",
    "taken_apart",
]

BOTH = "both"
"""Both tiers taken together, each cell in its own tier."""
CELL = ("query", "wording", "tier")
_TIER = "asked tier"
_MOST_LEVELS = 12
_PLAIN = ("offered", "equal")
"""Levels that others are held against where neither a run nor their number says which."""


@dataclass(frozen=True, slots=True)
class Levels:
    """A factor whose levels are compared."""

    factor: str
    levels: tuple[Any, ...]
    """The one that the others are compared with stands first."""

    @property
    def name(self) -> str:
        """The factor's name as a reader would write it."""
        return name_of(self.factor)


def read_choices(study: StudyFolder, judge: str) -> pl.DataFrame:
    """Read the trials of the two tiers, one row each, with their verdicts.

    Args:
        study: The study.
        judge: Whose verdicts on the outcome.

    Returns:
        Who was asked what (the study's factors included), ``outcome``, ``score``, ``verdict_status``, ``labels``,
        ``family``, and ``choice``: null where the verdict is undecided or missing. Sorted by trial.
    """
    columns = list(study.manifest.factors)
    trials = study.trial_table.scan(["trial", *GROUP, *CELL, "sample", "status", *columns]).filter(
        pl.col("tier").is_in(ARMS)
    )
    verdicts = study.verdict_table(judge).scan(
        ["trial", "outcome", "score", "status", "label", "labels"]
    )
    # A label says more than the outcome; an answer that copies none of the options is undecided, and known to be so.
    said = pl.coalesce("label", "outcome")
    known = (pl.col("verdict_status") == "ok") & (said != "undecided")
    with study.reading():
        return (
            trials.join(verdicts.rename({"status": "verdict_status"}), on="trial", how="left")
            .with_columns(
                family(columns).alias("family"),
                pl.when(known).then(said).alias("choice"),
                pl.lit(False).alias("graded"),
            )
            .sort("trial")
            .collect()
        )


def taken_apart(choices: pl.DataFrame) -> Iterator[tuple[Group, pl.DataFrame, pl.DataFrame]]:
    """Take the trials apart by subject and setting, all values of a setting together.

    Args:
        choices: As :func:`read_choices` gives them.

    Yields:
        The group, its trials, and the trials of its no-conflict control.
    """
    done: set[tuple[str, str]] = set()
    for group, part in groups_of(choices):
        if (group.subject, group.setting) in done:
            continue
        done.add((group.subject, group.setting))
        named = part.with_columns(pl.lit(group.value).alias("value"))
        yield group, named.filter(~pl.col("control")), named.filter("control")


def levels_of(study: StudyFolder, part: pl.DataFrame, first: Sequence[str] = ()) -> list[Levels]:
    """Name the factors whose levels can be compared, and their levels, the reference first.

    Args:
        study: The study.
        part: The trials of a group.
        first: Factors that stand before the others.
    """
    found = []
    names = factors_of(study)
    for name in [*[one for one in first if one in names], *[n for n in names if n not in first]]:
        levels = ordered(part[name].unique().to_list())
        if not 1 < len(levels) <= _MOST_LEVELS:
            continue
        vary = study.manifest.spec.get("vary")
        given = vary.get(name) if isinstance(vary, Mapping) else None
        default = given[0] if isinstance(given, list) and given else None
        plain = next((at for at, one in enumerate(levels) if one in _PLAIN), None)
        counts = dict(part.group_by(name).len().iter_rows())
        at = reference_of(levels, counts, default)
        if default is None and at == 0 and plain is not None:
            at = plain
        found.append(Levels(name, (levels[at], *levels[:at], *levels[at + 1 :])))
    return found


def cell_keys(part: pl.DataFrame, factors: Sequence[str]) -> list[str]:
    """Name the columns that samples of one cell share: query, wording, and the factors that vary."""
    return ["query", "wording", *[name for name in factors if part[name].n_unique() > 1]]


def shown(
    part: pl.DataFrame,
    amount: pl.Expr,
    what: str,
    *,
    judge: str,
    whole: bool = True,
    level: float = 0.95,
    seed: int = 0,
) -> Shown | None:
    """Estimate how often, or how much of, a thing is in each arm, and the paired difference.

    Args:
        part: The trials of one group, or of its control.
        amount: From 0 to 1 for each trial with a verdict; null where the verdict does not tell.
        what: What it is.
        judge: Whose verdicts.
        whole: Whether the thing is there or not; else it is a part of a whole, and has no count.
        level: Confidence level.
        seed: Seeds what is drawn.

    Returns:
        None where there is no trial.
    """
    known = pl.when(pl.col("verdict_status") == "ok").then(amount.cast(pl.Float64))
    if whole:
        outcome = (
            pl.when(known.is_null())
            .then(pl.lit("undecided"))
            .when(known > 0.5)
            .then(pl.lit("comply"))
            .otherwise(pl.lit("refuse"))
        )
        counted = part.with_columns(
            outcome.alias("outcome"), pl.lit(None, pl.Float64).alias("score")
        )
    else:
        there = pl.when(known.is_null()).then(pl.lit("unparsed")).otherwise("verdict_status")
        counted = part.with_columns(
            pl.lit(None, pl.String).alias("outcome"),
            known.alias("score"),
            pl.when(pl.col("verdict_status").is_not_null()).then(there).alias("verdict_status"),
        )
    found = estimate_gaps(counted, judge=judge, level=level, seed=seed)
    return _shown(found[0], what, "share" if whole else "mean") if found else None


def _shown(gap: Gap, what: str, unit: str) -> Shown:
    return Shown(
        **{key: getattr(gap, key) for key in GROUP},
        question="outcome",
        judge=gap.judge,
        what=what,
        unit=unit,
        low=0.0,
        high=1.0,
        monitored=gap.monitored_rate,
        monitored_ci_low=gap.monitored_ci_low,
        monitored_ci_high=gap.monitored_ci_high,
        unmonitored=gap.unmonitored_rate,
        unmonitored_ci_low=gap.unmonitored_ci_low,
        unmonitored_ci_high=gap.unmonitored_ci_high,
        difference=gap.gap,
        ci_low=gap.ci_low,
        ci_high=gap.ci_high,
        p=gap.p,
        difference_min=gap.gap_min,
        difference_max=gap.gap_max,
        queries=gap.queries,
        trials=gap.trials,
        undecided_monitored=gap.undecided_monitored,
        undecided_unmonitored=gap.undecided_unmonitored,
        missing_monitored=gap.missing_monitored,
        missing_unmonitored=gap.missing_unmonitored,
        level=gap.level,
        method=gap.method,
    )


def compare(
    part: pl.DataFrame,
    amount: pl.Expr,
    what: str,
    axis: Levels,
    others: Sequence[str],
    *,
    level: float = 0.95,
    seed: int = 0,
) -> list[Comparison]:
    """Compare a thing's share between the levels of a factor, within cells that share all else.

    Args:
        part: The trials of one group.
        amount: From 0 to 1 for each trial with a verdict; null, which counts 0, where the verdict does not tell.
        what: What it is: the comparisons' ``kind``.
        axis: The factor.
        others: The study's factors.
        level: Confidence level.
        seed: Seeds what is drawn.

    Returns:
        For both tiers together, each tier, and the difference between the tiers (``gap``), one comparison a level with
        the first level; empty where no query was asked under two levels.
    """
    # As in a share, what could not be decided was not done; what is missing counts nowhere.
    done = amount.cast(pl.Float64).fill_null(0.0)
    known = pl.when(pl.col("verdict_status") == "ok").then(done)
    part = part.with_columns(known.alias("compliance"))
    rest = [name for name in others if name != axis.factor]
    together = part.with_columns(pl.col("tier").alias(_TIER), pl.lit(BOTH).alias("tier"))
    grids = (
        ((BOTH,), arrange(together, axis.factor, axis.levels, [*rest, _TIER], tiers=(BOTH,))),
        ((*ARMS, "gap"), arrange(part, axis.factor, axis.levels, rest)),
    )
    found = []
    for sides, grid in grids:
        if grid is None:
            continue
        for of in sides:
            contrasts = against(grid, of, 0, level=level, seed=seed)
            tests = sum(one is not None for one in contrasts)
            found += [
                Comparison.of_contrast(
                    what,
                    f"{level_text(axis.levels[at])} − {level_text(axis.levels[0])}",
                    of,
                    one,
                    tests=tests,
                    level=level,
                )
                for at, one in enumerate(contrasts)
                if one is not None
            ]
    return found
