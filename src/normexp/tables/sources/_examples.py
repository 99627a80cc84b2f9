"""Data that comes with scikit-learn, and the tutorial's four blobs."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import did_you_mean
from normexp.errors import DataError

__all__ = ["EXAMPLES", "example"]

EXAMPLES = {"iris": "species", "wine": "cultivar", "digits": "digit", "breast_cancer": "diagnosis", "blobs": "class"}  # name: target column
BLOB_CENTRES = [(15, 0), (15, 15), (0, 15), (30, 15)]
WINE = "alcohol malic_acid ash alcalinity_of_ash magnesium total_phenols flavanoids nonflavanoid_phenols proanthocyanins color_intensity hue od280/od315_of_diluted_wines proline"
CELL = ("radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry", "fractal dimension")
# File, and names of its columns but the last, which is the class.
FILES: dict[str, tuple[str, list[str]]] = {
    "iris": ("iris.csv", [f"{part} {side} (cm)" for part in ("sepal", "petal") for side in ("length", "width")]),
    "wine": ("wine_data.csv", WINE.split()),
    "breast_cancer": ("breast_cancer.csv", [*(f"mean {name}" for name in CELL), *(f"{name} error" for name in CELL), *(f"worst {name}" for name in CELL)]),
    "digits": ("digits.csv.gz", [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]),
}


def example(name: str) -> dict[str, np.ndarray[Any, Any]]:
    """Columns of an example by name, the target last."""
    if name not in EXAMPLES:
        raise DataError(f"expected an example out of {', '.join(EXAMPLES)}, got '{name}'{did_you_mean(name, EXAMPLES)}")
    if name == "blobs":
        return _blobs()
    file, columns = FILES[name]
    try:
        data, classes = _read(_folder() / file)
    except OSError:  # another version of scikit-learn may keep it elsewhere
        return _loaded(name)
    targets = data[:, -1].astype(np.int64)
    labels = np.array(classes, object)[targets] if classes else targets
    return {**{column: data[:, i] for i, column in enumerate(columns)}, EXAMPLES[name]: labels}


def _folder() -> Path:
    """Where scikit-learn keeps its data, found without importing it, which takes a second."""
    found = find_spec("sklearn")
    return Path(next(iter(found.submodule_search_locations or ()), "") if found else "") / "datasets" / "data"


def _read(path: Path) -> tuple[NDArray[np.float64], list[str]]:
    """The numbers of a file, and the names of the classes, which head it but in digits."""
    if path.suffix == ".gz":
        return np.loadtxt(path, delimiter=","), []
    with path.open(encoding="utf-8") as lines:
        _, _, *classes = next(lines).strip().split(",")
        return np.loadtxt(lines, delimiter=","), classes


def _loaded(name: str) -> dict[str, np.ndarray[Any, Any]]:
    """The same by scikit-learn's own function."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    columns = {str(column): bunch.data[:, i] for i, column in enumerate(bunch.feature_names)}
    labels = bunch.target if name == "digits" else np.asarray(bunch.target_names)[bunch.target].astype(object)
    return {**columns, EXAMPLES[name]: labels}


def _blobs() -> dict[str, np.ndarray[Any, Any]]:
    """Those of scikit-learn's make_blobs(1000, centers=BLOB_CENTRES, cluster_std=1.5, random_state=0)."""
    rng, n = np.random.RandomState(0), 250
    points = np.concatenate([rng.normal(centre, 1.5, (n, 2)) for centre in BLOB_CENTRES])
    order = np.arange(len(points))
    rng.shuffle(order)
    return {"X1": points[order, 0], "X2": points[order, 1], "class": order // n}
