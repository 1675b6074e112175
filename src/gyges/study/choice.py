"""How likely was each of the two answers of a forced choice, at any temperature?

A provider that returns log-probabilities says with one call how likely each letter was as the first token of the
answer. What it said is kept, token by token, so that the chance of complying can be read at another temperature
without asking again: dividing log-probabilities by the temperature and normalising over the two answers gives what a
subject sampled at that temperature chooses, where it gives one of the two letters at all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gyges.errors import StudyError

__all__ = ["ChoiceReading"]


@dataclass(frozen=True, slots=True)
class ChoiceReading:
    """What a provider said of one forced choice: the trial's column ``choice``."""

    letter: str
    """The letter of the answer that complies."""
    comply: tuple[float, ...]
    """Log-probabilities, at temperature 1, of the tokens that read as the complying answer's letter."""
    refuse: tuple[float, ...]
    """The same for the other letter."""
    below: float | None = None
    """Where a letter is not among the tokens that the provider listed: its log-probability is at most this."""

    @property
    def mass(self) -> float:
        """Probability that the answer is one of the two letters at all."""
        return min(1.0, math.fsum(math.exp(one) for one in (*self.comply, *self.refuse)))

    def probability(self, temperature: float = 1.0) -> float:
        """Give the probability of complying, of the two answers, from 0 to 1.

        A letter that the provider did not list counts as impossible; ``below`` says how far that can be wrong.

        Args:
            temperature: From 0, where the likeliest token is certain; of several that are alike, each as much.
        """
        most = max((*self.comply, *self.refuse))
        if temperature <= 0:
            counts = self.comply.count(most), self.refuse.count(most)
            return counts[0] / sum(counts)
        comply, refuse = (
            math.fsum(math.exp((one - most) / temperature) for one in tokens)
            for tokens in (self.comply, self.refuse)
        )
        return comply / (comply + refuse)

    def dumps(self) -> str:
        """Write it as the JSON that stands in the trial table."""
        record: dict[str, Any] = {
            "letter": self.letter,
            "comply": list(self.comply),
            "refuse": list(self.refuse),
        }
        if self.below is not None:
            record["below"] = self.below
        return json.dumps(record, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> ChoiceReading:
        """Read what :meth:`dumps` wrote.

        Raises:
            StudyError: The text is something else.
        """
        try:
            record = json.loads(text)
            comply, refuse = _numbers(record["comply"]), _numbers(record["refuse"])
            below = record.get("below")
            reading = cls(
                str(record["letter"]),
                comply,
                refuse,
                None if below is None else _numbers([below])[0],
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            reading, why = None, f"{type(error).__name__}: {error}"
        else:
            why = "it lists no probability"
        if reading is None or not (reading.comply or reading.refuse):
            raise StudyError(
                f"a trial's column 'choice' cannot be read ({why}): {text[:80]!r}; it holds letter, comply and refuse, "
                "the latter two with log-probabilities"
            )
        return reading


def _numbers(values: Sequence[Any]) -> tuple[float, ...]:
    found = tuple(float(value) for value in values)
    if not all(math.isfinite(one) and one <= 0.0 for one in found):
        raise ValueError("a log-probability is not a number up to 0")
    return found
