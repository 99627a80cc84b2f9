"""Draws the gallery of figures, docs/images/figures.png, from models that are trained here: every picture is of real answers."""

import warnings
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
from matplotlib import pyplot as plt

from normexp import SoftmaxClassifier, explain, plots, recipe
from normexp.explanation import permutation_importance
from normexp.model import evaluation_of
from normexp.tables import EXAMPLES, held_out_rows, read

HERE = Path(__file__).parent


def trained(name):
    """A table, a model of three quarters of it, and the other quarter."""
    table = read(f"example:{name}", target=EXAMPLES[name])
    rows, held = held_out_rows(table.targets, 0.25, 0)
    return recipe.fit_table(table, recipe.plan(len(rows), seed=0), rows=rows), table.take(held)


def main():
    warnings.simplefilter("ignore")
    (blobs, of_blobs), (digits, of_digits), (wine, of_wine), (cancer, of_cancer) = map(trained, ("blobs", "digits", "wine", "breast_cancer"))
    two, ten = evaluation_of(cancer, of_cancer), evaluation_of(digits, of_digits)
    names = [str(label) for label in blobs.classes]
    unsure = explain(wine, of_wine.take(evaluation_of(wine, of_wine).confidences.argsort()[:1]))
    matters = permutation_importance(wine, of_wine)
    first = matters.order()[:8]
    flat = SoftmaxClassifier((), epochs=20, random_state=0).fit(of_wine.matrix, of_wine.labels)
    figure, axes = plt.subplots(4, 4, figsize=(20, 15), layout="constrained")
    draws = [
        lambda ax: plots.scatter(of_blobs.matrix, of_blobs.targets, names, title="Rows of two features", ax=ax),
        lambda ax: plots.decision_regions(blobs.probabilities, of_blobs.matrix, of_blobs.targets, names, ax=ax),
        lambda ax: plots.training_history(digits.history, ax=ax),
        lambda ax: plots.confusion(ten, ax=ax),
        lambda ax: plots.reliability(ten, ax=ax),
        lambda ax: plots.roc(two, ax=ax),
        lambda ax: plots.precision_recall(two, ax=ax),
        lambda ax: plots.gains(two, ax=ax),
        lambda ax: plots.decision_curve(two, ax=ax),
        lambda ax: plots.importance([matters.feature_names[i] for i in first], matters.mean[first], matters.low[first], matters.high[first], ax=ax),
        lambda ax: plots.contributions(unsure, ax=ax),
        lambda ax: plots.simplex(flat.predict_proba(of_wine.matrix), of_wine.targets, [str(label) for label in wine.classes], ax=ax),
        lambda ax: plots.chain([-3.44, 1.16, -0.81, 3.91], ["dog", "cat", "boat", "airplane"], target="airplane", ax=ax),
        lambda ax: plots.temperatures([0.7, 1.5, 4.8], ax=ax),
        lambda ax: plots.sigmoid_and_softmax(ax=ax),
        lambda ax: plots.gradients(ax=ax),
    ]
    for draw, ax in zip(draws, np.ravel(axes), strict=True):
        draw(ax)
    figure.savefig(HERE / "images" / "figures.png", dpi=80)
    print("picture: docs/images/figures.png")


if __name__ == "__main__":
    main()
