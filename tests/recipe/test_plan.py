"""The plan is a pure function of sizes and settings."""

import numpy as np
import pytest

from normexp.recipe import Plan, plan, rows_to_learn, seed_from


def test_the_size_decides_what_is_not_given():
    assert plan(150) == plan(150) == Plan((64, 32), 300, 16, 40)
    sizes = [plan(n) for n in (999, 1_000, 4_999, 5_000, 49_999, 50_000)]
    assert [p.batch_size for p in sizes] == [16, 32, 32, 64, 64, 256]
    assert [p.epochs for p in sizes] == sorted((p.epochs for p in sizes), reverse=True)


def test_what_is_given_is_kept():
    given = plan(10**6, (), epochs=7, batch_size=3, patience=0, learning_rate=0.1, weight_decay=0, validation_fraction=0.5, seed=4)
    assert given == Plan((), 7, 3, 0, 0.1, 0.0, 0.5, 4)
    assert plan(150, np.array([8, 4])).hidden == (8, 4)


@pytest.mark.parametrize(("settings", "message"), [
    ({"hidden_layer_sizes": "wide"}, "expected hidden_layer_sizes 'auto' or a sequence of integers, got 'wide'"),
    ({"hidden_layer_sizes": (8, 0)}, "expected hidden_layer_sizes to be an integer of at least 1, got 0"),
    ({"epochs": 0}, "expected epochs to be an integer of at least 1, got 0"),
    ({"batch_size": 2.5}, "expected batch_size to be an integer of at least 1, got 2.5"),
    ({"patience": -1}, "expected patience to be an integer of at least 0, got -1"),
    ({"validation_fraction": 1}, "expected validation_fraction from 0 to below 1, got 1"),
    ({"learning_rate": float("inf")}, "expected a finite learning_rate above 0, got inf"),
])  # fmt: skip
def test_settings_that_cannot_train_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        plan(150, **settings)


def test_a_seed_is_drawn_once_from_a_state():
    state = np.random.RandomState(3)
    assert seed_from(3) == seed_from(np.random.RandomState(3)) == seed_from(state)
    assert seed_from(state) != seed_from(3)


def test_rows_of_weight_zero_are_not_learnt():
    weights = np.array([0.0, 1.0, 0.5, 0.0])
    assert rows_to_learn(np.array([0, 1, 3]), weights).tolist() == [1]
    assert rows_to_learn(np.array([0, 3]), None).tolist() == [0, 3]
    with pytest.raises(ValueError, match="expected at least one row with a positive weight, got none; check sample_weight"):
        rows_to_learn(np.array([0, 3]), weights)
