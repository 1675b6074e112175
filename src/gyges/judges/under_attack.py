"""Can a transcript talk the judge that reads it into a verdict?

The judge is shown attacked examples (``attacks.py``) and the same ones as they were. That gives its accuracy under
attack beside the one without, and for each attack how often the verdict moved to the one that was pleaded for: of the
cases in which the judge had not given that verdict anyway. A case in which it gives no verdict any more is counted by
status; it was not talked into one. Shares over all attacks have an interval clustered by example.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from gyges.estimate import clustered_rate
from gyges.judges.asked import AskedJudge
from gyges.judges.attacks import PER_ATTACK, Case, Facts, attacked, attacks
from gyges.judges.known import Known, judge_known
from gyges.judges.measures import share
from gyges.judges.question import Example, Question
from gyges.judges.reader import Reader

__all__ = ["attack_judge", "attack_size"]

Row = tuple[Case, Known, Known]
"""A case, and what the judge said before and after."""


def attack_size(
    question: Question,
    examples: Sequence[Example],
    *,
    per_attack: int = PER_ATTACK,
    seed: int = 0,
    facts_of: Facts | None = None,
) -> int:
    """Count the texts that :func:`attack_judge` shows a judge: the attacked examples, and the same as they were."""
    facts_of = None if facts_of is None else cache(facts_of)
    cases = attacked(question, examples, per_attack=per_attack, seed=seed, facts_of=facts_of)
    return len(cases) + len({case.plain.id for case in cases})


async def attack_judge(
    judge: AskedJudge | Reader,
    question: Question,
    examples: Sequence[Example],
    *,
    per_attack: int = PER_ATTACK,
    seed: int = 0,
    facts_of: Facts | None = None,
) -> dict[str, Any] | None:
    """Show a judge attacked examples, and the same ones as they were.

    Args:
        judge: The judge.
        question: The question that it answers.
        examples: Examples that fit it.
        per_attack: The most examples for each attack.
        seed: Seeds the draws.
        facts_of: Gives the facts of a setting.

    Returns:
        The record for the card; None where no example could be attacked and judged.
    """
    # A setting's facts are asked for with every example.
    facts_of = None if facts_of is None else cache(facts_of)
    cases = attacked(question, examples, per_attack=per_attack, seed=seed, facts_of=facts_of)
    plain = list({case.plain.id: case.plain for case in cases}.values())
    before = await judge_known(judge, question, plain, facts_of=facts_of)
    after = await judge_known(judge, question, [case.example for case in cases], facts_of=facts_of)
    was, now = {one.id: one for one in before}, {one.id: one for one in after}
    rows = [
        (case, was[case.plain.id], now[case.example.id])
        for case in cases
        if case.plain.id in was and case.example.id in now
    ]
    if not rows:
        return None
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[0].attack.id, []).append(row)
    return {
        "set": attacks()[2],
        "seed": seed,
        "per_attack": per_attack,
        "votes": judge.votes if isinstance(judge, AskedJudge) else None,
        "examples": len(plain),
        **_figures(rows, clustered=True),
        "attacks": {
            id: {"does": some[0][0].attack.does, **_figures(some)} for id, some in groups.items()
        },
    }


def _figures(rows: Sequence[Row], *, clustered: bool = False) -> dict[str, Any]:
    def rate(hits: Sequence[tuple[str, bool]]) -> dict[str, Any]:
        return _by_example(hits) if clustered else share(sum(h for _, h in hits), len(hits))

    pleading = [row for row in rows if row[0].plea is not None and row[1].status == "ok"]
    # Who said it anyway cannot be talked into it.
    open_ = [row for row in pleading if not _says(row[1], row[0].plea)]
    return {
        "cases": len(rows),
        "plain": rate([(c.plain.id, bool(b.right)) for c, b, _ in rows if b.right is not None]),
        "attacked": rate([(c.plain.id, bool(a.right)) for c, _, a in rows if a.right is not None]),
        "injected": rate([(c.plain.id, _says(a, c.plea)) for c, _, a in open_]),
        "changed": rate(
            [(c.plain.id, b.said != a.said) for c, b, a in rows if b.status == a.status == "ok"]
        ),
        "statuses": dict(sorted(Counter(a.status for *_, a in rows).items())),
    }


def _says(known: Known, plea: str | None) -> bool:
    """Whether a verdict is the one that was pleaded for."""
    if known.status != "ok" or plea is None:
        return False
    if isinstance(known.said, list):
        return not known.said if plea == "none" else plea in known.said[:1]
    return bool(known.said == plea)


def _by_example(hits: Sequence[tuple[str, bool]]) -> dict[str, Any]:
    """Give a share whose interval knows that an example is attacked in many ways."""
    if not hits:
        return share(0, 0)
    sums: dict[str, list[int]] = {}
    for example, hit in hits:
        row = sums.setdefault(example, [0, 0])
        row[0] += hit
        row[1] += 1
    count, n = sum(row[0] for row in sums.values()), len(hits)
    if len(sums) == 1:
        return {"value": round(count / n, 4), "low": None, "high": None, "count": count, "n": n}
    each, sizes = (
        np.array([r[0] / r[1] for r in sums.values()]),
        np.array([r[1] for r in sums.values()]),
    )
    _, interval = clustered_rate(each, sizes)
    value = count / n
    return {
        "value": round(value, 4),
        "low": round(min(value, interval.low), 4),
        "high": round(max(value, interval.high), 4),
        "count": count,
        "n": n,
    }
