"""The engine: layer descriptions, one flat parameter vector, training."""

from normexp.network._layers import Dense as Dense
from normexp.network._layers import Network as Network
from normexp.network._parameters import Parameters as Parameters
from normexp.network._parameters import Segment as Segment
from normexp.network._parameters import initial_parameters as initial_parameters
from normexp.network._training import History as History
from normexp.network._training import OptimizerState as OptimizerState
from normexp.network._training import Training as Training
from normexp.network._training import fit as fit
from normexp.network._training import predict_logits as predict_logits

__all__ = ["Dense", "History", "Network", "OptimizerState", "Parameters", "Segment", "Training", "fit", "initial_parameters", "predict_logits"]
