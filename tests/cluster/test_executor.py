"""Tasks on workers: the bits of threads, whatever happens to the workers; stops, errors, looks."""

import os
import signal
import threading
import time
from functools import partial

import numpy as np
import pytest

import clustering
from normexp import recipe
from normexp.cluster import ClusterError, ClusterExecutor, _workers, connected
from normexp.errors import DataError
from normexp.recipe import Stop


@pytest.fixture(scope="module")
def data():
    return clustering.table()


@pytest.fixture(scope="module")
def of_threads(data, tmp_path_factory):
    return clustering.model_bytes(recipe.fit_table(data, clustering.plan(data), n_threads=1), tmp_path_factory.mktemp("threads"))


def kill(client, n):
    """So many of its workers, at once."""
    pids = list(client.run(os.getpid, on_error="ignore").values())
    for pid in pids[:n]:
        os.kill(pid, signal.SIGKILL)


def test_the_same_bytes_as_on_threads(client, data, of_threads, tmp_path):
    executor = ClusterExecutor(client)
    assert executor.n_threads == 2
    for _ in range(2):  # the table is sent anew for each fit
        assert clustering.model_bytes(recipe.fit_table(data, clustering.plan(data), executor=executor), tmp_path) == of_threads


@pytest.mark.parametrize("n", [1, 2], ids=["one worker", "all workers"])
def test_the_same_bytes_when_workers_are_killed(client, data, tmp_path, n):
    plan = clustering.plan(data, epochs=300)
    alone = clustering.model_bytes(recipe.fit_table(data, plan, n_threads=2), tmp_path)
    client.wait_for_workers(2, timeout=60)
    killer = threading.Timer(0.4, kill, (client, n))
    killer.start()
    found = recipe.fit_table(data, plan, executor=ClusterExecutor(client))
    killer.join()
    assert clustering.model_bytes(found, tmp_path) == alone
    client.wait_for_workers(2, timeout=60)


def test_a_time_limit_keeps_what_is_finished(client, data):
    started = time.monotonic()
    found = recipe.fit_table(data, clustering.plan(data, epochs=1_000_000), executor=ClusterExecutor(client), time_limit=2.0)
    assert time.monotonic() - started < 20
    assert found.history.stopped == "time_limit"
    assert found.out_of_fold.left_out


def test_an_interrupt_keeps_what_is_finished(client, data):
    timer = threading.Timer(2.0, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    timer.start()
    started = time.monotonic()
    found = recipe.fit_table(data, clustering.plan(data, epochs=1_000_000), executor=ClusterExecutor(client))
    assert found.history.stopped == "interrupted"
    assert time.monotonic() - started < 20


def test_progress_is_looked_at_and_may_stop(client, data):
    seen = []

    def look(progress):
        seen.append(progress)
        return progress.n_done >= 3

    found = recipe.fit_table(data, clustering.plan(data, epochs=2_000), executor=ClusterExecutor(client), on_progress=look)
    assert found.history.stopped == "callback"
    assert seen[-1].n_done >= 3
    assert 0 < seen[-1].share < 1


def double(shared, item):
    if item == "bad":
        raise DataError("expected good, got bad")
    if item == "wrong":
        raise ZeroDivisionError("by zero")
    if item == "gone":
        os._exit(1)
    return shared["times"] * item


def test_what_workers_give_comes_with_its_place(client):
    found = {}
    ClusterExecutor(client).each(double, {"times": 2}, {f"double {i}": i for i in range(20)}, found.__setitem__)
    assert found == {i: 2 * i for i in range(20)}


@pytest.mark.parametrize(("item", "kind", "words"), [
    ("bad", DataError, "^expected good, got bad$"), ("wrong", ClusterError, "expected a worker to do 'a task', got ZeroDivisionError: by zero"),
])  # fmt: skip
def test_what_a_worker_raises_is_raised_here(client, item, kind, words):
    with pytest.raises(kind, match=words):
        ClusterExecutor(client).each(double, {}, {"a task": item}, lambda _i, _found: None)


def test_a_task_that_kills_worker_after_worker_is_named():
    with connected("local:1") as alone, pytest.raises(ClusterError, match="expected a worker to do 'a task', got several that died of it"):
        ClusterExecutor(alone).each(double, {}, {"a task": "gone"}, lambda _i, _found: None)


@pytest.mark.parametrize(("name", "words"), [
    ("normexp", "install the same everywhere"), ("NumPy", "install"), ("machine", "here"), ("instruction set", "NORMEXP_ISA"), ("instruction sets of NumPy", "NPY_DISABLE"),
])  # fmt: skip
def test_workers_of_other_bits_are_refused(client, monkeypatch, name, words):
    own = _workers.facts() | {name: "other"}
    monkeypatch.setattr("normexp.cluster._connection.facts", _Facts(own))
    with pytest.raises(ClusterError, match=f"expected workers with {name} other, as here, got .*{words}"):
        ClusterExecutor(client)


def test_a_worker_of_other_bits_that_comes_later_is_refused(data):
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address=":0", env={"NORMEXP_ISA": "baseline"}) as cluster, Client(cluster) as late:
        executor = ClusterExecutor(late)  # nobody there to ask
        cluster.scale(1)
        with pytest.raises(ClusterError, match=r"expected workers with instruction set .*, as here, got baseline"):
            recipe.fit_table(data, clustering.plan(data), executor=executor)


def test_a_cluster_that_has_lost_its_workers_is_said(data, monkeypatch):
    monkeypatch.setattr("normexp.cluster._executor.ALONE_EVERY", 0.2)
    monkeypatch.setattr("normexp.cluster._executor.MOST_ALONE", 0.5)
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=0, dashboard_address=":0") as cluster, Client(cluster) as alone, pytest.raises(ClusterError, match="to have workers until the end, got none"):
        recipe.fit_table(data, clustering.plan(data), executor=ClusterExecutor(alone))


def test_a_table_is_let_go_of_with_its_fit(client, data):
    executor = ClusterExecutor(client)
    for _ in range(3):
        recipe.fit_table(data, clustering.plan(data, epochs=1), executor=executor)
    assert len(executor.sent) == 1


class _Facts:
    """Another answer here than on workers, where nothing is known of it."""

    def __init__(self, own):
        self.own = own

    def __call__(self):
        return self.own

    def __reduce__(self):
        return partial, (_workers.facts,)


def test_a_stop_before_the_start_begins_nothing(client, data):
    stop, found = Stop(), []
    stop.reason = "callback"

    ClusterExecutor(client)(_tasks(data, stop), stop, lambda task, learnt: found.append((task, learnt)))
    assert found == []


def _tasks(data, stop):
    plan, (classes, targets) = clustering.plan(data), data.with_target()
    bench = recipe.workbench(data.matrix, data.schema.matrix_columns(), targets, None, plan, classes=np.asarray(classes))
    return bench.tasks(plan.configurations[0], 0, stop)
