"""Columns that say which rows belong together and in which order they are: read, never features."""

import numpy as np
import pandas as pd
import pytest

from normexp import SoftmaxClassifier
from normexp.classifier._planning import seed_of
from normexp.errors import DataError, DataWarning
from normexp.tables import held_out_rows, open_source, read

N = 60
FRAME = pd.DataFrame({
    "x": np.linspace(0, 1, N), "who": [f"c{i // 3:02d}" for i in range(N)], "when": pd.date_range("2024-01-01", periods=N, freq="36h"), "n": np.arange(N)[::-1] * 0.5 + 7,
    "y": ["u", "v"] * (N // 2),
})  # fmt: skip


def test_groups_are_numbered_and_no_feature():
    table = read(FRAME, target="y", group="who", ignore=["when", "n"])
    assert [column.name for column in table.schema.columns] == ["x"]
    assert table.groups.tolist() == [i // 3 for i in range(N)]
    assert table.times is None
    part = table.take(np.array([5, 3, 50]))
    assert part.groups.tolist() == [1, 1, 16]


@pytest.mark.parametrize("form", ["frame", "csv", "numbers"])
def test_groups_are_the_same_whatever_they_come_in(form, tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    source = {"frame": FRAME, "csv": tmp_path / "t.csv", "numbers": FRAME.assign(who=np.arange(N) // 3 + 1000)}[form]
    groups = read(source, target="y", group="who", ignore=["when", "n"]).groups
    np.testing.assert_array_equal(np.unique(groups, return_inverse=True)[1], np.arange(N) // 3)


def test_a_row_without_a_name_is_a_group_by_itself():
    with pytest.warns(DataWarning, match="1 row without a target dropped"):
        table = read(FRAME.assign(who=[None, None, *FRAME.who[2:]], y=[*FRAME.y[:-1], None]), target="y", group="who", ignore=["when", "n"])
    assert len(table) == len(table.groups) == N - 1
    assert len(set(table.groups)) == len(set(FRAME.who[2:])) + 2


@pytest.mark.parametrize(("column", "expected"), [("when", [pd.Timestamp("2024-01-01").timestamp(), 36 * 3600]), ("n", [7 + 0.5 * (N - 1), -0.5])])
@pytest.mark.parametrize("form", ["frame", "csv"])
def test_times_are_seconds_of_dates_or_numbers(column, expected, form, tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    table = read(FRAME if form == "frame" else tmp_path / "t.csv", target="y", time=column, ignore=["who", {"when": "n", "n": "when"}[column]])
    np.testing.assert_allclose(table.times, expected[0] + expected[1] * np.arange(N))
    assert [c.name for c in table.schema.columns] == ["x"]


def test_dates_as_people_write_them_order_rows_too(tmp_path):
    pd.DataFrame({"x": range(40), "d": [f"{1 + i % 28:02d}.{1 + i // 28:02d}.2024" for i in range(40)], "y": ["u", "v"] * 20}).to_csv(tmp_path / "t.csv", index=False)
    with pytest.warns(DataWarning, match="column 'd': read as dates, day first"):
        table = read(tmp_path / "t.csv", target="y", time="d", keep_columns=["x"])
    assert (np.diff(table.times) > 0).all()


@pytest.mark.parametrize(("options", "message"), [
    ({"group": "whom"}, "expected a column named 'whom' as group, .*did you mean 'who'"), ({"time": "whenn"}, "expected a column named 'whenn' as time, .*did you mean 'when'"),
    ({"time": "who"}, "expected dates or numbers in column 'who' to order the rows by, got words"),
])  # fmt: skip
def test_columns_that_cannot_be_used(options, message):
    with pytest.raises(DataError, match=message):
        read(FRAME, target="y", **options)
    with pytest.raises(ValueError, match="expected rows to be kept together by group or in order by time, got both"):
        read(FRAME, target="y", group="who", time="when")


def test_a_row_without_a_time_is_named():
    with pytest.raises(DataError, match="expected a time in every row of column 'when', got none in 2, the first the data frame, row 4; leave such rows out"):
        read(FRAME.assign(when=FRAME.when.where(~FRAME.index.isin([3, 8]))), target="y", time="when", ignore=["who", "n"])


def test_a_frozen_schema_leaves_them_aside():
    schema = read(FRAME, target="y", group="who", ignore=["when", "n"]).schema
    with open_source(FRAME, schema=schema) as source:
        assert source.unused == ["who", "when", "n"]


def test_a_fit_keeps_groups_together_and_the_order_of_time():
    table = read(FRAME, target="y", group="who", ignore=["when", "n"])
    quick = {"quality": "fast", "hidden_layer_sizes": (4,), "epochs": 3, "random_state": 0}
    by_table, by_names = SoftmaxClassifier(**quick).fit_table(table), SoftmaxClassifier(**quick).fit(table.matrix.astype(np.float64), FRAME.y, groups=FRAME.who)
    np.testing.assert_array_equal(by_table.parameters_.values, by_names.parameters_.values)
    large, _ = held_out_rows(table.targets, 0.2, seed_of(by_names), groups=table.groups)
    assert by_table.encoder_.centre[0] == np.median(table.matrix[large, 0].astype(np.float64))
    timed = read(FRAME, target="y", time="n", ignore=["who", "when"])
    later = SoftmaxClassifier(**quick).fit(timed)
    assert later.encoder_.high[0] == timed.matrix[:, 0].max()  # n falls as x rises: the first rows are the last in time
    assert later.encoder_.low[0] == timed.matrix[12, 0]


def test_groups_of_a_fit_are_checked():
    X, y = FRAME[["x"]], FRAME.y
    with pytest.raises(ValueError, match="expected the name of a group for each of the 60 rows, got groups of shape \\(3,\\)"):
        SoftmaxClassifier().fit(X, y, groups=[1, 2, 3])
    with pytest.raises(ValueError, match="expected groups to split X by, or validation_data, got both; leave one out"):
        SoftmaxClassifier().fit(X, y, groups=FRAME.who, validation_data=(X, y))
    with pytest.raises(DataError, match="expected rows of several groups to hold some out, got one group"):
        SoftmaxClassifier().fit(X, y, groups=["one"] * N)
