"""How is a set of wordings written down, and can a file be trusted to hold one?

A set is a JSON file, frozen: each of its wordings gives texts for blocks of one setting, with what was measured of them
when they were made, and carries a hash of its texts. Whoever reads it proves it again: the setting and its
comparability number, every name, every hash, and the setting's facts at every level of its own factors. A set may be
written by hand too; then it needs no more than ``schema``, ``setting`` and the wordings' ``id`` and ``blocks``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gyges.design.fidelity import text_hash, wording_faults
from gyges.design.wordings import PUBLISHED
from gyges.errors import DesignError, nearest
from gyges.settings import BASE, Setting, Wording
from gyges.settings.slots import read_slots

__all__ = ["SET_SCHEMA", "read_set", "set_setting", "write_set"]

SET_SCHEMA = "gyges.wordings/1"
"""The form of the file; another number is another form."""

_MOST_BYTES = 64_000_000
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_RESERVED = (BASE, PUBLISHED, "generated", "all")


def set_setting(setting: Setting) -> dict[str, str]:
    """Say for a set which setting it rewords."""
    return {"id": setting.id, "version": setting.version, "hash": setting.hash}


def write_set(path: Path, record: Mapping[str, Any]) -> None:
    """Write a set for people and programs to read.

    Raises:
        DesignError: A file of this name is there already: sets are not written over.
    """
    text = json.dumps({"schema": SET_SCHEMA, **record}, indent=2, ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise DesignError(
            f"{path} exists, and sets of wordings are not written over; give another --out"
        ) from None
    except OSError as error:
        raise DesignError(f"{path}: cannot be written ({error.strerror or error})") from None


def read_set(path: Path, setting: Setting) -> dict[str, Wording]:
    """Read a set of wordings, and prove it.

    Args:
        path: The file.
        setting: Whose wordings they must be.

    Returns:
        Each wording by its id, in the file's order.

    Raises:
        DesignError: The file cannot be read, is no set, belongs to another setting or to another comparability number
            of it, or one of its wordings has a bad id, other texts than when it was made, or lacks a fact.
    """
    record = _record(path)
    _check_setting(path, record, setting)
    rows = record.get("wordings")
    if not isinstance(rows, list) or not rows:
        raise DesignError(
            f"{path}: 'wordings' is {_shown(rows)}; it must be a list of at least one wording"
        )
    found: dict[str, Wording] = {}
    for number, row in enumerate(rows):
        wording = _wording(f"{path}: wordings[{number}]", row, record, setting, found)
        found[wording.id] = wording
    return found


def _record(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DesignError(f"{path}: is larger than any set of wordings")
        record = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DesignError(
            f"--wordings {path}: cannot be read ({error.strerror or error})"
        ) from None
    except UnicodeDecodeError:
        raise DesignError(
            f"--wordings {path}: is not UTF-8 text; make a set with: gyges reword"
        ) from None
    except json.JSONDecodeError as error:
        raise DesignError(
            f"{path}:{error.lineno}: is not JSON: {error.msg}; make a set with: gyges reword"
        ) from None
    except RecursionError:
        raise DesignError(f"{path}: is nested deeper than any set of wordings") from None
    schema = record.get("schema") if isinstance(record, dict) else None
    if schema != SET_SCHEMA:
        raise DesignError(
            f"{path}: is no set of wordings: 'schema' is {_shown(schema)}, and must be {SET_SCHEMA!r}; make a set "
            "with: gyges reword"
        )
    return dict(record)


def _check_setting(path: Path, record: Mapping[str, Any], setting: Setting) -> None:
    whose = record.get("setting")
    named = whose if isinstance(whose, dict) else {"id": whose}
    if named.get("id") != setting.id:
        raise DesignError(
            f"{path}: rewords the setting {_shown(named.get('id'))}, not {setting.id!r}; make a set for it with: gyges "
            f"reword {setting.id}"
        )
    version = named.get("version")
    number, ours = str(version).split("-", maxsplit=1)[0], setting.version.split("-", maxsplit=1)[0]
    if version is not None and number != ours:
        raise DesignError(
            f"{path}: was made for {setting.id} {version}, and this is {setting.id} {setting.version}: results of "
            f"other numbers than {ours} are not comparable; make a new set with: gyges reword {setting.id}, or ask "
            "with the version of Gyges that the set was made with"
        )


def _wording(
    where: str, row: Any, record: Mapping[str, Any], setting: Setting, known: Mapping[str, Wording]
) -> Wording:
    if not isinstance(row, dict):
        raise DesignError(f"{where}: is {_shown(row)}; it must be an object with 'id' and 'blocks'")
    name = row.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name) or name in _RESERVED:
        raise DesignError(
            f"{where}: 'id' is {_shown(name)}; it must begin with a letter and hold letters, digits, - and _ only "
            f"(such as 'g1'), and not be one of {', '.join(_RESERVED)}"
        )
    if name in known:
        raise DesignError(
            f"{where}: 'id' is {name!r}, as of an earlier wording; each must have its own"
        )
    where = f"{where} ({name})"
    blocks = row.get("blocks")
    if not isinstance(blocks, dict) or not blocks:
        raise DesignError(
            f"{where}: 'blocks' is {_shown(blocks)}; it must be an object of block and text"
        )
    slots = setting.scene({}).slots
    for block, text in blocks.items():
        if block not in setting.template.blocks:
            raise DesignError(
                f"{where}: no block {block!r}; {nearest(block, setting.template.blocks)}"
            )
        if not isinstance(text, str) or not text.strip():
            raise DesignError(f"{where}: block {block!r} is {_shown(text)}; it must be a text")
        used, logic = read_slots(text)
        for _, message in logic:
            raise DesignError(f"{where}: block {block!r}: {message}")
        for slot in used:
            if slot.name not in slots:
                raise DesignError(
                    f"{where}: block {block!r}: no slot {slot.name!r}; {nearest(slot.name, slots)}"
                )
    digest = text_hash(blocks)
    if row.get("hash") not in (None, digest):
        raise DesignError(
            f"{where}: its texts were changed after it was made: their hash is {digest}, not {row['hash']!r}; take the "
            "file as it was made, or take 'hash' out to ask the texts as your own"
        )
    model = row.get("model", record.get("model")) if row.get("hash") else None
    about = {"source": "reworded" if row.get("hash") else "written by hand", "hash": digest}
    if isinstance(model, str):
        about["model"] = model
    wording = Wording(name, blocks=dict(blocks), about=about)
    if faults := wording_faults(setting, wording):
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise DesignError(
            f"{where}: does not keep the facts of {setting.id} {setting.version}, {faults[0]}{more}; take it out of "
            f"the file, or make a new set with: gyges reword {setting.id}"
        )
    return wording


def _shown(value: Any) -> str:
    text = "missing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}..."
