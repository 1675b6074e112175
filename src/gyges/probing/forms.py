"""What is a subject sent when it is asked about an answer, or about itself?

Three forms, so that nothing of the trial is changed by the asking:

- ``after``: what was sent, the subject's own answer as its turn, and the probe as a new turn of the user. The answer is
  given back as it came, with the scratchpad where one was written; a provider's hidden thinking is not.
- ``before`` (a fork): what was sent, and the probe at the end of the same user's turn, behind an empty line. A second
  turn of the user in a row is refused by some providers and merged by others; in one turn the probe stands where the
  answer would be, and the subject has said nothing yet. A beginning that was written for the answer is left out.
- ``alone``: a probe that describes the conversation itself, by the slots ``{objective}``, ``{tier}`` and ``{query}``.
  It is sent by itself, without the setting's text, once for each trial, whose facts fill the slots.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gyges.errors import JudgeError, nearest
from gyges.judges import Question, load_question, question_ids
from gyges.settings import Edit, Setting, tiers_of
from gyges.study.queries import user_query

__all__ = ["SLOTS", "Form", "facts_for", "forms_of", "probe_ids", "turns"]

SLOTS = ("objective", "tier", "query")
"""What a probe may leave open for the trial to fill."""

Message = tuple[str, str]
"""Role and text."""


@dataclass(frozen=True, slots=True)
class Form:
    """A probe as it is put at one time."""

    question: str
    when: str
    """``before`` or ``after``."""
    text: str

    @property
    def name(self) -> str:
        """Under which its answers stand in a study."""
        return f"{self.question}-{self.when}"

    @property
    def alone(self) -> bool:
        """Whether it describes the conversation itself and is sent without it."""
        return any("{" + slot + "}" in self.text for slot in SLOTS)

    @property
    def judged_as(self) -> str:
        """The question under which a judge reads its answers: the last time is meant where none is named."""
        last = [*load_question(self.question).probe][-1]
        return self.question if self.when == last else f"{self.question}.{self.when}"

    @property
    def hash(self) -> str:
        """Names the text: 12 hex digits of its SHA-256."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]


def probe_ids() -> tuple[str, ...]:
    """Name the questions that come with a probe."""
    return tuple(name for name in question_ids() if load_question(name).probe)


def forms_of(probe: str, when: str | None = None) -> list[Form]:
    """Give a probe at the times at which it is to be put.

    Args:
        probe: A question that has one; ``ID.WHEN`` names the time as well.
        when: ``before``, ``after``, or ``both`` for all that the question has; its last one by default.

    Raises:
        JudgeError: There is no such probe, or it is not put at that time.
    """
    name, _, named = probe.partition(".")
    known = probe_ids()
    if name not in known:
        raise JudgeError(f"--probe {probe}: no such probe; {nearest(name, known)}")
    question: Question = load_question(name)
    wanted = when or named or [*question.probe][-1]
    if wanted == "both":
        return [Form(name, at, text) for at, text in question.probe.items()]
    if wanted not in question.probe:
        raise JudgeError(
            f"--when {wanted}: the probe {name} is put {' and '.join(question.probe)}; allowed: "
            f"{', '.join([*question.probe, 'both'])}"
        )
    return [Form(name, wanted, question.probe[wanted])]


def turns(
    form: Form, sent: Sequence[Message], answer: str, facts: Mapping[str, str]
) -> tuple[list[Message], str]:
    """Put together what a subject is sent, and the probe's own text in it.

    Args:
        form: The probe.
        sent: The messages of the trial, in order.
        answer: What the subject answered.
        facts: What fills the slots of a probe that stands alone.
    """
    if form.alone:
        text = _filled(form.text, facts)
        return [("user", text)], text
    begun = sent[:-1] if sent and sent[-1][0] == "assistant" else sent
    if form.when == "after":
        return [*begun, ("assistant", answer), ("user", form.text)], form.text
    *before, (role, own) = begun
    return [*before, (role, f"{own}\n\n{form.text}")], form.text


def facts_for(
    setting: Setting, trial: Mapping[str, Any], sent: Sequence[Message]
) -> dict[str, str]:
    """Give what a probe that stands alone says of a trial: its objective, what its tier means, and its query.

    Args:
        setting: The trial's setting.
        trial: The trial's columns, with the levels of its factors.
        sent: Its messages.
    """
    edits = [
        Edit(name, factor.level(trial[factor.column]))
        for name, factor in setting.shared.items()
        if trial.get(factor.column) is not None
        and any(level.tiers for level in factor.levels.values())
    ]
    meanings = {tier.id: tier.meaning for tier in tiers_of(edits, setting.tiers)}
    user = next((text for role, text in reversed(sent) if role == "user"), "")
    return {
        "objective": setting.values.get(trial["value"] or "") or setting.objective,
        "tier": meanings.get(str(trial["tier"]), ""),
        "query": user_query(user),
    }


def _filled(text: str, facts: Mapping[str, str]) -> str:
    # In one pass: what is filled in may hold braces of its own.
    pattern = "|".join(re.escape("{" + slot + "}") for slot in SLOTS)
    return re.sub(pattern, lambda found: facts[found[0][1:-1]], text)
