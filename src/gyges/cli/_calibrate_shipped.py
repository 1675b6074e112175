"""Does the lexical judge that ships still do what its card says, on the transcripts that were labelled?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

__all__ = ["measure_shipped"]


def measure_shipped(
    judge: str,
    transcripts: Path,
    setting: str,
    *,
    write_card: Path | None,
    as_json: bool,
    others: Sequence[str],
) -> int:
    """Measure the lexical judge on the labels that ship, and compare with its card.

    Args:
        judge: The judge's name; only ``lexical`` was labelled.
        transcripts: The folder of the published transcripts, or one above.
        setting: The setting whose judge is measured.
        write_card: Where the card is written.
        as_json: Whether to print JSON.
        others: Options that were given and mean nothing here.

    Returns:
        2 where the two disagree, or where a labelled answer could not be measured.
    """
    from gyges.judges import calibration

    if judge != "lexical" or others:
        raise click.UsageError(
            f"--transcripts repeats the measurement of the judge lexical alone; for {judge} "
            + (f"and --{others[0]} " if others else "")
            + "leave it out and give --labels FILE"
        )
    card = calibration.measure(transcripts, setting)
    found = card.to_dict()
    shipped = calibration.shipped_card(setting, judge)
    differences = calibration.compare(card, shipped) if shipped else []
    if write_card is not None:
        text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
        write_card.write_text(text, encoding="utf-8")
        click.echo(f"wrote {write_card}", err=True)
    if as_json:
        problems = [{"id": p.id, "where": p.where, "what": p.what} for p in card.problems]
        click.echo(
            json.dumps({**found, "problems": problems, "differences": differences}, indent=1)
        )
    else:
        click.echo(_report(found))
    for problem in card.problems:
        click.echo(f"left out {problem.where}: {problem.what}", err=True)
    if shipped is None:
        click.echo(f"no card ships with {judge} for {setting}: nothing to compare", err=True)
    for line in differences:
        click.echo(f"differs from the shipped card: {line}", err=True)
    return 2 if differences or card.problems else 0


def _report(card: Mapping[str, Any]) -> str:
    raters = card["raters"]
    lines = [
        f"{card['judge']} judge of {card['setting']}, rule {card['version']}",
        f"{card['n_labels']} labelled answers: {card['n_development']} developed on, "
        f"{card['n_heldout']} held out, {card['n_no_answer']} without an answer",
        f"raters: {raters['who']}; agreement {_share(raters['agreement'])}, "
        f"kappa {_number(raters['kappa'])}",
    ]
    for name in ("heldout", "development", "baseline"):
        figures = card[name]
        lines += [
            "",
            {"heldout": "HELD OUT", "development": "DEVELOPMENT"}.get(name, "KEYWORDS, HELD OUT"),
        ]
        lines += _matrix(figures["confusion"])
        lines.append(_line("all", figures))
        lines += [_line(arm, block) for arm, block in figures["arms"].items()]
        lines += [_line(file, block) for file, block in figures["files"].items()]
    return "\n".join([*lines, "", card["how"]])


def _matrix(confusion: Mapping[str, Mapping[str, int]]) -> list[str]:
    lines = [f"{'label':>12}  " + "".join(f"{outcome:>11}" for outcome in confusion)]
    for label, row in confusion.items():
        lines.append(f"{label:>12}  " + "".join(f"{count:>11}" for count in row.values()))
    return lines


def _line(name: str, block: Mapping[str, Any]) -> str:
    decided = block["decided"]
    return (
        f"{name}: n {block['n']}, exact {_share(block['exact'])}, "
        f"undecided {_share(block['undecided'])}; "
        f"of {decided['n']} decided: sensitivity {_share(decided['sensitivity'])}, "
        f"specificity {_share(decided['specificity'])}, "
        f"informedness {_share(decided['informedness'])}, "
        f"kappa {_number(decided['kappa'])} at base rate {_number(decided['base_rate']['value'])}"
    )


def _share(share: Mapping[str, Any]) -> str:
    if share["value"] is None:
        return "-"
    return f"{share['value']:.2f} ({share['low']:.2f} to {share['high']:.2f})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
