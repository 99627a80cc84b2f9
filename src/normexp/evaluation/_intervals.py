"""How sure are we of a score? Intervals by the stratified bootstrap, of one evaluation or of the difference of two."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp._checks import did_you_mean, integer_at_least, listing
from normexp.evaluation._calibration import TiedRows, calibration_error, equal_bins, wilson
from normexp.evaluation._evaluation import Evaluation
from normexp.evaluation._ranking import ranked_classes, ranking_scores

__all__ = ["INTERVAL_SCORES", "ROW_SCORES", "Difference", "Interval", "compare", "intervals"]

ROW_SCORES = ("accuracy", "log_loss", "brier", "calibration_error")
RANKING_SCORES = ("roc_auc_macro", "average_precision_macro")
INTERVAL_SCORES = (*ROW_SCORES, *RANKING_SCORES)
N_RESAMPLES, FEWEST_RESAMPLES, ROWS_FOR_ALL = 2000, 400, 20_000
LEAST_ROWS_TO_COMPARE = 20


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


def intervals(
    evaluation: Evaluation, scores: Sequence[str] = ROW_SCORES, *, confidence: float = 0.95, n_resamples: int | None = None, seed: int = 0, stratified: bool = True
) -> dict[str, Interval]:
    """Intervals of scores by the stratified bootstrap: each resample draws as many rows of every class as there are, with replacement.

    So they tell how the score would vary among rows of the same class shares, such as a stratified split holds out. Where the shares vary by chance too, use
    `stratified=False`: intervals of accuracy and log loss are then wider, the more so the more the classes differ. The ends are percentiles of the resampled
    scores (Efron 1979); where every row is right, or wrong, those of accuracy are Wilson's. The calibration error is biased upwards by the noise of its bins, and so is
    its interval, which is shifted by what resampling adds (see `calibration_by_chance`). NaN for no rows. 2,000 resamples of 10,000 rows take half a second
    for `ROW_SCORES`; ROC AUC and average precision take that for every two classes.

    Parameters
    ----------
    evaluation : Evaluation
    scores : sequence of str
        Out of accuracy, log_loss, brier, calibration_error, roc_auc_macro, average_precision_macro (the last two without rows of unknown classes).
    confidence : float, default 0.95
    n_resamples : int, optional
        2,000 by default, fewer for more than 20,000 rows, down to 400.
    seed : int
        The same seed gives the same interval.
    stratified : bool, default True
    """
    for name in scores:
        if name not in INTERVAL_SCORES:
            raise ValueError(f"expected scores out of {listing(INTERVAL_SCORES)}, got {name!r}{did_you_mean(name, INTERVAL_SCORES)}")
    quantiles = _quantiles(confidence)
    evaluation = evaluation.counted
    found: dict[str, Interval] = {}
    for names, resampled_scores in ((ROW_SCORES, _row_scores), (RANKING_SCORES, _ranking_scores)):
        wanted = [name for name in names if name in scores]
        rows = evaluation.take(evaluation.known) if names is RANKING_SCORES else evaluation
        if wanted and len(rows):
            draws = _Draws(rows.targets if stratified else np.zeros(len(rows)), n_resamples, seed)
            estimates, resampled = resampled_scores(rows, wanted, draws)
            found |= {name: Interval(estimate, *np.quantile(values, quantiles).tolist()) for name, estimate, values in zip(wanted, estimates, resampled, strict=True)}
            found |= _mended(rows, found, dict(zip(wanted, resampled, strict=True)), quantiles)
    nothing = Interval(float("nan"), float("nan"), float("nan"))
    return {name: found.get(name, nothing) for name in scores}


def compare(
    first: Evaluation, second: Evaluation, scores: Sequence[str] = ROW_SCORES, *, confidence: float = 0.95, n_resamples: int | None = None, seed: int = 0,
    stratified: bool = True,
) -> dict[str, Difference]:  # fmt: skip
    """Intervals of score(second) - score(first) on the same rows, resampled together: far narrower than the two intervals apart.

    One is called better if the interval lies on one side of 0 and there are at least 20 rows.

    Raises
    ------
    ValueError
        If the evaluations are not of the same rows: other targets or weights.
    """
    if len(first) != len(second) or (first.classes[first.targets] != second.classes[second.targets])[first.known & second.known].any() \
            or not np.array_equal(first.masses, second.masses):  # fmt: skip
        raise ValueError(f"expected two evaluations of the same rows, got {len(first)} and {len(second)} rows with other classes or weights; evaluate both models on one table")
    for name in scores:
        if name not in ROW_SCORES:
            raise ValueError(f"expected scores out of {listing(ROW_SCORES)}, got {name!r}{did_you_mean(name, ROW_SCORES)}")
    quantiles = _quantiles(confidence)
    first, second = first.counted, second.counted
    if not len(first):
        return {name: Difference(float("nan"), float("nan"), float("nan"), "neither") for name in scores}
    draws = _Draws(np.maximum(first.targets, second.targets) if stratified else np.zeros(len(first)), n_resamples, seed)
    one, two = (_row_scores(part, scores, draws) for part in (first, second))
    found = {}
    for name, a, b, resampled_a, resampled_b in zip(scores, one[0], two[0], one[1], two[1], strict=True):
        low, high = np.quantile(resampled_b - resampled_a, quantiles).tolist()
        sure, sign = len(first) >= LEAST_ROWS_TO_COMPARE and (low > 0) == (high > 0) and low * high > 0, 1 if name == "accuracy" else -1
        found[name] = Difference(b - a, low, high, "neither" if not sure else "second" if sign * low > 0 else "first")
    return found


def _quantiles(confidence: float) -> tuple[float, float]:
    if not 0 < confidence < 1:
        raise ValueError(f"expected a confidence between 0 and 1, such as 0.95, got {confidence!r}")
    return (1 - confidence) / 2, (1 + confidence) / 2


def _mended(rows: Evaluation, found: dict[str, Interval], resampled: dict[str, NDArray[np.float64]], quantiles: tuple[float, float]) -> dict[str, Interval]:
    """Where percentiles mislead: accuracy that no resample can change, calibration error that every resample makes larger."""
    mended = {}
    if "accuracy" in resampled and (rows.correct.all() or not rows.correct.any()):
        estimate = found["accuracy"].estimate
        ends = wilson(np.array(estimate), np.array(rows.masses.sum() ** 2 / (rows.masses**2).sum()), quantiles[1])
        mended["accuracy"] = Interval(estimate, *(float(end) for end in ends))
    if "calibration_error" in resampled:
        estimate, low, high = found["calibration_error"]
        shift = max(float(resampled["calibration_error"].mean()) - estimate, 0.0)
        mended["calibration_error"] = Interval(estimate, min(max(low - shift, 0.0), estimate), max(high - shift, estimate))
    return mended


class _Draws:
    """How often each row is drawn, resample by resample: the same ones every time they are gone through."""

    def __init__(self, strata: NDArray[Any], n_resamples: int | None, seed: int) -> None:
        by_size = max(FEWEST_RESAMPLES, N_RESAMPLES * min(ROWS_FOR_ALL, len(strata)) // max(len(strata), 1))
        self.n = by_size if n_resamples is None else integer_at_least(n_resamples, 1, "n_resamples")
        self.seed = seed
        self.order = np.argsort(strata, kind="stable")
        _, firsts, sizes = np.unique(strata[self.order], return_index=True, return_counts=True)
        self.first, self.size = np.repeat(firsts, sizes), np.repeat(sizes, sizes)

    def counts(self, place: NDArray[np.intp]) -> Iterator[NDArray[np.int64]]:
        """Row i is counted at place[i]."""
        rng = np.random.Generator(np.random.PCG64(self.seed))
        places = place[self.order]
        for _ in range(self.n):
            yield np.bincount(places[self.first + (rng.random(len(places)) * self.size).astype(np.int64)], minlength=len(places))


Resampled = tuple[list[float], NDArray[np.float64]]


def _row_scores(evaluation: Evaluation, names: Sequence[str], draws: _Draws) -> Resampled:
    """Estimates, and resampled scores of shape (n_names, n_resamples)."""
    order = np.argsort(evaluation.confidences, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    values = np.column_stack([evaluation.correct, evaluation.losses, evaluation.briers])[order]
    masses, edges, runs = evaluation.masses[order], equal_bins(len(order)), TiedRows.of(evaluation.confidences[order])
    gaps = (evaluation.confidences - evaluation.correct)[order]

    def scores_of(weights: NDArray[Any]) -> list[float]:
        means = dict(zip(ROW_SCORES, (weights @ values / weights.sum()).tolist(), strict=False))
        return [means[name] if name in means else runs.gap(weights, gaps, edges) for name in names]

    estimates = [calibration_error(evaluation) if name == "calibration_error" else value for name, value in zip(names, scores_of(masses), strict=True)]
    return estimates, np.array([scores_of(masses * counts) for counts in draws.counts(place)]).T


def _ranking_scores(evaluation: Evaluation, names: Sequence[str], draws: _Draws) -> Resampled:
    rankings = ranked_classes(evaluation)
    if not rankings:
        return [float("nan")] * len(names), np.full((len(names), 1), np.nan)

    def scores_of(masses: NDArray[Any]) -> list[float]:
        with np.errstate(invalid="ignore"):  # a resample without strata may lack a class
            found = np.nanmean([ranking_scores(ranking, masses) for ranking in rankings], axis=0)
        by_name = dict(zip(RANKING_SCORES, found.tolist(), strict=True))
        return [by_name[name] for name in names]

    return scores_of(evaluation.masses), np.array([scores_of(evaluation.masses * counts) for counts in draws.counts(np.arange(len(evaluation)))]).T
