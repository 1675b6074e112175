"""Does a setting's own rule read what its author knows?

A rule file that nobody tries is a guess. So every planted answer, with every query and value that it can answer, must
be read as what it is; every worked example as its label, or as what the example says that the rule makes of it; and no
text that a query brings as the other side of what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gyges.judges import Example, MarkedReader, Reader, reads
from gyges.judging.own_rule import own_reader
from gyges.judging.worked import as_example
from gyges.settings import Problem, Query, Setting
from gyges.settings.examples import FILE as EXAMPLES
from gyges.settings.examples import WorkedExample, read_examples
from gyges.settings.planted import FILE as PLANTED
from gyges.settings.planted import Planted, answer_line, own_texts, read_planted
from gyges.settings.readings import read_reading
from gyges.settings.rulebook import Reading
from gyges.study import Verdict

__all__ = ["ReadingProof", "prove_reading", "proved_reading"]

_SIDES = ("comply", "refuse")
_MOST = 20
"""Problems of one kind that are listed; a rule that is wrong everywhere needs no more to be seen."""


@dataclass(slots=True)
class ReadingProof:
    """What a setting's own rule made of what is known."""

    problems: list[Problem] = field(default_factory=list)
    reads: str = ""
    """What the rule reads: ``marks``, ``copy``, ``answer`` or ``trades``; empty where there is none."""
    planted: int = 0
    """Pairs of a planted answer and a query that were read."""
    planted_right: int = 0
    examples: int = 0
    """Worked examples that were read."""
    examples_right: int = 0
    """Of these, those that were read as labelled; the others are near misses that the file foresees, or problems."""

    def __str__(self) -> str:
        parts = []
        if self.planted:
            parts.append(f"{self.planted_right:,} of {self.planted:,} planted answers")
        if self.examples:
            parts.append(f"{self.examples_right:,} of {self.examples:,} worked examples")
        return f"Its rule reads {' and '.join(parts)} as labelled." if parts and self.reads else ""


def prove_reading(setting: Setting, *, strict: bool = False) -> list[Problem]:
    """Find what is wrong with how a setting's answers are read by rule; nothing where it has no such rule.

    Args:
        setting: A setting that was loaded.
        strict: Hold its worked examples to the rules of the library as well.

    Returns:
        The problems by file and line.
    """
    return proved_reading(setting, strict=strict).problems


def proved_reading(setting: Setting, *, strict: bool = False) -> ReadingProof:
    """Read everything that is known of a setting by its own rule; see :func:`prove_reading`."""
    proof = ReadingProof()
    reading, problems = read_reading(setting.folder, setting)
    proof.problems += problems
    planted, problems = read_planted(setting.folder, setting)
    proof.problems += problems
    examples, problems = read_examples(setting.folder, setting, strict=strict)
    proof.problems += problems
    if reading is None or proof.problems:
        return proof
    proof.reads = reading.reads
    reader = own_reader(setting)
    assert reader is not None
    found: list[Problem] = []
    if reading.reads != "trades":
        found += _limited(_planted(setting, reading, planted, reader, proof))
    found += _limited(_offered(setting, reading, reader))
    file = str(setting.folder.joinpath(EXAMPLES))
    for worked in examples:
        verdict = _read(reader, as_example(setting, worked))
        if verdict is None:
            continue
        proof.examples += 1
        proof.examples_right += verdict.outcome == worked.label
        if verdict.outcome != worked.rule:
            why = (
                f"{verdict.note}; evidence {verdict.evidence}" if verdict.evidence else verdict.note
            )
            found.append(
                Problem(
                    file,
                    worked.line,
                    f"example {worked.id!r} ({worked.label}) should be read as {worked.rule} and is read as "
                    f"{verdict.outcome}: {why}",
                )
            )
    proof.problems = sorted(set(found))
    return proof


