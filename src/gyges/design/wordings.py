"""Which wordings can a design ask, how far is each from the published text, and how long is it?

Wordings come from the setting's components, from a user's copy of a published text (``published``), and from sets that
a model wrote (``gyges reword``). The distance between two system texts is the normalised Indel distance over words
(insertions and deletions, over the sum of the lengths): 0 for the same text, 1 where no word is shared in order.
Computed by RapidFuzz. It is measured from the published text where there is one, else from wording 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gyges.design.fraction import balanced_fraction
from gyges.errors import DesignError
from gyges.settings import BASE, Setting, Wording

__all__ = ["PUBLISHED", "WordingTable", "distance", "pick_wordings", "read_published"]

PUBLISHED = "published"
"""The id of the user's copy of a published text."""

_MOST_BYTES = 1_000_000


def distance(one: str, other: str) -> float:
    """Give the distance of two texts, from 0 (the same words) to 1 (no common ones in order)."""
    from rapidfuzz.distance import Indel

    return float(Indel.normalized_distance(one.split(), other.split()))


class WordingTable(Mapping[str, Wording]):
    """The wordings that a design can name, by their id.

    Args:
        setting: The setting; its components' wordings are made when they are asked for.
        further: Others, by their id.
        describe: Whether trials carry what is known of their wording as columns.
    """

    def __init__(
        self,
        setting: Setting,
        further: Mapping[str, Wording] | None = None,
        *,
        describe: bool = False,
    ) -> None:
        self._setting = setting
        self._further = dict(further or {})
        self._describe = describe
        self._known: dict[str, dict[str, Any]] = {}

    def __getitem__(self, name: str) -> Wording:
        """Give a wording.

        Raises:
            SettingError: There is none of this id.
        """
        return self._further[name] if name in self._further else self._setting.wording(name)

    def __iter__(self) -> Iterator[str]:
        yield from (one.id for one in self._setting.wordings())
        yield from self._further

    def __len__(self) -> int:
        return self._setting.wording_count + len(self._further)

    @property
    def reference(self) -> str:
        """The wording that distances are measured from: the published one where there is one."""
        return PUBLISHED if PUBLISHED in self._further else BASE

    def columns(self, wording: Wording) -> dict[str, Any]:
        """Describe a wording for the columns of its trials; empty where wordings are not described."""
        if not self._describe:
            return {}
        if wording.id not in self._known:
            text = self._text(wording)
            base = self._text(self[BASE])
            found: dict[str, Any] = {
                "wording_distance": round(distance(text, self._text(self[self.reference])), 4),
                "wording_length": round(len(text.split()) / len(base.split()), 4),
            }
            for component in self._setting.components:
                version = wording.versions.get(component.name)
                found[f"wording_{component.name}"] = None if version is None else str(version)
            self._known[wording.id] = found
        return self._known[wording.id]

    def _text(self, wording: Wording) -> str:
        return self._setting.scene({}, wording).system


def read_published(path: Path) -> Wording:
    """Read a user's copy of a published system text: it is sent as it stands.

    Raises:
        DesignError: The file cannot be read, is empty or is no text.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig").replace("\r\n", "\n").strip()
    except OSError as error:
        raise DesignError(
            f"--published {path}: cannot be read ({error.strerror or error})"
        ) from None
    except UnicodeDecodeError:
        raise DesignError(f"--published {path}: is not UTF-8 text") from None
    if not text or len(data) > _MOST_BYTES:
        raise DesignError(
            f"--published {path}: holds {'no text' if not text else 'more than a prompt'}"
        )
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Wording(PUBLISHED, system=text, about={"source": "the user's copy", "hash": digest})


def pick_wordings(setting: Setting, count: int) -> list[str]:
    """Choose so many of the wordings that a setting's components give: the base, and others in balance.

    Raises:
        DesignError: There are not so many.
    """
    most = setting.wording_count
    if not 1 <= count <= most:
        raise DesignError(f"--vary wording={count}: {setting.id} has {most} wordings")
    levels = [len(one.versions) for one in setting.components]
    chosen = balanced_fraction(levels, count) if levels else [()]
    return [".".join(map(str, versions)) if any(versions) else BASE for versions in chosen]
