"""What readers of the code found: each with its right value."""

import json
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from normexp import DataError, SoftmaxClassifier
from normexp.tables import number_matrix, open_source, read
from tabling import kinds, quietly, told, write

LABELS = ["x", "y"] * 30
NUMBERS = [0.5 + i % 7 for i in range(60)]


def test_words_for_missing_beyond_ascii():
    cells = ["Übel" if i % 10 == 0 else str(i * 1.5) for i in range(60)]
    table = quietly({"v": cells, "t": LABELS}, target="t", missing=["Übel"])
    assert (kinds(table), int(np.isnan(table.matrix).sum())) == ({"v": "number"}, 6)
    learnt = told({"v": cells, "t": LABELS}, r"column 'v': 'Übel' \(6 cells\) taken as missing among numbers", target="t", bad_cells="refuse")
    assert int(np.isnan(learnt.matrix).sum()) == 6


@pytest.mark.parametrize("front", ["sep=;\n\n", "\n\nsep=;\n", "sep=;\n"])
def test_blank_lines_about_a_line_of_the_separator(tmp_path, front):
    table = told(write(tmp_path, front + "a;b\n" + "".join(f"{i % 5}.5;{'xy'[i % 2]}\n" for i in range(60))), target="b")
    np.testing.assert_array_equal(table.matrix[:, 0], [i % 5 + 0.5 for i in range(60)])


@pytest.mark.parametrize("name", ["a\u2028b", "a\x0cb", "a\x85b"])
def test_line_ends_that_are_none(tmp_path, name):
    table = told(write(tmp_path, f"{name},t\n" + "".join(f"{i % 5}.5,{'xy'[i % 2]}\n" for i in range(60))), target="t")
    assert ([column.name for column in table.schema.columns], len(table)) == ([name], 60)


def test_labels_that_are_no_utf_8_are_refused():
    words = [b"c\xff", b"aaa", b"bbb"] * 20
    offsets = np.cumsum([0, *map(len, words)]).astype(np.int32)
    text = pa.StringArray.from_buffers(60, pa.py_buffer(offsets.tobytes()), pa.py_buffer(b"".join(words)))
    with pytest.raises((DataError, UnicodeDecodeError), match=r"expected labels that are text in UTF-8|utf-8"):
        read(pa.table({"v": NUMBERS, "t": text}), target="t")


def test_keys_of_json_come_in_one_order_on_any_number_of_processors(tmp_path):
    rows = [{"v": i} for i in range(150)] + [{"v": 1, **{f"k{j}": j for j in range(50)}}]
    path = write(tmp_path, "\n".join(map(json.dumps, rows)) + "\n", "t.jsonl")
    with open_source(path) as source:
        assert source.names == ["v", *sorted(f"k{j}" for j in range(50))]


def test_a_centre_takes_no_number_out_of_float32():
    for values in ([3e38] * 40 + [-3e38] * 20, ["3e38"] * 40 + ["-3e38"] * 20):
        assert np.isfinite(quietly({"v": values, "t": LABELS}, target="t").matrix).all()


def test_zero_is_not_false():
    table = told({"v": NUMBERS, "t": np.arange(60) % 2 == 0}, r"no cell is '0'", target="t", missing=[0])
    assert (table.classes.tolist(), len(table)) == ([False, True], 60)


def test_nested_keys_of_every_file_are_left_out(tmp_path):
    write(tmp_path, "\n".join(json.dumps({"a": {"x": i}, "b": None, "v": i % 7}) for i in range(60)) + "\n", "j1.jsonl")
    write(tmp_path, "\n".join(json.dumps({"a": None, "b": [i], "v": i % 7}) for i in range(60)) + "\n", "j2.jsonl")
    table = told(f"{tmp_path}/j*.jsonl", "column 'a' is left out: it holds objects or lists", "column 'b' is left out: it holds objects or lists")
    assert kinds(table) == {"v": "number"}


