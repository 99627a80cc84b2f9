"""Experiments in Python: a search in scikit-learn's manner."""

import numbers
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from normexp import recipe
from normexp._checks import finite_above_0, integer_at_least
from normexp._labels import classes_and_targets
from normexp.classifier import OnClient, SoftmaxClassifier, class_weight_of, executor_of, folds_of, groups_of, training_rows, weights_of
from normexp.evaluation import costs_of
from normexp.experiments._board import Board, board_of, columns_of, settings_in_words
from normexp.experiments._file import MOST_TRIALS
from normexp.experiments._records import Trial
from normexp.experiments._session import Problem, Session
from normexp.tables import Table

__all__ = ["Experiments", "tune"]


class Experiments(OnClient, ClassifierMixin, BaseEstimator):
    """Many members tried, and a softmax classifier made of the best: those whose combination is best on rows that they had not seen.

    The first trials are the members of `SoftmaxClassifier` by default, and further ones that it has with quality="best"; then come neighbours of the best so far, several side by
    side, all on the same folds, each stopped early where it falls behind. Nothing but the rows of `fit` is looked at; keep others apart to test on.

    Parameters
    ----------
    time : float or None, default None
        Seconds to search for. At least one of `time` and `trials` is needed.
    trials : int or None, default None
        Trials of this fit, those that are stopped early too.
    space : "wide", "small" or path, default "wide"
        What is varied; a TOML file has a table a family (network, linear, trees), a list of values or {from = …, to = …} a setting.
    metric : "log_loss", "brier", "accuracy" or "cost", default "log_loss"
        What trials are judged by and is made small: of "accuracy" the share of wrong answers. They are combined by log loss all the same.
    costs : Costs, dict or array_like, default None
        With metric="cost": what answers cost, as `SoftmaxClassifier.decide` takes it.
    members : None, str or sequence of str, default None
        Families that may take part: "linear", "network", "trees"; None is all of them.
    cv : None, int, splitter or iterable of (train, test), default None
        The folds, as `SoftmaxClassifier` has them.
    class_weight : None, "balanced" or dict, default None
        As `SoftmaxClassifier` has it.
    study : path or None, default None
        A file (SQLite) that trials are written to as they end; a later fit on the same data goes on from it, and several processes may share it.
    single : bool, default False
        The best trial alone instead of a combination.
    jobs : int or None, default None
        Trials side by side, each on one thread; None is as many as there are threads. With 1, the same seed and number of trials give the same bits.
    random_state : None, int or RandomState, default None
        Decides folds, first weights and what is tried. None is 0 where there is a study.
    n_threads : int or None, default None
        Threads; None is OMP_NUM_THREADS or the number of processors.
    client : None or dask.distributed.Client, default None
        Whose workers fit the members, as `SoftmaxClassifier` has it.
    verbose : bool, default False
        Print a line a trial.

    Attributes
    ----------
    best_model_ : SoftmaxClassifier
        Fitted; `predict`, `predict_proba` and `score` ask it.
    best_score_ : float
        What `metric` is of the combination on rows that its members had not seen: a little better than new rows will have it, since it chose among trials.
    trials_ : dict of str to ndarray
        A column a fact and setting, a row a trial, as a data frame takes it.
    stopped_ : str
        "trials", "time_limit", "interrupted" or "storage": why the search ended.
    classes_, n_features_in_, feature_names_in_
        As `SoftmaxClassifier` has them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> search = Experiments(trials=8, members="linear", random_state=0).fit(X, y)
    >>> len(search.trials_["value"]), search.predict_proba(X[:1]).shape
    (8, (1, 3))
    """

    best_model_: SoftmaxClassifier

    def __init__(
        self, *, time: float | None = None, trials: int | None = None, space: str | Path = "wide", metric: str = "log_loss", costs: Any = None,
        members: str | Sequence[str] | None = None, cv: Any = None, class_weight: Any = None, study: str | Path | None = None, single: bool = False,
        jobs: int | None = None, random_state: Any = None, n_threads: int | None = None, client: Any = None, verbose: bool = False,
    ) -> None:  # fmt: skip
        self.time = time
        self.trials = trials
        self.space = space
        self.metric = metric
        self.costs = costs
        self.members = members
        self.cv = cv
        self.class_weight = class_weight
        self.study = study
        self.single = single
        self.jobs = jobs
        self.random_state = random_state
        self.n_threads = n_threads
        self.client = client
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None, groups: ArrayLike | None = None) -> Self:
        """Search on rows X with labels y, and fit the best. An interrupt (Ctrl-C) ends the search and keeps the best so far.

        Parameters
        ----------
        X : array_like or data frame of shape (n_samples, n_features), or Table
        y : array_like of shape (n_samples,)
            Taken from a Table if not given.
        sample_weight : array_like of shape (n_samples,), optional
            At least 0.
        groups : array_like of shape (n_samples,), optional
            Rows of a group are in one fold.

        Raises
        ------
        ValueError
            For settings that make no sense, rows without labels, one class.
        DataError
            For a study's file of other data, or a file of a space that cannot be read.
        """
        started, seconds, n_trials = time.monotonic(), self._seconds(), None if self.trials is None else integer_at_least(self.trials, 1, "trials")
        if seconds is None and n_trials is None:
            raise ValueError("expected time (seconds), trials, or both, got neither")
        if n_trials is not None and n_trials > MOST_TRIALS:
            raise ValueError(f"expected at most {MOST_TRIALS:,} trials of a fit, got {n_trials:,}; a study goes on with further ones")
        n_threads = 0 if self.n_threads is None else integer_at_least(self.n_threads, 1, "n_threads")
        if y is None and not isinstance(X, Table):
            raise ValueError("expected labels y to search with Experiments, got None")
        model = SoftmaxClassifier(members=self.members, class_weight=self.class_weight, random_state=self.random_state, n_threads=self.n_threads, client=self.client)
        data = training_rows(model, X, X.labels if isinstance(X, Table) and y is None else y)
        check_classification_targets(data.labels)
        classes, targets = classes_and_targets(data.labels)
        weights = X.weights if sample_weight is None and isinstance(X, Table) else weights_of(sample_weight, data.matrix)
        problem = Problem(
            data.matrix, data.columns, targets, classes, recipe.rows_to_learn(np.arange(len(data.matrix)), weights), weights, groups_of(X, groups, len(data.matrix)),
            X.times if isinstance(X, Table) else None, class_weight_of(self.class_weight, classes), folds_of(self.cv, data.labels, groups),
            None if self.costs is None else costs_of(self.costs, classes),
        )  # fmt: skip
        random_state = 0 if self.study is not None and self.random_state is None else self.random_state
        session = Session(
            problem, space=self.space, metric=self.metric, members=self.members, n_folds=integer_at_least(self.cv, 2, "cv") if isinstance(self.cv, numbers.Integral) else None,
            study=None if self.study is None else Path(self.study), jobs=None if self.jobs is None else integer_at_least(self.jobs, 1, "jobs"),
            n_threads=n_threads, seed=recipe.seed_from(check_random_state(random_state)), executor=executor_of(model),
        )  # fmt: skip
        printed = _Printed(session)
        self.stopped_ = session.run(n_trials, None if seconds is None else max(seconds - (time.monotonic() - started), 1e-6), printed if self.verbose else None)
        if self.verbose:
            printed()
        if self.stopped_ == "storage":
            warnings.warn(f"the search ended early, with the best so far: {session.search.failure}", UserWarning, stacklevel=2)
        self._keep(session, model, data.schema)
        return self

    def _seconds(self) -> float | None:
        if self.time is None:
            return None
        if isinstance(self.time, (str, bool)):
            raise ValueError(f"expected time in seconds, such as 600, got {self.time!r}")
        seconds = float(self.time)
        finite_above_0(seconds, "time")
        return seconds

    def _keep(self, session: Session, model: SoftmaxClassifier, schema: Any) -> None:
        ending = session.ending(single=self.single)
        if ending is None:
            raise ValueError(f"expected at least one trial that came to its end, got none ({self.stopped_.replace('_', ' ')}); give it more time")
        names = getattr(model, "feature_names_in_", None)
        found = replace(ending.model, schema=schema, n_features=model.n_features_in_, feature_names=None if names is None else tuple(names))
        self.best_model_, self.best_score_ = SoftmaxClassifier.from_model(found), ending.score.estimate
        self.board_, self.trials_ = board_of(session.study.about, session.study.trials()), columns_of(session.study.trials())
        self.classes_, self.n_features_in_ = found.classes, found.n_features
        if names is not None:
            self.feature_names_in_ = names

    def board(self) -> Board:
        """What was found, to look at; `print(search.board())`."""
        check_is_fitted(self)
        return self.board_

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row, shape (n_samples,)."""
        check_is_fitted(self)
        return self.best_model_.predict(X)

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Probabilities, shape (n_samples, n_classes)."""
        check_is_fitted(self)
        return self.best_model_.predict_proba(X)

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Their logarithms."""
        check_is_fitted(self)
        return self.best_model_.predict_log_proba(X)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "best_model_")


def tune(X: Any, y: Any = None, *, sample_weight: ArrayLike | None = None, groups: ArrayLike | None = None, **settings: Any) -> Experiments:
    """Search for the best classifier of rows X with labels y: `Experiments(**settings).fit(X, y)`, with `time=60` where neither time nor trials are given."""
    if settings.get("time") is None and settings.get("trials") is None:
        settings["time"] = 60.0
    return Experiments(**settings).fit(X, y, sample_weight, groups)


class _Printed:
    """A line a trial."""

    def __init__(self, session: Session) -> None:
        self.session, self.n_told, self.started = session, len(session.study.trials()), time.monotonic()
        self.best: Trial | None = None

    def __call__(self) -> bool:
        trials = self.session.study.trials()
        for trial in trials[self.n_told :]:
            if trial.state == "complete" and (self.best is None or trial.value < self.best.value):
                self.best = trial
            best = "" if self.best is None else f" (best {self.best.value:.4f})"
            value = f"{trial.value:.4f}" if trial.state == "complete" else trial.state
            print(f"{time.monotonic() - self.started:.0f} s, {trial.how.name}, {trial.how.family}: {value}{best}; {settings_in_words(trial, {})}", flush=True)
        self.n_told = len(trials)
        return False
