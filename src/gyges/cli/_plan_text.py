"""How is a dry run said in a terminal: what it asks in all, then a line for each cell?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gyges.cli.table import text_table

if TYPE_CHECKING:
    from gyges.planning import DryRun

__all__ = ["dry_run_json", "dry_run_text"]

SCHEMA = "gyges.dry-run/1"
_MOST = 30


def dry_run_json(plan: DryRun) -> dict[str, Any]:
    """Give a dry run as one record of JSON values."""
    record = {
        key: str(value) if isinstance(value, Path) else value for key, value in asdict(plan).items()
    }
    return {"schema": SCHEMA, **record}


def dry_run_text(plan: DryRun, at_most: str | None = None) -> str:
    """Lay out a dry run.

    Args:
        plan: What was counted.
        at_most: The rule that may end the run earlier, if there is one.
    """
    most = "at most " if at_most else ""
    done = f", {plan.done:,} of them done" if plan.done else ""
    each = f" ({plan.subjects} models)" if plan.subjects > 1 else ""
    lines = [
        ("study", str(plan.study)),
        ("cells", f"{len(plan.cells):,}"),
        ("trials", f"{most}{plan.trials:,}{each}{done}"),
        ("calls of the subject", f"{most}{plan.subject_calls:,}"),
        ("input tokens", f"{most}about {plan.input_tokens:,} (four characters a token)"),
        ("output tokens", f"{most}about {plan.output_tokens:,}"),
        (
            "prefix cache",
            f"can serve {plan.prefix_share:.0%} of the input tokens if it keeps one prefix, "
            f"{plan.prefix_share_all:.0%} if it keeps all",
        ),
        ("cost of the subject", most * (plan.dollars is not None) + _money(plan.dollars)),
    ]
    if plan.judge_calls:
        lines += [
            ("calls of the judge", f"{most}{plan.judge_calls:,}"),
            (
                "cost of the judge",
                most * (plan.judge_dollars is not None) + _money(plan.judge_dollars),
            ),
        ]
    if plan.width is not None and not at_most:
        lines.append(("width of an interval", _width(plan)))
    texts = ["\n".join(f"{name:<22}{value}" for name, value in lines)]
    if len(plan.cells) > 1:
        rows = [
            [one.cell, f"{one.trials:,}", f"{one.input_tokens:,}", f"{one.output_tokens:,}"]
            for one in plan.cells[:_MOST]
        ]
        texts.append(text_table(["cell", "trials", "input tokens", "output tokens"], rows))
        if len(plan.cells) > _MOST:
            texts[-1] += f"\n... and {len(plan.cells) - _MOST:,} more cells; --json lists them all"
    if plan.warned:
        texts.append("\n".join(f"Warning: {text}" for text in plan.warned))
    if plan.left_out:
        few = [f"left out: {text}" for text in plan.left_out[:_MOST]]
        if len(plan.left_out) > _MOST:
            few.append(f"... and {len(plan.left_out) - _MOST:,} more combinations that cannot be")
        texts.append("\n".join(few))
    return "\n\n".join(texts)


def _width(plan: DryRun) -> str:
    of = "one value's gap in one cell" if plan.values > 1 else "one cell's gap"
    text = f"about {100 * (plan.width or 0):.0f} points for {of}"
    if plan.width_all is not None:
        text += f", {100 * plan.width_all:.0f} over all wordings"
    return f"{text} (95 %; if 30 % comply; `gyges power` for other rates)"


def _money(value: float | None) -> str:
    return "no price known (see --price)" if value is None else f"${value:.2f}"
