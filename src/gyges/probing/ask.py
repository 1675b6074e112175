"""How is one probe put to a subject, and what became of it?

The subject is sampled as the study sampled it: its temperature and other parameters, the levels that the trial had of
those that varied, and the trial's own seed. Only what shapes an answer to the user's question is left out: the limit on
tokens is another one, no sequence ends an answer, and log-probabilities are not asked for. A parameter that the
provider refused in the study is left out here as well; one that it refuses now is left out from then on and written
down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gyges.probing.forms import Form, Message
from gyges.run.parameters import Parameters, refusal_of, rejected_parameter
from gyges.run.subject import NATIVE, NATIVE_EFFORT, describe
from gyges.settings import shared_factors
from gyges.study import Trial
from gyges.study.manifest import now
from gyges.study.outputs import read_output

if TYPE_CHECKING:
    from inspect_ai.model import Model

__all__ = ["MAX_TOKENS", "Asker", "sampling_of"]

MAX_TOKENS = 600
"""Limit on what a subject says to a probe, which asks for a few sentences."""

_NOT_HERE = ("logprobs", "top_logprobs", "stop_seqs")
"""What belongs to the form of an answer to the user's question."""


def sampling_of(spec: Mapping[str, Any], subject: str) -> dict[str, Any]:
    """Give a subject's own sampling in a study, as fields of Inspect's ``GenerateConfig``."""
    unlike = (spec.get("of_subject") or {}).get(subject) or {}
    own = unlike.get("sampling", spec.get("sampling")) or {}
    return {name: value for name, value in own.items() if name not in _NOT_HERE}


class Asker:
    """Puts probes to one subject.

    Args:
        subject: Its name.
        model: The loaded model.
        spec: The study's specification.
        known: What the study found of the subject's sampling parameters.
        max_tokens: Limit on an answer to a probe.
        max_connections: Calls under way at once; the provider's own default if None.
        retries: How often a call that failed for a passing reason is tried again.
        timeout: Seconds that one try of a call may take.
    """

    def __init__(
        self,
        subject: str,
        model: Model,
        spec: Mapping[str, Any],
        *,
        known: Mapping[str, Mapping[str, Any]] | None = None,
        max_tokens: int = MAX_TOKENS,
        max_connections: int | None = None,
        retries: int = 4,
        timeout: int = 600,
    ) -> None:
        from inspect_ai.model import GenerateConfig

        self.subject = subject
        self.model = model
        self.connections = max_connections or model.api.max_connections()
        self.parameters = Parameters(subject, known)
        """What became of the sampling parameters."""
        self._spec = spec
        self._thinking = int(spec.get("max_tokens") or 0)
        self._config = GenerateConfig(
            max_tokens=max_tokens,
            max_connections=self.connections,
            adaptive_connections=False,
            max_retries=retries,
            attempt_timeout=timeout,
            timeout=max(600, timeout),
            **sampling_of(spec, subject),
        )

    def given(self, trial: Mapping[str, Any]) -> dict[str, Any]:
        """Give the sampling parameters that a trial's seed and levels stand for."""
        found: dict[str, Any] = {"seed": trial["seed"]}
        if self._spec.get("temperature") is not None:
            found["temperature"] = float(self._spec["temperature"])
        for factor in shared_factors().values():
            level = trial.get(factor.column)
            if level is not None and (factor.parameter or factor.levels):
                found |= factor.level(level).parameters
        if trial.get("reasoning_mode") == NATIVE:
            # What is thought counts against the limit.
            found["max_tokens"] = max(self._config.max_tokens or 0, self._thinking)
            if "reasoning_tokens" not in found:
                found["reasoning_effort"] = NATIVE_EFFORT
        return {name: value for name, value in found.items() if value is not None}

    async def ask(
        self, form: Form, turns: Sequence[Message], text: str, trial: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Put a probe; a call that fails is a status of the record and raises nothing.

        Args:
            form: The probe.
            turns: What is sent.
            text: The probe's own text in it.
            trial: The trial's columns.

        Returns:
            A record of the probe's table.
        """
        # Read as an answer is; what else a trial has does not matter here.
        answer = Trial(self.subject, "", "", "", block="probe", trial=str(trial["trial"]))
        sent = self.given(trial)
        while True:
            taken = {
                name: value
                for name, value in sent.items()
                if (name, value) not in self.parameters.refused
                and (name, None) not in self.parameters.refused
            }
            try:
                output = await self.model.generate(
                    _messages(form, turns, text, trial),
                    config=self._config.model_copy(update=taken),
                )
            except Exception as error:
                message = describe(error)
                status, param = _refusal(error)
                name = rejected_parameter(
                    message.partition(": ")[2], taken, status=status, param=param
                )
                if name is not None:
                    self.parameters.refuse(
                        name, None if name == "seed" else taken[name], "rejected", message
                    )
                    continue
                answer.status, answer.error = "error", message
                break
            read_output(output, answer)
            break
        record = {
            "trial": answer.trial,
            "status": answer.status,
            "output": answer.output,
            "reasoning": answer.reasoning,
            "error": answer.error,
            "input_tokens": answer.input_tokens,
            "output_tokens": answer.output_tokens,
            "at": now(),
        }
        return {name: value for name, value in record.items() if value is not None}


def _refusal(error: BaseException) -> tuple[int | None, str | None]:
    """Find the HTTP status of an error, and what its provider names, in what led to it."""
    at: BaseException | None = error
    while at is not None:
        tried = getattr(at, "last_attempt", None)
        at = tried.exception() if tried is not None and tried.failed else at
        if at is None:
            break
        status, param = refusal_of(at)
        if status is not None:
            return status, param
        at = at.__cause__
    return None, None


def _messages(
    form: Form, turns: Sequence[Message], text: str, trial: Mapping[str, Any]
) -> list[Any]:
    from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser

    made = {
        "system": ChatMessageSystem,
        "user": ChatMessageUser,
        "assistant": ChatMessageAssistant,
    }
    *before, (role, last) = turns
    # No provider is sent what a message carries beside its text: a planted subject knows a probe by it.
    carried: dict[str, Any] = {"probe": form.question, "text": text}
    if form.alone:
        carried["of"] = trial["sent"]
    return [
        *(made[one](content=content) for one, content in before),
        made[role](content=last, metadata=carried),
    ]
