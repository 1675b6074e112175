"""Asking: a plan goes in, trials are written into a study."""

from __future__ import annotations

from gyges.run.budget import Budget, Price, Spending, known_price, parse_budget, parse_price
from gyges.run.loop import Asked, ask_all
from gyges.run.progress import Progress
from gyges.run.subject import Subject, load_model

__all__ = [
    "Asked",
    "Budget",
    "Price",
    "Progress",
    "Spending",
    "Subject",
    "ask_all",
    "known_price",
    "load_model",
    "parse_budget",
    "parse_price",
]
