"""What is a model asked for, and what did it answer?

The text is hostile: it stands between lines with a random mark, and the answer must bring the mark back, which nobody
who wrote the text could know. An answer without it is taken only where it is one JSON object and nothing else, as small
models give it. What an answer says is checked elsewhere, statement by statement.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gyges.graph.model import Node
from gyges.graph.vocabulary import NODE_TYPES, RELATIONS

__all__ = ["PROMPT_HASH", "TYPES", "AnswerError", "again", "mark_for", "read_answer", "request"]

_PROMPT = Path(__file__).with_name("prompt.txt").read_text(encoding="utf-8")
TYPES = tuple(name for name in NODE_TYPES if name != "quote")
"""A quote is what a statement rests on; it is not one of the things that a model names."""
_RELATIONS = tuple(name for name in RELATIONS if name != "quotes")
_MOST_STATEMENTS = 40
_MOST_ANSWER = 400_000
_MOST_OBJECTS = 200

PROMPT_HASH = hashlib.sha256(_PROMPT.encode()).hexdigest()[:12]
"""Names the prompt by its content."""

_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.S)
_FENCE = re.compile(r"```[a-zA-Z0-9]*[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.S)


class AnswerError(ValueError):
    """An answer that is not of the form."""


def mark_for(text: str) -> str:
    """Make a mark that does not stand in the text."""
    while True:
        mark = secrets.token_hex(8)
        if mark not in text:
            return mark


def request(text: str, mark: str, known: Sequence[Node] = (), own: Node | None = None) -> str:
    """Write the question about one piece of a text.

    Args:
        text: The piece.
        mark: What the lines around it hold, from :func:`mark_for`.
        known: Nodes that the piece may be about.
        own: The node of the text itself.
    """
    types = "\n".join(f"- {name}: {NODE_TYPES[name].meaning}" for name in TYPES)
    relations = "\n".join(
        f"- {name} ({rule.meaning}): from {_listed(rule.domain)} to {_listed(rule.range)}"
        f"{'; both of one type' if rule.same_type else ''}"
        for name, rule in ((name, RELATIONS[name]) for name in _RELATIONS)
    )
    said = f"\nThe text itself is this {own.type}: {_named(own)}\n" if own else ""
    listed = "".join(f"- {node.type}: {_named(node)}\n" for node in known)
    # Labels may come from a stranger's file as well: they stand as JSON texts, and between marks.
    names = f"\nKnown things:\n<<{mark} known>>\n{listed}<<{mark} end of known>>\n" if known else ""
    return _PROMPT.format(
        types=types,
        relations=relations,
        most=_MOST_STATEMENTS,
        mark=mark,
        own=said,
        known=names,
        text=text,
    )


def again(asked: str, why: str) -> str:
    """Write the question once more, for a model whose answer could not be read."""
    return (
        f"{asked}\nAn earlier answer could not be read: {why}. "
        "Give one JSON object of that form, and nothing else.\n"
    )


def read_answer(answer: str, mark: str) -> list[Any]:
    """Return the statements that an answer lists, unchecked.

    Raises:
        AnswerError: It is not one answer of the form.
    """
    if not isinstance(answer, str):
        raise AnswerError(f"the answer is no text but a {type(answer).__name__}")
    if len(answer) > _MOST_ANSWER:
        raise AnswerError(f"the answer has {len(answer):,} characters")
    text = _THOUGHT.sub("", answer).strip()
    if not text:
        raise AnswerError("the answer is empty")
    whole = _whole(text)
    objects = [whole] if whole is not None else list(_objects(text))
    signed = [one for one in objects if isinstance(one, dict) and one.get("key") == mark]
    if len(signed) == 1:
        return _statements(signed[0])
    if len(signed) > 1:
        raise AnswerError("the answer holds several objects with the key")
    if whole is None:
        raise AnswerError("the answer is not one JSON object with the key that was given")
    if isinstance(whole, dict) and whole.get("key") not in (None, "", "..."):
        raise AnswerError(f"the answer has another key: {str(whole['key'])[:40]!r}")
    return _statements(whole)


def _listed(types: frozenset[str]) -> str:
    named = [name for name in TYPES if name in types]
    return "anything" if len(named) == len(TYPES) else ", ".join(named)


def _named(node: Node) -> str:
    return json.dumps(node.label, ensure_ascii=False)


def _whole(text: str) -> Any:
    """Read a text that is one JSON value, perhaps in a fence; None where it is not."""
    fenced = _FENCE.fullmatch(text)
    try:
        value = json.loads(fenced[1] if fenced else text, strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _objects(text: str) -> Iterator[Any]:
    """Read the JSON objects that stand in a text, the outermost ones."""
    decoder = json.JSONDecoder(strict=False)
    at = count = 0
    while (at := text.find("{", at)) >= 0 and count < _MOST_OBJECTS:
        count += 1
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            yield value


def _statements(value: Any) -> list[Any]:
    listed = value if isinstance(value, list) else value.get("statements")
    if not isinstance(listed, list):
        raise AnswerError("the answer has no list of 'statements'")
    return listed[: 2 * _MOST_STATEMENTS]
