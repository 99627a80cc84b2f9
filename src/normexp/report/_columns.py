"""What there is to say of a table's columns, and what each says of the target by itself."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp import recipe
from normexp._checks import counted
from normexp.evaluation import Difference, Interval, compare, mean_interval, sampling_of
from normexp.report._facts import Data, Subject
from normexp.report._words import plain
from normexp.tables import Table

__all__ = ["ColumnFacts", "column_facts"]

LEAST_ROWS = 30  # to learn from a column alone
MOST_ROWS = 5_000
PRIOR_ROWS = 2  # of the class shares, in each leaf
MOST_LEAVES = 64  # of a tree of categories

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ColumnFacts:
    """A column of the table, in words, and what a small decision tree that sees nothing else makes of it.

    `gain` is by how much its log loss is below that of the class shares (NaN where not looked at), `share` that over the loss of the shares: 1 gives the answer;
    `against` is the model's log loss minus the column's.
    """

    name: str
    kind: str
    missing: float
    content: str
    gain: Interval
    share: float = float("nan")
    against: Difference | None = None


def column_facts(data: Data, subject: Subject, features: NDArray[np.intp], owners: NDArray[np.intp]) -> list[ColumnFacts]:
    """Facts of some columns, each tried as the only source of the answer."""
    found, table = [], data.tested
    for feature in features:
        column, at = table.schema.columns[feature], int(np.flatnonzero(owners == feature)[0])
        values = table.matrix[:, at]
        filled = values[~np.isnan(values)].astype(np.float64)
        by_itself = _by_itself(data, subject, at, column.n_codes)
        found.append(ColumnFacts(column.name, column.kind, 1 - len(filled) / max(len(values), 1), _content(column, filled), *by_itself))
    return found


def _content(column: Any, filled: Array) -> str:
    if not len(filled):
        return "nothing"
    if column.kind == "category":
        counts = np.bincount(filled[filled >= 0].astype(np.int64), minlength=column.n_codes)
        words = [*column.categories, "other"]
        unseen = int((filled < 0).sum())
        shares = counts / len(filled)
        listed = ", ".join(f"{words[i]} {shares[i]:{'.0%' if shares[i] >= 0.01 else '.1%'}}" for i in np.argsort(-counts, kind="stable")[:3] if counts[i])
        return f"{counted((counts > 0).sum(), 'category', 'categories')}: {listed}" + (f"; {unseen} rows with one not seen in training" if unseen else "")
    if column.kind == "boolean":
        return f"true {filled.mean():.0%}"
    low, middle, high = np.quantile(filled, (0, 0.5, 1)) + column.centre
    if column.kind == "date":
        first, last = (np.datetime_as_string(np.datetime64(round(end), "s"), unit="D") for end in (low, high))
        return f"{first} to {last}"
    return f"{plain(low)} to {plain(high)}, median {plain(middle)}"


def _by_itself(data: Data, subject: Subject, at: int, n_codes: int) -> tuple[Interval, float, Difference | None]:
    """The gain of a tree of one matrix column, or of the shares in each of many categories, as an interval and as a share of what there is to gain, and how the model's log loss
    differs from its."""
    evaluation, known = subject.evaluation, np.flatnonzero(subject.evaluation.known & (subject.evaluation.masses > 0))
    nothing = Interval(float("nan"), float("nan"), float("nan"))
    probabilities = np.array(data.shares.probabilities, np.float64)
    n_learnt = 0
    for table, rows, asked in _parts(data, known):
        n_learnt = max(n_learnt, len(rows))
        if len(rows) >= LEAST_ROWS:
            probabilities[asked] = _probabilities(table, rows, at, data.tested.matrix[asked, at], n_codes, data.shares.probabilities[0])
    if n_learnt < LEAST_ROWS or not len(known):
        return nothing, float("nan"), None
    alone, shares, model = (replace(one.under(p), groups=evaluation.groups).take(known)
                            for one, p in ((evaluation, probabilities), (data.shares, data.shares.probabilities), (evaluation, evaluation.probabilities)))  # fmt: skip
    gain = mean_interval(shares.losses - alone.losses, sampling_of(alone, data.drawn_from))
    of_shares = float(np.average(shares.losses, weights=shares.masses))
    return gain, gain.estimate / max(of_shares, 1e-12), compare(alone, model, ["log_loss"], drawn_from=data.drawn_from)["log_loss"]


def _parts(data: Data, known: NDArray[np.intp]) -> Iterator[tuple[Table, NDArray[Any], NDArray[Any]]]:
    """Rows to learn from, of which table, and tested rows to be asked about: training rows, or the other folds, or each half of the tested rows (of their groups) for the
    other."""
    rng = np.random.Generator(np.random.PCG64(0))
    if data.training is not None and data.training_rows is not None:
        yield data.training, rng.permutation(data.training_rows)[:MOST_ROWS], known
        return
    if data.folds:
        for rows, asked in data.folds:
            yield data.tested, rng.permutation(rows)[:MOST_ROWS], asked
        return
    groups = data.tested.groups
    names = rng.permutation(known if groups is None else np.unique(groups[known]))
    first = np.isin(known if groups is None else groups[known], names[: len(names) // 2])
    for rows, asked in ((known[first], known[~first]), (known[~first], known[first])):
        yield data.tested, rng.permutation(rows)[:MOST_ROWS], asked


def _probabilities(table: Table, rows: NDArray[Any], at: int, asked: NDArray[np.float32], n_codes: int, shares: Array) -> Array:
    """Of a small tree of one column: the shares of the classes in a leaf, and of all rows with the weight of two rows. Of more categories than it has leaves: their shares."""
    from sklearn.tree import DecisionTreeClassifier

    targets, n_classes = table.with_target()[1][rows], len(shares)
    if n_codes > MOST_LEAVES:
        of_codes, of_all = recipe.category_shares(table.matrix[rows, at], targets, None, n_codes, n_classes)
        known = asked >= 0
        return np.where(known[:, None], of_codes[np.where(known, asked, 0).astype(np.int64)], of_all)
    x, new = (np.nan_to_num(values.astype(np.float64), nan=-2 if n_codes else -1e9)[:, None] for values in (table.matrix[rows, at], asked))
    leaves = MOST_LEAVES if n_codes else 4 * max(len(np.unique(targets)), 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # many classes look like a regression to scikit-learn
        tree = DecisionTreeClassifier(max_leaf_nodes=leaves, min_samples_leaf=3, random_state=0).fit(x, targets)
    learnt, found = tree.apply(x), tree.apply(new)
    counts = np.bincount(learnt * n_classes + targets, minlength=(tree.tree_.node_count) * n_classes).reshape(-1, n_classes) + PRIOR_ROWS * shares
    probabilities: Array = (counts / counts.sum(axis=1, keepdims=True))[found]
    return probabilities
