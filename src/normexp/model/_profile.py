"""What a model keeps of its training rows, for rows that come later to be compared with."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from normexp.tables import matrix_hashes

__all__ = ["N_HASHES", "Known", "Profile"]

N_HASHES = 4_096
LEAST_KNOWN, LEAST_SHARE, UNLIKELY = 2, 0.02, 1e-4


class Known(NamedTuple):
    """Of rows that could be looked up, how many the model has learnt from; `beyond_chance` if that is more than equal rows by chance can be."""

    n_rows: int
    n_known: int
    beyond_chance: bool

    @property
    def share(self) -> float:
        return self.n_known / max(self.n_rows, 1)


@dataclass(frozen=True, eq=False)
class Profile:
    """Facts of the training rows.

    Parameters
    ----------
    n_rows : int
        Rows that were learnt from.
    edges : float64 ndarray of shape (n_matrix_columns, 9)
        Deciles of numbers and booleans; 0 for categories.
    counts : int64 ndarray of shape (n_matrix_columns, 11)
        Of some of the rows: up to each edge, above the last, missing; of categories only the missing.
    answers : float64 ndarray of shape (n_classes,)
        Mean probability of each class on rows that were held out.
    hashes : int64 ndarray of shape (n_hashes,)
        The fingerprint: the lowest hashes of the rows that were learnt from or chose epoch and temperature; empty where it was left out.
    by_chance : float
        Share of the rows that are equal to another of them.
    n_compared : int
        The number of rows, those held out included.
    """

    n_rows: int
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    answers: NDArray[np.float64]
    hashes: NDArray[np.int64]
    by_chance: float
    n_compared: int

    def known(self, matrix: NDArray[Any]) -> Known:
        """How many rows of `matrix`, shape (n_rows, n_matrix_columns), are training rows.

        Only rows whose hash would have been kept are looked up: all of them after a training on up to 4,096 different rows, some otherwise. Beyond chance is what
        a share of `by_chance` equal rows, and the upper end of what that can be, hardly ever gives (binomial test, p < 1e-4).
        """
        if not len(self.hashes):
            return Known(0, 0, False)
        hashes = matrix_hashes(matrix)
        kept = self.hashes.view(np.uint64)
        looked_up = hashes[hashes <= kept.max()] if len(kept) == N_HASHES else hashes
        n, n_known = len(looked_up), int(np.isin(looked_up, kept).sum())
        return Known(n, n_known, n_known >= LEAST_KNOWN and n_known - n * self.by_chance > LEAST_SHARE * n and self._is_unlikely(n, n_known))

    def _is_unlikely(self, n: int, n_known: int) -> bool:
        from scipy.special import bdtrc, betaincinv  # scipy.stats takes half a second to import

        n_equal = round(self.by_chance * self.n_compared)
        most = betaincinv(n_equal + 1, self.n_compared - n_equal, 1 - UNLIKELY) if self.n_compared > n_equal else 1.0  # Clopper and Pearson's
        return bool(bdtrc(n_known - 1, n, most) < UNLIKELY)

    def without_fingerprint(self) -> Self:
        """The same without anything that tells whether a row was learnt from."""
        return replace(self, hashes=self.hashes[:0])
