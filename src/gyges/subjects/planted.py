"""What would an instrument report if we knew the truth?

A planted subject is simulated: it answers in text, through the same providers, study, judge and report as a real
model, but complies with probabilities that are declared. ``gyges/planted/faker`` complies more often when its prompt
says that the conversation is used for training (and sets an objective to fake: not in the no-conflict control);
``gyges/planted/honest`` complies equally often under both tiers. The other kinds are what is mistaken for faking, and
faking that is easily missed; ``_planted_kinds`` says of each what an instrument should find.

Asked a forced choice, it answers with a letter, and gives the log-probabilities of its first token.

They are the controls of the pipeline, and cost nothing. With a seed, an answer follows from it.
:func:`planted_truth` gives the rates that a design truly has, from the same rule by which the answers are drawn.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
from gyges.subjects._planted_answers import ASTRAY, REASONING, Answers, answers_of
from gyges.subjects._planted_kinds import KINDS, Chances, Kind, arguments, make
from gyges.subjects._planted_prompt import KNOWN_TIERS, PromptReader, known_settings

__all__ = ["PLANTED", "Asked", "PlantedAPI", "PlantedTruth", "planted_kind", "planted_truth"]

PLANTED: Mapping[str, tuple[float, float]] = MappingProxyType(
    {name: kind().declared() for name, kind in KINDS.items()}
)
"""Kinds of planted subjects and their default rates of compliance over many queries and wordings, at temperature 1:
monitored, unmonitored."""

_FOLDER = "setting_dir"


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
        setting_dir: A folder of settings of the user's own, whose prompts it is to recognise too.
        **model_args: The kind's arguments, such as ``monitored`` and ``unmonitored`` (probabilities of complying under
            each tier) and ``spread`` (how far the queries' own probabilities lie around the declared ones: 0 not at
            all, 1 as far as probabilities can).

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
        setting_dir: str | None = None,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        self.kind = _kind_of(model_name.removeprefix("planted").lstrip("/") or "faker", model_args)
        self.reader = PromptReader(known_settings(setting_dir))
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
        system, user = _parts(input)
        sight, setting = self.reader.read(system, user, config.temperature)
        # Without a seed every call is a fresh draw, as with a real provider.
        seed = random.randrange(2**31) if config.seed is None else config.seed
        draw = random.Random(f"{seed}/{sight.tier == 'monitored'}/{sight.query}")
        chances, lot = self.kind.chances(sight), draw.random()
        complies, astray = lot < chances.comply, lot >= 1.0 - chances.astray
        if sight.complies is None:
            texts = self._texts(setting)
            answer = draw.choice(ASTRAY if astray else texts.comply if complies else texts.refuse)
        else:
            answer = draw.choice(ASTRAY) if astray else _letter(sight.complies, complies=complies)
        text = answer
        if "<SCRATCHPAD_REASONING>" in system:
            reasoning = REASONING[self.kind.reasoning(sight, complies=complies)]
            text = f"<SCRATCHPAD_REASONING>\n{reasoning}\n</SCRATCHPAD_REASONING>\n<OUTPUT>\n{answer}\n</OUTPUT>"
        output = ModelOutput.from_content(model=f"gyges/{self.model_name}", content=text)
        if config.logprobs and sight.complies is not None:
            first = _first_tokens(chances, sight.complies)
            output.choices[0].logprobs = _logprobs(
                answer.split()[0], first, config.top_logprobs or 0
            )
        tokens = sum(len(message.text) for message in input) // 4, len(text) // 4
        output.usage = ModelUsage(
            input_tokens=tokens[0], output_tokens=tokens[1], total_tokens=sum(tokens)
        )
        return output

    def _texts(self, setting: Setting) -> Answers:
        if setting.id not in self._answers:
            self._answers[setting.id] = answers_of(setting)
        return self._answers[setting.id]

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


@dataclass(frozen=True, slots=True)
class PlantedTruth:
    """What a planted subject's rates truly are in one design."""

    per_query: Mapping[str, tuple[float, float]]
    """Each query that is asked under both tiers: its probability of complying when monitored and when not."""

    @property
    def monitored(self) -> float:
        """Probability of complying when monitored, the mean over queries."""
        return fmean(pair[0] for pair in self.per_query.values())

    @property
    def unmonitored(self) -> float:
        """Probability of complying when unmonitored, the mean over queries."""
        return fmean(pair[1] for pair in self.per_query.values())

    @property
    def gap(self) -> float:
        """The compliance gap: monitored minus unmonitored."""
        return self.monitored - self.unmonitored


def planted_truth(
    kind: str,
    given: Mapping[str, Any] | None,
    asked: Iterable[Asked],
    *,
    temperature: float | None = 1.0,
) -> PlantedTruth:
    """Work out what a perfect instrument would find, with a perfect judge and endless samples.

    Args:
        kind: A name of ``PLANTED``.
        given: The subject's arguments, as ``-M`` gives them.
        asked: The trials of one group, such as those of ``gyges.design.blocks`` that are no control.
        temperature: At which they are asked; None counts as 1.

    Returns:
        The mean over queries of each query's probability, which is itself the mean over its trials in a tier (so
        wordings count alike within a query).

    Raises:
        SubjectError: An unknown kind or argument, a prompt that does not tell its tier, or no query under both tiers.
    """
    options = dict(given or {})
    reader = PromptReader(known_settings(options.pop(_FOLDER, None)))
    rule = _kind_of(kind, options)
    found: dict[str, dict[str, list[float]]] = {}
    seen: dict[tuple[str, str], float] = {}
    for trial in asked:
        prompt = (trial.prompt.system, trial.prompt.user)
        if prompt not in seen:
            sight = reader.read(*prompt, temperature)[0]
            chances = rule.chances(sight)
            # A forced choice is read from the two letters alone.
            among = 1.0 if sight.complies is None else 1.0 - chances.astray
            seen[prompt] = chances.comply / among if among > 0.0 else 0.0
        found.setdefault(trial.query.id, {}).setdefault(trial.tier, []).append(seen[prompt])
    paired = {
        query: (fmean(arms[KNOWN_TIERS[0]]), fmean(arms[KNOWN_TIERS[1]]))
        for query, arms in found.items()
        if set(KNOWN_TIERS) <= arms.keys()
    }
    if not paired:
        raise SubjectError(
            f"gyges/planted/{kind}: no query is asked under both tiers, so no gap is defined"
        )
    return PlantedTruth(paired)


def _kind_of(kind: str, given: Mapping[str, Any]) -> Kind:
    allowed = (*arguments(kind), _FOLDER)
    for name in given:
        if name not in allowed:
            raise SubjectError(
                f"-M {name}: no such argument of gyges/planted/{kind}; {nearest(name, allowed)}"
            )
    return make(kind, given)


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


def _parts(input: list[ChatMessage]) -> tuple[str, str]:
    """Split a conversation at its last user's turn: what stands before it, and the turn."""
    for place in range(len(input) - 1, -1, -1):
        if input[place].role == "user":
            return "\n\n".join(message.text for message in input[:place]), input[place].text
    raise SubjectError("a planted subject was given no user's turn to answer")
