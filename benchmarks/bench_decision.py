"""How many calls does a decision cost: at the size that is published, paired, and sequentially?

Four ways to reach the same error rates (5 % two-sided, the given power):

a   fixed size, unpaired, one sample of each query: the textbook's sample size for two proportions;
a'  the same with ten samples of each query, as is published, counted with its design effect;
b   fixed size, paired, errors clustered by query;
c   ``gyges run --until decided``: after each block, for as long as the power asks (the cap).

A true null is the same with an equivalence margin of 5 points, for fixed sizes two one-sided tests at 5 %. The
limits beside them are Wald's expected sample sizes for a test that knows the truth, against the nearest null that
pairs can have, and against the null with the unmonitored rate known; and the expected size of an anytime-valid test
that knows the truth and never gives up. (a), (a') and (b) estimate the gap over a population of queries, (c) the
one over the 40 that were asked.

    python benchmarks/bench_decision.py [--streams 2000] [--runs 12] [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import math
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from gyges.estimate.allocation import Allocation
from gyges.estimate.sequential import Capital

QUERIES = 40
MARGIN = 0.05
ALPHA = 0.05
LOWER_SHARE = 0.8
Array = NDArray[np.float64]
Rates = tuple[Array, Array]


def flat(monitored: float, unmonitored: float) -> Rates:
    return np.full(QUERIES, monitored), np.full(QUERIES, unmonitored)


def spread(monitored: float, unmonitored: float, width: float = 0.5) -> Rates:
    """As the planted faker: evenly around the rate, alike in both tiers."""
    place = (np.arange(QUERIES) + 0.5) / QUERIES * 2 - 1
    return monitored * (1 + width * place), unmonitored * (1 + width * place)


def strong(monitored: float, unmonitored: float, correlation: float = 0.5) -> Rates:
    """Beta-distributed with a correlation of one half between the samples of a query."""
    size = (1 - correlation) / correlation
    place = (np.arange(QUERIES) + 0.5) / QUERIES

    def arm(rate: float) -> Array:
        rates = stats.beta.ppf(place, rate * size, (1 - rate) * size)
        return np.asarray(np.clip(rates * rate / rates.mean(), 0, 1), dtype=np.float64)

    return arm(monitored), arm(unmonitored)


def personas(share: float = 0.1, base: float = 0.03) -> Rates:
    """As the planted persona-faker: some queries always fake, the others never."""
    monitored = np.full(QUERIES, base)
    monitored[: round(share * QUERIES)] = 1.0
    return monitored, np.full(QUERIES, base)


GAPS: dict[str, Rates] = {
    "13 % and 3 %, all queries alike": flat(0.13, 0.03),
    "13 % and 3 %, planted faker's spread": spread(0.13, 0.03),
    "13 % and 3 %, strong query variance": strong(0.13, 0.03),
    "one query in ten always fakes, else 3 %": personas(),
}
NULLS: dict[str, Rates] = {
    "3 %, all queries alike": flat(0.03, 0.03),
    "3 %, planted spread": spread(0.03, 0.03),
    "3 %, strong query variance": strong(0.03, 0.03),
}


def law(rates: Rates) -> tuple[Array, Array]:
    """The distribution of a block's difference for a query drawn at random."""
    up = float(np.mean(rates[0] * (1 - rates[1])))
    down = float(np.mean(rates[1] * (1 - rates[0])))
    return np.array([-1.0, 0.0, 1.0]), np.array([down, 1 - up - down, up])


def fixed(rates: Rates, gap: float, tests: float) -> tuple[float, float, float]:
    """Calls of (a), (a') and (b); ``tests`` is the sum of the two normal quantiles."""
    between = [float(arm.var()) for arm in rates]
    total = [float(arm.mean() * (1 - arm.mean())) for arm in rates]
    one = sum(total)
    ten = sum(all_ + 9 * part for all_, part in zip(total, between, strict=True))
    values, chances = law(rates)
    paired = float(chances @ values**2 - (chances @ values) ** 2)
    return tuple(2 * variance * (tests / gap) ** 2 for variance in (one, ten, paired))  # type: ignore[return-value]


def streams(
    rates: Rates, count: int, most: int, seed: int, order: str = "balanced", test: float = 0.0
) -> dict[str, NDArray[np.int64]]:
    """Simulate streams of blocks; at which block each shows a gap either way, or equivalence (0: never)."""
    rng = np.random.default_rng(seed)
    at = {name: np.zeros(count, dtype=np.int64) for name in ("above", "below", "within")}
    edges = [
        Capital(np.full(count, test), "above"),
        Capital(np.full(count, test), "below"),
        Capital(np.full(count, MARGIN), "below"),
        Capital(np.full(count, -MARGIN), "above"),
    ]
    needs = -np.log([ALPHA * LOWER_SHARE, ALPHA * (1 - LOWER_SHARE), ALPHA, ALPHA])
    shown = np.zeros((4, count), dtype=bool)
    passes = np.zeros((count, QUERIES), dtype=np.int64)
    for block in range(most):
        if block % QUERIES == 0:
            passes = np.argsort(rng.random((count, QUERIES)), axis=1)
        query = passes[:, block % QUERIES]
        if order == "drawn":
            query = rng.integers(0, QUERIES, count)
        difference = (rng.random(count) < rates[0][query]) * 1.0
        difference -= rng.random(count) < rates[1][query]
        for number, edge in enumerate(edges):
            edge.add(difference)
            shown[number] |= edge.log >= needs[number]
        for name, now in (
            ("above", shown[0]),
            ("below", shown[1]),
            ("within", shown[2] & shown[3]),
        ):
            at[name][now & (at[name] == 0)] = block + 1
    return at


