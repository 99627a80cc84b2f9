"""normexp report"""

from pathlib import Path
from typing import Any

import click

from normexp.cli._console import say
from normexp.cli._deciding import costs_option, read_costs
from normexp.cli._judging import Steps, apart, evaluation_on, labelled, refuse_other_targets, refuse_several_of_standard_input, short_name
from normexp.cli._newness import refuse_known_rows, say_known_rows
from normexp.cli._outputs import writable
from normexp.cli._reading import judging_options, prediction_options, reading


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL [MODEL …]")
@click.argument("table")
@click.option("-o", "--output", metavar="REPORT", default="report.html", show_default=True, help="HTML file to write.")
@costs_option
@judging_options
@prediction_options
@click.option("--threads", type=click.IntRange(1, 1024), help="Threads; the report does not depend on it.")
def report(models: tuple[str, ...], table: str, output: str, costs_file: str | None, threads: int | None, **given: Any) -> None:
    """Write one HTML file that says whether MODEL can be trusted on TABLE.

    \b
    Examples:
      normexp report penguins.safetensors labelled.csv -o penguins.html
      normexp report old.safetensors new.safetensors labelled.csv      (compared on one page)

    The verdict in a sentence, scores with intervals beside class shares, a logistic regression and boosted trees, the data and what is odd about it, what has
    changed since training, confusion, calibration, classes, decisions, features, the most confident mistakes, what to do next. The file loads nothing and
    sends nothing. With --costs the decisions are judged by what they cost.
    """
    path = writable(Path(output), "report", [*models, table])
    from normexp import saving
    from normexp.report import Subject, data_of, write_predictions_report, write_report

    refuse_several_of_standard_input(models, table)
    loaded = [saving.load_model(model) for model in models]
    tables = [labelled(model, name, table, reading(given)) for model, name in zip(loaded, models, strict=True)]
    names, steps = apart(models), Steps()
    if any(data.targets is None for data in tables):
        if costs_file is not None:
            raise click.UsageError(f"expected the target column with --costs, got a table without ({table}); predict --costs decides for such rows")
        if len(models) > 1:
            raise click.UsageError(f"expected a table with the target column to compare models, got one without ({table})")
        write_predictions_report(path, names[0], short_name(table), loaded[0], tables[0], n_threads=threads)
    else:
        refuse_other_targets(loaded, models)
        known = {name: say_known_rows(model, name, table, data.matrix) for model, name, data in zip(loaded, names, tables, strict=True)}
        if len(models) > 1:
            refuse_known_rows(known, table)
        evaluations = [evaluation_on(model, data, table, threads or 0) for model, data in zip(loaded, tables, strict=True)]
        subjects = [Subject(*parts) for parts in zip(names, loaded, evaluations, strict=True)]
        best = min(range(len(subjects)), key=lambda i: subjects[i].scores.log_loss)
        costs = None if costs_file is None else read_costs(costs_file, loaded[best].classes)
        write_report(path, subjects, data_of(short_name(table), tables[best], subjects[best], n_threads=threads, costs=costs, on_step=steps), on_step=steps)
    say(f"report: {path}, for any browser")
