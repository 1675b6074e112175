"""In which settings is a preset asked that is about a factor and not about one setting?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gyges.design import Preset
from gyges.settings import Setting, list_settings

__all__ = ["settings_across"]


def settings_across(
    preset: Preset, setting_dirs: Sequence[str | Path] = (), *, stand_ins: bool = False
) -> tuple[Setting, ...]:
    """Give the settings that have the factor of a preset, with each of the levels that it compares.

    Args:
        preset: A preset across settings.
        setting_dirs: Folders of settings of the user's own, whose settings count as well.
        stand_ins: Also settings whose queries are stand-ins for those of a user's file.

    Raises:
        SettingError: A setting has problems.
    """
    levels = preset.vary.get(preset.across, [])
    return tuple(
        one
        for one in list_settings(setting_dirs)
        if preset.across in one.shared
        and set(levels) <= set(one.shared[preset.across].levels)
        and (stand_ins or not one.requests)
    )
