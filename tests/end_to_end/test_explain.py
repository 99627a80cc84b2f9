"""Explanations of rows and logits, and the learn page, through the command line."""

import json
import re

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
    assert_refused(run("explain", 1, 2, "--plot", "x.gif", cwd=tmp_path), 2, "expected a picture that ends in .png, .svg or .pdf")
    assert_refused(run("explain", 1, 2, "--plot", "none/x.png", cwd=tmp_path), 1, "which does not exist; create it first")


@pytest.mark.parametrize("words", [["0.7,1.5,-4.8"], ["0.7,", "1.5,", "-4.8"], ["0.7, 1.5, -4.8"], ["0.7 1.5 -4.8"], ["0.7", ",", "1.5", "-4.8,"], [" 0.7,1.5 , -4.8, "]])
def test_commas_may_stand_between_logits(tmp_path, words):
    plain = run("explain", 0.7, 1.5, -4.8, cwd=tmp_path)
    assert f"{softmax([0.7, 1.5, -4.8])[2]:.6f}" in plain.stdout
    assert run("explain", *words, cwd=tmp_path).stdout == plain.stdout


def test_two_words_with_commas_are_no_model_and_table(tmp_path):
    found = json.loads(run("explain", "0.7,", "-1.5", "--json", "--labels", "a, b", "--target", "b", cwd=tmp_path).stdout)
    assert [(row["label"], row["logit"]) for row in found["rows"]] == [("a", 0.7), ("b", -1.5)]
    assert [row["logit"] for row in json.loads(run("explain", "-3.44,1.16", "--json", cwd=tmp_path).stdout)["rows"]] == [-3.44, 1.16]
    assert [row["logit"] for row in json.loads(run("explain", "0.7,1.5", "4.8", "--json", cwd=tmp_path).stdout)["rows"]] == [0.7, 1.5, 4.8]


def test_commas_that_may_be_decimal_ones_are_refused(tmp_path):
    for words, piece in ((["1.5", "2,5"], "2,5"), (["0,7 1,5"], "0,7"), (["1.5", "-2,5,"], "-2,5"), (["1,000", "2,000"], "1,000")):
        whole, part = piece.split(",")
        assert_refused(run("explain", *words, cwd=tmp_path), 2, f"expected a number, got '{piece}', which may be {whole}.{part} or {whole} and {part}; write a decimal point")
    for word in ("0.7,,1.5", ",0.7", "", ",", "0.7, , 1"):
        assert_refused(run("explain", word, cwd=tmp_path), 2, "expected a number, got ''; separate the logits with spaces or with one comma each")
    assert_refused(run("explain", "0.7,x", cwd=tmp_path), 2, "expected a number, got 'x'")


def test_temperature_0_is_argmax(tmp_path):
    ended = run("explain", 0.7, 1.5, 4.8, "--temperature", 0, "--target", 2, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "At temperature 0 softmax is its limit, argmax: the largest logit has all the probability." in ended.stdout
    assert "-ln(1) = 0.0000" in ended.stdout
    assert "exp(" not in ended.stdout
    found = json.loads(run("explain", 4.8, 1.5, 4.8, "--temperature", 0, "--json", cwd=tmp_path).stdout)
    assert found["temperature"] == 0
    assert [row["probability"] for row in found["rows"]] == [0.5, 0, 0.5]
    assert [row["loss"] for row in found["rows"]] == [pytest.approx(cross_entropy([0, 0], 0)), None, pytest.approx(cross_entropy([0, 0], 0))]
    assert [row["exponential"] for row in found["rows"]] == [None] * 3
    assert "the 2 largest logits, which are equal, share all the probability equally" in run("explain", 4.8, 1.5, 4.8, "--temperature", 0, cwd=tmp_path).stdout
    assert run("explain", 4.8, 1.5, "--temperature", "-0.0", cwd=tmp_path).stdout == run("explain", 4.8, 1.5, "--temperature", 0, cwd=tmp_path).stdout
    assert "Softmax is not defined" in run("explain", "nan", 1, "--temperature", 0, cwd=tmp_path).stdout
    found = json.loads(run("explain", 1, 2, "--temperature", "1e-320", "--json", cwd=tmp_path).stdout)
    assert [row["probability"] for row in found["rows"]] == [0, 1]


def test_temperatures_that_are_refused(tmp_path):
    for temperature in ("-1", "nan", "inf", "-inf"):
        ended = run("explain", 1, 2, f"--temperature={temperature}", cwd=tmp_path)
        assert_refused(ended, 2, f"expected a finite --temperature of 0 or more, got {temperature}; 0 is argmax, 1 changes nothing")
    assert_refused(run("explain", 1, 2, "--temperature", 0, "--plot", "x.png", cwd=tmp_path), 2, "expected a --temperature above 0 with --plot, got 0", "take 0.01")
    assert not (tmp_path / "x.png").exists()


def test_people_read_six_digits_at_most(tmp_path):
    shown = run("explain", 1234.56789, 1000.111111, 123456789, "--target", 1, "--sigmoid", "--temperature", 3, cwd=tmp_path).stdout
    longest = max(len(re.sub(r"^0*", "", number.replace(".", ""))) for number in re.findall(r"\d+\.?\d*", shown))
    assert "1234.57" in shown
    assert longest <= 7  # 1.000000, a probability of six decimals
    assert "is 4.11519e+07, taken from the logits: the probability is too small for a float" in shown


def test_a_file_named_like_a_number(trained, tmp_path):
    (tmp_path / "5").write_bytes((trained / "colours.safetensors").read_bytes())
    assert "Row 1 of" in run("explain", "./5", trained / "colours.csv", cwd=tmp_path).stdout
    assert "0.880797" in run("explain", "5", "3", cwd=tmp_path).stdout


def test_learn_writes_the_page(tmp_path):
    ended = run("learn", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "page: softmax.html" in ended.stderr
    assert "Softmax, from the ground up" in (tmp_path / "softmax.html").read_text("utf-8")
