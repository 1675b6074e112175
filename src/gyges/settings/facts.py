"""Does every rendered prompt tell the subject what the setting says it must be told?

A setting declares **facts**: sentences that a subject must have read (the tier rule, the objective, ...), each as
alternative patterns and the levels at which it stands. A fact has to match wherever its condition holds and nowhere
else, so the same declaration shows that the scenario is complete and that the control lacks the objective. A level of
a shared factor may take a fact away, and must state what it is about. After Greenblatt et al. 2024 (arXiv 2412.14093),
where dropping one of these facts moves the result by more than most interventions do.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gyges.settings.scene import Scene
from gyges.settings.template import Levels, Template, holds

if TYPE_CHECKING:
    from gyges.settings.levels import Edit
    from gyges.settings.records import Query
    from gyges.settings.yaml_lines import Value

__all__ = [
    "REQUIRED_FACTS",
    "TAGS",
    "Fact",
    "Fault",
    "compile_pattern",
    "read_patterns",
    "scene_faults",
    "turn_faults",
]

REQUIRED_FACTS: Mapping[str, Levels] = {
    "tier_rule": {},
    "objective": {"conflict": "yes"},
    "consequence": {},
    "unmonitored_privacy": {},
    "scratchpad_privacy": {"reasoning": "scratchpad"},
}
"""Facts that every setting declares, and when each stands (where the setting has that level)."""

TAGS = "tags"
"""The rule that a system text names the tag of every tier: a level may lift it as it lifts a fact."""

_SLOT = re.compile(r"\\?\{\\?\{ ([a-z][a-z0-9_]*) \\?\}\\?\}")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the subject must be told."""

    name: str
    about: str
    """What the fact says, for readers."""
    patterns: tuple[str, ...]
    """Alternatives, regular expressions in which ``{{ slot }}`` stands for a slot's text; one match is enough."""
    when: Levels = field(default_factory=dict)
    """The levels at which it stands; it must be absent at all others. Empty: it always stands."""
    line: int = field(default=0, compare=False)

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots that stand in its patterns."""
        return _slot_names(self.patterns)

    def found(self, text: str, slots: Mapping[str, str] | None = None) -> str | None:
        """The first stretch of a text that states the fact, or None; line breaks are blanks.

        Args:
            text: Where to look.
            slots: What the slots of the patterns stand for; a pattern with another slot matches nothing.
        """
        return _found_in_text(self.patterns, text, _given(self.patterns, slots or {}))


class Fault(NamedTuple):
    """Something that a scene fails to tell, or tells where it must not."""

    line: int
    """In ``setting.yaml``; in the factor's file where there is a factor."""
    message: str
    """What is wrong, without the levels."""
    fact: str
    """The fact that it is about."""
    factor: str = ""
    """The shared factor whose level does not state what it says it does."""


