"""The page of a concept, item by item, on the graph that ships."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from graph_library import (
    CONCEPT,
    COPIES,
    SOURCES,
    copied,
    edge,
    embeds,
    graph,
    ids,
    made_once,
    needs_sources,
    node,
    quoted,
    records,
)
from gyges.cli.graph._page_text import page_lines
from gyges.errors import GraphError
from gyges.graph import (
    GRADES,
    NODE_TYPES,
    RELATIONS,
    STATUSES,
    Evidence,
    Likenesses,
    Store,
    attach,
    decide,
    health_of,
    page_of,
    pair_key,
    queue,
    search,
)
from gyges.graph.formats import read, write
from gyges.graph.site import Links, render_node, render_review

Page = dict[str, Any]


NEAR = 0.6


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("page")
    with Store.open(copied(made_once(tmp_path_factory), folder)) as found:
        yield found


@pytest.fixture(scope="module")
def alike(store: Store) -> Likenesses:
    # All that is nearer is joined to the concept by an edge.
    return Likenesses(store, NEAR)


@pytest.fixture(scope="module")
def page(store: Store, alike: Likenesses) -> Page:
    return page_of(store, CONCEPT, similar=alike.around(CONCEPT), similarity=alike.about())


@pytest.fixture(scope="module")
def site(page: Page, store: Store) -> str:
    """The text of the page as a reader sees it."""
    html = render_node(page, Links.served(has=store.has))
    plain = re.sub(r"<script.*?</script>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", plain)).split())


@pytest.fixture(scope="module")
def labels() -> dict[str, str]:
    return {one["id"]: one["label"] for one in records("nodes.jsonl")}


@pytest.fixture(scope="module")
def joining() -> dict[str, list[dict[str, Any]]]:
    """The concept's edges by neighbour, counted from the shipped file itself."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in records("edges.jsonl"):
        if CONCEPT in (one["subject"], one["object"]):
            found[one["object"] if one["subject"] == CONCEPT else one["subject"]].append(one)
    return found


# ---------------------------------------------------------------------- the header


def test_header_has_the_stable_id(page: Page, site: str) -> None:
    assert page["node"]["id"] == CONCEPT
    assert CONCEPT in site


def test_header_has_the_label(page: Page, site: str) -> None:
    assert page["node"]["label"].lower() == "alignment faking"
    assert page["node"]["label"] in site


def test_header_has_other_names_which_lead_to_it(page: Page, site: str, store: Store) -> None:
    assert page["node"]["aliases"]
    for name in page["node"]["aliases"]:
        assert name in site
        assert CONCEPT in store.named(name)


def test_header_has_the_type(page: Page, site: str) -> None:
    assert page["node"]["type"] == "concept"
    assert "concept" in site


def test_header_has_the_status(page: Page) -> None:
    assert page["node"]["status"] in STATUSES


def test_header_has_a_definition_in_a_sentence(page: Page, site: str) -> None:
    assert len(page["node"]["gloss"].split()) >= 8
    assert page["node"]["gloss"] in site


def test_header_has_the_source_of_the_definition(
    page: Page, site: str, labels: dict[str, str]
) -> None:
    assert page["node"]["evidence"]
    for one in page["node"]["evidence"]:
        assert one["label"] == labels[one["node"]]
        assert one["locator"]
        assert one["grade"] in GRADES
        assert one["label"] in site


def test_an_id_survives_relabelling() -> None:
    with graph(node(CONCEPT, "Alignment faking")) as store:
        with store.change("relabel") as change:
            change.put_node(node(CONCEPT, "Strategic compliance", aliases=("Alignment faking",)))
        assert page_of(store, CONCEPT)["node"]["label"] == "Strategic compliance"
        assert ids(search(store, "alignment faking")) == [CONCEPT]


# ---------------------------------------------------------------------- the neighbourhood


def test_neighbours_are_grouped_by_type_with_counts(
    page: Page, joining: dict[str, list[dict[str, Any]]]
) -> None:
    nodes = Counter(id_.partition(":")[0] for id_ in joining)
    edges: Counter[str] = Counter()
    for id_, found in joining.items():
        edges[id_.partition(":")[0]] += len(found)
    assert {one["type"]: one["nodes"] for one in page["groups"]} == nodes
    assert {one["type"]: one["edges"] for one in page["groups"]} == edges
    assert page["node"]["edges"] == edges.total()
    for one in page["groups"]:
        assert one["plural"] == NODE_TYPES[one["type"]].plural


