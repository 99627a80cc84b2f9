"""One self-contained HTML file: no script, nothing from the network, every string escaped."""

import re
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from normexp import evaluation as ev
from normexp._atomic import replaced
from normexp._checks import counted
from normexp._version import __version__
from normexp.evaluation import SetScores, set_scores
from normexp.explanation import NO_FLIP, Importance, features_of
from normexp.model import Drift, as_model, drift, prediction_sets, set_thresholds
from normexp.report._advice import next_steps, warnings_of
from normexp.report._columns import column_facts
from normexp.report._decisions import decisions_of
from normexp.report._facts import Data, Subject, confused_pairs, importance_of, surest_mistakes
from normexp.report._figures import figures_of, importance_figure
from normexp.report._linear import coefficients_of
from normexp.report._verdict import are_fine, verdict
from normexp.tables import Table

__all__ = ["template", "write_page", "write_predictions_report", "write_report"]

COVERAGE = 0.9  # of the prediction sets that are shown
MOST_COLUMNS, MOST_CLASSES, MOST_REASONS, MOST_IN_CHAIN = 30, 40, 5, 5


def write_report(path: Path, subjects: Sequence[Subject], data: Data, *, on_step: Callable[[str], None] = lambda _: None) -> None:
    """Write the report of one model, or of several on the same rows, of which the best by log loss is shown in detail."""
    best = min(subjects, key=lambda subject: subject.scores.log_loss)
    on_step("which features matter")
    importance = importance_of(best, data)
    order = importance.order()
    on_step("the data")
    columns = column_facts(data, best, order[:MOST_COLUMNS], features_of(best.model)[1])
    judged = verdict(best, data, columns)
    on_step("the most confident mistakes")
    mistakes = _mistakes(best, data)
    on_step("figures")
    page = template("report.html").render(
        version=__version__, title=_title(best), subject=best, at_limit=_ended_at_its_limit(best), data=data,
        verdict=judged, numbers=_numbers(best, data), comparison=_comparison(subjects, best, data),
        columns=columns, n_hidden_columns=len(order) - len(columns), shares=_shares(best), warnings=warnings_of(best, data, judged, columns), figures=figures_of(best),
        pairs=[(*_names(best, i, j), n, share) for i, j, n, share in confused_pairs(best.evaluation)], classes=_classes(best),
        n_hidden_classes=max(best.evaluation.n_classes - MOST_CLASSES, 0), importance=importance, importance_rows=_importance_rows(importance),
        importance_figure=importance_figure(importance) if len(order) and importance.n_rows else "", n_features=len(order), mistakes=mistakes,
        n_mistakes=int((~best.evaluation.correct).sum()), validated=bool(np.isfinite(best.model.history.validation_loss).any()),
        steps=next_steps(best, data, judged, columns), no_flip=NO_FLIP,
        model_share=-judged.against_shares.estimate / max(float(data.shares.losses.mean()), 1e-12),
        sets=_sets(best, data), fine=are_fine(judged.calibration), **decisions_of(best, data), coefficients=coefficients_of(best), drift=_drift(best, data),
    )  # fmt: skip
    write_page(path, page)


def write_predictions_report(path: Path, name: str, source: str, model: Any, table: Table, *, n_threads: int | None = None) -> None:
    """The report of rows without targets: what a Model or a SoftmaxClassifier answers and how surely; nothing can be said of whether it is right."""
    known = as_model(model)
    probabilities = known.probabilities(table.matrix, n_threads or 0)
    predicted, confidence = known.answers(probabilities), probabilities.max(axis=1)
    counts = np.bincount(predicted, minlength=len(known.classes))
    order = np.argsort(-counts, kind="stable")[:MOST_CLASSES]
    shares = [(str(known.classes[k]), int(counts[k]), counts[k] / max(len(table), 1), float(probabilities[:, k].mean()) if len(table) else 0.0) for k in order]
    heights = np.histogram(confidence, 10, (0, 1))[0]
    sureness = [(f"{i * 10} to {i * 10 + 10}%", int(n), n / max(heights.max(), 1)) for i, n in enumerate(heights)]
    page = template("predictions.html").render(
        version=__version__, title=f"Predictions of {name} for {source}", name=name, source=source, n_rows=len(table), shares=shares, sureness=sureness,
        n_hidden_classes=max(len(counts) - len(order), 0), notes=table.notes, target=known.schema.target if known.schema else None,
    )  # fmt: skip
    write_page(path, page)


