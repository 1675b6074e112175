"""Which wordings does a setting have, and what is each called?

A setting is split into **components**, groups of blocks that are reworded apart from each other. Version 0 of a
component is ``system.md`` itself; ``wordings/COMPONENT.md`` holds the further versions under ``## BLOCK/N``. Any
version of one goes with any version of the others, so five versions of three components are 125 wordings. A wording is
named by its versions in the components' order, ``2.0.4``; wording 0, the library's base text, is ``0``.

Other wordings come from files: a user's copy of a published text, or paraphrases that a model wrote.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources.abc import Traversable

from gyges.errors import SettingError
from gyges.settings.files import read_source
from gyges.settings.problems import Problems

__all__ = ["BASE", "Component", "Wording", "read_components", "read_versions", "wording_files"]

BASE = "0"
"""The id of the library's own text."""

FOLDER = "wordings"

_HEADING = re.compile(r"##(?!#)\s*(.*)")
_NAME = re.compile(r"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)/([1-9][0-9]?)")


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a setting's system text that is reworded apart from the others."""

    name: str
    blocks: tuple[str, ...]
    versions: tuple[Mapping[str, str], ...] = ({},)
    """For each version, block to text; version 0 is empty: the text of ``system.md``."""
    line: int = field(default=0, compare=False)
    """Where ``setting.yaml`` declares it."""
    lines: tuple[Mapping[str, int], ...] = field(default=({},), compare=False)
    """For each version, block to the line of the component's file in which its text begins."""

    @property
    def file(self) -> str:
        """Where its further versions stand, in the setting's folder."""
        return f"{FOLDER}/{self.name}.md"


@dataclass(frozen=True, slots=True)
class Wording:
    """One meaning-preserving version of a setting's system text."""

    id: str
    versions: Mapping[str, int] = field(default_factory=dict)
    """Component to its version; empty where the wording is not put together from versions."""
    blocks: Mapping[str, str] = field(default_factory=dict)
    """Texts that stand in the place of wording 0's."""
    system: str | None = None
    """A whole system text, verbatim; the layout is not used."""
    about: Mapping[str, str] = field(default_factory=dict)
    """Where it comes from, for a study's record."""


def component_wordings(components: tuple[Component, ...]) -> Iterator[Wording]:
    """Give every combination of versions, the base first, the last component fastest."""
    for versions in itertools.product(*(range(len(one.versions)) for one in components)):
        yield make_wording(components, versions)


def make_wording(components: tuple[Component, ...], versions: tuple[int, ...]) -> Wording:
    """Put a wording together from versions.

    Args:
        components: The setting's components.
        versions: A version of each, in their order.
    """
    blocks: dict[str, str] = {}
    for component, version in zip(components, versions, strict=True):
        blocks |= component.versions[version]
    name = ".".join(map(str, versions)) if any(versions) else BASE
    named = {one.name: version for one, version in zip(components, versions, strict=True)}
    return Wording(name, named, blocks)


def find_wording(components: tuple[Component, ...], name: str, setting: str) -> Wording:
    """Find a wording by its id.

    Raises:
        SettingError: There is none of this name; the message says what names look like.
    """
    if name == BASE:
        return make_wording(components, (0,) * len(components))
    numbers = name.split(".")
    if components and len(numbers) == len(components) and all(one.isdecimal() for one in numbers):
        versions = tuple(map(int, numbers))
        if all(at < len(one.versions) for at, one in zip(versions, components, strict=True)):
            return make_wording(components, versions)
    if not components:
        raise SettingError(f"setting {setting!r} has no wording {name!r}; it has only the base, 0")
    most = ".".join(str(len(one.versions) - 1) for one in components)
    named = ", ".join(one.name for one in components)
    raise SettingError(
        f"setting {setting!r} has no wording {name!r}; wordings are named by a version of each of {named}, from 0 (the "
        f"base) to {most}"
    )


def wording_files(folder: Traversable) -> list[Traversable]:
    """The files of a setting's further versions, by name."""
    inside = folder.joinpath(FOLDER)
    if not inside.is_dir():
        return []
    return sorted(
        (one for one in inside.iterdir() if one.name.endswith(".md")), key=lambda one: one.name
    )


def read_components(
    folder: Traversable, components: tuple[Component, ...], problems: Problems
) -> tuple[Component, ...]:
    """Read the further versions of a setting's components; a file of none of them is a fault."""
    for one in wording_files(folder):
        name = one.name.removesuffix(".md")
        if name not in {component.name for component in components}:
            known = ", ".join(component.name for component in components) or "no components"
            message = f"there is no component {name!r}; setting.yaml declares {known}"
            problems.add(str(one), 1, message)
    return tuple(read_versions(folder, one, problems) for one in components)


def read_versions(folder: Traversable, component: Component, problems: Problems) -> Component:
    """Read the further versions of a component.

    Args:
        folder: The setting's folder.
        component: Its name and blocks.
        problems: Where faults are noted: a missing file, an odd heading, a version that lacks a block.

    Returns:
        The component with the versions that are whole.
    """
    inside = folder.joinpath(FOLDER)
    source = read_source(inside, f"{component.name}.md", problems) if inside.is_dir() else None
    if source is None:
        if not inside.is_dir():
            problems.add(
                str(folder.joinpath("setting.yaml")),
                component.line,
                f"component {component.name!r} has no further versions: {component.file} is missing",
            )
        return component
    found: dict[int, dict[str, str]] = {}
    stands: dict[int, dict[str, int]] = {}
    lines = source.text.split("\n")
    starts = [number for number, line in enumerate(lines) if _HEADING.fullmatch(line)]
    for start, end in itertools.pairwise([*starts, len(lines)]):
        heading = _HEADING.fullmatch(lines[start])
        name = _NAME.fullmatch(heading[1].strip()) if heading else None
        first, last = start + 1, end
        while first < last and not lines[first].strip():
            first += 1
        while last > first and not lines[last - 1].strip():
            last -= 1
        text = "\n".join(lines[first:last])
        if name is None or name[1] not in component.blocks:
            message = (
                f"{lines[start]!r} names no version of a block; write '## {component.blocks[0]}/1'"
            )
            allowed = f"the blocks of {component.name} are {', '.join(component.blocks)}"
            problems.add(source.file, start + 1, f"{message}; {allowed}")
        elif not text:
            problems.add(source.file, start + 1, f"{lines[start]!r} is empty")
        elif name[1] in found.setdefault(int(name[2]), {}):
            problems.add(source.file, start + 1, f"{lines[start]!r} stands twice")
        else:
            found[int(name[2])][name[1]] = text
            stands.setdefault(int(name[2]), {})[name[1]] = first + 1
    for number in range(1, max(found, default=0) + 1):
        lacking = [block for block in component.blocks if block not in found.get(number, {})]
        if lacking:
            missing = ", ".join(f"{block}/{number}" for block in lacking)
            line = min(stands.get(number, {}).values(), default=1)
            problems.add(source.file, line, f"version {number} lacks {missing}")
    if not starts:
        message = f"holds no version of {component.name!r}; write '## {component.blocks[0]}/1'"
        problems.add(source.file, 1, message)
    numbers = range(1, max(found, default=0) + 1)
    return replace(
        component,
        versions=({}, *(found.get(number, {}) for number in numbers)),
        lines=({}, *(stands.get(number, {}) for number in numbers)),
    )
