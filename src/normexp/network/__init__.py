"""The network engine: layer descriptions, one flat parameter vector, training."""

from normexp.network._inputs import InputPlan as InputPlan
from normexp.network._inputs import fill_inputs as fill_inputs
from normexp.network._layers import CLASSIFIER_ACTIVATIONS as CLASSIFIER_ACTIVATIONS
from normexp.network._layers import Activate as Activate
from normexp.network._layers import BatchNormalize as BatchNormalize
from normexp.network._layers import Dense as Dense
from normexp.network._layers import Dropout as Dropout
from normexp.network._layers import LayerNormalize as LayerNormalize
from normexp.network._layers import NativeLayer as NativeLayer
from normexp.network._layers import Network as Network
from normexp.network._layers import Noise as Noise
from normexp.network._layers import PReLU as PReLU
from normexp.network._layers import Scale as Scale
from normexp.network._layers import Softmax as Softmax
from normexp.network._optimizers import Loss as Loss
from normexp.network._optimizers import Optimizer as Optimizer
from normexp.network._parameters import Parameters as Parameters
from normexp.network._parameters import Segment as Segment
from normexp.network._parameters import blank_parameters as blank_parameters
from normexp.network._parameters import initial_parameters as initial_parameters
from normexp.network._parameters import segments_of as segments_of
from normexp.network._training import EpochCallback as EpochCallback
from normexp.network._training import History as History
from normexp.network._training import OptimizerState as OptimizerState
from normexp.network._training import PollCallback as PollCallback
from normexp.network._training import Rows as Rows
from normexp.network._training import Sums as Sums
from normexp.network._training import Training as Training
from normexp.network._training import check_parameters as check_parameters
from normexp.network._training import default_threads as default_threads
from normexp.network._training import evaluate_rows as evaluate_rows
from normexp.network._training import fit as fit
from normexp.network._training import fit_rows as fit_rows
from normexp.network._training import instruction_set as instruction_set
from normexp.network._training import predict_logits as predict_logits
from normexp.network._training import predict_outputs as predict_outputs

__all__ = [
    "Activate", "BatchNormalize", "CLASSIFIER_ACTIVATIONS", "Dense", "Dropout", "EpochCallback", "History", "InputPlan", "LayerNormalize", "Loss", "NativeLayer",
    "Network", "Noise", "Optimizer", "OptimizerState", "PReLU", "Parameters", "PollCallback", "Rows", "Scale", "Segment", "Softmax", "Sums", "Training",
    "blank_parameters", "check_parameters", "default_threads", "evaluate_rows", "fill_inputs", "fit", "fit_rows", "initial_parameters", "instruction_set", "predict_logits",
    "predict_outputs", "segments_of",
]  # fmt: skip
