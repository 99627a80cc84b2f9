"""The network on the page: the program that is shown is run when the page is made, and its weights are kept epoch by epoch."""

from typing import Any

import numpy as np

__all__ = ["PROGRAM", "record_network"]

PROGRAM = """\
import normexp.keras as keras
from normexp.keras import layers
from normexp.tables import read

blobs = read("example:blobs", target="class")
x = blobs.matrix
y = keras.utils.to_categorical(blobs.targets)

keras.utils.set_random_seed(3)
model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(12, activation="relu"),
    layers.Dense(8, activation="relu"),
    layers.Dense(4, activation="softmax"),
])
model.compile(
    "adam", "categorical_crossentropy",
    metrics=["accuracy"],
)
history = model.fit(
    x[250:], y[250:], epochs=30,
    batch_size=5, validation_split=0.2,
    verbose=0, callbacks=callbacks,
)
loss, accuracy = model.evaluate(
    x[:250], y[:250], verbose=0,
)
"""
DIGITS = 5


def record_network() -> dict[str, Any]:
    """Run `PROGRAM`; the points, the weights before and after each epoch, the losses, and the test's result."""
    from normexp import keras

    weights: list[list[Any]] = []

    def keep(*_: Any) -> None:
        weights.append(names["model"].get_weights())

    names: dict[str, Any] = {"callbacks": [keras.callbacks.LambdaCallback(on_train_begin=keep, on_epoch_end=keep)]}
    exec(PROGRAM, names)
    history = {key: [_rounded(value) for value in values] for key, values in names["history"].history.items()}
    points, targets = names["x"], names["blobs"].targets
    return {
        "epochs": [[_rounded(value) for part in epoch for value in np.ravel(part)] for epoch in weights], "history": history,
        "points": [[_rounded(value) for value in point] for point in points[:250]], "targets": targets[:250].tolist(),
        "classes": [str(label) for label in names["blobs"].classes], "loss": float(names["loss"]), "accuracy": float(names["accuracy"]),
    }  # fmt: skip


def _rounded(value: Any) -> float:
    return float(f"{float(value):.{DIGITS}g}")
