"""Which blocks are there, by everything that a reader filters by?

A table with one row for each block, as columns of small numbers that stand for names (dictionary
encoding), written in parts while blocks stream past. The texts of blocks are elsewhere; the page
holds only this table, and answers a filter from it at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gyges.report.asked import OUTCOME, Asked
from gyges.report.chunks import ChunkWriter, Folder, encode
from gyges.report.verdicts import UNDECIDED, filter_names

__all__ = ["PART_ROWS", "Codes", "IndexWriter", "arm_outcome", "arm_status"]

PART_ROWS = 16_384
"""Rows of one part of the index: a file of about 1 MB."""

_NAMED = ("subject", "setting", "value", "wording")
_MOST_NAMES = 2_000
"""A column with more names than a reader would choose from is left out."""


class Codes:
    """Numbers for names, in the order in which they are met."""

    def __init__(self, *names: str) -> None:
        self._codes = {name: code for code, name in enumerate(names)}

    def __call__(self, name: str) -> int:
        """Give a name's number, a new one for a new name."""
        return self._codes.setdefault(name, len(self._codes))

    @property
    def names(self) -> list[str]:
        """Names by number."""
        return list(self._codes)


def arm_outcome(arm: Mapping[str, Any]) -> str:
    """Name an arm's outcome as a reader filters by it; what is missing is no outcome."""
    if arm.get("outcome"):
        return str(arm["outcome"])
    return "score only" if arm.get("score") is not None else "no verdict"


def arm_status(arm: Mapping[str, Any]) -> str:
    """Name an arm's status: the trial's where that went wrong, or else the judge's."""
    status = str(arm.get("status") or "ok")
    verdict = arm.get("verdict_status")
    if status != "ok":
        return status
    if verdict is None:
        return "not judged"
    return "ok" if verdict == "ok" else f"judge: {str(verdict).replace('_', ' ')}"


