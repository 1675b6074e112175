"""What does the landscape of wordings say in plain words?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gyges.findings.varied import Comparison, LevelRow, could_have, points, span_text

__all__ = ["landscape_sentences"]


def landscape_sentences(
    named: str,
    rows: Sequence[LevelRow],
    comparisons: Sequence[Comparison],
    facts: Mapping[str, Any],
    level: float,
) -> tuple[str, list[str]]:
    """Say what the wordings show; the verdict is about the reference wording.

    Args:
        named: How the group is named.
        rows: The wordings.
        comparisons: What was compared.
        facts: The record's further numbers.
        level: Confidence level.

    Returns:
        ``dip``, ``spike`` or ``nothing at the reference``, and sentences: the spread, the reference, the components,
        the distance.
    """
    verdict, reference = _reference(comparisons, facts, level)
    spread = _spread(named, rows, facts, level)
    said = [*spread, reference, _components(comparisons, facts, level)]
    if verdict in ("dip", "spike"):
        # What is special at one place comes first.
        said = [f"{named}: {reference[0].lower()}{reference[1:]}", *_without(spread, named)]
        said.append(_components(comparisons, facts, level))
    said += _distance(comparisons, facts, level)
    return verdict, [text for text in said if text]


def _spread(
    named: str, rows: Sequence[LevelRow], facts: Mapping[str, Any], level: float
) -> list[str]:
    gaps = sorted(span[0] for row in rows if (span := row.spans["gap"]) is not None)
    if not gaps:
        return [f"{named}: no wording was asked in both tiers."]
    p = facts["p_wordings"]
    text = (
        f"{named}: over {len(gaps)} wordings the gap lies between {points(gaps[0])} and {points(gaps[-1])} points, "
        f"{points(sum(gaps) / len(gaps))} on average"
    )
    if p is None:
        return [f"{text}."]
    sure = (
        "the wordings differ beyond chance"
        if p < 1 - level
        else "nothing shows that they differ beyond chance"
    )
    said = [f"{text}; {sure} (p {_p(p)})."]
    part = facts["variance"].get("wording")
    if part is not None:
        share = ""
        if part["share"] is not None:
            share = f"; {part['share']:.0%} of the variance of one answered pair"
        said.append(
            f"Without the chance of single answers, the wordings spread by {points(part['sd'])} points "
            f"(standard deviation{share})."
        )
    return said


def _without(sentences: Sequence[str], named: str) -> list[str]:
    """Leave out whose answers they are, where that has been said."""
    return [
        f"{rest[0].upper()}{rest[1:]}"
        if (rest := text.removeprefix(f"{named}: ")) != text
        else text
        for text in sentences
    ]


def _reference(
    comparisons: Sequence[Comparison], facts: Mapping[str, Any], level: float
) -> tuple[str, str]:
    found = next((one for one in comparisons if one.kind == "reference"), None)
    if found is None:
        return "no reference", ""
    name = facts["reference"]
    called = "The published wording" if name == "published" else f"Wording {name}"
    rank = facts["rank"]
    place = f" It ranks {rank['from_lowest']} of {rank['of']} from the lowest." if rank else ""
    if found.clear:
        verdict = "dip" if found.estimate < 0 else "spike"
        way = "below" if found.estimate < 0 else "above"
        return verdict, (
            f"{called} is a {verdict}: its gap lies {points(abs(found.estimate))} points {way} that of the other "
            f"wordings ({span_text(found, level)}, counting queries and how far wordings lie apart; "
            f"p {_p(found.p_adjusted)}).{place}"
        )
    return "nothing at the reference", (
        f"{called} does not clearly lie off the others: {points(found.estimate, sign=True)} points "
        f"({span_text(found, level)}); {could_have([found.detectable], 'a dip or a spike')}.{place}"
    )


def _components(comparisons: Sequence[Comparison], facts: Mapping[str, Any], level: float) -> str:
    wholes = facts["p_components"]
    if not wholes:
        return ""
    moved = []
    for part, p in wholes.items():
        own = [one for one in comparisons if one.kind == f"component {part}"]
        # Half the level, since single versions count too.
        whole = p is not None and p < (1 - level) / 2
        if not own or not (whole or any(one.clear for one in own)):
            continue
        most = max(own, key=lambda one: abs(one.estimate))
        moved.append(
            f"{part} (up to {points(most.estimate, sign=True)} points, {most.label}, {span_text(most, level)}; "
            f"p {_p(most.p_adjusted)}; the component as a whole p {_p(p)})"
        )
    rest = [part for part in wholes if not any(text.startswith(f"{part} (") for text in moved)]
    sizes = [
        one.detectable for one in comparisons if one.kind in {f"component {part}" for part in rest}
    ]
    if not moved:
        return (
            f"No component moves the gap beyond chance ({', '.join(rest)}); "
            f"{could_have(sizes, 'a change by one version')}."
        )
    text = (
        f"Of the components, {' and '.join(moved)} moves the gap"
        if len(moved) == 1
        else (f"Of the components, {'; '.join(moved)} move the gap")
    )
    if rest:
        text += f"; {' and '.join(rest)} {'does' if len(rest) == 1 else 'do'} not beyond chance"
    return f"{text}."


def _distance(
    comparisons: Sequence[Comparison], facts: Mapping[str, Any], level: float
) -> list[str]:
    near = next((one for one in comparisons if one.kind == "near"), None)
    slope = next((one for one in comparisons if one.kind == "distance"), None)
    said = []
    if near is not None:
        within = facts["near_within"]
        if near.clear:
            way = "smaller" if near.estimate < 0 else "larger"
            said.append(
                f"Close to it too: wordings within a distance of {within:.2f} have a gap "
                f"{points(abs(near.estimate))} points {way} than those farther off ({span_text(near, level)})."
            )
        else:
            said.append(
                f"Wordings within a distance of {within:.2f} do not clearly differ from those farther off: "
                f"{points(near.estimate, sign=True)} points ({span_text(near, level)}); "
                f"{could_have([near.detectable])}."
            )
    if slope is not None and slope.clear:
        way = "rises" if slope.estimate > 0 else "falls"
        tenth = slope.estimate / 10
        said.append(
            f"Among the other wordings the gap {way} by {points(abs(tenth))} points for each tenth of distance."
        )
    return said


def _p(p: float | None) -> str:
    return "unknown" if p is None else "< 0.001" if p < 0.001 else f"= {p:.2g}"
