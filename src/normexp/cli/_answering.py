"""The rows of a table with what a model answers to each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normexp._checks import did_you_mean, listing
from normexp.cli._deciding import Decisions
from normexp.cli._sets import set_words
from normexp.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from normexp.model import Model
    from normexp.tables import Results, Source

__all__ = ["Answered", "Answering"]


@dataclass(frozen=True)
class Answered:
    """How many rows were answered, and what there is to say of them."""

    n_rows: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Answering:
    """A model, how its answers are decided, the thresholds of its prediction sets, columns to keep, and how tables are read: the same for every table."""

    model: "Model"
    deciding: Decisions
    bounds: "NDArray[Any] | None"
    keep: tuple[str, ...]
    reading: dict[str, Any]
    n_threads: int = 0

    def write(
        self, table: str, path: Path | None, tell: Callable[[Iterable[str]], None] | None = None, *, check: Callable[[], None] | None = None
    ) -> Answered:  # fmt: skip
        """Answers of all rows, into a file or, without one, as CSV on standard output; `tell` hears the notes before that is written, and `check` may refuse then what was read."""
        import sys

        import numpy as np

        from normexp.tables import Results, open_source, unused_note

        model = self.model
        with open_source(table, schema=model.schema, **self.reading) as source:
            if tell is not None:
                tell(unused_note(source.unused, f" of {table}"))
            further = [*self.deciding.names(), *([] if self.bounds is None else [("set", np.dtype(object))])]
            names = ["prediction", *(f"probability_{label}" for label in model.classes), *(name for name, _ in further)]
            dtypes = [model.classes.dtype, *[np.dtype(np.float32)] * len(model.classes), *(dtype for _, dtype in further)]
            with Results(source, names, dtypes, self._kept_columns(source)) as results:
                if path is not None and path.suffix == ".parquet":
                    results.refuse_same_names()
                self._fill(source, results)
                if tell is not None:
                    tell(source.notes)
                if check is not None:
                    check()
                if path is None:
                    results.write_csv(sys.stdout.buffer)
                else:
                    results.write(path)
                return Answered(results.n_rows, (*unused_note(source.unused), *source.notes))

    def _kept_columns(self, source: "Source") -> list[str]:
        kept = source.names if "all" in self.keep and "all" not in source.names else list(dict.fromkeys(self.keep))
        for name in kept:
            if name not in source.names:
                raise DataError(f"expected a column to keep out of {listing(source.names)}, got '{name}' ({source.label}){did_you_mean(name, source.names)}")
        return kept

    def _fill(self, source: "Source", results: "Results") -> None:
        """Piece by piece; the likeliest of all rows are known only once all have their probabilities."""
        pieces: Iterable[Any] = (self.model.probabilities(matrix, self.n_threads) for matrix, _, _ in source.pieces())
        if self.deciding.top is not None:
            import numpy as np

            every = list(pieces)
            pieces = [np.concatenate(every)] if every else []
        for probabilities in pieces:
            predicted = self.model.classes[self.deciding.answers(probabilities)]
            sets = [] if self.bounds is None else [set_words(self.model, probabilities, self.bounds)]
            results.add([predicted, *(probabilities[:, i] for i in range(probabilities.shape[1])), *self.deciding.columns(probabilities), *sets])
