"""SoftmaxClassifier: scikit-learn's face over the recipe and the model."""

from normexp.classifier._classifier import SoftmaxClassifier as SoftmaxClassifier

__all__ = ["SoftmaxClassifier"]
