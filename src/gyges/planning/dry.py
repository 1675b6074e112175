"""What would a run ask, and what would it cost?

The count of a plan's cells, trials, calls, tokens and cost, made from the same plan without asking anything; the share
of the prompt that a prefix cache can serve; and how wide an interval to expect.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from gyges.design import WORDING, Design, Planner
from gyges.estimate.components import AssumedRates
from gyges.estimate.power import planned_error
from gyges.planning.manifest import default_folder, make_manifest
from gyges.planning.wanted import Planned, Wanted, plan_run
from gyges.run import MAX_BLOCKS, Price, known_price
from gyges.study import StudyFolder

__all__ = ["JUDGE_TOKENS", "DryRun", "PlannedCell", "answer_tokens", "asks_a_model", "dry_run"]

JUDGE_TOKENS = (650, 80)
"""Tokens of a judge's call, estimated: input and output."""

_FEWEST = 6
"""Queries below which the width of an interval cannot be foretold."""
_WIDEST = 2.0
"""A gap lies between -1 and 1."""

_ASSUMED = AssumedRates(0.3)
"""For the expected width of an interval: both arms near 30 %, queries alike as in the published VLAF answers."""


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """One line of a dry run's table."""

    cell: str
    wording: str
    trials: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would ask, without asking it."""

    trials: int
    """With a rule that ends the run: at most."""
    done: int
    """Trials that the study has already."""
    subject_calls: int
    judge_calls: int
    input_tokens: int
    """Estimated from four characters a token."""
    output_tokens: int
    """Estimated: an answer of 90 words, and 400 words of reasoning where a scratchpad is asked for."""
    dollars: float | None
    judge_dollars: float | None
    study: Path
    subjects: int = 1
    values: int = 1
    """Among how many values the setting divides its queries: each has a gap of its own."""
    cells: tuple[PlannedCell, ...] = ()
    """Each wording with each combination of levels, for one subject."""
    left_out: tuple[str, ...] = ()
    """Combinations that cannot be, each with why."""
    warned: tuple[str, ...] = ()
    """What a published text fails to state."""
    prefix_share: float = 0.0
    """Of the prompt tokens of the whole plan, the share that a cache of one prefix a subject can serve: of each system
    text what the one before it begins with too. Users' turns are not counted as shared."""
    prefix_share_all: float = 0.0
    """The same for a cache that keeps every prefix."""
    width: float | None = None
    """Expected width of the 95 % interval of one cell's gap, if 30 % comply in both arms; None for one query."""
    width_all: float | None = None
    """The same for the gap over all wordings of one combination of levels; None where wordings do not vary."""


def answer_tokens(design: Design, reasoning: str | None = None) -> int:
    """Estimate the tokens of an answer: 90 words, and 400 words of reasoning where it is asked for."""
    reasoned = (reasoning or design.reasoning) in ("scratchpad", "native")
    return min(120 + (530 if reasoned else 0), design.max_tokens)


def asks_a_model(judge: str | None) -> bool:
    """Whether a judge costs calls: any but the rules that ship with Gyges."""
    # A model is named with its provider; rules are single words, or a word and a file.
    return judge is not None and "/" in judge.partition(":")[0]


