"""Cross-entropy with all its options against the formula, gradients against differences, and its promises at the edges."""

import numpy as np
import pytest

from normexp.functional import binary_cross_entropy, cross_entropy, softmax

RNG = np.random.default_rng(0)
WIDTHS = [2, 4, 10, 16, 17, 64, 600]


def formula(x, q, weights, z=0.0):
    """Losses and gradients of rows for weights q of the classes, in extended precision."""
    x, q = x.astype(np.longdouble), q.astype(np.longdouble)
    top = x.max(axis=-1, keepdims=True)
    lse = np.log(np.exp(x - top).sum(axis=-1, keepdims=True)) + top
    p = np.exp(x - lse)
    losses = (q * (lse - x)).sum(axis=-1) + z * lse[..., 0] ** 2
    gradient = p * (q.sum(axis=-1, keepdims=True) + 2 * z * lse) - q
    return losses * weights, gradient * weights[..., None]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", WIDTHS)
@pytest.mark.parametrize("smoothing", [0, 0.1, 1])
@pytest.mark.parametrize("z", [0, 1e-2])
@pytest.mark.parametrize("weighted", [False, True])
def test_integer_targets(dtype, n, smoothing, z, weighted):
    x, t = (3 * RNG.standard_normal((37, n))).astype(dtype), RNG.integers(0, n, 37)
    by_class = RNG.uniform(0.1, 2, n) if weighted else np.ones(n)
    by_row = RNG.uniform(0.1, 2, 37) if weighted else np.ones(37)
    q = ((1 - smoothing) * np.eye(n)[t] + smoothing / n) * by_class
    losses, gradient = formula(x, q, by_row, z)
    options = {"class_weights": by_class, "sample_weights": by_row} if weighted else {}
    tolerance = {"rtol": 2e-6, "atol": 2e-6} if dtype == np.float32 else {"rtol": 1e-13, "atol": 1e-13}
    got, got_gradient = cross_entropy(x, t, label_smoothing=smoothing, z_loss=z, reduction="none", with_gradient=True, **options)
    np.testing.assert_allclose(got, losses.astype(float), **tolerance)
    np.testing.assert_allclose(got_gradient, gradient.astype(float), **tolerance)
    total = (by_row * by_class[t]).sum()
    mean, mean_gradient = cross_entropy(x, t, label_smoothing=smoothing, z_loss=z, with_gradient=True, **options)
    assert float(mean) == pytest.approx(float(got.sum(dtype=float)) / total, rel=1e-5 if dtype == np.float32 else 1e-12)
    np.testing.assert_allclose(mean_gradient * total, got_gradient, rtol=1e-5, atol=1e-6)
    assert mean == cross_entropy(x, t, label_smoothing=smoothing, z_loss=z, **options)


@pytest.mark.parametrize("n", WIDTHS)
def test_probability_targets(n):
    x, q = 3 * RNG.standard_normal((20, n)), RNG.dirichlet(np.ones(n), 20)
    losses, gradient = formula(x, q, np.ones(20))
    got, got_gradient = cross_entropy(x, q, reduction="none", with_gradient=True)
    np.testing.assert_allclose(got, losses.astype(float), rtol=1e-13)
    np.testing.assert_allclose(got_gradient, gradient.astype(float), atol=1e-15)
    np.testing.assert_allclose(cross_entropy(x.T, q.T, axis=0), losses.mean().astype(float), rtol=1e-13)
    hot = RNG.integers(0, n, 20)
    np.testing.assert_allclose(cross_entropy(x, np.eye(n)[hot]), cross_entropy(x, hot), rtol=1e-14)


