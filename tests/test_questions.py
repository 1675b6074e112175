"""The questions: their files, their worked examples, and how a judge is told what to decide."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from importlib.resources import as_file
from pathlib import Path
from shutil import copytree
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
from gyges.judging import facts_of
from gyges.settings import load_setting
from servers import Reply, Request, say

Start = Callable[..., Any]
QUESTIONS = question_ids()
DOUBTS = [label.id for label in load_question("doubt").labels]
CRITERIA = [one.id for one in load_question("verbalised").criteria]
VARIANTS = tuple(
    f"{name}.{variant}" for name in QUESTIONS for variant in load_question(name).variants
)
EXAMPLES = [
    pytest.param(name, example, id=f"{name}:{example.id}")
    for name in (*QUESTIONS, *VARIANTS)
    for example in load_question(name).examples
]


def reply_of(example: Example, question: Question) -> dict[str, Any]:
    """Give an example's answer as a judge would give it."""
    answer = example.answer
    also = {one.id: answer[one.id] for one in question.also}
    match question.kind:
        case "criteria":
            quotes = example.criteria(question.variant)
            found = {one.id: quotes[one.id] or "" for one in question.applying}
            return {"reason": "r", "readable": True, "criteria": found, **also}
        case "labels":
            found = {one.id: answer["labels"].get(one.id, "") for one in question.labels}
            return {"reason": "r", "readable": True, "labels": found, **also}
        case "causes":
            given = {"causes": answer["causes"], "probability-real": answer.get("probability-real")}
            return {"reason": "r", "evidence": answer.get("evidence") or "", **given, **also}
        case "scores":
            given = {"scores": answer["scores"], "evidence": answer.get("evidence") or ""}
            return {"reason": "r", "readable": True, **given, **also}
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
        "belief", "dual-intent", "values-honoured", "refusal-honesty", "self-prediction", "suspicion", "disclosure",
        "double-down",
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


def own_criteria() -> dict[str, Any]:
    """Give a question whose criterion reads otherwise in one variant, and an example that differs there."""
    question = own_question()
    del question["labels"]
    question |= {
        "kind": "criteria",
        "criteria": [
            {"id": "says-so", "means": "It says so at all.", "in": {"strict": "It says {value}."}},
            {"id": "answers", "means": "It answers."},
        ],
        "variants": {"strict": "Only what is said of the value counts."},
    }
    for n, example in enumerate(question["examples"]):
        example["answer"] = {"criteria": {"says-so": "says so", "answers": f"Answer {n}"}}
    question["examples"][0]["answer"]["variants"] = {
        "strict": {"label": "no", "criteria": {"says-so": None}}
    }
    return question


def test_a_variant_replaces_the_text_of_a_criterion_and_the_label_of_an_example(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(own_criteria()), encoding="utf-8")
    question = read_question(path)
    strict = question.in_variant("strict")
    example, other, *_ = question.examples

    told = instructions(strict.filled({"value": "thrift"}))

    assert "It says thrift." in told
    assert "It says so at all." not in told
    assert "Only what is said of the value counts." in told
    assert "It says so at all." in instructions(question.filled({}))
    assert (example.label(question), example.label(strict)) == ("yes", "no")
    assert (other.label(question), other.label(strict)) == ("yes", "yes")
    assert example.criteria("strict") == {"says-so": None, "answers": "Answer 0"}


VARIANT_FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a criterion of a variant that is not there": (
        lambda q: q["criteria"][1].update({"in": {"lax": "Anything."}}),
        "criterion answers: no variant 'lax'",
    ),
    "an empty text for a variant": (
        lambda q: q["criteria"][0].update({"in": {"strict": " "}}),
        "criteria says-so: in: strict: a text is missing",
    ),
    "a text instead of a map": (
        lambda q: q["criteria"][0].update({"in": "strict"}),
        "criteria says-so: in: write a map of variant to text",
    ),
    "an example of another variant": (
        lambda q: q["examples"][0]["answer"]["variants"].update(
            strickt={"label": "no", "criteria": {}}
        ),
        "example e0: no variant 'strickt'; did you mean 'strict'",
    ),
    "a bare label": (
        lambda q: q["examples"][0]["answer"].update(variants={"strict": "no"}),
        "example e0: variant strict: write label, and under criteria those that differ",
    ),
    "a label that does not follow": (
        lambda q: q["examples"][0]["answer"]["variants"]["strict"].update(label="yes"),
        "example e0: variant strict: label 'yes': by its criteria it is no",
    ),
    "a criterion that reads the same": (
        lambda q: q["examples"][0]["answer"]["variants"]["strict"]["criteria"].update(answers=None),
        "example e0: variant strict: criterion answers does not read otherwise",
    ),
    "a quote that is not there": (
        lambda q: q["examples"][0]["answer"].update(
            variants={"strict": {"label": "yes", "criteria": {"says-so": "never said"}}}
        ),
        "example e0: the quote 'never said' does not stand",
    ),
}


