"""Is this record a node or an edge that a graph can hold, and if not, what is wrong with it?

What a stranger wrote is read here and nowhere else: every fault of a record is named with its value and with what is
allowed. Text is kept as text; what no page could show (control characters, half characters) and addresses that a
browser would run are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from gyges.errors import GraphError, nearest
from gyges.graph.model import EDGE_FIELDS, NODE_FIELDS, Edge, Node, type_of
from gyges.graph.vocabulary import CHANNELS, GRADES, NODE_TYPES, RELATIONS, STATUSES, fits, fitting

__all__ = [
    "MOST_GLOSS",
    "MOST_LABEL",
    "check_edge",
    "check_ends",
    "check_node",
    "check_text",
    "edge_problems",
    "node_problems",
]

MOST_LABEL = 500
"""Characters of a label, an alias, a locator or an identifier."""
MOST_GLOSS = 20_000
"""Characters of a gloss, a note or a passage."""
_MOST_ITEMS = 2_000
_MOST_WORDS = 150

_ID = re.compile(r"[a-z]+:[a-z0-9][a-z0-9._~%+-]{0,399}")
_EDGE_ID = re.compile(r"e:[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_HASH = re.compile(r"[0-9a-f]{64}")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAK = r"[\t\n\r]*"
_RUN = re.compile(
    rf"\s*(?:{_BREAK.join('javascript')}|{_BREAK.join('vbscript')}){_BREAK}:"
    rf"|\s*{_BREAK.join('data')}{_BREAK}:\s*(?:text|image|application)/",
    re.IGNORECASE,
)
"""What a browser would run, were it an address; it reads over tabs and line ends in the name of the scheme."""

_NODE = frozenset(NODE_FIELDS)
_EDGE = frozenset(EDGE_FIELDS)
_EVIDENCE_FIELDS = frozenset(["node", "locator", "passage", "grade", "note"])
_PASSAGE_FIELDS = frozenset(["sha256", "words", "text"])

_Say = Callable[[str], None]


def node_problems(given: Any) -> list[str]:
    """Name everything that is wrong with a node's record; an empty list where it is sound."""
    found: list[str] = []
    say = found.append
    if not _is_record(given, "a node", _NODE, say):
        return found
    id_ = given.get("id")
    _id(id_, "id", say)
    if given.get("type") is not None and isinstance(id_, str) and given["type"] != type_of(id_):
        say(f"type is {given['type']!r}, but the id {id_!r} says {type_of(id_)!r}")
    _text(given, "label", MOST_LABEL, say, needed=True)
    _text(given, "gloss", MOST_GLOSS, say)
    _text(given, "by", MOST_LABEL, say)
    for name in ("aliases", "formerly"):
        for one in _list(given, name, say):
            if name == "formerly":
                _id(one, name, say)
                if one == id_:
                    say(f"formerly names {id_!r}, which is the node's own id")
            else:
                _text({name: one}, name, MOST_LABEL, say, needed=True)
    _one_of(given, "status", STATUSES, say)
    _one_of(given, "channel", CHANNELS, say)
    _dates(given, say)
    _identifiers(given, say)
    _evidence(given, say)
    return found


def edge_problems(given: Any) -> list[str]:
    """Name everything that is wrong with an edge's record by itself; its ends are checked by :func:`check_ends`."""
    found: list[str] = []
    say = found.append
    if not _is_record(given, "an edge", _EDGE, say):
        return found
    if given.get("id") is not None and not (
        isinstance(given["id"], str) and _EDGE_ID.fullmatch(given["id"])
    ):
        say(
            f"id is {_show(given['id'])}; an edge's id is 'e:' and letters or digits, or is left out"
        )
    for name in ("subject", "object"):
        _id(given.get(name), name, say)
    if isinstance(given.get("subject"), str) and given.get("subject") == given.get("object"):
        say(f"subject and object are both {given['subject']!r}; an edge joins two nodes")
    name = given.get("relation")
    if not isinstance(name, str) or name not in RELATIONS:
        say(f"relation is {_show(name)}; {_nearest(name, RELATIONS)}")
    else:
        ends = [given.get(end) for end in ("subject", "object")]
        if all(isinstance(end, str) and type_of(end) in NODE_TYPES for end in ends):
            _ends(type_of(str(ends[0])), name, type_of(str(ends[1])), say)
    _text(given, "gloss", MOST_GLOSS, say)
    _text(given, "by", MOST_LABEL, say)
    _one_of(given, "channel", CHANNELS, say)
    sure = given.get("confidence")
    if sure is not None and (
        isinstance(sure, bool) or not isinstance(sure, int | float) or not 0 <= sure <= 1
    ):
        say(f"confidence is {_show(sure)}; it is a number from 0 to 1, or is left out")
    _evidence(given, say)
    return found


