"""What an attack on the reader found: each with its right value."""

import gzip
import sqlite3
import zipfile
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from normexp import DataError, SoftmaxClassifier
from normexp.errors import DataWarning
from normexp.tables import open_source, read
from tabling import kinds, lines, quietly, told, write

NUMBERS = [0.5 + i % 7 for i in range(30)]


def cycled(*cells, n=30):
    return [cells[i % len(cells)] for i in range(n)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ['"b\nc"', '"b\n\nc"', '"b\r\nc"'])
def test_a_name_on_several_lines_takes_no_row_away(tmp_path, name, end):
    path = write(tmp_path, end.join([f"a,{name},y", *(f"{i % 5}.5,{'uv'[i % 2]},{'pq'[i % 2]}" for i in range(12))]) + end)
    table = told(path, target="y")
    np.testing.assert_array_equal(table.matrix[:, 0], [i % 5 + 0.5 for i in range(12)])


def test_years_of_two_digits_in_front_are_read_so_on_request(tmp_path):
    path = write(tmp_path, lines("d,y", [[f"20/02/{i % 28 + 1:02}", "pq"[i % 2]] for i in range(30)]))
    asked = told(path, "column 'd': read as dates, year first", target="y", date_format="%y/%m/%d")
    assert asked.schema.columns[0].date_order == "yymd"
    np.testing.assert_array_equal(asked.matrix[:3, 1:3], [[2, 1], [2, 2], [2, 3]])
    assert told(path, "column 'd': read as dates, day first", target="y").schema.columns[0].date_order == "dmy"


def test_a_wish_that_does_not_fit_is_said(tmp_path):
    days = write(tmp_path, lines("d,y", [[f"{13 + i % 9}/01/2020", "pq"[i % 2]] for i in range(30)]))
    told(days, r"column 'd': --date-format mdy does not fit dates such as '13/01/2020'", "read as dates, day first", target="y", date_format="mdy")
    points = {"a": [f"{i}.{i % 10}" for i in range(1, 31)], "y": cycled("p", "q")}
    told(points, r"column 'a': --decimal , does not fit its numbers, which have a decimal point", target="y", decimal=",")


def test_a_time_of_day_among_dates_is_a_bad_cell():
    table = told({"d": [*cycled("2020-01-02", "2020-02-03", n=29), "10:00"]}, "column 'd': 1 cell is not a date: '10:00'")
    assert np.isnan(table.matrix[-1]).all()
    clock = told({"d": cycled("10:00", "23:30")}, "column 'd': read as times of day")
    np.testing.assert_array_equal(clock.matrix[:2, 4], [10, 23.5])


@pytest.mark.parametrize(("labels", "classes"), [
    (pd.array(cycled(1, 2, None), dtype="Int64"), [1, 2]),
    (np.array(cycled(2**64 - 1, 2**63 + 5, 1), "uint64"), ["1", "18446744073709551615", "9223372036854775813"]),
    (pd.Categorical(cycled("0", "1")), ["0", "1"]),
])  # fmt: skip
def test_labels_of_frames_are_exact(labels, classes):
    table = quietly(pd.DataFrame({"a": NUMBERS, "y": labels}), target="y")
    assert table.classes.tolist() == classes
    assert (table.targets >= 0).all()


def test_feather_is_read_as_parquet_is(tmp_path):
    table = pa.table({"i": pa.array(cycled(1, None, 2**60 + 1)), "d": pa.array(cycled("10", "20")).dictionary_encode(), "y": pa.array(cycled(1, 2, None))})
    pyarrow.feather.write_feather(table, tmp_path / "t.feather")
    read_back = quietly(tmp_path / "t.feather", target="y")
    assert read_back.classes.tolist() == [1, 2]
    assert kinds(read_back) == {"i": "number", "d": "category"}


def test_a_missing_cell_of_a_dictionary_of_numbers_is_missing():
    words = pd.Series(pd.arrays.ArrowExtensionArray(pa.array(cycled(1, 2, None), pa.dictionary(pa.int32(), pa.int64()))))
    table = told(pd.DataFrame({"k": words, "a": NUMBERS}))
    assert table.schema.columns[0].categories == ("1", "2")
    assert np.isnan(table.matrix[2, 0])


def test_text_of_sqlite_in_another_encoding(tmp_path):
    with sqlite3.connect(tmp_path / "t.sqlite") as connection:
        connection.execute("CREATE TABLE t (a, y, b)")
        connection.executemany("INSERT INTO t VALUES (?, cast(? AS text), ?)", [(i % 7 + 0.5, [b"\xfc", b"\xf6"][i % 2], b"\x00\x01") for i in range(30)])
    connection.close()
    with pytest.raises(DataError, match=r"expected text in UTF-8, got other bytes \(.*t.sqlite::t, near row 1\).*--encoding cp1252"):
        read(f"{tmp_path}/t.sqlite::t", target="y")
    table = told(f"{tmp_path}/t.sqlite::t", "column 'b' is left out: its type is BLOB", target="y", encoding="cp1252")
    assert table.classes.tolist() == ["ö", "ü"]


