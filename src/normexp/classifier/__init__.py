"""SoftmaxClassifier: scikit-learn's face over the recipe and the model; and how X, y and what comes with them are read, for other estimators."""

from normexp.classifier._class_weight import class_weight_of as class_weight_of
from normexp.classifier._classifier import SoftmaxClassifier as SoftmaxClassifier
from normexp.classifier._client import OnClient as OnClient
from normexp.classifier._inputs import groups_of as groups_of
from normexp.classifier._inputs import training_rows as training_rows
from normexp.classifier._inputs import weights_of as weights_of
from normexp.classifier._planning import executor_of as executor_of
from normexp.classifier._planning import folds_of as folds_of

__all__ = ["OnClient", "SoftmaxClassifier", "class_weight_of", "executor_of", "folds_of", "groups_of", "training_rows", "weights_of"]
