"""Fitted attributes under scikit-learn's names: each is a view of the estimator's `model_`, so there is one truth.

Reading asks the model; writing puts another model in its place, for the model itself is frozen.
"""

from dataclasses import replace
from typing import Any

__all__ = ["MemberView", "ModelView"]


class ModelView:
    """A field of the model."""

    def __init__(self, field: str) -> None:
        self.field = field

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        return self if estimator is None else getattr(estimator.model_, self.field)

    def __set__(self, estimator: Any, value: Any) -> None:
        estimator.model_ = replace(estimator.model_, **{self.field: value})


class MemberView(ModelView):
    """A field of the model's only member."""

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        return self if estimator is None else getattr(estimator.model_.member, self.field)

    def __set__(self, estimator: Any, value: Any) -> None:
        estimator.model_ = replace(estimator.model_, members=(replace(estimator.model_.member, **{self.field: value}),))
