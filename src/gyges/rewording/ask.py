"""How does a model reword one block, and what became of the block?

It is asked, its text is checked (form, facts, similarity), and a text that fails is given back with the reason, a few
times. A call that fails counts as a try. A sampling parameter that the provider rejects is left out from then on, and
the set records it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gyges.design.fidelity import Fault, block_faults
from gyges.rewording.prompts import SYSTEM, read_answer, request, request_again
from gyges.run.parameters import rejected_parameter
from gyges.run.subject import describe
from gyges.settings import Setting
from gyges.settings.slots import fill

if TYPE_CHECKING:
    from inspect_ai.model import Model, ModelOutput

__all__ = ["Asker", "Reworded"]

_ROOM = 4000
"""Tokens for a model that reasons before it writes."""

_EMBEDDED = "gyges/"


@dataclass(frozen=True, slots=True)
class Reworded:
    """What became of a block."""

    block: str
    text: str = ""
    """The new text; empty where none passed."""
    similarity: float | None = None
    """Cosine with the original; None where it was not measured."""
    faults: tuple[Fault, ...] = ()
    """What the last text failed by."""
    tries: int = 0


class Asker:
    """Asks one model for blocks of one setting.

    Args:
        model: The loaded model.
        name: Its Inspect name.
        setting: Whose blocks.
        similarity: Compares two texts; None: not compared.
        least: The least similarity of a text that passes.
        seed: Seeds each call, together with the wording, the block and the try.
        tries: How often a block is asked for.
        max_connections: Calls under way at once; the provider's own default if None.
        retries: How often a call that failed for a passing reason is tried again.
        timeout: Seconds that one try of a call may take.
    """

    def __init__(
        self,
        model: Model,
        name: str,
        setting: Setting,
        similarity: Callable[[str, str], float] | None,
        *,
        least: float,
        seed: int = 0,
        tries: int = 3,
        max_connections: int | None = None,
        retries: int = 4,
        timeout: int = 600,
    ) -> None:
        from inspect_ai.model import GenerateConfig

        self.model = model
        self.name = name
        self.setting = setting
        self.similarity = similarity
        self.least = least
        self.seed = seed
        self.tries = tries
        self.calls = self.answered = self.failed = self.input_tokens = self.output_tokens = 0
        self.last_error = ""
        self.rejected: dict[str, str] = {}
        """Sampling parameters that the provider did not take, with what it said."""
        connections = max_connections or model.api.max_connections()
        self._turn = asyncio.Semaphore(connections)
        self._slots = setting.scene({}).slots
        self._config = GenerateConfig(
            max_connections=connections,
            adaptive_connections=False,
            max_retries=retries,
            attempt_timeout=timeout,
            timeout=max(600, timeout),
        )

    async def block(
        self, wording: int, block: str, length: float, manner: str, given_up: Callable[[], bool]
    ) -> Reworded:
        """Ask for a block until a text passes.

        Args:
            wording: The wording's number, for the seed.
            block: The block's name.
            length: Words asked for, over those of the original.
            manner: How it is to be written.
            given_up: Whether the block is no longer needed.
        """
        from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser

        first, words = request(self.setting, block, length, manner)
        opening = [ChatMessageSystem(content=SYSTEM), ChatMessageUser(content=first)]
        messages: list[Any] = opening
        faults: list[Fault] = []
        # All tries of a block are one turn: a block that cannot be had is known before others are asked for.
        async with self._turn:
            for turn in range(self.tries):
                if given_up():
                    return Reworded(block, faults=tuple(faults), tries=turn)
                seed = _seed(self.seed, wording, block, turn)
                text, faults = self._read(block, await self._generate(messages, seed, words))
                if text is not None and not faults:
                    similarity = await self._compare(block, text)
                    if similarity is None or similarity >= self.least:
                        return Reworded(block, text, similarity, (), turn + 1)
                    why = f"it talks of something else than the original (similarity {similarity:.2f})"
                    faults = [Fault("similarity", why)]
                if text is None:
                    # There is nothing to give back.
                    messages = opening
                else:
                    answer = ChatMessageAssistant(content=f"<reworded>\n{text}\n</reworded>")
                    messages = [
                        *opening,
                        answer,
                        ChatMessageUser(content=request_again(faults, words)),
                    ]
        return Reworded(block, faults=tuple(faults), tries=self.tries)

    async def _compare(self, block: str, text: str) -> float | None:
        if self.similarity is None:
            return None
        original = fill(self.setting.template.blocks[block], self._slots)
        return await asyncio.to_thread(self.similarity, original, fill(text, self._slots))

    async def _generate(self, messages: list[Any], seed: int, words: int) -> ModelOutput | str:
        """Call the model; give the message where the call failed."""
        # The embedded model does not reason, and where it does not end it is not worth waiting for.
        room = 100 if self.name.startswith(_EMBEDDED) else _ROOM
        while True:
            sampling = {"temperature": 1.0, "seed": seed}
            taken = {name: value for name, value in sampling.items() if name not in self.rejected}
            config = self._config.model_copy(update={**taken, "max_tokens": 3 * words + room})
            self.calls += 1
            try:
                output = await self.model.generate(messages, config=config)
            except Exception as error:
                message = describe(error)
                name = rejected_parameter(message, taken)
                if name is not None:
                    self.rejected[name] = message[:500]
                    continue
                self.failed += 1
                self.last_error = message
                return message
            self.answered += 1
            if output.usage is not None:
                self.input_tokens += output.usage.input_tokens
                self.output_tokens += output.usage.output_tokens
            return output

    def _read(self, block: str, output: ModelOutput | str) -> tuple[str | None, list[Fault]]:
        """Take the text out of an answer, and check its form and its facts."""
        if isinstance(output, str):
            return None, [Fault("call", f"the call failed: {output}")]
        stop = output.choices[0].stop_reason if output.choices else "unknown"
        text = read_answer(output.completion)
        if text is None:
            if stop == "content_filter":
                return None, [Fault("withheld", "the provider withheld the answer")]
            if stop in ("max_tokens", "model_length"):
                return None, [Fault("cut short", "the answer was cut short before the text ended")]
            return None, [Fault("no text", "no text stands between <reworded> and </reworded>")]
        if text.split() == self.setting.template.blocks[block].split():
            return text, [Fault("unchanged", "it is the original, word for word")]
        return text, block_faults(self.setting, block, text)


def _seed(seed: int, wording: int, block: str, turn: int) -> int:
    """A seed of its own for each call: the same one twice would give the same text twice."""
    digest = hashlib.sha256(f"{seed}/{wording}/{block}/{turn}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
