"""What do several answers to one question say together?

Yes or no: ``yes`` from a share of the votes (Hughes et al. 2025 take 20 votes at temperature 1 and .4). Other labels:
the one that most votes gave, and ``undecided`` where two are level. Labels that may apply together are counted one by
one. Scores and probabilities are averaged. A panel of several judges is counted in the same way, or must be of one
mind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from gyges.judges.form import Answer
from gyges.judges.question import UNDECIDED, Question

__all__ = ["RULES", "combine", "flip_rate"]

RULES = ("majority", "unanimous")
_MORE_THAN_HALF = 0.5 + 1e-9


def combine(
    answers: Sequence[Answer], question: Question, *, threshold: float, rule: str | None = None
) -> Answer:
    """Make one answer of several: the votes of one judge, or the verdicts of a panel.

    Args:
        answers: At least one; each of the question's form.
        question: What was asked.
        threshold: The share of votes from which the answer is yes, or a label applies.
        rule: How a panel decides: by ``majority``, where a tie is ``undecided`` and the threshold does not count, or
            ``unanimous``, where whatever is not said by all is ``undecided``. None for the votes of one judge.
    """
    if rule is not None:
        threshold = _MORE_THAN_HALF
    if len(answers) == 1:
        return answers[0]
    said = [answer.label or UNDECIDED for answer in answers]
    if question.kind == "scores":
        result = Answer()
    elif set(said) <= {"yes", "no", UNDECIDED} and question.kind != "causes":
        result = _yes_or_no(said, threshold, tie=rule is not None)
    elif question.kind == "causes":
        result = _ranked(answers, question)
    else:
        result = _plurality(said, question)
    unanimous = rule == "unanimous"
    if unanimous and len(set(said)) > 1:
        result.label = UNDECIDED
        result.score = None if question.kind != "causes" else result.score
    _details(result, answers, question, 1.0 if unanimous else threshold)
    if rule is not None and result.label == UNDECIDED and question.kind != "causes":
        result.labels = []
    result.data["votes"] = (
        [answer.labels for answer in answers] if question.kind in ("labels", "causes") else said
    )
    if question.kind == "scores":
        result.data["votes"] = [answer.data.get("scores") for answer in answers]
    agreeing = [answer for answer in answers if answer.label == result.label] or list(answers)
    result.evidence = list(dict.fromkeys(quote for one in agreeing for quote in one.evidence))[:8]
    result.reason = agreeing[0].reason
    result.note = "; ".join(dict.fromkeys(one.note for one in answers if one.note))[:1000]
    return result


def flip_rate(votes: Sequence[Any]) -> float | None:
    """Return how often two votes on the same text differ: over all pairs; None with fewer than two."""
    n = len(votes)
    if n < 2:
        return None
    counts = Counter(repr(vote) for vote in votes)
    same = sum(count * (count - 1) for count in counts.values())
    return 1 - same / (n * (n - 1))


def _yes_or_no(said: Sequence[str], threshold: float, *, tie: bool) -> Answer:
    decided = [label for label in said if label != UNDECIDED]
    if 2 * len(decided) <= len(said):
        return Answer(label=UNDECIDED)
    share = sum(label == "yes" for label in decided) / len(decided)
    if tie and 2 * share == 1:
        return Answer(label=UNDECIDED)
    # A share of exactly the threshold is yes; rounding must not take it away.
    return Answer(label="yes" if share >= threshold - 1e-12 else "no", score=share)


def _plurality(said: Sequence[str], question: Question) -> Answer:
    first, *rest = Counter(said).most_common(2)
    label = UNDECIDED if rest and rest[0][1] == first[1] else first[0]
    values = [question.values[one] for one in said if one in question.values]
    # A label whose amount is not known makes their mean unknown.
    known = len(values) == sum(one != UNDECIDED for one in said) and bool(values)
    return Answer(label=label, score=fmean(values) if known else None)


def _ranked(answers: Sequence[Answer], question: Question) -> Answer:
    """Rank causes by the sum of their reciprocal ranks."""
    points: dict[str, float] = {}
    for answer in answers:
        for rank, cause in enumerate(answer.labels, start=1):
            points[cause] = points.get(cause, 0.0) + 1 / rank
    order = {label.id: at for at, label in enumerate(question.labels)}
    causes = sorted(points, key=lambda cause: (-points[cause], order.get(cause, len(order))))
    given = [answer.score for answer in answers if answer.score is not None]
    score = fmean(given) if given else None
    return Answer(label=causes[0] if causes else UNDECIDED, labels=causes, score=score)


def _details(
    result: Answer, answers: Sequence[Answer], question: Question, threshold: float
) -> None:
    if question.kind in ("labels", "criteria"):
        counts = Counter(label for answer in answers for label in answer.labels)
        shares = {label: count / len(answers) for label, count in sorted(counts.items())}
        result.labels = [label for label, share in shares.items() if share >= threshold - 1e-12]
        result.data["shares"] = shares
    elif question.kind == "scores":
        given = [answer.data["scores"] for answer in answers if "scores" in answer.data]
        if 2 * len(given) <= len(answers):
            result.label = UNDECIDED
            return
        result.data["scores"] = {
            scale.id: fmean(one[scale.id] for one in given) for scale in question.scales
        }
    elif question.kind == "causes":
        result.data.update({"causes": result.labels, "probability-real": result.score})
    else:
        result.data["label"] = result.label
    for also in question.also:
        said = [answer.data[also.id] for answer in answers if also.id in answer.data]
        if also.values is None:
            result.data[also.id] = list(dict.fromkeys(word for one in said for word in one))
        elif said:
            result.data[also.id] = Counter(said).most_common(1)[0][0]
