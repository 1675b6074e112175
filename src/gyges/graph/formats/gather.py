"""Do the records of a file make one graph, and which of them do not?

Every format hands its records here, with their lines. A record is checked, made, and held against the others: the same
id with another content is a fault of both lines; said twice in the same words, it is kept once. Ends that the file
does not hold are left alone, because the graph that takes the file may hold them.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from gyges.errors import nearest
from gyges.graph.checks import MOST_GLOSS, check_edge, edge_problems, node_problems
from gyges.graph.formats.faults import Faults
from gyges.graph.model import Edge, Node
from gyges.graph.records import DECISIONS, Decision, Incoming, Proposal

__all__ = ["Gather"]

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_PROPOSAL_ID = re.compile(r"p:[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DECISION_FIELDS = ("key", "verdict", "by", "at", "note")
_PROPOSAL_FIELDS = (
    "id",
    "edge",
    "nodes",
    "about",
    "label",
    "gloss",
    "score",
    "source",
    "by",
    "note",
)


_T = TypeVar("_T")


class _Shelf(Generic[_T]):
    """Records of one kind by id, with the places where they stand."""

    def __init__(self, kept: list[_T], id_of: Callable[[_T], str], what: str) -> None:
        self.kept = kept
        self._id_of = id_of
        self._what = what
        self._at: dict[str, int] = {}
        # A place is a file's number and a line in one integer: a million of them have to fit.
        self._places = array("Q")

    def take(self, record: _T, place: int) -> int | None:
        """Keep a record; return the place of another one with its id that says something else."""
        id_ = self._id_of(record)
        position = self._at.setdefault(id_, len(self.kept))
        if position == len(self.kept):
            self.kept.append(record)
            self._places.append(place)
            return None
        return None if self.kept[position] == record else self._places[position]

    def place(self, id_: str) -> int | None:
        """Return where a record stands."""
        position = self._at.get(id_)
        return None if position is None else self._places[position]


class Gather:
    """The records of one reading.

    Args:
        path: What is read.
        channel: Of the records that name none.
    """

    def __init__(self, path: Path, channel: str = "imported") -> None:
        self.faults = Faults(path)
        self.incoming = Incoming()
        self._channel = channel
        self._files: list[Path] = []
        self._nodes = _Shelf(self.incoming.nodes, lambda node: node.id, "node")
        self._edges = _Shelf(self.incoming.edges, lambda edge: edge.id, "edge")
        self._decisions = _Shelf(self.incoming.decisions, lambda one: one.key, "decision")
        self._proposals = _Shelf(self.incoming.proposals, lambda one: one.id, "proposal")
        self._former: dict[str, tuple[str, int]] = {}

    def file(self, path: Path) -> None:
        """Say which file the lines that follow are of."""
        self._files.append(path)

    def fault(self, line: int | None, problem: str) -> None:
        """Note a fault of the present file."""
        self.faults.add(self._files[-1], line, problem)

    def node(self, given: Any, line: int) -> None:
        """Take a node's record."""
        given = self._completed(given)
        problems = node_problems(given)
        if problems:
            self._tell(problems, line)
            return
        node = Node.from_dict(given)
        self._take(self._nodes, node, f"the node {node.id!r}", line)
        for former in node.formerly:
            other, place = self._former.setdefault(former, (node.id, self._place(line)))
            if other != node.id:
                said = f"{former!r} is a former id of {other!r} ({self._where(place)}) and of {node.id!r}"
                self.fault(line, f"{said}; it can lead to one")

    def edge(self, given: Any, line: int) -> None:
        """Take an edge's record; one without an id gets the id of what it says."""
        given = self._completed(given)
        problems = edge_problems(given)
        if problems:
            self._tell(problems, line)
            return
        edge = Edge.from_dict(given) if "id" in given else check_edge(given)
        said = (
            "" if "id" in given else ", which follows from its subject, relation, object and gloss,"
        )
        self._take(self._edges, edge, f"the edge {edge.id!r}{said}", line)

    def decision(self, given: Any, line: int) -> None:
        """Take a decision of the review."""
        problems = _decision_problems(given)
        if problems:
            self._tell(problems, line)
            return
        decision = Decision.from_dict(given)
        self._take(self._decisions, decision, f"the decision on {decision.key!r}", line)

    def proposal(self, given: Any, line: int) -> None:
        """Take a proposal for the review."""
        if isinstance(given, dict):
            if "edge" in given:
                given["edge"] = self._completed(given["edge"])
            if isinstance(given.get("nodes"), list):
                given["nodes"] = [self._completed(one) for one in given["nodes"]]
        problems = _proposal_problems(given)
        if problems:
            self._tell(problems, line)
            return
        proposal = Proposal.from_dict(given)
        self._take(self._proposals, proposal, f"the proposal {proposal.id!r}", line)

    def done(self) -> Incoming:
        """Return what was read.

        Raises:
            GraphError: All that is wrong; nothing of it may be taken then.
        """
        for former, (survivor, place) in self._former.items():
            there = self._nodes.place(former)
            if there is not None:
                path, line = self._files[there >> 40], there & (1 << 40) - 1
                said = f"{former!r} is a node here, and a former id of {survivor!r}"
                self.faults.add(path, line, f"{said} ({self._where(place)}); it can be one of both")
        self.faults.check()
        return self.incoming

    def _completed(self, given: Any) -> Any:
        if isinstance(given, dict) and "channel" not in given:
            return {**given, "channel": self._channel}
        return given

    def _tell(self, problems: list[str], line: int) -> None:
        for problem in problems:
            self.fault(line, problem)

    def _place(self, line: int) -> int:
        return (len(self._files) - 1) << 40 | line

    def _where(self, place: int) -> str:
        return f"{self._files[place >> 40]}:{place & (1 << 40) - 1}"

    def _take(self, shelf: _Shelf[_T], record: _T, name: str, line: int) -> None:
        other = shelf.take(record, self._place(line))
        if other is not None:
            self.fault(
                line, f"{name} stands at {self._where(other)} too, and says something else there"
            )


