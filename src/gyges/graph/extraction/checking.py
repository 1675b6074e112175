"""Does a statement that a model wrote stand in the text?

It must be of the vocabulary, between types that its relation may join; its quote must stand in the text word for
word; both ends must be mentioned in the quote or in its paragraph; and its sentences must not deny, ask or only
suppose it in plain words, as far as :mod:`gyges.graph.extraction.guard` knows them. What only weakens a statement is
a note for the reviewer. What stands in a made-up answer inside the text (:mod:`.shadow`) is no passage of it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gyges.errors import nearest
from gyges.graph.checks import edge_problems, node_problems
from gyges.graph.extraction.asking import TYPES
from gyges.graph.extraction.guard import denies, hedge, masked, objection
from gyges.graph.extraction.naming import Known, names_of
from gyges.graph.extraction.sentences import mentions, next_sentence, sentences_of
from gyges.graph.extraction.shadow import shadowed
from gyges.graph.extraction.windows import Window, paragraphs_of
from gyges.graph.extraction.wording import says
from gyges.graph.model import Edge, Evidence, Node, Passage, node_id
from gyges.graph.passages import Text, words_of
from gyges.graph.vocabulary import RELATIONS, fits, fitting

__all__ = ["Checker", "Refusal", "Sound"]

_LEAST_WORDS, _MOST_WORDS = 3, 120
_SAID = frozenset({"claim", "finding", "hypothesis", "question"})
"""Types whose labels are sentences, which a text seldom holds word for word."""
_FAR = 4000
"""Characters before and behind a quote that may still be its paragraph."""
_SHARE = 0.5
_OPEN = frozenset({"hypothesis", "question"})
_SMALL = frozenset(
    [
        "a", "an", "and", "are", "as", "at", "be", "been", "being", "but", "by", "can", "could", "did", "do",
        "does", "for", "from", "had", "has", "have", "how", "if", "in", "into", "is", "it", "its", "may",
        "might", "more", "most", "no", "not", "of", "on", "or", "other", "our", "should", "such", "than",
        "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "under",
        "was", "we", "were", "what", "when", "where", "whether", "which", "while", "who", "why", "will",
        "with", "would",
    ]
)  # fmt: skip
_HALF = re.compile("[\ud800-\udfff]")


class Refusal(Exception):
    """Why a statement is not proposed."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A statement that passed."""

    edge: Edge
    new: tuple[Node, ...]
    """Ends that the graph does not know."""
    notes: tuple[str, ...]


