"""Files of forests: the same bits when read again, and what does not agree is refused before it is used."""

from dataclasses import replace

import numpy as np
import pytest
from tests.forging import forged, parts_of
from tests.refused_models import assert_refused
from tests.saving.test_portfolio_file import changed, put, read_again, with_tensor

from normexp import recipe, save
from normexp.model import Member, TreeMember
from normexp.network import Network, initial_parameters
from normexp.saving import info, load_model
from normexp.tables import read


def table_of(n_classes):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(120)
    columns = {"n": np.where(rng.random(120) < 0.2, np.nan, x), "c": rng.choice(["p", "q"], 120), "y": np.array(["u", "v", "w"])[(x > 0).astype(int) + ((x > 1) & (n_classes > 2))]}
    return read(columns, target="y")


@pytest.fixture(scope="module", params=[2, 3])
def fitted(request):
    table = table_of(request.param)
    plan = recipe.portfolio(120, table.schema.matrix_columns(), request.param, members="trees", max_iter=5, max_depth=3, seed=1)
    return recipe.fit_table(table, plan), table


@pytest.fixture
def content(fitted, tmp_path):
    save(fitted[0], tmp_path / "m")
    return (tmp_path / "m").read_bytes()


def test_it_answers_alike_and_gives_the_same_file(fitted, content, tmp_path):
    first, table = fitted
    again = read_again(first, table, content, tmp_path)
    assert all(member["depth"] == 3 and 0 < member["trees"] <= 5 for member in info(tmp_path / "m").members)
    for one, other in zip(first.members, again.members, strict=True):
        np.testing.assert_array_equal(one.forest.gains, other.forest.gains)


@pytest.mark.parametrize(("change", "match"), [
    (with_tensor("forests/features", put(0, 99)), r"expected questions of numbers from 0 to \d, or -1 for none, got others in the tensor forests/features"),
    (with_tensor("forests/features", put(0, -2)), "expected questions of numbers from 0"),
    (with_tensor("forests/features", lambda a: a[:-1].copy()), r"expected the tensor forests/features as I32 of shape"),
    (with_tensor("forests/features", lambda a: a.astype(np.int64)), r"expected the tensor forests/features as I32 of shape"),
    (with_tensor("forests/thresholds", put(0, np.nan)), "expected thresholds in the tensor forests/thresholds, got NaN or infinity"),
    (with_tensor("forests/thresholds", put(0, np.inf)), "expected thresholds in the tensor forests/thresholds, got NaN or infinity"),
    (with_tensor("forests/leaves", put(0, np.inf)), "expected finite numbers in the tensor forests/leaves"),
    (with_tensor("forests/leaves", put(0, 3e38)), "expected forests that give finite logits, got leaves so large"),
    (with_tensor("forests/leaves", lambda a: a[1:].copy()), "expected the tensor forests/leaves as F32 of shape"),
    (with_tensor("forests/base", put(0, np.nan)), "expected finite numbers in the tensor forests/base"),
    (with_tensor("forests/gains", put(0, np.nan)), "expected finite numbers in the tensor forests/gains"),
    (with_tensor("encoder/leanings", put((0, 0), 3.5)), "expected numbers from -3 to 3 in the tensor encoder/leanings"),
    (with_tensor("encoder/leanings", lambda a: a[1:].copy()), "expected the tensor encoder/leanings as F64 of shape"),
    (changed(("members", 0, "trees"), 1_000_001), "expected the trees of member 0 to be an integer from 0 to 1000000, got 1000001"),
    (changed(("members", 0, "trees"), -1), "expected the trees of member 0 to be an integer"),
    (changed(("members", 0, "trees"), 900_000), r"expected the tensor forests/\w+ as \w+ of shape"),
    (changed(("members", 0, "depth"), 9), "expected the depth of member 0 to be an integer from 1 to 8, got 9"),
    (changed(("members", 0, "depth"), 4), "expected members of a kind whose layers, or depths of trees, are alike, got others"),
    (changed(("members", 0, "layers"), []), "member 0"),
    (changed(("params", "max_depth"), 9), "the parameter max_depth"), (changed(("params", "max_bins"), 1), "the parameter max_bins"),
    (changed(("params", "max_iter"), 0), "the parameter max_iter"), (changed(("params", "l2_regularization"), 0), "the parameter l2_regularization"),
])  # fmt: skip
def test_what_does_not_agree(content, tmp_path, change, match):
    (tmp_path / "n").write_bytes(forged(change(parts_of(content))))
    assert_refused(tmp_path / "n", match)


def test_what_categories_say_is_left_out_with_the_forests(tmp_path):
    """Of forests that got no weight nothing is written."""
    table = table_of(3)
    plan = recipe.portfolio(120, table.schema.matrix_columns(), 3, members=("network", "trees"), epochs=1, seed=1)
    model = recipe.fit_table(table, plan)
    of_forests = model.members[-1] if isinstance(model.members[-1], TreeMember) else model.members[0]
    assert of_forests.encoder.leanings is not None
    network = Network.classifier(of_forests.encoder.n_inputs, (3,), 3)
    member = Member(of_forests.encoder, network, initial_parameters(network, 0))
    save(replace(model, members=(member,), weights=(1.0,), kinds=(), bias=None), tmp_path / "m")
    assert load_model(tmp_path / "m").encoder.leanings is None


def test_forests_without_trees_are_kept_too(tmp_path):
    """As where no tree was better than the class shares."""
    rng = np.random.default_rng(0)
    table = read({"n": rng.standard_normal(40), "y": rng.choice(["u", "v"], 40)}, target="y")
    model = recipe.fit_table(table, recipe.portfolio(40, table.schema.matrix_columns(), 2, members="trees", learning_rate=1.0, patience=1, seed=1))
    empty = replace(model, members=tuple(replace(member, forest=member.forest.first(0)) for member in model.members))
    save(empty, tmp_path / "m")
    np.testing.assert_array_equal(load_model(tmp_path / "m").probabilities(table.matrix), empty.probabilities(table.matrix))


def test_of_a_weight_of_0_too_leaves_stay_finite(content, tmp_path):
    parts = with_tensor("forests/leaves", put(slice(None), 3e38))(parts_of(content))
    parts.description["weights"] = [0.0]
    (tmp_path / "n").write_bytes(forged(parts))
    assert_refused(tmp_path / "n", "expected forests that give finite logits")
