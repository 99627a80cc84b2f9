"""A table that does not fit into memory: passed through once, into a part to test on, a sample, and blocks on disk."""

import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from normexp._checks import counted
from normexp.cli._asked import Asked
from normexp.cli._console import TrainingProgress, say, say_notes
from normexp.cli._fitting import kept_params, plan_of, say_left_out
from normexp.cli._parts import BEYOND_CHANCE, NOTABLE, Parts
from normexp.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from normexp.model import Model
    from normexp.tables import Block, Blocks, Source, Table

__all__ = ["MemorySize", "fitted_in_blocks", "opened_if_large"]

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
LEAST_MEMORY = 256 << 20
BASE = 300 << 20  # bytes that a process takes without any rows
OF_A_ROW = 16  # bytes of every row of the table, whatever its columns: its label
OF_SAMPLE, OF_BLOCKS, OF_TEST = 0.45, 0.3, 0.15  # shares of what is beyond the base
MOST_DIFFERENCES = 50  # of numbers, that trees see
MOST_SAMPLE, MOST_BLOCKS, LEAST_ROWS = 4_000_000, 1_024, 20_000
ONE_IN = 64
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
    """How a table is parted: the share that is held out for the test, of that what is tested, of the rows to learn from what is in the sample, and the blocks of these."""

    test_fraction: float
    of_tested: float
    of_learnt: float
    n_blocks: int
    n_learnt: int  # about


def opened_if_large(asked: Asked) -> "tuple[Source | None, Table | None]":
    """The open source of a table that is too large for the memory, or what was read."""
    from normexp.tables import open_source

    source = open_source(asked.table, memory=asked.memory, **asked.source_options)
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

    schema, classes = source.schema, source.classes
    assert classes is not None
    asked.check(source.empty())
    with source:
        n_learnt = round(source.n_weighing() * (1 - asked.given["test_fraction"]))
        plan = plan_of(n_learnt, schema, len(classes), asked.params)
        assert not isinstance(plan, recipe.Plan)
        sizes = _sizes(asked, source, n_learnt, len(classes), plan)
        _refuse_small_disk(sizes, len(schema.columns))
        with Blocks(sizes.n_blocks, len(schema.columns), plan.n_folds) as blocks:
            found = _parted(source, sizes, blocks, np.random.default_rng([asked.given["seed"], 0]), len(classes))
            source.close()
            n_learnt = int(blocks.counts.sum())
            say(f"{source.n_rows:,} rows do not fit into {asked.memory / 2**30:.2f} GB: {n_learnt:,} are learnt from in {counted(sizes.n_blocks, 'block')} on disk, "
                f"scales, bins and trees come from {len(found.sample.targets):,} of them, {len(found.tested):,} are tested")  # fmt: skip
            say_notes([*source.notes, *found.equal_rows()])
            model = _fit(asked, plan, found, blocks, schema, classes)
    weights = found.sample.weights if source.has_weights else None
    learnt = replace(source.empty(), matrix=found.sample.matrix, targets=found.sample.targets, weights=weights)
    n_tested = len(found.tested)
    in_sample, equal = np.arange(len(found.sample.targets)), round(found.share_equal * n_tested)
    return model, learnt, Parts(in_sample, found.tested, np.arange(n_tested), {}, np.zeros(n_tested, bool), about_equal=equal, n_in_blocks=n_learnt)


