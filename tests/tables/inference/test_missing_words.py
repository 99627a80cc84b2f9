"""Words that mean a missing value: pandas's list among numbers and dates, what the caller adds and keeps, and what is said."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pandas._libs.parsers import STR_NA_VALUES

from normexp import DataError, SoftmaxClassifier
from normexp.tables import read
from tabling import kinds, lines, noted, quietly, told, write

NUMBERS = [((i * 37) % 101) / 4 for i in range(40)]
DAYS = [f"2020-01-{i % 28 + 1:02d}" for i in range(40)]


def with_word(cells, word, every=8):
    return [word if i % every == 3 else cell for i, cell in enumerate(cells)]


def table_of(folder, cells):
    """Quoted, so that an empty word is a word."""
    return write(folder, 'a,y\n' + "".join(f'"{cell}",{"pq"[i % 2]}\n' for i, cell in enumerate(cells)), "t.csv")


@pytest.mark.parametrize("word", sorted(STR_NA_VALUES))
@pytest.mark.parametrize("cells", [NUMBERS, DAYS], ids=["numbers", "dates"])
def test_pandas_words_are_missing_among_numbers_and_dates(word, cells, tmp_path):
    table = quietly(table_of(tmp_path, with_word(cells, word)), target="y")
    assert kinds(table) == {"a": "number" if cells is NUMBERS else "date"}
    assert np.flatnonzero(np.isnan(table.matrix[:, 0])).tolist() == list(range(3, 40, 8))
    if cells is NUMBERS:
        frame = pd.read_csv(tmp_path / "t.csv")
        np.testing.assert_array_equal(table.matrix[:, 0], frame["a"].to_numpy(np.float32))


@pytest.mark.parametrize("word", ["None", "-", "n.a.", "#DIV/0!", "--", "missing", "<NA>"])
def test_words_that_are_missing_among_numbers_only_are_counted(word, tmp_path):
    path = table_of(tmp_path, with_word(NUMBERS, word))
    told(path, rf"^column 'a': '{word}' \(5\) taken as missing$", target="y")
    colours = with_word(["red", "green", "blue", "red"] * 10, word)
    assert word in quietly(table_of(tmp_path, colours), target="y").schema.columns[0].categories


@pytest.mark.parametrize("word", ["NA", "n/a", "NaN", "null", "?", ""])
def test_words_that_are_missing_everywhere_are_not_worth_a_note(word, tmp_path):
    told(table_of(tmp_path, with_word(NUMBERS, word)), target="y")
    table = told(table_of(tmp_path, with_word(["red", "green"] * 20, word)), target="y")
    assert np.flatnonzero(np.isnan(table.matrix[:, 0])).tolist() == list(range(3, 40, 8))


def test_a_word_that_makes_up_the_rest_of_a_column_is_missing_with_a_note(tmp_path):
    path = table_of(tmp_path, with_word(NUMBERS, "not measured"))
    table = told(path, r"column 'a': 'not measured' \(5 cells\) taken as missing among numbers; with --keep-words 'not measured' the column is categories", target="y")
    assert np.isnan(table.matrix).sum() == 5
    new = told({"a": ["1.5", "Not Measured", "2"]}, schema=table.schema)  # frozen: no bad cell
    np.testing.assert_array_equal(new.matrix[:, 0], [1.5, np.nan, 2])
    dates = told(table_of(tmp_path, with_word(DAYS, "never")), r"column 'a': 'never' \(5 cells\) taken as missing among dates", target="y")
    assert kinds(dates) == {"a": "date"}


def test_keep_words_keeps_a_word_as_a_category(tmp_path):
    path = table_of(tmp_path, with_word(["red", "green", "blue", "red"] * 10, "NA"))
    assert quietly(path, target="y").schema.columns[0].categories == ("blue", "green", "red")
    table = told(path, target="y", keep_words=["na"])
    assert table.schema.columns[0].categories == ("NA", "blue", "green", "red")
    assert not np.isnan(table.matrix).any()
    new = told({"a": ["NA", "red", "?"]}, schema=table.schema)  # frozen into the schema
    np.testing.assert_array_equal(new.matrix[:, 0], [0, 3, np.nan])


def test_keep_words_keeps_the_rest_of_a_column_as_the_note_says(tmp_path):
    table = quietly(table_of(tmp_path, with_word(NUMBERS, "not measured")), target="y", keep_words=["not measured"])
    assert kinds(table) == {"a": "category"}
    assert "not measured" in table.schema.columns[0].categories


def frames(values):
    yield "pandas", pd.DataFrame({"a": values})
    yield "polars", pl.DataFrame({"a": values})
    yield "integers", pd.DataFrame({"a": np.array(values, np.int64)})
    yield "text", {"a": [str(value) for value in values]}
    yield "floats in text", {"a": [f"{value:.1f}" for value in values]}
    yield "array", np.array(values, float)[:, None]
    yield "objects", {"a": [*map(int, values[:-1]), None]}


VALUES = [3, -999, 7, 7, -999, 12]


@pytest.mark.parametrize("kind", [name for name, _ in frames(VALUES)])
def test_a_number_means_missing_in_any_source(kind):
    table = told(dict(frames(VALUES))[kind], missing=[-999])
    right = np.array(VALUES, np.float32)
    right[right == -999] = np.nan
    right[-1] = np.nan if kind == "objects" else 12
    np.testing.assert_array_equal(table.matrix[:, 0], right)
    column = table.schema.columns[0].name
    np.testing.assert_array_equal(read({column: [-999, -999.0, 5]}, schema=table.schema).matrix[:, 0], [np.nan, np.nan, 5])  # frozen


def test_a_number_means_missing_in_a_file_and_among_categories(tmp_path):
    path = write(tmp_path, "a,b,y\n1.5,u,p\n-999,-999,q\n-999.0,v,p\n7,-999,q\n")
    table = told(path, target="y", missing=[-999])
    np.testing.assert_array_equal(table.matrix, [[1.5, 0], [np.nan, np.nan], [np.nan, 1], [7, np.nan]])


def test_a_word_that_matched_nothing_is_said(tmp_path):
    path = write(tmp_path, "a,y\n1.5,p\n2,q\nnone here,p\n4,q\n")
    notes = quietly(path, target="y", missing=["-998", "None Here"]).notes
    assert [note for note in notes if "no cell is" in note] == ["no cell is '-998', which --missing names (missing=['-998'])"]


def test_a_word_that_matched_among_declared_categories_or_labels_is_not_said_to_match_nothing(tmp_path):
    told(pd.DataFrame({"a": pd.Categorical(["UNKNOWN", "b", "c", "b"])}), missing=["unknown"])
    note = r"^1 row without a target dropped: 1 with '-999' \(--keep-words '-999' keeps it as a class\)$"
    for labels in ([1, 0, -999, 1], [1.0, 0, -999, 1], ["1", "0", "-999", "1"]):
        table = told({"a": [1.5, 2, 3, 4], "y": labels}, note, target="y", missing=[-999])
        assert table.row_numbers.tolist() == [1, 2, 4]
    told({"a": [True, False, True], "b": [1.5, 2, 2]}, r"no cell is '1', which --missing names", missing=[1])


def test_dropped_target_rows_say_which_word_it_was(tmp_path):
    path = write(tmp_path, lines("a,y", [(1, "EU"), (2, "NA"), (3, "US"), (4, "NA"), (5, ""), (6, "?"), (7, "EU")]))
    note = r"4 rows without a target dropped: 2 with 'NA', 1 with '\?' \(--keep-words 'NA' --keep-words '\?' keeps them as a class\)"
    assert told(path, note, target="y").classes.tolist() == ["EU", "US"]
    kept = told(path, r"2 rows without a target dropped: 1 with '\?'", target="y", keep_words=["NA"])
    assert kept.classes.tolist() == ["EU", "NA", "US"]
    assert kept.labels.tolist() == ["EU", "NA", "US", "NA", "EU"]
    assert kept.row_numbers.tolist() == [1, 2, 3, 4, 7]


def test_words_among_the_labels_of_other_types_stay_labels(tmp_path):
    """None, - and their like are missing among numbers and dates, not among labels."""
    path = write(tmp_path, lines("a,y", [(1, "None"), (2, "-"), (3, "None"), (4, "-")]))
    assert told(path, target="y").classes.tolist() == ["-", "None"]


@pytest.mark.parametrize("bad_cells", [None, "missing", "refuse"])
def test_infinities_and_numbers_beyond_float32(bad_cells, tmp_path):
    path = table_of(tmp_path, [*NUMBERS[:10], "inf", "1e39", "-Infinity", *NUMBERS[:10]])
    if bad_cells == "refuse":
        with pytest.raises(DataError, match=r"got an infinity \(.*row 11\).*got '1e39' \(.*row 12\).*got an infinity \(.*row 13\)"):
            read(path, target="y", bad_cells=bad_cells)
    else:
        table = told(path, r"column 'a': 3 cells are not a number, the first: 'inf' \(.*row 11\); taken as missing", target="y", bad_cells=bad_cells)
        assert np.flatnonzero(np.isnan(table.matrix[:, 0])).tolist() == [10, 11, 12]


def test_the_estimator_warns_of_bad_cells_and_takes_them_as_missing():
    frame = pd.DataFrame({"a": [str(number) for number in NUMBERS], "c": ["u", "v"] * 20})
    model = SoftmaxClassifier(epochs=2, random_state=0, quality="fast").fit(frame, [0, 1] * 20)
    matrix = noted(lambda: model.to_matrix({"a": ["1.5", "oops", "-"], "c": ["u", "w", None]}),
                   r"column 'a': 1 cell is not a number: 'oops' \(the data frame, row 2\); taken as missing", r"column 'a': '-' \(1\) taken as missing",
                   r"column 'c': 1 row with a category not seen in training \('w'\)")  # fmt: skip
    np.testing.assert_array_equal(matrix, [[1.5, 0], [np.nan, -1], [np.nan, np.nan]])
