"""normexp train"""

import re
import shlex
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from normexp import saving
from normexp.cli._asked import Asked
from normexp.cli._clustering import cluster_option, executor_of
from normexp.cli._console import echo, print_json, say, say_notes, scores_table
from normexp.cli._deciding import class_index, costs_option
from normexp.cli._fitting import fitted, say_left_out
from normexp.cli._judging import Steps, short_name
from normexp.cli._large import MemorySize, fitted_in_blocks, opened_if_large
from normexp.cli._parts import Parts, look_alikes
from normexp.cli._reading import training_options
from normexp.cli._record import append_run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from normexp.evaluation import Evaluation
    from normexp.model import Model
    from normexp.recipe import Executor
    from normexp.tables import Table


class HiddenSizes(click.ParamType[tuple[int, ...]]):
    name = "N,N,…"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, ...]:
        if value in ("", "none", "0"):
            return ()
        if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", value):
            self.fail(f"expected whole numbers with commas, such as 256,128, or none for logistic regression; got '{value}'", param, ctx)
        return tuple(int(part) for part in value.split(","))


@click.command()
@click.argument("table")
@click.option("--target", metavar="COLUMN", help="Column of the classes.")
@click.option("-o", "--output", metavar="MODEL", help="Model file; default: the table's name with .safetensors, in the working folder; an earlier model gives way (see below).")
@click.option("--force", is_flag=True, help="Replace whatever has the default name, or that of --save-test.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Leave a column out; may be repeated.")
@click.option("--weight", metavar="COLUMN", help="Column of row weights, at least 0, for training and scores.")
@click.option("--group", metavar="COLUMN", help="Rows with the same value belong together, such as those of a customer: none are learnt from and tested on alike.")
@click.option("--time", "when", metavar="COLUMN", help="Dates or numbers that order the rows: the last ones are the test.")
@click.option("--drop-duplicates", is_flag=True, help="Take rows that are equal in all columns that are learnt from, target included, once.")
@click.option("--folds", type=click.IntRange(2, 100), metavar="N", help="Test every row once, by a model of the other N - 1 folds; the saved model has learnt from all rows.")
@training_options
@click.option("--test", metavar="TABLE", help="Test on this table instead of a held-out part.")
@click.option("--test-fraction", type=click.FloatRange(0, 0.9), default=0.25, show_default=True, help="Share of the rows held out for the test, stratified; 0 tests on nothing.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Decides split, first weights and order; same seed, same model.")
@click.option("--threads", type=click.IntRange(1, 1024), help="Threads; default: OMP_NUM_THREADS or all processors. The model does not depend on it.")
@click.option("--memory", type=MemorySize(), help="A table that would take more, such as 1GB, goes by blocks on disk. Default: half of the memory there is.")
@cluster_option
@click.option("--quality", type=click.Choice(["fast", "good", "best"]), default="good", show_default=True, help="One network; several kinds on every fold; these several times.")
@click.option("--members", multiple=True, type=click.Choice(["linear", "network", "trees"]), help="Families that may take part; may be repeated. Default: all.")
@click.option("--hidden", type=HiddenSizes(), help="Units of the hidden layers, such as 256,128; none is logistic regression. Default: by the table's size.")
@click.option("--epochs", type=click.IntRange(1), help="Passes over the rows; with --quality fast the most. Default: by the table's size.")
@click.option("--time-limit", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Stop training after this time, with the kinds of members that are finished.")
@click.option("--compact", is_flag=True, help="Save one network that was taught by all members: about as good, answers in a tenth of the time, a smaller file.")
@click.option("--class-weight", type=click.Choice(["balanced"]), help="Count a missed row by the rarity of its class: answers move, probabilities stay those of the data.")
@click.option("--positive", metavar="CLASS", help="Of two classes the one that is looked for. Default: yes, true, 1 and their like, or the rarer one.")
@click.option("--report", metavar="REPORT", help="Also write an HTML report of the test: can the model be trusted?")
@costs_option
@click.option("--save-test", metavar="FILE", help="Also write the rows held out for the test, as CSV or Parquet: what to evaluate this and other models on.")
@click.option("--log", metavar="FILE", help="Append a line to this record: time, settings, scores with intervals; normexp runs lists them.")
@click.option("--no-fingerprint", is_flag=True, help="Keep no hashes of training rows in the model; evaluate and report then cannot tell them from new ones.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def train(table: str, **given: Any) -> int:
    """Train a classifier from TABLE, test it on rows it has not seen, and save it.

    \b
    Examples:
      normexp train penguins.csv --target species
      normexp train adult.csv --target income --report adult.html
      normexp train 'parts/*.parquet' --target label -o model.safetensors --time-limit 60
      normexp train example:digits --hidden none     (multinomial logistic regression)
      normexp train orders.csv --target returned --group customer
      normexp train orders.parquet --target returned --quality best --cluster tcp://scheduler:8786
      normexp train churn.csv --target churn --log runs.csv           (later: normexp runs runs.csv --sort log_loss)
      normexp train churn.csv --target churn --save-test unseen.csv   (later: normexp evaluate churn.safetensors unseen.csv)
      normexp train penguins.csv --target species --folds 5           (every row tested once: better than one part of a small table)

    The scores are those of the saved model on the held-out rows, beside those of always answering the class shares. Where several rows are of one
    customer, machine or day, say so with --group; where the model is to be used on what comes later, say when with --time: otherwise the scores flatter it.

    Training again replaces the model under the default name if the same command made it: one of the same target, whose columns and classes are those of TABLE, or
    some of them, or these and more. Any other file stays, unless you say --force.
    """
    asked = Asked(table, **given)
    started = time.monotonic()
    (large, found), out_of_fold = opened_if_large(asked), None
    if large is not None:
        assert large.classes is not None
        positive = _positive(large.classes, large.kept_targets(), given["positive"])
        model, data, parts = fitted_in_blocks(asked, large)
    else:
        with executor_of(given["cluster"]) as executor:
            data = asked.read(found)
            parts, positive = asked.parts(data), _positive(*data.with_target(), given["positive"])
            model, out_of_fold = _fitted(data, parts, asked, executor)
    model, history = replace(model, positive=positive), model.history
    if history.stopped == "interrupted" and (not history.n_epochs or (parts.folds and out_of_fold is None)):
        say(f"interrupted before {'all folds were' if parts.folds else 'the first epoch was'} over: there is no model yet, and none is saved")
        return 130
    evaluation = _evaluation(model, out_of_fold, parts, given["threads"])
    if not parts.n_in_blocks:  # of a sample most are not there
        say_notes(look_alikes(model, data, parts))
    scores, baseline = _scores(model, evaluation)
    saving.save(model, asked.path, scores={name: value for name, value in scores.items() if np.isfinite(value)}, fingerprint=not given["no_fingerprint"])
    if history.stopped == "interrupted":
        say(f"interrupted: the best model so far (epoch {history.best_epoch + 1}) is saved in {asked.path}")
    labels = model.classes.tolist()
    result = {"model": str(asked.path), "table": table, "target": asked.target, "classes": labels, "positive": None if positive is None else labels[positive],
              "n_training_rows": parts.n_learnt, "epochs": history.n_epochs, "best_epoch": history.best_epoch + 1, "stopped": history.stopped,
              "temperature": model.temperature, "seconds": round(time.monotonic() - started, 3), "scores": scores, "class_share_scores": baseline,
              "notes": list(data.notes), "split": parts.split, "n_equal_rows": parts.n_equal}  # fmt: skip
    result |= _further_files(asked, model, evaluation, data, parts)
    if asked.log is not None:
        from normexp.evaluation import ROW_SCORES, intervals

        append_run(asked.log, given, result, intervals(evaluation, ROW_SCORES, drawn_from=parts.drawn_from))
    if given["as_json"]:
        print_json(result)
    else:
        _print_result(result, table if given["test"] is None else given["test"], parts, asked)
    return 130 if history.stopped == "interrupted" else 0


def _fitted(data: "Table", parts: Parts, asked: Asked, executor: "Executor | None") -> "tuple[Model, NDArray[Any] | None]":
    """The model of the rows to learn from, with a bar of the epochs, and the probabilities that the rows of each fold get from the other folds."""
    if not parts.folds:
        return _made(data, parts.rows, asked, executor), None
    probabilities = np.empty((len(data), len(data.with_target()[0])), np.float32)
    for i, (rows, held) in enumerate(parts.folds, 1):
        say(f"fold {i} of {len(parts.folds)}")
        fold = _made(data, rows, asked, executor)
        if fold.history.stopped == "interrupted":
            return fold, None
        probabilities[held] = fold.probabilities(data.matrix[held], asked.given["threads"] or 0)
    say("all rows")
    return _made(data, parts.rows, asked, executor), probabilities


def _made(data: "Table", rows: "NDArray[np.int64]", asked: Asked, executor: "Executor | None") -> "Model":
    """The model of these rows, or the one network that was taught by it, where that was asked for."""
    model = fitted(data, rows, asked.params, executor)
    say_left_out(model)
    if not asked.given["compact"] or model.history.stopped == "interrupted":
        return model
    if len(model.members) == 1:
        say("the model is one network already: --compact changes nothing")
        return model
    from normexp import recipe
    from normexp_command.signals import raising

    try:
        with raising():
            say(f"teaching one network what {len(model.members)} members answer")
            return recipe.compact(model, data.matrix, recipe.rows_to_learn(rows, data.weights), seed=asked.given["seed"], n_threads=asked.given["threads"] or 0)
    except KeyboardInterrupt:
        say("interrupted: the members stay as they are")
        return replace(model, history=replace(model.history, stopped="interrupted"))


def _evaluation(model: "Model", out_of_fold: "NDArray[Any] | None", parts: Parts, n_threads: int | None) -> "Evaluation":
    """Of the tested rows, by the model that is saved, or by those of the folds."""
    from normexp.evaluation import Evaluation
    from normexp.model import evaluation_of

    if out_of_fold is None:
        return evaluation_of(model, parts.tested.take(parts.test_rows), n_threads or 0)
    classes, targets = parts.tested.with_target()
    answers = None if model.class_weights is None else model.answers(out_of_fold)
    return Evaluation(classes, targets, out_of_fold, parts.tested.weights, answers, model.positive, parts.tested.groups)


def _positive(classes: "NDArray[Any]", targets: "NDArray[Any]", asked: str | None) -> int | None:
    """Of two classes the one that is looked for, as was asked or is found by its name or its number of rows; how it was found is said."""
    from normexp.evaluation import positive_class

    if asked is not None:
        if len(classes) > 2:
            raise click.UsageError(f"expected --positive with two classes, got it with {len(classes)}; scores of several classes are averaged over them")
        return class_index(classes, asked)
    found = positive_class(classes, np.bincount(targets, minlength=len(classes)))
    if found is None:
        return None
    say(f"positive class: '{classes[found[0]]}', {found[1]} (--positive chooses)")
    return found[0]


def _scores(model: "Model", evaluation: "Evaluation") -> tuple[dict[str, Any], dict[str, Any]]:
    """Scores on the test rows, and those of always answering the class shares of the training rows."""
    from normexp import evaluation as ev

    return asdict(ev.score(evaluation)), asdict(ev.score(ev.class_share_evaluation(evaluation, model.class_shares)))


def _further_files(asked: Asked, model: "Model", evaluation: "Evaluation", data: "Table", parts: Parts) -> dict[str, Any]:
    """The report and the rows held out, where asked for."""
    found, given = {}, asked.given
    if asked.save_test is not None:
        from normexp.tables import write_rows

        numbers = parts.tested.take(parts.test_rows).row_numbers
        assert numbers is not None
        write_rows(asked.table, numbers - 1, asked.save_test, encoding=given["encoding"], header=not given["no_header"])
        found["test_rows"] = str(asked.save_test)
    if asked.report is not None:
        _write_report(asked.report, asked, model, evaluation, data, parts)
        found["report"] = str(asked.report)
    return found


def _write_report(path: Path, asked: Asked, model: "Model", evaluation: "Evaluation", data: "Table", parts: Parts) -> None:
    from normexp.report import Subject, data_of, write_report

    steps, given = Steps(), asked.given
    subject, tested = Subject(asked.path.stem, model, evaluation), parts.tested.take(parts.test_rows)
    judged_on = data_of(
        short_name(asked.table), tested, subject, training=None if parts.folds else data, training_rows=parts.rows, seed=given["seed"], n_threads=given["threads"],
        seen=parts.seen, equal=parts.equal, drawn_from=parts.drawn_from,
        folds=parts.folds, costs=asked.costs, on_step=steps,
    )  # fmt: skip
    write_report(path, [subject], judged_on, on_step=steps)


def _print_result(result: dict[str, Any], table: str, parts: Parts, asked: Asked) -> None:
    scores, history = result["scores"], f"{result['epochs']} epochs, best {result['best_epoch']}"
    echo(f"{parts.words}; {len(result['classes'])} classes; {history}; {result['seconds']:.1f} s")
    if scores["n_rows"]:
        scores_table({"model": scores, "class shares": result["class_share_scores"]}, positive=result["positive"])
    if "report" in result:
        echo(f"report: {result['report']}, for any browser")
    if "test_rows" in result:
        echo(f"rows held out: {result['test_rows']}")
    echo(f"model: {result['model']}\nnext:  {shlex.join(['normexp', *next_command(result['model'], table, parts, asked.given)])}")


def next_command(model: str, table: str, parts: Parts, given: dict[str, Any]) -> list[str]:
    """What shows the model at work and can be pasted: why it answers what it answers for a row that it has not seen. Standard input cannot be read again."""
    if table == "-":
        return ["info", model]
    numbers = parts.tested.take(parts.test_rows[:1]).row_numbers
    row = str(1 if numbers is None or not len(numbers) else numbers[0])
    further = [*(["--encoding", given["encoding"]] if given["encoding"] else []), *(["--no-header"] if given["no_header"] else [])]
    return ["explain", model, table, "--row", row, *further]
