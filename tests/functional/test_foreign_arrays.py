"""Arrays of other libraries and dtypes come out as they went in."""

import numpy as np
import pandas as pd
import pytest

from normexp.functional import cross_entropy, log_softmax, logsumexp, sigmoid, softmax, top_k

RNG = np.random.default_rng(0)


def test_bfloat16():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    x = RNG.standard_normal((5, 7)).astype(bfloat16)
    for function in (softmax, log_softmax):
        assert function(x).dtype == bfloat16
        np.testing.assert_array_equal(function(x), function(x.astype(np.float32)).astype(bfloat16))
    assert logsumexp(x).dtype == bfloat16
    assert softmax(np.zeros(1000, bfloat16))[0] == bfloat16(0.001)
    loss, gradient = cross_entropy(x, np.zeros(5, int), with_gradient=True)
    assert loss.dtype == np.float32
    assert gradient.dtype == bfloat16


def test_masked_arrays():
    x = np.ma.masked_invalid([[1.0, np.nan, 2.0], [np.nan, np.nan, np.nan]])
    p = softmax(x)
    assert isinstance(p, np.ma.MaskedArray)
    np.testing.assert_array_equal(p.mask, x.mask)
    np.testing.assert_array_equal(p.data[0, [0, 2]], softmax([1.0, 2.0]))
    np.testing.assert_array_equal(p.data[x.mask], 0)
    total = logsumexp(x)
    np.testing.assert_array_equal(total.mask, [False, True])
    assert total[0] == logsumexp([1.0, 2.0])
    losses, gradient = cross_entropy(x[:1], [0], reduction="none", with_gradient=True)
    assert losses[0] == cross_entropy([1.0, 2.0], 0)
    assert gradient.data[0, 1] == 0


def test_pandas():
    frame = pd.DataFrame(RNG.standard_normal((3, 2)), index=list("abc"), columns=["x", "y"])
    p = softmax(frame)
    pd.testing.assert_frame_equal(p, pd.DataFrame(softmax(frame.to_numpy()), index=frame.index, columns=frame.columns))
    pd.testing.assert_series_equal(softmax(frame["x"]), pd.Series(softmax(frame["x"].to_numpy()), index=frame.index, name="x"))
    pd.testing.assert_series_equal(logsumexp(frame), pd.Series(logsumexp(frame.to_numpy()), index=frame.index))
    pd.testing.assert_series_equal(logsumexp(frame, axis=0), pd.Series(logsumexp(frame.to_numpy(), axis=0), index=frame.columns))
    pd.testing.assert_frame_equal(sigmoid(frame), pd.DataFrame(sigmoid(frame.to_numpy()), index=frame.index, columns=frame.columns))
    indices, _ = top_k(frame, 1)
    assert indices.shape == (3, 1)


def test_torch_tensors():
    torch = pytest.importorskip("torch", reason="torch is in the extra bench")
    x = torch.randn(4, 5)
    p = softmax(x)
    assert isinstance(p, torch.Tensor)
    np.testing.assert_array_equal(p.numpy(), softmax(x.numpy()))
    x[0, 0], x[1] = float("inf"), 0
    differentiated = x.clone().requires_grad_(True)
    for function in (softmax, log_softmax, logsumexp):
        result = function(differentiated)
        torch.testing.assert_close(result.detach(), torch.as_tensor(function(x.numpy())))
        assert result.requires_grad
    log_softmax(differentiated[1:]).sum().backward()
    assert torch.isfinite(differentiated.grad).all()
    assert softmax(x.bfloat16()).dtype == torch.bfloat16


def test_jax_arrays_and_tracers():
    jax = pytest.importorskip("jax", reason="jax is in the extra bench")
    x = jax.numpy.asarray(RNG.standard_normal((4, 5)).astype(np.float32))
    p = softmax(x)
    assert isinstance(p, jax.Array)
    np.testing.assert_array_equal(np.asarray(p), softmax(np.asarray(x)))
    np.testing.assert_allclose(jax.jit(softmax)(x), p, rtol=1e-6)
    gradient = jax.grad(lambda z: logsumexp(z).sum())(x)
    np.testing.assert_allclose(gradient, p, rtol=1e-5)


@pytest.mark.parametrize("x", [np.zeros((1, 2)).view(np.matrix), np.array([1, None], object), np.array(["a"]), np.array([1j]), np.array([1.0], np.longdouble)])
@pytest.mark.parametrize("function", [softmax, log_softmax, logsumexp, lambda x: cross_entropy(x, 0), lambda x: top_k(x, 1)])
def test_what_is_no_array_of_real_numbers_is_refused(function, x):
    with pytest.raises(TypeError, match=r"expected (x|logits) to (hold real numbers|be an array)"):
        function(x)


def test_out_of_another_dtype_is_cast():
    x = RNG.standard_normal((3, 4))
    out = np.empty((3, 4), np.float32)
    assert softmax(x, out=out) is out
    np.testing.assert_array_equal(out, softmax(x).astype(np.float32))
    with pytest.raises(TypeError, match="cast"):
        softmax(x, out=np.empty((3, 4), int))
