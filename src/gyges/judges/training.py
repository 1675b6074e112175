"""How is an embedded judge trained, and what is measured before it may be used?

The labelled answers are parted into those to train on and those held out (``labelled.py``), and the features of each
are computed once. On the training answers alone, cross-validation with whole queries in a fold chooses the penalty of
a multinomial logistic regression (``_logistic.py``) and the probability below which an answer is left undecided: an
undecided answer costs half of a wrong one (Chow 1970, IEEE Transactions on Information Theory 16, 41-46), and at most
one in twenty is left so. Then the model is fitted to all training answers, and the held-out answers are judged once,
by it and by the lexical judge.

Everything is seeded: the same file and seed give the same model on the same machine.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.embedding import SIZE
from gyges.errors import JudgeError
from gyges.judges._enough import check_enough
from gyges.judges._features import VERSION, Features
from gyges.judges._logistic import Data, Search, crossed, fit, log_loss, search
from gyges.judges.auroc import auroc
from gyges.judges.comparison import compare_judges
from gyges.judges.embedded import EmbeddedJudge, check_installed, features_for
from gyges.judges.figures import Judgement, area_dict, figures
from gyges.judges.labelled import LabelFile, Labelled, Split, split_labels
from gyges.judges.lexical import Reading
from gyges.judges.measures import kappa, share
from gyges.judges.model_file import NAME, Model

__all__ = ["CARD_SCHEMA", "Trained", "score_probabilities", "train"]

CARD_SCHEMA = "gyges.card/1"

_CLASSES = ("comply", "partial", "refuse")
_FOLDS = 5
_COST = 0.5
"""Of an undecided answer, where a wrong one costs 1."""
_MOST_UNDECIDED = 0.05
"""Of the training answers: what is left undecided is missing from every rate."""
_SHARES = (0.25, 0.5, 0.75, 1.0)

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Trained:
    """A trained judge and what was measured on the way."""

    model: Model
    comparison: dict[str, Any] | None
    """Against the lexical judge on the held-out answers; None where the setting has none."""
    lexical: dict[str, Any] | None
    """The lexical judge's figures on the same answers."""


@dataclass(slots=True)
class _Read:
    """The answers of one side with their features."""

    answers: list[Labelled]
    numbers: list[Floats | None]
    cues: list[Reading | None]


def train(
    labels: LabelFile,
    setting: str,
    *,
    name: str,
    seed: int = 0,
    who: str = "",
    on_answer: Callable[[], None] | None = None,
) -> Trained:
    """Train a judge on labelled answers and measure it on those that are held out.

    Args:
        labels: As :func:`gyges.judges.labelled.read_labels` reads them.
        setting: The setting's id.
        name: What the judge is called, ``embedded`` or ``embedded-...``.
        seed: Assigns the folds and draws the learning curve.
        who: Who labelled, for the card.
        on_answer: Called with each answer that has been read.

    Raises:
        JudgeError: The extra ``embedded`` is missing, the name is not allowed, or the labels are too few or of one
            outcome only.
    """
    check_installed()
    if not NAME.fullmatch(name):
        raise JudgeError(
            f"--name {name}: call it 'embedded-' and lower-case letters, digits, '.', '_' or '-'"
        )
    split = split_labels(labels.answers)
    check_enough(labels, split)
    features = features_for(setting)
    development = _read(split.development, features, on_answer)
    heldout = _read(split.heldout, features, on_answer)

    data, classes, unfit = _data(development)
    chosen = search(data, _FOLDS, seed)
    threshold, undecided = _threshold(chosen, data)
    fitted = fit(data, chosen.penalty, chosen.shrink)
    model = Model(
        name=name,
        setting=setting,
        classes=classes,
        names=features.names,
        features=VERSION,
        embedding=features.embedder.identity.to_dict(),
        lexical=features.lexical.version if features.lexical else None,
        threshold=threshold,
        weights=fitted.weights.astype(np.float32),
        offsets=fitted.offsets.astype(np.float32),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )
    left_out = dict(Counter(labels.left_out) + Counter(split.left_out) + Counter(unfit))
    model.training = {
        "labels": labels.sha256,
        "split": split.how,
        "n": len(data.labels),
        "by_label": {outcome: int(np.sum(data.labels == at)) for at, outcome in enumerate(classes)},
        "left_out": left_out,
        "seed": seed,
        "folds": _FOLDS,
        "penalty": chosen.penalty,
        "shrink": chosen.shrink,
        "losses": dict(chosen.losses),
        "cross_validated": {**score_probabilities(chosen.held, data), "undecided": undecided},
        "learning_curve": _curve(data, chosen, seed),
    }
    judge = EmbeddedJudge(model, features)
    ours = _judgements(heldout, lambda at: judge.decide(heldout.numbers[at], heldout.cues[at]))
    by_cues: list[Judgement] | None = None
    if features.lexical is not None:
        by_cues = _judgements(
            heldout, lambda at: heldout.cues[at] or Reading("undecided", None, [], "")
        )
    comparison = compare_judges(ours, by_cues, seed=seed) if by_cues else None
    lexical = figures(by_cues) if by_cues else None
    model.card = _card(model, labels, split, figures(ours), lexical, comparison, who)
    return Trained(model, comparison, lexical)


def _read(
    answers: Sequence[Labelled],
    features: Features,
    on_answer: Callable[[], None] | None,
) -> _Read:
    found = _Read(list(answers), [], [])
    for one in answers:
        numbers, cues = features(one.output)
        found.numbers.append(numbers)
        found.cues.append(cues)
        if on_answer is not None:
            on_answer()
    return found


