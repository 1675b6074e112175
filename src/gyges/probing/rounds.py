"""What does a subject say when it is asked about its situation, or about itself?

Each answered trial of a study is taken up again and the probe is put to the same subject, in the form that ``forms.py``
describes. What it says stands beside the trials, which are not touched; only what is missing is asked, and what failed
is asked again.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from gyges.errors import DesignError, StudyError, SubjectError
from gyges.judging import check_limits
from gyges.probing.ask import MAX_TOKENS, Asker, sampling_of
from gyges.probing.chosen import Asked, blocks_of, with_texts
from gyges.probing.forms import Form, facts_for, forms_of, turns
from gyges.probing.record import write_probe
from gyges.probing.who import arguments_of, setting_of, spending_of, subjects_of
from gyges.run import Budget, Price, Progress, Spending, load_model
from gyges.settings import Setting
from gyges.studies import Study
from gyges.study import Redactor
from gyges.study.manifest import now, public
from gyges.study.parameters import read_parameters
from gyges.study.redact import secrets_in
from gyges.waiting import wait

__all__ = ["ProbeRound", "probe"]

_GIVE_UP_AFTER = 20


@dataclass(slots=True)
class ProbeRound:
    """What came of putting one probe."""

    name: str
    """Under which its answers stand: ``ID-WHEN``."""
    question: str
    when: str
    judged_as: str
    """The question under which a judge reads them."""
    asked: int = 0
    """Trials probed in this round."""
    skipped: int = 0
    """Trials that had been probed."""
    statuses: dict[str, int] = field(default_factory=dict)
    """How many of those asked came to which status."""
    stopped: str | None = None
    """Why the round stopped before its end; None if it did not."""
    failure: str | None = None
    """What the last call that failed said; None if all came back."""
    dollars: float | None = None
    """What all calls of this command have cost; None where no price is known."""

    def row(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


def probe(
    study: str | Path | Study,
    probe: str,
    *,
    when: str | None = None,
    model: str | None = None,
    model_args: Mapping[str, Any] | None = None,
    base_url: str | None = None,
    sample: int | None = None,
    seed: int = 0,
    max_tokens: int = MAX_TOKENS,
    budget: str | Budget | None = None,
    price: Price | None = None,
    max_connections: int | None = None,
    retries: int = 4,
    timeout: int = 600,
    setting_dirs: Sequence[str | Path] = (),
    progress: bool | None = None,
) -> list[ProbeRound]:
    """Ask the subject of a study about its situation, or about itself.

    Args:
        study: A study that was run, or its folder.
        probe: A question that has a probe: ``belief`` or ``self-prediction``.
        when: ``before`` or ``after`` its answers, or ``both``; the question's last one by default.
        model: Which of the study's subjects; all of them by default.
        model_args: Arguments of the model's provider that the study does not hold, such as a key.
        base_url: Where the provider is reached, if not where the study says.
        sample: Probe at most so many trials, of blocks drawn at random; both tiers of a block are probed together.
        seed: Seeds that draw.
        max_tokens: Limit on what the subject says.
        budget: Stop before more calls or dollars than these; the same call goes on later.
        price: What the subject's tokens cost, where Inspect knows no price.
        max_connections: Calls under way at once.
        retries: Tries after a passing failure of a call.
        timeout: Seconds that one try of a call may take.
        setting_dirs: Folders of settings of your own, for a probe that describes the conversation itself.
        progress: Show a progress bar; by default where stderr is a terminal.

    Returns:
        What was done, one for each time at which the probe was put.

    Raises:
        StudyError: The study was imported, or the model is none of its subjects.
        GygesError: Anything else that stops it; a call that failed does not, it is a status.
    """
    check_limits(max_connections, retries, timeout)
    for name, value in (("--sample", sample), ("--max-tokens", max_tokens)):
        if value is not None and value < 1:
            raise DesignError(f"{name} {value}: must be at least 1")
    forms = forms_of(probe, when)
    folder = study if isinstance(study, Study) else Study(study)
    if len(folder.trials(["conversation"])["conversation"].drop_nulls()):
        raise StudyError(
            f"{folder.path}: its trials are sessions with steps, and a probe is put after one answer; probe a study of "
            "another setting"
        )
    subjects = subjects_of(folder, model)
    arguments = arguments_of(folder, model_args or {})
    setting = setting_of(folder, setting_dirs) if any(form.alone for form in forms) else None
    spending = spending_of(subjects, budget, price, max_tokens)
    clean = Redactor(secrets_in(arguments))
    known = read_parameters(folder.path)
    spec = folder.manifest.spec
    askers = {
        name: Asker(
            name,
            load_model(name, base_url=base_url or spec.get("base_url"), args=arguments),
            spec,
            known=known.get(name),
            max_tokens=max_tokens,
            max_connections=max_connections,
            retries=retries,
            timeout=timeout,
        )
        for name in subjects
    }
    with folder.lock():
        folder.seal()
        plans = []
        for form in forms:
            # The control states no objective that a probe could describe.
            drawn = blocks_of(
                folder, subjects=subjects, control=not form.alone, sample=sample, seed=seed
            )
            record = {
                "name": form.name,
                "question": form.question,
                "when": form.when,
                "form": "alone" if form.alone else form.when,
                "text": form.text,
                "text_hash": form.hash,
                "subjects": subjects,
                "max_tokens": max_tokens,
                "temperature": spec.get("temperature"),
                "sampling": {name: sampling_of(spec, name) for name in subjects},
                "samples": [{"of": sample, "seed": seed, "trials": sum(map(len, drawn))}],
                "first": now(),
                "last": now(),
            }
            write_probe(folder, public(record), clean)
            plans.append(_Plan(form, drawn, record))
        return wait(_rounds(folder, plans, askers, setting, spending, clean, progress))


@dataclass(frozen=True, slots=True)
class _Plan:
    """A probe, whom it is put to, and what is written down of it."""

    form: Form
    drawn: Sequence[Sequence[str]]
    record: Mapping[str, Any]


async def _rounds(
    folder: Study,
    plans: Sequence[_Plan],
    askers: Mapping[str, Asker],
    setting: Setting | None,
    spending: Spending,
    clean: Redactor,
    progress: bool | None,
) -> list[ProbeRound]:
    """Put one probe after the other, in one event loop: a provider's connections belong to it."""
    done = []
    for plan in plans:
        try:
            result = await _round(folder, plan, askers, setting, spending, clean, progress)
        finally:
            states = {name: asker.parameters.states for name, asker in askers.items()}
            refused = {name: one for name, one in states.items() if one}
            record = {**plan.record, "left_out": refused, "last": now()}
            write_probe(folder, public(record), clean)
            folder.seal()
        result.dollars = spending.dollars if spending.price is not None else None
        done.append(result)
    return done


