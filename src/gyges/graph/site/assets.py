"""Which files does a page of the graph load, and from where are they?

Its own style sheet and scripts, a vendored Cytoscape.js with its licence, and the tokens that all pages of Gyges share.
The shared ones belong to the reports, which this room does not know: whoever builds a site passes their folder.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from gyges.errors import GraphError

__all__ = ["OWN", "SHARED", "TYPES", "Assets"]

OWN = (
    "graph.css",
    "node.css",
    "page.js",
    "search.js",
    "picture.js",
    "layout.js",
    "cytoscape.min.js",
    "cytoscape.LICENSE.txt",
)
SHARED = ("tokens.css", "page.css", "theme.js", "dom.js")
"""What these pages share with the reports."""
TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
}


class Assets:
    """The files that pages load from ``assets/``.

    Args:
        look: The folder of the style sheets and scripts that the reports use, for the same look here.

    Raises:
        GraphError: The folder lacks one of :data:`SHARED`.
    """

    def __init__(self, look: Traversable) -> None:
        own = files("gyges.graph.site") / "assets"
        missing = [name for name in SHARED if not (look / name).is_file()]
        if missing:
            raise GraphError(
                f"the look of the pages lacks {', '.join(missing)}; it is the folder with {', '.join(SHARED)}"
            )
        self._bytes = {name: (own / name).read_bytes() for name in OWN}
        self._bytes |= {name: (look / name).read_bytes() for name in SHARED}
        digest = hashlib.sha256()
        for name, content in sorted(self._bytes.items()):
            digest.update(name.encode() + b"\0" + content)
        self.build = digest.hexdigest()[:8]
        """Changes when a file changes; for :attr:`gyges.graph.site.Links.build`."""

    @property
    def names(self) -> list[str]:
        """The files, by name."""
        return sorted(self._bytes)

    def get(self, name: str) -> tuple[str, bytes] | None:
        """Return a file's media type and content; None where there is no such file."""
        content = self._bytes.get(name)
        return None if content is None else (TYPES[name.rsplit(".", 1)[1]], content)

    def write(self, folder: Path) -> None:
        """Write all files into a folder, which is made where it is absent."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self._bytes.items():
            (folder / name).write_bytes(content)
