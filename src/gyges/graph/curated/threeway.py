"""Of a row that a curator and the user both changed, what follows the curator and what stays the user's?

Three accounts are compared field by field: what the user was given, what he made of it, and what is given now. A field
that he left follows; one that the curator left stays as the user has it; one that both changed stays the user's, and
is told. Names and evidence are sets, and dates and identifiers have fields of their own: what either added is there,
and what either took away is not.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Met", "three_way"]

_SETS = ("aliases", "evidence")
_PARTS = ("dates", "identifiers")
_STATEMENT = ("subject", "relation", "object")
"""Who says what of whom changes as one: a relation of one account need not fit the ends of another."""
_ORIGIN = ("by", "channel")
"""Who wrote a row down is no account of what it says, so it is nothing to tell."""


@dataclass(frozen=True, slots=True)
class Met:
    """What became of three accounts."""

    row: dict[str, Any]
    """As it should stand."""
    base: dict[str, Any]
    """What of it the user was given by now: the account with which the next version is compared."""
    kept: tuple[str, ...]
    """Fields that both changed, and that stay the user's."""


def three_way(base: Mapping[str, Any], mine: Mapping[str, Any], given: Mapping[str, Any]) -> Met:
    """Join what the user has with what is given now.

    Args:
        base: The record that the user was given before; empty where he had one of his own first.
        mine: The record as the user has it.
        given: The record that is given now. Which former ids lead to it is for the caller to say.
    """
    row: dict[str, Any] = {}
    left: dict[str, Any] = {}
    kept: list[str] = []

    def choose(names: tuple[str, ...], *, follow: bool, taken: bool) -> None:
        """Put fields of one account into the result, and say whether they are the curator's by now."""
        for account, source in ((row, given if follow else mine), (left, given if taken else base)):
            account.update({name: source[name] for name in names if name in source})

    for names in _units((*base, *mine, *given)):
        was, has, new = ([one.get(name) for name in names] for one in (base, mine, given))
        if names[0] in _SETS:
            name = names[0]
            row[name] = _joined(was[0] or (), has[0] or (), new[0] or ())
            left[name] = new[0] or []
        elif names[0] in _PARTS:
            name = names[0]
            met = _parts(was[0] or {}, has[0] or {}, new[0] or {})
            row[name], left[name] = met.row, met.base
            kept += [f"{name}.{part}" for part in met.kept]
        elif has in (was, new) or names[0] == "formerly":
            choose(names, follow=True, taken=True)
        elif was == new:
            choose(names, follow=False, taken=True)
        else:
            choose(names, follow=False, taken=False)
            if names[0] not in _ORIGIN:
                kept.append(names[0] if len(names) == 1 else "statement")
    return Met(_short(row), _short(left), tuple(sorted(kept)))


def _units(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the fields that are there, those that change as one together."""
    return list(dict.fromkeys(_STATEMENT if name in _STATEMENT else (name,) for name in names))


def _parts(base: Mapping[str, str], mine: Mapping[str, str], given: Mapping[str, str]) -> Met:
    row: dict[str, Any] = {}
    left: dict[str, Any] = {}
    kept = []
    for name in dict.fromkeys((*given, *mine, *base)):
        was, has, new = base.get(name), mine.get(name), given.get(name)
        differ = has not in (was, new) and was != new
        if differ:
            kept.append(name)
        row[name] = new if has == was else has
        left[name] = was if differ else new
    return Met(_short(row), _short(left), tuple(sorted(kept)))


def _joined(base: Iterable[Any], mine: Iterable[Any], given: Iterable[Any]) -> list[Any]:
    was, has, new = ({_key(one): one for one in account} for account in (base, mine, given))
    if list(has) == list(was):
        return list(given)
    if new.keys() == was.keys():
        return list(mine)
    stays = [one for key, one in new.items() if key in has or key not in was]
    return stays + [one for key, one in has.items() if key not in was and key not in new]


def _key(value: Any) -> Hashable:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _short(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
