"""Equal rows: found exactly, and told from those that chance makes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normexp.tables import Column, Schema, Table, equal_by_chance, first_of_equals, read, row_hashes

CELLS = st.sampled_from([0.0, -0.0, 1.0, -1.0, float("nan"), 3e38, 1e-40])


def table_of(rows, targets=None):
    matrix = np.array(rows, np.float32)
    schema = Schema(tuple(Column(f"x{i}", "number") for i in range(matrix.shape[1])))
    return Table(schema, matrix, None if targets is None else np.array(targets, np.int32), None if targets is None else np.arange(3))


@settings(deadline=None, max_examples=300)
@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.tuples(st.tuples(*[CELLS] * n), st.integers(-1, 2)), min_size=1, max_size=30)))
def test_hashes_are_equal_where_rows_are(rows):
    table = table_of([cells for cells, _ in rows], [target for _, target in rows])
    keys = [(tuple("nan" if cell != cell else cell + 0.0 for cell in cells), target) for cells, target in rows]
    hashes = row_hashes(table).tolist()
    for i, key in enumerate(keys):
        assert [hashes[j] == hashes[i] for j in range(len(keys))] == [other == key for other in keys]
    assert first_of_equals(table).tolist() == [i for i, key in enumerate(keys) if key not in keys[:i]]


def test_columns_in_another_order_are_another_row():
    table = table_of([[1, 2], [2, 1], [1, 2]])
    assert len(set(row_hashes(table).tolist())) == 2
    assert first_of_equals(table).tolist() == [0, 1]


def test_a_million_different_rows_have_a_million_hashes():
    rng = np.random.default_rng(0)
    table = table_of(np.column_stack([np.arange(2**20) % 1024, np.arange(2**20) // 1024, rng.integers(0, 2, 2**20)]))
    assert len(np.unique(row_hashes(table))) == 2**20


def test_what_chance_makes():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(0, 4, 4_000), "b": rng.choice([*"uvw"], 4_000), "y": rng.choice(["p", "q"], 4_000)})
    table = read(frame, target="y")
    expected = equal_by_chance(table, 1_000)
    counts = np.unique(row_hashes(Table(table.schema, table.matrix)), return_counts=True)[1]
    assert expected == pytest.approx(1_000 * (counts**2).sum() / 4_000**2, rel=0.02)
    assert equal_by_chance(read(frame.assign(x=rng.standard_normal(4_000)), target="y"), 1_000) < 0.1
