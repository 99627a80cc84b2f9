"""Tensors that do not make a model: each refused by name; what was not changed is taken."""

import numpy as np
import pytest

from forging import arrays_of, forged, parts_of, with_arrays
from normexp.saving import load_model
from refused_models import assert_refused

PROFILE = ("edges", "counts", "answers", "hashes")


def tensors(**changes):
    """A change of arrays by name, the folder encoder/ left away."""
    def change(arrays):
        for name, value in changes.items():
            place = name if name == "parameters" else f"profile/{name}" if name in PROFILE else f"encoder/{name}"
            arrays[place] = value(arrays[place].copy())
        return arrays
    return change  # fmt: skip


def put(index, value):
    def change(array):
        array[index] = value
        return array
    return change  # fmt: skip


ARRAYS = [
    (tensors(parameters=put(3, np.nan)), "expected finite numbers in the tensor parameters"),
    (tensors(centre=put(1, np.inf)), "expected finite numbers in the tensor encoder/centre"),
    (tensors(parameters=lambda a: a * np.float32(1e30)), "expected parameters that give finite logits, got some so large that they may overflow"),
    (tensors(parameters=lambda a: a[:-1]), r"expected the tensor parameters as F32 of shape \(\d+,\), as the description says, got F32 of shape"),
    (tensors(centre=lambda a: a.astype(np.float32)), r"expected the tensor encoder/centre as F64 of shape \(8,\), as the description says, got F32"),
    (tensors(has_indicator=lambda a: (a.view(np.uint8) * 3).view(bool)), "expected truth values in the tensor encoder/has_indicator, got other bytes"),
    (tensors(n_codes=put(0, 2)), "expected as many codes as the columns have categories"),
    (tensors(n_codes=put(0, -(2**62))), "expected as many codes as the columns have categories"),
    (tensors(has_indicator=put(slice(None), False)), "expected an encoder of 11 inputs, as the network has, got one of 10"),
    (tensors(has_indicator=lambda a: np.roll(a, -1)), "or with indicators of categories"), (tensors(scale=put(1, -1.0)), "expected scales of at least 0, and 0 for categories"),
    (tensors(scale=put(0, 1.0)), "expected scales of at least 0, and 0 for categories"), (tensors(shares=put(0, 1.5)), "expected shares from -1 to 1"),
    (tensors(low=put(1, 1e9)), "expected no encoder/low above encoder/high"), (tensors(is_boolean=put(1, True)), "expected encoder/is_boolean to agree with the kinds"),
    (tensors(edges=put((1, 3), 1e30)), "expected rising deciles in the tensor profile/edges"),
    (tensors(counts=put((1, 3), -1)), "expected counts of rows in the tensor profile/counts"),
    (tensors(answers=put(0, -0.5)), "expected probabilities whose sum is 1 in the tensor profile/answers"),
    (tensors(answers=lambda a: a * 1e300), "expected probabilities whose sum is 1"),
    (tensors(counts=put((1, 3), 10**6)), r"expected counts of at most \d+ rows in the tensor profile/counts"),
    (tensors(shares=put(slice(None), 1.0)), "expected shares of categories whose sum"),
    (tensors(hashes=lambda a: a[::-1].copy()), "expected rising hashes in the tensor"),
    (tensors(hashes=lambda _: np.arange(4097)), r"expected the tensor profile/hashes as I64 of shape \(4096,\)"), (tensors(hashes=lambda a: a[:0]), None),
    (lambda arrays: {**arrays, "other": arrays["parameters"]}, "expected the tensors parameters, encoder/centre, .*, got 18, some of them others"),
    (lambda arrays: {name: array for name, array in arrays.items() if name != "encoder/low"}, "got 16, some of them others or not all of them"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "match"), ARRAYS, ids=range(len(ARRAYS)))
def test_changed_tensors(content, tmp_path, change, match):
    parts = parts_of(content)
    (tmp_path / "m").write_bytes(forged(with_arrays(parts, change(arrays_of(parts)))))
    if match is None:
        assert not len(load_model(tmp_path / "m").profile.hashes)
    else:
        assert_refused(tmp_path / "m", match)


def test_a_temperature_that_makes_logits_overflow(content, tmp_path):
    parts = parts_of(content)
    parts.description["temperature"] = 1e-30
    (tmp_path / "m").write_bytes(forged(with_arrays(parts, tensors(parameters=lambda a: a * np.float32(1e6))(arrays_of(parts)))))
    assert_refused(tmp_path / "m", "expected logits that stay finite over the temperature, got 1e-30 under logits up to")


def test_the_checks_take_what_was_not_changed(content, tmp_path):
    parts = parts_of(content)
    assert forged(with_arrays(parts, arrays_of(parts))) != content  # json.dumps of the tests escapes and spaces otherwise
    (tmp_path / "m").write_bytes(forged(with_arrays(parts, dict(reversed(arrays_of(parts).items())))))  # odd places are no harm
    again = load_model(tmp_path / "m")
    (tmp_path / "m").write_bytes(content)
    x = np.full((1, 8), np.nan, np.float32)
    np.testing.assert_array_equal(again.probabilities(x), load_model(tmp_path / "m").probabilities(x))
