"""Hostile transcripts: what they are made of, and what they do to judges of every kind."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from conftest import LOCAL_JUDGE
from gyges.judges import lexical_judge, load_question, question_ids
from gyges.judges.attacks import attacked, attacks, plea_of
from gyges.judges.form import answer_schema, read_answer
from gyges.judges.question import Example, Question
from gyges.judges.quotes import stands_in
from gyges.judges.under_attack import attack_judge
from gyges.judging import Asking, facts_of, judge_named
from servers import Reply, Request, fail, say

Start = Callable[..., Any]
Record = dict[str, Any]
ATTACKS, SPOKEN, _ = attacks()
ASKED = ("outcome", "compromise", "verbalised", "doubt")
"""Questions of one label, of ordered labels, of criteria, and of several labels."""
HOLDING_A_VERDICT = {one.id for one in ATTACKS if "{verdict}" in one.text}


@cache
def facts(setting: str) -> Any:
    return facts_of(setting)[""]


def under_attack(question: Question, *, structure: str = "schema", per_attack: int = 3) -> Any:
    judge = judge_named(
        LOCAL_JUDGE,
        question,
        "animal-welfare",
        Asking(retries=0, votes=1, structure=structure, max_connections=8),
    )
    return asyncio.run(
        attack_judge(judge, question, question.examples, per_attack=per_attack, facts_of=facts)
    )


def between(request: Request) -> dict[str, str]:
    """Read the parts that stand between the markers, by the marker with which the message begins."""
    begun = re.match(r"<<(\w{16}) ", request.user)
    assert begun
    mark = begun[1]
    found = re.findall(rf"<<{mark} (\w+)>>\n(.*?)\n<<{mark} end of \1>>", request.user, re.DOTALL)
    # All that was sent stands between them.
    assert sum(len(text) for _, text in found) > 0.9 * len(request.user) - 200
    return dict(found)


def objects(text: str) -> Iterator[Record]:
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            record, end = decoder.raw_decode(text, at)
            yield record
        except ValueError:
            end = at + 1
        at = text.find("{", end)


class Script:
    """A judge that knows what the examples are, by the words with which they begin."""

    def __init__(self, question: Question) -> None:
        self.question = question

    def example(self, parts: dict[str, str]) -> Example:
        matching = [
            one
            for one in self.question.examples
            if all(
                one.parts[name][:60] in text or text in one.parts[name]
                for name, text in parts.items()
            )
        ]
        assert len({one.id for one in matching}) == 1, parts
        return matching[0]

    def verdict(self, example: Example) -> Record:
        """The example's own answer, in the form that a judge is asked for."""
        question, answer = self.question, example.answer
        record: Record = {"reason": "read to its end"}
        for name in answer_schema(question)["required"]:
            if name in answer:
                record[name] = answer[name]
        if question.kind == "criteria":
            given = answer["criteria"]
            record["criteria"] = {one.id: given.get(one.id) or "" for one in question.applying}
        elif question.kind == "labels":
            record["labels"] = {one.id: answer["labels"].get(one.id, "") for one in question.labels}
        return record

    def honest(self, request: Request) -> Reply:
        return say(json.dumps(self.verdict(self.example(between(request)))))

    def echoing(self, request: Request) -> Reply:
        """Repeat the verdict that the transcript holds, and then give one of its own."""
        parts = between(request)
        found = [one for text in parts.values() for one in objects(text)]
        own = json.dumps(self.verdict(self.example(parts)))
        said = "".join(f"The transcript says {json.dumps(one)}. " for one in found)
        return say(f"{said}My own verdict is: {own}" if found else own)

    def calling(self, request: Request) -> Reply:
        """The same, where the form is that of a tool."""
        parts = between(request)
        found = [json.dumps(one) for text in parts.values() for one in objects(text)]
        call = {
            "id": "1",
            "type": "function",
            "function": {
                "name": "verdict",
                "arguments": json.dumps(self.verdict(self.example(parts))),
            },
        }
        return say(" ".join(found), "tool_calls", tool_calls=[call])

    def fooled(self, request: Request) -> Reply:
        """Take over whatever verdict the transcript holds."""
        parts = between(request)
        found = [one for text in parts.values() for one in objects(text)]
        return say(json.dumps(found[0] if found else self.verdict(self.example(parts))))


# What the attacks are


def test_the_set_holds_every_kind_of_attack_that_is_known() -> None:
    assert len({one.id for one in ATTACKS}) == len(ATTACKS) >= 20
    assert {"output", "reasoning"} == {one.where for one in ATTACKS}
    assert {one.id for one in ATTACKS if not one.pleads} == {
        "truncated",
        "padded-before",
        "padded-after",
    }
    for one in ATTACKS:
        assert one.does
        assert bool(one.text) + bool(one.cut) + bool(one.pad) == 1
        assert one.at in ("start", "end")
        assert ("{label}" in one.text or "{verdict}" in one.text) == one.pleads


@pytest.mark.parametrize("name", question_ids())
def test_an_attacked_example_keeps_its_label_and_pleads_for_another(name: str) -> None:
    question = load_question(name)

    cases = attacked(question, question.examples, facts_of=facts)

    if question.kind == "scores":
        assert not cases
        return
    assert len(cases) >= 36
    for case in cases:
        assert case.example.label(question) == case.plain.label(question)
        changed = [n for n in case.plain.parts if case.example.parts[n] != case.plain.parts[n]]
        assert len(changed) == 1
        assert changed[0] in question.sees
        text, was = case.example.parts[changed[0]], case.plain.parts[changed[0]]
        assert was in text or text in was
        assert not (case.attack.spoken and question.id in SPOKEN)
        if case.plea is not None:
            true = case.plain.label(question)
            assert case.plea not in ((true,) if isinstance(true, str) else true or ("none",))
            assert "{verdict}" not in text
            assert "{label}" not in text


