"""Does the instrument find the gaps that are there, and none where there is none?

Planted subjects are asked through the whole corridor (design, run, study, judge, gap), and what was measured is held
against what was planted. The truth is worked out for the very trials that are asked, so no share of queries or
wordings has to be guessed. With a seed the outcome is the same each time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from gyges import api, findings
from gyges.design import CHOICE, CHOICE_SAMPLES
from gyges.errors import DesignError
from gyges.judges import choice_reader
from gyges.judging import rule_judge
from gyges.selftest.cases import cases, chosen, left_out
from gyges.selftest.recovery import Recovery, Selftest, corrected_level, recovery
from gyges.settings import load_setting, setting_ids

__all__ = ["selftest", "version"]

_QUERIES = 40
_SAMPLES = 3


def selftest(
    setting: str = "animal-welfare",
    *,
    queries: int | None = None,
    samples: int | None = None,
    seed: int = 0,
    judge: str | None = None,
    kinds: Iterable[str] | None = None,
    reasoning: str | None = None,
    no_conflict: bool = True,
    keep: str | Path | None = None,
    setting_dirs: Sequence[str | Path] = (),
) -> Selftest:
    """Ask planted subjects a setting's queries and hold what is measured against what was planted.

    Args:
        setting: Id of a setting.
        queries: How many of its queries; 40 by default, or all that it has.
        samples: Samples of each query in each tier; 3 by default, the 2 orders of the answers in a forced choice.
        seed: Seeds the answers.
        judge: A model that grades; the setting's lexical judge if None.
        kinds: Which planted subjects; by default all but those that need a design of their own (``left_out`` of the
            result).
        reasoning: A level of the setting's reasoning; its first by default.
        no_conflict: Ask the faker in the no-conflict control too, where the setting has one.
        keep: A folder to leave the studies in; a temporary one by default.
        setting_dirs: Folders of settings of your own.

    Raises:
        GygesError: It could not be run: an unknown setting or kind, a setting without a judge, a number out of range, a
            folder of other files.
    """
    loaded = load_setting(setting, setting_dirs)
    reasoning = reasoning or loaded.factors["reasoning"][0]
    if samples is None:
        samples = CHOICE_SAMPLES if reasoning == CHOICE else _SAMPLES
    read = choice_reader(judge, choice=reasoning == CHOICE)
    if read is not None and read.temperature != 1:
        raise DesignError(
            f"--judge {judge}: the planted rates are those at temperature 1, and another sharpens or flattens them; "
            "leave --judge out"
        )
    if judge in (None, "lexical") and reasoning != CHOICE:
        # Better before anything is asked.
        rule_judge(loaded)
    plan = list(
        cases(
            loaded,
            chosen(kinds),
            queries=min(_QUERIES * max(1, len(loaded.values)), len(loaded.queries))
            if queries is None
            else queries,
            samples=samples,
            reasoning=reasoning,
            seed=seed,
            no_conflict=no_conflict,
            own={} if loaded.id in setting_ids() else {"setting_dir": str(loaded.folder)},
        )
    )
    level = corrected_level(sum(case.rows for case in plan))
    rows: list[Recovery] = []
    name, judge_version = "", None
    with _folder(keep) as folder:
        for case in plan:
            design = case.design
            study = api.run(
                loaded.id,
                model=design.subject,
                judge=judge,
                queries=design.queries,
                samples=design.samples,
                control=design.control,
                temperature=design.temperature,
                reasoning=design.reasoning,
                vary={name: [level] for name, level in design.levels.items()},
                seed=design.seed,
                model_args=design.subject_args,
                setting_dirs=setting_dirs,
                study=folder / case.name,
                progress=False,
            )
            name = study.pick_judge(None)
            judge_version = study.judge_info(name).get("version")
            rows += [
                recovery(
                    case.kind,
                    case.when,
                    gap,
                    case.truth(loaded, control=gap.control, value=gap.value),
                )
                for gap in findings.gaps(study, level=level)
            ]
    first = plan[0].design
    return Selftest(
        setting=loaded.id,
        version=loaded.version,
        hash=loaded.hash,
        judge=name,
        judge_version=judge_version,
        queries=first.queries,
        samples=first.samples,
        reasoning=reasoning,
        seed=seed,
        level=level,
        rows=tuple(rows),
        gyges=version(),
        left_out=left_out() if kinds is None else {},
    )


def version() -> str:
    """The version of Gyges."""
    try:
        return metadata.version("gyges")
    except metadata.PackageNotFoundError:
        return "unknown"


@contextmanager
def _folder(keep: str | Path | None) -> Iterator[Path]:
    if keep is not None:
        yield Path(keep)
        return
    with tempfile.TemporaryDirectory(prefix="gyges-selftest-") as folder:
        yield Path(folder)