@pytest.mark.parametrize("n", WIDTHS)
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.2}, {"z_loss": 0.1}, {"class_weights": "some", "label_smoothing": 0.1}])
def test_gradients_against_differences_one_column_at_a_time(n, options):
    x, t = RNG.standard_normal((5, n)), RNG.integers(0, n, 5)
    if "class_weights" in options:
        options = options | {"class_weights": RNG.uniform(0.5, 2, n)}
    _, gradient = cross_entropy(x, t, with_gradient=True, reduction="sum", **options)
    for k in range(0, n, max(1, n // 20)):
        step = np.zeros(n)
        step[k] = 1e-5
        numeric = (cross_entropy(x + step, t, reduction="none", **options) - cross_entropy(x - step, t, reduction="none", **options)) / 2e-5
        np.testing.assert_allclose(gradient[:, k], numeric, atol=1e-8)


@pytest.mark.parametrize("n", WIDTHS)
@pytest.mark.parametrize("smoothing", [0, 0.1])
def test_ignored_rows_count_for_nothing_even_if_they_are_not_finite(n, smoothing):
    x, t = RNG.standard_normal((9, n)), RNG.integers(0, n, 9)
    x[2], x[5, 0] = np.nan, np.inf
    t[[2, 5]] = -100
    kept = np.delete(np.arange(9), [2, 5])
    with np.errstate(all="raise"):
        losses, gradient = cross_entropy(x, t, ignore_index=-100, label_smoothing=smoothing, reduction="none", with_gradient=True)
    assert (losses[[2, 5]] == 0).all()
    assert (gradient[[2, 5]] == 0).all()
    np.testing.assert_array_equal(losses[kept], cross_entropy(x[kept], t[kept], label_smoothing=smoothing, reduction="none"))
    assert cross_entropy(x, t, ignore_index=-100, label_smoothing=smoothing) == pytest.approx(cross_entropy(x[kept], t[kept], label_smoothing=smoothing), rel=1e-14)
    assert np.isnan(cross_entropy(x, np.full(9, -100), ignore_index=-100))
    by_row = np.ones(9)
    by_row[[2, 5]] = 0
    t[[2, 5]] = 0
    assert cross_entropy(x, t, sample_weights=by_row) == pytest.approx(cross_entropy(x[kept], t[kept]), rel=1e-14)


@pytest.mark.parametrize("n", WIDTHS)
def test_infinite_logits(n):
    x = np.zeros((4, n))
    x[0, 0] = x[1, 0] = np.inf
    x[2, -1] = -np.inf
    x[3] = -np.inf
    losses, gradient = cross_entropy(x, [0, n - 1, 0, 0], reduction="none", with_gradient=True)
    assert losses[0] == 0
    assert losses[1] == np.inf
    assert losses[2] == pytest.approx(np.log(n - 1), abs=1e-15)
    assert np.isnan(losses[3])
    np.testing.assert_array_equal(gradient[0], 0)
    np.testing.assert_array_equal(gradient[1], (np.arange(n) == 0) * 1.0 - (np.arange(n) == n - 1))
    one_hot = np.eye(n)[[0, 0, 0, 0]]
    np.testing.assert_array_equal(cross_entropy(x[2:3], one_hot[:1], reduction="none"), cross_entropy(x[2:3], [0], reduction="none"))
    smoothed = cross_entropy(x[2:3], [0], label_smoothing=0.1)
    assert smoothed == np.inf


@pytest.mark.parametrize("n", WIDTHS)
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_gradient_may_be_written_over_the_logits(n, options, order):
    x, t = np.asarray(RNG.standard_normal((33, n)), order=order), RNG.integers(0, n, 33)
    loss, gradient = cross_entropy(x, t, with_gradient=True, **options)
    again, out = cross_entropy(x, t, with_gradient=True, out=x, **options)
    assert out is x
    assert again == loss
    np.testing.assert_array_equal(x, gradient)


def test_float16_is_computed_in_float32():
    x, t = RNG.standard_normal((6, 5)).astype(np.float16), RNG.integers(0, 5, 6)
    loss, gradient = cross_entropy(x, t, with_gradient=True)
    assert loss == cross_entropy(x.astype(np.float32), t)
    assert gradient.dtype == np.float16
    out = np.empty_like(x)
    cross_entropy(x, t, with_gradient=True, out=out)
    np.testing.assert_array_equal(out, gradient)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reduction": "max"}, "expected reduction 'mean', 'sum' or 'none', got 'max'"),
        ({"label_smoothing": 1.5}, "expected label_smoothing from 0 to 1, got 1.5"),
        ({"z_loss": -1}, "expected a finite z_loss of at least 0, got -1"),
        ({"class_weights": [1, 2]}, r"expected class_weights of shape \(4,\), one a class, got shape \(2,\)"),
        ({"sample_weights": [1, 2]}, r"expected sample_weights of shape \(3,\), one a row, got shape \(2,\)"),
        ({"sample_weights": [1, -2, 1]}, "expected finite sample_weights of at least 0, got -2"),
        ({"out": np.zeros((3, 4))}, "expected with_gradient=True with out="),
        ({"out": np.zeros((3, 3)), "with_gradient": True}, r"expected out of shape \(3, 4\), that of the logits, got \(3, 3\)"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        cross_entropy(np.zeros((3, 4)), [0, 1, 2], **options)
    with pytest.raises(ValueError, match="expected targets of at least 0"):
        cross_entropy(np.zeros((1, 2)), [[-0.5, 1.5]])
    with pytest.raises(ValueError, match="expected targets from 0 to 3, got -1 at index 1"):
        cross_entropy(np.zeros((3, 4)), [0, -1, 2])
    with pytest.raises(ValueError, match="expected integer targets with ignore_index"):
        cross_entropy(np.zeros((1, 2)), [[0.5, 0.5]], ignore_index=-1)


def test_binary_cross_entropy():
    x, t = 5 * RNG.standard_normal((7, 3)), RNG.uniform(0, 1, (7, 3))
    p = 1 / (1 + np.exp(-x.astype(np.longdouble)))
    exact = -(t * np.log(p) + (1 - t) * np.log(1 - p))
    losses, gradient = binary_cross_entropy(x, t, reduction="none", with_gradient=True)
    np.testing.assert_allclose(losses, exact.astype(float), rtol=1e-13)
    np.testing.assert_allclose(gradient, (p - t).astype(float), atol=1e-15)
    weights = RNG.uniform(0, 1, 3)
    assert binary_cross_entropy(x, t, sample_weights=weights) == pytest.approx(np.average(losses, weights=np.broadcast_to(weights, (7, 3))), rel=1e-14)
    two = np.stack([x, np.zeros_like(x)], axis=-1)
    np.testing.assert_allclose(losses, cross_entropy(two, np.stack([t, 1 - t], axis=-1), reduction="none"), rtol=1e-12)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(binary_cross_entropy([np.inf, -np.inf, np.inf], [1, 0, 0], reduction="none"), [0, 0, np.inf])
    assert np.isnan(binary_cross_entropy([np.nan], [1]))
    with pytest.raises(ValueError, match="expected targets from 0 to 1, got"):
        binary_cross_entropy([0.0], [2])
    smoothed = binary_cross_entropy(x, t, label_smoothing=0.2)
    assert smoothed == pytest.approx(binary_cross_entropy(x, t * 0.8 + 0.1), rel=1e-14)


def test_softmax_and_the_gradient_agree():
    x, t = RNG.standard_normal((50, 40)), RNG.integers(0, 40, 50)
    _, gradient = cross_entropy(x, t, reduction="sum", with_gradient=True)
    np.testing.assert_allclose(gradient, softmax(x) - np.eye(40)[t], atol=1e-15)
