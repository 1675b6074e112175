"""Which sampling parameters did the provider take, which did it reject, and which were never sent?

A parameter that a provider rejects, or that its client leaves out of the request, is a state of the study and not an
error in the middle of it or a silent default. What was sent is read from the request itself, where Inspect hands it
out. A rejected parameter that the design varies makes the trials at that level ``unsupported``: they are not asked, for
their answers would be those of another level. One that it does not vary is left out of all calls, and the study
says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Parameters", "rejected_parameter"]

WATCHED = ("temperature", "seed", "top_p", "reasoning_tokens", "reasoning_effort", "logprobs")
"""Parameters whose fate is recorded."""

# Where the last two stand differs by provider, so their absence from a request says nothing.
_READABLE = ("temperature", "seed", "top_p")

_REFUSED = re.compile(
    r"unsupported|not support|n[o']t allowed|not permitted|not available|unrecognized|unknown (?:name|field|param)"
    r"|unexpected|invalid|deprecat|extra inputs|only the default|cannot be (?:set|specified|used)|must be (?:1|unset)"
    r"|does not accept",
    re.IGNORECASE,
)


def rejected_parameter(message: str, sent: Mapping[str, Any]) -> str | None:
    """Name the parameter of which an error says that the provider does not take it; None if it says no such thing.

    Args:
        message: What the provider said.
        sent: The parameters that were asked for.
    """
    if not _REFUSED.search(message):
        return None
    for name in WATCHED:
        spelt = name.replace("_", "[ _-]?")
        if sent.get(name) is not None and re.search(
            rf"(?<![a-z]){spelt}(?![a-z])", message, re.IGNORECASE
        ):
            return name
    return None


class Parameters:
    """What becomes of a subject's sampling parameters.

    Args:
        subject: Its name.
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.refused: dict[tuple[str, Any], str] = {}
        """Parameter and value to why it is not in force."""
        self.states: dict[str, dict[str, Any]] = {}
        """Parameter to its state: ``accepted``, ``rejected`` or ``not sent``, with what was said."""

    def refuse(self, name: str, value: Any, state: str, message: str) -> None:
        """Note that a parameter is not in force."""
        self.refused[name, value] = message
        found = self.states.setdefault(
            name, {"state": state, "message": message[:500], "values": []}
        )
        if found["state"] == "accepted":
            found |= {"state": state, "message": message[:500]}
        if value is not None and value not in found["values"] and name != "seed":
            found["values"].append(value)

    def read(self, sent: Mapping[str, Any], request: Any) -> Iterator[str]:
        """Hold a request against what was asked for.

        Args:
            sent: The parameters that were asked for.
            request: The body of the request; None where the provider does not hand it out.

        Yields:
            Names of parameters that were asked for and not sent.
        """
        if not isinstance(request, Mapping) or not (
            {"messages", "contents", "input", "model"} & request.keys()
        ):
            return
        names = set(_names(request))
        for name in _READABLE:
            if sent.get(name) is None:
                continue
            if name.replace("_", "") in names:
                self.states.setdefault(name, {"state": "accepted"})
            else:
                message = f"the client of {self.subject} does not send {name} to this model"
                self.refuse(name, sent[name], "not sent", message)
                yield name


def _names(request: Mapping[str, Any], depth: int = 3) -> Iterator[str]:
    for name, value in request.items():
        if value is not None:
            yield str(name).replace("_", "").lower()
        if depth and isinstance(value, Mapping):
            yield from _names(value, depth - 1)
