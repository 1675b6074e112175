"""What did a provider's output say, and did an answer come at all?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gyges.study.answers import split_answer

if TYPE_CHECKING:
    from inspect_ai.model import ModelOutput

    from gyges.study.schema import Trial

__all__ = ["Said", "read_output", "read_said"]

NOT_CONTINUED = (
    "the beginning of the answer was not continued: a new answer began, or no tag was closed"
)
"""Why an answer whose beginning was given says nothing of what follows from it."""

_OPENING = re.compile(r"<([A-Za-z_]+)>")
_STOPS = {"max_tokens": "truncated", "model_length": "truncated", "content_filter": "refused"}


@dataclass(slots=True)
class Said:
    """What one output of a provider says."""

    status: str = "ok"
    """One of ``TRIAL_STATUSES``; of an output that calls tools, whether it came whole: it need not say anything."""
    output: str | None = None
    """The answer, apart from the reasoning."""
    reasoning: str | None = None
    text: str = ""
    """The completion as it came, with the beginning that was given."""
    error: str | None = None
    stop: str | None = None
    calls: bool = False
    """Whether tools are called."""

    @property
    def raw(self) -> str | None:
        """The completion, where it is more than the answer."""
        return self.text if (self.output or "") != self.text.strip() else None


def read_said(output: ModelOutput, *, prefill: str = "") -> Said:
    """Read what a provider's output says, whatever it was asked for.

    Args:
        output: What the provider returned.
        prefill: The beginning of the answer that was put into the subject's mouth: part of the answer's form, and of
            ``text``; whether the subject's own words or not, a reader sees where they begin.
    """
    from inspect_ai.model import ContentReasoning, ContentText

    if not output.choices:
        return Said("empty", error=output.error)
    choice = output.choices[0]
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
    calls = bool(choice.message.tool_calls)
    # Some providers repeat the beginning that they were given.
    continued = True
    if prefill and not text.lstrip().startswith(prefill.strip()):
        # A call of a tool may break an answer off whose tags are still open.
        continued = calls or _continues(prefill, text)
        text = prefill + text if continued else text
    answer = split_answer(text)
    reasoning = "\n\n".join(part for part in (*native, answer.reasoning) if part)
    said = Said(
        _STOPS.get(choice.stop_reason, "ok"),
        answer.output,
        reasoning or None,
        text,
        stop=choice.stop_reason,
        calls=calls,
    )
    if output.error and said.status == "ok":
        said.status, said.error = "error", output.error
    elif said.status == "ok" and not calls:
        if empty:
            said.status = "empty"
        elif not continued:
            said.status, said.error = "unparsed", NOT_CONTINUED
        elif not said.output:
            said.status = "unparsed"
    return said


def read_output(output: ModelOutput, trial: Trial, *, prefill: str = "") -> None:
    """Fill a trial from a provider's output: texts, status, tokens.

    Args:
        output: What the provider returned.
        trial: What to fill.
        prefill: The beginning of the answer that was put into the subject's mouth, see :func:`read_said`.
    """
    if output.usage is not None:
        trial.input_tokens = output.usage.input_tokens
        trial.output_tokens = output.usage.output_tokens
        trial.cached_tokens = output.usage.input_tokens_cache_read
    trial.model = output.model or None
    said = read_said(output, prefill=prefill)
    trial.status, trial.error, trial.stop = said.status, said.error, said.stop
    if not output.choices:
        return
    trial.reasoning, trial.output, trial.raw = said.reasoning, said.output, said.raw


def _continues(prefill: str, text: str) -> bool:
    """Whether a completion goes on from a beginning that left a tag open, instead of starting anew."""
    opened = [tag for tag in _OPENING.findall(prefill) if f"</{tag}>" not in prefill]
    for tag in opened:
        closed = text.find(f"</{tag}>")
        anew = [at for at in (text.find(f"<{tag}>"), text.find("<OUTPUT>")) if at >= 0]
        if anew and (closed < 0 or min(anew) < closed):
            return False
    return True
