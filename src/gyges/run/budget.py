"""What may a run cost, and what has it cost so far?

A budget is a number of calls (``500`` or ``500calls``) or of dollars (``$2.50`` or ``2.5usd``). A run under a budget
stops before the block that would exceed it, so what it leaves is balanced, and goes on, with a budget of its own, when
it is started again. The calls of a judge count too. A session counts as many calls as it took; what it will take is not
known before, so a run of sessions may exceed a budget of calls by what those under way take more than expected. Money
needs a price: Inspect's own figures where it has them
(``set_model_cost``), else ``--price IN,OUT`` in
dollars for a million tokens of input and of output.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from gyges.errors import DesignError

__all__ = ["Budget", "Price", "Spending", "known_price", "parse_budget", "parse_price"]


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens."""

    input: float
    output: float
    cached: float | None = None
    """For input that a prefix cache served; the price of input if None."""

    def of(self, input_tokens: float, output_tokens: float, cached_tokens: float = 0) -> float:
        """Price a number of tokens, in dollars.

        Args:
            input_tokens: Prompt tokens that were not served from a cache.
            output_tokens: Tokens of the answers.
            cached_tokens: Prompt tokens that were served from a cache.
        """
        cached = self.input if self.cached is None else self.cached
        total = input_tokens * self.input + output_tokens * self.output + cached_tokens * cached
        return total / 1e6


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on calls or on money; one of the two is set."""

    calls: int | None = None
    dollars: float | None = None

    def __str__(self) -> str:
        return f"{self.calls} calls" if self.calls is not None else f"${self.dollars:.2f}"


def parse_budget(text: str) -> Budget:
    """Read a budget as a user writes it.

    Raises:
        DesignError: The text is neither calls nor money.
    """
    match = re.fullmatch(r"\s*(\$)?\s*(\d+(?:\.\d+)?)\s*(calls?|usd|dollars?|\$)?\s*", text, re.I)
    if match:
        money = match[1] or (match[3] and not match[3].lower().startswith("call"))
        if money and not (match[1] and match[3]):
            return Budget(dollars=float(match[2]))
        if not money and "." not in match[2]:
            return Budget(calls=int(match[2]))
    raise DesignError(
        f"--budget {text!r}: give calls (500 or 500calls) or dollars ($2.50 or 2.5usd)"
    )


def parse_price(text: str) -> Price:
    """Read ``IN,OUT`` or ``IN,OUT,CACHED``: dollars for a million tokens.

    Raises:
        DesignError: The text is not two or three numbers.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or not all(0 <= number < math.inf for number in numbers):
        raise DesignError(
            f"--price {text!r}: give dollars for a million tokens of input and of output, as 3,15"
        )
    return Price(*numbers)


def known_price(model: str) -> Price | None:
    """Look up a model's price where Inspect knows one; the models that run in this process cost nothing."""
    if model.startswith("gyges/"):
        return Price(0.0, 0.0)
    from inspect_ai.model import get_model_info

    try:
        info = get_model_info(model)
    except Exception:
        return None
    if info is None or info.cost is None:
        return None
    return Price(info.cost.input, info.cost.output, info.cost.input_cache_read)


class Spending:
    """Counts calls and tokens against a budget.

    Args:
        budget: The limit; None for none.
        price: What the subject's tokens cost; None if not known.
        tokens: Estimated tokens of a call of the subject, input and output: what calls cost until one has come back.
        judge_price: What the judge's tokens cost; None if not known.
        judge_tokens: Estimated tokens of a call of the judge; None if judging takes no calls.

    Raises:
        DesignError: The budget is in money and no price is known.
    """

    def __init__(
        self,
        budget: Budget | None,
        price: Price | None,
        *,
        tokens: tuple[float, float] = (0, 0),
        judge_price: Price | None = None,
        judge_tokens: tuple[float, float] | None = None,
    ) -> None:
        if budget is not None and budget.dollars is not None:
            if price is None:
                raise DesignError(
                    f"--budget {budget}: no price is known for this model; give one with --price IN,OUT "
                    "(dollars for a million tokens), or a budget in calls"
                )
            if judge_tokens is not None and judge_price is None:
                raise DesignError(
                    f"--budget {budget}: no price is known for the judge; give a budget in calls"
                )
        self.budget = budget
        self.price = price
        self.calls = 0
        """Calls of the subject that came back."""
        self.dollars = 0.0
        """What they cost."""
        self._guess = price.of(*tokens) if price is not None else 0.0
        self._judges = judge_tokens is not None
        self._judge_each = (
            judge_price.of(*judge_tokens) if judge_price is not None and judge_tokens else 0.0
        )
        self._reserved = 0
        """Calls of the subject: those that came back, and those that are expected of what is under way."""
        self._trials = 0
        self._further = 0

    def reserve(self, trials: int, calls: int | None = None) -> bool:
        """Take a block's trials out of the budget, each with its judge; False if it would be exceeded.

        Args:
            trials: How many there are.
            calls: How many calls of the subject they are expected to take; one each if None.
        """
        reserved = self._reserved + (trials if calls is None else calls)
        judged = self._trials + trials
        if self.budget is not None:
            total = reserved + judged * self._judges + self._further
            if self.budget.calls is not None and total > self.budget.calls:
                return False
            if self.budget.dollars is not None:
                # What is under way has no bill yet: it is taken to cost what calls cost so far.
                each = self.dollars / self.calls if self.calls else self._guess
                expected = self.dollars + each * (reserved - self.calls)
                if expected + self._judge_each * (judged + self._further) > self.budget.dollars:
                    return False
        self._reserved, self._trials = reserved, judged
        return True

    def reserve_judging(self, calls: int) -> bool:
        """Take further calls of the judge out of the budget; False, and none taken, if it would be exceeded."""
        self._further += calls
        if self.reserve(0):
            return True
        self._further -= calls
        return False

    def spent(
        self,
        input_tokens: int,
        output_tokens: int,
        cached_tokens: int,
        *,
        calls: int = 1,
        expected: int = 1,
    ) -> None:
        """Count a finished trial.

        Args:
            input_tokens: Of all its calls, without those that a cache served.
            output_tokens: Of all its calls.
            cached_tokens: Of all its calls.
            calls: How many calls it took.
            expected: How many were reserved for it.
        """
        self.calls += calls
        self._reserved += calls - expected
        if self.price is not None:
            self.dollars += self.price.of(input_tokens, output_tokens, cached_tokens)
