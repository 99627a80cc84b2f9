"""SoftmaxClassifier and Experiments on a Dask cluster: the same bits as here."""

import contextvars
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

pytest.importorskip("distributed", reason="the extra cluster")
from distributed.client import _global_clients

from normexp import Experiments, SoftmaxClassifier
from normexp.cluster import connected


@pytest.fixture(scope="module")
def client():
    with connected("local:2") as found:
        yield found


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 4))
    return x, np.argmax(x[:, :3] + 0.3 * rng.standard_normal((200, 3)), axis=1)


def without(call):
    """What it gives where no client is current."""
    before = dict(_global_clients)
    _global_clients.clear()
    try:
        return contextvars.Context().run(call)
    finally:
        _global_clients.update(before)


QUICK = {"epochs": 3, "cv": 3, "random_state": 0}


def seen_by(client, fit):
    """What it gives, and how many tasks of fits ran on the cluster."""
    def n_tasks(dask_scheduler):
        return sum(transition.start == "processing" and "fold" in str(transition.key) for transition in dask_scheduler.transition_log)

    before = client.run_on_scheduler(n_tasks)
    return fit(), client.run_on_scheduler(n_tasks) - before


def test_a_fit_on_the_current_client_has_the_same_bits(client, rows):
    on_cluster, n_tasks = seen_by(client, lambda: SoftmaxClassifier(**QUICK).fit(*rows))
    assert n_tasks == 18  # six kinds, three folds
    here, n_here = seen_by(client, lambda: without(lambda: SoftmaxClassifier(**QUICK).fit(*rows)))
    assert n_here == 0
    np.testing.assert_array_equal(on_cluster.predict_proba(rows[0]), here.predict_proba(rows[0]))
    assert on_cluster.to_model().params == here.to_model().params


def test_a_client_is_a_parameter(client, rows):
    model = SoftmaxClassifier(client=client, **QUICK)
    copy = clone(model)
    assert (copy.client is client, copy.epochs, copy.cv) == (True, 3, 3)
    assert clone(Experiments(client=client, trials=3)).client is client
    assert pickle.loads(pickle.dumps(model)).client is None
    _, n_tasks = seen_by(client, lambda: without(lambda: model.fit(*rows)))
    assert n_tasks == 18
    assert "client" not in model.to_model().params
    with pytest.raises(TypeError, match=r"expected client to be a dask\.distributed\.Client, got str"):
        SoftmaxClassifier(client="tcp://1.2.3.4:1").fit(*rows)
    with pytest.raises(ValueError, match="expected quality 'good' or 'best' with client, got 'fast'"):
        SoftmaxClassifier(client=client, quality="fast").fit(*rows)
    SoftmaxClassifier(quality="fast", epochs=2).fit(*rows)  # a current client is no obstacle


def test_a_search_on_the_cluster_tries_the_same(client, rows):
    here, there = (Experiments(trials=13, jobs=1, random_state=0, client=one, space="small", cv=3) for one in (None, client))
    _, n_tasks = seen_by(client, lambda: there.fit(*rows))
    without(lambda: here.fit(*rows))
    assert n_tasks >= 13
    np.testing.assert_array_equal(here.trials_["value"], there.trials_["value"])
    np.testing.assert_array_equal(here.predict_proba(rows[0]), there.predict_proba(rows[0]))


def test_a_grid_search_whose_fits_are_tasks_of_dask(client, rows):
    """joblib sends whole fits to workers; there they use the worker's thread."""
    import joblib

    search = GridSearchCV(SoftmaxClassifier(members="linear", **QUICK), {"epochs": [1, 3]}, cv=3)
    with joblib.parallel_config("dask"):
        found = search.fit(*rows)
    here = without(lambda: clone(search).fit(*rows))
    np.testing.assert_array_equal(found.cv_results_["mean_test_score"], here.cv_results_["mean_test_score"])