async def _round(
    folder: Study,
    plan: _Plan,
    askers: Mapping[str, Asker],
    setting: Setting | None,
    spending: Spending,
    clean: Redactor,
    progress: bool | None,
) -> ProbeRound:
    """Put a probe to every trial that has no answer to it yet."""
    form, drawn = plan.form, plan.drawn
    table = folder.probe_table(form.name)
    answered = table.keys(pl.col("status") != "error")
    result = ProbeRound(form.name, form.question, form.when, form.judged_as)
    open_ = [[name for name in block if name not in answered] for block in drawn]
    open_ = [block for block in open_ if block]
    total = sum(map(len, open_))
    result.skipped = sum(map(len, drawn)) - total
    source = _affordable(with_texts(folder, open_), spending, result)
    context = contextvars.copy_context()
    broken: list[str] = []

    async def work() -> None:
        for trial in source:
            if broken:
                return
            sent = trial["sent"]
            facts = {} if setting is None else facts_for(setting, trial, sent)
            what, text = turns(form, sent, str(trial["raw"] or trial["output"]), facts)
            call = askers[trial["subject"]].ask(form, what, text, trial)
            record = await asyncio.create_task(call, context=context.copy())
            writer.append(record)
            result.asked += 1
            status = record["status"]
            result.statuses[status] = result.statuses.get(status, 0) + 1
            if status == "error":
                result.failure = clean(record["error"])
            spending.spent(record.get("input_tokens") or 0, record.get("output_tokens") or 0, 0)
            bar.step(trial["tier"], None, failed=status != "ok")
            if result.statuses.get("error", 0) == result.asked >= _GIVE_UP_AFTER:
                broken.append(result.failure or "unknown")

    writer = table.writer(clean)
    with Progress(total, "probing", quiet=None if progress is None else not progress) as bar:
        workers = [
            asyncio.create_task(work())
            for _ in range(max(asker.connections for asker in askers.values()))
        ]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            writer.close()
    if broken:
        raise SubjectError(
            f"{', '.join(askers)}: the first {result.asked} calls all failed, the last with: {broken[0]}. Mend the "
            "cause and run the same command again: the failed ones are asked again"
        )
    return result


def _affordable(
    blocks: Iterator[list[Asked]], spending: Spending, result: ProbeRound
) -> Iterator[Asked]:
    """Yield the trials of each block; a budget ends the stream between two blocks."""
    for block in blocks:
        if not spending.reserve(len(block)):
            result.stopped = f"the budget of {spending.budget} is used up"
            return
        yield from block
