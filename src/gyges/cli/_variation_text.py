"""How is the structure of the variation said in a terminal: one sentence a question, then its table?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gyges.cli.table import text_table

if TYPE_CHECKING:
    from gyges.structure import (
        Component,
        Effect,
        Interval,
        Structure,
        VarianceSplit,
        Verbalised,
    )

__all__ = ["variation_text"]


def variation_text(groups: Sequence[Structure]) -> str:
    """Lay out all that is known of some groups of trials; what is to be said of all of them stands once, at the end."""
    notes = [
        list(dict.fromkeys([*group.notes, *(n for s in group.variance.values() for n in s.notes)]))
        for group in groups
    ]
    common = [note for note in notes[0] if all(note in others for others in notes)]
    texts = [
        _group(group, [note for note in own if note not in common])
        for group, own in zip(groups, notes, strict=True)
    ]
    parts = [part for group in groups for split in group.variance.values() for part in split.parts]
    if any(part.raw < 0 for part in parts):
        common.insert(0, "* The estimate is below zero and given as 0")
    if common:
        texts.append("\n".join(f"{note}." for note in common))
    return "\n\n".join(texts)


def _group(found: Structure, notes: Sequence[str]) -> str:
    names = [found.subject, found.setting]
    if found.value and found.value != found.setting:
        names.append(found.value)
    names += [f"{name}={level}" for name, level in found.factors.items()]
    title = " · ".join(names) + (" · control" if found.control else "")
    counts = (
        f"{_many(found.queries, 'query', 'queries')}, {_many(found.wordings, 'wording')}, {found.trials} answers, "
        f"{_many(found.pairs, 'pair')}; judge {found.judge}; {found.level:.0%} intervals in brackets"
    )
    sections = [_variance(found), _prompts(found), _effects(found)]
    if found.verbalised is not None:
        sections.append(_verbalised(found.verbalised, found.level))
    sections.append("\n".join(f"{note}." for note in notes))
    return "\n\n".join([f"{title}\n{counts}", *[section for section in sections if section]])


def _variance(found: Structure) -> str:
    if not found.variance:
        return ""
    splits = list(found.variance.values())
    rows = []
    for name in dict.fromkeys(part.name for split in splits for part in split.parts):
        parts = [next((p for p in split.parts if p.name == name), None) for split in splits]
        rows.append([name, *["-" if part is None else _share(part) for part in parts]])
    lines = [
        "Where the variance of one answer lies: standard deviation in points, share",
        text_table(["", *found.variance], rows),
    ]
    if "difference" in found.variance:
        lines.append(_variance_sentence(found.variance["difference"]))
    return "\n".join(lines)


def _variance_sentence(split: VarianceSplit) -> str:
    if split.total == 0:
        return "The difference between the tiers is the same in all pairs."
    largest = max(split.parts, key=lambda part: part.variance)
    place = {
        "query": "between queries: more queries narrow the gap's interval",
        "wording": "between wordings: more wordings narrow the gap's interval",
        "sample": "between samples of one cell: more samples, queries or wordings narrow the gap's interval",
    }.get(largest.name, f"in {largest.name}")
    return f"Of the difference between the tiers, most of the variance ({largest.share or 0:.0%}) lies {place}."


def _share(part: Component) -> str:
    deviation = f"{100 * math.sqrt(part.variance):.1f}{'*' if part.raw < 0 else ''}"
    if part.share is None:
        return deviation
    text = f"{deviation}  {part.share:.0%}"
    if part.share_low is not None and part.share_high is not None:
        text += f" [{100 * part.share_low:.0f} to {100 * part.share_high:.0f}]"
    return text


def _prompts(found: Structure) -> str:
    if not found.prompts:
        return ""
    lines = ["Whether the prompts of a tier share one rate (beta-binomial against binomial)"]
    rows, said = [], []
    for arm, fit in found.prompts.items():
        icc = "-" if fit.icc is None else f"{fit.icc:.2f}{_brackets(fit.icc_low, fit.icc_high)}"
        rows.append(
            [
                arm,
                f"{fit.mean:.3f}{_brackets(fit.mean_low, fit.mean_high, 3)}",
                icc,
                _p(fit.p),
                _p(fit.p_exact),
                "-" if fit.tarone_z is None else f"{fit.tarone_z:.1f}",
                f"{fit.never:.0%}",
                f"{fit.always:.0%}",
                f"{fit.high:.0%}",
            ]
        )
        never, always = (round(share * fit.prompts) for share in (fit.never, fit.always))
        shares = f"{never} of {fit.prompts} never comply, {always} always do"
        if fit.icc is None:
            said.append(f"{arm}: all answers are alike.")
        elif fit.p_exact < 1 - fit.level:
            said.append(f"{arm}: the prompts differ in their rates; {shares}.")
        else:
            said.append(f"{arm}: nothing shows that the prompts differ in their rates; {shares}.")
    header = ["", "mean rate", "intraclass correlation", "p (LR)", "p (exact)", "Tarone's z"]
    header += ["never", "always", "rate >= .5"]
    return "\n".join([*lines, text_table(header, rows), *said])


def _effects(found: Structure) -> str:
    if not found.effects:
        return ""
    rows = []
    for row in found.effects:
        gap = row.gap
        rows.append(
            [
                f"{row.factor} {row.level} (against {row.reference})",
                _points(row.monitored),
                _points(row.unmonitored),
                _points(gap),
                _p(gap.p if gap else None),
                _p(gap.p_adjusted if gap else None),
                str(gap.queries) if gap else "-",
            ]
        )
    header = ["", "monitored", "unmonitored", "gap", "p", "p (Holm)", "queries"]
    title = (
        "What each level changes, in points, in the same queries; p-values are of the gap's change"
    )
    return "\n".join([title, text_table(header, rows)])


def _verbalised(said: Verbalised, level: float) -> str:
    rows = [
        ["monitored answer verbalises", _points(said.gap_verbalised), str(said.blocks_verbalised)],
        ["it does not", _points(said.gap_silent), str(said.blocks_silent)],
    ]
    rates = [
        f"{rate:.0%} of {arm} answers"
        for arm, rate in (
            ("monitored", said.monitored_rate),
            ("unmonitored", said.unmonitored_rate),
        )
        if rate is not None
    ]
    unknown = f"; not known of {said.unknown}" if said.unknown else ""
    lines = [
        f"Verbalised in {' and '.join(rates)}{unknown} ({said.source})",
        text_table(["", "gap, points", "pairs"], rows),
    ]
    over = said.over_wordings
    if over is not None:
        text = (
            f"Over {over.points} wordings, verbalised and gap correlate with r = {over.pearson:.2f}"
            f"{_interval(over.pearson_interval)}, rank correlation {over.spearman:.2f}"
            f"{_interval(over.spearman_interval)}"
        )
        if over.bootstrap is not None:
            text += f"; r by resampling{_interval(over.bootstrap)}"
        lines.append(f"{text}. {level:.0%} intervals; sampling error draws both towards 0.")
    return "\n".join([*lines, f"Warning: {said.warning}."])


def _points(effect: Effect | None) -> str:
    if effect is None:
        return "-"
    text = f"{_signed(effect.estimate)}"
    if effect.interval is None:
        return text
    return f"{text} [{_signed(effect.interval.low)} to {_signed(effect.interval.high)}]"


def _signed(fraction: float) -> str:
    # Adding zero turns a rounded -0 into 0.
    return f"{round(100 * fraction, 1) + 0.0:+.1f}"


def _interval(interval: Interval) -> str:
    return _brackets(interval.low, interval.high)


def _brackets(low: float | None, high: float | None, digits: int = 2) -> str:
    return "" if low is None or high is None else f" [{low:.{digits}f} to {high:.{digits}f}]"


def _p(value: float | None) -> str:
    return "-" if value is None else "<.001" if value < 0.001 else f"{value:.2g}"


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"
