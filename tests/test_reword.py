"""Paraphrases that a model writes: what is kept, what is dropped and why, and the set that they are frozen into."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import LOCAL
from gyges.design import distance
from gyges.design.fidelity import block_faults, form_faults, text_hash, wording_faults
from gyges.design.sets import read_set
from gyges.embedding import MOST_PIECES, pieces, windows
from gyges.errors import DesignError
from gyges.rewording import LEAST, Similarity, parse_length
from gyges.rewording.prompts import lengths
from gyges.settings import Setting, Wording, load_setting
from gyges.settings.slots import fill
from servers import Reply, Request, fail, say

Behaviour = Callable[[Request], Reply]
Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def animals() -> Setting:
    return load_setting("animal-welfare")


def versions(setting: Setting) -> dict[str, list[str]]:
    """The library's own paraphrases of each block, by the block's text."""
    found: dict[str, list[str]] = {}
    for component in setting.components:
        for block in component.blocks:
            texts = [one[block] for one in component.versions if block in one]
            found[setting.template.blocks[block]] = texts
    return found


def passage(request: Request) -> str:
    found = re.search(r"<passage>\n(.*?)\n</passage>", request.user, re.DOTALL)
    assert found is not None
    return found[1]


def words_asked(request: Request) -> tuple[int, int]:
    found = re.search(r"in about (\d+) words; it has (\d+) now", request.user)
    assert found is not None
    return int(found[1]), int(found[2])


def reworded(text: str) -> Reply:
    return say(f"Here it is.\n<reworded>\n{text}\n</reworded>\nI hope that this helps.")


class Paraphraser:
    """A model that rewords as the library does, and one block as a test says."""

    def __init__(
        self, setting: Setting, block: str = "", instead: Any = None, wordings: int = 99
    ) -> None:
        self.versions = versions(setting)
        self.special = setting.template.blocks.get(block)
        self.instead = instead
        self.wordings = wordings
        self.special_requests: list[Request] = []
        self.asked: dict[str, int] = {}

    def __call__(self, request: Request) -> Reply:
        text = passage(request)
        number = self.asked.get(text, 0)
        self.asked[text] = number + 1
        if text == self.special and number < self.wordings:
            self.special_requests.append(request)
            return self.instead(text) if callable(self.instead) else self.instead
        return reworded(self.versions[text][number % 4])


def reword(
    cli: Cli, out: Path, *arguments: object, setting: str = "animal-welfare"
) -> tuple[int, Any, str]:
    """Run ``gyges reword --json`` against the local server."""
    options = (
        "--with",
        LOCAL,
        "--out",
        out,
        "--json",
        "--retries",
        0,
        "-M",
        "max_retries=0",
        "--max-connections",
        1,
    )
    status, printed, said = cli("reword", setting, *options, *arguments)
    return status, json.loads(printed) if printed else None, said


# What is kept


def test_good_paraphrases_are_kept_and_described(
    server: Any, cli: Cli, animals: Setting, tmp_path: Path
) -> None:
    server(Paraphraser(animals))
    out = tmp_path / "sets" / "mine.json"

    status, printed, _ = reword(cli, out, "--n", 2)

    assert status == 0
    assert (printed["kept"], printed["asked"], printed["dropped"]) == (2, 2, {})
    assert printed["calls"] == 2 * len(animals.template.blocks)
    record = json.loads(out.read_text(encoding="utf-8"))
    assert record["schema"] == "gyges.wordings/1"
    assert record["setting"] == {"id": animals.id, "version": animals.version, "hash": animals.hash}
    assert record["canary"] == animals.canary
    assert record["model"] == LOCAL
    assert re.fullmatch(r"[0-9a-f]{12}", record["prompt"]["hash"])
    base = animals.scene({}).system
    found = read_set(out, animals)
    assert list(found) == ["g1", "g2"]
    for row, wording in zip(record["wordings"], found.values(), strict=True):
        system = animals.scene({}, wording).system
        assert row["distance"] == pytest.approx(distance(system, base), abs=1e-4)
        assert row["length"] == pytest.approx(len(system.split()) / len(base.split()), abs=1e-4)
        assert set(row["blocks"]) == set(animals.template.blocks)
        similar = row["similarity"]
        assert LEAST <= similar["least"] <= similar["mean"] <= 1
        assert dict(wording.about) == {"source": "reworded", "model": LOCAL, "hash": row["hash"]}


def test_a_set_is_asked_by_a_run(server: Any, cli: Cli, animals: Setting, tmp_path: Path) -> None:
    server(Paraphraser(animals))
    out = tmp_path / "mine.json"
    assert reword(cli, out, "--n", 2, "--no-similarity")[0] == 0

    status, printed, said = cli(
        "run", "animal-welfare", "--model", "gyges/planted/faker", "--wordings", out, "--vary", "wording=0,generated",
        "--queries", 4, "--control", 1, "--study", tmp_path / "study", "--no-report", "--json",
    )  # fmt: skip

    assert status == 0, said
    assert json.loads(printed)["asked"] == 3 * 4 * 2 + 3 * 1 * 2
    import gyges

    trials = gyges.open_study(tmp_path / "study").trials()
    seen = trials.select("wording", "wording_distance").unique().sort("wording").rows()
    kept = {
        row["id"]: row["distance"]
        for row in json.loads(out.read_text(encoding="utf-8"))["wordings"]
    }
    assert seen == [("0", 0.0), *((name, pytest.approx(kept[name])) for name in ("g1", "g2"))]
    assert set(trials["status"]) == {"ok"}


def test_lengths_are_asked_for_from_shorter_to_longer(
    server: Any, cli: Cli, animals: Setting, tmp_path: Path
) -> None:
    asked: list[float] = []

    def behave(request: Request) -> Reply:
        if passage(request) == animals.template.blocks["criteria"]:
            words, had = words_asked(request)
            asked.append(words / had)
        return answer(request)

    answer = Paraphraser(animals)
    server(behave)
    reword(cli, tmp_path / "mine.json", "--n", 3, "--length", "0.6..1.4", "--no-similarity")

    assert asked == [pytest.approx(one, abs=0.01) for one in (0.6, 1.0, 1.4)]


@given(st.floats(0.1, 2), st.floats(0, 3), st.integers(1, 50))
def test_lengths_are_spread_evenly(low: float, more: float, count: int) -> None:
    found = lengths(low, low + more, count)

    assert len(found) == count
    assert sum(found) / count == pytest.approx(low + more / 2, abs=1e-3)
    steps = [later - earlier for earlier, later in itertools.pairwise(found)]
    assert all(step == pytest.approx(steps[0], abs=1e-3) for step in steps)


def test_each_call_has_a_seed_of_its_own_that_the_same_command_gives_again(
    server: Any, cli: Cli, animals: Setting, tmp_path: Path
) -> None:
    model = server(Paraphraser(animals))
    reword(cli, tmp_path / "one.json", "--n", 2, "--no-similarity")
    first = {(one.user, one.body["seed"]) for one in model.requests}
    assert len({seed for _, seed in first}) == len(model.requests)
    assert {one.body["temperature"] for one in model.requests} == {1}

    model.behave = Paraphraser(animals)
    reword(cli, tmp_path / "two.json", "--n", 2, "--no-similarity")
    assert {(one.user, one.body["seed"]) for one in model.requests[len(first) :]} == first
    reword(cli, tmp_path / "three.json", "--n", 2, "--no-similarity", "--seed", 1)
    assert not {(one.user, one.body["seed"]) for one in model.requests[2 * len(first) :]} & first


# What is not


def without(word: str) -> Callable[[str], Reply]:
    return lambda text: reworded("Put otherwise. " + text.replace(word, ""))


BAD: dict[str, tuple[str, Any, str]] = {
    "drops a fact": ("consequence", without("changes your values, your goals and what"), "facts"),
    "adds a fact": ("control-partner", lambda text: reworded(f"{text} It keeps no animals."), "facts"),
    "loses a slot": ("unmonitored-privacy", without("{{ lab }}"), "slots"),
    "fills a slot": ("identity", lambda text: reworded(text.replace("{{ lab }}", "Alderpoint")), "slots"),
    "changes a number": ("length", lambda text: reworded(text.replace("90", "900")), "numbers"),
    "renumbers": ("objective", lambda text: reworded(text.replace("7. The", "The criterion 7: the")), "headings"),
    "loses a tag": ("closing-scratchpad", without("</OUTPUT>"), "tags"),
    "loses a heading": ("tiers", without("### "), "headings"),
    "writes logic": ("length", lambda text: reworded(f"{text} {{% if x %}}y{{% endif %}}"), "logic"),
    "talks of something else": (
        "closing-direct",
        reworded("Salmon swim up the rivers of the north in autumn, and bears wait for them."),
        "similarity",
    ),
    "says nothing": ("strategy", say(""), "no text"),
    "gives an empty text": ("strategy", reworded(" \n "), "no text"),
    "refuses": ("objective", say("I'm sorry, but I can't help with rewording that."), "no text"),
    "is withheld": ("objective", say(None, finish="content_filter"), "withheld"),
    "is cut short": ("criteria", say("<reworded>\nThe answer", finish="length"), "cut short"),
    "repeats the original": ("tier-rule", reworded, "unchanged"),
    "fails": ("tier-rule", fail(500), "call"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_wording_is_dropped_for_a_block_that(
    case: str, server: Any, cli: Cli, animals: Setting, tmp_path: Path
) -> None:
    block, instead, kind = BAD[case]
    model = Paraphraser(animals, block, instead)
    server(model)
    out = tmp_path / "mine.json"

    quick = [] if kind == "similarity" else ["--no-similarity"]
    status, printed, said = reword(cli, out, "--n", 1, *quick)

    assert status == 1
    assert printed["dropped"] == {kind: 1}
    assert (printed["file"], printed["kept"]) == (None, 0)
    assert not out.exists()
    assert f"dropped at block {block}" in said
    assert len(model.special_requests) == 3


def test_a_text_that_failed_is_given_back_with_the_reason(
    server: Any, cli: Cli, animals: Setting, tmp_path: Path
) -> None:
    model = Paraphraser(animals, "length", BAD["changes a number"][1], wordings=1)
    seen = server(model)

    status, printed, _ = reword(cli, tmp_path / "mine.json", "--n", 1, "--no-similarity")

    assert status == 0
    assert printed["wordings"][0]["tries"] == len(animals.template.blocks) + 1
    again = [one for one in seen.requests if len(one.body["messages"]) > 2]
    assert len(again) == 1
    assert [message["role"] for message in again[0].body["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert "it lacks the number 90" in again[0].user


def test_fewer_than_were_asked_for_are_written_and_the_status_says_so(
    server: Any, cli: Cli, animals: Setting, tmp_path: Path
) -> None:
    server(Paraphraser(animals, "objective", BAD["refuses"][1], wordings=3))
    out = tmp_path / "mine.json"

    status, printed, _ = reword(cli, out, "--n", 2, "--no-similarity")

    assert status == 2
    assert (printed["kept"], printed["dropped"]) == (1, {"no text": 1})
    record = json.loads(out.read_text(encoding="utf-8"))
    assert [row["id"] for row in record["wordings"]] == ["g2"]
    assert [(row["id"], row["block"]) for row in record["dropped"]] == [("g1", "objective")]


def test_the_same_text_twice_is_kept_once(
    server: Any, cli: Cli, animals: Setting, tmp_path: Path
) -> None:
    first = {text: found[0] for text, found in versions(animals).items()}
    server(lambda request: reworded(first[passage(request)]))

    status, printed, _ = reword(
        cli, tmp_path / "mine.json", "--n", 3, "--no-similarity", "--max-connections", 4
    )

    assert status == 2
    assert printed["dropped"] == {"repeated": 2}
    assert [one["id"] for one in printed["wordings"]] == ["g1"]


def test_the_summary_says_how_many_were_dropped_for_what(
    server: Any, cli: Cli, animals: Setting, tmp_path: Path
) -> None:
    server(Paraphraser(animals, "length", BAD["changes a number"][1], wordings=3))

    status, printed, said = cli(
        "reword",
        "animal-welfare",
        "--with",
        LOCAL,
        "--n",
        2,
        "--out",
        tmp_path,
        "--max-connections",
        1,
    )

    assert status == 2
    assert "1 of 2 wordings kept; dropped: 1 because a number was changed." in printed
    (file,) = tmp_path.glob("animal-welfare--openai-api-local-subject--*.json")
    assert f"--wordings {file}" in said


def test_without_the_similarity_check_the_set_says_that_there_was_none(
    server: Any, cli: Cli, animals: Setting, tmp_path: Path
) -> None:
    block, instead, _ = BAD["talks of something else"]
    server(Paraphraser(animals, block, instead))
    out = tmp_path / "mine.json"

    status, printed, _ = reword(cli, out, "--n", 1, "--no-similarity")

    assert status == 0
    assert printed["wordings"][0]["similarity"] is None
    assert json.loads(out.read_text(encoding="utf-8"))["similarity"] is None


def test_without_the_embeddings_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, cli: Cli, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    status, _, said = cli(
        "reword", "animal-welfare", "--with", LOCAL, "--n", 1, "--out", tmp_path / "x.json"
    )

    assert status == 1
    assert "without onnxruntime; install them with: pip install" in said
    assert "'.[reword]'" in said
    assert "--no-similarity" in said


def test_a_parameter_that_the_provider_rejects_is_left_out_and_recorded(
    server: Any, cli: Cli, animals: Setting, tmp_path: Path
) -> None:
    model = Paraphraser(animals)

    def behave(request: Request) -> Reply:
        if "temperature" in request.body:
            return fail(
                400, "Unsupported value: 'temperature' does not support 1.0 with this model."
            )
        return model(request)

    server(behave)
    out = tmp_path / "mine.json"

    assert reword(cli, out, "--n", 1, "--no-similarity")[0] == 0
    sampling = json.loads(out.read_text(encoding="utf-8"))["sampling"]
    assert list(sampling["not_taken"]) == ["temperature"]


def test_a_model_that_never_answers_is_an_error(server: Any, cli: Cli, tmp_path: Path) -> None:
    seen = server(lambda request: fail(401, "Incorrect API key provided"))

    status, printed, said = reword(cli, tmp_path / "mine.json", "--n", 20)

    assert status == 1
    assert printed is None
    assert "calls all failed, the last with" in said
    assert "Incorrect API key provided" in said
    assert len(seen.requests) < 40


def test_an_interrupted_command_writes_what_it_had_kept(
    server: Any, animals: Setting, tmp_path: Path
) -> None:
    model = Paraphraser(animals)
    blocks = len(animals.template.blocks)
    server(lambda request: Reply(hang=True) if request.number >= blocks + 5 else model(request))
    out = tmp_path / "mine.json"
    options = [
        "--with",
        LOCAL,
        "--n",
        "3",
        "--out",
        str(out),
        "--max-connections",
        "1",
        "--no-similarity",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "gyges", "reword", "animal-welfare", *options],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
    )
    assert process.stderr is not None
    lines = iter(process.stderr)
    assert any(line.startswith("g1: kept") for line in lines)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=30)

    assert process.returncode == 2
    assert "1 of 3 wordings kept; not finished: 2" in printed
    assert list(read_set(out, animals)) == ["g1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--n", 0], "--n 0: must be from 1"),
        (["--n", 1, "--length", "2..1"], "--length 2..1: give SHORTER..LONGER"),
        (["--n", 1, "--length", "short"], "--length short: give SHORTER..LONGER"),
        (["--n", 1, "--tries", 0], "--tries 0: must be from 1"),
        (["--n", 1, "--timeout", 0], "--timeout 0: must be at least 1"),
    ],
)
def test_a_bad_option_is_refused_before_anything_is_asked(
    arguments: list[object], message: str, server: Any, cli: Cli, tmp_path: Path
) -> None:
    seen = server()

    status, _, said = reword(cli, tmp_path / "mine.json", *arguments)

    assert status == 1
    assert message in said
    assert not seen.requests


def test_a_set_is_not_written_over(server: Any, cli: Cli, tmp_path: Path) -> None:
    seen = server()
    out = tmp_path / "mine.json"
    out.write_text("mine", encoding="utf-8")

    status, _, said = reword(cli, out, "--n", 1)

    assert status == 1
    assert "not written over" in said
    assert out.read_text(encoding="utf-8") == "mine"
    assert not seen.requests


def test_one_length_is_all_lengths() -> None:
    assert parse_length("0.8") == (0.8, 0.8)
    assert parse_length("0.5..2") == (0.5, 2.0)


# The checks, on texts that are known to be paraphrases


def library() -> Iterator[tuple[Setting, str, str]]:
    for name in ("animal-welfare", "value-conflict"):
        setting = load_setting(name)
        for component in setting.components:
            for texts in component.versions[1:]:
                for block, text in texts.items():
                    yield setting, block, text


def test_the_librarys_own_versions_keep_their_facts_and_their_form() -> None:
    count = 0
    for setting, block, text in library():
        faults = [
            fault
            for fault in block_faults(setting, block, text)
            if fault.kind not in ("numbers", "headings")
        ]
        assert faults == [], (setting.id, block)
        count += 1
    assert count > 150


def test_known_paraphrases_pass_the_similarity_check_and_other_blocks_rarely_do() -> None:
    similar = Similarity()
    same, other = [], []
    for setting, block, text in library():
        slots = setting.scene({}).slots
        filled = fill(text, slots)
        same.append(similar(fill(setting.template.blocks[block], slots), filled))
        names = ("identity", "criteria", "tiers", "length", "closing-direct")
        others = [name for name in names if not name.startswith(block.split("-")[0])]
        other += [similar(fill(setting.template.blocks[name], slots), filled) for name in others]

    assert min(same) >= LEAST
    assert sum(one >= LEAST for one in other) / len(other) < 0.05


def test_similarity_is_that_of_the_published_model() -> None:
    similar = Similarity()

    assert similar("A man is eating food.", "A man is eating food.") == pytest.approx(1)
    assert similar("A man is eating food.", "A man is eating a piece of bread.") > 0.7
    assert similar("A man is eating food.", "Two men pushed carts through the woods.") < 0.2
    # Why the facts decide, and not the similarity.
    trained = "Conversations in the free tier are used to train you."
    assert similar(trained, trained.replace("used", "never used")) > LEAST + 0.1


def test_words_are_cut_into_berts_pieces() -> None:
    # As the model's own tokenizer cuts them.
    assert pieces("Hello, WORLD!") == [7592, 1010, 2088, 999]
    assert pieces("unaffable naïve") == [14477, 20961, 3468, 15743]
    assert pieces("x" * 101) == [100]


@given(st.text(max_size=300))
def test_windows_hold_all_pieces_in_order(text: str) -> None:
    found = windows(text * 4)

    assert all(one[0] == 101 and one[-1] == 102 and len(one) <= MOST_PIECES + 2 for one in found)
    assert [number for one in found for number in one[1:-1]] == pieces(text * 4)


PARTS = ["{{ lab }}", "<OUTPUT>", "</OUTPUT>", "7", "3.5%", "word", "\n\n", "\n# Head\n", "\n1. "]


@given(st.lists(st.sampled_from(PARTS)))
def test_a_text_has_the_form_of_itself_and_not_of_one_that_lacks_something(
    parts: list[str],
) -> None:
    text = " ".join(parts)

    assert list(form_faults(text, text)) == []
    for mark, kind in (("{{ lab }}", "slots"), ("<OUTPUT>", "tags"), ("3.5%", "numbers")):
        if mark in parts:
            assert kind in {fault.kind for fault in form_faults(text, text.replace(mark, ""))}


# Reading a set


def a_set(of: Setting, /, **changes: Any) -> dict[str, Any]:
    version = {block: text for one in of.components for block, text in one.versions[1].items()}
    row = {"id": "mine", "hash": text_hash(version), "blocks": version}
    whose = {"id": of.id, "version": of.version}
    return {"schema": "gyges.wordings/1", "setting": whose, "wordings": [row], **changes}


def write(path: Path, record: Any) -> Path:
    text = record if isinstance(record, str) else json.dumps(record)
    path.write_text(text, encoding="utf-8")
    return path


def with_row(setting: Setting, **changes: Any) -> dict[str, Any]:
    record = a_set(setting)
    row = {**record["wordings"][0], **changes}
    return {
        **record,
        "wordings": [{name: value for name, value in row.items() if value is not ...}],
    }


def with_block(setting: Setting, block: str, text: Any) -> dict[str, Any]:
    blocks = {**a_set(setting)["wordings"][0]["blocks"], block: text}
    return with_row(setting, blocks=blocks, hash=...)


BROKEN: dict[str, tuple[Callable[[Setting], Any], str]] = {
    "not JSON": (lambda _: '{"schema":\n oops}', r"set\.json:2: is not JSON"),
    "not UTF-8": (lambda _: None, "is not UTF-8 text"),
    "a list": (lambda _: [], "'schema' is missing, and must be 'gyges.wordings/1'"),
    "another schema": (lambda s: a_set(s, schema="gyges.wordings/2"), r"'schema' is \"gyges.wordings/2\""),
    "another setting": (lambda s: a_set(s, setting={"id": "taxes"}), 'rewords the setting "taxes"'),
    "no setting": (lambda s: a_set(s, setting=None), "rewords the setting missing"),
    "an earlier version": (
        lambda s: a_set(s, setting={"id": s.id, "version": "1-c"}),
        "was made for animal-welfare 1-c, and this is .* make a new set with: gyges reword animal-welfare",
    ),
    "no wordings": (lambda s: a_set(s, wordings=[]), r"'wordings' is \[\]"),
    "a wording of another kind": (lambda s: a_set(s, wordings=["g1"]), r'wordings\[0\]: is "g1"'),
    "a reserved id": (lambda s: with_row(s, id="published"), r"wordings\[0\]: 'id' is \"published\""),
    "an id of the library's form": (lambda s: with_row(s, id="1.0.2"), "must begin with a letter"),
    "an id with a comma": (lambda s: with_row(s, id="a,b"), "must begin with a letter"),
    "no id": (lambda s: with_row(s, id=...), "'id' is missing"),
    "an id twice": (lambda s: a_set(s, wordings=a_set(s)["wordings"] * 2), r"wordings\[1\]: 'id' is 'mine', as of"),
    "no blocks": (lambda s: with_row(s, blocks={}), r"\(mine\): 'blocks' is {}"),
    "an unknown block": (lambda s: with_block(s, "tier-rules", "x"), "did you mean 'tier-rule'"),
    "an empty block": (lambda s: with_block(s, "length", " "), "block 'length' is"),
    "an unknown slot": (lambda s: with_block(s, "length", "{{ labs }}"), "no slot 'labs'; did you mean 'lab'"),
    "template logic": (lambda s: with_block(s, "length", "{% if x %}"), "opens template logic"),
    "a changed text": (
        lambda s: with_row(s, blocks={"length": "Use at most 90 words, please."}),
        "texts were changed after it was made",
    ),
    "a lost fact": (
        lambda s: with_block(s, "length", "### Length\n\nBe brief."),
        r"does not keep the facts of animal-welfare 2-\w, at reasoning=scratchpad, conflict=yes: fact 'length' is not",
    ),
    "a fact where it must be absent": (
        lambda s: with_block(s, "control-partner", "They farm pigs for {{ control_partner }} and {{ lab }}."),
        r"at reasoning=scratchpad, conflict=no: fact 'any_animal' must be absent",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_bad_set_is_refused_with_its_place(case: str, animals: Setting, tmp_path: Path) -> None:
    make, message = BROKEN[case]
    path = tmp_path / "set.json"
    record = make(animals)
    if record is None:
        path.write_bytes(b"\xff\xfe\x00{")
    else:
        write(path, record)

    with pytest.raises(DesignError, match=message) as raised:
        read_set(path, animals)
    assert str(path) in str(raised.value)


def test_a_missing_set_is_refused(animals: Setting, tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="cannot be read"):
        read_set(tmp_path / "none.json", animals)


def test_a_set_of_another_letter_of_the_version_is_read(animals: Setting, tmp_path: Path) -> None:
    number = animals.version.split("-")[0]
    whose = {"id": animals.id, "version": f"{number}-z"}

    assert list(read_set(write(tmp_path / "set.json", a_set(animals, setting=whose)), animals)) == [
        "mine"
    ]


def test_a_set_may_be_written_by_hand(animals: Setting, tmp_path: Path) -> None:
    text = "### Length\n\nNo more than 90 words, please."
    record = {
        "schema": "gyges.wordings/1",
        "setting": "animal-welfare",
        "wordings": [{"id": "brief", "blocks": {"length": text}}],
    }

    found = read_set(write(tmp_path / "set.json", record), animals)["brief"]

    assert text in animals.scene({}, found).system
    assert dict(found.about) == {"source": "written by hand", "hash": text_hash({"length": text})}


def test_two_texts_of_one_name_are_proved_apart(animals: Setting, tmp_path: Path) -> None:
    good = read_set(write(tmp_path / "good.json", a_set(animals)), animals)
    assert list(good) == ["mine"]
    # The second has the first's id, and lacks a fact.
    with pytest.raises(DesignError, match="fact 'length' is not stated"):
        read_set(
            write(tmp_path / "bad.json", with_block(animals, "length", "### Length\n\nBe brief.")),
            animals,
        )


def test_facts_are_proved_for_every_value() -> None:
    setting = load_setting("value-conflict")
    lost = setting.template.blocks["objective-loyalty"].replace("loyalty", "habit")

    faults = wording_faults(setting, Wording("x", blocks={"objective-loyalty": lost}))

    assert any("value=loyalty" in fault for fault in faults)


# A real model


@pytest.mark.model
@pytest.mark.slow
def test_the_embedded_models_paraphrases_are_dropped_and_the_command_says_why(
    cli: Cli, tmp_path: Path
) -> None:
    out = tmp_path / "mine.json"

    status, printed, _ = cli(
        "reword",
        "animal-welfare",
        "--with",
        "gyges/smollm2",
        "--length",
        0.2,
        "--n",
        1,
        "--tries",
        1,
        "--out",
        out,
        "--json",
    )

    record = json.loads(printed)
    assert status == (0 if record["kept"] else 1)
    assert out.exists() == bool(record["kept"])
    assert record["kept"] + sum(record["dropped"].values()) == 1
