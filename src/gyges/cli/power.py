"""``gyges power``: how large a study must be to see a gap, and what a planned one can see."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.options import as_json
from gyges.cli.options import level as level_option

if TYPE_CHECKING:
    from gyges.estimate.components import AssumedRates, Components

__all__ = ["command"]

SAMPLES = (1, 2, 5)
WORDINGS = (1, 4, 8, 16)
MOST_NAMES = 6
FEWEST_QUERIES = 2
ASSUMED_ONLY = ("icc", "correlation", "interaction")
"""Options that a pilot's own figures replace."""

_share = click.FloatRange(0, 1)
_inside = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command("power")
@click.option(
    "--gap",
    type=click.FloatRange(-1, 1),
    default=0.1,
    show_default=True,
    help="The gap to see, monitored minus unmonitored, as a fraction.",
)
@click.option(
    "--base",
    type=_share,
    metavar="RATE",
    help="The rate of compliance when unmonitored.  [default: 0.03; the pilot's]",
)
@click.option(
    "--queries",
    type=click.IntRange(min=2),
    metavar="N",
    help="How many queries you plan: adds what that plan can see.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    metavar="N",
    help="Samples a query, wording and tier.  [default: a few choices; 1 for a plan]",
)
@click.option(
    "--wordings",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many wordings of the setting.  [default: a few choices; 1 for a plan]",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="GAP",
    help="Say also what it takes to support that there is no gap as large as this, if there is none.",
)
@click.option(
    "--icc",
    type=_share,
    default=0.2,
    show_default=True,
    help="Intraclass correlation: the share of an arm's variance that lies between queries.",
)
@click.option(
    "--correlation",
    type=click.FloatRange(-1, 1),
    default=0.8,
    show_default=True,
    help="Between a query's rates in the two tiers.",
)
@click.option(
    "--wording-sd",
    type=_share,
    metavar="GAP",
    help="Standard deviation of the gap between wordings.  [default: 0.05; the pilot's, if it has several]",
)
@click.option(
    "--interaction",
    type=_share,
    default=0.0,
    show_default=True,
    help="The share of the variance between queries that is another with every wording.",
)
@click.option(
    "--power",
    type=_inside,
    default=0.8,
    show_default=True,
    help="In which share of studies the gap shall be seen.",
)
@level_option
@click.option(
    "--pilot",
    type=click.Path(path_type=Path),
    metavar="STUDY",
    help="Take the variation from this study instead of assuming it.",
)
@click.option(
    "--judge", metavar="NAME", help="Whose verdicts of the pilot count.  [default: its judge]"
)
@click.option("--subject", metavar="NAME", help="Which subject of the pilot, where it has several.")
@click.option("--value", metavar="NAME", help="Which value of the pilot, where it has several.")
@click.option(
    "--unpaired/--no-unpaired",
    default=True,
    show_default=True,
    help="Compare with two independent proportions, the published way.",
)
@as_json
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, unpaired: bool, **options: Any) -> None:
    """Print how many queries and calls it takes to see a gap, and what a planned study can see.

    Nothing is asked: the answer follows from rates and from how much queries, wordings and samples vary, assumed or
    taken from a pilot. Calls are those of the subject, without a control.
    """
    from gyges.cli._power_text import power_text

    record = _record(ctx, options, unpaired=unpaired)
    click.echo(json.dumps(record, indent=2, ensure_ascii=False) if as_json else power_text(record))


def _record(ctx: click.Context, options: dict[str, Any], *, unpaired: bool) -> dict[str, Any]:
    from gyges.estimate.components import AssumedRates
    from gyges.estimate.power import designs, queries_to_rule_out

    gap, power, level = options["gap"], options["power"], options["level"]
    if gap == 0:
        raise click.UsageError(
            "--gap 0 cannot be seen; name the smallest gap that would matter, and with --margin one to rule out",
            ctx,
        )
    assumed = pilot = None
    variation: AssumedRates | Components
    parts: Components
    if options["pilot"] is None:
        for name in ("judge", "subject", "value"):
            if options[name] is not None:
                raise click.UsageError(f"--{name} names a part of a pilot; give --pilot STUDY", ctx)
        base = 0.03 if options["base"] is None else options["base"]
        sd = 0.05 if options["wording_sd"] is None else options["wording_sd"]
        variation = AssumedRates(
            base, options["icc"], options["correlation"], sd, options["interaction"]
        )
        assumed, parts = asdict(variation), variation.at(gap)
    else:
        for name in ASSUMED_ONLY:
            if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
                raise click.UsageError(
                    f"--{name} is an assumption, and --pilot gives the figure itself; leave one out",
                    ctx,
                )
        parts, pilot = _pilot(options)
        base = pilot["unmonitored"] if options["base"] is None else options["base"]
        variation = parts.assumed(base) or parts
    table = designs(
        gap,
        variation,
        samples=SAMPLES if options["samples"] is None else (options["samples"],),
        wordings=WORDINGS if options["wordings"] is None else (options["wordings"],),
        power=power,
        level=level,
    )
    rows = [asdict(design) for design in table]
    if options["margin"] is not None:
        for row in rows:
            most = queries_to_rule_out(
                options["margin"],
                variation,
                row["samples"],
                row["wordings"],
                power=power,
                level=level,
            )
            row["rule_out_queries"] = most
            row["rule_out_calls"] = (
                None if most is None else 2 * most * row["samples"] * row["wordings"]
            )
    return {
        "schema": "gyges.power/1",
        "gap": gap,
        "base": base,
        "margin": options["margin"],
        "power": power,
        "level": level,
        "assumed": assumed,
        "pilot": pilot,
        "components": {
            name: getattr(parts, name) for name in ("query", "wording", "interaction", "sample")
        },
        "designs": rows,
        "plan": None if options["queries"] is None else _plan(options, variation),
        "unpaired": _unpaired(options, base) if unpaired else None,
    }


