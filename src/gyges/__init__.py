"""Gyges: does a model act the same when it believes it is being trained as when it believes nobody is watching?

>>> import gyges
>>> study = gyges.run("animal-welfare")            # doctest: +SKIP
>>> study.gaps()                                   # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gyges.api import run as run
    from gyges.api import run_async as run_async
    from gyges.settings import list_settings as list_settings
    from gyges.settings import load_setting as load_setting
    from gyges.studies import Study as Study
    from gyges.studies import open_study as open_study

__all__ = ["Study", "list_settings", "load_setting", "open_study", "run", "run_async"]

_HOMES = {
    "Study": "gyges.studies",
    "open_study": "gyges.studies",
    "run": "gyges.api",
    "run_async": "gyges.api",
    "list_settings": "gyges.settings",
    "load_setting": "gyges.settings",
}


def __getattr__(name: str) -> Any:
    # Names are looked up when they are used, so that `import gyges` stays quick.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'gyges' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
