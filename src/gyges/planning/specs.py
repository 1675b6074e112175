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

from gyges.errors import DesignError, nearest
from gyges.planning.wanted import Wanted

__all__ = ["read_spec"]

_SAME = (
    "queries",
    "samples",
    "control",
    "seed",
    "max_tokens",
    "until",
    "reasoning",
    "base_url",
    "cutoff",
)


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
    for name in content:
        if name not in known:
            raise DesignError(f"--spec {path}: {name!r} is no option; {nearest(str(name), known)}")
    return {str(name): value for name, value in content.items() if value is not None}


def _of_study(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options that make a study's specification again."""
    found = {name: spec[name] for name in _SAME if spec.get(name) is not None}
    setting = spec.get("setting")
    found["setting"] = setting["id"] if isinstance(setting, Mapping) else setting
    found["model"] = spec.get("subject")
    found["model_args"] = spec.get("subject_args") or None
    vary = {**(spec.get("levels") or {}), **(spec.get("vary") or {})}
    if vary:
        found["vary"] = vary
        if spec.get("mode", "full") != "full":
            found["mode"] = spec["mode"]
        if spec.get("runs"):
            found["fraction"] = spec["runs"]
    for name in ("temperature", "reasoning"):
        if name in vary:
            found.pop(name, None)
        elif spec.get(name) is not None:
            found[name] = spec[name]
    return found
