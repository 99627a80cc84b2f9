"""What a model file says of its model, as data."""

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["FORMAT", "LABEL_TYPES", "ModelInfo"]

FORMAT = 4
LABEL_TYPES: dict[str, Any] = {"int": np.int64, "float": np.float64, "bool": np.bool_, "text": np.str_, "object": object}


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says of itself, without its weights."""

    format: int
    version: str
    params: dict[str, Any]
    classes: list[Any]
    label_type: str
    members: list[dict[str, Any]]
    weights: list[float]
    n_inputs: int
    n_features_in: int
    feature_names: list[str] | None
    schema: dict[str, Any] | None
    temperature: float
    history: dict[str, Any]
    scores: dict[str, float]
    class_shares: list[float] | None = None
    class_weights: list[float] | None = None
    profile: dict[str, Any] | None = None
    positive: int | None = None
    bias: list[float] | None = None
    out_of_fold: dict[str, Any] | None = None