def template(name: str) -> Any:
    """A page of this room, with what all pages share."""
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    environment = Environment(loader=PackageLoader("normexp.report", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"svg": Markup, "signed": signed, "commands": commands, "sentence": lambda text: text[:1].upper() + text[1:]}
    environment.globals["counted"] = counted
    environment.globals["style"] = Markup((files("normexp.report") / "page.css").read_text("utf-8"))
    return environment.get_template(name)


def signed(value: float) -> str:
    """With four digits behind the point, or as many as show that it is not 0."""
    return f"{value:+.4f}" if abs(value) >= 0.001 else f"{value:+.2g}" if abs(value) >= 1e-6 else "0"


def commands(text: str) -> Any:
    """A sentence whose options and commands do not break at a hyphen."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"(?<![\w&])(--?[a-zA-Z][\w-]*)", r'<span class="option">\1</span>', str(escape(text))))


def write_page(path: Path, page: str) -> None:
    """Whole or not at all."""
    with replaced(path) as temporary:
        temporary.write_text(page, "utf-8")


def _sets(subject: Subject, data: Data) -> SetScores | None:
    """How often prediction sets that are asked for a coverage of 90 % hold the truth; None where the model knows of no held-out rows."""
    held_out, evaluation = subject.model.held_out, subject.evaluation
    if held_out is None or not held_out.counts.sum() or not len(evaluation):
        return None
    return set_scores(evaluation, prediction_sets(evaluation.probabilities, set_thresholds(held_out, COVERAGE)), drawn_from=data.drawn_from)


def _ended_at_its_limit(subject: Subject) -> bool:
    """Was the best epoch among the last ones that it was allowed?"""
    history = subject.model.history
    return history.stopped == "epochs" and history.best_epoch >= 0.95 * history.n_epochs - 1 and bool(np.isfinite(history.validation_loss).any())


def _drift(subject: Subject, data: Data) -> Drift | None:
    """Against training, of rows that are not a part of the table that was drawn by chance."""
    return None if data.drawn_from is not None or data.out_of_fold else drift(subject.model, data.tested.matrix)


def _title(subject: Subject) -> str:
    target = subject.model.schema.target if subject.model.schema else None
    return f"{target}: {subject.name}" if target else subject.name


def _numbers(subject: Subject, data: Data) -> list[dict[str, Any]]:
    """The numbers of the first screen with their intervals, beside those of the baselines; for calibration, beside what chance alone makes."""
    known, found = subject.known, ev.intervals(subject.evaluation, drawn_from=data.drawn_from)
    names = {"class shares": data.shares, **{name.removeprefix("a "): one for name, one in data.baselines.items()}}
    right = {name: float(np.average(one.correct, weights=one.weights)) for name, one in names.items()}
    losses = {name: float(np.average(one.losses, weights=one.weights)) for name, one in names.items()}
    cards = [
        _card("Accuracy", found["accuracy"], "{:.1%}", right, "share of rows predicted right; 100% is best"),
        _card("Log loss", found["log_loss"], "{:.4f}", losses, "mean -ln of the true class's probability (nats); 0 is best"),
    ]
    if known.positive is not None and np.isfinite(found["roc_auc_macro"].estimate):
        share = float(np.average(known.targets == known.positive, weights=known.weights))
        areas = {name: ranking.area for name, one in names.items() if (ranking := ev.ranking_of(one.take(one.known))) is not None}
        precision = subject.scores.average_precision_macro
        meaning = f"how often a row of '{known.classes[known.positive]}' ranks above another; 0.5 is chance. Average precision {precision:.3f}, by chance {share:.3f}"
        cards.append(_card("ROC AUC", found["roc_auc_macro"], "{:.3f}", areas, meaning))
    chance = {"by chance, as a rule": f"{subject.chance.mean:.1%}", "by chance, rarely above": f"{subject.chance.high:.1%}"}
    cards.append({"name": "Calibration error", "value": f"{subject.scores.calibration_error:.1%}", "low": None, "others": chance,
                  "meaning": "how far stated probabilities are from what happens; true ones seem off, too, where rows are few"})  # fmt: skip
    return cards


def _card(name: str, found: ev.Interval, form: str, others: dict[str, float], meaning: str) -> dict[str, Any]:
    low, high = (form.format(end) if np.isfinite(end) else None for end in (found.low, found.high))
    return {"name": name, "value": form.format(found.estimate), "low": low, "high": high, "others": {key: form.format(value) for key, value in others.items()}, "meaning": meaning}


def _comparison(subjects: Sequence[Subject], best: Subject, data: Data) -> dict[str, Any] | None:
    """Scores of several models, and how sure it is that the best one is."""
    if len(subjects) < 2:
        return None
    rows = []
    for subject in sorted(subjects, key=lambda one: one.scores.log_loss):
        found = ev.intervals(subject.evaluation, ev.ROW_SCORES, drawn_from=data.drawn_from)
        rows.append({"name": subject.name, "best": subject is best, "cells": [f"{i.estimate:.4f} ({i.low:.4f} to {i.high:.4f})" for i in found.values()]})
    sentences = []
    for other in (s for s in subjects if s is not best):
        difference = ev.compare(other.evaluation, best.evaluation, ["log_loss"], drawn_from=data.drawn_from)["log_loss"]
        low, high = sorted(abs(end) for end in (difference.low, difference.high))
        surely = f"{best.name} is better than {other.name} by {low:.4f} to {high:.4f} in log loss."
        sentences.append(surely if difference.better == "second" else f"Between {best.name} and {other.name} there is no sure difference in log loss.")
    return {"header": ["accuracy", "log loss", "Brier score"], "rows": rows, "sentences": sentences}


def _names(subject: Subject, *indices: int) -> list[str]:
    return [str(subject.evaluation.classes[i]) for i in indices]


def _shares(subject: Subject) -> list[tuple[str, int, float]]:
    evaluation = subject.evaluation
    counted = evaluation.counted
    counts = np.bincount(counted.targets[counted.known], minlength=evaluation.n_classes)
    order = np.argsort(-counts, kind="stable")[:MOST_CLASSES]
    return [(*_names(subject, int(k)), int(counts[k]), counts[k] / max(len(counted), 1)) for k in order]  # type: ignore[misc]


def _classes(subject: Subject) -> list[dict[str, Any]]:
    """Each class, the worst first where there are too many to show."""
    evaluation, scores = subject.evaluation, ev.class_scores(subject.evaluation)
    order = np.argsort(scores.f1, kind="stable")[:MOST_CLASSES] if evaluation.n_classes > MOST_CLASSES else np.arange(evaluation.n_classes)
    mean = np.average(evaluation.probabilities, axis=0, weights=evaluation.weights)
    share = scores.support / max(float(evaluation.masses.sum()), 1e-300)
    answered = np.bincount(evaluation.predicted, minlength=evaluation.n_classes)
    rows = np.bincount(evaluation.counted.targets[evaluation.counted.known], minlength=evaluation.n_classes)
    return [
        {"name": str(evaluation.classes[k]), "precision": scores.precision[k] if answered[k] else None, "recall": scores.recall[k] if rows[k] else None,
         "f1": scores.f1[k] if rows[k] and answered[k] else None, "support": int(rows[k]),
         "share": share[k], "mean": mean[k]} for k in order
    ]  # fmt: skip


def _importance_rows(importance: Importance) -> list[tuple[str, float, float, float]]:
    return [(importance.feature_names[i], importance.mean[i], importance.low[i], importance.high[i]) for i in importance.order()[:15]]


def _mistakes(subject: Subject, data: Data) -> list[dict[str, Any]]:
    """The surest ones, each with its chain from logits to probabilities and what moved it; of out-of-fold answers only what was said, as the model would now say something else."""
    rows, explanation = surest_mistakes(subject, data)
    found = []
    for i, row in enumerate(rows):
        facts, target = explanation.to_dict(i), subject.evaluation.targets[row]
        truth = str(subject.evaluation.classes[target]) if target >= 0 else "a class that the model does not know"
        said = {"row": int(data.row_numbers[row]), "truth": truth, "predicted": str(subject.evaluation.classes[subject.evaluation.predicted[row]]),
                "confidence": float(subject.evaluation.confidences[row]), "loss": float(subject.evaluation.losses[row]), "runner_up": str(facts["runner_up"])}  # fmt: skip
        why = {} if data.out_of_fold else {"chain": _chain(facts, int(target)), "n_classes": len(facts["classes"]), "reasons": _reasons(facts), "flip": facts["flip"]}
        found.append(said | why)
    return found


def _reasons(facts: dict[str, Any]) -> list[tuple[str, str, float]]:
    """Where an average row starts, what the columns that counted most did, the others together, and where that ends: they add up."""
    shown, others = facts["features"][:MOST_REASONS], facts["features"][MOST_REASONS:]
    rest = [(counted(len(others), "other column"), "", sum(item["contribution"] for item in others))] if others else []
    return [("an average row", "", facts["baseline_difference"]), *((item["feature"], item["value"], item["contribution"]) for item in shown), *rest,
            ("this row", "", facts["difference"])]  # fmt: skip


def _chain(facts: dict[str, Any], target: int) -> list[dict[str, Any]]:
    """The most probable classes and the true one, in the order of the classes."""
    classes = facts["classes"]
    kept = sorted(range(len(classes)), key=lambda k: -classes[k]["probability"])[:MOST_IN_CHAIN]
    return [classes[k] | {"is_target": k == target} for k in sorted({*kept, *([target] if target >= 0 else [])})]
