"""Archives that are none, or that ask for more than they hold: refused before anything is unpacked."""

import re
import zipfile

import numpy as np
import pytest

import normexp.keras as nk
from keras_archives import archive, assert_refused, members, weights
from normexp import ModelFileError
from normexp.keras._saving import _archive

RNG = np.random.default_rng(7)


def test_files_that_are_no_archive(path, tmp_path):
    assert_refused(tmp_path / "none.keras", "got a path where there is none")
    assert_refused(tmp_path, "got a path where there is none")
    path.write_bytes(b"not a zip")
    assert_refused(path, "one that does not read as such: File is not a zip file")
    for missing in members():
        assert_refused(archive(path, {name: data for name, data in members().items() if name != missing}), f"got one without {re.escape(missing)}")
    assert_refused(archive(path, members(h5=b"\x89HDF")), "expected weights in HDF5, got a part that does not read as such")


def test_paths_that_leave_the_archive(path):
    for name in ("/etc/x", "../x", "a/../../x", "C:/x", "a\\x", "a/.."):
        assert_refused(archive(path, members() | {name: b""}), "expected members with paths inside the archive")
    archive(path, members() | {"readme.txtXx": b""})
    path.write_bytes(path.read_bytes().replace(b"readme.txtXx", b"readme.txt\0x"))
    assert_refused(path, r"got 'readme\.txt\\x00x'")


def test_too_many_and_repeated_members(path):
    assert_refused(archive(path, members() | {f"a{i}": b"" for i in range(98)}), "at most 100 entries, got 101")
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive(path, [*members().items(), ("config.json", b"{}")])
    assert_refused(path, "each member once, got one with a name twice")


def test_members_that_are_encrypted_exotic_or_of_another_size(path):
    data = bytearray(archive(path, members()).read_bytes())
    for signature, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + at] |= 1
    path.write_bytes(data)
    assert_refused(path, "'metadata.json', which is encrypted or compressed otherwise")
    assert_refused(archive(path, members(), zipfile.ZIP_BZIP2), "'metadata.json', which is encrypted or compressed otherwise")
    data = bytearray(archive(path, members()).read_bytes())
    at = data.index(b"PK\1\2")
    data[at + 24 : at + 28] = (5).to_bytes(4, "little")  # metadata.json claims to be 5 bytes long
    path.write_bytes(data)
    assert_refused(path, "does not read as such: Bad CRC-32")


def test_bombs(path, monkeypatch):
    bomb = members(h5=weights(big=np.zeros(1_000_000, np.float32)))
    assert_refused(archive(path, bomb, zipfile.ZIP_DEFLATED), r"at most 100 times their compressed size, got 'model\.weights\.h5'")
    monkeypatch.setattr(_archive, "_check_entries", print)  # as if the sizes in the headers were lies
    assert_refused(path, r"got more in model\.weights\.h5")
    archive(path, bomb)
    monkeypatch.setattr(_archive, "MAX_TEXT_BYTES", 100)
    assert_refused(path, r"and 100 of text, got more in config\.json")
    monkeypatch.setattr(_archive, "MAX_BYTES", 1_000_000)
    assert_refused(path, "expected at most 1000000 bytes")
    monkeypatch.undo()
    monkeypatch.setattr(_archive, "MAX_BYTES", 1_000_000)
    assert_refused(path, "expected an archive of at most 1000000 bytes uncompressed, got 4")


def test_a_damaged_file_is_refused_or_read_never_a_crash(path):
    archive(path, members())
    whole = path.read_bytes()
    for _ in range(300):
        data = bytearray(whole)
        for at in RNG.integers(0, len(data), 3):
            data[at] = RNG.integers(256)
        path.write_bytes(data)
        try:
            nk.models.load_model(path)
        except ModelFileError as error:
            assert str(path) in str(error)  # noqa: PT017
