"""The options of how a table is read: each is obeyed, and what a message advises is an option that the command has and that works."""

import gzip
import io
import os
import re
import shlex
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from commands import NORMEXP, answers, assert_refused, run, said, table

N = 400  # one bad cell is less than one in a hundred
QUICK = ("--quality", "fast", "--epochs", 2, "--hidden", "none")


def train(folder, name, *options, target="y", model="m"):
    return run("train", name, "--target", target, "-o", model, "--force", *QUICK, *options, cwd=folder)


def rows(**changed):
    """A number, a word and a label in each row; `changed` gives cells of the first column by their row."""
    return [[changed.get(f"r{i}", i * 37 % 101 / 4), "uv"[i % 2], "pq"[i // 2 % 2]] for i in range(N)]


def test_advice_of_bad_cells_works_as_it_is_written(tmp_path):
    table(tmp_path / "t.csv", "a,c,y", rows(r3="oops!", r9="oops!", r50="1x2"))
    refused = train(tmp_path, "t.csv")
    assert_refused(refused, 3, "got 'oops!' (t.csv, row 4, and in 1 more row)", "got '1x2' (t.csv, row 51)")
    assert not (tmp_path / "m").exists()
    advice = re.search(r"or (--missing '.*?'(?: --missing '.*?')*), or leave columns out with (--ignore '.*?')", refused.stderr)
    for options in (advice[1], advice[2], "--bad-cells missing"):
        assert train(tmp_path, "t.csv", *shlex.split(options)).returncode == 0, options


@pytest.mark.parametrize("command", ["predict", "evaluate", "report"])
def test_advice_names_only_options_that_the_command_has(command, tmp_path):
    assert said(train(tmp_path, table(tmp_path / "t.csv", "a,c,y", rows()))) == []
    table(tmp_path / "new.csv", "a,c,y", rows(r3="oops!"))
    output = {"predict": ("-o", "p.csv"), "report": ("-o", "r.html"), "evaluate": ()}[command]
    refused = run(command, "m", "new.csv", *output, "--bad-cells", "refuse", cwd=tmp_path)
    assert_refused(refused, 3, "expected a number in column 'a', got 'oops!' (new.csv, row 4)")
    has = run(command, "--help", cwd=tmp_path).stdout
    options = set(re.findall(r"--[a-z-]+", refused.stderr))
    assert options
    assert all(f"{option} " in has for option in options), options
    taken = said(run(command, "m", "new.csv", *output, cwd=tmp_path))
    assert any(note == "column 'a': 1 cell is not a number: 'oops!' (new.csv, row 4); taken as missing" for note in taken)


@pytest.mark.parametrize("command", ["predict", "evaluate", "report"])
def test_a_bad_cell_is_answered_like_a_missing_one(command, tmp_path):
    train(tmp_path, table(tmp_path / "t.csv", "a,c,y", rows()))
    outputs = []
    for cell in ("oops!", ""):
        table(tmp_path / "new.csv", "a,c,y", rows(r3=cell, r70=cell))
        ended = run(command, "m", "new.csv", *(("-o", "r.html") if command == "report" else ()), cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        outputs.append(ended.stdout)
    assert outputs[0] == outputs[1]


def test_match_case(tmp_path):
    train(tmp_path, table(tmp_path / "t.csv", "a,c,y", rows()))
    table(tmp_path / "new.csv", "a,c", [[1, "u"], [1, " U"], [1, "V"], [1, "v"]])
    told = run("predict", "m", "new.csv", cwd=tmp_path)
    assert said(told)[0] == "column 'c': 'U' (1 row) differs from the trained 'u' in case or spaces only; --match-case no (match_case=False) takes it as that"
    mapped = answers(run("predict", "m", "new.csv", "--match-case", "no", cwd=tmp_path))
    assert mapped[0] == mapped[1] != mapped[2] == mapped[3]
    assert answers(told)[1] != mapped[0]


def test_predict_says_which_columns_it_did_not_use(tmp_path):
    train(tmp_path, table(tmp_path / "t.csv", "a,c,y", rows()))
    table(tmp_path / "new.csv", "more,c,Extra,a", [[1, "u", 2, 3]])
    for command in ("predict", "evaluate"):
        assert said(run(command, "m", "new.csv", cwd=tmp_path))[0] == "columns 'more', 'Extra' of new.csv not used by the model"
    table(tmp_path / "new.csv", "c,more,a", [["u", 2, 3]])
    assert said(run("predict", "m", "new.csv", cwd=tmp_path)) == ["column 'more' of new.csv not used by the model"]


def test_missing_and_keep_words(tmp_path):
    table(tmp_path / "t.csv", "a,c,y", [[-999 if i % 9 == 0 else i * 37 % 101, ("u", "NA")[i % 2], ("NA", "EU")[i // 2 % 2]] for i in range(N)])
    notes = said(train(tmp_path, "t.csv", "--missing", "-999", "--missing", "nothing", "--keep-words", "NA"))
    assert notes == ["no cell is 'nothing', which --missing names (missing=['nothing'])"]
    first, same = answers(run("predict", "m", table(tmp_path / "new.csv", "a,c", [[-999, "NA"], ["", "NA"]]), cwd=tmp_path))
    assert first == same
    assert set(first) == {"prediction", "probability_EU", "probability_NA"}
    refused = train(tmp_path, "t.csv")
    assert_refused(refused, 3, "expected at least two classes, got only 'EU'", "keep with --keep-words NA")


def test_date_format_and_decimal(tmp_path):
    frame = pd.DataFrame({"d": ["01/02/2020", "03/04/2021", "05/06/2019", "01/02/2020"] * 20, "n": ["1,234", "5,678", "9,012", "1,234"] * 20, "y": ["p", "q"] * 40})
    frame.to_csv(tmp_path / "t.csv", index=False)
    notes = said(train(tmp_path, "t.csv"))
    assert any("--date-format dmy" in note for note in notes)
    assert any("--decimal" in note for note in notes)
    decided = said(train(tmp_path, "t.csv", "--date-format", "%d/%m/%Y", "--decimal", ","))
    assert decided == ["column 'd': read as dates, day first", "column 'n': read as numbers (decimal comma)"]
    assert_refused(train(tmp_path, "t.csv", "--date-format", "sometimes"), 2, "expected a date format such as dmy, mdy, ymd or %d/%m/%Y, got 'sometimes'")


def test_encoding_in_every_command_and_in_the_next_one(tmp_path):
    (tmp_path / "t.csv").write_bytes(table(tmp_path / "t.csv", "a,c,y", rows()).read_text().replace("u,", "\u00fc,").encode("cp1252"))
    assert_refused(train(tmp_path, "t.csv"), 3, "expected a UTF-8 file, got other bytes", "--encoding cp1252")
    ended = train(tmp_path, "t.csv", "--encoding", "cp1252")
    assert said(ended) == []
    following = ended.stdout.splitlines()[-1].removeprefix("next:  normexp ").split()
    assert [*following[:4], *following[5:]] == ["explain", "m", "t.csv", "--row", "--encoding", "cp1252"]
    assert said(run(*following, cwd=tmp_path)) == []
    assert_refused(run("predict", "m", "t.csv", cwd=tmp_path), 3, "--encoding cp1252")
    assert all("has learnt from" in note for note in said(run("evaluate", "m", "t.csv", "--encoding", "cp1252", cwd=tmp_path)))


def test_unknown_encodings_are_usage_errors(tmp_path):
    ended = train(tmp_path, table(tmp_path / "t.csv", "a,c,y", rows()), "--encoding", "klingon")
    assert ended.returncode in (1, 2, 3)
    assert "Traceback" not in ended.stderr
    assert "got 'klingon'" in ended.stderr


@pytest.mark.parametrize("packed", [False, True])
def test_a_pipe_of_the_shell(packed, tmp_path):
    text = "a,c,y\n" + "".join(",".join(map(str, row)) + "\n" for row in rows())
    (tmp_path / "x.gz").write_bytes(gzip.compress(text.encode()))
    command = f"'{NORMEXP}' train <({'cat' if packed else 'zcat'} x.gz) --target y -o m --epochs 2 && '{NORMEXP}' predict m <(zcat x.gz)"
    ended = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("\np,") + ended.stdout.count("\nq,") == N


def test_standard_input_is_read_by_train_and_predict(tmp_path):
    text = "a,c,y\n" + "".join(",".join(map(str, row)) + "\n" for row in rows())
    assert run("train", "-", "--target", "y", "-o", "m", *QUICK, cwd=tmp_path, stdin=text).returncode == 0
    assert len(answers(run("predict", "m", "-", cwd=tmp_path, stdin=text))) == N
    assert_refused(run("predict", "m", "-", cwd=tmp_path, stdin=""), 3, "got an empty file (standard input)")


def test_kept_columns_and_names_of_every_kind_are_written(tmp_path):
    names = ["rowid", "c0", 'a"b', "x; DROP TABLE raw", "prediction of yore", "Mass", "mass"]
    values = np.random.default_rng(0).integers(0, 9, (N, len(names)))
    frame = pd.DataFrame(values, columns=names).assign(y=[("a", "A")[i] for i in (values[:, -1] > 4).tolist()])
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert said(train(tmp_path, "t.csv")) == []
    ended = run("predict", "m", "t.csv", "--keep", "all", cwd=tmp_path)
    found = pd.read_csv(io.StringIO(ended.stdout))
    assert list(found.columns) == [*names, "y", "prediction", "probability_A", "probability_a"]
    pd.testing.assert_frame_equal(found[[*names, "y"]], frame)
    assert_refused(run("predict", "m", "t.csv", "--keep", "all", "-o", "p.parquet", cwd=tmp_path), 3, "differ in more than case for a Parquet file")
    assert run("predict", "m", "t.csv", "--keep", "rowid", "-o", "p.csv", cwd=tmp_path).returncode == 0
    assert pd.read_csv(tmp_path / "p.csv")["rowid"].tolist() == frame["rowid"].tolist()


@pytest.mark.parametrize("environment", [{"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Tokyo"}, {"LC_ALL": "C", "OMP_NUM_THREADS": "1"}, {"HOME": "/nonexistent"}], ids=str)
def test_the_machine_does_not_decide(environment, trained, tmp_path):
    options = ("train", trained / "colours.csv", "--target", "label", *QUICK, "-o")
    assert run(*options, "here", cwd=tmp_path).returncode == 0
    assert run(*options, "there", cwd=tmp_path, env={**os.environ, **environment}).returncode == 0
    assert (tmp_path / "here").read_bytes() == (tmp_path / "there").read_bytes()
    outputs = {run("predict", "here", trained / "colours.csv", cwd=tmp_path, env={**os.environ, **more}).stdout for more in ({}, environment)}
    assert len(outputs) == 1


PREDICT = """
import sys
from normexp.cli import main
sys.argv = ["normexp", "predict", "m", "t.csv", "-o", "p.csv"]
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended
print(*sorted({"sklearn", "pandas", "scipy", "matplotlib", "polars", "pyarrow"} & set(sys.modules)))
"""


def test_predict_imports_neither_scikit_learn_nor_pandas(tmp_path):
    train(tmp_path, table(tmp_path / "t.csv", "a,c,y", rows()))
    ended = subprocess.run([sys.executable, "-c", PREDICT], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ended.stdout.strip() == "", ended.stderr
    assert (tmp_path / "p.csv").read_text().count("\n") == N + 1


def test_identifiers_in_train_and_their_option(tmp_path):
    cells = [[i + 1, f"Braund, Mr. No {i}", *row] for i, row in enumerate(rows())]
    table(tmp_path / "t.csv", "PassengerId,Ticket,a,c,y", [[i, f'"{name}"', *rest] for i, name, *rest in cells])
    notes = said(train(tmp_path, "t.csv"))
    assert notes[0] == "column 'PassengerId' is left out: it counts the rows (1, 2, 3, …), like an identifier; --keep-column 'PassengerId' keeps it"
    assert notes[1].startswith("column 'Ticket' is left out: it ")
    assert said(run("predict", "m", "t.csv", "-o", "p.csv", cwd=tmp_path)) == ["columns 'PassengerId', 'Ticket' of t.csv not used by the model"]
    assert [note.split(" is ")[0] for note in said(train(tmp_path, "t.csv", "--keep-column", "PassengerId"))] == ["column 'Ticket'"]
    assert_refused(train(tmp_path, "t.csv", "--keep-column", "PassengerID"), 3, "expected a column named 'PassengerID' as column to keep", "did you mean 'PassengerId'")


def test_many_pieces_of_predictions_are_in_the_rows_order(tmp_path):
    n = 150_000
    x = np.random.default_rng(0).normal(size=n).round(4)
    pd.DataFrame({"x": x, "rowid": np.arange(n)[::-1] // 2, "y": np.where(x > 0, "A", "a")}).to_csv(tmp_path / "t.csv", index=False)
    table(tmp_path / "small.csv", "x,rowid,y", [[v, i // 2, "A" if v > 0 else "a"] for i, v in enumerate(x[:2000])])
    assert said(run("train", "small.csv", "--target", "y", "-o", "m", "--hidden", "none", "--epochs", 60, cwd=tmp_path)) == []
    run("predict", "m", "t.csv", "--keep", "x", "--keep", "rowid", "-o", "p.csv", cwd=tmp_path)
    found = pd.read_csv(tmp_path / "p.csv")
    np.testing.assert_array_equal(found["x"], x)
    np.testing.assert_array_equal(found["rowid"], np.arange(n)[::-1] // 2)
    far = np.abs(x) > 0.5
    assert (found["prediction"][far] == np.where(x > 0, "A", "a")[far]).mean() > 0.99
