"""How long do similar nodes take to find among very many, and how many does the approximate index miss?

Vectors of 384 numbers in clusters of about 50 (48 directions that matter, and noise), written to a store's table. Exact
search holds them all; the approximate one maps its file and reads what it needs from the table. Recall is the share of
the ten nearest that it finds, by exact search, over 200 vectors with noise of their own that are not in the table.

    python benchmarks/bench_graph_vectors.py [--rows 100000] [--exact-only] [--pairs] [--keep FOLDER]

Times are medians of 50 and their 95th percentile, warm: each question was asked once before the clock ran. Loading and
opening are medians of 5. Beyond 100,000 rows exact search is the comparison in blocks that is used without an index.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gyges.graph.similarity import (
    EXACT_UP_TO,
    Approximate,
    Index,
    Near,
    Vectors,
    available,
    load,
    put,
)
from gyges.graph.similarity.table import blocks

SIZE, LATENT = 384, 48
BATCH = 50_000


class Space:
    """Vectors that lie as embeddings do: in clusters, and mostly in few directions."""

    def __init__(self, rows: int) -> None:
        self.rng = np.random.default_rng(0)
        self.basis = self.rng.standard_normal((LATENT, SIZE)) / np.sqrt(LATENT)
        self.centres = self.rng.standard_normal((max(1, rows // 50), LATENT))

    def draw(self, count: int) -> Any:
        chosen = self.centres[self.rng.integers(0, len(self.centres), count)]
        rows = (chosen + 0.6 * self.rng.standard_normal(chosen.shape)) @ self.basis
        rows += 0.15 * self.rng.standard_normal(rows.shape)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def timed(what: Callable[[], Any], times: int) -> list[float]:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        what()
        found.append(1000 * (time.perf_counter() - started))
    return found


def shown(times: list[float]) -> dict[str, float]:
    return {
        "median_ms": round(statistics.median(times), 2),
        "p95_ms": round(float(np.quantile(times, 0.95)), 2),
    }


def asked(nearest: Callable[..., Any], questions: Any) -> dict[str, float]:
    nearest(questions[0], 10)
    turns = iter(questions[1:51])
    return shown(timed(lambda: nearest(next(turns), 10), 50))


def memory_mb() -> float:
    """What this process holds now, in MB."""
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=EXACT_UP_TO)
    parser.add_argument("--exact-only", action="store_true", help="make no approximate index")
    parser.add_argument("--pairs", action="store_true", help="look for all pairs too (minutes)")
    parser.add_argument("--keep", type=Path, help="a folder for the store, kept and used again")
    chosen = parser.parse_args()
    folder = chosen.keep or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"vectors-{chosen.rows}.db"
    fresh = not path.exists()
    connection = sqlite3.connect(path)
    space = Space(chosen.rows)
    result: dict[str, Any] = {"rows": chosen.rows, "load_average": os.getloadavg()[0]}
    questions = space.draw(200)
    if fresh:
        started = time.perf_counter()
        for at in range(0, chosen.rows, BATCH):
            count = min(BATCH, chosen.rows - at)
            ids = [f"concept:n{number:07}" for number in range(at, at + count)]
            put(connection, ids, space.draw(count), "synthetic")
        result["write_s"] = round(time.perf_counter() - started, 1)
    result["file_mb"] = round(path.stat().st_size / 1e6)

    index = Index.open(connection)
    expected: list[list[Near]] = [[] for _ in questions]
    for block in blocks(connection):
        # The table is read once for all questions: by itself, each would read it all.
        part = Vectors(block.ids, block.matrix)
        for at, q in enumerate(questions):
            expected[at] = sorted(
                [*expected[at], *part.nearest(q, 10)], key=lambda near: (-near.score, near.id)
            )[:10]
    if chosen.rows <= EXACT_UP_TO:
        result["load"] = shown(timed(lambda: load(connection), 5))
        result["exact"] = asked(index.nearest, questions)
        matrix = load(connection).matrix
        result["numpy alone"] = asked(lambda q, _: np.argsort(matrix @ q)[-10:], questions)
        if chosen.pairs:
            started = time.perf_counter()
            found = load(connection).pairs_above(0.65, 1000)
            result["pairs_s"] = round(time.perf_counter() - started, 1)
            result["pairs"] = len(found)
    else:
        times = timed(lambda: index.nearest(questions[0], 10), 3)
        result["exact in blocks"] = shown(times)
    if not chosen.exact_only and available():
        print(json.dumps(result), file=sys.stderr, flush=True)
        approximate = Approximate.open(connection, path)
        if approximate is None:
            before = memory_mb()
            started = time.perf_counter()
            approximate = Approximate.build(connection, path)
            result["build_s"] = round(time.perf_counter() - started, 1)
            result["build_memory_mb"] = round(memory_mb() - before)
        (file,) = folder.glob(f"{path.name}.*-*-*.usearch")
        result["index_mb"] = round(file.stat().st_size / 1e6)
        del approximate
        result["open"] = shown(timed(lambda: Index.open(connection, path, most=0), 5))
        mapped = Index.open(connection, path, most=0)
        result["approximate"] = asked(mapped.nearest, questions)
        hits = sum(
            len({near.id for near in right} & {near.id for near in mapped.nearest(q, 10)})
            for q, right in zip(questions, expected, strict=True)
        )
        result["recall_at_10"] = round(hits / (10 * len(expected)), 4)
    result["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
