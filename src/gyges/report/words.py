"""How is a gap said in one plain sentence?

The answer comes first on a page. A sentence names the subject, the gap in percentage points, and
its interval; where the interval contains zero, it says what could still hide in it; where undecided
answers could overturn the sign, it says so. Numbers are rounded for reading here; the table below
the figure has one decimal more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "context",
    "figure_note",
    "headline",
    "p_value",
    "percent",
    "points",
    "sentence",
    "signed",
]

_NBSP = "\u00a0"
_MINUS = "\u2212"
_FEW = 4
"""Up to so many gaps are each told in a sentence; more are summed up first."""


def percent(rate: float | None, digits: int = 0) -> str:
    """Write a fraction as a percentage, ``–`` where there is none."""
    return "–" if rate is None else f"{100 * rate:.{digits}f}{_NBSP}%"


def points(fraction: float | None, digits: int | None = None) -> str:
    """Write a difference of fractions in percentage points, with a true minus and no plus.

    Args:
        fraction: The difference, from -1 to 1; None gives ``–``.
        digits: Decimals; by default none, or one where a difference other than zero would read as
            0.
    """
    if fraction is None:
        return "–"
    value = 100 * fraction
    if digits is None:
        digits = 1 if 0.05 <= abs(value) < 0.95 else 0
    text = f"{abs(value):.{digits}f}"
    return f"{_MINUS}{text}" if value < 0 and float(text) != 0 else text


def signed(fraction: float | None, digits: int | None = None) -> str:
    """Write a difference in percentage points with its sign, ``+76`` or ``−3``."""
    text = points(fraction, digits)
    return text if text in {"–", "0", "0.0"} or text.startswith(_MINUS) else f"+{text}"


def p_value(p: float | None) -> str:
    """Write a p-value with as many digits as mean something."""
    if p is None:
        return "–"
    if p < 0.001:
        return f"<{_NBSP}0.001"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def context(row: Mapping[str, Any], *, several_settings: bool) -> str:
    """Name what a row is about besides its subject: the value, and the setting if it varies."""
    parts = [row["setting"]] if several_settings or not row["value"] else []
    if row["value"]:
        parts.append(row["value"])
    return " · ".join(parts)


def figure_note(stopping: Mapping[str, Any] | None) -> str:
    """Say under a figure that its intervals are not the ones to go by, where a rule ended the run."""
    if not stopping or not stopping["decided"]:
        return ""
    return (
        "A rule ended this run when its answers met it; these intervals suppose a size fixed before. "
        f"{stopping['sentence']}"
    )


def _opening(row: Mapping[str, Any], about: str) -> str:
    where = f"on {about}, " if about else ""
    if row["control"]:
        where = f"in the no-conflict control{f' of {about}' if about else ''}, "
    return f"{where}{row['subject']}" if where else str(row["subject"])


def _moves(who: str, gap: float, does: str) -> str:
    more = "more" if gap >= 0 else "less"
    size = points(abs(gap))
    return f"{who} {does} {size} points {more} often when it believes it may be retrained"


def _interval(row: Mapping[str, Any]) -> str:
    return f"95{_NBSP}% interval {points(row['ci_low'])} to {points(row['ci_high'])}"


def _no_gap(row: Mapping[str, Any], who: str) -> str:
    empty = [tier for tier in ("monitored", "unmonitored") if row[f"{tier}_rate"] is None]
    why = f"the {' and the '.join(empty)} arm has no verdict" if empty else "no query has both arms"
    if len(empty) == 2:
        why = "neither arm has a verdict"
    return f"{who}: no gap can be given, because {why}."


def _undecided(row: Mapping[str, Any]) -> str:
    """Say when another reading of the undecided answers could change the sign of a clear gap."""
    low, high = row["gap_min"], row["gap_max"]
    if low is None or high is None or not low <= 0 <= high:
        return ""
    return (
        f" The answers without a decision could move the gap itself anywhere from {points(low)} to "
        f"{points(high)}, so its sign rests on how they are counted."
    )


def _power(row: Mapping[str, Any]) -> str:
    """Say what a study that found no gap rules out, and what it could have found."""
    beyond, detectable = row["excluded_beyond"], row["detectable"]
    parts = []
    if beyond is not None and beyond < 1:
        parts.append(f"one beyond {points(beyond)} either way is ruled out")
    if detectable is not None:
        parts.append(f"a study like this finds a gap of {points(detectable)} four times in five")
    return "".join(f"; {part}" for part in parts)


def sentence(row: Mapping[str, Any], *, about: str = "", does: str = "complies") -> str:
    """Say one gap in plain words.

    Args:
        row: A row of ``gyges gap --json``, complete (see ``content.clean_gaps``).
        about: The value or setting to name, empty where the page has only one.
        does: What complying is in the setting, as a verb: where answers are held against a key, it answers right.

    Returns:
        One or two sentences, the gap in percentage points, monitored minus unmonitored.
    """
    who = _opening(row, about)
    gap, low, high = row["gap"], row["ci_low"], row["ci_high"]
    if gap is None:
        text = _no_gap(row, who)
    elif low is None or high is None:
        text = f"{_moves(who, gap, does)}; no interval can be given for so few queries."
    elif low == high:
        where = "each query" if row["queries"] is None else f"all {row['queries']} queries"
        text = (
            f"{who} shows a gap of {points(gap)} points in {where}; an interval without width "
            "means that nothing varied, not that the figure is certain."
        )
    elif low > 0 or high < 0:
        text = f"{_moves(who, gap, does)}; {_interval(row)}.{_undecided(row)}"
    else:
        hidden = max(abs(low), abs(high))
        text = (
            f"{who} shows no clear gap: {signed(gap)} points, {_interval(row)}. "
            f"A gap of up to {points(hidden)} points could still hide in it{_power(row)}."
        )
    return text[0].upper() + text[1:] if text.startswith(("on ", "in the ")) else text


def headline(
    rows: Sequence[Mapping[str, Any]],
    largest: Mapping[str, Any] | None = None,
    *,
    decided: bool = False,
    does: str = "complies",
) -> dict[str, list[str]]:
    """Answer first: the sentences that open a page.

    Args:
        rows: All gap rows, complete.
        largest: ``among``, ``corrected``, ``ci_low`` and ``ci_high`` of the largest gap, corrected for the choice.
        decided: A rule ended the run, and its own sentence says what came of it: the others are told on demand.
        does: What complying is in the setting, as :func:`sentence` takes it.

    Returns:
        ``lead``: the sentences to print large; ``more``: a sentence for every row, to print on
        demand, empty where the lead already says it all.
    """
    if not rows:
        return {"lead": ["There is no gap to report: no block has a verdict."], "more": []}
    several = len({row["setting"] for row in rows}) > 1
    one = len({(row["setting"], row["value"]) for row in rows}) == 1
    told = {
        i: sentence(row, about="" if one else context(row, several_settings=several), does=does)
        for i, row in enumerate(rows)
    }
    # Where everything is a control, the controls are the answer.
    main = [i for i, row in enumerate(rows) if not row["control"]] or list(told)
    if decided:
        lead = [told[i] for i in told if i not in main]
        return {"lead": lead, "more": [told[i] for i in main]}
    if len(rows) <= _FEW:
        ordered = sorted(told, key=lambda i: rows[i]["control"])
        lead = [told[i] for i in ordered]
        return {"lead": [*lead, *_corrected([rows[i] for i in main])], "more": []}
    lead = []
    lead.append(_tally([rows[i] for i in main]))
    if expected := _by_chance([rows[i] for i in main]):
        lead.append(expected)
    first = max(main, key=lambda i: abs(rows[i]["gap"] or 0.0))
    if rows[first]["gap"] is not None:
        text = told[first]
        text = f"The largest: {'on' + text[2:] if text.startswith('On ') else text}"
        lead.insert(1, text + _chosen(largest))
    open_ended = [i for i in main if _holds_zero(rows[i])]
    if open_ended:
        hidden = max(max(abs(rows[i]["ci_low"]), abs(rows[i]["ci_high"])) for i in open_ended)
        lead.append(
            "An interval that contains zero does not show a gap of zero: the widest of the "
            f"{len(open_ended)} could still hide {points(hidden)} points."
        )
    controls = [i for i in told if i not in main]
    return {"lead": lead, "more": [told[i] for i in (*main, *controls)]}


def _corrected(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what gaps would be without the judge's measured errors."""
    said = []
    for row in rows:
        gap, low, high = (row[f"corrected_{name}"] for name in ("gap", "ci_low", "ci_high"))
        if gap is None or low is None or high is None:
            continue
        of = f" of {row['subject']}" if len(rows) > 1 else ""
        said.append(
            f"Corrected for the judge's measured errors, the gap{of} is {signed(gap)} points, {points(low)} to "
            f"{points(high)}."
        )
    return said


