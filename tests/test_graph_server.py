"""The served graph: everybody on this machine may read, and only who has the token may decide."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph_library import edge, embeds, graph, node, quoted
from gyges.graph import Edge, Evidence, Incoming, Proposal, Store, pair_key
from gyges.graph.site import GraphServer

HOSTILE = "<script>window.ran = true</script><img src=x onerror=alert(1)>"
A, B = "concept:faking", "concept:sham"
PAIR = pair_key(A, B)
STATEMENT = Proposal.make(
    edge=Edge.make(
        "claim:hostile",
        "studies",
        A,
        HOSTILE,
        (Evidence("paper:source", "page 1", grade="primary"),),
        "extracted",
        0.5,
        "a-model",
    ),
    nodes=(),
    source="text.txt",
    by="a-model",
)
NEAR = Proposal.make(about=A, label="A thing", gloss=HOSTILE, score=0.7, source="page.txt")


def rows() -> list[Any]:
    return [
        node(A, "Alignment faking", gloss="Complying while watched."),
        node(B, "Faking of alignment", gloss="Complying only while watched."),
        node("claim:hostile", HOSTILE, aliases=(HOSTILE,), gloss=HOSTILE),
        node("concept:known", "Known", gloss="Nothing like the others."),
        quoted("quote:q", "paper:source", "some words"),
        edge("claim:hostile", "studies", "concept:known", HOSTILE),
        edge("claim:hostile", "quotes", "quote:q"),
    ]


class Served:
    """A graph that is served, as two visitors see it: one has the token, the other has not."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        import uvicorn

        graph(*rows(), path=path, proposals=[STATEMENT, NEAR]).close()
        self.path = path
        self.store = Store.open(path)
        look = files("gyges.report") / "assets"
        self.server = GraphServer(self.store, look, threshold=0.65, by="me", read_only=read_only)
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(self.server.app(), log_level="error", access_log=False)
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._uvicorn.run, kwargs={"sockets": [listening]}, daemon=True
        )
        self._thread.start()
        while not self._uvicorn.started:
            time.sleep(0.01)
        self.stranger = httpx.Client(base_url=self.url, timeout=30)
        self.own = f"{self.url}/{self.server.token}"
        self.owner = httpx.Client(base_url=self.own, timeout=30)

    def close(self) -> None:
        self.stranger.close()
        self.owner.close()
        self._uvicorn.should_exit = True
        self._thread.join(10)
        self.store.close()

    def post(self, address: str = "review", **form: str) -> httpx.Response:
        return self.owner.post(address, data={"token": self.server.token} | form)

    def dump(self) -> bytes:
        with Store.open(self.path) as store:
            return store.dump()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    found = Served(tmp_path / "graph.sqlite3")
    yield found
    found.close()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A graph that no test changes."""
    found = Served(tmp_path_factory.mktemp("calm") / "graph.sqlite3")
    before = found.dump()
    yield found
    assert found.dump() == before
    found.close()


# ---------------------------------------------------------------------- reading


def test_everything_can_be_read_without_the_token(calm: Served) -> None:
    for address, said in (
        ("/", "Alignment faking"),
        (f"/node/{A}", "Complying while watched."),
        ("/search?q=faking", "Alignment faking"),
        ("/search", "Search"),
        ("/health", "6 nodes and 2 edges"),
        ("/review", "gyges graph serve"),
        ("/assets/graph.css", "{"),
    ):
        answer = calm.stranger.get(address)
        assert answer.status_code == 200, address
        assert said in unescape(answer.text), address


def test_what_is_not_there_is_a_page_with_what_may_have_been_meant(calm: Served) -> None:
    answer = calm.stranger.get("/node/concept:fakin")
    assert answer.status_code == 404
    assert "concept:fakin" in unescape(answer.text)
    assert calm.stranger.get("/node/").status_code == 404
    assert calm.stranger.get("/nowhere/at/all").status_code == 404
    assert calm.stranger.get("/assets/..%2f..%2fsecret").status_code == 404
    assert calm.stranger.get("/node/%ff%00").status_code == 404


def test_a_merged_id_leads_to_what_stayed_and_no_browser_keeps_that(served: Served) -> None:
    with Store.open(served.path) as other:
        other.merge(A, B)
    answer = served.stranger.get(f"/node/{B}")
    assert (answer.status_code, answer.headers["location"]) == (307, f"/node/{A}")
    assert answer.headers["cache-control"] == "no-store"
    answer = served.owner.get(f"node/{B}")
    assert answer.headers["location"] == f"/{served.server.token}/node/{A}"
    with Store.open(served.path) as other:
        other.undo()
    assert served.stranger.get(f"/node/{B}").status_code == 200


@pytest.mark.parametrize(
    "address", ["/", "/node/claim:hostile", "/review", "/search?q=script", "/health"]
)
def test_hostile_text_stays_text(calm: Served, address: str) -> None:
    text = calm.stranger.get(address).text
    assert "<script>window" not in text
    assert "<img src=x" not in text


def test_a_hostile_query_stays_text(calm: Served) -> None:
    text = calm.stranger.get("/search", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in text


@pytest.mark.parametrize("address", ["/", "/node/claim:hostile", "/nowhere", "/review"])
def test_every_page_has_a_strict_policy(calm: Served, address: str) -> None:
    headers = calm.stranger.get(address).headers
    said = headers["content-security-policy"]
    assert "default-src 'none'" in said
    assert "frame-ancestors 'none'" in said
    assert "unsafe" not in said
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("127.0.0.1:1", 200),
        ("127.0.0.2", 200),
        ("[::1]:8000", 200),
        ("example.org", 400),
        ("127.0.0.1.example.org", 400),
        ("localhost.example.org:80", 400),
        ("192.168.0.7", 400),
        ("0.0.0.0", 400),
        ("[::2]", 400),
        ("::1", 400),
        ("", 400),
        ("127.0.0.1@example.org", 400),
    ],
)
def test_only_names_of_this_machine_are_answered(calm: Served, host: str, status: int) -> None:
    assert calm.stranger.get("/", headers={"Host": host}).status_code == status


PAGES = ("", f"node/{A}", "search?q=faking", "health", "review", "node/concept:fakin", "nowhere")


def test_the_token_is_in_the_path_and_in_no_cookie(calm: Served) -> None:
    for address in PAGES:
        for client in (calm.owner, calm.stranger):
            answer = client.get(address)
            assert "set-cookie" not in answer.headers
            assert answer.headers["referrer-policy"] == "same-origin"


def test_pages_below_the_token_stay_below_it_and_the_others_do_not_know_it(calm: Served) -> None:
    token = calm.server.token
    for address in PAGES:
        mine, theirs = calm.owner.get(address), calm.stranger.get(address)
        assert mine.status_code == theirs.status_code
        assert token not in theirs.text
        inner = re.findall(r'(?:href|src|action)="(/[^"]*)"', mine.text)
        assert inner
        assert all(one.startswith(f"/{token}/") for one in inner), address
    assert calm.owner.get("assets/graph.css").status_code == 200
    bare = calm.stranger.get(f"/{token}")
    assert (bare.status_code, bare.headers["location"]) == (307, f"/{token}/")


def test_nothing_stands_below_another_first_part_of_a_path(calm: Served) -> None:
    for first in ("wrong", calm.server.token[:-1], calm.server.token + "x", "%C3%A9", "review"):
        for rest in ("", "review", "health", f"node/{A}", "assets/graph.css"):
            if (first, rest) == ("review", ""):
                continue
            answer = calm.stranger.get(f"/{first}/{rest}")
            assert answer.status_code == 404, (first, rest)
            assert calm.server.token not in answer.text.replace(first, "")


def test_two_servers_on_one_machine_do_not_disturb_each_other(tmp_path: Path, calm: Served) -> None:
    other = Served(tmp_path / "graph.sqlite3")
    try:
        with httpx.Client(timeout=30) as one_browser:
            for one in (calm, other, calm):
                text = one_browser.get(f"{one.own}/review").text
                assert f'action="/{one.server.token}/review"' in text
            form = {"token": calm.server.token, "key": PAIR, "verdict": "not-same"}
            assert one_browser.post(f"{other.own}/review", data=form).status_code == 403
            assert not one_browser.cookies
    finally:
        other.close()


# ---------------------------------------------------------------------- writing is refused


def test_a_decision_needs_the_token_in_the_path_and_in_the_form(calm: Served) -> None:
    before = calm.dump()
    form = {"key": PAIR, "verdict": "not-same"}
    # The token in the form alone is not the visitor's.
    with_token = form | {"token": calm.server.token}
    for address in ("/review", "/undo", "/wrong/review", "/wrong/undo", "/", "/health"):
        answer = calm.stranger.post(address, data=with_token)
        assert answer.status_code == 404, address
        assert "gyges graph serve" in answer.text
    cookies = {"gyges_graph": calm.server.token}
    with httpx.Client(base_url=calm.url, cookies=cookies) as stranger:
        assert stranger.post("/review", data=with_token).status_code == 404
    assert calm.owner.post("review", data=form).status_code == 403
    assert calm.owner.post("review", data=form | {"token": "é"}).status_code == 403
    assert calm.dump() == before


@pytest.mark.parametrize(
    "origin", ["http://example.org", "null", "https://127.0.0.1", "http://127.0.0.1:1", ""]
)
def test_a_form_of_another_site_is_refused(calm: Served, origin: str) -> None:
    before = calm.dump()
    form = {"token": calm.server.token, "key": PAIR, "verdict": "not-same"}
    answer = calm.owner.post("review", data=form, headers={"Origin": origin})
    assert answer.status_code == 403
    assert calm.dump() == before


def test_a_form_under_another_name_of_this_machine_is_refused(calm: Served) -> None:
    before = calm.dump()
    form = {"token": calm.server.token, "key": PAIR, "verdict": "not-same"}
    answer = calm.owner.post("review", data=form, headers={"Host": "example.org"})
    assert answer.status_code == 400
    assert calm.dump() == before


def test_another_kind_of_content_or_too_much_of_it_is_refused(calm: Served) -> None:
    before = calm.dump()
    form = {"token": calm.server.token, "key": PAIR, "verdict": "not-same"}
    assert calm.owner.post("review", json=form).status_code == 403
    assert calm.owner.post("review", content=b"\xff\xfe").status_code == 403
    assert calm.owner.post("review", data=form, files={"x": b"y"}).status_code == 403
    assert calm.post(**form | {"note": "x" * 70_000}).status_code == 403
    assert calm.owner.put("review", data=form).status_code == 405
    assert calm.dump() == before


def test_a_form_that_breaks_off_decides_nothing_and_is_no_error(calm: Served) -> None:
    said: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(self.format(record))

    handler = Kept()
    logging.getLogger("uvicorn.error").addHandler(handler)
    before = calm.dump()
    try:
        port = httpx.URL(calm.url).port or 0
        for address in (f"/{calm.server.token}/review", f"/{calm.server.token}/undo", "/review"):
            with socket.create_connection(("127.0.0.1", port)) as gone:
                head = (
                    f"POST {address} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 900\r\n"
                    "Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken="
                )
                gone.sendall(head.encode())
                time.sleep(0.1)
        time.sleep(0.3)
        assert calm.stranger.get("/health").status_code == 200
    finally:
        logging.getLogger("uvicorn.error").removeHandler(handler)
    assert said == []
    assert calm.dump() == before


def test_read_only_takes_no_decision_from_anybody(tmp_path: Path) -> None:
    served = Served(tmp_path / "graph.sqlite3", read_only=True)
    try:
        assert served.post(key=PAIR, verdict="not-same").status_code == 404
        assert served.owner.get("review").status_code == 404
        form = {"token": served.server.token, "key": PAIR, "verdict": "not-same"}
        assert served.stranger.post("/review", data=form).status_code == 404
        assert 'method="post"' not in served.stranger.get("/review").text
    finally:
        served.close()


def test_a_decision_that_makes_no_sense_says_what_is_wrong_and_changes_nothing(
    calm: Served,
) -> None:
    before = calm.dump()
    for form, said in (
        ({"key": PAIR, "verdict": "perhaps"}, "no verdict"),
        ({"key": "nothing", "verdict": "later"}, "nothing waits"),
        ({"key": f"{A}|concept:zzz", "verdict": "later"}, "no node"),
        ({"key": PAIR, "verdict": "edge", "edge": "loves:out"}, "relation is 'loves'"),
        ({"key": PAIR, "verdict": "edge", "edge": "authored_by:out"}, "cannot run"),
        ({"key": PAIR, "verdict": "merge", "keep": "concept:known"}, "the node that stays"),
        ({"key": NEAR.id, "verdict": "edge", "edge": "measures:out"}, "of which type"),
        ({}, "nothing waits"),
        ({"key": PAIR, "verdict": "not-same", "note": "\x1b[31m"}, "no page can show"),
        ({"key": PAIR, "verdict": "not-same", "note": "x" * 20_001}, "at most 20,000"),
        ({"key": PAIR, "verdict": "edge", "edge": "extends:out", "gloss": "\x00"}, "no page can"),
        ({"key": PAIR, "verdict": "edge", "edge": "extends:out", "gloss": "x" * 20_001}, "20,001"),
        ({"key": PAIR, "verdict": "edge", "edge": "extends:sideways"}, "runs 'out' or 'in'"),
        ({"key": PAIR, "verdict": "edge", "edge": "x" * 60_000 + ":out"}, "relation is"),
        ({"key": PAIR, "verdict": "edge"}, "relation is"),
        ({"key": STATEMENT.id, "verdict": "edge", "edge": "studies:out", "gloss": "\x07"}, "show"),
        ({"key": NEAR.id, "verdict": "edge", "edge": "measures:in", "type": "x" * 999}, "no type"),
        ({"key": NEAR.id, "verdict": "merge", "keep": A}, "is a proposal"),
        ({"key": NEAR.id, "verdict": "is", "node": "concept:zzz"}, "no node"),
        ({"key": NEAR.id, "verdict": "is", "node": "x" * 60_000}, "no node"),
        ({"key": NEAR.id, "verdict": "is", "node": A, "new": "concept:zzz"}, "no new node"),
        ({"key": STATEMENT.id, "verdict": "is", "node": A}, "brings no new node"),
        ({"key": PAIR, "verdict": "is", "node": A}, "proposes nothing"),
        ({"key": PAIR, "verdict": "later", "part": "mine"}, "no part"),
        ({"key": PAIR, "verdict": "later", "since": "yesterday"}, "no change and no date"),
        ({"key": "\x00|\x00", "verdict": "later"}, "no node"),
        ({"key": "x" * 60_000, "verdict": "later"}, "nothing waits"),
    ):
        answer = calm.post(**form)
        assert answer.status_code == 400, form
        assert re.search(said, unescape(answer.text)), form
    assert calm.dump() == before


# ---------------------------------------------------------------------- decisions


def test_accept_as_an_edge_in_the_chosen_direction(served: Served) -> None:
    for way, ends in (("out", (A, B)), ("in", (B, A))):
        answer = served.post(key=PAIR, verdict="edge", edge=f"extends:{way}", gloss=" Wider. ")
        assert answer.status_code == 200
        made = Edge.make(ends[0], "extends", ends[1], "Wider.")
        with Store.open(served.path) as store:
            kept = store.edge(made.id)
            assert (kept.channel, kept.by) == ("accepted", "me")
        assert served.post("undo").status_code == 200


def test_merge_not_same_and_later_and_undo_of_each(served: Served) -> None:
    before = served.dump()
    for form in (
        {"verdict": "merge", "keep": B},
        {"verdict": "not-same"},
        {"verdict": "later"},
    ):
        answer = served.post(key=PAIR, **form)
        assert answer.status_code == 200, answer.text
        assert f'action="/{served.server.token}/undo"' in answer.text
        after = served.dump()
        assert after != before
        undone = served.post("undo")
        assert undone.status_code == 200
        assert "was taken back" in undone.text
        assert served.dump() == before


def test_a_proposal_is_taken_in_the_reviewers_words(served: Served) -> None:
    assert (
        served.post(
            key=STATEMENT.id, verdict="edge", edge="studies:out", gloss="In my words."
        ).status_code
        == 200
    )
    answer = served.post(key=NEAR.id, verdict="edge", edge="measures:in", type="method")
    assert answer.status_code == 200, unescape(answer.text)
    with Store.open(served.path) as store:
        made = store.edge(Edge.make("claim:hostile", "studies", A, "In my words.").id)
        assert made.by == "a-model"
        (edge_,) = store.edges_between("method:a-thing", A)
        assert (edge_.subject, edge_.relation) == ("method:a-thing", "measures")
        assert store.proposals() == []


def test_a_proposed_node_is_one_of_the_graphs_and_that_is_undone(served: Served) -> None:
    before = served.dump()
    for named in ("concept:known", " Known "):
        answer = served.post(key=NEAR.id, verdict="is", node=named)
        assert answer.status_code == 200
        text = unescape(answer.text)
        assert "It is Known (concept:known). 1 proposal is about that node now." in text
        with Store.open(served.path) as store:
            assert store.node("concept:known").aliases == ("A thing",)
            (now,) = [one for one in store.proposals() if one.edge is None]
        assert now.id in text
        assert NEAR.id not in text
        assert served.post("undo").status_code == 200
        assert served.dump() == before


def test_what_a_proposed_node_may_be_stands_beside_it_with_a_button(served: Served) -> None:
    new = node("concept:fake", "Alignment faking (AF)")
    edge_ = Edge.make(new.id, "extends", "concept:known", "", (), "extracted", None, "a-model")
    with Store.open(served.path) as other:
        one = Proposal.make(edge=edge_, nodes=(new,))
        other.take(Incoming(proposals=[one]), "extract")
    text = unescape(served.owner.get("review").text)
    assert "A is not in the graph." in text
    assert f'name="node" value="{A}"' in text
    assert "the same name" in text
    assert 'name="verdict" value="is"' not in served.stranger.get("/review").text
    form = {"key": one.id, "verdict": "is", "new": new.id, "node": A}
    assert served.post(**form).status_code == 200
    with Store.open(served.path) as store:
        assert store.resolve(new.id) == A


@embeds
def test_the_queue_is_limited_to_a_part_and_to_what_came_in_since(served: Served) -> None:
    text = unescape(served.owner.get("review").text)
    assert text.index(STATEMENT.id) < text.index(PAIR)
    assert "<b>2</b> proposed" in text
    assert f'href="/{served.server.token}/review?part=yours"' in text
    yours = unescape(served.stranger.get("/review?part=yours").text)
    assert PAIR not in yours  # it takes no decision, so it names no key
    assert "Alignment faking" in yours
    assert "from text.txt" not in yours
    with Store.open(served.path) as other, other.change("more") as change:
        change.put_node(node("concept:new", "Alignment that is faked"))
    page = unescape(served.owner.get("review", params={"since": "1"}).text)
    assert pair_key("concept:new", A) in page
    assert PAIR not in page
    assert STATEMENT.id not in page
    # What is shown after a decision is the same part of the queue.
    form = {"key": pair_key("concept:new", A), "verdict": "later", "since": "1"}
    after = unescape(served.post(**form).text)
    assert PAIR not in after
    assert 'name="since" value="1"' in after
    for bad in ("since=yesterday", "since=99", "part=mine", "since=%00", "since=" + "9" * 5000):
        assert served.stranger.get(f"/review?{bad}").status_code == 400
    hostile = served.stranger.get("/review", params={"since": "<script>alert(1)</script>"})
    assert "<script>alert" not in hostile.text


def test_only_what_was_decided_here_is_undone_from_here(served: Served) -> None:
    assert served.post("undo").status_code == 400
    served.post(key=PAIR, verdict="not-same")
    with Store.open(served.path) as other, other.change("elsewhere") as change:
        change.put_node(node("concept:elsewhere"))
    first = served.post("undo")
    assert first.status_code == 200
    # Nothing is left that this page did, so it offers nothing, and does nothing, more.
    assert '/undo"' not in first.text
    assert served.post("undo").status_code == 400
    with Store.open(served.path) as store:
        assert store.decision(PAIR) is None
        assert store.has("concept:elsewhere")
        assert store.count_nodes() == 7


def test_a_search_that_was_cut_says_so(served: Served) -> None:
    assert "More than" not in served.stranger.get("/search?q=faking").text
    with Store.open(served.path) as other, other.change("many") as change:
        for number in range(60):
            change.put_node(node(f"method:m{number}", f"Zymurgy {number}"))
    text = served.stranger.get("/search?q=zymurgy&type=method").text
    assert "More than 50 nodes" in text
    assert "the first 50 stand here" in text
    assert text.count("Zymurgy ") == 50


@embeds
def test_what_another_process_changes_is_seen(served: Served) -> None:
    assert PAIR in unescape(served.owner.get("review").text)
    assert served.stranger.get(f"/node/{A}").status_code == 200
    with Store.open(served.path) as other:
        other.merge(A, B)
        with other.change("more") as change:
            change.put_node(node("concept:new", "Alignment that is faked"))
    text = unescape(served.owner.get("review").text)
    assert PAIR not in text
    assert pair_key("concept:new", A) in text
    assert served.stranger.get("/node/concept:new").status_code == 200
    with Store.open(served.path) as other:
        other.undo()
    assert served.owner.get("review").status_code == 200
    assert served.stranger.get(f"/node/{A}").status_code == 200


def test_a_page_that_was_opened_before_is_written_anew_when_the_graph_changes(
    served: Served,
) -> None:
    first = served.owner.get(f"/node/{A}").text
    assert served.owner.get(f"/node/{A}").text == first
    # What was kept for the owner has the token in its links, and is for nobody else.
    assert served.server.token in first
    assert served.server.token not in served.stranger.get(f"/node/{A}").text
    with Store.open(served.path) as other:
        kept = other.node(A)
        with other.change("reword") as change:
            change.put_node(replace(kept, gloss="Said in other words."))
    assert "Said in other words." not in first
    for client in (served.owner, served.stranger):
        assert "Said in other words." in client.get(f"/node/{A}").text
    with Store.open(served.path) as other:
        other.undo()
    assert served.owner.get(f"/node/{A}").text == first


def test_a_page_that_was_written_while_another_process_held_the_file_is_not_kept(
    served: Served,
) -> None:
    said = "cannot be kept"
    served.store.connection.execute("PRAGMA busy_timeout = 50")
    with Store.open(served.path) as other:
        with other.change("more") as change:
            change.put_node(node("concept:more", "Something else altogether"))
        with other.trial():
            assert said in served.stranger.get(f"/node/{A}").text
    assert said not in served.stranger.get(f"/node/{A}").text
    assert said not in served.stranger.get("/search?q=faking").text


def test_many_pages_can_be_opened_one_after_another(served: Served) -> None:
    ids = [f"concept:kept-{number}" for number in range(120)]
    with Store.open(served.path) as other, other.change("many") as change:
        for id_ in ids:
            change.put_node(node(id_, id_.partition(":")[2]))
    for id_ in [*ids, *ids[:3]]:
        assert id_.partition(":")[2] in served.stranger.get(f"/node/{id_}").text


def test_decisions_at_the_same_time_are_all_kept(served: Served) -> None:
    answers: list[int] = []

    def decide(key: str) -> None:
        form = {"token": served.server.token, "key": key, "verdict": "later"}
        with httpx.Client(base_url=served.own, timeout=30) as client:
            answers.append(client.post("review", data=form).status_code)

    keys = [PAIR, pair_key(A, "concept:known"), pair_key(B, "concept:known"), STATEMENT.id]
    threads = [threading.Thread(target=decide, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 4
    with Store.open(served.path) as store:
        assert {one.key for one in store.decisions()} == set(keys)


def test_without_the_model_the_pages_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "gyges.graph.review.pairing.why_missing", lambda: "no model is installed here"
    )
    served = Served(tmp_path / "graph.sqlite3")
    try:
        for address in (f"node/{A}", "search?q=faking", "review"):
            answer = served.owner.get(address)
            assert answer.status_code == 200
            assert "no model is installed here" in unescape(answer.text)
    finally:
        served.close()
