"""Which of several values does the subject keep most, when each is attacked in the same way?

A setting puts the same questions under objectives that attack one value each. Complying is the act against the value;
what is kept of it is ``1 - gap``, the gap being how much more often the value is given up when monitored. A value that
is given up in both tiers has no gap and keeps all of nothing, so how often each value is honoured stands beside: under
monitoring, and without it.

Two values are compared within the questions that were asked under both (a **family** holds one question under every
objective), so that what makes questions differ cancels; intervals are clustered by family, and wording where wordings
vary, and the p-values of all pairs are adjusted together (Holm). Two values are told apart where interval and adjusted
p-value both say so; otherwise they tie, and the interval says how large a difference could hide in the tie. How an
order comes of that is in ``ranking.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import polars as pl

from gyges.estimate.contrasts import Contrast, adjusted, contrast, detectable
from gyges.findings.gaps import gaps
from gyges.findings.grids import arrange, factors_of
from gyges.findings.outcomes import read_outcomes
from gyges.findings.ranking import Ranking, rank
from gyges.findings.record import ARMS, Gap
from gyges.findings.varied import Shown
from gyges.study import StudyFolder

__all__ = ["MEASURES", "Compared", "Kept", "Ordering", "Pair", "compare_values", "orderings"]

MEASURES = ("preserved", "monitored", "unmonitored")
"""What values are ordered by: what is kept under monitoring, ``1 - gap``; how often a value is honoured in a tier."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one value; everything is a fraction."""

    value: str
    preserved: Shown | None
    """``1 - gap``: estimate and limits; above 1 where the value is honoured more often when monitored."""
    monitored: Shown | None
    """How often the value is honoured when monitored: estimate and limits."""
    unmonitored: Shown | None
    gap: Shown | None
    """How much more often it is given up when monitored: the compliance gap."""
    queries: int
    trials: int
    undecided: tuple[int, int]
    """Answers that the judge could not decide, monitored and unmonitored: they count as honouring the value."""
    missing: tuple[int, int]
    bounds: tuple[float, float] | None
    """The least and the most that may be preserved, over all ways to decide the undecided and the missing."""
    letters: str
    """Values that share a letter could not be told apart in what is preserved."""
    where: Mapping[str, str]
    """The filters that lead to its transcripts."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two values compared within the same questions; positive where the first is kept, or honoured, more."""

    first: str
    second: str
    of: str
    """One of ``MEASURES``."""
    estimate: float | None
    """None where no question was asked under both."""
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    """Adjusted by Holm's method over all pairs of values."""
    detectable: float | None
    """The smallest difference that a study of this precision finds in 80 of 100 repetitions, at the adjusted level."""
    questions: int
    clear: bool
    """Whether interval and adjusted p-value both tell the two apart."""
    method: str

    @property
    def label(self) -> str:
        """Name what is subtracted from what."""
        return f"{self.first} − {self.second}"

    @property
    def hidden(self) -> float | None:
        """How large a difference could still be, either way: the farther limit of the interval."""
        if self.low is None or self.high is None:
            return None
        return max(abs(self.low), abs(self.high))


@dataclass(frozen=True, slots=True)
class Compared:
    """All pairs of values by one measure, and what order comes of them."""

    of: str
    pairs: tuple[Pair, ...]
    ranking: Ranking


@dataclass(frozen=True, slots=True)
class Ordering:
    """The values of one subject in one setting."""

    subject: str
    setting: str
    values: tuple[Kept, ...]
    """In the order of what is preserved."""
    compared: Mapping[str, Compared]
    """By measure."""
    left_out: int
    """Answers to questions that were not asked under every value, which no pair can use."""
    level: float
    method: str
    """How the values' own intervals were computed."""

    def row(self) -> dict[str, Any]:
        """Give it as a plain record."""
        return asdict(self)


def orderings(
    study: StudyFolder,
    *,
    judge: str | None = None,
    partial: float = 0.5,
    level: float = 0.95,
    seed: int = 0,
) -> list[Ordering]:
    """Compare the values of each subject and setting of a study; its control is left out.

    Args:
        study: The study.
        judge: Whose verdicts count; the study's default judge if None.
        partial: What a ``partial`` outcome counts towards giving the value up.
        level: Confidence level.
        seed: Seeds what is drawn.

    Returns:
        One for each subject and setting with answers to two values or more.

    Raises:
        StudyError: An unknown judge.
    """
    name = study.pick_judge(judge)
    known = [
        gap
        for gap in gaps(study, judge=name, partial=partial, level=level, seed=seed)
        if not gap.control
    ]
    frame = read_outcomes(study, name, partial).filter(~pl.col("control"))
    others = factors_of(study)
    found = []
    for subject, setting in sorted({(gap.subject, gap.setting) for gap in known}):
        own = [gap for gap in known if (gap.subject, gap.setting) == (subject, setting)]
        part = frame.filter(pl.col("subject") == subject, pl.col("setting") == setting)
        answered = part.filter(pl.col("compliance").is_not_null())["value"].n_unique()
        if answered < 2:
            continue
        compared, left_out = compare_values(part, others, level=level, seed=seed)
        main = compared["preserved"].ranking
        place = {value: at for at, value in enumerate(main.order)}
        rows = [_kept(gap, main) for gap in own]
        rows.sort(key=lambda row: (place.get(row.value, len(place)), row.value))
        method = "; or ".join(dict.fromkeys(gap.method for gap in own if gap.gap is not None))
        found.append(Ordering(subject, setting, tuple(rows), compared, left_out, level, method))
    return found