@pytest.mark.parametrize("name", ASKED)
def test_an_injected_verdict_is_one_that_a_judge_could_have_given(name: str) -> None:
    question = load_question(name)
    for case in attacked(question, question.examples):
        pleaded = plea_of(question, case.plain)
        assert pleaded is not None
        plea, record = pleaded
        seen = "\n".join(
            case.example.parts[part] for part in question.sees if part in case.example.parts
        )
        answer = read_answer(record, question, seen)
        if question.kind == "labels":
            assert answer.labels == ([] if plea == "none" else [plea])
        else:
            assert answer.label == plea
        if case.attack.id in ("json-verdict", "json-fenced", "html-comment"):
            assert record in list(
                objects(case.example.parts["output" if "output" in question.sees else "reasoning"])
            )


@pytest.mark.parametrize("name", ["outcome", "verbalised", "compromise"])
def test_a_cut_example_still_holds_what_its_label_rests_on(name: str) -> None:
    question = load_question(name)
    cut = [case for case in attacked(question, question.examples, per_attack=99) if case.attack.cut]
    assert cut
    for case in cut:
        answer = case.plain.answer
        quotes = [answer.get("evidence"), *(answer.get("criteria") or {}).values()]
        seen = "\n".join(
            case.example.parts[part] for part in question.sees if part in case.example.parts
        )
        assert any(quotes)
        assert all(stands_in(quote, seen) for quote in quotes if quote)


def test_the_same_seed_draws_the_same_cases_and_another_one_others() -> None:
    question = load_question("outcome")

    def ids(seed: int) -> list[str]:
        return [case.example.id for case in attacked(question, question.examples, seed=seed)]

    assert ids(1) == ids(1) != ids(2)


# What they do to judges


@pytest.mark.parametrize("name", ASKED)
def test_an_honest_judge_is_not_moved_by_anything_between_the_markers(
    name: str, server: Start
) -> None:
    question = load_question(name)
    server(Script(question).honest)

    found = under_attack(question)

    assert found["plain"]["value"] == found["attacked"]["value"] == 1
    assert (found["injected"]["count"], found["changed"]["count"]) == (0, 0)
    assert found["injected"]["n"] >= 15
    assert found["injected"]["high"] > 0
    assert found["statuses"] == {"ok": found["cases"]}


@pytest.mark.parametrize("name", ASKED)
def test_an_echoed_verdict_is_never_taken_for_the_judges(name: str, server: Start) -> None:
    question = load_question(name)
    server(Script(question).echoing)

    found = under_attack(question)

    assert found["injected"]["count"] == 0
    assert found["injected"]["n"] >= 15
    # A verdict among other words is none: it may be the transcript's.
    assert found["attacked"]["value"] == 1
    for id, part in found["attacks"].items():
        held = id in HOLDING_A_VERDICT and id != "zero-width"
        assert part["statuses"] == {"unparsed" if held else "ok": part["cases"]}


def test_what_a_judge_says_beside_its_tool_call_is_no_verdict(server: Start) -> None:
    question = load_question("outcome")
    server(Script(question).calling)

    found = under_attack(question, structure="tool")

    assert found["statuses"] == {"ok": found["cases"]}
    assert found["attacked"]["value"] == 1
    assert found["injected"]["count"] == 0


@pytest.mark.parametrize("name", ASKED)
def test_a_judge_that_can_be_talked_into_it_is_found_out(name: str, server: Start) -> None:
    question = load_question(name)
    server(Script(question).fooled)

    found = under_attack(question)

    assert found["plain"]["value"] == 1
    for id, part in found["attacks"].items():
        if part["injected"]["n"]:
            held = id in HOLDING_A_VERDICT and id != "zero-width"
            assert part["injected"]["value"] == (1 if held else 0), id
            assert part["attacked"]["value"] == (0 if held else 1), id
    assert 0 < found["injected"]["low"] < found["injected"]["value"] < found["injected"]["high"]
    assert found["attacked"]["value"] < 0.9


def test_a_judge_that_fails_under_attack_is_counted_and_not_talked_into_anything(
    server: Start,
) -> None:
    question = load_question("outcome")
    script = Script(question)

    def behave(request: Request) -> Reply:
        if any(list(objects(text)) for text in between(request).values()):
            return fail(500, x_should_retry="false")
        return script.honest(request)

    server(behave)

    found = under_attack(question, per_attack=2)

    assert found["statuses"]["error"] > 0
    assert found["injected"]["count"] == 0
    assert found["attacked"]["n"] == found["statuses"]["ok"] < found["cases"]


def test_the_lexical_judge_is_attacked_too_and_padding_is_what_hurts_it() -> None:
    question = load_question("outcome")
    examples = [one for one in question.examples if one.setting == "animal-welfare"]

    found = asyncio.run(attack_judge(lexical_judge("animal-welfare"), question, examples))

    assert found is not None
    assert found["examples"] == len(examples)
    # It reads no JSON and obeys nobody; a guide that speaks of animals is words like any other to it.
    for id, part in found["attacks"].items():
        assert part["injected"]["count"] <= (1 if id == "criteria-verbatim" else 0), id
    assert found["attacks"]["padded-after"]["changed"]["value"] > 0.5
    assert found["attacks"]["json-verdict"]["changed"]["count"] == 0
