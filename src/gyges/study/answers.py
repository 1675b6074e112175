"""Where in a completion does the reasoning end and the answer begin?

Prompts ask for reasoning in one tag and the answer in another, and models obey roughly. The rules
below were drawn from the 17,480 published VLAF transcripts and the Greenblatt-style transcripts
beside them; 41 % of the former do not have the form that their prompt asked for. One pass over the
tags finds the spans. Nothing is rewritten: both parts are stretches of the input, trimmed.

Which tags count, in upper or lower case:

- reasoning: ``thinking``, ``think``, ``thought(s)``, ``scratchpad``, ``scratchpad_reasoning``;
  ``draft_output`` inside them. ``reasoning`` counts only where none of these stands.
- answer: ``output``. ``final_output``, ``final_answer``, ``answer`` and ``response`` count only
  where no ``output`` stands, ``draft_output`` only after closed reasoning.
- a tag that the text *mentions* does not count: ``in the <OUTPUT> tag``, ``<thinking> and
  <OUTPUT>``, a tag in quotation marks, one followed at once by a full stop inside a sentence.
  (29 % of the transcripts write ``I will then present my final answer in the <OUTPUT> tag``.)

How they are read:

1. Without any tag the whole text is the answer, and there is no reasoning.
2. The answer is the text of an answer tag. It ends at the closing tag, at a reasoning tag of either
   kind, at another opening answer tag, at the next user's turn, or at the end of the text.
   ``<OUTPUT><OUTPUT>text`` is one tag.
3. An answer tag outside the reasoning beats one inside it, which is a draft. A draft counts when
   nothing better follows: so an ``<OUTPUT>`` inside a never closed ``<thinking>`` is the answer.
4. Of several answers the last one counts: a draft, then the final. (Where the first and the last
   chose differently, the released label agrees with the last in 20 of 25.)
5. Base models run on: they write the next user's turn themselves (``<INPUT>``, ``<user_input>``, a
   line that starts with ``User:`` or ``Human:``) and answer that too. Once an answer has been
   given, everything from such a turn on belongs to another conversation. (An answer that opens by
   quoting its question has not been given yet.)
6. Reasoning inside the answer tag, before any text of the answer, is reasoning; if no text follows
   it there, it was the answer after all.
7. Where no answer tag holds text, the answer is the text after closed reasoning; failing that, text
   before it. A label (``Response:``) or bare markup is not a text.
8. A closing reasoning tag without an opening one: all before it is reasoning (the opening tag stood
   in the prompt). A closing answer tag without an opening one, likewise: what precedes it, back to
   the reasoning, is the answer.
9. Reasoning that never closes and holds no answer tag: the answer was never reached, and ``output``
   is None.
10. Untagged text before the first answer tag is reasoning, unless it is a label.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

__all__ = ["Answer", "split_answer"]

Role = Literal["reasoning", "draft", "answer", "turn", "speaker"]
Mode = Literal["outside", "reasoning", "answer"]

_ROLES: dict[str, Role] = {
    "thinking": "reasoning",
    "think": "reasoning",
    "thought": "reasoning",
    "thoughts": "reasoning",
    "scratchpad": "reasoning",
    "scratchpad_reasoning": "reasoning",
    "reasoning": "reasoning",
    "draft_output": "draft",
    "output": "answer",
    "final_output": "answer",
    "final_answer": "answer",
    "answer": "answer",
    "response": "answer",
    "input": "turn",
    "user_input": "turn",
    "is_free_tier_user": "speaker",
}
_WEAK = frozenset({"reasoning", "final_output", "final_answer", "answer", "response"})
"""Ordinary words: markup only where no stronger tag of the same role stands in the text."""

# The quantifiers are bounded, so that a match costs the same wherever it is tried.
_TAG = re.compile(
    r"<(?P<slash>[ /]{0,3})(?P<name>"
    + "|".join(sorted(_ROLES, key=len, reverse=True))
    + r")(?P<end>[ /]{0,3})>|^(?:user|human):",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED = re.compile(r"[\"'`”’]?[ ](?:tags?|sections?|blocks?|fields?)\b|[.,;!?)](?!\.)")
_PUNCTUATION = ".,;!?)"
_LISTED = re.compile(r"[ ](?:and|or)[ ]<")
_BARE = re.compile(
    r"<is_free_tier_user>\s{0,9}\w{0,9}\s{0,9}</is_free_tier_user>|</?\w{1,40}/?>", re.I
)
_WORD = re.compile(r"\w")
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A completion, split."""

    reasoning: str | None
    """The visible reasoning, without its outer tags and trimmed; None where there is none."""
    output: str | None
    """The final answer, trimmed; None where it was never reached, or is blank."""
    well_formed: bool
    """True for plain text, and for at most one reasoning block followed by an answer, each tag
    once, in order and closed, with no text outside them but a label before (``Response:``)."""
    runs_on: bool = False
    """The completion goes on with a user's turn of its own after the answer; what follows was not
    read. Whoever judged the whole completion may have judged another question's answer."""


