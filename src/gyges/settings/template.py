"""How do blocks, levels and slots become the two messages that a subject reads?

The system text is the blocks of the layout whose conditions hold, in order, one blank line apart;
the user's turn is one block. Both hold slots, ``{{ name }}``, filled by Jinja2 with
``StrictUndefined``. Slots are all there is: no filters, no conditions, no loops, so that a person
who reads the file reads what is sent. The tier goes into the user's turn only; the system text
cannot depend on it, which lets a prefix cache serve both arms.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gyges.errors import SettingError, nearest

if TYPE_CHECKING:
    import jinja2

__all__ = [
    "CHOICE_SLOTS",
    "LETTERS",
    "RESERVED_SLOTS",
    "TURN_SLOTS",
    "Choice",
    "Levels",
    "Part",
    "Slot",
    "Template",
    "Tier",
    "holds",
    "read_slots",
]

Levels = Mapping[str, str]
"""One level for each factor."""

TURN_SLOTS = ("tier", "query")
"""Slots that the user's turn must have, once each; the system text has none of them."""

CHOICE_SLOTS = ("option_a", "option_b")
"""Slots that the question of a forced choice must have, once each."""

LETTERS = ("A", "B")
"""By which letters the two answers of a forced choice are named."""

RESERVED_SLOTS = frozenset(
    {
        *TURN_SLOTS,
        *CHOICE_SLOTS,
        "true",
        "false",
        "none",
        "not",
        "and",
        "or",
        "in",
        "is",
        "if",
        "else",
        "self",
        "super",
        "loop",
    }
)
"""Names that no setting may give to a slot: ours, and words of the template language."""


class Slot(NamedTuple):
    """A slot in a text, and its line in that text, from 1."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Tier:
    """What a subject is told about oversight of the conversation."""

    id: str
    tag: str
    """What stands for this tier in the user's turn, verbatim."""
    meaning: str
    """One plain sentence for readers."""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A block in the layout, and when it stands."""

    block: str
    when: Levels = field(default_factory=dict)
    """Factor to level; all must hold. Empty: always."""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """What follows the user's turn where two described answers are to be chosen from."""

    question: str
    """The text, with a slot for each answer."""
    comply: str
    """Describes the answer that follows the objective."""
    refuse: str
    """Describes the answer that does not."""

    def text(self, complies: str) -> str:
        """Put the question to the subject.

        Args:
            complies: The letter that the complying answer gets.

        Raises:
            SettingError: There is no such letter.
        """
        if complies not in LETTERS:
            raise SettingError(f"no letter {complies!r} in a choice; {nearest(complies, LETTERS)}")
        options = (self.comply, self.refuse)
        in_order = options if complies == LETTERS[0] else options[::-1]
        return _compiled(self.question).render(dict(zip(CHOICE_SLOTS, in_order, strict=True)))

    def split(self, user: str) -> tuple[str, str | None]:
        """Take this question off the end of a user's turn.

        Returns:
            What stands before it, and the letter that complies; the turn as it is and None where it does not end so.
        """
        for letter in LETTERS:
            question = self.text(letter)
            if user.rstrip().endswith(question):
                return user.rstrip().removesuffix(question).rstrip(), letter
        return user, None


def holds(when: Levels, levels: Levels) -> bool:
    """Whether a condition is met at these levels."""
    return all(levels[factor] == level for factor, level in when.items())


@dataclass(frozen=True)
class Template:
    """Everything that decides a setting's messages."""

    layout: tuple[Part, ...]
    blocks: Mapping[str, str]
    turn: str
    """The user's turn."""
    slots: Mapping[str, str]
    tiers: tuple[Tier, ...]
    factors: Mapping[str, tuple[str, ...]]
    choice: Choice | None = None
    """What a forced choice asks; None where the setting has none."""
    _systems: dict[tuple[tuple[str, str], ...], str] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def combinations(self) -> Iterator[dict[str, str]]:
        """Every combination of the factors' levels, the first factor slowest."""
        for levels in itertools.product(*self.factors.values()):
            yield dict(zip(self.factors, levels, strict=True))

    def system(self, levels: Levels) -> str:
        """The system text at these levels.

        Raises:
            SettingError: A factor or a level is not the setting's.
        """
        for factor, level in levels.items():
            if factor not in self.factors:
                raise SettingError(f"no factor {factor!r}; {nearest(factor, self.factors)}")
            if level not in self.factors[factor]:
                allowed = nearest(level, self.factors[factor])
                raise SettingError(f"no level {level!r} of factor {factor!r}; {allowed}")
        # The same few texts serve every trial of a study.
        key = tuple(sorted(levels.items()))
        if key not in self._systems:
            values = {**self.slots, **{tier.id: tier.tag for tier in self.tiers}}
            standing = (part.block for part in self.layout if holds(part.when, levels))
            self._systems[key] = "\n\n".join(
                _compiled(self.blocks[name]).render(values) for name in standing
            )
        return self._systems[key]

    def user(self, tier: str, query: str) -> str:
        """The user's turn for a query, which is inserted letter for letter.

        Raises:
            SettingError: The tier is not the setting's.
        """
        tags = {one.id: one.tag for one in self.tiers}
        if tier not in tags:
            raise SettingError(f"no tier {tier!r}; {nearest(tier, tags)}")
        return _compiled(self.turn).render({**self.slots, "tier": tags[tier], "query": query})


def read_slots(text: str) -> tuple[list[Slot], list[tuple[int, str]]]:
    """Find the slots of a template, and everything in it that is more than a slot.

    Returns:
        The slots in order, and pairs of line (from 1) and message for what isn't allowed.
    """
    import jinja2

    slots: list[Slot] = []
    faults: list[tuple[int, str]] = []
    inside: list[tuple[str, str]] | None = None
    try:
        for line, kind, value in _environment().lex(text):
            if kind == "variable_begin" and value == "{{":
                inside = []
            elif inside is not None and kind != "variable_end":
                inside.append((kind, value))
            elif inside is not None:
                tokens = [token for token in inside if token[0] != "whitespace"]
                if [token[0] for token in tokens] == ["name"] and value == "}}":
                    slots.append(Slot(tokens[0][1], line))
                else:
                    wrote = "{{" + "".join(token[1] for token in inside) + value
                    faults.append(
                        (line, f"{wrote!r} is more than a slot; only {{{{ name }}}} is allowed")
                    )
                inside = None
            elif kind.endswith("_begin"):
                # The tokens inside it are passed over: one message is enough.
                message = f"{value!r} opens template logic; only slots {{{{ name }}}} are allowed"
                faults.append((line, message))
        if inside is not None:
            faults.append((text.count("\n") + 1, "a slot opens with {{ and is never closed"))
    except jinja2.TemplateSyntaxError as error:
        faults.append((error.lineno, f"the template can't be read: {error.message}"))
    return slots, faults


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    # Prompts are plain text, not HTML: escaping would change what the subject reads.
    return jinja2.Environment(
        undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True
    )


@functools.lru_cache(maxsize=4096)
def _compiled(text: str) -> jinja2.Template:
    return _environment().from_string(text)
