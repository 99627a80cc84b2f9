"""Tasks on threads: order of results, stops, errors, interrupts."""

import _thread
import threading
import time

import pytest

from normexp.recipe._executor import Stop, run


def waiting(stop, seconds=30.0):
    """A task that runs until it is stopped."""
    until = time.monotonic() + seconds
    while not stop() and time.monotonic() < until:
        time.sleep(0.01)
    return stop.reason


@pytest.mark.parametrize("n_threads", [0, 1, 3])
def test_results_are_in_the_order_of_the_tasks(n_threads):
    def task(i):
        time.sleep(0.02 * (5 - i))
        return i

    assert run([lambda i=i: task(i) for i in range(5)], n_threads, Stop()) == [0, 1, 2, 3, 4]
    assert run([], n_threads, Stop()) == []


def test_a_time_limit_ends_what_runs_and_begins_nothing_more():
    stop, started = Stop(0.1), time.monotonic()
    found = run([lambda: waiting(stop)] * 3, 1, stop)
    assert time.monotonic() - started < 5
    assert found == ["time_limit", None, None]


def test_the_look_stops_all():
    stop, looks = Stop(), []

    def look():
        looks.append(threading.current_thread() is threading.main_thread())
        return len(looks) > 2

    assert run([lambda: waiting(stop)] * 2, 2, stop, look) == ["callback", "callback"]
    assert all(looks)


def test_an_interrupt_keeps_what_is_finished():
    stop = Stop()

    def interrupted():
        _thread.interrupt_main()
        return waiting(stop)

    assert run([lambda: "done", interrupted, lambda: waiting(stop)], 1, stop) == ["done", "interrupted", None]


def test_an_error_ends_the_others_and_is_raised():
    stop, started = Stop(), time.monotonic()

    def broken():
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        run([broken, lambda: waiting(stop)], 2, stop)
    assert time.monotonic() - started < 5


def test_an_interrupt_between_two_steps_is_waited_for_too(monkeypatch):
    from normexp.recipe import _executor

    over, begun, raised, ended = _executor._Work.over, [], [], []

    def interrupted(self):
        if begun and not raised and threading.current_thread() is threading.main_thread():
            raised.append(1)
            raise KeyboardInterrupt
        return over(self)

    def task():
        begun.append(1)
        time.sleep(0.2)
        ended.append(1)

    monkeypatch.setattr(_executor._Work, "over", interrupted)
    stop = Stop()
    run([task] * 8, 2, stop)
    n_ended = len(ended)
    assert stop.reason == "interrupted"
    assert n_ended == len(begun) < 8
    time.sleep(0.3)
    assert len(ended) == n_ended  # nothing goes on behind the back of who was interrupted
