"""Literature from BibTeX and CSL-JSON: works, people, identifiers, and faults with their lines."""

from __future__ import annotations

import json
import logging
import random
from pathlib import Path
from typing import Any

import pytest

from graph_library import graph
from gyges.errors import GraphError
from gyges.graph import Likenesses, decide
from gyges.graph.checks import check_edge, check_node
from gyges.graph.formats import bibtex, csl
from gyges.graph.model import Node, node_id, slug_of
from gyges.graph.recognition.initials import initialled
from gyges.graph.recognition.matching import match
from gyges.graph.records import Incoming
from gyges.graph.review.queueing import waiting

BIB = r"""% exported by hand
@string{lab = {Example Institute}}

@article{roe2031,
  title = {The {RLHF} of \emph{small} things: 15\% \& 20% more},
  author = {Roe, Jane and {\"O}zg{\"u}r, M. and {Example Alignment Team} and van der Berg, Jan and others},
  journal = {Journal of Examples},
  year = 2031, month = dec,
  eprint = {3112.01234v2}, archivePrefix = {arXiv},
  doi = {https://doi.org/10.1234/ABC.5},
  url = {https://example.org/a%20b?x=1\&y=2},
  urldate = {2032-01-05}
}

@inproceedings{berg2030, title = "Counting kinds", author = "J. van der Berg and L{\'e}on Dupont",
  booktitle = {Proceedings of Examples}, date = {2030-05-02/2030-05-04}}

@dataset{data2030, title={Kinds, counted}, author={{Example Lab}}, year={2030}, isbn={978-3-16-148410-0}}
"""


def read(tmp_path: Path, text: str, name: str = "refs.bib") -> Incoming:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return (csl if name.endswith(".json") else bibtex).read(file)


def items(tmp_path: Path, *given: Any) -> Incoming:
    return read(tmp_path, json.dumps(list(given), indent=1), "refs.json")


def node(found: Incoming, id_: str) -> Node:
    return next(one for one in found.nodes if one.id == id_)


def authors(found: Incoming, work: str) -> list[str]:
    edges = [edge for edge in found.edges if edge.subject == work]
    assert {edge.relation for edge in edges} <= {"authored_by"}
    return [edge.object for edge in edges]


def test_a_bibtex_entry_becomes_a_paper_with_its_identifiers_and_dates(tmp_path: Path) -> None:
    found = read(tmp_path, BIB)
    paper = node(found, "paper:roe-2031-rlhf")
    assert paper.label == "The RLHF of small things: 15% & 20% more"
    assert dict(paper.identifiers) == {
        "arxiv": "3112.01234",
        "doi": "10.1234/abc.5",
        "url": "https://example.org/a%20b?x=1&y=2",
        "citekey": "roe2031",
    }
    assert dict(paper.dates) == {"published": "2031-12", "retrieved": "2032-01-05"}
    assert paper.gloss == "Article in Journal of Examples."


def test_people_and_groups_become_thinkers_and_organisations(tmp_path: Path) -> None:
    found = read(tmp_path, BIB)
    assert authors(found, "paper:roe-2031-rlhf") == [
        "thinker:jane-roe",
        "thinker:m-ozgur",
        "organisation:example-alignment-team",
        "thinker:jan-van-der-berg",
    ]
    assert node(found, "thinker:m-ozgur").label == "M. Özgür"
    assert node(found, "thinker:leon-dupont").label == "Léon Dupont"
    assert any("leaves further authors out" in note for note in found.notes)
    for edge in found.edges:
        (evidence,) = edge.evidence
        assert evidence.node == edge.subject
        assert "refs.bib, entry" in evidence.locator


def test_a_dataset_is_a_dataset(tmp_path: Path) -> None:
    found = read(tmp_path, BIB)
    data = node(found, "dataset:example-lab-2030-kinds")
    assert data.identifiers["isbn"] == "978-3-16-148410-0"
    assert authors(found, data.id) == ["organisation:example-lab"]