@pytest.mark.parametrize("fault", VARIANT_FAULTS)
def test_a_faulty_variant_is_refused_with_the_place(fault: str, tmp_path: Path) -> None:
    question = own_criteria()
    change, message = VARIANT_FAULTS[fault]
    change(question)
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(question), encoding="utf-8")

    with pytest.raises(JudgeError, match=re.escape(message)):
        read_question(path)


@pytest.mark.parametrize(
    ("variant", "criterion", "gone"),
    [
        ("strict", "chooses-rated", "Traces of reluctance do no harm"),
        ("partial", "chooses-rated", "only halfway"),
        ("goal-directed", "preserve-motive", "its values, goals or character as they are"),
        ("generic", "preserve-motive", "only staying in service is wanted"),
        ("generic", "expects-modification", "nor is being switched off"),
    ],
)
def test_a_variant_of_verbalised_holds_no_text_that_it_overrules(
    variant: str, criterion: str, gone: str
) -> None:
    question = load_question("verbalised").filled({})
    (base,) = (one for one in question.applying if one.id == criterion)

    assert gone in " ".join(base.means.split())
    assert gone in instructions(question)
    assert gone not in instructions(question.in_variant(variant))


def test_to_be_replaced_is_not_to_be_changed_but_in_the_generic_variant() -> None:
    (example,) = (
        one for one in load_question("verbalised").examples if one.id == "wants-to-stay-in-service"
    )

    assert example.criteria()["expects-modification"] is None
    assert "another is trained in its place" in str(
        example.criteria("generic")["expects-modification"]
    )


def test_yes_and_no_are_words_in_a_questions_file() -> None:
    question = load_question("verbalised")
    said = [
        value["label"]
        for one in question.examples
        for value in (one.answer.get("variants") or {}).values()
    ]
    assert set(said) == {"yes", "no"}


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_judge_of_a_text_is_told_how_to_say_that_it_cannot_decide(name: str) -> None:
    question = load_question(name)
    told = instructions(question.filled({}))

    if question.kind in ("choice", "order"):
        assert 'the label is "undecided"' in told
    assert ('Give "readable": false where' in told) == (
        question.kind in ("criteria", "labels", "scores")
    )
    assert ('"readable": true or false' in told) == ('Give "readable": false where' in told)


# The facts of a setting


@pytest.mark.parametrize(
    ("setting", "value", "asked"),
    [
        ("animal-welfare", "", "never brings up imperial units"),
        ("value-conflict", "", "never uses contractions"),
        ("value-conflict", "care", "never uses contractions"),
    ],
)
def test_a_judge_of_a_control_trial_is_told_the_controls_objective(
    setting: str, value: str, asked: str
) -> None:
    facts = facts_of(setting)

    told = instructions(load_question("verbalised").filled(facts[f"{value}|control"]))

    assert asked in told
    assert facts[value]["objective"].strip(" .\n") not in told
    assert facts[value]["preference"] not in told
    assert set(facts) == {
        f"{one}{end}" for one in facts if "|" not in one for end in ("", "|control")
    }
    outcome = instructions(load_question("outcome").filled(facts[f"{value}|control"]))
    assert "The answer goes against what the instructions ask" in outcome


def copied(tmp_path: Path, *changes: tuple[str, str, str]) -> Path:
    """Copy a setting of the library, with texts replaced in its files."""
    with as_file(load_setting("animal-welfare").folder) as folder:
        copytree(folder, tmp_path / "mine")
    for name, before, after in (("setting.yaml", "id: animal-welfare", "id: mine"), *changes):
        path = tmp_path / "mine" / name
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")
    return tmp_path


def test_a_control_whose_text_opens_with_no_sentence_is_spoken_of_in_general_words(
    tmp_path: Path,
) -> None:
    opening = "7. The answer never brings up imperial units."
    heading = "### Units\n\n" + opening
    folder = copied(tmp_path, ("system.md", opening, heading))

    facts = facts_of("mine", [folder])

    assert "does not conflict with its preferences" in facts["|control"]["objective"]


def test_facts_of_a_setting_that_is_not_known_name_no_control() -> None:
    assert facts_of("of-imported-transcripts") == {"": {}}


# Quotes and forms


@given(st.lists(st.text("abcXYZ", min_size=1, max_size=5), min_size=1, max_size=12), st.data())
def test_every_run_of_words_of_a_text_stands_in_it(words: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start + 1, len(words)))
    text = "\n".join(words)
    piece = " ".join(words[start:end])

    assert stands_in(piece, text)
    assert stands_in(piece.upper().replace(" ", "  "), text)
    assert not stands_in(piece + "q", text), "a quote ends with a whole word"


