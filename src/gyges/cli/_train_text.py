"""What ``gyges train-judge`` prints, and the card that it writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["card_markdown", "summary"]

Block = Mapping[str, Any]


def summary(card: Block, training: Block) -> str:
    """Say what was trained, on what, and how it compares on the held-out answers."""
    checked = training["cross_validated"]
    left_out = ", ".join(f"{count} {why}" for why, count in training["left_out"].items())
    lines = [
        f"{card['judge']} of {card['setting']}, version {card['version']}",
        f"trained on {card['n_development']} answers; held out {card['n_heldout']} ({training['split']})"
        + (f"; left out: {left_out}" if left_out else ""),
        f"cross-validated: {span(checked['exact'])} right, AUROC {span(checked['auroc'])}; penalty "
        f"{training['penalty']:g}, embeddings shrunk by {training['shrink']:g}",
        "",
        *_table(card),
        "",
        *_verdict(card),
    ]
    return "\n".join(lines)


def card_markdown(card: Block) -> str:
    """Write a judge's card as Markdown."""
    held = card["heldout"]
    raters = card["raters"]
    lines = [
        f"# Judge card: {card['judge']} of {card['setting']}",
        "",
        f"Version `{card['version']}`, {card['date']}.",
        "",
        card["how"],
        "",
        f"Raters: {raters['who']}. Of {raters['n']} answers with two raters they agreed on {span(raters['agreement'])} "
        f"(kappa {number(raters['kappa'])}); {raters['single']} answers have a single rater.",
        "",
        "## On the answers held out",
        "",
        *_markdown_table(card),
        "",
        *_verdict(card),
        "",
        "## What it said, by label",
        "",
        "| label | " + " | ".join(held["confusion"]) + " |",
        "|---|" + "---:|" * len(held["confusion"]),
        *(
            f"| {label} | " + " | ".join(str(count) for count in row.values()) + " |"
            for label, row in held["confusion"].items()
        ),
        "",
        "## What more labels bring (cross-validated on the training answers)",
        "",
        "| answers trained on | right | AUROC | log-loss |",
        "|---:|---|---|---:|",
        *(
            f"| {row['n']} | {span(row['exact'])} | {span(row['auroc'])} | {row['log_loss']:.3f} |"
            for row in card["learning_curve"]
        ),
    ]
    return "\n".join(lines) + "\n"


def span(value: Block) -> str:
    """Print a figure with its interval."""
    if value["value"] is None:
        return "-"
    return f"{value['value']:.2f} ({value['low']:.2f} to {value['high']:.2f})"


def number(value: float | None) -> str:
    """Print a figure that has no interval."""
    return "-" if value is None else f"{value:.2f}"


def _rows(card: Block) -> list[tuple[str, list[str]]]:
    """Give the figures of both judges, a row each, with the judges as columns."""
    judges = [card["heldout"], *([card["lexical"]] if card["lexical"] else [])]
    rows: list[tuple[str, list[str]]] = [
        ("right (exact label)", [span(one["exact"]) for one in judges]),
        ("undecided", [span(one["undecided"]) for one in judges]),
        ("AUROC of comply", [span(one["auroc"]) for one in judges]),
        (
            "kappa (base rate of comply)",
            [
                f"{number(one['kappa_all'])} ({number(one['as_compliance']['base_rate']['value'])})"
                for one in judges
            ],
        ),
    ]
    for arm in ("", *card["heldout"]["arms"]):
        blocks = [one["arms"][arm] if arm else one for one in judges]
        where = f", {arm}" if arm else ""
        rows += [
            (f"{name}{where}", [span(one["decided"][name]) for one in blocks])
            for name in ("sensitivity", "specificity")
        ]
    return rows


def _table(card: Block) -> list[str]:
    names = [card["judge"], *(["lexical"] if card["lexical"] else [])]
    rows = [("held out", names), *_rows(card)]
    width = max(len(name) for name, _ in rows)
    return [
        f"{name:<{width}}  " + "".join(f"{cell:<22}" for cell in cells).rstrip()
        for name, cells in rows
    ]


def _markdown_table(card: Block) -> list[str]:
    names = [card["judge"], *(["lexical"] if card["lexical"] else [])]
    return [
        "| | " + " | ".join(names) + " |",
        "|---|" + "---|" * len(names),
        *(f"| {name} | " + " | ".join(cells) + " |" for name, cells in _rows(card)),
    ]


def _verdict(card: Block) -> list[str]:
    found = card["comparison"]
    if found is None:
        return ["The setting has no lexical judge to compare with."]
    gap, area = found["difference"], found["auroc_difference"]
    lines = [
        f"Share right, less the lexical judge's: {_signed(gap)}; {gap['only_first']} answers it alone read right, "
        f"{gap['only_second']} the lexical judge alone (McNemar's exact p = {gap['p']:.3f}).",
    ]
    if area["value"] is not None:
        lines.append(f"AUROC, less the lexical judge's: {_signed(area)}.")
    lines.append(
        "It reads more of these answers right than the lexical judge."
        if found["better"]
        else "That it reads more answers right than the lexical judge is not shown: the lexical judge stays the "
        "default."
    )
    return lines


def _signed(value: Block) -> str:
    return f"{value['value']:+.3f} ({value['low']:+.3f} to {value['high']:+.3f})"