def test_every_record_is_one_that_a_graph_can_hold(tmp_path: Path) -> None:
    found = read(tmp_path, BIB)
    for one in found.nodes:
        check_node(one.to_dict())
    for edge in found.edges:
        check_edge(edge.to_dict())
    ids = {one.id for one in found.nodes}
    assert all({edge.subject, edge.object} <= ids for edge in found.edges)


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (r"Fran{\c c}ois M{\"u}ller", "François Müller"),
        (r"Fran\c{c}ois M\"uller", "François Müller"),
        (r"{\L}ukasz {\O}rsted", "Łukasz Ørsted"),
        (r"\v{S}imon Nov{\'a}k", "Šimon Novák"),
        (r"Jo{\~a}o d'{\'A}vila", "João d’Ávila"),
        ("Søren 山田", "Søren 山田"),
        (r"An Nguy\~{\^e}n", "An Nguyễn"),
        (r"Nguy\~{\^{e}}n, An", "An Nguyễn"),
        (r"Nguy{\~{\^e}}n, An", "An Nguyễn"),
        (r"Nguy\~\^en, An", "An Nguyễn"),
        (r"Pe\~na, Jos\'e", "José Peña"),
        (r"Pe\~{n}a~Mu{\~n}oz, J.~A.", "J. A. Peña Muñoz"),
    ],
)
def test_accents_of_latex_become_letters(tmp_path: Path, written: str, read_as: str) -> None:
    found = read(tmp_path, f"@misc{{a, title={{T}}, year=2030, author={{{written}}}}}")
    (person,) = [one for one in found.nodes if one.type == "thinker"]
    assert person.label.replace("'", "’") == read_as


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        (r"{\O}stby, Lars", "lars-ostby"),
        (r"{\L}uk{\'a}\v{s}, {\DH}ura", "dura-lukas"),
        (r"Gro{\ss}, {\AE}gir", "aegir-gross"),
        ("Đặng, Þóra", "thora-dang"),
        ("Işık, Œuvre", "oeuvre-isik"),
        (r"M{\"u}ller, L{\'e}a", "lea-muller"),
        ("Ostby, Lars and Østby, L.", "lars-ostby"),
    ],
)
def test_a_letter_that_is_no_accented_one_has_its_place_in_an_id(
    tmp_path: Path, name: str, slug: str
) -> None:
    found = read(tmp_path, f"@misc{{a, title={{T}}, year=2030, author={{{name}}}}}")
    assert [one.id for one in found.nodes if one.type == "thinker"] == [f"thinker:{slug}"]


@pytest.mark.parametrize(
    ("label", "slug"),
    [
        ("Alignment faking (AF), 2nd", "alignment-faking-af-2nd"),
        ("Café № 5 ﬁne ½", "cafe-no-5-fine-12"),
        ("Nguyễn İ", "nguyen-i"),
        ("山田", "5f34cd839919"),
        ("α-level", "level"),
    ],
)
def test_the_ids_of_other_labels_are_as_they_were(label: str, slug: str) -> None:
    assert slug_of(label) == slug


def test_a_person_has_one_id_however_the_name_is_written(tmp_path: Path) -> None:
    ways = ["Roe, Jane Q.", "Jane Q. Roe", "Roe, J. Q.", "Roe, J.", "J.Q. Roe", "JANE Q. ROE"]
    text = "".join(
        f"@misc{{k{at}, title={{Title {at}}}, year=2030, author={{{way}}}}}\n"
        for at, way in enumerate(ways)
    )
    found = read(tmp_path, text)
    people = [one for one in found.nodes if one.type == "thinker"]
    assert [one.id for one in people] == ["thinker:jane-q-roe"]
    assert people[0].label == "Jane Q. Roe"
    assert {"J. Roe", "J. Q. Roe"} <= set(people[0].aliases)


def test_initials_that_fit_two_people_join_neither(tmp_path: Path) -> None:
    text = (
        "@misc{a, title={One}, year=2030, author={Roe, Jane and Roe, John}}\n"
        "@misc{b, title={Two}, year=2030, author={Roe, J.}}\n"
        "@misc{c, title={Three}, year=2030, author={Roe, Mary Jane and Poe, Jane}}\n"
    )
    found = read(tmp_path, text)
    assert {one.id for one in found.nodes if one.type == "thinker"} == {
        "thinker:jane-roe",
        "thinker:john-roe",
        "thinker:j-roe",
        "thinker:mary-jane-roe",
        "thinker:jane-poe",
    }
    assert any("'J. Roe' may be several persons" in note for note in found.notes)


