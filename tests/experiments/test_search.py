"""The search: the same seed, the same trials; rungs; what ends it; what the model is made of."""

from dataclasses import replace

import numpy as np
import pytest

import searching
from normexp.evaluation import costs_of
from normexp.experiments import Session, board_of, columns_of
from normexp.functional import softmax
from normexp.recipe import Configuration


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A session of 40 trials."""
    found = searching.session(tmp_path_factory.mktemp("ended"))
    assert found.run(n_trials=40) == "trials"
    return found


def test_the_same_seed_gives_the_same_trials_on_any_number_of_threads(ended, tmp_path):
    again = searching.session(tmp_path, n_threads=3)
    again.run(n_trials=40)
    assert searching.facts(again) == searching.facts(ended)
    first, second = ended.ending(), again.ending()
    x = searching.rows()[0]
    np.testing.assert_array_equal(first.model.probabilities(x), second.model.probabilities(x))
    assert first.score == second.score
    other = searching.session(tmp_path, seed=6)
    other.run(n_trials=12)
    assert searching.facts(other) != searching.facts(ended)[:12]


def test_the_portfolio_comes_first_and_is_never_cut_short(ended):
    trials = ended.study.trials()
    assert [trial.how.name for trial in trials[:6]] == ["held", "trees", "free", "plain", "linear", "ridge"]
    assert all(trial.state == "complete" for trial in trials[:6])


def test_later_trials_are_of_the_space_and_some_are_stopped_early(ended):
    later = [trial for trial in ended.study.trials() if trial.how.name.startswith("trial")]
    assert {trial.how.family for trial in later} > {"network"}
    for trial in later:
        searched = ended.space.families[trial.how.family]
        assert set(trial.settings) == {"family", *searched}
        assert all(trial.settings[name] in setting for name, setting in searched.items())
        assert (trial.state == "pruned") == (len(trial.losses) < 3)
    assert any(trial.state == "pruned" for trial in later)
    assert any(isinstance(trial.how, Configuration) and trial.how.columns for trial in later)
    assert len({trial.how.activation for trial in later if trial.how.family == "network"}) > 1


def test_a_pruned_trial_was_worse_than_half_of_its_family(ended):
    before: dict[tuple[str, int], list[float]] = {}
    for trial in ended.study.trials():
        if trial.state == "pruned":
            assert trial.losses[-1] > np.median(before[trial.how.family, len(trial.losses)])
        for rung, loss in enumerate(trial.losses, 1):
            before.setdefault((trial.how.family, rung), []).append(loss)


def test_values_are_those_of_rows_that_members_had_not_seen(ended):
    x, y = searching.rows()
    for kept in ended.search.kept[:5]:
        p = softmax(kept.logits.astype(np.float64))
        assert kept.trial.value == pytest.approx(-np.log(p[np.arange(len(y)), y]).mean(), rel=1e-5)
        assert kept.trial.low < kept.trial.value < kept.trial.high
        for task, learnt in kept.done if kept.trial.how.family != "trees" else ():  # forests end with another round for all than for judging one fold
            _, held = task.fold
            np.testing.assert_allclose(softmax(learnt.member.logits(x[held])), p[held], rtol=2e-4, atol=1e-6)


def test_the_model_is_the_combination_that_was_judged(ended):
    found = ended.ending()
    told = found.model.out_of_fold
    assert found.score.estimate == pytest.approx(told.log_loss, rel=1e-6)
    assert told.log_loss < min(loss for name, loss in zip(told.names, told.losses, strict=True) if not name.startswith("trial"))
    assert set(told.names) == {trial.how.name for trial in found.chosen}
    x, y = searching.rows()
    p = found.model.probabilities(x)
    assert -np.log(p[np.arange(len(y)), y]).mean() < told.log_loss  # rows that it has learnt from


def test_one_trial_alone(ended):
    found = ended.ending(single=True)
    assert [trial.value for trial in found.chosen] == [min(trial.value for trial in ended.study.trials() if trial.state == "complete")]
    assert len(found.model.out_of_fold.names) == 1


def test_seconds_end_it(tmp_path):
    found = searching.session(tmp_path, jobs=2, n_threads=2)
    assert found.run(seconds=0.6) == "time_limit"
    assert found.ending().model.history.stopped == "time_limit"
    with pytest.raises(ValueError, match="expected a number of trials, seconds, or both"):
        found.run()


def test_an_interrupt_keeps_the_best_so_far(tmp_path):
    found, looks = searching.session(tmp_path, jobs=2, n_threads=2), []

    def look():
        looks.append(len(found.study.trials()))
        if looks[-1] >= 3:
            raise KeyboardInterrupt
        return False

    assert found.run(n_trials=100_000, on_look=look) == "interrupted"
    assert found.ending().model.history.stopped == "interrupted"
    assert 3 <= len(found.study.trials()) < 1_000


def test_no_room_for_the_study_ends_it_with_what_is_there(tmp_path):
    found = searching.session(tmp_path, study=tmp_path / "s.study")

    def full(trial):
        if trial.number == 4:
            raise OSError("database or disk is full")

    found.study.file.add = full
    assert found.run(n_trials=50) == "storage"
    assert "disk is full" in str(found.search.failure)
    assert len(found.ending().chosen) == 5


@pytest.mark.parametrize("metric", ["brier", "accuracy", "cost"])
def test_other_metrics(tmp_path, metric):
    costs = costs_of([[0, 1, 5], [1, 0, 1], [2, 1, 0]], np.arange(3)) if metric == "cost" else None
    found = searching.session(tmp_path, of=replace(searching.problem(), costs=costs), metric=metric)
    found.run(n_trials=8)
    _, y = searching.rows()
    best = found.search.kept[0]
    p = softmax(best.logits.astype(np.float64))
    expected = {
        "brier": lambda: ((p - np.eye(3)[y]) ** 2).sum(axis=1).mean(), "accuracy": lambda: (p.argmax(axis=1) != y).mean(),
        "cost": lambda: costs.matrix[y, (p @ costs.matrix).argmin(axis=1)].mean(),
    }[metric]()  # fmt: skip
    assert best.trial.value == pytest.approx(expected, rel=1e-5)
    assert best.trial.value == min(trial.value for trial in found.study.trials() if trial.state == "complete")


def test_settings_that_make_no_sense_are_refused(tmp_path):
    for options, words in (({"metric": "auc"}, "expected metric out of"), ({"metric": "cost"}, "expected costs"), ({"members": "forest"}, "expected members out of")):
        with pytest.raises(ValueError, match=words):
            Session(searching.problem(), **options)
    with pytest.raises(ValueError, match="at least two classes"):
        Session(replace(searching.problem(), targets=np.zeros(90, np.int32), classes=np.arange(1)))


def test_weights_groups_and_classes(tmp_path):
    of = replace(searching.problem(), weights=np.linspace(0.5, 2, 90), groups=np.arange(90) // 3, class_weight="balanced")
    found = searching.session(tmp_path, of=of)
    found.run(n_trials=8)
    for learnt, held in found.bench.places:
        assert not set(of.groups[learnt]) & set(of.groups[held])
    best = found.search.kept[0]
    losses = -np.log(softmax(best.logits.astype(np.float64))[np.arange(90), of.targets])
    assert best.trial.value == pytest.approx(np.average(losses, weights=of.weights), rel=1e-5)
    assert found.ending().model.class_weights is not None


def test_the_board(ended):
    board = board_of(ended.study.about, ended.study.trials())
    assert sum(board.counts.values()) == 40
    values = [trial.value for trial in board.best]
    assert values == sorted(values)
    text = str(board)
    assert f"1. {values[0]:.4f}" in text
    assert "the best, by log loss of rows that they had not seen" in text
    assert sum(share for *_, share in board.spent()) == pytest.approx(1)
    for shares in board.importances.values():
        assert sum(shares.values()) == pytest.approx(1)
    columns = columns_of(ended.study.trials())
    assert {len(column) for column in columns.values()} == {40}
    assert columns["value"].dtype == np.float64
    assert np.isnan(columns["units"][columns["family"] == "trees"]).all()


def test_a_setting_that_decides_matters_most(tmp_path):
    from normexp.experiments._board import importances_of
    from normexp.experiments._records import Trial

    rng, how = np.random.default_rng(0), searching.session(tmp_path).study.waiting[0]
    trials = []
    for i in range(200):
        given = {"family": "network", "learning_rate": float(10 ** rng.uniform(-4, -1)), "units": int(rng.integers(8, 64)), "activation": str(rng.choice(["relu", "gelu"]))}
        value = abs(np.log10(given["learning_rate"]) + 2.5) + 0.05 * rng.standard_normal()
        trials.append(Trial(i, how, given, "complete", value, value, value, (), 1.0))
    found = importances_of(trials)
    assert max(found, key=found.get) == "learning_rate"
    assert found["learning_rate"] > 0.7
    assert importances_of(trials[:10]) == {}


def test_what_further_trials_bring_must_be_more_than_chance_brings(ended):
    from normexp.experiments._choice import chosen_of

    kept, seen = ended.search.kept, np.arange(90)
    start = [one for one in kept if one.of_portfolio]
    few, many = (chosen_of(ended.bench, kept, start, seen, n_units) for n_units in (1.0, 1e9))
    assert {one.trial.number for one in few.kept} <= {one.trial.number for one in start}  # a row would have to bring four nats
    assert {one.trial.number for one in many.kept} - {one.trial.number for one in start}
    assert ended.bench.loss(many.logits, seen) < ended.bench.loss(few.logits, seen)
    again = chosen_of(ended.bench, kept, start, seen, 1e9)
    np.testing.assert_array_equal(again.weights, many.weights)
    np.testing.assert_allclose(many.logits, ended.bench.pooled([one.logits.astype(np.float64)[seen] for one in many.kept], many.weights))


def test_few_rows_begin_with_what_the_best_quality_has(tmp_path):
    found = searching.session(tmp_path)
    waiting = found.study.waiting
    assert [(how.name, how.n_seeds) for how in waiting if how.n_seeds > 1] == [("held, 3 seeds", 3), ("trees, 2 seeds", 2), ("free, 3 seeds", 3), ("plain, 3 seeds", 3)]
    found.run(n_trials=len(waiting))
    several = [one for one in found.search.kept if one.trial.how.n_seeds == 3]
    assert several
    for one in several:
        assert one.of_portfolio
        assert len(one.trial.losses) == 3  # one a fold, whatever the number of seeds
        assert len(one.done) == 9


def test_halves_have_no_row_in_common_and_no_group_in_two(ended):
    from normexp.experiments._choice import _pairs_of_halves

    bench, seen = ended.bench, np.arange(90)
    for first, second in _pairs_of_halves(bench, seen):
        assert sorted([*first, *second]) == list(range(90))
        assert len(first) == 45
    grouped = replace(bench, labelled=replace(bench.labelled, groups=np.arange(bench.labelled.matrix.shape[0]) // 7))
    alone = replace(bench, labelled=replace(bench.labelled, groups=np.zeros(len(bench.labelled.matrix), int)))
    assert [[part.tolist() for part in pair] for pair in _pairs_of_halves(alone, seen)] == [[seen.tolist()] * 2]  # one group has no halves
    pairs = list(_pairs_of_halves(grouped, seen))
    assert len(pairs) == 10
    for first, second in pairs:
        groups = [set(grouped.labelled.groups[bench.rows[half]]) for half in (first, second)]
        assert not groups[0] & groups[1]


def test_a_failing_trial_does_not_end_the_search(tmp_path, monkeypatch):
    found = searching.session(tmp_path)
    asked = found.bench.tasks
    bench = type(found.bench)

    def tasks(self, how, number, stop, **options):
        if number == 3:
            raise MemoryError
        return asked(how, number, stop, **options)

    monkeypatch.setattr(bench, "tasks", tasks)
    assert found.run(n_trials=8) == "trials"
    assert [trial.state for trial in found.study.trials()][3] == "failed"
    assert sum(trial.state == "failed" for trial in found.study.trials()) == 1


def test_a_family_without_a_table_takes_no_part(tmp_path):
    (tmp_path / "trees.toml").write_text("[trees]\nmax_depth = [2, 3]\nmax_iter = [15]\n")
    found = searching.session(tmp_path, space=tmp_path / "trees.toml")
    found.run(n_trials=6)
    assert {trial.how.family for trial in found.study.trials()} == {"trees"}
    assert not found.bench.data.inputs.shape[1]


def test_rows_of_no_weight_are_neither_learnt_from_nor_tested(tmp_path):
    from normexp.experiments import Experiments

    x, y = searching.rows()
    weights = np.ones(90)
    weights[[3, 59, 60, 88]] = 0
    folds = [(np.arange(60), np.arange(60, 90)), (np.arange(30, 90), np.arange(30))]
    search = Experiments(trials=7, members="linear", cv=folds, random_state=0).fit(x, y, sample_weight=weights)
    assert np.isfinite(search.best_score_)
    found = Session(replace(searching.problem(), rows=np.flatnonzero(weights), weights=weights, folds=folds), seed=1)
    for learnt, held in found.bench.places:
        assert not set(learnt.tolist()) & set(held.tolist())
        assert len(set(learnt.tolist())) == len(learnt)


def test_no_row_to_judge_by_is_refused():
    x, y = searching.rows()
    few = [int(np.flatnonzero(y == k)[0]) for k in range(3)]
    with pytest.raises(ValueError, match="expected rows that some fold holds out, to judge trials by, got none"):
        Session(replace(searching.problem(), matrix=x[few], targets=y[few], rows=np.arange(3)), seed=0)


def test_shares_of_wrong_answers_have_wilsons_interval(tmp_path):
    from normexp.evaluation._calibration import wilson

    found = searching.session(tmp_path, metric="accuracy")
    found.run(n_trials=6)
    best = found.search.kept[0].trial
    low, high = wilson(np.array(best.value), np.array(90), 0.975)
    assert (best.low, best.high) == pytest.approx((float(low), float(high)))
    assert "share of wrong answers" in str(board_of(found.study.about, found.study.trials()))


def test_one_trial_alone_is_kept_even_if_it_says_nothing(tmp_path):
    targets = np.random.default_rng(5).integers(0, 3, 90).astype(np.int32)
    found = searching.session(tmp_path, of=replace(searching.problem(), targets=targets), metric="accuracy")
    found.run(n_trials=8)
    ending = found.ending(single=True)
    assert len(ending.chosen) == 1
    assert ending.model.history.stopped != "diverged"