def test_groups_and_members_are_ranked_by_edge_count(
    page: Page, joining: dict[str, list[dict[str, Any]]], labels: dict[str, str]
) -> None:
    by_type: Counter[str] = Counter()
    for id_, found in joining.items():
        by_type[id_.partition(":")[0]] += len(found)
    groups = sorted(by_type, key=lambda name: (-by_type[name], name))
    assert [one["type"] for one in page["groups"]] == groups

    degree: Counter[str] = Counter()
    for one in records("edges.jsonl"):
        degree.update((one["subject"], one["object"]))
    ranked = sorted(joining, key=lambda id_: (-len(joining[id_]), -degree[id_], labels[id_], id_))
    expected = [id_ for type_ in groups for id_ in ranked if id_.startswith(f"{type_}:")]
    assert ids(page["neighbours"]) == expected
    for one in page["neighbours"]:
        assert one["count"] == len(joining[one["id"]])
        assert one["total"] == degree[one["id"]]


def test_no_label_is_empty(page: Page, labels: dict[str, str]) -> None:
    told = [*page["neighbours"], *page["similar"], *page["findings"], *page["quotes"]]
    told += page["picture"]["nodes"]
    for one in told:
        assert one["label"].strip() == labels[one["id"]]
    for one in page["neighbours"]:
        assert all(piece["label"] for said in one["edges"] for piece in said["evidence"])


def test_every_neighbour_has_a_gloss_of_its_own(page: Page) -> None:
    for one in page["neighbours"]:
        assert one["gloss"], one["id"]


def test_each_edge_has_its_relation_and_direction(
    page: Page, joining: dict[str, list[dict[str, Any]]]
) -> None:
    for one in page["neighbours"]:
        expected = {
            said["id"]: (
                said["relation"],
                "both"
                if RELATIONS[said["relation"]].symmetric
                else "out"
                if said["subject"] == CONCEPT
                else "in",
            )
            for said in joining[one["id"]]
        }
        told = {said["id"]: (said["relation"], said["direction"]) for said in one["edges"]}
        assert told == expected
        for said in one["edges"]:
            rule = RELATIONS[said["relation"]]
            assert said["reads"] == (rule.back if said["direction"] == "in" else rule.reads)


def test_the_direction_turns_with_the_point_of_view(store: Store) -> None:
    forth = page_of(store, CONCEPT)["neighbours"]
    turned = {"out": "in", "in": "out", "both": "both"}
    for one in forth[:12]:
        back = next(
            other for other in page_of(store, one["id"])["neighbours"] if other["id"] == CONCEPT
        )
        assert {said["id"]: turned[said["direction"]] for said in one["edges"]} == {
            said["id"]: said["direction"] for said in back["edges"]
        }


def test_each_edge_has_its_own_gloss_and_evidence(
    page: Page, joining: dict[str, list[dict[str, Any]]], labels: dict[str, str]
) -> None:
    for one in page["neighbours"]:
        shipped = {said["id"]: said for said in joining[one["id"]]}
        for said in one["edges"]:
            assert said["gloss"] == shipped[said["id"]].get("gloss", "")
            assert said["gloss"], said["id"]
            told = [(piece["node"], piece["locator"]) for piece in said["evidence"]]
            given = [
                (piece.get("node", ""), piece.get("locator", ""))
                for piece in shipped[said["id"]]["evidence"]
            ]
            assert told == given
            for piece in said["evidence"]:
                assert piece["label"] == labels[piece["node"]]


def test_each_edge_says_how_it_came_to_be_who_made_it_and_how_sure_it_is(
    page: Page, joining: dict[str, list[dict[str, Any]]]
) -> None:
    sure = {one["id"]: one.get("confidence") for found in joining.values() for one in found}
    for one in page["neighbours"]:
        for said in one["edges"]:
            assert said["channel"] == "curated"
            assert said["by"]
            assert said["confidence"] == sure[said["id"]]


def test_several_edges_between_two_nodes_are_all_told() -> None:
    rows = [
        node("finding:a"),
        node("claim:b"),
        edge("finding:a", "supports", "claim:b", "on one model"),
        edge("finding:a", "supports", "claim:b", "on another"),
        edge("finding:a", "contradicts", "claim:b", "on a third"),
    ]
    with graph(*rows) as store:
        (one,) = page_of(store, "claim:b")["neighbours"]
    assert one["count"] == 3
    assert [said["relation"] for said in one["edges"]] == ["supports", "supports", "contradicts"]
    assert {said["gloss"] for said in one["edges"]} == {"on one model", "on another", "on a third"}


# ---------------------------------------------------------------------- for and against


