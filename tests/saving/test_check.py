"""Descriptions that do not make a model: each refused by name, in `load`, `load_model` and `info` alike."""

import math

import pytest

from forging import forged, parts_of
from refused_models import assert_refused


def changed(data, place, value):
    """data[place[0]][place[1]]… = value"""
    *outer, last = place
    for key in outer:
        data = data[key]
    data[last] = value


FIRST = ("schema", "columns", 0)
CHANGES = [
    (("format",), 0, "format to be an integer from 1 to 4, got 0"),
    (("format",), True, "format to be an integer from 1 to 4, got True"),
    (("format",), "2", "format to be an integer from 1 to 4, got '2'"),
    (("version",), None, "version to be text, got None"),
    (("extra",), 1, "expected the description with what normexp writes, got the unknown 'extra'"),
    (("params",), [], "params to be a mapping, got a list of 0"),
    (("params", "__class__"), 1, "expected params with what normexp writes, got the unknown '__class__'"),
    (("params", "n_threads"), 10**6, "the unknown 'n_threads'"),
    (("params", "hidden_layer_sizes"), "many", "the parameter hidden_layer_sizes to be a list of at least 0 entries, got 'many'"),
    (("params", "hidden_layer_sizes"), [10**20], "hidden_layer_sizes to be an integer from 1 to 2147483647, got an integer beyond 64 bits"),
    (("params", "epochs"), 0, "the parameter epochs to be an integer"), (("params", "batch_size"), 2.0, "the parameter batch_size to be an integer"),
    (("params", "patience"), -1, "the parameter patience to be an integer"), (("params", "learning_rate"), 0, "learning_rate to be a finite number of at least 5e-324, got 0.0"),
    (("params", "weight_decay"), math.nan, "weight_decay to be a finite number of at least 0, got nan"),
    (("params", "validation_fraction"), 1, "validation_fraction to be a finite number from 0 to 0.99"),
    (("params", "class_weight"), "best", "class_weight to be out of None, 'balanced', got 'best'"), (("params", "warm_start"), 2, "warm_start to be an integer from 0 to 1"),
    (("params", "random_state"), 2**32, "random_state to be an integer from 0 to 4294967295"), (("params", "verbose"), "yes", "verbose to be an integer"),
    (("params", "time_limit"), math.inf, "time_limit to be a finite number of at least 0, got inf"),
    (("label_type",), "thing", "label_type to be out of 'int', 'float', 'bool', 'text', 'object', got 'thing'"),
    (("classes",), ["a"], "classes to be a list of at least 2 entries, got a list of 1"), (("classes", 1), 1, "a class to be text, got 1"),
    (("classes", 1), "a", "expected each class once, got 3 classes"), (("classes", 1), "b\0", "that do not end in zeros"),
    (("classes", 1), "b" * 23_000_000, "classes of at most 22369621 characters"), (("classes", 1), "\ud800", r"a class to be text, got half of a character in '\\ud800'"),
    (("members", 0, "layers",), [], "layers to be a list of at least 1 entries"), (("members", 0, "layers", 0), 5, "layer 0 to be a mapping, got 5"),
    (("members", 0, "layers", 0, "units"), 10**12, "the units of layer 0 to be an integer from 1 to 2147483647, got 1000000000000"),
    (("members", 0, "layers", 0, "activation"), "swish", "the activation of layer 0 to be out of 'relu', 'silu', 'gelu', 'tanh', got 'swish'"),
    (("members", 0, "layers", 1, "activation"), "relu", "the activation of layer 1 to be out of 'linear', got 'relu'"),
    (("members", 0, "layers", 0, "use_bias"), False, "use_bias of layer 0 to be out of True, got False"),
    (("members", 0, "layers", 0, "trained"), 1, "trained of layer 0 to be true or false, got 1"),
    (("members", 0, "layers", 1, "units"), 4, "expected a last layer of 3 units, one a class, got 4"),
    (("members", 0, "layers", 0, "units"), 5, r"expected the tensor parameters as F32 of shape"),
    (("n_inputs",), -1, "n_inputs to be an integer"), (("n_features_in",), 0, "n_features_in to be an integer"),
    (("feature_names",), ["word", "x", "flag", "flag"], "expected each entry of feature_names once"),
    (("feature_names",), ["word"], "expected 4 feature_names, one a feature, got 1"),
    (("feature_names", 0), 7, "an entry of feature_names to be text, got 7"), (("feature_names", 0), "other", "expected columns among the feature_names, got another"),
    (("temperature",), math.nan, "temperature to be a finite number from 1e-30 to 1e\\+30, got nan"), (("temperature",), 10**400, "got an integer beyond 64 bits"),
    (("temperature",), 1e-30 / 2, "temperature to be"), (("temperature",), "1", "temperature to be a finite number"),
    (("class_weights",), [1.0], "expected 3 class_weights, one a class, got 1"), (("class_weights",), [0, 0, 0], "expected a class weight above 0"),
    (("class_weights",), [1, -1, 1], "a class weight to be a finite number of at least 0, got -1"),
    (("profile",), {}, "expected the profile with what normexp writes, got one without"),
    (("profile", "n_rows"), 0, "n_rows of the profile to be an integer from 1"), (("profile", "n_compared"), -1, "n_compared of the profile to be an integer from 0"),
    (("profile", "by_chance"), 1.5, "by_chance of the profile to be a finite number from 0 to 1"),
    (("history",), None, "history to be a mapping, got None"), (("history", "loss"), [1.0], "expected 1 entries of accuracy in history, one an epoch, got 3"),
    (("history", "loss"), 3, "loss in history to be a list"), (("history", "accuracy", 0), "1", "expected numbers in history, got '1' as accuracy"),
    (("history", "accuracy", 0), 10**400, "expected numbers in history, got an integer beyond 64 bits"),
    (("history", "best_epoch"), 3, "best_epoch in history to be an integer from -1 to 2"),
    (("history", "stopped"), "bored", "stopped in history to be out of 'epochs'"), (("scores",), [0.5], "scores to be a mapping, got a list of 1"),
    (("scores", "accuracy"), math.inf, "the score 'accuracy' to be a finite number, got inf"),
    (("scores", "accuracy"), True, "the score 'accuracy' to be a finite number, got True"),
    (("scores", "\udc00"), 0.5, "a key of scores to be text, got half of a character"), (("class_shares",), [1.0], "expected 3 class_shares, one a class, got 1"),
    (("class_shares",), [0.5, 0.5, 0.5], "expected class_shares whose sum is 1, got 1.5"), (("class_shares", 0), -0.1, "a class share to be a finite number from 0 to 1"),
    (("schema",), 5, "the schema to be a mapping, got 5"), (("schema",), {"columns": []}, "expected the schema with what normexp writes, got one without 'target'"),
    (("schema", "columns"), [], "the schema's columns to be a list of 1 to 4 entries, got a list of 0"),
    ((*FIRST, "name"), ["x"], "the name of a column to be text, got a list of 1"),
    ((*FIRST, "name"), "x", "expected each entry of the columns' names once"), ((*FIRST, "kind"), "image", "the kind of column 'word' to be out of 'number'"),
    ((*FIRST, "kind"), "number", "expected categories in columns of them only, got some in column 'word' of kind number"),
    ((*FIRST, "more"), 1, "expected a column with what normexp writes"),
    ((*FIRST, "centre"), math.inf, "the centre of column 'word' to be a finite number"), ((*FIRST, "has_other"), 0, "has_other of column 'word' to be true or false"),
    ((*FIRST, "has_other"), True, "expected as many codes as the columns have categories"),
    ((*FIRST, "categories"), ["q", "p", "r"], "expected sorted categories of column 'word', got others"),
    ((*FIRST, "categories"), ["p", "p", "r"], "expected each entry of the categories of column 'word' once"),
    ((*FIRST, "categories"), [str(i) for i in range(10_001)], "the categories of column 'word' to be a list of 0 to 10000 entries, got a list of 10001"),
    ((*FIRST, "decimal"), "'", "the decimal mark of column 'word' to be out of '.', ','"),
    ((*FIRST, "thousands"), ".", "expected two marks for decimals and thousands of column 'word'"),
    ((*FIRST, "prefix"), "$" * 65, "the prefix of column 'word' to be text of at most 64 characters, got 65"), ((*FIRST, "suffix"), 1, "the suffix of column 'word' to be text"),
    ((*FIRST, "date_order"), "myd", "the date_order of column 'word' to be out of 'ymd'"), ((*FIRST, "missing"), "none", "the missing words of column 'word' to be a list"),
    (("schema", "target"), "x", "expected a target that is not a column, got 'x'"), (("schema", "target"), 1, "the target to be text"),
    (("schema", "missing"), ["", ""], "expected each entry of the schema's missing once"),
    (("schema", "missing_among_numbers"), None, "the schema's missing_among_numbers to be a list"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "match"), CHANGES, ids=lambda value: str(value)[:40])
