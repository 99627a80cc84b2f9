"""train's model is SoftmaxClassifier's, and comes without scikit-learn."""

import subprocess
import sys

import numpy as np
import pytest

from normexp import SoftmaxClassifier, saving
from normexp.cli._fitting import UNASKED, fitted
from normexp.tables import read

ASKED = {"quality": "good", "members": None, "hidden_layer_sizes": "auto", "epochs": "auto", "class_weight": None, "random_state": 0, "time_limit": None, "n_threads": None}


def test_settings_that_are_not_asked_for_are_the_estimators():
    assert SoftmaxClassifier().get_params() == {**UNASKED, **ASKED, "random_state": None, "client": None}


@pytest.mark.parametrize("given", [{"epochs": 3}, {"epochs": 3, "hidden_layer_sizes": (8, 4), "class_weight": "balanced", "random_state": 7, "time_limit": 60.0, "n_threads": 2}])
@pytest.mark.parametrize("weight", [None, "proline"])
def test_the_files_are_the_same(given, weight, tmp_path):
    data, params = read("example:wine", target="cultivar", weight=weight), {**ASKED, **given}
    rows = np.arange(0, 178, 2)
    saving.save(fitted(data, rows, params), tmp_path / "ours")
    saving.save(SoftmaxClassifier(**params).fit_table(data, rows), tmp_path / "estimators")
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "estimators").read_bytes()


def test_a_fit_does_not_import_scikit_learn():
    code = (
        "import sys; import numpy as np; from normexp.cli._fitting import fitted; from normexp.tables import read; "
        f"fitted(read('example:iris', target='species'), np.arange(150), {ASKED}); assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
