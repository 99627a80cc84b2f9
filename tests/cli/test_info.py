"""normexp info: what it says, and that no file makes it fail in another way than with exit code 4."""

import json

import numpy as np
import pandas as pd
import pytest

from forging import forged, parts_of
from normexp import SoftmaxClassifier, save
from normexp.cli import main


@pytest.fixture
def path(tmp_path):
    frame = pd.DataFrame({"size": np.arange(40.0), "colour": ["red", "green"] * 20})
    fitted = SoftmaxClassifier((3,), epochs=2, random_state=0, quality="fast").fit(frame, np.array(["p", "q"] * 20))
    save(fitted, tmp_path / "m", scores={"accuracy": 0.875, "n_rows": 40})
    return tmp_path / "m"


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return ended.value.code


def test_what_it_says(path, capsys):
    assert run("info", path) == 0
    said = capsys.readouterr().out
    assert f"{path}: model format 4, written by normexp" in said
    assert "labels of an array; 2 classes: p, q" in said
    assert "3 inputs - 3 relu - 2 linear - softmax" in said
    assert "scores:  accuracy 0.875, n rows 40 (held-out rows)" in said
    assert "green, red" in said


def test_how_cells_are_written_is_shown(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("a;d;y\n" + "".join(f"{i % 7},{i % 3}5 kg;{13 + i % 9}.01.2020;{'pq'[i % 2]}\n" for i in range(40)))
    assert run("train", tmp_path / "t.csv", "--target", "y", "--epochs", 1, "-o", tmp_path / "m", "--json") == 0
    capsys.readouterr()
    assert run("info", tmp_path / "m") == 0
    said = capsys.readouterr().out
    assert "decimal ',', suffix 'kg'" in said
    assert "date order 'dmy'" in said


def test_json(path, capsys):
    assert run("info", path, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["format"], said["classes"], said["n_inputs"], said["scores"]["n_rows"]) == (4, ["p", "q"], 3, 40)
    assert [column["name"] for column in said["schema"]["columns"]] == ["size", "colour"]


@pytest.mark.parametrize("change", [{"scores": []}, {"schema": {"columns": [{}]}}, {"layers": [{}]}, {"temperature": None}, {"classes": 3}, {"history": 10**30}], ids=str)
def test_a_forged_file_is_code_4(path, capsys, change):
    parts = parts_of(path.read_bytes())
    parts.description.update(change)
    path.write_bytes(forged(parts))
    for arguments in (("info", path), ("info", path, "--json")):
        assert run(*arguments) == 4
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("normexp: error: expected ")
        assert said.err.count("\n") == 1


def test_names_that_would_move_the_cursor(path, capsys):
    parts = parts_of(path.read_bytes())
    parts.description.update(version="1\n2", classes=["\x1b[2J", "q"])
    parts.description["schema"]["columns"][0]["name"] = parts.description["feature_names"][0] = "[bold]\x07\u202e"
    path.write_bytes(forged(parts))
    assert run("info", path) == 0
    said = capsys.readouterr().out
    assert "\\x1b[2J, q" in said
    assert "written by normexp 1\\n2" in said
    assert "[bold]\\x07\\u202e" in said


def test_of_trees(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("size,colour,y\n" + "".join(f"{i % 17},{'rgb'[i % 3]},{'pq'[(i % 17 > 8) ^ (i % 3 == 0)]}\n" for i in range(200)))
    assert run("train", tmp_path / "t.csv", "--target", "y", "--members", "trees", "-o", tmp_path / "m", "--json") == 0
    capsys.readouterr()
    assert run("info", tmp_path / "m") == 0
    said = capsys.readouterr().out
    assert "8 of 1 kinds, fitted on 8 folds" in said
    assert "trees of 6 questions" in said
    assert "trees ask about: " in said
    assert "% of the gain (" in said
    assert run("info", tmp_path / "m", "--json") == 0
    splits = json.loads(capsys.readouterr().out)["splits"]
    assert {one["feature"] for one in splits} == {"size", "colour"}
    assert sum(one["gain"] for one in splits) == pytest.approx(1)
    assert all(one["splits"] > 0 for one in splits)
