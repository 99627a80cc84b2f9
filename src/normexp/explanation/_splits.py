"""What the trees of a model ask about."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.explanation._features import features_of
from normexp.model import TreeMember, as_model

__all__ = ["Splits", "splits_of"]


@dataclass(frozen=True, eq=False)
class Splits:
    """Of each feature, how many questions of a model's trees are about it, and its share of what all questions gained; both of shape (n_features,).

    A question about the difference of two counts for both, and half of its gain for each. A gain is by how much a question lowered the loss of the rows that a tree was grown on:
    features of very many values look better than they are; for what one is worth on rows that were not learnt from see `permutation_importance`.
    """

    feature_names: tuple[str, ...]
    counts: NDArray[np.int64]
    gains: NDArray[np.float64]

    def order(self) -> NDArray[np.intp]:
        """Features, those that gained most first."""
        return np.argsort(-self.gains, kind="stable")


def splits_of(model: Any) -> Splits:
    """Of the trees of a fitted SoftmaxClassifier or a Model; kinds count by their weights. Zeros where it has none."""
    known = as_model(model)
    names, owners = features_of(known)
    counts, gains = np.zeros(len(names), np.int64), np.zeros(len(names))
    of_numbers = owners[known.encoder.columns_of_numbers]
    for weight, members in known.by_kind():
        for member in members:
            if isinstance(member, TreeMember):
                asked = member.forest.features >= 0
                features, gained = of_numbers[member.forest.features[asked]], member.forest.gains[asked].astype(np.float64)
                one, other = features.T
                counts += np.bincount(one, minlength=len(names)) + np.bincount(other[one != other], minlength=len(names))
                gains += weight * (np.bincount(one, gained, len(names)) + np.bincount(other, gained, len(names))) / 2
    return Splits(names, counts, gains / max(float(gains.sum()), 1e-300))
