"""What else was said of a trial beside the verdict that makes the gap, and what did its subject say when probed?

Verdicts on the other questions, and those of other judges on the outcome, are joined to the trials a bucket at a time,
cut down to what a page shows. A judge's whole answer is JSON that it wrote itself: nothing in it is trusted to have a
form.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gyges.report.asked import OUTCOME, Asked
from gyges.report.content import tidy

if TYPE_CHECKING:
    import polars as pl

    from gyges.study import StudyFolder

__all__ = ["Sources", "compact", "filter_names"]

_COLUMNS = (
    "outcome",
    "label",
    "labels",
    "score",
    "status",
    "evidence",
    "note",
    "answer",
    "votes",
)
_PROBE_COLUMNS = ("status", "output", "reasoning", "error")
_MOST_ITEMS = 40
"""Of a list that a judge wrote, so much is shown."""
_LONGEST = 600
_KNOWN = {
    "label",
    "labels",
    "criteria",
    "scores",
    "shares",
    "causes",
    "probability-real",
    "votes",
    "reason",
    "evidence",
}
UNDECIDED = "undecided"


@dataclass(frozen=True)
class Sources:
    """The tables that are joined to the trials."""

    study: StudyFolder
    asked: Sequence[Asked]
    """Questions and judges whose verdicts are added."""
    probes: Sequence[str] = ()

    @classmethod
    def of(cls, study: StudyFolder, asked: Sequence[Asked], judge: str) -> Sources:
        """Take everything but the verdicts that make the gap, those of a judge on the outcome."""
        kept = [one for one in asked if (one.question, one.judge) != (OUTCOME, judge)]
        return cls(study, kept, study.probes())

    def __len__(self) -> int:
        return len(self.asked) + len(self.probes)

    def joined(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add a column for each table to some trials; null where it has no row."""
        import polars as pl

        trials = rows.lazy().select("trial")
        for place, one in enumerate(self.asked):
            table = self.study.verdict_table(one.judge, one.question).scan(["trial", *_COLUMNS])
            rows = self._add(rows, table, trials, f"verdict {place}", _COLUMNS)
        for place, name in enumerate(self.probes):
            table = self.study.probe_table(name).scan(["trial", *_PROBE_COLUMNS])
            rows = self._add(rows, table, trials, f"probe {place}", _PROBE_COLUMNS)
        assert isinstance(rows, pl.DataFrame)
        return rows

    @staticmethod
    def _add(
        rows: pl.DataFrame,
        table: pl.LazyFrame,
        trials: pl.LazyFrame,
        name: str,
        columns: Sequence[str],
    ) -> pl.DataFrame:
        import polars as pl

        wanted = (
            table.join(trials, on="trial", how="semi")
            .select("trial", pl.struct(columns).alias(name))
            .collect()
        )
        return rows.join(wanted, on="trial", how="left", maintain_order="left")

    def of_row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Take from a joined row what is shown of it: ``verdicts`` and ``probes``."""
        verdicts = [
            compact(one, found)
            for place, one in enumerate(self.asked)
            if (found := row[f"verdict {place}"]) is not None and found["status"] is not None
        ]
        probes = [
            {"probe": name, **{key: text for key, text in found.items() if text}}
            for place, name in enumerate(self.probes)
            if (found := row[f"probe {place}"]) is not None and found["status"] is not None
        ]
        return {"verdicts": verdicts, "probes": probes}


def compact(one: Asked, verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Cut a verdict down to what is shown of it.

    Args:
        one: The question and the judge.
        verdict: A row of its table.

    Returns:
        ``question, judge, kind, label, labels, status, score, evidence, note, votes``, and of the whole answer
        ``quotes`` (label and quote), ``numbers`` (name, number, and what it is: ``scores``, ``shares`` of the votes
        or a ``probability``), ``tally`` (answer and votes) and ``also`` (name and text); what is absent is left out.
    """
    answer = _read(verdict.get("answer"))
    labels = [str(label) for label in verdict.get("labels") or ()]
    kind = one.kind or ("labels" if labels else "choice")
    label = verdict.get("label") or verdict.get("outcome")
    if label is None and kind == "labels" and verdict.get("status") == "ok":
        label = "yes" if labels else "no"
    amount = tidy(verdict.get("score"))
    numbers = list(_numbers(answer))
    if kind == "causes" and amount is not None and not numbers:
        numbers = [["probability real", amount, "probability"]]
    record = {
        "question": one.question,
        "judge": one.judge,
        "kind": kind,
        "label": label,
        "labels": labels,
        "status": verdict.get("status"),
        # Of other answers the score says no more than the label or the votes.
        "score": amount if kind == "order" or one.question == OUTCOME else None,
        "evidence": [str(span) for span in verdict.get("evidence") or ()][:_MOST_ITEMS],
        "note": verdict.get("note"),
        "votes": verdict.get("votes"),
        "quotes": list(_quotes(answer)),
        "numbers": numbers,
        "tally": _tally(answer.get("votes")),
        "also": list(_also(answer)),
    }
    return {key: value for key, value in record.items() if value not in (None, "", [])}


