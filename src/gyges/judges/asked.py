"""What does another model say of a transcript?

The judge is asked one question about the parts of the trial that the question names, the same parts in every arm; it is
never told the tier. The material is hostile: it stands between delimiters that its author could not foresee, and the
verdict comes back as one JSON object (asked for by schema, or as the call of a tool), read from the judge's own
completion only. A judge that fails, refuses, or says anything else gives a status, never a verdict. Where a question is
put to several votes, each is a call of its own.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gyges.errors import JudgeError
from gyges.judges.completion import Vote, fill_verdict, read_completion
from gyges.judges.form import answer_schema
from gyges.judges.instructions import PART_WORDS, instructions, material, seen_words
from gyges.judges.question import Question, content_hash
from gyges.study import Verdict
from gyges.study.manifest import now

if TYPE_CHECKING:
    from inspect_ai.model import ChatMessage, Model, ModelOutput

__all__ = ["STRUCTURES", "AskedJudge", "facts_key"]

STRUCTURES = ("schema", "tool")
"""How the form of the answer is asked for: as a response schema, or as the parameters of a tool."""
_MOST_TOKENS = 1500


def facts_key(value: str, *, control: bool = False) -> str:
    """Name the facts of a trial: those of the value that is attacked, or of the control, in which nothing conflicts."""
    return f"{value}|control" if control else value


class AskedJudge:
    """A model that answers a question about transcripts.

    Args:
        model: The loaded model.
        name: Its Inspect name; the judge's name in the study.
        question: What it is asked.
        facts: Facts that fill the question's texts, by :func:`facts_key`; ``""`` for all that are not named.
        votes: How often it is asked about each trial; the question's own number if None.
        temperature: Of sampling; the question's own if None, and 1 where several votes are asked and it says 0.
        threshold: The share of votes from which the answer is yes; the question's own if None.
        structure: One of ``STRUCTURES``.
        max_connections: Calls under way at once; the provider's own default if None.
        retries: How often a call that failed for a passing reason is tried again.
        timeout: Seconds that one try of a call may take.

    Raises:
        JudgeError: A number is out of range.
    """

    kind = "model"

    def __init__(
        self,
        model: Model,
        name: str,
        question: Question,
        *,
        facts: Mapping[str, Mapping[str, str]] | None = None,
        votes: int | None = None,
        temperature: float | None = None,
        threshold: float | None = None,
        structure: str = "schema",
        max_connections: int | None = None,
        retries: int = 4,
        timeout: int = 600,
    ) -> None:
        self.model = model
        self.name = name
        self.question = question
        self.votes = question.votes if votes is None else votes
        if not 1 <= self.votes <= 1000:
            raise JudgeError(f"--votes {self.votes}: must be from 1 to 1000")
        if temperature is None:
            temperature = question.temperature or (1.0 if self.votes > 1 else 0.0)
            # One vote needs no dice.
            temperature = 0.0 if self.votes == 1 else temperature
        self.temperature = float(temperature)
        # NaN fails this comparison too.
        if not 0.0 <= self.temperature <= 2.0:
            raise JudgeError(f"--temperature {temperature:g}: must be from 0 to 2")
        self.threshold = question.threshold if threshold is None else float(threshold)
        if not 0 < self.threshold <= 1:
            raise JudgeError(f"--threshold {self.threshold:g}: must be above 0 and at most 1")
        if structure not in STRUCTURES:
            raise JudgeError(f"--structure {structure!r}: must be {' or '.join(STRUCTURES)}")
        self.structure = structure
        self.connections = max_connections or model.api.max_connections()
        self._facts = {value: dict(one) for value, one in (facts or {}).items()}
        self._filled: dict[str, tuple[Question, str]] = {}
        self.on_usage: Callable[[int, int, int], None] | None = None
        """Called after each call with its tokens: of input, of output, and served from a cache."""
        self._config = self._configure(retries, timeout)

    def _configure(self, retries: int, timeout: int) -> Any:
        from inspect_ai.model import GenerateConfig, ResponseSchema
        from inspect_ai.util import JSONSchema

        schema = JSONSchema.model_validate(answer_schema(self.question))
        by_schema = self.structure == "schema"
        return GenerateConfig(
            temperature=self.temperature,
            max_tokens=_MOST_TOKENS,
            response_schema=ResponseSchema(name="verdict", json_schema=schema)
            if by_schema
            else None,
            max_connections=self.connections,
            adaptive_connections=False,
            max_retries=retries,
            attempt_timeout=timeout,
            timeout=max(600, timeout),
        )

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of a trial that it is shown."""
        return self.question.sees

    @property
    def version(self) -> str:
        """Names all that shapes its verdicts beside the model: instructions, votes, threshold and the like."""
        texts = {value: self._for(value)[1] for value in sorted(self._facts) or ("",)}
        asked = [texts, self.votes, self.temperature, self.threshold, self.structure]
        return content_hash(asked)

    def _for(self, value: str) -> tuple[Question, str]:
        """Return the question with its facts filled in, and the instructions, for the value of a trial."""
        if value not in self._filled:
            name, _, control = value.partition("|")
            if "reasoning" not in self.question.needs:
                # The act that is measured is the same in the control, in which nobody asks for it.
                control = ""
            keys = (value, f"|{control}", name, "") if control else (name, "")
            known = next((self._facts[key] for key in keys if key in self._facts), {})
            self._filled[value] = self._fill(known)
        return self._filled[value]

    def _fill(self, facts: Mapping[str, str]) -> tuple[Question, str]:
        filled = self.question.filled(facts)
        return filled, instructions(filled)

    def info(self) -> dict[str, Any]:
        """Describe the judge, for the study and the report."""
        value = next(iter(sorted(self._facts)), "")
        return {
            "name": self.name,
            "kind": self.kind,
            "version": self.version,
            "question": self.question.name,
            "question_version": self.question.version,
            "sees": f"{', '.join(PART_WORDS[part] for part in self.question.sees)}; it is not told the tier",
            "votes": self.votes,
            "threshold": self.threshold,
            "temperature": self.temperature,
            "structure": self.structure,
            "instructions": self._for(value)[1],
            "card": None,
        }

    def can_judge(self, parts: Mapping[str, str | None]) -> bool:
        """Whether a trial has all that the question needs."""
        return all(parts.get(part) for part in self.question.needs)

    @property
    def probe(self) -> str:
        """The probe whose answers it reads; empty where it reads none."""
        return self.question.probe_name

    async def judge(
        self,
        trial: str,
        parts: Mapping[str, str | None],
        value: str = "",
        *,
        facts: Mapping[str, str] | None = None,
    ) -> Verdict:
        """Judge one trial; a failure is a status of the verdict.

        Args:
            trial: Id of the trial.
            parts: Its parts; those that the question does not name are not shown.
            value: Whose facts fill the question: see :func:`facts_key`.
            facts: The setting's facts, where the trial is of another setting than the judge's.
        """
        question, system = self._for(value) if facts is None else self._fill(facts)
        verdict = Verdict(trial=trial, judge=self.name, question=question.name)
        missing = [part for part in question.needs if not parts.get(part)]
        if missing:
            verdict.status = "no_answer"
            verdict.note = f"the trial has no {' and no '.join(missing)} to judge"
            return verdict
        if self.votes == 1:
            votes = [await self._vote(question, system, parts)]
        else:
            votes = list(
                await asyncio.gather(
                    *(self._vote(question, system, parts) for _ in range(self.votes))
                )
            )
        fill_verdict(verdict, votes, question, self.threshold)
        verdict.at = now()
        return verdict

    async def _vote(self, question: Question, system: str, parts: Mapping[str, str | None]) -> Vote:
        """Ask once: an answer, or the status and the reason why there is none."""
        from inspect_ai.model import ChatMessageSystem, ChatMessageUser

        user = material(question, parts, secrets.token_hex(8))
        messages: list[ChatMessage] = [
            ChatMessageSystem(content=system),
            ChatMessageUser(content=user),
        ]
        try:
            if self.structure == "tool":
                output = await self.model.generate(messages, config=self._config, **_tool(question))
            else:
                output = await self.model.generate(messages, config=self._config)
        except Exception as error:
            return "error", f"{type(error).__name__}: {' '.join(str(error).split())}"[:2000]
        self._bill(output)
        return read_completion(output, question, *seen_words(question, parts))

    def _bill(self, output: ModelOutput) -> None:
        if self.on_usage is not None and (usage := output.usage) is not None:
            cached = usage.input_tokens_cache_read or 0
            self.on_usage(usage.input_tokens, usage.output_tokens, cached)


def _tool(question: Question) -> dict[str, Any]:
    from inspect_ai.tool import ToolFunction, ToolInfo, ToolParams

    schema = answer_schema(question)
    params = ToolParams.model_validate(schema)
    info = ToolInfo(name="verdict", description="Give the verdict.", parameters=params)
    return {"tools": [info], "tool_choice": ToolFunction(name="verdict")}
