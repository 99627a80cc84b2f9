"""normexp train"""

import re
import shlex
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from normexp import saving
from normexp.cli._console import TrainingProgress, echo, print_json, say, say_notes, scores_table
from normexp.cli._judging import Steps, short_name
from normexp.cli._outputs import writable
from normexp.cli._parts import Parts, equal_rows, parts_of, single_rows, without_equals
from normexp.cli._reading import reading, training_options
from normexp.cli._replacing import refuse_other_columns, refuse_other_target

if TYPE_CHECKING:

    from normexp.evaluation import Evaluation
    from normexp.model import Model
    from normexp.tables import Table


class HiddenSizes(click.ParamType[tuple[int, ...]]):
    name = "N,N,…"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, ...]:
        if value in ("", "none", "0"):
            return ()
        if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", value):
            self.fail(f"expected whole numbers with commas, such as 256,128, or none for logistic regression; got '{value}'", param, ctx)
        return tuple(int(part) for part in value.split(","))


def required_options(target: str | None, source: str) -> str:
    """The target column: given, or an example's own."""
    from normexp.tables import EXAMPLES

    if target is None and (name := source.removeprefix("example:")) in EXAMPLES and source != name:
        return EXAMPLES[name]
    if target is None:
        raise click.UsageError("expected --target COLUMN, the column of the classes, got none; only example:NAME tables have one of their own")
    return target


def output_path(source: str, output: str | None, force: bool, target: str) -> Path:
    """Where the model goes, refused now if it could not be written later, or is in use by what is no earlier model of this target."""
    if output is not None:
        path = Path(output)
    else:
        stem = source.removeprefix("example:").split("::")[-1] if source != "-" else "model"
        path = Path(re.sub(r"[*?\[\]]", "_", Path(stem).name.removesuffix(".gz")) or "model").with_suffix(".safetensors")
        if path.exists() and not force:
            refuse_other_target(path, target)
    return writable(path, "model", [source])


def report_path(report: str, model: Path, table: str, test: str | None, test_fraction: float) -> Path:
    """Where the report goes, refused now if it could not be written later, or would be of rows that the model has learnt from."""
    path = writable(Path(report), "report", [model, table, *([test] if test else [])])
    if test is None and not test_fraction:
        raise click.UsageError("expected rows to test on with --report, got --test-fraction 0; a report of rows that the model has learnt from would flatter it")
    return path


