"""Asking: a plan goes in, trials are written into a study.

``gyges.run`` is this package and, for users, the function :func:`gyges.api.run`: the package can be called.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from gyges.run.budget import Budget, Price, Spending, known_price, parse_budget, parse_price
from gyges.run.loop import Asked, ask_all, merged
from gyges.run.progress import Progress
from gyges.run.subject import Subject, load_model
from gyges.run.until import MAX_BLOCKS, Rule, Until, parse_until

__all__ = [
    "MAX_BLOCKS",
    "Asked",
    "Budget",
    "Price",
    "Progress",
    "Rule",
    "Spending",
    "Subject",
    "Until",
    "ask_all",
    "known_price",
    "load_model",
    "merged",
    "parse_budget",
    "parse_price",
    "parse_until",
]


class _Callable(ModuleType):
    """Importing this package binds it to ``gyges.run``; ``gyges.run(...)`` must do what it says all the same."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        import gyges

        return gyges.__getattr__("run")(*arguments, **options)


sys.modules[__name__].__class__ = _Callable
