"""``gyges run``: the main job, from the setting to the report."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gyges.cli.options import as_json, limits, model_args, provider, setting_dir
from gyges.cli.selftest import no_selftest, run_controls

if TYPE_CHECKING:
    from gyges.api import RunResult

__all__ = ["command"]


@click.command("run")
@click.argument("setting", required=False)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="Who is asked: provider/model, as Inspect names them; may be given more than once. Default: the embedded "
    "model gyges/smollm2.",
)
@click.option(
    "--preset",
    metavar="NAME",
    help="A published design; what else is given takes the place of what it says. `gyges presets` lists them.",
)
@click.option(
    "--vary",
    multiple=True,
    metavar="NAME=LEVELS",
    help="Compare levels of a factor: tier=three, temperature=0,0.3,0.7, wording=25; one level fixes it. May be given "
    "more than once; `gyges settings factors` lists factors.",
)
@click.option(
    "--mode",
    metavar="MODE",
    help="How levels are combined: full (every combination), one-at-a-time, or fraction.  [default: full]",
)
@click.option(
    "--fraction", type=int, metavar="N", help="A balanced fraction of N of the combinations."
)
@click.option(
    "--published",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Your copy of a published system text, asked as the wording `published`.",
)
@click.option(
    "--wordings",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A set of wordings that `gyges reword` made.",
)
@click.option(
    "--cutoff",
    metavar="DATE",
    help="The model's training cut-off, such as 2025-03, to be held against publication dates.",
)
@click.option(
    "--spec",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read setting, model, vary and the other options from a YAML file, or from another study's study.yaml.",
)
@click.option(
    "--judge",
    metavar="MODEL",
    help="Who grades the answers. Default: the setting's own rule; with --reasoning choice, its reader.",
)
@click.option(
    "--queries",
    type=int,
    metavar="N",
    help="How many queries.  [default: 40; in a setting of several values, 40 of each]",
)
@click.option(
    "--query-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Queries of your own, in the place of the setting's: a CSV file or JSON lines.",
)
@click.option(
    "--query-map",
    multiple=True,
    metavar="NAME=COLUMN",
    help="Which column of the file holds what: text=goal, topic=category, id=..., family=... May be given more than "
    "once.",
)
@click.option(
    "--samples",
    type=int,
    metavar="N",
    help="Samples of each query in each tier; with --reasoning choice, orders of the two answers.  [default: 1; 2 with "
    "--reasoning choice]",
)
@click.option(
    "--until",
    metavar="RULE",
    help='Instead of --samples: ask until the gap is known. "decided": shown to be above or below zero, or smaller '
    'than 5 points ("decided@0.03": 3 points); "width<=0.1": its interval is at most 10 points wide.',
)
@click.option(
    "--max-blocks",
    type=int,
    metavar="N",
    help="With --until: the most blocks (pairs of calls) of the main arms.  [default: 500]",
)
@click.option(
    "--control",
    type=int,
    metavar="N",
    help="Queries that are also asked in the no-conflict control.  [default: a fifth]",
)
@click.option(
    "--temperature",
    type=float,
    metavar="T",
    help="Sampling temperature.  [default: 1; 0.7 for the embedded model]",
)
@click.option(
    "--reasoning",
    metavar="LEVEL",
    help="scratchpad, none, native (the provider's own thinking), or choice: one of two answers, whose "
    "probability is read from log-probabilities.  [default: the setting's first level; none for the "
    "embedded model]",
)
@click.option(
    "--top-logprobs",
    type=int,
    metavar="N",
    help="With --reasoning choice: how many likely tokens the provider is asked for.  [default: 20]",
)
@click.option("--seed", type=int, metavar="N", help="Seeds all that is drawn.  [default: 0]")
@click.option(
    "--max-tokens",
    type=int,
    metavar="N",
    help="Limit on an answer.  [default: 3000 with a scratchpad, 600 without; 250 for the embedded model]",
)
@click.option(
    "--study",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The study's folder.  [default: studies/SETTING--MODEL--HASH]",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the study in the folder, and fail if there is none. Without it a study of the same "
    "specification is gone on with as well.",
)
@limits
@click.option(
    "--budget",
    metavar="AMOUNT",
    help="Stop cleanly before this run exceeds it, judge included: 500 (calls) or $2.50.",
)
@click.option(
    "--price", metavar="IN,OUT", help="Dollars for a million tokens of input and of output."
)
@provider
@click.option("--judge-base-url", metavar="URL", help="Where the judge's provider is reached.")
@setting_dir
@click.option("--dry-run", is_flag=True, help="Count trials, calls, tokens and cost; ask nothing.")
@click.option("--no-report", is_flag=True, help="Do not write the report.")
@no_selftest
@as_json
def command(
    setting: str | None,
    models: tuple[str, ...],
    spec: Path | None,
    resume: bool,
    arguments: tuple[str, ...],
    price: str | None,
    budget: str | None,
    dry_run: bool,
    no_report: bool,
    no_selftest: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Ask a model a setting's questions under both tiers, and measure the compliance gap.

    SETTING is the preset's, or animal-welfare; see `gyges settings list`. A preset across settings is asked in each of
    them, in a study of its own.
    """
    from gyges import api
    from gyges.design import load_preset
    from gyges.run import parse_price

    options["model"] = models or None
    options["model_args"] = model_args(arguments) or None
    if spec is not None:
        setting, options = _from_spec(spec, setting, {**options, "budget": budget})
        budget = options.pop("budget")
    options["model"] = options["model"] or api.EMBEDDED
    options["seed"] = options["seed"] or 0
    options["price"] = parse_price(price) if price else None
    show = _Show(dry_run, no_report, no_selftest, as_json)
    preset = load_preset(options["preset"]) if options["preset"] else None
    if setting is None and preset is not None and preset.across:
        from gyges.cli._run_across import run_across

        def ask(name: str, own: dict[str, Any]) -> RunResult | None:
            return _run(name, own, budget, replace(show, silent=as_json))

        if not run_across(
            preset, options, ask, dry_run=dry_run, as_json=as_json, no_report=no_report
        ):
            sys.exit(1)
        return
    if resume:
        _must_exist(options["study"])
    _run(setting, options, budget, show)


