"""normexp info"""

from dataclasses import asdict
from typing import Any

import click

from normexp.cli._console import echo, print_json, print_table
from normexp.cli._shown import shown

FORMS = {"decimal": ".", "thousands": "", "prefix": "", "suffix": "", "date_order": "ymd"}
SHOWN_SCORES = ("accuracy", "log_loss", "brier", "calibration_error", "n_rows")


@click.command()
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(model: str, as_json: bool) -> None:
    """What MODEL contains: columns, classes, layers, version and scores."""
    from normexp import saving

    described = saving.info(model)
    if as_json:
        print_json(asdict(described))
        return
    echo(f"{model}: model format {described.format}, written by normexp {shown(described.version)}")
    target = (described.schema or {}).get("target")
    echo(f"target:  {shown(target or 'labels of an array')}; {len(described.classes)} classes: {', '.join(map(shown, described.classes))}")
    layers = " - ".join(f"{layer['units']} {layer['activation']}" for layer in described.layers)
    echo(f"layers:  {described.n_inputs} inputs - {layers} - softmax; temperature {described.temperature:.4f}")
    if described.scores:
        listed = [f"{name.replace('_', ' ')} {described.scores[name]:.4g}" for name in SHOWN_SCORES if name in described.scores]
        echo(f"scores:  {', '.join(listed)} (held-out rows)")
    columns = (described.schema or {}).get("columns", [])
    rows = [(column["name"], column["kind"], _detail(column)) for column in columns]
    if rows:
        print_table(("column", "kind", "categories, form"), rows)


def _detail(column: dict[str, Any]) -> str:
    """The categories, or how numbers and dates are written where that is not the plain way; and the column's own words for a missing value."""
    words = column["categories"]
    shown = [", ".join(words[:6]) + (f" and {len(words) - 6} more" if len(words) > 6 else "")] if words else []
    shown += [f"{key.replace('_', ' ')} {column[key]!r}" for key, usual in FORMS.items() if column.get(key, usual) != usual]
    return ", ".join([*shown, *(f"missing {word!r}" for word in column.get("missing", ()))])
