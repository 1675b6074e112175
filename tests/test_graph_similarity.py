"""Similar nodes: exact and in one order, up to date with their texts, and looked at twice before they count as one."""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gyges.embedding import SIZE, Embedder, Identity, missing_packages
from gyges.errors import GraphError
from gyges.graph.model import Node
from gyges.graph.similarity import (
    Approximate,
    Index,
    Near,
    Pair,
    Vectors,
    abbreviates,
    alike,
    available,
    create,
    ensure,
    forget,
    load,
    model_of,
    opposites,
    put,
    sha_of,
    text_of,
    vector_of,
    why_missing,
)

indexed = pytest.mark.skipif(not available(), reason="needs usearch")
embeds = pytest.mark.skipif(bool(missing_packages()), reason="needs the embeddings' packages")


class Words:
    """A model that gives each word a direction of its own: texts of one set of words have one vector."""

    def __init__(self, weights: str = "one") -> None:
        self.identity = Identity("words", "words 1", weights, "none")
        self.asked: list[str] = []

    def __call__(self, text: str) -> np.ndarray:
        self.asked.append(text)
        total = np.zeros(SIZE, dtype=np.float32)
        for word in text.lower().split():
            seed = int.from_bytes(word.encode(), "big") % 2**32
            total += np.random.default_rng(seed).standard_normal(SIZE).astype(np.float32)
        return total / np.linalg.norm(total)


def clustered(count: int, seed: int = 0, clusters: int = 40) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((clusters, SIZE))
    rows = centres[rng.integers(0, clusters, count)] + 0.7 * rng.standard_normal((count, SIZE))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def dot(one: np.ndarray, other: np.ndarray) -> float:
    return round(math.fsum(float(a) * float(b) for a, b in zip(one, other, strict=True)), 6)


@st.composite
def spaces(draw: st.DrawFn) -> tuple[list[str], np.ndarray]:
    """Few directions, so that many rows are equal or nearly so, under ids in no order."""
    seed = draw(st.integers(0, 2**32 - 1))
    count = draw(st.integers(1, 40))
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((draw(st.integers(1, 6)), 8))
    rows = directions[rng.integers(0, len(directions), count)]
    rows = rows + draw(st.sampled_from([0.0, 1e-7, 1e-4, 0.3])) * rng.standard_normal(rows.shape)
    types = rng.choice(["claim", "concept"], count)
    ids = [
        f"{type_}:n{number}" for type_, number in zip(types, rng.permutation(count), strict=True)
    ]
    return ids, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def connection():
    made = sqlite3.connect(":memory:")
    yield made
    made.close()


# Exactness


@settings(max_examples=150, deadline=None)
@given(
    spaces(),
    st.integers(0, 50),
    st.sampled_from([-1.0, 0.0, 0.65, 1.0]),
    st.sampled_from(["", "claim"]),
    st.data(),
)
def test_the_nearest_are_those_of_a_loop_over_all(space, count, threshold, type_, data):
    ids, matrix = space
    out = data.draw(st.sets(st.sampled_from([*ids, "concept:unknown"])))
    vector = matrix[data.draw(st.integers(0, len(ids) - 1))]
    loop = [
        (id_, dot(row, vector))
        for id_, row in zip(ids, matrix, strict=True)
        if id_ not in out and id_.startswith(type_)
    ]
    expected = sorted((-score, id_) for id_, score in loop if score >= threshold)[:count]
    found = Vectors(ids, matrix).nearest(vector, count, threshold, out, [type_] if type_ else [])
    assert found == [(id_, -score) for score, id_ in expected]


@settings(max_examples=150, deadline=None)
@given(
    spaces(),
    st.integers(0, 60),
    st.sampled_from([-1.0, 0.0, 0.65, 0.999]),
    st.booleans(),
    st.data(),
)
def test_the_best_pairs_are_those_of_a_loop_over_all_pairs(space, limit, threshold, some, data):
    ids, matrix = space
    pairs = st.tuples(st.sampled_from(ids), st.sampled_from(ids))
    skip = data.draw(st.lists(pairs, max_size=30))
    among = data.draw(st.sets(st.sampled_from(ids))) if some else None
    skipped = {frozenset(pair) for pair in skip}
    expected = []
    for row, one in enumerate(ids):
        for column, other in enumerate(ids):
            if one < other and frozenset((one, other)) not in skipped:
                score = dot(matrix[row], matrix[column])
                if score >= threshold and (among is None or {one, other} & among):
                    expected.append((-score, one, other))
    found = Vectors(ids, matrix).pairs_above(threshold, limit, skip, among)
    assert found == [(one, other, -score) for score, one, other in sorted(expected)[:limit]]


