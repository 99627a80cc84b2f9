"""SoftmaxClassifier: encoder, network and calibration in one scikit-learn estimator."""

from normexp.classifier._classifier import SoftmaxClassifier as SoftmaxClassifier
from normexp.model import Encoder as Encoder

__all__ = ["Encoder", "SoftmaxClassifier"]
