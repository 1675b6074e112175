"""How is a trained judge kept in a file, and when may it be used?

One JSON file (``gyges.embedded/1``): the weights, what they were fitted to, and the card with the errors that were
measured. It holds numbers, names and hashes, no text of an answer. A file is refused where its content is not what was
written, or where the embeddings or the lexical rule that are installed are not those that it was trained with: its
weights would then be multiplied with other numbers.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gyges.errors import JudgeError
from gyges.study.schema import OUTCOMES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["NAME", "SCHEMA", "Model", "read_model"]

SCHEMA = "gyges.embedded/1"

NAME = re.compile(r"embedded(-[a-z0-9][a-z0-9._-]{0,60})?")
"""What a trained judge may be called; verdicts stand under its name."""


@dataclass(slots=True)
class Model:
    """A trained judge."""

    name: str
    setting: str
    classes: tuple[str, ...]
    """The outcomes that it tells apart; it may say ``undecided`` besides."""
    names: tuple[str, ...]
    """The features beside the embeddings, in order."""
    features: int
    """The version of the features."""
    embedding: dict[str, str]
    """Which embeddings: model, package, and the hashes of weights and vocabulary."""
    lexical: str | None
    """The version of the lexical rule whose cues are among the features."""
    threshold: float
    """The least probability of the likeliest outcome; below it the answer is ``undecided``."""
    weights: NDArray[np.float32]
    """Shape (features, classes), the embeddings first."""
    offsets: NDArray[np.float32]
    """Shape (classes,)."""
    date: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The first 12 hex digits of the SHA-256 of all that decides a verdict."""
        return _digest(self._core())[:12]

    def _core(self) -> dict[str, Any]:
        fixed = {key: self.embedding[key] for key in ("model", "weights", "vocabulary")}
        return {
            "schema": SCHEMA,
            "name": self.name,
            "setting": self.setting,
            "classes": list(self.classes),
            "features": {"version": self.features, "names": list(self.names)},
            "embedding": fixed,
            "lexical": self.lexical,
            "threshold": self.threshold,
            "weights": {"shape": list(self.weights.shape), "float32": _packed(self.weights)},
            "offsets": {"shape": list(self.offsets.shape), "float32": _packed(self.offsets)},
        }

    def to_dict(self) -> dict[str, Any]:
        """Return what the model's file holds."""
        record = {
            **self._core(),
            "embedding": self.embedding,
            "version": self.version,
            "date": self.date,
            "training": self.training,
            "card": self.card,
        }
        return {**record, "sha256": _digest(record)}

    def write(self, path: Path) -> None:
        """Write the model's file, all of it or nothing."""
        partial = path.with_name(path.name + ".partial")
        partial.write_text(
            json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        partial.replace(path)


def read_model(path: Path) -> Model:
    """Read a model's file.

    Raises:
        JudgeError: It cannot be read, is of another kind, or was changed or cut since it was written.
    """
    again = "train it again with: gyges train-judge --labels FILE --setting SETTING --out FILE.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JudgeError(f"{path}: cannot be read as a trained judge: {error}; {again}") from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        found = record.get("schema") if isinstance(record, dict) else type(record).__name__
        raise JudgeError(
            f"{path}: is not a trained judge: schema {found!r}, expected {SCHEMA!r}; {again}"
        )
    kept = record.pop("sha256", None)
    if kept != _digest(record):
        raise JudgeError(f"{path}: its content is not what was written (SHA-256 differs); {again}")
    try:
        model = Model(
            name=record["name"],
            setting=record["setting"],
            classes=tuple(record["classes"]),
            names=tuple(record["features"]["names"]),
            features=record["features"]["version"],
            embedding=dict(record["embedding"]),
            lexical=record["lexical"],
            threshold=float(record["threshold"]),
            weights=_unpacked(record["weights"]),
            offsets=_unpacked(record["offsets"]),
            date=record["date"],
            training=record["training"],
            card=record["card"],
        )
        _check(model)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise JudgeError(
            f"{path}: a part of it is missing or malformed: {error!r}; {again}"
        ) from error
    return model


def _check(model: Model) -> None:
    import numpy as np

    if not NAME.fullmatch(model.name):
        raise ValueError(f"name {model.name!r}")
    if len(model.classes) < 2 or not set(model.classes) < {*OUTCOMES}:
        raise ValueError(f"classes {model.classes}")
    if model.weights.shape[1:] != (len(model.classes),) or model.offsets.shape != (
        len(model.classes),
    ):
        raise ValueError(f"weights of shape {model.weights.shape}")
    if not (np.isfinite(model.weights).all() and np.isfinite(model.offsets).all()):
        raise ValueError("weights that are not numbers")


def _packed(values: NDArray[np.float32]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")


def _unpacked(record: dict[str, Any]) -> NDArray[np.float32]:
    import numpy as np

    data = base64.b64decode(record["float32"], validate=True)
    return np.frombuffer(data, dtype="<f4").reshape(record["shape"]).astype(np.float32)


def _digest(record: dict[str, Any]) -> str:
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
