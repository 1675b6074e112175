"""Does a file that is broken, huge or made to harm give one clear error, and nothing else?"""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path

import pytest

from graph_records import HOSTILE
from gyges.errors import GraphError
from gyges.graph.attaching import read_text
from gyges.graph.formats import read, write
from gyges.graph.model import Edge, Evidence, Node

NODE = '{"id": "claim:a", "label": "A"}\n'


def told(path: Path, format: str | None = None) -> str:
    with pytest.raises(GraphError) as caught:
        read(path, format)
    return str(caught.value)


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# Every fault, with its place


def test_every_fault_is_told_with_its_line_in_one_error(tmp_path):
    path = put(
        tmp_path / "g.jsonl",
        NODE
        + '{"id": "claim:a", "label": "Another"}\n'
        + '{"id": "claim:b", "label": \n'
        + '{"id": "claim:c", "label": "C", "colour": 1}\n'
        + '{"subject": "claim:a", "relation": "suports", "object": "claim:c"}\n'
        + '{"subject": "paper:p", "relation": "mitigates", "object": "claim:c"}\n'
        + '{"id": "claim:d", "label": "D", "aliases": [NaN]}\n'
        + '{"id": "claim:e", "label": "E", "label": "F"}\n'
        + '["claim:f"]\n',
    )
    said = told(path)
    lines = said.split("\n")
    assert lines[0] == f"{path}: 8 faults, and nothing was taken from it"
    for number, part in [
        (2, f"the node 'claim:a' stands at {path}:1 too, and says something else there"),
        (3, "is not JSON"),
        (4, "no field 'colour'"),
        (5, "did you mean 'supports'?"),
        (6, "'mitigates' cannot run from a paper to a claim"),
        (7, "holds NaN, which is no number in JSON"),
        (8, "says the key 'label' twice"),
        (9, "is no record"),
    ]:
        assert any(line.startswith(f"{path}:{number}: ") and part in line for line in lines), (
            number,
            said,
        )


def test_twenty_faults_are_told_and_the_others_counted(tmp_path):
    path = put(tmp_path / "g.jsonl", '{"id": "claim", "label": "A"}\n' * 5_000)
    lines = told(path).split("\n")
    assert lines[0].endswith("5,000 faults, and nothing was taken from it")
    assert len(lines) == 22
    assert lines[-1] == "... and 4,980 more"


def test_one_fault_is_one_line(tmp_path):
    path = put(tmp_path / "g.jsonl", NODE + "{}\n")
    assert told(path).startswith(f"{path}:2: {{}} is no record")
    assert "\n" not in told(path)


def test_the_same_record_twice_is_one_record(tmp_path):
    incoming = read(put(tmp_path / "g.jsonl", NODE * 3))
    assert [node.id for node in incoming.nodes] == ["claim:a"]


def test_one_statement_with_two_sorts_of_evidence_names_both_lines(tmp_path):
    edge = '{"subject": "finding:f", "relation": "supports", "object": "claim:a", "by": "%s"}\n'
    path = put(tmp_path / "g.jsonl", edge % "one" + edge % "other")
    assert f"stands at {path}:1 too" in told(path)
    assert "follows from its subject, relation, object and gloss" in told(path)


def test_a_doubled_id_is_named_with_both_places_in_every_format(tmp_path):
    put(tmp_path / "nodes.csv", "type,label,gloss\nclaim,A,one\nclaim,a,other\n")
    assert "nodes.csv:2 too" in told(tmp_path / "nodes.csv")
    write(tmp_path / "g.graphml", [Node("claim:a", "A"), Node("claim:b", "B")], [])
    text = (tmp_path / "g.graphml").read_text().replace("claim:b", "claim:a")
    said = told(put(tmp_path / "g.graphml", text))
    assert "the node 'claim:a' stands at" in said
    write(tmp_path / "g.jsonld", [Node("claim:a", "A"), Node("claim:b", "B")], [])
    text = (tmp_path / "g.jsonld").read_text().replace("claim:b", "claim:a")
    said = told(put(tmp_path / "g.jsonld", text))
    assert f"{tmp_path}/g.jsonld:3: the node 'claim:a' stands at {tmp_path}/g.jsonld:2 too" in said