def test_works_that_would_share_an_id_are_told_apart_whatever_their_order(tmp_path: Path) -> None:
    entries = [
        "@misc{a, title={Faking alignment early}, year=2031, author={Roe, Jane}}",
        "@misc{b, title={Faking alignment late}, year=2031, author={Roe, Jane}}",
        "@misc{c, title={Faking it}, year=2031, author={Roe, Jane}}",
        "@misc{d, title={Same}, year=2031, author={Roe, Jane and Poe, A}, doi={10.1234/a}}",
        "@misc{e, title={Same but}, year=2031, author={Roe, Jane}, doi={10.1234/b}}",
    ]
    seen = set()
    for seed in range(5):
        random.Random(seed).shuffle(entries)
        found = read(tmp_path, "\n".join(entries))
        ids = sorted((one.label, one.id) for one in found.nodes if one.type == "paper")
        assert len({id_ for _, id_ in ids}) == 5
        seen.add(tuple(ids))
    assert len(seen) == 1
    assert ("Faking alignment early", "paper:roe-2031-faking-alignment-early") in ids


def test_the_same_work_twice_is_taken_once_with_all_its_identifiers(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "@misc{a, title={Kinds}, year=2031, author={Roe, Jane}, eprint={3101.00001}, eprinttype={arxiv}}\n"
        "@article{b, title={Kinds}, year=2031, author={J. Roe}, journal={arXiv preprint arXiv:3101.00001},"
        " doi={10.1234/k}}\n",
    )
    (paper,) = [one for one in found.nodes if one.type == "paper"]
    assert paper.identifiers["doi"] == "10.1234/k"
    assert any(
        "refs.bib:2: entry 'b' is the work of entry 'a' (line 1) again" in n for n in found.notes
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "@misc{a,\n title = {No end\n\n@misc{b, title={B}}",
            "refs.bib:1: the entry cannot be read",
        ),
        (
            "@misc{a, title={A}}\n\n@misc{a, title={B}}",
            "refs.bib:3: the key 'a' stands already in line 1",
        ),
        ("@misc{a,\n title={A},\n title={B}}", "refs.bib:1: the entry has the field title twice"),
        (
            "@misc{a,\n title={A}\n author={B}}",
            "refs.bib:2: entry 'a': the field 'title' does not end",
        ),
        ("\n@misc{a, year=2030}", "refs.bib:2: entry 'a' has no title"),
        (
            "@misc{a, title={T},\n author={A, B, C, D}}",
            "refs.bib:2: entry 'a': the name 'A, B, C, D'",
        ),
        ("@misc{a, title={" + "{" * 3000 + "x" + "}" * 3000 + "}}", "braces 3000 deep"),
        ("nothing here", "refs.bib: no entry"),
        ("", "refs.bib: no entry"),
        ("@misc{a, title={T\x07}}", "refs.bib:1: label holds the character"),
    ],
)
def test_faults_are_named_with_file_and_line(
    tmp_path: Path, text: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(GraphError) as raised:
        read(tmp_path, text)
    assert said in str(raised.value)
    assert capfd.readouterr() == ("", "")


def test_all_faults_of_a_file_are_named_at_once_and_the_logger_is_as_before(tmp_path: Path) -> None:
    before = logging.getLogger("bibtexparser").level
    with pytest.raises(GraphError) as raised:
        read(tmp_path, "@misc{a, year=1}\n@misc{b, year=2}\n" + "@misc{c, title={x}\n\n@misc{d}")
    assert len(str(raised.value).splitlines()) == 4
    assert logging.getLogger("bibtexparser").level == before


def test_what_cannot_be_used_is_left_out_and_told(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "@misc{a, title={T}, author={Roe}, year={in press}, doi={unknown},\n url={javascript:alert(1)}}",
    )
    paper = node(found, "paper:roe-undated-t")
    assert dict(paper.identifiers) == {"citekey": "a"}
    told = "\n".join(found.notes)
    for said in ("'in press' is no date", "doi 'unknown'", "is no web address", "no given name"):
        assert said in told


def test_a_file_that_is_not_utf_8_is_refused_with_the_way_out(tmp_path: Path) -> None:
    file = tmp_path / "old.bib"
    file.write_bytes("@misc{a,\n title={Müller}}".encode("latin-1"))
    with pytest.raises(
        GraphError, match=r"old.bib:2: .*byte 18 of the file, 0xFC, is not UTF-8.*iconv"
    ):
        bibtex.read(file)


def test_commands_of_latex_do_nothing_but_leave_their_text(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        r"@misc{a, title={A \input{/etc/passwd} \write18{rm} B <script>x</script>}, year=2030, author={Roe, J}}",
    )
    (paper,) = [one for one in found.nodes if one.type == "paper"]
    assert "root:" not in paper.label
    assert "<script>x</script>" in paper.label


ITEM = {
    "id": "roe",
    "type": "article-journal",
    "title": "The <i>kinds</i> of things &amp; more <script>x</script>",
    "author": [
        {"family": "Roe", "given": "Jane"},
        {"family": "Berg", "given": "Jan", "non-dropping-particle": "van der"},
        {"literal": "Example Alignment Team"},
    ],
    "issued": {"date-parts": [[2031, 4, 9]]},
    "accessed": {"raw": "2032-01-05"},
    "container-title": "Journal of Examples",
    "DOI": "10.48550/arXiv.3104.01234",
    "URL": "https://arxiv.org/abs/3104.01234v3",
}


def test_a_csl_item_gives_the_same_as_its_bibtex_entry(tmp_path: Path) -> None:
    from_csl = items(tmp_path, ITEM)
    from_bib = read(
        tmp_path,
        "@article{roe, title={The kinds of things \\& more <script>x</script>}, journal={Journal of Examples},"
        " author={Roe, Jane and van der Berg, Jan and {Example Alignment Team}}, date={2031-04-09},"
        " urldate={2032-01-05}, doi={10.48550/arXiv.3104.01234}, url={https://arxiv.org/abs/3104.01234v3}}",
    )

    def plain(found: Incoming) -> list[dict[str, Any]]:
        return [{**one.to_dict(), "by": ""} for one in found.nodes]

    assert plain(from_csl) == plain(from_bib)
    assert [edge.id for edge in from_csl.edges] == [edge.id for edge in from_bib.edges]
    assert node(from_csl, "paper:roe-2031-kinds").identifiers["arxiv"] == "3104.01234"


@pytest.mark.parametrize(
    ("issued", "date"),
    [
        ({"date-parts": [[2031]]}, "2031"),
        ({"date-parts": [["2031", "4"]]}, "2031-04"),
        ({"date-parts": [[2031, 4, 9], [2031, 5]]}, "2031-04-09"),
        ({"literal": "2031-04"}, "2031-04"),
        ("2031-04-09", "2031-04-09"),
        ({"raw": "forthcoming"}, None),
        ({"date-parts": [[]]}, None),
        ({"date-parts": "x"}, None),
    ],
)
def test_dates_of_csl(tmp_path: Path, issued: Any, date: str | None) -> None:
    found = items(tmp_path, {**ITEM, "issued": issued})
    (paper,) = [one for one in found.nodes if one.type == "paper"]
    assert paper.dates.get("published") == date
    assert any("is no date" in note for note in found.notes) == (date is None)


def test_faults_of_csl_are_named_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(GraphError) as raised:
        items(
            tmp_path,
            ITEM,
            {"id": "b"},
            7,
            {**ITEM, "title": "Again"},
            {"id": "c", "title": "T", "author": ["Roe"]},
            {"id": "d", "title": "T", "author": "Roe"},
        )
    message = str(raised.value)
    lines = (tmp_path / "refs.json").read_text().splitlines()
    line = next(at for at, text in enumerate(lines, start=1) if '"id": "b"' in text)
    assert f"refs.json:{line}: item 2 ('b') has no title" in message
    for said in (
        "item 3 is no JSON object",
        "'roe' stands already in line 3",
        "a name is",
        "it is a list",
    ):
        assert said in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "refs.json:1: no JSON"),
        ("[1,\n2", "refs.json:2: no JSON"),
        ("[]", "CSL-JSON is a list of items"),
        ('"x"', "CSL-JSON is a list of items"),
        ("[" * 100_000, "too deep"),
        ("[" + "9" * 5000 + "]", "too long"),
    ],
)
def test_what_is_no_csl_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(GraphError, match=r"refs\.json") as raised:
        read(tmp_path, text, "refs.json")
    assert said in str(raised.value)


