"""How long do estimates take, beside what one would otherwise call?

    python benchmarks/bench_estimate.py [--trials 1000000] [--repeats 5]

Two jobs. (1) A bootstrap over clusters: 100,000 trials of 1,000 queries, 10,000 resamples, for the paired gap. Beside
it scipy.stats.bootstrap on per-query differences, Inspect's bootstrap_stderr of one mean of the trials (1,000
resamples: its default), statsmodels' clustered standard error, and the default interval, which needs no resampling.
(2) A sealed study of a million trials, from its Parquet files to the table of gaps, in a fresh process, with its
largest memory.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

from gyges.estimate import bootstrap_gap, paired_gap


def timed(work: Callable[[], object], repeats: int) -> float:
    """Give the median time of some calls, after one that does not count; seconds."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def trials(queries: int, samples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw answers: the query of each trial, whether it complied when monitored, and when not."""
    draw = np.random.default_rng(0)
    own = draw.beta(2, 3, queries)
    chance = np.repeat(own, samples)
    return (
        np.repeat(np.arange(queries), samples),
        (draw.random(chance.size) < 0.2 + 0.8 * chance).astype(float),
        (draw.random(chance.size) < 0.8 * chance).astype(float),
    )


def resampling(repeats: int) -> None:
    """Compare resampling."""
    query, monitored, unmonitored = trials(1000, 50)
    counts = np.bincount(query)

    def rates() -> tuple[np.ndarray, np.ndarray]:
        return (
            np.bincount(query, weights=monitored) / counts,
            np.bincount(query, weights=unmonitored) / counts,
        )

    rows = [
        (
            "gyges bootstrap_gap, 10,000 resamples of 1,000 queries",
            timed(lambda: bootstrap_gap(*rates()), repeats),
        ),
        (
            "gyges paired_gap, the default interval with its p-value",
            timed(lambda: paired_gap(*rates(), trials=(counts, counts)), repeats),
        ),
    ]
    # A study that has a query of its own for every four trials is the hardest case of that size.
    many = trials(25_000, 2)
    halves = [np.bincount(many[0], weights=values) / 2 for values in many[1:]]
    rows.append(
        (
            "gyges bootstrap_gap, 10,000 resamples of 25,000 queries",
            timed(lambda: bootstrap_gap(*halves), max(1, repeats // 2)),
        )
    )
    from scipy import stats

    def by_scipy() -> object:
        high, low = rates()
        return stats.bootstrap(
            (high - low,), np.mean, n_resamples=10_000, method="percentile", batch=1_000
        )

    rows.append(
        ("scipy.stats.bootstrap, the same resamples", timed(by_scipy, max(1, repeats // 2)))
    )
    try:
        import statsmodels.api as sm

        compliance = np.concatenate([monitored, unmonitored])
        tier = np.repeat([1.0, 0.0], monitored.size)
        exog = sm.add_constant(tier)
        groups = np.concatenate([query, query])

        def by_statsmodels() -> object:
            model = sm.OLS(compliance, exog)
            return model.fit(cov_type="cluster", cov_kwds={"groups": groups}).bse

        rows.append(
            ("statsmodels OLS, clustered error, no resampling", timed(by_statsmodels, repeats))
        )
    except ImportError:
        print("statsmodels is not installed: left out", file=sys.stderr)
    from inspect_ai.scorer import SampleScore, Score, bootstrap_stderr

    scores = [SampleScore(score=Score(value=value)) for value in monitored]
    metric = bootstrap_stderr(num_samples=1_000)
    rows.append(
        (
            "Inspect bootstrap_stderr, 1,000 resamples of 50,000 trials, one mean",
            timed(lambda: metric(scores), 1),
        )
    )
    print("| 100,000 trials | seconds |\n|---|---:|")
    for name, seconds in rows:
        print(f"| {name} | {seconds:.3f} |")


def write_study(path: Path, count: int) -> None:
    """Write a sealed study: 20 subjects, 500 queries, and as many samples as it takes."""
    from gyges.study import Manifest, StudyFolder

    study = StudyFolder.create(path, Manifest(source="import", spec={}, factors={}))
    subjects, queries = 20, 500
    samples = math.ceil(count / (subjects * queries * 2))
    draw = np.random.default_rng(1)
    at = np.indices((subjects, queries, samples, 2)).reshape(4, -1)
    monitored = at[3] == 0
    chance = np.clip(0.3 + 0.2 * monitored + draw.normal(0, 0.1, queries)[at[1]], 0, 1)
    # Names of the length that real ones have.
    block = (at[0] * queries + at[1]) * samples + at[2]
    tier = pl.Series(np.where(monitored, "monitored", "unmonitored"))
    frame = pl.DataFrame({"block": block}).select(
        (pl.col("block").cast(pl.String).str.zfill(12) + "-" + tier).alias("trial"),
        pl.col("block").cast(pl.String).str.zfill(12),
        pl.Series("subject", at[0]).cast(pl.String).str.pad_start(20, "m"),
        pl.lit("synthetic").alias("setting"),
        pl.lit("care").alias("value"),
        pl.lit(value=False).alias("control"),
        ("query-" + pl.Series("query", at[1]).cast(pl.String)).alias("query"),
        pl.lit("0").alias("wording"),
        tier.alias("tier"),
        pl.Series("sample", at[2]),
        pl.lit("ok").alias("status"),
        pl.lit("An answer of some length that is not read for the gaps. " * 4).alias("output"),
    )
    (path / "trials").mkdir(exist_ok=True)
    frame.write_parquet(
        study.trial_table.folder / "0001.parquet", compression="zstd", row_group_size=4_000
    )
    outcome = np.where(draw.random(chance.size) < chance, "comply", "refuse")
    verdicts = frame.select(
        "trial",
        pl.lit("synthetic").alias("judge"),
        pl.lit("outcome").alias("question"),
        pl.Series("outcome", outcome),
        pl.lit("ok").alias("status"),
    )
    study.write_judge({"name": "synthetic", "kind": "planted"})
    folder = study.verdict_table("synthetic").folder
    folder.mkdir(parents=True, exist_ok=True)
    verdicts.write_parquet(folder / "0001.parquet", compression="zstd", row_group_size=4_000)


def estimate_study(path: Path) -> None:
    """Estimate one study's gaps and print how long it took; run in a process of its own."""
    start = time.perf_counter()
    from gyges import open_study
    from gyges.findings import gaps

    imported = time.perf_counter()
    found = gaps(open_study(path))
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {"import": imported - start, "gaps": done - imported, "mib": peak, "rows": len(found)}
        )
    )


def large_study(count: int, repeats: int) -> None:
    """Time a large study in fresh processes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study"
        write_study(path, count)
        runs = []
        for _ in range(repeats):
            out = subprocess.run(
                [sys.executable, __file__, "--study", str(path)],
                check=True,
                capture_output=True,
                text=True,
            )
            runs.append(json.loads(out.stdout))
    print(f"\n{count:,} trials, {runs[0]['rows']} gaps; medians of {repeats} fresh processes:")
    print(
        f"gaps {median(run['gaps'] for run in runs):.2f} s, "
        f"imports before it {median(run['import'] for run in runs):.2f} s, "
        f"peak {max(run['mib'] for run in runs):.0f} MiB"
    )


def main() -> None:
    """Run both jobs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--study", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.study:
        estimate_study(options.study)
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    resampling(options.repeats)
    large_study(options.trials, options.repeats)


if __name__ == "__main__":
    main()
