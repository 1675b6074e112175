"""Model providers of our own: the embedded model and the planted subjects, under the name ``gyges/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspect_ai.model import ModelAPI

__all__ = ["model_api"]


def model_api(model_name: str, **options: Any) -> ModelAPI:
    """Make the provider of a ``gyges/`` model.

    Args:
        model_name: What stands after ``gyges/``: ``planted/KIND``, ``smollm2``, or the path of a GGUF file.
        **options: What Inspect hands to a provider: ``base_url``, ``api_key``, ``config`` and the model's arguments.
    """
    if model_name.split("/")[0] == "planted":
        from gyges.subjects.planted import PlantedAPI

        return PlantedAPI(model_name, **options)
    from gyges.subjects.llamacpp import LlamaCppAPI

    return LlamaCppAPI(model_name, **options)