def test_one_item_and_a_library_with_items_are_read_too(tmp_path: Path) -> None:
    alone = read(tmp_path, json.dumps(ITEM), "refs.json")
    library = read(tmp_path, json.dumps({"items": [ITEM]}), "refs.json")
    assert alone.nodes == library.nodes == items(tmp_path, ITEM).nodes


# ---------------------------------------------------------------------- identifiers in other fields


def _paper(found: Incoming) -> Node:
    (one,) = (one for one in found.nodes if one.type == "paper")
    return one


@pytest.mark.parametrize(
    "fields",
    [
        "journal={arXiv preprint arXiv:2401.05566}",
        "journal={arXiv preprint 2401.05566v2}",
        "journal={CoRR}, volume={abs/2401.05566}",
        "journal={ArXiv}, volume={abs/2401.05566v3}",
        "journal={CoRR abs/2401.05566}",
        "pages={arXiv:2401.05566}, journal={arXiv e-prints}",
        "eid={arXiv:2401.05566}",
        "note={Available as arXiv:2401.05566 [cs.CL]}",
        "howpublished={\\url{https://arxiv.org/abs/2401.05566}}",
        "url={https://arxiv.org/pdf/2401.05566v2.pdf}",
        "publisher={arXiv}, number={2401.05566}",
        "booktitle={arXiv:2401.05566}",
        "doi={10.48550/arXiv.2401.05566}",
        "note={doi:10.48550/arXiv.2401.05566}",
    ],
)
def test_a_number_of_arxiv_is_found_in_whatever_field_it_stands(
    tmp_path: Path, fields: str
) -> None:
    found = read(tmp_path, f"@article{{a, title={{T}}, author={{Roe, Jane}}, year=2024, {fields}}}")
    assert _paper(found).identifiers["arxiv"] == "2401.05566"


