"""A portfolio from blocks of rows on disk: about as good as in memory, the same bits on any number of threads."""

from dataclasses import replace

import numpy as np
import pytest

from normexp import recipe
from normexp.evaluation import Evaluation, score
from normexp.model import number_columns
from normexp.tables import Block, Blocks, MatrixColumn

N_FOLDS = 3


def rows(n, seed):
    """Three classes of four numbers, some missing."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 4)).astype(np.float32)
    y = np.argmax(x[:, :3] + 0.4 * rng.standard_normal((n, 3)), axis=1).astype(np.int32)
    x[rng.random((n, 4)) < 0.05] = np.nan
    return Block(x, y, np.ones(n, np.float32), rng.integers(0, N_FOLDS, n, np.uint8))


def first(block, n):
    return Block(*(part[:n] for part in block))


def planned(n, columns=None, members=None, epochs=None):
    whole = recipe.portfolio(n, columns or number_columns(4), 3, members=members, seed=1)
    quick = [replace(how, rounds=40) if how.family == "trees" else replace(how, epochs=epochs or how.epochs) for how in whole.configurations]
    return replace(whole, configurations=tuple(quick), n_folds=N_FOLDS)


def fitted(block, n_sample, plan, n_blocks=4, columns=None, **options):
    n = len(block.targets)
    with Blocks(n_blocks, block.matrix.shape[1], N_FOLDS) as blocks:
        for at in range(0, n, 300):
            piece = Block(*(part[at : at + 300] for part in block))
            blocks.add(piece, np.random.default_rng(at).integers(0, n_blocks, len(piece.targets)))
        shares = np.bincount(block.targets, block.weights) / block.weights.sum()
        return recipe.fit_blocks(first(block, n_sample), blocks, columns or number_columns(4), plan, classes=np.arange(len(shares)), shares=shares, **options)


def loss(model, block):
    return score(Evaluation(model.classes, block.targets, model.probabilities(block.matrix))).log_loss


@pytest.fixture(scope="module")
def new():
    return rows(3_000, 99)


@pytest.mark.parametrize("members", ["linear", "network", "trees", None])
def test_about_as_good_as_in_memory(new, members):
    block = rows(2_500, 0)
    plan = planned(2_500, members=members)
    whole = recipe.fit(block.matrix, number_columns(4), block.targets, None, plan, classes=np.arange(3))
    by_blocks = fitted(block, 2_500, plan)
    assert loss(by_blocks, new) == pytest.approx(loss(whole, new), rel=0.04)
    assert {name: round(weight, 1) for name, weight, _ in by_blocks.out_of_fold.kinds()}.keys() == {name for name, _, _ in whole.out_of_fold.kinds()}
    assert by_blocks.history.stopped == "epochs" or members == "trees"


def test_networks_learn_from_rows_that_the_sample_has_not(new):
    block = rows(2_500, 0)
    plan = planned(2_500, members="network")
    small = first(block, 150)
    of_sample = recipe.fit(small.matrix, number_columns(4), small.targets, None, plan, classes=np.arange(3))
    assert loss(fitted(block, 150, plan), new) < 0.9 * loss(of_sample, new)


@pytest.mark.parametrize("n_threads", [2, 5])
def test_the_same_bits_on_any_number_of_threads(new, n_threads):
    block, plan = rows(800, 3), planned(800, epochs=3)
    one, other = fitted(block, 400, plan, n_threads=1), fitted(block, 400, plan, n_threads=n_threads)
    np.testing.assert_array_equal(one.probabilities(new.matrix), other.probabilities(new.matrix))


def test_a_network_never_learns_from_rows_that_its_fold_holds_out():
    """Labels of a fold that are turned around change the networks of other folds, and not its own."""
    block, plan = rows(600, 5), planned(600, members="linear", epochs=2)
    plan = replace(plan, configurations=plan.configurations[:1])
    turned = block._replace(targets=np.where(block.folds == 1, 2 - block.targets, block.targets).astype(np.int32))
    tasks = {}

    def parameters(of):
        with Blocks(2, 4, N_FOLDS) as blocks:
            blocks.add(of, np.arange(600) % 2)
            from normexp.recipe import _blockwise

            seen = tasks.setdefault(id(of), {})
            before = _blockwise.Learner.learnt

            def learnt(self, held):
                seen[self.fold] = self.parameters.values.copy()
                return before(self, held)

            _blockwise.Learner.learnt = learnt
            try:
                recipe.fit_blocks(block, blocks, number_columns(4), plan, classes=np.arange(3), shares=np.full(3, 1 / 3))
            finally:
                _blockwise.Learner.learnt = before
        return seen

    one, other = parameters(block), parameters(turned)
    np.testing.assert_array_equal(one[1], other[1])
    assert all((one[k] != other[k]).any() for k in (0, 2))


def test_a_category_of_very_many_does_not_tell_a_row_its_own_class():
    """Labels are chance: who knew better than that would have seen them."""
    rng = np.random.default_rng(0)
    n, columns = 3_000, [MatrixColumn("zip", "category", 900), MatrixColumn("u", "number", 0)]

    def drawn(n):
        matrix = np.column_stack([rng.integers(0, 900, n), rng.standard_normal(n)]).astype(np.float32)
        return Block(matrix, rng.integers(0, 2, n, np.int32), np.ones(n, np.float32), rng.integers(0, N_FOLDS, n, np.uint8))

    plan = replace(recipe.portfolio(n, columns, 2, seed=1), n_folds=N_FOLDS)
    plan = replace(plan, configurations=tuple(how for how in plan.configurations if how.family != "trees"))
    found = fitted(drawn(n), n, plan, columns=columns)
    assert loss(found, drawn(4_000)) < np.log(2) + 0.03


def test_weights_count_by_what_they_are_to_each_other(new):
    block, plan = rows(900, 7), planned(900, members="linear", epochs=3)
    weights = np.where(block.targets == 0, 3, 1).astype(np.float32)
    plain = fitted(block, 900, plan)
    one, scaled = (fitted(block._replace(weights=weights * by), 900, plan, weighted=True) for by in (1, 4))
    np.testing.assert_allclose(one.probabilities(new.matrix), scaled.probabilities(new.matrix), atol=1e-6)
    assert one.probabilities(new.matrix)[:, 0].mean() > plain.probabilities(new.matrix)[:, 0].mean() + 0.05


def test_class_weights_move_answers_and_no_probabilities(new):
    block, plan = rows(1_500, 8), planned(1_500, members="linear")
    rare = np.flatnonzero((block.targets > 0) | (np.arange(1_500) % 5 == 0))
    block = Block(*(part[rare] for part in block))
    plain, balanced = fitted(block, len(rare), plan), fitted(block, len(rare), plan, class_weight="balanced")
    whole = recipe.fit(block.matrix, number_columns(4), block.targets, None, plan, classes=np.arange(3), class_weight="balanced")
    assert np.abs(whole.probabilities(new.matrix).mean(axis=0) - balanced.probabilities(new.matrix).mean(axis=0)).max() < 0.02
    p = balanced.probabilities(new.matrix)
    assert (balanced.answers(p) == 0).sum() > 1.2 * (plain.answers(p) == 0).sum()


def test_a_time_limit_ends_networks_where_they_are(new):
    block = rows(2_000, 0)
    found = fitted(block, 500, planned(2_000, members="network", epochs=2_000), time_limit=2.0)
    assert found.history.stopped == "time_limit"
    assert loss(found, new) < 0.8  # they have learnt something: chance is 1.1


def test_progress_is_told_and_may_stop():
    seen = []

    def look(progress):
        seen.append(progress.share)
        return progress.share > 0.2

    found = fitted(rows(2_000, 0), 500, planned(2_000, members="network", epochs=400), on_progress=look)
    assert found.history.stopped == "callback"
    assert 0.2 < seen[-1] < 1
    assert seen == sorted(seen)


def test_an_interrupt_at_the_end_loses_no_network(monkeypatch):
    import _thread

    from normexp.recipe import _blockwise

    before, interrupted = _blockwise.Learner.learnt, []

    def learnt(self, held):
        if len(interrupted) == 1:
            _thread.interrupt_main()
        interrupted.append(self)
        return before(self, held)

    monkeypatch.setattr(_blockwise.Learner, "learnt", learnt)
    found = fitted(rows(600, 0), 300, planned(600, members="network", epochs=2), n_threads=1)
    assert found.history.stopped == "interrupted"
    assert found.out_of_fold.left_out == ()


def test_networks_of_some_columns_are_refused():
    plan = planned(600, members="network", epochs=2)
    for changes in ({"columns": (0, 1)}, {"balanced": True}):
        with pytest.raises(ValueError, match="expected networks of all columns and of rows as they are"):
            fitted(rows(600, 0), 300, replace(plan, configurations=tuple(replace(how, **changes) for how in plan.configurations)))
