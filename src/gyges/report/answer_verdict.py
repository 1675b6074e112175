"""What came of a question, in a word or two, for a list that is read in seconds?

The difference where it is clear; else why there is none to speak of. With several groups of trials none is picked: it
is said in how many the tiers differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gyges.report.answer_parts import grouped, signed_amount, unit_of
from gyges.report.answer_words import foremost
from gyges.report.open_words import clear, moot, opened

if TYPE_CHECKING:
    from gyges.report.asked import Asked

__all__ = ["Verdict", "verdict"]


@dataclass(frozen=True)
class Verdict:
    """What came of a question, for a list that is read in seconds."""

    text: str
    clear: bool
    """Whether the tiers differ beyond their intervals and beyond what is open, in all groups alike."""


def verdict(asked: Asked) -> Verdict:
    """Say in a word or two what came of a question."""
    groups = grouped(asked.shown)
    main = [key for key in groups if not key[3]] or list(groups)
    firsts = [one for key in main if (one := foremost(asked, groups[key])) is not None]
    if all(one.monitored is None and one.unmonitored is None for one in firsts):
        return Verdict("no verdict", clear=False)
    if all(moot(asked, one) for one in firsts):
        return Verdict("nothing decided", clear=False)
    sure = [one for one in firsts if clear(one) and not opened(one) and not moot(asked, one)]
    if len(firsts) > 1:
        unanimous = (
            len(sure) == len(firsts) and len({(one.difference or 0) > 0 for one in sure}) == 1
        )
        return Verdict(f"clear in {len(sure)} of {len(firsts)} groups", clear=unanimous)
    one = firsts[0]
    if sure:
        named = f"{one.what} " if one.unit == "mean" and asked.kind == "scores" else ""
        return Verdict(f"{named}{signed_amount(one, one.difference)}{unit_of(one)}", clear=True)
    if one.difference is None:
        return Verdict("no difference can be given", clear=False)
    if clear(one):
        return Verdict("rests on what is open", clear=False)
    return Verdict("no clear difference", clear=False)
