"""A person decides on candidates in a real browser: the served pages, their forms and their policy together."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from graph_library import edge, embeds, graph, node
from gyges.graph import Edge, Incoming, Proposal, Store, pair_key
from gyges.graph.site import GraphServer, review_anchor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), embeds]

HOSTILE = "<script>window.ran = true</script><img src=x onerror='window.ran = true'>"
A, B = "concept:faking", "concept:sham"
PAIR = pair_key(A, B)
NEAR = Proposal.make(about=A, label="A measure of it", gloss=HOSTILE, score=0.7, source="page.txt")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, str, Path]]:
    """The address of a served graph, its token, and its file."""
    import uvicorn

    path = tmp_path / "graph.sqlite3"
    rows = [
        node(A, "Alignment faking", gloss="Complying while watched."),
        node(B, "Faking of alignment", gloss="Complying only while watched."),
        node("claim:hostile", HOSTILE, gloss=HOSTILE),
        edge("claim:hostile", "studies", A, HOSTILE),
    ]
    graph(*rows, path=path, proposals=[NEAR]).close()
    with Store.open(path) as store:
        server = GraphServer(store, files("gyges.report") / "assets", threshold=0.65, by="me")
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(server.app(), log_level="error", access_log=False)
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not running.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", server.token, path
        running.should_exit = True
        thread.join(10)


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    found = context.new_page()
    found.set_default_timeout(15_000)
    problems: list[str] = []
    found.on(
        "console",
        lambda said: said.type in {"error", "warning"} and problems.append(said.text),
    )
    found.on("pageerror", lambda error: problems.append(str(error)))
    yield found
    assert problems == []
    assert not found.evaluate("window.ran === true")
    context.close()


def candidate(page: Any, key: str) -> Any:
    return page.locator(f"#{review_anchor(key)}")


def test_a_person_accepts_merges_declines_and_takes_back(
    page: Any, served: tuple[str, str, Path]
) -> None:
    url, token, path = served
    with Store.open(path) as store:
        before = store.dump()
    own = f"{url}/{token}"
    page.goto(f"{own}/")
    page.get_by_role("link", name="Review", exact=True).click()
    page.wait_for_url(f"{own}/review")

    # As an edge, with a relation that the vocabulary allows and a reason.
    one = candidate(page, PAIR)
    form = one.locator("form.as-edge")
    form.locator("select[name=edge]").select_option("extends:in")
    form.locator("input[name=gloss]").fill("The wider one.")
    form.locator("button").click()
    page.wait_for_selector("[role=status]")
    assert "extends" in page.inner_text("[role=status]")
    assert candidate(page, PAIR).count() == 0
    with Store.open(path) as store:
        assert store.has_edge(Edge.make(B, "extends", A, "The wider one.").id)

    # Taken back, it waits again; nothing else is offered to be taken back.
    page.click("[role=status] button")
    page.wait_for_selector(f"#{review_anchor(PAIR)}")
    assert page.locator("[role=status] button").count() == 0
    with Store.open(path) as store:
        assert store.dump() == before

    # The same: one is kept.
    form = candidate(page, PAIR).locator("form.as-merge")
    form.locator(f"input[value='{B}']").check()
    form.locator("button").click()
    page.wait_for_selector("[role=status]")
    with Store.open(path) as store:
        assert store.resolve(A) == B
    page.goto(f"{own}/node/{A}")
    assert page.url == f"{own}/node/{B}"
    assert "Alignment faking" in page.inner_text("main")


def test_a_thing_without_a_type_gets_one_and_a_pair_is_declined(
    page: Any, served: tuple[str, str, Path]
) -> None:
    url, token, path = served
    page.goto(f"{url}/{token}/review")
    form = candidate(page, NEAR.id).locator("form.as-edge")
    form.locator("select[name=type]").select_option("method")
    form.locator("select[name=edge]").select_option("measures:in")
    form.locator("button").click()
    page.wait_for_selector("[role=status]")
    candidate(page, PAIR).get_by_role("button", name="Not the same").click()
    page.wait_for_selector("[role=status]")
    assert candidate(page, PAIR).count() == 0
    page.goto(f"{url}/{token}/review")
    assert candidate(page, PAIR).count() == 0
    with Store.open(path) as store:
        assert store.node("method:a-measure-of-it").gloss == HOSTILE
        decision = store.decision(PAIR)
        assert decision is not None
        assert (decision.verdict, decision.by) == ("not-same", "me")


def test_a_person_says_which_node_of_the_graph_a_proposed_one_is(
    page: Any, served: tuple[str, str, Path]
) -> None:
    url, token, path = served
    new = node("concept:af", "Alignment faking (AF)", gloss=HOSTILE)
    made = Edge.make(new.id, "extends", B, HOSTILE, (), "extracted", None, "a-model")
    proposal = Proposal.make(edge=made, nodes=(new,), source="text.txt", by="a-model")
    with Store.open(path) as store:
        store.take(Incoming(proposals=[proposal]), "extract", "me")
        before = store.dump()
    page.goto(f"{url}/{token}/review?since=1")
    assert page.locator("article").count() == 1
    one = candidate(page, proposal.id)
    assert "A is not in the graph." in one.inner_text()
    one.get_by_role("button", name="A is Alignment faking", exact=True).click()
    page.wait_for_selector("[role=status]")
    assert "It is Alignment faking (concept:faking)." in page.inner_text("[role=status]")
    # It waits under the node that the graph has, in the same part of the queue, and is accepted there.
    with Store.open(path) as store:
        assert store.resolve(new.id) == A
        (waiting,) = [one for one in store.proposals() if one.edge is not None]
    assert "since" in page.content()
    candidate(page, waiting.id).get_by_role("button", name="Accept").click()
    page.wait_for_selector("[role=status]")
    with Store.open(path) as store:
        assert [one.relation for one in store.edges_between(A, B)] == ["extends"]
    for _ in range(2):
        page.click("[role=status] button")
        page.wait_for_selector("[role=status]")
    with Store.open(path) as store:
        assert store.dump() == before
    # By its name, in the field below the suggestions.
    form = candidate(page, proposal.id).locator("form.as-other")
    form.locator("input[name=node]").fill("faking of alignment")
    form.locator("button").click()
    page.wait_for_selector("[role=status]")
    # The statement would join it to itself, so nothing of it is left.
    assert "1 said nothing else, and is closed." in page.inner_text("[role=status]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_review_fits_a_phone(page: Any, served: tuple[str, str, Path], scheme: str) -> None:
    url, token, path = served
    new = node("concept:af", "Alignment-faking-" * 20, aliases=("Alignment faking",))
    made = Edge.make(new.id, "extends", B, "", (), "extracted", None, "a-model")
    with Store.open(path) as store:
        store.take(Incoming(proposals=[Proposal.make(edge=made, nodes=(new,))]), "extract", "me")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{url}/{token}/review")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in page.locator("main button").all():
        box = button.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["height"] >= 24


def test_what_is_kept_of_two_stands_in_lines_of_its_own_on_a_tablet(
    page: Any, served: tuple[str, str, Path]
) -> None:
    url, token, _ = served
    page.set_viewport_size({"width": 768, "height": 1024})
    page.goto(f"{url}/{token}/review")
    form = candidate(page, PAIR).locator("form.as-merge")
    boxes = [
        form.locator(name).bounding_box()
        for name in ("legend", "label >> nth=0", "label >> nth=1", "button")
    ]
    lefts = [box["x"] for box in boxes]
    assert max(lefts) - min(lefts) <= 1
    assert all(b["y"] >= a["y"] + a["height"] for a, b in pairwise(boxes))


def test_without_the_token_there_is_nothing_to_press(
    page: Any, served: tuple[str, str, Path]
) -> None:
    url, _, _ = served
    page.goto(f"{url}/review")
    assert candidate(page, PAIR).count() == 1
    assert page.locator("form[method=post]").count() == 0
    page.goto(f"{url}/node/claim:hostile")
    assert page.inner_text("h1").startswith("<script>")
