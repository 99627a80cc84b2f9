"""normexp info"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from normexp.cli._console import echo, print_json, print_table
from normexp.cli._shown import shown

if TYPE_CHECKING:
    from normexp.saving import ModelInfo

FORMS = {"decimal": ".", "thousands": "", "prefix": "", "suffix": "", "date_order": "ymd"}
SHOWN_SPLITS = 5
SHOWN_SCORES = ("accuracy", "log_loss", "brier", "calibration_error", "n_rows")


@click.command()
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(model: str, as_json: bool) -> None:
    """What MODEL contains: columns, classes, members, what trees ask about, version and scores."""
    from normexp import saving

    described = saving.info(model)
    splits = _splits(model, described)
    if as_json:
        print_json(asdict(described) | ({"splits": splits} if splits else {}))
        return
    echo(f"{model}: model format {described.format}, written by normexp {shown(described.version)}")
    target = (described.schema or {}).get("target")
    echo(f"target:  {shown(target or 'labels of an array')}; {len(described.classes)} classes: {', '.join(map(shown, described.classes))}")
    for line in _members(described):
        echo(line)
    if splits:
        most = [f"{shown(one['feature'])} {one['gain']:.0%} of the gain ({one['splits']:,} questions)" for one in splits[:SHOWN_SPLITS]]
        echo(f"trees ask about: {', '.join(most)}{' …' if len(splits) > SHOWN_SPLITS else ''}")
    if described.scores:
        listed = [f"{name.replace('_', ' ')} {described.scores[name]:.4g}" for name in SHOWN_SCORES if name in described.scores]
        echo(f"scores:  {', '.join(listed)} (held-out rows)")
    columns = (described.schema or {}).get("columns", [])
    rows = [(column["name"], column["kind"], _detail(column)) for column in columns]
    if rows:
        print_table(("column", "kind", "categories, form"), rows)


def _members(described: "ModelInfo") -> Iterator[str]:
    """The layers of one network, or the kinds of members with their weights."""
    if described.out_of_fold is None:
        shape = "".join(_forests(described.members)) or f"{described.n_inputs} inputs - {_layers(described.members[0])}"
        yield f"layers:  {shape} - softmax; temperature {described.temperature:.4f}"
        return
    told = described.out_of_fold
    shapes = [*dict.fromkeys(_layers(member) for member in described.members if "layers" in member), *_forests(described.members)]
    yield f"members: {len(described.members)} of {len(told['names'])} kinds, fitted on {told['n_folds']} folds; {described.n_inputs} inputs; {'; '.join(shapes)}"
    kinds = ", ".join(f"{name} {weight:.2f} (loss {loss:.4g})" for name, weight, loss in zip(told["names"], told["weights"], told["losses"], strict=True))
    yield f"weights: {kinds}; together {told['log_loss']:.4g} (out of fold)"
    if told["left_out"]:
        yield f"left out: {', '.join(told['left_out'])}"


def _splits(model: str, described: "ModelInfo") -> list[dict[str, Any]]:
    """Of a model with trees: how many questions are about each column, and their share of what all gained, the most first."""
    if not any("trees" in member for member in described.members):
        return []
    from normexp import saving
    from normexp.explanation import splits_of

    found = splits_of(saving.load_model(model))
    return [{"feature": found.feature_names[i], "splits": int(found.counts[i]), "gain": float(found.gains[i])} for i in found.order()]


def _forests(members: list[dict[str, Any]]) -> Iterator[str]:
    """Of each depth, how many trees the forests have."""
    for depth in sorted({member["depth"] for member in members if "trees" in member}):
        sizes = [member["trees"] for member in members if member.get("depth") == depth]
        yield f"{min(sizes)} to {max(sizes)} trees of {depth} questions" if min(sizes) < max(sizes) else f"{sizes[0]} trees of {depth} questions"


def _layers(member: dict[str, Any]) -> str:
    return " - ".join(f"{layer['units']} {layer['activation']}" for layer in member["layers"])


def _detail(column: dict[str, Any]) -> str:
    """The categories, or how numbers and dates are written where that is not the plain way; and the column's own words for a missing value."""
    words = column["categories"]
    shown = [", ".join(words[:6]) + (f" and {len(words) - 6} more" if len(words) > 6 else "")] if words else []
    shown += [f"{key.replace('_', ' ')} {column[key]!r}" for key, usual in FORMS.items() if column.get(key, usual) != usual]
    return ", ".join([*shown, *(f"missing {word!r}" for word in column.get("missing", ()))])
