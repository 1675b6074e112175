"""Where does the variation come from: from the queries, from the wordings, or from chance?

The answers stand in a table of queries by wordings with samples in each cell, and both queries and wordings are draws
from more that could have been asked (a crossed random design). The variance of one answer is then the sum of four
parts: between queries, between wordings, query x wording (the wordings do not rank the queries alike), and
between samples of one cell. For yes-or-no answers the last is binomial and can't be designed away.

Method: Henderson's method I (Henderson 1953, Biometrics 9:226; Searle, Casella and McCulloch 1992, "Variance
components", section 5.3) on the means of the cells, which for complete tables is the classical analysis of variance.
Every cell counts once, however many samples it has. Each cell's own sampling variance is estimated without bias from
its samples (``s^2 / K``) and taken out of every mean square, so that cells may differ in it, as binomial cells do. With
one sample a cell the interaction and the sampling can't be told apart; they are then reported as one part.

The estimates are unbiased and can be negative where the truth is near zero. Reported parts are cut at zero, and which
were cut is said. Intervals resample queries and wordings independently (the pigeonhole bootstrap, Owen 2007,
Annals of Applied Statistics 1:386). As a table drawn from a table carries the noise of the drawn cells as if it were
variation of rows and columns, each draw is put back by the exact factors for complete tables. The percentiles stand
further out for few clusters (Hesterberg 2015, The American Statistician 69:371). Draws are taken around the estimate
and, if that was cut, around zero, and the wider limit on each side counts. Such intervals err to the wide side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gyges.errors import EstimateError
from gyges.estimate.crossed import Cells, draws, named, read_cells, solve

__all__ = ["Component", "VarianceSplit", "variance_split"]

Floats = NDArray[np.float64]

_FEWEST = 4
"""Fewer queries or wordings say too little about their own spread for an interval."""


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the variance."""

    name: str
    """``query``, ``wording``, ``query x wording``, ``sample``, or two joined by ``+`` if not told apart."""
    variance: float
    """The variance, in squared units of the values; not below zero."""
    raw: float
    """The unbiased estimate, which may be negative."""
    share: float | None
    """Of the variance of one answer; None where there is no variance at all."""
    share_low: float | None
    share_high: float | None


@dataclass(frozen=True, slots=True)
class VarianceSplit:
    """The variance of one answer, in parts."""

    mean: float
    """The mean over cells."""
    total: float
    """The sum of the parts: the variance of a single answer to a random query in a random wording."""
    parts: tuple[Component, ...]
    truncated: tuple[str, ...]
    """The parts whose estimate was negative and is reported as zero."""
    queries: int
    wordings: int
    cells: int
    """Cells with an answer."""
    replicated: int
    """Cells with at least two answers: the ones that show the sampling variance."""
    samples: int
    level: float
    method: str
    notes: tuple[str, ...]
    """What the data could not tell, in sentences."""

    def variance(self, name: str) -> float | None:
        """Look up a part's variance; None if the data do not tell that part from another."""
        return next((part.variance for part in self.parts if part.name == name), None)

    def components(self, *, unseparated: str | None = None) -> dict[str, float]:
        """Give the four parts as planning needs them: query, wording, interaction, sample.

        With one wording the part ``query`` holds what belongs to query x wording, and wording and interaction are 0:
        right for a plan with that one wording.

        Args:
            unseparated: With one sample a cell, the part that the joint part is counted as: ``interaction`` (more
                samples would not help: cautious) or ``sample``.

        Raises:
            EstimateError: Interaction and sampling can't be told apart, and ``unseparated`` does not say where
                to count them.
        """
        sample, interaction = self.variance("sample"), self.variance("query x wording")
        joint = self.variance("query x wording + sample")
        if joint is not None:
            if unseparated not in ("interaction", "sample"):
                raise EstimateError(
                    "components: with one sample a cell, query x wording and sampling cannot be told apart; give "
                    "unseparated='interaction' (cautious) or unseparated='sample', or ask two samples a cell"
                )
            interaction = joint if unseparated == "interaction" else 0.0
            sample = joint if unseparated == "sample" else 0.0
        return {
            "query": self.variance("query") or 0.0,
            "wording": self.variance("wording") or 0.0,
            "interaction": interaction or 0.0,
            "sample": sample or 0.0,
        }


