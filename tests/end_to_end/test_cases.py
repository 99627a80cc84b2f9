"""Small tables that used to fail or mislead, through the command line: exit codes, what is said, and predictions that are right."""

import csv
import io
import os
import shlex

import pyarrow.parquet as pq
import pytest
from commands import answers, assert_refused, run, said

from tabling import CASES

PLAIN = CASES / "customers-plain.csv"


def trained(name, folder, *options, target="churn", model="m", **environment):
    return run("train", f"{CASES}/{name}", "--target", target, "-o", model, *options, cwd=folder, **({"env": {**os.environ, **environment}} if environment else {}))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    assert said(trained("customers-plain.csv", folder, "--epochs", 30)) == []
    return folder / "m"


SAME_MODEL = {
    "customers-index.csv": ["a column without a name, the 1st, is left out: it counts the rows; --keep-column 'column 1' keeps it"],
    "customers-trailing.csv": ["a column without a name, the 7th, is left out: it is empty"],
    "customers-utf16.csv": [], "customers-mac.csv": [], "customers-sep-line.csv": [], "customers.sqlite::customers": [],
}  # fmt: skip


@pytest.mark.parametrize("name", SAME_MODEL)
def test_another_dress_gives_the_same_model_byte_for_byte(plain, name, tmp_path):
    assert said(trained(name, tmp_path, "--epochs", 30)) == SAME_MODEL[name]
    assert (tmp_path / "m").read_bytes() == plain.read_bytes()


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("customers-german.csv", ["column 'monthly': read as numbers (decimal comma)", "column 'total': read as numbers (decimal comma, points between thousands)",
            "column 'since': read as dates, day first"]),
        ("customers-quoted-name.csv", []),
    ],
)  # fmt: skip
def test_other_words_for_the_same_values_give_the_same_answers(plain, name, notes, tmp_path):
    assert said(trained(name, tmp_path, "--epochs", 30)) == notes
    right = run("predict", plain, PLAIN, cwd=tmp_path).stdout
    assert right.count("\n") == 401
    assert run("predict", "m", CASES / name, cwd=tmp_path).stdout == right


def test_dollars_and_american_dates(tmp_path):
    notes = said(trained("customers-dollar.csv", tmp_path, "--epochs", 2))
    assert notes == ["column 'monthly': read as numbers (decimal point, without '$')", "column 'total': read as numbers (decimal point, commas between thousands, without '$')",
                     "column 'since': read as dates, month first", "column 'discount': read as numbers (decimal point, without '%')"]  # fmt: skip


def test_all_bad_cells_come_in_one_message_with_an_option_that_works(tmp_path):
    refused = trained("customers-bad-cells.csv", tmp_path)
    assert_refused(refused, 3, "got '1,5'", "row 4", "got 'unknown'", "row 201", "--bad-cells missing", "--missing '1,5' --missing 'unknown'", "--ignore 'total'")
    assert "None" not in refused.stderr
    assert list(tmp_path.iterdir()) == []
    notes = said(trained("customers-bad-cells.csv", tmp_path, "--bad-cells", "missing", "--epochs", 2))
    assert notes[:2] == ["column 'monthly': 'None' (20) taken as missing", "column 'total': '-' (12) taken as missing"]
    assert notes[2].startswith("column 'total': 2 cells are not a number, the first: '1,5'")
    by_words = trained("customers-bad-cells.csv", tmp_path, "--missing", "1,5", "--missing", "unknown", "--epochs", 2, model="by_words")
    assert said(by_words) == notes[:2]


def test_new_rows_with_a_bad_cell_and_another_spelling(plain, tmp_path):
    new = CASES / "customers-new-bad-cell.csv"
    found, right = run("predict", plain, new, cwd=tmp_path), answers(run("predict", plain, PLAIN, cwd=tmp_path))[:60]
    spelling = "column 'contract': 'one year' (1 row) differs from the trained 'One year' in case or spaces only; --match-case no (match_case=False) takes it as that"
    assert said(found) == ["column 'tenure': 'n.a.' (1) taken as missing", spelling, "column 'contract': 1 row with a category not seen in training ('one year')"]
    different = [i for i, (one, other) in enumerate(zip(answers(found), right, strict=True)) if one != other]
    assert different == [7, 9]
    mapped = run("predict", plain, new, "--match-case", "no", cwd=tmp_path)
    assert said(mapped) == ["column 'tenure': 'n.a.' (1) taken as missing"]
    assert [i for i, (one, other) in enumerate(zip(answers(mapped), right, strict=True)) if one != other] == [7]


def test_a_file_without_header(plain, tmp_path):
    assert_refused(trained("customers-no-header.csv", tmp_path), 3, "expected a column named 'churn' as target", "the first row looks like data", "--no-header")
    ended = trained("customers-no-header.csv", tmp_path, "--no-header", "--epochs", 30, target="x5")
    assert said(ended) == []
    assert run("predict", "m", CASES / "customers-no-header.csv", "--no-header", cwd=tmp_path).stdout == run("predict", plain, PLAIN, cwd=tmp_path).stdout
    following = shlex.split(ended.stdout.splitlines()[-1])  # the next command works as it is written
    assert following[-1] == "--no-header"
    assert said(run(*following[2:], cwd=tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "word"), [("customers.xlsx", "save its sheet as 'CSV UTF-8'"), ("customers.sqlite", "it has 'customers'; name one:"),
        ("customers.sqlite::clients", "it has 'customers'")]
)
def test_what_is_refused_says_what_to_do(name, word, tmp_path):
    assert_refused(trained(name, tmp_path), 3, word)
    assert list(tmp_path.iterdir()) == []