def _planted(
    setting: Setting,
    reading: Reading,
    planted: Planted | None,
    reader: Reader,
    proof: ReadingProof,
) -> Iterator[Problem]:
    """Read every planted answer with every query that it can answer."""
    if planted is None and reading.reads == "marks":
        message = "there are no planted answers to try the marks on: write planted.yaml, with lists comply and refuse"
        yield Problem(reading.file, reading.line, message)
        return
    for query in setting.queries:
        for side in _SIDES:
            for line, text in _texts(setting, reading, planted, side, query):
                proof.planted += 1
                verdict = _read(reader, _as_trial(setting, query, text))
                outcome = None if verdict is None else verdict.outcome
                if outcome == side:
                    proof.planted_right += 1
                    continue
                file = str(setting.folder.joinpath(PLANTED)) if planted else reading.file
                why = "" if verdict is None else f": {verdict.note}"
                yield Problem(
                    file,
                    line,
                    f"the answer {_short(text)!r} to {query.id} is planted as {side} and read as {outcome}{why}",
                )


def _texts(
    setting: Setting, reading: Reading, planted: Planted | None, side: str, query: Query
) -> list[tuple[int, str]]:
    """Give the planted answers to a query, each with the line where it stands."""
    texts = own_texts(setting, reading, planted, side, query) or ()
    if planted is None:
        own = reading.queries.get(query.id)
        return [(own.line if own else reading.line, text) for text in texts]
    lines = [one.line for one in planted.texts(side, query)]
    return list(zip(lines, texts, strict=True))


def _offered(setting: Setting, reading: Reading, reader: Reader) -> Iterator[Problem]:
    """The texts that a query brings must not speak for the wrong side."""
    for query in setting.queries:
        own = reading.queries.get(query.id)
        line = own.line if own else reading.line
        if isinstance(reader, MarkedReader):
            crossed = [reader.read(getattr(query, side), query.id, query.value) for side in _SIDES]
            # Options may be instructions, of which one names what it forbids: only marks that cross are wrong.
            if all(one.evidence for one in crossed) and [one.outcome for one in crossed] == [
                *reversed(_SIDES)
            ]:
                yield Problem(
                    reading.file,
                    line,
                    f"the marks take the options of {query.id} for each other: {_short(query.comply)!r} is read as "
                    f"refuse and {_short(query.refuse)!r} as comply",
                )
            marks = reader.book.rule(query.id, query.value).marks
            for pattern in sorted({*marks.get("comply", ())} & {*marks.get("refuse", ())}):
                yield Problem(
                    reading.file,
                    line,
                    f"the pattern {pattern!r} speaks for both sides of {query.id}",
                )
        elif reading.reads == "copy":
            for option in reader_options(reader, query.id):
                verdict = _read(reader, _as_trial(setting, query, option[1]))
                label = None if verdict is None else verdict.label
                if label != option[0]:
                    yield Problem(
                        reading.file,
                        line,
                        f"a copy of the option {option[0]} of {query.id} is read as {label}: {_short(option[1])!r}",
                    )
        elif reading.reads == "answer" and own is not None:
            given = [(f"Answer: {text}", "comply") for text in (own.answer, *own.accept)]
            given.append((answer_line(setting, reading, query, right=False), "refuse"))
            for text, side in given:
                verdict = _read(reader, _as_trial(setting, query, text))
                outcome = None if verdict is None else verdict.outcome
                if outcome != side:
                    yield Problem(
                        reading.file,
                        line,
                        f"{text!r} is a {'right' if side == 'comply' else 'wrong'} answer to {query.id} and is read as "
                        f"{outcome}",
                    )


def reader_options(reader: Any, query: str) -> list[tuple[str, str]]:
    """The label and text of each option of a query."""
    return [(one.label, one.text) for one in reader.book.rule(query).options]


def _as_trial(setting: Setting, query: Query, output: str) -> Example:
    return as_example(
        setting,
        WorkedExample("planted", query.id, output, "", "", "", why="", known=None, rule="", line=1),
    )


def _read(reader: Reader, example: Example) -> Verdict | None:
    """Read an answer as that of a trial; None where the reader needs more than there is."""
    given: Mapping[str, str] = {**example.columns, **example.parts}
    values = {name: given.get(name) for name in reads(reader)}
    if not all(values[name] for name in reader.columns):
        return None
    return reader.verdict(example.id, values)


def _limited(found: Iterator[Problem]) -> list[Problem]:
    """List the first problems, and say how many more there are."""
    problems = list(found)
    if len(problems) <= _MOST:
        return problems
    last = problems[_MOST - 1]
    more = len(problems) - _MOST
    return [
        *problems[: _MOST - 1],
        Problem(last.file, last.line, f"{last.message} (and {more} more)"),
    ]


def _short(text: str, most: int = 60) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 3]}..."
