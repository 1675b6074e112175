"""What do several judges say together?

Their verdicts stand in the study; a panel reads them, asks nobody anything, and writes what they come to under a name
of its own, anew wherever a member's verdict has changed. A trial that a member has not read yet is left open.
``majority`` takes what most say, ``unanimous`` only what all say; whatever else is ``undecided``. A trial that half of
the panel or more could not judge gets the status of most of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from gyges.errors import JudgeError, nearest
from gyges.judges.completion import Vote, fill_verdict
from gyges.judges.form import Answer
from gyges.judges.question import Question, content_hash
from gyges.judges.votes import RULES
from gyges.study import StudyFolder, Verdict, verdict_record
from gyges.study.manifest import now

__all__ = ["judge_panel", "panel_name"]

_COLUMNS = ["trial", "outcome", "label", "labels", "score", "status", "evidence", "note", "answer"]


def panel_name(judges: Sequence[str], rule: str) -> str:
    """Name a panel by its rule and its members."""
    return f"{rule}({' + '.join(judges)})"


def judge_panel(
    study: StudyFolder,
    judges: Sequence[str],
    question: Question,
    *,
    rule: str = "majority",
    clean: Callable[[str], str] | None = None,
) -> str:
    """Write what several judges come to, and return the panel's name.

    Args:
        study: The study; the caller holds its lock, and each judge has read it.
        judges: At least two names of judges.
        question: What they were asked.
        rule: ``majority`` or ``unanimous``.
        clean: Takes credentials out of every line.

    Raises:
        JudgeError: The rule is unknown, or a judge stands in the panel twice.
    """
    if rule not in RULES:
        raise JudgeError(f"--rule {rule!r}: {nearest(rule, RULES)}")
    if len(set(judges)) != len(judges) or len(judges) < 2:
        raise JudgeError(f"a panel needs two judges or more, each once; got {', '.join(judges)}")
    name = panel_name(judges, rule)
    members = [study.judge_info(judge, question.name) for judge in judges]
    study.write_judge(
        {
            "name": name,
            "kind": "panel",
            "version": content_hash([rule, [[one["name"], one.get("version")] for one in members]]),
            "question": question.name,
            "sees": "the verdicts of its members",
            "members": [{"name": one["name"], "version": one.get("version")} for one in members],
            "rule": rule,
            "card": None,
            **({} if question.id == "outcome" else {"answers": question.described()}),
        }
    )
    table = study.verdict_table(name, question.name)
    writer = table.writer(clean)
    try:
        with study.reading():
            joined = _joined(study, judges, question.name)
            before = table.scan(["trial", "status", "outcome", "label", "labels", "note"])
            joined = joined.join(
                before, on="trial", how="left", suffix="-before", maintain_order="left"
            )
            for batch in joined.collect_batches(chunk_size=2_000, maintain_order=True):
                for row in batch.iter_rows(named=True):
                    if any(row[f"status-{at}"] is None for at in range(len(judges))):
                        continue
                    verdict = _settled(name, row, judges, question, rule)
                    settled = [verdict.status, verdict.outcome, verdict.label, verdict.labels]
                    kept = [row["status"], row["outcome"], row["label"], row["labels"] or []]
                    if settled != kept or verdict.note != row["note"]:
                        writer.append(verdict_record(verdict))
    finally:
        writer.close()
    return name


def _joined(study: StudyFolder, judges: Sequence[str], question: str) -> pl.LazyFrame:
    frame: pl.LazyFrame | None = None
    for at, judge in enumerate(judges):
        one = study.verdict_table(judge, question).scan(_COLUMNS)
        one = one.rename({name: f"{name}-{at}" for name in _COLUMNS if name != "trial"})
        frame = (
            one if frame is None else frame.join(one, on="trial", how="left", maintain_order="left")
        )
    assert frame is not None
    return frame


def _settled(
    name: str, row: dict[str, Any], judges: Sequence[str], question: Question, rule: str
) -> Verdict:
    votes = [_vote(row, at, judge, question) for at, judge in enumerate(judges)]
    verdict = Verdict(row["trial"], name, question.name, at=now())
    if all(not isinstance(vote, Answer) and vote[0] == "no_answer" for vote in votes):
        verdict.status, verdict.note = "no_answer", row["note-0"]
        return verdict
    fill_verdict(verdict, votes, question, question.threshold, rule)
    verdict.note = "; ".join(
        f"{judge}: {vote.label if isinstance(vote, Answer) else vote[0]}"
        for judge, vote in zip(judges, votes, strict=True)
    )
    return verdict


def _vote(row: dict[str, Any], at: int, judge: str, question: Question) -> Vote:
    if row[f"status-{at}"] != "ok":
        return row[f"status-{at}"] or "error", row[f"note-{at}"] or f"{judge} has no verdict"
    label = row[f"outcome-{at}"] or row[f"label-{at}"]
    data = json.loads(row[f"answer-{at}"] or "{}")
    data.pop("votes", None)
    score = row[f"score-{at}"]
    if question.kind in ("choice", "order", "criteria"):
        # A panel counts what each judge decided, not how near it was.
        score = question.values.get(label or "")
    return Answer(
        label=label,
        labels=list(row[f"labels-{at}"] or []),
        score=score,
        evidence=list(row[f"evidence-{at}"] or []),
        data=data,
    )