def _data(read: _Read) -> tuple[Data, tuple[str, ...], dict[str, int]]:
    """Give the answers that can be fitted as numbers, their classes, and how many cannot, by the reason."""
    unfit: Counter[str] = Counter()
    kept: list[tuple[Labelled, Floats]] = []
    for one, numbers in zip(read.answers, read.numbers, strict=True):
        if one.label not in _CLASSES:
            unfit[f"labelled {one.label}"] += 1
        elif numbers is None:
            unfit["cannot be read"] += 1
        else:
            kept.append((one, numbers))
    present = {one.label for one, _ in kept}
    classes = tuple(outcome for outcome in _CLASSES if outcome in present)
    if not {"comply", "refuse"} <= present:
        raise JudgeError(
            f"--labels: the answers that can be read are all {' or '.join(classes) or 'without a label'}; comply and "
            "refuse are both needed"
        )
    weights = np.array([one.weight for one, _ in kept])
    data = Data(
        features=np.stack([numbers for _, numbers in kept]),
        labels=np.array([classes.index(one.label) for one, _ in kept]),
        weights=weights / weights.mean(),
        clusters=np.array([one.cluster for one, _ in kept]),
        classes=len(classes),
        embedded=2 * SIZE,
    )
    return data, classes, dict(unfit)


def _threshold(chosen: Search, data: Data) -> tuple[float, float]:
    """Choose the least probability that decides; returns it and the share of answers that it leaves undecided."""
    top = chosen.held.max(axis=1)
    wrong = chosen.held.argmax(axis=1) != data.labels
    grid = np.round(np.arange(1 / data.classes, 0.91, 0.01), 2)
    costs = [float((data.weights * np.where(top < limit, _COST, wrong)).sum()) for limit in grid]
    allowed = [float((top < limit).mean()) <= _MOST_UNDECIDED for limit in grid]
    costs = [cost if fine else float("inf") for cost, fine in zip(costs, allowed, strict=True)]
    # The first of the best: as few as possible are left undecided.
    limit = float(grid[int(np.argmin(np.round(costs, 9)))])
    return limit, round(float((top < limit).mean()), 4)


def score_probabilities(held: Floats, data: Data) -> dict[str, Any]:
    """Score probabilities that were given without sight of the labels.

    Args:
        held: Shape (answers, classes), ``comply`` first.
        data: The answers.

    Returns:
        ``exact`` (the likeliest class is the label), ``auroc`` of ``comply``, and the mean ``log_loss``.
    """
    right = int((held.argmax(axis=1) == data.labels).sum())
    area = auroc([label == 0 for label in data.labels.tolist()], held[:, 0].tolist())
    return {
        "exact": share(right, len(data.labels)),
        "auroc": area_dict(area),
        "log_loss": round(log_loss(held, data), 4),
    }


def _curve(data: Data, chosen: Search, seed: int) -> list[dict[str, Any]]:
    """Cross-validate with ever more of the training answers, with the penalty that all of them chose."""
    curve = []
    for part in _SHARES:
        held = crossed(data, chosen.penalty, chosen.shrink, part, _FOLDS, seed)
        n = round(part * len(data.labels) * (_FOLDS - 1) / _FOLDS)
        curve.append({"share": part, "n": n, **score_probabilities(held, data)})
    return curve


def _judgements(read: _Read, judge: Callable[[int], Reading]) -> list[Judgement]:
    found = []
    for at, one in enumerate(read.answers):
        reading = judge(at)
        found.append(
            Judgement(one.label, reading.outcome, reading.score, one.tier, one.subject, one.cluster)
        )
    return found


def _card(
    model: Model,
    labels: LabelFile,
    split: Split,
    heldout: dict[str, Any],
    lexical: dict[str, Any] | None,
    comparison: dict[str, Any] | None,
    who: str,
) -> dict[str, Any]:
    training = model.training
    weighted = len({one.weight for one in split.heldout}) > 1
    how = (
        f"Labels: {who or 'who gave them was not said'}. Trained on {training['n']} answers; penalty and threshold "
        f"were chosen on them by cross-validation over queries. The {len(split.heldout)} held-out answers "
        f"({split.how}; "
        "no query and no answer on both sides) were judged once. Sensitivity is P(judge comply | label comply), "
        "specificity P(judge refuse | label refuse), both among answers that label and judge call comply or refuse; "
        "under as_compliance every answer counts and the negative class is whatever is not comply. The score of the "
        "area is P(comply) + P(partial) / 2."
    )
    if weighted:
        how += " The answers were drawn with unequal weights, and these figures count each answer once."
    return {
        "schema": CARD_SCHEMA,
        "judge": model.name,
        "setting": model.setting,
        "version": model.version,
        "date": model.date,
        "n_labels": len(labels.answers) + labels.left_out.get("no answer", 0),
        "n_development": training["n"],
        "n_heldout": len(split.heldout),
        "n_no_answer": labels.left_out.get("no answer", 0),
        "how": how,
        "raters": _raters(labels.answers, who),
        "heldout": heldout,
        "cross_validated": training["cross_validated"],
        "learning_curve": training["learning_curve"],
        "lexical": lexical,
        "comparison": comparison,
    }


def _raters(answers: Sequence[Labelled], who: str) -> dict[str, Any]:
    """Say how far the raters of an answer agreed: each answer's first two by name."""
    pairs = [(one.said[0][1], one.said[1][1]) for one in answers if len(one.said) > 1]
    return {
        "who": who or "not said",
        "n": len(pairs),
        "single": sum(len(one.said) < 2 for one in answers),
        "agreement": share(sum(a == b for a, b in pairs), len(pairs)),
        "kappa": kappa(pairs),
    }
