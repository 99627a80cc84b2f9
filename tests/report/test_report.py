"""What a report says: the verdict, the warnings, the steps; and that it is written whole or not at all."""

import re
from dataclasses import replace

import numpy as np
import pytest

from normexp import SoftmaxClassifier, softmax
from normexp.evaluation import Evaluation, class_share_evaluation
from normexp.model import evaluation_of
from normexp.report import Subject, data_of, write_report
from normexp.report._advice import next_steps, warnings_of
from normexp.report._baselines import BOOSTED_TREES, LOGISTIC_REGRESSION, cross_validated
from normexp.report._columns import column_facts
from normexp.report._facts import confused_pairs, surest_mistakes
from normexp.report._verdict import calibration_of, telling, verdict
from normexp.tables import held_out_rows, read
from tabling import told

RNG = np.random.default_rng(0)


def made(tmp_path, n=600, answer=False, noise=1.0):
    """A table of three classes, which a model tells apart the better the less noise there is."""
    k = RNG.integers(0, 3, n)
    rows = ["x,colour,half,label" if not answer else "x,colour,half,answer,label"]
    for i in range(n):
        cells = [f"{RNG.normal() * noise + k[i]:.3f}", "rgb"[k[i] if RNG.random() < 0.7 else RNG.integers(3)], "" if i % 3 else "1.5"]
        rows.append(",".join([*cells, *([str(k[i])] if answer else []), "abc"[k[i]]]))
    (tmp_path / "t.csv").write_text("\n".join(rows) + "\n")
    table = read(tmp_path / "t.csv", target="label")
    return table, *held_out_rows(table.targets, 0.5, 0)


def judged(table, rows, held, hidden=(16,), epochs=30):
    model = SoftmaxClassifier(hidden, epochs=epochs, random_state=0, quality="fast").fit_table(table, rows)
    tested = table.take(held)
    subject = Subject("model", model, Evaluation(model.classes_, tested.targets, model.predict_proba(tested)))
    return subject, data_of("t.csv", tested, subject, training=table, training_rows=rows)


def facts(subject, data):
    return column_facts(data, subject, np.arange(len(data.tested.schema.columns)), np.arange(len(data.tested.schema.columns)))


def with_probabilities(subject, p, drawn=False):
    """Other probabilities for the same targets, or targets drawn from the probabilities, which makes those true."""
    targets = (p.cumsum(axis=1) > np.random.default_rng(1).random((len(p), 1))).argmax(axis=1) if drawn else subject.evaluation.targets
    return Subject("other", subject.model, Evaluation(subject.evaluation.classes, targets, p))


def test_the_verdict_depends_on_the_numbers(tmp_path):
    subject, data = judged(*made(tmp_path))
    true = with_probabilities(subject, subject.evaluation.probabilities, drawn=True)
    good = verdict(true, replace(data, shares=class_share_evaluation(true.evaluation), baselines={}))
    assert (good.grade, good.calibration) == ("good", "its probabilities can be taken at their word")
    assert f"{true.scores.accuracy:.1%} of 300 rows that it had not seen" in good.sentence
    uniform = with_probabilities(subject, np.full((300, 3), 1 / 3))
    poor = verdict(uniform, data)
    assert (poor.grade, "no better than always answering the class shares: do not rely on it" in poor.sentence) == ("poor", True)
    steps = next_steps(uniform, data, poor, [])
    assert any("say little about the target" in step for step in steps)
    assert not any("More rows of" in step or "logistic regression" in step for step in steps)
    bold = with_probabilities(subject, softmax(np.log(subject.evaluation.probabilities) * 2.5))
    too_bold = verdict(bold, data)
    assert "too bold" in too_bold.calibration
    assert too_bold.grade == "fair"
    assert any("would be better served with logits divided by" in step for step in next_steps(bold, data, too_bold, []))
    timid = verdict(with_probabilities(subject, softmax(np.log(subject.evaluation.probabilities) / 3)), data)
    assert "too timid" in timid.calibration


