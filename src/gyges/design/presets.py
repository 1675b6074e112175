"""Which published designs can be run by name?

A preset is a file of ``presets/``: the setting, what varies, how many queries and samples, where the design comes from,
and how it departs from what was published. What a user gives besides takes the place of what the preset says.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import yaml

from gyges.design.vary import split_vary
from gyges.errors import DesignError, nearest

__all__ = ["Preset", "load_preset", "presets"]

_TEXTS = ("title", "about", "source")
_OPTIONS: Mapping[str, type] = {
    "queries": int,
    "samples": int,
    "control": int,
    "temperature": float,
    "reasoning": str,
    "mode": str,
    "fraction": int,
}


@dataclass(frozen=True, slots=True)
class Preset:
    """A published design, by name."""

    name: str
    title: str
    about: str
    source: str
    departs: tuple[str, ...]
    """How it departs from what was published, one sentence each."""
    setting: str = ""
    """Empty where it is asked across settings."""
    across: str = ""
    """A factor: the preset is asked in every setting that has it, each in a study of its own; empty: in one setting."""
    vary: Mapping[str, list[str]] = field(default_factory=dict)
    """Names and levels, as texts; one level fixes a factor."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Queries, samples, control, temperature, reasoning, mode, fraction: those that it gives."""

    def row(self) -> dict[str, Any]:
        """Give it as one record of JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "about": self.about,
            "source": self.source,
            "departs": list(self.departs),
            "setting": self.setting or None,
            **({"across": self.across} if self.across else {}),
            "vary": {name: list(levels) for name, levels in self.vary.items()},
            **self.options,
        }


@functools.cache
def presets() -> Mapping[str, Preset]:
    """All presets by name, in alphabetical order.

    Raises:
        DesignError: A file of the library is not sound.
    """
    folder = files("gyges.design").joinpath("presets")
    # By name and not by file: "vlaf" stands before "vlaf-oversight", and ".yaml" behind it.
    found = {
        file.name.removesuffix(".yaml"): file
        for file in folder.iterdir()
        if file.name.endswith(".yaml")
    }
    return {
        name: _read(name, yaml.safe_load(found[name].read_text(encoding="utf-8")))
        for name in sorted(found)
    }


def load_preset(name: str) -> Preset:
    """Give a preset by its name.

    Raises:
        DesignError: There is none of this name.
    """
    known = presets()
    if name not in known:
        raise DesignError(
            f"--preset {name}: no such preset; {nearest(name, known)}; list them with: gyges presets"
        )
    return known[name]


def _read(name: str, content: Any) -> Preset:
    known = {*_TEXTS, *_OPTIONS, "departs", "setting", "across", "vary"}
    sound = isinstance(content, dict) and {*_TEXTS} <= content.keys() <= known
    if not sound or ("setting" in content) == ("across" in content):
        raise DesignError(
            f"preset {name}: needs {', '.join(_TEXTS)} and setting or across; allowed: {', '.join(sorted(known))}"
        )
    options = {key: kind(content[key]) for key, kind in _OPTIONS.items() if key in content}
    return Preset(
        name=name,
        **{key: " ".join(str(content[key]).split()) for key in _TEXTS},
        departs=tuple(" ".join(str(one).split()) for one in content.get("departs", ())),
        setting=str(content.get("setting", "")),
        across=str(content.get("across", "")),
        vary=split_vary(content.get("vary", {})),
        options=options,
    )
