"""What may be evaluated, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from evaluated import TARGETS, WEIGHTS, P, of
from normexp import evaluation as ev


def test_evaluate_takes_any_classifier():
    model = SimpleNamespace(classes_=np.array(["x", "y"]), predict_proba=lambda X: np.array([[0.9, 0.1]] * len(X)))
    found = ev.evaluate(model, np.zeros((3, 1)), ["x", "y", "z"])
    assert found.targets.tolist() == [0, 1, -1]
    with pytest.raises(TypeError, match="expected a fitted classifier with predict_proba, got int"):
        ev.evaluate(3, [], [])
    with pytest.raises(ValueError, match=r"expected one label a row, got labels of shape \(3, 1\)"):
        ev.evaluate(model, np.zeros((3, 1)), [["x"], ["y"], ["x"]])
    with pytest.raises(ValueError, match=r"got only others, such as 0; are they of the same type\?"):
        ev.evaluate(model, np.zeros((2, 1)), [0, 1])


@pytest.mark.parametrize(("changed", "message"), [
    ({"p": P[:, :3]}, r"shape \(n_rows, 4\), a column for each"), ({"p": P * 1.5}, "from 0 to 1, got .* in row"), ({"p": P * 0.9}, "sum to 1, got a sum of 0.9 in row 0"),
    ({"p": np.where(np.arange(500)[:, None] == 7, np.nan, P)}, "got nan, nan, nan, nan in row 7"),
    ({"targets": TARGETS[:-1]}, "one class index a row, 500 integers, got int32 of shape"),
    ({"targets": TARGETS + 0.5}, "got float64"), ({"targets": TARGETS + 1}, "from 0 to 3, or -1 for an unknown class, got 4 in row"),
    ({"weights": WEIGHTS[:3]}, r"one weight a row, 500 in all, got shape \(3,\)"), ({"weights": -WEIGHTS}, "finite weights of at least 0, got -"),
    ({"weights": 0 * WEIGHTS}, "weights that sum to 0"), ({"classes": np.array(list("abca"))}, "expected different labels of shape .* as classes, got 'a', 'b', 'c', 'a'"),
])  # fmt: skip
def test_what_cannot_be_evaluated_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        of(**changed)


def test_wrong_options_are_refused():
    for metric in (ev.calibration_error, ev.classwise_calibration_error, ev.reliability):
        with pytest.raises(ValueError, match="expected n_bins to be an integer of at least 1, got 0"):
            metric(of(), 0)
    with pytest.raises(ValueError, match=r"expected a share for each of the 4 classes, got shape \(2,\)"):
        ev.class_share_evaluation(of(), [0.5, 0.5])
    assert ev.class_scores(of(None, P[:0], TARGETS[:0])).recall.tolist() == [0] * 4
