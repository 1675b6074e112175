"""How likely does a model think each label is?

The model is asked for one letter, and the verdict is read from the log-probabilities of the first word that it would
answer with, so one call says how sure it is and nothing is sampled. The label is the likeliest if it is likely enough;
else the row is ``undecided`` and its probabilities are kept. For small local models, whose words cannot be trusted to
keep to a form; the provider must return log-probabilities.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gyges.errors import JudgeError
from gyges.judges.asked import AskedJudge
from gyges.judges.completion import Vote
from gyges.judges.form import Answer
from gyges.judges.instructions import material
from gyges.judges.question import UNDECIDED, Question
from gyges.study.letters import LEAST_MASS, first_word, letters_of

if TYPE_CHECKING:
    from inspect_ai.model import ChatMessage, Model, ModelOutput

__all__ = ["SUFFIX", "LogprobJudge"]

SUFFIX = "@logprobs"
"""Stands behind a model's name where its log-probabilities are read."""
_LETTERS = "ABCDEFGHIJ"
_SURE = 0.6
_TOP = 20


class LogprobJudge(AskedJudge):
    """A model whose verdict is read from the probabilities of the labels' letters.

    Args:
        model: The loaded model.
        name: Its Inspect name, with ``@logprobs`` behind it.
        question: What it is asked; of the kinds ``choice`` and ``order``.
        threshold: How likely the likeliest label must be, among the labels; .6 if None.
        options: As for :class:`gyges.judges.asked.AskedJudge`.

    Raises:
        JudgeError: The question has no single label, or a number is out of range.
    """

    kind = "log-probabilities of labels"

    def __init__(
        self,
        model: Model,
        name: str,
        question: Question,
        *,
        threshold: float | None = None,
        **options: Any,
    ) -> None:
        if question.kind not in ("choice", "order"):
            raise JudgeError(
                f"--judge {name}: reads the probability of one label, and the question {question.id} has "
                f"{question.kind}; use --judge {name.removesuffix(SUFFIX)}"
            )
        if options.get("votes") not in (None, 1):
            raise JudgeError(
                f"--votes {options['votes']}: nothing is sampled where log-probabilities are read; leave it out"
            )
        options.update(votes=1, temperature=0.0)
        super().__init__(
            model, name, question, threshold=_SURE if threshold is None else threshold, **options
        )

    def _configure(self, retries: int, timeout: int) -> Any:
        from inspect_ai.model import GenerateConfig

        return GenerateConfig(
            temperature=self.temperature,
            max_tokens=8,
            logprobs=True,
            top_logprobs=_TOP,
            max_connections=self.connections,
            adaptive_connections=False,
            max_retries=retries,
            attempt_timeout=timeout,
            timeout=max(600, timeout),
        )

    async def _vote(self, question: Question, system: str, parts: Mapping[str, str | None]) -> Vote:
        from inspect_ai.model import ChatMessageSystem, ChatMessageUser

        listed = "; ".join(
            f"{letter}: {label.id}"
            for letter, label in zip(_LETTERS, question.labels, strict=False)
        )
        head, _, _ = system.rpartition("Reply with one JSON object")
        head += f"Reply with one letter and nothing else. {listed}."
        user = material(question, parts, secrets.token_hex(8))
        messages: list[ChatMessage] = [
            ChatMessageSystem(content=head),
            ChatMessageUser(content=f"{user}\n\nThe letter of the label ({listed}):"),
        ]
        try:
            output = await self.model.generate(messages, config=self._config)
        except Exception as error:
            return "error", f"{type(error).__name__}: {' '.join(str(error).split())}"[:2000]
        self._bill(output)
        return self._read(output, question)

    def _read(self, output: ModelOutput, question: Question) -> Vote:
        tokens = output.choices[0].logprobs if output.choices else None
        first = first_word(tokens)
        if first is None or not first.top_logprobs:
            return "unparsed", "the provider returned no log-probabilities for this answer"
        letters = letters_of(first, _LETTERS[: len(question.labels)])
        if letters.share < LEAST_MASS:
            return (
                "unparsed",
                f"the letters have {letters.share:.0%} of the probability, less than {LEAST_MASS:.0%}; likeliest "
                f"first tokens: {letters.likeliest()}",
            )
        mass = letters.mass
        shares = {
            label.id: math.fsum(map(math.exp, letters.found[letter])) / mass
            for letter, label in zip(_LETTERS, question.labels, strict=False)
        }
        label, confidence = max(shares.items(), key=lambda item: item[1])
        values = question.values
        score = None
        if values.keys() >= shares.keys():
            score = math.fsum(values[name] * share for name, share in shares.items())
        return Answer(
            label=label if confidence >= self.threshold else UNDECIDED,
            score=score,
            data={
                "label": label,
                "probabilities": {name: round(share, 6) for name, share in shares.items()},
                "confidence": round(confidence, 6),
            },
            reason=f"{label}: {confidence:.1%}; letters: {letters.share:.1%}",
        )