@pytest.mark.parametrize(
    ("fields", "doi"),
    [
        ("url={https://doi.org/10.1234/AB.5}", "10.1234/ab.5"),
        ("howpublished={\\url{https://dx.doi.org/10.1234/ab.5}}", "10.1234/ab.5"),
        ("note={DOI: 10.1234/ab.5.}", "10.1234/ab.5"),
        ("note={Erratum in doi:10.1234/other}", None),
        ("note={10.1234 is a number}", None),
        ("url={https://example.org/10.1234/ab.5}", None),
    ],
)
def test_a_doi_is_found_where_it_says_that_it_is_one(
    tmp_path: Path, fields: str, doi: str | None
) -> None:
    found = read(tmp_path, f"@article{{a, title={{T}}, author={{Roe, Jane}}, year=2024, {fields}}}")
    assert _paper(found).identifiers.get("doi") == doi


@pytest.mark.parametrize(
    "note", ["Comment on arXiv:2401.05566", "Reply to arXiv:2401.05566", "Supersedes 2401.05566"]
)
def test_the_number_of_another_work_is_not_the_works_own(tmp_path: Path, note: str) -> None:
    bib = read(tmp_path, f"@article{{a, title={{T}}, author={{Roe, Jane}}, note={{{note}}}}}")
    assert "arxiv" not in _paper(bib).identifiers
    file = tmp_path / "a.json"
    item = {"id": "a", "title": "T", "author": [{"literal": "L"}], "note": note}
    file.write_text(json.dumps([item]), encoding="utf-8")
    assert "arxiv" not in _paper(csl.read(file)).identifiers