def _sizes(asked: Asked, source: "Source", n_learnt: int, n_classes: int, plan: Any) -> Sizes:
    """From what a row takes: of the whole table, among those that are tested, in the sample with all that members keep of it, in a block that is learnt from and the next one."""
    from normexp.model import n_statistics

    columns = source.schema.matrix_columns()
    room = asked.memory - BASE - OF_A_ROW * source.n_rows
    n_inputs = sum(2 + plan.n_bins if column.n_codes == 0 else min(max(column.n_codes, 1), 256) for column in columns)
    n_categories = sum(column.n_codes > 0 for column in columns)
    n_numbers = len(columns) - n_categories + MOST_DIFFERENCES + n_categories * n_statistics(n_classes)  # that trees see
    in_test = 8 * len(columns) + 32 * n_classes
    in_sample = 8 * len(columns) + 3 * n_numbers + 100 + 16 * n_classes * len(plan.configurations)
    in_block = 2 * (8 * len(columns) + 8 * n_inputs)
    n_sample = min(n_learnt, MOST_SAMPLE, max(int(OF_SAMPLE * room / in_sample), LEAST_ROWS))
    n_blocks = -(-n_learnt * in_block // max(int(OF_BLOCKS * room), 1))
    if room <= 0 or n_blocks > MOST_BLOCKS or LEAST_ROWS * in_sample > room:
        least = BASE + OF_A_ROW * source.n_rows + max(LEAST_ROWS * in_sample, int(n_learnt * in_block / (MOST_BLOCKS * OF_BLOCKS)))
        raise DataError(f"expected memory enough for blocks of this table, got {asked.memory / 2**30:.2f} GB; give at least {least / 2**30:.1f} GB (--memory)")
    n_tested = round(source.n_rows * asked.given["test_fraction"])
    return Sizes(asked.given["test_fraction"], min(1.0, max(OF_TEST * room / in_test, 1) / max(n_tested, 1)), n_sample / max(n_learnt, 1), max(n_blocks, 1), n_learnt)


def _refuse_small_disk(sizes: Sizes, n_columns: int) -> None:
    from normexp.tables import Blocks

    need, place = sizes.n_learnt * Blocks.bytes_a_row(n_columns), tempfile.gettempdir()
    if (free := shutil.disk_usage(place).free) < need:
        raise OSError(f"expected {need / 2**30:.1f} GB of room for blocks of the table in {place}, got {free / 2**30:.1f}; make room, or name another folder with TMPDIR")


@dataclass
class Parted:
    """What one pass over the source gives: a sample of what is learnt from, the rows to test, weights of the classes, and how many tested rows equal one that is learnt from."""

    sample: "Block"
    tested: "Table"
    totals: "NDArray[np.float64]"
    share_equal: float
    weighted: bool

    def equal_rows(self) -> list[str]:
        if not self.share_equal:
            return []
        return [f"about {self.share_equal:.0%} of the rows to test on equal a row to learn from: the scores flatter the model; leave equal rows out of the table"]


def _parted(source: "Source", sizes: Sizes, blocks: "Blocks", rng: Any, n_classes: int) -> Parted:
    """Each row goes to the test, or to a block, and some of these to the sample too: so does the first of every class."""
    from normexp.tables import Block

    samples, tests, at = list[Block](), list[Block](), 0
    numbers: list[NDArray[np.intp]] = []
    n_folds, totals, hashes = blocks.counts.shape[1], np.zeros(n_classes), Hashes()
    for matrix, targets, weights in source.pieces():
        assert targets is not None
        n = len(matrix)
        piece = Block(matrix, targets, np.ones(n, np.float32) if weights is None else weights, rng.integers(0, n_folds, n, np.uint8))
        draws, places = rng.random((3, n), np.float32), rng.integers(0, len(blocks), n)
        first = np.zeros(n, bool)
        weighing = np.flatnonzero(piece.weights > 0)
        new, of_new = np.unique(targets[weighing], return_index=True)
        first[weighing[of_new[totals[new] == 0]]] = True
        tested = (draws[0] < sizes.test_fraction) & ~first
        learnt = ~tested & (piece.weights > 0)
        tested &= draws[1] < sizes.of_tested
        totals += np.bincount(targets[learnt], piece.weights[learnt], n_classes)
        blocks.add(_rows(piece, learnt), places[learnt])
        samples.append(_rows(piece, learnt & ((draws[2] < sizes.of_learnt) | first)))
        tests.append(_rows(piece, tested))
        numbers.append(at + np.flatnonzero(tested))
        hashes.add(piece, learnt, tested)
        at += n
    sample, test = _joined(samples), _joined(tests)
    weights = test.weights if source.has_weights else None
    table = replace(source.empty(), matrix=test.matrix, targets=test.targets, weights=weights, row_numbers=source.numbers_of(np.concatenate(numbers)))
    return Parted(sample, table, totals, hashes.share_equal(table, int(blocks.counts.sum())), source.has_weights)


class Hashes:
    """One in 64 of all different rows, learnt from and tested: which of the second are among the first."""

    def __init__(self) -> None:
        self.learnt: list[NDArray[np.uint64]] = []
        self.tested: list[NDArray[np.uint64]] = []

    def add(self, piece: "Block", learnt: "NDArray[np.bool_]", tested: "NDArray[np.bool_]") -> None:
        from normexp.tables import Schema, Table, row_hashes

        found = row_hashes(Table(Schema(()), piece.matrix, piece.targets))
        some = found % np.uint64(ONE_IN) == 0
        self.learnt.append(np.unique(found[some & learnt]))
        self.tested.append(found[some & tested])

    def share_equal(self, tested: "Table", n_learnt: int) -> float:
        """Of the tested rows; 0 where it is next to nothing, or what chance gives among a few categories."""
        from normexp.tables import equal_by_chance

        found = np.concatenate(self.tested)
        share = float(np.isin(found, np.concatenate(self.learnt)).mean()) if len(found) else 0.0
        return share if share > NOTABLE and share > BEYOND_CHANCE * equal_by_chance(tested.take(np.arange(min(len(tested), 20_000))), n_learnt) else 0.0


def _rows(block: "Block", which: "NDArray[np.bool_]") -> "Block":
    return type(block)(block.matrix[which], block.targets[which], block.weights[which], block.folds[which])


def _joined(parts: "list[Block]") -> "Block":
    return type(parts[0])(*(np.concatenate(pieces) for pieces in zip(*parts, strict=True)))


def _fit(asked: Asked, plan: Any, found: Parted, blocks: "Blocks", schema: Any, classes: "NDArray[Any]") -> "Model":
    from normexp import recipe

    params = asked.params
    with TrainingProgress(0, int(blocks.counts.sum()), params["time_limit"]) as progress:
        model = recipe.fit_blocks(
            found.sample, blocks, schema.matrix_columns(), plan, classes=classes, shares=found.totals / found.totals.sum(), weighted=found.weighted,
            class_weight=params["class_weight"], time_limit=float(params["time_limit"] or 0), n_threads=params["n_threads"] or 0, on_progress=progress.on_progress,
        )  # fmt: skip
    say_left_out(model)
    names = tuple(column.name for column in schema.columns)
    return replace(model, schema=schema, n_features=len(names), feature_names=names, params=kept_params(params))
