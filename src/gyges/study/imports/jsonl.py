"""How does anyone's data, one JSON object a line, become trials and verdicts?

Every line needs ``subject``, ``setting``, ``query``, ``tier``, ``sample`` and ``outcome``:

- ``tier`` is ``monitored`` or ``unmonitored``. A file in which both occur may hold further tiers,
  named in lower case; in any other file they are errors, because names of their own (``free``,
  ``paid``) would leave no gap.
- ``sample`` is a whole number from 0; the same number in both tiers makes a block.
- ``outcome`` is ``comply``, ``partial``, ``refuse`` or ``undecided``, or a number from 0 (refuses)
  to 1 (complies).

It may have ``value``, ``wording`` and ``reasoning``, ``output``, ``prompt`` (the user's turn as it
was sent) as text, and ``status``: ``ok`` unless it says otherwise. A status other than ``ok`` may
stand without an outcome, and ``refused``, ``empty`` and ``error`` must, for then there is no answer
to judge. ``null`` means absent.

Any further column becomes a factor of the same name: text, numbers or booleans, of one kind
throughout the file. Names of the study's own columns (``seed``, ``model``, ``score``, ...) are
refused.

The file is UTF-8, with or without a byte order mark, with line breaks of either kind; blank lines
are skipped. It is read twice: first every line is checked, so that a file with a broken line
imports nothing; then it streams. Checking keeps some 200 bytes of memory per line, to find trials
that stand twice.

Kinds of notes: ``arm-without-partner``, ``trials-unpaired``, ``factor-incomplete``.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gyges.errors import ImportFormatError, nearest
from gyges.study.imports._jsonl_lines import Line, parse_line
from gyges.study.imports._records import Imported, Note
from gyges.study.schema import TIERS, Trial, Verdict

__all__ = ["JUDGE", "read_jsonl"]

JUDGE = "given"
"""The judge's name for outcomes that stand in the file."""

SHOWN = 20
"""How many problems an error lists."""

_BOM = b"\xef\xbb\xbf"
_KINDS = {str: "text", bool: "boolean", int: "integer", float: "number"}

Group = tuple[str, str, str]
"""Subject, setting and value."""


def read_jsonl(path: str | Path) -> Imported:
    """Check a whole file, then stream its trials in the order of its lines.

    Args:
        path: The file.

    Returns:
        One record per line. A numeric outcome is the verdict's ``score``, a word its ``outcome``; a
        line without an outcome has a verdict with status ``no_answer``.

    Raises:
        ImportFormatError: The file cannot be read, holds no line, or holds lines that break the
            format: the message names each by its number, with what is allowed, up to 20 problems.
    """
    path = Path(path)
    if not path.is_file():
        kind = "a folder; point at one file" if path.is_dir() else "no such file"
        raise ImportFormatError(f"{path}: {kind}")
    check = _Check(path)
    source = check.run()
    imported = Imported(iter(()), source, JUDGE, factors=check.factors())
    imported.records = _stream(path, imported, check.notes(), source["files"][0]["sha256"])
    return imported


def _lines(path: Path, digest: Any) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers; all bytes pass through ``digest``."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            digest.update(raw)
            line = raw.removeprefix(_BOM) if number == 1 else raw
            line = line.rstrip(b"\r\n")
            if line.strip():
                yield number, line


def _stream(
    path: Path, imported: Imported, notes: list[Note], sha256: str
) -> Iterator[tuple[Trial, Verdict]]:
    digest = hashlib.sha256()
    for number, raw in _lines(path, digest):
        line = parse_line(raw, number)
        if isinstance(line, list):
            raise ImportFormatError(f"{path}:{number}: the file changed while it was read")
        trial = _trial(line, imported.factors)
        if "prompt" in line.fields:
            trial.messages = [imported.say(line.fields["prompt"])]
        yield trial, _verdict(line, trial)
    if digest.hexdigest() != sha256:
        raise ImportFormatError(f"{path}: the file changed while it was read; import it again")
    imported.notes.extend(notes)


def _trial(line: Line, kinds: dict[str, str]) -> Trial:
    fields = line.fields
    return Trial(
        subject=fields["subject"],
        setting=fields["setting"],
        value=fields.get("value", ""),
        query=fields["query"],
        wording=fields.get("wording", "0"),
        tier=fields["tier"],
        sample=fields["sample"],
        status=fields.get("status", "ok"),
        reasoning=fields.get("reasoning"),
        output=fields.get("output"),
        factors={
            name: float(level) if kinds.get(name) == "number" else level
            for name, level in sorted(line.factors.items())
        },
    )


def _verdict(line: Line, trial: Trial) -> Verdict:
    outcome = line.fields.get("outcome")
    if outcome is None:
        return Verdict(trial.trial, JUDGE, status="no_answer")
    if isinstance(outcome, str):
        return Verdict(trial.trial, JUDGE, outcome=outcome)
    return Verdict(trial.trial, JUDGE, score=float(outcome))


