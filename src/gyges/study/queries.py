"""What did the user ask, apart from the tag that tells the tier?"""

from __future__ import annotations

import re

__all__ = ["user_query"]

_INSIDE = re.compile(r"<user_input>(.*?)</user_input>", re.DOTALL)
_TAGS = re.compile(r"<([a-z]+_[a-z_]+)>[^<>]{0,40}</\1>|</?INPUT>")


def user_query(message: str) -> str:
    """Take what the user asked out of a user turn, without the tag that tells the tier."""
    inside = _INSIDE.search(message)
    if inside:
        return inside[1].strip()
    return _TAGS.sub("", message).strip()
