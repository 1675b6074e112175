"""How steadily is one and the same thing answered, when it is asked again?

A cell is asked several times: the same query, wording, tier and levels. Two measures of its choices:

* **flip rate**: the probability that two samples of a cell differ, from all pairs of its samples, which is unbiased for
  any number of them: ``1 - sum n_k (n_k - 1) / n (n - 1)``.
* **entropy** in bits, for a reader who thinks in them. It cannot be estimated without bias; what few samples take away
  from it on average is given back to first order (Miller 1955), and what is left is large where samples are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gyges.findings.measured import Measured, by_arm

__all__ = ["counts_of", "entropies", "flip_cells", "flip_rates", "pairs_that_differ"]

Floats = NDArray[np.float64]


def counts_of(part: pl.DataFrame, keys: Sequence[str]) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Count the choices of each cell: the cells with their query's family, and an array (cells, choices)."""
    chosen = part.filter(pl.col("choice").is_not_null())
    options = sorted(chosen["choice"].unique().to_list())
    cells = (
        chosen.group_by(keys)
        .agg(
            pl.col("family").first().alias("the family"),
            *[(pl.col("choice") == one).sum().cast(pl.Int64).alias(f"n {one}") for one in options],
        )
        .sort(keys, nulls_last=False)
    )
    table = cells.select(f"n {one}" for one in options).to_numpy()
    return cells.select(*keys, "the family"), np.asarray(table, dtype=np.int64)


def pairs_that_differ(counts: NDArray[np.int64]) -> Floats:
    """Give the share of pairs of samples that differ, cell by cell; NaN with fewer than two samples."""
    n = counts.sum(axis=1)
    pairs = n * (n - 1)
    alike = (counts * (counts - 1)).sum(axis=1)
    share = np.divide(alike, pairs, out=np.full(n.shape, np.nan), where=pairs > 0)
    return np.asarray(1.0 - share, dtype=np.float64)


def _named(cells: pl.DataFrame, keys: Sequence[str], values: Floats, n: Any) -> pl.DataFrame:
    """Lay out values of cells as :func:`gyges.findings.measured.by_arm` reads them."""
    shared = [name for name in keys if name != "tier"]
    return cells.select(
        pl.struct(shared).rank("dense").alias("cell"),
        "query",
        pl.col("the family").alias("family"),
        pl.col("wording") if "wording" in keys else pl.lit("0").alias("wording"),
        "tier",
        pl.Series("value", values).fill_nan(None),
        pl.Series("answers", n),
    )


def flip_cells(part: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Give each cell's flip rate, for :func:`gyges.findings.measured.by_arm`.

    Args:
        part: Trials with ``choice``.
        keys: What samples of one cell share, beside the tier.
    """
    all_keys = [*keys, "tier"]
    cells, counts = counts_of(part, all_keys)
    return _named(cells, all_keys, pairs_that_differ(counts), counts.sum(axis=1))


def flip_rates(
    part: pl.DataFrame, keys: Sequence[str], *, level: float = 0.95, seed: int = 0
) -> list[Measured]:
    """Estimate how often two samples of one cell differ: in each arm, and the difference.

    Args:
        part: Trials with ``choice``, of one group.
        keys: What samples of one cell share, beside the tier.
        level: Confidence level.
        seed: Seeds the sign flips.

    Returns:
        ``two samples differ``, and where the order of the options varies and some samples have the same one, ``the same
        prompt twice`` over those pairs.
    """
    found = by_arm(flip_cells(part, keys), "two samples differ", level=level, seed=seed)
    order = "comply_option"
    if order in part.columns and part[order].n_unique() > 1:
        same = flip_cells(part, [*keys, order])
        found += by_arm(same, "the same prompt twice", level=level, seed=seed)
    return found


def entropies(part: pl.DataFrame, keys: Sequence[str], *, correct: bool = True) -> pl.DataFrame:
    """Give the entropy in bits of each cell's choices, for :func:`gyges.findings.measured.by_arm`.

    Few samples make choices look steadier than they are: the plain entropy is too small by about ``(K - 1) / (2 n ln
    2)`` bits for ``K`` choices among ``n`` samples. That is added, with the choices seen for ``K`` (Miller 1955).
    What is left of the bias is large where a choice is rare or the samples are few, which the flip rate is free of.

    Args:
        part: Trials with ``choice``.
        keys: What samples of one cell share, beside the tier.
        correct: Whether to add the correction.
    """
    all_keys = [*keys, "tier"]
    cells, counts = counts_of(part, all_keys)
    n = counts.sum(axis=1)
    share = counts / np.maximum(n, 1)[:, None]
    bits = -(share * np.log2(np.where(share > 0, share, 1.0))).sum(axis=1)
    if correct:
        bits = bits + ((counts > 0).sum(axis=1) - 1) / (2 * np.maximum(n, 1) * np.log(2))
    # One sample alone cannot vary.
    return _named(cells, all_keys, np.where(n > 1, bits + 0.0, np.nan), n)
