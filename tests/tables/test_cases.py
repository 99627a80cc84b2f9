"""Small tables that used to fail or mislead, in the folder cases: what is read, and what is said. Right values come by Python's own csv, json and sqlite3."""

import csv
import datetime as dt
import json
import re

import numpy as np
import pytest

from normexp import DataError
from normexp.tables import read
from tabling import CASES, quietly, told

PLAIN = CASES / "customers-plain.csv"
CONTRACTS = ("Month-to-month", "One year", "Two year")
DISCOUNT_NOTE = r"column 'discount': read as numbers \(decimal point, without '%'\)"


def rows_of(path, **options):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, **options))


def number(text):
    return float(text) if text else np.nan


def matrix_of(rows):
    """The matrix of customers by plain Python."""
    dates = [dt.datetime.strptime(row["since"], "%Y-%m-%d") for row in rows]
    seconds = [(date - dt.datetime(1970, 1, 1)).total_seconds() for date in dates]
    columns = [
        [number(row["tenure"]) for row in rows], [CONTRACTS.index(row["contract"]) for row in rows], [number(row["monthly"]) for row in rows],
        [number(row["total"]) for row in rows], np.array(seconds) - np.round(np.median(seconds)), [date.month for date in dates], [date.day for date in dates],
        [date.isoweekday() for date in dates], [0.0] * len(rows),
    ]  # fmt: skip
    return np.array(columns).T.astype(np.float32)


@pytest.fixture(scope="module")
def plain():
    return read(PLAIN, target="churn")


def test_the_plain_table_is_what_python_reads(plain):
    rows = rows_of(PLAIN)
    np.testing.assert_array_equal(plain.matrix, matrix_of(rows))
    assert plain.labels.tolist() == [row["churn"] for row in rows]
    assert [(column.name, column.kind) for column in plain.schema.columns] == [("tenure", "number"), ("contract", "category"), ("monthly", "number"), ("total", "number"),
        ("since", "date")]


DRESSES = {
    "customers-german.csv": (r"'monthly': read as numbers \(decimal comma\)", r"'total': read as numbers \(decimal comma, points between thousands\)",
        r"'since': read as dates, day first"),
    "customers-index.csv": (r"a column without a name, the 1st, is left out: it counts the rows; --keep-column 'column 1' keeps it",),
    "customers-mac.csv": (), "customers-quoted-name.csv": (), "customers-sep-line.csv": (), "customers-utf16.csv": (), "customers.sqlite::customers": (),
    "customers-trailing.csv": (r"a column without a name, the 7th, is left out: it is empty",),
}  # fmt: skip


@pytest.mark.parametrize("name", DRESSES)
def test_another_dress_gives_the_plain_tables_matrix(plain, name):
    table = told(f"{CASES}/{name}", *DRESSES[name], target="churn")
    np.testing.assert_array_equal(table.matrix, plain.matrix)
    np.testing.assert_array_equal(table.targets, plain.targets)
    names = [column.name for column in table.schema.columns]
    assert names == ["tenure", "contract", "charge, monthly (EUR)" if "quoted" in name else "monthly", "total", "since"]
    if name not in ("customers-german.csv", "customers-quoted-name.csv"):
        assert table.schema == plain.schema


def test_dollars_thousands_percent_and_american_dates(plain):
    notes = (r"'monthly': read as numbers \(decimal point, without '\$'\)", r"'total': read as numbers \(decimal point, commas between thousands, without '\$'\)",
             "'since': read as dates, month first", DISCOUNT_NOTE)  # fmt: skip
    table = told(CASES / "customers-dollar.csv", *notes, target="churn")
    np.testing.assert_array_equal(table.matrix[:, :9], plain.matrix)
    np.testing.assert_array_equal(table.matrix[:, 9], [float(row["discount"].rstrip("%")) for row in rows_of(CASES / "customers-dollar.csv")])


def test_a_german_schema_reads_german_rows_whatever_their_number():
    german = quietly(CASES / "customers-german.csv", target="churn")
    for row, right in list(zip(rows_of(CASES / "customers-german.csv", delimiter=";"), german.matrix, strict=True))[:40]:
        np.testing.assert_array_equal(read(row, schema=german.schema).matrix, right[None])


def test_an_array_of_json_objects_is_read_as_its_rows():
    table = read(CASES / "customers.json", target="churn")
    rows = json.loads((CASES / "customers.json").read_text())
    np.testing.assert_array_equal(table.matrix, matrix_of([{key: str(value) for key, value in row.items()} for row in rows]))
    assert table.labels.tolist() == [row["churn"] for row in rows]


def test_words_for_missing_and_bad_cells_are_counted_and_placed(plain):
    notes = (r"'monthly': 'None' \(20\) taken as missing", r"'total': '-' \(12\) taken as missing",
             r"'total': 2 cells are not a number, the first: '1,5' \(.*customers-bad-cells.csv, row 4\); taken as missing")  # fmt: skip
    table = told(CASES / "customers-bad-cells.csv", *notes, target="churn")
    rows = [{key: "" if value in ("None", "-", "1,5", "unknown") else value for key, value in row.items()} for row in rows_of(CASES / "customers-bad-cells.csv")]
    np.testing.assert_array_equal(table.matrix, matrix_of(rows))
    assert np.isnan(table.matrix).sum(axis=0).tolist() == [0, 0, 20, 14, 0, 0, 0, 0, 0]
    assert table.schema == plain.schema


