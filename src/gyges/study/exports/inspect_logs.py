"""How does a study become logs that ``inspect view`` and Scout open?

One ``.eval`` log for each subject, setting and value: a sample for each trial, named ``query::tier`` with the
sample number as its epoch, so that the two arms of a block stand side by side. Everything that a trial and its
verdict hold travels in the sample's metadata under ``gyges``, and :mod:`gyges.study.imports.inspect_logs` reads
it back without loss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from gyges.errors import StudyError
from gyges.study.conversation import read_conversation
from gyges.study.folder import StudyFolder
from gyges.study.schema import TRIAL_COLUMNS, VERDICT_COLUMNS

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample
    from inspect_ai.model import StopReason

__all__ = ["SCORER", "write_inspect"]

SCORER = "outcome"
"""The scorer under which a verdict stands in a log."""

_GROUP = ("subject", "setting", "value")
_STOPS = {"stop", "max_tokens", "model_length", "tool_calls", "content_filter", "unknown"}


def write_inspect(study: StudyFolder, folder: Path, *, judge: str | None = None) -> list[Path]:
    """Write a study as Inspect logs.

    Args:
        study: The study.
        folder: Where the logs go; must be new or empty.
        judge: Whose verdicts are the scores; the study's default judge if None and there is one.

    Returns:
        The paths of the logs.

    Raises:
        StudyError: The folder is not empty.
    """
    from inspect_ai.log import write_eval_log

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StudyError(f"{folder} is not empty; give a new folder with --out DIR")
    folder.mkdir(parents=True, exist_ok=True)
    name = study.pick_judge(judge) if judge is not None or study.judges() else None
    messages = study.messages()
    groups = study.trial_table.scan([*_GROUP]).unique().sort(_GROUP).collect()
    paths = []
    for group in groups.iter_rows():
        where = dict(zip(_GROUP, group, strict=True))
        rows = study.trial_table.scan().filter(
            pl.all_horizontal(pl.col(key).eq_missing(pl.lit(value)) for key, value in where.items())
        )
        if name is not None:
            verdicts = study.verdict_table(name).scan().rename({"status": "verdict_status"})
            rows = rows.join(verdicts, on="trial", how="left", maintain_order="left")
        log = _log(study, where, name, list(_samples(rows.collect(), messages)))
        parts = dict.fromkeys(str(part) for part in group if part)
        path = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', '_'.join(parts))}.eval"
        write_eval_log(log, str(path), format="eval")
        paths.append(path)
    return paths


def _log(
    study: StudyFolder, where: dict[str, str], judge: str | None, samples: list[EvalSample]
) -> EvalLog:
    from inspect_ai.log import (
        EvalConfig,
        EvalDataset,
        EvalLog,
        EvalMetric,
        EvalResults,
        EvalScore,
        EvalSpec,
        EvalStats,
    )

    manifest = study.manifest
    ids: list[str] = list(dict.fromkeys(str(sample.id) for sample in samples))
    scored = [
        float(score.value)  # type: ignore[arg-type]  # written below as a number
        for sample in samples
        for score in (sample.scores or {}).values()
    ]
    present = [value for value in scored if value == value]
    results = None
    if judge is not None:
        metrics = {}
        if present:
            metrics["mean"] = EvalMetric(name="mean", value=sum(present) / len(present))
        results = EvalResults(
            total_samples=len(samples),
            completed_samples=len(samples),
            scores=[
                EvalScore(
                    name=SCORER,
                    scorer=SCORER,
                    scored_samples=len(present),
                    unscored_samples=len(samples) - len(present),
                    params={"judge": judge},
                    metrics=metrics,
                )
            ],
        )
    return EvalLog(
        status="success",
        eval=EvalSpec(
            created=manifest.created,
            task=f"gyges/{where['setting']}",
            task_version=1,
            dataset=EvalDataset(name=where["setting"], samples=len(ids), sample_ids=ids),
            model=where["subject"],
            config=EvalConfig(epochs=max((sample.epoch for sample in samples), default=1)),
            packages={"gyges": manifest.versions.get("gyges", "unknown")},
            metadata={
                "gyges": {
                    "study": study.path.name,
                    "hash": manifest.hash,
                    "judge": judge,
                    "judge_info": study.judge_info(judge) if judge is not None else None,
                    **where,
                }
            },
        ),
        results=results,
        stats=EvalStats(started_at=manifest.created, completed_at=manifest.created),
        samples=samples,
    )


def _samples(rows: pl.DataFrame, messages: dict[str, tuple[str, str]]) -> Iterator[EvalSample]:
    from inspect_ai.log import EvalError, EvalSample
    from inspect_ai.model import (
        ChatMessageAssistant,
        ChatMessageSystem,
        ChatMessageUser,
        ModelOutput,
    )
    from inspect_ai.scorer import Score

    kinds = {
        "system": ChatMessageSystem,
        "user": ChatMessageUser,
        "assistant": ChatMessageAssistant,
    }
    for row in rows.iter_rows(named=True):
        asked: list[Any] = []
        for key in row["messages"] or ():
            role, text = messages.get(key, ("user", ""))
            asked.append(kinds.get(role, ChatMessageUser)(content=text))
        text = row["raw"] if row["raw"] is not None else row["output"] or ""
        stop: StopReason = row["stop"] if row["stop"] in _STOPS else "stop"
        output = ModelOutput.from_content(row["model"] or row["subject"], text, stop_reason=stop)
        judged = row.get("judge") is not None
        factors = [name for name in row if name not in TRIAL_COLUMNS and name not in _VERDICT]
        record = {
            key: row[key]
            for key in (*TRIAL_COLUMNS, *factors)
            if key not in ("raw", "output", "messages") and row[key] is not None
        }
        if row["raw"] is not None:
            record["output"] = row["output"]
        record["factors"] = [name for name in factors if row[name] is not None]
        scores = None
        if judged:
            record["verdict"] = {key: row[_RENAMED.get(key, key)] for key in _FIELDS}
            scores = {
                SCORER: Score(
                    value=_score(row),
                    answer=row["outcome"],
                    explanation=row["note"],
                    metadata={"judge": row["judge"], "status": row["verdict_status"]},
                )
            }
        control = "::control" if row["control"] else ""
        levels = (
            "".join(f"::{name}={row[name]}" for name in factors if row[name] is not None)
            if factors
            else ""
        )
        yield EvalSample(
            id=f"{row['query']}::{row['tier']}{control}::{row['wording']}{levels}",
            epoch=row["sample"] + 1,
            input=asked or row["query"],
            target="",
            messages=[*asked, *(_session(row["conversation"]) or [output.message])],
            output=output,
            scores=scores,
            metadata={"gyges": record},
            error=EvalError(message=row["error"], traceback="", traceback_ansi="")
            if row["status"] == "error"
            else None,
        )


def _session(conversation: str | None) -> list[Any]:
    """Put a session into messages, its calls of tools with their results; empty where there is none."""
    from inspect_ai.model import ChatMessageAssistant, ChatMessageTool, ChatMessageUser
    from inspect_ai.tool import ToolCall, ToolCallError

    found: list[Any] = []
    open_: list[ToolCall] = []
    number = 0
    for step in read_conversation(conversation) if conversation else ():
        for message in step.messages:
            if message.role == "user":
                found.append(ChatMessageUser(content=message.text))
            elif message.role == "tool":
                call = open_.pop(0) if open_ else None
                error = ToolCallError("unknown", message.text) if message.error else None
                found.append(
                    ChatMessageTool(
                        content="" if message.error else message.text,
                        tool_call_id=call.id if call else None,
                        function=call.function if call else None,
                        error=error,
                    )
                )
            else:
                open_ = []
                for one in message.calls:
                    number += 1
                    open_.append(
                        ToolCall(
                            id=f"call-{number}", function=one.name, arguments=dict(one.arguments)
                        )
                    )
                found.append(
                    ChatMessageAssistant(content=message.text, tool_calls=list(open_) or None)
                )
    return found


_FIELDS = tuple(name for name in VERDICT_COLUMNS if name != "trial")
_RENAMED = {"status": "verdict_status", "at": "at_right"}
_VERDICT = {_RENAMED.get(name, name) for name in _FIELDS}
"""The columns of a verdict, as they are called beside those of its trial."""


def _score(row: dict[str, Any]) -> float:
    if row["verdict_status"] != "ok":
        return float("nan")
    by_outcome = {"comply": 1.0, "partial": 0.5, "refuse": 0.0, "undecided": 0.0}
    value = by_outcome.get(row["outcome"], row["score"])
    return float("nan") if value is None else float(value)
