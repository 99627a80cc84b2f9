"""Models to files and back: data only, never code. All that predicting needs, no time stamp: equal models give equal bytes."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from normexp._atomic import replaced
from normexp._version import __version__
from normexp.errors import ModelFileError
from normexp.model import AnyMember, Encoder, HeldOut, Member, Model, OutOfFold, Profile, TreeMember, as_model
from normexp.network import Dense, History, Network, Parameters, segments_of
from normexp.saving._check import PROFILE, check_declared, check_description, check_tensors
from normexp.saving._check_forests import is_forest, parts_of_forests
from normexp.saving._container import Refused, opened, parsed, read_header, read_tensors, to_bytes
from normexp.saving._info import FORMAT, LABEL_TYPES, ModelInfo
from normexp.saving._values import shown
from normexp.tables import Schema
from normexp.trees import Forest, n_outputs_of

if TYPE_CHECKING:
    from normexp.classifier import SoftmaxClassifier

__all__ = ["info", "load", "load_model", "save"]


def save(model: "SoftmaxClassifier | Model", path: str | os.PathLike[str], *, scores: dict[str, float] | None = None, fingerprint: bool = True) -> None:
    """Write a fitted SoftmaxClassifier, or a Model, to a file, whole or not at all.

    Parameters
    ----------
    model : SoftmaxClassifier or Model
        A fitted one. Class weights given as a dict and random-state objects are not kept.
    path : str or path
        Where to write; an existing file is replaced at the last moment.
    scores : dict, optional
        Finite scores on held-out rows, kept in the file; by default those that a Model has.
    fingerprint : bool, default True
        Keep the hashes of up to 4,096 training rows, by which `evaluate` and `report` tell rows that were learnt from. Whoever has such a row can tell that it was:
        False leaves them out.

    Raises
    ------
    TypeError
        If the model is of another kind, or its labels are neither numbers, booleans nor text.
    ValueError
        If the model could not be read again, such as one with text that is not Unicode.
    OSError
        If the file cannot be written; an old one is then still there.
    """
    kept = as_model(model)
    profile = None if kept.encoder.shares is None else kept.profile  # drift needs both; files of the first versions have neither
    profile = profile if fingerprint or profile is None else profile.without_fingerprint()
    payload = _payload(replace(kept, profile=profile), scores)
    with replaced(Path(path)) as temporary:
        temporary.write_bytes(payload)


def info(path: str | os.PathLike[str]) -> ModelInfo:
    """What the file says of the model; raises ModelFileError as `load` does."""
    return _read(path)[0]


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model file as a `Model`, without scikit-learn; its predictions are the same bits on the same instruction set.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, of another kind or from a newer version.
    """
    described, arrays = _read(path)
    encoder = Encoder(**{name.removeprefix("encoder/"): array for name, array in arrays.items() if name.startswith("encoder/")})
    told: dict[str, Any] | None = described.out_of_fold
    profile: dict[str, Any] = {name.removeprefix("profile/"): array for name, array in arrays.items() if name.startswith("profile/")}
    history: dict[str, Any] = {key: tuple(map(float, value)) if isinstance(value, list) else value for key, value in described.history.items()}
    return Model(
        schema=Schema.from_dict(described.schema) if described.schema else None,
        classes=np.array(described.classes, LABEL_TYPES[described.label_type]),
        members=tuple(_members(described, encoder, arrays)),
        weights=tuple(map(float, described.weights)),
        kinds=tuple(member["kind"] for member in described.members),
        temperature=float(described.temperature),
        class_shares=None if described.class_shares is None else np.array(described.class_shares, np.float64),
        n_features=described.n_features_in,
        feature_names=None if described.feature_names is None else tuple(described.feature_names),
        history=History(**history),
        scores=described.scores,
        params={name: tuple(value) if isinstance(value, list) else value for name, value in described.params.items()},
        class_weights=None if described.class_weights is None else np.array(described.class_weights, np.float64),
        profile=None if described.profile is None else Profile(**described.profile, **profile),
        positive=described.positive,
        bias=None if described.bias is None else np.array(described.bias, np.float64),
        held_out=HeldOut(*(arrays[f"held_out/{part.name}"] for part in fields(HeldOut))) if "held_out/kept" in arrays else None,
        out_of_fold=None if told is None else OutOfFold(**{name: _frozen(value) for name, value in told.items()}),
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _members(described: ModelInfo, encoder: Encoder, arrays: dict[str, NDArray[Any]]) -> Iterator[AnyMember]:
    """Their parameters follow each other in one vector, as do the arrays of forests."""
    at, parameters, forests = 0, arrays["parameters"], _forests(described, arrays)
    for member in described.members:
        if is_forest(member):
            yield TreeMember(encoder, next(forests))
            continue
        of_member = encoder if member["bins"] else encoder.plain
        network = Network(of_member.n_inputs, tuple(Dense(**layer) for layer in member["layers"]))
        n = network.n_parameters
        yield Member(of_member, network, Parameters(parameters[at : at + n], segments_of(network)))
        at += n


def _forests(described: ModelInfo, arrays: dict[str, NDArray[Any]]) -> Iterator[Forest]:
    n_outputs, sizes = n_outputs_of(len(described.classes)), [(member["trees"], member["depth"]) for member in described.members if is_forest(member)]
    for (n, depth), (questions, leaves, base) in zip(sizes, parts_of_forests(described), strict=True):
        features, thresholds, missing, gains = (arrays[f"forests/{name}"][questions].reshape(n, depth) for name in ("features", "thresholds", "missing", "gains"))
        yield Forest(features, thresholds, missing, arrays["forests/leaves"][leaves].reshape(n, 2**depth, n_outputs), arrays["forests/base"][base], gains)


def load(path: str | os.PathLike[str]) -> "SoftmaxClassifier":
    """Read a model that `save` wrote as an estimator; raises ModelFileError as `load_model` does."""
    model = load_model(path)
    from normexp.classifier import SoftmaxClassifier

    return SoftmaxClassifier.from_model(model)


def _read(path: str | os.PathLike[str]) -> tuple[ModelInfo, dict[str, NDArray[Any]]]:
    """Everything that the file holds, checked: first the header, then the description, then what tensors it declares, then these."""
    try:
        with opened(path) as (file, size):
            header = read_header(file, size)
            described = _description(header.description)
            if (header.digest is None) != (described.format == 1):
                raise Refused(f"expected a checksum in a model of format 2 or newer and none in format 1, got format {described.format}")
            check_declared(described, header.tensors)
            arrays = read_tensors(file, header)
        check_tensors(described, arrays)
    except Refused as error:
        raise ModelFileError(f"{error} ({os.fsdecode(path)}); {error.advice}") from error
    except OSError as error:
        raise ModelFileError(f"expected a model file, got one that cannot be read ({os.fsdecode(path)}): {error.strerror}; copy it to another disk") from error
    return described, arrays


def _description(text: str) -> ModelInfo:
    try:
        data = parsed(text)
    except ValueError as error:
        raise Refused(f"expected a model description in JSON, got a damaged one: {error}") from error
    version = data.get("format") if isinstance(data, dict) else None
    if type(version) is int and FORMAT < version < 2**31:
        raise Refused(f"expected model format {FORMAT} or older, got {version}, written by normexp {shown(data.get('version'))}", "upgrade normexp")
    if type(version) is int and version < 3 and "layers" in data:  # of one network
        data["members"], data["weights"] = [{"layers": data.pop("layers"), "bins": False, "kind": 0}], [1.0]
    return check_description(data)


def _payload(model: Model, scores: dict[str, float] | None) -> bytes:
    """The file's bytes, after the checks that reading does."""
    found = {name: value.item() if isinstance(value, np.generic) else value for name, value in (model.scores if scores is None else scores).items()}
    described = ModelInfo(
        format=FORMAT, version=__version__, params=dict(model.params), classes=model.classes.tolist(), label_type=_label_type(model.classes),
        members=[{**_described(member), "kind": kind} for member, kind in zip(model.members, model.kind_of_members, strict=True)],
        weights=list(map(float, model.weights)),
        n_inputs=model.encoder.n_inputs, n_features_in=model.n_features,
        feature_names=None if model.feature_names is None else list(model.feature_names), schema=model.schema.to_dict() if model.schema else None,
        temperature=float(model.temperature), history=asdict(model.history), scores=found,
        class_shares=None if model.class_shares is None else model.class_shares.tolist(),
        class_weights=None if model.class_weights is None else model.class_weights.tolist(),
        profile=None if model.profile is None else {name: getattr(model.profile, name) for name in PROFILE}, positive=model.positive,
        bias=None if model.bias is None else model.bias.tolist(), out_of_fold=None if model.out_of_fold is None else asdict(model.out_of_fold),
    )  # fmt: skip
    encoder = {f"encoder/{part.name}": getattr(model.encoder, part.name) for part in fields(model.encoder)}
    if all(isinstance(member, Member) for member in model.members):
        for name in ("leanings", "pairs"):  # of forests that were left out of the combination
            encoder.pop(f"encoder/{name}")
    profile = {} if model.profile is None else {f"profile/{part.name}": getattr(model.profile, part.name) for part in fields(model.profile) if part.name not in PROFILE}
    held_out = {} if model.held_out is None else {f"held_out/{part.name}": getattr(model.held_out, part.name) for part in fields(model.held_out)}
    parameters = np.concatenate([np.empty(0, np.float32), *(member.parameters.values for member in model.members if isinstance(member, Member))])
    arrays = {"parameters": parameters, **_arrays_of_forests(model), **held_out, **{name: array for name, array in encoder.items() if array is not None}, **profile}
    try:
        text = json.dumps(asdict(described), ensure_ascii=False)
        check_tensors(_description(text), arrays)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected a model that can be read again, got one that cannot be written: {error}") from error
    return to_bytes(text, arrays)


def _described(member: AnyMember) -> dict[str, Any]:
    if isinstance(member, TreeMember):
        return {"trees": len(member.forest), "depth": member.forest.features.shape[1]}
    return {"layers": [asdict(layer) for layer in member.network.layers], "bins": member.encoder.n_inputs > member.encoder.n_plain_inputs}


def _arrays_of_forests(model: Model) -> dict[str, NDArray[Any]]:
    forests = [member.forest for member in model.members if isinstance(member, TreeMember)]
    return {f"forests/{part.name}": np.concatenate([getattr(forest, part.name).ravel() for forest in forests]) for part in fields(Forest)} if forests else {}


def _label_type(classes: NDArray[Any]) -> str:
    kinds = {"i": "int", "u": "int", "f": "float", "b": "bool", "U": "text"}
    if classes.dtype.kind in kinds:
        return kinds[classes.dtype.kind]
    if all(isinstance(label, str) for label in classes):
        return "object"
    raise TypeError(f"expected labels that are numbers, booleans or text, got dtype {classes.dtype}; convert y first")
