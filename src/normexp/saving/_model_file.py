"""The model file: safetensors, data only, never code. All that predicting needs, no time stamp: equal models give equal bytes."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from normexp import __version__
from normexp._files import replaced
from normexp.errors import ModelFileError
from normexp.network import Dense, History, Network, OptimizerState, Parameters
from normexp.network._parameters import segments_of
from normexp.tables import Schema

if TYPE_CHECKING:
    from normexp.classifier import SoftmaxClassifier

__all__ = ["ModelInfo", "info", "load", "save"]

FORMAT = 1
KEY = "normexp"
LABEL_TYPES = {"int": np.int64, "float": np.float64, "bool": np.bool_, "text": np.str_, "object": object}


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says of itself, without its weights."""

    format: int
    version: str
    params: dict[str, Any]
    classes: list[Any]
    label_type: str
    layers: list[dict[str, Any]]
    n_inputs: int
    n_features_in: int
    feature_names: list[str] | None
    schema: dict[str, Any] | None
    temperature: float
    history: dict[str, Any]
    scores: dict[str, float]
    class_shares: list[float] | None = None


def save(model: "SoftmaxClassifier", path: str | os.PathLike[str], *, scores: dict[str, float] | None = None) -> None:
    """Write a fitted SoftmaxClassifier to a file, whole or not at all.

    Parameters
    ----------
    model : SoftmaxClassifier
        A fitted one.
    path : str or path
        Where to write; an existing file is replaced at the last moment.
    scores : dict, optional
        Scores on held-out rows, kept in the file.

    Raises
    ------
    TypeError
        If the model is of another kind, or its labels are neither numbers, booleans nor text.
    OSError
        If the file cannot be written; an old one is then still there.
    """
    from safetensors.numpy import save as to_bytes
    from sklearn.utils.validation import check_is_fitted

    from normexp.classifier import SoftmaxClassifier

    if not isinstance(model, SoftmaxClassifier):
        raise TypeError(f"expected a SoftmaxClassifier, got {type(model).__name__}")
    check_is_fitted(model)
    names = getattr(model, "feature_names_in_", None)
    described = ModelInfo(
        FORMAT, __version__, _plain(model.get_params(deep=False)), model.classes_.tolist(), _label_type(model.classes_),
        [asdict(layer) for layer in model.network_.layers], model.network_.n_inputs, int(model.n_features_in_), None if names is None else list(names),
        model.schema_.to_dict() if model.schema_ else None, model.temperature_, asdict(model.history_), scores or {},
        None if model.class_shares_ is None else model.class_shares_.tolist(),
    )  # fmt: skip
    tensors = {"parameters": model.parameters_.values, **{f"encoder/{key}": value for key, value in vars(model.encoder_).items() if value is not None}}
    payload = to_bytes(tensors, metadata={KEY: json.dumps(asdict(described), ensure_ascii=False)})
    with replaced(Path(path)) as temporary:
        temporary.write_bytes(payload)


def info(path: str | os.PathLike[str]) -> ModelInfo:
    """What the file says of the model; raises ModelFileError as `load` does."""
    return _read(path)[0]


def load(path: str | os.PathLike[str]) -> "SoftmaxClassifier":
    """Read a model that `save` wrote; its predictions are the same bits on the same instruction set.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, of another kind or from a newer version.
    """
    from normexp.classifier import Encoder, SoftmaxClassifier

    described, tensors = _read(path)
    try:
        network = Network(described.n_inputs, tuple(Dense(**layer) for layer in described.layers))
        segments = segments_of(network)
        encoder = Encoder(**{key.removeprefix("encoder/"): value for key, value in tensors.items() if key.startswith("encoder/")})
        schema = Schema.from_dict(described.schema) if described.schema else None
        classes: NDArray[Any] = np.array(described.classes, LABEL_TYPES[described.label_type])
        params: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in described.params.items()}
        model = SoftmaxClassifier(**params)
        fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in described.history.items()}
        history = History(**fields)
    except (TypeError, KeyError, ValueError) as error:
        raise ModelFileError(f"expected a complete model, got one with a part that does not read ({path}): {error}; save it again") from error
    parameters = Parameters(tensors["parameters"], segments)
    n_columns = len(schema.matrix_columns()) if schema else described.n_features_in
    if parameters.values.shape != (segments[-1].first + segments[-1].size,) or parameters.values.dtype != np.float32 or network.n_outputs != len(classes) or len(classes) < 2 \
            or len(described.class_shares or classes) != len(classes) \
            or any(len(value) != n_columns for key, value in vars(encoder).items() if key != "shares" and value is not None) or encoder.n_inputs != network.n_inputs \
            or (encoder.shares is not None and encoder.shares.shape != (encoder.n_inputs,)):  # fmt: skip
        raise ModelFileError(f"expected a model whose parts fit together, got shapes that do not ({path}); the file is damaged, save it again")
    model.network_, model.parameters_, model.encoder_, model.schema_ = network, parameters, encoder, schema
    model.optimizer_state_ = OptimizerState.fresh(parameters)
    model.classes_, model.temperature_, model.history_ = classes, described.temperature, history
    model.class_shares_ = None if described.class_shares is None else np.array(described.class_shares)
    model.n_features_in_ = described.n_features_in
    if described.feature_names is not None:
        model.feature_names_in_ = np.array(described.feature_names, object)
    return model


def _read(path: str | os.PathLike[str]) -> tuple[ModelInfo, dict[str, NDArray[Any]]]:
    from safetensors import SafetensorError, safe_open

    if not os.path.isfile(path):
        raise ModelFileError(f"expected a model file, got '{os.fspath(path)}', which does not exist; train one with: normexp train TABLE --target COLUMN")
    try:
        with safe_open(path, framework="np") as file:
            text = (file.metadata() or {}).get(KEY)
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelFileError(f"expected a normexp model (safetensors), got a file that does not read as one ({path}): {error}") from error
    if text is None:
        raise ModelFileError(f"expected a normexp model, got a safetensors file of another kind ({path})")
    try:
        data = json.loads(text)
        if data["format"] > FORMAT:
            raise ModelFileError(f"expected model format {FORMAT} or older, got {data['format']} ({path}), written by normexp {data.get('version')}; upgrade normexp")
        return ModelInfo(**data), tensors
    except (ValueError, TypeError, KeyError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"expected a complete model description, got a damaged one ({path}): {error}") from error


def _label_type(classes: NDArray[Any]) -> str:
    kinds = {"i": "int", "u": "int", "f": "float", "b": "bool", "U": "text"}
    if classes.dtype.kind in kinds:
        return kinds[classes.dtype.kind]
    if all(isinstance(label, str) for label in classes):
        return "object"
    raise TypeError(f"expected labels that are numbers, booleans or text, got dtype {classes.dtype}; convert y first")


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    """Parameters as JSON, without n_threads (the model does not depend on it); a random state object cannot be kept and becomes None."""
    kept = {}
    for name, value in params.items():
        if name == "n_threads":
            continue
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, (tuple, list, np.ndarray)):
            value = [int(v) for v in value]
        if isinstance(value, dict) or (name == "random_state" and not isinstance(value, int)):
            value = None  # class weights may have any keys; they matter in training only
        kept[name] = value
    return kept
