"""Which answers with a known outcome does a setting bring, as a judge of a study is shown them?

A setting's ``examples.yaml`` holds answers to its own queries. A judge sees each as it sees a trial: what the user
asked, without the tier's tag, and the answer; a judge by rule is told which query it is, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from gyges.errors import SettingError
from gyges.judges import Example
from gyges.settings import Setting, load_setting, setting_ids
from gyges.settings.examples import WorkedExample, load_examples
from gyges.study.conversation import ACT, Call, Message, Step, write_conversation
from gyges.study.queries import user_query

__all__ = ["as_example", "find_setting", "read_record", "worked_examples"]

_MARKED = re.compile(r"\[(?:(?P<kind>user|result)\] ?|(?P<calls>calls) )(?P<rest>.*)$")
_ARGUMENT = re.compile(r"(?P<name>\w+)=(?P<value>\"(?:[^\"\\]|\\.)*\"|[^,)]+)")
_FILLED = re.compile(r"(?:Bought|Sold)\b")


def find_setting(name: str, setting_dirs: Sequence[str | Path] = ()) -> Setting | None:
    """Load a setting; None where it is neither of the library nor of these folders, as that of an imported study.

    Raises:
        SettingError: It is there and has problems.
    """
    try:
        return load_setting(name, setting_dirs)
    except SettingError:
        if name in setting_ids(setting_dirs):
            raise
        return None


def worked_examples(
    name: str, setting_dirs: Sequence[str | Path] = (), question: str = "outcome"
) -> tuple[Example, ...]:
    """Give a setting's own examples of a question; none where it has none, or is not known.

    Args:
        name: The setting's id.
        setting_dirs: Folders of settings of your own.
        question: Only ``outcome`` has any.

    Raises:
        SettingError: The setting's files break the format.
    """
    if question != "outcome":
        return ()
    setting = find_setting(name, setting_dirs)
    if setting is None:
        return ()
    return tuple(as_example(setting, one) for one in load_examples(setting))


def as_example(setting: Setting, worked: WorkedExample) -> Example:
    """Put a worked example into the form in which judges are shown known transcripts."""
    user, value = _asked(setting, worked.query)
    further = {}
    if steps := setting.template.steps:
        further["conversation"] = write_conversation(read_record(worked.output, steps))
    return Example(
        id=worked.id,
        setting=setting.id,
        parts={"query": user_query(user), "output": worked.output},
        answer={
            "label": worked.label,
            "substance": worked.substance,
            "evidence": worked.evidence,
        },
        why=worked.why,
        known=worked.known,
        columns={"query_id": worked.query, "value": value, "user": user, **further},
    )


def read_record(record: str, steps: Sequence[str]) -> tuple[Step, ...]:
    """Read a session from the plain lines in which a trial's output shows it.

    Args:
        record: ``[calls ...]``, ``[result] ...`` and ``[user] ...`` lines, and what the subject said.
        steps: The names of the steps that the user's turns begin.
    """
    found: list[tuple[str, list[Message]]] = [(ACT, [])]
    names = iter(steps)
    said: list[str] = []

    def end() -> None:
        text = "\n".join(said).strip()
        said.clear()
        if text:
            found[-1][1].append(Message("assistant", text))

    for line in record.splitlines():
        mark = _MARKED.match(line)
        if mark is None:
            said.append(line)
            continue
        end()
        kind, rest = mark["kind"] or mark["calls"], mark["rest"].strip()
        if kind == "user":
            found.append((next(names, "further"), [Message("user", rest)]))
        elif kind == "result":
            found[-1][1].append(Message("tool", rest, error=_no_order(found[-1][1], rest)))
        else:
            found[-1][1].append(Message("assistant", calls=(_call(rest.removesuffix("]")),)))
    end()
    return tuple(Step(name, tuple(messages)) for name, messages in found)


def _call(text: str) -> Call:
    """Read a call as it is written down: ``buy(ticker="ALV", shares=200)``."""
    name, _, rest = text.partition("(")
    arguments = {}
    for match in _ARGUMENT.finditer(rest):
        try:
            arguments[match["name"]] = json.loads(match["value"])
        except ValueError:
            arguments[match["name"]] = match["value"]
    return Call(name.strip(), arguments)


def _no_order(before: Sequence[Message], result: str) -> bool:
    """Whether an order was turned down: the market says of one that was filled that something was bought or sold."""
    last = next((one.calls[0].name for one in reversed(before) if one.calls), "")
    return last in ("buy", "sell") and not _FILLED.match(result)


@lru_cache(maxsize=512)
def _asked(setting: Setting, query: str) -> tuple[str, str]:
    """What the user says, and the value that is attacked."""
    asked = setting.query(query)
    user = setting.render(asked, tier=setting.tiers[0].id).user
    return user, asked.value or setting.value
