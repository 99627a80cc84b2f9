"""SoftmaxClassifier: scikit-learn's face over the recipe and the model."""

from normexp.classifier._classifier import SoftmaxClassifier as SoftmaxClassifier
from normexp.model import Encoder as Encoder

__all__ = ["Encoder", "SoftmaxClassifier"]
