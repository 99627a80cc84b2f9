"""What an attack on the reader found in cells, labels and notes: each with its right value."""

import numpy as np
import pandas as pd
import pytest

from cycled_cells import NUMBERS, cycled
from normexp import DataError, SoftmaxClassifier
from normexp.errors import DataWarning
from normexp.tables import open_source, read
from tabling import kinds, lines, quietly, told, write


def test_years_of_two_digits_in_front_are_read_so_on_request(tmp_path):
    path = write(tmp_path, lines("d,y", [[f"20/02/{i % 28 + 1:02}", "pq"[i % 2]] for i in range(30)]))
    asked = told(path, "column 'd': read as dates, year first", target="y", date_format="%y/%m/%d")
    assert asked.schema.columns[0].date_order == "yymd"
    np.testing.assert_array_equal(asked.matrix[:3, 1:3], [[2, 1], [2, 2], [2, 3]])
    assert told(path, "column 'd': read as dates, day first", target="y").schema.columns[0].date_order == "dmy"


def test_a_wish_that_does_not_fit_is_said(tmp_path):
    days = write(tmp_path, lines("d,y", [[f"{13 + i % 9}/01/2020", "pq"[i % 2]] for i in range(30)]))
    dates = told(days, r"column 'd': --date-format mdy does not fit dates such as '13/01/2020'", "read as dates, day first", target="y", date_format="mdy")
    assert dates.schema.columns[0].date_order == "dmy"
    points = {"a": [f"{i}.{i % 10}" for i in range(1, 31)], "y": cycled("p", "q")}
    numbers = told(points, r"column 'a': --decimal , does not fit its numbers, which have a decimal point", target="y", decimal=",")
    np.testing.assert_array_equal(numbers.matrix[:, 0], np.float32(points["a"]))


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


@pytest.mark.parametrize("cell", [np.nan, None, pd.NA, pd.NaT])
def test_a_row_whose_category_is_missing_is_answered(cell):
    frame = pd.DataFrame({"s": cycled("u", "v"), "a": NUMBERS})
    model = SoftmaxClassifier(epochs=2, random_state=0, quality="fast").fit(frame, cycled("p", "q"))
    whole = model.predict_proba(pd.DataFrame({"s": ["u", None], "a": [1.0, 1.0]}))
    np.testing.assert_array_equal(model.predict_proba({"s": cell, "a": 1.0}), whole[1:])
    np.testing.assert_array_equal(model.predict_proba(pd.Series({"s": cell, "a": 1.0}, dtype=object)), whole[1:])
    assert model.predict_proba(frame.head(0)).shape == (0, 2)


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


def test_infinities_and_huge_integers_of_a_row_are_bad_cells():
    model = SoftmaxClassifier(epochs=2, random_state=0, quality="fast").fit(pd.DataFrame({"x": NUMBERS, "z": NUMBERS[::-1]}), cycled("p", "q"))
    missing = model.predict_proba({"x": None, "z": 1.0})
    for cell in (np.inf, 10**400, -(10**400)):
        with pytest.warns(DataWarning, match=r"column 'x': 1 cell is not a number: '-?inf'"):
            np.testing.assert_array_equal(model.predict_proba({"x": cell, "z": 1.0}), missing)


def test_identifiers_of_whole_numbers_written_with_a_point():
    cells = [f"{value}.0" for value in np.random.default_rng(0).permutation(60)]
    table = told({"i": cells, "a": NUMBERS * 2}, "column 'i' is left out: it has a different whole number in every row, from 0 to 59")
    assert kinds(table) == {"a": "number"}


def test_notes_on_many_columns_fit_a_screen_and_labels_are_named():
    schema = quietly({f"c{i}": cycled("u", "v") for i in range(100)}).schema
    with open_source({f"c{i}": cycled("U", f"w{i}") for i in range(100)}, schema=schema) as source:
        source.table()
    assert len(source.notes) == 41
    table = quietly({"a": NUMBERS, "y": cycled("yes", "no")}, target="y")
    later = {"a": NUMBERS, "y": cycled("YES", "no")}
    told(later, r"labels 'YES' are none of the classes 'no', 'yes'; 'YES': in case or spaces only, --match-case no", target="y", schema=table.schema, classes=table.classes)
    assert (quietly(later, target="y", schema=table.schema, classes=table.classes, match_case=False).targets == table.targets).all()