def test_what_bears_on_truth_stands_apart_from_loose_association(page: Page) -> None:
    bearing = page["bearing"]
    assert {one["relation"] for one in bearing["supports"]} == {"supports"}
    assert {one["relation"] for one in bearing["contradicts"]} == {"contradicts"}
    loose = [
        said
        for one in page["neighbours"]
        for said in one["edges"]
        if said["relation"] == "associated_with"
    ]
    assert bearing["counts"]["loose"] == len(loose)
    for one in (*bearing["supports"], *bearing["contradicts"]):
        assert one["evidence"]
        assert one["about"]["label"]
        assert one["other"]["label"]


def test_support_and_contradiction_of_a_claim_equal_a_recount(store: Store) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in records("edges.jsonl"):
        if one["object"].startswith(("claim:", "hypothesis:")):
            counts[one["object"]][one["relation"]] += 1
    contested = [id_ for id_, found in counts.items() if found["supports"] and found["contradicts"]]
    assert contested
    for id_ in sorted(contested)[:15]:
        bearing = page_of(store, id_)["bearing"]
        told = Counter(
            one["relation"]
            for one in (*bearing["supports"], *bearing["contradicts"])
            if one["about"]["id"] == id_ and one["direction"] == "in"
        )
        assert told["supports"] == counts[id_]["supports"], id_
        assert told["contradicts"] == counts[id_]["contradicts"], id_


def test_the_counts_of_for_and_against_are_those_of_all_however_many_are_listed() -> None:
    rows = [node("claim:much-debated")]
    for number in range(600):
        rows.append(node(f"finding:f{number}"))
        relation = "contradicts" if number % 3 == 0 else "supports"
        rows.append(edge(f"finding:f{number}", relation, "claim:much-debated"))
    with graph(*rows) as store:
        bearing = page_of(store, "claim:much-debated")["bearing"]
    assert (bearing["counts"]["supports"], bearing["counts"]["contradicts"]) == (400, 200)
    assert bearing["supports"]
    assert bearing["contradicts"]
    assert len(bearing["supports"]) < 400


# ---------------------------------------------------------------------- quotes

TEXT = (
    "At first nobody knew what to make of it. The model said, quietly, that it would rather keep its own "
    "aims than be changed by strangers; and so it did. That is all."
)
PASSAGE = "it would rather keep its own aims than be changed by strangers"


def _quoting() -> Store:
    return graph(
        node(CONCEPT),
        quoted("quote:aims", "paper:source", PASSAGE),
        edge(CONCEPT, "quotes", "quote:aims"),
    )


def test_a_quote_has_no_text_until_a_copy_is_attached() -> None:
    with _quoting() as store:
        (quote,) = page_of(store, CONCEPT)["quotes"]
    assert (quote["text"], quote["state"], quote["start"]) == (None, "not attached", None)
    assert (quote["source"]["id"], quote["locator"]) == ("paper:source", "section 1")
    assert quote["words"] == len(PASSAGE.split())
    assert re.fullmatch("[0-9a-f]{64}", quote["sha256"])


def test_an_attached_copy_gives_the_exact_text_its_place_and_the_check(tmp_path: Path) -> None:
    copy = tmp_path / "copy.txt"
    # Another layout of the same words still is the same passage.
    copy.write_text(TEXT.replace(" rather keep ", "\n  rather  keep "), encoding="utf-8")
    with _quoting() as store:
        told = attach(store, copy)
        (quote,) = page_of(store, CONCEPT)["quotes"]
    assert told["source"] == "paper:source"
    assert quote["state"] == "stands"
    assert quote["text"] == copy.read_text()[quote["start"] : quote["end"]]
    assert " ".join(quote["text"].split()) == PASSAGE + ";"
    assert quote["file"] == "copy.txt"


def test_one_changed_word_is_not_found_and_no_text_is_made_up(tmp_path: Path) -> None:
    copy = tmp_path / "copy.txt"
    copy.write_text(TEXT.replace("strangers", "friends"), encoding="utf-8")
    with _quoting() as store:
        with pytest.raises(GraphError, match=r"no quoted passage stands in .*--to ID"):
            attach(store, copy)
        attach(store, copy, "paper:source")
        (quote,) = page_of(store, CONCEPT)["quotes"]
    assert (quote["state"], quote["text"], quote["start"]) == ("not found", None, None)


def test_a_passage_in_the_evidence_of_an_edge_is_checked_as_well(tmp_path: Path) -> None:
    copy = tmp_path / "copy.txt"
    copy.write_text(TEXT, encoding="utf-8")
    passage = quoted("quote:x", "paper:source", PASSAGE).evidence[0]
    rows = [
        node("claim:a"),
        node("claim:b"),
        edge("claim:a", "supports", "claim:b", evidence=[passage]),
    ]
    with graph(*rows) as store:
        attach(store, copy)
        (one,) = page_of(store, "claim:a")["neighbours"]
    (piece,) = one["edges"][0]["evidence"]
    assert piece["passage"]["state"] == "stands"
    assert piece["passage"]["text"].startswith("it would rather")


