"""How sure are we of a score? Intervals of one evaluation, and of the difference of two, in closed form."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp._checks import did_you_mean, integer_at_least, listing
from normexp.evaluation._calibration import wilson
from normexp.evaluation._evaluation import Evaluation
from normexp.evaluation._ranking import Ranking, ranking_of

__all__ = ["INTERVAL_SCORES", "ROW_SCORES", "Difference", "Interval", "Sampling", "compare", "intervals", "mean_interval", "sampling_of", "share_interval"]

ROW_SCORES = ("accuracy", "log_loss", "brier")
INTERVAL_SCORES = (*ROW_SCORES, "roc_auc_macro")
LEAST_ROWS_TO_COMPARE = 20
LEAST_OF_A_CLASS = 5  # rows, for the area under the ROC curve to have an interval

Array = NDArray[np.float64]


class Interval(NamedTuple):
    """An estimate and its interval."""

    estimate: float
    low: float
    high: float


class Difference(NamedTuple):
    """By how much the second evaluation's score is above the first's, and which is better beyond doubt: 'first', 'second' or 'neither'."""

    estimate: float
    low: float
    high: float
    better: str


def intervals(evaluation: Evaluation, scores: Sequence[str] = INTERVAL_SCORES, *, confidence: float = 0.95, drawn_from: int | None = None) -> dict[str, Interval]:
    """Intervals of scores: how they would vary among other rows of the same kind.

    log_loss and brier: of the mean over rows, by t with Hall's (1992) correction for skewness, which a few large losses make. accuracy: Wilson's (1927). roc_auc_macro
    (without rows of unknown classes): the infinitesimal jackknife on the scale of logits, with the degrees of freedom that the classes' rows give (Satterthwaite); NaN
    with fewer than 5 rows of a class. A calibration error and an average precision have none here: chance alone makes both larger with few rows (see
    `calibration_by_chance`). NaN for no rows.

    Rows that belong together (the evaluation's `groups`) count as what they are: it is the groups that vary by themselves.

    Parameters
    ----------
    evaluation : Evaluation
    scores : sequence of str
        Out of accuracy, log_loss, brier, roc_auc_macro.
    confidence : float, default 0.95
    drawn_from : int, optional
        The number of rows of the table that these were drawn from class by class, as a stratified split does: they then have its class shares, which vary less than
        those of rows that were drawn by chance.
    """
    _check(scores, INTERVAL_SCORES)
    tail, evaluation = _tail(confidence), evaluation.counted
    found = dict.fromkeys(scores, Interval(float("nan"), float("nan"), float("nan")))
    for name in scores:
        if name in ROW_SCORES and len(evaluation):
            found[name] = _of_rows(evaluation, name, tail, drawn_from)
    if "roc_auc_macro" in scores and (ranking := ranking_of(seen := evaluation.take(evaluation.known))) is not None:
        found["roc_auc_macro"] = _of_area(ranking, seen, tail, drawn_from)
    return found


def compare(
    first: Evaluation, second: Evaluation, scores: Sequence[str] = ROW_SCORES, *, confidence: float = 0.95, drawn_from: int | None = None,
) -> dict[str, Difference]:  # fmt: skip
    """Intervals of score(second) - score(first) on the same rows, taken row by row: far narrower than the two intervals apart.

    log_loss and brier as in `intervals`; accuracy by Agresti and Min (2005), who add half a row to each kind of pair. One is called better if the interval lies on one
    side of 0 and there are at least 20 rows. `drawn_from` as in `intervals`.

    Raises
    ------
    ValueError
        If the evaluations are not of the same rows: other targets or weights.
    """
    if len(first) != len(second) or (first.classes[first.targets] != second.classes[second.targets])[first.known & second.known].any() \
            or not np.array_equal(first.masses, second.masses):  # fmt: skip
        raise ValueError(f"expected two evaluations of the same rows, got {len(first)} and {len(second)} rows with other classes or weights; evaluate both models on one table")
    _check(scores, ROW_SCORES)
    tail, first, second = _tail(confidence), first.counted, second.counted
    sampling = sampling_of(second if first.groups is None else first, drawn_from, np.maximum(first.targets, second.targets))
    found = {}
    for name in scores:
        if not len(first):
            found[name] = Difference(float("nan"), float("nan"), float("nan"), "neither")
            continue
        estimate, low, high = (_paired if name == "accuracy" else mean_interval)(_values(second, name) - _values(first, name), sampling, tail)
        sure, sign = len(first) >= LEAST_ROWS_TO_COMPARE and sampling.n > 2 and low * high > 0, 1 if name == "accuracy" else -1
        found[name] = Difference(estimate, low, high, "neither" if not sure else "second" if sign * low > 0 else "first")
    return found


def _check(scores: Sequence[str], known: Sequence[str]) -> None:
    for name in scores:
        if name not in known:
            raise ValueError(f"expected scores out of {listing(known)}, got {name!r}{did_you_mean(name, known)}")


def _tail(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"expected a confidence between 0 and 1, such as 0.95, got {confidence!r}")
    return (1 - confidence) / 2


class Sampling(NamedTuple):
    """How rows came about: their masses, the strata (classes) that they were drawn from, how much of the variance between these is that of the rows (1, or less where
    they have the shares of a larger table), and which of them belong together and so tell less than as many rows by themselves."""

    masses: Array
    strata: NDArray[Any]
    ratio: float
    groups: NDArray[np.int64] | None

    @property
    def n(self) -> float:
        """How many rows of equal mass, each by itself, are worth as much (Kish 1965); with groups, how many of these."""
        masses = self.masses if self.groups is None else np.bincount(np.unique(self.groups, return_inverse=True)[1], self.masses)
        return float(masses.sum() ** 2 / (masses**2).sum())

    def weighed(self, values: Array) -> Array:
        """Deviations from the weighted mean, as they move it."""
        return self.shrunk((values - np.average(values, weights=self.masses)) * self.masses / self.masses.mean())

    def shrunk(self, values: Array) -> Array:
        """From the mean of the values, those between strata made smaller where the rows have the shares of a larger table."""
        deviations: Array = values - values.mean()
        if self.ratio == 1:
            return deviations
        _, place, counts = np.unique(self.strata, return_inverse=True, return_counts=True)
        means = np.bincount(place, deviations) / counts
        several = (counts > 1)[place]  # a stratum of one row tells nothing of how rows within it vary
        within = (deviations - means[place]) * np.sqrt(counts / np.maximum(counts - 1, 1))[place]
        shrunk: Array = np.where(several, within + np.sqrt(self.ratio) * means[place], deviations)
        return shrunk

    def units(self, deviations: Array) -> Array:
        """The same of what varies by itself: rows, or whole groups, scaled so that the variance of the mean is that of the units over their number."""
        if self.groups is None:
            return deviations
        sums = np.bincount(np.unique(self.groups, return_inverse=True)[1], deviations)
        return sums * len(sums) / len(deviations)


def sampling_of(evaluation: Evaluation, drawn_from: int | None = None, strata: NDArray[Any] | None = None) -> Sampling:
    """Of an evaluation's rows, drawn class by class from a table of so many rows, or by chance."""
    ratio = 1.0 if drawn_from is None else len(evaluation) / max(integer_at_least(drawn_from, 1, "drawn_from"), len(evaluation), 1)
    return Sampling(evaluation.masses, evaluation.targets if strata is None else strata, ratio, evaluation.groups)


def _values(evaluation: Evaluation, name: str) -> Array:
    values: Array = {"accuracy": evaluation.correct, "log_loss": evaluation.losses, "brier": evaluation.briers}[name].astype(np.float64)
    return values


def mean_interval(values: Array, sampling: Sampling, tail: float = 0.025) -> Interval:
    """The interval of a weighted mean of rows: that of t, transformed so that the skewness of the values does not shift it (Hall 1992, "On the removal of skewness by
    transformation")."""
    mean, n = float(np.average(values, weights=sampling.masses)), sampling.n
    units = sampling.units(sampling.weighed(values))
    spread = float(np.sqrt((units**2).mean()))
    if n <= 1 or spread <= 1e-15 * max(abs(mean), 1e-300):
        return Interval(mean, mean, mean)
    from scipy.special import stdtrit

    skewness = float((units**3).mean() / spread**3)
    reach = float(stdtrit(n - 1, 1 - tail) / np.sqrt(n))

    def corrected(y: float) -> float:
        return y if abs(skewness) < 1e-6 else float(3 / skewness * (np.cbrt(1 + skewness * (y - skewness / (6 * n))) - 1))

    error = spread * np.sqrt(n / len(units)) * np.sqrt(n / (n - 1))
    return Interval(mean, *(float(mean - error * corrected(end)) for end in (reach, -reach)))


def _of_rows(evaluation: Evaluation, name: str, tail: float, drawn_from: int | None) -> Interval:
    values, sampling = _values(evaluation, name), sampling_of(evaluation, drawn_from)
    if name != "accuracy":
        estimate, low, high = mean_interval(values, sampling, tail)
        return Interval(estimate, max(low, 0.0), high)
    return share_interval(values, sampling, tail)


def share_interval(values: Array, sampling: Sampling, tail: float = 0.025) -> Interval:
    """Wilson's (1927) interval of the share of rows where a value is 1, and not 0; of as many rows as these are worth."""
    share, units = float(np.average(values, weights=sampling.masses)), sampling.units(sampling.weighed(values))
    variance = float((units**2).mean()) / len(units)
    n = share * (1 - share) / variance if variance > 0 else sampling.n
    low, high = (float(end) for end in wilson(np.array(share), np.array(n), 1 - tail))
    return Interval(share, low, high)


def _paired(differences: Array, sampling: Sampling, tail: float) -> Interval:
    """Of a difference of shares of the same rows, by Agresti and Min (2005): the interval of n + 2 rows, where half a row more is right by each alone."""
    from scipy.special import ndtri

    estimate, n = float(np.average(differences, weights=sampling.masses)), sampling.n
    units = sampling.units(sampling.weighed(differences))
    centre = estimate * n / (n + 2)
    variance = (n * n * float((units**2).mean()) / len(units) + 1 + n * estimate**2 - (n + 2) * centre**2) / (n + 2) ** 2
    reach = float(ndtri(1 - tail)) * np.sqrt(variance)
    return Interval(estimate, float(max(centre - reach, -1)), float(min(centre + reach, 1)))


def _of_area(ranking: Ranking, seen: Evaluation, tail: float, drawn_from: int | None) -> Interval:
    from scipy.special import expit, logit, stdtrit

    counts, sampling = np.bincount(seen.targets, minlength=seen.n_classes), sampling_of(seen, drawn_from)
    present = np.flatnonzero(counts)
    if counts[present].min() < LEAST_OF_A_CLASS or sampling.n <= 2:
        return Interval(ranking.area, float("nan"), float("nan"))
    if not 0 < ranking.area < 1 - 1e-12:  # no row out of place: as if it were a share of the rows of the smaller side
        low, high = wilson(np.array(ranking.area), np.array(min(float(counts[present].min()), sampling.n)), 1 - tail)
        return Interval(ranking.area, float(low), float(high))
    deviations = sampling.shrunk(ranking.area_by_row)
    units = sampling.units(deviations)
    parts = np.bincount(seen.targets, deviations**2, seen.n_classes)[present] / len(seen) ** 2
    freedom = max(parts.sum() ** 2 / (parts**2 / np.maximum(counts[present] - 1, 1)).sum(), 1.0) if seen.groups is None else sampling.n - 1
    reach = stdtrit(freedom, 1 - tail) * np.sqrt((units**2).mean() / len(units)) / (ranking.area * (1 - ranking.area))
    return Interval(ranking.area, *(float(expit(logit(ranking.area) + sign * reach)) for sign in (-1, 1)))
