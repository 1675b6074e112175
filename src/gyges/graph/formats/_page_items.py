"""Where do label, relation and gloss end in an item that a browser copied without separators?

A name such as ``associated_with`` is told by itself. A name that is also an English word (``studies``) is told only
where it is glued: no space before it, and behind it a capital, a digit or nothing. ``Case studies of RL`` has no
relation, ``Ada ExamplestudiesPrior work`` has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from gyges.graph.vocabulary import NODE_TYPES, RELATIONS

__all__ = ["ELSEWHERE", "Item", "looks_like_label", "read_item", "read_similar", "short"]

ELSEWHERE = {
    "related_to": ("associated_with", False),
    "relates_to": ("associated_with", False),
    "similar_to": ("analogous_to", False),
    "supported_by": ("supports", True),
    "contradicted_by": ("contradicts", True),
    "refutes": ("contradicts", False),
    "opposes": ("contradicts", False),
    "proposed_by": ("proposes", True),
    "introduces": ("proposes", False),
    "introduced_by": ("proposes", True),
    "studied_by": ("studies", True),
    "investigates": ("studies", False),
    "extended_by": ("extends", True),
    "builds_on": ("extends", False),
    "used_by": ("uses", True),
    "measured_by": ("measures", True),
    "mitigated_by": ("mitigates", True),
    "caused_by": ("causes", True),
    "leads_to": ("causes", False),
    "predicted_by": ("predicts", True),
    "authored": ("authored_by", True),
    "author_of": ("authored_by", True),
    "created_by": ("authored_by", False),
    "written_by": ("authored_by", False),
    "derived_from": ("extracted_from", False),
    "source_of": ("extracted_from", True),
    "quoted_by": ("quotes", True),
    "has_part": ("part_of", True),
    "member_of": ("part_of", False),
    "component_of": ("part_of", False),
}
"""Names that other graphs use for our relations, and whether they run the other way."""

# Names without a counterpart here; they are known only so that a label can be told from them.
_FOREIGN = frozenset(
    [
        "addresses", "affiliated_with", "applied_to", "applies_to", "based_on", "challenges", "cited_by", "cites",
        "contrasts_with", "critiques", "defines", "depends_on", "enables", "evaluates", "exemplifies", "implements",
        "influenced_by", "influences", "informs", "inspired_by", "instance_of", "is_a", "motivated_by", "motivates",
        "produces", "published_in", "requires", "responds_to", "same_as", "specializes", "subclass_of", "tests",
    ]
)  # fmt: skip
_NAMES = sorted({*RELATIONS, *ELSEWHERE, *_FOREIGN}, key=lambda name: (-len(name), name))

# English words that end as a relation is called; at the end of an item they are no glued relation.
_WORDS = frozenset(
    [
        "abuses", "accuses", "amuses", "apertures", "attests", "bonuses", "buses", "campuses", "causes", "clauses",
        "confuses", "consensuses", "contests", "countermeasures", "detests", "diffuses", "excites", "excuses",
        "focuses", "fuses", "houses", "incites", "infuses", "misinforms", "misquotes", "misuses", "muses", "nexuses",
        "overextends", "overproduces", "pauses", "peruses", "protests", "recites", "refocuses", "refuses",
        "reintroduces", "reproduces", "reuses", "spouses", "statuses", "unauthored", "understudies", "uses", "viruses",
        "warehouses",
    ]
)  # fmt: skip

_SEPARATOR = r"\s*(?:[—–|·:;\t→←]|\s-\s|\s{2,})\s*"
_BEGINS = r"(?=$|[^\W_a-z]|[\"'“‘«(\[<*$#&%…])"


def _spelled(name: str) -> str:
    return re.escape(name).replace("_", "[_ -]")


_ANY = "|".join(_spelled(name) for name in _NAMES)
# Between separators, or in brackets, every name is certain, also one that nobody knows.
_APART = re.compile(
    rf"^(?P<label>.*?)(?:{_SEPARATOR})(?P<name>{_ANY}|[a-z]+(?:_[a-z]+)+)(?:{_SEPARATOR}(?P<gloss>.*))?$",
    re.S,
)
_BRACKETS = re.compile(
    rf"^(?P<label>.*?)\s*[\[(](?P<name>{_ANY}|[a-z]+(?:_[a-z]+)+)[\])]\s*[:—–-]?\s*(?P<gloss>.*)$",
    re.S,
)
_SNAKE = [name for name in _NAMES if "_" in name]
_UNDERSCORED = re.compile(
    rf"^(?P<label>.*?)\s*(?P<name>{'|'.join(map(re.escape, _SNAKE))})\s*(?P<gloss>.*)$", re.S
)
_GLUED = re.compile(
    rf"^(?P<label>|.*?[^\W_]|.*?[)\].!?\"'”’])(?P<name>{_ANY}){_BEGINS}(?P<gloss>.*)$", re.S
)
_UNKNOWN = re.compile(
    r"^(?P<label>.*?)\s*(?P<name>(?<![a-z])[a-z]+(?:_[a-z]+)+)" + _BEGINS + r"(?P<gloss>.*)$", re.S
)
_ENTANGLED = re.compile(
    r"^(?P<label>.*?[a-z]+)(?P<name>(?:_[a-z]+)+)" + _BEGINS + r"(?P<gloss>.*)$", re.S
)

_SIMILAR = re.compile(
    rf"^(?P<text>.*?)\s*[—–|·:(\[]?\s*(?P<type>{'|'.join(NODE_TYPES)})[\])]?\s*[—–|·:(]?\s*"
    r"(?P<score>0?\.\d{1,6}|1\.0{1,6})[)]?\s*[—–|·:]?\s*(?P<gloss>.*)$",
    re.S,
)
_SCORED = re.compile(
    r"^(?P<text>.*?)\s*[—–|·:(\[]?\s*(?P<score>0\.\d{2,6}|1\.0{2,6})[)\]]?\s*[—–|·:]?\s*(?P<gloss>.*)$",
    re.S,
)
_MOST = 25_000
"""Characters of an item that is looked into; a longer one is no item that a page shows, and is kept as a gloss."""
_SMALL = frozenset(
    [
        "a", "an", "and", "as", "at", "by", "et", "al", "for", "from", "in", "into", "of", "on", "or", "the",
        "to", "under", "via", "vs", "with",
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a page's list."""

    line: int
    text: str
    """As it stands on the page."""
    label: str = ""
    """Empty where the page shows none."""
    relation: str = ""
    """As the page writes it; empty where it shows none."""
    gloss: str = ""
    type: str = ""
    """Of a similar item: empty where the page shows none."""
    score: float | None = None
    doubt: str = ""
    """What could not be told for certain."""