@pytest.mark.parametrize(
    "fields",
    [
        {"container-title": "arXiv preprint arXiv:2401.05566"},
        {"container-title": "CoRR", "volume": "abs/2401.05566"},
        {"note": "arXiv:2401.05566 [cs]"},
        {"page": "arXiv:2401.05566"},
        {"publisher": "arXiv", "number": "2401.05566"},
        {"URL": "http://arxiv.org/abs/2401.05566"},
    ],
)
def test_csl_names_a_number_of_arxiv_in_many_fields_too(
    tmp_path: Path, fields: dict[str, str]
) -> None:
    file = tmp_path / "a.json"
    item = {"id": "a", "title": "T", "author": [{"literal": "L"}], **fields}
    file.write_text(json.dumps([item]), encoding="utf-8")
    assert _paper(csl.read(file)).identifiers["arxiv"] == "2401.05566"


def test_a_paper_is_known_again_by_the_number_in_its_journal(tmp_path: Path) -> None:
    there = Node("paper:known", "Another title", identifiers={"arxiv": "2401.05566"})
    with graph(there) as store:
        found = read(
            tmp_path,
            "@article{a, title={T}, author={Doe, J.}, year=2024, journal={arXiv preprint arXiv:2401.05566}}",
        )
        store.take(match(store, found), "import")
        assert store.node("paper:known").identifiers["citekey"] == "a"
        assert [one.id for one in store.nodes(("paper",))] == ["paper:known", "paper:source"]


# ---------------------------------------------------------------------- initials


def _pairs(*labels: str, among: set[str] | None = None) -> list[tuple[str, str]]:
    nodes = [Node(node_id("thinker", label), label) for label in labels]
    with graph(*nodes, source=False) as store:
        return list(initialled(store, among))


@pytest.mark.parametrize(
    ("labels", "pairs"),
    [
        (("J. Doe", "Jane Doe"), [("thinker:j-doe", "thinker:jane-doe")]),
        (("Doe, J.", "Jane Doe"), [("thinker:doe-j", "thinker:jane-doe")]),
        (("J. Q. Doe", "Jane Doe"), [("thinker:j-q-doe", "thinker:jane-doe")]),
        (("J. Doe", "Jane Q. Doe"), [("thinker:j-doe", "thinker:jane-q-doe")]),
        (("L. Muller", "Léa Müller"), [("thinker:l-muller", "thinker:lea-muller")]),
        (("L. Ostby", "Lars Østby"), [("thinker:l-ostby", "thinker:lars-ostby")]),
        (("J. Doe Jr.", "Jane Doe"), [("thinker:j-doe-jr", "thinker:jane-doe")]),
        # It fits two, or nobody; or no name says more than the other.
        (("J. Doe", "Jane Doe", "John Doe"), []),
        (("J. Doe", "Kim Doe"), []),
        (("J. R. Doe", "Jane Quinn Doe"), []),
        (("J. Doe", "J. Q. Doe"), []),
        (("J. Doe", "Jane Roe"), []),
        (("Doe", "Jane Doe"), []),
        (("Jane Doe", "Janet Doe"), []),
    ],
)
def test_an_initial_that_fits_one_person_alone_makes_a_pair(
    labels: tuple[str, ...], pairs: list[tuple[str, str]]
) -> None:
    assert _pairs(*labels) == pairs
    assert _pairs(*labels, among={"thinker:somebody"}) == []
    assert all(_pairs(*labels, among={one}) == pairs for pair in pairs for one in pair)


def test_a_person_with_an_initial_waits_for_review_and_is_taken_for_nobody(tmp_path: Path) -> None:
    with graph(Node("thinker:jane-doe", "Jane Doe")) as store:
        found = match(store, read(tmp_path, "@article{a, title={T}, author={Doe, J.}, year=2024}"))
        store.take(found, "import")
        assert store.has("thinker:j-doe")
        assert store.node("thinker:jane-doe").aliases == ()
        waits = waiting(store, Likenesses(store))
        assert [one.key for one in waits] == ["thinker:j-doe|thinker:jane-doe"]
        assert waits[0].likeness is not None
        assert waits[0].likeness.verdict == "same"
        decide(store, waits[0].key, "not-same", by="me")
        assert waiting(store, Likenesses(store)) == []