def test_a_changed_description(content, tmp_path, place, value, match):
    parts = parts_of(content)
    changed(parts.description, place, value)
    (tmp_path / "m").write_bytes(forged(parts, checksum=True))
    assert_refused(tmp_path / "m", rf"{match}.* \(.*\); it is damaged or not by normexp: save the model again")


def test_a_missing_field_and_what_is_no_description(content, tmp_path):
    parts = parts_of(content)
    for key in set(parts.description) - {"class_shares", "class_weights", "positive", "profile", "format", "bias", "out_of_fold"}:
        less = {name: value for name, value in parts.description.items() if name != key}
        (tmp_path / "m").write_bytes(forged(parts._replace(description=less)))
        assert_refused(tmp_path / "m", f"expected the description with what normexp writes, got one without '{key}'")
    (tmp_path / "m").write_bytes(forged(parts._replace(description=[1]), checksum=True))
    assert_refused(tmp_path / "m", "expected the description to be a mapping, got a list of 1")


@pytest.mark.parametrize(
    ("label_type", "classes", "match"),
    [
        ("int", [0, 1, 2**63], "a class to be an integer from"), ("int", [0, 1, 1.0], "a class to be an integer"), ("float", [0, 1, math.nan], "a class to be a finite number"),
        ("float", [0, 2**53, 2**53 + 1], "expected each class once"), ("bool", [True, False, 1], "a class to be true or false, got 1"),
        ("object", ["a", "b", None], "a class to be text, got None"),
    ],
    ids=str,
)  # fmt: skip
def test_labels_of_another_type(content, tmp_path, label_type, classes, match):
    parts = parts_of(content)
    parts.description.update(label_type=label_type, classes=classes)
    (tmp_path / "m").write_bytes(forged(parts))
    assert_refused(tmp_path / "m", match)
