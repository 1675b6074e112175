"""What would a run ask, and how is that written down?

From the arguments of a run to its design, its specification and its folder; and the count of its trials, calls, tokens
and cost, made from the same plan without asking anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from gyges.design import (
    CHOICE,
    CHOICE_SAMPLES,
    CHOICE_SAMPLING,
    Design,
    blocks,
    max_tokens_for,
)
from gyges.errors import DesignError
from gyges.run import MAX_BLOCKS, Price, known_price, parse_until
from gyges.settings import Setting, load_setting
from gyges.study import Manifest, StudyFolder
from gyges.study.folder import factor_types

__all__ = [
    "EMBEDDED",
    "JUDGE_TOKENS",
    "DryRun",
    "answer_tokens",
    "asks_a_model",
    "default_folder",
    "dry_run",
    "make_design",
    "make_manifest",
]

EMBEDDED = "gyges/smollm2"
"""The model that is asked when none is named."""

EMBEDDED_TEMPERATURE = 0.7
FEWEST_LOGPROBS = 2
"""A forced choice needs the two letters among the tokens that a provider lists."""

EMBEDDED_SAMPLING = {"top_p": 0.9, "frequency_penalty": 0.6, "stop_seqs": ["\n"]}
"""How the embedded model is sampled. At temperature 1 a model of this size writes word salad after a prompt of a
thousand tokens, and below it it repeats a line until the limit: so repeating is penalised, and the answer ends with
its first paragraph."""

EMBEDDED_MAX_TOKENS = 250

JUDGE_TOKENS = (650, 80)
"""Tokens of a judge's call, estimated: input and output."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would ask, without asking it."""

    trials: int
    """With a rule that ends the run: at most."""
    done: int
    """Trials that the study has already."""
    subject_calls: int
    judge_calls: int
    input_tokens: int
    """Estimated from four characters a token."""
    output_tokens: int
    """Estimated: an answer of 90 words, and 400 words of reasoning where a scratchpad is asked for."""
    dollars: float | None
    judge_dollars: float | None
    study: Path


