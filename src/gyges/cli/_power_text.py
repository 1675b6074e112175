"""How is a power calculation told in a terminal?"""

from __future__ import annotations

from typing import Any

from gyges.cli.table import text_table

__all__ = ["power_text"]


def power_text(record: dict[str, Any]) -> str:
    """Lay out what ``gyges power`` found: the question, the choices, the cheapest, the plan, the published way."""
    parts = [_question(record), _table(record), _cheapest(record)]
    if record["plan"]:
        parts.append(_plan(record))
    if record["unpaired"]:
        parts.append(_unpaired(record))
    return "\n\n".join(part for part in parts if part)


def _question(record: dict[str, Any]) -> str:
    lines = [
        f"To see a gap of {_points(record['gap'])} over an unmonitored rate of {_percent(record['base'])} in "
        f"{_percent(record['power'])} of studies, at level {_percent(record['level'])}."
    ]
    if record["margin"]:
        lines.append(
            f"To rule out a gap of {_points(record['margin'])} as often, if there is none."
        )
    query, wording = (_points(record["components"][name] ** 0.5) for name in ("query", "wording"))
    pilot, assumed = record["pilot"], record["assumed"]
    if pilot:
        size = ", ".join(_count(pilot[name], name) for name in ("queries", "wordings", "samples"))
        known = " (assumed)" if pilot["wording_assumed"] else ""
        lines += [
            f"From the pilot {pilot['study']}: {pilot['subject']}, {size}.",
            f"There the gap varies by {query} from query to query, and by {wording} from wording to wording{known}.",
        ]
        if pilot["samples"] < 1.5:
            lines.append(
                "With so few samples a query and tier, queries and chance can hardly be told apart: more samples may "
                "help more than the table says."
            )
        if pilot["stopped"]:
            lines.append(
                "A rule ended that run when its answers met it, so what it shows of the variation leans to that."
            )
    else:
        lines += [
            f"Assumed: intraclass correlation {assumed['icc']:g}, correlation of the tiers {assumed['correlation']:g}.",
            f"The gap then varies by {query} from query to query, and by {wording} from wording to wording.",
        ]
    return "\n".join(lines)


def _table(record: dict[str, Any]) -> str:
    header = ["speaks for", "wordings", "samples", "queries", "calls"]
    columns = ["wordings", "samples", "queries", "calls"]
    if record["margin"]:
        header += ["queries to rule out", "calls to rule out"]
        columns += ["rule_out_queries", "rule_out_calls"]
    return text_table(
        header,
        [
            [
                "one wording" if row["wordings"] == 1 else "wordings in general",
                *["-" if row[name] is None else f"{row[name]:,}" for name in columns],
            ]
            for row in record["designs"]
        ],
    )


def _cheapest(record: dict[str, Any]) -> str:
    lines = []
    for name, single in (("one wording", True), ("wordings in general", False)):
        rows = [row for row in record["designs"] if (row["wordings"] == 1) is single]
        reached = [row for row in rows if row["calls"] is not None]
        if reached and len(rows) > 1:
            best = min(reached, key=lambda row: row["calls"])
            lines.append(f"Cheapest for {name}: {_size(best)}; {best['calls']:,} calls.")
    numbers = [
        row.get(name, 0) for row in record["designs"] for name in ("queries", "rule_out_queries")
    ]
    if None in numbers:
        lines.append(
            "-: no number of queries is enough, because the wordings differ too much; take more of them."
        )
    return "\n".join(lines)


def _plan(record: dict[str, Any]) -> str:
    plan, share = record["plan"], _percent(record["power"])
    lines = [
        f"Your plan, {_size(plan)}; {plan['calls']:,} calls: sees that gap in {_percent(plan['power'])} of studies."
    ]
    least = plan["detectable_gap"]
    lines.append(
        f"It sees no possible gap in {share} of studies."
        if least is None
        else f"The smallest gap that it sees in {share} of studies: {_points(least)}."
    )
    if plan["rule_out_power"] is not None:
        lines.append(
            f"If there is no gap, it rules out one of {_points(record['margin'])} in "
            f"{_percent(plan['rule_out_power'])} of studies."
        )
    return "\n".join(lines)


def _unpaired(record: dict[str, Any]) -> str:
    found = record["unpaired"]
    lines = [
        f"The published way, unpaired and all trials taken as independent: {found['trials']:,} trials a tier; "
        f"{found['calls']:,} calls."
    ]
    if record["plan"]:
        least = found["detectable_gap"]
        lines.append(
            "It would say that your plan sees no possible gap."
            if least is None
            else f"It would say that your plan sees {_points(least)}."
        )
    return "\n".join(lines)


def _size(row: dict[str, Any]) -> str:
    return " × ".join(_count(row[name], name) for name in ("queries", "samples", "wordings"))


def _count(number: float, plural: str) -> str:
    singular = {"queries": "query", "samples": "sample", "wordings": "wording"}[plural]
    text = f"{number:,}" if isinstance(number, int) else f"{number:.3g}"
    return f"{text} {singular if number == 1 else plural}"


def _points(value: float) -> str:
    points = round(value * 100, 1)
    return f"{points:g} point" + ("" if abs(points) == 1 else "s")


def _percent(value: float) -> str:
    return f"{round(value * 100, 1):g} %"
