"""How is one trial asked, through any provider that Inspect knows, and what became of it?

The model layer is Inspect's: its providers, retries and rate limits. Around it stand the statuses: a call that
fails, is cut short, comes back empty or is withheld by a provider's filter gives a status and never an outcome.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gyges.design import Design, PlannedTrial
from gyges.errors import SubjectError
from gyges.run.choice import ChoiceAnswers
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
        value: The value that the setting attacks.
        max_connections: Calls under way at once; the provider's own default if None.
        retries: How often a call that failed for a passing reason is tried again.
        timeout: Seconds that one try of a call may take.
    """

    def __init__(
        self,
        design: Design,
        model: Model,
        *,
        setting: str,
        version: str,
        value: str,
        max_connections: int | None = None,
        retries: int = 4,
        timeout: int = 600,
    ) -> None:
        from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig

        self.design = design
        self.model = model
        self.connections = max_connections or model.api.max_connections()
        self._columns: dict[str, Any] = {
            "subject": design.subject,
            "setting": setting,
            "version": version,
            "value": value,
        }
        self._system, self._user = ChatMessageSystem, ChatMessageUser
        self._config = GenerateConfig(
            temperature=design.temperature,
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

    def trial(self, planned: PlannedTrial) -> Trial:
        """Make the record of a trial that has not been asked yet; it names itself."""
        return Trial(
            **self._columns,
            query=planned.query.id,
            tier=planned.tier,
            sample=planned.sample,
            control=planned.control,
            factors=self.design.factors(planned.option, planned.query.family),
            seed=planned.seed,
        )

    async def ask(self, planned: PlannedTrial, trial: Trial) -> Trial:
        """Ask, and fill in what came back; never raises for a call that failed.

        Raises:
            SubjectError: A forced choice was asked, and the provider returns no log-probabilities.
        """
        text = planned.prompt.system
        system = self._systems.get(text)
        if system is None:
            system = self._systems[text] = self._system(content=text)
        config = self._config.model_copy(update={"seed": planned.seed})
        start = time.perf_counter()
        try:
            output = await self.model.generate(
                [system, self._user(content=planned.prompt.user)], config=config
            )
        except Exception as error:
            trial.status, trial.error = "error", describe(error)
            if planned.option is not None:
                self._choices.check(trial.error)
        else:
            read_output(output, trial)
            if planned.option is not None:
                self._choices.read(output, trial, planned.option)
        trial.seconds = round(time.perf_counter() - start, 4)
        trial.at = now()
        return trial


def describe(error: BaseException) -> str:
    """Put an exception into one line: its kind and the innermost message."""
    cause: BaseException = error
    last = getattr(error, "last_attempt", None)
    if last is not None and last.failed and last.exception() is not None:
        cause = last.exception()
    # Inspect puts the whole request before a provider's message, and keeps the message apart.
    message = getattr(cause, "provider_message", None)
    if message and cause.__cause__ is not None:
        cause = cause.__cause__
    text = " ".join(str(message or cause).split())
    return f"{type(cause).__name__}: {text}"[:2000]
