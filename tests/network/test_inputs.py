"""Inputs of a network from any matrix: layouts and dtypes do not change a bit, wrong shapes are refused (the formulas: tests/model)."""

import numpy as np
import pytest

from normexp.network import InputPlan, fill_inputs

PLAN = InputPlan(np.array([0, 2]), np.array([1.0, -2.0]), np.array([0.5, 3.0]), np.array([2]), np.array([1, 3]), np.array([3, 2]), np.array([3]), np.array([2]),
                 np.array([[0.5, -1], [2, 3]]), np.array([0, 2]), np.array([3, 2]), np.array([1.0, 2, 4, -5, 7]), n_columns=4, n_inputs=13)  # fmt: skip
MATRIX = np.array([[1, 0, np.nan, 1], [3, 2, -5, 0], [-100, 3, 7, -1], [0, np.nan, 0, 2]], np.float32)


def filled(matrix):
    out = np.full((len(matrix), 13), 9, np.float32)
    fill_inputs(PLAN, matrix, out)
    return out


def test_what_becomes_of_a_row():
    expected = np.array([[0, 0, 1, 1, 0, 0, 0, 1, 2, 3, 0, 0, 0], [1 / np.sqrt(1 + 1 / 9), -9 / np.sqrt(10), 0, 0, 0, 1, 1, 0, 0.5, -1, 1, 0.5, 0]])
    np.testing.assert_allclose(filled(MATRIX)[:2], expected, rtol=1e-7)
    np.testing.assert_array_equal(filled(MATRIX)[2:, 2:], [[0] * 10 + [1], [0] * 10 + [np.float32(5 / 12)]])
    assert filled(MATRIX[:0]).shape == (0, 13)


@pytest.mark.parametrize("kind", ["float64", "big-endian", "Fortran", "every second", "backwards", "unaligned", "read-only", "objects", "big-endian float64"])
def test_layout_and_dtype_do_not_matter(kind):
    unaligned = np.zeros(1 + MATRIX.nbytes, np.uint8)[1:].view(np.float32).reshape(MATRIX.shape)
    unaligned[:] = MATRIX
    locked = MATRIX.copy()
    locked.flags.writeable = False
    matrix = {
        "float64": MATRIX.astype(np.float64),
        "big-endian": MATRIX.astype(">f4"), "Fortran": np.asfortranarray(MATRIX), "every second": np.repeat(MATRIX, 2, axis=0)[::2],
        "objects": MATRIX.astype(object),
        "backwards": MATRIX[::-1, ::-1].copy()[::-1, ::-1], "unaligned": unaligned, "read-only": locked, "big-endian float64": MATRIX.astype(">f8"),
    }[kind]  # fmt: skip
    assert filled(matrix).tobytes() == filled(MATRIX).tobytes()


def test_integers():
    matrix = np.array([[1, 2, 3, 0], [-5, -1, 2**40, 1]])
    assert filled(matrix).tobytes() == filled(matrix.astype(np.float64)).tobytes()


def test_wrong_shapes():
    with pytest.raises(ValueError, match=r"expected a matrix of 4 columns, as the model was trained on, got shape \(4, 3\)"):
        filled(MATRIX[:, :3])
    with pytest.raises(ValueError, match=r"expected a matrix of 4 columns, .* got shape \(4,\)"):
        filled(MATRIX[0])
    with pytest.raises(ValueError, match=r"expected room of shape \(4, 13\), got \(3, 8\)"):
        fill_inputs(PLAN, MATRIX, np.empty((3, 8), np.float32))
