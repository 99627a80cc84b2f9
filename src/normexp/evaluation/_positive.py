"""Of two classes the one that is looked for."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["positive_class"]

NAMES = frozenset((
    "1", "1.0", "y", "yes", "t", "true", "+", "pos", "positive", "present", "event", "case", "churn", "churned", "default", "defaulted", "fraud", "spam", "sick", "ill",
    "disease", "diseased",
    "malignant", "died", "dead", "failure", "failed", "bad", "attack", "anomaly", "clicked", "bought", "returned", "survived", "ja", "oui", "si", "sí",
))  # fmt: skip


def positive_class(classes: NDArray[Any], counts: ArrayLike) -> tuple[int, str] | None:
    """Its index and why: the only one whose name says so, such as yes, true or 1, else the one with fewer rows, else the second. None for more than two classes.

    Examples
    --------
    >>> positive_class(np.array(["No", "Yes"]), [10, 90])
    (1, 'by its name')
    >>> positive_class(np.array(["<=50K", ">50K"]), [760, 240])
    (1, 'the rarer one')
    """
    if len(classes) != 2:
        return None
    named = [i for i, label in enumerate(classes.tolist()) if str(label).strip().lower() in NAMES]
    if len(named) == 1:
        return named[0], "by its name"
    first, second = np.asarray(counts).tolist()
    return (1, "the second of two as frequent ones") if first == second else (int(second < first), "the rarer one")