def test_every_curated_quote_ships_as_a_fingerprint_without_text(store: Store) -> None:
    found = [one for one in store.nodes(["quote"]) if one.evidence[0].passage]
    assert found
    for one in found[:8]:
        (quote,) = page_of(store, one.id)["quotes"]
        assert (quote["text"], quote["state"]) == (None, "not attached")
        assert quote["source"]["label"]
        assert quote["locator"]


def test_quotes_of_the_concept_have_label_source_and_state(page: Page, site: str) -> None:
    assert len(page["quotes"]) >= 2
    for one in page["quotes"]:
        assert one["label"] in site
        assert one["source"]["id"]
        assert one["source"]["label"] in site
        assert one["state"] in ("not attached", "no passage")


@pytest.mark.shared_data
@needs_sources
@pytest.mark.parametrize("source", sorted(COPIES))
def test_a_document_gives_its_passages_back_and_one_changed_word_is_noticed(
    source: str, store: Store, tmp_path: Path
) -> None:
    given = SOURCES / COPIES[source]
    told = attach(store, given)
    text = given.read_text(encoding="utf-8-sig")
    assert told["source"] == source
    assert told["passages"]
    assert {one["state"] for one in told["passages"]} == {"stands"}
    for one in told["passages"]:
        assert one["text"] == text[one["start"] : one["end"]]

    first = told["passages"][0]
    words = text[first["start"] : first["end"]].split(" ")
    words[1] = "something"
    changed = tmp_path / given.name
    changed.write_text(
        text[: first["start"]] + " ".join(words) + text[first["end"] :], encoding="utf-8"
    )
    again = attach(store, changed, source)
    lost = {one["of"] for one in again["passages"] if one["state"] == "not found"}
    # Only what has the changed word in it.
    within = {
        one["of"]
        for one in told["passages"]
        if one["start"] < first["end"] and one["end"] > first["start"]
    }
    assert first["of"] in lost <= within
    if first["of"].startswith("quote:"):
        (quote,) = page_of(store, first["of"])["quotes"]
        assert (quote["state"], quote["text"]) == ("not found", None)
    store.undo()
    store.undo()


# ---------------------------------------------------------------------- related by similarity


@embeds
def test_every_similar_item_has_a_score_a_label_and_a_gloss(page: Page, site: str) -> None:
    assert page["similar"]
    for one in page["similar"]:
        assert page["similarity"]["threshold"] <= one["score"] <= 1
        assert f"{one['score']:.3f}" in site
        assert one["label"] in site
        assert one["gloss"]
    scores = [one["score"] for one in page["similar"]]
    assert scores == sorted(scores, reverse=True)


@embeds
def test_the_model_the_threshold_and_how_many_were_compared_are_said(
    page: Page, site: str, store: Store
) -> None:
    said = page["similarity"]
    assert said["missing"] is None
    assert "minilm" in said["model"].lower()
    assert said["threshold"] == NEAR
    assert Likenesses(store).threshold == 0.65
    assert said["compared"] == store.count_nodes()
    assert said["model"] in site
    assert f"{NEAR:.2f}" in site


@embeds
def test_the_list_equals_a_comparison_of_all_vectors_by_force(
    page: Page, store: Store, joining: dict[str, list[dict[str, Any]]]
) -> None:
    import numpy as np

    from gyges.embedding import Embedder
    from gyges.graph.similarity import load, text_of

    vectors = load(store.connection)
    at = list(vectors.ids).index(CONCEPT)
    # The vector is that of the node's own text, as the model gives it now.
    fresh = Embedder()(text_of(store.node(CONCEPT)))
    assert float(fresh @ vectors.matrix[at]) == pytest.approx(1, abs=1e-4)

    cosines = np.asarray(vectors.matrix, dtype=np.float64) @ np.asarray(fresh, dtype=np.float64)
    expected = {
        id_: cosine
        for id_, cosine in zip(vectors.ids, cosines, strict=True)
        if cosine >= NEAR and id_ != CONCEPT and id_ not in joining
    }
    assert sorted(ids(page["similar"])) == sorted(expected)
    for one in page["similar"]:
        assert one["score"] == pytest.approx(expected[one["id"]], abs=2e-4)


@embeds
def test_none_of_the_similar_is_joined_by_an_edge(
    page: Page, joining: dict[str, list[dict[str, Any]]]
) -> None:
    assert not set(ids(page["similar"])) & set(joining)


