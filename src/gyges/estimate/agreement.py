"""How far do two readers agree, beyond what chance alone would give?

Cohen's kappa (1960): the share on which they agree, less the share on which two readers would who label at random, each
with the frequencies that the reader used; as a part of what is left above chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

__all__ = ["cohen_kappa"]


def cohen_kappa(pairs: Mapping[tuple[str, str], int]) -> float | None:
    """Compute Cohen's kappa.

    Args:
        pairs: How often each pair of labels was given, the first reader's label before the second's.

    Returns:
        From -1 to 1; None where there is nothing, or where chance alone would agree always.
    """
    n = sum(pairs.values())
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()
    for (one, other), count in pairs.items():
        first[one] += count
        second[other] += count
    chance = sum(first[label] * second[label] for label in first)
    if not n or chance == n * n:
        return None
    same = sum(count for (one, other), count in pairs.items() if one == other)
    return (same * n - chance) / (n * n - chance)
