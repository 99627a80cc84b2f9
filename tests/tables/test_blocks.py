"""Rows on disk: what is read is what was written, or an error says so."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from normexp.tables import Block, Blocks


def rows(n, seed=0, n_folds=3):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((n, 4)).astype(np.float32)
    matrix[rng.random((n, 4)) < 0.1] = np.nan
    return Block(matrix, rng.integers(0, 5, n, np.int32), rng.random(n, np.float32), rng.integers(0, n_folds, n, np.uint8))


def test_each_row_is_in_its_block_in_the_order_of_its_coming():
    pieces, rng = [rows(50, seed) for seed in range(4)], np.random.default_rng(9)
    places = [rng.integers(0, 3, 50) for _ in pieces]
    with Blocks(4, 4, 3) as blocks:
        for piece, place in zip(pieces, places, strict=True):
            blocks.add(piece, place)
        for i in range(3):
            expected = [np.concatenate([getattr(piece, name)[place == i] for piece, place in zip(pieces, places, strict=True)]) for name in Block._fields]
            for found, wanted in zip(blocks.read(i), expected, strict=True):
                np.testing.assert_array_equal(found, wanted)
                assert found.dtype == wanted.dtype
                assert found.flags.c_contiguous
            np.testing.assert_array_equal(blocks.counts[i], np.bincount(expected[3], minlength=3))
        assert [len(part) for part in blocks.read(3)] == [0, 0, 0, 0]  # nothing went there
        assert blocks.read(3).matrix.shape == (0, 4)


@pytest.mark.parametrize("spoil", [lambda raw: raw[:-1], lambda raw: raw + b"\0", lambda raw: b"\1" + raw[1:] if raw[:1] != b"\1" else b"\2" + raw[1:], lambda _: b""])
def test_a_file_that_has_changed_is_refused(spoil):
    with Blocks(1, 4, 3) as blocks:
        blocks.add(rows(20), np.zeros(20, np.intp))
        (path,) = Path(blocks.folder.path).iterdir()
        path.write_bytes(spoil(path.read_bytes()))
        with pytest.raises(OSError, match=r"expected the rows that were written to .*, got others; is the disk in order"):
            blocks.read(0)


def test_nothing_stays_behind():
    with Blocks(2, 4, 3) as blocks:
        blocks.add(rows(20), np.arange(20) % 2)
        folder = Path(blocks.folder.path)
        assert sum(path.stat().st_size for path in folder.iterdir()) == 20 * Blocks.bytes_a_row(4)
    assert not folder.exists()


def test_a_full_disk_is_said(monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Blocks(1, 4, 3) as blocks:
        monkeypatch.setattr(Path, "open", full)
        with pytest.raises(OSError, match=r"expected room .* a full disk"):
            blocks.add(rows(5), np.zeros(5, np.intp))
