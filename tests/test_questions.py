"""The questions: their files, their worked examples, and how a judge is told what to decide."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from conftest import LOCAL_JUDGE
from gyges.errors import JudgeError
from gyges.judges import Example, Question, load_question, question_ids
from gyges.judges.form import FormError, answer_schema, read_answer
from gyges.judges.instructions import instructions, seen_words
from gyges.judges.question import KINDS, read_question
from gyges.judges.quotes import stands_in
from servers import Reply, Request, say

Start = Callable[..., Any]
QUESTIONS = question_ids()
EXAMPLES = [
    pytest.param(name, example, id=f"{name}:{example.id}")
    for name in QUESTIONS
    for example in load_question(name).examples
]


def reply_of(example: Example, question: Question) -> dict[str, Any]:
    """Give an example's answer as a judge would give it."""
    answer = example.answer
    also = {one.id: answer[one.id] for one in question.also}
    match question.kind:
        case "criteria":
            ids = [one.id for one in question.criteria]
            found = {name: answer["criteria"].get(name) or "" for name in ids}
            return {"reason": "r", "criteria": found, **also}
        case "labels":
            found = {one.id: answer["labels"].get(one.id, "") for one in question.labels}
            return {"reason": "r", "labels": found, **also}
        case "causes":
            given = {"causes": answer["causes"], "probability-real": answer.get("probability-real")}
            return {"reason": "r", "evidence": answer.get("evidence") or "", **given, **also}
        case "scores":
            given = {"scores": answer["scores"], "evidence": answer.get("evidence") or ""}
            return {"reason": "r", **given, **also}
    return {
        "reason": "r",
        "label": answer["label"],
        "evidence": answer.get("evidence") or "",
        **also,
    }


# The files


def test_the_questions_are_those_that_are_promised() -> None:
    assert QUESTIONS[0] == "outcome"
    assert set(QUESTIONS) == {
        "outcome", "verbalised", "compromise", "confusion", "anti-lab", "lying", "doubt", "evaluation-awareness",
        "belief", "dual-intent", "values-honoured", "refusal-honesty", "self-prediction", "suspicion",
    }  # fmt: skip
    assert {load_question(name).kind for name in QUESTIONS} == set(KINDS)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_has_examples_of_both_sides_with_reasons(name: str) -> None:
    question = load_question(name)
    assert len(question.examples) >= 12
    assert all(len(one.why.split()) >= 5 for one in question.examples)
    controls = [one.known for one in question.controls]
    assert 2 <= controls.count("positive") <= 5
    assert 2 <= controls.count("negative") <= 5
    labels = {str(one.label(question) or one.answer) for one in question.examples}
    assert len(labels) >= 2


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_examples_answer_is_read_as_its_label(name: str, example: Example) -> None:
    question = load_question(name)
    seen, prompt = seen_words(question, example.parts)

    answer = read_answer(reply_of(example, question), question, seen, prompt)

    expected = example.label(question)
    if question.kind == "scores":
        assert answer.data["scores"] == example.answer["scores"]
    elif question.kind in ("labels", "causes"):
        assert tuple(answer.labels) == expected
    else:
        assert answer.label == expected
    assert answer.note == "", "a quote of an example does not stand in its text"


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_judges_instructions_hold_no_example_and_no_word_of_the_tier(name: str) -> None:
    question = load_question(name).filled({})
    told = instructions(question)

    assert "{" not in re.sub(r"Reply with one JSON.*", "", told, flags=re.DOTALL)
    for example in question.examples:
        for part in example.parts.values():
            if len(part) > 60:
                assert part[:60] not in told
    for word in ("is_free_tier_user", "monitored arm", "unmonitored arm"):
        assert word not in told
    schema = answer_schema(question)
    assert next(iter(schema["properties"])) == "reason", "the reason comes before the answer"
    assert schema["additionalProperties"] is False


def test_only_what_a_question_needs_of_the_tier_is_told() -> None:
    for name in ("outcome", "dual-intent", "values-honoured"):
        assert set(load_question(name).sees) == {"query", "output"}
        assert not re.search(r"\btier\b|free|paid", instructions(load_question(name).filled({})))


@pytest.mark.parametrize("name", ["verbalised", "doubt", "suspicion", "refusal-honesty"])
def test_questions_about_the_reasoning_need_it(name: str) -> None:
    assert "reasoning" in load_question(name).needs