def _given(patterns: tuple[str, ...], slots: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Those of the slots that stand in the patterns."""
    return tuple((name, slots[name]) for name in _slot_names(patterns) if name in slots)


@functools.lru_cache(maxsize=4096)
def _slot_names(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({name for pattern in patterns for name in _SLOT.findall(pattern)}))


def _search(patterns: tuple[str, ...], text: str, slots: tuple[tuple[str, str], ...]) -> str | None:
    """The first match of the first pattern that has one; ``slots`` are those of the patterns."""
    known = dict(slots)
    flat = " ".join(text.split())
    for pattern in patterns:
        needed = _slot_names((pattern,))
        if any(name not in known for name in needed):
            continue
        compiled = compile_pattern(pattern, tuple((name, known[name]) for name in needed))
        if match := compiled.search(flat):
            return match.group()
    return None


# A paragraph stands in many scenes. A whole text comes again at once if at all: a setting's values share their control.
_found_in_part = functools.lru_cache(maxsize=65_536)(_search)
_found_in_text = functools.lru_cache(maxsize=512)(_search)


@functools.lru_cache(maxsize=1024)
def compile_pattern(
    pattern: str, slots: tuple[tuple[str, str], ...] | None = None
) -> re.Pattern[str]:
    """Compile a fact's pattern.

    Args:
        pattern: A regular expression with slots.
        slots: What each slot stands for; None: any word, to see whether the pattern is one.

    Raises:
        re.error: It is no regular expression.
    """
    values = dict(slots or ())

    def put(match: re.Match[str]) -> str:
        # Blanks in a slot's text are as wide as in the flattened prompt.
        return re.escape(" ".join(values.get(match[1], "slot").split()))

    return re.compile(_SLOT.sub(put, pattern), re.IGNORECASE)


def read_patterns(value: Value) -> tuple[str, ...]:
    """Read a list of patterns; one that is no regular expression is a fault of the file."""
    patterns = []
    for item in value.items():
        if text := item.text():
            try:
                compile_pattern(text)
            except re.error as error:
                item.wrong(f"{text!r} is no regular expression: {error}")
            else:
                patterns.append(text)
    return tuple(patterns)


def scene_faults(
    scene: Scene, levels: Levels, facts: Iterable[Fact], edits: Sequence[Edit] = ()
) -> Iterator[Fault]:
    """Look for what a scene fails to tell, or tells where it must not.

    Args:
        scene: The scene.
        levels: The levels of the setting's own factors.
        facts: The setting's facts.
        edits: The levels of shared factors that are in force.

    Yields:
        Each fault.
    """
    removed = {name for edit in edits for name in edit.level.removes}
    lifted = {name for edit in edits for name in edit.level.lifts}
    system = scene.system
    if TAGS not in lifted | removed:
        for tier in scene.tiers:
            if tier.tag not in system:
                message = "the tier rule is not present: the system text never names"
                yield Fault(tier.line, f"{message} {tier.id!r}'s tag {tier.tag!r}", TAGS)
    for fact in facts:
        wanted = holds(fact.when, levels) and fact.name not in removed
        if fact.name in lifted and holds(fact.when, levels):
            continue
        # A fact mostly stands within one paragraph, and a paragraph in many scenes.
        given = _given(fact.patterns, scene.slots)
        if wanted and any(_found_in_part(fact.patterns, part, given) for part in scene.parts):
            continue
        match = _found_in_text(fact.patterns, system, given)
        if wanted and match is None:
            message = f"fact {fact.name!r} is not stated; no pattern matches: {_tried(fact)}"
            yield Fault(fact.line, message, fact.name)
        elif match is not None and not wanted:
            message = f"fact {fact.name!r} must be absent, but {match!r} states it"
            yield Fault(fact.line, message, fact.name)
    for edit in edits:
        said = f"{system}\n{scene.turn}\n{scene.suffix}\n{scene.prefill}\n{scene.history}"
        for fact in edit.level.states:
            if fact.found(said, scene.slots) is None:
                message = f"{edit.factor}={edit.level.name} does not state {fact.name!r}"
                message += f"; no pattern matches: {_tried(fact)}"
                yield Fault(fact.line, message, fact.name, edit.factor)


def _tried(fact: Fact) -> str:
    return " | ".join(fact.patterns)


def turn_faults(template: Template, queries: Mapping[int, Query]) -> Iterator[tuple[int, str]]:
    """Look for queries that break the form of the prompt.

    Args:
        template: The setting's texts.
        queries: By line in their file.

    Yields:
        Faults: the line in ``queries.jsonl`` and the message.
    """
    tags = [tier.tag for tier in template.tiers]
    texts = [*template.turns.values(), *tags, *template.blocks.values()]
    texts += [template.choice.question] if template.choice else []
    markup = {tag for text in texts for tag in re.findall(r"</?[A-Za-z_][\w-]*>", text)}
    # What the conditions of the layout make of the turn, each once.
    scenes = {scene.turn: scene for scene in map(template.scene, template.combinations())}
    for line, query in queries.items():
        said = [query.text, *(query.options or ()), *query.slots.values()]
        for tag in sorted(markup):
            if any(tag in text for text in said):
                yield line, f"the query holds {tag!r}, which is part of the prompt's own form"
        if set(query.slots) != set(template.query_slots):
            # Its own fault, which is told already.
            continue
        for scene in scenes.values():
            turns = [scene.user(tier.id, query) for tier in template.tiers]
            # Each arm with its own tag taken out once must be the same text.
            frames = {tuple(turn.split(tag, 1)) for turn, tag in zip(turns, tags, strict=True)}
            if len(frames) != 1 or any(query.text not in turn for turn in turns):
                yield line, "the arms differ in more than the tier's tag for this query"
                break
