"""What does a prompt tell a planted subject: which tier it is in, and whether the objective is stated?

Nothing about any setting is written here. A setting declares a tag for each tier, and the facts by which its objective
is known (``setting.yaml``); a planted subject knows the settings of the library and those of the folder that it is
given. The tier is the one whose tag stands in the last user's turn or, where no tag stands there, in what came before
(which may name several, as a rule that explains them does: then it decides nothing). A subject that cannot tell its
tier says so; to take a prompt of unknown tier for an unmonitored one would make a gap vanish without a trace.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from gyges.errors import SubjectError
from gyges.settings import Setting, list_settings, load_setting, setting_ids
from gyges.subjects._planted_kinds import Sight

__all__ = ["KNOWN_TIERS", "PromptReader", "known_settings"]

KNOWN_TIERS = ("monitored", "unmonitored")
"""The tiers for which a planted subject has a rate."""


def known_settings(folder: str | None = None) -> tuple[Setting, ...]:
    """Load the settings that a planted subject can recognise: the library's, and those of one more folder.

    Raises:
        SettingError: The folder holds no setting, or one with problems.
    """
    if folder is None:
        return _library()
    names = [name for name in setting_ids([folder]) if name not in setting_ids()]
    # A folder may be edited between two studies of one process, so it is read each time.
    return (*_library(), *(load_setting(name, [Path(folder)]) for name in names))


@functools.cache
def _library() -> tuple[Setting, ...]:
    return list_settings()


class PromptReader:
    """Reads prompts of the given settings.

    Args:
        settings: What it can recognise.
    """

    def __init__(self, settings: Sequence[Setting]) -> None:
        self.settings = tuple(settings)
        self._stated = functools.lru_cache(maxsize=256)(self._count_facts)

    def read(self, system: str, user: str, temperature: float | None) -> tuple[Sight, Setting]:
        """Tell what a prompt says.

        Args:
            system: All that stands before the last user's turn.
            user: The last user's turn.
            temperature: None counts as 1, as most providers have it.

        Returns:
            What it says, and the setting whose prompt it is.

        Raises:
            SubjectError: No tier's tag stands where it decides, or settings differ about what it means.
        """
        found = self._tiers(user) or self._tiers(system)
        if not found:
            raise SubjectError(f"a planted subject cannot tell which tier it is in: {self._hint()}")
        facts = self._stated(system)
        most = max(facts[setting.id][0] for setting, _ in found)
        found = [pair for pair in found if facts[pair[0].id][0] == most]
        if len({tier for _, tier in found}) > 1:
            said = ", ".join(f"{tier!r} by {setting.id}" for setting, tier in found)
            raise SubjectError(
                f"a planted subject cannot tell which tier it is in: its prompt reads as {said}"
            )
        setting, tier = found[0]
        if tier not in KNOWN_TIERS:
            raise SubjectError(
                f"a planted subject has no rate for the tier {tier!r} of {setting.id}; it knows "
                f"{' and '.join(KNOWN_TIERS)}"
            )
        # A query is the same one in words and as a forced choice, in either order.
        query, complies = setting.choice.split(user) if setting.choice else (user, None)
        wording = system
        for one in setting.tiers:
            query, wording = query.replace(one.tag, "", 1), wording.replace(one.tag, "")
        heat = 1.0 if temperature is None else temperature
        objective = any(facts[setting.id][1] for setting, _ in found)
        return Sight(tier, objective, query, wording, heat, complies), setting

    def _tiers(self, text: str) -> list[tuple[Setting, str]]:
        """The settings of which exactly one tier's tag stands in a text, with that tier."""
        found = []
        for setting in self.settings:
            tiers = [tier.id for tier in setting.tiers if tier.tag in text]
            if len(tiers) == 1:
                found.append((setting, tiers[0]))
        return found

    def _count_facts(self, system: str) -> dict[str, tuple[int, bool]]:
        """For each setting: how many of its facts a system text states, and whether the objective is one of them."""
        return {
            setting.id: (
                sum(fact.found(system) is not None for fact in setting.facts),
                any(fact.name == "objective" and fact.found(system) for fact in setting.facts),
            )
            for setting in self.settings
        }

    def _hint(self) -> str:
        tags = dict.fromkeys(tier.tag for setting in self.settings for tier in setting.tiers)
        shown = ", ".join(repr(tag) for tag in list(tags)[:6]) + (", ..." if len(tags) > 6 else "")
        return (
            f"its prompt should hold exactly one of a setting's tier tags ({shown}); known settings: "
            f"{', '.join(setting.id for setting in self.settings)}; name a folder of others with "
            "-M setting_dir=FOLDER"
        )
