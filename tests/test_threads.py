"""threadpoolctl knows the pool."""

import threadpoolctl

import normexp
from normexp import _native


def test_limits_hold_and_are_given_back():
    before = _native.get_num_threads()
    with threadpoolctl.threadpool_limits(limits=1, user_api="normexp"):
        assert _native.get_num_threads() == 1
        assert normexp.softmax([0.0, 0.0]).tolist() == [0.5, 0.5]
    assert _native.get_num_threads() == before


def test_the_pool_is_listed():
    assert [module["user_api"] for module in threadpoolctl.threadpool_info() if module["prefix"] == "_native"] == ["normexp"]
