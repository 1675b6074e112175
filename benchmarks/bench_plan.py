"""How long does a plan take to expand, how much memory does it hold, and what does its order save?

The plan of 125 wordings by temperatures by queries, both tiers, is expanded trial by trial at several sizes, each in a
process of its own: CPU seconds, and the peak of resident memory above what the imports take. Beside it stands the
alternative of keeping all rendered trials in a list. The order is compared with a random one and with one cell after
the other: the share of prompt tokens that a cache of the last prefix serves, and how uneven a run is that stops
half-way.

    python benchmarks/bench_plan.py [--sizes 1000 10000 100000 1000000]
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from collections import Counter
from itertools import islice

EXPAND = """
import resource, sys, time
from gyges.design import Design, Planner
from gyges.settings import load_setting
trials, keep = int(sys.argv[1]), sys.argv[2] == "list"
setting = load_setting("animal-welfare")
wordings = [one.id for one in setting.wordings()]
temperatures = [round(0.1 * at, 1) for at in range(max(1, min(10, trials // 10_000)))]
samples = max(1, trials // (125 * len(temperatures) * 40 * 2))
queries = min(40, max(1, trials // (125 * 2)))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
design = Design("animal-welfare", "x", queries=queries, samples=samples,
    vary={"wording": wordings, **({"temperature": temperatures} if len(temperatures) > 1 else {})})
planner = Planner(design, setting)
if keep:
    kept = [(trial, trial.prompt.system + trial.prompt.user) for block in planner for trial in block]
    count = len(kept)
else:
    count = sum(len(block) for block in planner)
took = time.process_time() - start
print(count, took, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def expand(trials: int, how: str) -> tuple[int, float, float]:
    """Expand a plan in a process of its own: trials, CPU seconds, MB."""
    done = subprocess.run(
        [sys.executable, "-c", EXPAND, str(trials), how], capture_output=True, text=True, check=True
    )
    count, took, memory = done.stdout.split()
    return int(count), float(took), float(memory)


def orders() -> None:
    """Compare the plan's order with others over the same blocks."""
    from gyges.design import Block, Design, Planner
    from gyges.settings import load_setting

    setting = load_setting("animal-welfare")
    wordings = [one.id for one in setting.wordings()][:25]
    design = Design(
        "animal-welfare", "x", vary={"wording": wordings, "temperature": [0.0, 0.5, 1.0]}
    )
    plan = list(Planner(design, setting))

    def served(blocks: list[Block]) -> float:
        total = saved = 0
        before = ""
        for block in blocks:
            for trial in block:
                total += len(trial.prompt.system) + len(trial.prompt.user)
                if trial.prompt.system == before:
                    saved += len(before)
                before = trial.prompt.system
        return saved / total

    def uneven(blocks: list[Block]) -> tuple[int, int]:
        half = Counter(block[0].cell.number for block in islice(blocks, len(blocks) // 2))
        counts = [half.get(number, 0) for number in range(len(wordings) * 3)]
        return min(counts), max(counts)

    shuffled = random.Random(0).sample(plan, len(plan))
    by_cell = sorted(plan, key=lambda block: block[0].cell.number)
    print("order            one prefix serves   blocks a cell at half-way, least and most (of 40)")
    for name, blocks in (("the plan's", plan), ("random", shuffled), ("cell by cell", by_cell)):
        low, high = uneven(blocks)
        print(f"{name:<16} {served(blocks):>17.0%}   {low} to {high}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    sizes = parser.parse_args().sizes
    print("trials      how      CPU s   MB above the imports")
    for size in sizes:
        for how in ("stream", "list"):
            if how == "list" and size > 100_000:
                continue
            count, took, memory = expand(size, how)
            print(f"{count:>9,}   {how:<6}  {took:6.2f}   {memory:8.1f}")
    orders()


if __name__ == "__main__":
    main()
