"""Do the two tiers of a study differ in anything but the tier?

A gap takes each query's trials of a tier together, whatever their factors. Where a factor's levels are mixed
otherwise in one tier than in the other, what the factor changes looks like a gap. A run asks both tiers alike;
imported data may not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from gyges.findings.record import ARMS, GROUP
from gyges.study import StudyFolder
from gyges.study.schema import FACTOR_COLUMNS, OBSERVED, is_derived

__all__ = ["averaged", "unbalanced"]

_APART = 0.05
"""So much may a level's share differ between the tiers."""


def unbalanced(study: StudyFolder, by: Sequence[str] = ()) -> list[str]:
    """Warn of factors whose levels are mixed otherwise in the two tiers, one sentence for each factor.

    Args:
        study: The study; its control is left out.
        by: Columns that the gaps are grouped by, within which a level cannot differ.
    """
    names = [
        name
        for name in study.manifest.factors
        if name not in OBSERVED and name not in by and not is_derived(name)
    ]
    if not names:
        return []
    keys = list(dict.fromkeys([*GROUP, *by]))
    said = []
    with study.reading():
        trials = study.trial_table.scan(["tier", *keys, *names]).filter(
            pl.col("tier").is_in(ARMS) & ~pl.col("control")
        )
        # Together, so that the table is read once.
        counted = pl.collect_all(
            [trials.group_by(*keys, "tier", name).agg(pl.len().alias("n")) for name in names]
        )
    for name, counts in zip(names, counted, strict=True):
        shares = counts.with_columns(pl.col("n") / pl.col("n").sum().over(*keys, "tier"))
        wide = shares.pivot(on="tier", index=[*keys, name], values="n")
        if not set(ARMS) <= set(wide.columns):
            continue
        apart = wide.with_columns(pl.col(*ARMS).fill_null(0.0)).with_columns(
            (pl.col("monitored") - pl.col("unmonitored")).abs().alias("apart")
        )
        # A tier that was not asked at all has no mixture.
        both = counts.group_by(keys).agg(pl.col("tier").n_unique() == len(ARMS))
        apart = apart.join(both.filter("tier").select(keys), on=keys, how="semi", nulls_equal=True)
        worst = apart.filter(pl.col("apart") > _APART).sort("apart", name, descending=[True, False])
        if worst.is_empty():
            continue
        row = worst.row(0, named=True)
        said.append(
            f"the tiers differ in {name}: {row['monitored']:.0%} of the monitored and {row['unmonitored']:.0%} of "
            f"the unmonitored trials of {row['subject']} ({row['setting']}) have {row[name]!r}; what looks like a "
            f"gap may be its effect, and --by {name} keeps its levels apart"
        )
    return said


def averaged(study: StudyFolder, by: Sequence[str] = ()) -> str | None:
    """Say what a study's gaps are averages over, where its design varies more than wordings; None where nothing does.

    Args:
        study: The study.
        by: Columns that its gaps are grouped by, so not averaged over.
    """
    vary = study.manifest.spec.get("vary")
    if study.manifest.source != "run" or not isinstance(vary, Mapping):
        return None
    names = [
        str(name)
        for name, levels in vary.items()
        if name != "wording"
        and len(levels) > 1
        and not {name, FACTOR_COLUMNS.get(name, name)} & set(by)
    ]
    if not names:
        return None
    shown = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"Each gap is an average over the levels of {shown}; level by level: gyges levels {study.path}"
