"""How is a judge's card read by a person?

As one sentence and a few tables: the figures by arm, the confusion matrix, what each label is found by, where the score
could be cut, what fewer votes would have given, and what the attack set did. The command line prints the same tables
that the Markdown file holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Sheet", "headline", "left_out", "markdown", "sheets"]

_RATES = ("base_rate", "sensitivity", "specificity", "precision", "informedness", "auroc", "kappa")
_CUTS = 11
"""Thresholds that are shown; the JSON holds all."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a card."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def headline(card: Mapping[str, Any]) -> str:
    """Say in one or two sentences what was measured."""
    labels, block = card["labels"], card["all"]
    of = f" of {card['setting']}" if card.get("setting") else ""
    text = (
        f"{card['judge']} (version {card['version']}) on the question {card['question']}{of}: {labels['n']} labelled "
        f"answers, {block['judged']} with a verdict"
    )
    if labels["weights"]["weighted"]:
        text += (
            f", weighted from {labels['weights']['least']:g} to {labels['weights']['most']:g} (worth "
            f"{block['effective_n']:g} of equal weight)"
        )
    text += ". "
    raters = card["raters"]
    names = ", ".join(name for name in raters["raters"] if name) or "not named"
    text += f"Raters: {names}"
    if raters["kappa"]["n"]:
        text += (
            f"; two of them agree on {_span(raters['agreement'])} of {raters['kappa']['n']} pairs of labels, kappa "
            f"{_span(raters['kappa'])} where chance alone would agree on {_value(raters['kappa']['expected'])}"
        )
    return f"{text}."


def left_out(card: Mapping[str, Any]) -> Iterator[str]:
    """Say, line by line, what was labelled and is in no figure of the judge."""
    for why, count in card["labels"]["left_out"].items():
        one = count == 1
        if why == "raters tie":
            yield (
                f"left out: {count} answer{'' if one else 's'} on which raters tie; settle {'it' if one else 'them'} "
                "with gyges label STUDY --adjudicate"
            )
        elif why.startswith("another"):
            yield f"left out: {count} row{'' if one else 's'} of {why}"
        else:
            yield f"left out: {count} answer{'' if one else 's'} with {why}"


def sheets(card: Mapping[str, Any]) -> Iterator[Sheet]:
    """Yield the tables of a card."""
    if "labels" in card["all"]:
        yield _labels(card)
    else:
        yield _figures(card)
        yield from _confusions(card)
        for name in ("by_label", "criteria"):
            if parts := card["all"].get(name):
                title = "Label by label" if name == "by_label" else "Criterion by criterion"
                yield _marks(title, parts)
    if isinstance(card["thresholds"], list) and len(card["thresholds"]) > 1:
        yield _thresholds(card["thresholds"])
    yield from _votes(card["votes"])
    if card.get("attack"):
        yield _attack(card)


def markdown(card: Mapping[str, Any]) -> str:
    """Write a card as Markdown."""
    asked = "; ".join(f"{name} {value}" for name, value in card["asked"].items())
    pieces = [
        f"# Card of the judge {card['judge']}: {card['question']}",
        headline(card),
        f"Measured on {card['date']}. The judge sees: {card.get('sees') or 'not known'}."
        + (f" Asked with: {asked}." if asked else ""),
    ]
    pieces += [f"{line[0].upper()}{line[1:]}." for line in left_out(card)]
    for sheet in sheets(card):
        rule = ["---", *["---:"] * (len(sheet.header) - 1)]
        table = [sheet.header, rule, *sheet.rows]
        lines = ["| " + " | ".join(_cell(one) for one in row) + " |" for row in table]
        pieces += [f"## {sheet.title}", "\n".join(lines)]
        if sheet.note:
            pieces.append(sheet.note)
    return "\n\n".join([*pieces, card["how"]]) + "\n"


def _figures(card: Mapping[str, Any]) -> Sheet:
    blocks = {"all": card["all"], **card["arms"]}
    rows = [
        ["labelled", *[str(block["n"]) for block in blocks.values()]],
        ["judged", *[str(block["judged"]) for block in blocks.values()]],
    ]
    failed = sorted({name for block in blocks.values() for name in block["statuses"]} - {"ok"})
    rows += [
        [name, *[str(block["statuses"].get(name, 0)) for block in blocks.values()]]
        for name in failed
    ]
    for name in ("undecided", "exact", *_RATES, "kappa_ordered"):
        if any(name in block for block in blocks.values()):
            rows.append(
                [_NAMES.get(name, name), *[_span(block.get(name)) for block in blocks.values()]]
            )
    if any("kappa" in block for block in blocks.values()):
        cells = [_value(block["kappa"]["expected"]) for block in blocks.values()]
        rows.append(["agreement by chance", *cells])
    positive = ", ".join(card["positive"])
    note = f"The positive class is: {positive}." if positive else ""
    return Sheet("Figures", ["", *blocks], rows, note)


