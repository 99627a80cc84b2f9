"""normexp tune"""

import re
import shlex
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from normexp import saving
from normexp._checks import counted
from normexp.cli._asked import Asked
from normexp.cli._clustering import cluster_option, executor_of
from normexp.cli._console import echo, print_json, say, say_notes, scores_table
from normexp.cli._deciding import costs_option, read_costs
from normexp.cli._judging import short_name
from normexp.cli._outputs import writable
from normexp.cli._parts import Parts, look_alikes
from normexp.cli._reading import training_options
from normexp.cli._searching import SearchProgress
from normexp.cli._train import next_command

if TYPE_CHECKING:
    from normexp.experiments import Board, Ending, Session
    from normexp.model import Model
    from normexp.recipe import Executor
    from normexp.tables import Table

UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}


class Duration(click.ParamType[float]):
    name = "TIME"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?", value.strip() + ("s" if re.fullmatch(r"[\d.]+", value.strip()) else ""))
        seconds = sum(float(number) * unit for number, unit in zip(found.groups(), UNITS.values(), strict=True) if number) if found else 0.0
        if not 0 < seconds < 1e8:
            self.fail(f"expected a time such as 90s, 10m or 1h30m, got '{value}'", param, ctx)
        return seconds


@click.command()
@click.argument("table", required=False)
@click.option("--target", metavar="COLUMN", help="Column of the classes.")
@click.option("--time", "seconds", type=Duration(), help="How long to search, such as 90s, 10m or 1h30m.")
@click.option("--trials", type=click.IntRange(1, 100_000), metavar="N", help="How many trials, those that are stopped early too; of --time and --trials what comes first.")
@click.option("-o", "--output", metavar="MODEL", help="Model file; default: the table's name with .safetensors, in the working folder.")
@click.option("--force", is_flag=True, help="Replace whatever has the default name.")
@click.option("--study", metavar="FILE", help="Keep the trials in this file: the same command goes on from it, after anything; several processes may share it.")
@click.option("--show", metavar="FILE", help="Only show what a study's file has found.")
@click.option("--space", default="wide", show_default=True, metavar="small|wide|FILE", help="What is varied: few settings, all, or those of a TOML file (see above).")
@click.option("--metric", type=click.Choice(["log_loss", "brier", "accuracy", "cost"]), default="log_loss", show_default=True, help="What judges trials; cost needs --costs.")
@click.option("--members", multiple=True, type=click.Choice(["linear", "network", "trees"]), help="Families that may take part; may be repeated. Default: all.")
@click.option("--single", is_flag=True, help="The best trial alone instead of a combination of the best.")
@click.option("--jobs", type=click.IntRange(1, 1024), help="Trials side by side; default: as many as threads. With 1, the same seed and --trials give the same model.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Leave a column out; may be repeated.")
@click.option("--weight", metavar="COLUMN", help="Column of row weights, at least 0.")
@click.option("--group", metavar="COLUMN", help="Rows with the same value belong together, such as those of a customer: they are in one fold.")
@click.option("--when", metavar="COLUMN", help="Dates or numbers that order the rows: folds are spans of time, the last rows are the test.")
@training_options
@click.option("--test", metavar="TABLE", help="Test on this table instead of a held-out part.")
@click.option("--test-fraction", type=click.FloatRange(0, 0.9), default=0.25, show_default=True, help="Share of the rows held out for the test, which no trial sees.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Decides split, folds, first weights and what is tried.")
@click.option("--threads", type=click.IntRange(1, 1024), help="Threads; default: OMP_NUM_THREADS or all processors.")
@cluster_option
@click.option("--class-weight", type=click.Choice(["balanced"]), help="Count a missed row by the rarity of its class: answers move, probabilities stay those of the data.")
@costs_option
@click.option("--report", metavar="PAGE", help="Also write an HTML page: the course of the search, what matters, the best trials.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def tune(table: str | None, **given: Any) -> int:
    """Try many classifiers of TABLE, and save the best: a combination of trials.

    \b
    Examples:
      normexp tune churn.csv --target churn --time 10m
      normexp tune churn.csv --target churn --trials 200 --study churn.study --report search.html
      normexp tune --show churn.study
      normexp tune fraud.csv --target fraud --time 1h --metric cost --costs costs.csv

    The first trials are the members that train fits, those of --quality best too; then neighbours of the best so far are tried, several side by side. All are judged on the same
    folds by rows that they had not seen, and stopped early where they fall behind. The test rows are looked at once, at the end. Ctrl-C ends the search and keeps the best so far;
    a second one quits at once.

    A space is a TOML file with a table for each family that takes part, such as

    \b
      [network]
      units = {from = 32, to = 256}
      activation = ["relu", "gelu"]
      [trees]
      max_depth = [4, 6, 8]
    """
    if given["show"] is not None:
        return _show(Path(given["show"]), table, given)
    if table is None:
        raise click.UsageError("expected a TABLE to search on, or --show FILE, got neither")
    if given["seconds"] is None and given["trials"] is None:
        raise click.UsageError("expected --time, such as 10m, or --trials, such as 200, or both; got neither")
    if given["group"] is not None and given["when"] is not None:
        raise click.UsageError("expected --group or --when, got both; choose what is nearer to how the model will be used")
    if (given["metric"] == "cost") != (given["costs_file"] is not None):
        raise click.UsageError("expected --metric cost and --costs FILE together, got one of them")
    started = time.monotonic()
    asked = Asked(table, **_as_train(given))
    study, page = _outputs(asked, given)
    with executor_of(given["cluster"]) as executor:
        data = asked.read()
        parts = asked.parts(data)
        session = _session(data, parts, study, given, executor)
        with SearchProgress(session, given["seconds"], given["trials"], started) as progress:
            stopped, ending = progress.run(single=given["single"])
    if ending is None:
        say(f"{stopped.replace('_', ' ')} before the first trial was over: there is no model, and none is saved")
        return 130 if stopped == "interrupted" else 1
    return _finish(asked, data, parts, session, ending, stopped, page, started)


def _as_train(given: dict[str, Any]) -> dict[str, Any]:
    """The options that `Asked` knows, those that a search has not as nobody had asked for them."""
    unasked = {"folds": None, "save_test": None, "compact": False, "quality": "good", "drop_duplicates": False, "hidden": None, "epochs": None}
    unasked |= {"time_limit": None, "log": None, "memory": None}
    return {**given, **unasked, "report": None, "costs_file": None}


def _outputs(asked: Asked, given: dict[str, Any]) -> tuple[Path | None, Path | None]:
    """Study and page, which replace nothing that is read, nor each other, nor the model."""
    kept: list[str | Path] = [asked.table, asked.path, *(given[name] for name in ("test", "costs_file", "space") if given[name] and given[name] not in ("small", "wide"))]
    study = None if given["study"] is None else writable(Path(given["study"]), "study", kept)
    page = None if given["report"] is None else writable(Path(given["report"]), "page", kept if study is None else [*kept, study])
    return study, page


def _session(data: "Table", parts: Parts, study: Path | None, given: dict[str, Any], executor: "Executor | None") -> "Session":
    from normexp import recipe
    from normexp.experiments import Problem, Session

    classes, targets = data.with_target()
    costs = None if given["costs_file"] is None else read_costs(given["costs_file"], classes)
    problem = Problem(
        data.matrix, data.schema.matrix_columns(), targets, classes, recipe.rows_to_learn(parts.rows, data.weights), data.weights, data.groups, data.times, given["class_weight"],
        costs=costs,
    )  # fmt: skip
    session = Session(
        problem, space=given["space"], metric=given["metric"], members=given["members"] or None, study=study, jobs=given["jobs"], n_threads=given["threads"] or 0,
        seed=recipe.seed_from(given["seed"]), executor=executor,
    )  # fmt: skip
    if n := len(session.study.trials()):
        say(f"going on with {n} trials of {given['study']}")
    return session


def _finish(asked: Asked, data: "Table", parts: Parts, session: "Session", ending: "Ending", stopped: str, page: Path | None, started: float) -> int:
    """Test the model, save it, and tell."""
    from normexp import evaluation as ev
    from normexp.experiments import board_of
    from normexp.model import evaluation_of

    given, names = asked.given, tuple(column.name for column in data.schema.columns)
    params = {"random_state": given["seed"], "class_weight": given["class_weight"]}
    model = replace(ending.model, schema=data.schema, n_features=len(names), feature_names=names, params=params)
    evaluation = evaluation_of(model, parts.tested.take(parts.test_rows), given["threads"] or 0)
    say_notes(look_alikes(model, data, parts))
    scores = asdict(ev.score(evaluation))
    baseline = asdict(ev.score(ev.class_share_evaluation(evaluation, model.class_shares)))
    saving.save(model, asked.path, scores={name: value for name, value in scores.items() if np.isfinite(value)})
    board = board_of(session.study.about, session.study.trials())
    result = _result(asked, parts, board, ending, model, stopped, started) | {"scores": scores, "class_share_scores": baseline, "notes": list(data.notes)}
    if page is not None:
        from normexp.report import write_search

        told = model.out_of_fold
        assert told is not None
        members = [(name, weight) for name, weight, _ in told.kinds() if weight]
        score = f"{'that trial' if given['single'] else 'the best together'} {ending.score.estimate:.4f} ({ending.score.low:.4f} to {ending.score.high:.4f})"
        write_search(page, board, members, score, flattery(board.about.metric, ending.score.estimate, scores) if scores["n_rows"] else "", short_name(asked.table))
        result["report"] = str(page)
    if given["as_json"]:
        print_json(result)
    else:
        _print(result, board, ending, parts, asked)
    return 130 if stopped == "interrupted" else 1 if stopped == "storage" else 0


def _result(asked: Asked, parts: Parts, board: "Board", ending: "Ending", model: "Model", stopped: str, started: float) -> dict[str, Any]:
    told = model.out_of_fold
    assert told is not None
    members = [{"name": name, "weight": weight, "out_of_fold_log_loss": loss} for name, weight, loss in told.kinds() if weight]
    return {
        "model": str(asked.path), "table": asked.table, "target": asked.target, "classes": model.classes.tolist(), "stopped": stopped,
        "seconds": round(time.monotonic() - started, 3), "trials": board.counts, "metric": board.about.metric, "made_small": board.metric, "members": members,
        "best_trial": _trial_as_data(board.best[0]),
        "out_of_fold": ending.score._asdict(), "n_training_rows": len(parts.rows), "split": parts.split, "study": asked.given["study"],
    }  # fmt: skip


def _trial_as_data(trial: Any) -> dict[str, Any]:
    return {"name": trial.how.name, "family": trial.how.family, "state": trial.state, "value": trial.value, "low": trial.low, "high": trial.high, "seconds": trial.seconds,
            "settings": dict(trial.settings)}  # fmt: skip


def _print(result: dict[str, Any], board: "Board", ending: "Ending", parts: Parts, asked: Asked) -> None:
    echo(f"{parts.words}; {len(result['classes'])} classes; {result['seconds']:.1f} s")
    echo(str(board))
    name, score = board.metric, ending.score
    echo(f"\nthe model: {counted(len(result['members']), 'trial')} together, {name} {score.estimate:.4f} ({score.low:.4f} to {score.high:.4f}) of rows that they had not seen")
    if result["scores"]["n_rows"]:
        scores_table({"model": result["scores"], "class shares": result["class_share_scores"]})
        echo(flattery(board.about.metric, score.estimate, result["scores"]))
    if "report" in result:
        echo(f"page: {result['report']}, for any browser")
    echo(f"model: {result['model']}\nnext:  {shlex.join(['normexp', *next_command(result['model'], asked.table, parts, asked.given)])}")


def flattery(metric: str, out_of_fold: float, scores: dict[str, Any]) -> str:
    """By how much the search flattered itself, in a sentence."""
    from normexp.experiments import WORDS

    tested = {"log_loss": scores["log_loss"], "brier": scores["brier"], "accuracy": 1 - scores["accuracy"]}.get(metric)
    if tested is None:
        return "the search chose by cost; what answers cost on the test rows, evaluate --costs tells"
    return f"{WORDS[metric]}: {out_of_fold:.4f} out of fold, where the search chose, {tested:.4f} on the test rows: a difference of {tested - out_of_fold:+.4f}, chance included"


def _show(path: Path, table: str | None, given: dict[str, Any]) -> int:
    from normexp.experiments import board_of, show

    if table is not None:
        raise click.UsageError("expected a TABLE to search on, or --show FILE, got both; leave one out")
    context = click.get_current_context()
    for name in given:
        if name not in ("show", "report", "as_json") and context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"expected --show with --report or --json, which only look at a study, got {name.replace('_', '-')} too; leave it out")
    page = None if given["report"] is None else writable(Path(given["report"]), "page", [str(path)])
    board = board_of(*show(path))
    if page is not None:
        from normexp.report import write_search

        write_search(page, board, source=path.name)
    if given["as_json"]:
        print_json({"study": str(path), "about": board.about._asdict(), "trials": [_trial_as_data(trial) for trial in board.trials], "importances": board.importances})
    else:
        echo(f"{path}: {board.about.n_rows} rows of {len(board.about.columns)} columns, {len(board.about.classes)} classes, {board.about.n_folds} folds")
        echo(str(board))
        if page is not None:
            echo(f"page: {page}, for any browser")
    return 0
