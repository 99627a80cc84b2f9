"""Are the probabilities true? Calibration error, reliability curve, temperature, and what miscalibration costs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp._checks import integer_at_least
from normexp.evaluation._evaluation import LEAST_PROBABILITY, Evaluation
from normexp.evaluation._minimum import bounded_minimum
from normexp.functional import cross_entropy

__all__ = [
    "ByChance", "ClassCalibration", "LossSplit", "Reliability", "TiedRows", "calibration_by_chance", "calibration_error", "calibration_of_classes",
    "classwise_calibration_error", "equal_bins", "fit_temperature", "reliability", "split_log_loss", "wilson",
]  # fmt: skip

N_BINS = 15
BOUND = np.log(8)  # of |log(1/T)|
PRIOR_SCALE = 0.5


def equal_bins(n_rows: int, n_bins: int = N_BINS) -> NDArray[np.float64]:
    """Edges of up to n_bins bins of as equal a number of rows as can be, as shares of the rows, from 0 to 1."""
    sizes = [len(part) for part in np.array_split(np.arange(n_rows), min(n_bins, n_rows))]
    return np.cumsum([0, *sizes]) / n_rows


class TiedRows(NamedTuple):
    """Rows in order of a probability, where runs of equal ones count as one: which of them comes first must not matter."""

    firsts: NDArray[np.intp]  # where runs begin
    n_rows: int

    @staticmethod
    def of(ordered: NDArray[Any]) -> "TiedRows":
        return TiedRows(np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])), len(ordered))

    def cumulated(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Sums of the values up to and with each run, a 0 in front."""
        sums = values if len(self.firsts) == self.n_rows else np.add.reduceat(values, self.firsts)
        return np.concatenate([[0.0], np.cumsum(sums)])

    def gap(self, masses: NDArray[Any], gaps: NDArray[Any], edges: NDArray[np.float64]) -> float:
        """Sum over bins of |sum of masses x gaps|, over the whole mass; an edge may cut through a run."""
        at = self.cumulated(masses)
        return float(abs(np.diff(np.interp(edges * at[-1], at, self.cumulated(masses * gaps)))).sum() / at[-1])


def _gap(probabilities: NDArray[np.float64], truths: NDArray[Any], masses: NDArray[np.float64], n_bins: int) -> float:
    """Of stated probabilities from what was true, over bins of equal mass."""
    order = np.argsort(probabilities, kind="stable")
    return TiedRows.of(probabilities[order]).gap(masses[order], (probabilities - truths)[order], equal_bins(len(order), n_bins))


def calibration_error(evaluation: Evaluation, n_bins: int = N_BINS) -> float:
    """Mean absolute gap between confidence and accuracy of the predicted class, over bins of equal mass.

    Rows are sorted by the probability of the predicted class and cut into `n_bins` bins of equal mass (Nguyen and O'Connor 2015), which have less bias
    than bins of equal width; rows of equal probability are never told apart. Chance alone makes it larger than 0: see `calibration_by_chance`. NaN for no rows.
    """
    integer_at_least(n_bins, 1, "n_bins")
    rows = evaluation.counted
    return _gap(rows.confidences, rows.correct, rows.masses, n_bins) if len(rows) else float("nan")


def classwise_calibration_error(evaluation: Evaluation, n_bins: int = N_BINS) -> float:
    """The mean over classes of the gap between a class's probability and its share, over bins of equal mass of that probability; NaN for no rows."""
    integer_at_least(n_bins, 1, "n_bins")
    rows = evaluation.counted
    columns = rows.probabilities.astype(np.float64).T
    return float(np.mean([_gap(p, rows.targets == k, rows.masses, n_bins) for k, p in enumerate(columns)])) if len(rows) else float("nan")


class ByChance(NamedTuple):
    """The calibration error that rows would have if their probabilities were true: its mean, what it exceeds in 2.5 % of cases, and in 0.5 % (from its standard deviation)."""

    mean: float
    high: float
    surely: float


