"""Is a graph that goes out and comes in again the same graph, and do other programs read it?"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import textwrap
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from graph_records import HOSTILE, TEXTS, difficult, graphs
from gyges.errors import GraphError
from gyges.graph.formats import FORMATS, format_of, read, write
from gyges.graph.formats.csv_ import guarded, unguarded
from gyges.graph.model import Edge, Evidence, Node
from gyges.graph.records import Decision, Proposal

BACK = ["jsonl", "csv", "graphml", "jsonld"]
WRITTEN = [*BACK, "cypher", "ladybug"]


def place(folder: Path, name: str) -> Path:
    return folder / "graph" if name == "csv" else folder / f"graph.{name}"


def content(path: Path) -> dict[str, bytes]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return {file.name: file.read_bytes() for file in files}


def in_order(records):
    return sorted(records, key=lambda record: record.id)


@pytest.mark.parametrize("name", BACK)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(graph=graphs())
def test_what_is_written_is_read_back_equal(name, graph, tmp_path):
    nodes, edges = graph
    path = place(tmp_path, name)
    write(path, nodes, edges, name)
    incoming = read(path, name)
    assert incoming.nodes == nodes
    assert incoming.edges == edges


@pytest.mark.parametrize("name", BACK)
def test_a_difficult_graph_comes_back_in_order_with_every_field(name, tmp_path):
    nodes, edges = difficult()
    path = place(tmp_path, name)
    write(path, nodes, edges, name)
    incoming = read(path)
    assert incoming.nodes == in_order(nodes)
    assert incoming.edges == in_order(edges)


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_graph_gives_the_same_bytes_in_any_order_and_as_a_stream(name, tmp_path):
    nodes, edges = difficult()
    one, other, third = (tmp_path / letter for letter in "abc")
    for folder, some_nodes, some_edges in (
        (one, nodes, edges),
        (other, nodes[::-1], edges[::-1]),
        (third, iter(in_order(nodes)), iter(in_order(edges))),
    ):
        folder.mkdir()
        write(place(folder, name), some_nodes, some_edges, name)
    assert content(place(one, name)) == content(place(other, name)) == content(place(third, name))


@pytest.mark.parametrize("name", WRITTEN)
def test_an_empty_graph_is_a_graph(name, tmp_path):
    path = place(tmp_path, name)
    write(path, [], [], name)
    if FORMATS[name].reads:
        incoming = read(path)
        assert (incoming.nodes, incoming.edges) == ([], [])


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("there", [False, True])
def test_an_export_that_fails_leaves_the_old_file_or_none(name, there, tmp_path):
    path = place(tmp_path, name)
    before = {}
    if there:
        write(path, [Node("concept:old", "Old")], [], name)
        before = content(path)

    def breaking() -> Iterator[Node]:
        for number in range(1000):
            yield Node(f"concept:n{number:04}", "A label")
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        write(path, breaking(), [], name)
    assert [file.name for file in tmp_path.iterdir()] == ([path.name] if there else [])
    if there:
        assert content(path) == before


@pytest.mark.parametrize("name", WRITTEN)
def test_a_stream_is_written_without_being_held(name, tmp_path):
    def nodes() -> Iterator[Node]:
        for number in range(300):
            yield Node(f"concept:n{number:06}", "A label")

    def edges(count: int) -> Iterator[Edge]:
        for number in range(count):
            ends = f"concept:n{number % 299:06}", f"concept:n{number % 299 + 1:06}"
            yield Edge(f"e:{number:08}", ends[0], "extends", ends[1], "A gloss " * 10)

    peaks = []
    for count in (2_000, 20_000):
        tracemalloc.start()
        write(place(tmp_path, name), nodes(), edges(count), name)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Ten times the edges, 3 MB more text: what is held does not grow with it.
    assert peaks[1] < peaks[0] + 400_000


def test_a_stream_out_of_order_or_a_doubled_id_is_refused(tmp_path):
    one, other = Node("concept:a", "A"), Node("concept:b", "B")
    with pytest.raises(GraphError, match="'concept:a' comes behind 'concept:b'"):
        write(tmp_path / "g.jsonl", iter([other, one]), [])
    with pytest.raises(GraphError, match="two records have the id 'concept:a'"):
        write(tmp_path / "g.jsonl", [one, one], [])
    assert not list(tmp_path.iterdir())


def test_a_link_stays_a_link_and_a_file_keeps_its_mode(tmp_path):
    kept = tmp_path / "kept.jsonl"
    kept.write_text("old")
    kept.chmod(0o640)
    link = tmp_path / "link.jsonl"
    link.symlink_to(kept)
    write(link, [Node("concept:a", "A")], [])
    assert link.is_symlink()
    assert read(kept).nodes == [Node("concept:a", "A")]
    assert kept.stat().st_mode & 0o777 == 0o640


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "folder.graphml").mkdir()
    with pytest.raises(GraphError, match="is a folder"):
        write(tmp_path / "folder.graphml", [], [], "graphml")
    with pytest.raises(GraphError, match="there is no folder"):
        write(tmp_path / "none" / "g.jsonl", [], [])
    with pytest.raises(GraphError, match="CSV is two tables; name a folder"):
        write(tmp_path / "g.csv", [], [])


# The table of formats


def test_the_format_is_told_by_the_name_or_by_what_a_folder_holds(tmp_path):
    assert format_of(Path("a.graphml")).name == "graphml"
    assert format_of(Path("a.CQL")).name == "cypher"
    assert format_of(Path("a.bib")).name == "bibtex"
    write(tmp_path / "t", [], [], "csv")
    assert format_of(tmp_path / "t").name == "csv"
    (tmp_path / "g.json").write_text('{"@context": {}}')
    (tmp_path / "z.json").write_text("[]")
    assert format_of(tmp_path / "g.json").name == "jsonld"
    assert format_of(tmp_path / "z.json").name == "csl"
    with pytest.raises(GraphError, match=r"does not tell the format.*graphml"):
        format_of(Path("a.xyz"))
    (tmp_path / "e").mkdir()
    with pytest.raises(GraphError, match="holds neither"):
        format_of(tmp_path / "e")


def test_a_format_that_is_not_there_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(GraphError, match=r"no format 'graphlm'; did you mean 'graphml'\?"):
        write(tmp_path / "g", [], [], "graphlm")


def test_cypher_is_not_read_back_and_a_page_is_not_written(tmp_path):
    write(tmp_path / "g.cypher", [], [])
    with pytest.raises(GraphError, match="cypher cannot be read back"):
        read(tmp_path / "g.cypher")
    with pytest.raises(GraphError, match="page is only read"):
        write(tmp_path / "g.txt", [], [])


def test_only_jsonl_carries_the_review_and_the_table_of_formats_says_so(tmp_path):
    decided = [Decision("concept:a|concept:b", "not-same", "me", "2025-01-31T12:00:00Z", "=no")]
    edge = Edge.make("concept:a", "extends", "concept:b")
    proposed = [
        Proposal.make(about="concept:a", label="Something", gloss=HOSTILE, score=0.0, by="m"),
        Proposal.make(edge=edge, nodes=(Node("concept:b", "B"),), note="n"),
    ]
    path = tmp_path / "g.jsonl"
    write(path, [Node("concept:a", "A")], [], decisions=decided, proposals=proposed)
    incoming = read(path)
    assert incoming.decisions == decided
    assert incoming.proposals == in_order(proposed)
    assert [one.name for one in FORMATS.values() if one.review] == ["jsonl"]
    write(tmp_path / "g.graphml", [], [], decisions=decided, proposals=proposed)
    write(tmp_path / "h.graphml", [], [])
    assert (tmp_path / "g.graphml").read_bytes() == (tmp_path / "h.graphml").read_bytes()


def test_formats_are_imported_when_they_are_used():
    code = """
        import sys
        import gyges.graph.formats as formats
        heavy = {"gyges.graph.formats.csv_", "xml.parsers.expat", "networkx", "numpy"} & set(sys.modules)
        assert not heavy, heavy
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


