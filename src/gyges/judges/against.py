"""Which figures say how a judge's verdicts compare with labels?

A verdict that failed (``error``, ``refused``, ``unparsed``, ``no_answer``) is counted by status and is no verdict.
``undecided`` is one: it counts as not positive, as it does where gaps are estimated. An answer whose label is
``undecided`` stands in the confusion matrix and in no rate.

The positive class: ``yes``, or the labels that stand for more than half of the amount (``comply``; the upper half of an
order). A question whose labels are no amounts has none, and is described label by label. Where several labels may
apply, each is a question of its own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from functools import partial
from typing import Any

import numpy as np

from gyges.judges.curves import Settle, area, thresholds, vote_curve
from gyges.judges.form import Answer
from gyges.judges.measures import agreement, binary, effective, weighted_share
from gyges.judges.question import UNDECIDED, Question
from gyges.judges.reference import Reference
from gyges.judges.votes import combine, flip_rate
from gyges.study import Verdict

__all__ = ["hold_against", "positive_labels", "said_of"]

_MIDDLE = 0.5
"""Where an answer without a score stands among the scores."""

Rows = Sequence[tuple[Reference, Verdict]]


def positive_labels(question: Question) -> frozenset[str]:
    """Name the labels of the positive class; empty where the question has none."""
    return frozenset(name for name, value in question.values.items() if value > _MIDDLE)


def said_of(verdict: Verdict) -> str:
    """Give the one label of a verdict."""
    return verdict.outcome or verdict.label or UNDECIDED


def hold_against(
    question: Question,
    answers: Sequence[Reference],
    verdicts: Mapping[str, Verdict],
    *,
    threshold: float = 0.5,
    seed: int = 0,
) -> dict[str, Any]:
    """Compute a judge's figures on labelled answers.

    Args:
        question: What was asked.
        answers: The labelled answers.
        verdicts: A verdict for each, by id.
        threshold: The share of votes from which the judge's answer is yes.
        seed: Seeds the draws of votes.

    Returns:
        ``all`` and, by tier, ``arms``: the figures; ``thresholds`` and ``votes`` where there are scores and votes.
    """
    rows = [(one, verdicts[one.id]) for one in answers]
    tiers = sorted({one.tier for one in answers if one.tier})
    return {
        "positive": sorted(positive_labels(question)),
        "all": _block(question, rows),
        "arms": {tier: _block(question, [r for r in rows if r[0].tier == tier]) for tier in tiers},
        "thresholds": _thresholds(question, rows),
        "votes": _votes(question, rows, threshold, seed),
    }


def _block(question: Question, rows: Rows) -> dict[str, Any]:
    judged = [(one, verdict) for one, verdict in rows if verdict.status == "ok"]
    weights = [one.weight for one, _ in judged]
    found: dict[str, Any] = {
        "n": len(rows),
        "judged": len(judged),
        "effective_n": round(effective(np.asarray(weights)), 1) if weights else 0.0,
        "statuses": dict(sorted(Counter(verdict.status for _, verdict in rows).items())),
        "undecided": weighted_share([said_of(v) == UNDECIDED for _, v in judged], weights),
    }
    if question.kind == "labels":
        names = [one.id for one in question.labels]
        return {**found, "labels": {name: _mark(name, judged) for name in names}}
    found |= _single(question, judged)
    if question.kind == "criteria":
        marked = {name for one, _ in judged for name in one.marks}
        names = [one.id for one in question.applying if one.id in marked]
        found["criteria"] = {name: _mark(name, judged) for name in names}
    return found


def _single(question: Question, judged: Rows) -> dict[str, Any]:
    """Hold one label against another."""
    every = [*question.answers, UNDECIDED]
    counts = Counter((one.label, said_of(verdict)) for one, verdict in judged)
    rated = [(one, verdict) for one, verdict in judged if one.label != UNDECIDED]
    labels = [one.label for one, _ in rated]
    said = [said_of(verdict) for _, verdict in rated]
    weights = [one.weight for one, _ in rated]
    found: dict[str, Any] = {
        "confusion": {a: {b: counts[a, b] for b in every} for a in every},
        "label_undecided": len(judged) - len(rated),
        "exact": weighted_share([a == b for a, b in zip(labels, said, strict=True)], weights),
        "kappa": agreement(labels, said, weights),
    }
    if question.kind == "order":
        both = [row for row in zip(labels, said, weights, strict=True) if row[1] != UNDECIDED]
        found["kappa_ordered"] = agreement(
            [a for a, _, _ in both], [b for _, b, _ in both], [w for *_, w in both],
            order=question.answers,
        )  # fmt: skip
    if positive := positive_labels(question):
        flags = [label in positive for label in labels]
        found |= binary(flags, [one in positive for one in said], weights)
        found["auroc"] = area(flags, [_score(question, v) for _, v in rated], weights)
        found["without_score"] = sum(_own_score(question, v) is None for _, v in rated)
    if len(question.answers) > 2:
        found["by_label"] = {
            name: {
                **binary([a == name for a in labels], [b == name for b in said], weights),
                "kappa": agreement(
                    [str(a == name) for a in labels], [str(b == name) for b in said], weights
                ),
            }
            for name in question.answers
        }
    return found


def _mark(name: str, judged: Rows) -> dict[str, Any]:
    """Hold the verdict on one label, or one criterion, against its mark."""
    rows = [(one, verdict) for one, verdict in judged if name in one.marks]
    flags = [one.marks[name] for one, _ in rows]
    said = [name in verdict.labels for _, verdict in rows]
    weights = [one.weight for one, _ in rows]
    return {
        "n": len(rows),
        **binary(flags, said, weights),
        "kappa": agreement(list(map(str, flags)), list(map(str, said)), weights),
        "auroc": area(flags, [_share_of(name, verdict) for _, verdict in rows], weights),
    }


def _data(verdict: Verdict) -> dict[str, Any]:
    return dict(json.loads(verdict.answer)) if verdict.answer else {}


def _share_of(name: str, verdict: Verdict) -> float:
    """Give the share of votes for a label; without votes, whether it was found."""
    shares = _data(verdict).get("shares")
    return float(name in verdict.labels) if shares is None else float(shares.get(name, 0.0))


def _own_score(question: Question, verdict: Verdict) -> float | None:
    return verdict.score if verdict.score is not None else question.values.get(said_of(verdict))


def _score(question: Question, verdict: Verdict) -> float:
    own = _own_score(question, verdict)
    return _MIDDLE if own is None else own


def _thresholds(question: Question, rows: Rows) -> Any:
    judged = [(one, v) for one, v in rows if v.status == "ok"]
    if question.kind == "labels":
        return {
            label.id: thresholds(
                [one.marks[label.id] for one, _ in marked],
                [_share_of(label.id, v) for _, v in marked],
                [one.weight for one, _ in marked],
            )
            for label in question.labels
            if (marked := [row for row in judged if label.id in row[0].marks])
        }
    positive = positive_labels(question)
    rated = [(one, v) for one, v in judged if one.label != UNDECIDED]
    if not positive or not rated:
        return None
    flags = [one.label in positive for one, _ in rated]
    scores = [_score(question, v) for _, v in rated]
    return thresholds(flags, scores, [one.weight for one, _ in rated])


def _votes(question: Question, rows: Rows, threshold: float, seed: int) -> Any:
    """Read the votes behind the verdicts: how often two of them differ, and what fewer would have given."""
    voted = [
        (one, votes)
        for one, verdict in rows
        if verdict.status == "ok" and len(votes := _data(verdict).get("votes") or []) > 1
    ]
    if not voted:
        return None
    weights = [one.weight for one, _ in voted]
    flips = [flip_rate(votes) or 0.0 for _, votes in voted]
    found: dict[str, Any] = {
        "answers": len(voted),
        "most": max(len(votes) for _, votes in voted),
        # The mean over answers of how often two votes on one of them differ.
        "flip_rate": round(
            sum(f * w for f, w in zip(flips, weights, strict=True)) / sum(weights), 4
        ),
    }
    if question.kind == "labels":
        return {
            **found,
            "curves": {
                label.id: _mark_curve(label.id, voted, threshold, seed) for label in question.labels
            },
        }
    rated = [row for row in voted if row[0].label != UNDECIDED]
    settle = partial(_settle, question, threshold)
    truth = [one.label for one, _ in rated]
    return {**found, "curve": _curve(rated, truth, settle, positive_labels(question), seed)}


def _mark_curve(
    name: str, voted: Sequence[tuple[Reference, Any]], threshold: float, seed: int
) -> list[dict[str, Any]]:
    rows = [
        (one, ["yes" if name in vote else "no" for vote in votes])
        for one, votes in voted
        if name in one.marks
    ]

    def settle(counts: Mapping[str, int]) -> tuple[str, float]:
        share = counts.get("yes", 0) / sum(counts.values())
        return ("yes" if share >= threshold - 1e-12 else "no"), share

    truth = ["yes" if one.marks[name] else "no" for one, _ in rows]
    return _curve(rows, truth, settle, {"yes"}, seed)


def _curve(
    rows: Sequence[tuple[Reference, Any]],
    truth: Sequence[str],
    settle: Settle,
    positive: Set[str],
    seed: int,
) -> list[dict[str, Any]]:
    votes = [given for _, given in rows]
    weights = [one.weight for one, _ in rows]
    return vote_curve(votes, truth, settle, positive, weights, seed=seed)


def _settle(question: Question, threshold: float, counts: Mapping[str, int]) -> tuple[str, float]:
    """Settle votes as the judge does."""
    values = question.values
    cast = [Answer(label=n, score=values.get(n)) for n, c in counts.items() for _ in range(c)]
    answer = combine(cast, question, threshold=threshold)
    return answer.label or UNDECIDED, _MIDDLE if answer.score is None else answer.score
