"""normexp evaluate"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from normexp.cli._console import echo, print_json, print_table, scores_table
from normexp.cli._deciding import costs_as_data, costs_option, print_costs, read_costs
from normexp.cli._judging import apart, evaluation_on, labelled, refuse_other_targets, refuse_several_of_standard_input
from normexp.cli._newness import drift_as_data, print_drift, refuse_known_rows, say_known_rows
from normexp.cli._reading import judging_options, prediction_options, reading
from normexp.cli._sets import coverage_as_data, coverage_options, print_coverage, set_thresholds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from normexp.evaluation import Costs, Difference, Evaluation
    from normexp.model import Drift, Model
    from normexp.tables import Table

MOST_CLASSES = 20


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL [MODEL …]")
@click.argument("table")
@costs_option
@coverage_options
@judging_options
@prediction_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(models: tuple[str, ...], table: str, costs_file: str | None, coverage: float | None, by_class: bool, as_json: bool, **given: Any) -> None:
    """Score MODEL on TABLE, which has the target column that the model was trained on.

    \b
    Examples:
      normexp evaluate penguins.safetensors labelled.csv
      normexp evaluate old.safetensors new.safetensors labelled.csv     (which is better, and is the difference beyond doubt?)

    Intervals are 95% intervals: what other rows of the same kind would give.
    Rows that a model has learnt from are told by its fingerprint, and no models are compared on them.
    Without the target column: what is predicted, and what has changed against training. With --costs: what deciding by them costs. With --coverage:
    how often the truth is in the prediction sets, and how many classes these hold.
    """
    from normexp import saving
    from normexp.model import drift

    refuse_several_of_standard_input(models, table)
    loaded = [saving.load_model(model) for model in models]
    tables = [labelled(model, path, table, reading(given)) for model, path in zip(loaded, models, strict=True)]
    bounds = set_thresholds_of(loaded[0], coverage, by_class)
    if coverage is not None and (len(loaded) > 1 or any(data.targets is None for data in tables)):
        raise click.UsageError("expected one model and the target column with --coverage, got several or none; predict --coverage gives the sets")
    if any(data.targets is None for data in tables):
        if costs_file is not None:
            raise click.UsageError(f"expected the target column with --costs, got a table without ({table}); predict --costs decides for such rows")
        _print_predictions(loaded, models, tables, table, as_json)
        return
    known = {name: say_known_rows(model, name, table, data.matrix) for model, name, data in zip(loaded, apart(models), tables, strict=True)}
    evaluations = [evaluation_on(model, data, table) for model, data in zip(loaded, tables, strict=True)]
    if len(evaluations) > 1:
        if costs_file is not None:
            raise click.UsageError("expected one model with --costs, got several; evaluate them one at a time")
        refuse_other_targets(loaded, models)
        refuse_known_rows(known, table)
        _print_comparison(loaded, models, table, evaluations, as_json)
        return
    (share,) = (None if found is None else found.share for found in known.values())
    costs = None if costs_file is None else read_costs(costs_file, loaded[0].classes)
    _print_scores(Scored(loaded[0], models[0], table, evaluations[0], share, drift(loaded[0], tables[0].matrix), costs, coverage, bounds), as_json)


class Scored(NamedTuple):
    """A model on a table with labels."""

    model: "Model"
    name: str
    table: str
    evaluation: "Evaluation"
    known_share: float | None
    drift: "Drift | None"
    costs: "Costs | None"
    coverage: float | None
    bounds: "NDArray[Any] | None"  # of the prediction sets


def _print_scores(one: Scored, as_json: bool) -> None:
    from normexp import evaluation as ev

    evaluation = one.evaluation
    always = ev.class_share_evaluation(evaluation, one.model.class_shares)
    scores, shares = asdict(ev.score(evaluation)), asdict(ev.score(always))
    intervals = ev.intervals(evaluation)
    difference = ev.compare(always, evaluation, ["log_loss"])["log_loss"]
    paid = None if one.costs is None else ev.decision_costs(evaluation, one.costs)
    if as_json:
        print_json({"model": one.name, "table": one.table, "scores": scores, "intervals": _ends(intervals), "class_share_scores": shares,
                    "against_class_shares": {"log_loss": difference._asdict()}, "known_share": one.known_share, **drift_as_data(one.drift),
                    **({} if one.coverage is None or one.bounds is None else {"sets": coverage_as_data(one.model, evaluation, one.coverage, one.bounds)}),
                    **({} if paid is None or one.costs is None else {"costs": costs_as_data(paid, one.costs)})})  # fmt: skip
        return
    echo(_heading(evaluation, one.table, one.model))
    scores_table({"model": scores, "class shares": shares}, intervals, positive=_positive(evaluation))
    echo(verdict("log loss", "always answering the class shares", "the model", difference))
    if one.coverage is not None and one.bounds is not None:
        print_coverage(one.model, evaluation, one.coverage, one.bounds)
    if paid is not None and one.costs is not None:
        print_costs(paid, one.costs, evaluation.positive)
    _print_losses(evaluation)
    if one.drift is not None and one.drift.changed:
        print_drift(one.drift)


def _print_losses(evaluation: "Evaluation") -> None:
    """Where the loss comes from: the classes, those that make most of it first."""
    import numpy as np

    known, n = evaluation.counted.take(evaluation.counted.known), evaluation.n_classes
    rows, losses = (np.bincount(known.targets, values, n) for values in (known.masses, known.masses * known.losses))
    order = [k for k in np.argsort(-losses, kind="stable") if rows[k]][:MOST_CLASSES]
    echo("where the loss comes from:")
    print_table(("class", "share of the rows", "share of the loss", "mean loss"),
                [(str(evaluation.classes[k]), f"{rows[k] / rows.sum():.1%}", f"{losses[k] / max(losses.sum(), 1e-300):.1%}", f"{losses[k] / rows[k]:.4f}")
                 for k in order])  # fmt: skip


def _print_comparison(loaded: "list[Model]", models: tuple[str, ...], table: str, evaluations: "list[Evaluation]", as_json: bool) -> None:
    from normexp import evaluation as ev

    scores = [asdict(ev.score(evaluation)) for evaluation in evaluations]
    shares = asdict(ev.score(ev.class_share_evaluation(evaluations[0], loaded[0].class_shares)))
    differences = [ev.compare(evaluations[0], other) for other in evaluations[1:]]
    if as_json:
        described = [{"model": model, "scores": found, "intervals": _ends(ev.intervals(evaluation))} for model, found, evaluation in zip(models, scores, evaluations, strict=True)]
        compared = [{"first": models[0], "second": model, **{name: d._asdict() for name, d in found.items()}} for model, found in zip(models[1:], differences, strict=True)]
        print_json({"table": table, "models": described, "comparisons": compared, "class_share_scores": shares})
        return
    echo(_heading(evaluations[0], table, loaded[0]))
    scores_table({**dict(zip(apart(models), scores, strict=True)), "class shares": shares}, positive=_positive(evaluations[0]))
    for model, found in zip(apart(models)[1:], differences, strict=True):
        for name, difference in found.items():
            echo(verdict(name.replace("_", " "), apart(models)[0], model, difference))


def _positive(evaluation: "Evaluation") -> object:
    return None if evaluation.positive is None else evaluation.classes.tolist()[evaluation.positive]


def _heading(evaluation: "Evaluation", table: str, model: "Model") -> str:
    rows = f"{len(evaluation)} row{'' if len(evaluation) == 1 else 's'}"
    return f"{rows} of {table}; class shares are those of {'these rows' if model.class_shares is None else 'the training rows'}"


def verdict(name: str, first: str, second: str, difference: "Difference") -> str:
    """Which model is better in a score, and by how much."""
    low, high = sorted(abs(end) for end in (difference.low, difference.high))
    if difference.better == "neither":
        return f"{name}: no sure difference; {second} minus {first} is {difference.low:+.4f} to {difference.high:+.4f}"
    return f"{name}: {second if difference.better == 'second' else first} is better by {low:.4f} to {high:.4f}"


def _ends(intervals: dict[str, Any]) -> dict[str, list[float]]:
    return {name: [interval.low, interval.high] for name, interval in intervals.items()}


def _print_predictions(loaded: "list[Model]", models: tuple[str, ...], tables: "list[Table]", table: str, as_json: bool) -> None:
    """How often each class is predicted, and how surely: there is no truth to compare with."""
    from normexp.model import drift

    drifts = [drift(model, data.matrix) for model, data in zip(loaded, tables, strict=True)]
    found = [_predictions(model, path, data) | drift_as_data(moved) for model, path, data, moved in zip(loaded, models, tables, drifts, strict=True)]
    if as_json:
        print_json({"table": table, **found[0]} if len(found) == 1 else {"table": table, "models": found})
        return
    for predicted, moved in zip(found, drifts, strict=True):
        echo(f"{predicted['n_rows']} rows of {table}, predicted by {predicted['model']}")
        means = [["-" if row[key] is None else f"{row[key]:.4f}" for key in ("mean_confidence", "mean_probability")] for row in predicted["predictions"]]
        cells = [(str(row["class"]), str(row["n_predicted"]), *shown) for row, shown in zip(predicted["predictions"], means, strict=True)]
        before = [None] * len(cells) if moved is None else moved.answers_before.tolist()
        shown = [(*cell, "-" if share is None else f"{share:.4f}") for cell, share in zip(cells, before, strict=True)]
        print_table(("class", "predicted", "mean confidence", "mean probability", "in training"), shown)
        print_drift(moved)


def _predictions(model: "Model", path: str, data: "Table") -> dict[str, Any]:
    import numpy as np

    probabilities = model.probabilities(data.matrix)
    predicted, confidence = model.answers(probabilities), probabilities.max(axis=1)
    counts = np.bincount(predicted, minlength=len(model.classes))
    rows = [
        {"class": label, "n_predicted": int(n), "mean_confidence": float(confidence[predicted == i].mean()) if n else None, "mean_probability": float(probabilities[:, i].mean())}
        for i, (label, n) in enumerate(zip(model.classes.tolist(), counts, strict=True)) if len(data)
    ]  # fmt: skip
    return {"model": path, "n_rows": len(data), "predictions": rows}
