"""Seeded cells of every dress under every rule that a model file may hold: a number, a code or NaN, the same alone and in company, and nothing worse.

Some thousands in an ordinary run; NORMEXP_FUZZ says how many.
"""

import os
import random

import numpy as np
import pytest

from normexp.tables import DATE_ORDERS, DECIMAL_MARKS, THOUSANDS_MARKS, Column, Schema, open_source

N_CELLS = int(os.environ.get("NORMEXP_FUZZ", 4_000))
PIECES = [
    "1", "23", "456", "0", ".", ",", "'", "_", " ", "\u00a0", "\u2009", "\u202f", "-", "\u2212", "+", "(", ")", "$", "€", "%", "kg", "e5", "E-3", "e", "inf", "nan", "/", ":",
    "T", "Z", "+02:00", "AM", "pm", "Jan", "August", "Sept", "Mon", "th", "2020", "31", "12", "30", "29", "2", "true", "NO", "None", "#N/A", "\t", "\r", "\n", "\0", "é",
    "\U0001f600", "x" * 300, "9" * 400,
]  # fmt: skip


def cell(random_numbers):
    return None if random_numbers.random() < 0.02 else "".join(random_numbers.choices(PIECES, k=random_numbers.randint(0, 7)))


def column(random_numbers, i):
    kind = random_numbers.choice(["number", "category", "boolean", "date"])
    categories = tuple(sorted({cell(random_numbers) or "" for _ in range(random_numbers.randint(1, 5))})) if kind == "category" else ()
    return Column(
        f"c{i}", kind, random_numbers.choice([0.0, 1.5, -1e9, 1e300]), categories, random_numbers.random() < 0.3, random_numbers.choice(DECIMAL_MARKS),
        random_numbers.choice(THOUSANDS_MARKS), random_numbers.choice(["", "", "$", "("]), random_numbers.choice(["", "", "kg", "%", ")"]), random_numbers.choice(DATE_ORDERS),
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("seed", range(5))
def test_any_cell_under_any_rule(seed):
    random_numbers = random.Random(seed)
    for _ in range(max(N_CELLS // 5 // 20, 1)):
        schema = Schema(tuple(column(random_numbers, i) for i in range(4)))
        rows = [{f"c{i}": cell(random_numbers) for i in range(4)} for _ in range(5)]
        with open_source(rows, schema=schema) as source:
            whole = source.table().matrix
        codes = [place for place, matrix_column in enumerate(schema.matrix_columns()) if matrix_column.kind == "category"]
        assert (np.isnan(whole[:, codes]) | (whole[:, codes] >= -1)).all()
        for row, expected in zip(rows, whole, strict=True):
            with open_source(row, schema=schema) as source:
                np.testing.assert_array_equal(source.table().matrix[0], expected)
