"""Graphs of valid records for the tests of the formats: by chance, and one that is made to be difficult."""

from __future__ import annotations

from hypothesis import strategies as st

from gyges.graph.model import Edge, Evidence, Node, Passage
from gyges.graph.vocabulary import CHANNELS, GRADES, NODE_TYPES, STATUSES, fitting

HOSTILE = (
    "=it's \\u0027 \\\n\t q\" é 😀 '}) MATCH (n) DETACH DELETE n // ; $x {y} `z` \u2028\x85 \\ "
    "<script>alert(1)</script> &lt;b&gt;]]><!-- %25 |"
)

_LETTERS = st.characters(
    exclude_categories=["Cs", "Cc"],
    exclude_characters="\ufffe\uffff",
    include_characters="\n\t\x85",
)
_AWKWARD = st.sampled_from(
    [
        HOSTILE,
        "=1+1",
        "'=1+1",
        "''@x",
        "'tis",
        " -x",
        "\tx",
        "\nx\n",
        '"',
        ",;",
        "null",
        "[]",
        "@id",
        "＝1",
    ]
)
TEXTS = st.text(_LETTERS, max_size=12) | _AWKWARD
NAMES = TEXTS.filter(lambda text: bool(text.strip()))
_SLUGS = st.from_regex(r"[a-z0-9][a-z0-9._~%+-]{0,6}", fullmatch=True)
_DATES = st.sampled_from(["2024", "2024-12", "2024-12-20"])
_PASSAGES = st.builds(
    Passage, st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(1, 150), TEXTS
)
_EVIDENCE = st.builds(
    Evidence,
    st.just("") | _SLUGS.map("paper:{}".format),
    TEXTS,
    st.none() | _PASSAGES,
    st.sampled_from(list(GRADES)),
    TEXTS,
)
_LISTS = st.lists(_EVIDENCE, max_size=2).map(tuple)
_SURE = st.none() | st.floats(0, 1) | st.sampled_from([0, 1, 0.0, 1.0])


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Node], list[Edge]]:
    """Draw a graph: nodes and edges by id, several edges between two nodes among them."""
    slugs = draw(
        st.lists(st.tuples(st.sampled_from(list(NODE_TYPES)), _SLUGS), max_size=5, unique=True)
    )
    nodes = [
        Node(
            f"{type_}:{slug}",
            draw(NAMES),
            draw(TEXTS),
            tuple(draw(st.lists(NAMES, max_size=2))),
            draw(st.sampled_from(list(STATUSES))),
            draw(
                st.dictionaries(
                    st.sampled_from(["published", "updated", "proposed"]) | NAMES,
                    _DATES,
                    max_size=2,
                )
            ),
            draw(
                st.dictionaries(
                    st.sampled_from(["arxiv", "doi"]) | NAMES.filter(lambda name: name != "url"),
                    NAMES,
                    max_size=2,
                )
            )
            | draw(st.sampled_from([{}, {"url": "https://example.org/a b?c=<d>&e"}])),
            draw(_LISTS),
            (f"{type_}:was-{number}",) if draw(st.booleans()) else (),
            draw(st.sampled_from(list(CHANNELS))),
            draw(TEXTS),
        )
        for number, (type_, slug) in enumerate(slugs)
    ]
    edges = {}
    for _ in range(draw(st.integers(0, 4)) if len(nodes) > 1 else 0):
        one, other = draw(st.permutations(nodes))[:2]
        edge = Edge.make(
            one.id,
            draw(st.sampled_from(fitting(one.type, other.type))),
            other.id,
            draw(TEXTS),
            draw(_LISTS),
            draw(st.sampled_from(list(CHANNELS))),
            draw(_SURE),
            draw(TEXTS),
        )
        edges[edge.id] = edge
    return sorted(nodes, key=lambda node: node.id), sorted(edges.values(), key=lambda edge: edge.id)


def difficult() -> tuple[list[Node], list[Edge]]:
    """Make a graph with every field, hostile texts, and several edges between two nodes; not in order."""
    evidence = (Evidence("paper:x%2", HOSTILE, Passage.of(HOSTILE), "primary", HOSTILE), Evidence())
    nodes = [
        Node(
            "finding:b",
            HOSTILE,
            HOSTILE,
            (HOSTILE, "'=x", "a"),
            dates={"published": "2024", "proposed": "2024-12"},
            identifiers={"url": "https://example.org/a b", "arxiv": HOSTILE},
            evidence=evidence,
            formerly=("finding:z%25",),
            by=HOSTILE,
        ),
        Node("claim:a", "A claim", status="disputed"),
        Node("concept:c1", "A concept"),
        Node("paper:x%2", "A paper"),
    ]
    edges = [
        Edge.make("finding:b", "supports", "claim:a", "one", confidence=0.5),
        Edge.make("finding:b", "supports", "claim:a", HOSTILE, evidence, by=HOSTILE),
        Edge.make("finding:b", "contradicts", "claim:a", "one", confidence=1.0),
        Edge.make("concept:c1", "associated_with", "claim:a", confidence=1e-7),
        Edge.make("paper:x%2", "proposes", "concept:c1", "first"),
    ]
    return nodes, edges