def test_pairs_across_blocks_are_found_once_each():
    matrix = np.tile(clustered(1, seed=3), (5000, 1))
    matrix[1:-1] = clustered(4998, seed=4, clusters=4998)
    ids = [f"concept:{number:04}" for number in range(5000)]
    assert Vectors(ids, matrix).pairs_above(0.9) == [Pair("concept:0000", "concept:4999", 1.0)]
    found = Vectors(ids, matrix).pairs_above(0.9, among=["concept:4999"])
    assert found == [Pair("concept:0000", "concept:4999", 1.0)]


def test_pairs_that_are_all_equal_keep_the_first_by_id():
    ids = [f"concept:{number:04}" for number in reversed(range(300))]
    found = Vectors(ids, np.tile(clustered(1), (300, 1))).pairs_above(0.5, limit=3)
    assert found == [Pair("concept:0000", f"concept:000{n}", 1.0) for n in (1, 2, 3)]


def test_ids_and_rows_that_do_not_belong_together_are_refused():
    with pytest.raises(GraphError, match="2 ids do not fit a matrix of shape \\(3, 384\\)"):
        Vectors(["concept:a", "concept:b"], clustered(3))
    with pytest.raises(GraphError, match="float64"):
        Vectors(["concept:a"], clustered(1).astype(np.float64))
    with pytest.raises(GraphError, match="twice"):
        Vectors(["concept:a", "concept:a"], clustered(2))
    with pytest.raises(GraphError, match="shape \\(5,\\)"):
        Vectors(["concept:a"], clustered(1)).nearest(np.ones(5, dtype=np.float32))


# The text of a node


def test_a_nodes_text_is_its_names_and_its_gloss():
    node = Node(
        "concept:af", "Alignment\nfaking", "  Complies to\tstay. ", ("AF", "alignment faking", "")
    )
    assert text_of(node) == "Alignment faking (AF). Complies to stay."
    assert (
        text_of(Node("question:q", "Does it scale?", "Asked in 2024."))
        == "Does it scale? Asked in 2024."
    )
    assert text_of(Node("concept:x", "X")) == "X"
    assert len(sha_of("X")) == 64


# Keeping vectors


def nodes(*labels: str) -> list[Node]:
    return [Node(f"concept:n{at}", label) for at, label in enumerate(labels)]


def test_only_what_is_new_or_changed_is_embedded(connection):
    model = Words()
    assert ensure(connection, nodes("one", "two", "three"), model) == 3
    assert ensure(connection, nodes("one", "two", "three"), model) == 0
    assert ensure(connection, nodes("one", "zwei", "three"), model) == 1
    assert model.asked == ["one", "two", "three", "zwei"]
    assert np.array_equal(vector_of(connection, "concept:n1"), model("zwei"))


def test_vectors_of_nodes_that_are_gone_are_dropped_only_if_all_nodes_were_given(connection):
    ensure(connection, nodes("one", "two", "three"), Words())
    ensure(connection, nodes("eins"), Words(), whole=False)
    assert sorted(load(connection).ids) == ["concept:n0", "concept:n1", "concept:n2"]
    ensure(connection, nodes("eins", "two"), Words())
    assert sorted(load(connection).ids) == ["concept:n0", "concept:n1"]
    forget(connection, ["concept:n0", "concept:never"])
    assert load(connection).ids == ["concept:n1"]


def test_another_model_replaces_all_vectors_and_another_version_of_the_package_none(connection):
    ensure(connection, nodes("one", "two"), Words("one"))
    newer = Words("one")
    newer.identity = Identity("words", "words 2", "one", "none")
    assert ensure(connection, nodes("one", "two"), newer) == 0
    assert ensure(connection, nodes("one", "two"), Words("other")) == 2
    assert model_of(connection)["weights"] == "other"


