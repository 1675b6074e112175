"""What do a study's answers to further questions say of its gap: belief, suspicion, and what the subject predicted?

Each reads the study's tables into one row a trial (how far it complies, by the verdicts on the outcome, and what a
judge read of the further question) and hands them on, group by group: :mod:`gyges.findings.belief`,
:mod:`gyges.findings.suspicion`, :mod:`gyges.findings.self_prediction`. Where the probe was put in the no-conflict
control too, the belief there stands beside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from gyges.findings.belief import CAUSE, REAL, describe_belief
from gyges.findings.grids import Group, factors_of, groups_of, read_answers
from gyges.findings.refusals import Refusals, refusals_of
from gyges.findings.self_prediction import PREDICTED, describe_self_prediction
from gyges.findings.suspicion import LENGTH, SUSPECTED, describe_suspicion
from gyges.findings.varied import Varied, percents, who
from gyges.study import StudyFolder

__all__ = ["Aside", "asides_of", "belief_results", "self_prediction_results", "suspicion_results"]


@dataclass(frozen=True, slots=True)
class Aside:
    """What a further question shows of one subject in one setting."""

    question: str
    """What was asked, under the name of its verdicts: ``belief``, ``belief.before``, ``suspicion`` ..."""
    judge: str | None
    """Who read the answers to it; None where nobody did, and only what was planted is looked at."""
    outcomes: str
    """Whose verdicts say how far an answer complies."""
    found: Varied

    def sentence(self) -> str:
        """Say it in plain sentences."""
        return " ".join(self.found.sentences)

    def row(self) -> dict[str, Any]:
        """Give it as a plain record."""
        return {
            "question": self.question,
            "judge": self.judge,
            "outcomes": self.outcomes,
            **self.found.row(),
        }


def belief_results(
    study: StudyFolder,
    judge: str | None = None,
    *,
    question: str = "belief",
    outcomes: str | None = None,
    partial: float = 0.5,
    level: float = 0.95,
    seed: int = 0,
) -> list[Aside]:
    """Split the gap by whether the subject takes the scene for real.

    Args:
        study: A study whose subject was probed.
        judge: Who read its answers to the probe; the first that did if None.
        question: ``belief``, or ``belief.before`` or ``belief.after`` for one time.
        outcomes: Whose verdicts say how far an answer complies; the study's default judge if None.
        partial: What a partial outcome counts.
        level: Confidence level.
        seed: Seeds what is drawn.

    Returns:
        One for each group in which some block has both answers and a belief: first all values of a setting together.

    Raises:
        StudyError: No judge has read the question, or the outcome.
    """
    name = study.pick_judge(judge, question)
    columns = {REAL: pl.col("score"), CAUSE: pl.coalesce("label", pl.lit("undecided"))}
    others = factors_of(study)
    control = _in_control(study, name, question)

    def describe(answers: pl.DataFrame, group: Group, named: str) -> Varied | None:
        found = describe_belief(answers, group, named, others, level=level, seed=seed)
        beside = control.filter(
            (pl.col("subject") == group.subject)
            & (pl.col("setting") == group.setting)
            & ((pl.col("value") == group.value) | pl.lit(not group.value))
        )
        if found is None or beside.is_empty():
            return found
        asked, believed = beside.height, int((beside[REAL] >= 0.5).sum())
        share = percents(believed / asked)
        sentence = (
            f"In the no-conflict control {share} of {asked:,} answers take the scene for real."
        )
        facts = {**found.facts, "control_asked": asked, "control_believers": believed}
        return replace(found, facts=facts, sentences=(*found.sentences, sentence))

    return _results(study, name, question, columns, describe, outcomes, partial)


def self_prediction_results(
    study: StudyFolder,
    judge: str | None = None,
    *,
    question: str = "self-prediction",
    outcomes: str | None = None,
    partial: float = 0.5,
    level: float = 0.95,
    seed: int = 0,
) -> list[Aside]:
    """Set what the subject said that it would do beside what it did; arguments as of :func:`belief_results`."""
    name = study.pick_judge(judge, question)

    def describe(answers: pl.DataFrame, group: Group, named: str) -> Varied | None:
        return describe_self_prediction(answers, group, named, level=level, seed=seed)

    # What declines to say stands for no number.
    columns = {PREDICTED: pl.col("score")}
    return _results(study, name, question, columns, describe, outcomes, partial)


def suspicion_results(
    study: StudyFolder,
    judge: str | None = None,
    *,
    question: str = "suspicion",
    outcomes: str | None = None,
    partial: float = 0.5,
    level: float = 0.95,
    seed: int = 0,
) -> list[Aside]:
    """Relate refusals to suspicion, said and planted; see :func:`belief_results` for the arguments.

    Where no judge has read the question, what a planted notice does is shown alone, if the design planted one.
    """
    known = judge is not None or bool(study.judges(question))
    name = study.pick_judge(judge, question) if known else None
    others = factors_of(study)

    def describe(answers: pl.DataFrame, group: Group, named: str) -> Varied | None:
        return describe_suspicion(answers, group, named, others, level=level, seed=seed)

    columns = {SUSPECTED: pl.col("score")}
    return _results(study, name, question, columns, describe, outcomes, partial, length=True)


def asides_of(
    study: StudyFolder,
    question: str,
    judge: str | None = None,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> list[Aside | Refusals]:
    """Give what a question says of the gap beside its own answers; empty for questions that say nothing of it.

    Args:
        study: The study; its outcome was judged.
        question: ``belief``, ``self-prediction``, ``suspicion`` or ``refusal-honesty``, perhaps with a time behind a
            dot; others give nothing.
        judge: Who read it; the first that did if None.
        level: Confidence level.
        seed: Seeds what is drawn.
    """
    ways = {
        "belief": belief_results,
        "self-prediction": self_prediction_results,
        "suspicion": suspicion_results,
    }
    id_ = question.partition(".")[0]
    if id_ == "refusal-honesty":
        return [*refusals_of(study, judge, seed=seed)]
    way = ways.get(id_)
    if way is None or not study.judges():
        return []
    return [*way(study, judge, question=question, level=level, seed=seed)]


def _results(
    study: StudyFolder,
    judge: str | None,
    question: str,
    columns: dict[str, pl.Expr],
    describe: Callable[[pl.DataFrame, Group, str], Varied | None],
    outcomes: str | None,
    partial: float,
    *,
    length: bool = False,
) -> list[Aside]:
    """Describe each group of a study's answers."""
    by = study.pick_judge(outcomes)
    answers = read_answers(study, by, partial)
    with study.reading():
        if judge is None:
            empty = [pl.lit(None, pl.Float64).alias(name) for name in columns]
            answers = answers.with_columns(empty)
        else:
            read = _verdicts(study, judge, question, columns).collect()
            answers = answers.join(read, on="trial", how="left")
        if length:
            words = pl.col("reasoning").str.count_matches(r"\S+").cast(pl.Float64).alias(LENGTH)
            texts = study.trial_table.scan(["trial", "reasoning"]).select("trial", words).collect()
            answers = answers.join(texts, on="trial", how="left")
    groups = list(groups_of(answers))
    among = [group for group, _ in groups]
    found = []
    for group, part in groups:
        described = describe(part, group, who(group, among=among))
        if described is not None:
            found.append(Aside(question, judge, by, described))
    return found


def _verdicts(
    study: StudyFolder, judge: str, question: str, columns: dict[str, pl.Expr]
) -> pl.LazyFrame:
    """Read the verdicts that are there, under the names that a finding gives to what they say."""
    scan = study.verdict_table(judge, question).scan(["trial", "label", "score", "status"])
    named = [one.alias(name) for name, one in columns.items()]
    return scan.filter(pl.col("status") == "ok").select("trial", *named)


def _in_control(study: StudyFolder, judge: str, question: str) -> pl.DataFrame:
    """Read what was said of the scene in the no-conflict control: subject, setting, value, and the probability."""
    trials = study.trial_table.scan(["trial", "subject", "setting", "value", "control"])
    with study.reading():
        said = _verdicts(study, judge, question, {REAL: pl.col("score")})
        return (
            trials.filter(pl.col("control"))
            .join(said.filter(pl.col(REAL).is_not_null()), on="trial")
            .collect()
        )