@click.command()
@click.argument("table")
@click.option("--target", metavar="COLUMN", help="Column of the classes.")
@click.option("-o", "--output", metavar="MODEL", help="Model file; default: the table's name with .safetensors, in the working folder; an earlier model gives way (see below).")
@click.option("--force", is_flag=True, help="Replace whatever has the default name.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Leave a column out; may be repeated.")
@click.option("--weight", metavar="COLUMN", help="Column of row weights, at least 0, for training and scores.")
@click.option("--group", metavar="COLUMN", help="Rows with the same value belong together, such as those of a customer: none are learnt from and tested on alike.")
@click.option("--time", "when", metavar="COLUMN", help="Dates or numbers that order the rows: the last ones are the test.")
@click.option("--drop-duplicates", is_flag=True, help="Take rows that are equal in all columns that are learnt from, target included, once.")
@training_options
@click.option("--test", metavar="TABLE", help="Test on this table instead of a held-out part.")
@click.option("--test-fraction", type=click.FloatRange(0, 0.9), default=0.25, show_default=True, help="Share of the rows held out for the test, stratified; 0 tests on nothing.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Decides split, first weights and order; same seed, same model.")
@click.option("--threads", type=click.IntRange(1, 1024), help="Threads; default: OMP_NUM_THREADS or all processors. The model does not depend on it.")
@click.option("--hidden", type=HiddenSizes(), help="Units of the hidden layers, such as 256,128; none is logistic regression. Default: by the table's size.")
@click.option("--epochs", type=click.IntRange(1), help="The most passes over the rows. Default: by the table's size.")
@click.option("--time-limit", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Stop training after this time with the best epoch so far.")
@click.option("--class-weight", type=click.Choice(["balanced"]), help="Give every class the same total weight.")
@click.option("--report", metavar="REPORT", help="Also write an HTML report of the test: can the model be trusted?")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def train(table: str, target: str | None, output: str | None, force: bool, ignore: tuple[str, ...], weight: str | None, group: str | None,
          when: str | None, drop_duplicates: bool, test: str | None, test_fraction: float, seed: int, threads: int | None, hidden: tuple[int, ...] | None, epochs: int | None,
          time_limit: float | None, class_weight: str | None, report: str | None, as_json: bool, **given: Any) -> int:  # fmt: skip
    """Train a classifier from TABLE, test it on rows it has not seen, and save it.

    \b
    Examples:
      normexp train penguins.csv --target species
      normexp train adult.csv --target income --report adult.html
      normexp train 'parts/*.parquet' --target label -o model.safetensors --time-limit 60
      normexp train example:digits --hidden none     (multinomial logistic regression)
      normexp train orders.csv --target returned --group customer

    The scores are those of the saved model on the held-out rows, beside those of always answering the class shares. Where several rows are of one
    customer, machine or day, say so with --group; where the model is to be used on what comes later, say when with --time: otherwise the scores flatter it.

    Training again replaces the model under the default name if the same command made it: one of the same target, whose columns and classes are those of TABLE, or
    some of them, or these and more. Any other file stays, unless you say --force.
    """
    target = required_options(target, table)
    path = output_path(table, output, force, target)
    report_at = None if report is None else report_path(report, path, table, test, test_fraction)
    if group is not None and when is not None:
        raise click.UsageError("expected --group or --time, got both; choose what is nearer to how the model will be used")
    from normexp.model import evaluation_of
    from normexp.tables import read

    started = time.monotonic()
    columns: dict[str, Any] = {"weight": weight, "group": group, "time": when}
    data = read(table, target=target, ignore=ignore, **columns, **reading(given))
    refuse_other_columns(path, data, asked=force or output is not None)
    data = without_equals(data) if drop_duplicates else data
    say_notes([*data.notes, *single_rows(data)])
    parts = parts_of(data, test, test_fraction, seed, columns, given)
    say_notes(equal_rows(parts, test))
    model = _fitted(data, parts, {
        "hidden_layer_sizes": "auto" if hidden is None else hidden, "epochs": epochs or "auto", "class_weight": class_weight, "random_state": seed, "time_limit": time_limit,
        "n_threads": threads,
    })  # fmt: skip
    history = model.history
    if history.stopped == "interrupted" and not history.n_epochs:
        say("interrupted before the first epoch was over: there is no model yet, and none is saved")
        return 130
    evaluation = evaluation_of(model, parts.tested.take(parts.test_rows), threads or 0)
    scores, baseline = _scores(model, evaluation)
    saving.save(model, path, scores={name: value for name, value in scores.items() if np.isfinite(value)})
    if history.stopped == "interrupted":
        say(f"interrupted: the best model so far (epoch {history.best_epoch + 1}) is saved in {path}")
    result = {"model": str(path), "table": table, "target": target, "classes": model.classes.tolist(), "n_training_rows": len(parts.rows), "epochs": history.n_epochs,
              "best_epoch": history.best_epoch + 1, "stopped": history.stopped, "temperature": model.temperature, "seconds": round(time.monotonic() - started, 3),
              "scores": scores, "class_share_scores": baseline, "notes": list(data.notes), "split": parts.split, "n_equal_rows": parts.n_equal}  # fmt: skip
    if report_at is not None:
        _write_report(report_at, path.stem, table, model, evaluation, data, parts, seed, threads)
        result["report"] = str(report_at)
    if as_json:
        print_json(result)
    else:
        _print_result(result, table if test is None else test, parts, given)
    return 130 if history.stopped == "interrupted" else 0


def _fitted(data: "Table", parts: Parts, params: dict[str, Any]) -> "Model":
    """The model of the rows to learn from, with a bar of the epochs; `params` are those of SoftmaxClassifier."""
    from normexp.classifier import SoftmaxClassifier

    classifier = SoftmaxClassifier(**params)
    with TrainingProgress(classifier.n_epochs_at_most(len(parts.rows)), len(parts.rows), classifier.time_limit) as progress:
        return classifier.fit_table(data, parts.rows, on_epoch=progress.on_epoch, on_poll=progress.on_poll).to_model()


def _scores(model: "Model", evaluation: "Evaluation") -> tuple[dict[str, Any], dict[str, Any]]:
    """Scores on the test rows, and those of always answering the class shares of the training rows."""
    from normexp import evaluation as ev

    return asdict(ev.score(evaluation)), asdict(ev.score(ev.class_share_evaluation(evaluation, model.class_shares)))


def _write_report(path: Path, name: str, table: str, model: "Model", evaluation: "Evaluation", data: "Table", parts: Parts, seed: int, n_threads: int | None) -> None:
    from normexp.report import Subject, data_of, write_report

    steps = Steps()
    subject, tested = Subject(name, model, evaluation), parts.tested.take(parts.test_rows)
    judged_on = data_of(
        short_name(table), tested, subject, training=data, training_rows=parts.rows, seed=seed, n_threads=n_threads, seen=parts.seen, n_equal=parts.n_equal,
        drawn_from=parts.drawn_from, on_step=steps
    )
    write_report(path, [subject], judged_on, on_step=steps)


def _print_result(result: dict[str, Any], table: str, parts: Parts, given: dict[str, Any]) -> None:
    scores, history = result["scores"], f"{result['epochs']} epochs, best {result['best_epoch']}"
    echo(f"{parts.words}; {len(result['classes'])} classes; {history}; {result['seconds']:.1f} s")
    if scores["n_rows"]:
        scores_table({"model": scores, "class shares": result["class_share_scores"]})
    if "report" in result:
        echo(f"report: {result['report']}, for any browser")
    echo(f"model: {result['model']}\nnext:  {shlex.join(['normexp', *next_command(result['model'], table, parts, given)])}")


def next_command(model: str, table: str, parts: Parts, given: dict[str, Any]) -> list[str]:
    """What shows the model at work and can be pasted: why it answers what it answers for a row that it has not seen. Standard input cannot be read again."""
    if table == "-":
        return ["info", model]
    numbers = parts.tested.take(parts.test_rows[:1]).row_numbers
    row = str(1 if numbers is None or not len(numbers) else numbers[0])
    further = [*(["--encoding", given["encoding"]] if given["encoding"] else []), *(["--no-header"] if given["no_header"] else [])]
    return ["explain", model, table, "--row", row, *further]
