"""Model files of released formats: they load, and predict what they predicted."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import normexp
from normexp.saving import info, load_model
from normexp.tables import read

HERE = Path(__file__).parent
TABLES = ("adult", "hypothyroid", "penguins", "wine-quality-linear")
ARRAYS = {"digits-missing": np.float32, "iris-array": np.float64}
TOLERANCE = 1e-6 if "avx2" in (Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else "") else 1e-5


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def expected(name):
    """Labels and probabilities that were written beside the model."""
    _, *rows = rows_of(HERE / f"{name}-predictions.csv")
    return [row[0] for row in rows], np.array([row[1:] for row in rows], float)


def assert_as_before(name, labels, probabilities):
    wanted_labels, wanted = expected(name)
    np.testing.assert_allclose(probabilities, wanted, rtol=0, atol=TOLERANCE)
    assert list(map(str, labels)) == wanted_labels


@pytest.mark.parametrize("name", TABLES)
def test_models_of_tables(name):
    model = normexp.load(HERE / f"{name}.safetensors")
    table = read(HERE / f"{name}.csv", schema=model.schema_)
    assert_as_before(name, model.predict(table), model.predict_proba(table))
    np.testing.assert_array_equal(load_model(HERE / f"{name}.safetensors").probabilities(table.matrix), model.predict_proba(table))


@pytest.mark.parametrize("name", ARRAYS)
def test_models_of_arrays(name):
    model = normexp.load(HERE / f"{name}.safetensors")
    x = np.genfromtxt(HERE / f"{name}.csv", delimiter=",").astype(ARRAYS[name])
    np.testing.assert_allclose(model.predict_proba(x), np.genfromtxt(HERE / f"{name}-predictions.csv", delimiter=","), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", TABLES)
def test_by_the_command_line(name, tmp_path):
    command = [str(Path(sys.executable).parent / "normexp"), "predict", str(HERE / f"{name}.safetensors"), str(HERE / f"{name}.csv"), "-o", "p.csv"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    _, *rows = rows_of(tmp_path / "p.csv")
    assert_as_before(name, [row[0] for row in rows], np.array([row[1:] for row in rows], float))


@pytest.mark.parametrize("name", [*TABLES, *ARRAYS])
def test_they_can_be_saved_again(name, tmp_path):
    path = HERE / f"{name}.safetensors"
    assert info(path).format == 1
    normexp.save(load_model(path), tmp_path / "m")
    again, before = load_model(tmp_path / "m"), load_model(path)
    assert info(tmp_path / "m").format == 4
    assert (again.schema, again.history.best_epoch, again.scores, again.params) == (before.schema, before.history.best_epoch, before.scores, before.params)
    np.testing.assert_array_equal(again.parameters.values, before.parameters.values)
