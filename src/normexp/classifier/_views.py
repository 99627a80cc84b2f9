"""Fitted attributes under scikit-learn's names: each is a view of the estimator's `model_`, so there is one truth.

Reading asks the model; writing puts another model in its place, for the model itself is frozen.
"""

from dataclasses import replace
from typing import Any

from normexp.model import Model

__all__ = ["EpochsView", "MemberView", "ModelView"]


class ModelView:
    """A field of the model."""

    def __init__(self, field: str) -> None:
        self.field = field

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        return self if estimator is None else getattr(self.model_of(estimator), self.field)

    def __set__(self, estimator: Any, value: Any) -> None:
        estimator.model_ = replace(self.model_of(estimator), **{self.field: value})

    def model_of(self, estimator: Any) -> Model:
        model: Model | None = vars(estimator).get("model_")
        if model is None:
            raise AttributeError(f"'{type(estimator).__name__}' object has no attribute '{self.name}' before it is fitted")
        return model


class EpochsView(ModelView):
    """How many epochs, or rounds, a history has, at least 1; not to be written."""

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        return self if estimator is None else max(self.model_of(estimator).history.n_epochs, 1)

    def __set__(self, estimator: Any, value: Any) -> None:
        raise AttributeError(f"expected {self.name} to be read only, got {value!r}")


class MemberView(ModelView):
    """A field of the model's only member; the encoder is that of all."""

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        if estimator is None:
            return self
        model = self.model_of(estimator)
        if self.field == "encoder":
            return model.encoder
        try:
            return getattr(model.member, self.field)
        except ValueError as error:
            raise AttributeError(f"{self.name} is that of a model of one network: {error}; fit with quality='fast'") from error

    def __set__(self, estimator: Any, value: Any) -> None:
        model = self.model_of(estimator)
        estimator.model_ = replace(model, members=(replace(model.member, **{self.field: value}),))
