"""Archives, Arrow files and databases are read as their tables; files of other kinds are named."""

import sqlite3
import zipfile

import duckdb
import pyarrow as pa
import pyarrow.feather
import pytest

from normexp import DataError
from normexp.tables import read
from one_table import TEXT, assert_right, put
from tabling import told, write


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


def test_errors_of_the_reader_name_the_users_file(tmp_path):
    for content in (b"a,b\n1,2\n", b"PAR1\0\0"):
        with pytest.raises(DataError, match=r"t\.json") as caught:
            read(put(tmp_path, content, "t.json"))
        assert "source0" not in str(caught.value)
