"""Between the estimator and the model that answers for it; neither way copies an array."""

from typing import TYPE_CHECKING, Any

import numpy as np

from normexp.model import Model
from normexp.network import OptimizerState

if TYPE_CHECKING:
    from normexp.classifier._classifier import SoftmaxClassifier

__all__ = ["fill_from_model", "model_of"]


def model_of(estimator: "SoftmaxClassifier") -> Model:
    """The model that the attributes of a fitted estimator make."""
    names = getattr(estimator, "feature_names_in_", None)
    return Model(
        estimator.schema_, estimator.classes_, estimator.encoder_, estimator.network_, estimator.parameters_, estimator.temperature_, estimator.class_shares_,
        int(estimator.n_features_in_), None if names is None else tuple(names), estimator.history_,
    )  # fmt: skip


def fill_from_model(estimator: "SoftmaxClassifier", model: Model) -> None:
    """Attributes as after the fit that made the model; a further fit starts the update rule afresh."""
    attributes: dict[str, Any] = {
        "schema_": model.schema, "classes_": model.classes, "encoder_": model.encoder, "network_": model.network, "parameters_": model.parameters,
        "temperature_": model.temperature, "class_shares_": model.class_shares, "n_features_in_": model.n_features, "history_": model.history,
        "optimizer_state_": OptimizerState.fresh(model.parameters),
    }  # fmt: skip
    if model.feature_names is not None:
        attributes["feature_names_in_"] = np.array(model.feature_names, object)
    for name, value in attributes.items():
        setattr(estimator, name, value)
