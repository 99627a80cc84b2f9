"""Data that comes with scikit-learn, and the tutorial's four blobs."""

from typing import Any

import numpy as np

from normexp._checks import did_you_mean
from normexp.errors import DataError

__all__ = ["EXAMPLES", "example"]

EXAMPLES = {"iris": "species", "wine": "cultivar", "digits": "digit", "breast_cancer": "diagnosis", "blobs": "class"}  # name: target column
BLOB_CENTRES = [(15, 0), (15, 15), (0, 15), (30, 15)]


def example(name: str) -> dict[str, np.ndarray[Any, Any]]:
    """Columns of an example by name, the target last."""
    if name not in EXAMPLES:
        raise DataError(f"expected an example out of {', '.join(EXAMPLES)}, got '{name}'{did_you_mean(name, EXAMPLES)}")
    from sklearn import datasets

    if name == "blobs":
        points, labels = datasets.make_blobs(n_samples=1000, centers=BLOB_CENTRES, cluster_std=1.5, random_state=0)
        return {"X1": points[:, 0], "X2": points[:, 1], "class": labels}
    bunch = getattr(datasets, f"load_{name}")()
    columns = {str(column): bunch.data[:, i] for i, column in enumerate(bunch.feature_names)}
    labels = bunch.target if name == "digits" else np.asarray(bunch.target_names)[bunch.target].astype(object)
    return {**columns, EXAMPLES[name]: labels}