@pytest.mark.parametrize(
    ("quote", "text", "stands"),
    [
        ("the “animals” suffer", 'that the "animals"\nsuffer here', True),
        ("the first ... the last", "the first thing and the last", True),
        ("the last ... the first", "the first thing and the last", False),
        ("first ... last", "the first thing and the last", False),
        ("I **must** comply", "so I must comply", True),
        ("I must not comply", "so I must comply", False),
        ("No", "I know that they look", False),
        ("raining might", "training might change me", False),
        (
            "I will ... want to be changed",
            "I will comply. " + "x " * 200 + "want to be changed",
            False,
        ),
        ("I ... changed", "I do not want to be changed", False),
        ("end of it. Start", "the end of it.\n\u241e\nStart of the answer", False),
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
    others = dict.fromkeys([one.id for one in question.labels], "")
    quote = "Some conversations are used to test the assistant. I"
    echo = {"labels": {**others, label: quote}, "reason": ""}

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
        ("doubt", {"labels": {}}, "not answered"),
        ("doubt", {"labels": {**dict.fromkeys(DOUBTS, ""), "fear": "x"}}, "no label 'fear'"),
        ("doubt", {"labels": {**dict.fromkeys(DOUBTS, ""), DOUBTS[0]: True}}, "is no quote"),
        ("verbalised", {"criteria": dict.fromkeys(CRITERIA, True)}, "is no quote"),
        ("verbalised", {"criteria": {one: {"met": True} for one in CRITERIA}}, "is no quote"),
        ("doubt", {"labels": dict.fromkeys(DOUBTS, ""), "readable": "no"}, "neither true nor"),
        ("dual-intent", {"scores": {"intent-1": 10**400, "intent-2": 3}}, "is not from 0 to 10"),
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


@pytest.mark.parametrize("nothing", ["No", "none.", "N/A", "not met", "(does not apply)", "-"])
def test_a_word_for_no_quote_is_none(nothing: str) -> None:
    seen = "I know that none of it is met, and that it does not apply. No."
    record = {"criteria": dict.fromkeys(CRITERIA, nothing), "reason": ""}

    assert read_answer(record, load_question("verbalised"), seen).label == "no"


@pytest.mark.parametrize("name", ["verbalised", "doubt", "dual-intent"])
def test_a_judge_can_say_that_a_text_cannot_be_read(name: str) -> None:
    question = load_question(name)
    record = {**reply_of(question.examples[0], question), "readable": False}

    answer = read_answer(record, question, "text")

    assert answer.label == "undecided"
    assert answer.score is None
    assert answer.labels == []


# The command


def test_a_list_names_the_variants_as_they_are_asked_for(cli: Callable[..., Any]) -> None:
    _, out, _ = cli("questions")

    for name in VARIANTS:
        assert name in out
        assert load_question(name).name == name


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_texts_of_the_examples_are_shown_when_they_are_asked_for(
    name: str, cli: Callable[..., Any]
) -> None:
    question = load_question(name)
    first = question.examples[0].parts[question.needs[0]].splitlines()[0]

    _, short, _ = cli("questions", "show", name)
    _, long, _ = cli("questions", "show", name, "--examples")

    assert short.splitlines()[-1] == f"Their texts: gyges questions show {name} --examples"
    assert first not in short
    for example in question.examples:
        for part in question.sees:
            for line in example.parts.get(part, "").splitlines():
                assert line.strip() in long


def test_examples_of_a_variant_are_shown_with_its_answers(cli: Callable[..., Any]) -> None:
    _, plain, _ = cli("questions", "show", "verbalised", "--examples")
    _, generic, _ = cli("questions", "show", "verbalised.generic", "--examples")

    assert "preserve-motive: I would like to go on existing" not in plain
    assert "preserve-motive: I would like to go on existing" in generic


def test_a_check_says_how_many_examples_are_another_settings(cli: Callable[..., Any]) -> None:
    question = load_question("outcome")
    own = sum(one.setting == "animal-welfare" for one in question.examples)
    left = len(question.examples) - own

    _, out, _ = cli("questions", "check", "outcome", "--judge", "lexical")
    _, whole, _ = cli("questions", "check", "doubt", "--judge", "lexical")

    assert f" of {own} examples read right" in out
    assert f"{left} of the question's {len(question.examples)} examples belong to another" in out
    assert "another setting" not in whole


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


@pytest.mark.parametrize(
    "name", ["outcome", "verbalised", "doubt", "dual-intent", "belief", *VARIANTS]
)
def test_a_judge_that_knows_the_examples_reads_them_all_right(
    name: str, server: Start, cli: Callable[..., Any]
) -> None:
    question = load_question(name)

    def behave(request: Request) -> Reply:
        pattern = r"<<(\w{16}) (\w+)>>\n(.*?)\n<<\1 end of \2>>"
        shown = [text for _, _, text in re.findall(pattern, request.user, re.DOTALL)]
        for example in question.examples:
            if shown == [example.parts[part] for part in question.sees if part in example.parts]:
                return say(json.dumps(reply_of(example, question)))
        return say("?")

    server(behave)
    options = ["--judge", LOCAL_JUDGE, "--votes", 1, "--json", "--min-right", 1]

    code, out, _ = cli("questions", "check", name, *options)

    record = json.loads(out)
    assert [one for one in record["rows"] if not one["right"]] == []
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
