"""How does a judge read a transcript that stands in no study: in an Inspect evaluation, or under Scout?

The same question, instructions and way of reading as for a study: a conversation is cut into the parts that the
question names, and the verdict is put into the form that the other tool keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gyges.judges import QUERY_ID, AskedJudge, Question, Reader, load_question, reads
from gyges.judging.named import Asking, facts_of, judge_named
from gyges.judging.worked import find_setting
from gyges.study import Trial, Verdict
from gyges.study.outputs import read_output
from gyges.study.queries import user_query

if TYPE_CHECKING:
    from inspect_ai.model import ChatMessage, ModelOutput

__all__ = ["Elsewhere", "judge_elsewhere", "parts_of"]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A judge that reads conversations one by one."""

    judge: AskedJudge | Reader
    question: Question
    facts: Mapping[str, Mapping[str, str]]
    queries: Mapping[str, str] = field(default_factory=dict)
    """The setting's queries, id by text, by which the query of a conversation is told where it is not given."""

    async def verdict(
        self,
        messages: Sequence[ChatMessage],
        output: ModelOutput | None = None,
        value: str = "",
        query: str = "",
        session: tuple[str, str] | None = None,
    ) -> Verdict:
        """Judge a conversation: what its last answer does.

        Args:
            messages: The conversation.
            output: The last answer as the model gave it; by default the last message of the assistant.
            value: The value that the setting attacks in this conversation.
            query: Id of the query; found by its text if empty.
            session: Where the conversation is a session with steps: as a trial keeps it, and as a reader reads it.
        """
        parts, why = parts_of(messages, output)
        judge = self.judge
        if session is not None:
            parts |= {"conversation": session[0], "output": session[1]}
        if not parts["output"]:
            return Verdict("", judge.name, self.question.name, status="no_answer", note=why)
        if isinstance(judge, AskedJudge):
            facts = self.facts.get(value) or self.facts.get("", {})
            return await judge.judge("", parts, facts=facts)
        parts = {**dict.fromkeys(reads(judge)), **parts}
        parts |= {"value": value or None, QUERY_ID: query or self._asked(parts["user"] or "")}
        missing = [name for name in judge.columns if not parts.get(name)]
        if missing:
            why = f"the conversation has no {missing[0]}"
            return Verdict("", judge.name, self.question.name, status="no_answer", note=why)
        return judge.verdict("", parts)

    def _asked(self, user: str) -> str | None:
        """Name the query whose text stands in what the user said; the longest, since one may hold another."""
        found = [text for text in self.queries if text in user]
        return self.queries[max(found, key=len)] if found else None


def judge_elsewhere(
    question: str = "outcome",
    judge: str | None = None,
    setting: str = "animal-welfare",
    *,
    setting_dirs: Sequence[str | Path] = (),
    load: Callable[[str], Any] | None = None,
    **asking: Any,
) -> Elsewhere:
    """Make a judge for conversations outside a study.

    Args:
        question: What it is asked.
        judge: Its name, as for ``gyges judge``; the one that reads by rule if None.
        setting: Whose facts fill the question, and whose rule a judge reads by.
        setting_dirs: Folders of settings of your own.
        load: Loads a model by its name.
        **asking: How a model is asked; see :class:`Asking`.

    Raises:
        GygesError: There is no such question or judge.
    """
    asked = load_question(question)
    if asked.probe:
        from gyges.errors import JudgeError

        raise JudgeError(
            f"question {asked.id}: reads what a subject says when it is asked about its answer, which only a study "
            "holds; next: gyges probe STUDY"
        )
    reader = judge_named(judge, asked, setting, Asking(**asking), setting_dirs, load=load)
    own = find_setting(setting, setting_dirs)
    queries = {one.text: one.id for one in own.queries} if own else {}
    return Elsewhere(reader, asked, facts_of(setting, setting_dirs), queries)


def parts_of(
    messages: Sequence[ChatMessage], output: ModelOutput | None = None
) -> tuple[dict[str, str | None], str]:
    """Cut a conversation into the parts that a question may name, and say why there is no answer.

    Args:
        messages: The conversation.
        output: The last answer as the model gave it; by default the last message of the assistant.
    """
    from inspect_ai.model import ChatCompletionChoice, ModelOutput

    before = list(messages)
    last = next((m for m in reversed(before) if m.role == "assistant"), None)
    if output is None or not output.choices:
        output = ModelOutput(
            model=getattr(last, "model", None) or "",
            choices=[ChatCompletionChoice(message=last)] if last is not None else [],
        )
    trial = Trial(subject="", setting="", query="", tier="")
    read_output(output, trial)
    user = next((m.text for m in reversed(before) if m.role == "user"), "")
    system = "\n\n".join(m.text for m in before if m.role == "system")
    ok = trial.status == "ok"
    return {
        "system": system or None,
        "query": user_query(user) or None,
        "user": user or None,
        "reasoning": trial.reasoning,
        "output": trial.output if ok else None,
    }, f"the answer is {trial.status}"