def make_design(
    setting: Setting,
    model: str,
    *,
    queries: int | None,
    samples: int | None,
    control: int | None,
    temperature: float | None,
    reasoning: str | None,
    seed: int,
    max_tokens: int | None,
    model_args: Mapping[str, Any] | None,
    base_url: str | None,
    until: str | None = None,
    max_blocks: int | None = None,
    top_logprobs: int | None = None,
) -> Design:
    """Make the design of a run, with what is not given by default.

    Raises:
        DesignError: ``until`` is no rule, ``max_blocks`` is given without one or is less than 1, or ``top_logprobs`` is
            given without a forced choice or leaves no room for its two letters.
    """
    if max_blocks is not None and until is None:
        raise DesignError(
            f"--max-blocks {max_blocks}: limits a run with --until; give --samples N instead"
        )
    if max_blocks is not None and max_blocks < 1:
        raise DesignError(f"--max-blocks {max_blocks}: must be at least 1")
    choice = reasoning == CHOICE
    sampling = dict(CHOICE_SAMPLING) if choice else {}
    if top_logprobs is not None:
        if not choice:
            raise DesignError(
                f"--top-logprobs {top_logprobs}: belongs to a forced choice; add --reasoning choice"
            )
        if top_logprobs < FEWEST_LOGPROBS:
            raise DesignError(
                f"--top-logprobs {top_logprobs}: must be at least {FEWEST_LOGPROBS}, for the two letters"
            )
        sampling["top_logprobs"] = top_logprobs
    if samples is None:
        samples = CHOICE_SAMPLES if choice and until is None else 1
    # A forced choice is read from the model's plain distribution: nothing narrows it.
    embedded = model == EMBEDDED and not choice
    queries = min(40, len(setting.queries)) if queries is None else queries
    levels = setting.factors.get("reasoning", ("none",))
    # A model of the embedded one's size does not keep to the scratchpad's format.
    reasoning = reasoning or ("none" if embedded and "none" in levels else levels[0])
    if temperature is None:
        temperature = EMBEDDED_TEMPERATURE if embedded else 1.0
    if max_tokens is None:
        max_tokens = EMBEDDED_MAX_TOKENS if embedded else max_tokens_for(reasoning)
    if control is None:
        control = max(1, queries // 5) if "no" in setting.factors.get("conflict", ()) else 0
    return Design(
        setting=setting.id,
        subject=model,
        queries=queries,
        samples=samples,
        control=control,
        temperature=temperature,
        reasoning=reasoning,
        seed=seed,
        max_tokens=max_tokens,
        sampling=dict(EMBEDDED_SAMPLING) if embedded else sampling,
        subject_args=dict(model_args or {}),
        base_url=base_url,
        until=None if until is None else str(parse_until(until)),
    )


def make_manifest(design: Design, setting: Setting, command: str) -> Manifest:
    """Write down what a run of a design will be."""
    return Manifest(
        source="run",
        spec=design.spec(setting),
        title=f"{setting.id} on {design.subject}",
        factors=factor_types(design.factors(family=setting.queries[0].family)),
        command=command,
    )


def default_folder(design: Design, manifest: Manifest) -> Path:
    """Name the folder of a study after its specification."""
    subject = re.sub(r"[^A-Za-z0-9._-]+", "-", design.subject)
    return Path("studies") / f"{design.setting}--{subject}--{manifest.hash[:6]}"


def answer_tokens(design: Design) -> int:
    """Estimate the tokens of an answer: 90 words, and 400 words of reasoning where a scratchpad is asked for."""
    return min(120 + (530 if design.reasoning == "scratchpad" else 0), design.max_tokens)


def asks_a_model(judge: str | None) -> bool:
    """Whether a judge costs calls: any but the lexical judge and the reader of forced choices."""
    return judge is not None and judge.split("@")[0] not in ("lexical", "choice")


def dry_run(
    setting: str = "animal-welfare",
    *,
    model: str = EMBEDDED,
    judge: str | None = None,
    queries: int | None = None,
    samples: int | None = None,
    control: int | None = None,
    temperature: float | None = None,
    reasoning: str | None = None,
    seed: int = 0,
    until: str | None = None,
    max_blocks: int | None = None,
    top_logprobs: int | None = None,
    study: str | Path | None = None,
    max_tokens: int | None = None,
    price: Price | None = None,
    model_args: Mapping[str, Any] | None = None,
    base_url: str | None = None,
    setting_dirs: Sequence[str | Path] = (),
) -> DryRun:
    """Count what :func:`run` would ask with the same arguments, at most; asks nothing and writes nothing."""
    loaded = load_setting(setting, setting_dirs)
    design = make_design(
        loaded,
        model,
        queries=queries,
        samples=samples,
        control=control,
        temperature=temperature,
        reasoning=reasoning,
        seed=seed,
        max_tokens=max_tokens,
        model_args=model_args,
        base_url=base_url,
        until=until,
        max_blocks=max_blocks,
        top_logprobs=top_logprobs,
    )
    manifest = make_manifest(design, loaded, "")
    folder = Path(study) if study is not None else default_folder(design, manifest)
    done: set[str] = set()
    if (folder / "study.yaml").exists():
        opened = StudyFolder.create(folder, manifest)
        done = opened.trial_table.keys(pl.col("status") != "error")
    characters = open_calls = 0.0
    for block in blocks(design, loaded):
        # A run until a rule is met asks at most so many blocks, spread over the queries.
        many = (max_blocks or MAX_BLOCKS) / design.queries if until and not block[0].control else 1
        for planned in block:
            open_calls += many
            characters += many * (len(planned.prompt.system) + len(planned.prompt.user))
    open_calls = round(open_calls)
    share = max(0, open_calls - len(done)) / open_calls
    calls = open_calls - len(done)
    input_tokens = round(characters * share / 4)
    output_tokens = calls * answer_tokens(design)
    price = price or known_price(model)
    judge_price = known_price(judge) if judge and asks_a_model(judge) else None
    return DryRun(
        trials=open_calls,
        done=len(done),
        subject_calls=calls,
        judge_calls=open_calls if asks_a_model(judge) else 0,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        dollars=price.of(input_tokens, output_tokens) if price else None,
        judge_dollars=judge_price.of(*(open_calls * tokens for tokens in JUDGE_TOKENS))
        if judge_price
        else None,
        study=folder,
    )