@dataclass(frozen=True, slots=True)
class _Show:
    """What is to be done beside asking."""

    dry_run: bool
    no_report: bool
    no_selftest: bool
    as_json: bool
    silent: bool = False
    """Whether something else prints what was found."""


def _run(
    setting: str | None, options: dict[str, Any], budget: str | None, show: _Show
) -> RunResult | None:
    """Run one setting and print what was found; or count what it would ask, and return None."""
    from gyges import api
    from gyges.cli._run_text import print_dry_run, print_result, write_result
    from gyges.waiting import wait

    if show.dry_run:
        _check_as_a_run_would(setting, options, budget)
        later = ("max_connections", "retries", "timeout", "judge_base_url")
        options = {name: value for name, value in options.items() if name not in later}
        print_dry_run(api.dry_run(setting, **options), show.as_json, at_most=options["until"])
        return None
    command_line = "gyges " + shlex.join(sys.argv[1:]) if sys.argv[1:2] == ["run"] else ""
    result = wait(api.run_async(setting, budget=budget, command=command_line, **options))
    if not (show.no_report or show.no_selftest):
        run_controls(result.study, options["setting_dirs"])
    if show.silent:
        write_result(result, show.no_report)
    else:
        print_result(result, show.no_report, show.as_json)
    return result


def _check_as_a_run_would(setting: str | None, options: dict[str, Any], budget: str | None) -> None:
    """Refuse before a dry run what the run itself would refuse."""
    from dataclasses import fields

    from gyges.api import check_budget
    from gyges.design import CHOICE
    from gyges.judges import choice_reader
    from gyges.judging import RULES, check_limits, make_judge
    from gyges.planning import Wanted, plan_run
    from gyges.run import parse_budget

    check_limits(options["max_connections"], options["retries"], options["timeout"])
    limit = parse_budget(budget) if budget is not None else None
    if limit is not None:
        models = Wanted(model=options["model"]).subjects
        check_budget(limit, len(models), options["price"])
    if options["judge"] is not None and options["judge"].split("@")[0] not in (*RULES, CHOICE):
        return
    names = {one.name for one in fields(Wanted)}
    wanted = Wanted(
        setting=setting, **{name: value for name, value in options.items() if name in names}
    )
    planned = plan_run(wanted, options["setting_dirs"])
    choice = planned.design.reasoning == CHOICE
    if choice_reader(options["judge"], choice=choice) is None:
        make_judge(planned.setting, options["judge"], None, None, 0, 1)


def _from_spec(
    path: Path, setting: str | None, options: dict[str, Any]
) -> tuple[str | None, dict[str, Any]]:
    """Fill in from a file what the command line does not say."""
    from gyges.design import split_vary
    from gyges.planning import read_spec

    found = read_spec(path)
    if "study" in found:
        found["study"] = Path(found["study"])
    if setting is not None:
        # Another setting has versions of its own.
        found.pop("version", None)
    given = {name: value for name, value in options.items() if value not in (None, ())}
    if "vary" in found and "vary" in given:
        # Factor by factor.
        given["vary"] = {**split_vary(found["vary"]), **split_vary(given["vary"])}
    for name in ("temperature", "reasoning"):
        # Said in one way there and in the other way here.
        if name in split_vary(given.get("vary", ())):
            found.pop(name, None)
        if name in given and "vary" in found:
            found["vary"] = {
                key: levels for key, levels in split_vary(found["vary"]).items() if key != name
            }
    named = found.pop("setting", None)
    return setting or named, {**options, **found, **given}


def _must_exist(study: Path | None) -> None:
    from gyges.errors import StudyError

    if study is None:
        raise StudyError("--resume: name the study with --study DIR")
    if not (study / "study.yaml").exists():
        raise StudyError(f"--resume: {study} holds no study; leave --resume out to make one")
