"""Does every wording and every level of every shared factor keep a setting's promises?

``reading.py`` proves the base text whenever a setting is loaded. This goes on to what takes seconds: every combination
of versions at every level of the setting's own factors, and every level of every shared factor in the base wording, by
itself and with each level of each other one that it can be in force with.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, field
from importlib.resources import files

from gyges.errors import SettingError
from gyges.settings.facts import TAGS, Fault, scene_faults
from gyges.settings.files import FACTORS
from gyges.settings.levels import Edit
from gyges.settings.model import Setting
from gyges.settings.problems import Problem
from gyges.settings.slots import fill
from gyges.settings.template import Levels, holds, tier_slots
from gyges.settings.wordings import Component, Wording

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
    """Scenes of two levels of different factors, at the first own levels at which they are possible together."""


@functools.lru_cache(maxsize=8)
def prove(setting: Setting) -> Proof:
    """Render everything that its components and the shared factors give, and look for facts that are lost.

    Args:
        setting: A setting that was loaded, so its base text is sound.
    """
    found = _Found(setting)
    wordings = levels = pairs = 0
    for wording in setting.wordings():
        for own in setting.template.combinations():
            wordings += 1
            scene = setting.template.scene(own, (), wording.blocks, wording.id)
            for fault in scene_faults(scene, own, setting.facts):
                found.in_wording(wording, own, fault)
    edits = [
        Edit(name, level) for name, factor in setting.shared.items() for level in factor.samples()
    ]
    for edit in edits:
        for own in setting.template.combinations():
            levels += _in_force(setting, own, (edit,), found)
    for pair in itertools.combinations(edits, 2):
        if pair[0].factor != pair[1].factor:
            # One scene is enough: what own levels do to each of the two has been seen.
            tried = (
                _in_force(setting, own, pair, found) for own in setting.template.combinations()
            )
            pairs += any(tried)
    return Proof(tuple(found.problems), wordings, levels, pairs)


def _in_force(
    setting: Setting, own: dict[str, str], edits: tuple[Edit, ...], found: _Found
) -> bool:
    """Prove a scene in which levels of shared factors are in force, if they can be."""
    asked = {name: level for name, level in own.items() if name != "value"}
    try:
        resolved = setting.resolve({**asked, **{one.factor: one.level.name for one in edits}})
    except SettingError:
        # Levels that exclude each other, or that the own ones exclude, are no scene.
        return False
    if resolved.own != asked:
        # The level brings an own level with it; that scene comes in its own turn.
        return False
    try:
        scene = setting.template.scene(own, resolved.edits)
    except SettingError as error:
        found.at_levels(own, resolved.edits, Fault(1, str(error), ""))
        return True
    for fault in scene_faults(scene, own, setting.facts, resolved.edits):
        found.at_levels(own, resolved.edits, fault)
    return True


@dataclass(slots=True)
class _Found:
    """The faults so far; one that many scenes show is told at the smallest of its causes."""

    setting: Setting
    problems: list[Problem] = field(default_factory=list)
    _told: dict[str, list[frozenset[tuple[str, str]]]] = field(default_factory=dict)

    def in_wording(self, wording: Wording, own: dict[str, str], fault: Fault) -> None:
        """Note a fault that one version of a component has, or several versions together."""
        changed = [(name, number) for name, number in wording.versions.items() if number]
        if not self._is_new(fault, [(name, str(number)) for name, number in changed]):
            return
        parts = {one.name: one for one in self.setting.components}
        which = ", ".join(f"{parts[name].file} version {number}" for name, number in changed)
        at = f"at wording {wording.id} ({which}), {_named(own)}"
        if len(changed) == 1:
            name, number = changed[0]
            line = _line(self.setting, parts[name], number, own, fault)
            self._add(parts[name].file, line, f"{at}: {fault.message}")
        else:
            self._add("setting.yaml", fault.line, f"{at}: {fault.message}")

    def at_levels(self, own: dict[str, str], edits: tuple[Edit, ...], fault: Fault) -> None:
        """Note a fault that levels of shared factors have."""
        causes = [(edit.factor, edit.level.name) for edit in edits]
        if not self._is_new(fault, causes):
            return
        message = f"at {_named({**own, **dict(causes)})}: {fault.message}"
        if fault.factor:
            within = fault.factor in self.setting.own_factors
            home = self.setting.folder if within else files("gyges.settings")
            file = str(home.joinpath(FACTORS, f"{fault.factor}.yaml"))
            self.problems.append(Problem(file, fault.line, message))
        else:
            self._add("setting.yaml", fault.line, message)

    def _is_new(self, fault: Fault, causes: list[tuple[str, str]]) -> bool:
        told = self._told.setdefault(fault.message, [])
        if any(one <= set(causes) for one in told):
            return False
        told.append(frozenset(causes))
        return True

    def _add(self, file: str, line: int, message: str) -> None:
        self.problems.append(
            Problem(str(self.setting.folder.joinpath(file)), max(1, line), message)
        )


def _line(setting: Setting, component: Component, number: int, own: Levels, fault: Fault) -> int:
    """Where a version of a component should state a fact, as the base does, or states it and should not."""
    template = setting.template
    stand = {part.block for part in template.layout if holds(part.when, own)}
    slots = {**template.slots, **tier_slots(template.tiers)}
    lines = component.lines[number]
    fact = next((one for one in setting.facts if one.name == fault.fact), None)
    for texts in (template.blocks, component.versions[number]):
        for block in (one for one in component.blocks if one in stand):
            text = fill(texts[block], slots)
            tagged = fault.fact == TAGS and any(tier.tag in text for tier in template.tiers)
            if tagged or (fact is not None and fact.found(text, slots)):
                return lines[block]
    return min(lines.values(), default=1)


def _named(levels: dict[str, str]) -> str:
    return ", ".join(f"{factor}={level}" for factor, level in levels.items())
