"""What does a file say that is to be run?

A file of options in YAML: ``setting``, ``model``, ``vary`` and the other options of a run by their names, so that a
design can be kept, reviewed and run again. Another study's ``study.yaml`` is such a file too: the same design is asked
again, into a folder of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from gyges.design import CHOICE
from gyges.errors import DesignError, nearest
from gyges.planning.wanted import Wanted
from gyges.settings import shared_factors
from gyges.study.redact import REDACTED

__all__ = ["read_spec"]

_SAME = (
    *("queries", "samples", "control", "seed", "max_tokens", "until", "preset", "base_url", "cutoff"),
)  # fmt: skip
"""Options that a specification names as a run does."""

_WHOLE = (
    *("queries", "samples", "control", "seed", "max_tokens", "max_blocks", "top_logprobs", "fraction"),
)  # fmt: skip
_TABLES = ("vary", "model_args", "query_map")
_LISTS = ("vary", "model", "query_map")


def read_spec(path: Path) -> dict[str, Any]:
    """Read the options of a run from a file.

    Returns:
        Options of :func:`gyges.run` by name, those that the file gives.

    Raises:
        DesignError: The file cannot be read, or holds an option that is not known.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DesignError(f"--spec {path}: cannot be read ({error.strerror or error})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        raise DesignError(f"--spec {path}{where}: is not YAML") from None
    if not isinstance(content, Mapping):
        raise DesignError(
            f"--spec {path}: holds no table of options, such as 'setting: animal-welfare'"
        )
    if "schema" in content and isinstance(content.get("spec"), Mapping):
        if content.get("source") != "run":
            raise DesignError(
                f"--spec {path}: this study was imported, so there is no design to run again"
            )
        return _of_study(content["spec"])
    known = {one.name for one in fields(Wanted)} | {"judge", "study", "budget"}
    for name, value in content.items():
        if name not in known:
            raise DesignError(f"--spec {path}: {name!r} is no option; {nearest(str(name), known)}")
        if value is not None and (kind := _not_right(name, value)):
            raise DesignError(f"--spec {path}: {name}: must be {kind}, not {value!r}")
    return {
        name: str(value) if name == "budget" else value
        for name, value in content.items()
        if value is not None
    }


def _not_right(name: str, value: Any) -> str | None:
    """Say what an option's value must be; None where it is that."""
    if name in _WHOLE:
        sound = isinstance(value, int) and not isinstance(value, bool)
        return None if sound else "a whole number"
    if name == "temperature":
        sound = isinstance(value, int | float) and not isinstance(value, bool)
        return None if sound else "a number"
    if name == "budget" and isinstance(value, int) and not isinstance(value, bool):
        return None
    if name in _TABLES and isinstance(value, Mapping):
        return None
    if name in _LISTS and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return None
    if name == "model_args":
        return "a table"
    kinds = {
        "vary": "a table of names and levels",
        "model": "a model or a list of models",
        "query_map": "a table of text, id, topic and the columns that hold them",
    }
    return None if isinstance(value, str) else kinds.get(name, "a text")


def _of_study(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options that make a study's specification again."""
    found = {name: spec[name] for name in _SAME if spec.get(name) is not None}
    setting = spec.get("setting")
    found["setting"] = setting["id"] if isinstance(setting, Mapping) else setting
    if isinstance(setting, Mapping) and isinstance(setting.get("version"), str):
        found["version"] = setting["version"]
    found["model"] = spec.get("subject")
    # What was a secret is given again.
    arguments = {
        name: value for name, value in (spec.get("subject_args") or {}).items() if value != REDACTED
    }
    if arguments:
        found["model_args"] = arguments
    if "of_subject" in spec:
        # Each model's own limit is a default.
        del found["max_tokens"]
    vary = {**(spec.get("levels") or {}), **(spec.get("vary") or {})}
    if vary:
        found["vary"] = vary
    if spec.get("vary") and spec.get("runs"):
        found["fraction"] = spec["runs"]
    elif spec.get("vary"):
        found["mode"] = spec.get("mode", "full")
    if isinstance(asked := spec.get("query_file"), Mapping):
        found["query_file"], found["query_map"] = asked["from"], dict(asked.get("map") or {})
    for name in ("temperature", "reasoning"):
        if name not in vary and spec.get(name) is not None:
            found[name] = spec[name]
    if _brings_reasoning(vary):
        # It was not asked for by name.
        found.pop("reasoning", None)
    if spec.get("reasoning") == CHOICE and (most := spec.get("sampling", {}).get("top_logprobs")):
        found["top_logprobs"] = most
    return found


def _brings_reasoning(vary: Mapping[str, Any]) -> bool:
    """Whether a level brings a level of reasoning with it."""
    known = shared_factors()
    return any(
        "reasoning" in known[name].level(level).sets
        for name, levels in vary.items()
        if name in known
        for level in (levels if isinstance(levels, list) else [levels])
    )