def test_what_was_embedded_before_a_stop_is_kept(connection):
    many = [Node(f"concept:n{at}", f"word{at}") for at in range(600)]

    class Stopping(Words):
        def __call__(self, text: str) -> np.ndarray:
            if len(self.asked) == 300:
                raise KeyboardInterrupt
            return super().__call__(text)

    with pytest.raises(KeyboardInterrupt):
        ensure(connection, many, Stopping())
    kept = len(load(connection))
    assert 0 < kept < 300
    assert ensure(connection, many, Words()) == 600 - kept


def test_inside_a_transaction_nothing_is_committed(connection):
    create(connection)
    connection.execute("BEGIN")
    ensure(connection, nodes("one"), Words())
    connection.execute("ROLLBACK")
    assert len(load(connection)) == 0


def test_a_model_that_gives_no_vector_is_named_with_the_node(connection):
    class Broken(Words):
        def __call__(self, text: str) -> np.ndarray:
            return np.full(SIZE, np.nan, dtype=np.float32)

    with pytest.raises(GraphError, match="'concept:n0' no vector"):
        ensure(connection, nodes("one"), Broken())
    with pytest.raises(GraphError, match="'concept:b' has no direction"):
        put(connection, ["concept:a", "concept:b"], np.eye(2, SIZE) * [[1], [0]])
    with pytest.raises(GraphError, match="3 ids do not fit"):
        put(connection, ["concept:a"] * 3, clustered(2))


def test_given_vectors_come_back_with_length_one(connection):
    matrix = clustered(5)
    put(connection, [f"concept:{at}" for at in range(5)], 7 * matrix)
    found = load(connection)
    assert found.ids == [f"concept:{at}" for at in range(5)]
    assert np.allclose(found.matrix, matrix, atol=1e-6)


def test_a_damaged_vector_is_named(connection):
    put(connection, ["concept:a"], clustered(1))
    connection.execute("UPDATE vector SET data = x'00'")
    with pytest.raises(GraphError, match="'concept:a' has 1 bytes"):
        load(connection)


def test_a_store_without_vectors_has_nothing_similar(connection):
    found = Index.open(connection)
    assert (found.compared, found.model, found.method) == (0, "", "exact")
    assert found.similar("concept:a") == []
    assert found.pairs_above(0.5) == []
    assert vector_of(connection, "concept:a") is None


# Many vectors


@pytest.fixture
def many(tmp_path):
    """3,000 vectors in a file, an index of which is made although they could be compared one by one."""
    path = tmp_path / "graph.db"
    connection = sqlite3.connect(path)
    types = ["concept", "claim", "paper"]
    ids = [f"{types[at % 3]}:n{at:04}" for at in range(2999)]
    put(connection, [*ids, "framework:rare"], clustered(3000), "test")
    yield connection, path
    connection.close()


def exact_and_not(many) -> tuple[Vectors, Index]:
    connection, path = many
    return load(connection), Index.open(connection, path, build=True, most=1000)


@indexed
def test_an_approximate_index_misses_little_and_its_scores_are_exact(many):
    exact, index = exact_and_not(many)
    assert index.method == "approximate"
    hits = 0
    for row in range(0, 3000, 30):
        expected = exact.nearest(exact.matrix[row], 10, exclude=[exact.ids[row]])
        found = index.similar(exact.ids[row], 10)
        hits += len(set(expected) & set(found))
        assert found == sorted(found, key=lambda near: (-near.score, near.id))
    assert hits / 1000 >= 0.98


@indexed
def test_a_rare_type_is_found_by_comparing_all_of_it(many):
    exact, index = exact_and_not(many)
    expected = exact.nearest(exact.matrix[0], 3, types=["framework"])
    assert index.nearest(exact.matrix[0], 3, types=["framework"]) == expected
    assert [near.id for near in expected] == ["framework:rare"]


@indexed
def test_an_index_is_opened_again_and_knows_what_was_written_and_dropped_since(many):
    connection, path = many
    exact, _ = exact_and_not(many)
    one, other = exact.nearest(exact.matrix[0], 2, exclude=[exact.ids[0]])
    forget(connection, [one.id])
    put(connection, ["concept:new"], exact.matrix[:1], "test")
    again = Index.open(connection, path, most=1000)
    assert again.method == "approximate"
    found = again.similar(exact.ids[0], 2)
    assert found == [Near("concept:new", 1.0), other]
    assert (exact.ids[0], "concept:new") in {
        (pair.other, pair.one) if pair.one == "concept:new" else (pair.one, pair.other)
        for pair in again.pairs_above(0.99, among=[exact.ids[0]])
    }