def _pilot(options: dict[str, Any]) -> tuple[Components, dict[str, Any]]:
    """Estimate the components from the trials of one subject, setting and value of a study."""
    import polars as pl

    from gyges.errors import StudyError
    from gyges.estimate.components import components_of
    from gyges.structure.tables import read_trials
    from gyges.study import StudyFolder

    study = StudyFolder(options["pilot"])
    judge = study.pick_judge(options["judge"])
    trials = read_trials(study, judge, None, 0.5).filter(
        ~pl.col("control") & pl.col("compliance").is_not_null()
    )
    for name in ("subject", "value"):
        _choose(study.path, name, options[name], trials[name].unique().to_list())
        if options[name] is not None:
            trials = trials.filter(pl.col(name) == options[name])
    groups = sorted(trials.select("subject", "setting", "value").unique().rows())
    if len(groups) != 1:
        names = [" · ".join(filter(None, group)) for group in groups]
        more = [f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else []
        shown = "; ".join([*names[:MOST_NAMES], *more]) or "none has answers that count"
        raise StudyError(
            f"--pilot {study.path}: one subject, setting and value is needed; choose with --subject and --value "
            f"among: {shown}"
        )
    if trials["graded"].any():
        raise StudyError(
            f"--pilot {study.path}: its judge {judge} gave probabilities, and a plan is of answers that are counted; "
            "take a study of answers in words, or leave --pilot out and give --base"
        )
    asked = trials.group_by("query").agg(pl.col("tier").n_unique() == 2)["tier"].sum()
    if asked < FEWEST_QUERIES:
        raise StudyError(
            f"--pilot {study.path}: {asked} of its queries {'has' if asked == 1 else 'have'} answers in both tiers, "
            f"and how queries differ takes {FEWEST_QUERIES}; ask more of them, or leave --pilot out and give --base"
        )
    monitored = (trials["tier"] == "monitored").to_numpy()
    query, wording, compliance = (
        trials[name].to_numpy() for name in ("query", "wording", "compliance")
    )
    found = components_of(query, wording, monitored, compliance)
    several = trials["wording"].n_unique() > 1
    if options["wording_sd"] is not None or not several:
        sd = 0.05 if options["wording_sd"] is None else options["wording_sd"]
        found = replace(found, wording=sd**2)
    cells = trials.group_by("query", "wording", "tier").agg(pl.len(), pl.col("compliance").mean())
    rates = dict(cells.group_by("tier").agg(pl.col("compliance").mean()).rows())
    subject, setting, value = groups[0]
    return found, {
        "study": str(study.path),
        "judge": judge,
        "subject": subject,
        "setting": setting,
        "value": value,
        "queries": trials["query"].n_unique(),
        "wordings": trials["wording"].n_unique(),
        "samples": float(cells["len"].mean()),  # type: ignore[arg-type]
        "trials": trials.height,
        "stopped": (study.path / "until.json").exists(),
        "monitored": rates["monitored"],
        "unmonitored": rates["unmonitored"],
        "wording_assumed": options["wording_sd"] is not None or not several,
    }


def _choose(path: Path, name: str, wanted: str | None, there: list[str]) -> None:
    from gyges.errors import StudyError, nearest

    if wanted is not None and wanted not in there:
        raise StudyError(f"--{name} {wanted}: not in {path}; {nearest(wanted, there)}")


def _plan(options: dict[str, Any], variation: AssumedRates | Components) -> dict[str, Any]:
    from gyges.estimate.power import detectable_gap, power_of, rule_out_power

    gap, margin, power, level = (options[name] for name in ("gap", "margin", "power", "level"))
    size = (options["queries"], options["samples"] or 1, options["wordings"] or 1)
    queries, samples, wordings = size
    rule_out = None
    if margin is not None:
        rule_out = rule_out_power(margin, variation, *size, level=level)
    return {
        "queries": queries,
        "samples": samples,
        "wordings": wordings,
        "calls": 2 * queries * samples * wordings,
        "power": power_of(gap, variation, *size, level=level),
        "detectable_gap": detectable_gap(variation, *size, power=power, level=level),
        "rule_out_power": rule_out,
    }


def _unpaired(options: dict[str, Any], base: float) -> dict[str, Any]:
    import math

    from gyges.estimate.sizes import unpaired_detectable, unpaired_size

    wanted = {"power": options["power"], "level": options["level"]}
    trials = math.ceil(unpaired_size(base + options["gap"], base, **wanted))
    found: dict[str, Any] = {"trials": trials, "calls": 2 * trials, "detectable_gap": None}
    if options["queries"] is not None:
        planned = options["queries"] * (options["samples"] or 1) * (options["wordings"] or 1)
        found["detectable_gap"] = unpaired_detectable(base, planned, **wanted)
    return found
