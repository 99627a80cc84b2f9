"""Arrays and frames of Dask: learnt from once computed, answered part by part when asked."""

import numpy as np
import pytest

pytest.importorskip("dask.array", reason="the extra cluster")
import dask
import dask.array as da
import dask.dataframe as dd
import pandas as pd

from normexp import SoftmaxClassifier

QUICK = {"members": "linear", "epochs": 3, "cv": 3, "random_state": 0}
METHODS = ("decision_function", "predict", "predict_log_proba", "predict_proba", "predict_set")


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((150, 3))
    return x, np.array(["a", "bb", "ccc"])[np.argmax(x + 0.3 * rng.standard_normal((150, 3)), axis=1)]


@pytest.fixture(scope="module")
def frame(rows):
    return pd.DataFrame({"u": rows[0][:, 0], "v": rows[0][:, 1], "w": rows[0][:, 2], "colour": ["red", "green", "blue"] * 50})


@pytest.mark.parametrize("method", METHODS)
def test_arrays_are_answered_lazily_and_alike(rows, method):
    x, y = rows
    lazy = da.from_array(x, chunks=(40, 2))
    model = SoftmaxClassifier(**QUICK).fit(lazy, da.from_array(y, chunks=70))
    here = SoftmaxClassifier(**QUICK).fit(x, y)
    expected, found = getattr(here, method)(x), getattr(model, method)(lazy)
    assert isinstance(found, da.Array)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found.compute(), expected)


@pytest.mark.parametrize("method", METHODS)
def test_frames_are_answered_lazily_and_alike(frame, rows, method):
    lazy = dd.from_pandas(frame, npartitions=4)
    model = SoftmaxClassifier(**QUICK).fit(lazy, dd.from_pandas(pd.Series(rows[1]), npartitions=4))
    here = SoftmaxClassifier(**QUICK).fit(frame, rows[1])
    assert list(model.feature_names_in_) == list(frame)
    found = getattr(model, method)(lazy)
    assert isinstance(found, da.Array)
    np.testing.assert_array_equal(found.compute(), getattr(here, method)(frame))


def test_nothing_is_computed_before_it_is_asked_for(rows):
    x, y = rows
    model, seen = SoftmaxClassifier(**QUICK).fit(x, y), []

    def read(part):
        seen.append(len(part))
        return part

    lazy = da.from_array(x, chunks=(50, 3)).map_blocks(read, dtype=x.dtype, meta=np.empty((0, 3)))
    answers = model.predict_proba(lazy)
    assert seen == []
    with dask.config.set(scheduler="synchronous"):
        assert answers.compute().shape == (150, 3)
    assert seen == [50, 50, 50]
    assert model.score(da.from_array(x, chunks=(50, 3)), y) == model.score(x, y)


def test_an_array_of_another_shape_is_refused(rows):
    model = SoftmaxClassifier(**QUICK).fit(*rows)
    with pytest.raises(ValueError, match=r"expected a Dask array of shape \(n_samples, n_features\), got one of shape \(3,\)"):
        model.predict(da.zeros(3))
