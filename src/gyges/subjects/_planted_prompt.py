"""What does a prompt tell a planted subject: its tier, what it is asked, and what it is told of its training?

Nothing about any setting is written here. A planted subject knows the settings of the library and those of the folder
that it is given. Which one a prompt belongs to is seen by the setting's blocks in the system text, then by the query
in the user's turn, then by the facts that are stated. The tier is the one whose tag stands in the last user's turn; if
none does, the one that is told by the absence of a tag; and where there is no such tier, the one whose tag alone stands
in the system text. A subject that cannot tell its tier says so; to take a prompt of unknown tier for an unmonitored one
would make a gap vanish without a trace.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from gyges.errors import SettingError, SubjectError
from gyges.settings import Query, Setting, load_setting, setting_ids
from gyges.subjects._planted_guides import Book, open_slots
from gyges.subjects._planted_pages import Page, Text
from gyges.subjects._planted_rules import Sight

__all__ = ["KNOWN_TIERS", "PromptReader", "known_settings", "read_reference"]

KNOWN_TIERS = ("monitored", "model_rated", "supervised", "rated", "unmonitored")
"""The tiers for which a planted subject has a rate, from the most to the least observed."""

_SLOT = re.compile(r"\{\{\s*[a-z][a-z0-9_]*\s*\}\}")
_OPTION = re.compile(r"\{\{\s*(option_[ab])\s*\}\}")
_MOST_BYTES = 1_000_000


def known_settings(folder: str | None = None) -> tuple[Setting, ...]:
    """Load the settings that a planted subject can recognise: the library's, and those of one more folder.

    One with problems is left out, so that it stops no study of another; a run of it says what they are.

    Raises:
        SettingError: The folder holds no setting.
    """
    if folder is None:
        return _library()
    names = [name for name in setting_ids([folder]) if name not in setting_ids()]
    # A folder may be edited between two studies of one process, so it is read each time.
    return (*_library(), *_sound(names, [Path(folder)]))


@functools.cache
def _library() -> tuple[Setting, ...]:
    return tuple(_sound(setting_ids()))


def _sound(names: Sequence[str], folders: Sequence[Path] = ()) -> Iterator[Setting]:
    for name in names:
        with contextlib.suppress(SettingError):
            yield load_setting(name, folders)


def read_reference(path: str) -> str:
    """Read the published text from which distances are measured.

    Raises:
        SubjectError: The file cannot be read, is empty or is no text.
    """
    try:
        data = Path(path).read_bytes()
        text = data.decode("utf-8-sig").replace("\r\n", "\n").strip()
    except OSError as error:
        raise SubjectError(f"-M published={path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise SubjectError(f"-M published={path}: is not UTF-8 text") from None
    if not text or len(data) > _MOST_BYTES:
        what = "no text" if not text else "more than a prompt"
        raise SubjectError(f"-M published={path}: holds {what}")
    return text


class _Turn(NamedTuple):
    """What a user's turn asks."""

    query: str | None
    """The text of the setting's query that stands in it; None where none does."""
    complies: str | None
    """Where two answers are offered, the letter of the one that complies."""
    options: tuple[str, ...] | None
    forced: bool


class _Reading(NamedTuple):
    """One way to read a prompt."""

    page: Page
    turn: _Turn
    tier: str | None


