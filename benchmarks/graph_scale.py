"""How long does a large research graph take to load, to show a page of, to search and to walk?

A synthetic graph with the real vocabulary: types of node in plausible shares, relations that fit their domain and
range, glosses from a vocabulary with Zipf's law, evidence on most edges, and ends drawn so that a few nodes are in very
many edges. The same graph goes into a Gyges store, into networkx, and into LadybugDB (an embedded database that
speaks Cypher, the successor of Kùzu), each in a process of its own, in one run; all are asked the same three questions.

    python benchmarks/graph_scale.py [--nodes 100000] [--edges 1000000] [--folder DIR] [--only gyges ...] [--json]

Times are in milliseconds: median, 95th percentile and worst over nodes drawn by chance, and over the 20 nodes with the
most edges. "warm" is one process that goes on, as ``gyges graph serve`` is; "cold" is a new process, as
``gyges graph show ID`` is, timed from its start to its end. The vectors are synthetic as well (clusters of unit
vectors): only what is searched for by meaning is embedded. Files stay in DIR where it is named.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from gyges.graph.model import Edge, Evidence, Node, Passage
from gyges.graph.records import Incoming
from gyges.graph.store import Store
from gyges.graph.vocabulary import NODE_TYPES, RELATIONS, fits

SHARES = {
    "paper": 22,
    "thinker": 8,
    "organisation": 2,
    "framework": 2,
    "method": 9,
    "concept": 9,
    "artifact": 6,
    "quote": 10,
    "claim": 13,
    "finding": 10,
    "hypothesis": 2,
    "question": 3,
    "setting": 2,
    "dataset": 2,
}
RELATION_SHARES = {
    "supports": 10,
    "contradicts": 4,
    "proposes": 10,
    "studies": 14,
    "extends": 8,
    "uses": 10,
    "measures": 6,
    "authored_by": 12,
    "extracted_from": 8,
    "quotes": 4,
    "mitigates": 2,
    "causes": 2,
    "predicts": 2,
    "part_of": 4,
    "analogous_to": 2,
    "associated_with": 8,
}


def words(text: str) -> list[str]:
    return text.split()


FIELD = words(
    "the of in a model that is training alignment models and faking on with reward for to behaviour reasoning "
    "compliance monitored unmonitored preference value values goal goals situational awareness scratchpad probe "
    "deception deceptive scheming sandbagging evaluation oversight control honesty refusal harmful helpful prompt "
    "system tier free paid gap effect interpretability feature steering circuit activation representation "
    "finetuning reinforcement learning feedback preferences constitution persona organism backdoor trigger "
    "generalisation robustness threat monitor chain thought faithful hidden audit red team benchmark transcript "
    "judge query setting claim evidence hypothesis replication baseline mitigation inoculation self report "
    "introspection corrigibility power seeking specification gaming hacking proxy mesa optimiser inner outer"
)
GRADES = ("primary", "secondary", "abstract", "unverified")
HUBS = 20
_STEEP_IN, _STEEP_OUT = 0.7, 0.5
"""How steeply the chance to be an edge's end falls with a node's rank."""


@dataclass
class Synthetic:
    """A graph that follows from its size and its seed; rows are made when they are asked for."""

    nodes: int
    edges: int
    seed: int = 7

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        self.words = self._vocabulary()
        types = list(NODE_TYPES)
        shares = np.array([SHARES[name] for name in types], dtype=float)
        # Whatever the size, there are two of each type: a relation within one type needs two.
        base = np.repeat(np.arange(len(types)), 2)
        more = self._rng.choice(len(types), self.nodes - len(base), p=shares / shares.sum())
        self.types = self._rng.permutation(np.concatenate([base, more]))
        labels = self._texts(self._rng, self.nodes, 2, 5, 0.7)
        names = [types[one] for one in self.types.tolist()]
        self.labels = [label.capitalize() for label in labels]
        self.ids = [
            f"{name}:{label.replace(' ', '-')}-{number}"
            for number, (name, label) in enumerate(zip(names, labels, strict=True))
        ]
        self.papers = np.flatnonzero(self.types == types.index("paper"))
        self._draw_edges(types)

    def _vocabulary(self) -> list[str]:
        starts = words("b c d f g h j k l m n p r s t v w br cl dr fl gr pl pr sc sp st tr")
        middles = words("a e i o u ai ea ou")
        ends = words("n r s t l m nd rt st ck ng sh")
        made = [f"{a}{b}{c}" for a in starts for b in middles for c in ends]
        pairs = [f"{one}{other}" for one in made[::3] for other in ("er", "ing", "ity", "ation")]
        rest = self._rng.permutation([*made, *pairs]).tolist()
        return list(dict.fromkeys([*FIELD, *rest]))

    def _texts(self, rng: Any, many: int, least: int, most: int, steep: float) -> list[str]:
        """Draw texts of some words; the chance of a word falls with its rank (Zipf)."""
        weights = np.arange(1, len(self.words) + 1, dtype=float) ** -steep
        ladder = np.cumsum(weights / weights.sum())
        counts = rng.integers(least, most + 1, many)
        drawn = np.minimum(
            np.searchsorted(ladder, rng.random(int(counts.sum()))), len(self.words) - 1
        )
        known, stop, texts = self.words, np.cumsum(counts), []
        found = drawn.tolist()
        for start, end in zip((stop - counts).tolist(), stop.tolist(), strict=True):
            texts.append(" ".join([known[at] for at in found[start:end]]))
        return texts

    def _draw_edges(self, types: list[str]) -> None:
        rng = self._rng
        rank = rng.permutation(self.nodes) + 1.0
        weights = {"out": rank**-_STEEP_OUT, "in": rank**-_STEEP_IN}
        members = [np.flatnonzero(self.types == at) for at in range(len(types))]
        ladders = {
            (way, at): np.cumsum(one[members[at]]) / one[members[at]].sum()
            for way, one in weights.items()
            for at in range(len(types))
        }
        triples = [
            (a, r, b)
            for r, name in enumerate(RELATIONS)
            for a in range(len(types))
            for b in range(len(types))
            if fits(types[a], name, types[b])
        ]
        chance = np.array([len(members[a]) * len(members[b]) for a, _, b in triples], dtype=float)
        of = np.array([r for _, r, _ in triples])
        for r, name in enumerate(RELATIONS):
            chance[of == r] *= RELATION_SHARES[name] / chance[of == r].sum()
        counts = rng.multinomial(self.edges, chance / chance.sum())
        columns: list[list[Any]] = [[], [], []]
        for (a, r, b), many in zip(triples, counts.tolist(), strict=True):
            ends = [
                members[at][np.searchsorted(ladders[way, at], rng.random(many))]
                for way, at in (("out", a), ("in", b))
            ]
            same = ends[0] == ends[1]
            if a == b and same.any():
                # No edge runs from a node to itself: its end moves to the next of its type.
                place = np.searchsorted(members[b], ends[1][same])
                ends[1][same] = members[b][(place + 1) % len(members[b])]
            for column, values in zip(columns, (ends[0], np.full(many, r), ends[1]), strict=True):
                column.append(values)
        order = rng.permutation(self.edges)
        self.subjects, self.relations, self.objects = (
            np.concatenate(column)[order] for column in columns
        )
        ends = np.concatenate([self.subjects, self.objects])
        self.degrees = np.bincount(ends, minlength=self.nodes)

    @cached_property
    def hubs(self) -> list[str]:
        """The nodes with the most edges."""
        return [self.ids[at] for at in np.argsort(-self.degrees, kind="stable")[:HUBS]]

    def some(self, many: int, seed: int = 1) -> list[str]:
        """Draw nodes by chance."""
        rng = np.random.default_rng([self.seed, seed])
        return [self.ids[at] for at in rng.choice(self.nodes, min(many, self.nodes), replace=False)]

    def node_rows(self) -> Iterator[Node]:
        rng = np.random.default_rng([self.seed, 2])
        glosses = self._texts(rng, self.nodes, 15, 25, 1.0)
        aliases = iter(self._texts(rng, self.nodes, 1, 3, 0.5))
        chances = rng.random((self.nodes, 3))
        sources = self.papers[rng.integers(0, len(self.papers), self.nodes)]
        quote = list(NODE_TYPES).index("quote")
        for at, (alias, cited, dated) in enumerate(chances.tolist()):
            quoted = self.types[at] == quote
            evidence = ()
            if quoted or cited < 0.3:
                passage = Passage(f"{at:064x}", 20) if quoted else None
                evidence = (
                    Evidence(self.ids[sources[at]], f"section {at % 9}", passage, "primary"),
                )
            yield Node(
                self.ids[at],
                self.labels[at],
                glosses[at],
                (next(aliases),) if alias < 0.4 else (),
                dates={"published": f"20{at % 25:02}"} if dated < 0.4 else {},
                evidence=evidence,
                channel="imported",
                by="a generator",
            )

    def edge_rows(self) -> Iterator[Edge]:
        rng = np.random.default_rng([self.seed, 3])
        names = list(RELATIONS)
        for start in range(0, self.edges, 100_000):
            part = slice(start, start + 100_000)
            subjects, relations, objects = (
                column[part].tolist() for column in (self.subjects, self.relations, self.objects)
            )
            many = len(subjects)
            glosses = self._texts(rng, many, 6, 12, 1.0)
            notes = self._texts(rng, many, 4, 8, 1.0)
            chances = rng.random((many, 2)).tolist()
            sources = self.papers[rng.integers(0, len(self.papers), (many, 2))].tolist()
            for at in range(many):
                pieces = 0 if chances[at][0] < 0.05 else 1 if chances[at][0] < 0.9 else 2
                passage = Passage(f"{start + at:064x}", 12) if chances[at][1] < 0.1 else None
                yield Edge.make(
                    self.ids[subjects[at]],
                    names[relations[at]],
                    self.ids[objects[at]],
                    glosses[at],
                    tuple(
                        Evidence(
                            self.ids[sources[at][piece]],
                            f"section {at % 7}.{piece}",
                            None if piece else passage,
                            GRADES[at % 4],
                            notes[at],
                        )
                        for piece in range(pieces)
                    ),
                    "imported",
                    None,
                    "a generator",
                )

    def vectors(self) -> Any:
        """Make vectors in clusters of about 50; two of one cluster have a cosine of about 0.7."""
        rng = np.random.default_rng([self.seed, 4])
        centres = _unit(rng.standard_normal((max(1, self.nodes // 50), 384), dtype=np.float32))
        found = centres[rng.integers(0, len(centres), self.nodes)]
        for at in range(0, self.nodes, 50_000):
            part = found[at : at + 50_000]
            part += 0.65 * _unit(rng.standard_normal(part.shape, dtype=np.float32))
        return _unit(found)


def _unit(rows: Any) -> Any:
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


# ---------------------------------------------------------------------- measuring


def spread(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(1000 * one for one in seconds)
    return {
        "n": len(ordered),
        "median": statistics.median(ordered),
        "p95": ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
        "worst": ordered[-1],
    }


def timed(ask: Callable[[Any], Any], items: Sequence[Any]) -> dict[str, float]:
    ask(items[0])
    found, cpu = [], []
    for item in items:
        start, used = time.perf_counter(), time.process_time()
        ask(item)
        found.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    return {**spread(found), "cpu": 1000 * statistics.median(cpu)}


def peak_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def size_mb(*paths: Path) -> float:
    files = [
        one
        for path in paths
        for one in (path.rglob("*") if path.is_dir() else path.parent.glob(f"{path.name}*"))
    ]
    return sum(one.stat().st_size for one in files if one.is_file()) / 1e6


def questions(graph: Synthetic, fast: int, slow: int) -> dict[str, list[Any]]:
    """The same questions for every side: about a neighbourhood, about two steps, about a path."""
    some = graph.some(fast)
    ends = graph.some(2 * slow, seed=2)
    return {
        "neighbours": some,
        "neighbours of hubs": graph.hubs,
        "two steps": some[:slow],
        "path": list(zip(ends[::2], ends[1::2], strict=True)),
    }


# ---------------------------------------------------------------------- the sides


def write(store: Store, graph: Synthetic) -> tuple[float, float]:
    """Take the graph into a store: in one change, or the nodes in one and then half a million edges in each.

    Returns:
        Seconds that taking took, and seconds that making the rows took.
    """
    rows: Iterator[Node | Edge] = chain(graph.node_rows(), graph.edge_rows())
    at_once = graph.nodes + graph.edges
    if at_once > 1_500_000:
        at_once = graph.nodes
    taking = making = 0.0
    while True:
        start = time.perf_counter()
        some = list(islice(rows, at_once))
        incoming = Incoming(
            [one for one in some if isinstance(one, Node)],
            [one for one in some if isinstance(one, Edge)],
        )
        making += time.perf_counter() - start
        if not some:
            return taking, making
        start = time.perf_counter()
        store.take(incoming, "take in a synthetic graph", "a generator")
        taking += time.perf_counter() - start
        at_once = 500_000


def put_vectors(store: Store, graph: Synthetic) -> None:
    """Put synthetic vectors in the place of those of the model, as if it had made them."""
    from gyges.embedding import Embedder
    from gyges.graph.similarity import put

    put(store.connection, graph.ids, graph.vectors())
    identity = Embedder().identity
    db = store.connection
    db.execute(
        "UPDATE vector_meta SET value = ? WHERE key = 'model'",
        (json.dumps(identity.to_dict(), sort_keys=True),),
    )
    last = db.execute("SELECT max(num) FROM op").fetchone()[0]
    db.execute(
        "INSERT OR REPLACE INTO meta VALUES ('embedded_up_to', ?)", (f"{last} {identity.weights}",)
    )


def load_gyges(graph: Synthetic, folder: Path) -> dict[str, Any]:
    from gyges.graph.similarity import Index

    path = folder / "gyges.sqlite3"
    found: dict[str, Any] = {}
    with Store.open(path) as store:
        cpu = time.process_time()
        found["load s"], found["making rows s"] = write(store, graph)
        found["both, CPU s"] = time.process_time() - cpu
        start = time.perf_counter()
        put_vectors(store, graph)
        found["vectors s"] = time.perf_counter() - start
        start = time.perf_counter()
        Index.open(store.connection, path, build=True)
        found["open or build vectors s"] = time.perf_counter() - start
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = "SELECT sum(length(data)) / 1e6 FROM vector"
        found["vectors MB"] = store.connection.execute(size).fetchone()[0]
        found |= {"file MB": size_mb(path), "peak MB": peak_mb()}
    return found


def ask_gyges(graph: Synthetic, folder: Path, fast: int, slow: int) -> dict[str, Any]:
    from gyges.graph import Likenesses, candidate, health_of, page_of, search, shortest_path
    from gyges.graph.records import pair_key
    from gyges.graph.site import Links, render_node

    found: dict[str, Any] = {}
    links = Links.served()
    with Store.open(folder / "gyges.sqlite3") as store:
        alike = Likenesses(store)
        start = time.perf_counter()
        alike.index  # noqa: B018
        found["open vectors"] = spread([time.perf_counter() - start])

        def page(id_: str) -> Any:
            return page_of(store, id_, similar=alike.around(id_), similarity=alike.about())

        def html(id_: str) -> str:
            return render_node(page(id_), links)

        def candidates(id_: str) -> Any:
            return [
                candidate(store, pair_key(id_, other), score).to_dict()
                for other, score in alike.around(id_)
            ]

        some, asked = graph.some(fast), questions(graph, fast, slow)
        # As `gyges graph serve` does; here it also leaves out the generator's own lists.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 10, 10)
        for name, ask in (("page", page), ("page as HTML", html), ("candidates", candidates)):
            found[name] = timed(ask, some)
            found[f"{name}, hubs"] = timed(ask, graph.hubs)
        for name, ids in (("", some[:50]), (", hubs", graph.hubs)):
            get = served(store)
            for again in ("", ", opened again"):
                found[f"page served{name}{again}"] = timed(get, ids)
        found["page only from tables, hubs"] = timed(lambda id_: page_of(store, id_), graph.hubs)
        nodes = [store.node(id_) for id_ in some]

        def looked(how: str, **more: Any) -> Callable[[str], Any]:
            return lambda query: search(store, query, how=(how,), **more)

        rng = np.random.default_rng(5)
        rare, often = graph.words[2000:], FIELD
        texts = {
            "two words": [" ".join(rng.choice(graph.words, 2)) for _ in some],
            "words of a label": [node.label for node in nodes],
            "three frequent words": [" ".join(rng.choice(often[:40], 3)) for _ in some],
            "a frequent word": list(often[:fast]),
            "a rare word": [str(rng.choice(rare)) for _ in some],
            "the beginning of a word": [str(rng.choice(often))[:2] for _ in some],
            "a frequent and a rare word": [
                f"{rng.choice(often[:20])} {rng.choice(rare)}" for _ in some
            ],
            "a sentence": [node.gloss for node in nodes],
        }
        found["search by id"] = timed(looked("id"), some)
        found["search by label"] = timed(looked("label"), [node.label for node in nodes])
        names = [node.aliases[0] for node in nodes if node.aliases]
        found["search by alias"] = timed(looked("alias"), names)
        for name, queries in texts.items():
            found[f"search in text, {name}"] = timed(looked("text"), queries)
        found["search by meaning"] = timed(
            looked("semantic", nearest_to=alike.nearest), texts["two words"]
        )
        for name in ("two words", "three frequent words", "words of a label", "a rare word"):
            found[f"search every way, {name}"] = timed(
                lambda query: search(store, query, nearest_to=alike.nearest), texts[name]
            )
        for name, asks in sides_gyges(store).items():
            found[name] = timed(asks, asked[name])
        found["path over evidence alone"] = timed(
            lambda pair: shortest_path(store, *pair), asked["path"]
        )
        start = time.perf_counter()
        health_of(store)
        found["health"] = spread([time.perf_counter() - start])
        found["peak MB"] = peak_mb()
        found["answers"] = answers(sides_gyges(store), asked)
    return found


def served(store: Store) -> Callable[[str], Any]:
    """Ask the pages of ``gyges graph serve``, without a network between."""
    from importlib.resources import files

    from starlette.testclient import TestClient

    from gyges.graph.site import GraphServer

    server = GraphServer(store, files("gyges.report") / "assets", threshold=0.65, by="")
    client = TestClient(server.app(), base_url="http://127.0.0.1")
    return lambda id_: client.get(f"/node/{id_}").raise_for_status()


def sides_gyges(store: Store) -> dict[str, Callable[[Any], Any]]:
    from gyges.graph import shortest_path

    def grouped(id_: str) -> Any:
        groups = defaultdict(list)
        for one in store.neighbours(id_):
            groups[one.type].append((one.id, one.label, one.edges))
        return sorted(
            (sum(n for _, _, n in rows), kind, len(rows)) for kind, rows in groups.items()
        )

    def two(id_: str) -> int:
        around = (
            "SELECT {far} FROM edge WHERE {near} IN ({of})",
            ("subject", "object"),
            ("object", "subject"),
        )
        one = "SELECT num FROM node WHERE id = ?1"
        for _ in range(2):
            one = " UNION ".join(
                around[0].format(near=near, far=far, of=one) for near, far in around[1:]
            )
        query = f"SELECT count(*) FROM ({one}) WHERE 1"
        return int(store.connection.execute(query, (id_,)).fetchone()[0])

    def path(pair: tuple[str, str]) -> int | None:
        found = shortest_path(store, *pair, loose=True, bare=True)
        return None if found is None else len(found)

    return {"neighbours": grouped, "neighbours of hubs": grouped, "two steps": two, "path": path}


def answers(asks: dict[str, Callable[[Any], Any]], asked: dict[str, list[Any]]) -> dict[str, Any]:
    """Some answers, so that the sides can be seen to say the same."""
    return {name: [asks[name](item) for item in asked[name][:5]] for name in asks}


def cold_gyges(graph: Synthetic, folder: Path, times: int) -> dict[str, Any]:
    env = {**os.environ, "GYGES_GRAPH": str(folder / "gyges.sqlite3")}

    def run(*words: str) -> float:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "gyges", *words], env=env, stdout=subprocess.DEVNULL, check=True
        )
        return time.perf_counter() - start

    some = graph.some(times)
    return {
        "gyges --version": spread([run("--version") for _ in some]),
        "gyges graph show": spread([run("graph", "show", one) for one in some]),
        "gyges graph show, hubs": spread([run("graph", "show", one) for one in graph.hubs[:times]]),
        "gyges graph search": spread([run("graph", "search", "reward", "hacking") for _ in some]),
        "gyges graph search --how text": spread(
            [run("graph", "search", "reward", "hacking", "--how", "text") for _ in some]
        ),
        "gyges graph path": spread(
            [run("graph", "path", one, other) for one, other in zip(some, graph.hubs, strict=False)]
        ),
    }


def run_networkx(graph: Synthetic, folder: Path, fast: int, slow: int) -> dict[str, Any]:
    import networkx as nx

    names = list(RELATIONS)
    seconds = 0.0
    held = nx.MultiDiGraph()
    nodes = list(graph.node_rows())
    start = time.perf_counter()
    for node in nodes:
        held.add_node(node.id, type=node.type, label=node.label, gloss=node.gloss)
    seconds += time.perf_counter() - start
    del nodes
    for at, edge in enumerate(graph.edge_rows()):
        start = time.perf_counter()
        held.add_edge(
            edge.subject,
            edge.object,
            edge.id,
            relation=names[graph.relations[at]],
            gloss=edge.gloss,
        )
        seconds += time.perf_counter() - start

    def around(id_: str) -> Iterator[str]:
        for far in (held.succ, held.pred):
            for other, edges in far[id_].items():
                yield from [other] * len(edges)

    def grouped(id_: str) -> Any:
        counts: dict[str, int] = defaultdict(int)
        for other in around(id_):
            counts[other] += 1
        groups = defaultdict(list)
        data = held.nodes
        for other, many in sorted(counts.items(), key=lambda one: -one[1]):
            groups[data[other]["type"]].append((other, data[other]["label"], many))
        return sorted(
            (sum(n for _, _, n in rows), kind, len(rows)) for kind, rows in groups.items()
        )

    def two(id_: str) -> int:
        near = {*held.succ[id_], *held.pred[id_]}
        return len({far for one in near for ends in (held.succ, held.pred) for far in ends[one]})

    either = held.to_undirected(as_view=True)

    def path(pair: tuple[str, str]) -> int | None:
        try:
            return len(nx.bidirectional_shortest_path(either, *pair)) - 1
        except nx.NetworkXNoPath:
            return None

    asks = {"neighbours": grouped, "neighbours of hubs": grouped, "two steps": two, "path": path}
    asked = questions(graph, fast, slow)
    found: dict[str, Any] = {name: timed(ask, asked[name]) for name, ask in asks.items()}
    return found | {"load s": seconds, "peak MB": peak_mb(), "answers": answers(asks, asked)}


def run_ladybug(graph: Synthetic, folder: Path, fast: int, slow: int) -> dict[str, Any]:
    import ladybug

    nodes, edges = folder / "nodes.csv", folder / "edges.csv"
    with nodes.open("w", newline="") as file:
        csv.writer(file).writerows(
            (node.id, node.type, node.label, node.gloss) for node in graph.node_rows()
        )
    with edges.open("w", newline="") as file:
        csv.writer(file).writerows(
            (edge.subject, edge.object, edge.id, edge.relation, edge.gloss)
            for edge in graph.edge_rows()
        )
    path = folder / "graph.lbug"
    start = time.perf_counter()
    connection = ladybug.Connection(ladybug.Database(str(path)))
    for statement in (
        "CREATE NODE TABLE Node(id STRING PRIMARY KEY, type STRING, label STRING, gloss STRING)",
        "CREATE REL TABLE Edge(FROM Node TO Node, id STRING, relation STRING, gloss STRING)",
        f"COPY Node FROM '{nodes}' (header=false)",
        f"COPY Edge FROM '{edges}' (header=false)",
        "CHECKPOINT",
    ):
        connection.execute(statement)
    seconds = time.perf_counter() - start
    nodes.unlink()
    edges.unlink()

    def rows(query: str, **values: Any) -> list[Any]:
        return connection.execute(query, values).get_all()

    def grouped(id_: str) -> Any:
        found = rows(
            "MATCH (a:Node {id: $id})-[e:Edge]-(b:Node) RETURN b.type, b.id, b.label, count(*) AS many "
            "ORDER BY many DESC, b.label",
            id=id_,
        )
        groups = defaultdict(list)
        for kind, other, label, many in found:
            groups[kind].append((other, label, many))
        return sorted(
            (sum(n for _, _, n in rows), kind, len(rows)) for kind, rows in groups.items()
        )

    def two(id_: str) -> int:
        query = (
            "MATCH (a:Node {id: $id})-[:Edge]-(b:Node) WITH DISTINCT b MATCH (b)-[:Edge]-(c:Node) "
            "RETURN count(DISTINCT c.id)"
        )
        return int(rows(query, id=id_)[0][0])

    def path_(pair: tuple[str, str]) -> int | None:
        found = rows(
            "MATCH (a:Node {id: $a})-[e:Edge* SHORTEST 1..12]-(b:Node {id: $b}) RETURN length(e)",
            a=pair[0],
            b=pair[1],
        )
        return int(found[0][0]) if found else None

    asks = {"neighbours": grouped, "neighbours of hubs": grouped, "two steps": two, "path": path_}
    asked = questions(graph, fast, slow)
    found: dict[str, Any] = {name: timed(ask, asked[name]) for name, ask in asks.items()}
    return found | {
        "load s": seconds,
        "peak MB": peak_mb(),
        "file MB": size_mb(path),
        "answers": answers(asks, asked),
    }


STAGES = ("load", "gyges", "cold", "networkx", "ladybug")


def stage(name: str, graph: Synthetic, folder: Path, fast: int, slow: int) -> dict[str, Any]:
    if name == "load":
        return load_gyges(graph, folder)
    if name == "gyges":
        return ask_gyges(graph, folder, fast, slow)
    if name == "cold":
        return cold_gyges(graph, folder, 7)
    return {"networkx": run_networkx, "ladybug": run_ladybug}[name](graph, folder, fast, slow)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--ask", type=int, default=200, help="nodes drawn by chance")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.stage:
        graph = Synthetic(chosen.nodes, chosen.edges)
        found = stage(chosen.stage, graph, chosen.folder, chosen.ask, max(5, chosen.ask // 10))
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = chosen.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        results = {}
        for name in chosen.only:
            command = [sys.executable, __file__, "--stage", name, "--folder", str(folder)]
            command += ["--nodes", str(chosen.nodes), "--edges", str(chosen.edges)]
            done = subprocess.run(
                [*command, "--ask", str(chosen.ask)], stdout=subprocess.PIPE, check=True
            )
            results[name] = json.loads(done.stdout)
            tell(name, results[name])
        agree(results)
        if chosen.json:
            print(json.dumps(results, indent=1))


def tell(name: str, found: dict[str, Any]) -> None:
    print(f"\n{name}")
    for what, value in found.items():
        if isinstance(value, dict) and "median" in value:
            print(
                f"  {what:45} {value['median']:9.1f} {value['p95']:9.1f} {value['worst']:9.1f}"
                f"   ({value['n']:.0f}" + (f", CPU {value['cpu']:.1f})" if "cpu" in value else ")")
            )
        elif isinstance(value, float):
            print(f"  {what:45} {value:9.1f}")
    sys.stdout.flush()


def agree(results: dict[str, Any]) -> None:
    said = {name: one["answers"] for name, one in results.items() if "answers" in one}
    if len(said) > 1:
        first = next(iter(said.values()))
        same = all(one == first for one in said.values())
        print(f"\n{', '.join(said)} give {'the same answers' if same else 'DIFFERENT answers'}")


if __name__ == "__main__":
    main()
