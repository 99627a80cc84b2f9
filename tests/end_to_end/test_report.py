"""Reports through the command line, with good input, bad input and none."""

import json
import os
import re
from pathlib import Path

import pytest
from commands import assert_refused, run, table

DATA = Path(os.environ.get("NORMEXP_DATA", Path(__file__).parents[3] / "shared/data"))
TABLES = {"penguins.csv": "species", "adult.csv.gz": "income", "letter.csv": "class", "splice.csv": "Class", "diamonds.csv.gz": "cut", "wine-quality.csv": "quality"}


@pytest.mark.parametrize("name", TABLES)
def test_train_with_a_report_on_real_tables(name, tmp_path):
    if not (DATA / name).exists():
        pytest.skip(f"{DATA / name} is not there; set NORMEXP_DATA")
    options = ["--target", TABLES[name], "-o", "m", "--report", "r.html", "--epochs", 5, "--json", "--debug"]  # --debug shows warnings
    ended = run("train", DATA / name, *options, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "arning" not in ended.stderr
    assert json.loads(ended.stdout)["report"] == "r.html"
    page = (tmp_path / "r.html").read_text("utf-8")
    assert len(page) < 1_500_000
    for words in ("The model is right on", "95% interval", "logistic regression", "boosted trees", "What to do next"):
        assert words in page
    assert not re.search(r"\b(nan|inf)\b", page)


def test_report_of_a_saved_model_and_of_several(trained, tmp_path):
    ended = run("report", "colours.safetensors", "colours.csv", "-o", tmp_path / "one.html", cwd=trained)
    assert ended.returncode == 0, ended.stderr
    assert "report: " in ended.stderr
    assert "rows of colours.csv" in (tmp_path / "one.html").read_text("utf-8")
    assert run("train", "colours.csv", "--target", "label", "--ignore", "colour", "--epochs", 1, "--hidden", "none", "-o", tmp_path / "weak", cwd=trained).returncode == 0
    assert run("report", tmp_path / "weak", "colours.safetensors", "new.csv", "-o", tmp_path / "two.html", cwd=trained).returncode == 0
    page = (tmp_path / "two.html").read_text("utf-8")
    assert "Models compared" in page
    assert "colours is better than weak by" in page


def test_report_without_targets_and_with_unknown_classes(trained, tmp_path):
    model = trained / "colours.safetensors"
    new = table(tmp_path / "new.csv", "size,colour", [[1, "red"], [110, "green"]])
    assert run("report", model, new, "-o", "p.html", cwd=tmp_path).returncode == 0
    assert "2 rows, predicted; without the column" in (tmp_path / "p.html").read_text("utf-8")
    strange = table(tmp_path / "s.csv", "size,colour,label", [[i, "red", "a"] for i in range(40)] + [[110, "green", "zebra"]])
    assert run("report", model, strange, "-o", "s.html", cwd=tmp_path).returncode == 0
    assert "1 row of classes that the model does not know: counted as wrong" in (tmp_path / "s.html").read_text("utf-8")
    one = table(tmp_path / "one.csv", "size,colour,label", [[1, "red", "a"]])
    assert run("report", model, one, "-o", "o.html", cwd=tmp_path).returncode == 0
    assert "1 row of one.csv: too few to tell whether it can be trusted" in (tmp_path / "o.html").read_text("utf-8")
    both = json.loads(run("evaluate", model, model, new, "--json", cwd=tmp_path).stdout)
    assert [found["n_rows"] for found in both["models"]] == [2, 2]
    assert_refused(run("report", model, model, new, cwd=tmp_path), 2, "expected a table with the target column to compare models")


def test_reports_to_bad_places_are_refused_before_any_work(trained, tmp_path):
    for options in (["train", "colours.csv", "--target", "label", "--force", "--report"], ["report", "colours.safetensors", "colours.csv", "-o"], ["learn", "-o"]):
        assert_refused(run(*options, tmp_path / "none" / "r.html", cwd=trained), 1, "which does not exist; create it first")
        assert_refused(run(*options, tmp_path, cwd=trained), 1, "expected a file to write the ")
    untested = run("train", "colours.csv", "--target", "label", "--force", "--test-fraction", 0, "--report", "r.html", cwd=trained)
    assert_refused(untested, 2, "expected rows to test on with --report")
    assert_refused(run("report", "colours.safetensors", cwd=trained), 2, "Missing argument")


def test_outputs_do_not_replace_inputs(trained, tmp_path):
    for name in ("colours.csv", "colours.safetensors"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    model, data = "colours.safetensors", "colours.csv"
    for arguments in (["report", model, data, "-o", data], ["report", model, data, "-o", f"./{model}"], ["train", data, "--target", "label", "-o", "new", "--report", "new"],
                      ["train", data, "--target", "label", "-o", data], ["train", data, "--target", "label", "-o", "new", "--report", data]):  # fmt: skip
        assert_refused(run(*arguments, cwd=tmp_path), 1, "which is read or written too; choose one with a name of its own")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_tables_from_standard_input(trained, tmp_path):
    model, text = trained / "colours.safetensors", (trained / "colours.csv").read_text()
    found = json.loads(run("evaluate", model, "-", "--json", cwd=tmp_path, stdin=text).stdout)
    assert found["scores"]["n_rows"] == 120
    assert "and it is b" in run("explain", model, "-", "--row", 2, cwd=tmp_path, stdin=text).stdout
    assert run("report", model, "-", "-o", "r.html", cwd=tmp_path, stdin=text).returncode == 0
    assert "The model is right on" in (tmp_path / "r.html").read_text("utf-8")
    for command in ("evaluate", "report"):
        assert_refused(run(command, model, model, "-", cwd=tmp_path, stdin=text), 2, "expected a file to compare several models on, got - (standard input)")


def test_models_of_different_targets_are_not_compared(trained, tmp_path):
    table(tmp_path / "t.csv", "size,colour,label", [[(i * 7 % 50) + 100 * (i % 3), ("red", "green", "blue")[i % 3], "abc"[i % 3]] for i in range(60)])
    assert run("train", "t.csv", "--target", "colour", "--epochs", 1, "-o", "other", cwd=tmp_path).returncode == 0
    for command in ("evaluate", "report"):
        ended = run(command, trained / "colours.safetensors", "other", "t.csv", cwd=tmp_path)
        assert_refused(ended, 3, "expected models of the same target to compare, got 'label'")
