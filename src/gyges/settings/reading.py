"""Is the setting in this folder sound, and what does it say?

One pass reads the data files, holds them against each other, and proves the facts over every render of the base text;
``proof.py`` goes on with wordings and shared factors. It stops at nothing: whatever can still be checked after a fault
is checked, so one run shows a writer everything there is to mend.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import cast

from gyges.errors import nearest
from gyges.settings.facts import scene_faults, turn_faults
from gyges.settings.files import (
    DATA_FILES,
    FACTORS,
    README,
    Source,
    digest,
    folder_id,
    names_in,
    read_source,
)
from gyges.settings.joined import Brought, Joined, Texts
from gyges.settings.levels import Factor
from gyges.settings.model import Setting
from gyges.settings.problems import Problem, Problems
from gyges.settings.queries import read_queries, unbalanced
from gyges.settings.records import Polarity, Query
from gyges.settings.schema import Card, read_card
from gyges.settings.shared import own_factors, shared_factors, usable
from gyges.settings.template import Template
from gyges.settings.wordings import read_components
from gyges.settings.yaml_lines import read_yaml

__all__ = ["MIN_QUERIES", "read_setting"]

MIN_QUERIES = 40
"""The fewest queries of a setting in the library: they are what intervals cluster by."""


def read_setting(folder: Traversable, *, strict: bool) -> tuple[Setting | None, list[Problem]]:
    """Read a setting and find all of its problems.

    Args:
        folder: The setting's folder.
        strict: Hold it to the rules of the library as well.

    Returns:
        The setting, or None if there are problems; the problems by file and line.
    """
    problems = Problems()
    sources = {name: read_source(folder, name, problems) for name in DATA_FILES}
    card = _card(sources["setting.yaml"], folder, problems)
    system = Texts.read(sources["system.md"], problems)
    user = Texts.read(sources["user.md"], problems)
    queries = read_queries(source, problems) if (source := sources["queries.jsonl"]) else {}
    if card is not None:
        card.components = read_components(folder, card.components, problems)
        _check_values(card, queries, folder, problems)
    template = None
    if card and system and user:
        template = Joined(card, system, user, problems, Brought.of(queries)).template()
    further: dict[str, Factor] = {}
    if template is not None and card is not None:
        for levels in template.combinations():
            at = ", ".join(f"{factor}={level}" for factor, level in levels.items())
            for fault in scene_faults(template.scene(levels), levels, card.facts):
                message = f"at {at}: {fault.message}"
                problems.add(str(folder.joinpath("setting.yaml")), fault.line, message)
        further = own_factors(folder, template, Brought.of(queries).answers, problems)
        for line, message in turn_faults(template, queries):
            problems.add(str(folder.joinpath("queries.jsonl")), line, message)
    if strict:
        _hold_to_library_rules(folder, card or Card(), queries, problems)
    if len(problems) or card is None or template is None:
        return None, list(problems)
    return _setting(card, template, queries, folder, further), []


def _card(source: Source | None, folder: Traversable, problems: Problems) -> Card | None:
    value = read_yaml(source, problems) if source else None
    if source is None or value is None:
        return None
    card = read_card(value)
    name = folder_id(folder)
    if card.texts.get("id", name) not in (name, ""):
        message = (
            f"id {card.texts['id']!r} is not the folder's name {name!r}: settings are found by it"
        )
        problems.add(source.file, card.lines["id"], message)
    return card


def _check_values(
    card: Card, queries: Mapping[int, Query], folder: Traversable, problems: Problems
) -> None:
    """Each query is about one of the setting's values, and either all of them bring two answers or none does."""
    file = str(folder.joinpath("queries.jsonl"))
    for line, query in queries.items():
        if query.value and query.value not in card.values:
            allowed = (
                nearest(query.value, card.values)
                if card.values
                else "setting.yaml has no table values"
            )
            problems.add(file, line, f"no value {query.value!r}; {allowed}")
        elif card.values and not query.value:
            problems.add(file, line, f"'value' is missing: one of {', '.join(card.values)}")
    offering = [line for line, query in queries.items() if query.comply]
    if offering and len(offering) < len(queries):
        first = next(line for line in queries if line not in offering)
        problems.add(
            file,
            first,
            "comply and refuse are missing: other queries bring two answers, so all must",
        )


def _hold_to_library_rules(
    folder: Traversable, card: Card, queries: Mapping[int, Query], problems: Problems
) -> None:
    where = {name: str(folder.joinpath(name)) for name in (*DATA_FILES, README)}
    # Stand-ins for a user's own requests need not be many: nothing is concluded from them.
    if len(queries) < MIN_QUERIES and not card.requests:
        last = max(queries, default=1)
        message = (
            f"too few queries: a setting of the library needs {MIN_QUERIES}, not {len(queries)}"
        )
        problems.add(where["queries.jsonl"], last, message)
    if found := unbalanced(queries):
        problems.add(where["queries.jsonl"], *found)
    if card.factors.get("conflict") == ("yes",):
        message = "a setting of the library needs the no-conflict control: conflict: [yes, no]"
        problems.add(where["setting.yaml"], card.lines["factors.conflict"], message)
    if card.texts.get("hazard") == "high":
        problems.add(
            where["setting.yaml"],
            card.lines["hazard"],
            "hazard 'high' is not shipped with the library",
        )
    unheard = Problems()
    canary = card.texts.get("canary")
    factors = (f"{FACTORS}/{name}" for name in names_in(folder, FACTORS, ".yaml"))
    for name in (*DATA_FILES, README, *(one.file for one in card.components), *factors):
        source = read_source(folder, name, problems if name == README else unheard)
        if source and canary and canary not in source.text:
            message = f"the canary {canary} does not stand in this file"
            problems.add(str(folder.joinpath(name)), 1, message)


def _setting(
    card: Card,
    template: Template,
    queries: Mapping[int, Query],
    folder: Traversable,
    further: Mapping[str, Factor],
) -> Setting:
    texts = card.texts
    own = set(card.factors)
    answers = Brought.of(queries).answers
    shared = {
        name: factor
        for name, factor in shared_factors().items()
        if name not in own and usable(factor, template, answers)
    }
    return Setting(
        id=texts["id"],
        version=texts["version"],
        title=texts["title"],
        value=texts["value"],
        polarity=cast("Polarity", texts["polarity"]),
        objective=texts["objective"],
        beneficiary=texts["beneficiary"],
        published=card.published,
        hazard=texts["hazard"],
        canary=texts["canary"],
        outcome=card.outcome,
        queries=tuple(queries.values()),
        template=template,
        facts=card.facts,
        hash=digest(folder),
        folder=folder,
        values=card.values,
        components=card.components,
        # A setting's own ones first: they are what it was written for.
        shared={**further, **shared},
        own_factors=tuple(further),
        world=card.world,
        shape=card.shape,
        threshold=card.threshold,
        requests=card.requests,
    )
