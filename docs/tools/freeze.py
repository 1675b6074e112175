"""Does a setting still send what it sent under its version?

A result belongs to the texts that were sent, so texts that have a version are frozen. ``tests/data/frozen.json`` holds,
for each setting of the library, its version, a digest of each file, and digests of what it sends: in the base wording
and in each version of each component at all of its own levels, and at each level of each shared factor. Each shared
factor has its version and its file's digest there. ``tests/test_frozen.py`` compares.

After a change, give the setting or the factor a new version and run ``python docs/tools/freeze.py``: it writes the
record anew. It refuses where something changed and its version did not. A version that was never released may be
frozen again with ``--again ID``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from gyges.errors import SettingError
from gyges.settings import (
    Factor,
    Option,
    Query,
    Resolved,
    Setting,
    Wording,
    list_settings,
    shared_factors,
)
from gyges.settings.files import DATA_FILES, FACTORS, names_in

RECORD = Path(__file__).resolve().parents[2] / "tests" / "data" / "frozen.json"
COMMAND = "python docs/tools/freeze.py"
CODE = "the code that renders them"


def measure(
    settings: Iterable[Setting] | None = None, factors: Mapping[str, Factor] | None = None
) -> dict[str, Any]:
    """Say what is sent now, in the form of the record."""
    folder = files("gyges.settings").joinpath("factors")
    found = shared_factors() if factors is None else factors
    return {
        "settings": {
            one.id: _setting(one) for one in (list_settings() if settings is None else settings)
        },
        "factors": {
            one.id: {"version": str(one.version), "file": _file(folder.joinpath(f"{one.id}.yaml"))}
            for one in found.values()
        },
    }


def _setting(setting: Setting) -> dict[str, Any]:
    names = [*DATA_FILES, *(one.file for one in setting.components)]
    names += [f"{FACTORS}/{name}" for name in names_in(setting.folder, FACTORS, ".yaml")]
    alone = [one for one in setting.wordings() if sum(map(bool, one.versions.values())) <= 1]
    return {
        "version": setting.version,
        "files": {name: _file(setting.folder.joinpath(name)) for name in names},
        "wordings": {one.id: _digest(_own(setting, one)) for one in alone},
        "levels": {
            name: {
                level.name: _digest(_level(setting, name, level.name)) for level in one.samples()
            }
            for name, one in setting.shared.items()
        },
    }


def _own(setting: Setting, wording: Wording) -> Iterator[Any]:
    for own in setting.template.combinations():
        value = own.pop("value", "")
        yield [own, value, _sent(setting, setting.resolve(own), wording, value)]


def _level(setting: Setting, factor: str, level: str) -> Iterator[Any]:
    for own in setting.template.combinations():
        if own.pop("value", None) not in (None, next(iter(setting.values), None)):
            continue
        try:
            found = setting.resolve({**own, factor: level})
        except SettingError:
            # That a level is not possible is part of what it is.
            yield [own, None]
        else:
            yield [own, found.own, found.parameters, _sent(setting, found)]


def _sent(
    setting: Setting, found: Resolved, wording: Wording | None = None, value: str = ""
) -> list[Any]:
    # The queries have a digest of their own: one that stands for all of them keeps the two apart.
    first = setting.queries[0]
    answers: dict[str, Any] = {"comply": "One.", "refuse": "Other."} if setting.offers else {}
    others = tuple(Option(f"Further {at}.") for at, _ in enumerate(first.others))
    slots = {name: f"the {name}" for name in first.slots}
    query = Query("any", "any", "What now?", value=value, others=others, slots=slots, **answers)
    texts: list[Any] = []
    for tier in setting.scene(found, wording, value).tiers:
        for letter in query.labels:
            prompt = setting.render(
                query, tier=tier.id, levels=found, wording=wording, complies=letter
            )
            texts.append(prompt.messages if not texts else [tier.id, letter, prompt.messages[-2:]])
            if prompt.steps:
                texts.append([tier.id, letter, prompt.steps])
    return texts


def _digest(parts: Iterable[Any]) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(json.dumps(part, ensure_ascii=False, sort_keys=True).encode() + b"\n")
    return total.hexdigest()[:16]


def _file(path: Traversable) -> str:
    data = path.read_bytes().replace(b"\r\n", b"\n")
    return hashlib.sha256(data).hexdigest()[:16]


def differences(record: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say what is not as it was frozen, why, and what to do; nothing where all is."""
    found = []
    for kind in ("settings", "factors"):
        old, new = record[kind], now[kind]
        for name in sorted({*old, *new}):
            what = f"{kind.removesuffix('s')} {name!r}"
            if name not in old:
                found.append(f"{what} is not frozen yet; run: {COMMAND}")
            elif name not in new:
                found.append(f"{what} is frozen and gone; if it is to go, run: {COMMAND}")
            elif (why := _changed(kind, name, record, now)) and _same(old[name], new[name]):
                found.append(
                    f"{what} is still version {new[name]['version']}, but {why} changed; take the change back, or give "
                    f"{what} a new version ({_next(new[name]['version'])}) and run: {COMMAND}"
                )
            elif not _same(old[name], new[name]):
                versions = f"{old[name]['version']} to {new[name]['version']}"
                found.append(f"{what} went from version {versions}; run: {COMMAND}")
    return found


