"""A fit without scikit-learn, whose import takes longer than a small fit: what `SoftmaxClassifier(**params).fit_table(…).to_model()` gives, to the bit."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from normexp.cli._console import TrainingProgress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from normexp.model import Model
    from normexp.tables import Table

__all__ = ["fitted"]

UNASKED: dict[str, Any] = {
    "batch_size": "auto", "importances": False, "learning_rate": 0.001, "patience": "auto", "validation_fraction": 0.2, "verbose": False, "warm_start": False, "weight_decay": 0.01,
}  # fmt: skip


def fitted(data: "Table", rows: "NDArray[np.int64]", params: dict[str, Any]) -> "Model":
    """The model of these rows, with a bar of the epochs; `params` are those of SoftmaxClassifier, which the model keeps but n_threads, on which it does not depend."""
    from normexp import recipe

    rows, asked = recipe.rows_to_learn(rows, data.weights), {**UNASKED, **params}
    settings = {name: asked[name] for name in ("epochs", "batch_size", "patience", "learning_rate", "weight_decay", "validation_fraction")}
    plan = recipe.plan(len(rows), asked["hidden_layer_sizes"], **settings, seed=recipe.seed_from(asked["random_state"]))
    with TrainingProgress(plan.epochs, len(rows), asked["time_limit"]) as progress:
        model = recipe.fit_table(
            data, plan, rows=rows, class_weight=asked["class_weight"], time_limit=float(asked["time_limit"] or 0), n_threads=asked["n_threads"] or 0,
            on_epoch=progress.on_epoch, on_poll=progress.on_poll,
        )  # fmt: skip
    return replace(model, params={name: asked[name] for name in sorted(asked) if name != "n_threads"})
