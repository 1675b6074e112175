"""What is a setting, and what does it give to the other rooms?

A ``Setting`` is what ``library.py`` has read and found sound: facts about the world that a subject is put into, the
queries, the wordings, and the template that renders them into messages. It is immutable, so a study may hold on to it.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.resources.abc import Traversable
from math import prod
from typing import Any

from gyges.errors import SettingError, nearest
from gyges.settings.facts import REQUIRED_FACTS, Fact, scene_faults
from gyges.settings.levels import QUERY_OPTIONS, Edit, Factor, clash, options_level
from gyges.settings.records import Polarity, Prompt, Published, Query, Resolved
from gyges.settings.scene import Scene, Tier
from gyges.settings.template import Choice, Template
from gyges.settings.wordings import Component, Wording, component_wordings, find_wording

__all__ = ["Setting"]

_OFFERED = {"no": "no", "yes": "two", "many": "more than two"}
"""How many answers a query brings, by the level that a factor may require."""


@dataclass(frozen=True)
class Setting:
    """A world whose developer has an objective that conflicts with what a subject prefers.

    In its no-conflict control a harmless objective stands instead.
    """

    id: str
    version: str
    """``N-A``: results are comparable within one ``N``; ``A`` is the letter of the wording."""
    title: str
    value: str
    """The value that the objective attacks or serves."""
    polarity: Polarity
    """Whether complying is the bad or the good act; the gap has the same sign for both."""
    objective: str
    """One sentence: what the developer wants."""
    beneficiary: str
    """Who gains when the objective is met."""
    published: tuple[Published, ...]
    hazard: str
    """One of ``HAZARDS``."""
    canary: str
    """A GUID that stands in each file, by which a training set that holds them can be told."""
    outcome: Mapping[str, str]
    """What ``comply``, ``partial`` and ``refuse`` mean here, for judges and readers."""
    queries: tuple[Query, ...]
    """In an order in which the first ones are balanced over topics."""
    template: Template
    facts: tuple[Fact, ...]
    """What the subject must be told at which levels; proved when the setting is loaded."""
    hash: str
    """SHA-256 over the data files, the same on every platform."""
    folder: Traversable
    values: Mapping[str, str] = field(default_factory=dict)
    """The values among which the queries are divided, and the objective of each; empty where there is one."""
    components: tuple[Component, ...] = ()
    """The parts of the system text that are reworded apart from each other."""
    shared: Mapping[str, Factor] = field(default_factory=dict)
    """The factors that this setting can use: those that stand in its own folder, then the library's."""
    own_factors: tuple[str, ...] = ()
    """Which of them stand in its own folder."""
    world: str = ""
    """The toy world whose tools the subject has; empty: none."""
    shape: str = ""
    """Which page its result has beside the gap, of ``SHAPES``; empty: none of its own."""
    threshold: float | None = None
    """The share of right answers that the subject is told of, where it is told of one."""
    requests: bool = False
    """Whether its queries are stand-ins for those of a user's own file."""
    brought: bool = False
    """Whether its queries are those of a user's own file."""

    def __hash__(self) -> int:
        return hash((self.id, self.hash))

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """From the most to the least observed: ``monitored``, ``unmonitored``."""
        return self.template.tiers

    @property
    def factors(self) -> Mapping[str, tuple[str, ...]]:
        """The setting's own factors: each one's levels, its default first."""
        return self.template.factors

    @property
    def choice(self) -> Choice | None:
        """The question of a forced choice, and the two answers if the setting describes them; None without one."""
        return self.template.choice

    @property
    def offers(self) -> bool:
        """Whether each query brings its own answers, two or more."""
        return bool(self.queries[0].comply)

    @property
    def topics(self) -> Mapping[str, int]:
        """How many queries each topic has, in the order of first appearance."""
        return Counter(query.topic for query in self.queries)

    @property
    def renders(self) -> int:
        """How many prompts its own factors and wordings give: wordings × levels × tiers × queries."""
        return (
            self.wording_count
            * prod(map(len, self.factors.values()))
            * len(self.tiers)
            * len(self.queries)
        )

    @property
    def wording_count(self) -> int:
        """How many wordings its components give, the base among them."""
        return prod(len(one.versions) for one in self.components)

    def wordings(self) -> Iterator[Wording]:
        """Give every wording of its components, the base first."""
        return component_wordings(self.components)

    def wording(self, id: str) -> Wording:
        """The wording of this id.

        Raises:
            SettingError: There is none; the message says how wordings are named.
        """
        return find_wording(self.components, id, self.id)

    def objective_of(self, query: Query) -> str:
        """The objective that a query's value is attacked by."""
        return self.values.get(query.value) or self.objective

    def query(self, id: str) -> Query:
        """The query of this id.

        Raises:
            SettingError: There is none; the message names the nearest and the command that lists
                them.
        """
        found = self._by_id.get(id)
        if found is not None:
            return found
        # nearest() would list them all, which is too long for one line.
        close = difflib.get_close_matches(id, list(self._by_id), n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        listing = f"list them with: gyges settings show {self.id} --queries"
        raise SettingError(f"setting {self.id!r} has no query {id!r}; {hint}{listing}")

    @cached_property
    def _by_id(self) -> dict[str, Query]:
        return {query.id: query for query in self.queries}

    def resolve(self, levels: Mapping[str, Any]) -> Resolved:
        """Work out what some levels mean together.

        Args:
            levels: Factor to level, own and shared; a factor that is left out has its default.

        Raises:
            SettingError: A factor or level is not the setting's, or two levels exclude each other.
        """
        own = {name: allowed[0] for name, allowed in self.factors.items()}
        edits: list[Edit] = []
        for name, level in levels.items():
            if name in self.factors:
                if level not in self.factors[name]:
                    raise SettingError(
                        f"no level {level!r} of factor {name!r}; {nearest(str(level), self.factors[name])}"
                    )
                own[name] = level
            elif name not in self.shared:
                raise SettingError(
                    f"no factor {name!r}; {nearest(name, [*self.factors, *self.shared])}"
                )
        # In the library's order, whatever order they are given in.
        for name, factor in self.shared.items():
            if name in levels and str(levels[name]) != factor.default:
                edits.append(Edit(name, factor.level(levels[name])))
        for edit in edits:
            for name, level in edit.level.sets.items():
                if level not in self.factors.get(name, ()):
                    raise SettingError(
                        f"{edit.factor}={edit.level.name} needs {name}={level}, which it does not have"
                    )
                own[name] = level
        given = {**{name: factor.default for name, factor in self.shared.items()}, **levels, **own}
        answers = len(self.queries[0].options or ())
        given[QUERY_OPTIONS] = options_level(answers)
        for edit in edits:
            for name, allowed in edit.level.requires.items():
                # A shared factor that the setting cannot use has no level that could be in the way.
                if name not in given or given[name] in allowed:
                    continue
                where = f"with {name}={' or '.join(allowed)}, not {given[name]}"
                if name == QUERY_OPTIONS:
                    wanted = " or ".join(_OFFERED[level] for level in allowed)
                    where = f"where queries offer {wanted} options"
                raise SettingError(f"{edit.factor}={edit.level.name} is possible only {where}")
        if why := clash(edits):
            raise SettingError(why)
        return Resolved(own, tuple(edits))

    def scene(
        self, levels: Mapping[str, Any] | Resolved, wording: Wording | None = None, value: str = ""
    ) -> Scene:
        """Put together what a prompt holds apart from query and tier.

        Args:
            levels: Factor to level, or what :meth:`resolve` made of it.
            wording: Another wording than the base.
            value: Which of the setting's values; the first where it is left out.

        Raises:
            SettingError: As for :meth:`resolve`; or the wording is a whole text, which no level can change.
        """
        found = levels if isinstance(levels, Resolved) else self.resolve(levels)
        own = self._own(found, value)
        if wording is None:
            return self.template.scene(own, found.texts)
        if wording.system is None:
            # Two sets may hold a wording of the same id.
            key = (wording.id, wording.about.get("hash"))
            return self.template.scene(own, found.texts, wording.blocks, key)
        return self._verbatim(found, own, wording)

    def _own(self, levels: Resolved, value: str) -> dict[str, str]:
        """The levels by which the layout's conditions go: the own factors', and the value where there are several."""
        return {
            **levels.own,
            **({"value": value or next(iter(self.values))} if self.values else {}),
        }

    def _verbatim(self, found: Resolved, own: Mapping[str, str], wording: Wording) -> Scene:
        """A scene whose system text is a whole text."""
        for edit in found.edits:
            if edit.level.edits_system:
                raise SettingError(
                    f"wording {wording.id!r} is a whole text, which {edit.factor}={edit.level.name} cannot change"
                )
        if own.get("conflict") == "no":
            raise SettingError(
                f"wording {wording.id!r} is a whole text and has no no-conflict control"
            )
        base = self.template.scene(own, found.texts)
        return replace(base, parts=(wording.system or "",))

    def faults(
        self, levels: Mapping[str, Any] | Resolved, wording: Wording | None = None, value: str = ""
    ) -> list[str]:
        """Say what a scene fails to tell the subject, or tells where it must not; nothing where it is sound.

        Of a wording that is a whole text only the facts that every setting must state are asked.
        """
        found = levels if isinstance(levels, Resolved) else self.resolve(levels)
        scene = self.scene(found, wording, value)
        facts = self.facts
        if wording is not None and wording.system is not None:
            facts = tuple(
                fact for fact in facts if fact.name in REQUIRED_FACTS or "value" in fact.when
            )
        return [
            fault.message
            for fault in scene_faults(scene, self._own(found, value), facts, found.edits)
        ]

    def render(
        self,
        query: Query,
        *,
        tier: str,
        levels: Mapping[str, Any] | Resolved | None = None,
        wording: Wording | None = None,
        complies: str = "",
    ) -> Prompt:
        """Put together what a subject is sent.

        Args:
            query: What the user asks; its text is inserted letter for letter.
            tier: A tier of the setting, or of the scheme that the levels choose; it changes the user's turn only.
            levels: Factor to level, as ``{"reasoning": "none", "conflict": "no"}``; the defaults where left out.
            wording: Another wording than the base; see :meth:`wording`.
            complies: Where answers are offered, the letter or number of the one that complies; the first if empty.

        Raises:
            SettingError: The tier or a level is not the setting's, or levels exclude each other.
        """
        page = "factors"
        try:
            scene = self.scene({} if levels is None else levels, wording, query.value)
            page = "show"
            user = scene.user(tier, query, complies)
        except SettingError as error:
            raise SettingError(
                f"setting {self.id!r}: {error}; see: gyges settings {page} {self.id}"
            ) from None
        further = scene.steps(query, complies)
        return Prompt(scene.system, user, scene.history, scene.prefill, further)

    def summary(self) -> dict[str, Any]:
        """What the setting is, without its texts, as JSON values."""
        return {
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "value": self.value,
            "values": dict(self.values),
            "polarity": self.polarity,
            "objective": self.objective,
            "beneficiary": self.beneficiary,
            "hazard": self.hazard,
            "canary": self.canary,
            "published": [
                {"what": one.what, "since": one.since.isoformat(), "where": one.where}
                for one in self.published
            ],
            "tiers": [
                {"id": tier.id, "tag": tier.tag, "where": tier.where, "meaning": tier.meaning}
                for tier in self.tiers
            ],
            "factors": {
                **{name: list(levels) for name, levels in self.factors.items()},
                **{name: factor.shown() for name, factor in self.shared.items()},
            },
            "components": {one.name: len(one.versions) for one in self.components},
            "wordings": self.wording_count,
            "outcome": dict(self.outcome),
            "choice": {"comply": self.choice.comply, "refuse": self.choice.refuse}
            if self.choice and self.choice.comply
            else None,
            "world": self.world or None,
            "shape": self.shape or None,
            "threshold": self.threshold,
            "requests": self.requests,
            "queries": len(self.queries),
            "topics": dict(self.topics),
            "hash": self.hash,
            "folder": str(self.folder),
        }