def _texts(given: Mapping[str, Any], names: tuple[str, ...], say: Callable[[str], None]) -> None:
    for name in names:
        value = given.get(name, "")
        if not isinstance(value, str):
            say(f"{name} is {ascii(value)[:80]}; it is a text")
        elif len(value) > MOST_GLOSS:
            say(f"{name} has {len(value):,} characters; at most {MOST_GLOSS:,}")
        elif bad := _UNSEEN.search(value):
            say(f"{name} holds the character {bad.group()!r}, which no page can show")


def _fields(given: Any, what: str, fields: tuple[str, ...], say: Callable[[str], None]) -> bool:
    if not isinstance(given, Mapping):
        say(f"{what} is a JSON object, not {ascii(given)[:80]}")
        return False
    for name in given:
        if name not in fields:
            say(f"no field {name[:80]!r}; {nearest(name[:80], fields)}")
    return True


def _decision_problems(given: Any) -> list[str]:
    found: list[str] = []
    if _fields(given, "a decision", _DECISION_FIELDS, found.append):
        _texts(given, _DECISION_FIELDS, found.append)
        if not given.get("key"):
            found.append("a decision has a key: two ids, as in 'a|b', or a proposal's id")
        verdict = given.get("verdict")
        if isinstance(verdict, str) and verdict not in DECISIONS:
            found.append(f"verdict is {verdict[:80]!r}; {nearest(verdict[:80], DECISIONS)}")
        elif verdict is None:
            found.append(f"a decision has a verdict; allowed: {', '.join(DECISIONS)}")
    return found


def _proposal_problems(given: Any) -> list[str]:
    found: list[str] = []
    if not _fields(given, "a proposal", _PROPOSAL_FIELDS, found.append):
        return found
    id_ = given.get("id")
    if not isinstance(id_, str) or not _PROPOSAL_ID.fullmatch(id_):
        found.append(f"id is {ascii(id_)[:80]}; a proposal's id is 'p:' and letters or digits")
    _texts(given, ("about", "label", "gloss", "source", "by", "note"), found.append)
    nodes = given.get("nodes", [])
    if not isinstance(nodes, list):
        found.append(f"nodes is {ascii(nodes)[:80]}; it is a list")
        nodes = []
    for number, node in enumerate(nodes):
        problems = node_problems(node)
        found.extend(f"nodes[{number}]: {problem}" for problem in problems)
    if "edge" in given:
        problems = edge_problems(given["edge"])
        found.extend(f"edge: {problem}" for problem in problems)
        if not problems and "id" not in given["edge"]:
            found.append("edge: has no id")
    elif not (given.get("about") or given.get("label") or nodes):
        found.append("a proposal has an edge, or says what it is about")
    score = given.get("score")
    if score is not None and (
        isinstance(score, bool)
        or not isinstance(score, int | float)
        or not math.isfinite(score)
        or not 0 <= score <= 1
    ):
        found.append(f"score is {ascii(score)[:80]}; it is a number from 0 to 1")
    return found
