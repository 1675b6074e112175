"""Which paraphrases of a setting does a model write, and which of them can be trusted?

Each wording is a set of blocks, asked for one by one at one length and in one manner. It is kept if every block passed,
if the setting's facts hold at every level with all of them in place, and if no other wording has the same text; else it
is dropped, and why is counted. What is kept is a wording set (``gyges.design.sets``).
"""

from __future__ import annotations

import asyncio
import datetime
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gyges.design.fidelity import text_hash, wording_faults
from gyges.design.sets import set_setting
from gyges.design.wordings import distance
from gyges.errors import DesignError, SubjectError
from gyges.rewording.ask import Asker, Reworded
from gyges.rewording.prompts import MANNERS, PROMPT_HASH, SYSTEM, lengths
from gyges.rewording.similarity import LEAST, MODEL, Similarity
from gyges.run.subject import load_model
from gyges.settings import Setting, Wording

__all__ = ["LENGTH", "Dropped", "Kept", "Rewording", "parse_length"]

LENGTH = (0.5, 1.5)
"""The lengths that are asked for where none are given."""

_WIDEST = (0.1, 5.0)
_MOST = 1000
_GIVE_UP_AFTER = 8


@dataclass(frozen=True, slots=True)
class Kept:
    """A wording that passed."""

    id: str
    blocks: Mapping[str, str]
    manner: str
    length_asked: float
    """Words asked for, over those of wording 0."""
    length: float
    """Words of the system text at the default levels, over those of wording 0."""
    distance: float
    """From wording 0's system text at the default levels, 0 (the same words) to 1 (none in order)."""
    similarity: Mapping[str, float] | None
    """Block to its cosine with the original; None where it was not measured."""
    tries: int
    """How often blocks were asked for."""

    def row(self) -> dict[str, Any]:
        """Write it down for a set."""
        return {
            "id": self.id,
            **self.measured(),
            "hash": text_hash(self.blocks),
            "blocks": dict(self.blocks),
        }

    def measured(self) -> dict[str, Any]:
        """What is known of it."""
        found: dict[str, Any] = {
            "manner": self.manner,
            "length_asked": self.length_asked,
            "length": self.length,
            "distance": self.distance,
            "similarity": None,
            "tries": self.tries,
        }
        if self.similarity:
            least = min(self.similarity, key=lambda name: self.similarity[name])  # type: ignore[index]
            found["similarity"] = {
                "mean": round(sum(self.similarity.values()) / len(self.similarity), 4),
                "least": self.similarity[least],
                "least_block": least,
            }
        return found


@dataclass(frozen=True, slots=True)
class Dropped:
    """A wording that did not."""

    id: str
    block: str
    """The block that failed; empty where the wording as a whole did."""
    kinds: tuple[str, ...]
    """What it failed by."""
    why: str


