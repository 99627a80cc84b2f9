"""normexp evaluate"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from normexp.cli._console import echo, print_json, print_table, scores_table
from normexp.cli._judging import apart, evaluation_on, labelled, refuse_other_targets, refuse_several_of_standard_input
from normexp.cli._reading import prediction_options, reading

if TYPE_CHECKING:
    from normexp.evaluation import Difference, Evaluation
    from normexp.model import Model
    from normexp.tables import Table


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL [MODEL …]")
@click.argument("table")
@prediction_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(models: tuple[str, ...], table: str, as_json: bool, **given: Any) -> None:
    """Score MODEL on TABLE, which has the target column that the model was trained on.

    \b
    Examples:
      normexp evaluate penguins.safetensors labelled.csv
      normexp evaluate old.safetensors new.safetensors labelled.csv     (which is better, and is the difference beyond doubt?)

    Intervals are 95% intervals: what other rows of the same kind would give.
    A table without the target column gets a summary of the predictions.
    """
    from normexp import saving

    refuse_several_of_standard_input(models, table)
    loaded = [saving.load_model(model) for model in models]
    tables = [labelled(model, path, table, reading(given)) for model, path in zip(loaded, models, strict=True)]
    if any(data.targets is None for data in tables):
        _print_predictions(loaded, models, tables, table, as_json)
        return
    evaluations = [evaluation_on(model, data, table) for model, data in zip(loaded, tables, strict=True)]
    if len(evaluations) == 1:
        _print_scores(loaded[0], models[0], table, evaluations[0], as_json)
    else:
        refuse_other_targets(loaded, models)
        _print_comparison(loaded, models, table, evaluations, as_json)


def _print_scores(loaded: "Model", model: str, table: str, evaluation: "Evaluation", as_json: bool) -> None:
    from normexp import evaluation as ev

    always = ev.class_share_evaluation(evaluation, loaded.class_shares)
    scores, shares = asdict(ev.score(evaluation)), asdict(ev.score(always))
    intervals = ev.intervals(evaluation)
    difference = ev.compare(always, evaluation, ["log_loss"])["log_loss"]
    if as_json:
        print_json({"model": model, "table": table, "scores": scores, "intervals": _ends(intervals), "class_share_scores": shares,
                    "against_class_shares": {"log_loss": difference._asdict()}})  # fmt: skip
        return
    echo(f"{_heading(evaluation, table, loaded)}")
    scores_table({"model": scores, "class shares": shares}, intervals, positive=_positive(evaluation))
    echo(verdict("log loss", "always answering the class shares", "the model", difference))


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
    found = [_predictions(model, path, data) for model, path, data in zip(loaded, models, tables, strict=True)]
    if as_json:
        print_json({"table": table, **found[0]} if len(found) == 1 else {"table": table, "models": found})
        return
    for predicted in found:
        echo(f"{predicted['n_rows']} rows of {table}, predicted by {predicted['model']}")
        means = [["-" if row[key] is None else f"{row[key]:.4f}" for key in ("mean_confidence", "mean_probability")] for row in predicted["predictions"]]
        cells = [(str(row["class"]), str(row["n_predicted"]), *shown) for row, shown in zip(predicted["predictions"], means, strict=True)]
        print_table(("class", "predicted", "mean confidence", "mean probability"), cells)


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