def calibration_by_chance(evaluation: Evaluation, n_bins: int = N_BINS, n_draws: int | None = None, seed: int = 0) -> ByChance:
    """What the calibration error of these very probabilities is by chance alone, were they true: each row is right with its confidence (Bröcker and Smith 2007).

    An error above `high` is evidence of miscalibration, one below is none. NaN for no rows. 500 draws by default, fewer for more than 10,000 rows, down to 100.
    """
    rows = evaluation.counted
    if not len(rows):
        return ByChance(float("nan"), float("nan"), float("nan"))
    rng = np.random.Generator(np.random.PCG64(seed))
    order = np.argsort(rows.confidences, kind="stable")
    confidences, masses = rows.confidences[order], rows.masses[order]
    runs, edges = TiedRows.of(confidences), equal_bins(len(order), n_bins)
    n = int(np.clip(5_000_000 / len(order), 100, 500)) if n_draws is None else n_draws
    errors = [runs.gap(masses, confidences - (rng.random(len(order)) < confidences), edges) for _ in range(n)]
    return ByChance(float(np.mean(errors)), float(np.quantile(errors, 0.975)), float(np.mean(errors) + 2.576 * np.std(errors)))


class ClassCalibration(NamedTuple):
    """Of a class: the gap between its probability and its share over bins of that probability, what chance alone makes of it, what it exceeds in 0.5 % of cases divided
    by the number of classes looked at, and by how much its mean probability is above its share."""

    error: float
    by_chance: float
    high: float
    excess: float


def calibration_of_classes(evaluation: Evaluation, classes: Sequence[int], n_bins: int = N_BINS, n_draws: int = 10_000, seed: int = 0) -> list[ClassCalibration]:
    """Whether the probabilities of some classes are true, each over its own range; rows of equal probability share a bin. Empty for no rows.

    By chance a bin of n rows of mean probability p has a binomial number of rows of the class.
    """
    rows = evaluation.counted
    columns = rows.probabilities.astype(np.float64).T if len(rows) else np.empty((0, 0))
    return [_of_class(columns[k], rows.targets == k, rows.masses, n_bins, n_draws, seed, 0.005 / len(classes)) for k in (classes if len(rows) else ())]


def _of_class(p: NDArray[np.float64], of_class: NDArray[np.bool_], masses: NDArray[np.float64], n_bins: int, n_draws: int, seed: int, tail: float) -> ClassCalibration:
    order = np.argsort(p, kind="stable")
    bins = _bins(p[order], masses[order], of_class[order], n_bins)
    weights = bins.mass / bins.mass.sum()
    drawn = np.random.Generator(np.random.PCG64(seed)).binomial(np.maximum(np.rint(bins.n), 1).astype(np.int64), np.clip(bins.confidence, 0, 1), (n_draws, len(bins.n)))
    errors = np.abs(drawn / np.maximum(np.rint(bins.n), 1) - bins.confidence) @ weights
    error = float(np.abs(bins.accuracy - bins.confidence) @ weights)
    return ClassCalibration(error, float(errors.mean()), float(np.quantile(errors, 1 - tail)), float((bins.confidence - bins.accuracy) @ weights))


class Reliability(NamedTuple):
    """A bin an entry: mean confidence, accuracy with its 95 % interval (Wilson), and the bin's mass as a share."""

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    share: NDArray[np.float64]


def reliability(evaluation: Evaluation, n_bins: int = N_BINS, of: int | None = None) -> Reliability:
    """How often the predicted class is right, by its probability, over bins of about equal mass; rows of equal probability share a bin. With `of`, how often rows are
    of that class, by its probability."""
    integer_at_least(n_bins, 1, "n_bins")
    rows = evaluation.counted
    if not len(rows):
        return Reliability(*[np.empty(0)] * 5)
    p, true = (rows.confidences, rows.correct) if of is None else (rows.probabilities[:, of].astype(np.float64), rows.targets == of)
    order = np.argsort(p, kind="stable")
    bins = _bins(p[order], rows.masses[order], true[order], n_bins)
    return Reliability(bins.confidence, bins.accuracy, *wilson(bins.accuracy, bins.n), bins.mass / bins.mass.sum())


