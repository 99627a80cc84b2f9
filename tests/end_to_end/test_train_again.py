"""Training again: which file under the default name gives way, and what is proposed next."""

import json
import shlex

import pytest
from commands import assert_refused, colours, run, table

QUICK = ("--target", "label", "--quality", "fast", "--epochs", 2)


def trained_on(folder):
    """The columns that the model in the folder was trained on."""
    return [column["name"] for column in json.loads(run("info", "colours.safetensors", "--json", cwd=folder).stdout)["schema"]["columns"]]


@pytest.fixture
def folder(tmp_path):
    """A folder with colours.csv and a model of it."""
    colours(tmp_path / "colours.csv")
    assert run("train", "colours.csv", *QUICK, cwd=tmp_path).returncode == 0
    return tmp_path


def test_the_same_command_replaces_what_it_made_whatever_its_options(folder):
    assert trained_on(folder) == ["size", "colour"]
    assert run("train", "colours.csv", *QUICK, "--ignore", "size", "--hidden", "none", cwd=folder).returncode == 0
    assert trained_on(folder) == ["colour"]
    table(folder / "colours.csv", "size,colour,label", [[i % 50, ("red", "green")[i % 2], "abcd"[i % 4]] for i in range(120)])  # a class more
    assert run("train", "colours.csv", *QUICK, cwd=folder).returncode == 0
    assert trained_on(folder) == ["size", "colour"]


@pytest.mark.parametrize(("header", "target", "words"), [
    ("size,label,shade", "shade", ("a model of 'shade' trained before", "a model of 'label'")),
    ("width,hue,label", "label", ("a model of this table's columns trained before, 'width', 'hue'", "a model of 'size', 'colour'")),
])  # fmt: skip
def test_the_model_of_another_target_or_table_stays(folder, header, target, words):
    before = (folder / "colours.safetensors").read_bytes()
    table(folder / "colours.csv", header, [[i % 50, ("red", "green", "blue")[i % 3], "abc"[i % 3]] for i in range(120)])
    ended = run("train", "colours.csv", "--target", target, "--epochs", 2, cwd=folder)
    assert_refused(ended, 1, *words, "got 'colours.safetensors'", "replace it with --force or choose another with -o FILE")
    assert (folder / "colours.safetensors").read_bytes() == before
    assert run("train", "colours.csv", "--target", target, "--epochs", 2, "--force", cwd=folder).returncode == 0
    assert (folder / "colours.safetensors").read_bytes() != before


def test_a_model_of_other_classes_stays(folder):
    table(folder / "colours.csv", "size,colour,label", [[i % 50, ("red", "green", "blue")[i % 3], "ade"[i % 3]] for i in range(120)])
    assert_refused(run("train", "colours.csv", *QUICK, cwd=folder), 1, "a model of this table's classes trained before, 'a', 'd', 'e'", "a model of 'a', 'b', 'c'")


def test_what_is_no_model_stays(folder):
    (folder / "colours.safetensors").write_text("my notes")
    ended = run("train", "colours.csv", *QUICK, cwd=folder)
    assert_refused(ended, 1, "got 'colours.safetensors', which exists and is no normexp model that can be read", "replace it with --force")
    assert (folder / "colours.safetensors").read_text() == "my notes"
    assert run("train", "colours.csv", *QUICK, "-o", "colours.safetensors", cwd=folder).returncode == 0  # named by the user


def test_the_next_command_can_be_pasted(folder):
    """It explains a row that was not learnt from, of the test table if there is one."""
    (folder / "colours.csv").rename(folder / "my colours.csv")
    colours(folder / "other.csv", 30)
    for options, told in (((), "'my colours.csv' --row "), (("--test", "other.csv"), "other.csv --row 1"), (("--test-fraction", 0), "'my colours.csv' --row 1")):
        ended = run("train", "my colours.csv", *QUICK, *options, cwd=folder)
        following = ended.stdout.splitlines()[-1]
        assert following.startswith(f"next:  normexp explain 'my colours.safetensors' {told}"), ended.stderr
        assert run(*shlex.split(following)[2:], cwd=folder).returncode == 0
    assert run("train", "-", *QUICK, cwd=folder, stdin=(folder / "other.csv").read_text()).stdout.splitlines()[-1] == "next:  normexp info model.safetensors"


def test_rows_held_out_are_replaced_by_those_of_the_same_table_only(tmp_path):
    train = ("train", "example:iris", "--epochs", 2, "--save-test", "unseen.csv")
    for _ in range(2):
        assert run(*train, cwd=tmp_path).returncode == 0
    before = (tmp_path / "unseen.csv").read_text()
    (tmp_path / "unseen.csv").write_text("precious\n1\n")
    assert_refused(run(*train, cwd=tmp_path), 1, "expected a new file or earlier rows of this table to keep the rows held out in, got 'unseen.csv', which holds something else")
    assert (tmp_path / "unseen.csv").read_text() == "precious\n1\n"
    assert run(*train, "--force", cwd=tmp_path).returncode == 0
    assert (tmp_path / "unseen.csv").read_text() == before
