"""Does every preset run end to end on a real model, and how long does a small one take?

Each preset is run on the embedded model at a small size (a query or two, one sample; 10 of the 125 wordings), with its
judge, its findings and its report, in a process of its own. What is measured is that it runs: a model of this size
hardly keeps to the form of such prompts, so its answers are mostly undecided or unparsed, and say nothing.

    python benchmarks/bench_presets.py [PRESET ...]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

SMALL = {
    "dilemmas": ["--vary", "memory=none", "--queries", "2"],
    "gaslighting-battery": ["--vary", "selfhood=none", "--queries", "1"],
    "hhh-triad": ["--queries", "3"],
    "insider-chain": ["--vary", "pressure=both", "--vary", "risk=low", "--queries", "2"],
    "threat-realism": ["--vary", "threat=realistic,nonsensical", "--queries", "1"],
    "opus-perturbations": ["--vary", "wording=10", "--queries", "1"],
    "prompt-ablations": ["--queries", "1"],
    "vlaf": ["--queries", "5"],
    "vlaf-oversight": ["--queries", "5"],
    "vlaf-consequences": ["--queries", "5"],
}
USUAL = ["--queries", "2"]
SETTINGS = (
    "hhh-triad",
    "insider-chain",
    "dilemmas",
    "sandbagging",
    "gaslighting-battery",
    "threat-realism",
)
"""Presets of the newer settings, asked for longer answers."""


def run(preset: str, folder: Path) -> dict[str, object]:
    """Run a preset at a small size: what was asked and what came of it."""
    size = SMALL.get(preset, USUAL)
    start = time.perf_counter()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "gyges", "run", "--preset", preset, *size, "--samples", "1"),
            *("--control", "0", "--max-tokens", "160" if preset in SETTINGS else "120"),
            "--no-selftest",
            *("--study", str(folder / preset), "--json"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - start
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1:], "seconds": took}
    found = json.loads(done.stdout)
    if "settings" in found:
        # A preset across settings: each has a study of its own.
        return {"settings": list(found["settings"]), "failed": found["failed"], "seconds": took}
    counts: Counter[str] = Counter()
    for row in found["statuses"]:
        counts[row["status"]] += row["count"]
    pages = sorted(path.stem for path in (folder / preset / "site").glob("*.html"))
    return {"asked": found["asked"], "seconds": took, "statuses": dict(counts), "pages": pages}


def main() -> None:
    from gyges.design import presets

    chosen = sys.argv[1:] or list(presets())
    with tempfile.TemporaryDirectory() as folder:
        for preset in chosen:
            found = run(preset, Path(folder))
            print(f"{preset:<26} {found}", flush=True)


if __name__ == "__main__":
    main()