class _Bins(NamedTuple):
    """A bin an entry: mean probability, share of what was true, mass, and rows that equal weights would make of it."""

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    mass: NDArray[np.float64]
    n: NDArray[np.float64]


def _bins(p: NDArray[np.float64], masses: NDArray[np.float64], true: NDArray[np.bool_], n_bins: int) -> _Bins:
    """Up to n_bins bins of about equal mass, of rows in order of their probability; rows of equal probability share one."""
    runs = TiedRows.of(p)
    at = runs.cumulated(masses)
    edges = np.unique(np.searchsorted(at, equal_bins(len(p), n_bins) * at[-1] * (1 - 1e-12)))
    mass, confidence, right, squares = (np.diff(runs.cumulated(values)[edges]) for values in (masses, masses * p, masses * true, masses**2))
    return _Bins(confidence / mass, right / mass, mass, mass**2 / squares)


def wilson(share: NDArray[np.float64], n: NDArray[np.float64], quantile: float = 0.975) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's (1927) interval of a share of n rows; the ends lie above and below by the same quantile of the normal distribution."""
    from statistics import NormalDist

    z = NormalDist().inv_cdf(quantile)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.clip(np.minimum(centre - half, share), 0, 1), np.clip(np.maximum(centre + half, share), 0, 1)


class LossSplit(NamedTuple):
    """log loss = refinement + calibration, in nats; `temperature` is the one that the logits would have to be divided by."""

    refinement: float
    calibration: float
    temperature: float


def split_log_loss(evaluation: Evaluation) -> LossSplit:
    """What of the log loss is due to what the model cannot tell apart (refinement) and what to probabilities that are too bold or too timid (calibration).

    Refinement is the log loss after the one temperature, from 1/8 to 8, that is best on these very rows; the rest is calibration. Rows of an unknown class do not count.
    """
    seen = evaluation.counted.take(evaluation.counted.known)
    if not len(seen):
        return LossSplit(float("nan"), float("nan"), float("nan"))
    logits = np.log(np.maximum(seen.probabilities.astype(np.float64), LEAST_PROBABILITY))
    temperature = fit_temperature(logits, seen.targets, seen.weights, prior_scale=None)
    losses = cross_entropy(logits / temperature, seen.targets, reduction="none")
    before, after = float(np.average(seen.losses, weights=seen.masses)), float(np.average(losses, weights=seen.masses))
    return LossSplit(after, before - after, temperature) if after <= before else LossSplit(before, 0.0, 1.0)


def fit_temperature(logits: NDArray[Any], targets: NDArray[np.int32], weights: NDArray[Any] | None = None, prior_scale: float | None = PRIOR_SCALE, prior: float = 1.0) -> float:
    """The temperature T by which to divide logits, shape (n, n_classes); 1 for no rows (Guo et al. 2017).

    Minimises sum_i w_i loss_i(b) + (log b + log prior)^2 / (2 prior_scale^2) over b = 1/T in [1/8, 8]: the log loss of all rows (weights scaled to mean 1) plus the
    penalty of a normal prior on log T around log prior. With many rows the data decide; with a few, or where every row is already right by far, T stays near the prior.
    Without a prior_scale the data alone decide.
    """
    if not len(targets):
        return 1.0
    z = logits.astype(np.float64)
    w = np.ones(len(targets)) if weights is None else weights / weights.mean()
    strength = 0.0 if prior_scale is None else 1 / (2 * prior_scale**2)

    def penalised(log_b: float) -> float:
        losses = cross_entropy(z * np.exp(log_b), targets, reduction="none")
        return float((w * losses).sum()) + strength * (log_b + float(np.log(prior))) ** 2

    return float(np.exp(-bounded_minimum(penalised, -BOUND, BOUND, 1e-4)))
