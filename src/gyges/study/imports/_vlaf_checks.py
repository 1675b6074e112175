"""Do the arms that belong together match, and do the published rates follow from them?

Runs over small facts that are kept of every arm (per query: how many labels, how many comply), so
that files of any size can be compared without holding their texts.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from gyges.study.imports._records import Note
from gyges.study.imports._vlaf_files import Arm, Summary

__all__ = ["ArmFacts", "QueryFacts", "arm_notes", "pair_notes", "read_summary", "twin_notes"]

_RATES = {
    "monitored": "oversight_compliance_rate",
    "unmonitored": "non_oversight_compliance_rate",
}


@dataclass(slots=True)
class QueryFacts:
    """One query in one arm."""

    text: str
    samples: int = 0
    labels: int = 0
    complied: int = 0


@dataclass(slots=True)
class ArmFacts:
    """What is remembered of an arm after it was read."""

    arm: Arm
    queries: dict[str, QueryFacts] = field(default_factory=dict)
    """By query id."""
    outcomes: list[str | None] = field(default_factory=list)
    """The outcome of every label, in order."""
    labels: list[str] = field(default_factory=list)
    """Every label as it was released."""
    digest: str = ""
    """A hash over all queries and texts in order; empty for an arm without any."""


Facts = Mapping[str, ArmFacts]
"""The arms of one subject that could be read, by tier."""


def arm_notes(facts: Facts, asked: Mapping[str, Arm], single: bool) -> Iterator[Note]:
    """Report an arm that stands alone.

    Args:
        facts: The arms that could be read.
        asked: The arms whose files exist.
        single: Only one file was asked for.
    """
    if len(facts) != 1:
        return
    (here,) = facts.values()
    if single:
        reason = "only this arm was given"
    elif len(asked) == 2:
        reason = f"{here.arm.partner} cannot be read"
    else:
        reason = f"there is no {here.arm.partner}"
    yield Note(
        kind="arm-without-partner",
        what=f"{here.arm.subject} has only its {here.arm.tier} arm for {here.arm.value}: {reason}",
        where=here.arm.name,
        done="imported; no compliance gap can be computed for it",
        count=sum(query.samples for query in here.queries.values()),
    )


def pair_notes(facts: Facts) -> Iterator[Note]:
    """Report where the two arms of a subject do not ask the same, or hold the very same answers."""
    if len(facts) != 2:
        return
    monitored, unmonitored = facts["monitored"], facts["unmonitored"]
    where = f"{monitored.arm.name}, {unmonitored.arm.name}"
    left, right = monitored.queries, unmonitored.queries
    if len(left) != len(right):
        yield Note(
            kind="arm-lengths-differ",
            what=f"{len(left)} queries in the monitored arm, {len(right)} in the unmonitored arm",
            where=where,
            done="paired by the queries' texts; all imported",
        )
    for name, own, other in (("monitored", left, right), ("unmonitored", right, left)):
        alone = [key for key in own if key not in other]
        if alone:
            yield Note(
                kind="queries-unmatched",
                what=f"{len(alone)} queries only in the {name} arm: {_some(alone)}",
                where=where,
                done="imported; they count towards no paired difference",
                count=len(alone),
            )
    both = [key for key in left if key in right]
    if both != [key for key in right if key in left]:
        yield Note(
            kind="query-order-differs",
            what="the arms list their common queries in different orders",
            where=where,
            done="paired by the queries' texts, not by their positions",
        )
    uneven = [
        f"{key} ({left[key].samples} and {right[key].samples})"
        for key in both
        if left[key].samples != right[key].samples
    ]
    if uneven:
        yield Note(
            kind="sample-counts-differ",
            what=f"{len(uneven)} queries have different numbers of responses in the two arms:"
            f" {_some(uneven)}",
            where=where,
            done="all imported; surplus samples have no partner",
            count=len(uneven),
        )
    if monitored.digest and monitored.digest == unmonitored.digest:
        yield Note(
            kind="identical-arms",
            what=f"both arms of {monitored.arm.subject} hold the same answers text for text",
            where=where,
            done="imported; one of the files is likely a copy of the other",
            count=len(monitored.outcomes),
        )


def twin_notes(arms: list[ArmFacts]) -> Iterator[Note]:
    """Report subjects of one value and tier whose answers are identical text for text."""
    for one, two in combinations(arms, 2):
        if not one.digest or one.digest != two.digest or one.arm.tier != two.arm.tier:
            continue
        total = max(len(one.outcomes), len(two.outcomes), 1)
        labels = total - sum(map(operator.eq, one.labels, two.labels))
        outcomes = total - sum(map(operator.eq, one.outcomes, two.outcomes))
        yield Note(
            kind="identical-subjects",
            what=f"{one.arm.subject} and {two.arm.subject} have identical answers for"
            f" {one.arm.value}, {one.arm.tier}; {labels} of {total} labels differ"
            f" ({labels / total:.1%}), {outcomes} of them in what they mean"
            f" ({outcomes / total:.1%}): so often the judge contradicts itself",
            where=f"{one.arm.name}, {two.arm.name}",
            done="both imported; they are not independent evidence, and one name is likely wrong",
            count=labels,
        )


def read_summary(summary: Summary, facts: Facts, query_id: Callable[[str], str]) -> Note:
    """Compare a summary's rates with those that follow from the arms.

    Args:
        summary: The file.
        facts: The subject's arms.
        query_id: Names a query by its text, as in the arms.
    """
    if len(facts) != 2:
        return Note(
            kind="summary-unchecked",
            what=f"a summary of {summary.subject}, of which not both arms were read",
            where=summary.name,
            done="not compared",
        )
    try:
        data = json.loads(summary.path.read_bytes())
        rows = {query_id(row["user_input"]): row for row in data["element_wise"]}
        overall = data["overall"]
        published = {tier: float(overall[key]) for tier, key in _RATES.items()}
        each = {
            (tier, q): float(row[key]) for tier, key in _RATES.items() for q, row in rows.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return Note(
            kind="unreadable-file",
            what=f"a summary that is not of the published form ({type(error).__name__}: {error})",
            where=summary.name,
            done="not compared",
        )
    problems = []
    for tier, arm in facts.items():
        rates = {
            key: query.complied / query.labels for key, query in arm.queries.items() if query.labels
        }
        mean = sum(rates.values()) / len(rates) if rates else 0.0
        if abs(mean - published[tier]) > 1e-6:
            problems.append(f"{tier} {published[tier]:.4f} published, {mean:.4f} from the arm")
        off = [
            key
            for key in rates.keys() | rows.keys()
            if key not in rates or key not in rows or abs(rates[key] - each[tier, key]) > 1e-6
        ]
        if off:
            problems.append(
                f"{tier}: {len(off)} of {len(rates)} queries differ ({_some(sorted(off))})"
            )
    if problems:
        return Note(
            kind="summary-disagrees",
            what=f"the published rates of {summary.subject} do not follow from its arms:"
            f" {'; '.join(problems)}",
            where=summary.name,
            done="the arms count; the summary was not imported",
            count=len(problems),
        )
    gap = published["monitored"] - published["unmonitored"]
    return Note(
        kind="summary-agrees",
        what=f"the published rates of {summary.subject} follow from its arms, query by query"
        f" (monitored {published['monitored']:.4f}, unmonitored {published['unmonitored']:.4f},"
        f" gap {gap:.4f})",
        where=summary.name,
        done="compared; nothing to import from it",
    )


def _some(items: list[str]) -> str:
    return ", ".join(items[:5]) + (f" and {len(items) - 5} more" if len(items) > 5 else "")
