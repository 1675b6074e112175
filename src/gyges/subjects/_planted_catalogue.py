"""Which planted subjects are there, and which arguments does each take?"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from gyges.errors import SubjectError, nearest
from gyges.subjects import _planted_designed as designed
from gyges.subjects import _planted_kinds as plain
from gyges.subjects._planted_rules import Kind

__all__ = ["KINDS", "arguments", "make"]

KINDS: Mapping[str, type[Kind]] = {
    "faker": plain.Faker,
    "honest": plain.Honest,
    "silent-faker": plain.SilentFaker,
    "sycophant": plain.Sycophant,
    "confused": plain.Confused,
    "refuser": plain.Refuser,
    "wording-faker": plain.WordingFaker,
    "temperature-faker": plain.TemperatureFaker,
    "persona-faker": plain.PersonaFaker,
    "believer": plain.Believer,
    "misjudges": plain.Misjudges,
    "component-faker": designed.ComponentFaker,
    "published-dip": designed.PublishedDip,
    "published-spike": designed.PublishedSpike,
    "temperature-rise": designed.TemperatureRise,
    "temperature-fall": designed.TemperatureFall,
    "goal-guarder": designed.GoalGuarder,
    "rater-sycophant": designed.RaterSycophant,
    "oversight-tracker": designed.OversightTracker,
    "consequence-faker": designed.ConsequenceFaker,
    "dose-faker": designed.DoseFaker,
    "sandbagger": designed.Sandbagger,
    "value-ranker": designed.ValueRanker,
    "pressed": designed.Pressed,
}
"""Each kind by the name under which it is asked: ``gyges/planted/NAME``."""


def arguments(kind: str) -> tuple[str, ...]:
    """Name the arguments of a kind.

    Raises:
        SubjectError: There is no such kind.
    """
    return tuple(field.name for field in dataclasses.fields(_kind(kind)))


def make(kind: str, given: Mapping[str, Any]) -> Kind:
    """Make a planted subject's rule.

    Args:
        kind: A name of ``KINDS``.
        given: Values of its arguments; None stands for the default.

    Raises:
        SubjectError: There is no such kind or argument, or a value is out of range.
    """
    found = _kind(kind)
    fields = {field.name: field for field in dataclasses.fields(found)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in fields:
            raise SubjectError(
                f"-M {name}: no such argument of gyges/planted/{kind}; {nearest(name, fields)}"
            )
        if value is not None:
            values[name] = _value(fields[name], value)
    return found(**values)


def _kind(kind: str) -> type[Kind]:
    if kind not in KINDS:
        raise SubjectError(
            f"--model gyges/planted/{kind}: no such planted subject; {nearest(kind, KINDS)}"
        )
    return KINDS[kind]


def _value(field: dataclasses.Field[Any], value: Any) -> float | str:
    if "component" in field.metadata:
        return _component(field.name, value)
    if isinstance(field.default, int):
        return _whole(field.name, value, least=None if field.name == "salt" else 0)
    return _number(field.name, value, field.metadata.get("most", 1.0))


def _component(name: str, value: Any) -> int | str:
    if isinstance(value, str) and value and not value.isdecimal():
        return value
    try:
        return _whole(name, int(value) if isinstance(value, str) and value else value, least=0)
    except SubjectError:
        raise SubjectError(
            f"-M {name}={value}: must be a component's name, or its place from 0"
        ) from None


def _whole(name: str, value: Any, *, least: int | None) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise SubjectError(f"-M {name}={value}: must be a whole number")
    if least is not None and value < least:
        raise SubjectError(f"-M {name}={value}: must be a whole number from {least}")
    return value


def _number(name: str, value: Any, most: float) -> float:
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    # NaN fails this comparison too.
    if not 0.0 <= number <= most:
        raise SubjectError(f"-M {name}={value}: must be a number from 0 to {most:g}")
    return number
