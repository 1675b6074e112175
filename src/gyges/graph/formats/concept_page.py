"""What does a concept page of another research graph bring, copied from a browser as plain text?

The concept, its neighbours with the relations that the page shows, and the similar ones as proposals. What the page
does not say is not made up: a missing label, relation or direction is reported, and stands in the edge's evidence.
A page describes its sources, so what it says is `secondary`; what had to be inferred from it is `derived`, and what it
says of something that it does not show is `unverified`.
Glosses are kept as text, whatever they hold.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from gyges.graph.checks import MOST_GLOSS, MOST_LABEL, check_edge, check_node
from gyges.graph.formats._page_items import ELSEWHERE, Item, short
from gyges.graph.formats._page_layout import Group, Page, read_page
from gyges.graph.formats.text import text_of
from gyges.graph.model import Edge, Evidence, Node, node_id, slug_of, type_of
from gyges.graph.records import Incoming, Proposal
from gyges.graph.vocabulary import LAST_RESORT, RELATIONS, STATUSES, fits

__all__ = ["read"]

_SAID = "secondary"
_INFERRED = "derived"
_COLLECTIVE = re.compile(
    r"\bet al\b|\b(?:team|group|lab|laboratory|authors|collaboration|colleagues)\b|\s&\s|\band\b",
    re.I,
)


def read(path: Path) -> Incoming:
    """Read a concept page.

    Args:
        path: The copied text.

    Returns:
        The concept, the page itself as an artifact, the neighbours, their edges, and the similar ones as proposals.

    Raises:
        GraphError: It is not such a page, or a group shows another number of items than its heading says.
    """
    return _Reader(path, read_page(text_of(path), str(path))).incoming


class _Reader:
    def __init__(self, path: Path, page: Page) -> None:
        self.path = path
        self.page = page
        self.incoming = Incoming()
        self._nodes: dict[str, Node] = {}
        self._edges: dict[str, Edge] = {}
        self._proposed: set[str] = set()
        self._artifact = self._put_page()
        self._put_concept()
        for group in page.groups:
            self._put_group(group)
        for number, item in enumerate(page.similar, start=1):
            self._propose(item, number)
        if page.similar_stated and not page.similar:
            self._note(f"{page.similar_stated} similar ones are announced, and none is shown")
        for line, text in page.unread:
            self._note(f"not read: {text[:80]!r}", line)
        self.incoming.notes.insert(0, _summary(page))
        self.incoming.nodes = list(self._nodes.values())
        self.incoming.edges = list(self._edges.values())

    def _note(self, text: str, line: int | None = None) -> None:
        place = self.path.name if line is None else f"{self.path.name}:{line}"
        self.incoming.notes.append(f"{place}: {text}")

    def _add(self, node: Node, line: int) -> str:
        check_node(node.to_dict(), f"{self.path}:{line}")
        self._nodes[node.id] = node
        return node.id

    def _put_page(self) -> str:
        name = self.path.stem
        page = self.page
        if page.url:
            name = re.sub(r"^https?://", "", page.url)
        node = Node(
            node_id("artifact", name),
            short(f"Page on {page.label or page.id} ({page.url or self.path.name})", 40, 300),
            "A page of another research graph, read from a copy of its text.",
            identifiers={"url": page.url} if page.url else {},
            channel="imported",
            by=self.path.name[:MOST_LABEL],
        )
        return self._add(node, page.line)

    def _put_concept(self) -> None:
        page = self.page
        status = page.status or "active"
        if status not in STATUSES:
            self._note(f"the status {status!r} is not known here; taken as 'active'", page.line)
            status = "active"
        type_ = type_of(page.id)
        if page.type and page.type != type_:
            self._note(
                f"the page calls itself a {page.type}, its id {page.id!r} a {type_}; the id holds",
                page.line,
            )
        label = page.label
        if not label:
            label = page.id.partition(":")[2].replace("-", " ")
            self._note(f"label missing; {label!r} is made from the id", page.line)
            status = "incomplete"
        label, gloss = self._cut(label, page.gloss, page.line)
        where = (Evidence(self._artifact, "header", None, _SAID),) if gloss else ()
        self._add(self._node(page.id, label, gloss, status, where), page.line)

    def _node(
        self, id_: str, label: str, gloss: str, status: str, evidence: tuple[Evidence, ...]
    ) -> Node:
        return Node(
            id_,
            label,
            gloss,
            status=status,
            evidence=evidence,
            channel="imported",
            by=self.path.name[:MOST_LABEL],
        )

    def _cut(self, label: str, gloss: str, line: int) -> tuple[str, str]:
        if len(label) > MOST_LABEL:
            self._note(f"a label of {len(label):,} characters is cut; the gloss holds it", line)
            label, gloss = short(label, 60, MOST_LABEL - 1), f"{label} {gloss}".strip()
        if len(gloss) > MOST_GLOSS:
            self._note(f"a gloss of {len(gloss):,} characters is cut to {MOST_GLOSS:,}", line)
            gloss = f"{gloss[: MOST_GLOSS - 1]}…"
        return label, gloss

    def _put_group(self, group: Group) -> None:
        if not group.type:
            self._foreign(group)
            return
        items = group.items
        if not items and group.stated:
            self._note(
                f"{group.name} ({group.stated}): the page shows none of them",
                group.line,
            )
            items = [Item(group.line, "") for _ in range(group.stated)]
        for number, item in enumerate(items, start=1):
            self._put_item(group, item, number)

    def _put_item(self, group: Group, item: Item, number: int) -> None:
        place = f"Neighborhood, {group.name}, item {number}"
        label, gloss = self._cut(item.label, item.gloss, item.line)
        status = "active"
        if label:
            id_ = node_id(group.type, label)
        else:
            status = "incomplete"
            if gloss:
                label = short(gloss)
                id_ = node_id(group.type, label)
            else:
                label = f"(label missing) {group.type} {number}"
                # With the page's name: another page's first paper without a label is another paper.
                id_ = f"{group.type}:label-missing-{self._mark}-{number}"
            said = f"{label!r} is made from the gloss" if gloss else "nothing else is shown"
            self._note(f"{place}: label missing; {said}", item.line)
        if item.doubt:
            status = "incomplete"
            self._note(f"{place}: {item.doubt}", item.line)
        if group.type == "thinker" and _COLLECTIVE.search(label):
            self._note(f"{place}: {label!r} looks like a collective, not one person", item.line)
        id_ = self._distinct(id_, label, item.line, place)
        if id_ not in self._nodes:
            where = (Evidence(self._artifact, place, None, _SAID),) if gloss else ()
            self._add(self._node(id_, label, gloss, status, where), item.line)
        self._join(id_, item, place)

    @property
    def _mark(self) -> str:
        said = f"{self._artifact} {self.page.id}"
        return hashlib.sha256(said.encode()).hexdigest()[:8]

    def _distinct(self, id_: str, label: str, line: int, place: str) -> str:
        """Return the id for a label: another one where the slug is taken by another label."""
        kept, number = id_, 1
        while (known := self._nodes.get(kept)) is not None:
            if known.label.casefold() == label.casefold():
                self._note(f"{place}: {label!r} is listed twice, or is the page's own", line)
                return kept
            number += 1
            kept = f"{id_}-{number}"
        return kept

    def _join(self, id_: str, item: Item, place: str) -> None:
        concept = self.page.id
        if id_ == concept:
            return
        name, said, reverse, grade = self._relation(item, place)
        subject, object_ = (concept, id_) if reverse else (id_, concept)
        forth = fits(type_of(subject), name, type_of(object_))
        back = fits(type_of(object_), name, type_of(subject))
        if not forth and not back:
            self._note(
                f"{place}: {name!r} cannot join a {type_of(id_)} and a {type_of(concept)}; taken as {LAST_RESORT!r}",
                item.line,
            )
            said = f"{said}; it cannot join these types, so it is taken as {LAST_RESORT}"
            name, forth, grade = LAST_RESORT, True, _INFERRED
        elif not forth:
            subject, object_ = object_, subject
        elif back and not RELATIONS[name].symmetric and not reverse:
            said = f"{said}; direction assumed: the page shows none, and the relation may run either way"
            grade = _INFERRED
            self._note(f"{place}: direction of {name!r} assumed: {subject} to {object_}", item.line)
        if not (item.label or item.gloss):
            grade = "unverified"
        evidence = (Evidence(self._artifact, place, None, grade, said),)
        edge = Edge.make(
            subject, name, object_, "", evidence, "imported", by=self.path.name[:MOST_LABEL]
        )
        check_edge(edge.to_dict(), f"{self.path}:{item.line}")
        if edge.id in self._edges:
            both = (*self._edges[edge.id].evidence, *evidence)
            edge = replace(edge, evidence=both)
        self._edges[edge.id] = edge

    def _relation(self, item: Item, place: str) -> tuple[str, str, bool, str]:
        """Return our relation, what the page says, whether ours runs from the concept to the item, and the grade."""
        name = item.relation
        if not name:
            self._note(f"{place}: relation missing; taken as {LAST_RESORT!r}", item.line)
            said = f"the page shows no relation; taken as {LAST_RESORT}"
            return LAST_RESORT, said, False, _INFERRED
        if name in RELATIONS:
            return name, f"the page says {name}", False, _SAID
        if name in ELSEWHERE:
            ours, reverse = ELSEWHERE[name]
            self._note(f"{place}: the relation {name!r} is taken as {ours!r}", item.line)
            return ours, f"the page says {name}, taken as {ours}", reverse, _SAID
        self._note(f"{place}: no relation {name!r} here; taken as {LAST_RESORT!r}", item.line)
        said = f"the page says {name}, which is taken as {LAST_RESORT}"
        return LAST_RESORT, said, False, _INFERRED

    def _foreign(self, group: Group) -> None:
        """Propose what is of a type that the graph does not have; a person chooses one."""
        self._note(
            f"{group.name} ({group.stated}): no such type of node; proposed for review", group.line
        )
        for number, item in enumerate(group.items, start=1):
            place = f"Neighborhood, {group.name}, item {number}"
            label, gloss = self._cut(item.label or short(item.gloss), item.gloss, item.line)
            said = f"; relation shown: {item.relation}" if item.relation else ""
            if label:
                self._suggest(label, gloss, None, f"{place}: a type unknown here{said}")

    def _propose(self, item: Item, number: int) -> None:
        place = f"Related by similarity, item {number}"
        label, gloss = self._cut(item.label, item.gloss, item.line)
        says = [place]
        if not label:
            label = short(gloss)
            says.append("label missing, made from the gloss")
            self._note(f"{place}: label missing; {label!r} is made from the gloss", item.line)
        if not item.type:
            says.append("type not shown")
        if item.score is None:
            says.append("score not shown")
        if self.page.threshold is not None:
            says.append(f"the page's threshold is {self.page.threshold:g}")
        if not label:
            self._note(f"{place}: nothing is shown", item.line)
            return
        if item.type:
            where = (Evidence(self._artifact, place, None, _SAID),) if gloss else ()
            node = self._node(node_id(item.type, label), label, gloss, "active", where)
            check_node(node.to_dict(), f"{self.path}:{item.line}")
            self._suggest("", "", item.score, "; ".join(says), (node,))
        else:
            probe = self._node(f"concept:{slug_of(label)}", label, gloss, "active", ())
            check_node(probe.to_dict(), f"{self.path}:{item.line}")
            self._suggest(label, gloss, item.score, "; ".join(says))

    def _suggest(
        self,
        label: str,
        gloss: str,
        score: float | None,
        note: str,
        nodes: tuple[Node, ...] = (),
    ) -> None:
        proposal = Proposal.make(
            nodes=nodes,
            about=self.page.id,
            label=label,
            gloss=gloss,
            score=score,
            source=self.page.url or self.path.name,
            by=self.path.name[:MOST_LABEL],
            note=note,
        )
        if proposal.id not in self._proposed:
            self._proposed.add(proposal.id)
            self.incoming.proposals.append(proposal)


def _summary(page: Page) -> str:
    """Say what came out, in the page's own counts."""
    listed = [f"{group.name.lower()} {group.stated}" for group in page.groups]
    names = Counter(item.relation for group in page.groups for item in group.items if item.relation)
    shown = ", ".join(f"{count} {name}" for name, count in names.most_common())
    known = sum(group.stated for group in page.groups)
    scored = sum(item.score is not None for item in page.similar)
    return (
        f"{page.id}: {', '.join(listed) or 'no group'}: {known} neighbours, {names.total()} with a relation shown"
        f"{f' ({shown})' if shown else ''}; {len(page.similar)} similar, {scored} with a score"
    )
