"""Flips change the answer, are the smallest there are, and stay within what was seen in training."""

import numpy as np
import pandas as pd

from normexp import SoftmaxClassifier, explain
from normexp.explanation import NO_FLIP
from normexp.tables import Table, read


def test_flips_change_the_answer_and_are_within_training(mixed):
    table, model = mixed
    found = explain(model, table.take(np.arange(60)))
    assert sum(flip is not None for flip in found.flips) > 30
    names = [column.name for column in table.schema.columns]
    for row, flip in enumerate(found.flips):
        if flip is None:
            continue
        assert "day" not in flip
        label, rest = flip.removeprefix("the answer would be '").split("' if ", 1)
        feature, values = rest.split(" were ")
        after, before = values.split(" instead of ")
        assert before == found.values[row, names.index(feature)]
        changed = table.matrix[row : row + 1].copy()
        column = [c.name for c in table.schema.matrix_columns()].index(feature)
        kind = table.schema.columns[names.index(feature)].kind
        if kind == "category":
            changed[0, column] = table.schema.columns[names.index(feature)].categories.index(after)
        else:
            changed[0, column] = float(after) if kind == "number" else after == "true"
        assert model.predict(Table(table.schema, changed))[0] == label
        if kind == "number":
            assert np.nanmin(table.matrix[:, column]) <= changed[0, column] <= np.nanmax(table.matrix[:, column])


def test_flips_are_the_smallest_that_brute_force_finds():
    """One number: the least change is where the answer changes, and a narrow window far away is found too."""
    x = np.concatenate([np.linspace(0, 100, 400), np.full(100, 52.0)])[:, None]
    y = ((x[:, 0] > 50) & (x[:, 0] < 54)).astype(int)
    model = SoftmaxClassifier((32,), epochs=400, patience=0, random_state=0, learning_rate=0.01, quality="fast").fit(x, y)
    asked = np.array([[40.0], [60.0], [95.0], [52.0]])
    grid = np.linspace(0, 100, 20_001)
    answers = model.predict(grid[:, None])
    assert set(answers) == {0, 1}
    for row, flip in zip(asked[:, 0], explain(model, asked).flips, strict=True):
        other = grid[answers != model.predict([[row]])[0]]
        least = abs(other - row).min()
        assert flip is not None, row
        value = float(flip.split(" were ")[1].split(" instead of ")[0])
        assert least <= abs(value - row) + 0.01 <= max(1.12 * least, 1) + 0.02
    constant = SoftmaxClassifier((), epochs=1, learning_rate=1e-9, random_state=0, quality="fast").fit(x, y)
    found = explain(constant, asked[:1])
    flips = constant.predict(grid[:, None]) != found.classes[found.predicted[0]]
    assert (found.flips[0] is None) == (not flips.any())
    assert str(found).endswith(NO_FLIP) or flips.any()


def test_a_number_centred_on_one_half_is_no_boolean():
    x = np.tile(np.linspace(0, 1, 101), 3)[:, None]
    model = SoftmaxClassifier((8,), epochs=40, random_state=0, quality="fast").fit(x, (x[:, 0] > 0.5).astype(int))
    assert all(flip is not None for flip in explain(model, [[0.2], [0.9]]).flips)


def test_large_numbers_are_told_apart_in_words():
    big = 1.7e9 + np.arange(300.0) ** 2 // 40 * 7
    frame = pd.DataFrame({"big": big, "label": np.where(big > np.median(big), "late", "early")})
    table = read(frame, target="label")
    model = SoftmaxClassifier((8,), epochs=60, random_state=0, quality="fast").fit_table(table)
    flip = explain(model, table.take(np.array([100]))).flips[0]
    after, before = (float(word) for word in flip.split(" were ")[1].split(" instead of "))
    assert before == big[100]
    assert after > before
    changed = frame.iloc[[100]].assign(big=after)
    assert model.predict(read(changed.drop(columns="label"), schema=model.schema_))[0] == "late"
