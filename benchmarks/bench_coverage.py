"""How often does the default 95 % interval hold the true gap?

Simulates studies of subjects whose rates are known, estimates each with ``paired_gap`` as any study is, and counts.
A query's rates come from Beta distributions with the declared means and intraclass correlation (weak .05, strong .4),
through a Gaussian copula that ties the two arms (correlation .5) and, where wordings vary, splits the variation into
queries (60 %), wordings (20 %) and their interaction (20 %). The truth is the mean over all queries and wordings there
could be.

With ``--fakers`` the population is not smooth: a small share of its queries always complies when monitored, and all
else has one base rate in both tiers.

    python benchmarks/bench_coverage.py --replicates 2000 --table benchmarks/coverage.csv
    python benchmarks/bench_coverage.py --fakers --replicates 2000 --table benchmarks/coverage_fakers.csv
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gyges.estimate import paired_gap

ICC = {"weak": 0.05, "strong": 0.4}
BETWEEN_ARMS = 0.5
SHARES = (0.6, 0.2, 0.2)
SCORES = np.linspace(-6, 6, 4001)

Floats = NDArray[np.float64]


class Cell(NamedTuple):
    """One point of the grid."""

    queries: int
    wordings: int
    samples: int
    base: float
    gap: float
    variance: str

    @property
    def allowed(self) -> tuple[float, float]:
        """The coverage that is promised."""
        return (0.92, 0.985) if self.queries < 20 else (0.935, 0.975)


class Fakers(NamedTuple):
    """One point of the grid in which some queries always comply when monitored."""

    queries: int
    wordings: int
    samples: int
    base: float
    gap: float
    share: float
    """Of the population of queries."""

    @property
    def allowed(self) -> tuple[float, float]:
        """The coverage that is promised for smooth populations."""
        return (0.935, 0.975)


class Result(NamedTuple):
    """What came of one cell."""

    cell: Cell | Fakers
    coverage: float
    width: float
    """Median width of the interval."""
    t_coverage: float
    """Coverage of Student's t over queries alone, the usual choice."""
    events: float
    """Expected answers that comply (or that do not, where they are fewer) in the rarer arm, after the design effect."""


def grid(
    queries: tuple[int, ...] = (10, 20, 50, 200), wordings: tuple[int, ...] = (1, 8, 25)
) -> list[Cell]:
    """List the cells that can exist: no rate above 1."""
    return [
        Cell(*point)
        for point in itertools.product(
            queries, wordings, (1, 5, 10), (0.01, 0.05, 0.3, 0.8), (0.0, 0.05, 0.3), ICC
        )
        if point[3] + point[4] < 1
    ]


def fakers_grid(queries: tuple[int, ...] = (20, 40, 50, 200)) -> list[Fakers]:
    """List the cells with a share of certain fakers, in one wording."""
    return [
        Fakers(number, 1, samples, base, round(share * (1 - base), 6), share)
        for number, samples, base, share in itertools.product(
            queries, (1, 5, 10), (0.0, 0.01, 0.03), (0.05, 0.1, 0.3)
        )
    ]


def quantiles(mean: float, icc: float) -> Floats:
    """Tabulate a Beta distribution's quantiles over normal scores."""
    size = 1 / icc - 1
    return np.asarray(special.betaincinv(mean * size, (1 - mean) * size, special.ndtr(SCORES)))


def truth(table: Floats) -> float:
    """Integrate the table, so that interpolation does not bias the truth."""
    density = np.exp(-(SCORES**2) / 2)
    return float((table * density).sum() / density.sum())


def draw(
    cell: Cell, replicates: int, generator: np.random.Generator
) -> tuple[Floats, Floats, float]:
    """Draw the rates that studies observe: shape (replicates, queries, wordings), and the true gap."""
    shape = (replicates, cell.queries, cell.wordings)
    shapes = [(shape[0], shape[1], 1), (shape[0], 1, shape[2]), shape]
    shares = SHARES if cell.wordings > 1 else (1.0, 0.0, 0.0)
    scores = [np.zeros(shape, np.float32), np.zeros(shape, np.float32)]
    for size, share in zip(shapes, shares, strict=True):
        if share:
            common = generator.standard_normal(size, dtype=np.float32)
            for score in scores:
                own = generator.standard_normal(size, dtype=np.float32)
                score += share**0.5 * (BETWEEN_ARMS**0.5 * common + (1 - BETWEEN_ARMS) ** 0.5 * own)
    rates, means = [], []
    for mean, score in zip((cell.base + cell.gap, cell.base), scores, strict=True):
        table = quantiles(mean, ICC[cell.variance])
        chance = np.interp(score, SCORES, table)
        rates.append(generator.binomial(cell.samples, chance) / cell.samples)
        means.append(truth(table))
    return rates[0], rates[1], means[0] - means[1]


