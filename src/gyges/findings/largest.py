"""How large is the largest gap, once it is taken into account that it was chosen?

The largest of many estimates is too large on average, and its own interval holds the truth too seldom. Where the gaps
share their queries, the choice is simulated with the errors' correlations (:func:`gyges.estimate.best_of`), over both
signs. Where they do not, or wordings or families are clusters too, the interval is that at which all the gaps'
intervals hold together (Bonferroni), which is wider than it need be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from gyges.estimate import best_of
from gyges.estimate.multiplicity import simultaneous_level
from gyges.findings.cells import read_cells
from gyges.findings.gaps import interval_at
from gyges.findings.record import ARMS, GROUP, Gap
from gyges.study import StudyFolder

__all__ = ["Largest", "largest"]

_SHARED = 0.8
"""The part of the queries that all gaps must have in common."""


@dataclass(frozen=True, slots=True)
class Largest:
    """The gap furthest from zero, and what is left of it after the choice; fractions."""

    gap: Gap
    """As estimated by itself."""
    among: int
    """How many gaps it was chosen from."""
    corrected: float | None
    """The gap less what the choice inflates it by; None where that was not simulated."""
    ci_low: float
    ci_high: float
    method: str

    def sentence(self) -> str:
        """Say it in plain words."""
        left = (
            "" if self.corrected is None else f" the gap is {100 * self.corrected:+.1f} points and"
        )
        return (
            f"The largest of {self.among} gaps, {self.gap.subject} ({self.gap.value or self.gap.setting}) with "
            f"{100 * (self.gap.gap or 0):+.1f} points, was chosen for being so: corrected for that{left} its "
            f"{self.gap.level:.0%} interval {100 * self.ci_low:.1f} to {100 * self.ci_high:.1f} ({self.method})."
        )


def largest(
    study: StudyFolder,
    found: Sequence[Gap],
    *,
    by: Sequence[str] = (),
    partial: float = 0.5,
    seed: int = 0,
) -> Largest | None:
    """Find the largest gap of a study, controls apart, and correct it for the choice.

    Args:
        study: The study.
        found: Its gaps, as :func:`gyges.findings.gaps` gave them.
        by: The further columns they are grouped by.
        partial: What a ``partial`` outcome counts.
        seed: Seeds the simulation.

    Returns:
        None where fewer than two gaps have an interval.
    """
    by = list(dict.fromkeys(by))
    tested = [
        gap for gap in found if not gap.control and gap.gap is not None and gap.df is not None
    ]
    if len(tested) < 2:
        return None
    chosen = max(tested, key=lambda gap: abs(gap.gap or 0.0))
    among = len(tested)
    with study.reading():
        _, cells = read_cells(study, chosen.judge, by, partial)
    groups = {_key(gap): at for at, gap in enumerate(tested)}
    parts = {
        groups[key]: part
        for group, part in cells.group_by([*GROUP, *by])
        if (key := (*group[: len(GROUP)], tuple(zip(by, group[len(GROUP) :], strict=True))))
        in groups
    }
    differences = None
    # Wordings and families are clusters that the simulation of the choice does not have.
    if all(gap.wordings == 1 and "families" not in gap.method for gap in tested):
        differences = _differences(parts)
    if differences is not None:
        # Either sign could have been the largest.
        signs = differences.hstack(differences.select(pl.all().mul(-1).name.suffix("-")))
        best = best_of(signs.to_numpy(), level=chosen.level, seed=seed)
        if tested[best.cell % among] is chosen:
            assert chosen.ci_low is not None
            assert chosen.ci_high is not None
            sign = 1 if best.cell < among else -1
            low, high = sorted((sign * best.interval.low, sign * best.interval.high))
            return Largest(
                chosen,
                among,
                sign * best.corrected,
                # A correction never makes an interval shorter.
                min(low, chosen.ci_low),
                max(high, chosen.ci_high),
                f"the choice simulated over {differences.height} shared queries",
            )
    level = simultaneous_level(chosen.level, among)
    ends = interval_at(parts[groups[_key(chosen)]], chosen, level)
    assert ends is not None
    return Largest(chosen, among, None, *ends, "at which all hold together")


def _key(gap: Gap) -> tuple[object, ...]:
    return gap.subject, gap.setting, gap.value, gap.control, tuple(gap.factors.items())


def _differences(parts: Mapping[int, pl.DataFrame]) -> pl.DataFrame | None:
    """Give the paired differences, a row a query and a column a gap; None unless the gaps share their queries.

    Args:
        parts: The cells of each gap, by its number.
    """
    rate = {tier: pl.col(f"total_{tier}") / pl.col(f"present_{tier}") for tier in ARMS}
    table = pl.concat(
        part.select(
            "query",
            pl.lit(str(at)).alias("gap"),
            (rate["monitored"] - rate["unmonitored"]).alias("difference"),
        ).filter(pl.col("difference").is_finite())
        for at, part in parts.items()
    ).pivot(on="gap", index="query", values="difference")
    shared = table.drop_nulls().sort("query")
    if shared.height < max(3, _SHARED * table.height):
        return None
    return shared.select(str(at) for at in sorted(parts))
