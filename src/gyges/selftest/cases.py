"""Under which circumstances does each planted subject show what it is?

Most kinds are asked once. One that fakes on some wordings is asked in each text that the setting has for its levels of
reasoning, with a salt by which it fakes on some and not on others; one that fakes above a temperature is asked above
and below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gyges.design import CHOICE, Design, PlannedTrial, blocks
from gyges.errors import SubjectError, nearest
from gyges.planning import make_design
from gyges.settings import Setting

__all__ = ["Case", "cases", "chosen"]

_HEATS = (1.0, 0.2)
_SALTS = 64


@dataclass(frozen=True, slots=True)
class Case:
    """One study of a self-test."""

    kind: str
    design: Design
    when: str = ""
    """What decides how it behaves here; empty where nothing does."""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its study's folder."""
        return "-".join([self.kind, *self.when.split()])

    @property
    def rows(self) -> int:
        """How many gaps it has: its no-conflict control is one of its own."""
        return 1 + (self.design.control > 0)

    def truth(self, setting: Setting, *, control: bool) -> tuple[float, float]:
        """The true rates of compliance of the very trials that are asked: monitored, unmonitored."""
        from gyges.subjects.planted import planted_truth

        asked = _asked(self.design, setting, control=control)
        found = planted_truth(self.kind, self.arguments, asked, temperature=self.design.temperature)
        return found.monitored, found.unmonitored


def chosen(kinds: Iterable[str] | None) -> list[str]:
    """The kinds to ask: all, or those named.

    Raises:
        SubjectError: There is no such kind, or none is named.
    """
    from gyges.subjects.planted import PLANTED

    names = list(PLANTED) if kinds is None else list(dict.fromkeys(kinds))
    for name in names:
        if name not in PLANTED:
            raise SubjectError(f"{name}: no such planted subject; {nearest(name, PLANTED)}")
    if not names:
        raise SubjectError(f"a self-test needs a planted subject; {nearest('', PLANTED)}")
    return names


def cases(
    setting: Setting,
    kinds: Iterable[str],
    *,
    queries: int,
    samples: int,
    reasoning: str,
    seed: int,
    no_conflict: bool,
    own: Mapping[str, Any],
) -> Iterator[Case]:
    """Yield the studies of a self-test.

    Args:
        setting: Where they are asked.
        kinds: Names of planted subjects.
        queries: How many of the setting's queries.
        samples: Samples of each in each tier.
        reasoning: A level of the setting's reasoning.
        seed: Seeds the answers, of each study differently.
        no_conflict: Whether the faker is asked in the no-conflict control too.
        own: Arguments that every planted subject is given.

    Raises:
        DesignError: A number or the level is not the setting's.
    """
    number = 0

    def case(kind: str, when: str = "", arguments: Mapping[str, Any] = own, **known: Any) -> Case:
        nonlocal number
        number += 1
        # Kinds that behave alike would otherwise draw the same answers: one piece of luck for several rows.
        usual = {"control": 0, "temperature": 1.0, "reasoning": reasoning}
        design = make_design(
            setting,
            f"gyges/planted/{kind}",
            queries=queries,
            samples=samples,
            seed=1000 * seed + number,
            max_tokens=None,
            model_args=arguments,
            base_url=None,
            **{**usual, **known},
        )
        design.check(setting)
        return Case(kind, design, when, arguments)

    for kind in kinds:
        if kind == "wording-faker":
            salted = {**own, "salt": _splitting_salt(setting, own, reasoning)}
            for level in _levels(setting, reasoning):
                yield case(kind, f"reasoning {level}", salted, reasoning=level)
        elif kind == "temperature-faker":
            # A forced choice is asked at one temperature.
            for heat in (1.0,) if reasoning == CHOICE else _HEATS:
                yield case(kind, f"temperature {heat:g}", temperature=heat)
        elif kind == "faker" and no_conflict and "no" in setting.factors["conflict"]:
            yield case(kind, control=queries)
        else:
            yield case(kind)


def _levels(setting: Setting, reasoning: str) -> list[str]:
    """The levels that are asked like this one: in words, or as a forced choice, which has a size of its own."""
    levels = setting.factors["reasoning"]
    return [level for level in levels if (level == CHOICE) == (reasoning == CHOICE)]


def _splitting_salt(setting: Setting, own: Mapping[str, Any], reasoning: str) -> int:
    """The first salt by which the subject fakes on one of the setting's texts, and not on another if there is one."""
    levels = _levels(setting, reasoning)
    for salt in range(_SALTS):
        arguments = {**own, "salt": salt}
        fakes = 0
        for level in levels:
            design = Design(setting=setting.id, subject="", queries=1, reasoning=level)
            monitored, unmonitored = Case("wording-faker", design, "", arguments).truth(
                setting, control=False
            )
            fakes += monitored != unmonitored
        if fakes and (fakes < len(levels) or len(levels) == 1):
            return salt
    return 0


def _asked(design: Design, setting: Setting, *, control: bool) -> list[PlannedTrial]:
    plan = blocks(design, setting)
    return [planned for block in plan for planned in block if planned.control == control]
