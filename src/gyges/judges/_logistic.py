"""How are labels fitted by a linear model, and how strong must its penalty be?

Multinomial logistic regression with a ridge penalty, by L-BFGS. The features stand in two blocks: embeddings, which
share one scale, and named features, each standardised. The embeddings are shrunk by a factor of their own, which is a
second penalty. Both are chosen by cross-validation on the log-loss, with whole queries in a fold. The log-loss of
answers that were not fitted also keeps the probabilities honest, on which the band of undecided answers rests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Data", "Fit", "Search", "crossed", "fit", "log_loss", "probabilities", "search"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PENALTIES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
"""Ridge penalties that are tried, on half the squared weights beside the mean log-loss; the strongest first."""
SHRINKS = (0.03, 0.1, 0.3, 1.0)
"""Factors on the embeddings that are tried; a factor of 0.1 makes their penalty 100 times that of the others."""


@dataclass(frozen=True, slots=True)
class Data:
    """Labelled answers as numbers."""

    features: Floats
    """Shape (answers, features), the embeddings first."""
    labels: Ints
    """Shape (answers,): the number of each answer's class."""
    weights: Floats
    """Shape (answers,): what each answer counts."""
    clusters: NDArray[np.str_]
    """Shape (answers,): what may not be parted, its query."""
    classes: int
    embedded: int
    """How many of the features are embeddings."""

    def take(self, chosen: NDArray[np.bool_] | Ints) -> Data:
        """Keep some of the answers."""
        return Data(
            self.features[chosen],
            self.labels[chosen],
            self.weights[chosen],
            self.clusters[chosen],
            self.classes,
            self.embedded,
        )


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model, on the features as they are given: the standardisation is folded in."""

    weights: Floats
    """Shape (features, classes)."""
    offsets: Floats
    """Shape (classes,)."""


@dataclass(frozen=True, slots=True)
class Search:
    """What cross-validation chose."""

    penalty: float
    shrink: float
    held: Floats
    """Shape (answers, classes): the probability of each class, from the folds that did not hold the answer."""
    losses: Mapping[str, float]
    """The mean log-loss of each choice, named ``penalty/shrink``."""


def probabilities(model: Fit, features: Floats) -> Floats:
    """Give the probability of each class, shape (answers, classes)."""
    raised = np.exp(_logs(features @ model.weights + model.offsets))
    return raised


def fit(data: Data, penalty: float, shrink: float) -> Fit:
    """Fit a model."""
    return _Problem(data, shrink).solve(penalty)


def search(data: Data, folds: int, seed: int) -> Search:
    """Choose the penalty and the embeddings' factor by cross-validation.

    Args:
        data: The answers to train on.
        folds: How many folds; whole clusters are in one.
        seed: Assigns the folds.
    """
    fold = _folds(data.clusters, folds, seed)
    losses: dict[str, float] = {}
    best: tuple[float, float, float, Floats] | None = None
    for shrink in SHRINKS if data.embedded else (1.0,):
        held = {penalty: _even(data) for penalty in PENALTIES}
        for number in range(folds):
            inside, outside = fold != number, fold == number
            if outside.any() and inside.any():
                # From the strongest penalty on, each fit begins where the last one ended.
                problem = _Problem(data.take(inside), shrink)
                for penalty in PENALTIES:
                    model = problem.solve(penalty)
                    held[penalty][outside] = probabilities(model, data.features[outside])
        for penalty, found in held.items():
            value = log_loss(found, data)
            losses[f"{penalty:g}/{shrink:g}"] = round(value, 4)
            if best is None or value < best[0]:
                best = (value, penalty, shrink, found)
    assert best is not None
    return Search(best[1], best[2], best[3], losses)


def crossed(
    data: Data, penalty: float, shrink: float, share: float, folds: int, seed: int
) -> Floats:
    """Give each answer's probabilities from models that saw a share of the answers outside its fold.

    Args:
        data: The answers.
        penalty: As chosen for all of them.
        shrink: As chosen for all of them.
        share: Of the other folds' answers, above 0 to 1.
        folds: How many folds.
        seed: Assigns the folds and draws the share.
    """
    fold = _folds(data.clusters, folds, seed)
    generator = np.random.default_rng(seed + 1)
    held = _even(data)
    for number in range(folds):
        inside = np.flatnonzero(fold != number)
        count = max(1, round(share * len(inside)))
        drawn = np.sort(generator.permutation(inside)[:count])
        model = fit(data.take(drawn), penalty, shrink)
        held[fold == number] = probabilities(model, data.features[fold == number])
    return held


def log_loss(held: Floats, data: Data) -> float:
    """Give the mean of -log of the probability that each answer's label was given."""
    given = np.maximum(held[np.arange(len(data.labels)), data.labels], 1e-12)
    return float(-(data.weights * np.log(given)).sum() / data.weights.sum())


