"""A table that does not fit into memory: passed through once, into a part to test on, a sample, and blocks on disk."""

import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from normexp._checks import counted
from normexp.cli._asked import Asked
from normexp.cli._console import TrainingProgress, say, say_notes
from normexp.cli._fitting import kept_params, plan_of
from normexp.cli._parts import Parts
from normexp.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from normexp.model import Model
    from normexp.tables import Block, Blocks, Source, Table

__all__ = ["MemorySize", "fitted_in_blocks", "opened_if_large"]

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
LEAST_MEMORY = 256 << 20
BASE = 300 << 20  # bytes that a process takes without any rows
A_BYTE_OF_A_FILE = 40  # bytes of memory, at most: smaller files are not asked how many rows they have
OF_SAMPLE, OF_BLOCKS = 0.5, 0.3  # shares of what is beyond the base
MOST_DIFFERENCES = 50  # of numbers, that trees see
MOST_TESTED, MOST_SAMPLE, MOST_BLOCKS, LEAST_ROWS = 500_000, 4_000_000, 1_024, 20_000
REFUSED = {"group": "--group", "when": "--time", "folds": "--folds", "drop_duplicates": "--drop-duplicates", "test": "--test", "cluster": "--cluster", "compact": "--compact"}


class MemorySize(click.ParamType[int]):
    name = "SIZE"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", value.strip().lower())
        size = int(float(found[1]) * UNITS[found[2]]) if found else 0
        if size < LEAST_MEMORY:
            self.fail(f"expected a size of memory of at least 256MB, such as 1GB, got '{value}'", param, ctx)
        return size


@dataclass(frozen=True)
class Sizes:
    """How a table is parted: rows to learn from, to test, in the sample, and blocks of the first."""

    n_learnt: int
    n_tested: int
    n_sample: int
    n_blocks: int


def opened_if_large(asked: Asked) -> "tuple[Source | None, Table | None]":
    """The open source of a table that is too large for the memory; or what was read, if it was opened and is not; neither for files that are surely small enough."""
    from normexp.tables import files_of, open_source

    table = asked.table
    if table == "-" or table.startswith("example:") or ("::" in table and not Path(table).exists()):
        return None, None
    if sum(file.stat().st_size for file in files_of(table)) * A_BYTE_OF_A_FILE < asked.memory:
        return None, None
    source = open_source(table, memory=asked.memory, **asked.source_options)
    try:
        assert source.classes is not None
        if (need := _need(source.n_rows, source.schema, len(source.classes))) <= asked.memory:
            with source:
                return None, source.table()
        _refuse(asked, source, need)
    except BaseException:
        source.close()
        raise
    return source, None


def _need(n_rows: int, schema: Any, n_classes: int) -> int:
    """Bytes that a fit in memory takes, about."""
    return BASE + n_rows * (16 * len(schema.columns) + 8 * n_classes + 64)


def _refuse(asked: Asked, source: "Source", need: int) -> None:
    words = f"about {need / 2**30:.1f} GB where --memory gives {asked.memory / 2**30:.2f} ({source.n_rows:,} rows, {asked.table})"
    for name, option in REFUSED.items():
        if asked.given[name]:
            raise click.UsageError(f"expected a table that fits into memory with {option}, got one that needs {words}; leave {option} out, or give more memory")
    if asked.given["quality"] == "fast":
        raise click.UsageError(f"expected a table that fits into memory with --quality fast, got one that needs {words}; choose good or best, or give more memory")


def fitted_in_blocks(asked: Asked, source: "Source") -> "tuple[Model, Table, Parts]":
    """The model of the rows to learn from; the sample, and which rows are tested."""
    from normexp import recipe
    from normexp.tables import Blocks

    given, schema, classes = asked.given, source.schema, source.classes
    assert classes is not None
    asked.check(source.empty())
    with source:
        rng = np.random.default_rng([given["seed"], 0])
        tested = rng.random(source.n_rows, np.float32) < given["test_fraction"]
        n_learnt = source.n_rows - int(tested.sum())
        plan = plan_of(n_learnt, schema, len(classes), asked.params)
        assert not isinstance(plan, recipe.Plan)
        sizes = _sizes(asked.memory, n_learnt, int(tested.sum()), schema, len(classes), plan)
        _refuse_small_disk(sizes, len(schema.columns))
        say(f"{source.n_rows:,} rows do not fit into {asked.memory / 2**30:.2f} GB: {sizes.n_learnt:,} are learnt from in {counted(sizes.n_blocks, 'block')} on disk, "
            f"scales, bins and trees come from {sizes.n_sample:,} of them, {sizes.n_tested:,} are tested")  # fmt: skip
        with Blocks(sizes.n_blocks, len(schema.columns), plan.n_folds) as blocks:
            sample, test, weighted = _parted(source, tested, sizes, blocks, rng)
            say_notes(source.notes)
            source.close()
            model = _fit(asked, plan, sample, blocks, schema, classes, weighted=weighted)
    learnt = replace(source.empty(), matrix=sample.matrix, targets=sample.targets, weights=sample.weights if weighted else None)
    split = Parts(np.arange(len(sample.targets)), test, np.arange(len(test)), {}, np.zeros(len(test), bool), n_in_blocks=n_learnt)
    return model, learnt, split


