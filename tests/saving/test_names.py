"""What a file says by names are the names of the package."""

from dataclasses import fields

from normexp import SoftmaxClassifier
from normexp.network import History
from normexp.saving import _check


def test_the_history_and_the_parameters_are_those_of_the_package():
    assert {*_check.HISTORY, "best_epoch", "stopped"} == {field.name for field in fields(History)}
    _check._check_params({name: None if name == "time_limit" else value for name, value in SoftmaxClassifier().get_params().items() if name not in ("client", "n_threads")})
