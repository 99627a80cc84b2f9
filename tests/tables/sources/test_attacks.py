"""What an attack on the reader found in sources: each with its right value, or a sentence."""

import gzip
import sqlite3
import zipfile
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from cycled_cells import NUMBERS, cycled
from normexp import DataError
from normexp.tables import read
from tabling import kinds, quietly, told, write


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ['"b\nc"', '"b\n\nc"', '"b\r\nc"'])
def test_a_name_on_several_lines_takes_no_row_away(tmp_path, name, end):
    path = write(tmp_path, end.join([f"a,{name},y", *(f"{i % 5}.5,{'uv'[i % 2]},{'pq'[i % 2]}" for i in range(12))]) + end)
    table = told(path, target="y")
    np.testing.assert_array_equal(table.matrix[:, 0], [i % 5 + 0.5 for i in range(12)])


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