def _levels(block: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name the levels that a block was asked under, as links name them."""
    from gyges.findings.grids import NOT_FACTORS, level_text
    from gyges.study.schema import is_derived

    for name, level in (block.get("factors") or {}).items():
        if name not in NOT_FACTORS and not is_derived(str(name)) and level is not None:
            yield f"factor.{name}", level_text(level)
    if block.get("verbalised") is not None:
        yield "verbalised", "yes" if block["verbalised"] else "no"


_MOST_SETS = 60_000
"""So many different sets of answers can be told apart; beyond them, a question is not offered as a filter."""


class _Answers:
    """What one judge said to one question, of every arm: a number for each set of answers that occurs."""

    def __init__(self, number: int, question: str, judge: str, title: str) -> None:
        self.number = number
        self.question = question
        self.judge = judge
        self.title = title
        # Set 0 stands for an arm that is not there or was not judged.
        self._sets: dict[tuple[str, ...], int] = {(): 0}
        self._full = False
        self.columns: dict[int, list[int]] = {}

    def add(self, tier: int, place: int, names: tuple[str, ...]) -> None:
        code = self._sets.setdefault(names, len(self._sets)) if not self._full else 0
        self._full = len(self._sets) > _MOST_SETS
        column = self.columns.setdefault(tier, [])
        column.extend([0] * (place + 1 - len(column)))
        column[place] = code

    def described(self, *, first: bool) -> dict[str, Any]:
        """Describe it for the page: the answers that occur, and each set as numbers of them."""
        names = Codes()
        sets = [] if self._full else [[names(name) for name in one] for one in self._sets]
        key = f"said.{self.question}" + ("" if first else f"@{self.judge}")
        return {
            "key": key,
            "question": self.question,
            "judge": self.judge,
            "title": self.title,
            "names": names.names,
            "sets": sets,
        }


class IndexWriter:
    """Collects rows, writes full parts, and describes them all at the end.

    Args:
        folder: Where the parts go.
        asked: The questions and judges whose verdicts stand beside the outcome, in their order.
    """

    def __init__(self, folder: Folder, asked: Sequence[Asked] = ()) -> None:
        self._folder = folder
        self._answers: dict[tuple[str, str], _Answers] = {}
        self._titles = {one.question: one.title for one in asked}
        self._expected = {(one.question, one.judge): at for at, one in enumerate(asked)}
        self._queries = ChunkWriter(folder, "queries")
        self._query_codes: dict[bytes, int] = {}
        self._codes = {name: Codes() for name in _NAMED}
        # What is not known of a block has the name "".
        self._further: dict[str, Codes] = {}
        # Code 0 stands for an arm that is not there, in every tier's columns.
        self._outcomes = Codes("absent", "comply", "partial", "refuse", "undecided", "no verdict")
        self._statuses = Codes("absent", "ok")
        self._tiers = Codes("monitored", "unmonitored")
        self._parts = 0
        self._total = 0
        self._clear()

    def _clear(self) -> None:
        self._ids: list[str] = []
        self._columns: dict[str, list[int]] = {
            name: [] for name in (*_NAMED, "control", "query", "sample")
        }
        self._levels: dict[str, list[int]] = {}
        self._arms: dict[int, tuple[list[int], list[int]]] = {}
        for answers in self._answers.values():
            answers.columns = {}

    def asked(self, question: str, judge: str) -> int:
        """Give the number of a question and judge; the page has their names by it."""
        key = (question, judge)
        if key not in self._answers:
            title = self._titles.get(question, question)
            self._answers[key] = _Answers(len(self._answers), question, judge, title)
        return self._answers[key].number

    def add(self, block: Mapping[str, Any]) -> None:
        """Add a block's row; its query's text is kept once, however many blocks ask it."""
        place = len(self._ids)
        self._ids.append(str(block["block"]))
        for name in _NAMED:
            self._columns[name].append(self._codes[name](str(block.get(name) or "")))
        self._columns["control"].append(int(bool(block.get("control"))))
        self._columns["query"].append(self._query(block))
        self._columns["sample"].append(int(block.get("sample") or 0))
        for name, level in _levels(block):
            codes = self._further.setdefault(name, Codes(""))
            column = self._levels.setdefault(name, [])
            column.extend([0] * (place - len(column)))
            column.append(codes(level))
        for tier, arm in block["arms"].items():
            outcomes, statuses = self._arms.setdefault(self._tiers(str(tier)), ([], []))
            for column in (outcomes, statuses):
                column.extend([0] * (place - len(column)))
            outcomes.append(self._outcomes(arm_outcome(arm)))
            statuses.append(self._statuses(arm_status(arm)))
            self._said(place, self._tiers(str(tier)), arm)
        self._total += 1
        if len(self._ids) == PART_ROWS:
            self._write()

    def _said(self, place: int, tier: int, arm: Mapping[str, Any]) -> None:
        outcomes = [arm.get("outcome")]
        for verdict in arm.get("verdicts") or ():
            key = (str(verdict["question"]), str(verdict["judge"]))
            self.asked(*key)
            self._answers[key].add(tier, place, filter_names(verdict))
            if key[0] == OUTCOME:
                outcomes.append(verdict.get("label"))
        decided = {one for one in outcomes if one not in (None, UNDECIDED)}
        if len(outcomes) > 1 and decided:
            self.asked(OUTCOME, "")
            name = "judges differ" if len(decided) > 1 else "no judge differs"
            self._answers[OUTCOME, ""].add(tier, place, (name,))

    def _query(self, block: Mapping[str, Any]) -> int:
        identity, text = str(block.get("query", "")), str(block.get("query_text") or "")
        key = hashlib.blake2b(
            f"{block.get('setting')}\0{identity}\0{text}".encode("utf-8", "surrogatepass"),
            digest_size=12,
        ).digest()
        if key not in self._query_codes:
            self._query_codes[key] = self._queries.add([identity, text])
        return self._query_codes[key]

    def _write(self) -> None:
        rows = len(self._ids)
        arms = []
        for tier, columns in self._arms.items():
            for column in columns:
                column.extend([0] * (rows - len(column)))
            arms.append([tier, *columns])
        for column in self._levels.values():
            column.extend([0] * (rows - len(column)))
        every = {**self._columns, **self._levels}
        said = []
        for answers in self._answers.values():
            for tier, column in answers.columns.items():
                column.extend([0] * (rows - len(column)))
                said.append([answers.number, tier, column])
        self._parts += 1
        part = {"ids": self._ids, "columns": every, "arms": arms, "said": said}
        self._folder.write("index", self._parts, encode(part))
        self._clear()

    def close(self) -> dict[str, Any]:
        """Write what is left.

        Returns:
            What the page must know to read the parts: counts and the names behind the numbers.
        """
        if self._ids:
            self._write()
        self._queries.close()
        return {
            "blocks": self._total,
            "indexParts": self._parts,
            "queryParts": len(self._queries.starts),
            "names": {
                name: codes.names
                for name, codes in {**self._codes, **self._further}.items()
                if name in _NAMED[:3] or len(codes.names) <= _MOST_NAMES
            },
            "outcomes": self._outcomes.names,
            "statuses": self._statuses.names,
            "tiers": self._tiers.names,
            "said": self._described(),
        }

    def _described(self) -> list[dict[str, Any]]:
        """Describe all that was said; the first judge of a question has the question's own key."""
        firsts: dict[str, str] = {}
        for question, judge in sorted(
            self._answers, key=lambda key: self._expected.get(key, len(self._expected))
        ):
            if question != OUTCOME:
                firsts.setdefault(question, judge)
        return [
            answers.described(first=firsts.get(answers.question) == answers.judge)
            for answers in self._answers.values()
        ]
