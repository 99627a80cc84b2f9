"""What a library declares as categories is obeyed, even of digits and dates."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pytest

from normexp.tables import read
from tabling import kinds, told

DIGITS, DAYS = ["10", "2", None, "10", "7"], ["2020-01-02", "2021-05-06", None, "2020-01-02", "2019-01-01"]


def declared(words):
    """The same declared categories of text in every library."""
    plain = sorted({word for word in words if word})
    yield "pandas", pd.DataFrame({"z": pd.Categorical(words)})
    yield "pandas with more", pd.DataFrame({"z": pd.Categorical(words, categories=[*reversed(plain), "zz"])})
    yield "pandas of pyarrow", pd.DataFrame({"z": pd.Series(words, dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())))})
    yield "polars Categorical", pl.DataFrame({"z": pl.Series(words, dtype=pl.Categorical)})
    yield "polars Enum", pl.DataFrame({"z": pl.Series(words, dtype=pl.Enum([*reversed(plain), "zz"]))})
    yield "polars lazy", pl.LazyFrame({"z": pl.Series(words, dtype=pl.Categorical)})
    yield "pyarrow", pa.table({"z": pa.array(words).dictionary_encode()})
    yield "pyarrow chunks", pa.table({"z": pa.chunked_array([pa.array(words[:2]).dictionary_encode(), pa.array(words[2:]).dictionary_encode()])})
    yield "an Arrow stream", pa.table({"z": pa.array(words).dictionary_encode()}).to_reader()
    yield "a dict of Categorical", {"z": pd.Categorical(words)}
    yield "a dict of Series", {"z": pd.Series(words, dtype="category")}
    yield "a dict of polars", {"z": pl.Series(words, dtype=pl.Categorical)}


@pytest.mark.parametrize("words", [DIGITS, DAYS], ids=["digits", "days"])
@pytest.mark.parametrize("kind", [name for name, _ in declared(DIGITS)])
def test_declared_categories_are_categories_even_of_digits_and_dates(kind, words):
    table = told(dict(declared(words))[kind])
    assert kinds(table) == {"z": "category"}
    assert table.schema.columns[0].categories == tuple(sorted({word for word in words if word}))
    right = [np.nan if word is None else sorted({word for word in words if word}).index(word) for word in words]
    np.testing.assert_array_equal(table.matrix[:, 0], right)
    np.testing.assert_array_equal(read({"z": words}, schema=table.schema).matrix[:, 0], right)  # text reads the same


def test_files_of_declared_categories(tmp_path):
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.execute("CREATE TYPE size AS ENUM ('7', '10', '2'); CREATE TABLE t(z size)")
        connection.executemany("INSERT INTO t VALUES (?)", [[word] for word in DIGITS])
    pa.feather.write_feather(pa.table({"z": pa.array(DIGITS).dictionary_encode()}), tmp_path / "t.feather")
    for source in (f"{tmp_path}/t.duckdb::t", tmp_path / "t.feather"):
        table = told(source)
        assert (kinds(table), table.schema.columns[0].categories) == ({"z": "category"}, ("10", "2", "7"))
        np.testing.assert_array_equal(table.matrix[:, 0], [0, 1, np.nan, 0, 2])


@pytest.mark.parametrize(
    ("values", "categories"),
    [([10, 2, None, 10], ("10", "2")), ([1.0, 2.5, None, 1.0], ("1", "2.5")), ([True, False, None, True], ("False", "True")),
        ([pd.Timestamp("2020-01-02"), pd.Timestamp("2019-01-01 10:30"), None, pd.Timestamp("2020-01-02")], ("2019-01-01 10:30:00", "2020-01-02"))],
)  # fmt: skip
def test_categories_of_other_values_are_met_again_as_values(values, categories):
    table = told(pd.DataFrame({"z": pd.Categorical(values)}))
    assert table.schema.columns[0].categories == categories
    np.testing.assert_array_equal(np.isnan(table.matrix[:, 0]), [False, False, True, False])
    assert table.matrix[0, 0] == table.matrix[3, 0] != table.matrix[1, 0]
    np.testing.assert_array_equal(told({"z": list(values)}, schema=table.schema).matrix, table.matrix)
