"""Where does everything about a study stand, and how is it read and written?

::

    study.yaml                       the specification (``manifest.py``)
    prompts/                         each message that was sent, once, by hash
    trials/                          the answers (``table.py``)
    verdicts/<judge>/<question>/     what a judge said of them
    verdicts/<judge>/judge.json      who that judge is
    verdicts/<judge>/<question>/judge.json   the same, for a question other than the outcome
    verdicts/<judge>/<question>/known.json   what it made of transcripts whose label is known
    probes/<probe>/                  what the subject said when it was asked about its answers
    findings.json                    the last estimates
    site/                            the report

A stage reads what earlier stages wrote and adds its own files.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from gyges.errors import CorruptStudy, StudyError, nearest
from gyges.study.journal import Journal
from gyges.study.manifest import FILE, Manifest, differences
from gyges.study.schema import TRIAL_COLUMNS, VERDICT_COLUMNS, Trial, Verdict, message_hash
from gyges.study.table import Table

__all__ = ["CARD", "FACTOR_TYPES", "StudyFolder", "TrialWriter", "factor_types", "verdict_record"]

CARD = "card.json"
"""The card that was measured for a judge on labels of one's own, beside its verdicts."""

FACTOR_TYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "boolean": pl.Boolean(),
}

_MESSAGE_COLUMNS: dict[str, pl.DataType] = {
    "hash": pl.String(),
    "role": pl.String(),
    "text": pl.String(),
}


PROBE_COLUMNS: dict[str, pl.DataType] = {
    "trial": pl.String(),
    "status": pl.String(),
    "output": pl.String(),
    "reasoning": pl.String(),
    "error": pl.String(),
    "input_tokens": pl.Int64(),
    "output_tokens": pl.Int64(),
    "at": pl.String(),
}
"""Columns of a probe's table, in order."""


def factor_types(levels: Mapping[str, Any]) -> dict[str, str]:
    """Name the type of each factor from one of its levels."""
    names: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "text"}
    return {name: names.get(type(level), "text") for name, level in levels.items()}