class _Problem:
    """The standardised answers of one fit, in as few dimensions as they span."""

    def __init__(self, data: Data, shrink: float) -> None:
        features, cut = data.features, data.embedded
        self._centre = features.mean(axis=0)
        spread = features.std(axis=0)
        # A feature that never varies says nothing, and must not be divided by.
        self._scale = np.where(spread > 1e-6, 1.0 / np.maximum(spread, 1e-6), 0.0)
        if cut:
            # The numbers of an embedding are one block: each keeps its share of the variance.
            whole = float(np.sqrt((spread[:cut] ** 2).mean()))
            self._scale[:cut] = shrink / max(whole, 1e-6)
        design = (features - self._centre) * self._scale
        # The penalty does not change when the axes are turned, and answers span no more axes than there are of them.
        self._turn: Floats | None = None
        if design.shape[0] < design.shape[1]:
            # Of the small Gram matrix, because a decomposition of the wide one takes ten times as long.
            squares, axes = np.linalg.eigh(design @ design.T)
            kept = squares > squares[-1] * 1e-12
            sizes = np.sqrt(squares[kept])
            self._turn = design.T @ (axes[:, kept] / sizes)
            design = axes[:, kept] * sizes
        self._design = np.hstack([design, np.ones((len(design), 1))])
        self._shares = (data.weights / data.weights.sum())[:, None]
        self._wanted = np.eye(data.classes)[data.labels]
        self._at = np.zeros(self._design.shape[1] * data.classes)

    def solve(self, penalty: float) -> Fit:
        from scipy.optimize import minimize

        shape = (self._design.shape[1], self._wanted.shape[1])

        def loss(flat: Any) -> tuple[float, Any]:
            table = flat.reshape(shape)
            logs = _logs(self._design @ table)
            slope = self._design.T @ ((np.exp(logs) - self._wanted) * self._shares)
            slope[:-1] += penalty * table[:-1]
            value = -float((self._shares * self._wanted * logs).sum())
            return value + penalty / 2 * float((table[:-1] ** 2).sum()), slope.ravel()

        found = minimize(
            loss,
            self._at,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 500, "ftol": 1e-10, "gtol": 1e-6},
        )
        self._at = np.asarray(found.x, dtype=np.float64)
        table = self._at.reshape(shape)
        turned = table[:-1] if self._turn is None else self._turn @ table[:-1]
        weights = turned * self._scale[:, None]
        return Fit(weights, table[-1] - self._centre @ weights)


def _folds(clusters: NDArray[np.str_], folds: int, seed: int) -> Ints:
    """Assign whole clusters to folds of about equal size; the same seed gives the same folds."""
    names, numbers, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    place = np.empty(len(names), dtype=np.int64)
    filled = np.zeros(folds)
    for name in np.random.default_rng(seed).permutation(len(names)):
        place[name] = int(filled.argmin())
        filled[place[name]] += sizes[name]
    return place[numbers]


def _even(data: Data) -> Floats:
    return np.full((len(data.labels), data.classes), 1.0 / data.classes)


def _logs(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    found: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return found