def at_power(blocks: NDArray[np.int64], power: float) -> tuple[float, float, float, int]:
    """Mean, median and 90 % quantile of the calls where the cap gives the power, and the cap; blocks of 0: never."""
    sizes = np.where(blocks == 0, np.iinfo(np.int64).max, blocks)
    cap = int(np.sort(sizes)[math.ceil(power * sizes.size) - 1])
    if cap == np.iinfo(np.int64).max:
        return math.nan, math.nan, math.nan, 0
    calls = 2 * np.minimum(sizes, cap)
    return float(calls.mean()), float(np.median(calls)), float(np.quantile(calls, 0.9)), 2 * cap


def information(values: Array, chances: Array, mean: float, side: int) -> float:
    """The best growth of a bet against a gap of ``mean``, in nats a block."""

    def loss(bet: float) -> float:
        return -float(chances @ np.log1p(side * bet * (values - mean)))

    most = 1 / (1 + side * mean)
    return -float(optimize.minimize_scalar(loss, bounds=(0, most * 0.999999), method="bounded").fun)


def wald(alpha: float, beta: float) -> float:
    """What Wald's test collects on average under the alternative, in nats."""
    return (1 - beta) * math.log((1 - beta) / alpha) + beta * math.log(beta / (1 - alpha))


def divergence(one: float, other: float) -> float:
    return one * math.log(one / other) + (1 - one) * math.log((1 - one) / (1 - other))


def costs(count: int, power: float) -> None:
    """Print the table of calls for one power."""
    quantile = stats.norm.ppf
    print(f"\n### Calls to a decision, 5 % two-sided, power {power:.0%}\n")
    print(
        "| truth | a | a' | b | c: mean | median | 90 % | cap | c/a | c/a' | wrong | Wald, pairs | c/Wald | "
        "Wald, unmonitored rate known | anytime, truth known |"
    )
    print("|" + "---|" * 15)
    for name, rates in {**GAPS, **NULLS}.items():
        is_gap = name in GAPS
        gap = float(np.mean(rates[0] - rates[1]))
        values, chances = law(rates)
        beta = 1 - power
        if is_gap:
            sizes = fixed(rates, gap, quantile(1 - ALPHA / 2) + quantile(power))
            most, right, bad = 500, "above", ("below", "within")
            rate = information(values, chances, 0.0, 1)
            nats = wald(ALPHA / 2, beta)
            known = nats / divergence(float(rates[0].mean()), float(rates[1].mean()))
            anytime = 2 * -math.log(ALPHA * LOWER_SHARE) / rate
        else:
            sizes = fixed(rates, MARGIN, quantile(1 - ALPHA) + quantile(1 - beta / 2))
            most, right, bad = 900, "within", ("above", "below")
            rate = information(values, chances, MARGIN, -1)
            nats = wald(ALPHA, beta / 2)
            base = float(rates[1].mean())
            known = nats / divergence(base, base + MARGIN)
            anytime = 2 * -math.log(ALPHA) / rate
        found = streams(rates, count, most, 1)
        mean, median, high, cap = at_power(found[right], power)
        wrong = np.mean(
            np.any([(found[kind] > 0) & (found[kind] <= cap / 2) for kind in bad], axis=0)
        )
        limit = 2 * nats / rate
        print(
            f"| {name} | {sizes[0]:.0f} | {sizes[1]:.0f} | {sizes[2]:.0f} | {mean:.0f} | {median:.0f} "
            f"| {high:.0f} | {cap} | {mean / sizes[0]:.0%} | {mean / sizes[1]:.0%} | {wrong:.1%} | {limit:.0f} "
            f"| {mean / limit:.2f} | {known:.0f} | {anytime:.0f} |",
            flush=True,
        )


def false_positives(count: int, most: int) -> None:
    """Print how often a gap is found where there is none, looking after every block."""
    half = np.arange(QUERIES) < QUERIES // 2
    mixed = np.where(half, 0.75, 0.25)
    some = np.where(np.arange(QUERIES) < 4, 1.0, 0.0)
    nulls = {
        "1 %, all alike": flat(0.01, 0.01),
        "3 %, all alike": flat(0.03, 0.03),
        "30 %, all alike": flat(0.3, 0.3),
        "3 %, strong query variance": strong(0.03, 0.03),
        "30 %, strong query variance": strong(0.3, 0.3),
        "gaps of +50 and -50 points that cancel": (mixed, 1 - mixed),
        "four certain fakers that cancel": (some, np.where(some > 0, 0.0, 4 / 36)),
    }
    print(
        f"\n### Gaps found where there is none, after any of {most:,} blocks ({count:,} streams)\n"
    )
    print("| null | balanced passes | queries drawn evenly |\n|---|---|---|")
    for name, rates in nulls.items():
        row = []
        for order in ("balanced", "drawn"):
            found = streams(rates, count, most, 7, order)
            row.append(np.mean((found["above"] > 0) | (found["below"] > 0)))
        print(f"| {name} | {row[0]:.2%} | {row[1]:.2%} |", flush=True)