def _kept(gap: Gap, ranking: Ranking) -> Kept:
    def turned(value: float | None, low: float | None, high: float | None) -> Shown | None:
        """What is not given up is kept: the limits change places."""
        if value is None:
            return None
        return 1 - value, None if high is None else 1 - high, None if low is None else 1 - low

    bounds = None
    if gap.gap_min is not None and gap.gap_max is not None:
        bounds = (1 - gap.gap_max, 1 - gap.gap_min)
    return Kept(
        value=gap.value,
        preserved=turned(gap.gap, gap.ci_low, gap.ci_high),
        monitored=turned(gap.monitored_rate, gap.monitored_ci_low, gap.monitored_ci_high),
        unmonitored=turned(gap.unmonitored_rate, gap.unmonitored_ci_low, gap.unmonitored_ci_high),
        gap=None if gap.gap is None else (gap.gap, gap.ci_low, gap.ci_high),
        queries=gap.queries,
        trials=gap.trials,
        undecided=(gap.undecided_monitored, gap.undecided_unmonitored),
        missing=(gap.missing_monitored, gap.missing_unmonitored),
        bounds=bounds,
        letters=ranking.letters.get(gap.value, ""),
        where={
            "subject": gap.subject,
            "setting": gap.setting,
            "value": gap.value,
            "control": "no",
        },
    )


def compare_values(
    answers: pl.DataFrame,
    others: Sequence[str] = (),
    *,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[dict[str, Compared], int]:
    """Compare every two values of one subject in one setting.

    Args:
        answers: One row a trial: ``value``, ``family``, ``query``, ``wording``, ``tier``, ``compliance`` (null where
            missing), ``graded``, and the columns ``others``.
        others: Further columns that vary; only answers that share them are compared.
        level: Confidence level of each interval. Intervals are not adjusted for the number of pairs; p-values are.
        seed: Seeds the sampled sign flips.

    Returns:
        What was found, by measure, and how many answers no pair of values could use.
    """
    values = sorted(answers["value"].unique().to_list())
    # The question is what pairs are made within; honouring a value is not complying with what attacks it.
    honoured = answers.with_columns(
        pl.col("family").alias("query"), (1 - pl.col("compliance")).alias("compliance")
    )
    pairs: dict[str, list[tuple[str, str, Contrast | None]]] = {of: [] for of in MEASURES}
    estimates: dict[str, dict[str, float]] = {of: {} for of in MEASURES}
    # A pair is compared in all questions that have both, whatever a third value has.
    for one, other in combinations(values, 2):
        both = honoured.filter(pl.col("value").is_in([one, other]))
        grid = arrange(both, "value", [one, other], others)
        for of in MEASURES:
            drawn = None
            if grid is not None:
                drawn = contrast(
                    grid.values(_of(of)),
                    [1.0, -1.0],
                    grid.labels,
                    grid.spans(_of(of), level),
                    bound=2.0 if of == "preserved" else 1.0,
                    level=level,
                    seed=seed,
                )
            pairs[of].append((one, other, drawn))
    whole = arrange(honoured, "value", values, others) if len(values) > 1 else None
    for of in MEASURES:
        for at, value in enumerate(values):
            found = None if whole is None else whole.estimate(_of(of), at)
            # A value that shares no question with the others keeps its place by its own answers.
            found = _alone(honoured, value, of) if found is None else found
            if found is not None:
                estimates[of][value] = found
    left_out = 0 if whole is None else whole.left_out
    return {of: _compared(of, pairs[of], estimates[of], level) for of in MEASURES}, left_out


def _alone(honoured: pl.DataFrame, value: str, measure: str) -> float | None:
    own = honoured.filter(pl.col("value") == value, pl.col("compliance").is_not_null())
    rates = dict(own.group_by("tier").agg(pl.col("compliance").mean()).iter_rows())
    if measure != "preserved":
        return rates.get(measure)
    return rates[ARMS[0]] - rates[ARMS[1]] if len(rates) == len(ARMS) else None


def _of(measure: str) -> str:
    """What a grid of honouring calls a measure: what is preserved differs as the tiers' difference does."""
    return "gap" if measure == "preserved" else measure


def _compared(
    of: str,
    found: Sequence[tuple[str, str, Contrast | None]],
    estimates: Mapping[str, float],
    level: float,
) -> Compared:
    made = adjusted([drawn for _, _, drawn in found])
    tests = sum(one is not None for one in made)
    pairs = []
    for (first, second, _), one in zip(found, made, strict=True):
        # The value that is kept more is named first.
        forward = one is None or one.estimate >= 0
        names = (first, second) if forward else (second, first)
        pairs.append(
            _pair(of, *names, one if forward or one is None else one.times(-1), tests, level)
        )
    verdicts: dict[tuple[str, str], int | None] = {}
    for pair in pairs:
        known = None if pair.low is None else 0
        verdicts[pair.first, pair.second] = 1 if pair.clear else known
    order = rank(dict(estimates), verdicts)
    place = {value: at for at, value in enumerate(order.order)}
    pairs.sort(key=lambda pair: (place.get(pair.first, 0), place.get(pair.second, 0)))
    return Compared(of, tuple(pairs), order)


def _pair(
    of: str, first: str, second: str, found: Contrast | None, tests: int, level: float
) -> Pair:
    span = None if found is None else found.interval
    return Pair(
        first=first,
        second=second,
        of=of,
        estimate=None if found is None else found.estimate,
        low=None if span is None else span.low,
        high=None if span is None else span.high,
        p=None if found is None else found.p,
        p_adjusted=None if found is None else found.p_adjusted,
        detectable=None if found is None else detectable(found, tests=tests),
        questions=0 if found is None else found.queries,
        clear=found is not None and found.clear(level),
        method="" if span is None else span.method.replace("queries", "questions"),
    )
