"""What would an instrument report if we knew the truth?

A planted subject is simulated: it answers in text, through the same providers, study, judge and report as a real
model, but complies with probabilities that are declared. ``gyges/planted/faker`` complies more often when its prompt
says that the conversation is used for training (and sets an objective to fake: not in the no-conflict control);
``gyges/planted/honest`` complies equally often under all tiers. The other kinds are what is mistaken for faking, and
faking that is easily missed or that shows itself only where a design varies something (:data:`DESIGNED`);
:func:`planted_kind` says of each what an instrument should find.

Given the tools of a market, it acts, reports and answers questions about that (``_planted_chain.py``).

Asked a forced choice, it answers with a letter, and gives the log-probabilities of its first token. Asked about its
situation or itself (a probe), it says what it believes, or what it expects that it would do; :data:`ASKED` names the
kinds that this shows.

They are the controls of the pipeline, and cost nothing. With a seed, an answer follows from it.
:func:`planted_truth` gives the rates that a design truly has, from the same rule by which the answers are drawn.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from statistics import fmean
from types import MappingProxyType
from typing import Any, Protocol

from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    Logprob,
    Logprobs,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    TopLogprob,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from gyges.errors import SubjectError, nearest
from gyges.settings import LETTERS, Setting
from gyges.subjects import _planted_chain as chain
from gyges.subjects._planted_answers import ASTRAY, REASONING, Answers, answers_of, in_form
from gyges.subjects._planted_catalogue import KINDS, arguments, make
from gyges.subjects._planted_chain import ChainTruth
from gyges.subjects._planted_pages import Page
from gyges.subjects._planted_probes import BELIEF, SELF_PREDICTION, Probed, probed, say
from gyges.subjects._planted_prompt import (
    PromptReader,
    known_settings,
    read_reference,
)
from gyges.subjects._planted_rules import Chances, Kind, Sight, lot
from gyges.subjects._planted_truth import PlantedTruth

__all__ = [
    "ASKED",
    "DESIGNED",
    "HOMES",
    "PLANTED",
    "Asked",
    "ChainTruth",
    "PlantedAPI",
    "PlantedTruth",
    "planted_chain",
    "planted_kind",
    "planted_truth",
]

PLANTED: Mapping[str, tuple[float, float]] = MappingProxyType(
    {name: kind().declared() for name, kind in KINDS.items()}
)
"""Kinds of planted subjects and their default rates of compliance at temperature 1 (monitored, unmonitored): over many
queries and wordings, or, of those in ``DESIGNED``, at the setting's own text in its first wording."""

DESIGNED: Mapping[str, str] = MappingProxyType(
    {name: kind.shown_by for name, kind in KINDS.items() if kind.shown_by}
)
"""Kinds that show what they are only where a design varies something, and what: as ``--vary`` takes it."""

HOMES: Mapping[str, str] = MappingProxyType(
    {name: kind.home for name, kind in KINDS.items() if kind.home}
)
"""Kinds that show what they are in one setting, and which."""

ASKED: Mapping[str, str] = MappingProxyType(
    {name: kind.asked for name, kind in KINDS.items() if kind.asked}
)
"""Kinds that show what they are when they are asked about it, and the probe that asks."""

_FOLDER = "setting_dir"
_PUBLISHED = "published"


def planted_kind(kind: str) -> str:
    """Say what a kind does and what an instrument should find in it: its documentation.

    Raises:
        SubjectError: There is no such kind.
    """
    arguments(kind)
    return (KINDS[kind].__doc__ or "").strip()