@pytest.mark.parametrize("cell", [np.nan, None, pd.NA, pd.NaT])
def test_a_row_whose_category_is_missing_is_answered(cell):
    frame = pd.DataFrame({"s": cycled("u", "v"), "a": NUMBERS})
    model = SoftmaxClassifier(epochs=2, random_state=0).fit(frame, cycled("p", "q"))
    whole = model.predict_proba(pd.DataFrame({"s": ["u", None], "a": [1.0, 1.0]}))
    np.testing.assert_array_equal(model.predict_proba({"s": cell, "a": 1.0}), whole[1:])
    np.testing.assert_array_equal(model.predict_proba(pd.Series({"s": cell, "a": 1.0}, dtype=object)), whole[1:])
    assert model.predict_proba(frame.head(0)).shape == (0, 2)


@pytest.mark.parametrize(("name", "content", "match"), [
    ("t.json", b'{"a":1,"y":"p"}\nhello\n', r"expected JSON that reads, got text that does not \(.*t.json\)"),
    ("t.json", b"[1,2,3]", r"expected JSON objects, got a number"),
    ("t.json", b'{"a":{"0":1,"1":2},"y":{"0":"p","1":"q"}}', r"got one object whose values are objects or arrays.*orient='records'"),
    ("t.parquet", b"PAR1" + b"\0" * 30, r"expected a whole Parquet file, got a damaged one \(.*t.parquet\)"),
    ("t.csv", b"a,y\n1,p\n" + b"x" * 3_000_000 + b",q\n", r"expected rows of at most 2 MB, got a longer one"),
    ("t.txt", b'"a" "y"\n"1" 1 "p"\n', r"if columns are apart by spaces"),
    ("t.csv", b"My report\na,y\n1,p\n2,q\n", r"if lines of a title or a comment stand before the header, remove them|expected a column named 'y'"),
    ("t.zip", b"PK\x05\x06" + b"\0" * 18, r"expected a zip archive with one table, got an empty one"),
])  # fmt: skip
def test_what_the_reader_cannot_read_is_said_in_our_words(tmp_path, name, content, match):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=match) as caught:
        read(tmp_path / name, target="y")
    assert "normexp-" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_json_in_other_dresses(tmp_path, encoding):
    (tmp_path / "t.json").write_text('[{"a":1.5,"y":"p"},{"a":2.5,"y":"q"}]', encoding=encoding)
    np.testing.assert_array_equal(told(tmp_path / "t.json", target="y").matrix, [[1.5], [2.5]])


def test_packed_and_nearly_named(tmp_path):
    pd.DataFrame({"a": [1.5, 2.5], "y": ["p", "q"]}).to_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.parquet.gz").write_bytes(gzip.compress((tmp_path / "t.parquet").read_bytes()))
    np.testing.assert_array_equal(told(tmp_path / "t.parquet.gz", target="y").matrix, [[1.5], [2.5]])
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("t.csv", "a,y\n1.5,p\n2.5,q\n")
        archive.writestr(".DS_Store", "x")
    np.testing.assert_array_equal(told(tmp_path / "t.zip", target="y").matrix, [[1.5], [2.5]])
    np.testing.assert_array_equal(told(write(tmp_path, "a,y\n1.5,p\n2.5,q\n", "commas.tsv"), target="y").matrix, [[1.5], [2.5]])
    spaced = told(write(tmp_path, '"a", "b", "y"\n1.5, "x", "p"\n2.5, "z", "q"\n', "spaced.csv"), target="y")
    assert ([column.name for column in spaced.schema.columns], spaced.classes.tolist()) == (["a", "b"], ["p", "q"])


def test_classes_that_may_be_meant_as_one_are_said():
    told({"a": NUMBERS, "y": cycled("Yes", "yes", "no")}, "classes 'Yes', 'yes' differ in case or spaces only, and are kept apart", target="y")
    told({"a": NUMBERS, "y": cycled("1", "1.0", "x")}, "classes '1', '1.0' are the same number, and are kept apart as they are written", target="y")
    gone = told({"a": NUMBERS, "y": cycled("1", "2", "-999.0")}, "10 rows without a target dropped: 10 with '-999.0'", target="y", missing=["-999"])
    assert gone.classes.tolist() == [1, 2]


def test_equal_notes_are_joined_and_objects_are_no_words():
    many = {f"c{i}": cycled("1,50", "2,25") for i in range(50)}
    told(many, r"^columns 'c0', .* and 42 more: read as numbers \(decimal comma\)$")
    with open_source({"o": [object() for _ in range(30)], "a": NUMBERS}) as source:
        assert source.notes == ["column 'o' is left out: its type is object"]