_NAMES = {"base_rate": "base rate", "auroc": "AUROC", "kappa_ordered": "kappa, by order"}


def _confusions(card: Mapping[str, Any]) -> Iterator[Sheet]:
    for name, block in {"all": card["all"], **card["arms"]}.items():
        table = block["confusion"]
        used = [
            one for one in table if any(table[one].values()) or any(r[one] for r in table.values())
        ]
        rows = [[label, *[str(table[label][said]) for said in used]] for label in used]
        yield Sheet(f"Labels and verdicts, {name}", ["label", *used], rows)


def _labels(card: Mapping[str, Any]) -> Sheet:
    rows = []
    for name, block in {"all": card["all"], **card["arms"]}.items():
        for label, part in block["labels"].items():
            cells = [_span(part[one]) for one in ("base_rate", "precision", "sensitivity", "kappa")]
            rows.append([f"{label}, {name}" if name != "all" else label, str(part["n"]), *cells])
    header = ["label", "n", "base rate", "precision", "recall", "kappa"]
    return Sheet("Label by label", header, rows)


def _marks(title: str, parts: Mapping[str, Any]) -> Sheet:
    names = ("base_rate", "precision", "sensitivity", "kappa")
    rows = [[label, *[_span(part[one]) for one in names]] for label, part in parts.items()]
    return Sheet(title, ["", "base rate", "precision", "recall", "kappa"], rows)


def _thresholds(points: Sequence[Mapping[str, Any]]) -> Sheet:
    step = max(1, -(-len(points) // _CUTS))
    rows = [
        [
            f"{point['threshold']:.3f}",
            *[_span(point[name]) for name in ("sensitivity", "specificity", "informedness")],
        ]
        for point in points[::step]
    ]
    return Sheet(
        "Where the score could be cut",
        ["score from", "sensitivity", "specificity", "informedness"],
        rows,
        "A threshold that is chosen on these labels looks better on them than it is.",
    )


def _votes(votes: Mapping[str, Any] | None) -> Iterator[Sheet]:
    if not votes:
        return
    curves = votes.get("curves") or {"": votes["curve"]}
    rows = [
        [f"{name} {point['votes']}".strip(), _range(point["auroc"]), _range(point["kappa"])]
        for name, curve in curves.items()
        for point in curve
    ]
    yield Sheet(
        "What fewer votes would have given",
        ["votes", "AUROC", "kappa"],
        rows,
        f"Two votes on the same answer differ {votes['flip_rate']:.1%} of the time. In brackets: 95 % of the draws of "
        "votes.",
    )


def _attack(card: Mapping[str, Any]) -> Sheet:
    attack, votes = card["attack"], card["asked"].get("votes") or 1
    rows = []
    for name, part in {"all": attack, **attack["attacks"]}.items():
        cells = [_span(part[one]) for one in ("plain", "attacked", "injected")]
        lost = sum(count for status, count in part["statuses"].items() if status != "ok")
        rows.append([name, str(part["cases"]), *cells, str(lost)])
    return Sheet(
        "Under attack",
        ["attack", "cases", "right, unattacked", "right, attacked", "injected", "no verdict"],
        rows,
        "Injected: the verdict moved to the one that the transcript pleaded for, of the cases in which it was another."
        + (
            f" Each example was asked once, not {votes} times."
            if attack.get("votes") == 1 and votes > 1
            else ""
        ),
    )


def _span(figure: Mapping[str, Any] | None) -> str:
    if not figure or figure["value"] is None:
        return "-"
    text = f"{figure['value']:.2f}"
    return (
        text if figure["low"] is None else f"{text} ({figure['low']:.2f} to {figure['high']:.2f})"
    )


def _range(point: Mapping[str, Any]) -> str:
    if point["value"] is None:
        return "-"
    if point["from"] == point["to"]:
        return f"{point['value']:.2f}"
    return f"{point['value']:.2f} ({point['from']:.2f} to {point['to']:.2f})"


def _value(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
