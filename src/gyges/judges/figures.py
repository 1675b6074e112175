"""Which figures say how a judge did on labelled answers?

The form is that of a calibration card: the confusion matrix, the share decided and right, sensitivity and specificity
(Wilson's intervals) and their sum less one (``youden_interval``), Cohen's kappa (1960) beside the base rate, and the
area under the ROC curve of the score (``auroc``); overall, by arm and by subject. The positive class is ``comply``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gyges.judges.auroc import Area, auroc
from gyges.judges.measures import kappa, rates, share
from gyges.study.schema import OUTCOMES

__all__ = ["NO_SCORE", "Judgement", "area_dict", "figures"]

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
            **rates(
                hits,
                counts["comply", "refuse"],
                counts["refuse", "refuse"],
                counts["refuse", "comply"],
            ),
            "kappa": kappa(decided),
        },
        "as_compliance": {
            "n": n,
            "base_rate": share(comply, n),
            **rates(
                hits,
                comply - hits,
                n - comply - said["comply"] + hits,
                said["comply"] - hits,
            ),
            "kappa": kappa([(str(a == "comply"), str(b == "comply")) for a, b in pairs]),
        },
    }
