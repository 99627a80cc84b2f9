"""Reports, explanations and the learn page through the command line, with good input, bad input and none."""

import json
import os
import re
from pathlib import Path

import pytest
from commands import assert_refused, run, table

from normexp import cross_entropy, sigmoid, softmax

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
    for words in ("The model is right on", "95% interval", "multinomial logistic regression", "What to do next"):
        assert words in page
    assert not re.search(r"\b(nan|inf)\b", page)


def test_report_of_a_saved_model_and_of_several(trained, tmp_path):
    ended = run("report", "colours.safetensors", "colours.csv", "-o", tmp_path / "one.html", cwd=trained)
    assert ended.returncode == 0, ended.stderr
    assert "report: " in ended.stderr
    assert "rows of colours.csv" in (tmp_path / "one.html").read_text("utf-8")
    assert run("train", "colours.csv", "--target", "label", "--ignore", "colour", "--epochs", 1, "--hidden", "none", "-o", tmp_path / "weak", cwd=trained).returncode == 0
    assert run("report", tmp_path / "weak", "colours.safetensors", "colours.csv", "-o", tmp_path / "two.html", cwd=trained).returncode == 0
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


def test_explain_a_row(trained, tmp_path):
    ended = run("explain", "colours.safetensors", "colours.csv", "--row", 2, "--plot", tmp_path / "why.png", cwd=trained)
    assert ended.returncode == 0, ended.stderr
    for words in ("Row 2 of colours.csv: b", "and it is b", "Why b and not", "An average row has", "The answer would be", "The loss is -ln("):
        assert words in ended.stdout
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads(run("explain", "colours.safetensors", "colours.csv", "--json", cwd=trained).stdout)
    assert (found["row"], found["target"], len(found["classes"])) == (1, "a", 3)
    total = found["baseline_difference"] + sum(item["contribution"] for item in found["features"])
    assert total == pytest.approx(found["difference"], abs=1e-3 * max(1, abs(found["difference"])))
    unlabelled = table(tmp_path / "u.csv", "size,colour", [[1, "red"]])
    assert "and it is" not in run("explain", "colours.safetensors", unlabelled, cwd=trained).stdout
    strange = table(tmp_path / "z.csv", "size,colour,label", [[1, "red", "zebra"], [1, "red", ""]])
    for row in (1, 2):
        assert "its class is missing or unknown" in run("explain", "colours.safetensors", strange, "--row", row, cwd=trained).stdout


def test_explain_a_row_refuses_what_it_cannot_do(trained):
    for row in (0, 121, -3):
        assert_refused(run("explain", "colours.safetensors", "colours.csv", "--row", row, cwd=trained), 3, f"expected a row from 1 to 120, got {row}")
    assert_refused(run("explain", "none.safetensors", "colours.csv", cwd=trained), 4, "which does not exist")
    assert_refused(run("explain", "1", "2", "--row", 1, cwd=trained), 2, "expected MODEL TABLE with --row")
    assert_refused(run("explain", "colours.safetensors", "colours.csv", "--sigmoid", cwd=trained), 2, "expected logits with --sigmoid")
    assert_refused(run("explain", "colours.safetensors", "colours.csv", "--target", "a", cwd=trained), 2, "expected no --target with a table")
    assert_refused(run("explain", "colours.safetensors", cwd=trained), 2, "or give a MODEL and a TABLE")
    assert_refused(run("explain", "1.5", "2,5", cwd=trained), 2, "expected a number, got '2,5'")
    assert_refused(run("explain", cwd=trained), 2, "Missing argument")


def test_explain_logits_with_temperature_sigmoid_and_picture(tmp_path):
    ended = run("explain", 0.7, 1.5, 4.8, "--temperature", 2, "--sigmoid", "--plot", "chain.svg", "--labels", "x,y,z", "--target", "z", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    p, loss = softmax([0.7, 1.5, 4.8], temperature=2), cross_entropy([0.35, 0.75, 2.4], 2)
    for words in (f"{p[2]:.6f}", "exp(z/2)", f"{sigmoid(4.8):.6f}", f"= {loss:.4f}", "use them where exactly one class is true"):
        assert words in ended.stdout
    assert "sigmoid(z)" in (tmp_path / "chain.svg").read_text()
    rows = json.loads(run("explain", 0.7, 1.5, "--temperature", 0.5, "--sigmoid", "--json", cwd=tmp_path).stdout)
    assert [row["probability"] for row in rows["rows"]] == pytest.approx(softmax([1.4, 3.0]))
    assert rows["rows"][0]["sigmoid"] == pytest.approx(sigmoid(0.7))
    assert "which cannot be divided by: the probabilities are those of the logits minus the largest" in run("explain", 800, 1, cwd=tmp_path).stdout
    assert "-ln(1.929e-22) = 50.0000" in run("explain", 0, 50, "--target", 0, cwd=tmp_path).stdout
    for words in (["nan", 1], ["-inf", "-inf"]):
        assert "Softmax is not defined where a logit is nan or all are -inf" in run("explain", *words, cwd=tmp_path).stdout, words
    assert "1.000000" in run("explain", "inf", 1, cwd=tmp_path).stdout
    assert "0.500000" in run("explain", "inf", "inf", cwd=tmp_path).stdout
    assert_refused(run("explain", 1, 2, "--labels", "a,a", cwd=tmp_path), 2, "expected a label of its own for each logit")
    assert_refused(run("explain", 1, 2, "--labels", "", cwd=tmp_path), 2, "expected one label a logit, got 1 labels for 2 logits")
    assert_refused(run("explain", 1, 2, "--temperature", 0, cwd=tmp_path), 2, "expected a finite --temperature above 0, got 0")
    assert_refused(run("explain", 1, 2, "--plot", "x.gif", cwd=tmp_path), 2, "expected a picture that ends in .png, .svg or .pdf")
    assert_refused(run("explain", 1, 2, "--plot", "none/x.png", cwd=tmp_path), 1, "which does not exist; create it first")


def test_a_file_named_like_a_number(trained, tmp_path):
    (tmp_path / "5").write_bytes((trained / "colours.safetensors").read_bytes())
    assert "Row 1 of" in run("explain", "./5", trained / "colours.csv", cwd=tmp_path).stdout
    assert "0.880797" in run("explain", "5", "3", cwd=tmp_path).stdout


def test_learn_writes_the_page(tmp_path):
    ended = run("learn", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "page: softmax.html" in ended.stderr
    assert "Softmax, from the ground up" in (tmp_path / "softmax.html").read_text("utf-8")