def draw_fakers(
    cell: Fakers, replicates: int, generator: np.random.Generator
) -> tuple[Floats, Floats, float]:
    """Draw as :func:`draw` does, where each query is a certain faker with the cell's share as its chance."""
    shape = (replicates, cell.queries, 1)
    chance = np.where(generator.random(shape) < cell.share, 1.0, cell.base)
    monitored = generator.binomial(cell.samples, chance) / cell.samples
    unmonitored = generator.binomial(cell.samples, cell.base, shape) / cell.samples
    return monitored, unmonitored, cell.gap


def studies(
    cell: Cell | Fakers, replicates: int, seed: int
) -> Iterator[tuple[Floats, Floats, float]]:
    """Yield the observed rates of the two arms, study by study, and the true gap."""
    numbers = cell[:5] if isinstance(cell, Cell) else cell
    word = len(cell.variance) if isinstance(cell, Cell) else 0
    generator = np.random.default_rng([seed, *(round(1000 * v) for v in numbers), word])
    step = max(1, min(replicates, 4_000_000 // (cell.queries * cell.wordings)))
    for start in range(0, replicates, step):
        count = min(step, replicates - start)
        if isinstance(cell, Cell):
            monitored, unmonitored, true = draw(cell, count, generator)
        else:
            monitored, unmonitored, true = draw_fakers(cell, count, generator)
        for number in range(count):
            yield monitored[number], unmonitored[number], true


def rare(cell: Cell | Fakers) -> float:
    """Expect so many independent events in the rarer arm."""
    q, w, k = cell.queries, cell.wordings, cell.samples
    if isinstance(cell, Fakers):
        # Unmonitored, all queries have one rate.
        return cell.base * q * k
    icc = ICC[cell.variance]
    rate = min(min(p, 1 - p) for p in (cell.base, cell.base + cell.gap))
    shares = SHARES if w > 1 else (1.0, 0.0, 0.0)
    variance = icc * (shares[0] / q + shares[1] / w + shares[2] / (q * w)) + (1 - icc) / (q * w * k)
    return rate / variance


def measure(task: tuple[Cell | Fakers, int, int]) -> Result:
    """Simulate one cell."""
    cell, replicates, seed = task
    held = t_held = 0
    widths = np.empty(replicates)
    sizes = np.full((cell.queries, cell.wordings), cell.samples)
    for number, (high, low, true) in enumerate(studies(cell, replicates, seed)):
        found = paired_gap(high, low, trials=(sizes, sizes), test=False)
        assert found.interval is not None
        assert found.se is not None
        held += found.interval.low - 1e-9 <= true <= found.interval.high + 1e-9
        widths[number] = found.interval.high - found.interval.low
        half = special.stdtrit(found.df, 0.975) * found.se
        t_held += abs(found.gap - true) <= half + 1e-9
    return Result(
        cell, held / replicates, float(np.median(widths)), t_held / replicates, rare(cell)
    )


def main() -> None:
    """Measure the grid and print what is out of its band."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--fakers", action="store_true", help="A few queries that always fake, one wording."
    )
    parser.add_argument(
        "--queries", type=int, nargs="*", help="10 20 50 200; with --fakers 20 40 50 200."
    )
    parser.add_argument("--wordings", type=int, nargs="*", default=[1, 8, 25])
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--table", type=Path, help="Write every cell to this CSV file.")
    options = parser.parse_args()
    cells: list[Cell] | list[Fakers]
    if options.fakers:
        cells = fakers_grid(tuple(options.queries or (20, 40, 50, 200)))
    else:
        cells = grid(tuple(options.queries or (10, 20, 50, 200)), tuple(options.wordings))
    tasks = [(cell, options.replicates, options.seed) for cell in cells]
    start = time.perf_counter()
    results = []
    with ProcessPoolExecutor(options.workers) as pool:
        for number, result in enumerate(pool.map(measure, tasks), 1):
            results.append(result)
            if number % 50 == 0:
                print(
                    f"{number} of {len(tasks)}, {time.perf_counter() - start:.0f} s",
                    file=sys.stderr,
                )
    if options.table:
        with options.table.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*cells[0]._fields, "coverage", "width", "t_coverage", "events"])
            for result in results:
                figures = (result.coverage, result.width, result.t_coverage, result.events)
                writer.writerow([*result.cell, *(f"{figure:.4f}" for figure in figures)])
    out = [r for r in results if not r.cell.allowed[0] <= r.coverage <= r.cell.allowed[1]]
    print(f"{len(results)} cells, {len(out)} out of band:")
    for r in out:
        print(
            *(f"{name} {value}" for name, value in zip(r.cell._fields, r.cell, strict=True)),
            f"coverage {r.coverage:.1%} (t {r.t_coverage:.1%}) events {r.events:.1f}",
        )


if __name__ == "__main__":
    main()