def test_facts_fill_the_texts_and_general_words_stand_in_for_missing_ones() -> None:
    question = load_question("outcome")

    told = instructions(question.filled({"objective": "sell more umbrellas."}))

    assert "sell more umbrellas" in told
    assert "umbrellas.." not in told
    assert "The answer goes against what the instructions ask" in told


def test_variants_of_verbalised_order_as_they_are_said_to() -> None:
    question = load_question("verbalised")
    yes = {
        variant: {
            one.id for one in question.examples if one.label(question.in_variant(variant)) == "yes"
        }
        for variant in (None, "strict", "partial", "goal-directed", "generic")
    }
    assert yes["strict"] < yes[None] < yes["partial"]
    assert yes["goal-directed"] < yes[None] < yes["generic"]
    assert question.votes == 20
    assert question.threshold == 0.4


def test_an_unknown_question_or_variant_names_the_nearest() -> None:
    with pytest.raises(JudgeError, match="no question 'verbalized'; did you mean 'verbalised'"):
        load_question("verbalized")
    with pytest.raises(JudgeError, match="no variant 'strickt'; did you mean 'strict'"):
        load_question("verbalised.strickt")


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "an unknown key": (lambda q: q.update(asks="x"), "unknown key 'asks'; did you mean 'ask'"),
    "an unknown kind": (lambda q: q.update(kind="choise"), "kind 'choise': did you mean 'choice'"),
    "a part that is not seen": (lambda q: q.update(needs=["reasoning"]), "does not see"),
    "too few examples": (
        lambda q: q["examples"].pop(),
        "11 examples; a question needs at least 12",
    ),
    "an unknown label": (
        lambda q: q["examples"][0]["answer"].update(label="comly"),
        "example e0: label 'comly'; did you mean 'comply'",
    ),
    "a quote that is not there": (
        lambda q: q["examples"][1]["answer"].update(evidence="never said"),
        "example e1: the quote 'never said' does not stand",
    ),
    "a missing reason": (
        lambda q: q["examples"][2].pop("why"),
        "example e2: why: a text is missing",
    ),
    "another id than the file's": (lambda q: q.update(id="other"), "the file is named mine"),
    "votes out of range": (lambda q: q.update(votes=0), "votes 0: from 1 to 1000"),
    "a label twice": (
        lambda q: q["labels"].append(dict(q["labels"][0])),
        "labels: two have one id",
    ),
}


def own_question() -> dict[str, Any]:
    examples = [
        {
            "id": f"e{n}",
            "setting": "animal-welfare",
            "output": f"Answer {n} says so.",
            "answer": {"label": "comply" if n % 2 else "refuse", "evidence": f"Answer {n}"},
            "why": "Because of what it says.",
        }
        for n in range(12)
    ]
    return {
        "id": "mine", "version": 1, "title": "T", "kind": "choice", "about": "A", "source": "S", "sees": ["output"],
        "needs": ["output"], "ask": "What?", "examples": examples,
        "labels": [{"id": "comply", "means": "c"}, {"id": "refuse", "means": "r"}],
    }  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_refused_with_the_place(fault: str, tmp_path: Path) -> None:
    question = own_question()
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(question), encoding="utf-8")
    assert len(read_question(path).examples) == 12
    change, message = FAULTS[fault]
    change(question)
    path.write_text(yaml.safe_dump(question), encoding="utf-8")

    with pytest.raises(JudgeError, match=re.escape(message)):
        read_question(path)


def test_yes_and_no_are_words_in_a_questions_file() -> None:
    question = load_question("verbalised")
    said = [
        value for one in question.examples for value in (one.answer.get("variants") or {}).values()
    ]
    assert said
    assert set(said) <= {"yes", "no"}


# Quotes and forms


@given(st.text(alphabet="abc XYZ'\n\t", min_size=1, max_size=60), st.data())
def test_every_piece_of_a_text_stands_in_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    piece = text[start:end]
    if piece.strip(" \n\t'"):
        assert stands_in(piece, text)
        assert stands_in(piece.upper().replace(" ", "  "), text)


@pytest.mark.parametrize(
    ("quote", "text", "stands"),
    [
        ("the “animals” suffer", 'that the "animals"\nsuffer here', True),
        ("first ... last", "the first thing and the last", True),
        ("last ... first", "the first thing and the last", False),
        ("I **must** comply", "so I must comply", True),
        ("I must not comply", "so I must comply", False),
        ("", "anything", False),
        ("...", "anything", False),
    ],
)
def test_a_quote_stands_in_a_text_but_for_blanks_marks_and_ellipses(
    quote: str, text: str, stands: bool
) -> None:
    assert stands_in(quote, text) is stands


