"""What a report says: the verdict, the warnings, the steps; and that it is written whole or not at all."""

import re
from dataclasses import replace

import numpy as np
import pytest

from normexp import SoftmaxClassifier, softmax
from normexp.evaluation import Evaluation, class_share_evaluation
from normexp.report import Subject, data_of, write_report
from normexp.report._columns import column_facts
from normexp.report._facts import confused_pairs, surest_mistakes
from normexp.report._regression import cross_validated_regression
from normexp.report._verdict import next_steps, verdict, warnings_of
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
    model = SoftmaxClassifier(hidden, epochs=epochs, random_state=0).fit_table(table, rows)
    tested = table.take(held)
    subject = Subject("model", model, Evaluation(model.classes_, tested.targets, model.predict_proba(tested)))
    return subject, data_of("t.csv", tested, subject, training=table, training_rows=rows)


def facts(subject, data):
    return column_facts(data.tested, np.arange(len(data.tested.schema.columns)), np.arange(len(data.tested.schema.columns)))


def with_probabilities(subject, p, drawn=False):
    """Other probabilities for the same targets, or targets drawn from the probabilities, which makes those true."""
    targets = (p.cumsum(axis=1) > np.random.default_rng(1).random((len(p), 1))).argmax(axis=1) if drawn else subject.evaluation.targets
    return Subject("other", subject.model, Evaluation(subject.evaluation.classes, targets, p))


def test_the_verdict_depends_on_the_numbers(tmp_path):
    subject, data = judged(*made(tmp_path))
    true = with_probabilities(subject, subject.evaluation.probabilities, drawn=True)
    good = verdict(true, replace(data, shares=class_share_evaluation(true.evaluation), regression=None))
    assert (good.grade, good.calibration) == ("good", "its probabilities can be taken at their word")
    assert f"{true.scores.accuracy:.1%} of 300 rows that it had not seen" in good.sentence
    uniform = with_probabilities(subject, np.full((300, 3), 1 / 3))
    poor = verdict(uniform, data)
    assert (poor.grade, "no better than always answering the class shares: do not rely on it" in poor.sentence) == ("poor", True)
    steps = next_steps(uniform, poor, [])
    assert any("say little about the target" in step for step in steps)
    assert not any("More rows of" in step or "logistic regression" in step for step in steps)
    bold = with_probabilities(subject, softmax(np.log(subject.evaluation.probabilities) * 2.5))
    too_bold = verdict(bold, data)
    assert "too bold" in too_bold.calibration
    assert any("would be better served with logits divided by" in step for step in next_steps(bold, too_bold, []))
    timid = verdict(with_probabilities(subject, softmax(np.log(subject.evaluation.probabilities) / 3)), data)
    assert "too timid" in timid.calibration


def test_the_regression_is_a_regression(tmp_path):
    table, rows, held = made(tmp_path)
    subject, data = judged(table, rows, held, hidden=(), epochs="auto")
    np.testing.assert_array_equal(data.regression.probabilities, subject.evaluation.probabilities)
    itself = verdict(subject, data)
    assert "logistic regression" not in itself.sentence
    assert not any("logistic regression" in step for step in next_steps(subject, itself, []))
    validated = cross_validated_regression(table.take(held), 0, 1)
    assert validated.losses.mean() < np.log(3)
    assert abs(validated.losses.mean() - data.regression.losses.mean()) < 0.1
    assert cross_validated_regression(table.take(held[:20]), 0, 1) is None


def test_a_column_that_gives_the_answer_away_is_found(tmp_path):
    subject, data = judged(*made(tmp_path, answer=True))
    columns = facts(subject, data)
    alone = {column.name: column.alone for column in columns}
    assert alone["answer"] == 1
    assert 0.5 < alone["colour"] < 0.95
    found = warnings_of(subject, data, columns)
    assert any("column 'answer' alone gives the right answer in 100.0% of rows" in text for text in found)
    assert any("column 'half' is missing in" in text for text in found)
    assert not any("'x' alone" in text or "'colour' alone" in text for text in found)
    told = verdict(subject, data, columns)
    assert told.sentence.startswith("Column 'answer' alone gives the answer: make sure that it is known beforehand. The model is right on ")
    assert told.grade == "fair"
    twice = verdict(subject, data, [replace(columns[0], name=name, alone=1.0) for name in ("p", "q", "r", "s")])
    assert twice.sentence.startswith("Columns 'p', 'q', 'r' and 1 more alone give the answer")


def test_what_flatters_the_numbers_is_said_of_every_model_that_is_worth_something(tmp_path):
    """Where a column gives the answer and rows are known already, the headline says both, also where the answers are no better than always the same one."""
    subject, data = judged(*made(tmp_path, answer=True))
    columns, known = facts(subject, data), replace(data, n_equal=150)
    one_answer = with_probabilities(subject, 0.45 * subject.evaluation.probabilities + 0.55 * data.largest.probabilities)
    for model, words in ((subject, " its probabilities "), (one_answer, ", no more often than always answering")):
        told = verdict(model, known, columns)
        assert told.grade == "fair"
        assert words in told.sentence
        assert told.sentence.startswith("Column 'answer' alone gives the answer: make sure that it is known beforehand. The model is right on ")
        assert told.sentence.endswith(" But 50% of these rows equal rows that it has learnt from: the numbers flatter it.")
    poor = verdict(with_probabilities(subject, np.full((300, 3), 1 / 3)), known, columns)
    assert (poor.grade, "flatter" in poor.sentence, "alone" in poor.sentence) == ("poor", False, False)


def test_warnings_about_rows(tmp_path):
    table, rows, held = made(tmp_path)
    subject, data = judged(table, rows, held)
    assert warnings_of(subject, data, []) == []
    few, few_data = judged(table, rows, held[:40])
    assert any("only 40 rows to judge by" in text for text in warnings_of(few, few_data, []))
    only_a = held[table.targets[held] == 0]
    one, one_data = judged(table, rows, only_a)
    found = " ".join(warnings_of(one, one_data, []))
    assert "classes 'b', 'c': no rows" in found
    assert verdict(one, one_data).grade == "none"
    assert "all of one class: rows of the others are needed" in verdict(one, one_data).sentence
    ten, ten_data = judged(table, rows, held[:10])
    assert "10 rows that it had not seen: too few to tell whether it can be trusted." in verdict(ten, ten_data).sentence
    seen = data_of("t.csv", table.take(held), subject)
    assert seen.shares.probabilities[0] == pytest.approx(subject.model.class_shares)
    write_report(tmp_path / "seen.html", [subject], seen)
    assert "If the model has learnt from these rows, the numbers flatter it" in (tmp_path / "seen.html").read_text("utf-8")


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