def test_a_few_rows_far_too_sure_do_not_hide_the_others(tmp_path):
    """Where the log loss is lost to a few rows, the Brier score still tells that the model knows something; its probabilities are not to be believed."""
    subject, data = judged(*made(tmp_path))
    p = np.array(subject.evaluation.probabilities, np.float64)
    wrong = np.flatnonzero(~subject.evaluation.correct)[:30]
    p[wrong] = np.where(np.arange(3) == subject.evaluation.targets[wrong, None], 1e-18, 0.5)
    p /= p.sum(axis=1, keepdims=True)
    found = verdict(with_probabilities(subject, p), data)
    assert found.grade == "fair"
    assert "do not take its probabilities at their word" in found.sentence


def test_probabilities_that_are_off_for_one_class_are_found(tmp_path):
    subject, _ = judged(*made(tmp_path, n=4_000))
    p = np.array(subject.evaluation.probabilities, np.float64)
    drawn = with_probabilities(subject, p, drawn=True)
    assert calibration_of(drawn) == "its probabilities can be taken at their word"
    moved = p.copy()
    moved[:, 1] = p[:, 1] + 0.4 * p[:, 2]
    moved[:, 2] = 0.6 * p[:, 2]
    off = Subject("off", subject.model, replace(drawn.evaluation, probabilities=moved))
    assert re.search(r"its probabilities (of class(es)? .*'[bc]'.* are (off|too high|too low)|are off in places|are too timid|are too bold)", calibration_of(off))


def test_the_baselines_are_what_they_are_called(tmp_path):
    table, rows, held = made(tmp_path)
    subject, data = judged(table, rows, held, hidden=(), epochs="auto")
    np.testing.assert_array_equal(data.baselines[LOGISTIC_REGRESSION].probabilities, subject.evaluation.probabilities)
    itself = verdict(subject, data)
    assert "logistic regression" not in itself.sentence
    assert "boosted trees" in itself.sentence
    validated = cross_validated(table.take(held), 0, 1)
    for name, one in validated.items():
        assert one.losses.mean() < np.log(3)
        assert abs(one.losses.mean() - data.baselines[name].losses.mean()) < 0.15
    assert cross_validated(table.take(held[:20]), 0, 1) == {}


def test_boosted_trees_find_what_a_regression_cannot(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1_000, 2))
    table = read({"a": x[:, 0], "b": x[:, 1], "y": np.where(x[:, 0] * x[:, 1] > 0, "same", "other")}, target="y")
    rows, held = held_out_rows(table.targets, 0.5, 0)
    subject, data = judged(table, rows, held, epochs=1)
    assert data.baselines[BOOSTED_TREES].losses.mean() < 0.3 < 0.6 < data.baselines[LOGISTIC_REGRESSION].losses.mean()
    found = verdict(subject, data)
    assert (found.grade, "worse than boosted trees" in found.sentence) in (("fair", True), ("poor", False), ("none", False))
    assert found.grade != "good"


def test_a_column_that_gives_the_answer_away_is_found(tmp_path):
    subject, data = judged(*made(tmp_path, answer=True))
    columns = facts(subject, data)
    alone = {column.name: column.share for column in columns}
    assert alone["answer"] > 0.95
    assert 0.1 < alone["colour"] < 0.6
    judged_so = verdict(subject, data, columns)
    found = warnings_of(subject, data, judged_so, columns)
    assert any(re.search(r"column 'answer' alone gives 9\d% of what there is to gain over the class shares", text) for text in found)
    assert any("column 'half' is missing in" in text for text in found)
    assert not any("'x' alone" in text or "'colour' alone" in text for text in found)
    assert judged_so.sentence.startswith("Column 'answer' alone gives the answer: make sure that it is known beforehand. The model is right on ")
    assert judged_so.grade == "fair"
    answer = next(column for column in columns if column.name == "answer")
    twice = verdict(subject, data, [replace(answer, name=name) for name in ("p", "q", "r", "s")])
    assert twice.sentence.startswith("Columns 'p', 'q', 'r' and 1 more alone give the answer")
    as_much = [replace(answer, name="x", share=0.5), *(column for column in columns if column.name in ("colour", "half"))]
    assert verdict(subject, data, as_much).sentence.startswith("Column 'x' alone does about as well as the model: make sure that it is known beforehand. ")
    assert telling([answer], judged_so.against_shares) == []  # a table of one column


