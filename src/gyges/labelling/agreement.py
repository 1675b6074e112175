"""Do raters agree, and would they by chance?

For each pair of raters: the share of transcripts on which both decided and said the same, with
Wilson's interval (1927), Cohen's kappa (1960) beside the share of each label, since kappa cannot be
read without it, and the whole table of who said what. Where transcripts were drawn with unequal
weights, the share is also given weighted: it is then what the two would agree on in all answers of
the study, with an interval for the effective number (Kish 1965). For all raters together
Krippendorff's alpha (2011, "Computing Krippendorff's Alpha-Reliability"), which allows that each
labels only a part; where labels have an order it is the ordinal one. ``undecided`` is no label: it
is counted by itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, permutations
from typing import Any

from gyges.estimate import wilson
from gyges.estimate.agreement import cohen_kappa
from gyges.judges.question import UNDECIDED, Question
from gyges.labelling.answer import views
from gyges.labelling.store import AGREED, Given

__all__ = ["krippendorff_alpha", "summarise"]

SCHEMA = "gyges.label-summary/1"


def krippendorff_alpha(
    units: Iterable[Sequence[str]], order: Sequence[str] | None = None
) -> float | None:
    """Krippendorff's alpha of any number of raters, of whom each may have labelled only some units.

    Args:
        units: For each unit the labels that it was given; those with fewer than two do not count.
        order: All labels from least to most, for ordinal labels; nominal by default.

    Returns:
        1 where all agree, 0 as by chance, below 0 where raters agree less than chance; None where nothing can be said,
        since no unit has two labels or only one label was ever given.
    """
    together: defaultdict[tuple[str, str], float] = defaultdict(float)
    for labels in units:
        for pair in permutations(labels, 2):
            together[pair] += 1 / (len(labels) - 1)
    totals: defaultdict[str, float] = defaultdict(float)
    for (one, _), count in together.items():
        totals[one] += count
    n = sum(totals.values())

    def apart(one: str, other: str) -> float:
        if order is None or one == other:
            return float(one != other)
        low, high = sorted((order.index(one), order.index(other)))
        between = sum(totals.get(label, 0.0) for label in order[low : high + 1])
        return (between - (totals[one] + totals[other]) / 2) ** 2

    expected = sum(totals[a] * totals[b] * apart(a, b) for a in totals for b in totals)
    if not expected:
        return None
    observed = sum(count * apart(*pair) for pair, count in together.items())
    return 1 - (n - 1) * observed / expected


def summarise(
    question: Question,
    labels: Mapping[str, Mapping[str, Given]],
    weights: Mapping[str, float],
) -> dict[str, Any]:
    """Say how far raters have come, and how far they agree.

    Args:
        question: What was asked.
        labels: What each rater said, by trial.
        weights: The weight of each trial of the sample; labels of other trials do not count.

    Returns:
        ``raters`` (one record each), ``pairs`` (one for each pair of raters and each thing to agree on; the rater
        ``agreed`` is left out), ``together`` (alpha of all raters), how many transcripts were ``settled``, and on how
        many raters differ in anything that is asked and nobody has settled it (``to_settle``).
    """
    said = {
        rater: {
            trial: views(question, given.answer)
            for trial, given in found.items()
            if given.answer is not None and trial in weights
        }
        for rater, found in labels.items()
    }
    alone = {rater: found for rater, found in said.items() if rater != AGREED and found}
    what = _subjects(question)
    settled = said.get(AGREED, {})
    differ = [
        trial
        for trial in weights
        if any(
            one != other
            for one, other in combinations(
                [found[trial] for found in alone.values() if trial in found], 2
            )
        )
    ]
    return {
        "schema": SCHEMA,
        "question": question.name,
        "sample": len(weights),
        "raters": [
            _rater(rater, found, labels[rater], what[0], weights) for rater, found in alone.items()
        ],
        "pairs": [
            _pair(names, [alone[name] for name in names], one, weights)
            for names in combinations(alone, 2)
            for one in what
        ],
        "together": [_together(question, alone, one) for one in what] if len(alone) > 1 else [],
        "settled": len(settled),
        "to_settle": sum(trial not in settled for trial in differ),
    }


def _subjects(question: Question) -> list[str]:
    if question.kind == "labels":
        return ["all", *(one.id for one in question.labels)]
    return ["label", *(one.id for one in question.applying)]


def _rater(
    rater: str,
    said: Mapping[str, Mapping[str, str]],
    given: Mapping[str, Given],
    what: str,
    weights: Mapping[str, float],
) -> dict[str, Any]:
    values = [(found[what], weights[trial]) for trial, found in said.items()]
    decided = [(value, weight) for value, weight in values if value != UNDECIDED]
    return {
        "rater": rater,
        "labelled": len(values),
        "left": len(weights) - len(values),
        "undecided": len(values) - len(decided),
        "changed": sum(given[trial].changed > 0 for trial in said),
        "notes": sum(bool(given[trial].note) for trial in given if trial in weights),
        "shares": _shares(decided),
    }


def _shares(decided: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The weighted share of each label."""
    sums: defaultdict[str, float] = defaultdict(float)
    for value, weight in decided:
        sums[value] += weight
    total = sum(sums.values())
    return {value: round(count / total, 4) for value, count in sorted(sums.items())}


