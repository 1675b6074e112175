"""How is one call made to a model, and what is a call that brings no answer?

A call may fail for good, and a provider may not take a sampling parameter: then it is made again without it, unless the
design varies it, in which case the call cannot be what was asked for. The model layer is Inspect's: its providers,
retries and rate limits.
"""

from __future__ import annotations

import contextvars
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gyges.run.parameters import Parameters, refusal_of, rejected_parameter

if TYPE_CHECKING:
    from inspect_ai.model import GenerateConfig, Model, ModelOutput

__all__ = ["CallFailed", "CallUnsupported", "Calls", "describe"]


class CallFailed(Exception):
    """A call brought no answer; the message is the provider's, in one line."""


class CallUnsupported(Exception):
    """A call cannot be what the design wants it to be; the message says which parameter is not in force."""


class Calls:
    """Makes the calls to one model.

    Args:
        model: The loaded model.
        config: The sampling parameters that all calls share.
        parameters: What becomes of the others.
        varied: Names of the parameters that the design varies.
    """

    def __init__(
        self, model: Model, config: GenerateConfig, parameters: Parameters, varied: set[str]
    ) -> None:
        self._model, self._config = model, config
        self._parameters, self._varied = parameters, varied
        self._requests: contextvars.ContextVar[list[Any] | None] = contextvars.ContextVar(
            "requests", default=None
        )
        _watch(model, self._requests)

    async def make(
        self,
        messages: Sequence[Any],
        sent: Mapping[str, Any],
        *,
        tools: Sequence[Any] = (),
        last: bool = False,
    ) -> ModelOutput:
        """Make one call.

        Args:
            messages: The conversation, as Inspect's messages.
            sent: Sampling parameters of this call alone.
            tools: The tools that may be called, as Inspect's definitions.
            last: Whether no tool may be called any more, though they stay known.

        Raises:
            CallFailed: It failed, after all retries.
            CallUnsupported: The provider does not take a parameter that makes the call what it is.
        """
        while (why := self._unsupported(sent)) is None:
            taken = {
                name: value
                for name, value in sent.items()
                if (name, value) not in self._parameters.refused
                and (name, None) not in self._parameters.refused
            }
            requests: list[Any] = []
            self._requests.set(requests)
            try:
                output = await self._model.generate(
                    list(messages),
                    tools=list(tools),
                    tool_choice="none" if tools and last else None,
                    config=self._config.model_copy(update=taken),
                )
            except Exception as error:
                message = describe(error)
                status, param = refusal_of(_cause(error))
                name = rejected_parameter(
                    message.partition(": ")[2], taken, status=status, param=param
                )
                if name is not None and name != "logprobs":
                    # A seed differs from trial to trial, and one that is refused is refused for all.
                    value = None if name == "seed" else taken[name]
                    self._parameters.refuse(name, value, "rejected", message)
                    continue
                if name == "logprobs":
                    self._parameters.refuse(name, None, "rejected", message)
                raise CallFailed(message) from error
            self._parameters.read(taken, requests[-1] if requests else None)
            if (why := self._unsupported(sent)) is None:
                return output
            break
        raise CallUnsupported(why)

    def _unsupported(self, sent: Mapping[str, Any]) -> str | None:
        """Say why a call cannot be what the design wants it to be; None if it can."""
        for name, value in sent.items():
            if name in self._varied and (name, value) in self._parameters.refused:
                return self._parameters.refused[name, value]
        return None


def _watch(model: Model, requests: contextvars.ContextVar[list[Any] | None]) -> None:
    """Let the body of each request be seen, where the provider's client hands it out."""
    from inspect_ai.model import ModelOutput

    generate = model.api.generate

    async def watched(*args: Any, **kwargs: Any) -> Any:
        result = await generate(*args, **kwargs)
        seen = requests.get()
        if seen is not None and isinstance(result, tuple) and not isinstance(result, ModelOutput):
            seen.append(getattr(result[1], "request", None))
        return result

    model.api.generate = watched  # type: ignore[method-assign]


def describe(error: BaseException) -> str:
    """Put an exception into one line: its kind and the innermost message."""
    # Inspect puts the whole request before a provider's message, and keeps the message apart.
    message = getattr(_last(error), "provider_message", None)
    cause = _cause(error)
    text = " ".join(str(message or cause).split())
    return f"{type(cause).__name__}: {text}"[:2000]


def _cause(error: BaseException) -> BaseException:
    """Give the provider's own error."""
    last = _last(error)
    if getattr(last, "provider_message", None) and last.__cause__ is not None:
        return last.__cause__
    return last


def _last(error: BaseException) -> BaseException:
    """Give the error of the last try."""
    tried = getattr(error, "last_attempt", None)
    if tried is not None and tried.failed and (found := tried.exception()) is not None:
        return found  # type: ignore[no-any-return]
    return error