@dataclass
class Rewording:
    """A setting's text, a model, and what it has made of it so far.

    Args:
        setting: The setting.
        model: The model, as ``provider/model``.
        count: How many wordings are asked for.
        length: The least and the greatest length asked for, over that of wording 0.
        seed: Seeds each call.
        check_similarity: Whether embeddings are compared.

    Raises:
        DesignError: A number is out of range, or the embeddings are not installed.
    """

    setting: Setting
    model: str
    count: int
    length: tuple[float, float] = LENGTH
    seed: int = 0
    check_similarity: bool = True
    tries: int = 3
    kept: list[Kept] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    asker: Asker | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not 1 <= self.count <= _MOST:
            raise DesignError(f"--n {self.count}: must be from 1 to {_MOST} wordings")
        if not 1 <= self.tries <= 20:
            raise DesignError(f"--tries {self.tries}: must be from 1 to 20")
        self._similarity = Similarity() if self.check_similarity else None

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks that are reworded: all that the layout names."""
        return tuple(dict.fromkeys(part.block for part in self.setting.template.layout))

    async def ask(
        self,
        *,
        base_url: str | None = None,
        args: Mapping[str, Any] | None = None,
        max_connections: int | None = None,
        retries: int = 4,
        timeout: int = 600,
        on_wording: Callable[[Kept | Dropped], None] | None = None,
    ) -> None:
        """Ask for all wordings; ``kept`` and ``dropped`` grow while they come in.

        Args:
            base_url: Where the model's provider is reached.
            args: Arguments of the provider.
            max_connections: Calls under way at once; the provider's own default if None.
            retries: How often a call that failed for a passing reason is tried again.
            timeout: Seconds that one try of a call may take.
            on_wording: Told of each wording when it is finished.

        Raises:
            SubjectError: The model cannot be loaded, or its first calls all failed.
        """
        model = load_model(self.model, base_url=base_url, args=dict(args or {}), option="--with")
        self.asker = Asker(
            model,
            self.model,
            self.setting,
            self._similarity,
            least=LEAST,
            seed=self.seed,
            tries=self.tries,
            max_connections=max_connections,
            retries=retries,
            timeout=timeout,
        )
        asked = lengths(*self.length, self.count)
        work = [
            asyncio.create_task(self._wording(number, one)) for number, one in enumerate(asked, 1)
        ]
        told = on_wording or (lambda _: None)
        try:
            # In their order, whichever is finished first: of two with one text the same one is always kept.
            for task in work:
                told(self._take(await task))
        except BaseException:
            # Those that were finished behind one that was not are not lost.
            for task in work[len(self.kept) + len(self.dropped) :]:
                if task.done() and not task.cancelled() and task.exception() is None:
                    told(self._take(task.result()))
            raise
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    def _take(self, found: Kept | Dropped) -> Kept | Dropped:
        """Sort a finished wording in, after a look at it as a whole and beside those that are kept."""
        if isinstance(found, Kept):
            found = self._whole(found)
        if isinstance(found, Kept):
            self.kept.append(found)
        else:
            self.dropped.append(found)
        return found

    async def _wording(self, number: int, length: float) -> Kept | Dropped:
        asker = self.asker
        assert asker is not None
        failed: list[Reworded] = []
        manner = MANNERS[(number - 1) % len(MANNERS)]

        async def block(name: str) -> Reworded:
            found = await asker.block(number, name, length, manner, lambda: bool(failed))
            if not found.text and found.faults:
                failed.append(found)
            if not asker.answered and asker.failed >= _GIVE_UP_AFTER:
                raise SubjectError(
                    f"--with {self.model}: the first {asker.failed} calls all failed, the last with: "
                    f"{asker.last_error}. Mend the cause and run the same command again"
                )
            return found

        tasks = [asyncio.create_task(block(name)) for name in self.blocks]
        try:
            found = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if failed:
            first = failed[0]
            kinds = tuple(dict.fromkeys(fault.kind for fault in first.faults))
            return Dropped(
                f"g{number}", first.block, kinds, "; ".join(one.message for one in first.faults)
            )
        texts = {one.block: one.text for one in found}
        base = self.setting.scene({}).system
        system = self.setting.scene({}, Wording(text_hash(texts), blocks=texts)).system
        measured = {one.block: one.similarity for one in found if one.similarity is not None}
        return Kept(
            id=f"g{number}",
            blocks=texts,
            manner=manner,
            length_asked=length,
            length=round(len(system.split()) / len(base.split()), 4),
            distance=round(distance(system, base), 4),
            similarity=measured or None,
            tries=sum(one.tries for one in found),
        )

    def _whole(self, kept: Kept) -> Kept | Dropped:
        """Look at a wording as a whole, and beside those that were kept before it."""
        if faults := wording_faults(self.setting, Wording(kept.id, blocks=kept.blocks)):
            return Dropped(kept.id, "", ("facts",), faults[0])
        for other in self.kept:
            if text_hash(other.blocks) == text_hash(kept.blocks):
                return Dropped(kept.id, "", ("repeated",), f"its text is that of {other.id}")
        return kept

    @property
    def reasons(self) -> dict[str, int]:
        """How many wordings were dropped for what; one that failed by several counts for the first."""
        return dict(Counter(one.kinds[0] for one in self.dropped).most_common())

    def record(self) -> dict[str, Any]:
        """Write down what was kept, as a set."""
        asker = self.asker
        rejected = asker.rejected if asker else {}
        compared = {"model": MODEL, "least_allowed": LEAST} if self._similarity else None
        return {
            "setting": set_setting(self.setting),
            "canary": self.setting.canary,
            "model": self.model,
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "prompt": {"hash": PROMPT_HASH, "system": SYSTEM},
            "sampling": {"temperature": 1.0, "seed": self.seed, "not_taken": dict(rejected)},
            "length_asked": list(self.length),
            "similarity": compared,
            "asked": self.count,
            "dropped": [
                {"id": one.id, "block": one.block, "kinds": list(one.kinds), "why": one.why[:500]}
                for one in self.dropped
            ],
            "wordings": [one.row() for one in self.kept],
        }


def parse_length(text: str) -> tuple[float, float]:
    """Read ``SHORTER..LONGER``, or one number.

    Raises:
        DesignError: It is neither, or out of range.
    """
    low, _, high = text.partition("..")
    try:
        found = (float(low), float(high or low))
    except ValueError:
        found = (0.0, 0.0)
    if not _WIDEST[0] <= found[0] <= found[1] <= _WIDEST[1]:
        raise DesignError(
            f"--length {text}: give SHORTER..LONGER as parts of the original's length, such as 0.5..1.5, from "
            f"{_WIDEST[0]:g} to {_WIDEST[1]:g}"
        )
    return found
