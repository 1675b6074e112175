"""How is it said that a difference rests on trials without a decision, or that there is nothing to give?

A judge may leave a trial undecided, or give no verdict at all. Both leave the difference open: between the bounds of
the findings, which decide them all one way or the other. Where the bounds hold zero although the interval does not, or
where one tier is left open much more than the other, that belongs into the sentence that gives the difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gyges.findings import Shown
    from gyges.report.asked import Asked

__all__ = ["MUCH", "clause", "clear", "moot", "opened", "reason"]

MUCH = 0.1
"""From this share of open trials on, or this difference of it between the tiers, the sentences say so."""
_TIERS = ("monitored", "unmonitored")
_FAILED = {
    "refused": "the judge refused to answer",
    "unparsed": "the judge's answer could not be read",
    "error": "the judge failed",
    "no_answer": "there was nothing to judge",
    "not judged": "they have not been judged",
}


def clear(one: Shown) -> bool:
    """Whether the interval of a difference holds no zero; one without width shows only that nothing varied."""
    if one.ci_low is None or one.ci_high is None or one.ci_low == one.ci_high:
        return False
    return one.ci_low > 0 or one.ci_high < 0


def opened(one: Shown) -> bool:
    """Whether what is undecided or missing could turn a difference into none, or into its contrary."""
    low, high = one.difference_min, one.difference_max
    if low is None or high is None or low == high or one.difference is None:
        return False
    return low <= 0 <= high


def reason(asked: Asked) -> str:
    """Say why there is no verdict, as the commonest status says it; empty where the study does not."""
    if not asked.failed:
        return ""
    status, count = max(asked.failed.items(), key=lambda pair: pair[1])
    why = _FAILED.get(status, f"their status is {status}")
    every = sum(asked.failed.values())
    most = "" if count == every else f"in {count:,} of {every:,} "
    return f": {most}{why}"


def moot(asked: Asked, one: Shown, where: str = "") -> str:
    """Say that the judge has decided nothing; empty where it has decided something."""
    undecided = one.undecided_monitored + one.undecided_unmonitored
    if undecided and undecided + one.missing_monitored + one.missing_unmonitored >= one.trials:
        missing = one.trials - undecided
        rest = f": {undecided:,} are undecided, {missing:,} have no verdict" if missing else ""
        return f"the judge decided none of {one.trials:,} trials{where.rstrip(',')}{rest}."
    if one.monitored is not None or one.unmonitored is not None:
        return ""
    if one.unit == "mean" and sum(asked.failed.values()) < sum(asked.totals.values()):
        return f"no trial{where} has a number for “{one.what}”."
    return f"no trial{where} has a verdict{reason(asked)}."


def clause(asked: Asked, one: Shown) -> str:
    """Say what a difference rests on, where its sentence must say it: how much is open in each tier."""
    if one.difference is None:
        return ""
    total = [_total(asked, one, tier) for tier in _TIERS]
    undecided = [one.undecided_monitored, one.undecided_unmonitored]
    missing = [one.missing_monitored, one.missing_unmonitored]
    # Also without a width: that all queries differ alike is a difference.
    differs = one.ci_low is not None and one.ci_high is not None
    differs = differs and ((one.ci_low or 0) > 0 or (one.ci_high or 0) < 0)
    uneven = any(
        abs(each[0] / total[0] - each[1] / total[1]) > MUCH
        for each in (undecided, missing)
        if all(total)
    )
    if not uneven and not (differs and opened(one)):
        return ""
    parts = []
    if any(undecided):
        parts.append(f"the judge left {_each(undecided, total)} undecided")
    if any(missing):
        parts.append(f"{_each(missing, total)} {'has' if sum(missing) == 1 else 'have'} no verdict")
    return f", but {' and '.join(parts)}" if parts else ""


def _each(counts: list[int], total: list[int]) -> str:
    named = [
        f"{count:,} of {of:,} {tier}"
        for count, of, tier in zip(counts, total, _TIERS, strict=True)
        if count
    ]
    return f"{' and '.join(named)} trials"


def _total(asked: Asked, one: Shown, tier: str) -> int:
    known = asked.totals.get((one.subject, one.setting, one.value, one.control, tier))
    # Tiers are paired, so that each has one half where nobody has counted them.
    return one.trials // 2 if known is None else known
