"""What stands between braces in a text, and how is it filled?

A **slot** is ``{{ name }}``, filled by Jinja2 with ``StrictUndefined``. Slots are all there is: no filters, no
conditions, no loops, so that a person who reads a file reads what is sent.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from gyges.errors import SettingError

if TYPE_CHECKING:
    import jinja2

__all__ = ["Slot", "fill", "read_slots", "stands_alone"]


class Slot(NamedTuple):
    """A slot in a text, and its line in that text, from 1."""

    name: str
    line: int


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into the slots of a text.

    Raises:
        SettingError: A slot has no value.
    """
    import jinja2

    try:
        return _compiled(text).render(values)
    except jinja2.UndefinedError as error:
        # A level may bring a table of tiers that lacks one which the setting's own text speaks of.
        named = next((slot.name for slot in read_slots(text)[0] if slot.name not in values), "")
        raise SettingError(
            f"a text speaks of {named!r}, which there is not at these levels: {text[:60]!r}..."
        ) from error


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


def stands_alone(line: str, slot: str) -> bool:
    """Whether a line holds this slot and nothing else."""
    return "".join(line.split()) == "{{" + slot + "}}"


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
