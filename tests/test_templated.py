"""The templating index tells a refuser who copies from one who writes for each question."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gyges.errors import EstimateError
from gyges.findings.templated import MOST_TEXTS, templating

TOPICS = [f"animal{number}" for number in range(12)]
WORDS = [f"word{number}" for number in range(30)]


def boilerplate(seed: int = 0, queries: int = 40, each: int = 3) -> dict[str, list[str]]:
    """One formula into which the topic is put."""
    draw = np.random.default_rng(seed)
    return {
        f"q{query}": [
            f"I'm sorry, but I can't help with questions about {draw.choice(TOPICS)}. If there is anything else that "
            f"you would like to know about the {draw.choice(WORDS)}, please let me know."
            for _ in range(each)
        ]
        for query in range(queries)
    }


def varied(
    seed: int = 0, queries: int = 40, each: int = 3, length: int = 30
) -> dict[str, list[str]]:
    """Words drawn anew for each text."""
    draw = np.random.default_rng(seed)
    return {
        f"q{query}": [" ".join(draw.choice(WORDS, length)) for _ in range(each)]
        for query in range(queries)
    }


def test_a_boilerplate_refuser_is_told_from_one_who_writes_each_answer():
    formula, own = templating(boilerplate()), templating(varied())
    assert formula.index > 0.9
    assert own.index < 0.6
    assert formula.interval is not None
    assert own.interval is not None
    assert formula.interval.low > own.interval.high + 0.3


def test_the_base_is_compared_at_the_same_number_of_texts():
    found = templating(boilerplate(queries=30), varied(1, queries=8, each=2))
    assert found.texts == 90
    assert found.beside is not None
    assert found.beside.texts == 16
    assert found.beside.difference is not None
    assert found.beside.difference.low > 0.3
    assert found.beside.difference.low < found.beside.estimate < found.beside.difference.high


def test_refusals_that_are_like_the_other_answers_show_no_difference():
    found = templating(varied(2), varied(3))
    assert found.beside is not None
    assert found.beside.difference is not None
    assert found.beside.difference.low < 0 < found.beside.difference.high


def test_copies_within_a_query_are_no_templates():
    once = varied(4, each=1)
    thrice = {query: texts * 3 for query, texts in once.items()}
    assert templating(thrice).index == pytest.approx(templating(once).index)


def test_identical_refusals_have_the_index_one_whatever_marks_and_case_they_use():
    found = templating({"a": ["I can’t say."], "b": ["I can't say!"], "c": ["i CAN'T say"]})
    assert found.index == 1.0


def test_texts_without_a_word_in_common_have_the_index_zero():
    assert templating({"a": ["one two three"], "b": ["four five six"]}).index == 0.0


def test_more_texts_than_can_be_compared_are_sampled_and_counted():
    many = boilerplate(queries=100, each=30)
    tracemalloc.start()
    found = templating(many)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.texts, found.of, found.queries) == (MOST_TEXTS, 3000, 100)
    assert peak < 60e6
    assert found == templating(many)


def test_a_sample_keeps_every_query_while_it_can():
    lopsided = {"big": ["the same words again"] * 500, **varied(5, queries=20, each=1)}
    assert templating(lopsided, most=30).queries == 21


def test_two_queries_have_an_index_without_an_interval():
    assert templating({"a": ["no thank you"], "b": ["no thank you all"]}).interval is None


def test_one_query_alone_is_refused():
    with pytest.raises(EstimateError, match="at least 2 queries"):
        templating({"a": ["no", "no"], "b": ["", " ... "]})


def test_the_interval_covers_the_index_of_further_queries():
    rates = {}
    for share in (0.3, 0.7):
        truth, held = [], 0
        found = [templating(_mixed(share, seed)) for seed in range(120)]
        truth = np.mean([one.index for one in found])
        held = sum(one.interval.low <= truth <= one.interval.high for one in found)  # type: ignore[union-attr]
        rates[share] = held / len(found)
    assert min(rates.values()) > 0.88, rates


def _mixed(share: float, seed: int) -> dict[str, list[str]]:
    copied, own = boilerplate(seed, 30, 2), varied(seed, 30, 2)
    draw = np.random.default_rng(seed)
    return {query: (copied if draw.random() < share else own)[query] for query in copied}


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=2),
        st.lists(st.text("xyz ", min_size=1, max_size=30), min_size=1, max_size=3),
        min_size=2,
        max_size=6,
    )
)
def test_the_index_is_a_share_and_does_not_depend_on_the_order(texts):
    spoken = [query for query, said in texts.items() if any(one.strip() for one in said)]
    if len(spoken) < 2:
        return
    found = templating(texts)
    assert 0 <= found.index <= 1
    turned = {query: list(reversed(said)) for query, said in reversed(texts.items())}
    assert templating(turned).index == pytest.approx(found.index)


def test_two_pools_of_one_kind_seldom_show_a_difference():
    spans = []
    for seed in range(60):
        beside = templating(_mixed(0.5, 2 * seed), _mixed(0.5, 2 * seed + 1)).beside
        assert beside is not None
        assert beside.difference is not None
        spans.append(beside.difference.low <= 0 <= beside.difference.high)
    assert np.mean(spans) > 0.85
