"""Who is asked, with which arguments, in which setting, and what may it cost?

What a study does not say of its subject cannot be made up: one that was imported, or whose arguments are not those of
the study, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gyges.errors import DesignError, StudyError, nearest
from gyges.run import Budget, Price, Spending, known_price, parse_budget
from gyges.settings import Setting, load_setting
from gyges.studies import Study
from gyges.study.redact import REDACTED, is_secret_name

__all__ = ["arguments_of", "setting_of", "spending_of", "subjects_of"]

_INPUT_TOKENS = 2_000
"""What a call is taken to hold, until one has come back."""


def subjects_of(folder: Study, model: str | None) -> list[str]:
    """Name who is probed.

    Raises:
        StudyError: The study was imported, or the model is none of its subjects.
    """
    if folder.manifest.source != "run":
        raise StudyError(
            f"{folder.path}: these trials were imported ({folder.manifest.source}), so the subject that answered "
            "cannot be asked again. Probe a study that was made by: gyges run"
        )
    named = folder.manifest.spec.get("subject")
    found = [named] if isinstance(named, str) else list(named or ())
    if model is None:
        return found
    if model not in found:
        raise StudyError(
            f"--model {model}: {folder.path} holds the answers of {', '.join(found)}; another model knows nothing "
            f"of what they believe. {nearest(model, found)}"
        )
    return [model]


def arguments_of(folder: Study, given: Mapping[str, Any]) -> dict[str, Any]:
    """Put together the arguments of the model: the study's, and those that it does not hold.

    Raises:
        StudyError: An argument is not the study's, or is a credential that has to be given again.
    """
    stored: dict[str, Any] = dict(folder.manifest.spec.get("subject_args") or {})
    for name, value in given.items():
        if is_secret_name(name):
            continue
        if name not in stored or (stored[name] not in (value, REDACTED)):
            was = f"{name}={stored[name]}" if name in stored else f"no {name}"
            raise StudyError(
                f"-M {name}={value}: the study was asked with {was}, and a subject of other arguments is another one"
            )
    found = {**stored, **given}
    for name, value in found.items():
        if value == REDACTED:
            raise StudyError(
                f"{folder.path}: the argument {name} was given when the study was run and is not stored; give it "
                f"again with -M {name}=..."
            )
    return found


def setting_of(folder: Study, setting_dirs: Sequence[str | Path]) -> Setting:
    """Load the setting of a study."""
    named = folder.manifest.spec.get("setting") or {}
    return load_setting(
        str(named.get("id", named) if isinstance(named, dict) else named), setting_dirs
    )


def spending_of(
    subjects: Sequence[str], budget: str | Budget | None, price: Price | None, max_tokens: int
) -> Spending:
    """Set up the count of calls and money.

    Raises:
        DesignError: A budget in money is for several subjects, or for one whose price is not known.
    """
    limit = parse_budget(budget) if isinstance(budget, str) else budget
    if limit is not None and limit.dollars is not None and len(subjects) > 1 and price is None:
        raise DesignError(
            f"--budget {limit}: several models have several prices; give a budget in calls, or one --price for all"
        )
    if price is None and len(subjects) == 1:
        price = known_price(subjects[0])
    return Spending(limit, price, tokens=(_INPUT_TOKENS, max_tokens))
