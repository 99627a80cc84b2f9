"""The scikit-learn estimator."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from normexp import recipe
from normexp._checks import listing
from normexp._labels import classes_and_targets, label_values
from normexp.classifier._class_weight import class_weight_of
from normexp.classifier._client import OnClient
from normexp.classifier._endings import warn_of_forests, warn_of_its_end
from normexp.classifier._importance import importances_of
from normexp.classifier._inputs import features_of_before, groups_of, matrix_of, training_rows, weights_of
from normexp.classifier._lazy import by_parts, in_memory
from normexp.classifier._params import plain_params
from normexp.classifier._planning import Printed, executor_of, folds_of, plan_of_one, planned, print_epoch, seed_of, start_from
from normexp.classifier._views import EpochsView, MemberView, ModelView
from normexp.evaluation import costs_of
from normexp.functional import log_softmax, softmax
from normexp.model import Model, prediction_sets, set_thresholds
from normexp.network import EpochCallback, PollCallback
from normexp.tables import Schema, Table

__all__ = ["SoftmaxClassifier"]


@by_parts("decide", "decision_function", "predict", "predict_log_proba", "predict_proba", "predict_set")
class SoftmaxClassifier(OnClient, ClassifierMixin, BaseEstimator):
    """Networks and boosted trees that end in a softmax, with calibrated probabilities, sensible without any argument. Dask's collections are learnt from, and answered lazily.

    Numbers are scaled robustly, missing values (NaN) get an indicator, text columns of data frames become categories. By default a few networks of different kinds, trees and
    linear models are fitted fold by fold, and combined by one convex problem on the rows that none of them had seen: these decide how sure the answers are, too.

    Parameters
    ----------
    hidden_layer_sizes : "auto" or sequence of int, default "auto"
        Units of the relu layers of every network; `()` is multinomial logistic regression.
    quality : "good", "fast" or "best", default "good"
        "fast" is one network, whose epoch and temperature a stratified, seeded part of the rows chooses; "best" fits each network of "good" several times.
    members : None, str or sequence of str, default None
        Families that may take part: "linear", "network", "trees"; None is all of them. Not with "fast".
    cv : None, int, splitter or iterable of (train, test), default None
        The folds that members are fitted on, as in `sklearn.model_selection.cross_validate`; None is 8, 5 or 3 by the number of rows, of whole groups where there are some.
        Not with "fast".
    epochs : "auto" or int, default "auto"
        Passes over the rows; with "fast" the most.
    batch_size : "auto" or int, default "auto"
        Rows a step.
    learning_rate : "auto" or float, default "auto"
        Adam's step size; 0.001 with "fast". Where members="trees": how much of each tree's step is taken.
    weight_decay : "auto" or float, default "auto"
        Decoupled decay of the weights: each step shrinks them by learning_rate x weight_decay; 0.01 with "fast".
    validation_fraction : float, default 0.2
        The share of the rows that are held out to choose epoch and temperature; 0 trains on all, without either. Unused with fewer than 10 rows. With "fast" only: folds hold
        out every row once.
    patience : "auto" or int, default "auto"
        Epochs without a better validation log loss before training stops; 0 never stops early. With "fast" only: networks that are fitted fold by fold train as long as is planned.
        Where members="trees": rounds without a better log loss of the rows that a fold holds out.
    max_depth : "auto" or int, default "auto"
        Of trees: questions from the root to a leaf, 1 to 8; all rows are asked the same one on a level.
    max_iter : "auto" or int, default "auto"
        Of trees: the most rounds; each adds one tree for all classes.
    l2_regularization : "auto" or float, default "auto"
        Of trees: added to the sum of hessians of a leaf, above 0.
    max_bins : "auto" or int, default "auto"
        Of trees: into how many bins a number is parted, 2 to 255; missing values have one of their own.
    class_weight : None, "balanced" or dict, default None
        Weights of the classes, multiplied with `sample_weight` in training: how much a missed row of each costs. `predict` answers by them; the probabilities
        are those of the data's own shares all the same, which is why trees learn without them.
    warm_start : bool, default False
        Go on from the network of the last fit; with "fast" only.
    random_state : None, int or RandomState, default None
        Decides split or folds, first weights and order. The same number gives the same bits on any number of threads.
    verbose : bool, default False
        Print a line an epoch, or when a kind of members is finished.
    time_limit : None or float, default None
        Seconds after which training stops with the best epoch so far, or with the kinds of members that are finished; the result then depends on the machine's speed.
    importances : bool, default False
        Also find `feature_importances_` in `fit`, for scikit-learn's selectors of features.
    n_threads : None or int, default None
        Threads; None is OMP_NUM_THREADS or the number of processors.
    client : None or dask.distributed.Client, default None
        Whose workers fit the members; None is the one that is current in this process, and threads where there is none. The bits do not depend on it.

    Attributes
    ----------
    model_ : Model
        What was fitted, as data without scikit-learn; all that follows but the columns seen is a view of it.
    n_features_in_, feature_names_in_ : int, ndarray
        Columns seen in fit; names only for data frames.
    classes_ : ndarray of shape (n_classes,)
        Labels in their own type.
    n_iter_ : int
        Epochs of the first kind of members, or rounds of trees.
    history_ : History
        Losses and accuracies an epoch, the best epoch and why training stopped; of several members those of the first kind, the mean over its folds.
    temperature_ : float
        What the logits are divided by; 1 where members are combined, which does its work.
    class_shares_ : ndarray of shape (n_classes,), or None
        Shares of the classes among the rows of the last fit; None in a model that an older version saved.
    feature_importances_ : ndarray of shape (n_features_in_,)
        With `importances=True`: by how many nats the log loss rises when a feature is shuffled, at least 0; of the validation rows or, with folds, of those learnt from
        (which makes categories of very many look more important than they are on new rows).
    coef_, intercept_ : ndarray, of a linear model
    encoder_, schema_ : input encoding, and the columns of a table or data frame with text (else None).
    network_, parameters_, optimizer_state_, of a model of one network
        Its layers, their values, and what a fit that goes on needs.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = SoftmaxClassifier(random_state=0).fit(X, y)
    >>> model.predict_proba(X[:1]).shape
    (1, 3)
    """

    model_: Model
    feature_importances_: NDArray[np.float64]
    classes_ = ModelView("classes")
    schema_ = ModelView("schema")
    class_shares_ = ModelView("class_shares")
    temperature_ = ModelView("temperature")
    history_ = ModelView("history")
    encoder_ = MemberView("encoder")
    network_ = MemberView("network")
    parameters_ = MemberView("parameters")
    optimizer_state_ = MemberView("state")
    n_iter_ = EpochsView("history")

    def __init__(
        self, hidden_layer_sizes: str | Sequence[int] = "auto", *, quality: str = "good", members: str | Sequence[str] | None = None,
        cv: Any = None, epochs: str | int = "auto", batch_size: str | int = "auto", learning_rate: str | float = "auto", weight_decay: str | float = "auto",
        validation_fraction: float = 0.2, patience: str | int = "auto",
        max_depth: str | int = "auto", max_iter: str | int = "auto", l2_regularization: str | float = "auto", max_bins: str | int = "auto",
        class_weight: Any = None, warm_start: bool = False, random_state: Any = None, verbose: bool = False,
        time_limit: float | None = None, importances: bool = False, n_threads: int | None = None, client: Any = None,
    ) -> None:  # fmt: skip
        self.hidden_layer_sizes = hidden_layer_sizes
        self.quality = quality
        self.members = members
        self.cv = cv
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.max_depth = max_depth
        self.max_iter = max_iter
        self.l2_regularization = l2_regularization
        self.max_bins = max_bins
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.time_limit = time_limit
        self.importances = importances
        self.n_threads = n_threads
        self.client = client

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None, validation_data: tuple[Any, Any] | None = None, groups: ArrayLike | None = None
    ) -> Self:
        """Train on rows X with labels y.

        Parameters
        ----------
        X : array_like or data frame of shape (n_samples, n_features), or Table
            Numbers, NaN for missing; data frames, dicts of columns and lists of dicts may hold text, booleans and dates. Infinities and sparse matrices are refused.
        y : array_like of shape (n_samples,)
            Labels of any type, none missing; a Series or a frame of one column will do. Taken from a Table if not given.
        sample_weight : array_like of shape (n_samples,), optional
            At least 0; rows of weight 0 are not used. Taken from a Table if not given.
        validation_data : (X, y), optional
            Rows that choose epoch and temperature, or combine the members, instead of a part of X.
        groups : array_like of shape (n_samples,), optional
            Names of groups, such as customers: no row of a group that is learnt from is in the part of X that chooses epoch and temperature, or in the same fold's other
            part. Taken from a Table if not given. Not with `validation_data`.
        """
        X, y, sample_weight, groups = in_memory(X, y, sample_weight, groups)
        with features_of_before(self):
            before = self._model_before()
            data = training_rows(self, X, X.labels if isinstance(X, Table) and y is None else y, None if before is None else before.schema)
            check_classification_targets(data.labels)
            classes, targets = classes_and_targets(data.labels)
            start = start_from(before, classes, data.schema, len(data.columns))
            weights = X.weights if sample_weight is None and isinstance(X, Table) else weights_of(sample_weight, data.matrix)
            matrix, n = data.matrix, len(data.matrix)
            together = groups_of(X, groups, n)
            if validation_data is not None:
                if groups is not None:
                    raise ValueError("expected groups to split X by, or validation_data, got both; leave one out")
                held, held_targets = self._validation_rows(validation_data, classes, data.schema)
                matrix, targets = np.concatenate([matrix, held]), np.concatenate([targets, held_targets])
                weights = None if weights is None else np.concatenate([weights, np.ones(len(held))])
            rows = recipe.rows_to_learn(np.arange(len(matrix)), weights)
            times = X.times if isinstance(X, Table) else None
            plan, learnt, validation = planned(self, len(rows), data.columns, len(classes)), rows[rows < n], None if validation_data is None else rows[rows >= n]
            model = recipe.fit(
                matrix, data.columns, targets, weights, plan, classes=classes, rows=learnt, validation_rows=validation,
                groups=together, times=times, class_weight=class_weight_of(self.class_weight, classes),
                start=start, time_limit=float(self.time_limit or 0), n_threads=self.n_threads or 0,
                on_epoch=print_epoch if self.verbose else None, on_progress=Printed() if self.verbose else None,
                folds=folds_of(self.cv, data.labels, groups), executor=executor_of(self),
            )  # fmt: skip
            self._fitted(model, data.schema)
            if hasattr(self, "feature_importances_"):
                del self.feature_importances_  # of the fit before
            if self.importances:
                held = np.empty(0, np.int64) if validation is None else validation
                if validation is None and isinstance(plan, recipe.Plan):
                    held = recipe.parts_of(learnt, targets, plan, together, times)[1]
                names, n_threads = getattr(self, "feature_names_in_", None), self.n_threads or 0
                self.feature_importances_ = importances_of(self.model_, data.schema, names, matrix, targets, held if len(held) else learnt, n_threads)
            return self

    def fit_table(
        self, table: Table, rows: NDArray[np.int64] | None = None, *, on_epoch: EpochCallback | None = None, on_poll: PollCallback | None = None
    ) -> Self:
        """Train on the given rows (default all) of a table with targets; the callbacks are those of `normexp.network.fit`."""
        classes, _ = table.with_target()
        start = start_from(self._model_before(), classes, table.schema, len(table.schema.matrix_columns()))
        rows = recipe.rows_to_learn(np.arange(len(table)) if rows is None else rows, table.weights)
        model = recipe.fit_table(
            table, planned(self, len(rows), table.schema.matrix_columns(), len(classes)), rows=rows, class_weight=class_weight_of(self.class_weight, classes),
                start=start, time_limit=float(self.time_limit or 0), n_threads=self.n_threads or 0,
            on_epoch=on_epoch or (print_epoch if self.verbose else None), on_poll=on_poll, on_progress=Printed() if self.verbose else None,
            executor=executor_of(self),
        )  # fmt: skip
        self.n_features_in_, self.feature_names_in_ = model.n_features, np.array(model.feature_names, object)
        return self._fitted(model, table.schema)

    def partial_fit(self, X: Any, y: Any, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None) -> Self:
        """One more pass over the given rows; `classes` lists all labels and is needed at the first call if y lacks some.

        The encoder is that of the first call, the temperature stays 1. After a `fit` of several members each of them makes the pass, and their weights stay; forests, which are
        grown once, stay too, with a UserWarning. Raises ValueError for a model of forests alone.
        """
        with features_of_before(self):
            start = getattr(self, "model_", None)
            if start is None:
                matrix, columns, labels, schema = training_rows(self, X, y)
                known = classes_and_targets(labels if classes is None else label_values(classes))[0]
            else:
                warn_of_forests(start)
                schema, known, columns = start.schema, start.classes, ()
                matrix, labels = matrix_of(self, X, schema), label_values(y)
                if len(matrix) != len(labels):
                    raise ValueError(f"expected as many labels as rows, got {len(labels)} labels and {len(matrix)} rows")
            check_classification_targets(labels)
            _, targets = classes_and_targets(labels, known)
            unknown = np.flatnonzero(targets < 0)
            if unknown.size:
                raise ValueError(f"expected labels out of the classes of the first call, got {labels[unknown[0]]} at index {unknown[0]}; list all with classes=")
            weights = weights_of(sample_weight, matrix)
            plan = plan_of_one(self, len(matrix), seed_of(self) if start is None else 0, validation_fraction=0.0)
            class_weight, n_threads = class_weight_of(self.class_weight, known), self.n_threads or 0
            model = recipe.step(matrix, columns, targets, weights, plan, classes=known, class_weight=class_weight, start=start, n_threads=n_threads)
            return self._fitted(model, schema)

    def decision_function(self, X: Any) -> NDArray[Any]:
        """Calibrated logits, shape (n_samples, n_classes), whose softmax is predict_proba; for two classes their difference, shape (n_samples,)."""
        logits = self._calibrated_logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Probabilities of shape (n_samples, n_classes), columns as in `classes_`; float32 for float32 input, else float64."""
        probabilities: NDArray[Any] = softmax(self._calibrated_logits(X))
        return probabilities

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Natural logarithms of the probabilities, shape (n_samples, n_classes)."""
        logarithms: NDArray[Any] = log_softmax(self._calibrated_logits(X))
        return logarithms

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable label of each row, shape (n_samples,); after a fit with class weights that of the largest weight x probability."""
        logits = self._calibrated_logits(X)
        labels: NDArray[Any] = self.classes_[logits.argmax(axis=1) if self.model_.class_weights is None else self.model_.answers(softmax(logits))]
        return labels

    @property
    def coef_(self) -> NDArray[np.float64]:
        """Of a linear model (`hidden_layer_sizes=()`): by how much each encoded input raises each calibrated logit, shape (n_classes, n_inputs); for two classes their
        difference, shape (1, n_inputs), as scikit-learn has it. exp(coef_) are odds ratios. Inputs are what `encoder_` makes: numbers in interquartile ranges from the median."""
        return self._coefficients()[0]

    @property
    def intercept_(self) -> NDArray[np.float64]:
        """The logits where every encoded input is 0, shape (n_classes,); for two classes their difference, shape (1,)."""
        return self._coefficients()[1]

    def _coefficients(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if not hasattr(self, "model_") or len(self.network_.layers) != 1:
            raise AttributeError("expected a fitted linear model for coef_ and intercept_, got another; fit with hidden_layer_sizes=()")
        if not np.array_equal(self.encoder_.columns_of_inputs(), np.arange(self.n_features_in_)) or self.encoder_.is_wide.any():
            raise AttributeError("expected a feature to be one input for coef_ and intercept_, got categories, dates or missing cells; see model_.coefficients()")
        weights, bias = self.model_.coefficients()
        return (weights[1:] - weights[:1], bias[1:] - bias[:1]) if len(self.classes_) == 2 else (weights, bias)

    def predict_set(self, X: Any, coverage: float = 0.9, *, by_class: bool = False) -> NDArray[np.bool_]:
        """The classes that each row may well be, bool of shape (n_samples, n_classes), columns as in `classes_`: of new rows like those of the fit, a share of at least about
        `coverage` have their true class in the set.

        The sets are the least ambiguous ones and never empty: where most rows are answered rightly, more are covered than asked for. With `by_class` the promise holds in every
        class with rows enough. Thresholds come from rows that were not learnt from. Raises ValueError where coverage is not above 0 and below 1.
        """
        probabilities = self.predict_proba(X)
        return prediction_sets(probabilities, set_thresholds(self.model_.held_out, coverage, by_class=by_class))

    def decide(self, X: Any, costs: Any) -> NDArray[Any]:
        """The decision of the least expected cost for each row, shape (n_samples,).

        `costs` say what a decision costs for a row of a class: a dict {class: {decision: cost}}, a data frame with a row a class and a column a decision, an array of
        shape (n_classes, n_classes) whose decisions are the classes, or `normexp.evaluation.Costs`. Decisions may be others than the classes. Raises ValueError
        where a class is missing or a cost is no finite number.
        """
        known = costs_of(costs, self.classes_)
        names = self.classes_ if known.decisions == tuple(self.classes_.tolist()) else np.array([*known.decisions, None], object)[:-1]
        decided: NDArray[Any] = names[known.decide(self.predict_proba(X))]
        return decided

    def compact(self, X: Any) -> Self:
        """An estimator of one network that was taught by the members of this one: about the same probabilities in a tenth of the time and size.

        X are the rows of the fit, or others like them, as `predict` takes them; no labels. The network learns the probabilities of the members, on these rows and on rows made up
        from them (see `normexp.recipe.compact`); `random_state` decides which. Prediction sets keep the members' thresholds. Raises ValueError where there is one member only.
        """
        model = recipe.compact(self.to_model(), self.to_matrix(X), seed=seed_of(self), n_threads=self.n_threads or 0)
        return type(self).from_model(model)

    def _calibrated_logits(self, X: Any) -> NDArray[Any]:
        matrix = self.to_matrix(X)
        in_float64 = self.model_.schema is not None and not isinstance(X, Table)
        return self.model_.logits(matrix, self.n_threads or 0, dtype=np.float64 if in_float64 else None)

    def to_matrix(self, X: Any) -> NDArray[Any]:
        """Rows as the encoder takes them, shape (n_samples, n_matrix_columns): numbers, codes of categories, NaN for missing.

        X is what fit took, or a Table; frames, a dict of columns or of cells, a list of dicts or a Series hold the columns by name, in any order. Further columns,
        unseen categories and cells that cannot be read are told by a DataWarning.
        """
        check_is_fitted(self)
        return matrix_of(self, X, self.model_.schema)

    def to_model(self) -> Model:
        """What was fitted, as data without scikit-learn; it shares its arrays with the estimator. Of the parameters only what a file can hold is kept."""
        check_is_fitted(self)
        return self._told(self.model_)

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """The fitted estimator that answers as a model does; a further fit starts the update rule afresh, if the model has no state of it."""
        estimator = cls(**model.params)
        estimator.model_, estimator.n_features_in_ = replace(model, scores={}), model.n_features  # an estimator can be changed, and with it what it scores
        if model.feature_names is not None:
            estimator.feature_names_in_ = np.array(model.feature_names, object)
        return estimator

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    # ---- training

    def _model_before(self) -> Model | None:
        """The model that a warm start would go on from."""
        return getattr(self, "model_", None) if self.warm_start else None

    def _validation_rows(self, data: tuple[Any, Any], classes: NDArray[Any], schema: Schema | None) -> tuple[NDArray[Any], NDArray[np.int32]]:
        matrix, labels = matrix_of(self, data[0], schema), label_values(data[1])
        if labels.shape != (len(matrix),):
            raise ValueError(f"expected one label a row in validation_data, got labels of shape {labels.shape} for {len(matrix)} rows")
        _, targets = classes_and_targets(labels, classes)
        if (targets < 0).any():
            wrong = labels[targets < 0].tolist()[0]
            raise ValueError(f"expected labels of validation_data among the classes {listing(classes.tolist())}, got {wrong!r}")
        return matrix, targets

    def _told(self, model: Model) -> Model:
        """The model with what the estimator knows now: names and number of the columns, parameters."""
        names = getattr(self, "feature_names_in_", None)
        return replace(model, n_features=int(self.n_features_in_), feature_names=None if names is None else tuple(names), params=plain_params(self))

    def _fitted(self, model: Model, schema: Schema | None) -> Self:
        self.model_ = self._told(replace(model, schema=schema))
        warn_of_its_end(self.model_, self.learning_rate, self.time_limit)
        return self
