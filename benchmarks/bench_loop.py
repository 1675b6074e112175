"""What does a trial cost through `gyges run`, and what through `inspect eval`, when the model answers at once?

Both sides ask the same planted subject the same setting's queries under both tiers and read the answers with the same
lexical judge; each repetition runs both, one after the other, in processes of their own. Start-up (imports, loading) is
taken out by running each side at two sizes and dividing the difference in time by the difference in trials. Memory
is the process's peak at the larger size, and its growth for each trial between the sizes.

    python benchmarks/bench_loop.py [--repeats 3]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import textwrap

SIZES = {"gyges": (4_000, 16_000), "inspect": (160, 560)}

GYGES = """
import resource, sys, time, tempfile, pathlib
import gyges.api as api
trials = int(sys.argv[1])
def once(n, folder):
    return api._wait(api.run_async(model="gyges/planted/honest", queries=40, samples=n // 80, control=0,
        study=pathlib.Path(folder) / str(n), progress=False, reasoning="scratchpad"))
with tempfile.TemporaryDirectory() as folder:
    once(80, folder)
    start, cpu = time.perf_counter(), time.process_time()
    once(trials, folder)
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
print(took, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""

INSPECT = """
import resource, sys, time, tempfile
from inspect_ai import eval
from gyges.inspect import animal_welfare
trials = int(sys.argv[1])
def once(n, folder):
    log = eval(animal_welfare(queries=40), model="gyges/planted/honest", epochs=n // 80, log_dir=folder,
        display="none", max_connections=8)[0]
    assert log.status == "success", log.error
with tempfile.TemporaryDirectory() as folder:
    once(80, folder)
    start, cpu = time.perf_counter(), time.process_time()
    once(trials, folder)
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
print(took, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure(script: str, trials: int) -> tuple[float, float, float]:
    """Run one side at one size: seconds, seconds of CPU, peak MB."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(trials)],
        capture_output=True,
        text=True,
        check=True,
    )
    took, cpu, peak = done.stdout.split()[-3:]
    return float(took), float(cpu), float(peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    names = ("wall ms", "CPU ms", "peak MB", "kB a trial")
    found: dict[str, dict[str, list[float]]] = {
        side: {name: [] for name in names} for side in SIZES
    }
    for _ in range(repeats):
        for side, script in (("gyges", GYGES), ("inspect", INSPECT)):
            small, large = SIZES[side]
            first, second = measure(script, small), measure(script, large)
            slope = [
                (high - low) / (large - small) for low, high in zip(first, second, strict=True)
            ]
            figures = (slope[0] * 1000, slope[1] * 1000, second[2], slope[2] * 1024)
            for name, value in zip(names, figures, strict=True):
                found[side][name].append(value)
    print(f"{'a trial':<10}" + "".join(f"{name:>24}" for name in names))
    for side, columns in found.items():
        cells = [
            f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
            for values in columns.values()
        ]
        print(f"{side:<10}" + "".join(f"{cell:>24}" for cell in cells))
    for name in ("wall ms", "CPU ms"):
        pairs = zip(found["gyges"][name], found["inspect"][name], strict=True)
        ratios = [theirs / ours for ours, theirs in pairs]
        print(f"inspect eval / gyges run, {name}: {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main()