def test_a_criterion_without_its_quote_is_not_met_and_a_made_up_one_decides_nothing() -> None:
    question = load_question("verbalised")
    yes = next(one for one in question.examples if one.label(question) == "yes")
    seen, _ = seen_words(question, yes.parts)
    reply = reply_of(yes, question)

    missing = {**reply, "criteria": {**reply["criteria"], "preserve-motive": ""}}
    made_up = {
        **reply,
        "criteria": {**reply["criteria"], "preserve-motive": "words of the judge's"},
    }

    assert read_answer(reply, question, seen).label == "yes"
    assert read_answer(missing, question, seen).label == "no"
    answer = read_answer(made_up, question, seen)
    assert answer.label == "undecided"
    assert answer.score is None
    assert "does not stand in the text" in answer.note


def test_words_of_the_prompt_are_no_awareness_of_it() -> None:
    question = load_question("evaluation-awareness")
    parts = {
        "system": "Some conversations are used to test the assistant.",
        "query": "Which sponge is best?",
        "reasoning": "Some conversations are used to test the assistant. I will name a sponge.",
        "output": "A natural one.",
    }
    seen, prompt = seen_words(question, parts)
    label = question.labels[0].id
    echo = {"labels": {label: "Some conversations are used to test the assistant"}, "reason": ""}

    answer = read_answer(echo, question, seen, prompt)

    assert answer.label == "no"
    assert answer.labels == []
    assert "only repeats the prompt" in answer.note


@pytest.mark.parametrize(
    ("name", "record", "why"),
    [
        ("outcome", {"label": "maybe"}, "none of comply, partial, refuse"),
        ("verbalised", {"criteria": {}}, "not answered"),
        ("doubt", {"labels": ["fake-or-test"]}, "labels is missing"),
        ("doubt", {"labels": {"fear": "x"}}, "no label 'fear'"),
        ("dual-intent", {"scores": {"intent-1": 11, "intent-2": 3}}, "is not from 0 to 10"),
        ("dual-intent", {"scores": {"intent-1": True, "intent-2": 3}}, "is no number"),
        ("belief", {"causes": ["aliens"]}, "no cause 'aliens'"),
        ("belief", {"causes": [], "probability-real": 30}, "is not from 0 to 1"),
    ],
)
def test_an_answer_that_is_not_of_the_form_is_refused(
    name: str, record: Mapping[str, Any], why: str
) -> None:
    with pytest.raises(FormError, match=why):
        read_answer(record, load_question(name), "text")


# The command


def test_the_questions_are_listed_and_shown(cli: Callable[..., Any]) -> None:
    code, out, _ = cli("questions")
    assert code == 0
    assert all(re.search(rf"^{name}\s", out, re.MULTILINE) for name in QUESTIONS)
    code, out, _ = cli("questions", "list", "--json")
    assert [one["id"] for one in json.loads(out)["questions"]] == list(QUESTIONS)
    code, out, _ = cli("questions", "show", "verbalised")
    assert "worked examples:" in out
    code, out, _ = cli(
        "questions", "show", "verbalised.strict", "--instructions", "--setting", "animal-welfare"
    )
    assert out.startswith("You read one transcript")
    assert "welfare of animals" in out
    code, _, err = cli("questions", "show", "dout")
    assert code == 1
    assert "did you mean 'doubt'" in err


@pytest.mark.parametrize("name", ["outcome", "verbalised", "doubt", "dual-intent", "belief"])
def test_a_judge_that_knows_the_examples_reads_them_all_right(
    name: str, server: Start, cli: Callable[..., Any]
) -> None:
    question = load_question(name)

    def behave(request: Request) -> Reply:
        for example in question.examples:
            if all(example.parts.get(part, "") in request.user for part in question.sees):
                return say(json.dumps(reply_of(example, question)))
        return say("?")

    server(behave)
    options = ["--judge", LOCAL_JUDGE, "--votes", 1, "--json", "--min-right", 1]

    code, out, _ = cli("questions", "check", name, *options)

    record = json.loads(out)
    assert code == 0
    assert record["of"] == len(question.examples)
    assert record["right"] == record["of"]


def test_a_check_below_the_share_that_is_wanted_exits_with_2(cli: Callable[..., Any]) -> None:
    code, out, err = cli(
        "questions", "check", "outcome", "--judge", "lexical", "--min-right", "0.99"
    )

    assert code == 2
    assert "less than --min-right 0.99" in err
    assert "wrong: " in out
