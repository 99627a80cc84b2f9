"""Explanations of rows and logits, and the learn page, through the command line."""

import json

import pytest
from commands import assert_refused, run, table

from normexp import cross_entropy, sigmoid, softmax


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
