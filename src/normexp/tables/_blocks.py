"""Rows of a matrix on disk, in blocks: more of them than memory holds."""

import os
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp._system import write_failure
from normexp._temporary import TemporaryFolder

__all__ = ["Block", "Blocks"]


class Block(NamedTuple):
    """Some of the rows: matrix of shape (n, n_columns), places of their classes, weights, and the fold that holds each out."""

    matrix: NDArray[np.float32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float32]
    folds: NDArray[np.uint8]


class Blocks:
    """Rows go to a block each, a file of this process's own folder, which is gone once closed, dropped, or swept after a kill; a file's checksum is looked at when it is read.

    `counts[i, k]` is how many rows of block i fold k holds out.
    """

    def __init__(self, n_blocks: int, n_columns: int, n_folds: int) -> None:
        self.record = np.dtype([("matrix", np.float32, (n_columns,)), ("target", np.int32), ("weight", np.float32), ("fold", np.uint8)])
        self.counts = np.zeros((n_blocks, n_folds), np.int64)
        self._sums, self.folder = [0] * n_blocks, TemporaryFolder()

    def __len__(self) -> int:
        return len(self.counts)

    @staticmethod
    def bytes_a_row(n_columns: int) -> int:
        """On disk."""
        return 4 * n_columns + 9

    def add(self, block: Block, places: NDArray[np.intp]) -> None:
        """Rows, each to the block of its place. Raises OSError, in our words, where the disk is full."""
        order = np.argsort(places, kind="stable")
        ends = np.searchsorted(places[order], np.arange(len(self) + 1))
        for i in range(len(self)):
            rows = order[ends[i] : ends[i + 1]]
            if len(rows):
                self._append(i, Block(block.matrix[rows], block.targets[rows], block.weights[rows], block.folds[rows]))

    def _append(self, i: int, rows: Block) -> None:
        records = np.empty(len(rows.targets), self.record)
        for name, part in zip(("matrix", "target", "weight", "fold"), rows, strict=True):
            records[name] = part
        raw = records.tobytes()
        try:
            with self._path(i).open("ab") as file:
                file.write(raw)
        except OSError as error:
            failure = write_failure(error, self._path(i))
            if failure is None or failure is error:
                raise
            raise failure from error
        self._sums[i] = zlib.crc32(raw, self._sums[i])
        self.counts[i] += np.bincount(rows.folds, minlength=self.counts.shape[1])

    def read(self, i: int) -> Block:
        """A block; raises OSError where the disk does not give what was written."""
        raw = self._path(i).read_bytes() if self.counts[i].any() else b""
        if len(raw) != self.counts[i].sum() * self.record.itemsize or zlib.crc32(raw) != self._sums[i]:
            raise OSError(f"expected the rows that were written to '{self._path(i)}', got others; is the disk in order, and does something else write there (TMPDIR)?")
        records = np.frombuffer(raw, self.record)
        matrix, targets, weights, folds = (np.ascontiguousarray(records[name]) for name in ("matrix", "target", "weight", "fold"))
        return Block(matrix, targets, weights, folds)

    def _path(self, i: int) -> Path:
        return Path(os.path.join(self.folder.path, f"block{i}"))

    def close(self) -> None:
        self.folder.close()

    def __enter__(self) -> "Blocks":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