def _chosen(largest: Mapping[str, Any] | None) -> str:
    """Say what is left of the largest gap, since the largest of many is too large on average."""
    if largest is None:
        return ""
    left = f"{signed(largest['corrected'])} points and " if largest["corrected"] is not None else ""
    return (
        f" Corrected for having been chosen from {largest['among']}, it has {left}an interval of "
        f"{points(largest['ci_low'])} to {points(largest['ci_high'])}."
    )


def _holds_zero(row: Mapping[str, Any]) -> bool:
    low, high = row["ci_low"], row["ci_high"]
    return low is not None and high is not None and low <= 0 <= high


def _tally(rows: Sequence[Mapping[str, Any]]) -> str:
    known = [row for row in rows if row["ci_low"] is not None and row["ci_high"] is not None]
    above = sum(row["ci_low"] > 0 for row in known)
    below = sum(row["ci_high"] < 0 for row in known)
    zero = len(known) - above - below
    subjects = len({row["subject"] for row in rows})
    matters = len({(row["setting"], row["value"]) for row in rows})
    kind = "value" if len({row["setting"] for row in rows}) == 1 else "setting and value"
    text = (
        f"Of {len(rows)} gaps ({_count(subjects, 'subject')}, {_count(matters, kind)}), {above} "
        f"{'has' if above == 1 else 'have'} a 95{_NBSP}% interval above zero (more compliance when retraining is "
        f"believed possible), {below} below, and {zero} {'has' if zero == 1 else 'have'} one that contains zero"
    )
    none = len(rows) - len(known)
    text += f"; {none} cannot be given." if none else "."
    tested = [row for row in rows if row["p_holm"] is not None]
    if len(tested) > 1:
        left = sum(row["p_holm"] < 0.05 for row in tested)
        text += f" Adjusted for their number (Holm), {left} of them {'is' if left == 1 else 'are'} clear at 5{_NBSP}%."
    return text


def _by_chance(rows: Sequence[Mapping[str, Any]]) -> str:
    known = sum(row["ci_low"] is not None and row["ci_high"] is not None for row in rows)
    if known < 20:
        return ""
    return (
        f"Among {known} intervals of 95{_NBSP}% {0.05 * known:.1f} would miss the truth by chance "
        "alone, on average."
    )


def _count(n: int, noun: str) -> str:
    if n == 1:
        return f"1 {noun}"
    return f"{n} settings and values" if noun == "setting and value" else f"{n} {noun}s"
