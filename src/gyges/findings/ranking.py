"""Which of several things come before which others, where some cannot be told apart?

Every two of them are compared, and a comparison tells them apart or does not. That two cannot be told apart says
nothing of a third: ``a`` may tie with ``b`` and ``b`` with ``c`` while ``a`` clearly comes before ``c``. So two things
are given:

* **groups**: the largest sets of things of which no two were told apart. A thing may stand in several; things that
  share a letter tie (the compact letter display of Piepho 2004, J. Comput. Graph. Stat. 13, 456-466, by maximal
  cliques).
* a **chain** such as ``a > {b, c}``, only where it says exactly what the comparisons say: every two in one place tie,
  and every thing in an earlier place was clearly found before each in a later one. Otherwise there is none, and the
  comparisons must be told one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from string import ascii_lowercase

__all__ = ["Ranking", "chain_text", "rank"]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Things in an order, as far as they have one."""

    order: tuple[str, ...]
    """By their estimates, the largest first, whether or not they were told apart."""
    groups: tuple[tuple[str, ...], ...]
    """The largest sets of which no two were told apart."""
    letters: Mapping[str, str]
    """Those groups as letters, for each thing."""
    chain: tuple[tuple[str, ...], ...] | None
    """The places of a chain, the first first; None where no chain says what the comparisons say."""


def rank(estimates: Mapping[str, float], verdicts: Mapping[tuple[str, str], int | None]) -> Ranking:
    """Put things in order.

    Args:
        estimates: Of each thing, larger first.
        verdicts: Of two things: 1 where the first clearly comes before the second, -1 where it clearly comes after,
            0 where they were compared and not told apart, None where they could not be compared.

    Returns:
        The order. Two that were not compared stand in no group together, and there is no chain.
    """
    order = tuple(sorted(estimates, key=lambda name: (-estimates[name], name)))
    known: dict[tuple[str, str], int | None] = {}
    for (one, other), found in verdicts.items():
        known[one, other] = found
        known[other, one] = None if found is None else -found
    ties = {
        name: {other for other in order if other != name and known.get((name, other)) == 0}
        for name in order
    }
    place = {name: at for at, name in enumerate(order)}
    cliques = sorted(
        (tuple(sorted(clique, key=place.__getitem__)) for clique in _cliques(order, ties)),
        key=lambda clique: [place[name] for name in clique],
    )
    letters = {
        name: "".join(_letter(at) for at, clique in enumerate(cliques) if name in clique)
        for name in order
    }
    return Ranking(order, tuple(cliques), letters, _chain(cliques, known))


def _cliques(names: Sequence[str], ties: Mapping[str, set[str]]) -> Iterator[frozenset[str]]:
    """Find the maximal sets of things that all tie (Bron and Kerbosch 1973)."""
    stack = [(frozenset[str](), frozenset(names), frozenset[str]())]
    while stack:
        inside, may, done = stack.pop()
        if not may and not done:
            yield inside
        for name in sorted(may):
            near = ties[name]
            stack.append((inside | {name}, may & near, done & near))
            may, done = may - {name}, done | {name}


def _letter(at: int) -> str:
    return ascii_lowercase[at % 26] * (1 + at // 26)


def _chain(
    cliques: Sequence[tuple[str, ...]], known: Mapping[tuple[str, str], int | None]
) -> tuple[tuple[str, ...], ...] | None:
    if len({name for clique in cliques for name in clique}) < sum(map(len, cliques)):
        return None
    # One place comes before another as all of its things do; the more places it comes before, the earlier it stands.
    before = dict.fromkeys(cliques, 0)
    for one, other in combinations(cliques, 2):
        found = {known.get((a, b)) for a in one for b in other}
        if found not in ({1}, {-1}):
            return None
        before[one if found == {1} else other] += 1
    if sorted(before.values()) != list(range(len(cliques))):
        return None
    return tuple(sorted(cliques, key=lambda clique: -before[clique]))


def chain_text(chain: Sequence[Sequence[str]]) -> str:
    """Write a chain: ``a > {b, c}``."""
    return " > ".join(place[0] if len(place) == 1 else f"{{{', '.join(place)}}}" for place in chain)