def test_what_flatters_the_numbers_is_said_of_every_model_that_is_worth_something(tmp_path):
    """Where a column gives the answer and rows are known already, the headline says both, also where the answers are no better than always the same one."""
    subject, data = judged(*made(tmp_path, answer=True))
    columns, known = facts(subject, data), replace(data, equal=np.arange(300) < 150)
    one_answer = with_probabilities(subject, 0.45 * subject.evaluation.probabilities + 0.55 * data.largest.probabilities)
    for model in (subject, one_answer):
        told = verdict(model, known, columns)
        assert told.grade == "fair"
        assert "probabilities" not in told.sentence  # nothing else that could be said of such a model counts
        assert told.sentence.startswith("Column 'answer' alone gives the answer: make sure that it is known beforehand. The model is right on ")
        others = model.evaluation.correct[150:].mean()
        assert told.sentence.endswith(f" But 50% of these rows equal rows that it has learnt from: the numbers flatter it; on the others it is right on {others:.1%}.")
    poor = verdict(with_probabilities(subject, np.full((300, 3), 1 / 3)), known, columns)
    assert (poor.grade, "flatter" in poor.sentence, "alone" in poor.sentence) == ("poor", False, False)


def test_answers_of_a_weighted_model_are_judged_by_their_weights(tmp_path):
    """A rare class that is answered as often as its weight asks for is no fault, though always answering the other would be right more often."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=4_000)
    y = np.where(rng.random(4_000) < 1 / (1 + np.exp(4 - 1.5 * x)), "rare", "usual")
    table = read({"x": x, "z": rng.normal(size=4_000), "y": y}, target="y")
    rows, held = held_out_rows(table.targets, 0.5, 0)
    tested = table.take(held)
    plain, weighted = (SoftmaxClassifier((), epochs=30, random_state=0, class_weight=weight, quality="fast").fit_table(table, rows) for weight in (None, "balanced"))
    subjects = [Subject("m", model, evaluation_of(model.to_model(), tested)) for model in (plain, weighted)]
    data = [data_of("t", tested, subject, training=table, training_rows=rows) for subject in subjects]
    told = [verdict(*pair) for pair in zip(subjects, data, strict=True)]
    assert (told[0].grade, "no more often than always answering 'usual'" in told[0].sentence) == ("fair", True)
    assert told[1].grade == "good"
    assert subjects[1].scores.accuracy < subjects[0].scores.accuracy
    assert subjects[1].scores.log_loss == pytest.approx(subjects[0].scores.log_loss, abs=0.01)
    assert subjects[1].scores.roc_auc_macro == pytest.approx(subjects[0].scores.roc_auc_macro, abs=0.01)


def test_a_class_that_is_never_answered_is_named(tmp_path):
    subject, data = judged(*made(tmp_path))
    p = np.array(subject.evaluation.probabilities, np.float64)
    p[:, 2] *= 0.2
    found = verdict(with_probabilities(subject, p / p.sum(axis=1, keepdims=True) * np.array([1, 1, 1])), data)
    assert "it never answers class 'c'" in found.sentence or (subject.evaluation.predicted == 2).any()
    assert found.grade != "good"


def test_warnings_about_rows(tmp_path):
    table, rows, held = made(tmp_path)
    subject, data = judged(table, rows, held)
    assert warnings_of(subject, data, verdict(subject, data), []) == []
    few, few_data = judged(table, rows, held[:40])
    assert any("only 40 rows to judge by" in text for text in warnings_of(few, few_data, verdict(few, few_data), []))
    only_a = held[table.targets[held] == 0]
    one, one_data = judged(table, rows, only_a)
    found = " ".join(warnings_of(one, one_data, verdict(one, one_data), []))
    assert "classes 'b', 'c': no rows" in found
    assert verdict(one, one_data).grade == "none"
    assert "all of one class: rows of the others are needed" in verdict(one, one_data).sentence
    ten, ten_data = judged(table, rows, held[:10])
    assert "10 rows that it had not seen: too few to tell whether it can be trusted." in verdict(ten, ten_data).sentence
    seen = data_of("t.csv", table.take(held), subject)
    assert seen.shares.probabilities[0] == pytest.approx(subject.model.class_shares)
    write_report(tmp_path / "seen.html", [subject], seen)
    assert "If the model has learnt from these rows, the numbers flatter it" in (tmp_path / "seen.html").read_text("utf-8")
    learnt = data_of("t.csv", table.take(rows), subject)
    assert learnt.known == (300, 300, True)
    assert "But 100% of these rows are rows that it has learnt from" in verdict(subject, replace(data, known=learnt.known)).sentence


def test_a_rare_class_that_is_mostly_missed_is_in_the_warnings(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=3_000)
    y = np.where(rng.random(3_000) < 1 / (1 + np.exp(4 - 2 * x)), "rare", np.where(x + rng.normal(size=3_000) > 0, "up", "down"))
    table = read({"x": x, "y": y}, target="y")
    subject, data = judged(table, *held_out_rows(table.targets, 0.5, 0))
    found = warnings_of(subject, data, verdict(subject, data), [])
    assert any(re.search(r"class 'rare' has \d+ rows of 1,500, of which \d+ are found", text) for text in found)


def test_pairs_and_mistakes(tmp_path):
    subject, data = judged(*made(tmp_path))
    pairs = confused_pairs(subject.evaluation)
    i, j, n, share = pairs[0]
    assert n == ((subject.evaluation.targets == i) & (subject.evaluation.predicted == j)).sum()
    assert share == pytest.approx(n / (subject.evaluation.targets == i).sum())
    assert [pair[2] for pair in pairs] == sorted((pair[2] for pair in pairs), reverse=True)
    rows, explanation = surest_mistakes(subject, data)
    assert not subject.evaluation.correct[rows].any()
    confidences = subject.evaluation.confidences
    assert confidences[rows].min() >= np.sort(confidences[~subject.evaluation.correct])[-10]
    np.testing.assert_array_equal(explanation.predicted, subject.evaluation.predicted[rows])


def test_a_report_is_whole_or_not_there(tmp_path, monkeypatch):
    subject, data = judged(*made(tmp_path))
    write_report(tmp_path / "r.html", [subject], data)
    text = (tmp_path / "r.html").read_text("utf-8")
    assert len(text) < 1_500_000
    assert not re.search(r"(src|href)=[\"'](?!#|data:)", text.replace('xlink:href="#', 'xlink_href="#').replace('xlink:href="data:', 'xlink_href="data:'))
    assert not re.search(r"\b(nan|inf)\b", text)
    monkeypatch.setattr("normexp.report._page.figures_of", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_report(tmp_path / "r.html", [subject], data)
    assert (tmp_path / "r.html").read_text("utf-8") == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "t.csv"]


def test_rows_keep_the_numbers_of_the_file(tmp_path):
    (tmp_path / "t.csv").write_text("x,label\n" + "".join(f"{i},{'' if i % 4 == 0 else 'ab'[i % 2]}\n" for i in range(40)))
    note = "column 'x' is all that there is to learn from, though it has a different whole number in every row, from 1 to 39"
    table = told(tmp_path / "t.csv", "10 rows without a target dropped", note, target="label")
    assert table.row_numbers[:3].tolist() == [2, 3, 4]
    taken = table.take(np.array([3, 5]))
    assert taken.row_numbers.tolist() == [6, 8]
    assert taken.matrix[:, 0].tolist() == [5, 7]
    assert read(tmp_path / "t.csv", keep_columns=["x"]).take(np.array([7])).row_numbers.tolist() == [8]