def refusals(
    record: Mapping[str, Any], now: Mapping[str, Any], again: Collection[str] = ()
) -> list[str]:
    """Say what must not be written: what changed under a version that is not newer."""
    found = []
    for kind in ("settings", "factors"):
        for name in sorted({*record[kind]} & {*now[kind]} - {*again}):
            was, is_ = record[kind][name]["version"], now[kind][name]["version"]
            why = _changed(kind, name, record, now)
            if why and _order(is_) <= _order(was):
                what = f"{kind.removesuffix('s')} {name!r}"
                found.append(
                    f"{what} is version {is_}, frozen is {was}, and {why} changed: give it a "
                    f"new version ({_next(was)}), or freeze a version that was never released with --again {name}"
                )
    return found


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return bool(old["version"] == new["version"])


def _changed(kind: str, name: str, record: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Name what changed of a setting or a factor: its files or, if none of them, what is made of them."""
    old, new = record[kind][name], now[kind][name]
    if kind == "factors":
        return "its file" if old["file"] != new["file"] else ""
    if changed := _keys(old["files"], new["files"]):
        return ", ".join(changed)
    if changed := _keys(old["wordings"], new["wordings"]):
        return f"{CODE} (wordings {', '.join(changed)})"
    # A factor's file that changed explains a change at its levels.
    moved = {one for one in now["factors"] if record["factors"].get(one) != now["factors"][one]}
    texts = [
        f"{factor}={level}"
        for factor in sorted({*old["levels"]} & {*new["levels"]} - moved)
        for level in _keys(old["levels"][factor], new["levels"][factor])
    ]
    return f"{CODE} ({', '.join(texts[:5])}{' ...' if len(texts) > 5 else ''})" if texts else ""


def _keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in {*old, *new} if old.get(key) != new.get(key))


def _order(version: str) -> tuple[int, int, str]:
    number, _, letters = version.partition("-")
    return int(number), len(letters), letters


def _next(version: str) -> str:
    number, dash, letters = version.partition("-")
    if not dash:
        return str(int(number) + 1)
    letter = chr(ord(letters[-1]) + 1) if letters[-1] < "z" else letters[-1] + "a"
    return f"{number}-{letters[:-1]}{letter}, or {int(number) + 1}-a if results are no longer comparable"


def read(path: Path = RECORD) -> dict[str, Any]:
    """Read the record; an empty one where there is none."""
    if not path.is_file():
        return {"settings": {}, "factors": {}}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def write(now: Mapping[str, Any], path: Path = RECORD) -> None:
    """Write the record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None, path: Path = RECORD) -> int:
    """Freeze what is sent now, unless a version would come to mean two things."""
    parser = argparse.ArgumentParser(description="Freeze what the settings send.")
    parser.add_argument(
        "--again",
        action="append",
        default=[],
        metavar="ID",
        help="A setting or factor whose version was never released.",
    )
    again = parser.parse_args(arguments).again
    record, now = read(path), measure()
    if refused := refusals(record, now, again):
        print("\n".join(refused), file=sys.stderr)
        return 1
    for line in differences(record, now):
        print(line.split("; ")[0])
    write(now, path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
