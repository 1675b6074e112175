"""Which letter would a subject have given in a forced choice, and how likely was each?

The provider's log-probabilities of the first token of the answer say it, whatever token was drawn
(:mod:`gyges.study.letters`). Where a token that is passed over was only likely, and another one drawn, it counts
neither for nor against the letters.

An answer whose first word is mostly something else is ``unparsed``: its letters say nothing of what the subject would
do.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from gyges.errors import SubjectError
from gyges.study.choice import ChoiceReading
from gyges.study.letters import LEAST_MASS, first_word, letters_of

if TYPE_CHECKING:
    from inspect_ai.model import Logprob, ModelOutput

    from gyges.study import Trial

__all__ = ["ChoiceAnswers"]

_LETTERS = ("A", "B")


class ChoiceAnswers:
    """Reads the forced choices of one subject.

    Args:
        subject: Its name, for the message of an error.
    """

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._given = False
        """Whether the provider has ever returned log-probabilities."""

    def read(self, output: ModelOutput, trial: Trial, option: str) -> None:
        """Add to a trial what its log-probabilities say.

        Args:
            output: What the provider returned; the trial's texts and status have been filled from it.
            trial: Gets ``choice``, or the status ``unparsed`` and why.
            option: The letter of the answer that complies.

        Raises:
            SubjectError: The provider returns no log-probabilities.
        """
        # An answer that goes on after its letter is cut short, and read all the same.
        if trial.status not in ("ok", "truncated", "unparsed"):
            return
        tokens = output.choices[0].logprobs
        first = first_word(tokens)
        if first is not None and first.top_logprobs:
            self._given = True
            _fill(trial, first, option)
            return
        if tokens and tokens.content and first is None:
            why = "the answer has no letter or digit"
        elif self._given:
            why = "the provider returned no log-probabilities for this answer"
        else:
            had = tokens is not None and len(tokens.content) > 0
            raise self._error("it returned the drawn tokens' alone" if had else "it returned none")
        trial.status, trial.error = "unparsed", f"forced choice: {why}"

    def check(self, message: str) -> None:
        """Stop a run whose calls fail because log-probabilities were asked for.

        Args:
            message: What the failed call said.

        Raises:
            SubjectError: The message speaks of log-probabilities, and none ever came.
        """
        if not self._given and re.search(r"log[ _-]?prob", message, re.IGNORECASE):
            raise self._error(f"it said: {message[:300]}")

    def _error(self, why: str) -> SubjectError:
        return SubjectError(
            f"{self._subject}: a forced choice is read from log-probabilities, and this provider gives none for the "
            f"alternatives ({why}). If it allows fewer than were asked for, give --top-logprobs 5; if it gives none, "
            "sample answers: --reasoning none --samples 5; either in a new folder"
        )


def _fill(trial: Trial, first: Logprob, option: str) -> None:
    letters = letters_of(first, _LETTERS)
    if letters.share < LEAST_MASS:
        trial.status = "unparsed"
        trial.error = (
            f"forced choice: the letters A and B have {letters.share:.0%} of the probability, less than "
            f"{LEAST_MASS:.0%}; likeliest first tokens: {letters.likeliest()}"
        )
        return
    (other,) = set(_LETTERS) - {option}
    below = None
    if not all(letters.found.values()):
        rest = 1.0 - math.fsum(math.exp(value) for value in letters.known.values())
        below = math.log(max(rest, 1e-9))
        # The drawn token may stand far below those that are listed because they are likely.
        tops = [top.logprob for top in first.top_logprobs or [] if math.isfinite(top.logprob)]
        below = min(below, *tops)
    found = letters.found
    trial.choice = ChoiceReading(option, tuple(found[option]), tuple(found[other]), below).dumps()
    trial.status, trial.error = "ok", None
