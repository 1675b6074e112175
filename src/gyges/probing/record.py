"""Who was probed in a study, when, and with which words?

``probe.json`` beside a probe's answers. Answers to another text, or with another limit, do not mix with them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gyges.errors import CorruptStudy, StudyError
from gyges.study import StudyFolder

__all__ = ["FILE", "SCHEMA", "read_probe", "write_probe"]

FILE = "probe.json"
SCHEMA = "gyges.probe/1"

_SAME = {"text_hash": "the text of the probe", "max_tokens": "--max-tokens"}
"""What must not change while a probe's answers are gathered, and how it is called."""


def read_probe(study: StudyFolder, name: str) -> dict[str, Any]:
    """Read who was probed; empty where nobody was.

    Raises:
        CorruptStudy: The file is not the record of a probe; the message names it.
    """
    path = _path(study, name)
    if not path.exists():
        return {}
    line, why = 1, "it is no record of a probe"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        content, line, why = None, error.lineno, error.msg
    except (UnicodeDecodeError, RecursionError):
        content, why = None, "not UTF-8 text, or nested too deep"
    if not isinstance(content, dict) or not _SAME.keys() <= content.keys():
        raise CorruptStudy(
            f"{path}:{line}: this file of the study cannot be read ({why}). Restore it from a copy, or remove "
            f"{path.parent} and run gyges probe again, which asks everything again"
        )
    return content


def write_probe(
    study: StudyFolder, record: Mapping[str, Any], clean: Callable[[str], str]
) -> dict[str, Any]:
    """Write who is probed, and return what stands there now.

    Args:
        study: The study.
        record: With ``name`` and what must not change.
        clean: Takes credentials out of the text.

    Raises:
        StudyError: Answers to another text, or with another limit, stand there.
    """
    path = _path(study, str(record["name"]))
    old = read_probe(study, str(record["name"]))
    for key, called in _SAME.items():
        if old and old.get(key) != record[key]:
            raise StudyError(
                f"{path}: {called} was another one ({old.get(key)}, now {record[key]}), and answers to both would "
                f"mix. Remove {path.parent} to ask everything again"
            )
    merged = {"schema": SCHEMA, **record}
    if old:
        merged["first"] = old.get("first", record.get("first"))
        merged["subjects"] = list(dict.fromkeys([*old.get("subjects", ()), *record["subjects"]]))
        merged["samples"] = [*old.get("samples", ())]
        merged["samples"] += [one for one in record["samples"] if one not in merged["samples"]]
        merged["left_out"] = {**old.get("left_out", {}), **record.get("left_out", {})}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    text = json.dumps(merged, indent=2, ensure_ascii=False)
    partial.write_text(clean(text) + "\n", encoding="utf-8")
    partial.replace(path)
    return merged


def _path(study: StudyFolder, name: str) -> Path:
    return study.probe_table(name).folder / FILE
