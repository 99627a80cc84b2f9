"""From an address to workers."""

import sys
import time

import pytest

from normexp.cluster import ClusterError, checked_address, connected, current_client


@pytest.mark.parametrize("address", ["local:0", "local:257", "local:", "local:2x", "scheduler:8786", "tcp://scheduler", "http://scheduler:8786", "", "tcp:// :1"])
def test_addresses_of_another_form_are_refused(address):
    with pytest.raises(ValueError, match=r"expected a cluster such as tcp://scheduler:8786, or local:4 .*, got"):
        checked_address(address)


@pytest.mark.parametrize("address", ["local:1", "local:256", "tcp://10.0.0.1:8786", "tls://host.example:1"])
def test_addresses_are_taken(address):
    assert checked_address(address) == address


def test_a_scheduler_that_is_not_there_is_said_soon():
    started = time.monotonic()
    with pytest.raises(ClusterError, match=r"expected a Dask scheduler with workers at tcp://127\.0\.0\.1:9, got no answer within 5 s .* --cluster local:2 needs none"), connected("tcp://127.0.0.1:9"):
        pass
    assert time.monotonic() - started < 15


def test_a_scheduler_without_workers_is_said_soon():
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=0, dashboard_address=":0") as cluster,
        pytest.raises(ClusterError, match=r"expected a Dask scheduler with workers at .*, got no answer"),
        connected(cluster.scheduler_address),
    ):
        pass


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"expected the package distributed, which clusters need, got none: .*install normexp\[cluster\]"), connected("local:1"):
        pass


def test_the_current_client_is_that_of_this_process(client):
    assert current_client() is client


def test_on_a_worker_there_is_none(client):
    assert client.submit(current_client, pure=False).result() is None