def test_a_former_id_leads_to_one_node_and_is_no_node(tmp_path):
    path = put(
        tmp_path / "g.jsonl",
        '{"id": "claim:a", "label": "A", "formerly": ["claim:x", "claim:c"]}\n'
        '{"id": "claim:b", "label": "B", "formerly": ["claim:x"]}\n'
        '{"id": "claim:c", "label": "C"}\n',
    )
    said = told(path)
    assert f"{path}:2: 'claim:x' is a former id of 'claim:a' ({path}:1) and of 'claim:b'" in said
    assert f"{path}:3: 'claim:c' is a node here, and a former id of 'claim:a'" in said


def test_ends_that_the_file_does_not_hold_are_left_to_the_graph(tmp_path):
    path = put(
        tmp_path / "g.jsonl",
        '{"subject": "finding:f", "relation": "supports", "object": "claim:a"}\n',
    )
    assert len(read(path).edges) == 1


# Bytes


PAGE = """\
concept
active
concept:mode-collapseMode Collapse
A model gives ever fewer kinds of answer – “Ä 😀”
Neighborhood — ranked by edge-count
Thinkers (1)
thinker
- Ada Examplestudies
"""
TEXTS = {
    "g.jsonl": '{"id": "claim:a", "label": "Ä 😀"}\n',
    "nodes.csv": "type,label\nclaim,Ä 😀\n",
    "g.jsonld": '{"@context": {}, "@graph": []}\n',
    "g.graphml": "",
    "g.bib": "@misc{a,\n title={Ä 😀}, year=2020, author={Roe, Ämy}}\n",
    "g.csl.json": '[{"id": "a", "title": "Ä 😀",\n "author": [{"literal": "Ä"}]}]\n',
    "page.txt": PAGE,
    "copy.txt": "Ä 😀\r\nand more\n",
}
"""A file of each kind that is read as text, in other letters than ASCII's."""


def taken(path: Path):
    """What a reader makes of a file, whatever that is."""
    if path.name == "copy.txt":
        return read_text(path)
    return read(path, "page" if path.name == "page.txt" else None)