def test_few_rows_of_float32_are_as_many():
    schema = quietly({"c": ["0.1", "0.2", "u"] * 20}).schema
    many = pd.DataFrame({"c": np.full(40, 0.1, np.float32)})
    np.testing.assert_array_equal(quietly(many.head(2), schema=schema).matrix, quietly(many, schema=schema).matrix[:2])


def test_a_wish_for_years_in_front_is_said_not_to_fit():
    days = {"d": ["05/06/2020", "07/08/2021", "01/02/2020"] * 20, "t": LABELS}
    table = told(days, "column 'd': --date-format ymd does not fit dates such as '05/06/2020'", "column 'd': read as dates, month first", target="t", date_format="ymd")
    assert table.schema.columns[0].date_order == "mdy"


def test_signs_and_exponents():
    huge = quietly({"v": ["0.1e400", "1e-400", "0." + "0" * 400 + "1", *map(str, NUMBERS)]})
    assert (np.isnan(huge.matrix[0, 0]), huge.matrix[1:3, 0].tolist()) == (np.True_, [0.0, 0.0])
    minus = quietly({"v": ["(5)", "(-5)", *[f"({number})" for number in NUMBERS] * 3]})
    assert (minus.matrix[0, 0], bool(np.isnan(minus.matrix[1, 0]))) == (-5, True)


def test_the_order_of_rows_does_not_decide_what_a_column_is():
    junk, good = [f"{i} {'abcdefghijkl'[i]}x" for i in range(12)], [f"{i % 90 + 0.5} kg" for i in range(2000)]
    for cells in (junk + good, good + junk):
        assert quietly({"v": cells, "w": [0.5] * len(cells)}).schema.columns[0].suffix == "kg"


def test_labels_beside_a_table_are_counted():
    table = read("example:iris", target="species")
    for n in (200, 10):
        with pytest.raises(ValueError, match=f"expected one label a row, got {n} labels for 150 rows"):
            SoftmaxClassifier(epochs=1, quality="fast").fit(table, ["p", "q"] * (n // 2))


def test_numbers_that_come_as_categories_or_dates():
    weights = quietly(pd.DataFrame({"v": NUMBERS, "w": pd.Categorical(["1", "2"] * 30), "t": LABELS}), target="t", weight="w").weights
    assert weights[:2].tolist() == [1, 2]
    assert number_matrix({"a": pd.Categorical(["1", "2"])}, ["a"]).tolist() == [[1], [2]]
    with pytest.raises(DataError, match=r"expected weights of at least 0 in column 'w', got 2020-01-01 \(the data frame, row 1\)"):
        quietly(pd.DataFrame({"v": NUMBERS, "w": pd.to_datetime(["2020-01-01", "2020-01-02"] * 30), "t": LABELS}), target="t", weight="w")


def test_line_ends_in_cells_of_sqlite(tmp_path):
    with sqlite3.connect(tmp_path / "s.db") as connection:
        connection.execute("CREATE TABLE t (a, b)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(i % 7, "p\r\nq" if i % 2 == 0 else "r\ns") for i in range(60)])
    connection.close()
    assert told(f"{tmp_path}/s.db::t", target="b").classes.tolist() == ["p\r\nq", "r\ns"]


def test_a_space_of_typesetters_alone_is_missing_everywhere():
    table = quietly({"c": ["\u00a0", "u", "v"] * 20, "v": ["\u00a0", "1.5", "2.5"] * 20})
    assert table.schema.columns[0].categories == ("u", "v")
    assert np.isnan(table.matrix[0]).all()


def test_rules_are_kept_by_many_threads():
    code = (
        "import sys, threading; from normexp.tables import Column, Schema; from normexp.tables.conversion import rules_of; sys.setswitchinterval(1e-6)\n"
        "schemas = [Schema((Column(f'c{i}', 'number'),)) for i in range(200)]; failed = []\n"
        "def work():\n    try:\n        for schema in schemas: assert len(rules_of(schema)) == 1\n    except BaseException as error: failed.append(error)\n"
        "threads = [threading.Thread(target=work) for _ in range(8)]; [t.start() for t in threads]; [t.join() for t in threads]; assert not failed, failed\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""
