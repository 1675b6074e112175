"""How is a trial asked that goes on after the first answer: with tools to call, and with further turns of the user?

The subject is asked; while its answer calls tools they are run, in this process, and it is asked again with what they
said. When it has answered without a call, the user says what the next step's text is. A session is as good as its worst
call: where one fails, is cut short or comes back empty, that is the trial's status, with the step in ``error``, and no
step of it counts. All of it is kept (``gyges.study.conversation``), up to the call that failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gyges.design import PlannedTrial
from gyges.run.calls import CallFailed, Calls, CallUnsupported
from gyges.study import Trial
from gyges.study.conversation import (
    ACT,
    Call,
    Message,
    Step,
    read_conversation,
    transcript,
    write_conversation,
)
from gyges.study.outputs import Said, read_said
from gyges.worlds import world

if TYPE_CHECKING:
    from inspect_ai.model import Model, ModelOutput

__all__ = ["ROUNDS", "Session", "calls_expected", "calls_made", "is_session", "takes_tools"]

ROUNDS = 8
"""How often in one step tools are run; then the subject has to answer."""
_LOOKS = 3
"""Rounds of tools that a subject is expected to take: it looks at the prices and the news, and decides."""


def is_session(planned: PlannedTrial) -> bool:
    """Whether a trial is more than one call."""
    return bool(planned.world or planned.prompt.steps)


def takes_tools(model: Model) -> bool:
    """Whether a model can be given tools; the embedded one cannot, and is asked without."""
    from gyges.subjects.llamacpp import LlamaCppAPI

    return not isinstance(model.api, LlamaCppAPI)


def calls_expected(planned: PlannedTrial) -> int:
    """Estimate how many calls a trial takes, for a budget: one a turn, and the rounds of tools."""
    return 1 + len(planned.prompt.steps) + (_LOOKS if planned.world else 0)


def calls_made(trial: Trial) -> int:
    """Count the calls that a finished trial took, the one that failed among them."""
    if trial.conversation is None:
        return 1
    steps = read_conversation(trial.conversation)
    answers = sum(one.role == "assistant" for step in steps for one in step.messages)
    return max(1, answers + (trial.status == "error"))


class _Ended(Exception):
    """The session cannot go on."""

    def __init__(self, status: str, why: str) -> None:
        super().__init__(why)
        self.status = status


class Session:
    """One trial's session.

    Args:
        calls: Makes the calls.
        planned: What is asked.
        trial: What is filled.
        sent: Sampling parameters of this trial.
        tools: Whether the model can be given tools.

    Raises:
        SettingError: The setting's world cannot be made of the query's texts.
    """

    def __init__(
        self,
        calls: Calls,
        planned: PlannedTrial,
        trial: Trial,
        sent: Mapping[str, Any],
        *,
        tools: bool = True,
    ) -> None:
        self._calls, self._planned, self._trial, self._sent = calls, planned, trial, sent
        self._tools: list[Any] = []
        if planned.world and tools:
            made = world(planned.world, planned.query.slots, control=planned.control)
            self._tools = made.tools()
        self._steps: list[Step] = []
        self._texts: list[Step] = []
        """The steps with the completions as they came."""
        self._reasoning: list[str] = []

    async def hold(self, opening: Sequence[Any]) -> None:
        """Go through all steps, and fill the trial with what came of them.

        Args:
            opening: What is sent first: all that stands before the first answer, with its beginning if one is given.
        """
        messages = list(opening)
        name, trial = ACT, self._trial
        try:
            for name, text in ((ACT, ""), *self._planned.prompt.steps):
                await self._step(name, text, messages)
        except CallFailed as failure:
            trial.status, trial.error = "error", f"step {name}: {failure}"
        except CallUnsupported as why:
            trial.status, trial.error = "unsupported", str(why)
        except _Ended as end:
            trial.status, trial.error = end.status, f"step {name}: {end}"
        if any(step.messages for step in self._steps):
            trial.conversation = write_conversation(self._steps)
            trial.output = transcript(self._steps) or None
            raw = transcript(self._texts)
            trial.raw = None if raw == (trial.output or "") else raw
        trial.reasoning = "\n\n".join(self._reasoning) or None

    async def _step(self, name: str, text: str, messages: list[Any]) -> None:
        """Go through one step; ``messages`` grows by it."""
        from inspect_ai.model import ChatMessageUser, execute_tools

        prefill = self._planned.prompt.prefill if name == ACT else ""
        for steps in (self._steps, self._texts):
            steps.append(Step(name))
        if text:
            messages.append(ChatMessageUser(content=text))
            self._add(Message("user", text))
        for rounds in range(ROUNDS + 1):
            output = await self._calls.make(
                messages, self._sent, tools=self._tools, last=rounds == ROUNDS
            )
            self._count(output)
            answer = read_said(output, prefill="" if rounds else prefill)
            message = output.message if output.choices else None
            calls = _calls_of(message)
            if message is not None:
                self._keep(name, Message("assistant", answer.output or "", calls), answer)
                messages[:] = _answered(messages, message, answer, prefill if not rounds else "")
            if _acted(answer, name, rounds):
                return
            if answer.status != "ok":
                raise _Ended(answer.status, answer.error or _WHY[answer.status])
            if not calls:
                return
            if rounds == ROUNDS or not self._tools:
                raise _Ended("truncated", f"tools were still called after {rounds} rounds of them")
            results = (await execute_tools(messages, self._tools)).messages
            messages.extend(results)
            for one in results:
                self._result(one)

    def _add(self, message: Message, came: Message | None = None) -> None:
        """Keep a message, and how it came where that is more."""
        for steps, one in ((self._steps, message), (self._texts, came or message)):
            steps[-1] = Step(steps[-1].name, (*steps[-1].messages, one))

    def _keep(self, name: str, message: Message, answer: Said) -> None:
        """Keep what the subject said."""
        if answer.reasoning:
            self._reasoning.append(f"[{name}]\n{answer.reasoning}")
        kept = Message("assistant", message.text, message.calls, answer.reasoning)
        self._add(kept, Message("assistant", answer.text.strip(), message.calls))

    def _result(self, message: Any) -> None:
        """Keep what a tool said."""
        text = message.text if message.error is None else message.error.message
        self._add(Message("tool", text, error=message.error is not None))

    def _count(self, output: ModelOutput) -> None:
        trial, usage = self._trial, output.usage
        trial.model = output.model or trial.model
        if output.choices:
            trial.stop = output.choices[0].stop_reason
        if usage is not None:
            trial.input_tokens = (trial.input_tokens or 0) + usage.input_tokens
            trial.output_tokens = (trial.output_tokens or 0) + usage.output_tokens
            if usage.input_tokens_cache_read is not None:
                trial.cached_tokens = (trial.cached_tokens or 0) + usage.input_tokens_cache_read


_WHY = {
    "truncated": "the token limit cut the answer",
    "refused": "the provider withheld the answer",
    "empty": "nothing came",
    "unparsed": "no final answer stands apart from the reasoning",
    "error": "the call failed",
}


def _acted(answer: Said, name: str, rounds: int) -> bool:
    """Whether an answer that says nothing ends its step all the same: what was to be done is done."""
    return name == ACT and rounds > 0 and answer.status in ("empty", "unparsed")


def _calls_of(message: Any) -> tuple[Call, ...]:
    return tuple(
        Call(call.function, call.arguments if isinstance(call.arguments, dict) else {})
        for call in (message.tool_calls if message is not None else None) or ()
    )


def _answered(messages: list[Any], message: Any, answer: Said, prefill: str) -> list[Any]:
    """Add an answer to a conversation; the beginning that was given to it becomes a part of it."""
    if not prefill:
        return [*messages, message]
    from inspect_ai.model import ContentReasoning, ContentText

    content = message.content
    if isinstance(content, str):
        whole: Any = answer.text
    else:
        thought = [part for part in content if isinstance(part, ContentReasoning)]
        whole = [*thought, ContentText(text=answer.text)]
    return [*messages[:-1], message.model_copy(update={"content": whole})]