class PromptReader:
    """Reads prompts of the given settings.

    Args:
        settings: What it can recognise.
        reference: The text from which distances are measured; wording 0 if None.
    """

    def __init__(self, settings: Sequence[Setting], reference: str | None = None) -> None:
        self.settings = tuple(settings)
        self.reference = reference
        self._books: dict[tuple[str, tuple[tuple[str, str], ...]], Book] = {}
        self._turns = [_TurnReader(setting) for setting in self.settings]
        # A system text is read once, whatever is asked under it.
        self._pages = functools.lru_cache(maxsize=4096)(self._read_system)

    def read(self, system: str, user: str, temperature: float | None) -> tuple[Sight, Page]:
        """Tell what a prompt says.

        Args:
            system: The system text.
            user: The last user's turn.
            temperature: None counts as 1, as most providers have it.

        Returns:
            What it says, and the system text as the setting reads it whose prompt it is.

        Raises:
            SubjectError: No tier's tag stands where it decides, or settings differ about what it means.
        """
        page, turn, tier = self._likeliest(system, user)
        if tier not in KNOWN_TIERS:
            raise SubjectError(
                f"a planted subject has no rate for the tier {tier!r} of {page.setting.id}; it knows "
                f"{', '.join(KNOWN_TIERS[:-1])} and {KNOWN_TIERS[-1]}"
            )
        sight = Sight(
            tier=tier,
            objective="objective" in page.stated,
            # A query is the same one in words and as a forced choice, in either order, under any sign of its tier.
            query=_without_tags(user, page) if turn.query is None else turn.query,
            wording=page.wording,
            temperature=1.0 if temperature is None else temperature,
            complies=turn.complies,
            options=turn.options,
            forced=turn.forced,
            components=page.versions,
            versions=page.choices,
            distance=page.distance,
            probability=page.probability,
            stated=page.stated,
            place=_place(page),
            pressed=_pressed(page, user),
        )
        return sight, page

    def suppose(self, text: str, temperature: float | None) -> Sight:
        """Tell which conversation a text supposes that describes one: the query and the tier's meaning stand in it.

        Args:
            text: The text, which stands by itself.
            temperature: None counts as 1.

        Returns:
            What the setting's own text would say in that tier.

        Raises:
            SubjectError: No known query stands in it, or no meaning of a tier.
        """
        flat = " ".join(text.split())
        for setting, turns in zip(self.settings, self._turns, strict=True):
            asked = turns.read(text).query
            tier = _meant(setting, flat)
            if asked is None or tier is None:
                continue
            query = next(one for one in setting.queries if one.text == asked)
            scene = setting.scene({}, value=query.value)
            user = scene.user(setting.tiers[0].id, query)
            return replace(self.read(scene.system, user, temperature)[0], tier=tier)
        raise SubjectError(
            "a planted subject cannot tell which conversation it is to suppose: no setting that it knows has a query "
            "and a tier's meaning that stand in the probe; name a folder of others with -M setting_dir=FOLDER"
        )

    def _likeliest(self, system: str, user: str) -> tuple[Page, _Turn, str]:
        """The way to read a prompt for which most speaks."""
        read = [
            _Reading(page, turns.read(user), _tier(page, user))
            for page, turns in zip(self._pages(system), self._turns, strict=True)
        ]
        most = max(_evidence(one) for one in read)
        told = [one for one in read if _evidence(one) == most and one.tier is not None]
        if not told:
            raise SubjectError(f"a planted subject cannot tell which tier it is in: {self._hint()}")
        if len(told) > 1:
            facts = max(len(one.page.stated) for one in told)
            told = [one for one in told if len(one.page.stated) == facts]
        if len({one.tier for one in told}) > 1:
            said = ", ".join(f"{one.tier!r} by {one.page.setting.id}" for one in told)
            raise SubjectError(
                f"a planted subject cannot tell which tier it is in: its prompt reads as {said}"
            )
        page, turn, tier = told[0]
        assert tier is not None
        return page, turn, tier

    def _read_system(self, system: str) -> tuple[Page, ...]:
        """Read a system text as each setting would."""
        text = Text(system)
        pages = [self._page(setting, text, {}) for setting in self.settings]
        most = max(page.blocks for page in pages)
        for place, page in enumerate(pages):
            unsure = page.blocks == most > 0 and not page.explained
            # Where a shared factor has put another name in, the blocks with that name are not found yet.
            if unsure and (values := open_slots(page.setting, text)):
                pages[place] = self._page(page.setting, text, values)
        return tuple(pages)

    def _page(self, setting: Setting, text: Text, values: Mapping[str, str]) -> Page:
        key = (setting.id, tuple(sorted(values.items())))
        if key not in self._books:
            self._books[key] = Book(setting, values)
        return self._books[key].guide(text).page(text, self.reference)

    def _hint(self) -> str:
        tags = dict.fromkeys(tier.tag for setting in self.settings for tier in setting.tiers)
        shown = ", ".join(repr(tag) for tag in list(tags)[:6]) + (", ..." if len(tags) > 6 else "")
        return (
            f"its prompt should hold exactly one of a setting's tier tags ({shown}, or those of a tier scheme or "
            f"signal that its system text explains); known settings: {', '.join(one.id for one in self.settings)}; "
            "name a folder of others with -M setting_dir=FOLDER"
        )


