"""Headers, line ends, encodings and kinds of files: read as their rows, or one sentence that says what to do."""

import codecs
import gzip
import json
import os
import sqlite3
import subprocess
import threading
import zipfile

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from normexp import DataError
from normexp.tables import read
from tabling import kinds, lines, quietly, told, write

TEXT = "n,c\n1.5,u\n-2,v\n7,\u00fc\n"
RIGHT = np.float32([[1.5, 0], [-2, 1], [7, 2]])


def assert_right(table, names=("n", "c")):
    assert [column.name for column in table.schema.columns] == list(names)
    assert table.schema.columns[-1].categories == ("u", "v", "\u00fc")
    np.testing.assert_array_equal(table.matrix, RIGHT)


def put(folder, content, name="t.csv"):
    (folder / name).write_bytes(content)
    return folder / name


DRESSES = {
    "plain": TEXT.encode(), "BOM": codecs.BOM_UTF8 + TEXT.encode(), "UTF-16 LE": codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    "UTF-16 BE": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    "UTF-32 LE": codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "UTF-32 BE": codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), "Windows": TEXT.replace("\n", "\r\n").encode(),
    "old Mac": TEXT.replace("\n", "\r").encode(), "mixed": b"n,c\r\n1.5,u\n-2,v\r7,\xc3\xbc\r\n", "no last line end": TEXT.rstrip("\n").encode(),
    "blank lines in front": b"\n\r\n  \n" + TEXT.encode(),
    "a blank line at the end": TEXT.encode() + b"\n\n", "semicolons": TEXT.replace(",", ";").encode(), "tabs": TEXT.replace(",", "\t").encode(),
    "bars": TEXT.replace(",", "|").encode(),
    "sep=;": b"sep=;\n" + TEXT.replace(",", ";").encode(), '"sep=\t"': b'"sep=\t"\r\n' + TEXT.replace(",", "\t").replace("\n", "\r\n").encode(),
    "sep=, UTF-16": ("\ufeffsep=;\r\n" + TEXT.replace(",", ";").replace("\n", "\r\n")).encode("utf-16-le"),
    "quoted": '"n","c"\n"1.5","u"\n"-2","v"\n"7","\u00fc"\n'.encode(), "blanks around names": TEXT.replace("n,c", " n , c ").encode(), "gzip": gzip.compress(TEXT.encode()),
    "gzip of UTF-16": gzip.compress(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")), "gzip of old Mac": gzip.compress(TEXT.replace("\n", "\r").encode()),
}  # fmt: skip


@pytest.mark.parametrize("name", DRESSES)
def test_any_dress(name, tmp_path):
    """Under three names: what a file is, its bytes say."""
    for ending in ("csv", "txt", "gz"):
        assert_right(told(put(tmp_path, DRESSES[name], f"t.{ending}")))


def test_names_with_separators_and_line_ends_in_quotes(tmp_path):
    path = put(tmp_path, b'a;"charge, monthly";"two\nlines";"say ""hi"""\r\n1;2;3;4\r\n5;6;7;8\r\n')
    table = told(path)
    assert [column.name for column in table.schema.columns] == ["a", "charge, monthly", "two\nlines", 'say "hi"']
    np.testing.assert_array_equal(table.matrix, [[1, 2, 3, 4], [5, 6, 7, 8]])


def test_the_first_row_stays_whatever_the_header_looks_like(tmp_path):
    for header in ('"a\nb",c', '"a\n\n\nb","c\nd"', 'a,"c\r\nd"', '\n\n"a\nb",c', 'sep=,\n"a\nb",c'):
        table = told(put(tmp_path, (header + "\n1,2\n3,4\n5,6\n").encode()))
        np.testing.assert_array_equal(table.matrix, [[1, 2], [3, 4], [5, 6]], err_msg=repr(header))


def test_line_ends_in_cells_are_kept(tmp_path):
    table = told(put(tmp_path, b'n,c\r\n1,"a\nb"\r\n2,"c"\r\n3,"a\nb"\r\n'))
    assert table.schema.columns[1].categories == ("a\nb", "c")


