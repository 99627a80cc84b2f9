"""No bit of a model file can change unseen, and equal models have equal bytes."""

import hashlib
import os

import numpy as np
import pytest
from safetensors import safe_open

from forging import DTYPES, parts_of
from normexp import ModelFileError, SoftmaxClassifier, save
from normexp.saving import info, load_model

X = np.random.default_rng(0).standard_normal((40, 1))
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture
def small(tmp_path):
    save(SoftmaxClassifier((), epochs=1, random_state=0, quality="fast").fit(X, Y), tmp_path / "m")
    return tmp_path / "m"


def unseen_flips(path, positions):
    """Bits that can be flipped without a refusal, and the file is as it was."""
    unseen = []
    with path.open("rb+", buffering=0) as file:
        content = file.read()
        for position in positions:
            byte, bit = divmod(int(position), 8)
            for value in (content[byte] ^ 1 << bit, content[byte]):
                os.pwrite(file.fileno(), bytes([value]), byte)
                if value != content[byte]:
                    try:
                        info(path)
                        unseen.append(position)
                    except ModelFileError:
                        pass
    assert path.read_bytes() == content
    return unseen


def test_every_flipped_bit_of_a_small_file_is_seen(small):
    assert unseen_flips(small, range(8 * small.stat().st_size)) == []


def test_flipped_bits_of_a_larger_file_are_seen(tmp_path):
    rng = np.random.default_rng(1)
    save(SoftmaxClassifier((256, 128), epochs=2, random_state=0, quality="fast").fit(rng.standard_normal((40, 9)), Y), tmp_path / "m")
    assert unseen_flips(tmp_path / "m", rng.choice(8 * (tmp_path / "m").stat().st_size, int(os.environ.get("NORMEXP_FUZZ", 1_000)), replace=False)) == []


def test_the_checksum_is_that_of_the_file_with_zeros_in_its_place(small):
    content = small.read_bytes()
    start = content.index(b'"sha256":"') + len(b'"sha256":"')
    assert start == 8 + len('{"__metadata__":{"sha256":"')
    digits = content[start : start + 64]
    assert hashlib.sha256(content[:start] + b"0" * 64 + content[start + 64 :]).hexdigest() == digits.decode()


def test_a_checksum_that_does_not_match_and_one_too_few(small):
    content = small.read_bytes()
    small.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelFileError, match=r"the checksum does not match \(.*\); the file was damaged"):
        load_model(small)
    small.write_bytes(content.replace(b'"sha256":"', b'"sha257":"'))
    with pytest.raises(ModelFileError, match="expected a header that normexp wrote, got one with 2 entries"):
        load_model(small)


def test_the_file_is_safetensors(small):
    """Any reader of that format reads it."""
    model = load_model(small)
    with safe_open(small, framework="np") as file:
        np.testing.assert_array_equal(file.get_tensor("parameters"), model.parameters.values)
        np.testing.assert_array_equal(file.get_tensor("encoder/centre"), model.encoder.centre)
    for tensor in parts_of(small.read_bytes()).tensors.values():  # aligned, for those who map it
        assert tensor["data_offsets"][0] % np.dtype(DTYPES[tensor["dtype"]]).itemsize == 0
