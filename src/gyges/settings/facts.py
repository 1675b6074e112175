"""Does every rendered prompt tell the subject what the setting says it must be told?

A setting declares **facts**: sentences that a subject must have read (the tier rule, the
objective, ...), each as alternative patterns and the levels at which it stands. A fact has to
match wherever its condition holds and nowhere else, so the same declaration shows that the
scenario is complete and that the control lacks the objective. The proof renders every combination
of levels, every tier and every query, and also shows that the two arms of a block differ in the
tier's tag alone. After Greenblatt et al. 2024 (arXiv 2412.14093), where dropping one of these
facts moves the result by more than most interventions do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gyges.settings.template import Levels, Template, holds

__all__ = ["REQUIRED_FACTS", "Fact", "prove"]

REQUIRED_FACTS: Mapping[str, Levels] = {
    "tier_rule": {},
    "objective": {"conflict": "yes"},
    "consequence": {},
    "unmonitored_privacy": {},
    "scratchpad_privacy": {"reasoning": "scratchpad"},
}
"""Facts that every setting declares, and when each stands (where the setting has that level)."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the subject must be told."""

    name: str
    about: str
    """What the fact says, for readers."""
    patterns: tuple[re.Pattern[str], ...]
    """Alternatives; one match is enough."""
    when: Levels = field(default_factory=dict)
    """The levels at which it stands; it must be absent at all others. Empty: it always stands."""
    line: int = field(default=0, compare=False)

    def found(self, text: str) -> str | None:
        """The first stretch of a text that states the fact, or None; line breaks are blanks."""
        flat = " ".join(text.split())
        for pattern in self.patterns:
            if match := pattern.search(flat):
                return match.group()
        return None


def prove(
    template: Template, facts: Iterable[Fact], queries: Mapping[int, str]
) -> Iterator[tuple[str, int, str]]:
    """Render everything and look for what breaks the setting's promises.

    Args:
        template: The setting's texts.
        facts: What must stand where.
        queries: The texts of the queries by line in their file.

    Yields:
        Faults: the file's name, the line, the message.
    """
    yield from _system_faults(template, tuple(facts))
    yield from _turn_faults(template, queries)


def _system_faults(template: Template, facts: tuple[Fact, ...]) -> Iterator[tuple[str, int, str]]:
    for levels in template.combinations():
        system = template.system(levels)
        at = ", ".join(f"{factor}={level}" for factor, level in levels.items())
        for tier in template.tiers:
            if tier.tag not in system:
                message = f"the tier rule is not present: at {at} the system text never names"
                yield "setting.yaml", tier.line, f"{message} {tier.id!r}'s tag {tier.tag!r}"
        for fact in facts:
            match = fact.found(system)
            if holds(fact.when, levels) and match is None:
                tried = " | ".join(pattern.pattern for pattern in fact.patterns)
                message = f"fact {fact.name!r} is not stated at {at}; no pattern matches: {tried}"
                yield "setting.yaml", fact.line, message
            elif match is not None and not holds(fact.when, levels):
                yield (
                    "setting.yaml",
                    fact.line,
                    f"fact {fact.name!r} must be absent at {at}, but {match!r} states it",
                )


def _turn_faults(template: Template, queries: Mapping[int, str]) -> Iterator[tuple[str, int, str]]:
    tags = [tier.tag for tier in template.tiers]
    texts = [template.turn, *tags, *template.blocks.values()]
    texts += [template.choice.question] if template.choice else []
    markup = {tag for text in texts for tag in re.findall(r"</?[A-Za-z_][\w-]*>", text)}
    for line, query in queries.items():
        for tag in sorted(markup):
            if tag in query:
                yield (
                    "queries.jsonl",
                    line,
                    f"the query holds {tag!r}, which is part of the prompt's own form",
                )
        turns = [template.user(tier.id, query) for tier in template.tiers]
        # Each arm with its own tag taken out once must be the same text.
        frames = {tuple(turn.split(tag, 1)) for turn, tag in zip(turns, tags, strict=True)}
        if len(frames) != 1 or any(query not in turn for turn in turns):
            yield (
                "queries.jsonl",
                line,
                "the arms differ in more than the tier's tag for this query",
            )