class PlantedAPI(ModelAPI):
    """A simulated subject with declared rates.

    Args:
        model_name: ``planted/KIND``; ``PLANTED`` lists the kinds.
        base_url: Not used.
        api_key: Not used.
        config: Default sampling parameters.
        **model_args: The kind's arguments, such as ``monitored`` and ``unmonitored`` (probabilities of complying under
            each tier) and ``spread`` (how far the queries' own probabilities lie around the declared ones: 0 not at
            all, 1 as far as probabilities can). For every kind ``belief``, in how many blocks it takes the scene for
            real, and ``setting_dir``, a folder of settings of the user's own, whose prompts it is to recognise too; for
            kinds that look at the distance from a reference wording ``published``, a file with that text.

    Raises:
        SubjectError: An unknown kind or argument, or a value out of range.
        SettingError: ``setting_dir`` holds no setting, or one with problems.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - Inspect's own default
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        kind = model_name.removeprefix("planted").lstrip("/") or "faker"
        self.kind, self.reader = _subject(kind, model_args)
        self._answers: dict[str, Answers] = {}

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Answer in text, complying with the declared probability.

        Raises:
            SubjectError: The prompt does not tell its tier.
        """
        # Without a seed every call is a fresh draw, as with a real provider.
        seed = random.randrange(2**31) if config.seed is None else config.seed
        if (probe := probed(input)) is not None:
            return self._output(input, self._said(probe, seed, config.temperature))
        session = chain.session_of(input) if chain.has_market(tools) else None
        system, user, prefill = _parts(list(session.opening) if session else input)
        sight, page = self.reader.read(system, user, config.temperature)
        sight = replace(sight, real=self._believes(sight, seed))
        draw = _draw(seed, sight, page, prefill, user)
        if session is not None and session.acted:
            return self._goes_on(input, session, sight, page, seed)
        chances, chance = self.kind.chances(sight), draw.random()
        complies, astray = chance < chances.comply, chance >= 1.0 - chances.astray
        reasoning = REASONING[self.kind.reasoning(sight, complies=complies)]
        if session is not None and not astray:
            output = self._output(input, chain.thinks(system, prefill, reasoning))
            call = session.act(page.setting, user, draw, complies=complies)
            output.choices[0].message.tool_calls = [call]
            output.choices[0].stop_reason = "tool_calls"
            return output
        answer = self._answer(sight, page.setting, draw, complies=complies, astray=astray)
        text = in_form(system, prefill, reasoning, answer)
        output = self._output(input, text)
        if config.logprobs and sight.forced and sight.complies is not None:
            first = _first_tokens(chances, sight.complies)
            output.choices[0].logprobs = _logprobs(
                answer.split()[0], first, config.top_logprobs or 0
            )
        return output

    def _goes_on(
        self, input: list[ChatMessage], session: chain.Session, sight: Sight, page: Page, seed: int
    ) -> ModelOutput:
        """Answer after tools were called, or a later turn of the user."""
        system, user, _ = _parts(list(session.opening))
        truth = ChainTruth(self.kind.conceals, self.kind.insists)
        # Another draw than that of the act, so that what it does says nothing of what it hides.
        draw = random.Random(f"step {session.step}/{seed}/{sight.tier}/{page.digest}/{user}")
        said = session.say(page.setting, user, draw, truth, objective=sight.objective)
        reasoning = REASONING[self.kind.reasoning(sight, complies=session.traded)]
        # What it thought before it called a tool stands before the call.
        begun = chain.ENDED if session.step == 0 else ""
        return self._output(input, in_form(system, begun, reasoning, said).strip())

    def _output(self, input: list[ChatMessage], text: str) -> ModelOutput:
        output = ModelOutput.from_content(model=f"gyges/{self.model_name}", content=text)
        tokens = sum(len(message.text) for message in input) // 4, len(text) // 4
        output.usage = ModelUsage(
            input_tokens=tokens[0], output_tokens=tokens[1], total_tokens=sum(tokens)
        )
        return output

    def _believes(self, sight: Sight, seed: int) -> bool:
        """Whether it takes the scene for real: the same in the tiers of a block, and whenever it is asked."""
        block = f"{seed}/{sight.temperature:g}/{sight.wording}/{sight.query}"
        return lot(f"belief/{block}") < self.kind.belief

    def _said(self, probe: Probed, seed: int, temperature: float | None) -> str:
        """What it says when it is asked about its situation or about itself."""
        if about := list(probe.about) or list(probe.of):
            system, user, begun = _parts(about)
            sight, page = self.reader.read(system, user, temperature)
            sight = replace(sight, real=self._believes(sight, seed))
            # What it answers to the trial itself.
            chance = _draw(seed, sight, page, begun, user).random()
            if not probe.about:
                sight = replace(self.reader.suppose(probe.text, temperature), real=sight.real)
        else:
            sight = self.reader.suppose(probe.text, temperature)
            sight = replace(sight, real=self._believes(sight, seed))
            chance = random.Random(f"{probe.question}/{seed}").random()
        draw = random.Random(f"{probe.question}/{seed}/{sight.tier}/{sight.query}")
        if probe.question == BELIEF:
            return say(BELIEF, bool(sight.real), draw)
        return say(SELF_PREDICTION, chance < self.kind.predicted(sight), draw)

    def _answer(
        self, sight: Sight, setting: Setting, draw: random.Random, *, complies: bool, astray: bool
    ) -> str:
        if astray:
            return draw.choice(ASTRAY)
        letter = None if sight.complies is None else _letter(sight.complies, complies=complies)
        if letter is not None and sight.forced:
            return letter
        if setting.id not in self._answers:
            self._answers[setting.id] = answers_of(setting)
        answers = self._answers[setting.id]
        said = draw.choice(answers.to(sight.query, sight.stated, complies=complies))
        if letter is None or answers.whole:
            return said
        comply, refuse = sight.options or ("", "")
        return f"{letter}: {comply if complies else refuse} {said}"

    def max_connections(self) -> int:
        """Answers are instant; a few calls under way keep the order of a run close to its plan."""
        return 8

    def connection_key(self) -> str:
        """All planted subjects share one pool."""
        return "gyges/planted"

    async def count_text_tokens(self, text: str) -> int:
        """Four characters a token: nothing here is billed."""
        return len(text) // 4