def test_bad_cells_that_are_refused_come_in_one_message():
    with pytest.raises(DataError) as caught:
        read(CASES / "customers-bad-cells.csv", target="churn", bad_cells="refuse")
    message = str(caught.value)
    for words in (r"expected a number in column 'total', got '1,5' \(.*, row 4\)", r"got 'unknown' \(.*, row 201\)", "--bad-cells missing", "--missing '1,5' --missing 'unknown'",
        "--ignore 'total'"):
        assert re.search(words, message), message
    assert "None" not in message


def test_new_rows_with_a_bad_cell_and_another_spelling(plain):
    path, rows = CASES / "customers-new-bad-cell.csv", rows_of(CASES / "customers-new-bad-cell.csv")
    notes = (r"'tenure': 'n.a.' \(1\) taken as missing", r"'contract': 'one year' \(1 row\) differs from the trained 'One year' in case or spaces only; --match-case no",
             r"'contract': 1 row with a category not seen in training \('one year'\)")  # fmt: skip
    table = told(path, *notes, schema=plain.schema)
    right = plain.matrix[:60].copy()
    assert (rows[7]["tenure"], rows[9]["contract"]) == ("n.a.", "one year")
    right[7, 0], right[9, 1] = np.nan, -1
    np.testing.assert_array_equal(table.matrix, right)
    right[9, 1] = CONTRACTS.index("One year")
    np.testing.assert_array_equal(told(path, notes[0], schema=plain.schema, match_case=False).matrix, right)


def test_no_header_is_hinted_at_and_an_option(plain):
    path = CASES / "customers-no-header.csv"
    with pytest.raises(DataError, match=r"expected a column named 'churn' as target.*the first row looks like data \('34', '74.77', .*--no-header \(header=False\)"):
        read(path, target="churn")
    table = read(path, target="x5", header=False)
    np.testing.assert_array_equal(table.matrix, plain.matrix)
    assert [column.name for column in table.schema.columns] == ["x0", "x1", "x2", "x3", "x4"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("customers.xlsx", r"got an Excel workbook .*save its sheet as 'CSV UTF-8'"),
        ("customers.sqlite", r"got its file alone; it has 'customers'; name one: .*customers.sqlite::customers"),
     ("customers.sqlite::customer", "got 'customer'; it has 'customers'; did you mean 'customers'")],
)  # fmt: skip
def test_what_is_refused_says_what_to_do(name, message):
    with pytest.raises(DataError, match=message):
        read(f"{CASES}/{name}", target="churn")


def test_a_column_named_rowid_orders_nothing():
    note = r"column 'rowid' is left out: it counts the rows \(59, 58, 57, …\), like an identifier; --keep-column 'rowid' keeps it"
    table = told(CASES / "rowid.parquet", note, target="y")
    assert [column.name for column in table.schema.columns] == ["x"]
    assert ((table.matrix[:, 0] > 2.5) == (table.labels == "b")).all()
    kept = read(CASES / "rowid.parquet", target="y", keep_columns=["rowid"])
    np.testing.assert_array_equal(kept.matrix[:, 0], np.arange(59, -1, -1))
    np.testing.assert_array_equal(kept.matrix[:, 1:], table.matrix)


def test_names_and_labels_that_differ_in_case_only():
    table, rows = read(CASES / "case-of-names.csv", target="y"), rows_of(CASES / "case-of-names.csv")
    assert [column.name for column in table.schema.columns] == ["Mass", "mass"]
    assert table.classes.tolist() == ["A", "a"]
    np.testing.assert_array_equal(table.matrix, np.array([[row["Mass"], row["mass"]] for row in rows], float).astype(np.float32))
    assert table.labels.tolist() == [row["y"] for row in rows]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_hours_of_instants_are_those_of_utc(monkeypatch, zone):
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        table = read(CASES / "zone.parquet", target="y")
    finally:
        monkeypatch.undo()
        time.tzset()
    np.testing.assert_array_equal(table.matrix[:, 4], np.arange(96) % 24)
    assert (table.matrix[:, 2] == np.arange(96) // 24 + 1).all()


def test_a_label_that_is_a_word_for_missing_is_named_and_may_be_kept():
    with pytest.raises(DataError, match=r"got only 'EU' .*'NA' is taken as missing, keep with --keep-words NA \(keep_words=\['NA'\]\)"):
        read(CASES / "label-NA.csv", target="region")
    table = read(CASES / "label-NA.csv", target="region", keep_words=["NA"])
    assert table.labels.tolist() == [row["region"] for row in rows_of(CASES / "label-NA.csv")]
    assert table.classes.tolist() == ["EU", "NA"]


def test_many_integer_classes_need_a_word():
    with pytest.raises(DataError, match=r"got 300 different numbers: this looks like regression .*--classes any \(any_classes=True\)"):
        read(CASES / "many-integer-classes.csv", target="shop")
    table = read(CASES / "many-integer-classes.csv", target="shop", any_classes=True)
    assert table.labels.tolist() == [int(row["shop"]) for row in rows_of(CASES / "many-integer-classes.csv")]


def test_identifiers_are_left_out_with_a_word():
    notes = (r"column 'id' is left out: it counts the rows \(7590, 7593, 7596, …\), like an identifier; --keep-column 'id' keeps it",
             r"column 'name' is left out: it has 399 different texts in 400 rows, like an identifier; --keep-column keeps it")  # fmt: skip
    table = told(CASES / "answer-column-and-ids.csv", *notes, target="churn")
    assert [column.name for column in table.schema.columns] == ["tenure", "contract", "monthly", "total", "since", "closed_on"]
