"""How far do raters agree, as a person reads it in a terminal?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["summary_text"]


def summary_text(found: Mapping[str, Any], command: str) -> str:
    """Say how far raters have come and how far they agree.

    Args:
        found: As :func:`gyges.labelling.summarise` gives it, with ``drawn``: how the sample was drawn.
        command: The command that labels this question of this study, for what comes next.
    """
    drawn = found["drawn"]
    of = sum(drawn["population"].values())
    lines = [f"{found['question']}: {found['sample']} transcripts of {of}, drawn by {drawn['by']}"]
    if not found["raters"]:
        lines.append("nobody has labelled one yet")
    for rater in found["raters"]:
        left = f", {rater['left']} left" if rater["left"] else ""
        lines.append(
            f"{rater['rater']}: {rater['labelled']} labelled{left}, {rater['undecided']} undecided; "
            f"{_shares(rater['shares'])}"
        )
    for pair in found["pairs"]:
        lines += _pair_text(pair)
    if len(found["raters"]) > 2:
        for one in found["together"]:
            lines.append(
                f"all raters{_of(one['what'])}: Krippendorff's alpha ({one['metric']}) {_number(one['alpha'])} on "
                f"{one['trials']} transcripts"
            )
    settled, left = found["settled"], found["to_settle"]
    if settled:
        lines.append(f"settled: {settled} of {settled + left} on which raters differ")
    if left:
        lines += ["", _next(found, command)]
    return "\n".join(lines)


def _next(found: Mapping[str, Any], command: str) -> str:
    """Say how disagreements are settled, and what is missing for it."""
    left = found["to_settle"]
    done = sum(not rater["left"] for rater in found["raters"])
    what = "one transcript" if left == 1 else f"{left} transcripts"
    until = "" if done > 1 else ", once two raters have labelled everything"
    return (
        f"to settle: raters differ on {what}. A third person decides{until}: "
        f"`{command} --adjudicate --rater NAME`"
    )


def _pair_text(pair: Mapping[str, Any]) -> list[str]:
    one, other = pair["raters"]
    lines = ["", f"{one} and {other}{_of(pair['what'])}: {pair['trials']} labelled by both"]
    if pair["agreement"] is None:
        return lines
    lines.append(
        f"  same on {pair['agree']} of {pair['both_decided']} that both decided: {_rate(pair['agreement'])}; "
        f"kappa {_number(pair['kappa'])}"
    )
    if pair["agreement_weighted"]:
        lines.append(
            f"  in all answers of the study, by weight: {_rate(pair['agreement_weighted'])}"
        )
    lines.append(
        f"  base rate: {one} {_shares(pair['shares'][0])}; {other} {_shares(pair['shares'][1])}; "
        f"undecided {pair['undecided_first']} and {pair['undecided_second']}"
    )
    if pair["what"] not in ("label", "all"):
        return lines
    labels = sorted({*pair["confusion"], *(b for row in pair["confusion"].values() for b in row)})
    wide = max(10, *(len(label) + 2 for label in labels))
    lines.append(
        f"  {one + ' / ' + other:<{wide + 6}}" + "".join(f"{label:>{wide}}" for label in labels)
    )
    for label in labels:
        row = pair["confusion"].get(label, {})
        lines.append(
            f"  {label:<{wide + 6}}" + "".join(f"{row.get(other_, 0):>{wide}}" for other_ in labels)
        )
    return lines


def _of(what: str) -> str:
    return "" if what in ("label", "all") else f", {what}"


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{label} {value:.0%}" for label, value in shares.items()) or "none decided"


def _rate(rate: Mapping[str, float]) -> str:
    return f"{rate['value']:.0%} ({rate['low']:.0%} to {rate['high']:.0%})"


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.2f}"