# JSONL


def test_the_first_line_of_jsonl_names_the_schema_and_counts(tmp_path):
    nodes, edges = difficult()
    write(tmp_path / "g.jsonl", nodes, edges)
    lines = (tmp_path / "g.jsonl").read_text().split("\n")
    assert json.loads(lines[0]) == {
        "schema": "gyges.graph/1",
        "nodes": 4,
        "edges": 5,
        "decisions": 0,
        "proposals": 0,
    }
    assert list(json.loads(lines[1])) == ["node"]
    assert len(lines) == 1 + 9 + 1


def test_a_folder_of_bare_records_is_written_and_read(tmp_path):
    nodes, edges = difficult()
    write(tmp_path, nodes, edges, "jsonl")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["edges.jsonl", "nodes.jsonl"]
    assert json.loads((tmp_path / "nodes.jsonl").read_text().split("\n")[0])["id"] == "claim:a"
    incoming = read(tmp_path)
    assert (incoming.nodes, incoming.edges) == (in_order(nodes), in_order(edges))


def test_bare_records_in_one_file_are_told_apart(tmp_path):
    path = tmp_path / "g.jsonl"
    path.write_text(
        "\ufeff"
        '{"id": "claim:a", "label": "A", "gloss": null, "aliases": null}\r\n'
        "\r\n"
        '{"subject": "finding:f", "relation": "supports", "object": "claim:a"}\r\n'
        '{"key": "a|b", "verdict": "later"}'
    )
    incoming = read(path)
    assert incoming.nodes == [Node("claim:a", "A", channel="imported")]
    assert incoming.edges == [Edge.make("finding:f", "supports", "claim:a", channel="imported")]
    assert incoming.decisions == [Decision("a|b", "later")]


