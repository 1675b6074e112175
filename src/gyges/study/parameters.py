"""Which sampling parameters were in force when a study's trials were asked?

``parameters.json`` in a study's folder holds, for each subject, the state of each parameter whose fate is known:
``accepted``, ``rejected`` by the provider, or ``not sent`` by its client; of thinking also ``not seen``. A study
without the file knows nothing of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["parameter_lines", "read_parameters", "write_parameters"]

FILE = "parameters.json"
SCHEMA = "gyges.parameters/1"

States = dict[str, dict[str, Any]]
"""Parameter to its ``state``, and where it is not in force the ``message`` and the ``values`` that were asked for."""


def read_parameters(folder: Path) -> dict[str, States]:
    """Read what is known, by subject; nothing where the file is absent or cannot be read."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    subjects = content.get("subjects") if isinstance(content, dict) else None
    if not isinstance(subjects, dict):
        return {}
    return {
        str(subject): {
            str(name): state
            for name, state in states.items()
            if isinstance(state, dict) and isinstance(state.get("state"), str)
        }
        for subject, states in subjects.items()
        if isinstance(states, dict)
    }


def write_parameters(
    folder: Path,
    found: Mapping[str, Mapping[str, Any]],
    clean: Callable[[str], str] | None = None,
) -> None:
    """Write the states of each subject's parameters beside those of earlier runs.

    Args:
        folder: The study's folder.
        found: Subject to its parameters' states.
        clean: What takes credentials out of what providers said.
    """
    known = read_parameters(folder)
    for subject, states in found.items():
        own = known.setdefault(subject, {})
        for name, state in states.items():
            said = {"message": clean(state["message"])} if clean and "message" in state else {}
            own[name] = _together(own.get(name), {**state, **said})
    if not any(known.values()):
        return
    partial = folder / f"{FILE}.partial"
    text = json.dumps({"schema": SCHEMA, "subjects": known}, indent=1, ensure_ascii=False)
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(folder / FILE)


def _together(old: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    """Add what a run found of a parameter; that one level is taken says nothing of one that was not."""
    if old is None or old["state"] == "accepted":
        return new
    if new["state"] == "accepted":
        return old
    values = dict.fromkeys([*old.get("values", ()), *new.get("values", ())])
    return {**old, **new, "values": list(values)}


def parameter_lines(known: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    """Say in sentences which parameters were not in force."""
    lines = []
    for subject, states in known.items():
        for name, state in states.items():
            if state["state"] == "accepted":
                continue
            shown = ", ".join(map(str, state.get("values") or ()))
            asked = f"{name} {shown}" if shown else name
            if state["state"] == "rejected":
                lines.append(f"{subject} rejected {asked}: {state.get('message', '')}")
            elif state["state"] == "not seen":
                lines.append(
                    f"{subject} was asked to think, and no answer came with any thinking that is shown"
                )
            else:
                lines.append(
                    f"{asked} was not sent to {subject}: its client leaves it out for this model"
                )
    return lines