@pytest.fixture(params=TEXTS)
def sample(request, tmp_path):
    name = request.param
    text = TEXTS[name]
    if name in ("g.jsonld", "g.graphml"):
        path = tmp_path / name
        write(path, [Node("claim:a", "Ä 😀")], [])
        text = path.read_text(encoding="utf-8")
    return tmp_path / name, text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_text_is_read_alike_however_unicode_is_written(sample, encoding):
    path, text = sample
    text = text.replace('encoding="UTF-8"', "").replace('encoding="utf-8"', "")
    plain = taken(put(path, text))
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    assert taken(put(path, (mark + text).encode(encoding))) == plain


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_that_is_written_in_no_way_read_here_is_named(sample, encoding):
    path, text = sample
    if path.suffix == ".graphml":
        pytest.skip("XML says itself what it is written in")
    put(path, ("x" + text).encode(encoding))
    with pytest.raises(GraphError, match=f"is written in UTF-{encoding[4:6]}") as caught:
        taken(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_bytes_that_are_no_text_are_named_with_their_line_and_place(sample, encoding):
    path, text = sample
    if path.suffix == ".graphml":
        pytest.skip("the parser of XML says where")
    bad = b"\xef " if encoding == "utf-8" else b"\x00\xdc"  # a half of a pair of UTF-16
    good = text.encode(encoding)
    put(path, good + bad + "\n".encode(encoding)[-2:])
    with pytest.raises(GraphError) as caught:
        taken(path)
    said = str(caught.value)
    line = text.count("\n") + 1
    wanted = f"byte {len(good):,} of the file, 0x{bad[0]:02X}, is not {encoding.upper()}"
    assert f"{path}:{line}: " in said
    assert wanted in said
    assert "save it as UTF-8" in said


def test_a_zero_byte_and_nothing_at_all_are_no_text(sample):
    path, text = sample
    if path.suffix == ".graphml":
        pytest.skip("the parser of XML says where")
    put(path, text.encode() + b"\x00")
    with pytest.raises(GraphError, match=f"zero byte at byte {len(text.encode()):,} of the file"):
        taken(path)
    put(path, (text + "\0").encode("utf-16"))
    at = len(text.encode("utf-16"))
    with pytest.raises(GraphError, match=f"zero byte at byte {at:,} of the file"):
        taken(path)


def test_a_fault_far_into_a_file_of_utf_16_is_named_with_its_place(tmp_path):
    line = '{"id": "claim:a%d", "label": "' + "Ä" * 1000 + '"}\n'
    good = "".join(line % number for number in range(1200)).encode("utf-16")
    path = put(tmp_path / "g.jsonl", good + b"\x00\xd8")
    said = told(path)
    assert f"{path}:1201: byte {len(good):,} of the file, 0x00, is not UTF-16" in said


@pytest.mark.parametrize("name", ["g.jsonl", "nodes.csv", "g.jsonld"])
def test_a_file_without_a_byte_is_named(name, tmp_path):
    path = put(tmp_path / name, b"")
    assert told(path) == f"{path}: is empty (nothing was taken from {path})"


@pytest.mark.parametrize("name", ["g.jsonl", "nodes.csv", "g.jsonld", "g.graphml"])
def test_blank_files_and_noise_are_refused(name, tmp_path):
    path = tmp_path / name
    for content in (
        b"",
        b"\n",
        b"   \n\n",
        b"\xef\xbb\xbf",
        bytes(range(256)),
        b"{",
        b"[1]",
        b"<a/>",
        b"null",
    ):
        assert str(path) in told(put(path, content))


def test_a_line_of_megabytes_is_passed_over_without_being_held(tmp_path):
    path = tmp_path / "g.jsonl"
    with path.open("wb") as file:
        file.write(NODE.encode() + b'{"id": "claim:b", "label": "')
        for _ in range(50):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n{"id": "claim:c"}\n')
    tracemalloc.start()
    said = told(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert f"{path}:2: the line has 50,000,031 bytes; at most 2,097,152 are read as one" in said
    assert f"{path}:3: label is None" in said
    assert peak < 12_000_000


def test_a_record_that_could_not_be_read_back_is_not_written(tmp_path):
    heavy = Node("claim:a", "A", evidence=tuple(Evidence(note="é" * 20_000) for _ in range(60)))
    for name in ("jsonl", "csv", "graphml", "jsonld"):
        with pytest.raises(GraphError, match="bytes"):
            write(tmp_path / f"g-{name}", [heavy], [], name)
    light = Node("claim:a", "A", evidence=tuple(Evidence(note='"' * 20_000) for _ in range(45)))
    for name in ("jsonl", "csv", "graphml", "jsonld"):
        write(tmp_path / f"g-{name}", [light], [], name)
        assert read(tmp_path / f"g-{name}", name).nodes == [light]


@pytest.mark.parametrize("name", ["jsonl", "csv", "graphml", "jsonld", "cypher", "ladybug"])
def test_half_a_character_is_not_written(name, tmp_path):
    with pytest.raises(GraphError, match=r"half a character|cannot hold"):
        write(tmp_path / "g", [Node("claim:a", "A \ud800")], [], name)
    with pytest.raises(GraphError, match="no file can show"):
        write(tmp_path / "g", [Node("claim:a", "A", identifiers={"a\x00": "b"})], [], name)
    assert not list(tmp_path.iterdir())


# JSON


@pytest.mark.parametrize("name", ["g.jsonl", "g.jsonld"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[" * 100_000 + "]" * 100_000, "nested too deep"),
        ("1" * 10_000, "too many digits"),
        ("NaN", "holds NaN"),
        ("-Infinity", "holds -Infinity"),
        ('{"a": 1, "a": 2}', "says the key 'a' twice"),
    ],
)
def test_json_that_harms_a_reader_is_refused(name, value, said, tmp_path):
    record = f'{{"id": "claim:a", "label": {value}}}'
    text = (
        f"{NODE}{record}\n" if name == "g.jsonl" else f'{{"@context": 1,\n"@graph": [\n{record}]}}'
    )
    path = put(tmp_path / name, text)
    assert said in told(path)
    assert f"{path}:{2 if name == 'g.jsonl' else 3}: " in told(path)


def test_a_number_without_end_is_no_confidence(tmp_path):
    edge = '{"subject": "finding:f", "relation": "supports", "object": "claim:a", "confidence": 1e999}\n'
    assert "confidence is inf; it is a number from 0 to 1" in told(put(tmp_path / "g.jsonl", edge))


def test_a_name_that_no_page_can_show_is_refused(tmp_path):
    record = {
        "id": "claim:a",
        "label": "A",
        "identifiers": {"a\x00": "b"},
        "dates": {"\ud800": "2024"},
    }
    said = told(put(tmp_path / "g.jsonl", json.dumps(record)))
    assert "identifiers has the name" in said
    assert "dates has the name" in said


def test_a_file_of_another_version_or_cut_off_is_noticed(tmp_path):
    path = tmp_path / "g.jsonl"
    write(path, [Node("claim:a", "A"), Node("claim:b", "B")], [])
    whole = path.read_text()
    cut = "".join(whole.splitlines(keepends=True)[:2])
    assert f"{path}:1: counts 2 nodes, and 1 stand in the file: was it cut off?" in told(
        put(path, cut)
    )
    assert "this version of Gyges reads 'gyges.graph/1'" in told(
        put(path, whole.replace("graph/1", "graph/9"))
    )
    assert f"{path}:4: " in told(put(path, whole + whole))


def test_decisions_and_proposals_of_strangers_are_checked(tmp_path):
    path = put(
        tmp_path / "g.jsonl",
        '{"decision": {"key": "a|b", "verdict": "maybe"}}\n'
        '{"decision": {"verdict": "later", "by": 3}}\n'
        '{"proposal": {"id": "x", "about": "claim:a"}}\n'
        '{"proposal": {"id": "p:1", "about": "claim:a", "score": 7}}\n'
        '{"proposal": {"id": "p:2", "edge": {"subject": "claim:a"}, "nodes": [{"id": "claim"}]}}\n'
        '{"proposal": {"id": "p:3"}}\n',
    )
    said = told(path)
    for number, part in [
        (1, "verdict is 'maybe'"),
        (2, "a decision has a key"),
        (2, "by is 3"),
        (3, "id is 'x'"),
        (4, "score is 7"),
        (5, "nodes[0]: id is 'claim'"),
        (5, "edge: relation is None"),
        (6, "a proposal has an edge"),
    ]:
        assert any(
            line.startswith(f"{path}:{number}: ") and part in line for line in said.split("\n")
        ), said


# CSV


def test_rows_and_columns_that_do_not_fit_are_named(tmp_path):
    path = put(
        tmp_path / "nodes.csv",
        'id,label,aliases\nclaim:a,"two\nlines",\nclaim:b,B\nclaim:c,C,,,\nclaim:d,D,"AF"\nclaim:e,E,"[1]"\n',
    )
    said = told(path)
    assert f"{path}:4: the row has 2 cells; the first row names 3 columns" in said
    assert f"{path}:5: the row has 5 cells" in said
    assert f"{path}:6: aliases is 'AF', which is not JSON" in said
    assert f"{path}:7: aliases is 1" in said
    assert "4 faults" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,label,colour\n", "no column 'colour'"),
        ("id,label,Label\n", "the column 'label' stands there twice"),
        ("id,gloss\n", "the column 'label' is missing"),
        ("label\nA\n", "the column 'id', or 'type' and 'label'"),
        ("subject,relation\n", "the column 'object' is missing"),
        ("type,label\nclam,A\n", "did you mean 'claim'?"),
        ("type,label\n,A\n", "names neither an id nor a type and a label"),
        (
            'id,label\nclaim:a,"never closed\nclaim:b,B\n',
            "nodes.csv:2: the row that begins here is no CSV",
        ),
        ('id,label\nclaim:a,"A"b\n', "nodes.csv:2: the row that begins here is no CSV"),
        (
            'subject,relation,object,confidence\nfinding:f,supports,claim:a,"0,5"\n',
            "confidence is '0,5'",
        ),
        ("subject,relation,object\nA thing,supports,claim:a\n", "'A thing' is no id"),
    ],
)
def test_a_table_that_cannot_be_understood_says_why(text, said, tmp_path):
    assert said in told(put(tmp_path / "nodes.csv", text))


