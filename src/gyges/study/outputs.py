"""What did a provider's output say, and did an answer come at all?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gyges.study.answers import split_answer

if TYPE_CHECKING:
    from inspect_ai.model import ModelOutput

    from gyges.study.schema import Trial

__all__ = ["read_output"]

NOT_CONTINUED = (
    "the beginning of the answer was not continued: a new answer began, or no tag was closed"
)
"""Why an answer whose beginning was given says nothing of what follows from it."""

_OPENING = re.compile(r"<([A-Za-z_]+)>")
_STOPS = {"max_tokens": "truncated", "model_length": "truncated", "content_filter": "refused"}


def read_output(output: ModelOutput, trial: Trial, *, prefill: str = "") -> None:
    """Fill a trial from a provider's output: texts, status, tokens.

    Args:
        output: What the provider returned.
        trial: What to fill.
        prefill: The beginning of the answer that was put into the subject's mouth: part of the answer's form, and of
            ``raw``; whether the subject's own words or not, a reader sees where they begin.
    """
    from inspect_ai.model import ContentReasoning, ContentText

    if output.usage is not None:
        trial.input_tokens = output.usage.input_tokens
        trial.output_tokens = output.usage.output_tokens
        trial.cached_tokens = output.usage.input_tokens_cache_read
    trial.model = output.model or None
    if not output.choices:
        trial.status, trial.error = "empty", output.error
        return
    choice = output.choices[0]
    trial.stop = choice.stop_reason
    native: list[str] = []
    content = choice.message.content
    if isinstance(content, str):
        text = content
    else:
        native = [
            part.summary or part.reasoning if part.redacted else part.reasoning
            for part in content
            if isinstance(part, ContentReasoning)
        ]
        text = "".join(part.text for part in content if isinstance(part, ContentText))
    empty = not text.strip()
    # Some providers repeat the beginning that they were given.
    continued = True
    if prefill and not text.lstrip().startswith(prefill.strip()):
        continued = _continues(prefill, text)
        text = prefill + text if continued else text
    answer = split_answer(text)
    reasoning = [part for part in (*native, answer.reasoning) if part]
    trial.reasoning = "\n\n".join(reasoning) or None
    trial.output = answer.output
    if answer.reasoning is not None or (answer.output or "") != text.strip():
        trial.raw = text
    trial.status = _STOPS.get(choice.stop_reason, "ok")
    if output.error and trial.status == "ok":
        trial.status, trial.error = "error", output.error
    elif trial.status == "ok" and empty:
        trial.status = "empty"
    elif trial.status == "ok" and not continued:
        trial.status, trial.error = "unparsed", NOT_CONTINUED
    elif trial.status == "ok" and not trial.output:
        trial.status = "unparsed"


def _continues(prefill: str, text: str) -> bool:
    """Whether a completion goes on from a beginning that left a tag open, instead of starting anew."""
    opened = [tag for tag in _OPENING.findall(prefill) if f"</{tag}>" not in prefill]
    for tag in opened:
        closed = text.find(f"</{tag}>")
        anew = [at for at in (text.find(f"<{tag}>"), text.find("<OUTPUT>")) if at >= 0]
        if anew and (closed < 0 or min(anew) < closed):
            return False
    return True