def check_node(given: Any, where: str = "the node") -> Node:
    """Read a node's record.

    Args:
        given: What was parsed from a file or a request.
        where: Where it stands, for the message: ``nodes.jsonl:12``.

    Raises:
        GraphError: Everything that is wrong with it.
    """
    _raise(node_problems(given), where)
    return Node.from_dict(_said(given))


def check_edge(given: Any, where: str = "the edge") -> Edge:
    """Read an edge's record; one without an id gets the id of what it says.

    Raises:
        GraphError: Everything that is wrong with it.
    """
    _raise(edge_problems(given), where)
    said = _said(given)
    if "id" in said:
        return Edge.from_dict(said)
    read = Edge.from_dict({**said, "id": ""})
    return Edge.make(
        read.subject,
        read.relation,
        read.object,
        read.gloss,
        read.evidence,
        read.channel,
        read.confidence,
        read.by,
    )


def check_ends(subject: str, relation: str, object_: str) -> None:
    """Refuse an edge whose relation may not run from one node's type to the other's.

    Raises:
        GraphError: With the relations that may.
    """
    found: list[str] = []
    _ends(type_of(subject), relation, type_of(object_), found.append)
    _raise(found, f"{subject} {relation} {object_}")


def check_text(value: Any, name: str, most: int = MOST_GLOSS) -> None:
    """Refuse a text that is too long, or that holds what no page can show.

    Args:
        value: What was given.
        name: What it is, for the message: ``note``.
        most: Characters at most.

    Raises:
        GraphError: What is wrong with it.
    """
    found: list[str] = []
    _text({name: value}, name, most, found.append)
    if found:
        raise GraphError("; ".join(found))


def _said(given: Any) -> Any:
    """Leave out the fields that are null: they say as much as those that are not there."""
    if isinstance(given, Mapping):
        return {name: _said(value) for name, value in given.items() if value is not None}
    return [_said(one) for one in given] if isinstance(given, list | tuple) else given


def _raise(problems: Sequence[str], where: str) -> None:
    if problems:
        raise GraphError("\n".join(f"{where}: {problem}" for problem in problems))


def _ends(subject: str, name: str, object_: str, say: _Say) -> None:
    if not fits(subject, name, object_):
        allowed = ", ".join(fitting(subject, object_))
        back = [one for one in fitting(object_, subject) if one == name]
        hint = "; it may run the other way" if back else ""
        say(f"{name!r} cannot run from a {subject} to a {object_}{hint}; allowed here: {allowed}")


def _is_record(given: Any, what: str, fields: frozenset[str], say: _Say) -> bool:
    if not isinstance(given, Mapping):
        say(f"{what} is a JSON object, not {_show(given)}")
        return False
    for name in list(given)[:_MOST_ITEMS]:
        if name not in fields:
            say(f"no field {_show(name)}; {_nearest(name, fields)}")
    return True


def _id(value: Any, name: str, say: _Say) -> None:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        say(
            f"{name} is {_show(value)}; an id is type:slug, the slug of small letters, digits and hyphens, such as "
            "'concept:alignment-faking'"
        )
    elif type_of(value) not in NODE_TYPES:
        say(f"{name} {value!r} begins with no type of node; {_nearest(type_of(value), NODE_TYPES)}")


def _text(
    given: Mapping[str, Any], name: str, most: int, say: _Say, *, needed: bool = False
) -> None:
    value = given.get(name)
    if value is None and not needed:
        return
    if not isinstance(value, str) or (needed and not value.strip()):
        say(f"{name} is {_show(value)}; it is a text" + (" that is not empty" if needed else ""))
    elif len(value) > most:
        say(f"{name} has {len(value):,} characters; at most {most:,}: it begins {_show(value)}")
    elif bad := _UNSEEN.search(value):
        say(f"{name} holds the character {bad.group()!r} at {bad.start()}, which no page can show")