class StudyFolder:
    """A study on disk.

    Args:
        path: The folder; it must hold a study.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.manifest = Manifest.read(self.path)

    @classmethod
    def create(cls, path: str | Path, manifest: Manifest) -> StudyFolder:
        """Make a study, or open it if it is there with an equal specification.

        Raises:
            StudyError: The folder holds a study with another specification (each difference is named), or
                other files.
        """
        path = Path(path)
        if (path / "study.yaml").exists():
            study = cls(path)
            found = list(differences(study.manifest.spec, manifest.spec))
            if study.manifest.source != manifest.source:
                found.insert(
                    0,
                    f"source: {study.manifest.source!r} in the study, {manifest.source!r} asked for",
                )
            if found:
                raise StudyError(
                    f"{path} holds a study with another specification; {'; '.join(found)}. "
                    "Give the same options to go on with it, or another folder with --study DIR"
                )
            return study
        # A run that was killed at its very start leaves no more than a specification that is not whole.
        if path.exists() and (
            not path.is_dir() or {file.name for file in path.iterdir()} - {f"{FILE}.partial"}
        ):
            raise StudyError(
                f"{path} exists and holds no study. Give an empty or new folder with --study DIR"
            )
        manifest.write(path)
        return cls(path)

    # Tables

    @property
    def trial_columns(self) -> dict[str, pl.DataType]:
        """Names and types of the trial table's columns, the study's factors last."""
        factors = {name: FACTOR_TYPES[kind] for name, kind in self.manifest.factors.items()}
        taken = factors.keys() & {*TRIAL_COLUMNS, *VERDICT_COLUMNS}
        if taken:
            raise StudyError(
                f"{self.path}: a factor cannot be named {', '.join(sorted(taken))}: a column of that name is there"
            )
        return {**TRIAL_COLUMNS, **factors}

    @property
    def trial_table(self) -> Table:
        """The answers."""
        return Table(self.path / "trials", self.trial_columns, "trial")

    @property
    def message_table(self) -> Table:
        """The messages that were sent, by hash."""
        return Table(self.path / "prompts", _MESSAGE_COLUMNS, "hash")

    def verdict_table(self, judge: str, question: str = "outcome") -> Table:
        """What one judge said to one question."""
        return Table(self.path / "verdicts" / _slug(judge) / question, VERDICT_COLUMNS, "trial")

    def trials(self, columns: list[str] | None = None) -> pl.DataFrame:
        """Read the trials, one row each.

        Args:
            columns: The columns to read; all by default. Texts are large: leave out ``reasoning``, ``output`` and
                ``raw`` where they are not needed.
        """
        with self.reading():
            return self.trial_table.scan(columns).collect()

    def messages(self) -> dict[str, tuple[str, str]]:
        """Read the messages: hash to (role, text)."""
        with self.reading():
            frame = self.message_table.scan().collect()
        return {key: (role, text) for key, role, text in frame.iter_rows()}

    def probe_table(self, name: str) -> Table:
        """What the subject said when it was asked about its answers, one row a trial that was asked."""
        return Table(self.path / "probes" / _slug(name), PROBE_COLUMNS, "trial")

    def probes(self) -> list[str]:
        """Name the probes that were asked."""
        return sorted(path.name for path in (self.path / "probes").glob("*/") if path.is_dir())

    # Judges

    def _judge_file(self, judge: str, question: str) -> Path:
        folder = self.path / "verdicts" / _slug(judge)
        return (folder if question == "outcome" else folder / question) / "judge.json"

    def judges(self, question: str = "outcome") -> list[str]:
        """Name the judges whose verdicts on a question stand in the study, the study's own one first."""
        found = []
        pattern = "*/judge.json" if question == "outcome" else f"*/{question}/judge.json"
        for card in sorted((self.path / "verdicts").glob(pattern)):
            try:
                found.append(str(json.loads(card.read_text(encoding="utf-8"))["name"]))
            except (ValueError, KeyError, TypeError) as error:
                raise StudyError(
                    f"{card}:1: the judge's description cannot be read ({error}). Remove the folder "
                    f"{card.parent} and judge the study again with `gyges judge {self.path}`"
                ) from None
        return sorted(found, key=lambda name: (name != self.manifest.judge, name))

    def questions(self) -> list[str]:
        """Name the questions that some judge has answered, ``outcome`` first."""
        found = {path.parent.name for path in (self.path / "verdicts").glob("*/*/judge.json")}
        outcome = ["outcome"] if self.judges() else []
        return [*outcome, *sorted(found - {"outcome"})]

    def judge_info(self, judge: str, question: str = "outcome") -> dict[str, Any]:
        """Read who a judge is: name, version and, where there is one, its card."""
        info = _read_json(self._judge_file(judge, question))
        # A card that was measured on labels of one's own, for exactly this version, stands beside.
        path = self.verdict_table(judge, question).folder / CARD
        if path.exists():
            card = _read_json(path).get("summary")
            if not isinstance(card, dict) or "version" not in card:
                raise CorruptStudy(
                    f"{path}: the judge's card cannot be read (no summary with a version); remove the file and write "
                    f"it again with: gyges calibrate {judge} --into {self.path}"
                )
            if info and card["version"] == info.get("version"):
                info["card"] = card
        return info

    def write_judge(self, info: Mapping[str, Any]) -> None:
        """Write who a judge is; ``info`` has at least ``name`` and ``version``, and ``question`` if not the outcome.

        Raises:
            StudyError: Verdicts of another version of this judge stand in the study.
        """
        name, question = str(info["name"]), str(info.get("question") or "outcome")
        path = self._judge_file(name, question)
        old = self.judge_info(name, question)
        if old and old.get("version") != info.get("version"):
            table = self.verdict_table(name, question)
            if table.keys(pl.col("status") == "ok"):
                raise StudyError(
                    f"{path}: verdicts of {name!r} version {old.get('version')} stand in this study; this is version "
                    f"{info.get('version')} (other instructions, votes, threshold, temperature or rule). To judge "
                    f"everything again with it, remove {table.folder} and {path}"
                )
            # Nothing but failures stands there.
            shutil.rmtree(table.folder, ignore_errors=True)
        _write_json(path, info)

    def known(self, judge: str, question: str = "outcome") -> dict[str, Any]:
        """Read what a judge made of the transcripts whose label is known; empty where it was shown none."""
        return _read_json(self.verdict_table(judge, question).folder / "known.json")

    def write_known(self, judge: str, question: str, record: Mapping[str, Any]) -> None:
        """Write what a judge made of the transcripts whose label is known."""
        _write_json(self.verdict_table(judge, question).folder / "known.json", record)

    def pick_judge(self, judge: str | None = None, question: str = "outcome") -> str:
        """Name the judge to use: the one asked for, else the study's default, else the only one.

        Raises:
            StudyError: The judge has no verdicts on the question in this study.
        """
        found = self.judges(question)
        asked = "" if question == "outcome" else f" --question {question}"
        if judge is None:
            if not found:
                what = "this study" if question == "outcome" else f"this study for {question!r}"
                raise StudyError(
                    f"{self.path}: no judge has read {what} yet. Next: `gyges judge {self.path}{asked}`"
                )
            return found[0]
        if judge not in found:
            about = f" on {question!r}" if question != "outcome" else ""
            raise StudyError(
                f"{self.path}: no verdicts of judge {judge!r}{about}; {nearest(judge, found)}"
            )
        return judge

    def verdicts(self, judge: str | None = None, question: str = "outcome") -> pl.DataFrame:
        """Read a judge's verdicts, one row a trial."""
        with self.reading():
            return self.verdict_table(self.pick_judge(judge, question), question).scan().collect()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn what a damaged file raises while tables are read into the error that names the file.

        Raises:
            CorruptStudy: A file of the study cannot be read.
        """
        try:
            yield
        except pl.exceptions.PolarsError:
            # Tables are read lazily: only now is it known that one of them is damaged.
            for table in (
                self.trial_table, self.message_table, *self._verdict_tables(), *self._probe_tables()
            ):  # fmt: skip
                table.check()
            raise

    def _verdict_tables(self) -> Iterator[Table]:
        for folder in sorted((self.path / "verdicts").glob("*/*/")):
            yield Table(folder, VERDICT_COLUMNS, "trial")

    def _probe_tables(self) -> Iterator[Table]:
        for folder in sorted((self.path / "probes").glob("*/")):
            yield Table(folder, PROBE_COLUMNS, "trial")

    # Writing

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from writing; released by the operating system if this one is killed.

        Raises:
            StudyError: Another process is writing.
        """
        import filelock

        lock = filelock.FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise StudyError(
                f"{self.path}: another process is working on this study. Wait for it, or give another folder "
                "with --study DIR"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def seal(self) -> None:
        """Turn all journals into Parquet."""
        self.trial_table.seal()
        self.message_table.seal()
        for table in (*self._verdict_tables(), *self._probe_tables()):
            table.seal()


class TrialWriter:
    """Appends trials and the messages they were asked with.

    Args:
        study: The study to write to; the caller holds its lock.
        clean: Takes credentials out of every line.
    """

    def __init__(self, study: StudyFolder, clean: Callable[[str], str] | None = None) -> None:
        self._study = study
        self._trials = study.trial_table.writer(clean)
        self._messages: Journal | None = None
        self._clean = clean
        self._known = study.message_table.keys()
        self._names = tuple(TRIAL_COLUMNS)

    def message(self, role: str, text: str) -> str:
        """Store a message once and return its hash."""
        key = message_hash(role, text)
        if key not in self._known:
            if self._messages is None:
                self._messages = self._study.message_table.writer(self._clean)
            self._messages.append({"hash": key, "role": role, "text": text})
            self._known.add(key)
        return key

    def trial(self, trial: Trial) -> None:
        """Store a trial."""
        record = {name: getattr(trial, name) for name in self._names}
        record.update(trial.factors)
        self._trials.append({name: value for name, value in record.items() if value is not None})

    def close(self) -> None:
        """Put everything on the disk."""
        self._trials.close()
        if self._messages is not None:
            self._messages.close()


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """Turn a verdict into the record that is stored."""
    record = {name: getattr(verdict, name) for name in VERDICT_COLUMNS}
    return {name: value for name, value in record.items() if value not in (None, [])}


def _read_json(path: Path) -> dict[str, Any]:
    """Read a record; empty where there is none."""
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise CorruptStudy(
            f"{path}: this file of the study cannot be read ({error}). Restore it from a copy, or remove it and run "
            "the command that wrote it again"
        ) from None


def _write_json(path: Path, record: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    text = json.dumps(dict(record), indent=2, ensure_ascii=False) + "\n"
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _slug(name: str) -> str:
    """Turn a judge's name into a folder's name, different for different names."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")
    if plain == name:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
