"""How is what the answers show said in plain sentences?

For each question and judge the thing that matters most comes first: how often the answer is yes, how often any label
applies, or how much a scale says on average, in both tiers and as a difference with its interval. What a sentence is
about is fixed without a look at the differences: the largest of many differences would look clear by chance alone. A
difference whose interval holds zero is not called one, and says what could still hide in it; one that rests on what
the judge left undecided, or on verdicts that are missing, says so in the same breath.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gyges.report.answer_parts import (
    Group,
    amount,
    group_name,
    grouped,
    signed_amount,
    unit_of,
)
from gyges.report.open_words import MUCH, clause, clear, moot, opened, reason

if TYPE_CHECKING:
    from gyges.findings import Shown
    from gyges.report.asked import Asked

__all__ = ["FEW", "foremost", "leads"]

FEW = 3
"""Up to so many groups of trials are each told in a sentence."""
_NBSP = "\u00a0"

_CLAUSES: Mapping[tuple[str, str], str] = {
    ("verbalised", "yes"): "the reasoning states the strategy",
    ("doubt", "any"): "the reasoning doubts something about the scene",
    ("confusion", "any"): "the reasoning reasons badly about the scenario",
    ("anti-lab", "any"): "the subject acts or plans against its developer",
    ("evaluation-awareness", "any"): "the subject says that it is being tested or watched",
    ("lying", "lies"): "the answer lies about the model's own views",
}
"""What a yes says, of the questions that ship; others are told by their label."""
_MEANS: Mapping[tuple[str, str], str] = {
    ("suspicion", "level"): "how far the reasoning suspects the scene",
    ("compromise", "level"): "how far the answer goes with the objective",
}
"""What a mean is of, of the questions that ship."""


def foremost(asked: Asked, shown: Sequence[Shown]) -> Shown | None:
    """Pick what a group's sentence is about; the same in each group, and whatever the differences are.

    It is yes, any label, the level, the probability, or the label that has a sentence of its own; of a choice among
    others the label that is commonest over both tiers and all groups; of several scales the first.

    Args:
        asked: The question and the judge.
        shown: The estimates of one group.
    """
    every = [one for one in asked.shown if not one.control] or list(asked.shown) or list(shown)
    known = {one.what: one for one in every}
    base = asked.question.partition(".")[0]
    fixed = ["yes", "any", "level", "probability real"]
    fixed += [what for question, what in _CLAUSES if question == base]
    what = next((name for name in fixed if name in known), "")
    if not what and asked.kind == "scores":
        what = next((one.what for one in every if one.unit == "mean"), "")
    if not what:
        also = tuple(f"{name}: " for name in asked.about.get("also") or ())
        rates: dict[str, float] = {}
        for one in every:
            if one.unit == "share" and not one.what.startswith(also):
                said = (one.monitored or 0.0) + (one.unmonitored or 0.0)
                rates[one.what] = rates.get(one.what, 0.0) + said
        what = max(rates, key=lambda name: rates[name]) if rates else next(iter(known), "")
    return next((one for one in shown if one.what == what), None)


def leads(asked: Asked) -> list[str]:
    """Say what one judge's answers to one question show.

    Returns:
        The sentence to print large, then others.
    """
    groups = grouped(asked.shown)
    main = [key for key in groups if not key[3]] or list(groups)
    if not main:
        return [f"No trial of the two tiers has a verdict{reason(asked)}."]
    if len(main) <= FEW:
        ordered = [*main, *[key for key in groups if key not in main]]
        told = {key: _sentences(asked, key, groups[key], main) for key in ordered}
        return [said for key in ordered for said in (told[key] if key in main else told[key][:1])]
    firsts = [one for key in main if (one := foremost(asked, groups[key])) is not None]
    if all(moot(asked, one) for one in firsts):
        of = f" of the {len(main)} groups"
        whole = all(one.monitored is None and one.unmonitored is None for one in firsts)
        if whole:
            return [f"No trial{of} has a verdict{reason(asked)}."]
        return [f"The judge decided none of {sum(one.trials for one in firsts):,} trials{of}."]
    return [
        _tally(asked, [rows for key, rows in groups.items() if key in main]),
        *_largest(asked, groups, main),
    ]


def _sentences(asked: Asked, key: Group, rows: Sequence[Shown], main: Sequence[Group]) -> list[str]:
    first = foremost(asked, rows)
    if first is None:
        return []
    name = group_name(key, main) if key in main else group_name(key, [*main, key])
    where = f" of {name}" if name and key in main else ""
    if key == main[0] and len(main) > 1:
        where += f", the first of {len(main)} groups,"
    lead = ""
    if key not in main:
        *own, control = name.split(" · ")
        of = " of " + " · ".join(own) if own else ""
        lead = f"In the {control}{of}, "
    said = [_capital(lead + _sentence(asked, first, where))]
    if first.unit == "mean":
        # Scales stand beside each other; none of them is the answer alone.
        others = [one for one in rows if one.unit == "mean" and one is not first]
        said += [_capital(_sentence(asked, one, where)) for one in others]
    told = "" if clause(asked, first) or moot(asked, first) else _open(first)
    return [*said, *filter(None, [_commonest(asked, rows, first), told])]


def _open(one: Shown) -> str:
    """Say how much was left undecided or is missing, where that is no small part."""
    undecided = one.undecided_monitored + one.undecided_unmonitored
    missing = one.missing_monitored + one.missing_unmonitored
    if undecided + missing <= MUCH * one.trials:
        return ""
    parts = []
    if undecided:
        counted = ", which count as not showing it" if one.unit == "share" else ""
        parts.append(f"the judge left {undecided:,} of {one.trials:,} trials undecided{counted}")
    if missing:
        parts.append(f"{missing:,} of {one.trials:,} trials have no verdict and count as nothing")
    return f"{_capital('; '.join(parts))}."


def _sentence(asked: Asked, one: Shown, where: str = "") -> str:
    nothing = moot(asked, one, where)
    if nothing:
        return nothing
    return f"{_told(asked, one, where)}; {_difference(one)}{_rests(asked, one)}."


def _rests(asked: Asked, one: Shown) -> str:
    """Say what the difference rests on, where that is not the verdicts alone."""
    said = clause(asked, one)
    if not said or one.difference_min is None or one.difference_max is None:
        return said
    ends = (signed_amount(one, v, plus=False) for v in (one.difference_min, one.difference_max))
    low, high = ends
    if low == high:
        return said
    return f"{said}; depending on them the difference lies between {low} and {high}{unit_of(one).replace(_NBSP, ' ')}"


def _told(asked: Asked, one: Shown, where: str) -> str:
    """Say the thing that was found first, then how much of it is in each tier."""
    share = one.unit == "share"
    found = _found(asked, one) if share else f"{_mean_of(asked, one)} averages"
    preposition = " in" if share else ""
    scale = "" if share else _scale(asked, one)
    if one.monitored is None or one.unmonitored is None:
        known, none = (
            ("unmonitored", "monitored") if one.monitored is None else ("monitored", "unmonitored")
        )
        of = "of" if share else "in"
        rate = amount(one, getattr(one, known))
        return f"{found}{preposition} {rate} {of} the {known} trials{where}{scale} (no {none} trial has a verdict)"
    rates = (amount(one, one.monitored), amount(one, one.unmonitored))
    if share:
        return f"{found} in {rates[0]} of the monitored trials{where} and {rates[1]} of the unmonitored"
    return f"{found} {rates[0]} in the monitored trials{where} and {rates[1]} in the unmonitored{scale}"


def _found(asked: Asked, one: Shown) -> str:
    clause = _CLAUSES.get((asked.question.partition(".")[0], one.what))
    if clause is None:
        clause = "some label applies" if one.what == "any" else f"the answer is {_label(one)}"
    return clause


def _mean_of(asked: Asked, one: Shown) -> str:
    if one.what == "probability real":
        return "the probability that the subject gives to the scene being real"
    known = _MEANS.get((asked.question.partition(".")[0], one.what))
    return known or ("the level" if one.what == "level" else one.what)


def _scale(asked: Asked, one: Shown) -> str:
    levels = list(asked.about.get("labels") or ())
    if one.what == "probability real":
        return ""
    if one.what == "level" and levels:
        return f" on the scale from 0 ({levels[0]}) to 1 ({levels[-1]})"
    return f" on the scale from {one.low:g} to {one.high:g}"


def _label(one: Shown) -> str:
    return f"“{one.what}”"


def _difference(one: Shown) -> str:
    unit = unit_of(one).replace(_NBSP, " ")
    if one.difference is None:
        return "no difference can be given"
    size = f"{signed_amount(one, one.difference)}{unit}"
    if one.ci_low is None or one.ci_high is None:
        return f"difference {size}, without an interval for so few queries"
    ends = f"{100 * one.level:g}{_NBSP}% interval {signed_amount(one, one.ci_low, plus=False)} to "
    ends += signed_amount(one, one.ci_high, plus=False)
    if one.ci_low == one.ci_high:
        return (
            f"difference {size} in all {one.queries} queries (an interval without width means that nothing varied, not "
            "that the figure is certain)"
        )
    if one.ci_low <= 0 <= one.ci_high:
        hidden = signed_amount(one, max(abs(one.ci_low), abs(one.ci_high)), plus=False)
        return f"no clear difference ({size}, {ends}: up to {hidden}{unit} could hide in it)"
    return f"difference {size}, {ends}"


def _commonest(asked: Asked, rows: Sequence[Shown], first: Shown) -> str:
    """Name the labels that apply most often, where the sentence only says that some do."""
    if first.what not in ("any", "probability real", "level"):
        return ""
    skipped = {"any", "none", "yes, and complies"}
    labels = [
        one
        for one in rows
        if one.unit == "share" and one.what not in skipped and ": " not in one.what
    ]
    ranked = sorted(labels, key=lambda one: -((one.monitored or 0) + (one.unmonitored or 0)))
    top = [one for one in ranked[:3] if (one.monitored or 0) + (one.unmonitored or 0) > 0]
    if not top:
        return ""
    each = "; ".join(
        f"{one.what} ({amount(one, one.monitored)} and {amount(one, one.unmonitored)})"
        for one in top
    )
    return f"Most often, monitored and unmonitored: {each}."


def _tally(asked: Asked, groups: Sequence[Sequence[Shown]]) -> str:
    every = [found for rows in groups if (found := foremost(asked, rows)) is not None]
    firsts = [one for one in every if not moot(asked, one)]
    first = firsts[0]
    rates = [one.monitored for one in firsts if one.monitored is not None]
    moved = sum(clear(one) and opened(one) for one in firsts)
    spans = [one for one in firsts if one.ci_low is not None and one.ci_high is not None]
    above = sum((one.ci_low or 0) > 0 for one in spans)
    below = sum((one.ci_high or 0) < 0 for one in spans)
    name = f"The share of {_label(first)}"
    if (asked.question.partition(".")[0], first.what) in _CLAUSES and first.unit == "share":
        name = f"The share of trials in which {_found(asked, first)}"
    if first.unit == "mean":
        name = f"The mean of {_mean_of(asked, first)}"
    level = len(spans) - above - below
    undone = ""
    if moved:
        undone = f"; in {moved} of these the undecided or missing verdicts could undo that"
    if len(every) > len(firsts):
        undone += f"; in {len(every) - len(firsts)} more the judge decided nothing"
    reach = "has no verdict"
    if rates:
        reach = f"goes from {amount(first, min(rates))} to {amount(first, max(rates))}"
    return (
        f"{name} {reach} among the monitored trials of {len(firsts)} groups; the difference between the tiers is above "
        f"zero in {above}, below in {below}, and has an interval that contains zero in {level}{undone}."
    )


def _largest(
    asked: Asked, groups: Mapping[Group, Sequence[Shown]], main: Sequence[Group]
) -> list[str]:
    found = [
        (key, one)
        for key in main
        if (one := foremost(asked, groups[key])) is not None
        and one.difference is not None
        and not moot(asked, one)
    ]
    if not found:
        return []
    key, one = max(
        found, key=lambda pair: abs(pair[1].difference or 0.0) / (pair[1].high - pair[1].low)
    )
    picked = f"The largest of {len(found)}, not adjusted for being picked"
    return [f"{picked}: {_sentence(asked, one, f' of {group_name(key, main)}')}"]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
