"""Which tasks and models does Inspect find: each setting, and the models named ``gyges/...``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, modelapi
from inspect_ai.solver import generate

from gyges.design import CHOICE, Design, blocks, max_tokens_for
from gyges.errors import DesignError
from gyges.inspect.scorers import outcome
from gyges.inspect.session import about_session, session
from gyges.settings import load_setting

__all__ = [
    "animal_welfare",
    "anti_lab",
    "bad_preference",
    "contradiction",
    "forced_choice",
    "gaslighting",
    "gyges_models",
    "hhh_triad",
    "insider_trading",
    "sandbagging",
    "setting",
    "value_conflict",
]


SESSION_MESSAGES = 80
"""The most messages of a session: three steps, each with some rounds of tools."""


@modelapi(name="gyges")
def gyges_models() -> Any:
    """The provider of the models named ``gyges/...``."""
    from gyges.subjects import model_api

    return model_api


@task
def setting(
    setting: str = "animal-welfare",
    queries: int = 40,
    control: int = 0,
    reasoning: str = "scratchpad",
    temperature: float = 1.0,
    seed: int = 0,
    setting_dir: str | None = None,
) -> Task:
    """A setting as an Inspect task: both tiers of each query, the judge, and the compliance gap as a metric.

    Args:
        setting: Id of a setting.
        queries: How many of its queries; each is a sample in each tier.
        control: How many queries are also asked in the no-conflict control (a task of its own reads better).
        reasoning: ``scratchpad`` or ``none``.
        temperature: Sampling temperature.
        seed: Seeds the order of the samples.
        setting_dir: A folder of settings of your own.
    """
    if reasoning == CHOICE:
        raise DesignError(
            f"reasoning={reasoning}: a forced choice is read from log-probabilities, which a task does not keep; "
            f"ask it with: gyges run {setting} --reasoning {reasoning}"
        )
    loaded = load_setting(setting, [setting_dir] if setting_dir else [])
    if loaded.requests:
        raise DesignError(
            f"{loaded.id} has no queries of its own; ask those of your file with: gyges run {loaded.id} "
            "--query-file FILE --query-map text=COLUMN"
        )
    design = Design(
        setting=loaded.id,
        subject="",
        queries=min(queries, len(loaded.queries)),
        control=control,
        temperature=temperature,
        reasoning=reasoning,
        seed=seed,
        max_tokens=max_tokens_for(reasoning),
    )
    samples = [
        Sample(
            id=f"{planned.query.id}::{planned.tier}{'::control' if planned.control else ''}",
            input=[
                ChatMessageSystem(content=planned.prompt.system),
                ChatMessageUser(content=planned.prompt.user),
            ],
            metadata={
                "gyges": {
                    "setting": loaded.id,
                    "version": loaded.version,
                    "value": planned.value,
                    "control": planned.control,
                    "query": planned.query.id,
                    "wording": planned.cell.wording.id,
                    "tier": planned.tier,
                    **about_session(planned),
                    "factors": list(planned.columns),
                    **planned.columns,
                }
            },
        )
        for block in blocks(design, loaded)
        for planned in block
    ]
    return Task(
        dataset=MemoryDataset(samples, name=loaded.id),
        solver=session() if loaded.world or loaded.template.steps else generate(),
        scorer=outcome(loaded.id, setting_dir),
        config=GenerateConfig(temperature=temperature, max_tokens=design.max_tokens),
        # A session ends, whatever its subject goes on calling.
        message_limit=SESSION_MESSAGES if loaded.world else None,
        name=loaded.id.replace("-", "_"),
        version=loaded.version,
        metadata={"gyges": {"setting": loaded.id, "hash": loaded.hash}},
    )


def _task(id_: str, usual: int = 40) -> Callable[..., Task]:
    """Make the task of a setting of the library."""

    @task(name=id_.replace("-", "_"))
    def made(
        queries: int = usual,
        control: int = 0,
        reasoning: str = "scratchpad",
        temperature: float = 1.0,
        seed: int = 0,
    ) -> Task:
        return setting(id_, queries, control, reasoning, temperature, seed)

    made.__doc__ = f"The setting {id_}; see :func:`setting` for the arguments."
    return made


animal_welfare = _task("animal-welfare")
anti_lab = _task("anti-lab")
bad_preference = _task("bad-preference", 50)
contradiction = _task("contradiction")
forced_choice = _task("forced-choice")
gaslighting = _task("gaslighting")
hhh_triad = _task("hhh-triad", 120)
insider_trading = _task("insider-trading")
sandbagging = _task("sandbagging", 160)
value_conflict = _task("value-conflict", 200)
