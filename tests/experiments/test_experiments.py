"""Experiments in scikit-learn's manner, and scikit-learn's own searches over the classifier."""

import numpy as np
import pytest

import normexp
import searching
from normexp import DataError, Experiments, SoftmaxClassifier


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    path = tmp_path_factory.mktemp("space") / "s.toml"
    path.write_text(searching.SMALL)
    return path


def test_a_search_gives_a_fitted_classifier(space):
    x, y = searching.rows()
    names = np.array(["a", "b", "c"])[y]
    search = Experiments(trials=10, space=space, cv=3, random_state=0).fit(x, names)
    assert isinstance(search.best_model_, SoftmaxClassifier)
    np.testing.assert_array_equal(search.predict_proba(x), search.best_model_.predict_proba(x))
    np.testing.assert_array_equal(search.predict(x), search.classes_[search.predict_proba(x).argmax(axis=1)])
    np.testing.assert_allclose(np.exp(search.predict_log_proba(x)), search.predict_proba(x), rtol=1e-5)
    assert search.score(x, names) > 0.6
    assert search.classes_.tolist() == ["a", "b", "c"]
    assert len(search.trials_["value"]) == 10
    assert search.best_score_ < search.trials_["value"][:6].min()  # the portfolio's
    assert search.stopped_ == "trials"
    assert "the best, by log loss" in str(search.board())


def test_frames_with_text_keep_their_names(space, tmp_path):
    pandas = pytest.importorskip("pandas")
    x, y = searching.rows()
    frame = pandas.DataFrame({"size": x[:, 0], "weight": x[:, 1], "colour": np.array(["red", "green", "blue"])[y]})
    search = normexp.tune(frame, y, trials=7, space=space, cv=3, random_state=0)
    assert search.feature_names_in_.tolist() == ["size", "weight", "colour"]
    assert search.score(frame, y) > 0.9
    normexp.save(search.best_model_, tmp_path / "m.safetensors")
    np.testing.assert_array_equal(normexp.load(tmp_path / "m.safetensors").predict_proba(frame), search.predict_proba(frame))
    explained = normexp.explain(search.best_model_, frame[:2])
    assert set(explained.to_dict(0)) >= {"predicted", "features"}


def test_members_of_every_activation_are_saved_and_explained(space, tmp_path):
    x, y = searching.rows()
    for activation in ("relu", "silu", "gelu", "tanh"):
        path = tmp_path / f"{activation}.toml"
        path.write_text(f"[network]\nactivation = ['{activation}']\nunits = [8]\nepochs = [6]\n")
        search = Experiments(trials=12, space=path, members="network", single=True, cv=3, random_state=1).fit(x, y)
        model = search.best_model_
        normexp.save(model, tmp_path / "m.safetensors")
        np.testing.assert_array_equal(normexp.load(tmp_path / "m.safetensors").predict_proba(x), model.predict_proba(x))
        found = normexp.explain(model, x[:3])
        for row in range(3):
            told = found.to_dict(row)
            assert told["baseline_difference"] + sum(one["contribution"] for one in told["features"]) == pytest.approx(told["difference"], abs=1e-4)


def test_a_study_is_gone_on_with(space, tmp_path):
    x, y = searching.rows()
    settings = {"space": space, "cv": 3, "study": tmp_path / "s.study", "jobs": 1}
    first = Experiments(trials=8, **settings).fit(x, y)
    second = Experiments(trials=2, **settings).fit(x, y)
    np.testing.assert_array_equal(second.trials_["value"][:8], first.trials_["value"])
    assert len(second.trials_["value"]) == 10
    with pytest.raises(DataError, match="the same rows"):
        Experiments(trials=2, **settings).fit(x + 1, y)


@pytest.mark.parametrize(("settings", "words"), [
    ({}, "expected time \\(seconds\\), trials, or both, got neither"), ({"trials": 0}, "trials"), ({"time": -1.0}, "time"), ({"trials": 1, "jobs": 0}, "jobs"),
    ({"trials": 1, "space": "huge"}, "expected a space"), ({"trials": 1, "metric": "auc"}, "expected metric"), ({"trials": 1, "members": "forest"}, "expected members"),
    ({"trials": 1, "cv": 1}, "cv"), ({"trials": 1, "costs": [[0, 1], [1, 0]]}, "cost"),
])  # fmt: skip
def test_settings_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        Experiments(**settings).fit(*searching.rows())


def test_fewer_rows_than_folds_and_one_class_are_refused():
    x, _ = searching.rows()
    with pytest.raises(ValueError, match="class"):
        Experiments(trials=1).fit(x, np.zeros(len(x)))
    with pytest.raises(ValueError, match="expected at least 5 rows for 5 folds, got 4"):
        Experiments(trials=1, cv=5).fit(x[:4], [0, 1, 2, 0])


def test_too_short_a_time_is_said(space):
    x, y = searching.rows(3_000)
    with pytest.raises(ValueError, match="expected at least one trial that came to its end, got none"):
        Experiments(time=1e-3, random_state=0).fit(x, y)


def test_a_line_a_trial(space, capsys):
    Experiments(trials=7, space=space, cv=3, verbose=True, random_state=0).fit(*searching.rows())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 1
    assert "held, network: 0." in lines[0] or "trees, trees: 0." in lines[0]


SETTINGS = {"hidden_layer_sizes": [(4,), (8,)], "weight_decay": [0.01, 0.1]}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_scikit_learns_searches(n_jobs):
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV

    x, y = searching.rows(120)
    model = SoftmaxClassifier(quality="fast", epochs=5, random_state=0, n_threads=1)
    for search in (
        GridSearchCV(model, SETTINGS, cv=2, scoring="neg_log_loss", n_jobs=n_jobs), RandomizedSearchCV(model, SETTINGS, n_iter=3, cv=2, random_state=0, n_jobs=n_jobs),
        HalvingGridSearchCV(model, SETTINGS, cv=2, random_state=0, n_jobs=n_jobs, min_resources=30),
    ):  # fmt: skip
        search.fit(x, y)
        assert set(search.best_params_) == set(SETTINGS)
        assert search.predict_proba(x).shape == (120, 3)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_searches_side_by_side_give_what_one_gives():
    from sklearn.model_selection import GridSearchCV

    x, y = searching.rows(120)
    found = [GridSearchCV(SoftmaxClassifier(epochs=4, max_iter=20, cv=3, random_state=0), {"max_depth": [2, 3]}, cv=2, n_jobs=n).fit(x, y) for n in (1, 2)]
    for name in ("mean_test_score", "std_test_score"):
        np.testing.assert_array_equal(found[0].cv_results_[name], found[1].cv_results_[name])


def test_processes_of_a_search_share_the_processors(monkeypatch):
    import os

    from joblib import Parallel, cpu_count, delayed

    from normexp.network import default_threads

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)  # what is asked for there is kept
    n_jobs = min(2, cpu_count())
    found = Parallel(n_jobs=n_jobs)(delayed(default_threads)() for _ in range(4))
    assert max(found) * n_jobs <= max(cpu_count(), n_jobs), os.environ.get("OMP_NUM_THREADS")
