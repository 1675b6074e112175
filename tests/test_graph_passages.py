"""A passage is found however a copy was made, and not where one word was changed."""

from __future__ import annotations

import hashlib
import random
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from graph_library import edge, graph, node, quoted
from gyges.errors import GraphError
from gyges.graph import Evidence, attach, page_of
from gyges.graph.passages import Text, fingerprint, words_of

_LETTERS = (
    "abcxyzABC09" + "éüßñÅøİıſǰ" + "жйЁ" + "αώΐς" + "한글" + "漢字" + "हिन्दी" + "שָׁלוֹם" + "قُرآن"
)
_WORD = st.text(st.sampled_from(_LETTERS), min_size=1, max_size=6).filter(
    lambda word: bool(words_of(word).words)
)
WORDS = st.lists(
    st.one_of(_WORD, st.sampled_from(["don't", "model's", "it", "is", "the"])),
    min_size=1,
    max_size=12,
)
_GAPS = [
    " ",
    "  ",
    "\n",
    "\r\n",
    "\u00a0",
    "\u2009",
    " - ",
    "—",
    " – ",
    "-",
    "\u2011",
    "...",
    "… ",
    "\t",
]
_QUOTES = ["'", "’", "ʼ", "‘", "′"]
_AROUND = ["", '"', "“", "”", "«", "»", "(", "**", "_", ",", "\ufeff"]


@st.composite
def copies(draw: st.DrawFn, words: list[str]) -> str:
    """Write words as another browser, reader or typesetter may: what the words are stays."""
    parts = []
    for word in words:
        mark = draw(st.sampled_from(_QUOTES))
        form = draw(st.sampled_from(["NFC", "NFD"]))
        word = unicodedata.normalize(form, word.replace("'", mark))
        if draw(st.booleans()):
            upper = word.upper()
            # Where a language loses a difference in capitals, they are other words.
            if words_of(upper).words == words_of(word).words:
                word = upper
        if len(word) > 1 and word.isascii() and draw(st.booleans()):
            cut = draw(st.integers(1, len(word) - 1))
            if word[cut - 1].isalnum() and word[cut].isalnum():
                soft = draw(st.sampled_from(["\u00ad", "\u200b", "\u00ad\n", "\u00ad\r\n  "]))
                word = f"{word[:cut]}{soft}{word[cut:]}"
        parts.append(draw(st.sampled_from(_AROUND)) + word)
    gaps = [draw(st.sampled_from(_GAPS)) for _ in words]
    return "".join(part + gap for part, gap in zip(parts, gaps, strict=True))


@settings(max_examples=80, deadline=None)
@given(st.data(), WORDS, WORDS, WORDS)
def test_a_copy_made_otherwise_still_matches(
    data: st.DataObject, before: list[str], passage: list[str], after: list[str]
):
    quoted = " ".join(passage)
    source = data.draw(copies(before)) + data.draw(copies(passage)) + data.draw(copies(after))
    assert fingerprint(data.draw(copies(passage))) == fingerprint(quoted)
    text = Text(source)
    by_text, by_hash = text.find_text(quoted), text.find(*fingerprint(quoted))
    assert by_text == by_hash is not None
    assert by_text is not None
    assert source[by_text.start : by_text.end] == by_text.text
    assert fingerprint(by_text.text) == fingerprint(quoted)


@settings(max_examples=80, deadline=None)
@given(st.data(), WORDS, _WORD)
def test_one_changed_word_does_not_match(data: st.DataObject, passage: list[str], other: str):
    at = data.draw(st.integers(0, len(passage) - 1))
    assume(words_of(other).words != words_of(passage[at]).words)
    changed = [*passage[:at], other, *passage[at + 1 :]]
    text = Text(data.draw(copies(changed)))
    assert text.find_text(" ".join(passage)) is None
    assert text.find(*fingerprint(" ".join(passage))) is None


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_stands_in_itself(text: str):
    words = words_of(text)
    for start, end in zip(words.starts, words.ends, strict=True):
        assert 0 <= start < end <= len(text)
        assert words_of(text[start:end]).words
    found = Text(text).find_text(text)
    if not words.words:
        assert found is None
    else:
        assert found is not None
        assert text[found.start : found.end] == found.text
        assert words_of(found.text).words == words.words


@pytest.mark.parametrize(
    ("source", "quoted"),
    [
        ("the model\u2019s \u201ctrue\u201d aims", "The model's 'true' aims"),
        ("alignment\u2011faking \u2014 again", "alignment-faking - again"),
        ("Poincare\u0301 was naı\u0308ve... ", "POINCARÉ WAS"),
        ("re\u00ad\nading a ﬁnding", "reading a finding"),
        ("हिन्दी में", unicodedata.normalize("NFD", "हिन्दी में")),
        ("x² and ½", "x2 and ½"),
        ("STRASSE", "Straße"),
    ],
)
def test_layout_and_forms_of_letters_make_no_difference(source: str, quoted: str):
    assert Text(source).find_text(quoted) is not None
    assert Text(source).find(*fingerprint(quoted)) is not None