def test_an_index_without_a_name_is_left_out(tmp_path):
    frame = pd.DataFrame({"n": [1.5, 2.5, 4], "c": ["u", "v", "u"]})
    note = r"^a column without a name, the 1st, is left out: it counts the rows; --keep-column 'column 1' keeps it$"
    for start in (0, 1):
        frame.index = range(start, start + 3)
        frame.to_csv(tmp_path / "t.csv")
        table = told(tmp_path / "t.csv", note)
        np.testing.assert_array_equal(table.matrix, [[1.5, 0], [2.5, 1], [4, 0]])
        kept = told(tmp_path / "t.csv", keep_columns=["column 1"])
        np.testing.assert_array_equal(kept.matrix[:, 0], np.arange(start, start + 3))
    frame.sort_values("n", ascending=False).to_csv(tmp_path / "t.csv")  # an index that does not count
    table = told(tmp_path / "t.csv", r"^a column without a name, the 1st, is left out: it names the rows; --keep-column 'column 1' keeps it$")
    assert [column.name for column in table.schema.columns] == ["n", "c"]
    frame.index = [3, 3, 5]
    frame.to_csv(tmp_path / "t.csv")  # no index
    assert [column.name for column in told(tmp_path / "t.csv", "a column without a name, the 1st, is called 'column 1'").schema.columns] == ["column 1", "n", "c"]
    new = told({"n": [2.0], "c": ["v"]}, schema=table.schema)
    np.testing.assert_array_equal(new.matrix, [[2, 1]])


def test_row_names_without_a_header_of_their_own(tmp_path):
    """R's write.table: a name less than cells."""
    path = write(tmp_path, "n,c\nr1,1.5,u\nr2,2.5,v\nr3,4,u\n")
    table = told(path, "a column without a name, the 1st, is left out: it names the rows")
    np.testing.assert_array_equal(table.matrix, [[1.5, 0], [2.5, 1], [4, 0]])
    counted = told(write(tmp_path, "n,c\n1,1.5,u\n2,2.5,v\n3,4,u\n"), "a column without a name, the 1st, is left out: it counts the rows")
    np.testing.assert_array_equal(counted.matrix, [[1.5, 0], [2.5, 1], [4, 0]])


@pytest.mark.parametrize("header", ["n,c,", "n,c"])
def test_separators_at_the_end_of_lines(header, tmp_path):
    table = told(write(tmp_path, header + "\n1.5,u,\n2.5,v,\n4,u,\n"), "a column without a name, the 3rd, is left out: it is empty")
    np.testing.assert_array_equal(table.matrix, [[1.5, 0], [2.5, 1], [4, 0]])
    assert_kept = told(write(tmp_path, "n,c,\n1.5,u\n2.5,v\n"))  # in the header only
    np.testing.assert_array_equal(assert_kept.matrix, [[1.5, 0], [2.5, 1]])


def test_an_encoding_is_named(tmp_path):
    path = put(tmp_path, TEXT.encode("cp1252"))
    with pytest.raises(DataError, match=r"expected a UTF-8 file, got other bytes \(.*t.csv, byte 18\); name its encoding, for example --encoding cp1252 \(encoding='cp1252'\)"):
        read(path)
    for encoding in ("cp1252", "latin-1", "CP1252"):
        assert_right(told(path, encoding=encoding))
    with pytest.raises(DataError, match=r"expected a UTF-8 file, got other bytes \(.*t.csv"):
        read(put(tmp_path, TEXT.replace("\n", "\r").encode("cp1252")))
    with pytest.raises(DataError, match=r"expected a file in ascii|expected a UTF-8 file"):
        read(path, encoding="ascii")
    for wrong in ("klingon", "hex", "idna"):
        with pytest.raises(ValueError, match=f"expected (a text encoding that Python knows|an encoding of text files), .*got '{wrong}'"):
            read(path, encoding=wrong)


def test_no_header(tmp_path):
    path = write(tmp_path, "1.5,u\n-2,v\n7,\u00fc\n")
    assert_right(told(path, header=False), ("x0", "x1"))
    with pytest.raises(DataError, match=r"expected a column named 'c' as target, got .*the first row looks like data \('1.5'\): .*--no-header \(header=False\)"):
        read(path, target="c")
    with pytest.raises(DataError, match=r"got '1' more than once .*; if the file has no header row, say so with --no-header"):
        read(write(tmp_path, "1,1,u\n2,3,v\n"))


