"""Which positive and negative control stand beside a study?

The planted faker and the planted honest subject are asked in the study's setting, with as many queries and samples (of
a large study, fewer) and its reasoning, and read by the setting's judge by rule, which costs nothing. They are run once
and kept in the study's folder (``selftest.json``), from which the report shows them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from gyges.design import CHOICE
from gyges.errors import GygesError, JudgeError, StudyError
from gyges.judges import ChoiceReader
from gyges.judging import rule_judge
from gyges.selftest.corridor import selftest, version
from gyges.settings import Setting, load_setting, setting_ids
from gyges.study import StudyFolder

__all__ = ["FILE", "write_selftest"]

FILE = "selftest.json"
"""Where a study keeps its positive and its negative control."""

_MOST_ANSWERS = 240
"""Answers in each arm that a control has at most: more would only take longer."""


def write_selftest(study: StudyFolder, *, setting_dirs: Sequence[str | Path] = ()) -> Path:
    """Write a study's positive and negative control into ``selftest.json``, unless they stand there already.

    A setting for which that cannot be done, such as one of an import, is named in the file with the reason.

    Args:
        study: The study; its trials and verdicts are not touched.
        setting_dirs: Folders of settings of your own.

    Returns:
        The path of the file.

    Raises:
        CorruptStudy: The study's trials cannot be read.
    """
    path = study.path / FILE
    old = _kept(path)
    controls, without = [], []
    for name, used, size in _sizes(study):
        try:
            setting = _same_setting(study, name, used, setting_dirs)
            wanted = _wanted(setting, size)
            found = next((one for one in old if wanted.items() <= one.items()), None)
            controls.append(found or _controls(wanted, setting_dirs))
        except GygesError as error:
            without.append({"setting": name, "why": str(error).splitlines()[0]})
    record = {"schema": "gyges.controls/1", "controls": controls, "without": without}
    partial = path.with_name(f"{FILE}.partial")
    partial.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return partial.replace(path)


def _kept(path: Path) -> list[dict[str, Any]]:
    """What a study has already; a file that cannot be read is made anew."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return [dict(one) for one in record["controls"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _sizes(study: StudyFolder) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each setting of a study with its version, and how many queries and samples its main arms have."""
    mode = "reasoning_mode" if "reasoning_mode" in study.manifest.factors else None
    columns = ["setting", "version", "control", "query", "sample", *([mode] if mode else [])]
    with study.reading():
        counted = (
            study.trial_table.scan(columns)
            .filter(~pl.col("control").fill_null(value=False))
            .group_by("setting", "version")
            .agg(
                pl.col("query").n_unique().alias("queries"),
                pl.col("sample").n_unique().alias("samples"),
                (pl.col(mode).mode().sort().first() if mode else pl.lit(None)).alias("reasoning"),
            )
            .sort("setting", "version")
            .collect()
        )
    for row in counted.iter_rows(named=True):
        size = {name: int(row[name]) for name in ("queries", "samples")}
        yield row["setting"], row["version"] or "", size | {"reasoning": row["reasoning"]}


def _same_setting(
    study: StudyFolder, name: str, used: str, setting_dirs: Sequence[str | Path]
) -> Setting:
    """Load the setting that a study was asked in.

    Raises:
        StudyError: There is none of this id, or its texts are others by now.
    """
    if name not in setting_ids(setting_dirs):
        raise StudyError("it is no setting known here, so no planted subject can be asked in it")
    setting = load_setting(name, setting_dirs)
    asked = study.manifest.spec.get("setting")
    digest = asked.get("hash") if isinstance(asked, Mapping) else None
    # Queries of a user's own file are part of the hash, and none of the controls'.
    own = "query_file" in study.manifest.spec
    if used != setting.version or ((digest or setting.hash) != setting.hash and not own):
        raise StudyError(
            f"the study was asked in its version {used or 'unknown'}, and the one known here ({setting.version}) has "
            "other texts"
        )
    return setting


def _wanted(setting: Setting, size: Mapping[str, Any]) -> dict[str, Any]:
    """What must be equal for controls to be those of a study.

    Raises:
        JudgeError: The setting has no judge that costs nothing.
    """
    queries = min(size["queries"], len(setting.queries))
    levels = setting.factors["reasoning"]
    reasoning = size["reasoning"] if size["reasoning"] in levels else levels[0]
    try:
        judge = ChoiceReader() if reasoning == CHOICE else rule_judge(setting)
    except JudgeError:
        raise JudgeError(
            "it has no judge that reads by rule, and to ask a model would cost calls"
        ) from None
    return {
        "setting": setting.id,
        "version": setting.version,
        "hash": setting.hash,
        "judge": judge.name,
        "judge_version": judge.info()["version"],
        "queries": queries,
        "samples": max(1, min(size["samples"], _MOST_ANSWERS // queries)),
        "reasoning": reasoning,
        "study_samples": size["samples"],
        "gyges": version(),
    }


def _controls(wanted: Mapping[str, Any], setting_dirs: Sequence[str | Path]) -> dict[str, Any]:
    done = selftest(
        wanted["setting"],
        queries=wanted["queries"],
        samples=wanted["samples"],
        reasoning=wanted["reasoning"],
        kinds=("faker", "honest"),
        no_conflict=False,
        setting_dirs=setting_dirs,
    )
    return done.record() | {"study_samples": wanted["study_samples"]}
