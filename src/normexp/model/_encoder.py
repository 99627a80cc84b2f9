"""From a table's matrix to the network's inputs.

A number becomes smooth_clip((x - median) / IQR); a missing one becomes 0 and, if the column had missing values in training, sets an indicator.
A boolean becomes -1 or 1, a category a one-hot vector; an unseen or missing category is all zeros. A constant column is all zeros.
A category of very many becomes what its rows' classes were in training, a few numbers (see `normexp.recipe`), zeros for an unseen or missing one.
Forests see numbers as they are, and of every category what its rows' classes were.
With bins a number becomes also how much of each of its quantile bins it reaches (piecewise-linear encoding, Gorishniy, Rubachev and Babenko 2022): networks see thresholds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.network import InputPlan, fill_inputs
from normexp.tables import MatrixColumn

__all__ = ["MOST_ONE_HOT", "MOST_STATISTICS", "Encoder", "n_statistics", "number_columns", "smooth_clip"]

PIECE_ROWS = 8_192
HUGE = 1e15  # keeps the square in the clip finite
TINY, MAX_SCALE = 2.3e-308, 1e300
LEAST_BINS = 2
MOST_ONE_HOT = 256  # codes of a category
MOST_STATISTICS = 128  # of a code, one a class
NO_NUMBERS: NDArray[np.float64] = np.empty(0)
NO_STATISTICS: NDArray[np.float64] = np.empty((0, 0))


@dataclass(frozen=True)
class Encoder:
    """Frozen facts of the training rows; arrays have one entry a matrix column."""

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]  # 0 for a constant column and for categories
    n_codes: NDArray[np.int64]  # 0 for numbers and booleans
    has_indicator: NDArray[np.bool_]
    shares: NDArray[np.float64] | None = None  # of each code in training, of missing cells for each indicator, the mean of a boolean: what `baseline` is made of
    low: NDArray[np.float64] | None = None  # smallest and greatest number in training
    high: NDArray[np.float64] | None = None
    is_boolean: NDArray[np.bool_] | None = None
    n_edges: NDArray[np.int64] | None = None  # of the bins of each number, 0 for other columns; None without bins
    edges: NDArray[np.float64] | None = None  # of all of them, one column after the other, those of a column rising
    statistics: NDArray[np.float64] | None = None  # the inputs of each code of the categories of very many, one column after the other, shape (n_codes, n_statistics)
    leanings: NDArray[np.float64] | None = None  # for forests: what each code of every category, then a missing one, says of the classes, shape (n_codes + n_categories, width)
    pairs: NDArray[np.int64] | None = None  # for forests: columns of numbers whose difference they see too, shape (n_pairs, 2)

    @staticmethod
    def fit(matrix: NDArray[Any], rows: NDArray[np.int64], columns: Sequence[MatrixColumn], n_bins: int = 0) -> "Encoder":
        """Look at the training rows of `matrix`, shape (n, n_columns); with `n_bins` above 0 numbers get at most so many bins, between quantiles."""
        n = len(columns)
        centre, scale, indicator = np.zeros(n), np.zeros(n), np.zeros(n, bool)
        kinds = np.array([column.kind for column in columns])
        missing, booleans, low, high, codes = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), []
        for i, column in enumerate(columns):
            if column.kind == "category":
                found = matrix[rows, i]
                codes.append(np.bincount(found[found >= 0].astype(np.int64), minlength=column.n_codes)[: column.n_codes] / len(rows))
                continue
            values = matrix[rows, i].astype(np.float64)
            filled = values[~np.isnan(values)]
            indicator[i], missing[i] = len(filled) < len(values), 1 - len(filled) / len(values)
            if len(filled):
                low[i], high[i] = filled.min(), filled.max()
            if column.kind == "boolean":
                centre[i], scale[i] = 0.5, 2.0
                booleans[i] = 2 * filled.mean() - 1 if len(filled) else 0
            elif len(filled):
                centre[i], scale[i] = _robust(filled)
        n_codes = np.array([column.n_codes for column in columns], np.int64)
        bins = [_edges(matrix[rows, i].astype(np.float64), n_bins) if column.kind == "number" else NO_NUMBERS for i, column in enumerate(columns)] if n_bins else []
        return Encoder(
            centre, scale, n_codes, indicator, np.concatenate([booleans[n_codes == 0], missing[indicator], *codes]), low, high, kinds == "boolean",
            np.array([len(edges) for edges in bins], np.int64) if n_bins else None, np.concatenate([NO_NUMBERS, *bins]) if n_bins else None,
        )  # fmt: skip

    @cached_property
    def n_inputs(self) -> int:
        """Width of the encoded matrix."""
        return self.n_plain_inputs + int(self._n_bins.sum())

    @cached_property
    def n_plain_inputs(self) -> int:
        """Those before the bins."""
        return self.first_statistic + int(self.n_statistics.sum())

    @cached_property
    def first_statistic(self) -> int:
        """The first input of a category of very many, after which the bins come."""
        return int((self.n_codes == 0).sum() + self.has_indicator.sum() + self.n_one_hot.sum())

    @cached_property
    def is_wide(self) -> NDArray[np.bool_]:
        """Which columns are categories of very many."""
        return self.n_codes > (MOST_ONE_HOT if self.statistics is not None else np.iinfo(np.int64).max)

    @cached_property
    def n_one_hot(self) -> NDArray[np.int64]:
        """Of each column, the inputs that say which category it is."""
        return np.where(self.is_wide, 0, self.n_codes)

    @cached_property
    def n_statistics(self) -> NDArray[np.int64]:
        """Of each column, the inputs that say what was seen of its category."""
        return self.is_wide * (0 if self.statistics is None else self.statistics.shape[1])

    @cached_property
    def plain(self) -> "Encoder":
        """The same without bins: its inputs are the first of these."""
        return self if self.n_edges is None else replace(self, n_edges=None, edges=None)

    @property
    def baseline(self) -> NDArray[np.float64]:
        """An average row as the network sees it: medians of numbers (which are encoded as 0), training shares of categories, booleans and missing cells."""
        if self.shares is None:
            raise ValueError("expected a model that knows the shares of its training categories, got one saved by an older normexp; train it again")
        codes: list[NDArray[np.float64]] = np.split(self.shares[len(self.shares) - int(self.n_codes.sum()) :], np.cumsum(self.n_codes)[:-1])
        return np.concatenate([
            self.shares[: len(self.shares) - int(self.n_codes.sum())], *(codes[column] for column in np.flatnonzero(self.n_one_hot)),
            *(codes[column] @ self.statistics_of(column) for column in np.flatnonzero(self.is_wide).tolist()),
            *(self._reached(column, self.centre[[column]])[0] for column in np.flatnonzero(self._n_bins).tolist()),
        ])  # fmt: skip

    def shares_of_codes(self, column: int) -> NDArray[np.float64]:
        """How often each code of a category occurred in training."""
        if self.shares is None:
            raise ValueError("expected a model that knows the shares of its training categories, got one saved by an older normexp; train it again")
        first = len(self.shares) - int(self.n_codes[column:].sum())
        return self.shares[first : first + self.n_codes[column]]

    def statistics_of(self, column: int) -> NDArray[np.float64]:
        """The inputs of each code of a category of very many, shape (n_codes, n_statistics)."""
        assert self.statistics is not None
        first = int((self.n_codes * self.is_wide)[:column].sum())
        return self.statistics[first : first + self.n_codes[column]]

    def encode_code(self, column: int, codes: NDArray[np.int64]) -> NDArray[np.float64]:
        """What values of a category become, shape (n_values, inputs of the column)."""
        table = self.statistics_of(column).astype(np.float32).astype(np.float64) if self.is_wide[column] else np.eye(self.n_codes[column])
        return table[codes]

    def leanings_of(self, column: int) -> NDArray[np.float64]:
        """What each code of a category says of the classes, and at the end one that is missing or was not seen, shape (n_codes + 1, width)."""
        assert self.leanings is not None
        first = int((self.n_codes + (self.n_codes > 0))[:column].sum())
        return self.leanings[first : first + self.n_codes[column] + 1]

    @cached_property
    def columns_of_numbers(self) -> NDArray[np.intp]:
        """For each number that forests see, the two matrix columns that it comes from, which are one but for differences, shape (n_numbers, 2)."""
        n, width = np.arange(len(self.n_codes)), 0 if self.leanings is None else self.leanings.shape[1]
        alone = np.concatenate([n[self.n_codes == 0], np.repeat(n[self.n_codes > 0], width)])
        return np.concatenate([np.column_stack([alone, alone]), np.empty((0, 2), np.intp) if self.pairs is None else self.pairs.astype(np.intp)])

    def numbers(self, matrix: NDArray[Any]) -> NDArray[Any]:
        """Rows as forests see them: numbers and booleans as they are, what each category says of the classes, differences of scaled numbers; NaN is missing.

        The matrix itself where there are neither categories nor pairs.
        """
        is_number, pairs = self.n_codes == 0, self.pairs
        if is_number.all() and pairs is None:
            return matrix
        found = np.empty((len(matrix), len(self.columns_of_numbers)), np.float64)
        at = int(is_number.sum())
        found[:, :at] = matrix[:, is_number]
        for column in np.flatnonzero(~is_number).tolist() if self.leanings is not None else ():
            said = self.leaning(column, matrix[:, column])
            found[:, at : at + said.shape[1]] = said
            at += said.shape[1]
        if pairs is not None and len(pairs):
            used, first, second = self._columns_of_pairs
            scaled = self.scaled(matrix, used)
            found[:, at:] = scaled[:, first] - scaled[:, second]
        return found

    @cached_property
    def _columns_of_pairs(self) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
        """The columns that pairs are of, and the places among them of the first and second of each."""
        assert self.pairs is not None
        used = np.unique(self.pairs)
        return used, np.searchsorted(used, self.pairs[:, 0]), np.searchsorted(used, self.pairs[:, 1])

    def scaled(self, matrix: NDArray[Any], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Columns of numbers in interquartile ranges from the median, finite, NaN for missing."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.clip((matrix[:, columns].astype(np.float64) - self.centre[columns]) * self.scale[columns], -HUGE, HUGE)

    def leaning(self, column: int, codes: NDArray[Any]) -> NDArray[np.float64]:
        """Of values of a category, shape (n_values, width)."""
        table = self.leanings_of(column)
        known = (codes >= 0) & (codes < len(table) - 1)
        return table[np.where(known, codes, len(table) - 1).astype(np.int64)]

    @property
    def average_numbers(self) -> NDArray[np.float64]:
        """An average row as forests see it: medians of numbers, training shares of booleans and categories."""
        assert self.shares is not None
        is_number, found = self.n_codes == 0, self.centre.copy()
        if self.is_boolean is not None:
            found[self.is_boolean] = (1 + self.shares[: is_number.sum()][self.is_boolean[is_number]]) / 2
        codes = [(self.shares_of_codes(column), self.leanings_of(column)) for column in np.flatnonzero(~is_number).tolist()]
        between = np.zeros(0 if self.pairs is None else len(self.pairs))  # medians are scaled to 0
        return np.concatenate([found[is_number], *(shares @ table[:-1] + max(1 - shares.sum(), 0) * table[-1] for shares, table in codes), between])

    def columns_of_inputs(self) -> NDArray[np.intp]:
        """For each input of the network, the matrix column that it comes from, shape (n_inputs,)."""
        n = np.arange(len(self.n_codes))
        return np.concatenate([n[self.n_codes == 0], n[self.has_indicator], np.repeat(n, self.n_one_hot), np.repeat(n, self.n_statistics), np.repeat(n, self._n_bins)])

    def input_names(self, columns: Sequence[MatrixColumn], categories: Sequence[Sequence[str]] = ()) -> list[str]:
        """A name for each input: the column's, "column is missing" for an indicator, "column = category", "column, statistic 1" of a category of
        very many, "column > edge" for a bin.

        `categories` are those of each category column in turn.
        """
        names, codes = [column.name for column in columns], np.flatnonzero(self.n_codes)
        words = [list(categories[i]) if i < len(categories) else [str(code) for code in range(self.n_codes[column])] for i, column in enumerate(codes)]
        found = [names[i] for i in np.flatnonzero(self.n_codes == 0)] + [f"{names[i]} is missing" for i in np.flatnonzero(self.has_indicator)]
        found += [f"{names[column]} = {word}" for column, of_column in zip(codes, words, strict=True) for word in [*of_column, "other"][: self.n_one_hot[column]]]
        found += [f"{names[column]}, statistic {k + 1}" for column in np.flatnonzero(self.is_wide) for k in range(self.n_statistics[column])]
        return found + [f"{names[column]} > {edge:.6g}" for column in np.flatnonzero(self._n_bins).tolist() for edge in self._edges_of(column)[:-1]]

    def encode(self, matrix: NDArray[Any], rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Encoded rows of `matrix`, float32 of shape (n_rows, n_inputs)."""
        out = np.empty((len(matrix) if rows is None else len(rows), self.n_inputs), np.float32)
        if rows is None:
            fill_inputs(self._plan, matrix, out)
        else:
            for first in range(0, len(out), PIECE_ROWS):
                piece = slice(first, first + PIECE_ROWS)
                fill_inputs(self._plan, matrix[rows[piece]], out[piece])
        return out

    def pieces(self, matrix: NDArray[Any]) -> Iterator[NDArray[np.float32]]:
        """Encoded rows, 8,192 at a time; each piece takes the place of the one before it."""
        room = np.empty((min(len(matrix), PIECE_ROWS), self.n_inputs), np.float32)
        for first in range(0, len(matrix), PIECE_ROWS):
            out = room[: len(matrix) - first]
            fill_inputs(self._plan, matrix[first : first + PIECE_ROWS], out)
            yield out

    def encode_number(self, column: int, values: NDArray[Any]) -> NDArray[np.float64]:
        """What values of one number or boolean column become, none of them missing: the scaled number, then its bins, shape (n_values, 1 + bins)."""
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = smooth_clip(np.nan_to_num((values.astype(np.float64) - self.centre[column]) * self.scale[column], nan=0.0)).astype(np.float32).astype(np.float64)
        return np.concatenate([scaled[:, None], self._reached(column, values.astype(np.float64))], axis=1)

    @cached_property
    def _n_bins(self) -> NDArray[np.int64]:
        """Of each column."""
        return np.zeros(len(self.n_codes), np.int64) if self.n_edges is None else np.maximum(self.n_edges - 1, 0)

    def _edges_of(self, column: int) -> NDArray[np.float64]:
        assert self.n_edges is not None
        assert self.edges is not None
        first = int(self.n_edges[:column].sum())
        return self.edges[first : first + self.n_edges[column]]

    def _reached(self, column: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much of each bin of a column lies below each value."""
        if not self._n_bins[column]:
            return np.empty((len(values), 0))
        edges = self._edges_of(column)
        return np.clip((values[:, None] / 2 - edges[:-1] / 2) / (edges[1:] / 2 - edges[:-1] / 2), 0, 1).astype(np.float32).astype(np.float64)

    @cached_property
    def _plan(self) -> InputPlan:
        """Where the inputs lie: what every row needs, found once."""
        numbers, categories, wide, binned = (np.flatnonzero(which) for which in (self.n_codes == 0, self.n_one_hot, self.is_wide, self._n_bins))
        statistics = NO_STATISTICS if self.statistics is None else np.ascontiguousarray(self.statistics, np.float64)
        return InputPlan(
            numbers, self.centre[numbers], self.scale[numbers], np.flatnonzero(self.has_indicator), categories, self.n_codes[categories], wide, self.n_codes[wide], statistics,
            binned, self._n_bins[binned] + 1, NO_NUMBERS if self.edges is None else self.edges, len(self.n_codes), self.n_inputs,
        )  # fmt: skip


def _robust(values: NDArray[np.float64]) -> tuple[float, float]:
    """Median and 1 / interquartile range, or 2 / range where half of the values are equal, or 0 for a constant."""
    low, median, high = 2 * np.quantile(values / 2, (0.25, 0.5, 0.75))  # halved: differences do not overflow
    half = high / 2 - low / 2 if high > low else values.max() / 4 - values.min() / 4
    return float(median), float(min(0.5 / max(half, TINY), MAX_SCALE)) if half > 0 else 0.0


def _edges(values: NDArray[np.float64], n_bins: int) -> NDArray[np.float64]:
    """Distinct quantiles, at least three of them, or none."""
    filled = np.sort(values[~np.isnan(values)])
    places = np.maximum(np.ceil(np.linspace(0, 1, n_bins + 1) * len(filled)).astype(np.int64) - 1, 0)
    edges = np.unique(filled[places]) if len(filled) else NO_NUMBERS
    return edges if len(edges) > LEAST_BINS else NO_NUMBERS


def smooth_clip(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """x / sqrt(1 + (x / 3)^2): near the identity around 0, at most 3."""
    x = np.clip(x, -HUGE, HUGE)
    clipped: NDArray[np.float64] = x / np.sqrt(1 + (x / 3) ** 2)
    return clipped


def n_statistics(n_classes: int) -> int:
    """How many numbers say what the classes of a category's rows were."""
    return 1 if n_classes == 2 else min(n_classes, MOST_STATISTICS)


def number_columns(n: int) -> tuple[MatrixColumn, ...]:
    """The columns of a plain numeric matrix."""
    return tuple(MatrixColumn(f"x{i}", "number") for i in range(n))