def test_json(tmp_path):
    rows = [{"n": 1.5, "c": "u"}, {"c": "v", "n": -2}, {"n": 7, "c": "\u00fc", "later": None}]
    forms = {"lines": "\n".join(map(json.dumps, rows)), "array": json.dumps(rows), "indented": json.dumps(rows, indent=2, ensure_ascii=False), "blanks": "\n\n" + json.dumps(rows)}
    for name, text in forms.items():
        for content, ending in ((text.encode(), "json"), (text.encode(), "txt"), (gzip.compress(text.encode()), "json.gz")):
            table = told(put(tmp_path, content, f"{name}.{ending}"), "column 'later' is empty")
            np.testing.assert_array_equal(table.matrix[:, :2], RIGHT)


def test_json_values_keep_their_kind_and_nested_ones_are_left_out(tmp_path):
    rows = [{"b": True, "d": "2020-01-02", "o": {"k": 1}, "l": [1], "a.b": 1, "a/b~c": 3, "n": 1e3}, {"b": False, "d": None, "o": None, "l": None, "a.b": 2, "a/b~c": 4, "n": 2}]
    table = told(write(tmp_path, json.dumps(rows), "t.json"), "column 'o' is left out: it holds objects or lists", "column 'l' is left out: it holds objects or lists")
    assert kinds(table) == {"b": "boolean", "d": "date", "a.b": "number", "a/b~c": "number", "n": "number"}
    np.testing.assert_array_equal(table.matrix[:, [0, 6, 7, 8]], [[1, 1, 3, 1000], [0, 2, 4, 2]])


@pytest.mark.parametrize(("text", "message"),
    [('{"a": 1}\n[2]\n', r"expected JSON objects, got an array \(.*t.json, row 2\)"), ("[1, 2]", "expected JSON objects, got an? "),
    ('{"a": 1', "expected a readable table|expected JSON"), ("[{}]", "expected JSON objects with keys, got none")])
def test_json_that_is_refused(text, message, tmp_path):
    with pytest.raises(DataError, match=message):
        read(write(tmp_path, text, "t.json"))


def test_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("folder/", "")
        archive.writestr("folder/t.csv", TEXT)
        archive.writestr("__MACOSX/._t.csv", b"\0\0")
    assert_right(told(tmp_path / "one.zip"))
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", TEXT)
        archive.writestr("b.csv", TEXT)
    with pytest.raises(DataError, match=r"expected one file in the archive, got 2: 'a.csv', 'b.csv' \(.*two.zip\); unpack it first"):
        read(tmp_path / "two.zip")
    cut = (tmp_path / "one.zip").read_bytes()[:60]
    with pytest.raises(DataError, match="expected a zip archive with one table, got one that does not unpack"):
        read(put(tmp_path, cut, "cut.zip"))