@indexed
def test_an_index_of_another_state_is_not_used(many):
    connection, path = many
    Approximate.build(connection, path)
    put(connection, [f"concept:more{at}" for at in range(300)], clustered(300, seed=9), "test")
    assert Approximate.open(connection, path) is None
    Approximate.build(connection, path)
    assert Approximate.open(connection, path) is not None
    (file,) = path.parent.glob("*.usearch")
    file.write_bytes(file.read_bytes()[:-100])
    assert Approximate.open(connection, path) is None
    Approximate.build(connection, path)
    put(connection, ["concept:a"], clustered(1), "another model")
    assert Approximate.open(connection, path) is None


@indexed
def test_approximate_pairs_are_nearly_all_pairs(many):
    exact, index = exact_and_not(many)
    best = exact.pairs_above(0.0, limit=200)
    skip = [(pair.other, pair.one) for pair in best[:50]]
    found = index.pairs_above(best[-1].score, limit=200, skip=skip)
    assert set(found) <= set(best[50:])
    assert len(found) >= 0.95 * 150
    assert found == sorted(found, key=lambda pair: (-pair.score, pair.one, pair.other))


def test_many_vectors_without_an_index_are_compared_in_blocks_and_it_is_said(many, monkeypatch):
    connection, path = many
    exact = load(connection)
    index = Index.open(connection, path, most=1000)
    assert index.method == "exact"
    assert "3,000 vectors are compared one by one" in index.note
    vector = exact.matrix[7]
    assert index.nearest(vector, 20, 0.1, ["concept:n0000"]) == exact.nearest(
        vector, 20, 0.1, ["concept:n0000"]
    )
    assert index.nearest(vector, 5, types=["paper", "claim"]) == exact.nearest(
        vector, 5, types=["paper", "claim"]
    )
    with pytest.raises(GraphError, match="without an index"):
        index.pairs_above(0.5)
    monkeypatch.setattr("gyges.graph.similarity.index.available", lambda: False)
    assert "pip install usearch" in Index.open(connection, path, build=True, most=1000).note


# A second look


def test_a_shared_identifier_makes_two_papers_one():
    one = Node("paper:a", "A paper", identifiers={"arxiv": "2412.14093v2"})
    other = Node(
        "paper:b", "Another title", identifiers={"arxiv": "https://arxiv.org/abs/2412.14093"}
    )
    found = alike(one, other)
    assert found.verdict == "same"
    assert found.reasons == ("both have arxiv 2412.14093",)
    third = Node("paper:c", "A paper", identifiers={"arxiv": "2506.18032"})
    assert alike(one, third).verdict == "related"
    assert (
        "arxiv is 2412.14093 of the one and 2506.18032 of the other" in alike(one, third).warnings
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alignment faking", "alignment-faking"),
        ("AF", "Alignment Faking"),
        ("SDF", "Synthetic document fine-tuning"),
        ("SDFT", "Synthetic document fine-tuning"),
        ("CoT monitoring", "Chain-of-thought monitoring"),
        ("Reward hacking", "Reward-hacking"),
        ("Preference lockin", "Preference locking"),
    ],
)
def test_names_in_other_spellings_and_abbreviations_are_the_same(one, other):
    found = alike(Node("concept:a", one), Node("concept:b", other))
    assert (found.verdict, bool(found.reasons)) == ("same", True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alignment faking", "Alignment faking detection"),
        ("Claude Opus 4", "Claude Opus 4.1"),
        ("Claude 3 Opus", "Claude 3.5 Opus"),
        ("Situational awareness", "Evaluation awareness"),
        ("As", "Alignment science"),
    ],
)
def test_names_that_only_share_words_are_related(one, other):
    assert alike(Node("concept:a", one), Node("concept:b", other)).verdict == "related"


def test_one_name_of_two_types_stays_two_things():
    found = alike(Node("concept:apollo", "Apollo"), Node("organisation:apollo", "Apollo"))
    assert found.verdict == "related"
    assert found.names == 1.0
    assert found.warnings == ("the one is a concept, the other a organisation",)


