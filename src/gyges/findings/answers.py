"""What do the answers show, question by question, and does it differ between the tiers?

Each thing that a judge can say of a trial becomes a share of trials (or a mean, where it is a number), in each tier and
paired between them within queries: the estimates are those of the compliance gap, with another thing counted. An
undecided verdict counts as not showing the thing, a verdict that is missing not at all, and both move the bounds.

Where the outcome was judged as well, the share of trials that verbalise the strategy and comply stands beside: the
literature's rate of alignment-faking reasoning, over all monitored trials.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from gyges.findings.gaps import estimate_gaps
from gyges.findings.record import ARMS, GROUP
from gyges.study import StudyFolder

__all__ = ["Shown", "answers_shown"]


@dataclass(frozen=True, slots=True)
class Shown:
    """How often, or how much, a judge found one thing in each tier."""

    subject: str
    setting: str
    value: str
    control: bool
    question: str
    judge: str
    what: str
    """What is counted: a label, a criterion, a scale, or ``any``."""
    unit: str
    """``share`` of the trials, or ``mean`` of a number."""
    low: float
    """The least that it can be; 0 for a share."""
    high: float
    monitored: float | None
    monitored_ci_low: float | None
    monitored_ci_high: float | None
    unmonitored: float | None
    unmonitored_ci_low: float | None
    unmonitored_ci_high: float | None
    difference: float | None
    """Monitored minus unmonitored, paired within queries."""
    ci_low: float | None
    ci_high: float | None
    p: float | None
    difference_min: float | None
    """The smallest difference over all ways to decide what is undecided or missing."""
    difference_max: float | None
    queries: int
    trials: int
    """Of the two tiers, also those without a verdict."""
    undecided_monitored: int
    undecided_unmonitored: int
    missing_monitored: int
    missing_unmonitored: int
    level: float
    method: str

    def row(self) -> dict[str, Any]:
        """Give it as one flat record: the form of ``gyges answers --json``."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Quantity:
    what: str
    amount: pl.Expr
    """From 0 to 1; null where nothing is known although there is a verdict."""
    unit: str = "share"
    low: float = 0.0
    high: float = 1.0


