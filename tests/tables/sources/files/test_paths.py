"""A path is a path, and the files of a glob are alike or keep their values."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from normexp import DataError
from normexp.tables import read
from tabling import told, write

FILES = ["a*b.csv", "[1].csv", "~x.csv", "a?.csv", "a'b.csv", 'a"b.csv', "a b;--.csv", "x::y.csv", "%d{1,2}.csv", "$HOME.csv", "é\u0301.csv", "file:t.csv", "y=3/t.csv",
    "a[!b]/[c].csv"]


@pytest.mark.parametrize("name", FILES)
def test_a_path_is_a_path(name, tmp_path, monkeypatch):
    """A file of that name is read, not the others that the name would match as a pattern."""
    for other in ("aXb.csv", "1.csv", "ab.csv", "x", "t.csv", "c.csv", "y=3/u.csv"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        write(tmp_path, "a,c\n7,other\n8,others\n", other)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    write(tmp_path, "a,c\n1,p\n2,q\n4,p\n", name)
    monkeypatch.chdir(tmp_path)
    for source in (name, f"./{name}", tmp_path / name):
        table = read(source, target="c")
        assert [column.name for column in table.schema.columns] == ["a"]  # no column y of the folder y=3
        assert table.matrix[:, 0].tolist() == [1, 2, 4]


def test_a_glob_is_ours_to_expand(tmp_path):
    for i, name in enumerate(["p1.csv", "p10.csv", "p2.csv", "[p3].csv", "y=3/p4.csv", "y=3/z/p5.csv"]):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path, f"a\n{i + 1}\n{i + 1.5}\n", name)
    assert read(f"{tmp_path}/p*.csv").matrix[:, 0].tolist() == [1, 1.5, 2, 2.5, 3, 3.5]
    assert read(f"{tmp_path}/[[]*.csv").matrix[:, 0].tolist() == [4, 4.5]
    assert read(f"{tmp_path}/**/p[45].csv").matrix[:, 0].tolist() == [5, 5.5, 6, 6.5]
    with pytest.raises(DataError, match=r"got '.*/q\*.csv', which does not exist"):
        read(f"{tmp_path}/q*.csv")


def test_files_of_a_glob_must_be_alike_and_files(tmp_path):
    write(tmp_path, "a,b\n1,2\n", "p1.csv")
    write(tmp_path, "b,a\n1,2\n", "p2.csv")
    with pytest.raises(DataError, match=r"expected the columns of .*p1.csv in every file, got another order \(.*p2.csv\)"):
        read(f"{tmp_path}/p*.csv")
    (tmp_path / "p3.csv").mkdir()
    with pytest.raises(DataError, match=r"expected files, got the folder '.*p3.csv'"):
        read(f"{tmp_path}/p*.csv")


OTHER_TYPES = {
    "integers, then fractions": (pa.array([1, 2]), pa.array([1.5, 2.5]), [1, 2, 1.5, 2.5]), "fractions, then integers": (pa.array([1.5, 2.5]), pa.array([1, 2]), [1.5, 2.5, 1, 2]),
    "small, then large": (pa.array([1, 2], pa.int8()), pa.array([1000, 5]), [1, 2, 1000, 5]), "booleans, then numbers": (pa.array([True, False]), pa.array([5, 0]), [1, 0, 5, 0]),
    "decimals, then doubles": (pa.array([1, 2], pa.decimal128(5, 2)), pa.array([1.555, 2.0]), [1, 2, 1.555, 2]),
    "nothing, then numbers": (pa.nulls(2), pa.array([1.5, 2]), [np.nan, np.nan, 1.5, 2]),
    "numbers, then text of numbers": (pa.array([1, 2]), pa.array(["1.5", "-"]), [1, 2, 1.5, np.nan]),
    "float32, then float64": (pa.array([1.5, 2], pa.float32()), pa.array([16777217.25, 1]), None),
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHER_TYPES)
def test_files_of_a_glob_with_other_types_keep_their_values(kind, tmp_path):
    first, second, right = OTHER_TYPES[kind]
    for i, cells in enumerate((first, second)):
        pa.parquet.write_table(pa.table({"a": cells, "k": [i, i]}), tmp_path / f"{i}.parquet")
    table = told(f"{tmp_path}/*.parquet", *([r"column 'a': '-' \(1\) taken as missing"] if "text" in kind else []))
    centre = table.schema.columns[0].centre
    np.testing.assert_array_equal(table.matrix[:, 0], np.float32(np.array(right if right else [1.5, 2, 16777217.25, 1]) - centre))
    assert table.matrix[:, 1].tolist() == [0, 0, 1, 1]


def test_days_then_instants_keep_their_hours(tmp_path):
    pa.parquet.write_table(pa.table({"a": pa.array([18262, 18263], pa.date32())}), tmp_path / "0.parquet")
    pa.parquet.write_table(pa.table({"a": pa.array([18264 * 86_400 + 5 * 3600], pa.timestamp("s", "Asia/Tokyo"))}), tmp_path / "1.parquet")
    np.testing.assert_array_equal(read(f"{tmp_path}/*.parquet").matrix[:, 1:], [[1, 1, 3, 0], [1, 2, 4, 0], [1, 3, 5, 5]])


def test_many_rows_of_other_types_keep_their_order(tmp_path):
    cells = np.random.default_rng(0).integers(0, 1000, 400_000)
    for i, (part, dtype) in enumerate(zip(np.split(cells, [150_000, 150_001, 300_000]), (np.int16, np.int64, np.float64, np.int32), strict=True)):
        pa.parquet.write_table(pa.table({"a": part.astype(dtype)}), tmp_path / f"{i}.parquet", row_group_size=7_000)
    np.testing.assert_array_equal(read(f"{tmp_path}/*.parquet").matrix[:, 0], cells)