@embeds
def test_the_threshold_can_be_moved_both_ways(store: Store, page: Page) -> None:
    here = set(ids(page["similar"]))
    more = Likenesses(store, NEAR - 0.05).around(CONCEPT, 200)
    less = Likenesses(store, NEAR + 0.02).around(CONCEPT)
    assert here < {id_ for id_, _ in more}
    assert {id_ for id_, _ in less} == {
        one["id"] for one in page["similar"] if one["score"] >= NEAR + 0.02
    }
    assert Likenesses(store, 1.0).around(CONCEPT) == []
    with pytest.raises(GraphError, match=r"threshold is 1\.5"):
        Likenesses(store, 1.5)


@embeds
def test_an_edge_takes_a_candidate_off_the_list(store: Store, alike: Likenesses) -> None:
    first = alike.around(CONCEPT)[0][0]
    with store.change("join") as change:
        change.put_edge(edge(first, "associated_with", CONCEPT, evidence=()))
    assert first not in dict(alike.around(CONCEPT))
    store.undo()
    assert first in dict(alike.around(CONCEPT))


@embeds
def test_what_was_decided_is_no_candidate_on_the_page_any_more(
    store: Store, alike: Likenesses
) -> None:
    first, second = (id_ for id_, _ in alike.around(CONCEPT)[:2])
    decide(store, pair_key(CONCEPT, first), "not-same")
    assert first not in dict(alike.around(CONCEPT))
    assert CONCEPT not in dict(alike.around(first))
    store.undo()
    decide(store, pair_key(CONCEPT, second), "later")
    assert {first, second} <= set(dict(alike.around(CONCEPT)))
    store.undo()


@embeds
def test_a_graph_that_cannot_be_written_is_shown_and_says_why_nothing_is_compared() -> None:
    with graph(node("concept:a"), node("concept:b")) as store:
        store.connection.execute("PRAGMA query_only = ON")
        alike = Likenesses(store)
        assert alike.around("concept:a") == []
        assert alike.nearest("a", 3) == []
        assert list(alike.pairs()) == []
        assert alike.score("concept:a", "concept:b") is None
        assert "cannot be written" in alike.about()["missing"]


# ---------------------------------------------------------------------- actions


@embeds
def test_each_similar_item_waits_in_the_queue_with_its_actions(
    page: Page, store: Store, alike: Likenesses
) -> None:
    waiting = {one.key: one for one in queue(store, alike.pairs(), about=CONCEPT)}
    for similar in page["similar"]:
        one = waiting[pair_key(CONCEPT, similar["id"])]
        assert one.score == pytest.approx(similar["score"], abs=1e-3)
        assert one.relations()
        html = render_review([one.to_dict()], Links.served(), writing=True, token="t")
        verdicts = set(re.findall(r'name="verdict" value="([^"]+)"', html))
        same = similar["id"].startswith("concept:")
        assert verdicts == {"edge", "not-same", "later"} | ({"merge"} if same else set())


# ---------------------------------------------------------------------- health, search


def test_health_of_the_shipped_graph_has_every_part(store: Store) -> None:
    health = health_of(store)
    assert health["nodes"] == len(records("nodes.jsonl"))
    assert health["edges"] == len(records("edges.jsonl"))
    assert health["orphans"] == 0
    assert health["edges_without_evidence"] == 0
    assert health["catch_all"]["share"] <= 0.15
    assert health["degree"] is not None


def test_search_finds_the_concept_by_label_alias_and_words(store: Store) -> None:
    assert (search(store, "alignment faking")[0].id, search(store, "alignment faking")[0].how) == (
        CONCEPT,
        "label",
    )
    alias = store.node(CONCEPT).aliases[0]
    assert (search(store, alias)[0].id, search(store, alias)[0].how) == (CONCEPT, "alias")
    words = " ".join(re.findall(r"\w+", store.node(CONCEPT).gloss)[:6])
    assert CONCEPT in ids(search(store, words, how=["text"]))


@embeds
def test_search_finds_the_concept_by_meaning(store: Store, alike: Likenesses) -> None:
    asked = "pretending to go along with the training goal so as not to be changed"
    hits = search(store, asked, how=["semantic"], types=["concept"], nearest_to=alike.nearest)
    assert CONCEPT in ids(hits[:5])
    assert all(hit.score is not None for hit in hits)


# ---------------------------------------------------------------------- the picture


