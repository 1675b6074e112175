"""On which trials do two judges differ, and who is right? A page to read them on.

The comparison in one sentence and by subject, value and tier, then the trials themselves: the question with its
options, the answer with what the judges quote marked in it, and both verdicts with their notes. The order is by a hash
of the trial's id, so that reading from the top is a fair sample, and so is what is shown where there are too many. The
trials are loaded in pieces; the folder opens by double click.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from gyges.errors import StudyError
from gyges.findings.agreement import Agreement, disagreeing
from gyges.report.chunks import ChunkWriter, Folder, encode
from gyges.report.content import tidy
from gyges.report.index import Codes
from gyges.report.page import _environment
from gyges.study import StudyFolder
from gyges.study.queries import user_query

__all__ = ["write_disagreements"]

_ASSETS = (
    "tokens.css",
    "page.css",
    "browser.css",
    "factor.css",
    "disagreements.css",
    "theme.js",
    "dom.js",
    "text.js",
    "table.js",
    "disagreements.js",
)
_FACETS = ("subject", "value", "tier", "verdicts")
_NUMBERS = "agreement.json"
_BATCH = 500


def write_disagreements(
    study: StudyFolder, found: Agreement, out: Path, *, most: int = 5_000
) -> Path:
    """Write the page on which two judges' disagreements are read.

    Args:
        study: The study.
        found: How far they agree.
        out: The page's folder; made where it is absent.
        most: So many disagreements are shown at most; which ones is drawn by a hash of their ids.

    Returns:
        The path of the page.

    Raises:
        StudyError: The folder holds something else.
    """
    _check_free(out)
    staged = out / "data.new"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    folder = Folder(staged)
    with study.reading():
        differ = disagreeing(study, found.between, found.question).collect(engine="streaming")
        chosen = sorted(differ["trial"].to_list(), key=_by_chance)[:most]
        meta = _write_cases(folder, _cases(study, found, differ, chosen))
    folder.write("meta", 1, encode(meta))
    _write_assets(out)
    (out / _NUMBERS).write_text(
        json.dumps({"schema": "gyges.agreement/1", **tidy(found.row())}, indent=1) + "\n",
        encoding="utf-8",
    )
    shutil.rmtree(out / "data", ignore_errors=True)
    staged.rename(out / "data")
    page = out / "index.html"
    page.write_text(_render(study, found, len(differ), meta["n"], folder.digest), encoding="utf-8")
    return page


def _check_free(out: Path) -> None:
    if out.exists() and not (out / _NUMBERS).exists() and any(out.iterdir()):
        raise StudyError(
            f"{out}: holds something else than a page of disagreements; name an empty or a new folder"
        )


def _by_chance(trial: str) -> bytes:
    return hashlib.sha256(trial.encode()).digest()


def _cases(
    study: StudyFolder, found: Agreement, differ: pl.DataFrame, chosen: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Yield what is shown of each trial, some hundred of them held at a time."""
    asked = {
        name: user_query(text) for name, (role, text) in study.messages().items() if role == "user"
    }
    table = study.trial_table.scan(
        ["trial", "query", "sample", "setting", "messages", "output", "reasoning", "status"]
    )
    for name, judge in zip(("first", "second"), found.between, strict=True):
        verdicts = study.verdict_table(judge, found.question).scan(["trial", "evidence", "note"])
        table = table.join(
            verdicts.rename({"evidence": f"evidence_{name}", "note": f"note_{name}"}),
            on="trial",
            how="left",
        )
    for start in range(0, len(chosen), _BATCH):
        wanted = pl.LazyFrame(
            {"trial": chosen[start : start + _BATCH]}, schema={"trial": pl.String}
        )
        rows = (
            wanted.join(table, on="trial", how="left", maintain_order="left")
            .join(differ.lazy(), on="trial", maintain_order="left")
            .collect()
        )
        for row in rows.iter_rows(named=True):
            sent = [asked[name] for name in reversed(row.pop("messages") or ()) if name in asked]
            yield row | {"asked": sent[0] if sent else row["query"]}


def _write_cases(folder: Folder, cases: Iterator[Mapping[str, Any]]) -> dict[str, Any]:
    """Write the cases in pieces, and describe them by what they are filtered by."""
    chunks = ChunkWriter(folder, "cases")
    codes = {name: Codes() for name in _FACETS}
    columns: dict[str, list[int]] = {name: [] for name in _FACETS}
    ids: list[str] = []
    for case in cases:
        facets = dict(case) | {"verdicts": f"{case['first']} / {case['second']}"}
        for name in _FACETS:
            columns[name].append(codes[name](str(facets[name] or "")))
        ids.append(case["trial"])
        chunks.add({key: value for key, value in case.items() if value not in (None, "", [])})
    chunks.close()
    return {
        "n": len(ids),
        "ids": ids,
        "starts": chunks.starts,
        "names": {name: codes[name].names for name in _FACETS},
        "columns": columns,
    }


def _write_assets(out: Path) -> None:
    target = out / "assets"
    target.mkdir(exist_ok=True)
    source = files("gyges.report") / "assets"
    for name in _ASSETS:
        (target / name).write_bytes((source / name).read_bytes())


def _render(study: StudyFolder, found: Agreement, differ: int, shown: int, build: str) -> str:
    text = (
        _environment()
        .get_template("disagreements.html.j2")
        .render(
            found=found,
            first=found.between[0],
            second=found.between[1],
            differ=differ,
            shown=shown,
            study=study.path.name,
            hash=study.manifest.hash,
            version=study.manifest.versions.get("gyges", ""),
            versions={
                judge: study.judge_info(judge, found.question).get("version", "")
                for judge in found.between
            },
            build=build,
        )
    )
    return text.replace("\r\n", "\n").replace("\r", "\n")