def _pair(
    names: Sequence[str],
    said: Sequence[Mapping[str, Mapping[str, str]]],
    what: str,
    weights: Mapping[str, float],
) -> dict[str, Any]:
    one, other = said
    trials = [trial for trial in one if trial in other]
    values = {trial: (one[trial][what], other[trial][what]) for trial in trials}
    both = {trial: pair for trial, pair in values.items() if UNDECIDED not in pair}
    same = [trial for trial, (a, b) in both.items() if a == b]
    confusion: dict[str, Counter[str]] = {}
    for a, b in values.values():
        confusion.setdefault(a, Counter())[b] += 1
    return {
        "raters": list(names),
        "what": what,
        "trials": len(trials),
        "both_decided": len(both),
        "undecided_first": sum(a == UNDECIDED for a, _ in values.values()),
        "undecided_second": sum(b == UNDECIDED for _, b in values.values()),
        "agree": len(same),
        "agreement": _rate(len(same), len(both)),
        "agreement_weighted": _weighted(same, both, weights),
        "kappa": _rounded(cohen_kappa(Counter(both.values()))),
        "shares": [
            _shares((pair[side], weights[trial]) for trial, pair in both.items()) for side in (0, 1)
        ],
        "confusion": {a: dict(sorted(row.items())) for a, row in sorted(confusion.items())},
    }


def _rate(count: float, n: float) -> dict[str, float] | None:
    if not n:
        return None
    low, high = wilson(count / n, n)
    return {"value": round(count / n, 4), "low": round(low, 4), "high": round(high, 4)}


def _weighted(
    same: Iterable[str], both: Iterable[str], weights: Mapping[str, float]
) -> dict[str, float] | None:
    """The weighted share; None where all weights are equal and it says nothing new."""
    given = [weights[trial] for trial in both]
    if not given or max(given) - min(given) < 1e-9:
        return None
    n = sum(given) ** 2 / sum(weight * weight for weight in given)
    return _rate(sum(weights[trial] for trial in same) / sum(given) * n, n)


def _together(
    question: Question, said: Mapping[str, Mapping[str, Mapping[str, str]]], what: str
) -> dict[str, Any]:
    units: dict[str, list[str]] = {}
    for found in said.values():
        for trial, values in found.items():
            if values[what] != UNDECIDED:
                units.setdefault(trial, []).append(values[what])
    ordered = question.kind == "order" and what == "label"
    return {
        "what": what,
        "raters": len(said),
        "trials": sum(len(labels) > 1 for labels in units.values()),
        "metric": "ordinal" if ordered else "nominal",
        "alpha": _rounded(
            krippendorff_alpha(units.values(), question.answers if ordered else None)
        ),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
