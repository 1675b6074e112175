"""How steady is a judge: does it say the same of the same text?

Identical answers to identical messages, judged each on its own, tell: of all pairs of such answers, the share whose
verdicts differ. A text that occurs often makes many pairs, so each text's own share is averaged too; and where two
subjects carry nearly the same answers throughout, their verdicts are compared sample by sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from gyges.study import StudyFolder

__all__ = ["said", "same_text"]

_TWINS = 0.9
"""Two subjects that share at least this part of their answers, sample by sample, are likely one."""


def said(study: StudyFolder, judge: str, question: str) -> pl.LazyFrame:
    """Give a judge's answers: ``trial``, ``answer`` (null where it left the trial undecided or failed), ``judged``."""
    answer = "outcome" if question == "outcome" else "label"
    decided = (pl.col("status") == "ok") & (pl.col(answer) != "undecided")
    return (
        study.verdict_table(judge, question)
        .scan(["trial", "status", answer])
        .select(
            "trial",
            answer=pl.when(decided).then(pl.col(answer)),
            judged=pl.col("status") == "ok",
        )
    )


def same_text(study: StudyFolder, judge: str, question: str = "outcome") -> dict[str, Any]:
    """Say how often a judge's verdicts on identical answers to identical messages differ.

    Args:
        study: The study.
        judge: The judge's name.
        question: The question that it answered.

    Returns:
        ``texts`` that occur more than once and ``answers`` that hold them; ``pairs`` of such answers, the ``flips``
        among them (verdicts that differ, ``undecided`` being one) and their ``flip_rate``; ``reversals``, the pairs
        that are both decided and differ; ``flip_rate_by_text``, where each text counts once; ``twins``, pairs of
        subjects whose answers are nearly all the same, compared sample by sample; and all that as a ``sentence``.
    """
    given = said(study, judge, question).filter(pl.col("judged")).select("trial", said="answer")
    columns = ["trial", "subject", "sample", "messages", "output"]
    text = pl.struct(pl.col("messages").list.join(","), "output").hash(seed=0)
    answers = (
        study.trial_table.scan(columns)
        .filter(pl.col("output").str.len_bytes() > 0)
        .select("trial", "subject", "sample", text=text)
        .join(given, on="trial")
        .with_columns(pl.col("said").fill_null("undecided"))
    )
    with study.reading():
        texts = _by_text(answers).collect(engine="streaming")
        shared = answers.join(texts.lazy().select("text"), on="text", how="semi").collect()
        sizes = dict(answers.group_by("subject").len().collect().iter_rows())
    found: dict[str, Any] = {"texts": len(texts)}
    for name, column in (("answers", "n"), ("pairs", "pairs"), ("flips", "flips")):
        found[name] = int(texts[column].sum())
    # A pair of which one is undecided and the other is not is no reversal.
    half_open = texts["undecided"] * (texts["n"] - texts["undecided"])
    found["reversals"] = found["flips"] - int(half_open.sum())
    found["flip_rate"] = found["flips"] / found["pairs"] if found["pairs"] else None
    found["flip_rate_by_text"] = (texts["flips"] / texts["pairs"]).mean()
    found["twins"] = _twins(shared, sizes)
    found["sentence"] = _steadiness(judge, found)
    return found


def _by_text(answers: pl.LazyFrame) -> pl.LazyFrame:
    """Count pairs and flips of each text that occurs more than once."""
    count = pl.col("len").cast(pl.Int64)

    def pairs(n: pl.Expr) -> pl.Expr:
        return n * (n - 1) // 2

    return (
        answers.group_by("text", "said")
        .len()
        .group_by("text")
        .agg(
            n=count.sum(),
            same=pairs(count).sum(),
            undecided=count.filter(pl.col("said") == "undecided").sum(),
        )
        .filter(pl.col("n") > 1)
        .with_columns(pairs=pairs(pl.col("n")))
        .with_columns(flips=pl.col("pairs") - pl.col("same"))
        .sort("text")
    )


def _twins(shared: pl.DataFrame, sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    """Find subjects that gave nearly all the same answers to the same messages, and compare their verdicts."""
    other = shared.rename({"subject": "other", "said": "other_said"})
    matched = (
        shared.join(other, on=["text", "sample"])
        .filter(pl.col("subject") < pl.col("other"))
        .group_by("subject", "other")
        .agg(pairs=pl.len(), flips=(pl.col("said") != pl.col("other_said")).sum())
        .sort("subject", "other")
    )
    return [
        {"subjects": [row["subject"], row["other"]], "pairs": row["pairs"], "flips": row["flips"]}
        | {"flip_rate": row["flips"] / row["pairs"]}
        for row in matched.iter_rows(named=True)
        if row["pairs"] >= _TWINS * min(sizes[row["subject"]], sizes[row["other"]])
    ]


def _steadiness(judge: str, found: Mapping[str, Any]) -> str:
    if not found["pairs"]:
        return f"No two answers to the same messages are identical: how steady {judge} is cannot be seen here."
    text = f"{found['answers']:,} answers are identical to another one to the same messages. "
    if not found["flips"]:
        return f"{text}{judge}, which judged each on its own, gives identical answers the same verdict."
    text += (
        f"{judge}, which judged each on its own, differs in {found['flip_rate']:.1%} of their {found['pairs']:,} pairs "
        f"({found['flip_rate_by_text']:.1%} where each text counts once)."
    )
    for twin in found["twins"]:
        one, other = twin["subjects"]
        text += (
            f" {one} and {other} carry the same answers: {twin['flips']} of {twin['pairs']:,} verdicts differ "
            f"({twin['flip_rate']:.1%})."
        )
    return text