def test_who_reads_says_how_unmarked_records_came_to_be(tmp_path):
    path = tmp_path / "g.jsonl"
    path.write_text(
        '{"id": "claim:a", "label": "A"}\n{"id": "claim:b", "label": "B", "channel": "measured"}\n'
    )
    assert [node.channel for node in read(path).nodes] == ["imported", "measured"]
    assert [node.channel for node in read(path, channel="curated").nodes] == ["curated", "measured"]


# CSV


@given(TEXTS)
def test_the_guard_of_a_cell_is_reversible_and_leaves_nothing_that_runs(text):
    cell = guarded(text)
    assert unguarded(cell) == text
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_cells_that_a_spreadsheet_would_run_begin_with_an_apostrophe(tmp_path):
    write(
        tmp_path / "t", [Node("concept:a", "=cmd|' /C calc'!A0", "@SUM(1)", by="'tis")], [], "csv"
    )
    row = (tmp_path / "t" / "nodes.csv").read_text().split("\n")[1]
    assert row.startswith("concept:a,concept,'=cmd|' /C calc'!A0,'@SUM(1),")
    assert row.endswith(",'tis")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("mark_first", ["", "\ufeff"])
def test_a_table_that_somebody_typed_is_read(mark, mark_first, tmp_path):
    nodes = [
        ["Label", "type"],
        ["Alignment faking", "concept"],
        ["A finding", "finding"],
        ["A claim", "claim"],
    ]
    edges = [
        ["relation", "object", "subject"],
        ["supports", "a CLAIM", "A finding"],
        ["analogous_to", "concept:elsewhere", "alignment faking"],
    ]
    for name, rows in (("nodes.csv", nodes), ("edges.csv", edges)):
        text = "".join(f"{mark.join(row)}\r\n" for row in rows)
        (tmp_path / name).write_text(mark_first + text, encoding="utf-8", newline="")
    incoming = read(tmp_path)
    assert [node.id for node in incoming.nodes] == [
        "concept:alignment-faking",
        "finding:a-finding",
        "claim:a-claim",
    ]
    assert [(edge.subject, edge.relation, edge.object) for edge in incoming.edges] == [
        ("finding:a-finding", "supports", "claim:a-claim"),
        ("concept:alignment-faking", "analogous_to", "concept:elsewhere"),
    ]
    assert {edge.channel for edge in incoming.edges} == {"imported"}


