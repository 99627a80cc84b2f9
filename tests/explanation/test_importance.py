"""Importance by permutation finds what matters."""

import numpy as np
import pytest

from normexp.explanation import permutation_importance
from normexp.tables import Table

RNG = np.random.default_rng(0)


def test_importance_finds_what_matters(mixed):
    table, model = mixed
    found = permutation_importance(model, table)
    means = dict(zip(found.feature_names, found.mean, strict=True))
    assert [found.feature_names[i] for i in found.order()[:2]] in (["size", "colour"], ["colour", "size"])
    assert means["size"] > 10 * abs(means["day"])
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()
    shuffled = table.matrix.copy()
    column = [c.name for c in table.schema.matrix_columns()].index("size")
    shuffled[:, column] = RNG.permutation(shuffled[:, column])
    losses = [-model.predict_log_proba(Table(table.schema, matrix))[np.arange(len(table)), table.targets].mean() for matrix in (table.matrix, shuffled)]
    assert means["size"] == pytest.approx(losses[1] - losses[0], rel=0.4)
    assert permutation_importance(model, table.take(np.arange(0))).n_rows == 0
    with pytest.raises(ValueError, match="expected a table with targets, got one read without"):
        permutation_importance(model, Table(table.schema, table.matrix))
