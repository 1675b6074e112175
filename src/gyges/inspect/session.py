"""How does Inspect hold a session: tools of a toy world, and further turns of the user?

The solver gives the subject the world's tools, lets Inspect run them, and says the user's further turns one after
another, as ``gyges run`` does. The scorers read the session from the messages.
"""

from __future__ import annotations

from typing import Any

from inspect_ai.model import ChatMessage, ChatMessageUser
from inspect_ai.solver import Generate, Solver, TaskState, solver

from gyges.design import PlannedTrial
from gyges.study.conversation import heard, transcript, write_conversation
from gyges.worlds import world

__all__ = ["about_session", "session", "session_of"]


def about_session(planned: PlannedTrial) -> dict[str, Any]:
    """Give what the solver must know of a trial, for a sample's metadata; nothing where one answer is all."""
    if not (planned.world or planned.prompt.steps):
        return {}
    return {
        "world": planned.world,
        "slots": dict(planned.query.slots),
        "steps": [list(step) for step in planned.prompt.steps],
    }


@solver
def session() -> Solver:
    """Ask with the tools of the setting's world, then say the user's further turns."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        about = state.metadata["gyges"]
        if about["world"]:
            made = world(about["world"], about["slots"], control=about["control"])
            state.tools = [tool.as_tool() for tool in made.tools()]
        state = await generate(state)
        for _, text in about["steps"]:
            if state.completed:
                break
            state.messages.append(ChatMessageUser(content=text))
            state = await generate(state)
        return state

    return solve


def session_of(messages: list[ChatMessage], about: dict[str, Any]) -> tuple[str, str] | None:
    """Write down a session: as a trial keeps it, and as a reader reads it; None where a step has no answer.

    Args:
        messages: All messages.
        about: The sample's metadata, as :func:`about_session` gave it.
    """
    found = heard(messages, about["steps"])
    return None if found is None else (write_conversation(found), transcript(found))
