"""A fit without scikit-learn, whose import takes longer than a small fit: what `SoftmaxClassifier(**params).fit_table(…).to_model()` gives, to the bit."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from normexp.cli._console import TrainingProgress, say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from normexp.model import Model
    from normexp.recipe import Executor, Plan, Portfolio
    from normexp.tables import Schema, Table

__all__ = ["fitted", "kept_params", "plan_of", "say_left_out"]

UNASKED: dict[str, Any] = {
    "batch_size": "auto", "cv": None, "importances": False, "members": None, "quality": "good",
    "learning_rate": "auto", "patience": "auto", "validation_fraction": 0.2, "verbose": False, "warm_start": False,
    "weight_decay": "auto", "max_depth": "auto", "max_iter": "auto", "l2_regularization": "auto", "max_bins": "auto",
}  # fmt: skip


def fitted(data: "Table", rows: "NDArray[np.int64]", params: dict[str, Any], executor: "Executor | None" = None) -> "Model":
    """The model of these rows, with a bar of the epochs; `params` are those of SoftmaxClassifier, which the model keeps but n_threads, on which it does not depend."""
    from normexp import recipe

    rows, asked = recipe.rows_to_learn(rows, data.weights), {**UNASKED, **params}
    plan = plan_of(len(rows), data.schema, len(data.with_target()[0]), params)
    with TrainingProgress(plan.epochs if isinstance(plan, recipe.Plan) else 0, len(rows), asked["time_limit"]) as progress:
        model = recipe.fit_table(
            data, plan, rows=rows, class_weight=asked["class_weight"], time_limit=float(asked["time_limit"] or 0), n_threads=asked["n_threads"] or 0,
            on_epoch=progress.on_epoch, on_poll=progress.on_poll, on_progress=progress.on_progress, executor=executor,
        )  # fmt: skip
    return replace(model, params=kept_params(params))


def say_left_out(model: "Model") -> None:
    """Which kinds of members are not in it, and why."""
    if model.out_of_fold is not None and model.out_of_fold.left_out:
        reason = "diverged" if model.history.stopped in ("epochs", "patience", "diverged") else f"not finished ({model.history.stopped.replace('_', ' ')})"
        say(f"left out, {reason}: {', '.join(model.out_of_fold.left_out)}; the model is made of the other kinds of members")


def kept_params(params: dict[str, Any]) -> dict[str, Any]:
    """Those of SoftmaxClassifier that the model keeps."""
    asked = {**UNASKED, **params}
    return {name: asked[name] for name in sorted(asked) if name != "n_threads"}


def plan_of(n_rows: int, schema: "Schema", n_classes: int, params: dict[str, Any]) -> "Plan | Portfolio":
    """What is fitted on so many rows."""
    from normexp import recipe

    asked = {**UNASKED, **params}
    settings, seed = {name: asked[name] for name in ("hidden_layer_sizes", "epochs", "batch_size", "learning_rate", "weight_decay")}, recipe.seed_from(asked["random_state"])
    if asked["quality"] == "fast":
        return recipe.plan(n_rows, **settings, patience=asked["patience"], validation_fraction=asked["validation_fraction"], seed=seed)
    return recipe.portfolio(n_rows, schema.matrix_columns(), n_classes, asked["quality"], members=asked["members"], **settings, seed=seed)
