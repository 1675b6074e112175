"""Which settings are there, and is each of them sound?

Settings are folders: those that ship with Gyges, read through ``importlib.resources``, and those
in folders that the user names. Reading one checks everything about it in one pass, up to the proof
over all of its renders; a setting that can be loaded keeps its promises.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from gyges.errors import SettingError, nearest
from gyges.settings.files import DATA_FILES, folder_id
from gyges.settings.model import Setting
from gyges.settings.problems import Problem, told
from gyges.settings.proof import prove
from gyges.settings.reading import read_setting

__all__ = ["check", "list_settings", "load_setting", "setting_ids"]

Folders = Iterable[str | os.PathLike[str]]


def setting_ids(dirs: Folders = ()) -> tuple[str, ...]:
    """The ids of the settings that can be named: the library's, then those of the user's folders.

    Args:
        dirs: Folders, each one setting or a folder of settings.

    Raises:
        SettingError: A folder isn't there or holds no setting, or two settings have the same id.
    """
    return tuple(_folders(dirs))


def list_settings(dirs: Folders = ()) -> tuple[Setting, ...]:
    """Load every setting, in the order of ``setting_ids``.

    Raises:
        SettingError: As for ``setting_ids``, or a setting has problems; all of them are listed.
    """
    return tuple(_load(folder) for folder in _folders(dirs).values())


def load_setting(name: str, dirs: Folders = ()) -> Setting:
    """Load one setting by its id.

    Args:
        name: The id, such as ``animal-welfare``.
        dirs: The user's own folders, each one setting or a folder of settings.

    Raises:
        SettingError: There is no such setting, or it has problems; all of them are listed with
            file and line.
    """
    folders = _folders(dirs)
    if name not in folders:
        raise SettingError(
            f"no setting {name!r}; {nearest(name, folders)}; list them with: gyges settings list "
            "(add your own with --setting-dir DIR)"
        )
    return _load(folders[name])


def check(
    target: str | os.PathLike[str] | Setting,
    dirs: Folders = (),
    *,
    strict: bool | None = None,
    renders: bool = True,
) -> list[Problem]:
    """Find every problem of a setting.

    Args:
        target: A setting, its folder, or its id.
        dirs: The user's own folders, where an id is looked up too.
        strict: Hold it to the rules of the library as well: enough queries in a balanced order, a
            control, a page about it, the canary in every file. None: if it is in the library.
        renders: Prove every wording and every level of the shared factors as well, which takes seconds.

    Returns:
        The problems by file and line; empty where there are none.

    Raises:
        SettingError: There is no such setting.
    """
    if isinstance(target, Setting):
        folder = target.folder
    elif _is_setting(Path(target)):
        folder = Path(target)
    else:
        name = os.fspath(target)
        folders = _folders(dirs)
        if name not in folders:
            raise SettingError(
                f"no setting and no setting's folder {name!r}; {nearest(name, folders)}"
            )
        folder = folders[name]
    setting, problems = read_setting(
        folder, strict=_is_shipped(folder) if strict is None else strict
    )
    return problems if setting is None or not renders else list(prove(setting).problems)


def _library() -> Traversable:
    return files("gyges.settings").joinpath("library")


def _is_setting(folder: Traversable) -> bool:
    return folder.is_dir() and any(folder.joinpath(name).is_file() for name in DATA_FILES)


def _folders(dirs: Folders) -> dict[str, Traversable]:
    found: dict[str, Traversable] = {}
    for folder in (
        *_inside(_library()),
        *(one for path in dirs for one in _user_folders(Path(path))),
    ):
        name = folder_id(folder)
        if name in found and str(found[name]) != str(folder):
            both = f"{found[name]} and {folder}"
            raise SettingError(
                f"two settings are called {name!r}: {both}; rename one of the folders"
            )
        found[name] = folder
    return found


def _inside(folder: Traversable) -> list[Traversable]:
    return sorted((one for one in folder.iterdir() if _is_setting(one)), key=lambda one: one.name)


def _user_folders(path: Path) -> list[Traversable]:
    if not path.is_dir():
        raise SettingError(f"--setting-dir {path}: there is no such folder")
    found: list[Traversable] = _inside(path)
    if _is_setting(path):
        found = [path]
    if not found:
        wanted = ", ".join(DATA_FILES)
        raise SettingError(
            f"--setting-dir {path}: holds no setting; a setting is a folder with {wanted}"
        )
    return found


def _load(folder: Traversable) -> Setting:
    setting, problems = read_setting(folder, strict=_is_shipped(folder))
    if setting is None:
        raise SettingError(told(f"the setting in {folder}", problems))
    return setting


def _is_shipped(folder: Traversable) -> bool:
    return any(str(one) == str(folder) for one in _inside(_library()))
