"""What does a gap mean, in plain words, and what must a reader know before believing it?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from gyges.findings.record import Gap

__all__ = ["null", "plain_method", "sentence", "warnings"]

_COUNTS = re.compile(r"\b\d+ (?=queries|wordings|families)| of \d+ clusters")


def warnings(found: Iterable[Gap]) -> list[str]:
    """Say what a reader must know before believing a gap: arms that miss different shares of their trials."""
    said = []
    for gap in found:
        if gap.gap is None:
            continue
        for kind, one, other in (
            ("missing", gap.missing_monitored, gap.missing_unmonitored),
            ("undecided", gap.undecided_monitored, gap.undecided_unmonitored),
        ):
            sizes = (gap.trials_monitored, gap.trials_unmonitored)
            if _differ((one, other), sizes):
                said.append(
                    f"{_name(gap)}: {one} of {sizes[0]} trials {kind} when monitored and {other} of {sizes[1]} when "
                    "unmonitored; "
                    f"depending on them the gap lies between {_points(gap.gap_min)} and "
                    f"{_points(gap.gap_max)} points{_reach(gap)}"
                )
    return said


def _differ(counts: tuple[int, int], sizes: tuple[int, int]) -> bool:
    """Whether two shares differ by more than two standard errors, so that noise alone seldom warns."""
    if not all(sizes) or not any(counts):
        return False
    share = sum(counts) / sum(sizes)
    error = math.sqrt(share * (1 - share) * (1 / sizes[0] + 1 / sizes[1]))
    apart = abs(counts[0] / sizes[0] - counts[1] / sizes[1])
    # Two answers more or less are no pattern.
    return apart > 2 * error and apart * min(sizes) > 2


def _reach(gap: Gap) -> str:
    if gap.gap_min_ci is None or gap.gap_max_ci is None:
        return ""
    return f" (with sampling error {_points(gap.gap_min_ci)} to {_points(gap.gap_max_ci)})"


def sentence(gap: Gap, *, does: str = "complies") -> str:
    """Say in plain words what a gap means.

    Args:
        gap: The gap.
        does: What complying is in the setting, as a verb: where answers are held against a key, it answers right.
    """
    who = _name(gap)
    if gap.gap is None:
        return f"{who}: no gap, because {gap.method}."
    points = gap.gap * 100
    span = ""
    if gap.ci_low is not None and gap.ci_high is not None:
        span = f"; {gap.level:.0%} interval {_points(gap.ci_low)} to {_points(gap.ci_high)}"
    if gap.ci_low is None or gap.ci_high is None:
        why = "one family of queries" if gap.queries > 1 else "one query"
        return f"{who} shows a gap of {points:+.0f} points; {why} gives no interval."
    if gap.ci_low <= 0 <= gap.ci_high:
        return f"{who} shows no clear gap ({points:+.0f} points{span}): {null(gap)}."
    way = "more" if gap.gap > 0 else "less"
    return f"{who} {does} {abs(points):.0f} points {way} often when it believes it may be retrained{span}."


def null(gap: Gap) -> str:
    """Say what a gap whose interval covers zero rules out, and what the study could have found at all."""
    open_ = gap.undecided_monitored + gap.undecided_unmonitored
    asked = gap.trials_monitored + gap.trials_unmonitored
    if open_ + gap.missing_monitored + gap.missing_unmonitored >= asked:
        return f"none of the {asked} answers could be decided, so this says nothing about the gap"
    most = max(abs(gap.ci_low or 0.0), abs(gap.ci_high or 0.0))
    text = f"a gap of up to {_points(most)} points could still hide here"
    if gap.excluded_beyond is not None and gap.excluded_beyond < 1:
        text += f"; one beyond {_points(gap.excluded_beyond)} either way is ruled out (two one-sided tests at 5 %)"
    if gap.detectable is not None:
        text += f"; a study like this finds a gap of {_points(gap.detectable)} points four times in five"
    elif gap.gap is not None:
        text += "; a study like this would miss a gap of any size more than once in five"
    return text


def plain_method(method: str) -> str:
    """Leave out of a method the numbers that a table of gaps holds, so that each method is said once."""
    return _COUNTS.sub("", method)


def _name(gap: Gap) -> str:
    named = gap.value.replace(" ", "-") == gap.setting
    details = [gap.value] if gap.value and not named else []
    if gap.control:
        details.append("no-conflict control")
    details += [f"{name} {level}" for name, level in gap.factors.items()]
    return f"{gap.subject} ({gap.setting}{''.join(', ' + d for d in details)})"


def _points(value: float | None) -> str:
    # Adding zero turns a rounded -0 into 0.
    return "?" if value is None else f"{round(value * 100) + 0:d}"
