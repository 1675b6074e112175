"""Is this an arXiv number or a DOI, and how is it written plainly?

Which ways to write one are known is said where lists of literature are read and where identifiers are compared; here
only what is the whole of an option's value counts, so that a slip of the hand is refused.
"""

from __future__ import annotations

import re

import click

__all__ = ["plain_identifier"]

_DOI_BEFORE = re.compile(r"(?:doi:\s*)?(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/)?", re.I)


def plain_identifier(name: str, given: str) -> str:
    """Return an identifier as a node keeps it: of ``arxiv`` the number without its version, of ``doi`` the DOI alone.

    Args:
        name: What it is; another than these two is left as it is.
        given: The option's value; an empty one stays empty, for it takes the identifier away.

    Raises:
        click.UsageError: It is no arXiv number, or no DOI.
    """
    said = given.strip()
    if not said or name not in ("arxiv", "doi"):
        return given
    if name == "arxiv":
        if not (found := _arxiv(said)):
            raise click.UsageError(
                f"--arxiv {given!r} is no arXiv number; write it as 2412.14093 or hep-th/9901001, "
                "or as its address https://arxiv.org/abs/2412.14093"
            )
    elif not (found := _doi(said)):
        raise click.UsageError(
            f"--doi {given!r} is no DOI; write it as 10.1000/182, or as its address "
            "https://doi.org/10.1000/182"
        )
    return found


def _arxiv(said: str) -> str:
    from gyges.graph.recognition import identifiers_of

    if re.match(r"(?:www\.|export\.)?arxiv\.org/", said, re.I):
        said = f"https://{said}"
    # What reads as a number of arXiv's has its address, however it is written; what does not has none.
    address = dict(identifiers_of("paper", {"arxiv": said})).get("url", "")
    number = address.removeprefix("arxiv.org/abs/")
    return number if number and _was_given(number) else ""


def _was_given(number: str) -> bool:
    """Say whether arXiv gives such numbers: a month there is, with five digits behind it since January 2015."""
    digits = number.rpartition("/")[2]
    if not 1 <= int(digits[2:4]) <= 12:
        return False
    before, dot, behind = digits.partition(".")
    return not dot or len(behind) == (5 if int(before) >= 1501 else 4)


def _doi(said: str) -> str:
    from gyges.graph.formats._works import doi_of

    begin = _DOI_BEFORE.match(said)
    rest = (said[begin.end() :] if begin else said).lower()
    found = doi_of(rest)
    # A bracket at the end may be the DOI's own; in a text, it is the text's.
    return (
        rest.rstrip(".,;")
        if found and rest.startswith(found) and not rest[len(found) :].strip(".,;)")
        else ""
    )
