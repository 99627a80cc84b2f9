"""An interrupt at every bytecode of a piece of work, one after the other."""

import sys

import pytest

UNCLOSED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # what an interrupt leaves open is closed, with a warning


def interrupt_after(n_steps, work):
    """Run `work` and raise KeyboardInterrupt at the n-th bytecode of our own code; whether it was still running then."""
    left = n_steps

    def trace(frame, event, _argument):
        nonlocal left
        if "normexp" not in frame.f_code.co_filename and frame.f_code.co_name != work.__name__:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return left <= 0


def every_moment(work, at_most=3000):
    n = 1
    while interrupt_after(n, work):
        yield n
        n += 1
        assert n < at_most
