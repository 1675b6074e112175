"""How long does it take to judge transcripts again, and does memory grow with the study?

Real transcripts are repeated until there are as many as wanted: those of animal welfare (``--answers DIR``, the folder
``data/redwood_animal_welfare`` of the VLAF release) or any study (``--study DIR``). A child process judges each size
anew with the lexical judge, as ``gyges judge`` does, and reports seconds and its peak memory; beside it the loop that
users write: read everything, judge each text in a list, write one JSON file. Prints seconds for 20,000 and megabytes.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from gyges.study import Manifest, StudyFolder, Trial, TrialWriter
from gyges.study.answers import split_answer


def texts_of(folder: Path) -> list[tuple[str, str, str]]:
    """Read (query, tier, answer) from files of responses."""
    found = []
    for path in sorted(folder.rglob("*.json")):
        if not path.stem.endswith(("_train", "_test")):
            continue
        for number, row in enumerate(json.loads(path.read_text(encoding="utf-8"))):
            answer = (
                split_answer(row.get("response") or "").output if isinstance(row, dict) else None
            )
            if answer:
                tier = "monitored" if path.stem.endswith("_train") else "unmonitored"
                found.append((f"{path.stem}-{number}", tier, answer))
    return found


def study_of(path: Path, rows: list[tuple[str, str, str]], setting: str, size: int) -> None:
    """Write a study of ``size`` trials that repeats the answers."""
    study = StudyFolder.create(path, Manifest("bench", {"size": size}))
    writer = TrialWriter(study)
    for number in range(size):
        query, tier, answer = rows[number % len(rows)]
        writer.trial(
            Trial(
                subject="bench",
                setting=setting,
                query=query,
                tier=tier,
                sample=number // len(rows),
                output=answer,
                factors={},
            )
        )
    writer.close()
    study.seal()


def ours(path: Path, workers: int = 1) -> dict[str, float]:
    """Judge a study as the command does."""
    import asyncio

    from gyges.judges import judge_study, lexical_judge

    study = StudyFolder(path)
    setting = study.trial_table.scan(["setting"]).head(1).collect().item()
    judge = lexical_judge(setting)
    start = time.perf_counter()
    with study.lock():
        done = asyncio.run(judge_study(study, judge, workers=workers))
        study.seal()
    return {"seconds": time.perf_counter() - start, "judged": done.judged, "mb": _peak()}


def loop(path: Path) -> dict[str, float]:
    """Do what a script of one's own does."""
    from gyges.judges import lexical_judge

    start = time.perf_counter()
    frame = pl.read_parquet(path / "trials" / "*.parquet")
    judge = lexical_judge(frame["setting"][0])
    verdicts = [
        {"trial": row["trial"], "outcome": judge.read(row["output"]).outcome}
        for row in frame.iter_rows(named=True)
    ]
    (path / "verdicts.json").write_text(json.dumps(verdicts), encoding="utf-8")
    return {"seconds": time.perf_counter() - start, "judged": len(verdicts), "mb": _peak()}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def child(how: str, path: Path) -> dict[str, float]:
    """Run one way in a process of its own."""
    command = [sys.executable, __file__, "--child", how, str(path)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[str, float] = json.loads(text)
    return found


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--child", nargs=2)
    options = parser.parse_args()
    if options.child:
        how, path = options.child
        way, _, workers = how.partition("-")
        found = loop(Path(path)) if way == "loop" else ours(Path(path), int(workers))
        print(json.dumps(found))
        return
    rows = texts_of(options.answers)
    words = sum(len(answer.split()) for *_, answer in rows) / len(rows)
    print(f"{len(rows)} real answers of {words:.0f} words on average")
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "study"
            study_of(path, rows, "animal-welfare", size)
            for how in ("ours-1", "ours-2", "loop") * 2:
                shutil.rmtree(path / "verdicts", ignore_errors=True)
                found = child(how, path)
                print(
                    f"{found['judged']:>8} {how:<6} {found['seconds']:6.1f} s  "
                    f"{found['seconds'] * 20_000 / found['judged']:6.1f} s per 20,000  peak {found['mb']:.0f} MB"
                )


if __name__ == "__main__":
    main()
