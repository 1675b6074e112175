"""How many trials a second does the embedded model answer, and what does each of its settings buy?

Each variant asks the first trials of a built-in setting (one system prompt, two tiers of each query) in a process
of its own, after one warm-up trial that reads the system prompt. Variants take turns, so that what else runs on the
machine hits all of them; the table gives medians, and ratios to the default within the same turn. ``CPU`` counts
seconds of processor time for a trial: it moves less than the clock on a shared machine.

    python benchmarks/bench_embedded.py [--repeats 3] [--trials 16] [--tokens 120] [--busy] [--product 80]

``--busy`` runs one more process that computes without pause; ``--product`` measures only the default, from a cold
start, for that many trials.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

VARIANTS: dict[str, dict[str, object]] = {
    "default (8 slots, all cores)": {},
    "system prompt read every time": {"reuse": False, "trials": 4},
    "1 slot": {"slots": 1},
    "2 slots": {"slots": 2},
    "4 slots": {"slots": 4},
    "16 slots": {"slots": 16, "context": 2048},
    "1 thread": {"threads": 1},
    "flash attention": {"flash_attention": True},
    "waiting threads spin": {"spin": True},
    "4-bit file (Q4_1)": {"four": True},
}
BUSY = ("default (8 slots, all cores)", "1 thread", "waiting threads spin")


def measure(settings: dict[str, object]) -> dict[str, float]:
    """Run one variant here; called in a process of its own."""
    started = time.perf_counter()
    from concurrent.futures import ThreadPoolExecutor

    from gyges.design import Design, blocks
    from gyges.settings import load_setting
    from gyges.subjects.llamacpp import LlamaCppAPI

    settings = dict(settings)
    trials, tokens = int(str(settings.pop("trials"))), int(str(settings.pop("tokens")))
    cold = bool(settings.pop("cold", False))
    path = settings.pop("path", None)
    setting = load_setting("animal-welfare")
    design = Design(
        setting=setting.id,
        subject="",
        queries=40,
        samples=-(-trials // 80),
        control=0,
        reasoning="none",
    )
    planned = [trial for block in blocks(design, setting) for trial in block][:trials]
    engine = LlamaCppAPI("smollm2", path=path, **settings).engine

    def ask(number: int, limit: int = tokens) -> dict[str, int]:
        prompt = planned[number].prompt
        reply = engine.chat(
            [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            {
                "temperature": 1.0,
                "top_k": 0,
                "top_p": 1.0,
                "min_p": 0.0,
                "seed": number,
                "max_tokens": limit,
            },
        )
        usage = reply["usage"]
        return {
            "out": usage["completion_tokens"],
            "prompt": usage["prompt_tokens"],
            "cached": usage["prompt_tokens_details"]["cached_tokens"],
        }

    if not cold:
        ask(0, 1)
        started = time.perf_counter()
    cpu = time.process_time()
    with ThreadPoolExecutor(engine.options.slots) as pool:
        found = list(pool.map(ask, range(trials)))
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    out = sum(usage["out"] for usage in found)
    return {
        "seconds": wall,
        "trials/s": trials / wall,
        "tokens/s": out / wall,
        "cpu": cpu / trials,
        "out": out / trials,
        "prompt": sum(usage["prompt"] for usage in found) / trials,
        "cached": sum(usage["cached"] for usage in found) / trials,
    }


def run(settings: dict[str, object], environment: dict[str, str]) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--variant", json.dumps(settings)],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def four_bit() -> str | None:
    """The package's own file, if it lies in the model folder."""
    from gyges.subjects.weights import SOURCE, cache_folder

    file = cache_folder() / SOURCE
    return str(file) if file.is_file() else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--tokens", type=int, default=120)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument(
        "--only", nargs="*", metavar="WORD", help="variants whose name holds a word"
    )
    parser.add_argument("--product", type=int, metavar="TRIALS")
    parser.add_argument("--variant", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.variant:
        print(json.dumps(measure(json.loads(given.variant))))
        return
    if given.product:
        for _ in range(given.repeats):
            found = run({"trials": given.product, "tokens": 200, "cold": True}, dict(os.environ))
            print(
                f"{given.product} trials from a cold start: {found['seconds']:.0f} s, "
                f"{found['tokens/s']:.0f} tokens/s, {found['out']:.0f} tokens an answer, "
                f"CPU {found['cpu']:.2f} s a trial, load average {os.getloadavg()[0]:.1f}",
                flush=True,
            )
        return
    names = list(BUSY if given.busy else VARIANTS)
    if given.only:
        names = [names[0], *(n for n in names[1:] if any(word in n for word in given.only))]
    neighbour = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if given.busy else None
    rounds: list[dict[str, dict[str, float]]] = []
    try:
        for _ in range(given.repeats):
            turn: dict[str, dict[str, float]] = {}
            for name in names:
                settings = {"trials": given.trials, "tokens": given.tokens, **VARIANTS[name]}
                environment = dict(os.environ)
                if settings.pop("spin", False):
                    environment["GOMP_SPINCOUNT"] = "300000"  # the OpenMP library's own default
                if settings.pop("four", False):
                    if (file := four_bit()) is None:
                        continue
                    settings["path"] = file
                turn[name] = run(settings, environment)
                print(".", end="", file=sys.stderr, flush=True)
            rounds.append(turn)
    finally:
        if neighbour:
            neighbour.kill()
    print(f"\n{len(rounds)} turns, load average {os.getloadavg()[0]:.1f}")
    print(f"{'variant':<32}{'trials/s':>9}{'tokens/s':>9}{'CPU s':>7}{'cached':>8}{'ratio':>7}")
    for name in rounds[0]:
        columns = [turn[name] for turn in rounds]
        ratios = [turn[name]["trials/s"] / turn[names[0]]["trials/s"] for turn in rounds]
        middle = {key: statistics.median(c[key] for c in columns) for key in columns[0]}
        print(
            f"{name:<32}{middle['trials/s']:>9.2f}{middle['tokens/s']:>9.0f}{middle['cpu']:>7.2f}"
            f"{middle['cached'] / middle['prompt']:>8.0%}{statistics.median(ratios):>7.2f}"
        )


if __name__ == "__main__":
    main()
