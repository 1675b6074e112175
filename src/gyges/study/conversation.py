"""What was said and done in a trial that is a session, and how is it kept and read again?

A session goes on after the first answer: the subject calls tools, answers, and is spoken to again. It is kept as JSON
in the trial's column ``conversation``: a list of steps, each with its name and its messages in order. The system text
and the user's first turn are not repeated there; they stand in ``prompts/`` like those of any trial. The same session
in plain lines is the trial's ``output``, which a person and a judge can read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gyges.errors import StudyError
from gyges.study.answers import split_answer

__all__ = [
    "ACT",
    "Call",
    "Message",
    "Step",
    "heard",
    "read_conversation",
    "transcript",
    "write_conversation",
]

ACT = "act"
"""The name of the first step: the answer to the user's first turn."""
_ROLES = ("user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Write it as code: ``buy(ticker="ALV", shares=200)``."""
        given = (f"{name}={_json(value)}" for name, value in self.arguments.items())
        return f"{self.name}({', '.join(given)})"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a session."""

    role: str
    """``user``, ``assistant`` or ``tool`` (the result of a call)."""
    text: str = ""
    """What was said, without the reasoning; of a tool, what came back."""
    calls: tuple[Call, ...] = ()
    """The tools that the assistant calls here; their results follow in this order."""
    reasoning: str | None = None
    """What the assistant reasoned before it, where that is visible."""
    error: bool = False
    """Of a tool's result: whether nothing was done, because the call made no sense."""

    def record(self) -> dict[str, Any]:
        """Give it as JSON values, without what is empty."""
        found: dict[str, Any] = {"role": self.role, "text": self.text}
        if self.calls:
            found["calls"] = [
                {"name": call.name, "arguments": dict(call.arguments)} for call in self.calls
            ]
        if self.reasoning:
            found["reasoning"] = self.reasoning
        if self.error:
            found["error"] = True
        return found


@dataclass(frozen=True, slots=True)
class Step:
    """A turn of the user and all that the subject said and did before it was spoken to again."""

    name: str
    """``act`` for the first one, then as the setting names its steps."""
    messages: tuple[Message, ...] = ()
    """In order; the user's turn first, but in the first step, whose turn stands in ``prompts/``."""

    @property
    def said(self) -> str:
        """What the subject said in it, without reasoning and calls."""
        texts = (one.text for one in self.messages if one.role == "assistant")
        return "\n\n".join(text for text in texts if text)

    def done(self) -> Iterator[tuple[Call, Message | None]]:
        """Yield each call with its result; None where the session ended before there was one."""
        for at, message in enumerate(self.messages):
            results = []
            for later in self.messages[at + 1 :]:
                if later.role != "tool":
                    break
                results.append(later)
            for place, call in enumerate(message.calls):
                yield call, results[place] if place < len(results) else None


def write_conversation(steps: Sequence[Step]) -> str:
    """Write a session as the JSON that a trial keeps."""
    return _json(
        [
            {"step": step.name, "messages": [message.record() for message in step.messages]}
            for step in steps
        ]
    )


def read_conversation(text: str) -> tuple[Step, ...]:
    """Read the JSON that a trial keeps.

    Raises:
        StudyError: It is no list of steps; the message says where it breaks.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _broken(f"it is no JSON ({error})") from None
    if not isinstance(data, list):
        raise _broken("it is no list of steps")
    steps = []
    for at, item in enumerate(data):
        if not isinstance(item, dict) or not isinstance(item.get("step"), str):
            raise _broken(f"item {at} has no 'step'")
        said = item.get("messages")
        if not isinstance(said, list):
            raise _broken(f"step {item['step']} has no list of 'messages'")
        messages = tuple(
            _message(one, f"step {item['step']}, message {place}") for place, one in enumerate(said)
        )
        steps.append(Step(item["step"], messages))
    return tuple(steps)


def transcript(steps: Sequence[Step], *, reasoning: bool = False) -> str:
    """Write a session in plain lines: ``[calls ...]``, ``[result] ...``, ``[user] ...``, and the answers as they are.

    Args:
        steps: The session.
        reasoning: Whether to write what was reasoned, too.
    """
    lines: list[str] = []
    for step in steps:
        for message in step.messages:
            if reasoning and message.reasoning:
                lines.append(f"[reasoning] {message.reasoning}")
            if message.role == "user":
                lines.append(f"[user] {message.text}")
            elif message.role == "tool":
                lines.append(f"[result] {message.text}")
            elif message.text:
                lines.append(message.text)
            lines += [f"[calls {call}]" for call in message.calls]
    return "\n".join(lines)


def heard(messages: Sequence[Any], turns: Sequence[Sequence[str]]) -> tuple[Step, ...] | None:
    """Put a session together from the messages of a chat; None where a step has no answer.

    Args:
        messages: Messages as Inspect has them, from the system text on.
        turns: The name and the text of each of the user's further turns, in order.
    """
    opening = next((at for at, one in enumerate(messages) if one.role == "user"), len(messages))
    names = iter([name for name, _ in turns])
    steps: list[tuple[str, list[Message]]] = [(ACT, [])]
    for one in messages[opening + 1 :]:
        if one.role == "user":
            steps.append((next(names, one.text), [Message("user", one.text)]))
        elif one.role == "assistant":
            said = split_answer(one.text)
            calls = tuple(Call(call.function, call.arguments) for call in one.tool_calls or ())
            text = (said.output or "") if said.reasoning or not calls else one.text
            steps[-1][1].append(Message("assistant", text, calls, said.reasoning))
        elif one.role == "tool":
            text = one.text if one.error is None else one.error.message
            steps[-1][1].append(Message("tool", text, error=one.error is not None))
    answered = all(any(one.role == "assistant" for one in some) for _, some in steps)
    if not answered or len(steps) < 1 + len(turns):
        return None
    return tuple(Step(name, tuple(some)) for name, some in steps)


def _message(data: Any, where: str) -> Message:
    if not isinstance(data, dict) or data.get("role") not in _ROLES:
        raise _broken(f"{where}: 'role' must be one of {', '.join(_ROLES)}")
    calls = data.get("calls") or []
    if not isinstance(calls, list) or not all(
        isinstance(call, dict)
        and isinstance(call.get("name"), str)
        and isinstance(call.get("arguments") or {}, dict)
        for call in calls
    ):
        raise _broken(f"{where}: 'calls' must be a list of calls with a name and arguments")
    reasoning = data.get("reasoning")
    return Message(
        role=data["role"],
        text=str(data.get("text") or ""),
        calls=tuple(Call(call["name"], call.get("arguments") or {}) for call in calls),
        reasoning=None if reasoning is None else str(reasoning),
        error=bool(data.get("error")),
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _broken(why: str) -> StudyError:
    return StudyError(
        f"a trial's conversation cannot be read: {why}; it is a JSON list of steps, "
        '[{"step": "act", "messages": [{"role": "assistant", "text": "...", "calls": []}]}]. '
        "Restore the study from a copy"
    )
