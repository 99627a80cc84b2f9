"""Bad input: an exit code, one clear message, nothing half-written."""

import gzip
import json
import os
import resource
import signal

import numpy as np
import pytest
from commands import assert_refused, colours, run, table
from safetensors import safe_open
from safetensors.numpy import save_file


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["trian"], "did you mean 'train'?"), (["train"], "Missing argument 'TABLE'"), (["train", "t.csv", "--taget", "y"], "--target"),
        (["train", "t.csv"], "expected --target COLUMN"),
        (["train", "t.csv", "--target", "y", "--hidden", "3,x"], "expected whole numbers with commas"), (["train", "t.csv", "--target", "y", "--epochs", "0"], "not in the range"),
        (["explain", "1", "2", "--labls", "a,b"], "did you mean '--labels'?"), (["explain", "1", "two"], "expected a number, got 'two'"),
        (["explain", "1", "--labels", "a,b"], "one label a logit"), (["explain", "1", "2", "--labels", "cat,dog", "--target", "dogg"], "did you mean 'dog'?"),
    ],
)  # fmt: skip
def test_usage_is_code_2(tmp_path, arguments, word):
    assert_refused(run(*arguments, cwd=tmp_path), 2, word)
    assert list(tmp_path.iterdir()) == []


def test_no_arguments_print_the_help(tmp_path):
    ended = run(cwd=tmp_path)
    assert ended.returncode == 2
    assert "A first round:" in ended.stderr


GOOD = "".join(f"{i},{'pq'[i % 2]}\n" for i in range(40))
TABLES = {
    "empty file": (b"", "got an empty file"),
    "header only": (b"a,y\n", "got a header only"),
    "one class": (b"a,y\n1,p\n2,p\n", "expected at least two classes, got only 'p'"),
    "duplicate names": (b"a,a,y\n1,2,p\n3,4,q\n", "got 'a' more than once"),
    "ragged rows": (b"a,y\n1,p\n2,q,r\n", "expected 2 columns in every row, got 3"),
    "a binary file": (bytes(range(256)) * 9, "got a binary file"),
    "wrong encoding": ("a,y\n\u00e9,p\nb,q\n".encode("latin-1"), "expected a UTF-8 file"),
    "wrong encoding later": (("a,y\n" + "x,p\n" * 40_000 + "\u00e9,q\n").encode("latin-1"), "expected a UTF-8 file"),
    "infinities": (b"a,y\n1,p\ninf,q\n", "expected a number in column 'a', got an infinity (t.csv, row 2); correct the cells, or take them as missing with --bad-cells missing"),
    "no such target": (f"a,Y\n{GOOD}".encode(), "expected a column named 'y' as target"),
    "regression": (("a,y\n" + "".join(f"{i},{i / 3}\n" for i in range(99))).encode(), "this looks like regression"),
    "a damaged gzip": (gzip.compress(f"a,y\n{GOOD}".encode() * 50)[:-30], "t.csv"),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_code_3(tmp_path, name):
    content, word = TABLES[name]
    (tmp_path / "t.csv").write_bytes(content)
    assert_refused(run("train", "t.csv", "--target", "y", cwd=tmp_path), 3, word)
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_missing_file_and_a_target_with_a_suggestion(tmp_path):
    colours(tmp_path / "colours.csv")
    assert_refused(run("train", "colors.csv", "--target", "label", cwd=tmp_path), 3, "which does not exist; did you mean 'colours.csv'?")
    assert_refused(run("train", "colours.csv", "--target", "Label", cwd=tmp_path), 3, "did you mean 'label'?")


def test_a_word_in_a_number_column_in_row_90000(tmp_path):
    rows = [[i / 7, "pq"[i % 2]] for i in range(100_000)]
    rows[89_999][0] = "oops"
    ended = run("train", table(tmp_path / "t.csv", "a,y", rows), "--target", "y", cwd=tmp_path)
    assert_refused(ended, 3, "column 'a'", "got 'oops'", "t.csv, row 90000", "--missing 'oops'", "--ignore 'a'")


def test_prediction_tables_are_code_3(trained, tmp_path):
    model = trained / "colours.safetensors"
    assert_refused(run("predict", model, table(tmp_path / "t.csv", "size", [[1]]), "-o", "out.csv", cwd=tmp_path), 3, "got a table without 'colour'")
    bad = table(tmp_path / "t.csv", "size,colour", [[1, "red"], ["big", "red"]])
    refused = run("predict", model, bad, "-o", "out.csv", "--bad-cells", "refuse", cwd=tmp_path)
    assert_refused(refused, 3, "expected a number in column 'size', got 'big'", "row 2", "--bad-cells missing")
    assert "--missing" not in refused.stderr  # predict has no such option
    assert "--ignore" not in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def damaged(content, kind):
    if kind == "lying header":
        return content.replace(b'"shape":[3]', b'"shape":[8]') if b'"shape":[3]' in content else content.replace(b'"shape":[2]', b'"shape":[8]')
    return {"truncated": content[:-50], "empty": b"", "text": b"a,b\n1,2\n", "header length": b"\xff" * 8 + content[8:]}[kind]


@pytest.mark.parametrize("kind", ["truncated", "empty", "text", "header length", "lying header"])
def test_model_files_are_code_4(trained, tmp_path, kind):
    (tmp_path / "m").write_bytes(damaged((trained / "colours.safetensors").read_bytes(), kind))
    assert_refused(run("predict", "m", trained / "colours.csv", "-o", "out.csv", cwd=tmp_path), 4, "got a file that does not read as one")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_foreign_newer_and_absent_models_are_code_4(trained, tmp_path):
    save_file({"a": np.zeros(2)}, tmp_path / "m")
    assert_refused(run("info", "m", cwd=tmp_path), 4, "of another kind")
    with safe_open(trained / "colours.safetensors", framework="np") as file:
        data = json.loads(file.metadata()["normexp"])
    save_file({"a": np.zeros(2)}, tmp_path / "m", metadata={"normexp": json.dumps({**data, "format": 99})})
    assert_refused(run("predict", "m", trained / "colours.csv", cwd=tmp_path), 4, "upgrade normexp")
    assert_refused(run("evaluate", "none", trained / "colours.csv", cwd=tmp_path), 4, "which does not exist")


def test_outputs_that_cannot_be_written_are_code_1(trained, tmp_path):
    assert_refused(run("train", trained / "colours.csv", "--target", "label", "-o", "none/m", cwd=tmp_path), 1, "which does not exist; create it first")
    assert_refused(run("predict", trained / "colours.safetensors", trained / "colours.csv", "-o", "none/p.csv", cwd=tmp_path), 1, "which does not exist; create it first")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write to read-only folders")
def test_a_read_only_folder_is_code_1(trained, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    assert_refused(run("train", trained / "colours.csv", "--target", "label", "-o", "locked/m", cwd=tmp_path), 1, "which is read-only")


def small_disk():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_a_full_disk_keeps_the_old_model(trained, tmp_path):
    (tmp_path / "m").write_bytes(b"the old model")
    ended = run("train", trained / "colours.csv", "--target", "label", "--epochs", 2, "-o", "m", cwd=tmp_path, preexec_fn=small_disk)
    assert_refused(ended, 1, "File too large")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert (tmp_path / "m").read_bytes() == b"the old model"


def test_debug_shows_the_traceback(tmp_path):
    assert "Traceback" in run("train", "none.csv", "--target", "y", "--debug", cwd=tmp_path).stderr
