"""A synthetic graph of five thousand nodes, with hubs: it keeps the rules, and pages, search, candidates and paths say
the same as a plain count over its edges. Not timed: ``benchmarks/graph_scale.py`` is."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gyges.graph import Edge, Store, page_of, search, shortest_path
from gyges.graph.checks import check_edge, check_node
from gyges.graph.page.around import MOST_LISTED
from gyges.graph.page.bearing import MOST_BEARING
from gyges.graph.similarity import Index, put

NODES, EDGES = 5_000, 25_000


def _module() -> Any:
    path = Path(__file__).parents[1] / "benchmarks" / "graph_scale.py"
    spec = importlib.util.spec_from_file_location("graph_scale", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["graph_scale"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def synthetic() -> Any:
    return _module().Synthetic(NODES, EDGES)


@pytest.fixture(scope="module")
def store(synthetic: Any) -> Iterator[Store]:
    with Store.open(":memory:") as made:
        _module().write(made, synthetic)
        put(made.connection, synthetic.ids, synthetic.vectors())
        yield made


@pytest.fixture(scope="module")
def edges(synthetic: Any) -> list[Edge]:
    return list(synthetic.edge_rows())


@pytest.fixture(scope="module")
def around(edges: list[Edge]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for edge in edges:
        found[edge.subject][edge.object] += 1
        found[edge.object][edge.subject] += 1
    return found


def test_the_same_size_and_seed_give_the_same_graph(synthetic: Any, edges: list[Edge]) -> None:
    again = _module().Synthetic(NODES, EDGES)
    assert again.ids == synthetic.ids
    assert list(again.node_rows()) == list(synthetic.node_rows())
    assert list(again.edge_rows()) == edges
    assert np.array_equal(again.vectors(), synthetic.vectors())


def test_every_record_of_it_is_sound_and_a_few_nodes_are_hubs(
    synthetic: Any, edges: list[Edge]
) -> None:
    for node in list(synthetic.node_rows())[::25]:
        check_node(node.to_dict())
    for edge in edges[::50]:
        check_edge(edge.to_dict())
    ends = Counter(end for edge in edges for end in (edge.subject, edge.object))
    assert ends.most_common(1)[0][1] > 50 * np.median(list(ends.values()))
    assert [ends[id_] for id_ in synthetic.hubs] == [many for _, many in ends.most_common(20)]


def test_all_of_it_is_taken_in_one_change_that_can_be_rebuilt(store: Store) -> None:
    assert (store.count_nodes(), store.count_edges()) == (NODES, EDGES)
    assert [entry.rows for entry in store.history()] == [NODES + EDGES]
    with store.at(1) as rebuilt:
        assert rebuilt.dump() == store.dump()
        assert [rebuilt.degree(node.id) for node in rebuilt.nodes()] == [
            store.degree(node.id) for node in store.nodes()
        ]


def test_a_page_counts_all_neighbours_and_lists_the_first(
    store: Store, synthetic: Any, around: dict[str, Counter[str]]
) -> None:
    for id_ in [*synthetic.hubs, *synthetic.some(100)]:
        page = page_of(store, id_)
        groups: dict[str, Counter[str]] = defaultdict(Counter)
        for other, many in around[id_].items():
            groups[other.partition(":")[0]][other] = many
        assert {group["type"]: (group["nodes"], group["edges"]) for group in page["groups"]} == {
            type_: (len(those), those.total()) for type_, those in groups.items()
        }
        assert page["node"]["edges"] == around[id_].total()
        assert len(page["neighbours"]) == min(MOST_LISTED, len(around[id_])) or (
            # What one type leaves of its share may not divide evenly among the others.
            MOST_LISTED - len(groups) < len(page["neighbours"]) <= MOST_LISTED
        )
        for type_, those in groups.items():
            listed = [one for one in page["neighbours"] if one["type"] == type_]
            most = sorted(those.values(), reverse=True)[: len(listed)]
            assert [one["count"] for one in listed] == most
            assert all(len(one["edges"]) == one["count"] == those[one["id"]] for one in listed)


def test_a_page_counts_what_bears_on_a_node_and_tells_the_first(
    store: Store, synthetic: Any, edges: list[Edge], around: dict[str, Counter[str]]
) -> None:
    for id_ in [*synthetic.hubs[:5], *synthetic.some(100)]:
        said = [
            one.id
            for one in store.neighbours(id_, ("claim", "hypothesis", "finding", "framework"), 100)
        ]
        if len(said) > 100:
            said = said[:100]
        bearing = page_of(store, id_)["bearing"]
        for relation in ("supports", "contradicts"):
            those = {
                edge.id
                for edge in edges
                if edge.relation == relation
                and (id_ == edge.subject or edge.object in {id_, *said})
            }
            assert bearing["counts"][relation] == len(those)
            told = [one["id"] for one in bearing[relation]]
            assert len(told) == min(len(those), MOST_BEARING)
            assert set(told) <= those


def test_words_are_found_however_often_they_stand(store: Store, synthetic: Any) -> None:
    frequent, rare = synthetic.words[0], synthetic.words[3_000]
    for query in (frequent, f"{frequent} {synthetic.words[1]}", frequent[:2], f"{frequent} {rare}"):
        hits = search(store, query, how=("text",))
        assert hits
        for hit in hits:
            node = store.node(hit.id)
            text = " ".join((node.label, *node.aliases, node.gloss)).casefold()
            assert all(word in text for word in query.split())
    assert any(rare in hit.gloss or rare in hit.label.lower() for hit in search(store, rare))
    only = search(store, frequent, types=("dataset",), how=("text",))
    assert {hit.type for hit in only} == {"dataset"}


def test_words_that_stand_in_too_many_nodes_to_weigh_put_names_and_hubs_first(
    store: Store, synthetic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gyges.graph.searching._MOST_WEIGHED", 300)
    word = synthetic.words[0]
    hits = search(store, word, how=("text",))
    assert len(hits) == 20
    assert all(hit.score is None for hit in hits)
    assert [hit.edges for hit in hits] == sorted((hit.edges for hit in hits), reverse=True)
    for hit in hits:
        names = " ".join((hit.label, *store.node(hit.id).aliases)).lower().split()
        assert any(name.startswith(word) for name in names)
    rare = next(
        word
        for word in reversed(synthetic.words)
        if 0 < len(search(store, word, how=("text",))) < 20
    )
    # A rare word is not drowned by a frequent one, nor by one that stands nowhere.
    found = search(store, f"{rare} {synthetic.words[0]} qqqq", how=("text",))
    assert {hit.id for hit in search(store, rare, how=("text",), limit=50)} >= {
        hit.id for hit in found
    }
    assert found


def test_candidates_are_alike_and_not_joined(
    store: Store, synthetic: Any, around: dict[str, Counter[str]]
) -> None:
    index = Index.open(store.connection)
    vectors = synthetic.vectors()
    rows = {id_: row for row, id_ in enumerate(synthetic.ids)}
    for id_ in synthetic.some(20):
        near = index.similar(id_, 5, 0.65, around[id_].keys())
        assert near
        cosines = vectors @ vectors[rows[id_]]
        cosines[[rows[other] for other in (id_, *around[id_])]] = -1
        best = np.sort(cosines)[::-1][: len(near)]
        assert np.allclose([one.score for one in near], best, atol=2e-6)


def test_a_path_is_as_short_as_a_walk_over_all_edges_finds(
    store: Store, synthetic: Any, around: dict[str, Counter[str]]
) -> None:
    some = synthetic.some(24, seed=3)
    for start, end in zip(some[::2], some[1::2], strict=True):
        steps = {start: 0}
        waiting = deque([start])
        while waiting and end not in steps:
            here = waiting.popleft()
            for there in around[here]:
                if there not in steps:
                    steps[there] = steps[here] + 1
                    waiting.append(there)
        found = shortest_path(store, start, end, loose=True, bare=True)
        assert (None if found is None else len(found)) == steps.get(end)
