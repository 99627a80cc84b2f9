"""What may be varied, and what a file may say of it."""

import numpy as np
import pytest

from normexp.errors import DataError
from normexp.experiments._space import Choice, Range, space_of
from normexp.model import number_columns
from normexp.recipe import portfolio


def of(asked, n_rows=200, members=None):
    return space_of(asked, portfolio(n_rows, number_columns(4), 3, members=members).configurations, n_rows)


@pytest.mark.parametrize(("n_rows", "n_classes"), [(30, 2), (200, 3), (3_000, 2), (20_000, 2), (20_000, 9), (400_000, 5)])
@pytest.mark.parametrize("asked", ["small", "wide"])
def test_members_of_the_portfolio_lie_in_the_spaces(asked, n_rows, n_classes):
    configurations = portfolio(n_rows, number_columns(30), n_classes).configurations
    space = space_of(asked, configurations, n_rows)
    for how in configurations:
        assert space.settings_of(how, 30) is not None, how


def test_settings_become_the_member_that_has_them():
    space, draw = of("wide"), np.random.default_rng(0)
    network = space.configuration("network", {"units": 40, "layers": 3, "activation": "gelu", "columns": 0.5, "dropout": 0.25}, 4, draw, "x")
    assert (network.hidden, network.activation, network.dropout, len(network.columns)) == ((40, 20, 10), "gelu", 0.25, 2)
    assert space.settings_of(network, 4) | {"units": 40, "layers": 3, "columns": 0.5} == space.settings_of(network, 4)
    trees = space.configuration("trees", {"max_depth": 3, "learning_rate": 0.05, "l2_regularization": 7.0}, 4, draw, "x")
    assert (trees.depth, trees.rounds, trees.l2) == (3, 1_500, 7.0)  # a third of the step, three times the rounds
    assert space.configuration("network", {"columns": 0.01}, 4, draw, "x").columns != ()


def test_a_file_narrows_families_and_settings(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("[network]\nunits = {from = 8, to = 32}\nactivation = ['gelu']\n[trees]\n")
    space = of(path)
    assert space.families["network"] == {"units": Range(8, 32, True, True), "activation": Choice(("gelu",))}
    assert space.families["trees"] == of("wide").families["trees"]
    assert set(space.families) == {"network", "trees"}


@pytest.mark.parametrize(("text", "words"), [
    ("[networks]\nunits = [3]", "got 'networks'; did you mean 'network'?"),
    ("units = [3]", "expected tables named network, linear, trees"),
    ("[network]\nunitz = [3]", "got 'unitz'"),
    ("[network]\nunits = []", "expected at least one value for network.units"),
    ("[network]\nunits = [0]", "of whole numbers from 2 to 4096 for network.units"),
    ("[network]\nunits = [2.5]", "got 2.5"),
    ("[network]\nunits = {from = 9, to = 8}", "got from 9 to 8, which is empty"),
    ("[network]\nunits = {from = 9}", "expected a list of values, or {from = …, to = …}"),
    ("[network]\nlearning_rate = {from = 0, to = 1}", "expected a range from 1e-06 to 1 for network.learning_rate"),
    ("[network]\nactivation = ['swish']", "out of 'relu', 'silu', 'gelu', 'tanh'"),
    ("[network]\nactivation = 'relu'", "expected a list of values out of"),
    ("[network]\nbins = [1]", "expected values out of False, True"),
    ("[network]\ndropout = [nan]", "got nan"),
    ("[trees]\nmax_depth = ['6']", "got '6'"),
    ("", "got an empty file"),
    ("[network", "cannot be read"),
])  # fmt: skip
def test_a_wrong_file_is_refused(tmp_path, text, words):
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(DataError) as error:
        of(path)
    assert words in str(error.value)
    assert "s.toml" in str(error.value)


def test_other_spaces_are_refused(tmp_path):
    with pytest.raises(ValueError, match="expected a space out of small, wide"):
        of("middle")
    with pytest.raises(FileNotFoundError):
        of(tmp_path / "none.toml")
    path = tmp_path / "s.toml"
    path.write_text("[trees]\n")
    with pytest.raises(DataError, match="expected families that may take part, network"):
        of(path, members="network")
