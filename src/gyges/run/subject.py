"""How is one trial asked, through any provider that Inspect knows, and what became of it?

The model layer is Inspect's: its providers, retries and rate limits. Around it stand the statuses: a call that
fails, is cut short, comes back empty or is withheld by a provider's filter gives a status and never an outcome. How a
call is made stands in ``calls.py``, and how a trial of several calls goes on in ``session.py``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gyges.design import CHOICE, Design, PlannedTrial
from gyges.errors import SubjectError
from gyges.run.calls import CallFailed, Calls, CallUnsupported, describe
from gyges.run.choice import ChoiceAnswers
from gyges.run.parameters import Parameters
from gyges.run.session import Session, is_session, takes_tools
from gyges.study import Trial
from gyges.study.manifest import now
from gyges.study.outputs import read_output

if TYPE_CHECKING:
    from inspect_ai.model import Model

__all__ = ["Subject", "describe", "load_model"]


def load_model(
    name: str,
    *,
    base_url: str | None = None,
    args: dict[str, Any] | None = None,
    option: str = "--model",
) -> Model:
    """Load a model by its Inspect name.

    Args:
        name: The model, as ``provider/model``.
        base_url: Where its provider is reached.
        args: Arguments of the provider.
        option: What the model was named with, for the message of an error.

    Raises:
        SubjectError: The provider is unknown, misses a package or a key, or cannot load the model.
    """
    from inspect_ai.model import get_model

    try:
        return get_model(name, base_url=base_url, memoize=False, **(args or {}))
    except SubjectError:
        raise
    except Exception as error:
        text = " ".join(_plain(str(error)).split()).rstrip(".")
        raise SubjectError(
            f"{option} {name}: cannot be loaded: {text or type(error).__name__}. Models are named provider/model, "
            "for example gyges/smollm2, anthropic/..., openai/..., vllm/..., ollama/..., hf/...; "
            "keys are read from the provider's environment variable"
        ) from error


def _plain(text: str) -> str:
    """Take console markup such as ``[bold]`` out of a provider's message."""
    import re

    return re.sub(r"\[/?(?:bold|blue|red|yellow|green|italic)[^\]]*\]", "", text)


class Subject:
    """The model under test.

    Args:
        design: The sampling parameters.
        model: The loaded model.
        setting: Id of the setting, for the trials' columns.
        version: The setting's version.
        max_connections: Calls under way at once; the provider's own default if None.
        retries: How often a call that failed for a passing reason is tried again.
        timeout: Seconds that one try of a call may take.
        known: What earlier runs found of its sampling parameters.
    """

    def __init__(
        self,
        design: Design,
        model: Model,
        *,
        setting: str,
        version: str,
        max_connections: int | None = None,
        retries: int = 4,
        timeout: int = 600,
        known: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        from inspect_ai.model import (
            ChatMessageAssistant,
            ChatMessageSystem,
            ChatMessageUser,
            GenerateConfig,
        )

        self.design = design
        self.model = model
        self.connections = max_connections or model.api.max_connections()
        self._columns: dict[str, Any] = {
            "subject": design.subject,
            "setting": setting,
            "version": version,
        }
        self._message = {
            "system": ChatMessageSystem,
            "user": ChatMessageUser,
            "assistant": ChatMessageAssistant,
        }
        self._config = GenerateConfig(
            max_tokens=design.max_tokens,
            max_connections=self.connections,
            adaptive_connections=False,
            max_retries=retries,
            attempt_timeout=timeout,
            # Inspect's own timeout does not end a call: it only ends the retries.
            timeout=max(600, timeout),
            **design.sampling,
        )
        self._systems: dict[str, Any] = {}
        self._choices = ChoiceAnswers(design.subject)
        self.parameters = Parameters(design.subject, known)
        """What became of the sampling parameters."""
        varied = {
            _PARAMETERS.get(name, name) for name, levels in design.vary.items() if len(levels) > 1
        }
        self._calls = Calls(model, self._config, self.parameters, varied)
        self._takes_tools = takes_tools(model)

    def trial(self, planned: PlannedTrial) -> Trial:
        """Make the record of a trial that has not been asked yet; it names itself."""
        return Trial(
            **self._columns,
            value=planned.value,
            query=planned.query.id,
            wording=planned.cell.wording.id,
            tier=planned.tier,
            sample=planned.sample,
            control=planned.control,
            factors=planned.columns,
            seed=planned.seed,
        )

    async def ask(self, planned: PlannedTrial, trial: Trial) -> Trial:
        """Ask, and fill in what came back; never raises for a call that failed.

        A trial with tools or further turns is a session of several calls; see :mod:`gyges.run.session`.

        A parameter that the provider rejects is left out and asked without, or makes the trial ``unsupported`` where
        the design varies it; see :mod:`gyges.run.parameters`.

        Raises:
            SubjectError: A forced choice was asked, and the provider returns no log-probabilities.
        """
        start = time.perf_counter()
        option = planned.option if planned.cell.reasoning == CHOICE else None
        sent = {"seed": planned.seed, **self._given(planned)}
        try:
            if is_session(planned):
                await Session(self._calls, planned, trial, sent, tools=self._takes_tools).hold(
                    self._messages(planned)
                )
            else:
                output = await self._calls.make(self._messages(planned), sent)
                read_output(output, trial, prefill=planned.prompt.prefill)
                if option is not None:
                    self._read_choice(output, trial, option)
        except CallUnsupported as why:
            trial.status, trial.error = "unsupported", str(why)
        except CallFailed as failure:
            trial.status, trial.error = "error", str(failure)
            if option is not None:
                self._choices.check(trial.error)
        else:
            if planned.cell.reasoning == NATIVE:
                self.parameters.thought(bool(trial.reasoning))
        trial.seconds = round(time.perf_counter() - start, 4)
        trial.at = now()
        return trial

    def _read_choice(self, output: Any, trial: Trial, option: str) -> None:
        try:
            self._choices.read(output, trial, option)
        except SubjectError as error:
            self.parameters.refuse("logprobs", None, "rejected", str(error))
            raise

    def _given(self, planned: PlannedTrial) -> dict[str, Any]:
        """Give the sampling parameters that a trial's levels stand for."""
        found = dict(planned.cell.levels.parameters)
        if planned.cell.reasoning == NATIVE and "reasoning_tokens" not in found:
            # Some models think only where they are asked to.
            found["reasoning_effort"] = NATIVE_EFFORT
        if planned.cell.reasoning == CHOICE:
            found["logprobs"] = self._config.logprobs
        return found

    def _messages(self, planned: PlannedTrial) -> list[Any]:
        prompt = planned.prompt
        system = self._systems.get(prompt.system)
        if system is None:
            if len(self._systems) >= _SYSTEMS:
                self._systems.clear()
            system = self._systems[prompt.system] = self._message["system"](content=prompt.system)
        return [system, *(self._message[role](content=text) for role, text in prompt.messages[1:])]


NATIVE = "native"
"""The level of the factor reasoning at which the provider's own thinking is asked for."""
NATIVE_EFFORT = "medium"
"""How hard, where no budget of thinking is given: the middle of what providers offer."""

_SYSTEMS = 1024
_PARAMETERS = {"thinking": "reasoning_tokens", "reasoning": "reasoning_effort"}
"""Factors whose name is not that of the parameter they stand for."""
