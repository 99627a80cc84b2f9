"""Files of several members: the same bits when read again, and what does not agree is refused."""

import numpy as np
import pytest
from tests.forging import arrays_of, forged, parts_of, with_arrays
from tests.refused_models import assert_refused

from normexp import load, recipe, save
from normexp.saving import info, load_model
from normexp.tables import read


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    columns = {"n": rng.standard_normal(90), "m": np.where(rng.random(90) < 0.2, np.nan, rng.random(90)), "c": rng.choice(["p", "q"], 90), "y": rng.choice(["u", "v", "w"], 90)}
    table = read(columns, target="y")
    return recipe.fit_table(table, recipe.portfolio(90, table.schema.matrix_columns(), 3, epochs=4, seed=1)), table


@pytest.fixture
def content(model, tmp_path):
    save(model[0], tmp_path / "m")
    return (tmp_path / "m").read_bytes()


def read_again(first, table, content, tmp_path):
    """The model of a file, which answers as the first does, and gives the same file."""
    again = load_model(tmp_path / "m")
    np.testing.assert_array_equal(again.probabilities(table.matrix), first.probabilities(table.matrix))
    np.testing.assert_array_equal(load(tmp_path / "m").predict_proba(table), first.probabilities(table.matrix))
    save(again, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == content
    return again


def test_it_answers_alike_and_gives_the_same_file(model, content, tmp_path):
    first, table = model
    again = read_again(first, table, content, tmp_path)
    assert (again.weights, again.kind_of_members, again.out_of_fold) == (first.weights, first.kind_of_members, first.out_of_fold)
    np.testing.assert_array_equal(again.held_out.probabilities, first.held_out.probabilities)
    assert len(info(tmp_path / "m").members) == len(first.members)


def changed(path, value):
    def change(parts):
        *places, last = path
        inner = parts.description
        for place in places:
            inner = inner[place]
        inner[last] = value
        return parts

    return change


def with_tensor(name, change):
    return lambda parts: with_arrays(parts, {**arrays_of(parts), name: change(arrays_of(parts)[name].copy())})


def put(place, value):
    def change(array):
        array[place] = value
        return array

    return change


@pytest.fixture(scope="module")
def of_statistics(tmp_path_factory):
    """The bytes of a model with a category of very many."""
    rng = np.random.default_rng(0)
    codes = [f"z{i}" for i in range(300)] * 2
    table = read({"n": rng.standard_normal(600), "zip": codes, "y": rng.choice(["u", "v", "w"], 600)}, target="y", keep_columns=["zip"])
    path = tmp_path_factory.mktemp("of_statistics") / "m"
    save(recipe.fit_table(table, recipe.portfolio(600, table.schema.matrix_columns(), 3, epochs=1, members="linear", seed=1)), path)
    return path.read_bytes()


@pytest.mark.parametrize(("change", "match"), [
    (with_tensor("encoder/statistics", put((0, 0), 3.5)), "expected statistics from -3 to 3 in the tensor encoder/statistics"),
    (with_tensor("encoder/statistics", put((0, 0), np.nan)), "expected finite numbers in the tensor encoder/statistics"),
    (with_tensor("encoder/statistics", lambda a: a[:-1].copy()), r"expected the tensor encoder/statistics as F64 of shape \(\d+, 3\)"),
    (with_tensor("encoder/statistics", lambda a: a[:, :2].copy()), r"expected the tensor encoder/statistics as F64 of shape"),
    (with_tensor("encoder/statistics", lambda a: a.ravel().copy()), r"expected the tensor encoder/statistics as F64 of shape"),
    (changed(("schema", "columns", 1, "has_other"), True), r"expected the tensor encoder/shares as F64 of shape \(302,\)"),
])  # fmt: skip
def test_statistics_that_do_not_agree(of_statistics, tmp_path, change, match):
    (tmp_path / "m").write_bytes(of_statistics)
    assert load_model(tmp_path / "m").encoder.statistics.shape[1] == 3
    (tmp_path / "n").write_bytes(forged(change(parts_of(of_statistics))))
    assert_refused(tmp_path / "n", match)


@pytest.mark.parametrize(("change", "match"), [
    (changed(("members", 0, "kind"), 9), "the kind of member 0 to be an integer from 0 to"), (changed(("members", 0, "bins"), 1), "bins of member 0 to be true or false, got 1"),
    (changed(("members", 0, "bins"), False), "expected members of a kind whose layers, or depths of trees, are alike"),
    (changed(("members",), []), "members to be a list of at least 1 entries"),
    (changed(("weights", 0), -1.0), "a weight to be a finite number from 0"), (changed(("weights", 0), float("nan")), "a weight to be a finite number from 0"),
    (changed(("weights",), [1.0] * 99), "expected a member of each of 99 kinds, got some without"), (changed(("bias",), [0.0]), "expected 3 entries of bias, one a class, got 1"),
    (changed(("bias", 0), 1e300), "an entry of bias to be a finite number"), (changed(("weights", 0), 1e9), None),
    (changed(("out_of_fold", "n_folds"), 0), "n_folds of out_of_fold to be an integer from 1"),
    (changed(("out_of_fold", "weights"), []), "expected . weights of out_of_fold"),
    (changed(("out_of_fold", "names", 0), 3), "one of names of out_of_fold to be text, got 3"),
    (changed(("out_of_fold", "log_loss"), -1.0), "log_loss of out_of_fold to be a number"),
    (with_tensor("encoder/edges", lambda a: a[::-1].copy()), "expected rising edges in the tensor encoder/edges"),
    (with_tensor("encoder/n_edges", put(0, 2)), "expected three or more edges of each number with bins"),
    (with_tensor("encoder/n_edges", put(2, 3)), "three or more edges"),
    (with_tensor("encoder/edges", put(0, np.nan)), "expected finite numbers in the tensor encoder/edges"),
    (with_tensor("held_out/probabilities", put(0, 1.5)), "expected probabilities in the tensor held_out/probabilities"),
    (with_tensor("held_out/probabilities", lambda a: a[::-1].copy()), "expected rising probabilities of each class"),
    (with_tensor("held_out/kept", put(0, 10**6)), "expected as many probabilities of held-out rows"),
    (with_tensor("held_out/counts", put(0, -1)), "as many probabilities of held-out"),
    (with_tensor("held_out/is_first", lambda a: a[:-1].copy()), "expected the tensor held_out/is_first as BOOL of shape"),
    (with_tensor("parameters", put(slice(None), 1e30)), "expected parameters that give finite logits"),
])  # fmt: skip
def test_what_does_not_agree(content, tmp_path, change, match):
    (tmp_path / "n").write_bytes(forged(change(parts_of(content))))
    if match is None:
        load_model(tmp_path / "n")
    else:
        assert_refused(tmp_path / "n", match)