def _read(answer: Any) -> dict[str, Any]:
    try:
        found = json.loads(answer) if isinstance(answer, str) else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _quotes(answer: Mapping[str, Any]) -> Iterator[list[str]]:
    for key in ("criteria", "labels"):
        given = answer.get(key)
        if isinstance(given, dict):
            for name, quote in list(given.items())[:_MOST_ITEMS]:
                if isinstance(quote, str) and quote.strip():
                    yield [str(name)[:_LONGEST], quote]


def _numbers(answer: Mapping[str, Any]) -> Iterator[list[Any]]:
    for key in ("scores", "shares"):
        given = answer.get(key)
        if isinstance(given, dict):
            for name, number in list(given.items())[:_MOST_ITEMS]:
                if isinstance(number, (int, float)) and not isinstance(number, bool):
                    yield [str(name)[:_LONGEST], tidy(number), key]
    real = answer.get("probability-real")
    if isinstance(real, (int, float)) and not isinstance(real, bool):
        yield ["probability real", tidy(real), "probability"]


def _tally(votes: Any) -> list[list[Any]]:
    """Count the votes by what they said; votes that are numbers are averaged elsewhere."""
    if not isinstance(votes, list) or len(votes) < 2:
        return []
    said: Counter[str] = Counter()
    for vote in votes:
        if isinstance(vote, str):
            said[vote[:_LONGEST]] += 1
        elif isinstance(vote, list) and all(isinstance(one, str) for one in vote):
            said[", ".join(vote)[:_LONGEST] or "none"] += 1
    return [[name, count] for name, count in said.most_common(_MOST_ITEMS)]


def _also(answer: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, said in list(answer.items())[:_MOST_ITEMS]:
        if name in _KNOWN:
            continue
        if isinstance(said, str) and said:
            yield [str(name), said[:_LONGEST]]
        elif isinstance(said, list) and said and all(isinstance(one, str) for one in said):
            yield [str(name), "; ".join(said)[:_LONGEST]]


def filter_names(verdict: Mapping[str, Any]) -> tuple[str, ...]:
    """Name all that a reader can filter a trial by, as the findings name what they count.

    Args:
        verdict: What ``compact`` gives.
    """
    if verdict.get("status") != "ok":
        return ("no verdict",)
    label, labels = verdict.get("label"), tuple(verdict.get("labels") or ())
    also = tuple(f"{name}: {said}" for name, said in verdict.get("also") or ())
    match verdict.get("kind"):
        case "labels":
            first = {"yes": "any", "no": "none"}.get(str(label), str(label))
            return (first, *labels, *also)
        case "criteria":
            return (str(label), *labels, *also)
        case "causes":
            return (UNDECIDED if label in (None, UNDECIDED) else f"{label} first", *also)
    if label is not None:
        return (str(label), *also)
    return ("numbers", *also) if verdict.get("numbers") or "score" in verdict else ("no label",)