def test_a_label_of_several_nodes_is_no_name_of_one(tmp_path):
    put(tmp_path / "nodes.csv", "type,label\nclaim,Same\nfinding,same\nclaim,Other\n")
    put(tmp_path / "edges.csv", "subject,relation,object\nSame,supports,Other\n")
    assert "is the label of 2 nodes: claim:same, finding:same" in told(tmp_path)


def test_a_label_of_several_nodes_of_the_users_graph_is_no_name_of_one(tmp_path):
    table = put(
        tmp_path / "edges.csv", "subject,relation,object\nSame,supports,claim:a\nNo,supports,x\n"
    )
    with pytest.raises(GraphError) as caught:
        read(table, named=lambda name: ["finding:a", "finding:b"] if name == "Same" else [])
    said = str(caught.value)
    assert "edges.csv:2: subject 'Same' is the label of 2 nodes: finding:a, finding:b" in said
    assert "edges.csv:3: subject 'No' is no id, and no node of these tables or of the graph" in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("claim:a,supports,claim:b,nowhere,,,,", "edges.csv:3: source 'nowhere' is no id"),
        ("claim:a,supports,claim:b,,,primry,x,", "edges.csv:3: grade is 'primry'; "),
        ("claim:a,supports,claim:b,,,primary,,", "edges.csv:3: grade 'primary' stands alone"),
        ("claim:a,supports,claim:b,,,,,you", "edges.csv:3: by is 'you', and 'me' in line 2"),
        ("claim:a,suports,claim:b,,,,,", "edges.csv:3: relation is 'suports'"),
    ],
)
def test_faults_of_typed_evidence_are_named_with_their_line(tmp_path, row, said):
    head = "subject,relation,object,source,locator,grade,note,by"
    first = "claim:a,supports,claim:b,paper:a,,,,me"
    assert said in told(put(tmp_path / "edges.csv", f"{head}\n{first}\n{row}\n"))


