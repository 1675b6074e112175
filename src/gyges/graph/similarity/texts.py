"""Which text stands for a node when nodes are compared by meaning?

Its label, its other names and its gloss, in this order, as one text. The type, the dates and the identifiers stay
out: two nodes are not alike because both are papers of 2024. The SHA-256 of the text says whether a vector is still
the node's.
"""

from __future__ import annotations

import hashlib

from gyges.graph.model import Node

__all__ = ["sha_of", "text_of"]


def text_of(node: Node) -> str:
    """Write the text whose vector is the node's: ``label (alias; alias). gloss``."""
    label = " ".join(node.label.split())
    others = [" ".join(alias.split()) for alias in node.aliases]
    known = {label.casefold()}
    fresh = []
    for alias in others:
        if alias and alias.casefold() not in known:
            known.add(alias.casefold())
            fresh.append(alias)
    name = f"{label} ({'; '.join(fresh)})" if fresh else label
    gloss = " ".join(node.gloss.split())
    if not gloss:
        return name
    return f"{name} {gloss}" if name[-1:] in ".?!" else f"{name}. {gloss}"


def sha_of(text: str) -> str:
    """Give the SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