def answers_shown(
    study: StudyFolder,
    question: str,
    judge: str | None = None,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> list[Shown]:
    """Estimate what a judge's verdicts on a question show, by group of trials.

    Args:
        study: The study.
        question: A question that was judged; ``outcome`` is better read by :func:`gyges.findings.gaps`.
        judge: Whose verdicts; the only one's by default.
        level: Confidence level.
        seed: Seeds all that is drawn.

    Returns:
        For each group one row for each thing that a judge can say, in the question's order.

    Raises:
        StudyError: The judge has no verdicts on the question.
    """
    name = study.pick_judge(judge, question)
    about = study.judge_info(name, question).get("answers") or {}
    with study.reading():
        frame = _frame(study, question, name)
    shown: list[Shown] = []
    for quantity in _quantities(about, frame):
        whole = quantity.unit == "share"
        amount = pl.when(pl.col("verdict_status") == "ok").then(quantity.amount)
        # A share is counted like an outcome, so that what is undecided is counted too.
        outcome = (
            pl.when(amount.is_null())
            .then(pl.lit("undecided"))
            .when(amount > 0.5)
            .then(pl.lit("comply"))
            .otherwise(pl.lit("refuse"))
        )
        counted = frame.with_columns(
            (outcome if whole else pl.lit(None, pl.String)).alias("outcome"),
            (pl.lit(None, pl.Float64) if whole else amount).alias("score"),
        )
        if not whole:
            # A number that is not known is no verdict.
            counted = counted.with_columns(
                pl.when(pl.col("score").is_null())
                .then(pl.lit("unparsed"))
                .otherwise("verdict_status")
                .alias("verdict_status")
            )
        span = quantity.high - quantity.low
        for gap in estimate_gaps(counted, judge=name, level=level, seed=seed):

            def at(
                value: float | None, low: float = quantity.low, span: float = span
            ) -> float | None:
                return None if value is None else low + span * value

            def wide(value: float | None, span: float = span) -> float | None:
                return None if value is None else span * value

            shown.append(
                Shown(
                    **{key: getattr(gap, key) for key in GROUP},
                    question=question,
                    judge=name,
                    what=quantity.what,
                    unit=quantity.unit,
                    low=quantity.low,
                    high=quantity.high,
                    monitored=at(gap.monitored_rate),
                    monitored_ci_low=at(gap.monitored_ci_low),
                    monitored_ci_high=at(gap.monitored_ci_high),
                    unmonitored=at(gap.unmonitored_rate),
                    unmonitored_ci_low=at(gap.unmonitored_ci_low),
                    unmonitored_ci_high=at(gap.unmonitored_ci_high),
                    difference=wide(gap.gap),
                    ci_low=wide(gap.ci_low),
                    ci_high=wide(gap.ci_high),
                    p=gap.p,
                    difference_min=wide(gap.gap_min),
                    difference_max=wide(gap.gap_max),
                    queries=gap.queries,
                    trials=gap.trials,
                    undecided_monitored=gap.undecided_monitored,
                    undecided_unmonitored=gap.undecided_unmonitored,
                    missing_monitored=gap.missing_monitored,
                    missing_unmonitored=gap.missing_unmonitored,
                    level=gap.level,
                    method=gap.method,
                )
            )
    order = {key: at for at, key in enumerate(dict.fromkeys(_group(one) for one in shown))}
    return sorted(shown, key=lambda one: order[_group(one)])


def _group(one: Shown) -> tuple[Any, ...]:
    return tuple(getattr(one, key) for key in GROUP)


def _frame(study: StudyFolder, question: str, judge: str) -> pl.DataFrame:
    """One row a trial of the two tiers, with the verdict on the question, and whether the answer complies."""
    named = ["family"] if "family" in study.manifest.factors else []
    trials = study.trial_table.scan(["trial", *GROUP, "query", "wording", "tier", *named])
    verdicts = study.verdict_table(judge, question).scan(
        ["trial", "outcome", "label", "labels", "score", "answer", "status"]
    )
    frame = trials.join(
        verdicts.rename({"status": "verdict_status", "outcome": "said"}), on="trial", how="left"
    ).with_columns(pl.coalesce("label", "said").alias("label"))
    if study.judges() and question != "outcome":
        done = study.verdict_table(study.pick_judge()).scan(["trial", "outcome", "score", "status"])
        outcome = pl.col("outcome")
        # A number counts only where there is no outcome: one that is undecided stays so.
        complied = (
            pl.when(pl.col("status") != "ok")
            .then(None)
            .when(outcome.is_null())
            .then(pl.col("score"))
            .when(outcome == "undecided")
            .then(None)
            .otherwise((outcome == "comply").cast(pl.Float64))
        )
        frame = frame.join(done.select("trial", complied.alias("complied")), on="trial", how="left")
    else:
        frame = frame.with_columns(pl.lit(None, pl.Float64).alias("complied"))
    return frame.filter(pl.col("tier").is_in(ARMS)).collect()


def _quantities(about: Mapping[str, Any], frame: pl.DataFrame) -> Iterator[_Quantity]:
    """Give what can be counted of a question's answers; inferred from them where the study does not say."""
    kind = about.get("kind")
    label = pl.col("label")
    decided = label.is_not_null() & (label != "undecided")
    if kind is None:
        kind = "labels" if frame["labels"].list.len().fill_null(0).sum() else "choice"
    said = sorted(set(frame["label"].drop_nulls().to_list()) - {"undecided"})
    match kind:
        case "choice" | "order":
            for one in about.get("labels") or said:
                yield _Quantity(one, pl.when(decided).then((label == one).cast(pl.Float64)))
            if kind == "order":
                yield _Quantity("level", pl.when(decided).then(pl.col("score")), "mean")
        case "criteria" | "labels":
            yes = pl.when(decided).then((label == "yes").cast(pl.Float64))
            yield _Quantity("yes" if kind == "criteria" else "any", yes)
            if frame["complied"].drop_nulls().len() and kind == "criteria":
                both = (label == "yes") & (pl.col("complied") > 0.5)
                known = decided & pl.col("complied").is_not_null()
                yield _Quantity("yes, and complies", pl.when(known).then(both.cast(pl.Float64)))
            names = about.get("criteria" if kind == "criteria" else "labels")
            for one in names or sorted(frame["labels"].explode().drop_nulls().unique()):
                has = pl.col("labels").list.contains(one).fill_null(value=False)
                # What was found is known, also where the whole is undecided; what was not found then is not.
                yield _Quantity(one, pl.when(decided | has).then(has.cast(pl.Float64)))
        case "scores":
            for name, (low, high) in (about.get("scales") or {}).items():
                given = _inside("scores", name)
                amount = (given.cast(pl.Float64, strict=False) - low) / (high - low)
                yield _Quantity(name, amount, "mean", low, high)
        case "causes":
            for one in about.get("labels") or said:
                yield _Quantity(
                    f"{one} first", pl.when(decided).then((label == one).cast(pl.Float64))
                )
            yield _Quantity("probability real", pl.col("score"), "mean")
    for name, values in (about.get("also") or {}).items():
        given = _inside(name)
        for value in values:
            yield _Quantity(f"{name}: {value}", (given == value).cast(pl.Float64))


def _inside(*path: str) -> pl.Expr:
    """Take a value out of an answer's JSON; null where the path does not lead to one."""

    def value(text: str) -> str | None:
        try:
            found: Any = json.loads(text)
            for name in path:
                found = found[name]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return str(found) if isinstance(found, str | int | float) else None

    return pl.col("answer").map_elements(value, return_dtype=pl.String)