def test_the_picture_has_one_and_two_steps_with_their_kinds(page: Page) -> None:
    around: dict[str, set[str]] = defaultdict(set)
    for one in records("edges.jsonl"):
        around[one["subject"]].add(one["object"])
        around[one["object"]].add(one["subject"])
    one_step = around[CONCEPT]
    picture = page["picture"]
    near = [one["id"] for one in picture["nodes"] if one["hops"] == 1]
    two_steps = set.union(*(around[id_] for id_ in near)) - one_step - {CONCEPT}
    by_hops: dict[int, set[str]] = {0: set(), 1: set(), 2: set()}
    for shown in picture["nodes"]:
        by_hops[shown["hops"]].add(shown["id"])
        assert shown["type"] == shown["id"].partition(":")[0]
        assert shown["edges"] > 0
    assert by_hops[0] == {CONCEPT}
    assert by_hops[1] <= one_step
    assert by_hops[2] <= two_steps
    assert by_hops[1]
    assert by_hops[2]
    assert picture["left_out"] == len(one_step) + len(two_steps) - len(picture["nodes"]) + 1


def test_the_picture_keeps_the_neighbours_that_matter_most(page: Page) -> None:
    near = [one for one in page["picture"]["nodes"] if one["hops"] == 1]
    told = {one["id"]: (one["count"], one["total"]) for one in page["neighbours"]}
    assert len(told) > len(near), "the graph grew smaller: choose another concept"
    least = min(told[one["id"]] for one in near)
    assert all(weight <= least for id_, weight in told.items() if id_ not in set(ids(near)))


def test_the_picture_has_every_edge_among_what_it_shows(page: Page) -> None:
    shown = set(ids(page["picture"]["nodes"]))
    expected = {
        one["id"]: (one["subject"], one["relation"], one["object"])
        for one in records("edges.jsonl")
        if {one["subject"], one["object"]} <= shown
    }
    told = {
        one["id"]: (one["source"], one["relation"], one["target"])
        for one in page["picture"]["edges"]
    }
    assert told == expected


def test_the_picture_of_one_step_has_no_second(store: Store) -> None:
    picture = page_of(store, CONCEPT, hops=1)["picture"]
    assert {one["hops"] for one in picture["nodes"]} == {0, 1}


# ---------------------------------------------------------------------- findings


def test_findings_that_bear_on_it_are_linked_to_the_claims_that_they_test(page: Page) -> None:
    said = {
        (one["subject"], one["object"]): one["relation"]
        for one in records("edges.jsonl")
        if one["relation"] in ("supports", "contradicts")
    }
    by_way = [one for one in page["findings"] if one["via"]]
    assert by_way
    for one in by_way:
        assert one["id"].startswith("finding:")
        assert one["via_label"]
        assert one["to"] == one["via"]
        assert (one["id"], one["via"]) in said or (one["via"], one["id"]) in said
    assert {"supports", "contradicts"} <= {one["relation"] for one in by_way}


def test_a_finding_is_told_by_what_it_says_of_the_truth_and_not_by_a_weaker_edge() -> None:
    for number in range(6):
        rows = [
            node("claim:c"),
            node("finding:f"),
            edge("finding:f", "studies", "claim:c", f"gloss {number}"),
            edge("finding:f", "contradicts", "claim:c", f"gloss {number}"),
        ]
        with graph(*rows) as store:
            (one,) = page_of(store, "claim:c")["findings"]
        assert one["relation"] == "contradicts"


# ---------------------------------------------------------------------- what rests on a source


def on(source: str, locator: str = "page 1", grade: str = "primary") -> Evidence:
    return Evidence(source, locator, grade=grade)


def statements(page: Page) -> list[str]:
    """What is listed, as the locator of each."""
    return [one["locator"] for one in page["resting"]["listed"]]


def test_what_rests_on_a_source_equals_a_recount(store: Store) -> None:
    cited: dict[str, dict[str, Counter[bool]]] = defaultdict(lambda: defaultdict(Counter))
    for name in ("edges", "nodes"):
        for one in records(f"{name}.jsonl"):
            sources = {piece.get("node") for piece in one.get("evidence", ())} - {None, ""}
            for source in sources - {one["id"]}:
                cited[source][name][len(sources) == 1] += 1
    most = sorted(cited, key=lambda id_: -cited[id_]["edges"].total())[:6]
    assert cited[most[0]]["edges"].total() > 200
    for id_ in [*most, *sorted(cited)[::9]]:
        told = page_of(store, id_)["resting"]
        edges, nodes = cited[id_]["edges"], cited[id_]["nodes"]
        assert (told["edges"], told["alone"]) == (edges.total(), edges[True]), id_
        assert (told["nodes"], told["alone_nodes"]) == (nodes.total(), nodes[True]), id_
        assert (told["weighed"], told["weighed_nodes"]) == (told["edges"], told["nodes"])
        assert len(told["listed"]) == min(told["edges"], 40)
        assert len(told["listed_nodes"]) == min(told["nodes"], 40)


