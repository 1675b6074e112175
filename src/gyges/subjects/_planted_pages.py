"""What does a system text say, as one setting reads it: which wording is it, and which facts does it state?

The distance from the reference wording is the one that studies give in ``wording_distance``: the normalised Indel
distance over words, computed by RapidFuzz.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gyges.settings import BASE, Edit, Scene, Setting, Tier

if TYPE_CHECKING:
    from gyges.subjects._planted_guides import Guide

__all__ = ["Page", "Text"]


class Text:
    """A system text, made ready for looking things up in it.

    Args:
        system: The text.
    """

    def __init__(self, system: str) -> None:
        self.system = system
        self.paragraphs = frozenset(system.split("\n\n"))
        self._framed = f"\n\n{system}\n\n"

    @cached_property
    def flat(self) -> str:
        """The text on one line."""
        return " ".join(self.system.split())

    @cached_property
    def words(self) -> list[str]:
        """Its words in order."""
        return self.system.split()

    def find(self, text: str) -> tuple[int, int] | None:
        """Where a text stands as paragraphs of its own; None where it does not."""
        if text.partition("\n\n")[0] not in self.paragraphs:
            return None
        at = self._framed.find(f"\n\n{text}\n\n")
        return None if at < 0 else (at, at + len(text) + 2)

    def left(self, spans: Sequence[tuple[int, int]]) -> str:
        """What stands outside some stretches, without blanks at its ends."""
        kept, end = [], 0
        for start, stop in sorted(spans):
            kept.append(self._framed[end : max(start, end)])
            end = max(end, stop)
        return "".join([*kept, self._framed[end:]]).strip()


@dataclass(frozen=True, eq=False)
class Page:
    """What a system text says, as one setting reads it."""

    setting: Setting
    guide: Guide
    blocks: int
    """How many of the setting's own blocks stand in it."""
    versions: Mapping[str, int]
    """The version of each component; empty unless the whole text is explained by the setting."""
    explained: bool
    edits: tuple[Edit, ...]
    """Levels of shared factors whose texts stand in it."""
    probability: float
    parts: tuple[str, ...]
    """The paragraphs of which it is known whose they are."""
    text: Text
    reference: str | None
    """The text of a published wording, from which distances are measured; None: wording 0."""

    @cached_property
    def stated(self) -> frozenset[str]:
        """The facts that it states, the setting's and those of the levels."""
        names = {fact.name for edit in self.edits for fact in edit.level.states}
        names.update(*map(self.guide.facts_in, self.parts))
        # A fact mostly stands within one part, but need not.
        rest = (fact for fact in self.setting.facts if fact.name not in names)
        return frozenset({*names, *self.guide.facts_of(rest, self.text.flat)})

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers that it tells of."""
        return self.guide.tiers

    @cached_property
    def wording(self) -> str:
        """Names the wording where it is known, else is the text without tags."""
        if self.explained:
            return f"{self.setting.id}/{self._wording_id}"
        text = self.text.system
        for tier in self.tiers:
            text = text.replace(tier.tag, "") if tier.tag else text
        return text

    @cached_property
    def digest(self) -> str:
        """Stands for the text where answers are drawn."""
        return hashlib.blake2b(self.text.system.encode(), digest_size=8).hexdigest()

    @cached_property
    def choices(self) -> Mapping[str, int]:
        """How many versions each of the setting's components has."""
        return {one.name: len(one.versions) for one in self.setting.components}

    @cached_property
    def told(self) -> str | None:
        """The tier whose tag alone stands in the text; None where several do or none does."""
        found = [tier.id for tier in self.tiers if tier.tag and tier.tag in self.text.system]
        return found[0] if len(found) == 1 else None

    @cached_property
    def distance(self) -> float:
        """From the reference wording: of the wording as such where it is known, else of the text at its levels."""
        if self.reference is not None and self.text.system == self.reference:
            return 0.0
        if self.explained:
            # Studies describe a wording at the default levels, whatever else varies.
            wording = self.setting.wording(self._wording_id)
            words = self.setting.scene({}, wording).system.split()
            other = self.reference or self.setting.scene({}).system
            return _distance(words, other.split())
        if self.reference is not None:
            return _distance(self.text.words, self.reference.split())
        return min(_distance(self.text.words, scene.system.split()) for scene in self._alike())

    @property
    def _wording_id(self) -> str:
        # A component none of whose blocks stands at these levels reads the same in every version.
        versions = [self.versions.get(one.name, 0) for one in self.setting.components]
        return ".".join(map(str, versions)) if any(versions) else BASE

    def _alike(self) -> Iterator[Scene]:
        """Wording 0 at those levels of the setting's own factors that fit the stated facts best."""
        template = self.setting.template
        conditions = [(dict(fact.when), fact.name in self.stated) for fact in self.setting.facts]

        def faults(levels: Mapping[str, str]) -> int:
            return sum(
                all(levels.get(name) == level for name, level in when.items()) != stated
                for when, stated in conditions
            )

        combinations = list(template.combinations())
        fewest = min(map(faults, combinations))
        for levels in combinations:
            if faults(levels) == fewest:
                yield template.scene(levels, self.edits)


def _distance(one: list[str], other: list[str]) -> float:
    from rapidfuzz.distance import Indel

    return float(Indel.normalized_distance(one, other))
