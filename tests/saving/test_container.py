"""Files that are no models, or whose header lies: refused in words, before anything of their size is allocated."""

import json
import os
import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import save_file

from forging import forged, parts_of, sealed
from normexp import ModelFileError, SoftmaxClassifier, save
from normexp.saving import load_model
from refused_models import assert_refused

X = np.random.default_rng(0).standard_normal((40, 2))
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m"
    save(SoftmaxClassifier((3,), epochs=1, random_state=0, quality="fast").fit(X, Y), path)
    return path.read_bytes()


def test_what_is_no_file(tmp_path):
    assert_refused(tmp_path / "none", r"got one which does not exist \(.*none\); train one with: normexp train")
    assert_refused(tmp_path, r"got a folder \(.*\); name the file itself")
    os.mkfifo(tmp_path / "pipe")
    assert_refused(tmp_path / "pipe", "got a pipe")
    assert_refused("/dev/zero", "got a device")
    assert_refused("a\0b", r"got one that cannot be opened: embedded null byte")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**32 + 1)
    assert_refused(tmp_path / "huge", "at most 4294967296 bytes, got 4294967297")


def test_damaged_and_foreign_files(content, tmp_path):
    path = tmp_path / "m"
    for damaged in (b"", content[:7], content[:40], b"hello, this is no model at all", b"\xff" * 8 + content[8:], content[:8] + b"\xff" * 100 + content[108:]):
        path.write_bytes(damaged)
        assert_refused(path, "got a file that does not read as one")
    path.write_bytes(content[:-1])
    assert_refused(path, r"expected \d+ bytes of tensors, got a file that does not read as one: it has \d+ .*it was cut or added to")
    save_file({"a": np.zeros(3)}, path)
    assert_refused(path, "got a safetensors file of another kind")
    path.write_bytes(sealed(b"[]", b""))
    assert_refused(path, "got a safetensors file of another kind")


@pytest.mark.parametrize(
    ("header", "match"),
    [
        ('{"__metadata__":{"normexp":"a"},"__metadata__":{"normexp":"b"}}', "expected each key once, got one twice"),
        ("[" * 100_000, "lists in lists without end"),
        ('{"a":[' + "0," * 2**21 + "0]}", "expected at most 2097152 values, got some 2097154"),
        ('{"__metadata__":{"normexp":"{}","more":"x"}}', "expected a header that normexp wrote, got one with 2 entries"),
        ('{"__metadata__":{"normexp":"' + "[" * 100_000 + '"}}', "expected a model description in JSON, got a damaged one"),
        ('{"__metadata__":{"normexp":"{"}}', "expected a model description in JSON, got a damaged one"),
    ],
    ids=["key twice", "deep", "many", "more metadata", "deep description", "half a description"],
)
def test_headers_that_are_refused(header, match, tmp_path):
    (tmp_path / "m").write_bytes(sealed(header.encode(), b""))
    assert_refused(tmp_path / "m", match)


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "F16"}, {"dtype": 4}, {"dtype": ["F32"]}, {"shape": None}, {"shape": [-1]}, {"shape": [True]}, {"shape": [10**30]}, {"shape": [1] * 9}, {"data_offsets": [0]},
        {"data_offsets": [0, 2.0]}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_tensors_that_are_declared_otherwise(content, tmp_path, change):
    parts = parts_of(content)
    parts.tensors["parameters"].update(change)
    (tmp_path / "m").write_bytes(forged(parts))
    assert_refused(tmp_path / "m", "does not read as one: a tensor is declared otherwise")


@pytest.mark.parametrize("offsets", [[0, 4], [8, 12], [2**31, 2**32], [4, 0]], ids=str)
def test_places_that_do_not_fit(content, tmp_path, offsets):
    parts = parts_of(content)
    parts.tensors["parameters"]["data_offsets"] = offsets
    (tmp_path / "m").write_bytes(forged(parts))
    assert_refused(tmp_path / "m", "their places and shapes do not fit")


def test_a_file_that_becomes_shorter(content, tmp_path, monkeypatch):
    path = tmp_path / "m"
    path.write_bytes(content[:-10])
    status = os.stat_result((0o100644, *path.stat()[1:6], len(content), *path.stat()[7:]))
    monkeypatch.setattr(os, "fstat", lambda _handle: status)
    with pytest.raises(ModelFileError, match="got one that became shorter while it was read"):
        load_model(path)


def test_a_disk_that_fails(content, tmp_path, monkeypatch):
    from normexp.saving import _model_file

    def fail(file, size):
        raise OSError(5, "Input/output error")

    (tmp_path / "m").write_bytes(content)
    monkeypatch.setattr(_model_file, "read_header", fail)
    with pytest.raises(ModelFileError, match=r"got one that cannot be read \(.*\): Input/output error; copy it"):
        load_model(tmp_path / "m")


@pytest.mark.parametrize("change", [{"n_inputs": 2**31 - 1}, {"n_features_in": 2**31 - 1}, {"layers": 10**12}], ids=str)
def test_sizes_are_checked_before_they_are_allocated(content, tmp_path, change):
    parts = parts_of(content)
    if "layers" in change:
        parts.description["members"][0]["layers"][0]["units"] = change["layers"]
    else:
        parts.description.update(change)
    (tmp_path / "m").write_bytes(forged(parts))
    tracemalloc.start()
    assert_refused(tmp_path / "m", "expected")
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()


def test_the_tensors_are_not_read_before_the_description_is_right(content, tmp_path, monkeypatch):
    from normexp.saving import _model_file

    read = []
    monkeypatch.setattr(_model_file, "read_tensors", lambda *_: read.append(1))
    parts = parts_of(content)
    parts.description["temperature"] = 0
    (tmp_path / "m").write_bytes(forged(parts))
    assert_refused(tmp_path / "m", "expected temperature to be a finite number from 1e-30 to 1e\\+30, got 0")
    assert read == []


def test_the_file_is_opened_once(content, tmp_path, monkeypatch):
    (tmp_path / "m").write_bytes(content)
    opened = []
    monkeypatch.setattr(os, "open", lambda path, *rest, as_before=os.open: opened.append(path) or as_before(path, *rest))
    load_model(tmp_path / "m")
    assert opened == [tmp_path / "m"]


def test_newer_formats_and_checksums_of_the_wrong_format(content, tmp_path):
    parts = parts_of(content)
    parts.description["format"] = 99
    (tmp_path / "m").write_bytes(forged(parts))
    assert_refused(tmp_path / "m", r"expected model format 4 or older, got 99, written by normexp '[\d.]+' \(.*\); upgrade normexp")
    for version, checksum in ((1, True), (2, False)):
        parts.description["format"] = version
        (tmp_path / "m").write_bytes(forged(parts, checksum=checksum))
        assert_refused(tmp_path / "m", f"expected a checksum in a model of format 2 or newer and none in format 1, got format {version}")
    assert json.loads(json.dumps(parts.description)) == parts.description