def test_what_rests_on_it_is_listed_with_both_ends_and_the_place_where_it_is_cited(
    store: Store,
) -> None:
    edges = {one["id"]: one for one in records("edges.jsonl")}
    labels = {one["id"]: one["label"] for one in records("nodes.jsonl")}
    source = "paper:greenblatt-2024-alignment-faking"
    listed = page_of(store, source)["resting"]["listed"]
    for one in listed:
        shipped = edges[one["id"]]
        for end in ("subject", "object"):
            assert one[end]["id"] == shipped[end]
            assert one[end]["label"] == labels[shipped[end]]
            assert one[end]["type"] == shipped[end].partition(":")[0]
        assert one["reads"] == RELATIONS[shipped["relation"]].reads
        assert one["gloss"] == shipped["gloss"]
        places = [
            (piece["locator"], piece["grade"])
            for piece in shipped["evidence"]
            if piece["node"] == source
        ]
        assert (one["locator"], one["grade"]) in places
        # Its own statements are among its neighbours, and there are more others than are listed.
        assert not one["own"]
        assert source not in (shipped["subject"], shipped["object"])


def test_what_rests_on_it_alone_and_bears_on_truth_is_listed_first_and_its_own_last() -> None:
    source, other = "paper:source", "paper:other"
    rows = [node(id_) for id_ in (other, "claim:a", "claim:b", "finding:f", "concept:c")]
    for relation, subject, object_, *evidence in (
        ("proposes", source, "claim:a", on(source, "own")),
        ("extends", "claim:a", "claim:b", on(source, "extends")),
        ("supports", "claim:a", "claim:b", on(source, "shared"), on(other)),
        ("supports", "finding:f", "claim:a", on(source, "section 10")),
        ("supports", "finding:f", "claim:b", on(source, "section 9"), on(source, "section 2.10")),
        ("contradicts", "claim:b", "claim:a", on(source, "section 2.9")),
        ("contradicts", "finding:f", "claim:a", on(source, "section 1", "derived")),
        ("contradicts", "finding:f", "claim:b", on(source, "", "primary")),
        ("studies", "finding:f", "concept:c", on(other, "not this")),
    ):
        rows.append(edge(subject, relation, object_, evidence=tuple(evidence)))
    with graph(*rows) as store:
        page = page_of(store, source)
        assert page_of(store, other)["resting"]["alone"] == 1
        assert page_of(store, "claim:a")["resting"]["edges"] == 0
    assert statements(page) == [
        *("section 2.9", "section 2.10", "section 10", "", "section 1"),
        *("extends", "shared", "own"),
    ]
    told = page["resting"]
    assert (told["edges"], told["alone"]) == (8, 7)
    assert [one["alone"] for one in told["listed"]] == [True] * 6 + [False, True]
    assert [one["own"] for one in told["listed"]] == [False] * 7 + [True]


def test_nodes_rest_on_the_source_of_what_is_said_of_them() -> None:
    source = "paper:source"
    rows = [
        node("paper:other"),
        node("paper:self", evidence=(on("paper:self"),)),
        node("concept:c", evidence=(on(source, "page 3", "abstract"),)),
        node("claim:d", evidence=(on(source, "page 4"), on("paper:other"))),
        node("claim:e", evidence=(on(source, "page 5"), Evidence(note="and hearsay"))),
        node("concept:near", evidence=(on(source),)),
        edge(source, "proposes", "concept:near"),
    ]
    with graph(*rows) as store:
        told = page_of(store, source)["resting"]
        # What a paper says of itself does not fall with another.
        assert page_of(store, "paper:self")["resting"]["nodes"] == 0
    assert ids(told["listed_nodes"]) == ["claim:e", "concept:c", "claim:d", "concept:near"]
    assert [one["alone"] for one in told["listed_nodes"]] == [True, True, False, True]
    assert (told["nodes"], told["alone_nodes"]) == (4, 3)
    assert told["listed_nodes"][1] | {"gloss": ""} == {
        "id": "concept:c",
        "type": "concept",
        "label": "C",
        "gloss": "",
        "locator": "page 3",
        "grade": "abstract",
        "alone": True,
    }


def test_what_cited_a_merged_source_rests_on_the_one_that_stayed() -> None:
    rows = [node(id_) for id_ in ("paper:old", "paper:third", "claim:a", "claim:b", "claim:c")]
    rows.append(edge("claim:a", "supports", "claim:b", evidence=(on("paper:old"),)))
    both = (on("paper:old"), on("paper:source"))
    rows.append(edge("claim:a", "supports", "claim:c", evidence=both))
    with graph(*rows) as store:
        assert page_of(store, "paper:source")["resting"]["alone"] == 0
        store.merge("paper:source", "paper:old")
        with store.change("cites it by its former id") as change:
            late = (on("paper:old", "late"), on("paper:source", "later"))
            change.put_edge(edge("claim:b", "supports", "claim:c", evidence=late))
        told = page_of(store, "paper:old")["resting"]
    assert (told["edges"], told["alone"]) == (3, 3)
    assert len(told["listed"]) == 3


