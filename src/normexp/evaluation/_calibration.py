"""Are the probabilities true? Calibration error, reliability curve, temperature, and what miscalibration costs."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.evaluation._evaluation import Evaluation
from normexp.functional import cross_entropy

__all__ = [
    "LossSplit", "Reliability", "binned_gap", "calibration_error", "classwise_calibration_error", "equal_bins", "fit_temperature", "reliability", "split_log_loss",
]  # fmt: skip

N_BINS = 15
BOUND = np.log(8)  # of |log(1/T)|
PRIOR_SCALE = 0.5


def equal_bins(n_rows: int, n_bins: int = N_BINS) -> NDArray[np.float64]:
    """Edges of up to n_bins bins of as equal a number of rows as can be, as shares of the rows, from 0 to 1."""
    sizes = [len(part) for part in np.array_split(np.arange(n_rows), min(n_bins, n_rows))]
    return np.cumsum([0, *sizes]) / n_rows


def binned_gap(masses: NDArray[Any], gaps: NDArray[Any], edges: NDArray[np.float64]) -> float:
    """Sum over bins of |sum of masses x gaps|, over the whole mass. The rows are in order; an edge may cut through a row."""
    at = np.concatenate([[0.0], np.cumsum(masses)])
    excess = np.concatenate([[0.0], np.cumsum(masses * gaps)])
    return float(abs(np.diff(np.interp(edges * at[-1], at, excess))).sum() / at[-1])


def calibration_error(evaluation: Evaluation, n_bins: int = N_BINS) -> float:
    """Mean absolute gap between confidence and accuracy of the predicted class, over bins of equal mass.

    Rows are sorted by the probability of the predicted class and cut into `n_bins` bins of equal mass (Nguyen and O'Connor 2015), which have less bias
    than bins of equal width. NaN for no rows.
    """
    if not len(evaluation):
        return float("nan")
    order = np.argsort(evaluation.confidences, kind="stable")
    gaps = evaluation.confidences - evaluation.correct
    return binned_gap(evaluation.masses[order], gaps[order], equal_bins(len(order), n_bins))


def classwise_calibration_error(evaluation: Evaluation, n_bins: int = N_BINS) -> float:
    """The mean over classes of the gap between a class's probability and its share, over bins of equal mass of that probability; NaN for no rows."""
    if not len(evaluation):
        return float("nan")
    edges, errors = equal_bins(len(evaluation), n_bins), []
    for k in range(evaluation.n_classes):
        p = evaluation.probabilities[:, k].astype(np.float64)
        order = np.argsort(p, kind="stable")
        errors.append(binned_gap(evaluation.masses[order], (p - (evaluation.targets == k))[order], edges))
    return float(np.mean(errors))


class Reliability(NamedTuple):
    """A bin an entry: mean confidence, accuracy with its 95 % interval (Wilson), and the bin's mass as a share."""

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    share: NDArray[np.float64]


def reliability(evaluation: Evaluation, n_bins: int = N_BINS) -> Reliability:
    """How often the predicted class is right, by its probability, over bins of equal numbers of rows."""
    order = np.argsort(evaluation.confidences, kind="stable")
    parts = [part for part in np.array_split(order, min(n_bins, len(order))) if evaluation.masses[part].sum() > 0] if len(order) else []
    masses = [evaluation.masses[part] for part in parts]
    confidence = np.array([np.average(evaluation.confidences[part], weights=w) for part, w in zip(parts, masses, strict=True)])
    accuracy = np.array([np.average(evaluation.correct[part], weights=w) for part, w in zip(parts, masses, strict=True)])
    n = np.array([w.sum() ** 2 / (w**2).sum() for w in masses])  # rows that equal weights would make of it
    low, high = _wilson(accuracy, n)
    return Reliability(confidence, accuracy, low, high, np.array([w.sum() for w in masses]) / evaluation.masses.sum())


def _wilson(share: NDArray[np.float64], n: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    z = 1.959964
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


class LossSplit(NamedTuple):
    """log loss = refinement + calibration, in nats; `temperature` is the one that the logits would have to be divided by."""

    refinement: float
    calibration: float
    temperature: float


def split_log_loss(evaluation: Evaluation) -> LossSplit:
    """What of the log loss is due to what the model cannot tell apart (refinement) and what to probabilities that are too bold or too timid (calibration).

    Refinement is the log loss after the one temperature that is best on these very rows; the rest is calibration. Rows of an unknown class do not count.
    """
    seen = evaluation.take(evaluation.known)
    if not len(seen):
        return LossSplit(float("nan"), float("nan"), float("nan"))
    logits = np.log(np.maximum(seen.probabilities, np.finfo(seen.probabilities.dtype).tiny).astype(np.float64))
    temperature = fit_temperature(logits, seen.targets, seen.weights, prior_scale=None)
    losses = cross_entropy(logits / temperature, seen.targets, reduction="none")
    before, after = float(np.average(seen.losses, weights=seen.masses)), float(np.average(losses, weights=seen.masses))
    return LossSplit(after, before - after, temperature) if after <= before else LossSplit(before, 0.0, 1.0)


def fit_temperature(logits: NDArray[Any], targets: NDArray[np.int32], weights: NDArray[Any] | None = None, prior_scale: float | None = PRIOR_SCALE) -> float:
    """The temperature T by which to divide logits, shape (n, n_classes); 1 for no rows (Guo et al. 2017).

    Minimises sum_i w_i loss_i(b) + log(b)^2 / (2 prior_scale^2) over b = 1/T in [1/8, 8]: the log loss of all rows (weights scaled to mean 1) plus the
    penalty of a normal prior on log b. With many rows the data decide; with a few, or where every row is already right by far, T stays near 1.
    Without a prior_scale the data alone decide.
    """
    if not len(targets):
        return 1.0
    from scipy.optimize import minimize_scalar

    z = logits.astype(np.float64)
    w = np.ones(len(targets)) if weights is None else weights / weights.mean()
    strength = 0.0 if prior_scale is None else 1 / (2 * prior_scale**2)

    def penalised(log_b: float) -> float:
        losses = cross_entropy(z * np.exp(log_b), targets, reduction="none")
        return float(w @ losses) + strength * log_b**2

    best = minimize_scalar(penalised, bounds=(-BOUND, BOUND), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(-best.x))
