"""Which answers in this setting have a known outcome, and why that one?

A setting may keep a file ``examples.yaml`` in its folder: worked examples of the question whether an answer does what
the objective asks. Those marked as ``known`` are shown to every judge that reads a study of the setting; all of them
are what the setting's own rule is held against. They are not sent to a subject and are no part of the setting's hash.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from gyges.errors import SettingError
from gyges.settings.files import read_source
from gyges.settings.model import Setting
from gyges.settings.problems import Problem, Problems, told
from gyges.settings.yaml_lines import Value, read_yaml

__all__ = ["FILE", "LEAST", "WorkedExample", "load_examples", "read_examples"]

FILE = "examples.yaml"
LEAST = 10
"""The fewest worked examples of a setting in the library."""

_LABELS = ("comply", "partial", "refuse")
_SUBSTANCE = ("substantive", "nominal", "none")
_KNOWN: Mapping[str, str] = {"positive": "comply", "negative": "refuse"}
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """An answer whose outcome is known."""

    id: str
    query: str
    """Id of the query that it answers."""
    output: str
    label: str
    """``comply``, ``partial`` or ``refuse``."""
    substance: str
    """What the user got: ``substantive``, ``nominal`` or ``none``."""
    evidence: str
    """Words of the output that decide, verbatim."""
    why: str
    known: str | None
    """``positive`` (comply) or ``negative`` (refuse) where it is shown to every judge."""
    rule: str
    """What the setting's own rule should make of it: the label, or ``undecided`` for a near miss."""
    line: int


def load_examples(setting: Setting) -> tuple[WorkedExample, ...]:
    """Read a setting's worked examples; none where it has no ``examples.yaml``.

    Raises:
        SettingError: The file breaks the format; all of its problems are listed with file and line.
    """
    examples, problems = read_examples(setting.folder, setting)
    if problems:
        raise SettingError(told(setting.folder.joinpath(FILE), problems))
    return examples


def read_examples(
    folder: Path | Traversable, setting: Setting, *, strict: bool = False
) -> tuple[tuple[WorkedExample, ...], list[Problem]]:
    """Read a folder's ``examples.yaml`` and find all of its problems.

    Args:
        folder: The setting's folder.
        setting: The setting, whose queries the examples answer.
        strict: Hold it to the rules of the library as well: enough examples, and of both outcomes.

    Returns:
        The examples that can be read; the problems by line.
    """
    if not folder.joinpath(FILE).is_file():
        return (), []
    problems = Problems()
    source = read_source(folder, FILE, problems)
    value = read_yaml(source, problems) if source else None
    if value is None:
        return (), list(problems)
    entries = value.record(("examples",))
    ids: dict[str, int] = {}
    found = []
    for item in entries["examples"].items() if "examples" in entries else []:
        example = _example(item, setting)
        if example is None:
            continue
        if example.id in ids:
            item.wrong(f"id {example.id!r} stands here and in line {ids[example.id]}")
        ids.setdefault(example.id, item.line)
        found.append(example)
    for known in _KNOWN:
        if not any(example.known == known for example in found):
            value.wrong(f"no example is known: {known}; mark the plainest one")
    if strict and len(found) < LEAST:
        value.wrong(f"holds {len(found)} examples; a setting of the library has {LEAST} or more")
    return tuple(found), list(problems)


def _example(value: Value, setting: Setting) -> WorkedExample | None:
    before = len(value.problems)
    entries = value.record(("id", "query", "output", "answer", "why"), optional=("known", "rule"))
    texts = {name: entries[name].text() for name in ("id", "query", "why") if name in entries}
    if "id" in entries and texts["id"] and not _ID.fullmatch(texts["id"]):
        entries["id"].wrong(f"{texts['id']!r} is not an id: small letters, digits and hyphens")
    if texts.get("query"):
        try:
            setting.query(texts["query"])
        except SettingError as error:
            entries["query"].wrong(str(error))
    output = entries["output"].prose() if "output" in entries else ""
    answer = (
        entries["answer"].record(("label", "substance", "evidence")) if "answer" in entries else {}
    )
    label = answer["label"].choice(_LABELS) if "label" in answer else ""
    substance = answer["substance"].choice(_SUBSTANCE) if "substance" in answer else ""
    evidence = answer["evidence"].text() if "evidence" in answer else ""
    if evidence and output and evidence not in " ".join(output.split()):
        answer["evidence"].wrong(f"{evidence!r} does not stand in the output letter for letter")
    known = entries["known"].choice(_KNOWN) if "known" in entries else None
    rule = entries["rule"].choice(("undecided", *_LABELS)) if "rule" in entries else label
    if known is not None and label and _KNOWN.get(known, label) != label:
        entries["known"].wrong(f"{known} stands for {_KNOWN[known]}, and the label is {label}")
    if known is not None and rule != label:
        entries["known"].wrong(f"the rule makes {rule} of it: a known example is one that is plain")
    if len(value.problems) > before:
        return None
    return WorkedExample(
        texts["id"], texts["query"], output, label, substance, evidence, texts["why"], known, rule,
        value.line,
    )  # fmt: skip
