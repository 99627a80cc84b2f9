"""Targets and weights of a table: labels of their own type, rows without a target, tables that are none to learn from."""

import pytest

from normexp import DataError
from normexp.tables import read
from tabling import lines, told, write


@pytest.mark.parametrize(
    ("cells", "classes"),
    [(["3", "-1", "3"], [-1, 3]), (["0.5", "1.5", "0.5"], [0.5, 1.5]), (["true", "false", "true"], [False, True]), (["true", "False", "true"], ["False", "true"]),
        (["b", "a", "b"], ["a", "b"]), (["1", "x", "1"], ["1", "x"])],
)
def test_labels_have_their_own_type(tmp_path, cells, classes):
    table = read(write(tmp_path, lines("a,y", [[i, cell] for i, cell in enumerate(cells)])), target="y")
    assert table.classes.tolist() == classes
    assert [str(label).lower() if isinstance(label, bool) else str(label) for label in table.labels.tolist()] == cells


def test_rows_without_target_are_dropped_and_counted(tmp_path):
    table = told(write(tmp_path, "a,y\n1,p\n2,\n3,q\n4,?\n"), r"2 rows without a target dropped: 1 with '\?' \(--keep-words '\?' keeps it as a class\)", target="y")
    assert table.matrix[:, 0].tolist() == [1, 3]
    assert table.row_numbers.tolist() == [1, 3]


def test_weights(tmp_path):
    path = write(tmp_path, "a,w,y\n1,0.5,p\n2,2,q\n")
    assert read(path, target="y", weight="w").weights.tolist() == [0.5, 2]
    with pytest.raises(DataError, match="expected weights of at least 0 in column 'a', got -1"):
        read(write(tmp_path, "a,x,y\n1,0,p\n-1,1,q\n"), target="y", weight="a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got an empty file"), ("a,y\n", "got a header only"), ("a,a,y\n1,2,p\n", "got 'a' more than once"),
        ("a,y\n1,p\n2\n", r"expected 2 columns in every row, got 1 \(.*line 3\)"), ('a,y\n1,"p\n2,q\n', "expected a closing quote"), ("a,y\n1,p\n2,p\n", "got only 'p'"),
        ("a,y\n1,\n2,?\n", "expected rows with a target, got none"),
        ("y\np\nq\n", "expected at least one column to learn from"), (lines("a,y", [(i, i / 7) for i in range(100)]), "looks like regression"),
        (lines("a,y", [(i, f"t{i}") for i in range(100)]), "got 100 different texts in 100 rows"),
        ("a,b\n1,2\n", "expected a column named 'y' as target, got a table with columns 'a', 'b'"),
    ],
)  # fmt: skip
def test_tables_that_are_refused(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read(write(tmp_path, text), target="y")
