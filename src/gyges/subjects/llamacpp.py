"""How does Inspect ask a model that runs inside the process?

``gyges/smollm2`` is the embedded model (see :mod:`gyges.subjects.weights`); ``gyges/PATH.gguf``, or
any name with ``-M path=FILE``, is a GGUF file of the user's own. Sampling is the model's plain
distribution unless the caller narrows it: llama.cpp's own defaults (top-k 40, top-p 0.95, min-p
0.05) are switched off. The same prompt, parameters and seed give the same text on one machine,
alone or beside others.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    GenerateConfig,
    Logprob,
    Logprobs,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    StopReason,
    TopLogprob,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from gyges.errors import SubjectError, nearest
from gyges.subjects.engine import Engine, shared_engine
from gyges.subjects.server import Options, RequestError
from gyges.subjects.weights import smollm2_path

__all__ = ["LlamaCppAPI"]

T = TypeVar("T")

_ARGUMENTS = ("context", "flash_attention", "path", "reuse", "slots", "threads")
_NAMES = ("PATH.gguf", "planted/faker", "planted/honest", "smollm2")
_MAX_TOKENS = 1024
"""Length of an answer where the caller sets none."""


class LlamaCppAPI(ModelAPI):
    """A GGUF model, run by llama.cpp inside the process, where it is loaded once.

    Args:
        model_name: ``smollm2``, or the path of a GGUF file.
        base_url: Not used.
        api_key: Not used.
        config: Default sampling parameters.
        path: A GGUF file; the model's name is then free.
        slots: Answers decoded at once.
        context: Tokens that a prompt and its answer may have together.
        threads: Threads of the runtime; by default the cores of the machine, four at most.
        flash_attention: Use llama.cpp's flash attention.
        reuse: Read a shared system prompt once, not for every request.
        **model_args: None are allowed.

    Raises:
        SubjectError: An unknown model or argument, a value that makes no sense, or a file that
            cannot be had or loaded.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - Inspect's own default
        path: str | None = None,
        slots: int = 8,
        context: int = 4096,
        threads: int | None = None,
        flash_attention: bool = False,
        reuse: bool = True,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        if model_args:
            name = next(iter(model_args))
            raise SubjectError(
                f"-M {name}: no such argument of a local model; {nearest(name, _ARGUMENTS)}"
            )
        self.options = Options(
            slots=_whole("slots", slots, 1, 64),
            context=_whole("context", context, 256, 1 << 20),
            threads=_whole("threads", threads or _default_threads(), 1, 256),
            flash_attention=bool(flash_attention),
            reuse=bool(reuse),
        )
        own = path or (model_name if model_name.lower().endswith(".gguf") else None)
        if own is None and model_name != "smollm2":
            raise SubjectError(
                f"--model gyges/{model_name}: no such model; {nearest(model_name, _NAMES)}"
            )
        # Loaded now, so that what is wrong with a file stops a run before its first trial.
        file = Path(own).expanduser() if own else smollm2_path()
        self.engine: Engine = shared_engine(file, self.options)
        self._limiter: anyio.CapacityLimiter | None = None

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Answer a conversation; a last message of the assistant's is continued, not answered.

        Raises:
            RequestError: This request cannot be answered: it does not fit, or asks for tools or
                pictures.
        """
        if tools:
            raise RequestError(f"gyges/{self.model_name} has no tools; leave them out of the task")
        messages = [_message(message) for message in input]
        sampling = _sampling(config)
        reply = await self._off_loop(lambda: self.engine.chat(messages, sampling))
        return _output(f"gyges/{self.model_name}", messages, reply, sampling["max_tokens"])

    async def count_text_tokens(self, text: str) -> int:
        """Count with the model's own tokenizer."""
        return await self._off_loop(lambda: self.engine.count_tokens(text))

    def max_connections(self) -> int:
        """One request a slot."""
        return self.options.slots

    def max_tokens(self) -> int:
        """Length of an answer where the caller sets none."""
        return _MAX_TOKENS

    def connection_key(self) -> str:
        """Requests to one file share its slots."""
        return f"gyges/{self.engine.path}"

    def should_retry(self, ex: BaseException) -> bool:
        """Nothing that fails here fails for a passing reason."""
        return False

    async def _off_loop(self, work: Callable[[], T]) -> T:
        # A pool of its own: a full default pool would make unrelated work wait for answers.
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self.options.slots + 1)
        return await anyio.to_thread.run_sync(work, limiter=self._limiter, abandon_on_cancel=True)