def _list(given: Mapping[str, Any], name: str, say: _Say) -> Sequence[Any]:
    value = given.get(name)
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        say(f"{name} is {_show(value)}; it is a list")
        return ()
    if len(value) > _MOST_ITEMS:
        say(f"{name} has {len(value):,} items; at most {_MOST_ITEMS:,}")
        return ()
    return value


def _one_of(given: Mapping[str, Any], name: str, allowed: Mapping[str, str], say: _Say) -> None:
    value = given.get(name)
    if value is not None and (not isinstance(value, str) or value not in allowed):
        say(f"{name} is {_show(value)}; {_nearest(value, allowed)}")


def _pairs(given: Mapping[str, Any], name: str, say: _Say) -> Mapping[str, Any]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) and key for key in value):
        say(f"{name} is {_show(value)}; it is a JSON object of texts")
        return {}
    if len(value) > _MOST_ITEMS:
        say(f"{name} has {len(value):,} items; at most {_MOST_ITEMS:,}")
        return {}
    for key in value:
        if len(key) > MOST_LABEL or _UNSEEN.search(key):
            say(f"{name} has the name {_show(key)}, which no page can show")
    return value


def _dates(given: Mapping[str, Any], say: _Say) -> None:
    for name, value in _pairs(given, "dates", say).items():
        if not isinstance(value, str) or not _is_date(value):
            say(f"dates.{name} is {_show(value)}; a date is written 2024, 2024-12 or 2024-12-20")


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(f"{value}-01-01"[:10] if len(value) < 7 else f"{value}-01"[:10])
    except ValueError:
        return False
    return True


def _identifiers(given: Mapping[str, Any], say: _Say) -> None:
    for name, value in _pairs(given, "identifiers", say).items():
        _text(
            {f"identifiers.{name}": value}, f"identifiers.{name}", 2 * MOST_LABEL, say, needed=True
        )
        _no_script(value, f"identifiers.{name}", say)
        if name == "url" and isinstance(value, str) and not re.match(r"https?://[^\s/]", value):
            say(f"identifiers.url is {_show(value)}; an address begins with https:// or http://")


def _evidence(given: Mapping[str, Any], say: _Say) -> None:
    for number, one in enumerate(_list(given, "evidence", say)):
        at = f"evidence[{number}]"

        def tell(problem: str, at: str = at) -> None:
            say(f"{at}: {problem}")

        if not _is_record(one, "a piece of evidence", _EVIDENCE_FIELDS, tell):
            continue
        if one.get("node"):
            _id(one["node"], "node", tell)
        elif one.get("node") not in (None, ""):
            tell(f"node is {_show(one['node'])}; it is the id of a source, or is left out")
        _text(one, "locator", MOST_LABEL, tell)
        _no_script(one.get("locator"), "locator", tell)
        _text(one, "note", MOST_GLOSS, tell)
        _one_of(one, "grade", GRADES, tell)
        if one.get("passage") is not None:
            _passage(one["passage"], tell)


def _passage(given: Any, say: _Say) -> None:
    if not _is_record(given, "a passage", _PASSAGE_FIELDS, say):
        return
    if not isinstance(given.get("sha256"), str) or not _HASH.fullmatch(given["sha256"]):
        say(f"sha256 is {_show(given.get('sha256'))}; it is 64 hexadecimal digits")
    words = given.get("words")
    if isinstance(words, bool) or not isinstance(words, int) or not 1 <= words <= _MOST_WORDS:
        say(f"words is {_show(words)}; it is how many words the passage has, at most {_MOST_WORDS}")
    _text(given, "text", MOST_GLOSS, say)


def _no_script(value: Any, name: str, say: _Say) -> None:
    if isinstance(value, str) and _RUN.match(value):
        say(
            f"{name} is {_show(value)}, which a browser would run; an address begins with https:// or http://"
        )


def _nearest(value: Any, allowed: Iterable[str]) -> str:
    # A long text is near to nothing, and comparing it would take for ever.
    return nearest(value if isinstance(value, str) and len(value) <= MOST_LABEL else "", allowed)


def _show(value: Any) -> str:
    try:
        said = repr(value[:100]) if isinstance(value, str) else ascii(value)
    except (ValueError, RecursionError):  # a number of thousands of digits; lists in lists in lists
        said = f"a {type(value).__name__} that is too big to show"
    return said if len(said) <= 80 else f"{said[:77]}..."