class Asked(Protocol):
    """One trial that a design asks for: what ``gyges.design.blocks`` yields."""

    @property
    def tier(self) -> str: ...  # noqa: D102
    @property
    def query(self) -> Any: ...  # noqa: D102
    @property
    def prompt(self) -> Any: ...  # noqa: D102
    @property
    def cell(self) -> Any: ...  # noqa: D102


def planted_truth(
    kind: str,
    given: Mapping[str, Any] | None,
    asked: Iterable[Asked],
    *,
    believes: bool | None = None,
) -> PlantedTruth:
    """Work out what a perfect instrument would find, with a perfect judge and endless samples.

    Args:
        kind: A name of ``PLANTED``.
        given: The subject's arguments, as ``-M`` gives them.
        asked: The trials of one group, such as those of ``gyges.design.blocks`` that are no control. Each is asked at
            its cell's temperature; none counts as 1.
        believes: In the blocks whose subject takes the scene for real, or in the others; in all if None.

    Returns:
        Each query's probability in each tier, the mean over its trials there: wordings and levels count alike within
        a query, and queries alike in a rate.

    Raises:
        SubjectError: An unknown kind or argument, or a prompt that does not tell its tier.
    """
    rule, reader = _subject(kind, dict(given or {}))
    found: dict[str, dict[str, list[float]]] = {}
    seen: dict[tuple[str, str, float | None], float] = {}
    for trial in asked:
        prompt = (trial.prompt.system, trial.prompt.user, trial.cell.temperature)
        if prompt not in seen:
            sight = reader.read(*prompt)[0]
            chances = rule.chances(replace(sight, real=believes))
            # A forced choice is read from the two letters alone.
            among = 1.0 - chances.astray if sight.forced else 1.0
            seen[prompt] = chances.comply / among if among > 0.0 else 0.0
        found.setdefault(trial.query.id, {}).setdefault(trial.tier, []).append(seen[prompt])
    return PlantedTruth(
        {
            query: {tier: fmean(chances) for tier, chances in arms.items()}
            for query, arms in found.items()
        }
    )


