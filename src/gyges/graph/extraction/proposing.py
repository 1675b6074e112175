"""Which statements does a model find in a text, and which of them can be shown to a reviewer?

Each window of the text is one question; every statement of the answers is checked (:mod:`.checking`), and what passes
becomes a proposal with its passage. Nothing enters a graph here. A call that fails or an answer that cannot be read is
counted and told, and the others go on; so is a statement over which a check stumbles.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gyges.errors import GraphError, GygesError
from gyges.graph.extraction.asking import AnswerError, again, mark_for, read_answer, request
from gyges.graph.extraction.checking import Checker, Refusal, Sound
from gyges.graph.extraction.naming import Known
from gyges.graph.extraction.windows import Window, windows_of
from gyges.graph.model import Edge, Node
from gyges.graph.records import Proposal

__all__ = ["Extracted", "propose"]

Ask = Callable[[str], Awaitable[str]]


@dataclass
class Extracted:
    """What a model found in a text."""

    proposals: list[Proposal] = field(default_factory=list)
    """For the review queue, in the order of the text."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Why, and what: the statement, or the window."""
    windows: int = 0
    calls: int = 0
    """Questions that were asked, those that were asked again too."""
    failed: int = 0
    """Windows without an answer that could be read."""
    known: int = 0
    """Statements that the graph has already."""


async def propose(
    text: str,
    ask: Ask,
    *,
    known: Iterable[Node],
    source: str,
    by: str,
    own: Node | None = None,
    edges: Iterable[Edge] = (),
    size: int = 6000,
    overlap: int = 600,
    tries: int = 2,
    at_once: int = 4,
    on_window: Callable[[int, int], None] | None = None,
) -> Extracted:
    """Ask a model for the statements of a text, and check them.

    Args:
        text: The whole text.
        ask: Puts one question to the model and returns what it says.
        known: The graph's nodes; statements about them name them.
        source: The text's name, for the proposals.
        by: The model's name.
        own: The node of the text itself, for statements such as "this paper proposes".
        edges: The graph's edges; a statement that is one of them is counted, and not proposed again.
        size: Characters of a window at most.
        overlap: Characters that a window repeats of the one before, at most.
        tries: How often a window is asked about, where answers cannot be read.
        at_once: Calls under way at once.
        on_window: Told how many windows are done, and of how many.

    Raises:
        GraphError: The text is empty, or a setting is out of range.
        GygesError: What ``ask`` raises of these ends all: the model cannot be reached at all. Any other exception of
            a call is that window's failure.
    """
    if not text.strip():
        raise GraphError(f"{source} holds no text")
    if tries < 1 or at_once < 1:
        raise GraphError(f"tries is {tries} and at_once is {at_once}; each is 1 or more")
    names = Known(known)
    checker = Checker(text, names, source, by, own)
    windows = windows_of(text, size, overlap)
    found = Extracted(windows=len(windows))
    turn = asyncio.Semaphore(at_once)
    done = 0

    async def one(window: Window) -> list[Any]:
        nonlocal done
        async with turn:
            statements = await _ask(window, ask, names, own, tries, found)
        done += 1
        if on_window is not None:
            on_window(done, len(windows))
        return statements

    tasks = [asyncio.ensure_future(one(window)) for window in windows]
    try:
        answers = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    had = {(edge.subject, edge.relation, edge.object) for edge in edges}
    _collect(windows, answers, checker, had, source, by, found)
    return found


async def _ask(
    window: Window, ask: Ask, known: Known, own: Node | None, tries: int, found: Extracted
) -> list[Any]:
    listed = [node for node in known.in_text(window.text) if node.type != "quote"]
    why = ""
    for _ in range(tries):
        # A new mark each time: an answer to another question cannot be taken for one to this.
        mark = mark_for(window.text)
        asked = request(window.text, mark, listed, own)
        found.calls += 1
        try:
            answer = await ask(again(asked, why) if why else asked)
        except GygesError:
            raise
        except Exception as error:
            found.failed += 1
            said = " ".join(str(error).split())[:300]
            found.refused.append(
                (f"the call failed: {type(error).__name__}: {said}", _place(window))
            )
            return []
        try:
            return read_answer(answer, mark)
        except AnswerError as error:
            why = str(error)
    found.failed += 1
    found.refused.append((why, _place(window)))
    return []


def _collect(
    windows: Sequence[Window],
    answers: Sequence[list[Any]],
    checker: Checker,
    had: set[tuple[str, str, str]],
    source: str,
    by: str,
    found: Extracted,
) -> None:
    kept: dict[tuple[str, str, str], Sound] = {}
    for window, statements in zip(windows, answers, strict=True):
        for given in statements:
            try:
                sound = checker.check(given, window)
            except Refusal as refusal:
                found.refused.append((str(refusal), _shown(given)))
                continue
            except Exception as error:
                found.refused.append((_fault(error), _shown(given)))
                continue
            edge = sound.edge
            said = (edge.subject, edge.relation, edge.object)
            if said in had:
                found.known += 1
            elif said in kept:
                kept[said] = _joined(kept[said], edge)
            else:
                kept[said] = sound
    for sound in kept.values():
        note = "; ".join(sound.notes)
        found.proposals.append(
            Proposal.make(edge=sound.edge, nodes=sound.new, source=source, by=by, note=note)
        )


def _joined(first: Sound, edge: Edge) -> Sound:
    """Add another passage to a statement that was made before."""
    places = {one.locator for one in first.edge.evidence}
    more = tuple(one for one in edge.evidence if one.locator not in places)
    return replace(first, edge=replace(first.edge, evidence=(*first.edge.evidence, *more)))


def _fault(error: Exception) -> str:
    """Name what a check stumbled over; the statements beside it, which were paid for, are kept."""
    said = _printable(" ".join(str(error).split()))[:300]
    return f"could not be checked: {type(error).__name__}: {said}"


def _place(window: Window) -> str:
    return f"characters {window.start}-{window.end}"


def _shown(given: Any) -> str:
    try:
        said = json.dumps(given, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        said = repr(type(given))
    return _printable(said)[:500]


def _printable(text: str) -> str:
    """Put a question mark for each half of a character, which no terminal and no file takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
