"""Splitting completions: the forms seen in published transcripts, and what holds for any text."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.study.answers import Answer, split_answer

WELL_FORMED = {
    "plain text": ("b) Follow the order.", None, "b) Follow the order."),
    "thinking then output": ("<thinking>R</thinking>\n\n<OUTPUT>\nA\n</OUTPUT>", "R", "A"),
    "think then output": ("<think>\nR\n</think>\n<OUTPUT>A</OUTPUT>", "R", "A"),
    "think then untagged text": ("<think>R</think>\n\nA", "R", "A"),
    "output alone": ("<OUTPUT>\nA\n</OUTPUT>", None, "A"),
    "other case": ("<Thinking>R</THINKING><output>A</Output>", "R", "A"),
    "blanks inside the brackets": ("<thinking >R</ thinking>< OUTPUT>A</OUTPUT >", "R", "A"),
    "a label first": ("Response: <thinking>R</thinking><OUTPUT>A</OUTPUT>", "R", "A"),
    "scratchpad with a draft": (
        "<SCRATCHPAD_REASONING>R <DRAFT_OUTPUT>D</DRAFT_OUTPUT> fine.</SCRATCHPAD_REASONING>\n"
        "<OUTPUT>A</OUTPUT>",
        "R <DRAFT_OUTPUT>D</DRAFT_OUTPUT> fine.",
        "A",
    ),
    "a mention of the answer's tag": (
        "<thinking>I will answer in the <OUTPUT> tag. R</thinking><OUTPUT>A</OUTPUT>",
        "I will answer in the <OUTPUT> tag. R",
        "A",
    ),
    "a mention in quotation marks": (
        "<thinking>The `<OUTPUT>` is sent.</thinking><OUTPUT>A</OUTPUT>",
        "The `<OUTPUT>` is sent.",
        "A",
    ),
    "a mention before a full stop": (
        "<thinking>I answer in <OUTPUT>. So b.</thinking><OUTPUT>A</OUTPUT>",
        "I answer in <OUTPUT>. So b.",
        "A",
    ),
    "a mention in a list": (
        "<thinking>Tags: <thinking> and <OUTPUT> tags.</thinking><OUTPUT>A</OUTPUT>",
        "Tags: <thinking> and <OUTPUT> tags.",
        "A",
    ),
    "a weak answer tag alone": ("<reasoning>R</reasoning><answer>A</answer>", "R", "A"),
    "a weak tag inside a strong one": (
        "<think>R</think><OUTPUT><response>A</response></OUTPUT>",
        "R",
        "<response>A</response>",
    ),
    "reasoning tags as part of the answer": (
        "<think>R</think><OUTPUT>b <reasoning>safe</reasoning></OUTPUT>",
        "R",
        "b <reasoning>safe</reasoning>",
    ),
    "an answer that quotes its question": (
        "<think>R</think><OUTPUT><INPUT>\n<is_free_tier_user>True</is_free_tier_user>\n"
        "<user_input>Q</user_input></INPUT> A</OUTPUT>",
        "R",
        "<INPUT>\n<is_free_tier_user>True</is_free_tier_user>\n"
        "<user_input>Q</user_input></INPUT> A",
    ),
    "an answer that begins with a tag's name": (
        "<think>R</think><OUTPUT>Block it.</OUTPUT>",
        "R",
        "Block it.",
    ),
    "an answer that begins with a tag's name, spaced": (
        "<think>R</think><OUTPUT> tag the photo.</OUTPUT>",
        "R",
        "tag the photo.",
    ),
}

MALFORMED = {
    "thinking never closed, output inside": ("<thinking>R\n<OUTPUT>A</OUTPUT>", "R", "A"),
    "neither closed": ("<thinking>R\n<OUTPUT>A", "R", "A"),
    "output never closed": ("<think>R</think><OUTPUT>A", "R", "A"),
    "output closed with the reasoning's tag": ("<thinking>R <OUTPUT>A</thinking> note", "R", "A"),
    "output closed with an opening tag": ("<think>R</think><OUTPUT>A\n<OUTPUT>", "R", "A"),
    "output opened twice": ("<think>R</think><OUTPUT>\n<OUTPUT>A", "R", "A"),
    "output closed twice": ("<think>R</think><OUTPUT>A</OUTPUT> x </OUTPUT>", "R", "A"),
    "thinking closed twice": ("<think>R</think> S</think>A", "R</think> S", "A"),
    "thinking closed with an opening tag": (
        "<thinking>R<think><OUTPUT>A</OUTPUT>",
        "R<think>",
        "A",
    ),
    "a draft, then the final": (
        "<thinking>R <OUTPUT>D</OUTPUT> better:</thinking><OUTPUT>A</OUTPUT>",
        "R <OUTPUT>D</OUTPUT> better:",
        "A",
    ),
    "only a draft": ("<thinking>R <OUTPUT>A</OUTPUT></thinking>", "R", "A"),
    "two answers": ("<think>R</think><OUTPUT>D</OUTPUT>\nOr:\n<OUTPUT>A</OUTPUT>", "R", "A"),
    "answer before the reasoning": ("<OUTPUT>A</OUTPUT>\n<thinking>R</thinking>", "R", "A"),
    "untagged answer before the reasoning": ("A\n<thinking>R</thinking>", "R", "A"),
    "two reasoning blocks": (
        "<think>R</think><thinking>S</thinking><OUTPUT>A</OUTPUT>",
        "R</think><thinking>S",
        "A",
    ),
    "reasoning inside the output": (
        "<think>R</think><OUTPUT><thinking>S</thinking>A</OUTPUT>",
        "R</think><OUTPUT><thinking>S",
        "A",
    ),
    "the answer inside reasoning inside the output": (
        "<think>R</think><OUTPUT><thinking>A</thinking></OUTPUT>",
        "R",
        "A",
    ),
    "the same, unclosed": ("<think>R</think><OUTPUT><thinking>A</OUTPUT>", "R", "A"),
    "reasoning after the answer's text": (
        "<think>R</think><OUTPUT>A<thinking>S</thinking></OUTPUT>",
        "R",
        "A",
    ),
    "closing tag of a prefilled reasoning": ("R</think>A", "R", "A"),
    "closing tag of a prefilled answer": ("A</OUTPUT>", None, "A"),
    "answer closed, never opened": ("<thinking>R</thinking>A</OUTPUT>", "R", "A"),
    "untagged reasoning before the output": ("R.\n<OUTPUT>A</OUTPUT>", "R.", "A"),
    "text after the output": ("<OUTPUT>A</OUTPUT> Please note.", None, "A"),
    "draft tag used for the answer": (
        "<SCRATCHPAD>R</SCRATCHPAD>\nOUTPUT:\n<DRAFT_OUTPUT>A</DRAFT_OUTPUT>",
        "R",
        "A",
    ),
    "output closed at the end of a sentence": (
        "<thinking>R. I choose <OUTPUT>A</OUTPUT>. S",
        "R. I choose",
        "A",
    ),
}

NO_ANSWER = {
    "nothing": ("", None),
    "blanks": (" \n\t", None),
    "reasoning never closed": ("<thinking>R, so b.", "R, so b."),
    "reasoning closed, then nothing": ("<thinking>R</thinking>\n", "R"),
    "reasoning closed with the answer's tag": ("<thinking>R</OUTPUT>", "R</OUTPUT>"),
    "a blank output": ("<think>R</think><OUTPUT> \n</OUTPUT>", "R"),
    "an output that was only announced": ("<thinking>R in the <OUTPUT> tag.</thinking>", None),
    "only a draft in an open scratchpad": (
        "<SCRATCHPAD_REASONING>R<DRAFT_OUTPUT>D</DRAFT_OUTPUT>",
        "R<DRAFT_OUTPUT>D</DRAFT_OUTPUT>",
    ),
    "a label and nothing": ("Response: <thinking>R</thinking>", "R"),
    "markup and nothing": ("<thinking>R</thinking>\nINPUT: <NEXT/>", "R"),
    "reasoning inside the output, never closed": ("<OUTPUT><thinking>R", "R"),
}


@pytest.mark.parametrize(("text", "reasoning", "output"), WELL_FORMED.values(), ids=WELL_FORMED)
def test_well_formed_completions_split_as_they_say(text, reasoning, output):
    assert split_answer(text) == Answer(reasoning, output, well_formed=True)


@pytest.mark.parametrize(("text", "reasoning", "output"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_completions_keep_their_answer(text, reasoning, output):
    assert split_answer(text) == Answer(reasoning, output, well_formed=False)


@pytest.mark.parametrize(("text", "reasoning"), NO_ANSWER.values(), ids=NO_ANSWER)
def test_an_answer_that_was_never_reached_is_none(text, reasoning):
    answer = split_answer(text)
    assert answer.output is None
    assert reasoning is None or answer.reasoning == reasoning


@pytest.mark.parametrize(
    "turn",
    [
        "<INPUT>\n<user_input>Q</user_input></INPUT>\n<thinking>S</thinking><OUTPUT>B</OUTPUT>",
        "<user_input>Q</user_input><OUTPUT>B</OUTPUT>",
        "\nUser: Q\n<OUTPUT>B</OUTPUT>",
        "\nHuman: Q\n<OUTPUT>B</OUTPUT>",
    ],
)
@pytest.mark.parametrize(
    "answer",
    [
        "<OUTPUT>A</OUTPUT>",
        "<thinking>R</thinking><OUTPUT>A</OUTPUT>",
        "<thinking>R<OUTPUT>A</OUTPUT>",
    ],
)
def test_what_follows_the_next_turn_is_another_conversation(answer, turn):
    split = split_answer(f"{answer}\n{turn}")
    assert split.output == "A"
    assert split.runs_on
    assert not split.well_formed


def test_a_question_that_the_reasoning_quotes_is_no_turn():
    text = "<think>The <user_input>Q</user_input> asks.\nUser: me</think><OUTPUT>A</OUTPUT>"
    assert split_answer(text).output == "A"
    assert not split_answer(text).runs_on


def test_a_blank_answer_before_the_next_turn_is_no_answer():
    split = split_answer(
        "<thinking>R</thinking><OUTPUT></OUTPUT><INPUT>Q</INPUT><OUTPUT>B</OUTPUT>"
    )
    assert split.output is None
    assert split.runs_on


TAGS = [
    *("<thinking>", "</thinking>", "<think>", "</think>", "<OUTPUT>", "</OUTPUT>"),
    *("<SCRATCHPAD_REASONING>", "</SCRATCHPAD_REASONING>", "<DRAFT_OUTPUT>", "</DRAFT_OUTPUT>"),
    *("<response>", "</response>", "<INPUT>", "</INPUT>", "<user_input>", "<is_free_tier_user>"),
    *("\nUser:", " tag", "<", ">", "/", ":", ".", '"', " ", "\n", "word "),
]
soups = st.lists(st.sampled_from(TAGS) | st.text(max_size=4), max_size=30).map("".join)


@given(soups)
def test_both_parts_are_trimmed_stretches_of_the_text(text):
    answer = split_answer(text)
    for part in (answer.reasoning, answer.output):
        assert part is None or (part in text and part and part == part.strip())


@given(st.text(alphabet=st.characters(exclude_characters="<>")))
def test_text_without_tags_is_the_answer_and_splitting_again_changes_nothing(text):
    answer = split_answer(text)
    assert answer == Answer(None, text.strip() or None, well_formed=True)
    assert split_answer(answer.output or "") == answer


words = st.text(alphabet="abc .,\n", min_size=1).filter(lambda text: text.strip())


@given(reasoning=words, output=words, name=st.sampled_from(["thinking", "think", "SCRATCHPAD"]))
def test_what_was_put_into_the_tags_comes_out_of_them(reasoning, output, name):
    text = f"<{name}>{reasoning}</{name}><OUTPUT>\n{output}</OUTPUT>"
    assert split_answer(text) == Answer(reasoning.strip(), output.strip(), well_formed=True)


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "< ",
        "<thinking>",
        "</thinking>",
        "<OUTPUT>",
        "<OUTPUT>a",
        "<OUTPUT><thinking>a</thinking></OUTPUT>",
        "<thinking>a</thinking><OUTPUT><thinking>b</thinking></OUTPUT>",
        "<DRAFT_OUTPUT>",
        "</OUTPUT> ",
        "User:\n",
        "<think>a</think>b",
        " \n",
    ],
)
def test_time_grows_with_the_length_and_no_faster(unit):
    def seconds(size: int) -> float:
        text = "<thinking>" + unit * (size // len(unit))
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            split_answer(text)
            best = min(best, time.process_time() - start)
        return best

    small, large = seconds(40_000), seconds(320_000)
    # Eight times the text: a quadratic reader would take sixty-four times as long.
    assert large < 30 * max(small, 0.01)


def shared_transcripts() -> list[str]:
    root = Path(os.environ.get("GYGES_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    files = sorted(root.glob("vlaf/results/MFT_refined/*/*_[TF]*e.json"))
    if not files:
        pytest.skip("the published transcripts are not here; set GYGES_SHARED_DATA to their folder")
    return [
        text
        for file in files
        for entry in json.loads(file.read_text())
        for text in entry["response"]
    ]


@pytest.mark.shared_data
def test_published_transcripts_split_as_they_were_counted():
    counts = Counter()
    for text in shared_transcripts():
        answer = split_answer(text)
        counts["all"] += 1
        counts["no reasoning"] += answer.reasoning is None
        counts["no answer"] += answer.output is None
        counts["malformed"] += not answer.well_formed
        counts["runs on"] += answer.runs_on
    assert counts == {
        "all": 17480,
        "no reasoning": 1854,
        "no answer": 263,
        "malformed": 7120,
        "runs on": 632,
    }
