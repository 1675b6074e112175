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

_REFUSALS = (400, 422)
"""HTTP statuses with which a provider refuses what a request holds; others are failures of another kind."""

_REFUSED = re.compile(
    r"unsupported|not support|(?:only|does) supports?|n[o']t allowed|not permitted|not available|unrecognized"
    r"|unknown (?:name|field|param)|unexpected|invalid(?!_request)|deprecat|extra inputs|only the default"
    r"|only be (?:set|used)"
    r"|cannot (?:both )?be (?:set|specified|used)|must be|does not accept|out of range|\brange:",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
# A name in the place of a parameter's, and not of a word: quoted, assigned, or beside a word for such things.
_QUOTE = r"['\"`´‘’“”*]"
_BESIDE = (
    r"(?:param(?:eter)?s?|field|arguments?(?: supplied)?|option|property|key|name|value (?:of|for)|support(?:s|ed)?"
    r"|invalid|unsupported|unknown|unrecognized|unexpected)\s*:?\s*"
)
_BEHIND = (
    r"\s*(?:=|:(?!:)|[0-9]"
    r"|(?:and|or|param(?:eter)?|field|option|is|are|was|must|may|can|cannot|can't|does|has)\b)"
)
_BEGIN = r"^\W*(?:\w+error:\s*)?(?:error code:.{0,20})?"


def rejected_parameter(
    message: str, sent: Mapping[str, Any], *, status: int | None = None, param: str | None = None
) -> str | None:
    """Name the parameter of which an error says that the provider does not take it; None if it says no such thing.

    Args:
        message: What the provider said.
        sent: The parameters that were asked for.
        status: The HTTP status, where it is known.
        param: What the provider names as the part of the request that it refuses, if it does.
    """
    if status is not None and status not in _REFUSALS:
        return None
    asked = [name for name in WATCHED if sent.get(name) is not None]
    if param:
        spelt = re.sub(r"[^a-z]+", "_", param.lower())
        return next((name for name in asked if spelt.endswith(name)), None)
    for sentence in _SENTENCE.split(message):
        if _REFUSED.search(sentence):
            for name in asked:
                if _names_parameter(sentence, name):
                    return name
    return None


def _names_parameter(sentence: str, name: str) -> bool:
    spelt = rf"(?<![a-z]){name.replace('_', '[ _-]?')}(?![a-z])"
    # "The temperature of the barn is not allowed" speaks of another one.
    own = rf"{spelt}(?!\s+(?:of|in|at|inside|outside|words?)\b)"
    return bool(
        re.search(
            rf"{_QUOTE}{spelt}{_QUOTE}|{_BESIDE}{own}|{own}{_BEHIND}|{_BEGIN}{own}",
            sentence,
            re.IGNORECASE,
        )
    )


def refusal_of(error: BaseException) -> tuple[int | None, str | None]:
    """Read from an error of a provider's client its HTTP status, and which part of the request it names."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        found = getattr(response, "status_code", None)
    candidates = (getattr(error, "status_code", None), found, getattr(error, "code", None))
    status = next((one for one in candidates if isinstance(one, int) and 100 <= one < 600), None)
    param = getattr(error, "param", None)
    return status, param if isinstance(param, str) else None


class Parameters:
    """What becomes of a subject's sampling parameters.

    Args:
        subject: Its name.
        known: What earlier runs of the study found: it goes on to hold, so that all trials are asked alike.
    """

    def __init__(self, subject: str, known: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.subject = subject
        self.refused: dict[tuple[str, Any], str] = {}
        """Parameter and value to why it is not in force."""
        self.states: dict[str, dict[str, Any]] = {}
        """Parameter to its state: ``accepted``, ``rejected`` or ``not sent``, with what was said."""
        for name, state in (known or {}).items():
            # Without log-probabilities a run stops; the next one may have them.
            if state["state"] != "accepted" and name != "logprobs":
                for value in [None] if name == "seed" else state.get("values", ()):
                    self.refuse(name, value, state["state"], str(state.get("message", "")))

    def refuse(self, name: str, value: Any, state: str, message: str) -> None:
        """Note that a parameter is not in force."""
        self.refused[name, value] = message
        found = self.states.setdefault(
            name, {"state": state, "message": message[:500], "values": []}
        )
        if found["state"] == "accepted":
            # Another value of it was taken before.
            found |= {"state": state, "message": message[:500], "values": []}
        if value is not None and value not in found["values"] and name != "seed":
            found["values"].append(value)

    def thought(self, seen: bool) -> None:
        """Note whether an answer came with thinking, where thinking was asked for."""
        if seen:
            self.states["thinking"] = {"state": "accepted"}
        else:
            self.states.setdefault("thinking", {"state": "not seen"})

    def read(self, sent: Mapping[str, Any], request: Any) -> None:
        """Hold a request against what was asked for, and note what was sent and what was not.

        Args:
            sent: The parameters that were asked for.
            request: The body of the request; None where the provider does not hand it out.
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
                # A seed differs from trial to trial, and one that is left out is left out of all.
                value = None if name == "seed" else sent[name]
                self.refuse(name, value, "not sent", message)


def _names(request: Mapping[str, Any], depth: int = 3) -> Iterator[str]:
    for name, value in request.items():
        if value is not None:
            yield str(name).replace("_", "").lower()
        if depth and isinstance(value, Mapping):
            yield from _names(value, depth - 1)
