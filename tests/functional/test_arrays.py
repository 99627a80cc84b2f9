"""The layout, the axis, the threads and the size of an array change no bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normexp import _native
from normexp.functional import log_softmax, logsumexp, softmax, top_k

RNG = np.random.default_rng(0)


@st.composite
def views(draw):
    """A float array that is any view: strided, reversed, transposed, shifted by odd bytes, of either byte order."""
    ndim = draw(st.integers(1, 3))
    shape = tuple(draw(st.lists(st.integers(1, 40), min_size=ndim, max_size=ndim)))
    dtype = np.dtype(draw(st.sampled_from(["f2", "f4", "f8"])))
    steps = [draw(st.sampled_from([1, 2, -1, -3])) for _ in shape]
    whole = np.random.default_rng(draw(st.integers(0, 99))).standard_normal([n * abs(s) for n, s in zip(shape, steps, strict=True)])
    view = whole.astype(dtype)[tuple(slice(None, None, s) for s in steps)]
    kind = draw(st.sampled_from(["plain", "swapped", "unaligned", "read-only"]))
    if kind == "swapped":
        view = view.astype(dtype.newbyteorder())
    if kind == "unaligned":
        raw = np.zeros(view.size * dtype.itemsize + 1, np.uint8)[1:].view(dtype).reshape(view.shape)
        raw[...] = view
        view = raw
    view = view.transpose(draw(st.permutations(range(ndim))))
    if kind == "read-only":
        view.flags.writeable = False
    return view, draw(st.integers(-ndim, ndim - 1))


@settings(max_examples=300, deadline=None)
@given(views())
def test_the_layout_changes_no_bit(case):
    x, axis = case
    straight = np.ascontiguousarray(np.moveaxis(x, axis, -1), x.dtype.newbyteorder("="))
    for function in (softmax, log_softmax):
        expected = np.moveaxis(function(straight), -1, axis)
        np.testing.assert_array_equal(function(x, axis), expected)
        out = np.full_like(x, 7)
        assert function(x, axis, out=out) is out
        np.testing.assert_array_equal(out, expected)
        if x.flags.writeable:
            copy = x.copy(order="K")
            function(copy, axis, out=copy)
            np.testing.assert_array_equal(copy, expected)
    np.testing.assert_array_equal(logsumexp(x, axis), logsumexp(straight))
    for i in np.ndindex(straight.shape[:-1]):
        np.testing.assert_array_equal(softmax(straight[i]), softmax(straight)[i])
        break


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 8), st.integers(1, 3))
def test_overlapping_out_is_as_if_it_were_apart(rows, n, shift, step):
    memory = RNG.standard_normal(rows * n * step + shift + 64).astype(np.float32)
    x = memory[: rows * n].reshape(rows, n)
    expected = softmax(x.copy())
    out = memory[shift : shift + rows * n * step : step].reshape(rows, n)
    softmax(x, out=out)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("shape", [(100_000, 10), (10, 100_000), (4, 300_000), (1, 1_000_003), (3000, 700)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_threads_and_axes_change_no_bit_of_large_arrays(shape, dtype):
    x = (3 * RNG.standard_normal(shape)).astype(dtype)
    threads = _native.get_num_threads()
    results = []
    for n in (1, 2, 5):
        _native.set_num_threads(n)
        results.append((softmax(x), log_softmax(x), logsumexp(x), softmax(np.asfortranarray(x)), softmax(np.ascontiguousarray(x.T), axis=0).T))
    _native.set_num_threads(threads)
    p, logs, totals, columns, transposed = results[0]
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(columns, p)
    np.testing.assert_array_equal(transposed, p)
    np.testing.assert_array_equal(softmax(x[:1])[0], p[0])
    assert abs(float(p[0].astype(float).sum()) - 1) < (0.02 if dtype == np.float16 else 1e-5)
    assert float(logs[0, 0]) == pytest.approx(float(x[0, 0]) - float(totals[0]), abs=0.02 if dtype == np.float16 else 1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", ["blocks of rising maxima", "far from zero", "a block of -inf", "nan", "+inf", "all -inf"])
def test_rows_beyond_the_caches(case, dtype):
    n = 400_000
    x = RNG.standard_normal(n)
    if case == "blocks of rising maxima":
        x += np.linspace(-60, 0, n)
    if case == "far from zero":
        x = np.linspace(3000, 5000, n) + np.where(np.arange(n) % 50_000 == 0, 1500, 0)
    if case in ("a block of -inf", "nan"):
        x[:70_000] = -np.inf
    if case == "nan":
        x[10] = np.nan
    if case == "+inf":
        x[[5, 399_999]] = np.inf
    if case == "all -inf":
        x[:] = -np.inf
    x = x.astype(dtype)
    threads = _native.get_num_threads()
    results = []
    for wanted in (1, 2):
        _native.set_num_threads(wanted)
        results.append(softmax(x))
    _native.set_num_threads(threads)
    np.testing.assert_array_equal(*results)
    wide = x.astype(np.longdouble)
    with np.errstate(invalid="ignore"):
        e = np.where(np.isposinf(wide), 1, 0) if case == "+inf" else np.exp(wide - wide.max())
        exact = e / e.sum()
    np.testing.assert_array_equal(np.isnan(results[0]), np.isnan(exact))
    np.testing.assert_allclose(results[0], exact.astype(dtype), rtol=2.5e-7 if dtype == np.float32 else 5e-16, atol=np.finfo(dtype).smallest_subnormal)
    indices, p = top_k(x, 5)
    np.testing.assert_array_equal(p, results[0][indices])


def test_a_long_sum_keeps_its_accuracy():
    x = RNG.standard_normal((100_000, 3)).astype(np.float32)
    exact = np.exp(x.astype(float)) / np.exp(x.astype(float)).sum(axis=0)
    assert (np.abs(softmax(x, axis=0) - exact) / np.spacing(exact.astype(np.float32))).max() <= 2