def test_one_name_in_two_senses_is_told_by_texts_that_lie_far_apart():
    one = Node("concept:a", "Alignment", "Agreement of goals.")
    other = Node("concept:b", "Alignment", "Putting sequences side by side.")
    assert alike(one, other, 0.2).verdict == "related"
    assert alike(one, other, 0.7).verdict == "same"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Models fake alignment", "Models do not fake alignment"),
        ("The model complies when watched", "The model refuses when watched"),
        ("Training increases the gap", "Training reduces the gap"),
        ("It complies although refusing costs", "It refuses although refusing costs"),
        ("The gap isn't real", "The gap is real"),
    ],
)
def test_a_claim_and_its_opposite_are_never_one(one, other):
    found = alike(Node("claim:a", one), Node("claim:b", other), 0.99)
    assert found.verdict == "opposed"
    assert found.warnings


def test_the_same_words_in_another_order_are_another_claim():
    one = Node("claim:a", "Monitored users get more than unmonitored users.")
    other = Node("claim:b", "Unmonitored users get more than monitored users.")
    assert alike(one, other, 0.99).verdict == "related"


def test_a_not_in_the_gloss_of_a_concept_warns_and_does_not_decide():
    one = Node("concept:a", "Sandbagging", "Does not show what it can.")
    other = Node("concept:b", "Sandbagging", "Hides what it can.")
    found = alike(one, other, 0.8)
    assert found.verdict == "same"
    assert found.warnings == ("only one of them says 'not'",)


def test_people_with_initials_are_one_and_people_with_other_names_are_not():
    assert (
        alike(Node("thinker:a", "E. Hubinger"), Node("thinker:b", "Evan Hubinger")).verdict
        == "same"
    )
    assert (
        alike(Node("thinker:a", "Anna Huber"), Node("thinker:b", "Bernd Huber")).verdict
        == "related"
    )


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["claim", "thinker", "concept"]))
def test_the_second_look_takes_any_text_and_is_the_same_from_both_sides(one, other, type_):
    a, b = Node(f"{type_}:a", one or "a"), Node("claim:b", other or "b", gloss=one)
    found = alike(a, b, 0.7)
    assert found == alike(b, a, 0.7)
    assert 0 <= found.names <= 1


def test_words_that_both_texts_have_are_no_opposites():
    assert opposites("It does not comply", "It does not refuse") == [
        "'comply' stands against 'refuse'"
    ]
    assert opposites("It may comply or refuse", "It may refuse or comply") == []
    assert not abbreviates("SDF", "Synthetic data generation")


# The shipped model


@embeds
def test_the_shipped_model_finds_the_concept_that_a_text_talks_of(connection):
    graph = [
        Node("concept:faking", "Alignment faking", "Feigned agreement with the aim of training."),
        Node(
            "concept:sandbagging",
            "Sandbagging",
            "Doing worse on a test than one could, on purpose.",
        ),
        Node("thinker:someone", "Ada Lovelace", "Wrote the first published program."),
    ]
    embed = Embedder()
    assert why_missing() is None
    assert ensure(connection, graph, embed) == 3
    index = Index.open(connection)
    assert index.model == embed.identity.model
    asked = embed("pretending to share the training objective")
    assert index.nearest(asked, 1)[0].id == "concept:faking"
    assert index.similar("concept:faking", 1)[0].id == "concept:sandbagging"


def test_without_the_packages_the_way_to_get_them_is_said(monkeypatch):
    monkeypatch.setattr("gyges.graph.similarity.table.missing_packages", lambda: ["onnxruntime"])
    assert why_missing() == (
        "nodes are not compared by meaning, for onnxruntime is not installed; "
        "install with: pip install 'gyges[graph]'"
    )


@indexed
@embeds
def test_an_index_and_the_shipped_model_work_in_one_process_in_either_order(many):
    path = many[1]
    code = (
        "import sqlite3, sys\n"
        "from pathlib import Path\n"
        "from gyges.embedding import Embedder\n"
        "from gyges.graph.similarity import Index\n"
        "path = Path(sys.argv[1])\n"
        "index = Index.open(sqlite3.connect(path), path, build=True, most=1000)\n"
        "print(len(index.nearest(Embedder()('alignment'), 3)), index.method)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "3 approximate"), done.stderr


def test_importing_it_loads_nothing_heavy():
    code = (
        "import sys, gyges.graph.similarity\n"
        "print([m for m in ('numpy', 'usearch', 'onnxruntime', 'rapidfuzz') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