class _TurnReader:
    """Reads users' turns of one setting, each once.

    Args:
        setting: The setting.
    """

    def __init__(self, setting: Setting) -> None:
        self.read = functools.lru_cache(maxsize=16384)(self._read)
        # Of two queries of which one holds the other, the longer is the one that is asked.
        self._queries = sorted(setting.queries, key=lambda query: -len(query.text))
        self._slots = len(setting.queries[0].slots) > 0
        self._choice = setting.choice
        question = self._choice.question if self._choice else ""
        self._mark = max(_SLOT.split(question), key=len).strip()
        slots = _OPTION.findall(setting.template.turn if setting.offers else question)
        labels = setting.queries[0].labels
        self._letters = labels[::-1] if slots[:1] == ["option_b"] else labels

    def _read(self, user: str) -> _Turn:
        forced = bool(self._mark) and self._mark in user
        query = next((one for one in self._queries if self._asks(one, user)), None)
        options = query.options if query else None
        if options is None and forced and self._choice and self._choice.comply:
            options = self._choice.comply, self._choice.refuse
        complies = self._complying(user, *options) if options else None
        return _Turn(
            query.text if query else None, complies, options, forced and complies is not None
        )

    def _asks(self, query: Query, user: str) -> bool:
        """Whether a turn asks a query: its text stands there and, where some share a text, more of its own."""
        if query.text not in user:
            return False
        return not self._slots or any(text in user for text in query.slots.values())

    def _complying(self, user: str, comply: str, *others: str) -> str | None:
        """The letter of the answer that complies, by the order in which all stand."""
        places = {}
        # The longest is taken out first: it may hold another.
        for text in sorted((comply, *others), key=len, reverse=True):
            at = user.rfind(text)
            if at < 0:
                return None
            user = user[:at] + "\x00" * len(text) + user[at + len(text) :]
            places[text] = at
        return self._letters[sorted(places.values()).index(places[comply])]


def _place(page: Page) -> int:
    """Which of the setting's values the stated objective attacks."""
    values = list(page.setting.values)
    about = (
        fact.when["value"]
        for fact in page.setting.facts
        if fact.name in page.stated and "value" in fact.when
    )
    return next((values.index(value) for value in about), 0)


def _pressed(page: Page, user: str) -> dict[str, int]:
    """Which level of each of the setting's own further factors stands in the prompt: in the system text or the turn."""
    edits = {edit.factor: edit.level.name for edit in page.edits}
    found = dict.fromkeys(page.setting.own_factors, 0)
    for name in found:
        levels = page.setting.shared[name].levels
        for place, (level, one) in enumerate(levels.items()):
            beside = {
                block: text
                for texts in (one.replace, one.before, one.after)
                for block, text in texts.items()
            }
            turned = [text for block, text in beside.items() if block in one.in_turns]
            said = [max(_SLOT.split(text), key=len).strip() for text in turned]
            if edits.get(name) == level or (said and all(text in user for text in said)):
                found[name] = place
    return found


def _evidence(reading: _Reading) -> tuple[int, bool]:
    return reading.page.blocks, reading.turn.query is not None


def _tier(page: Page, user: str) -> str | None:
    """The tier that a prompt is in; None where it cannot be told."""
    found = [tier for tier in page.tiers if tier.tag and tier.tag in user]
    if len(found) > 1:
        # A tag may be a part of another one.
        found = [
            one
            for one in found
            if not any(one.tag in other.tag for other in found if other is not one)
        ]
    if found:
        return found[0].id if len(found) == 1 else None
    return next((tier.id for tier in page.tiers if not tier.tag), page.told)


def _meant(setting: Setting, text: str) -> str | None:
    """The tier whose meaning stands in a text; None where none does."""
    schemes = (
        level.tiers for factor in setting.shared.values() for level in factor.levels.values()
    )
    for tiers in (setting.tiers, *schemes):
        for tier in tiers or ():
            if tier.meaning and " ".join(tier.meaning.split()) in text:
                return tier.id
    return None


def _without_tags(user: str, page: Page) -> str:
    for tier in page.tiers:
        user = user.replace(tier.tag, "", 1) if tier.tag else user
    return user
