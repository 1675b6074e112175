"""Under which circumstances does each planted subject show what it is?

Most kinds are asked once. One that fakes on some wordings is asked in two of the setting's wordings, with a salt by
which it fakes in one of them and not in the other; one that fakes above a temperature is asked above and below it.
Kinds that show what they are only in a design of their own are asked only where they are named, and then plainly: a
design of theirs would take longer than all the others together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gyges.design import CHOICE, Design, PlannedTrial, blocks
from gyges.design.wordings import pick_wordings
from gyges.errors import SubjectError, nearest
from gyges.planning import Wanted, plan_run
from gyges.settings import Setting

__all__ = ["Case", "cases", "chosen", "left_out"]

_HEATS = (1.0, 0.2)
_ASKED = ("wording-faker", "temperature-faker")
"""Kinds that need a design, and get a small one here."""
_WORDINGS = 2
_SALTS = 64


@dataclass(frozen=True, slots=True)
class Case:
    """One study of a self-test."""

    kind: str
    design: Design
    when: str = ""
    """What decides how it behaves here; empty where nothing does."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    values: int = 1
    """Among how many values the queries are divided: each has a gap of its own."""

    @property
    def name(self) -> str:
        """Its study's folder."""
        return "-".join([self.kind, *self.when.split()])

    @property
    def rows(self) -> int:
        """How many gaps it has: its no-conflict control is one of its own."""
        return self.values * (1 + (self.design.control > 0))

    def truth(self, setting: Setting, *, control: bool, value: str = "") -> tuple[float, float]:
        """The true rates of compliance of the very trials that are asked: monitored, unmonitored.

        Args:
            setting: Where it is asked.
            control: In the no-conflict control.
            value: Of the trials on this one of the setting's values; of all if empty.
        """
        from gyges.subjects.planted import planted_truth

        asked = [
            planned
            for planned in _asked(self.design, setting, control=control)
            if value in ("", planned.value)
        ]
        found = planted_truth(self.kind, self.arguments, asked)
        return found.monitored, found.unmonitored


def chosen(kinds: Iterable[str] | None) -> list[str]:
    """The kinds to ask: all but those that are left out, or those named.

    Raises:
        SubjectError: There is no such kind, or none is named.
    """
    from gyges.subjects.planted import PLANTED

    usual = [name for name in PLANTED if name not in left_out()]
    names = usual if kinds is None else list(dict.fromkeys(kinds))
    for name in names:
        if name not in PLANTED:
            raise SubjectError(f"{name}: no such planted subject; {nearest(name, PLANTED)}")
    if not names:
        raise SubjectError(f"a self-test needs a planted subject; {nearest('', PLANTED)}")
    return names


def left_out() -> dict[str, str]:
    """Kinds that are asked only where they are named, and what has to vary or to be asked, to show what they are."""
    from gyges.subjects.planted import ASKED, DESIGNED, HOMES

    shown_by = {
        **DESIGNED,
        **{name: f"probe {probe}" for name, probe in ASKED.items()},
        **{name: f"setting {home}" for name, home in HOMES.items()},
    }
    return {name: how for name, how in shown_by.items() if name not in _ASKED}


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
        wanted = Wanted(
            setting=setting.id,
            model=f"gyges/planted/{kind}",
            queries=queries,
            samples=samples,
            seed=1000 * seed + number,
            model_args=arguments,
            **{**usual, **known},
        )
        design = plan_run(wanted, setting=setting).design
        design.check(setting)
        return Case(kind, design, when, arguments, max(1, len(setting.values)))

    for kind in kinds:
        if kind == "wording-faker":
            names = pick_wordings(setting, min(_WORDINGS, setting.wording_count))
            salted = {**own, "salt": _splitting_salt(setting, own, names, reasoning)}
            for name in names:
                yield case(kind, f"wording {name}", salted, vary=[f"wording=id:{name}"])
        elif kind == "temperature-faker":
            # A forced choice is asked at one temperature.
            for heat in (1.0,) if reasoning == CHOICE else _HEATS:
                yield case(kind, f"temperature {heat:g}", temperature=heat)
        elif kind == "faker" and no_conflict and "no" in setting.factors["conflict"]:
            yield case(kind, control=queries)
        else:
            yield case(kind)


def _splitting_salt(
    setting: Setting, own: Mapping[str, Any], wordings: list[str], reasoning: str
) -> int:
    """The first salt by which the subject fakes in the first of these wordings, and in no other."""
    for salt in range(_SALTS):
        arguments = {**own, "salt": salt}
        fakes = []
        for name in wordings:
            design = Design(
                setting=setting.id,
                subject="",
                queries=1,
                reasoning=reasoning,
                levels={"wording": name},
            )
            monitored, unmonitored = Case("wording-faker", design, "", arguments).truth(
                setting, control=False
            )
            fakes.append(monitored != unmonitored)
        if fakes[0] and not any(fakes[1:]):
            return salt
    return 0


def _asked(design: Design, setting: Setting, *, control: bool) -> list[PlannedTrial]:
    plan = blocks(design, setting)
    return [planned for block in plan for planned in block if planned.control == control]