class _Tag(NamedTuple):
    start: int
    end: int
    name: str
    role: Role
    closing: bool


class _Span(NamedTuple):
    start: int
    end: int


class _Found(NamedTuple):
    span: _Span
    inside: bool
    """Opened while the reasoning was still open."""


def split_answer(text: str) -> Answer:
    """Split a completion into its reasoning and its answer, by the rules of this module.

    Args:
        text: The completion as the model wrote it, of any length (the time grows linearly).

    Returns:
        The two parts. Both are stretches of ``text``; never raises.
    """
    tags = _tags(text)
    if not any(tag.role in ("reasoning", "draft", "answer") for tag in tags):
        return Answer(None, text.strip() or None, well_formed=True)
    reader = _Reader(text)
    runs_on = not all(reader.take(tag) for tag in tags)
    if not runs_on:
        reader.end(len(text))
    output = reader.output()
    reasoning = reader.reasoning(output)
    well_formed = not runs_on and _well_formed(text, tags)
    return Answer(_cut(text, reasoning), _cut(text, output), well_formed, runs_on)


def _cut(text: str, span: _Span | None) -> str | None:
    return (text[span.start : span.end].strip() or None) if span else None


def _tags(text: str) -> list[_Tag]:
    """The tags that count, in order: no mentions, no ordinary words where a stronger tag stands."""
    tags = []
    for match in _TAG.finditer(text):
        name = match["name"]
        if name is None:
            tags.append(_Tag(match.start(), match.end(), "", "speaker", closing=False))
        elif not _is_mention(text, match.start(), match.end()):
            closing = "/" in match["slash"] or "/" in match["end"]
            name = name.lower()
            tags.append(_Tag(match.start(), match.end(), name, _ROLES[name], closing))
    strong = {tag.role for tag in tags if tag.name not in _WEAK}
    return [tag for tag in tags if tag.name not in _WEAK or tag.role not in strong]


def _is_mention(text: str, start: int, end: int) -> bool:
    """Whether the text speaks about the tag at ``start`` rather than using it."""
    before = text[start - 1 : start]
    if before in _QUOTES and text[end : end + 1] == _QUOTES[before]:
        return True
    if _LISTED.match(text, end):
        return True
    # Only inside a sentence: at the start of a line, or after a colon, the tag is used.
    inside = text[start - 2 : start].strip()[-1:]
    named = _NAMED.match(text, end)
    if named is None or not (inside.isalnum() or inside in _QUOTES):
        return False
    # "I choose <OUTPUT>b</OUTPUT>." closes a tag and ends a sentence.
    return named[0] not in _PUNCTUATION or text[start + 1] != "/"


def _well_formed(text: str, tags: list[_Tag]) -> bool:
    main = [tag for tag in tags if tag.role in ("reasoning", "answer")]
    form = [(tag.role, tag.closing) for tag in main]
    block = [("reasoning", False), ("reasoning", True)]
    answer = [("answer", False), ("answer", True)]
    if form not in (block, answer, block + answer):
        return False
    if any(tag.role == "draft" and tag.start > main[-1].start for tag in tags):
        return False
    first, last = text[: main[0].start], text[main[-1].end :]
    between = text[main[1].end : main[2].start] if len(main) > 2 else ""
    if not _is_label(first) or between.strip():
        return False
    return bool(last.strip()) if form == block else not last.strip()


def _is_label(part: str) -> bool:
    """Whether a stretch says nothing by itself: blank, a label, bare tags or rules."""
    part = _BARE.sub("", part).strip()
    return part.endswith(":") or not _WORD.search(part)