def test_many_cells_with_digits_that_are_no_numbers_are_said():
    told({"b": [f"{i}/7" for i in range(1, 31)] * 2, "a": NUMBERS * 2}, r"column 'b': its cells hold digits but are no numbers or dates that can be read \(such as '1/7', '10/7'\)")
    kept = quietly({"b": [f"{i}.5" if i % 9 else ">1000" for i in range(60)], "a": NUMBERS * 2})
    assert kinds(kept) == {"b": "number", "a": "number"}
    with pytest.raises(DataError, match=r"expected a number in column 'b', got '>1000' \(the data frame, row 1, and in 6 more rows\)"):
        read({"b": [f"{i}.5" if i % 9 else ">1000" for i in range(60)], "a": NUMBERS * 2}, bad_cells="refuse")


def test_one_odd_cell_spoils_no_column():
    frame = pd.DataFrame({"c": cycled("r", "g", "b"), "a": NUMBERS})
    schema = quietly(frame).schema
    whole = quietly(frame, schema=schema).matrix
    for odd in (["r"], {"a": 1}, b"r", (1, 2), 1 + 2j):
        cells = [odd if i == 7 else cell for i, cell in enumerate(cycled("r", "g", "b"))]
        table = told({"c": cells, "a": NUMBERS}, r"column 'c': 1 row with a category not seen in training", schema=schema)
        np.testing.assert_array_equal(np.delete(table.matrix, 7, axis=0), np.delete(whole, 7, axis=0))
        assert table.matrix[7, 0] == -1


def test_numbers_of_typed_sources_are_never_read_as_text(tmp_path):
    comma = quietly({"size": [f"1.{100 + i},{i % 10}25" for i in range(60)]}).schema  # decimal comma, points between thousands
    write(tmp_path, '{"size":1.125}\n{"size":0.5}\n', "t.jsonl")
    with sqlite3.connect(tmp_path / "t.sqlite") as connection:
        connection.execute("CREATE TABLE t (size)")
        connection.executemany("INSERT INTO t VALUES (?)", [(1.125,), (0.5,)])
    connection.close()
    for source in (tmp_path / "t.jsonl", f"{tmp_path}/t.sqlite::t", {"size": [Decimal("1.125"), Decimal("0.5")]}, {"size": [1.125, 0.5]}):
        np.testing.assert_array_equal(told(source, schema=comma).matrix, [[1.125], [0.5]])


def test_a_frame_and_its_files_are_the_same_table(tmp_path):
    days = pd.Categorical(pd.to_datetime(cycled("2024-01-01", "2024-01-02")))
    frame = pd.DataFrame({"t": pd.to_timedelta(np.arange(30) % 7 + 1, unit="h"), "f": pd.Categorical(cycled(1.0, 2.0)), "b": pd.Categorical(cycled(True, False)), "d": days,
                          "g": pd.Categorical(np.array(cycled(0.1, 0.2), np.float32))})  # fmt: skip
    frame.to_parquet(tmp_path / "t.parquet")
    pyarrow.feather.write_feather(frame, tmp_path / "t.feather")
    table = told(frame)
    assert [column.categories for column in table.schema.columns] == [(), ("1", "2"), ("False", "True"), ("2024-01-01", "2024-01-02"), ("0.1", "0.2")]
    np.testing.assert_array_equal(table.matrix[:3, 0], [3600, 7200, 10800])
    for name in ("t.parquet", "t.feather"):
        np.testing.assert_array_equal(told(tmp_path / name, schema=table.schema).matrix, table.matrix)
        np.testing.assert_array_equal(told(tmp_path / name).matrix, table.matrix)


def test_infinities_and_huge_integers_of_a_row_are_bad_cells():
    model = SoftmaxClassifier(epochs=2, random_state=0).fit(pd.DataFrame({"x": NUMBERS, "z": NUMBERS[::-1]}), cycled("p", "q"))
    missing = model.predict_proba({"x": None, "z": 1.0})
    for cell in (np.inf, 10**400, -(10**400)):
        with pytest.warns(DataWarning, match=r"column 'x': 1 cell is not a number: '-?inf'"):
            np.testing.assert_array_equal(model.predict_proba({"x": cell, "z": 1.0}), missing)


def test_identifiers_of_whole_numbers_written_with_a_point():
    cells = [f"{value}.0" for value in np.random.default_rng(0).permutation(60)]
    told({"i": cells, "a": NUMBERS * 2}, "column 'i' is left out: it has a different whole number in every row, from 0 to 59")


def test_notes_on_many_columns_fit_a_screen_and_labels_are_named():
    schema = quietly({f"c{i}": cycled("u", "v") for i in range(100)}).schema
    with open_source({f"c{i}": cycled("U", f"w{i}") for i in range(100)}, schema=schema) as source:
        source.table()
    assert len(source.notes) == 41
    table = quietly({"a": NUMBERS, "y": cycled("yes", "no")}, target="y")
    later = {"a": NUMBERS, "y": cycled("YES", "no")}
    told(later, r"labels 'YES' are none of the classes 'no', 'yes'; 'YES': in case or spaces only, --match-case no", target="y", schema=table.schema, classes=table.classes)
    assert (quietly(later, target="y", schema=table.schema, classes=table.classes, match_case=False).targets == table.targets).all()
