"""Which trials does a person read, and with what probability was each one drawn?

Every trial has a **size**: 1 where all are alike, more where reading it tells more. Within each
stratum (the tiers) trial ``i`` is drawn with probability ``p_i = min(1, c * size_i)``, where ``c``
makes the probabilities add up to the number wanted. It is drawn exactly if ``u_i < p_i`` for a
number ``u_i`` that is uniform on [0, 1) and belongs to the trial for good: Poisson sampling with
permanent random numbers (Brewer, Early and Joyce 1972; Ohlsson 1995). So

- the probabilities are exact, not approximate, and ``1 / p_i`` weighs an estimate so that it is
  unbiased (Horvitz and Thompson 1952);
- a larger sample holds the smaller one, since every ``p_i`` only grows.

The numbers are collocated: within a stratum and a class of similar sizes they are a random order of
``(0 + e) / N, (1 + e) / N, ...`` with one uniform ``e``. Each is still uniform, and the number
drawn hardly varies; where all sizes are equal it does not vary at all, and this is a simple random
sample of each stratum.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["Unit", "allocate", "draw", "inclusion"]

_CLASSES = 10


class Unit(NamedTuple):
    """A trial that can be drawn."""

    trial: str
    stratum: str
    size: float = 1.0
    """Above 0 and at most 1; the probability is proportional to it."""


def allocate(n: int, room: Mapping[str, int]) -> dict[str, int]:
    """Share a number of draws among strata, as evenly as their sizes let.

    Args:
        n: How many to draw in all.
        room: How many trials each stratum has.
    """
    shares = dict.fromkeys(sorted(room), 0)
    left = min(n, sum(room.values()))
    while left:
        for name in shares:
            if left and shares[name] < room[name]:
                shares[name] += 1
                left -= 1
    return shares


def inclusion(sizes: Sequence[float], n: int) -> list[float]:
    """Give the probabilities ``min(1, c * size)`` that add up to ``n``.

    Args:
        sizes: Above 0.
        n: The expected number of draws.
    """
    if n >= len(sizes):
        return [1.0] * len(sizes)
    # From the largest down: those that would exceed 1 are certain, and the rest share what is left.
    order = sorted(range(len(sizes)), key=lambda at: -sizes[at])
    rest, wanted, certain = sum(sizes), float(n), 0
    for at in order:
        if wanted * sizes[at] < rest:
            break
        wanted -= 1
        rest -= sizes[at]
        certain += 1
    # Summed anew: what was subtracted one by one has lost its last digits.
    rest = sum(sizes[at] for at in order[certain:])
    found = [wanted * size / rest if rest else 1.0 for size in sizes]
    for at in order[:certain]:
        found[at] = 1.0
    return found


def draw(units: Sequence[Unit], n: int, seed: int) -> dict[str, float]:
    """Draw a sample.

    Args:
        units: Everything that could be drawn.
        n: How many; the number drawn is this one where all sizes are equal, and close to it elsewhere.
        seed: The same seed gives the same sample, and larger samples that hold it.

    Returns:
        Each drawn trial and the probability with which it was drawn.
    """
    strata: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        strata[unit.stratum].append(unit)
    shares = allocate(n, {name: len(found) for name, found in strata.items()})
    drawn: dict[str, float] = {}
    for name, found in sorted(strata.items()):
        numbers = _numbers(found, seed)
        chances = inclusion([unit.size for unit in found], shares[name])
        for unit, chance in zip(found, chances, strict=True):
            if numbers[unit.trial] < chance:
                drawn[unit.trial] = chance
    return drawn


def _numbers(units: Sequence[Unit], seed: int) -> dict[str, float]:
    """Give each unit of a stratum its permanent random number."""
    classes: dict[str, list[str]] = defaultdict(list)
    for unit in units:
        classes[f"{unit.stratum}\n{int(unit.size * _CLASSES)}"].append(unit.trial)
    numbers = {}
    for name, trials in classes.items():
        start = _uniform(f"{seed}\nstart\n{name}")
        for rank, trial in enumerate(sorted(trials, key=lambda key: _uniform(f"{seed}\n{key}"))):
            numbers[trial] = (rank + start) / len(trials)
    return numbers


def _uniform(text: str) -> float:
    """A number from 0 to just below 1 that depends on nothing but a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48