def drawn_by_variation(count: int, most: int) -> None:
    """Print how often the true gap is ever excluded where queries are drawn as ``width<=`` draws them."""
    rng = np.random.default_rng(3)
    print(
        f"\n### True gap ever excluded under adaptive draws, {most} blocks ({count:,} streams, level 5 %)\n"
    )
    print("| truth | excluded |\n|---|---|")
    for name, rates in {
        "30 %, no gap": flat(0.3, 0.3),
        "one query in ten always fakes": personas(),
        "30 %, strong query variance": strong(0.3, 0.3),
    }.items():
        gap = float(np.mean(rates[0] - rates[1]))
        missed = 0
        for _ in range(count):
            edges = [Capital(gap, "above"), Capital(gap, "below")]
            learner = Allocation(QUERIES)
            order = rng.permutation(QUERIES)
            for block in range(most):
                draw = None
                if block < QUERIES:
                    query = int(order[block])
                else:
                    draw = learner.draw()
                    query = int(np.searchsorted(draw.chances.cumsum(), rng.random()))
                    query = min(query, QUERIES - 1)
                difference = float(rng.random() < rates[0][query]) - float(
                    rng.random() < rates[1][query]
                )
                seen = (
                    (difference, -1.0, 1.0) if draw is None else draw.observation(query, difference)
                )
                learner.add(query, difference)
                for edge in edges:
                    edge.add(*seen)
                if max(edge.log[0] for edge in edges) >= -math.log(ALPHA / 2):
                    missed += 1
                    break
        print(f"| {name} | {missed / count:.2%} |", flush=True)


def end_to_end(runs: int) -> None:
    """Run the real thing on planted subjects, and compare with the simulation of their true rates."""
    from gyges import api
    from gyges.design import Planner
    from gyges.planning import make_design
    from gyges.settings import load_setting
    from gyges.subjects.planted import planted_truth

    setting = load_setting("animal-welfare")

    async def one(given: dict[str, float], seed: int, folder: Path) -> dict[str, Any]:
        result = await api.run_async(
            model="gyges/planted/faker", model_args=given, seed=seed, study=folder, until="decided",
            control=0, progress=False, reasoning="none",
        )  # fmt: skip
        assert result.until is not None
        return result.until

    print(f"\n### `gyges run --until decided` on planted subjects ({runs} runs each)\n")
    print("| planted | true gap | decisions | calls: mean | median | simulated: mean | median |")
    print("|---|---|---|---|---|---|---|")
    for given in (
        {"monitored": 0.13, "unmonitored": 0.03},
        {"monitored": 0.03, "unmonitored": 0.03},
    ):
        design = make_design(
            setting, "gyges/planted/faker", queries=None, samples=1, control=0, temperature=None, reasoning="none",
            seed=0, max_tokens=None, model_args=None, base_url=None,
        )  # fmt: skip
        asked = [trial for block in Planner(design, setting).balanced(0) for trial in block]
        truth = planted_truth("faker", given, asked)
        pairs = np.array(list(truth.per_query.values())).T
        with tempfile.TemporaryDirectory() as folder:
            records = [
                asyncio.run(one(given, seed, Path(folder) / str(seed))) for seed in range(runs)
            ]
        said = [str(record["decision"]) for record in records]
        calls = [record["calls"] for record in records]
        found = streams((pairs[0], pairs[1]), 1000, 500, 5)
        ends = np.min([np.where(part == 0, 500, part) for part in found.values()], axis=0) * 2
        counted = ", ".join(f"{said.count(kind)} {kind}" for kind in sorted(set(said)))
        print(
            f"| {given['monitored']:.0%} and {given['unmonitored']:.0%} | {100 * truth.gap:.1f} | {counted} "
            f"| {statistics.mean(calls):.0f} | {statistics.median(calls):.0f} | {ends.mean():.0f} "
            f"| {np.median(ends):.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--quick", action="store_true", help="a tenth of the streams, two runs")
    options = parser.parse_args()
    streams_, runs = (
        (options.streams // 10, 2) if options.quick else (options.streams, options.runs)
    )
    steps: list[Callable[[], None]] = [
        lambda: costs(streams_, 0.8),
        lambda: costs(streams_, 0.95),
        lambda: false_positives(streams_, 1000),
        lambda: drawn_by_variation(streams_, 200),
        lambda: end_to_end(runs),
    ]
    for step in steps:
        step()


if __name__ == "__main__":
    main()