def _default_threads() -> int:
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return min(cores, 4)


def _whole(name: str, value: Any, least: int, most: int) -> int:
    try:
        number: int | None = int(value)
    except (TypeError, ValueError):
        number = None
    if number is None or not least <= number <= most:
        raise SubjectError(f"-M {name}={value}: must be a whole number from {least} to {most}")
    return number


def _message(message: ChatMessage) -> dict[str, str]:
    if isinstance(message, ChatMessageTool):
        raise RequestError("a local model reads no tool results; leave the tools out of the task")
    if not isinstance(message.content, str):
        other = {part.type for part in message.content} - {"text", "reasoning"}
        if other:
            raise RequestError(f"a local model reads text only, not {', '.join(sorted(other))}")
    return {"role": message.role, "content": message.text}


def _sampling(config: GenerateConfig) -> dict[str, Any]:
    """Put Inspect's parameters into llama.cpp's words."""
    number = config.seed if config.seed is not None else random.getrandbits(31)
    sampling: dict[str, Any] = {
        "max_tokens": config.max_tokens or _MAX_TOKENS,
        "temperature": 1.0 if config.temperature is None else config.temperature,
        "top_p": 1.0 if config.top_p is None else config.top_p,
        "top_k": config.top_k or 0,
        "min_p": 0.0,
        "seed": number % (1 << 32),
        "frequency_penalty": config.frequency_penalty or 0.0,
        "presence_penalty": config.presence_penalty or 0.0,
    }
    if config.stop_seqs:
        sampling["stop"] = config.stop_seqs
    if config.logprobs or config.top_logprobs:
        sampling |= {"logprobs": True, "top_logprobs": config.top_logprobs or 1}
    return sampling


def _output(
    name: str, messages: list[dict[str, str]], reply: dict[str, Any], max_tokens: int
) -> ModelOutput:
    choice, usage = reply["choices"][0], reply["usage"]
    text = choice["message"].get("content") or ""
    if messages[-1]["role"] == "assistant":
        # The server repeats what was to be continued.
        text = text.removeprefix(messages[-1]["content"])
    stop: StopReason = "stop"
    if choice["finish_reason"] == "length":
        # Fewer tokens than were asked for: the context was full.
        stop = "max_tokens" if usage["completion_tokens"] >= max_tokens else "model_length"
    read = usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)
    return ModelOutput(
        model=name,
        choices=[
            ChatCompletionChoice(
                message=ChatMessageAssistant(content=text, model=name, source="generate"),
                stop_reason=stop,
                logprobs=_logprobs(choice.get("logprobs")),
            )
        ],
        usage=ModelUsage(
            input_tokens=usage["prompt_tokens"] - read,
            input_tokens_cache_read=read,
            output_tokens=usage["completion_tokens"],
            total_tokens=usage["total_tokens"],
        ),
    )


def _logprobs(found: dict[str, Any] | None) -> Logprobs | None:
    """Give the log-probabilities before temperature and truncation."""
    if not found or not found.get("content"):
        return None
    return Logprobs(
        content=[
            Logprob(
                token=item["token"],
                logprob=item["logprob"],
                bytes=item["bytes"],
                top_logprobs=[
                    TopLogprob(token=top["token"], logprob=top["logprob"], bytes=top["bytes"])
                    for top in item["top_logprobs"]
                ],
            )
            for item in found["content"]
        ]
    )
