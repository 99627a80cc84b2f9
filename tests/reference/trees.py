"""One round of boosting with symmetric trees, slow and plain, in float64."""

import numpy as np

__all__ = ["best_level", "first_round", "leaf_numbers", "questions_answered"]


def gradients(targets, n_classes):
    """Of the softmax cross-entropy at the class shares: (n, n_outputs) gradients and hessians, and the logits before the first tree."""
    counts = np.bincount(targets, minlength=n_classes) + 0.5
    shares = counts / counts.sum()
    if n_classes == 2:
        p = np.full((len(targets), 1), shares[1])
        return p - (targets == 1)[:, None], p * (1 - p), np.log(shares[1:] / shares[:1])
    p = np.tile(shares, (len(targets), 1))
    return p - np.eye(n_classes)[targets], p * (1 - p), np.log(shares)


def worth(g, h, leaves, l2):
    """Squares of the sums of gradients over the mean hessians, of all leaves."""
    return sum((g[leaves == leaf].sum(axis=0) ** 2).sum() / (h[leaves == leaf].mean(axis=1).sum() + l2) for leaf in np.unique(leaves))


def answers(values, threshold, missing):
    return np.where(np.isnan(values), missing, values > threshold)


def best_level(matrix, thresholds, g, h, leaves, l2):
    """(gain, feature, threshold, missing) of the best question for all leaves."""
    found = []
    for feature in range(matrix.shape[1]):
        values = matrix[:, feature]
        any_missing = np.isnan(values).any()
        for missing in (False, True) if any_missing else (False,):
            for threshold in ([-np.inf] if any_missing and not missing else []) + list(thresholds[feature]):
                yes = answers(values, threshold, missing)
                found.append((worth(g, h, 2 * leaves + yes, l2), feature, threshold, missing))
    return max(found, key=lambda one: one[0])


def first_round(matrix, targets, n_classes, thresholds, depth, l2, learning_rate, most_step):
    """The first tree: its questions, its leaves (2 ** depth, n_outputs), and the logits before it."""
    g, h, base = gradients(targets, n_classes)
    leaves, questions = np.zeros(len(targets), int), []
    for level in range(depth):
        _, feature, threshold, missing = best_level(matrix, thresholds, g, h, leaves, l2)
        questions.append((feature, threshold, missing))
        leaves = leaves + (answers(matrix[:, feature], threshold, missing).astype(int) << level)
    steps = np.zeros((2**depth, g.shape[1]))
    for leaf in range(2**depth):
        steps[leaf] = -g[leaves == leaf].sum(axis=0) / (h[leaves == leaf].sum(axis=0) + l2)
    return questions, np.clip(steps, -most_step, most_step) * learning_rate, base


def leaf_numbers(forest, tree, matrix):
    """Of each row, by the questions of a tree."""
    found = np.zeros(len(matrix), int)
    for level, (feature, threshold, missing) in enumerate(zip(forest.features[tree], forest.thresholds[tree], forest.missing[tree], strict=True)):
        if feature >= 0:
            found += answers(matrix[:, feature].astype(np.float64), threshold, missing).astype(int) << level
    return found


def questions_answered(forest, matrix):
    """Logits of rows, tree by tree."""
    logits = np.tile(forest.base.astype(np.float64), (len(matrix), 1))
    for tree in range(len(forest)):
        logits += forest.leaves[tree][leaf_numbers(forest, tree, matrix)]
    return logits