@pytest.mark.parametrize(
    ("source", "quoted"),
    [
        ("it does not fake", "it does fake"),
        ("resume the run", "résumé the run"),
        ("हिन्दी", "हन्द"),  # the vowels are part of the word
        ("unaligned", "aligned"),
        ("aligned models", "aligned model"),
        ("80.4 %", "8.04 %"),
        ("ab", "a b"),
    ],
)
def test_what_reads_otherwise_is_not_the_passage(source: str, quoted: str):
    assert Text(source).find_text(quoted) is None
    assert Text(source).find(*fingerprint(quoted)) is None


def test_a_passage_comes_back_as_it_stands_with_the_punctuation_that_closes_it():
    source = "First. It said: “Models — some of them — fake.” Then more."
    found = Text(source).find(*fingerprint("models some of them FAKE"))
    assert found is not None
    assert found.text == "Models — some of them — fake.”"
    assert source[found.start : found.end] == found.text


def test_the_first_of_several_places_is_told():
    text = Text("one two. One two! ONE two?")
    for found in (text.find_text("one two"), text.find(*fingerprint("one two"))):
        assert found is not None
        assert (found.start, found.text) == (0, "one two.")


def test_a_passage_is_found_where_part_of_it_was_repeated():
    found = Text("xone one one two").find_text("one one two")
    assert found is not None
    assert found.start == 5


@pytest.mark.parametrize(
    ("sha256", "words"),
    [
        ("0" * 64, 2),
        (fingerprint("a b")[0], 0),
        (fingerprint("a b")[0], -1),
        (fingerprint("a b")[0], 3),
        (fingerprint("a b")[0], 10**9),
        ("", 1),
        ("not a hash", 1),
    ],
)
def test_a_fingerprint_that_fits_nothing_finds_nothing(sha256: str, words: int):
    assert Text("a b c").find(sha256, words) is None


@pytest.mark.parametrize("empty", ["", " \n", "...", "—", "_'_"])
def test_a_passage_without_words_is_nowhere(empty: str):
    assert fingerprint(empty)[1] == 0
    assert Text("some text").find_text(empty) is None
    assert Text(empty).find_text("some text") is None


def test_fingerprints_are_what_they_were():
    """Shipped graphs carry them: they must not change with a version."""
    plain = hashlib.sha256(b"the models true aims again").hexdigest()
    assert fingerprint("The model's “true” aims — again.") == (plain, 5)
    assert plain.startswith("8431d4a8dbadafa7")


def test_a_long_source_is_searched_quickly():
    draw = random.Random(3)
    known = ["the", "model's", "faking—it", "Überblick", *(f"word{at}" for at in range(900))]
    words = [draw.choice(known) for _ in range(200_000)]
    source = " ".join(words)
    started = time.perf_counter()
    text = Text(source)
    passages = [" ".join(words[at : at + size]) for at, size in ((199_900, 30), (150_000, 12))]
    found = [text.find(*fingerprint(one)) for one in passages]
    missing = text.find("0" * 64, 25)
    by_text = [text.find_text(one) for one in passages]
    took = time.perf_counter() - started
    assert missing is None
    assert found == by_text
    assert [one.text for one in found if one] == passages
    assert took < 10  # a second where nothing else runs


# ---------------------------------------------------------------------- what a copy can be attached to


def _copy(tmp_path: Path) -> Path:
    path = tmp_path / "copy.txt"
    path.write_text("Here these are some words, and others.", encoding="utf-8")
    return path


def test_a_copy_is_attached_to_a_work_or_to_what_evidence_names_alone(tmp_path: Path):
    by_finding = edge(
        "concept:a", "extends", "concept:b", "So.", evidence=(Evidence("finding:f", "table 1"),)
    )
    rows = [
        node("concept:a"),
        node("concept:b"),
        node("finding:f"),
        node("finding:other"),
        node("dataset:d"),
        quoted("quote:q", "paper:source", "these are some words"),
        by_finding,
    ]
    copy = _copy(tmp_path)
    with graph(*rows) as store:
        dump = store.dump()
        for id_ in ("concept:a", "finding:other", "quote:q"):
            with pytest.raises(GraphError) as refused:
                attach(store, copy, id_)
            said = str(refused.value)
            assert f"{id_} is a {id_.partition(':')[0]}" in said
            assert "paper, artifact or dataset" in said
            # With what quotes a passage here; of a quote, its source.
            assert "paper:source" in said
            assert "\n" not in said
        assert store.dump() == dump
        for id_ in ("finding:f", "dataset:d", "paper:source"):
            assert attach(store, copy, id_)["source"] == id_


def test_a_passage_is_not_attached_again_once_the_copy_was_taken_back(tmp_path: Path):
    with graph(quoted("quote:q", "paper:source", "these are some words")) as store:
        attach(store, _copy(tmp_path))
        assert page_of(store, "quote:q")["quotes"][0]["state"] == "stands"
        store.undo()
        quote = page_of(store, "quote:q")["quotes"][0]
        assert (quote["state"], quote["text"]) == ("not attached", None)
