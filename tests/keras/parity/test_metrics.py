"""Every metric of normexp.keras over epochs and batches is that of Keras."""

import pytest

from keras_parity import cases, tanh_network, theirs
from normexp import keras as ours
from reference import keras_oracle as oracle

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]
METRICS = {  # targets, units and activation of the last layer, loss, metrics
    "one_hot": ("one_hot", 4, "softmax", "categorical_crossentropy", lambda m: ["accuracy", "acc", "categorical_accuracy", m.CategoricalAccuracy(name="own")]),
    "integers": ("integers", 4, "softmax", "sparse_categorical_crossentropy", lambda m: ["accuracy", m.SparseCategoricalAccuracy()]),
    "integer_column": ("integer_column", 4, "softmax", "sparse_categorical_crossentropy", lambda _: ["accuracy"]),
    "binary": ("binary_column", 1, "sigmoid", "binary_crossentropy", lambda m: ["accuracy", m.BinaryAccuracy(), m.BinaryAccuracy(name="at", threshold=0.4)]),
    "binary_flat": ("binary", 1, "sigmoid", "binary_crossentropy", lambda _: ["accuracy", "binary_accuracy"]),
    "multi_label": ("multi_label", 4, "sigmoid", "binary_crossentropy", lambda m: ["accuracy", m.BinaryAccuracy()]),
    "top_k": ("one_hot", 4, "softmax", "categorical_crossentropy", lambda m: [m.TopKCategoricalAccuracy(k=2), "top_k_categorical_accuracy"]),
    "sparse_top_k": ("integers", 4, "softmax", "sparse_categorical_crossentropy", lambda m: [m.SparseTopKCategoricalAccuracy(k=2)]),
    "areas": ("binary_column", 1, "sigmoid", "binary_crossentropy", lambda m: [m.AUC(name="roc"), m.AUC(curve="PR", name="pr"), m.AUC(20, name="coarse")]),
    "area_multi_label": ("multi_label", 4, "sigmoid", "binary_crossentropy", lambda m: [m.AUC(name="flat"), m.AUC(multi_label=True, name="mean")]),
    "area_one_hot": ("one_hot", 4, "softmax", "categorical_crossentropy", lambda m: [m.AUC(name="auc")]),
    "precision_recall": ("binary_column", 1, "sigmoid", "binary_crossentropy", lambda m: [m.Precision(name="precision"), m.Recall(name="recall")]),
    "precision_at": ("binary_column", 1, "sigmoid", "binary_crossentropy", lambda m: [m.Precision(0.6, name="p"), m.Recall(thresholds=0.4, name="r")]),
    "precision_one_hot": ("one_hot", 4, "softmax", "categorical_crossentropy", lambda m: [m.Precision(name="p"), m.Recall(class_id=1, name="r"), m.Recall(top_k=2, name="r2")]),
    "f1": ("one_hot", 4, "softmax", "categorical_crossentropy", lambda m: [m.F1Score(), m.F1Score(average="macro", name="f"), m.F1Score(average="weighted", name="w")]),
    "f1_threshold": ("multi_label", 4, "sigmoid", "binary_crossentropy", lambda m: [m.F1Score(threshold=0.5, average="micro")]),
    "crossentropies": ("one_hot", 4, "softmax", "kl_divergence", lambda m: [m.CategoricalCrossentropy(), m.CategoricalCrossentropy(name="s", label_smoothing=0.1)]),
    "sparse_crossentropy": ("integers", 4, "softmax", "sparse_categorical_crossentropy", lambda m: [m.SparseCategoricalCrossentropy()]),
    "binary_crossentropy": ("binary_column", 1, "sigmoid", "binary_crossentropy", lambda m: [m.BinaryCrossentropy()]),
}


@cases(METRICS)
def test_metrics(case):
    """Three epochs of 48 rows in batches of 8, and the 16 others: predictions agree to rounding, and no row is near a threshold."""
    target, units, head, loss, metrics = case
    pair = oracle.twins(
        theirs,
        ours,
        lambda k: tanh_network(k, units, head),
        lambda k: {"optimizer": k.optimizers.SGD(0.05), "loss": loss, "metrics": metrics(k.metrics)},
    )
    x, y = oracle.inputs(n=64), oracle.targets(target, 64)
    expected, got = (oracle.fit(model, x, y, 3, validation_split=0.25) for model in pair)
    assert len(expected) >= 4
    oracle.assert_same_values(expected, got)
