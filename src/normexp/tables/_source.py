"""An opened table: what its columns are is found out or given, its rows come in pieces or whole."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import did_you_mean, listing
from normexp.errors import DataError
from normexp.tables._notes import bad_cells_error, conversion_notes
from normexp.tables._options import Options
from normexp.tables._schema import Schema
from normexp.tables._table import Table
from normexp.tables._times import times_of_column
from normexp.tables._weights import Weights
from normexp.tables._words import folded_ascii, met
from normexp.tables.conversion import Bad, Converter
from normexp.tables.inference import Survey, columns_of, named
from normexp.tables.labels import groups_of_column, labels_of_column, learned_classes, targets_of, unknown_labels
from normexp.tables.sources import Rows, rows_of

__all__ = ["Source"]

PIECE_ROWS = 61_440  # half of what DuckDB keeps together


class Source:
    """An opened table. Use it as a context, or close it."""

    def __init__(self, source: object, options: Options, schema: Schema | None = None, classes: NDArray[Any] | None = None) -> None:
        self.data: Rows = rows_of(source, options, declared=schema is None)
        self.options, self.classes, self.notes, self._noted = options, classes, list[str](), False
        self.label: str = self.data.label
        try:
            self._prepare(schema)
        except UnicodeEncodeError as error:
            self.close()
            raise self._half_a_letter(error) from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.data.close()

    def _prepare(self, schema: Schema | None) -> None:
        options = self.options
        self.names, left_out, called = named(self.data, keep=options.keep_columns if schema is None else tuple(column.name for column in schema.columns))
        self.data.names = self.names
        self.indices = {name: i for i, name in enumerate(self.names)}
        self.words = options.words(schema)
        self._find_roles()
        self._read_target_and_weights()
        self._inferred_here = schema is None
        if schema is None:
            self.notes += [note for name, note in left_out.items() if name != self.target]
            self.schema = self._inferred([name for name in self.names if name not in (self.target, self.weight, options.group, options.time, *options.ignore, *left_out)])
            self.notes += [note for name, note in called.items() if any(column.name == name for column in self.schema.columns)]
        else:
            self.schema = schema
            self._check_columns()
        used = {column.name for column in self.schema.columns} | {self.target, self.weight, self.schema.target}
        self.unused = [name for name in self.names if name not in used]
        self.converter = Converter(self.schema, self.words, options.match_case)
        self.targets = None
        if self.labels is not None and self.classes is not None:
            self.targets = targets_of(self.labels, self.classes, options.match_case)
            if schema is not None:
                self.notes += unknown_labels(self.labels, self.targets, self.classes, options.match_case)

    def _find_roles(self) -> None:
        """Target, weight and the columns that the caller names must be there."""
        options = self.options
        self.target = None if options.target_optional and options.target not in self.indices else options.target
        self.weight = options.weight
        roles = [(self.target, "target"), (self.weight, "weight"), (options.group, "group"), (options.time, "time"), *((name, "column to ignore") for name in options.ignore)]
        roles += [(name, "column to keep") for name in options.keep_columns]
        for name, role in roles:
            if name is not None and name not in self.indices:
                raise self._no_column(name, role)

    def _read_target_and_weights(self) -> None:
        """Labels and weights of all rows; rows without a label are not kept."""
        self.labels = None
        if self.target is not None:
            self.labels, notes = labels_of_column(self.data, self.indices[self.target], self.words[0], learning=self.classes is None)
            self.notes += notes
        self._weights = None if self.weight is None else Weights(self.data, self.indices[self.weight], self.options, self.words)
        if self._weights is not None:
            self.notes += self._weights.notes
        self.keep = None if self.labels is None or (self.labels.numbers >= 0).all() else (self.labels.numbers >= 0).astype(np.uint8)
        self.n_rows = self.data.n_rows if self.keep is None else int(self.keep.sum())

    def _groups(self) -> NDArray[np.int64] | None:
        """Of the rows that are kept."""
        if self.options.group is None:
            return None
        groups = groups_of_column(self.data, self.indices[self.options.group], self.words[0])
        return groups if self.keep is None else groups[self.keep.astype(bool)]

    def _times(self) -> NDArray[np.float64] | None:
        """Of the rows that are kept, all of which must have one."""
        name = self.options.time
        if name is None:
            return None
        times, notes = times_of_column(self.data, self.indices[name], self.options, self.words)
        self.notes += notes
        kept = np.arange(len(times)) if self.keep is None else np.flatnonzero(self.keep)
        if (gone := kept[np.isnan(times[kept])]).size:
            file, number = self.data.place(int(gone[0]))
            raise DataError(f"expected a time in every row of column '{name}', got none in {gone.size}, the first {file}, row {number}; leave such rows out, or fill them")
        return times[kept]

    def _half_a_letter(self, error: UnicodeEncodeError) -> DataError:
        half = error.object[error.start]
        return DataError(f"expected text that is Unicode, got the half of a pair {half!r} in {error.object[:40]!r} ({self.label}); decode it anew, or replace it")

    def _no_column(self, name: str, role: str) -> DataError:
        near = did_you_mean(name, self.names)
        hint = "" if near else f"; {self.data.hint}" if self.data.hint else ""
        if len(self.names) == 1 and not near and " " in self.names[0].strip():
            hint = "; if its columns are apart by spaces or another sign, write them apart by commas, semicolons, tabs or |"
        return DataError(f"expected a column named '{name}' as {role}, got a table with columns {listing(self.names)} ({self.label}){near}{hint}")

    def _inferred(self, names: Sequence[str]) -> Schema:
        if self.n_rows == 0:
            raise DataError(f"expected rows with a target, got none ({self.label})" if self.keep is not None else f"expected a table with rows, got a header only ({self.label})")
        if self.target is not None and self.labels is not None and self.classes is None:
            self.classes, notes = learned_classes(self.labels, self.data, self.indices[self.target], any_classes=self.options.any_classes)
            self.notes += notes
        survey, indices = Survey(self.data, self.options, self.words, self.keep), [self.indices[name] for name in names]
        columns, notes = columns_of(survey, indices), survey.notes(indices)
        self.notes += notes
        self._judge(survey.bad)
        if not columns:
            why = "".join(f"; {note}" for note in notes if "left out" in note)
            raise DataError(f"expected at least one column to learn from, got none besides the target ({self.label}){why}")
        self._say_unmatched(survey.found_missing)
        return Schema(tuple(columns), self.target, *self.words)

    def _judge(self, bad: list[Bad]) -> None:
        """Refuse bad cells, or leave them to be taken as missing: numbers that no float32 holds are refused unless the caller says otherwise."""
        refused = bad if self.options.bad_cells == "refuse" else [cells for cells in bad if cells.typed] if self.options.bad_cells is None else []
        if refused:
            raise bad_cells_error(refused, self.data, training=True)

    def _say_unmatched(self, found: set[str]) -> None:
        found = found | met(self.words[0], self.labels.missing_words if self.labels else ())
        for word in self.options.missing:
            if folded_ascii(word) not in found:
                self.notes.append(f"no cell is {word!r}, which --missing names (missing={[word]!r})")

    def _check_columns(self) -> None:
        absent = [column.name for column in self.schema.columns if column.name not in self.indices]
        if absent:
            found = f"a table without {listing(absent)} ({self.label})"
            hint = f"; {self.data.hint}" if self.data.hint else ""
            raise DataError(f"expected the columns that the model was trained on, got {found}{did_you_mean(absent[0], self.names)}; add or rename them{hint}")

    # ---- rows

    def pieces(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32] | None, NDArray[np.float32] | None]]:
        """Matrix, targets and weights of up to 61,440 rows at a time, in order; notes on their cells are there after the last."""
        for first in range(0, self.data.n_rows, PIECE_ROWS):
            stop = min(first + PIECE_ROWS, self.data.n_rows)
            matrix = np.empty((stop - first, self.converter.width), np.float32)
            self._convert(matrix, first, stop, self.keep)
            weights = None if self._weights is None else self._weights.of(first, stop, self.keep)
            rows = slice(None) if self.keep is None else self.keep[first:stop].astype(bool)
            targets = None if self.targets is None else self.targets[first:stop][rows]
            if targets is None or len(targets):
                yield matrix if self.keep is None else matrix[rows], targets, None if weights is None else weights[rows]
        self._note_cells()

    def _convert(self, matrix: NDArray[np.float32], first: int, stop: int, keep: NDArray[np.uint8] | None) -> None:
        """Fill a matrix with the rows from `first` to before `stop`; rows without `keep` are not looked at, a row that does not come is an error."""
        places = {self.indices[column.name]: k for k, column in enumerate(self.schema.columns)}
        for group in self.data.groups(list(places), stop - first):
            n_filled = 0
            for at, n, cells in self.data.batches(group, first, stop):
                some = None if keep is None else keep[at : at + n]
                try:
                    self.converter.convert([places[i] for i in group], cells, at, matrix[at - first : at - first + n], some)
                except UnicodeEncodeError as error:
                    raise self._half_a_letter(error) from error
                n_filled += n
            if n_filled != stop - first:
                raise RuntimeError(f"expected {stop - first} rows from row {first + 1} on, got {n_filled} ({self.label})")

    def _note_cells(self) -> None:
        if not self._noted:
            self._noted = True
            notes, bad = conversion_notes(self.schema.columns, self.converter, self.data, self.options, inferred=self._inferred_here)
            if self.options.bad_cells == "refuse" and bad:
                raise bad_cells_error(bad, self.data, training=False)
            self.notes += [note for note in notes if note not in self.notes]

    def numbers(self) -> NDArray[np.float64]:
        """The schema's columns, all of numbers, in float64, shape (n_rows, n_columns)."""
        out = np.empty((self.data.n_rows, len(self.schema.columns)), np.float64)
        places = {self.indices[column.name]: k for k, column in enumerate(self.schema.columns)}
        for group in self.data.groups(list(places), self.data.n_rows):
            for first, n, batch in self.data.batches(group):
                for i, cells in zip(group, batch, strict=True):
                    out[first : first + n, places[i]] = self.converter.doubles(places[i], cells, first)
        self._note_cells()
        return out

    @property
    def has_weights(self) -> bool:
        return self._weights is not None

    def kept_targets(self) -> NDArray[np.int32]:
        """Of the rows that are kept; raises DataError where there is no target."""
        if self.targets is None:
            raise DataError(f"expected a table with a target, got one read without ({self.label})")
        return self.targets if self.keep is None else self.targets[self.keep.astype(bool)]

    def n_weighing(self) -> int:
        """How many rows have a weight above 0."""
        if self._weights is None:
            return self.n_rows
        found = 0
        for first in range(0, self.data.n_rows, PIECE_ROWS):
            stop = min(first + PIECE_ROWS, self.data.n_rows)
            weighs = self._weights.of(first, stop, self.keep) > 0
            found += int((weighs if self.keep is None else weighs & self.keep[first:stop].astype(bool)).sum())
        return found

    def empty(self) -> Table:
        """A table of its columns and classes, without rows."""
        matrix, targets = np.empty((0, self.converter.width), np.float32), None if self.targets is None else self.targets[:0]
        return Table(self.schema, matrix, targets, self.classes, None, tuple(self.notes))

    def numbers_of(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """Numbers in the source, from 1, of rows among those that are kept."""
        return (rows if self.keep is None else np.flatnonzero(self.keep)[rows]).astype(np.int64) + 1

    def row(self, number: int) -> Table:
        """One row, counted from 1 as in messages; its target is -1 where it is missing or unknown."""
        if not 1 <= number <= self.data.n_rows:
            raise DataError(f"expected a row from 1 to {self.data.n_rows}, got {number} ({self.label}); rows are counted without the header")
        matrix = np.empty((1, self.converter.width), np.float32)
        self._convert(matrix, number - 1, number, None)
        self._note_cells()
        return Table(self.schema, matrix, None if self.targets is None else self.targets[number - 1 : number], self.classes)

    def table(self) -> Table:
        """All rows at once."""
        matrix = np.empty((self.n_rows, self.converter.width), np.float32)
        targets = None if self.targets is None else np.empty(self.n_rows, np.int32)
        weights = None if self._weights is None else np.empty(self.n_rows, np.float32)
        at = 0
        if self.keep is None and self.n_rows <= PIECE_ROWS:  # no copy
            self._convert(matrix, 0, self.n_rows, None)
            targets, weights, at = self.targets, None if self._weights is None else self._weights.of(0, self.n_rows, None), self.n_rows
            self._note_cells()
        else:
            for piece, piece_targets, piece_weights in self.pieces():
                rows = slice(at, at + len(piece))
                matrix[rows] = piece
                if targets is not None and piece_targets is not None:
                    targets[rows] = piece_targets
                if weights is not None and piece_weights is not None:
                    weights[rows] = piece_weights
                at += len(piece)
        if at != self.n_rows:
            raise RuntimeError(f"expected {self.n_rows} rows, got {at} ({self.label})")
        numbers = None if self.keep is None else np.flatnonzero(self.keep).astype(np.int64) + 1
        groups, times = self._groups(), self._times()
        return Table(self.schema, matrix, targets, self.classes, weights, tuple(self.notes), numbers, groups, times)
