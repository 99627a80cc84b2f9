"""normexp evaluate"""

from dataclasses import asdict

import click

from normexp.cli._console import print_json, say, say_notes, scores_table
from normexp.errors import DataError


@click.command()
@click.argument("model")
@click.argument("table")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(model: str, table: str, as_json: bool) -> None:
    """Score MODEL on TABLE, which must have the target column that the model was trained on."""
    import numpy as np

    from normexp import evaluation, saving
    from normexp.tables import Table, read

    loaded = saving.load(model)
    if loaded.schema_ is None or loaded.schema_.target is None:
        raise DataError(f"expected a model trained from a table with a target column, got one trained from arrays ({model}); evaluate it from Python")
    data = read(table, target=loaded.schema_.target, schema=loaded.schema_, classes=loaded.classes_)
    say_notes(data.notes)
    assert data.targets is not None
    known = np.flatnonzero(data.targets >= 0)
    if len(known) < len(data):
        say(f"note: {len(data) - len(known)} rows with a class that the model does not know are left out")
    if not len(known):
        raise DataError(f"expected rows with a known class to score, got none ({table})")
    probabilities = loaded.predict_proba(Table(data.schema, data.matrix[known]))
    targets = data.targets[known]
    scores = asdict(evaluation.score(probabilities, targets))
    baseline = asdict(evaluation.class_share_scores(targets, targets, len(loaded.classes_)))
    if as_json:
        print_json({"model": model, "table": table, "scores": scores, "class_share_scores": baseline})
        return
    click.echo(f"{len(known)} rows of {table}; class shares are those of these rows")
    scores_table(scores, baseline)