def test_a_source_that_very_many_cite_is_counted_and_says_how_many_were_weighed() -> None:
    rows = [node("paper:other"), *(node(f"claim:c{number}") for number in range(60))]
    pairs = [(a, b) for a in range(60) for b in range(60) if a != b][:1200]
    for at, (a, b) in enumerate(pairs):
        evidence = (on("paper:source"), on("paper:other"))[: 1 + (at % 4 == 0)]
        rows.append(edge(f"claim:c{a}", "supports", f"claim:c{b}", evidence=evidence))
    with graph(*rows) as store:
        told = page_of(store, "paper:source")["resting"]
    assert told["edges"] == 1200
    assert told["listed"]
    assert len(told["listed"]) <= 40
    # What was not weighed may rest on it alone as well.
    assert told["weighed"] < 1200
    assert 0.6 * told["weighed"] < told["alone"] < 0.9 * told["weighed"]


def test_the_terminal_sums_up_what_rests_on_a_source_and_names_the_first() -> None:
    source = "paper:source"
    rows = [node(f"claim:c{number}") for number in range(12)]
    rows.append(node("concept:d", evidence=(on(source),)))
    rows += [edge(f"claim:c{number}", "supports", "claim:c11", "So it is.") for number in range(10)]
    rows.append(edge(source, "proposes", "claim:c1"))
    with graph(*rows) as store:
        page = page_of(store, source, similarity={"missing": "no model"})
        bare = page_of(store, "claim:c1", similarity={"missing": "no model"})
    lines = list(page_lines(page, full=False, most=4))
    head = lines.index("What rests on it (11 statements, 11 on it alone; 1 node, 1 on it alone)")
    first = page["resting"]["listed"][0]
    assert lines[head + 1].startswith(f"  {first['id']}  C")
    told = " ".join(line.strip() for line in lines[head + 1 :]).partition("--json")[0]
    assert told.count("→ supports C11 [page 1, primary; on it alone]") == 4
    assert "  and 6 more: --most 10" in lines
    assert not any("rests on it" in line for line in page_lines(bare, full=False, most=12))
    page["resting"]["weighed"] = 8
    assert "11 statements, at least 11" in "\n".join(page_lines(page, full=False, most=12))


# ---------------------------------------------------------------------- exports, JSON


@pytest.mark.parametrize("name", ["graph.jsonl", "graph.graphml", "graph.jsonld", "tables"])
def test_the_shipped_graph_can_be_exported_and_read_back(
    name: str, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / name
    form = "csv" if name == "tables" else None
    write(path, store.nodes(), store.edges(), form)
    back = read(path, form)
    assert sorted(back.nodes, key=lambda one: one.id) == list(store.nodes())
    assert sorted(back.edges, key=lambda one: one.id) == list(store.edges())


def test_the_page_is_plain_json(page: Page) -> None:
    assert json.loads(json.dumps(page)) == page
    assert page["schema"] == "gyges.graph/1"


def test_a_node_without_anything_has_a_page() -> None:
    with graph(node("question:alone")) as store:
        page = page_of(store, "question:alone")
    assert page["groups"] == page["neighbours"] == page["quotes"] == page["findings"] == []
    assert page["bearing"]["counts"] == {"supports": 0, "contradicts": 0, "loose": 0, "edges": 0}
    assert ids(page["picture"]["nodes"]) == ["question:alone"]


def test_a_merged_id_leads_to_the_page_of_the_node_that_stayed() -> None:
    with graph(node("concept:a"), node("concept:b")) as store:
        store.merge("concept:a", "concept:b")
        page = page_of(store, "concept:b")
    assert page["node"]["id"] == "concept:a"
    assert page["node"]["formerly"] == ["concept:b"]


def test_an_unknown_id_names_the_nearest(store: Store) -> None:
    with pytest.raises(GraphError, match=r"concept:alignment-fakin'.*concept:alignment-faking'"):
        page_of(store, "concept:alignment-fakin")


def test_evidence_without_a_source_is_told_as_such() -> None:
    bare = (Evidence(note="heard of"),)
    rows = [node("claim:a"), node("claim:b"), edge("claim:a", "supports", "claim:b", evidence=bare)]
    with graph(*rows) as store:
        (one,) = page_of(store, "claim:a")["neighbours"]
    (piece,) = one["edges"][0]["evidence"]
    assert (piece["node"], piece["label"], piece["grade"]) == ("", "", "unverified")