def read_item(line: int, parts: list[str]) -> Item:
    """Tell label, relation and gloss of an item apart.

    Args:
        line: Where it begins.
        parts: Its lines; several where the browser kept them apart.
    """
    text = " ".join(parts)
    item = Item(line, text)
    if len(text) > _MOST:
        return replace(item, gloss=text)
    for at, part in enumerate(parts[1:3], start=1):
        if name := _whole(part):
            label, gloss = " ".join(parts[:at]), " ".join(parts[at + 1 :])
            return replace(item, label=label, relation=name, gloss=gloss)
    if parts and (name := _whole(parts[0])) and "_" in name:
        return replace(item, relation=name, gloss=" ".join(parts[1:]))
    for pattern in (_BRACKETS, _APART, _UNDERSCORED):
        if found := pattern.match(text):
            return _split(item, found)
    if (found := _glued(text)) or (found := _UNKNOWN.match(text)):
        return _split(item, found)
    if found := _ENTANGLED.match(text):
        word = f"{found['label'].split()[-1]}{found['name']}"
        return replace(
            _split(item, found),
            doubt=f"where the label ends and the relation begins in {word!r} cannot be told",
        )
    if looks_like_label(text):
        return replace(item, label=text)
    return replace(item, gloss=text)


def read_similar(line: int, parts: list[str]) -> Item:
    """Tell text, type, score and gloss of an item of the similar ones apart."""
    text = " ".join(parts)
    item = Item(line, text)
    if len(text) > _MOST:
        return replace(item, gloss=text)
    found = _SIMILAR.match(text)
    if found is not None and found["text"]:
        said, score = found["text"].strip(), float(found["score"])
        return replace(item, label=said, type=found["type"], score=score, gloss=found["gloss"])
    if (scored := _SCORED.match(text)) and (scored["gloss"][:1].isupper() or not scored["gloss"]):
        said, gloss, score = scored["text"].strip(), scored["gloss"], float(scored["score"])
        if gloss or looks_like_label(said):
            return replace(item, label=said, gloss=gloss, score=score)
        return replace(item, gloss=said, score=score)
    return replace(item, label=text) if looks_like_label(text) else replace(item, gloss=text)


def looks_like_label(text: str) -> bool:
    """Say whether a text alone is a name rather than a sentence: few words, all that matter with a capital."""
    words = text.split()
    if not 0 < len(words) <= 8 or text[-1] in ".?!;":
        return False
    weighty = [word.strip("()[]'\"“”‘’,") for word in words if word.lower() not in _SMALL]
    return all(part[:1].isupper() or part[:1].isdigit() for part in weighty if part) and any(
        weighty
    )


def short(text: str, words: int = 12, most: int = 120) -> str:
    """Make a label from a gloss: its first words."""
    parts = text.split()
    kept = " ".join(parts[:words])
    if len(kept) > most:
        kept = kept[:most].rsplit(" ", 1)[0]
    return kept if kept == " ".join(parts) else f"{kept.rstrip(',;:.')}…"


def _whole(part: str) -> str:
    """Return the relation that a line is and nothing else, or nothing."""
    said = part.strip(" []()—–-:|")
    name = re.sub(r"[ -]", "_", said.lower())
    return name if name in _NAMES or re.fullmatch(r"[a-z]+(?:_[a-z]+)+", said) else ""


def _split(item: Item, found: re.Match[str]) -> Item:
    name = re.sub(r"[ -]", "_", found["name"].strip("_"))
    return replace(
        item,
        label=found["label"].strip(),
        relation=name,
        gloss=(found["gloss"] or "").strip(),
    )


def _glued(text: str) -> re.Match[str] | None:
    found = _GLUED.match(text)
    if found is None or found["gloss"]:
        return found
    last = text.rsplit(None, 1)[-1].lower()
    alone = last in RELATIONS and text.lower() == last
    return None if last in _WORDS and not alone else found