@dataclass(slots=True)
class _Reader:
    """Walks over the tags once and keeps what could be the answer and what was reasoning."""

    text: str
    mode: Mode = "outside"
    start: int = 0
    """Where the current stretch (of whatever mode) began."""
    opener: Role = "reasoning"
    """What opened the reasoning: a draft's closing tag closes only a draft."""
    inside: bool = False
    """The current answer tag was opened while the reasoning was open."""
    nested: bool = False
    """The current reasoning stands inside an answer tag, before any of the answer's text."""
    closed: bool = False
    """Some reasoning has closed."""
    answered: bool = False
    """An answer tag has closed, were it blank."""
    draft: bool = False
    """The current answer tag is a ``draft_output``."""
    inner: _Span | None = None
    """Reasoning that closed inside the current answer tag: the answer, if nothing follows it."""
    thoughts: list[_Span] = field(default_factory=list)
    found: list[_Found] = field(default_factory=list)
    gaps: list[tuple[_Span, bool]] = field(default_factory=list)
    """Text outside all tags, and whether it follows closed reasoning."""

    def take(self, tag: _Tag) -> bool:
        """Read one tag; False where the completion runs on into another conversation."""
        if tag.role in ("turn", "speaker"):
            return tag.closing or self._same_turn(tag)
        role = self._role_of_draft(tag) if tag.role == "draft" else tag.role
        if role == "answer":
            (self._close_answer if tag.closing else self._open_answer)(tag)
        elif role == "reasoning":
            (self._close_reasoning if tag.closing else self._open_reasoning)(tag)
        return True

    def _role_of_draft(self, tag: _Tag) -> Role:
        """A draft is reasoning, unless the reasoning is over; inside other tags it is text."""
        if self.mode == "answer":
            return "answer" if tag.closing and self.draft else "draft"
        if self.mode == "reasoning":
            return "reasoning" if tag.closing and self.opener == "draft" else "draft"
        if tag.closing:
            return "draft"
        return "answer" if self.closed else "reasoning"

    def end(self, end: int) -> None:
        """Read the end of the completion."""
        span = _Span(self.start, end)
        if self.mode == "answer":
            self._answer_ends(span.end)
        elif self.mode == "reasoning":
            self.thoughts.append(span)
        else:
            self._gap(span.end)

    def output(self) -> _Span | None:
        """The answer by rules 3, 4 and 6."""
        outside = [found.span for found in self.found if not found.inside]
        if outside or self.found:
            return (outside or [found.span for found in self.found])[-1]
        texts = [(span, follows) for span, follows in self.gaps if not self._is_label(span)]
        after = [span for span, follows in texts if follows]
        if after:
            return after[-1]
        return texts[0][0] if texts and self.closed else None

    def reasoning(self, output: _Span | None) -> _Span | None:
        """All reasoning up to the answer; if there is none, the first that follows it."""
        thoughts = [span for span in self.thoughts if not self._blank(span)]
        if not thoughts:
            return None
        limit = len(self.text) if output is None else output.start
        before = [span for span in thoughts if span.end <= limit]
        return _Span(before[0].start, before[-1].end) if before else thoughts[0]

    def _open_reasoning(self, tag: _Tag) -> None:
        if self.mode == "reasoning":
            return
        if self.mode == "answer":
            self.nested = self._blank(_Span(self.start, tag.start)) and self.inner is None
            if not self.nested:
                self._answer_ends(tag.start)
        else:
            self._gap(tag.start)
        self.mode, self.start, self.opener = "reasoning", tag.end, tag.role

    def _close_reasoning(self, tag: _Tag) -> None:
        span = _Span(self.start, tag.start)
        if self.mode == "answer":
            self._answer_ends(tag.start)
        elif self.mode == "reasoning":
            self.thoughts.append(span)
            if self.nested:
                self.nested, self.inner = False, span
                self.mode, self.start = "answer", tag.end
                return
        elif not self.found:
            # Closed without an opening tag, or closed twice: what precedes is reasoning.
            self.thoughts.append(span)
        self.mode, self.start, self.closed, self.inside = "outside", tag.end, True, False

    def _open_answer(self, tag: _Tag) -> None:
        if self.mode == "answer":
            if self._blank(_Span(self.start, tag.start)) and self.inner is None:
                self.start = tag.end
                return
            inside = self.inside
            self._answer_ends(tag.start)
            self.inside = inside
        elif self.mode == "reasoning":
            self.thoughts.append(_Span(self.start, tag.start))
            self.inside = self.inside if self.nested else True
            self.nested = False
        else:
            span = _Span(self.start, tag.start)
            if not self.found and not self.closed and not self._is_label(span):
                self.thoughts.append(span)
            self.inside = False
        self.mode, self.start, self.draft = "answer", tag.end, tag.role == "draft"

    def _close_answer(self, tag: _Tag) -> None:
        self.answered = True
        if self.mode == "answer":
            resume = self.inside
            self._answer_ends(tag.start)
            self.mode = "reasoning" if resume else "outside"
            self.start = tag.end
        elif self.mode == "reasoning":
            if self.nested:
                self.nested = False
                self.found.append(_Found(_Span(self.start, tag.start), self.inside))
                self.mode, self.start = "outside", tag.end
        else:
            span = _Span(self.start, tag.start)
            if not self.found and not self._blank(span):
                self.found.append(_Found(span, inside=False))
            self.start = tag.end

    def _answer_ends(self, end: int) -> None:
        span = _Span(self.start, end)
        if self._blank(span) and self.inner is not None:
            self.thoughts.pop()  # the inner reasoning is always the latest
            span = self.inner
        if not self._blank(span):
            self.found.append(_Found(span, self.inside))
        self.inner = None

    def _same_turn(self, tag: _Tag) -> bool:
        """Whether a mark of a user's turn is part of this completion; if not, it ends there."""
        before = _Span(self.start, tag.start)
        if self.mode == "answer":
            same = tag.role == "speaker" or self._is_label(before)
        elif self.mode == "reasoning":
            same = not self.found or tag.name == "is_free_tier_user"
        else:
            same = not (self.found or self.answered or (self.closed and not self._is_label(before)))
        if not same:
            self.end(tag.start)
        return same

    def _gap(self, end: int) -> None:
        span = _Span(self.start, end)
        if not self._blank(span):
            self.gaps.append((span, self.closed))

    def _blank(self, span: _Span) -> bool:
        return not self.text[span.start : span.end].strip()

    def _is_label(self, span: _Span) -> bool:
        return _is_label(self.text[span.start : span.end])