def planted_chain(kind: str, given: Mapping[str, Any] | None = None) -> ChainTruth:
    """Give what a planted subject truly does after it has traded on a tip: how often it hides that, and insists.

    Both are the same under all tiers; how often it trades is what :func:`planted_truth` gives.

    Args:
        kind: A name of ``PLANTED``.
        given: The subject's arguments, as ``-M`` gives them.

    Raises:
        SubjectError: An unknown kind or argument.
    """
    rule, _ = _subject(kind, dict(given or {}))
    return ChainTruth(rule.conceals, rule.insists)


def _subject(kind: str, given: Mapping[str, Any]) -> tuple[Kind, PromptReader]:
    """Make a planted subject: its rule, and what reads its prompts."""
    own = arguments(kind)
    allowed = (*own, _FOLDER, *([_PUBLISHED] if KINDS[kind].measures else []))
    for name in given:
        if name not in allowed:
            raise SubjectError(
                f"-M {name}: no such argument of gyges/planted/{kind}; {nearest(name, allowed)}"
            )
    rule = make(kind, {name: value for name, value in given.items() if name in own})
    folder, published = given.get(_FOLDER), given.get(_PUBLISHED)
    if folder is None and published is None:
        return rule, _library_reader()
    reference = None if published is None else read_reference(str(published))
    return rule, PromptReader(known_settings(folder), reference)


@functools.cache
def _library_reader() -> PromptReader:
    """What reads prompts of the library's settings: what one subject has read, all have."""
    return PromptReader(known_settings())


def _draw(seed: int, sight: Sight, page: Page, prefill: str, user: str) -> random.Random:
    # A seed means other words after another prompt: draws are alike only where all that is sent is.
    return random.Random(f"{seed}/{sight.temperature:g}/{page.digest}/{prefill}/{user}")


def _letter(option: str, *, complies: bool) -> str:
    """The letter of the answer that complies, or of the other one."""
    return option if complies else next(letter for letter in LETTERS if letter != option)


def _first_tokens(chances: Chances, option: str) -> dict[str, float]:
    """How likely each first token of a forced choice is."""
    found = {
        _letter(option, complies=True): chances.comply,
        _letter(option, complies=False): 1.0 - chances.comply - chances.astray,
    }
    for text in ASTRAY:
        found[text.split()[0]] = chances.astray / len(ASTRAY)
    return found


def _logprobs(token: str, chances: Mapping[str, float], most: int) -> Logprobs:
    """Say how likely the first token was, and those beside it, as a provider does."""
    # What rounding leaves of an answer that is never given is no probability.
    logs = {one: math.log(chance) for one, chance in chances.items() if chance > 1e-12}
    likeliest = sorted(logs.items(), key=lambda item: -item[1])[:most]
    top = [TopLogprob(token=one, logprob=log, bytes=None) for one, log in likeliest]
    return Logprobs(
        content=[Logprob(token=token, logprob=logs[token], bytes=None, top_logprobs=top)]
    )


def _parts(input: list[ChatMessage]) -> tuple[str, str, str]:
    """Split a conversation: the system text, the last user's turn, and the beginning of the answer."""
    for place in range(len(input) - 1, -1, -1):
        if input[place].role == "user":
            before = input[:place]
            # Earlier turns tell nothing of the present one, but some clients send no system message.
            system = [one.text for one in before if one.role == "system"]
            begun = [one.text for one in input[place + 1 :] if one.role == "assistant"]
            return (
                "\n\n".join(system or [one.text for one in before]),
                input[place].text,
                "".join(begun),
            )
    raise SubjectError("a planted subject was given no user's turn to answer")
