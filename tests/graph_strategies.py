"""Graphs that hypothesis makes up, and the laws that any graph's file must keep.

The ids are few, so that what is made up meets what is there: the same node again, a second edge between two nodes,
evidence that cites the node that a merge takes away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from gyges.graph.model import Edge, Evidence, Node, Passage
from gyges.graph.records import DECISIONS, Decision, Incoming, Proposal, pair_key
from gyges.graph.store import Store, plain_name
from gyges.graph.vocabulary import CHANNELS, GRADES, NODE_TYPES, RELATIONS, STATUSES, fitting

IDS = (
    "concept:a",
    "concept:b",
    "concept:c",
    "concept:d",
    "claim:a",
    "claim:b",
    "claim:c",
    "paper:a",
    "paper:b",
    "paper:c",
)

LABELS = st.sampled_from(["Faking", "faking", "FAKING ", "Gap", "Straße", "STRASSE", "Überblick"])
WORDS = st.sampled_from(["", "", "one", "two", "two ", "drei ümlaut", "four\nlines"])
IDENTIFIERS = st.dictionaries(
    st.sampled_from(["arxiv", "doi", "url"]), st.sampled_from(["https://a.b/1", "https://a.b/2"])
)
ANY_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12
)
"""Text of any script that a record may hold."""
SAID = ANY_TEXT.filter(lambda text: bool(text.strip()))


def evidence(ids: Sequence[str] = IDS) -> st.SearchStrategy[tuple[Evidence, ...]]:
    one = st.builds(
        Evidence,
        node=st.sampled_from(["", *ids]),
        locator=st.sampled_from(["", "page 1", "page 2"]),
        passage=st.sampled_from([None, Passage.of("some words"), Passage("0" * 64, 3)]),
        grade=st.sampled_from(sorted(GRADES)),
        note=WORDS,
    )
    return st.lists(one, max_size=3).map(tuple)


def nodes(
    ids: Sequence[str] = IDS, cited: Sequence[str] = (), formerly: bool = False
) -> st.SearchStrategy[Node]:
    return st.builds(
        Node,
        id=st.sampled_from(ids),
        label=LABELS,
        gloss=WORDS,
        aliases=st.lists(LABELS, max_size=2).map(tuple),
        status=st.sampled_from(sorted(STATUSES)),
        dates=st.dictionaries(
            st.sampled_from(["published", "updated"]), st.sampled_from(["2024", "2025-01"])
        ),
        identifiers=IDENTIFIERS,
        evidence=evidence(cited),
        formerly=(
            st.sampled_from([(), (), ("concept:old",), ("claim:a", "paper:older")])
            if formerly
            else st.just(())
        ),
        channel=st.sampled_from(sorted(CHANNELS)),
        by=st.sampled_from(["", "me"]),
    )


@st.composite
def edges(draw: st.DrawFn, ids: Sequence[str], cited: Sequence[str] = ()) -> Edge:
    """An edge between two of the nodes; some have an id of their own, and the ends of some are out of order."""
    subject = draw(st.sampled_from(ids))
    object_ = draw(st.sampled_from([one for one in ids if one != subject]))
    allowed = fitting(subject.partition(":")[0], object_.partition(":")[0])
    symmetric = [name for name in allowed if RELATIONS[name].symmetric]
    relation = draw(st.sampled_from([*allowed[:2], *symmetric]))
    rest = {
        "gloss": draw(WORDS),
        "evidence": draw(evidence(cited)),
        "channel": draw(st.sampled_from(sorted(CHANNELS))),
        "confidence": draw(st.sampled_from([None, 0.0, 0.5, 1])),
        "by": draw(st.sampled_from(["", "me"])),
    }
    if draw(st.booleans()):
        return Edge.make(subject, relation, object_, **rest)
    return Edge(f"e:own{draw(st.integers(0, 9))}", subject, relation, object_, **rest)


def decisions(ids: Sequence[str] = IDS) -> st.SearchStrategy[Decision]:
    return st.builds(
        lambda pair, verdict, note: Decision(pair_key(*pair), verdict, "me", "", note),
        st.lists(st.sampled_from(ids), min_size=2, max_size=2, unique=True),
        st.sampled_from(sorted(DECISIONS)),
        WORDS,
    )


@st.composite
def proposals(draw: st.DrawFn, ids: Sequence[str] = IDS) -> Proposal:
    if draw(st.booleans()):
        return Proposal.make(edge=draw(edges(ids)), source="page.txt")
    return Proposal.make(about=draw(st.sampled_from(ids)), label=draw(LABELS), score=0.7)


@st.composite
def incomings(draw: st.DrawFn, there: Sequence[str] = (), most: int = 5) -> Incoming:
    """What a file brings; it may refer to what is there already."""
    fresh = draw(st.lists(nodes(), min_size=1, max_size=most))
    ids = sorted({*there, *(node.id for node in fresh)})
    cited = [nodes(ids=[node.id], cited=ids) for node in fresh[:1]]
    some = st.lists(edges(ids, ids), max_size=most) if len(ids) > 1 else st.just([])
    two = len(ids) > 1
    return Incoming(
        [*fresh, *(draw(one) for one in cited)],
        draw(some),
        draw(st.lists(proposals(ids), max_size=1)) if two else [],
        draw(st.lists(decisions(ids), max_size=1)) if two else [],
    )


# ---------------------------------------------------------------------- valid records of every kind

_SLUG = st.from_regex(r"[a-z0-9][a-z0-9._~%+-]{0,30}", fullmatch=True)
NODE_IDS = st.builds("{}:{}".format, st.sampled_from(sorted(NODE_TYPES)), _SLUG)
_KEYS = st.sampled_from(["published", "updated", "doi", "isbn-13", "Größe"])
_DATES = st.one_of(
    st.dates().map(lambda day: day.isoformat()),
    st.dates().map(lambda day: day.isoformat()[:7]),
    st.dates().map(lambda day: day.isoformat()[:4]),
)
_PASSAGES = st.builds(
    Passage,
    sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    words=st.integers(1, 150),
    text=ANY_TEXT,
)
_EVIDENCE = st.lists(
    st.builds(
        Evidence,
        node=st.one_of(st.just(""), NODE_IDS),
        locator=ANY_TEXT,
        passage=st.one_of(st.none(), _PASSAGES),
        grade=st.sampled_from(sorted(GRADES)),
        note=ANY_TEXT,
    ),
    max_size=3,
).map(tuple)
VALID_NODES = st.builds(
    Node,
    id=NODE_IDS,
    label=SAID,
    gloss=ANY_TEXT,
    aliases=st.lists(SAID, max_size=3).map(tuple),
    status=st.sampled_from(sorted(STATUSES)),
    dates=st.dictionaries(_KEYS, _DATES, max_size=2),
    identifiers=st.dictionaries(_KEYS, SAID, max_size=2),
    evidence=_EVIDENCE,
    formerly=st.lists(NODE_IDS.map(lambda id_: id_ + "~old"), max_size=2).map(tuple),
    channel=st.sampled_from(sorted(CHANNELS)),
    by=ANY_TEXT,
)


@st.composite
def valid_edges(draw: st.DrawFn) -> Edge:
    kinds = st.sampled_from(sorted(NODE_TYPES))
    subject = f"{draw(kinds)}:{draw(_SLUG)}"
    object_ = f"{draw(kinds)}:{draw(_SLUG)}"
    if subject == object_:
        object_ += "-2"
    relation = draw(st.sampled_from(fitting(subject.partition(":")[0], object_.partition(":")[0])))
    return Edge.make(
        subject,
        relation,
        object_,
        draw(ANY_TEXT),
        draw(_EVIDENCE),
        draw(st.sampled_from(sorted(CHANNELS))),
        draw(st.one_of(st.none(), st.floats(0, 1))),
        draw(ANY_TEXT),
    )


# ---------------------------------------------------------------------- what holds of any graph's file


def looked_up(store: Store) -> dict[str, Any]:
    """Everything that a file holds to look things up with, by ids in the place of row numbers."""
    ask = store.connection.execute
    return {
        "node": ask("SELECT id, type, label, status, edges FROM node ORDER BY id").fetchall(),
        "edge": ask(
            "SELECT edge.id, a.id, b.id, relation, evidence, channel FROM edge"
            " JOIN node a ON a.num = subject JOIN node b ON b.num = object ORDER BY edge.id"
        ).fetchall(),
        "name": ask(
            "SELECT name, (SELECT id FROM node WHERE num = name.node) FROM name ORDER BY 1, 2"
        ).fetchall(),
        "former": ask(
            "SELECT id, (SELECT id FROM node WHERE num = former.node) FROM former ORDER BY 1, 2"
        ).fetchall(),
        "cites": ask("SELECT source, kind, holder FROM cites ORDER BY 1, 2, 3").fetchall(),
        "node_text": ask(
            "SELECT (SELECT id FROM node WHERE num = node_text.rowid), label, aliases, gloss"
            " FROM node_text ORDER BY 1"
        ).fetchall(),
    }


def expected_look_up(store: Store) -> dict[str, Any]:
    """The same, counted afresh from the nodes and edges themselves."""
    all_nodes, all_edges = list(store.nodes()), list(store.edges())
    ends = [end for edge in all_edges for end in (edge.subject, edge.object)]
    names = {
        (plain_name(name), node.id) for node in all_nodes for name in (node.label, *node.aliases)
    }
    cites = {
        (one.node, kind, row.id)
        for kind, rows in (("node", all_nodes), ("edge", all_edges))
        for row in rows
        for one in row.evidence
        if one.node
    }
    return {
        "node": [(n.id, n.type, n.label, n.status, ends.count(n.id)) for n in all_nodes],
        "edge": [
            (
                *(e.id, e.subject, e.object, e.relation),
                len([one for one in e.evidence if one.node]),
                e.channel,
            )
            for e in all_edges
        ],
        "name": sorted(names, key=lambda row: (row[0].encode(), row[1])),
        "former": sorted((old, node.id) for node in all_nodes for old in node.formerly),
        "cites": sorted(cites),
        "node_text": [
            (n.id, n.label, " \n".join([*n.aliases, *_by_name(n.identifiers)]), n.gloss)
            for n in all_nodes
        ],
    }


def _by_name(fields: Mapping[str, str]) -> list[str]:
    return [fields[name] for name in sorted(fields)]


def hold_the_laws(store: Store) -> None:
    """What is true of every graph after every change, whatever was done."""
    assert looked_up(store) == expected_look_up(store)
    ids = {node.id for node in store.nodes()}
    for edge in store.edges():
        assert edge.subject != edge.object
        assert {edge.subject, edge.object} <= ids
    former = [old for node in store.nodes() for old in node.formerly]
    assert len(former) == len(set(former))
    assert not ids & set(former)
    for source, _, holder in looked_up(store)["cites"]:
        assert store.has(source), f"{holder} cites {source}, which leads nowhere"
    ask = store.connection.execute
    assert ask("PRAGMA foreign_key_check").fetchall() == []
    numbers = [row[0] for row in ask("SELECT number FROM change ORDER BY number")]
    assert numbers == list(range(1, len(numbers) + 1))


def sound_file(store: Store) -> None:
    """The database's own checks, of its pages and of the full text."""
    assert store.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    store.connection.execute("INSERT INTO node_text (node_text) VALUES ('integrity-check')")


def rows(dump: bytes, kind: str) -> dict[str, Any]:
    """The rows of a kind in a dump, by key."""
    lines = [json.loads(line) for line in dump.splitlines()]
    return {line["key"]: line["row"] for line in lines if line["kind"] == kind}
