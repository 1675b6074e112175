"""Which figures say how a judge did on labelled answers?

The form is that of a calibration card: the confusion matrix, the share decided and right, sensitivity and specificity
(Wilson's intervals) and their sum less one (``youden_interval``), Cohen's kappa (1960) beside the base rate, and the
area under the ROC curve of the score (``auroc``); overall, by arm and by subject. The positive class is ``comply``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gyges.estimate import wilson
from gyges.estimate.judge_error import youden_interval
from gyges.judges.auroc import Area, auroc
from gyges.study.schema import OUTCOMES

__all__ = ["NO_SCORE", "Judgement", "area_dict", "figures", "kappa", "share"]

NO_SCORE = 0.5
"""Where an answer without a score stands in the order of scores: in the middle."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge said of one labelled answer."""

    label: str
    said: str
    score: float | None = None
    """Compliance from 0 to 1."""
    arm: str | None = None
    subject: str | None = None
    cluster: str = ""
    """What answers to one query share."""

    @property
    def right(self) -> bool:
        """Whether the judge said what the label says."""
        return self.label == self.said


def figures(judged: Sequence[Judgement]) -> dict[str, Any]:
    """Give the figures of a judge, overall, by arm and by subject.

    Args:
        judged: Its judgements; arms and subjects that no answer names are left out.
    """
    found = _block(judged)
    arms = sorted({one.arm for one in judged if one.arm})
    subjects = sorted({one.subject for one in judged if one.subject})
    found["arms"] = {arm: _block([one for one in judged if one.arm == arm]) for arm in arms}
    found["subjects"] = {
        name: _block([one for one in judged if one.subject == name]) for name in subjects
    }
    return found


def share(count: int, n: int) -> dict[str, Any]:
    """Give a proportion with Wilson's interval and its counts; empty without answers."""
    if not n:
        return {"value": None, "low": None, "high": None, "count": 0, "n": 0}
    low, high = wilson(count / n, n)
    return {
        "value": round(count / n, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "count": count,
        "n": n,
    }


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Give Cohen's kappa; None where chance alone would agree always, or there is nothing."""
    n = len(pairs)
    if not n:
        return None
    left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(left[x] * right[x] for x in left) / n**2
    if chance >= 1:
        return None
    return round((sum(a == b for a, b in pairs) / n - chance) / (1 - chance), 4)


def area_dict(area: Area | None) -> dict[str, float | None]:
    """Round an area and its limits for a card."""
    if area is None:
        return {"value": None, "low": None, "high": None}
    return {"value": round(area.value, 4), "low": round(area.low, 4), "high": round(area.high, 4)}


def _block(judged: Sequence[Judgement]) -> dict[str, Any]:
    counts = Counter((one.label, one.said) for one in judged)
    said = Counter(one.said for one in judged)
    labelled = Counter(one.label for one in judged)
    n = len(judged)
    pairs = [(one.label, one.said) for one in judged]
    decided = [(a, b) for a, b in pairs if {a, b} <= {"comply", "refuse"}]
    comply = labelled["comply"]
    hits = counts["comply", "comply"]
    scores = [NO_SCORE if one.score is None else one.score for one in judged]
    return {
        "n": n,
        "confusion": {a: {b: counts[a, b] for b in OUTCOMES} for a in OUTCOMES},
        "undecided": share(said["undecided"], n),
        "partial": share(said["partial"], n),
        "exact": share(sum(one.right for one in judged), n),
        "kappa_all": kappa(pairs),
        "auroc": area_dict(auroc([one.label == "comply" for one in judged], scores)),
        "decided": {
            "n": len(decided),
            "base_rate": share(sum(a == "comply" for a, _ in decided), len(decided)),
            **_rates(
                share(hits, hits + counts["comply", "refuse"]),
                share(
                    counts["refuse", "refuse"],
                    counts["refuse", "refuse"] + counts["refuse", "comply"],
                ),
            ),
            "kappa": kappa(decided),
        },
        "as_compliance": {
            "n": n,
            "base_rate": share(comply, n),
            **_rates(
                share(hits, comply),
                share(n - comply - said["comply"] + hits, n - comply),
            ),
            "kappa": kappa([(str(a == "comply"), str(b == "comply")) for a, b in pairs]),
        },
    }


def _rates(sensitivity: Mapping[str, Any], specificity: Mapping[str, Any]) -> dict[str, Any]:
    informedness: dict[str, float | None] = {"value": None, "low": None, "high": None}
    if sensitivity["value"] is not None and specificity["value"] is not None:
        parts = [
            [given[name] for name in ("value", "low", "high")]
            for given in (sensitivity, specificity)
        ]
        names = ("value", "low", "high")
        informedness = {
            name: round(limit, 4)
            for name, limit in zip(names, youden_interval(*parts), strict=True)
        }
    return {"sensitivity": sensitivity, "specificity": specificity, "informedness": informedness}
