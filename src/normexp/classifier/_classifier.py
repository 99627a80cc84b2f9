"""The scikit-learn estimator."""

import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from normexp._checks import listing
from normexp.classifier._inputs import matrix_of, training_data
from normexp.classifier._labels import as_labels, check_class_weight, validation_labels
from normexp.classifier._model import fill_from_model, model_of
from normexp.classifier._recipe import Recipe, chosen_recipe
from normexp.errors import DataError
from normexp.evaluation import fit_temperature
from normexp.functional import log_softmax, softmax
from normexp.model import Encoder, Model
from normexp.network import History, Network, Optimizer, OptimizerState, Parameters, Training, initial_parameters, predict_logits
from normexp.network import fit as fit_network
from normexp.network._training import EpochCallback, PollCallback
from normexp.tables import MatrixColumn, Schema, Table, held_out_rows

__all__ = ["SoftmaxClassifier"]

MIN_ROWS_FOR_VALIDATION = 10


class SoftmaxClassifier(ClassifierMixin, BaseEstimator):
    """A dense network with a softmax output and calibrated probabilities, sensible without any argument.

    Numbers are scaled robustly, missing values (NaN) get an indicator, text columns of data frames become categories. A stratified, seeded part
    of the rows chooses the epoch (least log loss) and the temperature.

    Parameters
    ----------
    hidden_layer_sizes : "auto" or sequence of int, default "auto"
        Units of the relu layers; `()` is multinomial logistic regression.
    epochs : "auto" or int, default "auto"
        The most passes over the rows.
    batch_size : "auto" or int, default "auto"
        Rows a step.
    learning_rate : float, default 0.001
        Adam's step size.
    weight_decay : float, default 0.01
        Decoupled decay of the weights: each step shrinks them by learning_rate x weight_decay.
    validation_fraction : float, default 0.2
        Share of the rows that are held out to choose epoch and temperature; 0 trains on all, without either. Unused with fewer than 10 rows.
    patience : "auto" or int, default "auto"
        Epochs without a better validation log loss before training stops; 0 never stops early.
    class_weight : None, "balanced" or dict, default None
        Weights of the classes, multiplied with `sample_weight`.
    warm_start : bool, default False
        Go on from the network of the last fit.
    random_state : None, int or RandomState, default None
        Decides split, first weights and order. The same number gives the same bits on any number of threads.
    verbose : bool, default False
        Print a line an epoch.
    time_limit : None or float, default None
        Seconds after which training stops with the best epoch so far; the result then depends on the machine's speed.
    n_threads : None or int, default None
        Threads; None is OMP_NUM_THREADS or the number of processors.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels in their own type.
    n_features_in_, feature_names_in_ : int, ndarray
        Columns seen in fit; names only for data frames.
    history_ : History
        Losses and accuracies an epoch, the best epoch and why training stopped.
    temperature_ : float
        What the logits are divided by.
    class_shares_ : ndarray of shape (n_classes,), or None
        Shares of the classes among the rows of the last fit; None in a model that an older version saved.
    network_, parameters_, encoder_, schema_
        Layers, their values, input encoding, and the columns of a table or data frame with text (else None).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = SoftmaxClassifier(random_state=0).fit(X, y)
    >>> model.predict_proba(X[:1]).shape
    (1, 3)
    """

    network_: Network
    encoder_: Encoder
    parameters_: Parameters
    optimizer_state_: OptimizerState
    history_: History
    schema_: Schema | None
    temperature_: float
    class_shares_: NDArray[np.float64] | None
    classes_: NDArray[Any]

    def __init__(
        self, hidden_layer_sizes: str | Sequence[int] = "auto", *, epochs: str | int = "auto", batch_size: str | int = "auto",
        learning_rate: float = 0.001, weight_decay: float = 0.01, validation_fraction: float = 0.2, patience: str | int = "auto",
        class_weight: Any = None, warm_start: bool = False, random_state: Any = None, verbose: bool = False,
        time_limit: float | None = None, n_threads: int | None = None,
    ) -> None:  # fmt: skip
        self.hidden_layer_sizes = hidden_layer_sizes
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.time_limit = time_limit
        self.n_threads = n_threads

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None, validation_data: tuple[Any, Any] | None = None) -> Self:
        """Train on rows X with labels y.

        Parameters
        ----------
        X : array_like or data frame of shape (n_samples, n_features), or Table
            Numbers, NaN for missing; data frames, dicts of columns and lists of dicts may hold text, booleans and dates. Infinities and sparse matrices are refused.
        y : array_like of shape (n_samples,)
            Labels of any type, none missing; a Series or a frame of one column will do. Taken from a Table if not given.
        sample_weight : array_like of shape (n_samples,), optional
            At least 0; rows of weight 0 are not used.
        validation_data : (X, y), optional
            Rows that choose epoch and temperature, instead of a part of X.
        """
        if isinstance(X, Table) and y is None:
            y = X.labels
        before = self._state_before()
        matrix, columns, y, self.schema_ = training_data(self, X, y)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, matrix, dtype=np.float64, ensure_non_negative=True)
        if validation_data is not None:
            n = len(matrix)
            matrix = np.concatenate([matrix, matrix_of(self, validation_data[0])])
            y = np.concatenate([y, validation_labels(y, validation_data[1], len(matrix) - n)])
            weights = None if weights is None else np.concatenate([weights, np.ones(len(matrix) - n)])
        check_classification_targets(y)
        self.classes_, targets = np.unique(y, return_inverse=True)
        self._keep_or_forget(before, columns)
        rows = np.arange(len(matrix)) if weights is None else np.flatnonzero(weights > 0)
        parts = None if validation_data is None else (rows[rows < n], rows[rows >= n])
        return self._fit_rows(matrix, columns, targets.astype(np.int32), weights, rows, parts)

    def fit_table(
        self, table: Table, rows: NDArray[np.int64] | None = None, *, on_epoch: EpochCallback | None = None, on_poll: PollCallback | None = None
    ) -> Self:
        """Train on the given rows (default all) of a table with targets; the callbacks are those of `normexp.network.fit`."""
        if table.targets is None or table.classes is None:
            raise DataError("expected a table with a target, got one read without; pass target= to tables.read")
        before = self._state_before()
        self.schema_, self.classes_ = table.schema, table.classes
        self.n_features_in_ = len(table.schema.columns)
        self.feature_names_in_ = np.array([column.name for column in table.schema.columns], object)
        self._keep_or_forget(before, table.schema.matrix_columns())
        rows = np.arange(len(table)) if rows is None else rows
        if table.weights is not None:
            rows = rows[table.weights[rows] > 0]
        return self._fit_rows(table.matrix, table.schema.matrix_columns(), table.targets, table.weights, rows, None, on_epoch, on_poll)

    def partial_fit(self, X: Any, y: Any, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None) -> Self:
        """One more pass over the given rows; `classes` lists all labels and is needed at the first call if y lacks some.

        The encoder is that of the first call, the temperature stays 1.
        """
        first = not hasattr(self, "network_")
        if first:
            matrix, columns, y, self.schema_ = training_data(self, X, y)
            self.classes_ = np.unique(y if classes is None else as_labels(classes))
        else:
            matrix, y = matrix_of(self, X), as_labels(y)
            if len(matrix) != len(y):
                raise ValueError(f"expected as many labels as rows, got {len(y)} labels and {len(matrix)} rows")
        check_classification_targets(y)
        targets = np.searchsorted(self.classes_, y)
        unknown = np.flatnonzero(self.classes_[np.minimum(targets, len(self.classes_) - 1)] != y)
        if unknown.size:
            raise ValueError(f"expected labels out of the classes of the first call, got {y[unknown[0]]} at index {unknown[0]}; list all with classes=")
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, matrix, dtype=np.float64, ensure_non_negative=True)
        rows = np.arange(len(matrix))
        if first:
            self._start(matrix, columns, rows, self._seed(), self._recipe(len(rows)))
        optimizer = Optimizer(weight_decay=float(self.weight_decay))
        training = Training(1, self._recipe(len(rows)).batch_size, float(self.learning_rate), optimizer, restore_best=False, n_threads=self.n_threads or 0)
        self.history_ = fit_network(
            self.network_, self.parameters_, self.encoder_.encode(matrix), targets.astype(np.int32), training,
            training_rows=rows, weights=self._row_weights(targets, weights), state=self.optimizer_state_,
        )  # fmt: skip
        self.temperature_ = 1.0
        self.class_shares_ = np.bincount(targets, minlength=len(self.classes_)) / max(len(targets), 1)
        self._warn_of_divergence()
        return self

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
        """The most probable label of each row, shape (n_samples,)."""
        logits = self._calibrated_logits(X)
        labels: NDArray[Any] = self.classes_[logits.argmax(axis=1)]
        return labels

    def _calibrated_logits(self, X: Any) -> NDArray[Any]:
        check_is_fitted(self)
        matrix = self.to_matrix(X)
        return self.to_model().logits(matrix, self.n_threads or 0, dtype=None if matrix is X or self.schema_ is None or isinstance(X, Table) else np.float64)

    def to_matrix(self, X: Any) -> NDArray[Any]:
        """Rows as the encoder takes them, shape (n_samples, n_matrix_columns): numbers, codes of categories, NaN for missing.

        X is what fit took, or a Table; frames, a dict of columns or of cells, a list of dicts or a Series hold the columns by name, in any order. Further columns,
        unseen categories and cells that cannot be read are told by a DataWarning.
        """
        return matrix_of(self, X)

    def to_model(self) -> Model:
        """What was fitted, as data without scikit-learn; it shares its arrays with the estimator."""
        return model_of(self)

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """The fitted estimator that answers as a model does."""
        estimator = cls(**model.params)
        fill_from_model(estimator, model)
        return estimator

    # ---- training

    def n_epochs_at_most(self, n_rows: int) -> int:
        """How many epochs a fit on this many rows may take."""
        return self._recipe(n_rows).epochs

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _recipe(self, n_rows: int) -> Recipe:
        if not 0 < float(self.learning_rate) < np.inf:
            raise ValueError(f"expected a finite learning_rate above 0, got {self.learning_rate!r}")
        return chosen_recipe(n_rows, self.hidden_layer_sizes, epochs=self.epochs, batch_size=self.batch_size, patience=self.patience)

    def _state_before(self) -> tuple[Any, Any] | None:
        """Classes and schema of the network that a warm start would keep."""
        return (self.classes_, self.schema_) if self.warm_start and hasattr(self, "network_") else None

    def _keep_or_forget(self, before: tuple[Any, Any] | None, columns: Sequence[MatrixColumn]) -> None:
        """A warm start needs the classes of the last fit; with other columns the network is forgotten."""
        if before is None:
            return
        classes, schema = before
        if not np.array_equal(classes, self.classes_):
            self.classes_, wrong = classes, self.classes_
            raise ValueError(f"expected the classes of the last fit with warm_start, {listing(classes.tolist())}, got {listing(wrong.tolist())}; use warm_start=False")
        if schema != self.schema_ or len(self.encoder_.centre) != len(columns):
            del self.network_

    def _warn_of_divergence(self) -> None:
        if self.history_.stopped == "diverged":
            message = f"training diverged and was undone, the probabilities are those from before it; use a smaller learning_rate than {self.learning_rate}"
            warnings.warn(message, ConvergenceWarning, stacklevel=4)

    def _start(self, matrix: NDArray[Any], columns: Sequence[MatrixColumn], rows: NDArray[np.int64], seed: int, recipe: Recipe) -> None:
        """A fresh encoder and network, unless warm_start finds fitting ones."""
        n_classes = len(self.classes_)
        if n_classes < 2:
            raise ValueError(f"expected at least two classes, got one class: {self.classes_.tolist()}")
        if self.warm_start and hasattr(self, "network_"):
            return
        self.encoder_ = Encoder.fit(matrix, rows, columns)
        self.network_ = Network.classifier(self.encoder_.n_inputs, recipe.hidden, n_classes)
        self.parameters_ = initial_parameters(self.network_, seed)
        self.optimizer_state_ = OptimizerState.fresh(self.parameters_)
        self.temperature_ = 1.0

    def _row_weights(self, targets: NDArray[Any], weights: NDArray[Any] | None) -> NDArray[np.float32] | None:
        """sample_weight x class weight, scaled to mean 1; None where all are equal."""
        if self.class_weight is not None:
            check_class_weight(self.class_weight, self.classes_.tolist())
            by_class = compute_sample_weight(self.class_weight, self.classes_[targets])
            weights = by_class if weights is None else weights * by_class
        return None if weights is None else (weights / weights.mean()).astype(np.float32)

    def _fit_rows(
        self, matrix: NDArray[Any], columns: Sequence[MatrixColumn], targets: NDArray[np.int32], weights: NDArray[Any] | None,
        rows: NDArray[np.int64], parts: tuple[NDArray[np.int64], NDArray[np.int64]] | None,
        on_epoch: EpochCallback | None = None, on_poll: PollCallback | None = None,
    ) -> Self:  # fmt: skip
        if not 0 <= self.validation_fraction < 1:
            raise ValueError(f"expected validation_fraction from 0 to below 1, got {self.validation_fraction!r}")
        if not len(rows):
            raise ValueError("expected at least one row with a positive weight, got none; check sample_weight")
        seed, recipe = self._seed(), self._recipe(len(rows))
        use_validation = self.validation_fraction > 0 and len(rows) >= MIN_ROWS_FOR_VALIDATION
        if parts is None:
            parts = held_out_rows(targets, self.validation_fraction, seed, rows) if use_validation else (rows, rows[:0])
        used = np.concatenate(parts)
        self._start(matrix, columns, parts[0], seed, recipe)
        encoded, used_targets = self.encoder_.encode(matrix, used), np.ascontiguousarray(targets[used])
        self.class_shares_ = np.bincount(used_targets, minlength=len(self.classes_)) / len(used)
        used_weights = self._row_weights(used_targets, None if weights is None else weights[used])
        training_rows, validation_rows = np.split(np.arange(len(used)), [len(parts[0])])
        training = Training(
            recipe.epochs, recipe.batch_size, float(self.learning_rate), Optimizer(weight_decay=float(self.weight_decay)), patience=recipe.patience if len(validation_rows) else 0,
            seed=seed, time_limit=float(self.time_limit or 0), n_threads=self.n_threads or 0,
        )  # fmt: skip
        self.history_ = fit_network(
            self.network_, self.parameters_, encoded, used_targets, training, training_rows=training_rows, validation_rows=validation_rows,
            weights=used_weights, state=self.optimizer_state_, on_epoch=on_epoch or (_print_epoch if self.verbose else None), on_poll=on_poll,
        )  # fmt: skip
        held = slice(len(parts[0]), None)  # the validation rows lie at the end: a view, no copy
        held_logits = predict_logits(self.network_, self.parameters_, encoded[held], self.n_threads or 0)
        self.temperature_ = fit_temperature(held_logits, used_targets[held], None if used_weights is None else used_weights[held])
        self._warn_of_divergence()
        if self.history_.stopped == "interrupted":
            warnings.warn("training was interrupted; the best epoch so far is kept", ConvergenceWarning, stacklevel=3)
        return self


def _print_epoch(epoch: int, loss: float, accuracy: float, validation_loss: float, validation_accuracy: float) -> bool:
    print(f"epoch {epoch + 1}: loss {loss:.4f} - accuracy {accuracy:.4f} - validation loss {validation_loss:.4f} - validation accuracy {validation_accuracy:.4f}", flush=True)
    return False