def variance_split(
    values: ArrayLike, *, level: float = 0.95, resamples: int = 2_000, seed: int = 0
) -> VarianceSplit:
    """Split the variance of answers, or of paired differences of answers, between its sources.

    Args:
        values: Shape (queries, wordings, samples): one number an answer, NaN where there is none. Cells may be empty
            and hold different numbers of samples.
        level: Confidence level of the intervals on the shares.
        resamples: Draws of the bootstrap; 0 for no intervals.
        seed: Seeds the draws.

    Raises:
        EstimateError: The shape is wrong, a value is infinite, fewer than two queries have answers, or the cells do
            not tell the parts from each other (one answer a query, or each query in a wording of its own).
    """
    cells = read_cells(values)
    queries, wordings = cells.mean.shape
    rows, columns = np.ones((1, queries)), np.ones((1, wordings))
    raw = solve(cells, rows, columns)[0]
    if not np.all(np.isfinite(raw)):
        raise EstimateError(
            f"variance_split: {cells.present.sum()} filled cells of {queries} queries by {wordings} wordings do not "
            "cross: each query needs several wordings, and each wording several queries"
        )
    names, figures = named(cells, raw[None], np.array([cells.sampling()]))
    point = figures[0]
    # Rounding leaves traces of the order of 1e-17 where the truth is zero.
    point = np.where(np.abs(point) < 1e-12 * max(1.0, cells.scale), 0.0, point)
    variance = np.clip(point, 0.0, None)
    total = float(variance.sum())
    low: list[float | None] = [None] * len(names)
    high: list[float | None] = [None] * len(names)
    notes = _notes(cells, names)
    few = queries < _FEWEST or 1 < wordings < _FEWEST
    if few:
        notes.append(
            f"No intervals: {queries} queries and {wordings} wordings; {_FEWEST} of each are needed"
        )
    if total > 0 and resamples > 0 and not few:
        drawn = draws(cells, resamples, seed)
        clusters = [wordings if name == "wording" else queries for name in names]
        limits = [_limits(drawn, shift, clusters, level) for shift in (0.0, variance - point)]
        shares = variance / total
        low = [float(x) for x in np.minimum(np.minimum(limits[0][0], limits[1][0]), shares)]
        high = [float(x) for x in np.maximum(np.maximum(limits[0][1], limits[1][1]), shares)]
    return VarianceSplit(
        mean=cells.average,
        total=total,
        parts=tuple(
            Component(
                name,
                float(variance[at]),
                float(point[at]),
                float(variance[at] / total) if total > 0 else None,
                low[at],
                high[at],
            )
            for at, name in enumerate(names)
        ),
        truncated=tuple(name for name, value in zip(names, point, strict=True) if value < 0),
        queries=queries,
        wordings=wordings,
        cells=int(cells.present.sum()),
        replicated=int(cells.replicated.sum()),
        samples=int(cells.count.sum()),
        level=level,
        method="analysis of variance on cell means (Henderson I)"
        + ("; shares resample queries and wordings" if low[0] is not None else ""),
        notes=tuple(notes),
    )


def _limits(
    drawn: Floats, shift: Floats | float, clusters: list[int], level: float
) -> tuple[Floats, Floats]:
    """Percentile limits of the shares; as Student's t does, they stand further out where clusters are few."""
    from scipy import special

    parts = np.clip(drawn + shift, 0.0, None)
    total = parts.sum(axis=1)
    shares = parts[total > 0] / total[total > 0, None]
    low, high = np.zeros(len(clusters)), np.ones(len(clusters))
    if len(shares):
        for at, number in enumerate(clusters):
            wide = special.stdtrit(number - 1, 0.5 + level / 2) * np.sqrt(number / (number - 1))
            tail = float(special.ndtr(-wide))
            low[at], high[at] = np.quantile(shares[:, at], [tail, 1.0 - tail])
    return low, high


def _notes(cells: Cells, names: list[str]) -> list[str]:
    notes = []
    if cells.mean.shape[1] == 1:
        notes.append(
            "One wording: what wordings change is not in these figures, and the part of the queries includes how "
            "this wording suits each of them"
        )
    elif "sample" not in names:
        notes.append(
            "One sample a cell: query x wording cannot be told from sampling; two samples in some cells would do"
        )
    single = int((cells.count == 1).sum())
    if single and cells.replicated.any():
        notes.append(
            f"{single} cells with one answer are given the sampling variance of the others"
        )
    return notes