def _sizes(memory: int, n_learnt: int, n_tested: int, schema: Any, n_classes: int, plan: Any) -> Sizes:
    """From what a row takes: in the sample with all that members keep of it, in a block twice, as it is learnt from and as the next is read."""
    from normexp.model import n_statistics

    room, columns = memory - BASE, schema.matrix_columns()
    n_inputs = sum(2 + plan.n_bins if column.n_codes == 0 else min(max(column.n_codes, 1), 256) for column in columns)
    n_categories = sum(column.n_codes > 0 for column in columns)
    n_numbers = len(columns) - n_categories + MOST_DIFFERENCES + n_categories * n_statistics(n_classes)  # that trees see
    in_sample = 8 * len(columns) + 3 * n_numbers + 100 + 16 * n_classes * len(plan.configurations)
    in_block = 2 * (8 * len(columns) + 8 * n_inputs)
    n_sample = min(n_learnt, MOST_SAMPLE, max(int(OF_SAMPLE * room / in_sample), LEAST_ROWS))
    n_blocks = -(-n_learnt * in_block // max(int(OF_BLOCKS * room), 1))
    if room <= 0 or n_blocks > MOST_BLOCKS or LEAST_ROWS * in_sample > room:
        least = BASE + max(LEAST_ROWS * in_sample, int(n_learnt * in_block / (MOST_BLOCKS * OF_BLOCKS)))
        raise DataError(f"expected memory enough for blocks of this table, got {memory / 2**30:.2f} GB; give at least {least / 2**30:.1f} GB (--memory)")
    return Sizes(n_learnt, min(n_tested, MOST_TESTED), n_sample, max(n_blocks, 1))


def _refuse_small_disk(sizes: Sizes, n_columns: int) -> None:
    from normexp.tables import Blocks

    need, place = sizes.n_learnt * Blocks.bytes_a_row(n_columns), tempfile.gettempdir()
    if (free := shutil.disk_usage(place).free) < need:
        raise OSError(f"expected {need / 2**30:.1f} GB of room for blocks of the table in {place}, got {free / 2**30:.1f}; make room, or name another folder with TMPDIR")


def _parted(source: "Source", tested: "NDArray[np.bool_]", sizes: Sizes, blocks: "Blocks", rng: Any) -> "tuple[Block, Table, bool]":
    """One pass: rows go to the test, or to a block, and some of these to the sample too."""
    from normexp.tables import Block

    learnt = np.flatnonzero(~tested)
    in_sample = np.zeros(source.n_rows, bool)
    in_sample[rng.choice(learnt, sizes.n_sample, replace=False, shuffle=False)] = True
    of_test = np.flatnonzero(tested)
    kept_test = np.zeros(source.n_rows, bool)
    kept_test[of_test if len(of_test) <= sizes.n_tested else rng.choice(of_test, sizes.n_tested, replace=False, shuffle=False)] = True
    del learnt, of_test
    samples, tests, at = list[Block](), list[Block](), 0
    n_folds = blocks.counts.shape[1]
    for matrix, targets, weights in source.pieces():
        assert targets is not None
        rows = slice(at, at + len(matrix))
        given = np.ones(len(matrix), np.float32) if weights is None else weights
        piece = Block(matrix, targets, given, rng.integers(0, n_folds, len(matrix), np.uint8))
        used = ~tested[rows] & (given > 0)
        blocks.add(_rows(piece, used), rng.integers(0, len(blocks), int(used.sum())))
        samples.append(_rows(piece, in_sample[rows] & used))
        tests.append(_rows(piece, kept_test[rows]))
        at += len(matrix)
    sample, test, weighted = _joined(samples), _joined(tests), source.has_weights
    numbers = source.numbers_of(np.flatnonzero(kept_test))
    table = replace(source.empty(), matrix=test.matrix, targets=test.targets, weights=test.weights if weighted else None, row_numbers=numbers)
    return sample, table, weighted


def _rows(block: "Block", which: "NDArray[np.bool_]") -> "Block":
    return type(block)(block.matrix[which], block.targets[which], block.weights[which], block.folds[which])


def _joined(parts: "list[Block]") -> "Block":
    return type(parts[0])(*(np.concatenate(pieces) for pieces in zip(*parts, strict=True)))


def _fit(asked: Asked, plan: Any, sample: "Block", blocks: "Blocks", schema: Any, classes: "NDArray[Any]", *, weighted: bool) -> "Model":
    from normexp import recipe

    params = asked.params
    shares = np.bincount(sample.targets, sample.weights, len(classes))
    with TrainingProgress(0, int(blocks.counts.sum()), params["time_limit"]) as progress:
        model = recipe.fit_blocks(
            sample, blocks, schema.matrix_columns(), plan, classes=classes, shares=shares / shares.sum(), weighted=weighted, class_weight=params["class_weight"],
            time_limit=float(params["time_limit"] or 0), n_threads=params["n_threads"] or 0, on_progress=progress.on_progress,
        )  # fmt: skip
    names = tuple(column.name for column in schema.columns)
    return replace(model, schema=schema, n_features=len(names), feature_names=names, params=kept_params(params))
