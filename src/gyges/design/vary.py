"""What does a user vary, as it is written on the command line or in a file?

``NAME=LEVEL,LEVEL`` varies a factor; one level fixes it. ``wording`` takes ids (``0``, ``2.0.4``), ``all``, a number of
wordings (``25``: the base and 24 others, balanced over the components), ``published`` and ``generated``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gyges.design.cells import WORDING
from gyges.design.wordings import PUBLISHED, pick_wordings
from gyges.errors import DesignError, SettingError, nearest
from gyges.settings import BASE, Setting, Wording

__all__ = ["read_levels", "split_vary"]

_ID = "id:"
"""Stands before the id of one wording, which a lone number would be taken for the count of."""

_ALL = "all"
_GENERATED = "generated"
_FORM = "give NAME=LEVEL,LEVEL, such as tier=three or temperature=0,0.7,1"


def split_vary(items: str | Iterable[str] | Mapping[str, Any]) -> dict[str, list[str]]:
    """Read names and levels.

    Args:
        items: ``NAME=LEVEL,LEVEL``, several of them, or a table of names and lists.

    Raises:
        DesignError: An item has another form, or a name stands twice.
    """
    if isinstance(items, Mapping):
        pairs = [(str(name), _listed(levels)) for name, levels in items.items()]
    elif isinstance(items, str):
        pairs = [_pair(items)]
    elif isinstance(items, Iterable):
        pairs = [_pair(item) for item in items]
    else:
        raise DesignError(f"--vary {items!r}: {_FORM}")
    found: dict[str, list[str]] = {}
    for written, levels in pairs:
        name = written.strip().replace("-", "_")
        if not levels:
            raise DesignError(f"--vary {name}: names no level; {_FORM}")
        if name in found:
            raise DesignError(f"--vary {name}: stands twice; give all its levels at once")
        found[name] = levels
    return found


def _pair(item: Any) -> tuple[str, list[str]]:
    name, equals, levels = str(item).partition("=")
    texts = _listed(levels)
    if not equals or not name.strip() or not texts:
        raise DesignError(f"--vary {item!r}: {_FORM}")
    return name, texts


def _listed(levels: Any) -> list[str]:
    if isinstance(levels, str):
        return [text.strip() for text in levels.split(",") if text.strip()]
    if isinstance(levels, Iterable):
        return [_text(level) for level in levels]
    return [] if levels is None else [_text(levels)]


def _text(level: Any) -> str:
    # YAML reads a bare yes as true.
    return ("yes" if level else "no") if isinstance(level, bool) else str(level)


def read_levels(
    setting: Setting, given: Mapping[str, list[str]], further: Mapping[str, Wording]
) -> dict[str, list[Any]]:
    """Hold what is varied against a setting.

    Args:
        setting: The setting.
        given: Names and levels as texts.
        further: Wordings of other files.

    Returns:
        Names and levels: numbers where a factor's levels are numbers, ids for wordings; each level once.

    Raises:
        DesignError: The setting has no such factor or level.
    """
    found: dict[str, list[Any]] = {}
    for name, texts in given.items():
        if name == WORDING:
            levels: list[Any] = _wordings(setting, texts, further)
        elif name == "conflict":
            raise DesignError("--vary conflict: the no-conflict control is asked with --control N")
        elif name in setting.factors:
            for text in texts:
                if text not in setting.factors[name]:
                    raise DesignError(
                        f"--vary {name}={text}: no such level; {nearest(text, setting.factors[name])}"
                    )
            levels = list(texts)
        elif name in setting.shared:
            factor = setting.shared[name]
            try:
                levels = [factor.value(text) for text in texts]
            except SettingError as error:
                raise DesignError(f"--vary {name}: {error}") from None
        else:
            known = [WORDING, *setting.factors, *setting.shared]
            raise DesignError(
                f"--vary {name}: {setting.id} has no such factor; {nearest(name, known)}; list them with: gyges "
                f"settings factors {setting.id}"
            )
        found[name] = list(dict.fromkeys(levels))
    return found


def _wordings(setting: Setting, texts: list[str], further: Mapping[str, Wording]) -> list[str]:
    found: list[str] = []
    # One number says how many; several are ids, as a setting of one component has them, and so is "id:2".
    counted = sum(text.isdecimal() for text in texts) == 1 and texts != [BASE]
    for text in texts:
        if text.startswith(_ID):
            found.append(_wording(setting, text.removeprefix(_ID)))
        elif text == _ALL:
            found += [one.id for one in setting.wordings()]
        elif text == _GENERATED:
            made = [name for name in further if name != PUBLISHED]
            if not made:
                raise DesignError(
                    f"--vary wording={_GENERATED}: no set of wordings was given; add --wordings FILE (make one with: "
                    f"gyges reword {setting.id})"
                )
            found += made
        elif text == PUBLISHED and text not in further:
            raise DesignError(
                f"--vary wording={PUBLISHED}: add --published FILE, your copy of the published text"
            )
        elif text in further:
            found.append(text)
        elif counted and text.isdecimal() and int(text) > 0:
            found += pick_wordings(setting, int(text))
        else:
            found.append(_wording(setting, text))
    return found


def _wording(setting: Setting, id: str) -> str:
    try:
        return setting.wording(id).id
    except SettingError as error:
        raise DesignError(f"--vary wording={id}: {error}") from None
