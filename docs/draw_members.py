"""Draws docs/images/members.png: decision regions of linear models, networks, trees and all together, on four blobs, two columns of wine and a board."""

import warnings
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
from matplotlib import pyplot as plt
from PIL import Image
from sklearn.datasets import load_wine, make_blobs

from normexp import SoftmaxClassifier, cross_entropy, plots

PICTURE = Path(__file__).parent / "images" / "members.png"
FAMILIES = (("linear", "linear"), ("network", "networks"), ("trees", "trees"), (None, "all, combined"))


def blobs():
    """The four blobs of the tutorial, closer together: half of each to learn from."""
    points, classes = make_blobs(400, centers=[[-2, 1], [-2, -2], [1, -1], [2, 3]], cluster_std=1.3, random_state=0)
    return "Four blobs", points.astype(np.float32), classes, ("X1", "X2"), ["first", "second", "third", "fourth"]


def wine():
    """Two columns of a real table: 178 wines of three growers."""
    data = load_wine()
    columns = [data.feature_names.index(name) for name in ("alcohol", "color_intensity")]
    return "Wine", data.data[:, columns].astype(np.float32), data.target, ("alcohol", "colour intensity"), ["grower 1", "grower 2", "grower 3"]


def board():
    """Squares of a board, a tenth of the rows of the other colour: thresholds are all there is."""
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 3, (600, 2)).astype(np.float32)
    classes = (np.floor(points).sum(axis=1) % 2 != (rng.random(600) < 0.1)).astype(int)
    return "Board", points, classes, ("X1", "X2"), ["white", "black"]


def main():
    warnings.simplefilter("ignore")
    figure, axes = plt.subplots(3, 4, figsize=(20, 14), layout="constrained")
    for row, (name, points, classes, features, names) in zip(axes, (blobs(), wine(), board()), strict=True):
        order = np.random.default_rng(0).permutation(len(points))
        learnt, held = order[::2], order[1::2]
        for ax, (members, title) in zip(row, FAMILIES, strict=True):
            model = SoftmaxClassifier(members=members, random_state=0).fit(points[learnt], classes[learnt])
            loss = cross_entropy(model.predict_log_proba(points[held]), classes[held])
            plots.decision_regions(model.predict_proba, points[held], classes[held], names, features=features, title=f"{name}, {title}: log loss {loss:.3f}", ax=ax)
            print(f"{name}, {title}: {loss:.3f}")
    figure.savefig(PICTURE, dpi=60)
    Image.open(PICTURE).convert("RGB").quantize(192).save(PICTURE, optimize=True)  # a third of the size, and looks alike
    print("picture: docs/images/members.png")


if __name__ == "__main__":
    main()