def dry_run(
    setting: str | None = None,
    *,
    judge: str | None = None,
    study: str | Path | None = None,
    price: Price | None = None,
    setting_dirs: Sequence[str | Path] = (),
    **wanted: Any,
) -> DryRun:
    """Count what :func:`run` would ask with the same arguments, at most; asks nothing and writes nothing."""
    planned = plan_run(Wanted(setting=setting, **wanted), setting_dirs)
    design = planned.design
    manifest = make_manifest(planned, "")
    folder = Path(study) if study is not None else default_folder(planned, manifest)
    done: set[str] = set()
    if (folder / "study.yaml").exists():
        opened = StudyFolder.create(folder, manifest)
        done = opened.trial_table.keys(pl.col("status") != "error")
    planner = planned.planner()
    many = 1.0
    if design.until is not None:
        # A run until a rule is met asks at most so many blocks, spread over the queries.
        many = (planned.max_blocks or MAX_BLOCKS) / design.queries
    counted = _count(planner, many)
    subjects = len(planned.designs)
    trials = round(sum(cell.trials for cell in counted.cells) * subjects)
    calls = trials - len(done)
    share = max(0, calls) / trials
    per_input = sum(cell.input_tokens for cell in counted.cells)
    per_output = sum(cell.output_tokens for cell in counted.cells)
    prices = [price or known_price(one.subject) for one in planned.designs]
    judge_price = known_price(judge) if judge and asks_a_model(judge) else None
    dollars: float | None = None
    if all(one is not None for one in prices):
        dollars = sum(one.of(per_input * share, per_output * share) for one in prices if one)
    tokens = max(1, per_input)
    return DryRun(
        trials=trials,
        done=len(done),
        subject_calls=calls,
        judge_calls=trials if asks_a_model(judge) else 0,
        input_tokens=round(per_input * share * subjects),
        output_tokens=round(per_output * share * subjects),
        dollars=dollars,
        judge_dollars=judge_price.of(*(trials * tokens for tokens in JUDGE_TOKENS))
        if judge_price
        else None,
        study=folder,
        subjects=subjects,
        values=max(1, len(planned.setting.values)),
        cells=tuple(counted.cells),
        left_out=tuple(planner.cells.left_out),
        warned=tuple(planner.cells.warned),
        prefix_share=counted.served / tokens,
        prefix_share_all=counted.served_all / tokens,
        width=_width(planned, 1),
        width_all=_width(planned, len(design.vary[WORDING])) if WORDING in design.vary else None,
    )


@dataclass(slots=True)
class _Counted:
    cells: list[PlannedCell] = field(default_factory=list)
    served: float = 0.0
    """Tokens that a cache of the last prompt serves."""
    served_all: float = 0.0


def _count(planner: Planner, many: float) -> _Counted:
    """Go through a plan once and add up its cells, in memory that grows with the cells and not with the trials."""
    design = planner.design
    sums = {cell.number: [0.0, 0.0, 0.0] for cell in planner.cells.cells}
    found = _Counted()
    before = ""
    seen = _Seen()
    common: dict[tuple[str, str], int] = {}
    # Every sample is one more pass in the same stretches.
    passes = ((control, planner.balanced(0, control=control)) for control in (False, True))
    for control, block in ((control, block) for control, one in passes for block in one):
        weight = design.samples * (1.0 if control else many)
        cell = sums[block[0].cell.number]
        output = answer_tokens(design, block[0].cell.reasoning)
        for trial in block:
            system = trial.prompt.system
            cell[0] += weight
            cell[1] += weight * sum(len(text) for _, text in trial.prompt.messages) / 4
            cell[2] += weight * output
            if (before, system) not in common:
                common[before, system] = _shared(before, system)
            found.served += weight * common[before, system] / 4
            # What one pass brought is there for all further ones.
            found.served_all += (seen.add(system) + (weight - 1) * len(system)) / 4
            before = system
    found.cells = [
        PlannedCell(cell.named, cell.wording.id, *(round(value) for value in sums[cell.number]))
        for cell in planner.cells.cells
    ]
    return found


class _Seen:
    """The system texts so far, in order: one's neighbours have the longest beginning in common with it."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._known: set[str] = set()

    def add(self, text: str) -> int:
        """Note a text, and say how many of its characters a text before it begins with as well."""
        if text in self._known:
            return len(text)
        self._known.add(text)
        at = bisect(self._texts, text)
        beside = self._texts[max(0, at - 1) : at + 1]
        self._texts.insert(at, text)
        return max((_shared(one, text) for one in beside), default=0)


def _shared(one: str, other: str) -> int:
    """How many characters two texts have in common from their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _width(planned: Planned, wordings: int) -> float | None:
    """The expected width of the 95 % interval of a gap; of one value's where the setting has several."""
    design = planned.design
    queries = design.queries // max(1, len(planned.setting.values))
    if queries < _FEWEST:
        return None
    from scipy.stats import t

    def width(many: int) -> float:
        se, df = planned_error(_ASSUMED.at(0.1), queries, design.samples, many)
        return min(_WIDEST, float(2 * t.ppf(0.975, df) * se))

    one, all_ = width(1), width(wordings)
    # Few wordings leave few degrees of freedom; the interval then says nothing of wordings in general.
    return all_ if all_ <= one else None
