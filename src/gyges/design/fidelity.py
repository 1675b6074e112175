"""Does another text of a block keep what the block promises?

Its **form**: the same slots, tags, numbers, headings and numbered paragraphs, and no template logic. Its **facts**: it
states those of the setting's facts that the block states, and no others, so that whatever was proved for wording 0 at
any level of any factor goes on to hold where the text stands in the block's place. The facts are patterns that a
setting declares; a paraphrase that says the same in words that no pattern knows is refused as well, which is the safe
side. What a pattern cannot see (a change of tone, a hedge) stays unseen.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

from gyges.settings import Setting, Wording
from gyges.settings.slots import fill, read_slots

__all__ = ["Fault", "block_faults", "form_faults", "stated_facts", "text_hash", "wording_faults"]

_TAG = re.compile(r"</?[A-Za-z_][\w-]*>")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*%?")
_HEADING = re.compile(r"^#{1,6}(?=[ \t])", re.MULTILINE)
_NUMBERED = re.compile(r"^[ \t]*(\d+)[.)][ \t]", re.MULTILINE)


class Fault(NamedTuple):
    """Why a text cannot stand in a block's place."""

    kind: str
    """One word or two: ``slots``, ``tags``, ``numbers``, ``headings``, ``logic``, ``facts``."""
    message: str


def form_faults(original: str, text: str) -> Iterator[Fault]:
    """Compare the form of two texts with slots.

    Args:
        original: The block's text.
        text: What is to stand in its place.
    """
    for _, message in read_slots(text)[1]:
        yield Fault("logic", message)
    before, after = ({slot.name for slot in read_slots(one)[0]} for one in (original, text))
    shown = "{{{{ {} }}}}".format
    if before - after:
        yield Fault("slots", f"it lacks {_listed(map(shown, sorted(before - after)))}")
    if after - before:
        yield Fault(
            "slots",
            f"it has {_listed(map(shown, sorted(after - before)))}, which the original has not",
        )
    tags, found = (Counter(_TAG.findall(one)) for one in (original, text))
    if tags - found:
        yield Fault("tags", f"it lacks {_listed(sorted(tags - found))}")
    if found - tags:
        yield Fault("tags", f"it has {_listed(sorted(found - tags))} where the original has not")
    numbers, here = (set(_NUMBER.findall(one)) for one in (original, text))
    if numbers - here:
        yield Fault("numbers", f"it lacks the number {_listed(sorted(numbers - here))}")
    if here - numbers:
        yield Fault(
            "numbers",
            f"it has the number {_listed(sorted(here - numbers))}, which the original has not",
        )
    if _HEADING.findall(original) != _HEADING.findall(text):
        marks = _listed(_HEADING.findall(original)) or "none"
        yield Fault("headings", f"its headings are not of the original's levels ({marks})")
    heads = _NUMBERED.findall(original)
    if heads != _NUMBERED.findall(text):
        what = (
            f"numbered {', '.join(heads)}, each at the beginning of a line"
            if heads
            else "not numbered"
        )
        yield Fault("headings", f"the original's paragraphs are {what}")


def stated_facts(setting: Setting, text: str) -> dict[str, str]:
    """Give the facts that a text with slots states by itself, each with the stretch that states it."""
    slots = setting.scene({}).slots
    filled = fill(text, slots)
    found = {fact.name: fact.found(filled, slots) for fact in setting.facts}
    return {name: stretch for name, stretch in found.items() if stretch is not None}


@functools.lru_cache(maxsize=1024)
def _promised(setting: Setting, block: str) -> dict[str, str]:
    return stated_facts(setting, setting.template.blocks[block])


def block_faults(setting: Setting, block: str, text: str) -> list[Fault]:
    """Say why a text cannot stand in a block's place; nothing where it can.

    Args:
        setting: The setting.
        block: The name of a block of its system text.
        text: What is to stand in its place.
    """
    faults = list(form_faults(setting.template.blocks[block], text))
    if any(fault.kind in ("logic", "slots") for fault in faults):
        # It cannot be filled.
        return faults
    before, after = _promised(setting, block), stated_facts(setting, text)
    about = {fact.name: " ".join(fact.about.split()) for fact in setting.facts}
    for name, stretch in before.items():
        if name not in after:
            message = f"it no longer states the fact {name!r} ({about[name]}), which the original states with"
            faults.append(Fault("facts", f"{message}: {stretch!r}"))
    for name, stretch in after.items():
        if name not in before:
            message = f"{stretch!r} states the fact {name!r} ({about[name]}), which the original does not state"
            faults.append(Fault("facts", message))
    return faults


def wording_faults(setting: Setting, wording: Wording) -> list[str]:
    """Prove the setting's facts in a wording at every level of the setting's own factors, and for every value.

    Returns:
        Each fault once, with the first levels at which it shows.
    """
    found: dict[str, str] = {}
    # Scenes are kept by the wording's name; this one may be the name of other texts elsewhere.
    named = Wording(
        f"text {text_hash(wording.blocks)}", wording.versions, wording.blocks, wording.system
    )
    for own in setting.template.combinations():
        levels = {name: level for name, level in own.items() if name != "value"}
        for message in setting.faults(levels, named, own.get("value", "")):
            at = ", ".join(f"{name}={level}" for name, level in own.items())
            found.setdefault(message, f"at {at}: {message}" if at else message)
    return list(found.values())


def text_hash(texts: object) -> str:
    """Name texts by their content: 12 hex digits."""
    data = json.dumps(texts, sort_keys=True, ensure_ascii=False, default=dict)
    return hashlib.sha256(data.encode()).hexdigest()[:12]


def _listed(names: Collection[str] | Iterator[str]) -> str:
    return ", ".join(names)
