"""Labels of a table: their spelling where they are text, their type where the source has one, a word where they look wrong."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from normexp import DataError
from normexp.tables import read
from tabling import lines, quietly, told, write

SPELT = {
    "words": (["b", "a"], ["a", "b"]), "integers": (["3", "-1"], [-1, 3]), "fractions": (["0.25", "0.1"], [0.1, 0.25]), "zeros": (["0.0", "1.0"], [0.0, 1.0]),
    "true and false": (["true", "false"], [False, True]), "TRUE and FALSE": (["TRUE", "FALSE"], ["FALSE", "TRUE"]), "True and False": (["True", "False"], ["False", "True"]),
    "signs": (["+1", "-1"], ["+1", "-1"]), "leading zeros": (["01", "1"], ["01", "1"]), "zeros at the end": (["1.50", "2.25"], ["1.50", "2.25"]),
    "exponents": (["1e3", "5"], ["1e3", "5"]),
    "yes and no": (["yes", "no"], ["no", "yes"]), "minus zero": (["-0", "0"], ["-0", "0"]),
    "beyond 2^53": (["9007199254740993", "9007199254740992"], [9007199254740992, 9007199254740993]),
    "beyond 2^63": (["9223372036854775808", "1"], ["1", "9223372036854775808"]), "infinity": (["inf", "1"], ["1", "inf"]), "underscores": (["1_0", "10"], ["10", "1_0"]),
    "dates": (["01.02.2020", "2020-02-01"], ["01.02.2020", "2020-02-01"]), "days of months": (["1 May", "2 May"], ["1 May", "2 May"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", SPELT)
def test_text_keeps_its_spelling(kind, tmp_path):
    cells, classes = SPELT[kind]
    table = told(write(tmp_path, lines("a,y", [(i % 3, cell) for i, cell in enumerate(cells * 3)])), target="y")
    assert [type(label) for label in table.classes.tolist()] == [type(label) for label in classes]
    assert table.classes.tolist() == classes
    spelt = [str(label).lower() if isinstance(label, bool) else str(label) for label in table.labels.tolist()]
    assert spelt == cells * 3
    again = read(tmp_path / "table.csv", target="y", schema=table.schema, classes=table.classes)
    np.testing.assert_array_equal(again.targets, table.targets)


TYPED = {
    "boolean": (["true", "false"], [False, True]), "tinyint": (["1", "-2"], [-2, 1]), "bigint": (["9007199254740993", "9007199254740992"], [9007199254740992, 9007199254740993]),
    "hugeint": (["170141183460469231731687303715884105727", "3"], ["170141183460469231731687303715884105727", "3"]),
    "ubigint": (["18446744073709551615", "3"], ["18446744073709551615", "3"]),
    "decimal(9,2)": (["1.50", "2.00"], ["1.50", "2.00"]), "double": (["0.1", "2"], [0.1, 2.0]), "date": (["'2020-01-31'", "'2021-01-01'"], ["2020-01-31", "2021-01-01"]),
    "timestamp": (["'2020-01-01 12:30:00'", "'2021-01-01'"], ["2020-01-01 12:30:00", "2021-01-01 00:00:00"]), "time": (["'10:00'", "'11:30'"], ["10:00:00", "11:30:00"]),
    "timestamptz": (["'2020-01-01 12:00:00+02'", "'2021-01-01 00:00:00+00'"], ["2020-01-01 10:00:00+00", "2021-01-01 00:00:00+00"]),
    "interval": (["interval 1 day", "interval 2 month"], ["1 day", "2 months"]),
    "blob": (["'\\xAA'::blob", "'ab'::blob"], ["\\xAA", "ab"]), "enum('+1', '01', 'TRUE')": (["'+1'", "'TRUE'"], ["+1", "TRUE"]), "varchar": (["'TRUE'", "'0.0'"], ["0.0", "TRUE"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", TYPED)
def test_labels_of_a_database_come_back_as_they_were(kind, tmp_path):
    cells, classes = TYPED[kind]
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.execute(f"CREATE TABLE t(a DOUBLE, y {kind})")
        for i in range(6):
            connection.execute(f"INSERT INTO t VALUES ({i % 4}, {cells[i % 2]})")
        connection.execute("INSERT INTO t VALUES (9, NULL)")
    table = told(f"{tmp_path}/t.duckdb::t", "^1 row without a target dropped$", target="y")
    assert table.classes.tolist() == classes
    assert table.targets[:2].tolist() in ([0, 1], [1, 0])
    assert (table.targets[::2] == table.targets[0]).all()
    first = str(table.labels.tolist()[0])
    assert first.lower() == cells[0].strip("'").lower() or kind in ("timestamptz", "interval", "blob", "time", "timestamp")


@pytest.mark.parametrize("kind", ["integer[]", "struct(k integer)"])
def test_labels_that_are_nested_are_refused_in_words(kind, tmp_path):
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.execute(f"CREATE TABLE t AS SELECT range AS a, {'[range]' if kind.endswith(']') else '{k: range}'} AS y FROM range(4)")
    with pytest.raises(DataError, match=r"expected labels that are text, numbers or booleans, got a column of type (BIGINT\[\]|STRUCT).*column 'y'\); choose another column"):
        read(f"{tmp_path}/t.duckdb::t", target="y")


def test_labels_that_differ_in_spaces_around_them_are_one():
    table = read({"a": [1.0, 2, 3, 4], "y": ["p", " p", "q ", "q"]}, target="y")
    assert (table.classes.tolist(), table.targets.tolist()) == (["p", "q"], [0, 0, 1, 1])


def test_declared_categories_without_rows_are_no_classes():
    frame = pd.DataFrame({"a": [1.0, 2, 3], "y": pd.Categorical(["p", "q", "p"], categories=["never", "q", "p"])})
    assert read(frame, target="y").classes.tolist() == ["p", "q"]


@pytest.mark.parametrize(("n", "step"), [(201, 1), (31, 0.5)])
def test_many_numbers_as_classes_need_a_word(n, step, tmp_path):
    cells = [i * step for i in range(n)] * 2
    path = write(tmp_path, lines("a,y", [(i % 7, cell) for i, cell in enumerate(cells)]))
    with pytest.raises(DataError, match=rf"got {n} different numbers: this looks like regression .*say --classes any \(any_classes=True\)"):
        read(path, target="y")
    table = quietly(path, target="y", any_classes=True)
    assert len(table.classes) == n
    assert [float(label) for label in table.labels] == cells


def test_a_different_text_in_every_row_needs_a_word(tmp_path):
    path = write(tmp_path, lines("a,y", [(i % 7, f"t{i}") for i in range(30)]))
    with pytest.raises(DataError, match=r"got 30 different texts in 30 rows .*--classes any"):
        read(path, target="y")
    assert len(read(path, target="y", any_classes=True).classes) == 30


def test_new_tables_match_labels_by_spelling_or_value(tmp_path):
    table = read(write(tmp_path, "a,y\n1,1\n2,0\n3,1\n"), target="y")
    for labels in ([1, 0, 1], [1.0, 0.0, 1.0], ["1", "0", "1.0"]):
        again = read({"a": [1.0, 2, 3], "y": labels}, target="y", schema=table.schema, classes=table.classes)
        assert again.targets.tolist() == [1, 0, 1]
    frame = {"a": [1.0, 2, 3], "y": ["1", "zebra", None]}
    other = told(frame, "1 row without a target dropped", "labels 'zebra' are none of the classes 0, 1", target="y", schema=table.schema, classes=table.classes)
    assert other.targets.tolist() == [1, -1]