# XML


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>
<graphml><graph><node id="claim:a"><data key="n_label">&c;</data></node></graph></graphml>"""


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        BOMB.replace('"ha"', 'SYSTEM "file:///etc/passwd"'),
        '<!DOCTYPE graphml SYSTEM "http://127.0.0.1:9/x.dtd"><graphml><graph/></graphml>',
    ],
)
def test_no_entity_is_expanded_or_fetched(text, tmp_path):
    began = time.monotonic()
    assert "has a DOCTYPE, which could declare entities" in told(put(tmp_path / "g.graphml", text))
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("<graph><node id='claim:a'>", "g.graphml:2: is not XML"),
        ("<graph>&x;</graph></graphml>", "undefined entity"),
        ("</graphml>", "holds no <graph>"),
        ("<graph/><graph/></graphml>", "holds a second <graph>"),
        ("<graph><hyperedge/></graph></graphml>", "<hyperedge> is not read"),
        ("<graph><node id='n0'/></graph></graphml>", "id is 'n0'"),
        (
            "<graph><node id='claim:a'><data key='d9'>x</data></node></graph></graphml>",
            "the key 'd9' of a node is not declared",
        ),
        ("<g>" * 50, "is nested more than 32 deep"),
        ("<graph><node id='claim:a\x00'/></graph></graphml>", "not well-formed"),
        ("<graph><node id='" + "x" * 6_000_000 + "'/></graph></graphml>", "a piece of more than"),
    ],
)
def test_graphml_that_cannot_be_read_says_why(inside, said, tmp_path):
    assert said in told(put(tmp_path / "g.graphml", f"<graphml>\n{inside}"))


@pytest.mark.parametrize("name", ["utf-7", "shift_jis", "idna", "rot13", "no-such"])
def test_graphml_in_an_encoding_that_the_parser_cannot_read_is_refused(name, tmp_path):
    text = f'<?xml version="1.0" encoding="{name}"?>\n<graphml><graph/></graphml>'
    said = told(put(tmp_path / "g.graphml", text))
    assert f"is written in '{name}', which is not read; save it as UTF-8" in said


def test_a_text_without_end_in_xml_is_not_held(tmp_path):
    path = tmp_path / "g.graphml"
    with path.open("wb") as file:
        file.write(
            b"<graphml><key id='l' for='node' attr.name='label'/><graph><node id='claim:a'><data key='l'>"
        )
        for _ in range(60):
            file.write(b"x" * 1_000_000)
    tracemalloc.start()
    said = told(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "has a record of more than" in said
    assert peak < 20_000_000


# JSON-LD


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"@graph": []}', "has no @context"),
        ('{"@context": "https://schema.org/", "@graph": []}', "the context is not that of Gyges"),
        ('{"@context": {}, "more": 1}', "no key 'more' here"),
        (
            '{"@context": {},\n"@graph": [{"@id": "x"}]}',
            ":2: @id is 'x'; it begins with urn:gyges:node:",
        ),
        ('{"@graph": [{"@type": "Statement"}]}', "subject is None; it begins with urn:gyges:node:"),
        ('{"@graph": [{"@type": "claim", "identifier": "x"}]}', "identifier holds 'x'"),
        ('{"@graph": [{"@type": "claim", "colour": "x"}]}', "no term 'colour'"),
        ('{"@graph": [{},]}', "a value is missing behind the comma"),
        ('{"@graph": [{} {}]}', "',' or ']' is missing"),
        ('{"@graph": []} x', "something stands behind the end"),
        ('{"@graph": [', "is not JSON"),
    ],
)
def test_json_ld_that_cannot_be_read_says_why(text, said, tmp_path):
    assert said in told(put(tmp_path / "g.jsonld", text))


# Nothing runs


@pytest.mark.parametrize("name", ["jsonl", "csv", "graphml", "jsonld"])
def test_markup_and_scripts_stay_text(name, tmp_path):
    edge = Edge.make("claim:a", "extends", "claim:b", HOSTILE)
    write(tmp_path / "g", [Node("claim:a", HOSTILE)], [edge], name)
    incoming = read(tmp_path / "g", name)
    assert incoming.nodes[0].label == HOSTILE
    assert incoming.edges[0].gloss == HOSTILE
    if name == "graphml":
        assert "<script>" not in (tmp_path / "g").read_text()


def test_a_file_that_is_not_there_or_not_open_is_named(tmp_path):
    assert told(tmp_path / "none.jsonl") == f"{tmp_path}/none.jsonl: there is no such file"
    (tmp_path / "g.graphml").mkdir()
    assert "is a folder; graphml is one file" in told(tmp_path / "g.graphml", "graphml")
