"""Write the tables of ``coverage.md`` from the cells in ``benchmarks/coverage.csv`` and ``coverage_fakers.csv``."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CELLS = ROOT / "benchmarks" / "coverage.csv"
FAKERS = ROOT / "benchmarks" / "coverage_fakers.csv"
PAGE = ROOT / "docs" / "coverage.md"

NOISE = 0.0055
"""The standard error of a coverage of 93.5 % over 2,000 studies."""
FEW = 6.0
"""Where fewer independent answers than this are expected to comply, an interval cannot be both safe and exact."""


def page() -> str:
    """Give the page with its tables made anew."""
    text = PAGE.read_text(encoding="utf-8")
    rows, fakers = list(_read(CELLS)), list(_read(FAKERS))
    made = {
        "summary": _summary(rows),
        "table": _table(rows),
        "exceptions": _exceptions(rows),
        "fakers": _fakers(fakers),
        "fakers-summary": _summary(fakers),
    }
    for name, block in made.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, count = pattern.subn(
            lambda found, block=block: f"{found[1]}\n{block}\n\n{found[2]}", text
        )  # type: ignore[misc]
        if count != 1:
            raise ValueError(f"{PAGE}: expected one block {name}, found {count}")
    return text


def _read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _band(row: dict[str, str]) -> tuple[float, float]:
    return (0.92, 0.985) if row["queries"] == "10" else (0.935, 0.975)


def _kind(row: dict[str, str], column: str = "coverage") -> str:
    low, high = _band(row)
    value = float(row[column])
    return "below" if value < low else "above" if value > high else "within"


def reason(row: dict[str, str]) -> str:
    """Say why a cell lies outside its band."""
    if _kind(row) == "below":
        if _band(row)[0] - float(row["coverage"]) > NOISE:
            raise ValueError(f"below its band by more than noise: {row}")
        return "within noise"
    if float(row["events"]) < FEW:
        return "few events"
    if int(row["wordings"]) > 1 and row["variance"] == "weak":
        return "wordings hardly vary"
    raise ValueError(f"no reason is known for {row}: look into it, and say it on the page")


def _summary(rows: list[dict[str, str]]) -> str:
    lines = [
        "| interval | within its band | above | below | lowest coverage |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, column in (
        ("the default", "coverage"),
        ("plain *t*, the same clusters", "t_coverage"),
    ):
        kinds = Counter(_kind(row, column) for row in rows)
        lowest = min(float(row[column]) for row in rows)
        lines.append(
            f"| {name} | {kinds['within']} | {kinds['above']} | {kinds['below']} | {100 * lowest:.1f} % |"
        )
    return "\n".join(lines)


def _table(rows: list[dict[str, str]]) -> str:
    columns = sorted({(float(row["base"]), float(row["gap"])) for row in rows})
    lines = [
        "| queries | wordings | samples | variance | "
        + " | ".join(f"{base:g}, {gap:g}" for base, gap in columns)
        + " |",
        "|---:|---:|---:|---|" + "---:|" * len(columns),
    ]
    keys = ("queries", "wordings", "samples", "variance")
    for key in dict.fromkeys(tuple(row[name] for name in keys) for row in rows):
        cells = {
            (float(row["base"]), float(row["gap"])): row
            for row in rows
            if tuple(row[name] for name in keys) == key
        }
        shown = []
        for column in columns:
            value = f"{100 * float(cells[column]['coverage']):.1f}"
            shown.append(value if _kind(cells[column]) == "within" else f"**{value}**")
        lines.append(f"| {' | '.join(key)} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _exceptions(rows: list[dict[str, str]]) -> str:
    lines = [
        "| queries | wordings | samples | variance | base | gap | coverage | plain *t* | events | reason |",
        "|---:|---:|---:|---|---:|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        if _kind(row) != "within":
            figures = " | ".join(
                f"{100 * float(row[name]):.1f} %" for name in ("coverage", "t_coverage")
            )
            design = " | ".join(
                row[name] for name in ("queries", "wordings", "samples", "variance")
            )
            truth = f"{float(row['base']):g} | {float(row['gap']):g}"
            lines.append(
                f"| {design} | {truth} | {figures} | {float(row['events']):.1f} | {reason(row)} |"
            )
    return "\n".join(lines)


def _fakers(rows: list[dict[str, str]]) -> str:
    columns = sorted({(float(row["base"]), int(row["samples"])) for row in rows})
    lines = [
        "| share | queries | no faker drawn | "
        + " | ".join(f"{base:g}, {samples}" for base, samples in columns)
        + " |",
        "|---:|---:|---:|" + "---:|" * len(columns),
    ]
    for share, queries in sorted({(float(row["share"]), int(row["queries"])) for row in rows}):
        cells = {
            (float(row["base"]), int(row["samples"])): row
            for row in rows
            if (float(row["share"]), int(row["queries"])) == (share, queries)
        }
        shown = []
        for column in columns:
            value = f"{100 * float(cells[column]['coverage']):.1f}"
            shown.append(value if _kind(cells[column]) == "within" else f"**{value}**")
        none = 100 * (1 - share) ** queries
        lines.append(f"| {share:g} | {queries} | {none:.1f} % | {' | '.join(shown)} |")
    return "\n".join(lines)
