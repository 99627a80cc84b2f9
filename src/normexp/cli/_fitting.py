"""A fit without scikit-learn, whose import takes longer than a small fit: what `SoftmaxClassifier(**params).fit_table(…).to_model()` gives, to the bit."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from normexp.cli._console import TrainingProgress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from normexp.model import Model
    from normexp.recipe import Executor, Plan, Portfolio
    from normexp.tables import Table

__all__ = ["fitted"]

UNASKED: dict[str, Any] = {
    "batch_size": "auto", "cv": None, "importances": False, "members": None, "quality": "good",
    "learning_rate": "auto", "patience": "auto", "validation_fraction": 0.2, "verbose": False, "warm_start": False,
    "weight_decay": "auto", "max_depth": "auto", "max_iter": "auto", "l2_regularization": "auto", "max_bins": "auto",
}  # fmt: skip


def fitted(data: "Table", rows: "NDArray[np.int64]", params: dict[str, Any], executor: "Executor | None" = None) -> "Model":
    """The model of these rows, with a bar of the epochs; `params` are those of SoftmaxClassifier, which the model keeps but n_threads, on which it does not depend."""
    from normexp import recipe

    rows, asked = recipe.rows_to_learn(rows, data.weights), {**UNASKED, **params}
    plan = _plan(len(rows), data, asked)
    with TrainingProgress(plan.epochs if isinstance(plan, recipe.Plan) else 0, len(rows), asked["time_limit"]) as progress:
        model = recipe.fit_table(
            data, plan, rows=rows, class_weight=asked["class_weight"], time_limit=float(asked["time_limit"] or 0), n_threads=asked["n_threads"] or 0,
            on_epoch=progress.on_epoch, on_poll=progress.on_poll, on_progress=progress.on_progress, executor=executor,
        )  # fmt: skip
    return replace(model, params={name: asked[name] for name in sorted(asked) if name != "n_threads"})


def _plan(n_rows: int, data: "Table", asked: dict[str, Any]) -> "Plan | Portfolio":
    from normexp import recipe

    settings, seed = {name: asked[name] for name in ("hidden_layer_sizes", "epochs", "batch_size", "learning_rate", "weight_decay")}, recipe.seed_from(asked["random_state"])
    if asked["quality"] == "fast":
        return recipe.plan(n_rows, **settings, patience=asked["patience"], validation_fraction=asked["validation_fraction"], seed=seed)
    return recipe.portfolio(n_rows, data.schema.matrix_columns(), len(data.with_target()[0]), asked["quality"], members=asked["members"], **settings, seed=seed)