def test_feather_and_arrow(tmp_path):
    table = pa.table({"n": [1.5, -2, 7], "c": ["u", "v", "\u00fc"]})
    pa.feather.write_feather(table, tmp_path / "t.feather")
    with pa.OSFile(str(tmp_path / "u.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    for name in ("t.feather", "u.arrow"):
        assert_right(told(tmp_path / name))
    with pytest.raises(DataError, match=r"expected an Arrow file that reads, got one that does not \(.*cut.arrow\)"):
        read(put(tmp_path, (tmp_path / "u.arrow").read_bytes()[:200], "cut.arrow"))


def test_sqlite(tmp_path):
    path = tmp_path / "t.data"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE one(n REAL, c TEXT); INSERT INTO one VALUES (1.5, 'u'), (-2, 'v'), (7, '\u00fc'); CREATE VIEW seen AS SELECT * FROM one")
    connection.close()
    for table in ("one", "main.one", "seen"):
        assert_right(told(f"{path}::{table}"))
    with pytest.raises(DataError, match=r"got its file alone; it has 'one', 'seen'; name one: .*t\.data::one"):
        read(path)
    with pytest.raises(DataError, match="got 'two'; it has 'one', 'seen'"):
        read(f"{path}::two")
    with pytest.raises(DataError, match="expected an SQLite file that reads, got one that does not"):
        read(f"{put(tmp_path, path.read_bytes()[:200], 'cut.data')}::one")


def test_duckdb(tmp_path):
    path = tmp_path / "t.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE one(n DOUBLE, c VARCHAR); INSERT INTO one VALUES (1.5, 'u'), (-2, 'v'), (7, '\u00fc')")
        connection.execute("CREATE VIEW seen AS SELECT * FROM one; CREATE TABLE nothing(a INTEGER)")
        connection.execute('CREATE SCHEMA "my schema"; CREATE TABLE "my schema"."two.three" AS SELECT * FROM one')
    for table in ("one", "main.one", "my schema.two.three", "seen"):
        assert_right(told(f"{path}::{table}"))
    with pytest.raises(DataError, match=r"got its file alone; it has 'nothing', 'one', 'seen', 'my schema\.two\.three'; name one: .*t\.duckdb::nothing"):
        read(path)
    with pytest.raises(DataError, match=r"got 'onee'; it has .*did you mean 'one'"):
        read(f"{path}::onee")
    with pytest.raises(DataError, match="expected a DuckDB or SQLite file before ::, got another one"):
        read(f"{write(tmp_path, TEXT)}::one")
    with pytest.raises(DataError, match="got a header only"):
        read(f"{path}::nothing")


PACKED = {
    b"BZh91AY": "bzip2 file; unpack it first: bunzip2", b"\xfd7zXZ\0": "xz file; unpack it first", b"\x28\xb5\x2f\xfd": "zstd file", b"%PDF-1.4": "a PDF",
    b"\x89HDF\r\n": "an HDF5 file", b"Obj\x01": "an Avro file",
    b"\x80\x04\x95": "pickle, which is code", b"\xd0\xcf\x11\xe0": "old Excel workbook", b"ORC": "ORC file",
}  # fmt: skip


@pytest.mark.parametrize("start", PACKED)
def test_files_of_other_kinds_are_named(start, tmp_path):
    with pytest.raises(DataError, match=f"expected a table, got an? ?{PACKED[start].removeprefix('an ').removeprefix('a ')}"):
        read(put(tmp_path, start + bytes(range(100)), "t.csv"))


@pytest.mark.parametrize("name", ["ORCID", "PAR1", "BZh9", "ARROW1", "DUCK", "SQLite format 3", "PK", "Obj", "{k}", "[x]"])
def test_a_header_that_begins_like_another_kind_of_file(name, tmp_path):
    table = told(write(tmp_path, f"{name},b\n1,2\n3,4\n"))
    assert [column.name for column in table.schema.columns] == [name, "b"]
    np.testing.assert_array_equal(table.matrix, [[1, 2], [3, 4]])


def test_errors_of_the_reader_name_the_users_file(tmp_path):
    for content in (b"a,b\n1,2\n", b"PAR1\0\0"):
        with pytest.raises(DataError, match=r"t\.json") as caught:
            read(put(tmp_path, content, "t.json"))
        assert "source0" not in str(caught.value)


def test_a_fifo_is_read_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(gzip.compress(TEXT.encode())))
    writer.start()
    assert_right(told(tmp_path / "pipe"))
    writer.join()


def test_devices_and_folders_are_refused(tmp_path):
    for name in ("/dev/zero", "/dev/null"):
        with pytest.raises(DataError, match=rf"got a device \({name}\)|got an empty file|got zero bytes"):
            read(name)
    with pytest.raises(DataError, match=r"expected a file, got the folder '.*'; name the files, for example '.*/\*.csv'"):
        read(tmp_path)


def test_ragged_rows_name_their_line(tmp_path):
    rows = lines("a,b", [(i % 7, i % 5) for i in range(50)])
    with pytest.raises(DataError, match=r"expected 2 columns in every row, got 3 \(.*, line 52\); mend the row, or quote cells that contain the separator"):
        read(write(tmp_path, rows + "1,2,3\n"))
    with pytest.raises(DataError, match=r"expected 2 columns in every row, got 1 \(.*, line 52\)"):
        read(write(tmp_path, rows + "1\n"))


@pytest.mark.parametrize("n", [2_000, 20_000])
def test_wide_tables(n, tmp_path):
    values = np.random.default_rng(0).integers(0, 9, (4, n))
    path = write(tmp_path, lines(",".join(f"column_{i}" for i in range(n)), values.tolist()))
    np.testing.assert_array_equal(quietly(path).matrix, values)


def test_an_endless_pipe_ends_at_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("normexp.tables.sources.files._bytes.MOST_STREAMED", 3 << 20)
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["sh", "-c", f"exec yes 1,2 > '{tmp_path}/pipe'"], stderr=subprocess.DEVNULL) as endless:
        with pytest.raises(DataError, match=r"expected a stream of at most .*, got more \(.*pipe\); write it to a file first"):
            read(tmp_path / "pipe")
        assert endless.wait(20) != 0
