"""How likely was each of some letters as the first word of an answer?

Tokens without a letter or digit before it (blanks, markup, a mark that begins a text) are passed over: the next
token's probabilities, given those, are as right on average. All spellings of a letter are counted: ``A``, `` A``,
``a``, ``(A``, ``**A**``. Shared by the subjects' forced choices and the judges that answer with a letter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspect_ai.model import Logprob, Logprobs

__all__ = ["LEAST_MASS", "Letters", "first_word", "letters_of"]

LEAST_MASS = 0.5
"""The letters together must be at least this likely, among the tokens that are not passed over."""

# How some servers write a blank and a line break inside a token.
_BLANKS = str.maketrans({"Ġ": " ", "▁": " ", "Ċ": "\n"})
_SPECIAL = re.compile(r"<\|?[^<>\s]*\|?>|\[(?:BOS|INST|/INST)\]")
_EDGES = " \t\r\n*_`'\"“”‘’()[]{}<>#:.,-"


@dataclass(frozen=True, slots=True)
class Letters:
    """What the log-probabilities of one token say of the letters."""

    found: dict[str, list[float]] = field(default_factory=dict)
    """By letter, the log-probability of each of its spellings that was listed; empty where none was."""
    known: dict[str, float] = field(default_factory=dict)
    """The log-probability of every token that was listed."""

    @property
    def mass(self) -> float:
        """The probability of all the letters together."""
        return math.fsum(math.exp(value) for values in self.found.values() for value in values)

    @property
    def share(self) -> float:
        """The same, among the tokens that are not passed over."""
        before = math.fsum(
            math.exp(value) for token, value in self.known.items() if _is_before(token)
        )
        return self.mass / max(1.0 - before, self.mass, 1e-9)

    def likeliest(self, count: int = 3) -> str:
        """Say which tokens were likeliest, for a message."""
        likely = sorted(self.known.items(), key=lambda item: -item[1])[:count]
        return ", ".join(f"{token!r} {math.exp(value):.0%}" for token, value in likely) or "none"


def first_word(tokens: Logprobs | None) -> Logprob | None:
    """Return the first token that is a part of the answer, not a mark or a blank before it."""
    return (
        next((token for token in tokens.content if _counts(token.token)), None) if tokens else None
    )


def letters_of(first: Logprob, letters: Sequence[str]) -> Letters:
    """Read the log-probabilities of letters at a token.

    Args:
        first: The token, with the alternatives that the provider listed.
        letters: Capital letters.
    """
    listed = {top.token: top.logprob for top in first.top_logprobs or []}
    listed.setdefault(first.token, first.logprob)
    known = {token: value for token, value in listed.items() if math.isfinite(value)}
    found: dict[str, list[float]] = {letter: [] for letter in letters}
    for token, value in known.items():
        letter = _plain(token).upper()
        if letter in found:
            # Rounding may put a certain token above 0.
            found[letter].append(min(0.0, value))
    return Letters(found, known)


def _plain(token: str) -> str:
    return _SPECIAL.sub("", token.translate(_BLANKS)).strip(_EDGES)


def _is_before(token: str) -> bool:
    """Whether a letter may follow a token: a blank or markup, but not a mark that may end the text."""
    return not _counts(token) and not _SPECIAL.search(token)


def _counts(token: str) -> bool:
    return any(character.isalnum() for character in _plain(token))