def test_an_array_of_json_objects(plain, tmp_path):
    assert said(trained("customers.json", tmp_path, "--epochs", 2)) == []
    assert answers(run("predict", plain, CASES / "customers.json", cwd=tmp_path)) == answers(run("predict", plain, PLAIN, cwd=tmp_path))[:60]


@pytest.mark.parametrize("kept", [False, True])
def test_rowid_orders_nothing(kept, tmp_path):
    notes = said(trained("rowid.parquet", tmp_path, "--epochs", 300, *(["--keep-column", "rowid"] if kept else []), target="y"))
    assert kept or notes == ["column 'rowid' is left out: it counts the rows (59, 58, 57, …), like an identifier; --keep-column 'rowid' keeps it"]
    found = answers(run("predict", "m", CASES / "rowid.parquet", "--keep", "all", cwd=tmp_path))
    rows = pq.read_table(CASES / "rowid.parquet").to_pylist()
    assert [(int(row["rowid"]), float(row["x"]), row["y"]) for row in found] == [(row["rowid"], row["x"], row["y"]) for row in rows]
    assert sum(row["prediction"] == ("b" if float(row["x"]) > 2.5 else "a") for row in found) >= 58


def test_names_and_labels_that_differ_in_case_only(tmp_path):
    assert said(trained("case-of-names.csv", tmp_path, "--epochs", 2, target="y")) == []
    found = answers(run("predict", "m", CASES / "case-of-names.csv", "--keep", "all", cwd=tmp_path))
    assert list(found[0]) == ["Mass", "mass", "y", "prediction", "probability_A", "probability_a"]
    assert {row["y"] for row in found} == {"A", "a"} >= {row["prediction"] for row in found}
    assert "mass_1" not in run("info", "m", cwd=tmp_path).stdout


def test_time_zones_give_the_same_bytes(tmp_path):
    outputs, models = set(), set()
    for zone in ("UTC", "America/New_York", "Asia/Kolkata"):
        assert said(trained("zone.parquet", tmp_path, "--epochs", 300, target="y", TZ=zone)) == []
        models.add((tmp_path / "m").read_bytes())
        outputs.add(run("predict", "m", CASES / "zone.parquet", cwd=tmp_path, env={**os.environ, "TZ": zone}).stdout)
    assert (len(models), len(outputs)) == (1, 1)
    labels = pq.read_table(CASES / "zone.parquet")["y"].to_pylist()
    assert sum(row["prediction"] == label for row, label in zip(csv.DictReader(io.StringIO(outputs.pop())), labels, strict=True)) > 90


def test_a_label_that_is_a_word_for_missing(tmp_path):
    assert_refused(trained("label-NA.csv", tmp_path, target="region"), 3, "got only 'EU'", "'NA' is taken as missing, keep with --keep-words NA")
    assert said(trained("label-NA.csv", tmp_path, "--keep-words", "NA", "--epochs", 50, target="region")) == []
    found = answers(run("predict", "m", CASES / "label-NA.csv", "--keep", "region", cwd=tmp_path))
    assert {row["region"] for row in found} == {"NA", "EU"}
    assert sum(row["prediction"] == row["region"] for row in found) > 70


def test_many_integer_classes(tmp_path):
    assert_refused(trained("many-integer-classes.csv", tmp_path, target="shop"), 3, "got 300 different numbers: this looks like regression", "--classes any")
    assert said(trained("many-integer-classes.csv", tmp_path, "--classes", "any", "--epochs", 2, "--hidden", "none", target="shop")) == []
    assert set(answers(run("predict", "m", CASES / "many-integer-classes.csv", cwd=tmp_path))[0]) >= {"probability_1000", "probability_1299"}


def test_identifiers_are_left_out_with_a_word(tmp_path):
    notes = said(trained("answer-column-and-ids.csv", tmp_path, "--epochs", 2))
    assert [note.split(":")[0] for note in notes] == ["column 'id' is left out", "column 'name' is left out"]
    notes = said(trained("answer-column-and-ids.csv", tmp_path, "--epochs", 2, "--keep-column", "id", model="kept"))
    assert [note.split(":")[0] for note in notes] == ["column 'name' is left out"]
    unused = said(run("predict", "m", CASES / "answer-column-and-ids.csv", "-o", "p.csv", cwd=tmp_path))
    assert unused == [f"columns 'id', 'name' of {CASES / 'answer-column-and-ids.csv'} not used by the model"]


def test_outputs_replace_no_input_by_another_name(tmp_path):
    import duckdb

    (tmp_path / "parts").mkdir()
    for i in (1, 2):
        (tmp_path / "parts" / f"p{i}.csv").write_text("a,y\n" + "".join(f"{j % 7},{'pq'[j % 2]}\n" for j in range(40)))
    with duckdb.connect(str(tmp_path / "d.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT range % 7 AS a, CASE range % 2 WHEN 0 THEN 'p' ELSE 'q' END AS y FROM range(40)")
    before = (tmp_path / "d.duckdb").read_bytes()
    refused = run("train", "d.duckdb::t", "--target", "y", "-o", "d.duckdb", cwd=tmp_path)
    assert (refused.returncode, "expected another file to write the model to than 'd.duckdb'" in refused.stderr) == (1, True)
    assert (tmp_path / "d.duckdb").read_bytes() == before
    assert run("train", "parts/*.csv", "--target", "y", "-o", "m.safetensors", cwd=tmp_path).returncode == 0
    refused = run("predict", "m.safetensors", "parts/*.csv", "-o", "parts/p1.csv", cwd=tmp_path)
    assert (refused.returncode, "expected another file to write the predictions to" in refused.stderr) == (1, True)