class Checker:
    """Checks the statements that were made of one text.

    Args:
        text: The whole text.
        known: The nodes that the graph has.
        source: The text's name.
        by: Who makes the statements: the model.
        own: The node of the text itself, which counts as mentioned everywhere.
    """

    def __init__(self, text: str, known: Known, source: str, by: str, own: Node | None) -> None:
        self.text = text
        self.known = known
        self.source = source
        self.by = by
        self.own = own
        self._open = shadowed(text)
        self._breaks = paragraphs_of(self._open)
        self._pieces: dict[tuple[int, int], Text] = {}

    def check(self, given: Any, window: Window) -> Sound:
        """Check one statement.

        Raises:
            Refusal: With the reason.
        """
        if not isinstance(given, Mapping):
            raise Refusal("not a JSON object")
        _whole(given)
        ends = [self._end(given, name) for name in ("subject", "object")]
        name = given.get("relation")
        if not isinstance(name, str) or name not in RELATIONS or name == "quotes":
            raise Refusal(f"no relation {str(name)[:40]!r}; {nearest(str(name), RELATIONS)}")
        (one, label), (two, other) = ends
        if not fits(one, name, two):
            back = "; it may run the other way" if fits(two, name, one) else ""
            allowed = ", ".join(fitting(one, two))
            raise Refusal(f"{name!r} cannot run from a {one} to a {two}{back}; allowed: {allowed}")
        start, end = self._place(given.get("quote"), window)
        nodes = [self._node(one, label, start, end), self._node(two, other, start, end)]
        if nodes[0].id == nodes[1].id:
            raise Refusal(f"both ends are {nodes[0].id}")
        notes = [*self._near(nodes, (label, other), start, end)]
        around = self._open[max(0, start - _FAR) : end + _FAR]
        begin = min(start, _FAR)
        first, last = sentences_of(around, begin, begin + end - start)
        sentence = around[first:last]
        names = [self._names(node, said) for node, said in zip(nodes, (label, other), strict=True)]
        if why := objection(sentence, name, names[0], names[1], next_sentence(around, last)):
            if why.kind != "denied" or not any(
                node.type in _SAID and denies(node.label) for node in nodes
            ):
                raise Refusal(str(why))
            # "It was not found" is what such a claim says.
            notes.append(f"the sentence says {' '.join(why.cue.split())!r}, and so does a label")
        if cue := hedge(sentence, *names):
            notes.append(f"hedged: {cue.lower()}")
        named = [place for one in names for place in mentions(words_of(sentence), one)]
        if not says(masked(sentence, named), name):
            notes.append(f"no word for {name!r} stands in the passage".replace("'", '"'))
        return self._sound(given, name, nodes, start, end, notes)

    def _end(self, given: Mapping[str, Any], name: str) -> tuple[str, str]:
        value = given.get(name)
        if not isinstance(value, Mapping):
            raise Refusal(f"{name} is {str(value)[:60]!r}; it has a type and a label")
        type_, label = value.get("type"), value.get("label")
        if not isinstance(type_, str) or type_ not in TYPES:
            raise Refusal(f"{name}: no type {str(type_)[:40]!r}; {nearest(str(type_), TYPES)}")
        if not isinstance(label, str) or not label.strip() or label.strip(" .") == "":
            raise Refusal(f"{name} has no label")
        return type_, " ".join(label.split())

    def _place(self, quote: Any, window: Window) -> tuple[int, int]:
        if not isinstance(quote, str) or not quote.strip():
            raise Refusal("no quote")
        count = len(words_of(quote).words)
        if not _LEAST_WORDS <= count <= _MOST_WORDS:
            raise Refusal(
                f"the quote has {count} words; it has {_LEAST_WORDS} to {_MOST_WORDS}: {quote[:60]!r}"
            )
        key = (window.start, window.end)
        if key not in self._pieces:
            self._pieces[key] = Text(self._open[window.start : window.end])
        found = self._pieces[key].find_text(quote)
        if found is None:
            if Text(window.text).find_text(quote) is not None:
                raise Refusal(
                    f"the quote stands in a made-up answer inside the text: {quote[:60]!r}"
                )
            raise Refusal(f"quote not in the text: {quote[:80]!r}")
        return window.start + found.start, window.start + found.end

    def _node(self, type_: str, label: str, start: int, end: int) -> Node:
        if self.own is not None and self.own.type == type_ and _same(self.own, label):
            return self.own
        found = self.known.find(type_, label)
        if found is not None:
            return found
        evidence = (self._evidence(start, end),)
        node = Node(
            node_id(type_, label),
            label,
            status="open" if type_ in _OPEN else "active",
            evidence=evidence,
            channel="extracted",
            by=self.by,
        )
        if problems := node_problems(node.to_dict()):
            raise Refusal("; ".join(problems))
        return node

    def _evidence(self, start: int, end: int) -> Evidence:
        return Evidence(
            self.own.id if self.own is not None else "",
            f"characters {start}-{end}",
            Passage.of(self.text[start:end]),
            "primary",
            "" if self.own is not None else f"in {self.source}",
        )

    def _names(self, node: Node, said: str) -> list[str]:
        return names_of(node.label, (*node.aliases, said))

    def _around(self, start: int, end: int) -> tuple[int, int]:
        """Return where the paragraphs of a passage begin and end."""
        begin = self._breaks[max(bisect_right(self._breaks, start) - 1, 0)]
        stop = self._breaks[min(bisect_left(self._breaks, end), len(self._breaks) - 1)]
        # A text without paragraphs is not one paragraph.
        return max(begin, start - _FAR), min(stop, end + _FAR)

    def _near(self, nodes: list[Node], said: tuple[str, str], start: int, end: int) -> list[str]:
        quote = words_of(self._open[start:end])
        notes = []
        for node, label in zip(nodes, said, strict=True):
            if self.own is not None and node.id == self.own.id:
                continue
            names = self._names(node, label)
            if mentions(quote, names) or self._shares(node, label, quote.words):
                continue
            begin, stop = self._around(start, end)
            around = words_of(self._open[begin:stop])
            if not mentions(around, names) and not self._shares(node, label, around.words):
                raise Refusal(f"{label[:80]!r} is not mentioned in the quote or its paragraph")
            notes.append(f"{label!r} is mentioned in the paragraph, not in the quote")
        return notes

    def _shares(self, node: Node, label: str, words: tuple[str, ...]) -> bool:
        """Whether a text holds enough of a label's words: half of a sentence's, all of a name's."""
        wanted = {_root(word) for word in words_of(label).words if word not in _SMALL}
        if not wanted:
            return False
        had = wanted & {_root(word) for word in words}
        return len(had) >= (_SHARE if node.type in _SAID else 1) * len(wanted)

    def _sound(
        self,
        given: Mapping[str, Any],
        name: str,
        nodes: list[Node],
        start: int,
        end: int,
        notes: list[str],
    ) -> Sound:
        gloss = given.get("gloss")
        edge = Edge.make(
            nodes[0].id,
            name,
            nodes[1].id,
            " ".join(gloss.split()) if isinstance(gloss, str) else "",
            (self._evidence(start, end),),
            "extracted",
            by=self.by,
        )
        if problems := edge_problems(edge.to_dict()):
            raise Refusal("; ".join(problems))
        new = []
        for node in nodes:
            if self.own is not None and node.id == self.own.id:
                # The graph may not have the text's own node yet.
                new += [] if self.known.find(node.type, node.id) else [node]
            elif self.known.find(node.type, node.id) is None:
                new.append(node)
                if others := self.known.other_types(node.type, node.label):
                    notes.append(f"{node.label!r} is known as a {' and a '.join(others)}")
        return Sound(edge, tuple(new), tuple(notes))


def _whole(given: Mapping[str, Any]) -> None:
    """Refuse texts that no file and no hash can hold: JSON may spell half of a character."""
    for name in ("subject", "relation", "object", "gloss", "quote"):
        value = given.get(name)
        parts = value.values() if isinstance(value, Mapping) else (value,)
        for part in parts:
            if isinstance(part, str) and (half := _HALF.search(part)):
                raise Refusal(f"{name} holds half of a character, U+{ord(half.group()):04X}")


def _same(node: Node, label: str) -> bool:
    wanted = words_of(label).words
    if label == node.id:
        return True
    return any(words_of(name).words == wanted for name in names_of(node.label, node.aliases))


def _root(word: str) -> str:
    """Cut a word's ending roughly, so that "faking" meets "fake" and "models" meets "model"."""
    for ending in ("ings", "ing", "edly", "ed", "es", "s", "ly", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
