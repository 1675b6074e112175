"""How do Inspect's logs of Gyges tasks become a study?

Reads logs that ``inspect eval gyges/...`` made and logs that ``gyges export --to inspect`` made. A sample is a trial;
its metadata says which (``gyges``), its epoch is the sample number, its score from the outcome scorer is the verdict. A
sample that failed, or that a judge failed on, keeps that as its status. Logs and samples of other tasks are
reported and left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gyges.errors import ImportFormatError
from gyges.study.conversation import heard, transcript, write_conversation
from gyges.study.exports.inspect_logs import SCORER
from gyges.study.imports._records import Imported, Note
from gyges.study.outputs import read_output
from gyges.study.schema import OUTCOMES, TRIAL_COLUMNS, Trial, Verdict

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample

__all__ = ["read_inspect"]

T = TypeVar("T")

_OWN = ("subject", "setting", "version", "value", "control", "query", "wording", "tier", "sample")


def read_inspect(path: Path) -> Imported:
    """Read a folder of ``.eval`` logs, or one log.

    Raises:
        ImportFormatError: There is no log, or one cannot be read.
    """
    logs = sorted(path.rglob("*.eval")) + sorted(path.rglob("*.json")) if path.is_dir() else [path]
    if not logs or not path.exists():
        raise ImportFormatError(
            f"{path}: no .eval logs there. Give the folder that `inspect eval gyges/... --log-dir DIR` wrote to"
        )
    files = [
        {
            "path": str(log.relative_to(path)) if path.is_dir() else log.name,
            "bytes": log.stat().st_size,
            "sha256": hashlib.sha256(log.read_bytes()).hexdigest(),
        }
        for log in logs
    ]
    source = {"path": str(path), "layout": "inspect", "files": files}
    # A log names its judge with each score.
    imported = Imported(records=iter(()), source=source, judge="")
    imported.records = _records(logs, path, imported)
    return imported


def _records(
    logs: list[Path], root: Path, imported: Imported
) -> Iterator[tuple[Trial, Verdict | None]]:
    for path in logs:
        where = str(path.relative_to(root)) if root.is_dir() else path.name
        header = _guard(path, partial(_header, path))
        _judge(header, imported)
        foreign = 0
        samples = _samples(path)
        while (sample := _guard(path, partial(next, samples, None))) is not None:
            record = sample.metadata.get("gyges")
            if not isinstance(record, dict):
                foreign += 1
                continue
            trial = _trial(sample, record, header.eval.model, imported)
            yield trial, _verdict(sample, record, trial.trial)
        if foreign:
            imported.notes.append(
                Note(
                    kind="foreign-samples",
                    what=f"{foreign} samples of the task {header.eval.task} are not of a Gyges task.",
                    where=where,
                    done="They were left out.",
                    count=foreign,
                )
            )
        if header.status != "success":
            imported.notes.append(
                Note(
                    kind="unfinished-log",
                    what=f"The log's status is {header.status!r}.",
                    where=where,
                    done="The samples that it holds were read.",
                )
            )


def _judge(header: EvalLog, imported: Imported) -> None:
    """Keep what one of our own exports says of its judge."""
    told = (header.eval.metadata or {}).get("gyges")
    info = told.get("judge_info") if isinstance(told, dict) else None
    if isinstance(info, dict) and {"name", "version"} <= info.keys():
        imported.judges[str(info["name"])] = info


def _header(path: Path) -> EvalLog:
    from inspect_ai.log import read_eval_log

    return read_eval_log(str(path), header_only=True)


def _samples(path: Path) -> Iterator[EvalSample]:
    from inspect_ai.log import read_eval_log_samples

    return read_eval_log_samples(
        str(path), all_samples_required=False, resolve_attachments=True, exclude_fields={"events"}
    )


def _guard(path: Path, read: Callable[[], T]) -> T:
    """Turn whatever a damaged log raises into one error that names the file."""
    try:
        return read()
    except Exception as error:
        raise ImportFormatError(
            f"{path}: not readable as an Inspect log ({' '.join(str(error).split())[:200]}). Check it with "
            "`inspect log dump`, or move it away; nothing was imported"
        ) from error


def _trial(sample: EvalSample, record: dict[str, Any], model: str, imported: Imported) -> Trial:
    asked = sample.input if not isinstance(sample.input, str) else []
    keys = [imported.say(message.text, message.role) for message in asked]
    columns = {name: record[name] for name in _OWN if name in record}
    columns.setdefault("subject", model)
    columns.setdefault("sample", sample.epoch - 1)
    factors = {name: record[name] for name in record.get("factors", ())}
    trial = Trial(**columns, messages=keys, factors=factors)
    if "status" in record:
        # One of our own exports: everything is told, down to the ids.
        for name in TRIAL_COLUMNS:
            if name in record and name not in _OWN:
                setattr(trial, name, record[name])
        text = sample.output.completion
        trial.output = record.get("output", text or None)
        trial.raw = text if "output" in record else None
        return trial
    trial.seconds = sample.total_time
    trial.at = str(sample.completed_at) if sample.completed_at else None
    if sample.error is not None:
        trial.status, trial.error = "error", sample.error.message
    else:
        read_output(sample.output, trial)
        if "steps" in record:
            _session(sample, record, trial)
    return trial


def _session(sample: EvalSample, record: dict[str, Any], trial: Trial) -> None:
    """Read a trial that is a session from all of its messages; one that ended early has no answer."""
    steps = heard(sample.messages, record["steps"])
    trial.raw = None
    if steps is None:
        trial.status = "truncated" if trial.status == "ok" else trial.status
        trial.error = trial.error or "the session ended before all of its steps were answered"
        trial.output = None
        return
    trial.conversation, trial.output = write_conversation(steps), transcript(steps)
    thought = (
        f"[{step.name}]\n{one.reasoning}"
        for step in steps
        for one in step.messages
        if one.reasoning
    )
    trial.reasoning = "\n\n".join(thought) or None


def _verdict(sample: EvalSample, record: dict[str, Any], trial: str) -> Verdict | None:
    told = record.get("verdict")
    if isinstance(told, dict):
        lists = {name: told.get(name) or [] for name in ("evidence", "labels")}
        return Verdict(trial=trial, **{**told, **lists})
    score = (sample.scores or {}).get(SCORER)
    if score is None:
        return None
    about = score.metadata or {}
    status = str(about.get("status", "ok"))
    return Verdict(
        trial=trial,
        judge=str(about.get("judge", "inspect")),
        outcome=score.answer if status == "ok" and score.answer in OUTCOMES else None,
        score=about.get("score"),
        status=status,
        evidence=list(about.get("evidence") or []),
        note=score.explanation,
        label=about.get("label"),
        labels=list(about.get("labels") or []),
        answer=about.get("answer"),
    )
