"""Does every wording and every level of every shared factor keep a setting's promises?

``reading.py`` proves the base text whenever a setting is loaded. This goes on to what takes seconds: every combination
of versions at every level of the setting's own factors, and every level of every shared factor in the base wording, by
itself and with each level of each other one that it can be in force with.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from gyges.errors import SettingError
from gyges.settings.facts import scene_faults
from gyges.settings.levels import Edit, Level
from gyges.settings.model import Setting
from gyges.settings.problems import Problem
from gyges.settings.records import Resolved

__all__ = ["Proof", "prove"]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was rendered, and what was wrong with it."""

    problems: tuple[Problem, ...]
    wordings: int
    """Scenes of all wordings: versions × own levels × values."""
    levels: int
    """Scenes of single levels of shared factors, at every own level at which they are possible."""
    pairs: int
    """Scenes of two levels of different factors."""


@functools.lru_cache(maxsize=8)
def prove(setting: Setting) -> Proof:
    """Render everything that its components and the shared factors give, and look for facts that are lost.

    Args:
        setting: A setting that was loaded, so its base text is sound.
    """
    problems: dict[str, Problem] = {}
    counts = {"wordings": 0, "levels": 0, "pairs": 0}
    for kind, at, faults in _all(setting):
        counts[kind] += 1
        for line, message in faults:
            # One fault shows in many scenes; the first of them is told.
            file = str(setting.folder.joinpath("setting.yaml"))
            problems.setdefault(message, Problem(file, max(1, line), f"at {at}: {message}"))
    return Proof(tuple(problems.values()), **counts)


def _all(setting: Setting) -> Iterator[tuple[str, str, list[tuple[int, str]]]]:
    for wording in setting.wordings():
        for own in setting.template.combinations():
            scene = setting.template.scene(own, (), wording.blocks, wording.id)
            faults = list(scene_faults(scene, own, setting.facts))
            yield "wordings", f"wording {wording.id}, {_named(own)}", faults
    levels = [
        Edit(name, level) for name, factor in setting.shared.items() for level in factor.samples()
    ]
    for edit in levels:
        for own in setting.template.combinations():
            yield from _levels(setting, "levels", own, {edit.factor: edit.level})
    first = next(setting.template.combinations())
    for one, two in itertools.combinations(levels, 2):
        if one.factor != two.factor:
            yield from _levels(
                setting, "pairs", first, {one.factor: one.level, two.factor: two.level}
            )


def _levels(
    setting: Setting, kind: str, own: dict[str, str], chosen: dict[str, Level]
) -> Iterator[tuple[str, str, list[tuple[int, str]]]]:
    asked = {name: level for name, level in own.items() if name != "value"}
    try:
        found = setting.resolve({**asked, **{name: level.name for name, level in chosen.items()}})
    except SettingError:
        # Levels that exclude each other are no scene.
        return
    if {**asked, **found.own} != asked:
        # The level brings an own level with it; that scene comes in its own turn.
        return
    at = f"{_named(own)}, " + ", ".join(f"{name}={level.name}" for name, level in chosen.items())
    yield kind, at, _faults(setting, found, own)


def _faults(setting: Setting, found: Resolved, own: dict[str, str]) -> list[tuple[int, str]]:
    levels = {**own, **found.own}
    scene = setting.template.scene(levels, found.edits)
    return list(scene_faults(scene, levels, setting.facts, found.edits))


def _named(levels: dict[str, str]) -> str:
    return ", ".join(f"{factor}={level}" for factor, level in levels.items())