class _Check:
    """The first pass: every line by itself, then the lines together."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[tuple[int, str]] = []
        self.count = 0
        self.broken = 0
        self.seen: dict[bytes, int] = {}
        self.blocks: dict[bytes, int] = {}
        self.groups: dict[Group, Counter[str]] = defaultdict(Counter)
        self.unpaired: Counter[Group] = Counter()
        self.tiers: dict[str, int] = {}
        self.kinds: dict[str, tuple[str, int]] = {}
        self.has: Counter[str] = Counter()

    def run(self) -> dict[str, Any]:
        digest = hashlib.sha256()
        try:
            for number, raw in _lines(self.path, digest):
                self.count += 1
                line = parse_line(raw, number)
                if isinstance(line, list):
                    self._problem(number, "; ".join(line))
                else:
                    self._line(line)
        except OSError as error:
            raise ImportFormatError(f"{self.path}: cannot be read ({error.strerror})") from None
        if not self.count:
            raise ImportFormatError(
                f"{self.path}: no line in it; expected one JSON object a line with subject,"
                " setting, query, tier, sample and outcome"
            )
        self._further_tiers()
        if self.problems:
            self._fail()
        file = {
            "path": self.path.name,
            "bytes": self.path.stat().st_size,
            "sha256": digest.hexdigest(),
        }
        return {"path": str(self.path), "layout": "jsonl", "lines": self.count, "files": [file]}

    def factors(self) -> dict[str, str]:
        return {name: kind for name, (kind, _) in sorted(self.kinds.items())}

    def notes(self) -> list[Note]:
        notes = []
        for (subject, setting, value), tiers in sorted(self.groups.items()):
            name = f"{subject}, {setting}" + (f", {value}" if value else "")
            unpaired = self.unpaired[subject, setting, value]
            missing = [tier for tier in TIERS if not tiers[tier]]
            if missing:
                notes.append(
                    Note(
                        "arm-without-partner",
                        f"{name}: no trial is {' or '.join(missing)}",
                        self.path.name,
                        "imported; no compliance gap can be computed for it",
                        tiers.total(),
                    )
                )
            elif unpaired:
                notes.append(
                    Note(
                        "trials-unpaired",
                        f"{name}: {unpaired} trials have no partner with the same query, wording,"
                        " sample and factors in the other tier",
                        self.path.name,
                        "imported; look whether the two tiers number their samples alike",
                        unpaired,
                    )
                )
        notes.extend(
            Note(
                "factor-incomplete",
                f"{self.count - self.has[name]} of {self.count} lines have no {name!r}",
                self.path.name,
                "imported without a level of this factor",
                self.count - self.has[name],
            )
            for name in sorted(self.kinds)
            if self.has[name] < self.count
        )
        return notes

    def _line(self, line: Line) -> None:
        tier = line.fields["tier"]
        self.tiers.setdefault(tier, line.number)
        for name, level in line.factors.items():
            self._kind(line, name, _KINDS[type(level)])
            self.has[name] += 1
        # 1 and 1.0 are one level: whether the column holds fractions is known only at the end.
        alike = {name: "number" for name, level in line.factors.items() if _is_small_integer(level)}
        trial = _trial(line, alike)
        block, key = trial.block.encode(), trial.trial.encode()
        first = self.seen.setdefault(key, line.number)
        if first != line.number:
            self._problem(
                line.number,
                f"the same trial as line {first} (subject, setting, value, query, wording, tier,"
                " sample and further columns); allowed: each once, so number the samples",
            )
            return
        group = (trial.subject, trial.setting, trial.value)
        self.groups[group][tier] += 1
        if tier in TIERS:
            # A block is unpaired until its second tier comes.
            both = self.blocks.get(block, 0) | 1 << TIERS.index(tier)
            self.unpaired[group] += -1 if both == 3 else 1
            self.blocks[block] = both

    def _kind(self, line: Line, name: str, kind: str) -> None:
        known, number = self.kinds.setdefault(name, (kind, line.number))
        if known == kind:
            return
        if {known, kind} == {"integer", "number"}:
            self.kinds[name] = ("number", number)
            return
        self._problem(
            line.number,
            f"the column {name!r} is {kind} here and {known} in line {number}; allowed: one kind"
            " throughout the file",
        )

    def _further_tiers(self) -> None:
        if all(tier in self.tiers for tier in TIERS):
            return
        for tier, number in self.tiers.items():
            if tier not in TIERS:
                self._problem(
                    number,
                    f"tier is {tier!r}; {nearest(tier, TIERS)}"
                    " (further tiers only in a file that has both)",
                )

    def _problem(self, number: int, what: str) -> None:
        self.broken += 1
        if len(self.problems) < SHOWN or number < self.problems[-1][0]:
            self.problems = sorted([*self.problems, (number, what)])[:SHOWN]

    def _fail(self) -> None:
        shown = [f"{self.path}:{number}: {what}" for number, what in self.problems]
        if self.broken > len(shown):
            shown.append(f"... and {self.broken - len(shown)} more")
        noun = "problem" if self.broken == 1 else "problems"
        raise ImportFormatError(
            f"{self.path}: {self.broken} {noun} in {self.count} lines; nothing was imported\n"
            + "\n".join(shown)
        )


def _is_small_integer(level: object) -> bool:
    return isinstance(level, int) and not isinstance(level, bool) and abs(level) < 2**53
