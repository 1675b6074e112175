"""What does the card that ships with a judge say of it?

A card counts for exactly the version that was measured: of another rule it says nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["CARDS", "card_summary"]

CARDS = Path(__file__).parent / "cards"


def card_summary(judge: str, setting: str, version: str) -> dict[str, Any] | None:
    """Sum up a judge's card for the study: held-out figures, and the counts by arm that correct a gap.

    Args:
        judge: The judge's name.
        setting: The setting whose answers were labelled.
        version: The judge's version.

    Returns:
        None where no card ships, or one of another version.
    """
    path = CARDS / f"{judge}-{setting}.json"
    if not path.is_file():
        return None
    card = json.loads(path.read_text(encoding="utf-8"))
    if card["version"] != version:
        return None
    heldout = card["heldout"]
    return {
        "n": card["n_heldout"],
        "sensitivity": heldout["decided"]["sensitivity"]["value"],
        "specificity": heldout["decided"]["specificity"]["value"],
        "kappa": heldout["decided"]["kappa"],
        "undecided": heldout["undecided"]["value"],
        "date": card["date"],
        "setting": setting,
        "confusion": {arm: block["confusion"] for arm, block in heldout["arms"].items()},
        "note": card["how"],
    }