def typed(folder, *rows, nodes=(), named=None):
    (folder / "edges.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    if nodes:
        (folder / "nodes.csv").write_text(
            "\n".join(("type,label", *nodes)) + "\n", encoding="utf-8"
        )
    return read(folder, named=named)


def test_evidence_is_typed_in_columns_and_rows_of_one_statement_add_theirs(tmp_path):
    given = '[{""locator"": ""page 1"", ""grade"": ""primary""}]'
    incoming = typed(
        tmp_path,
        "subject,relation,object,gloss,source,locator,grade,note,by,evidence",
        'A finding,supports,A claim,So.,A paper,table 2,primary,"12 %, not 3 %",me,',
        f'finding:a-finding,supports,claim:a-claim,So.,paper:other,,,,,"{given}"',
        'A finding,supports,A claim,So.,A paper,table 2,primary,"12 %, not 3 %",me,',
        "A finding,supports,A claim,Otherwise.,,,,,,",
        "A claim,analogous_to,Another,,,page 3,,,,",
        "Another,analogous_to,A claim,,,page 4,,,,",
        nodes=["finding,A finding", "claim,A claim", "claim,Another", "paper,A paper"],
    )
    said, otherwise, like = incoming.edges
    assert said.evidence == (
        Evidence("paper:a-paper", "table 2", None, "primary", "12 %, not 3 %"),
        Evidence("", "page 1", None, "primary"),
        Evidence("paper:other"),
    )
    assert said.by == "me"
    assert otherwise.evidence == ()
    assert [one.locator for one in like.evidence] == ["page 3", "page 4"]
    assert said.id == Edge.make("finding:a-finding", "supports", "claim:a-claim", "So.").id


def test_ends_and_sources_are_named_by_labels_of_the_users_graph(tmp_path):
    there = {"a claim": ["claim:there"], "a paper": ["paper:there"], "mine": ["claim:other"]}
    incoming = typed(
        tmp_path,
        "subject,relation,object,source",
        "Mine,supports,A CLAIM,A paper",
        nodes=["finding,Mine"],
        named=lambda name: there.get(name.casefold(), []),
    )
    (one,) = incoming.edges
    # What the same folder names so comes first.
    assert (one.subject, one.object) == ("finding:mine", "claim:there")
    assert one.evidence[0].node == "paper:there"


def test_one_table_alone_is_read(tmp_path):
    (tmp_path / "mine.csv").write_text("subject,relation,object\nfinding:f,supports,claim:a\n")
    assert [edge.subject for edge in read(tmp_path / "mine.csv").edges] == ["finding:f"]


def test_polars_reads_the_tables(tmp_path):
    polars = pytest.importorskip("polars")
    nodes, edges = difficult()
    write(tmp_path / "t", nodes, edges, "csv")
    table = polars.read_csv(tmp_path / "t" / "nodes.csv")
    assert table["id"].to_list() == [node.id for node in in_order(nodes)]
    assert unguarded(table["gloss"].to_list()[2]) == HOSTILE


# GraphML


def test_networkx_opens_graphml_with_edge_keys_and_all_attributes(tmp_path):
    networkx = pytest.importorskip("networkx")
    nodes, edges = difficult()
    write(tmp_path / "g.graphml", nodes, edges)
    graph = networkx.read_graphml(tmp_path / "g.graphml")
    assert isinstance(graph, networkx.MultiDiGraph)
    assert {key for *_, key in graph.edges(keys=True)} == {edge.id for edge in edges}
    assert graph.nodes["finding:b"]["gloss"] == HOSTILE
    assert json.loads(graph.nodes["finding:b"]["aliases"]) == [HOSTILE, "'=x", "a"]
    sure = {edge.id: edge.confidence for edge in edges}
    for *_, key, data in graph.edges(keys=True, data=True):
        assert data.get("confidence") == sure[key]
    networkx.write_graphml(graph, tmp_path / "again.graphml")
    incoming = read(tmp_path / "again.graphml")
    assert (in_order(incoming.nodes), in_order(incoming.edges)) == (
        in_order(nodes),
        in_order(edges),
    )


def test_igraph_opens_graphml_and_what_it_writes_comes_back(tmp_path):
    igraph = pytest.importorskip("igraph")
    nodes, edges = difficult()
    write(tmp_path / "g.graphml", nodes, edges)
    graph = igraph.Graph.Read_GraphML(str(tmp_path / "g.graphml"))
    assert (graph.vcount(), graph.ecount(), graph.is_directed()) == (4, 5, True)
    assert set(graph.es["edge_id"]) == {edge.id for edge in edges}
    assert graph.vs.find(id="finding:b")["label"] == HOSTILE
    graph.write_graphml(str(tmp_path / "again.graphml"))
    incoming = read(tmp_path / "again.graphml")
    assert (in_order(incoming.nodes), in_order(incoming.edges)) == (
        in_order(nodes),
        in_order(edges),
    )


# JSON-LD


def test_a_processor_expands_json_ld_without_a_network(tmp_path, monkeypatch):
    jsonld = pytest.importorskip("pyld.jsonld")
    nodes, edges = difficult()
    write(tmp_path / "g.jsonld", nodes, edges)

    def no_network(*args, **kwargs):
        raise AssertionError("a processor went to the network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    expanded = jsonld.expand(
        json.loads((tmp_path / "g.jsonld").read_text()), {"documentLoader": no_network}
    )
    by_id = {item["@id"]: item for item in expanded}
    assert len(by_id) == 9
    finding = by_id["urn:gyges:node:finding:b"]
    assert finding["https://schema.org/name"] == [{"@value": HOSTILE}]
    assert finding["https://schema.org/datePublished"] == [{"@value": "2024"}]
    assert by_id["urn:gyges:node:paper:x%252"]["@type"] == [
        "urn:gyges:term:paper",
        "https://schema.org/ScholarlyArticle",
    ]
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    said = sorted(
        (
            item[f"{rdf}subject"][0]["@id"],
            item[f"{rdf}predicate"][0]["@id"],
            item[f"{rdf}object"][0]["@id"],
        )
        for item in expanded
        if item["@type"] == [f"{rdf}Statement"]
    )
    triple = ("urn:gyges:node:finding:b", "urn:gyges:term:supports", "urn:gyges:node:claim:a")
    assert said.count(triple) == 2
    assert len(said) == 5
    triples = jsonld.to_rdf(json.loads((tmp_path / "g.jsonld").read_text()))["@default"]
    assert len(triples) > 60


def test_json_ld_that_another_program_laid_out_anew_is_read(tmp_path):
    nodes, edges = difficult()
    write(tmp_path / "g.jsonld", nodes, edges)
    text = json.dumps(json.loads((tmp_path / "g.jsonld").read_text()), indent=2)
    (tmp_path / "again.jsonld").write_text(text)
    incoming = read(tmp_path / "again.jsonld")
    assert (incoming.nodes, incoming.edges) == (in_order(nodes), in_order(edges))


# Cypher


def statements(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line]


_NEO4J = """
import json, sys
import kglite

graph = kglite.KnowledgeGraph()
lines = [line for line in open(sys.argv[1], encoding="utf-8").read().split("\\n") if line]
for line in lines:
    graph.cypher(line)
found = [[dict(row) for row in graph.cypher(query)] for query in json.loads(sys.argv[2])]
try:
    graph.cypher(next(line for line in lines if "UNWIND" in line))
    again = "loaded"
except Exception as error:
    again = str(error)
print(json.dumps({"found": found, "again": again}))
"""


def test_a_database_of_neo4j_cypher_loads_the_script(tmp_path):
    nodes, edges = difficult()
    write(tmp_path / "g.cypher", nodes, edges)
    queries = [
        "MATCH (n:Node) RETURN count(n) AS n",
        "MATCH ()-[r]->() RETURN count(r) AS n",
        "MATCH (f:Finding)-[r:SUPPORTS|CONTRADICTS]->(c:Claim {id: 'claim:a'}) "
        "RETURN type(r) AS how, r.confidence AS sure ORDER BY how, sure",
        "MATCH (n:Finding) RETURN n.label AS label, n.aliases AS aliases, n.evidence AS evidence",
    ]
    # In a process of its own: its library cannot be loaded behind many others.
    ran = subprocess.run(
        [sys.executable, "-c", _NEO4J, str(tmp_path / "g.cypher"), json.dumps(queries)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    nodes_, edges_, bearing, found = told["found"]
    assert (nodes_, edges_) == ([{"n": 4}], [{"n": 5}])
    assert [row["how"] for row in bearing] == ["CONTRADICTS", "SUPPORTS", "SUPPORTS"]
    assert {row["sure"] for row in bearing} == {1.0, 0.5, None}
    assert found[0]["label"] == HOSTILE
    assert found[0]["aliases"] == [HOSTILE, "'=x", "a"]
    assert json.loads(found[0]["evidence"])[0]["note"] == HOSTILE
    assert "already exists" in told["again"]


def test_ladybug_loads_the_script_with_its_schema(tmp_path):
    ladybug = pytest.importorskip("ladybug")
    nodes, edges = difficult()
    write(tmp_path / "g.lbug", nodes, edges, "ladybug")
    connection = ladybug.Connection(ladybug.Database(":memory:"))
    for statement in statements(tmp_path / "g.lbug"):
        connection.execute(statement)

    def ask(query: str) -> list[list]:
        return connection.execute(query).get_all()

    assert ask("MATCH (n) RETURN count(*)") == [[4]]
    assert ask("MATCH ()-[r]->() RETURN count(*)") == [[5]]
    assert ask(
        "MATCH (:Finding)-[r:SUPPORTS|CONTRADICTS]->(c:Claim) RETURN label(r), count(*) ORDER BY label(r)"
    ) == [["CONTRADICTS", 1], ["SUPPORTS", 2]]
    assert ask("MATCH (n:Finding) RETURN n.label, n.aliases") == [[HOSTILE, [HOSTILE, "'=x", "a"]]]
    assert sorted(ask("MATCH ()-[r]->() WHERE r.confidence IS NOT NULL RETURN r.confidence")) == [
        [1e-07],
        [0.5],
        [1.0],
    ]
    with pytest.raises(RuntimeError):
        connection.execute("MATCH (c:Claim), (p:Paper) CREATE (c)-[:QUOTES {id: 'e:1'}]->(p)")


@pytest.mark.parametrize("name", ["cypher", "ladybug"])
def test_cypher_refuses_an_edge_whose_end_would_be_passed_over(name, tmp_path):
    edge = Edge.make("concept:a", "extends", "concept:gone")
    with pytest.raises(GraphError, match="'concept:gone', which is not among the nodes"):
        write(tmp_path / "g", [Node("concept:a", "A")], [edge], name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["cypher", "ladybug"])
def test_each_statement_of_a_script_is_one_line_and_names_alone_are_unquoted(name, tmp_path):
    nodes, edges = difficult()
    write(tmp_path / "g", nodes, edges, name)
    assert all(line.endswith(";") for line in statements(tmp_path / "g"))
    bad = Edge("e:1", "concept:a", "extends]->(x) DETACH DELETE x //", "concept:b")
    with pytest.raises(GraphError, match="no relation"):
        write(tmp_path / "h", [Node("concept:a", "A"), Node("concept:b", "B")], [bad], name)
    with pytest.raises(GraphError, match="no type of node"):
        write(tmp_path / "h", [Node("x) DETACH DELETE x:a", "A")], [], name)
