"""normexp explain"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from normexp._checks import did_you_mean, listing
from normexp.cli._console import echo, print_json, print_table, say, say_notes
from normexp.cli._outputs import writable
from normexp.cli._reading import file_options
from normexp.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from normexp.explanation import Explanation

OPTIONS = ("--labels", "--target", "--temperature", "--sigmoid", "--plot", "--row", "--encoding", "--no-header", "--json", "--help")
MOST_FEATURES = 20
SIGMOID = (
    "Softmax probabilities share a sum of 1: use them where exactly one class is true. Sigmoids judge each class by itself and sum to anything: "
    "use them where several classes, or none, may be true."
)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="LOGITS… | MODEL TABLE")
@click.option("--row", type=int, help="Row of TABLE, counted from 1 without the header.  [default: 1]")
@click.option("--labels", metavar="A,B,…", help="Names of the classes of LOGITS.")
@click.option("--target", metavar="LABEL", help="The true class: marks it and gives its loss.")
@click.option("--temperature", type=float, help="Divide LOGITS by it first: above 1 evens the probabilities out, 0 gives all to the largest (argmax).")
@click.option("--sigmoid", is_flag=True, help="Beside softmax, the sigmoid of each of LOGITS by itself, and when to use which.")
@file_options
@click.option("--plot", metavar="FILE", help="Draw it: .png, .svg or .pdf.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain(words: tuple[str, ...], row: int | None, labels: str | None, target: str | None, temperature: float | None, sigmoid: bool,
            plot: str | None, as_json: bool, encoding: str | None, no_header: bool) -> None:  # fmt: skip
    """Softmax of LOGITS, step by step; or why MODEL answers what it answers for one row of TABLE.

    \b
    Examples:
      normexp explain 0.7 1.5 4.8
      normexp explain 0.7,1.5,4.8 --temperature 2
      normexp explain -3.44 1.16 -0.81 3.91 --labels dog,cat,boat,airplane --target airplane
      normexp explain penguins.safetensors penguins.csv --row 7 --plot why.png

    Words that are all numbers, with spaces or commas between them, are logits; a file named 5 is ./5. For a row: its logits and probabilities, how far
    each feature moved the predicted class's logit against the runner-up's (integrated gradients of networks, Shapley values of trees, from an average
    row), and the smallest change of one feature that gives another answer.
    """
    path = None if plot is None else picture_path(plot, words)
    if _are_model_and_table(words):
        given = [name for name, value in (("--labels", labels), ("--temperature", temperature), ("--sigmoid", sigmoid or None)) if value is not None]
        if given:
            raise click.UsageError(f"expected logits with {', '.join(given)}, got a model and a table; a model has labels and a temperature of its own")
        _explain_row(words[0], words[1], 1 if row is None else row, target, path, as_json, {"encoding": encoding, "header": not no_header})
        return
    if row is not None:
        raise click.UsageError(f"expected MODEL TABLE with --row, got {' '.join(words)}")
    _explain_logits(_numbers(words), labels, target, temperature, sigmoid, path, as_json)


def picture_path(plot: str, inputs: tuple[str, ...]) -> Path:
    """Where a picture goes, refused now if it could not be drawn later."""
    path = Path(plot)
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise click.UsageError(f"expected a picture that ends in .png, .svg or .pdf, got '{plot}'")
    return writable(path, "picture", inputs)


def _explain_logits(logits: list[float], labels: str | None, target: str | None, temperature: float | None, with_sigmoid: bool, path: Path | None, as_json: bool) -> None:
    import numpy as np

    from normexp.functional import sigmoid

    x = np.array(logits)
    names = _names(labels, len(x))
    if target is not None and target not in names:
        raise click.UsageError(f"expected --target out of {listing(names)}, got '{target}'{did_you_mean(target, names)}")
    if temperature is not None and not 0 <= temperature < float("inf"):
        raise click.UsageError(f"expected a finite --temperature of 0 or more, got {temperature:g}; 0 is argmax, 1 changes nothing, above 1 evens the probabilities out")
    temperature = None if temperature is None else abs(temperature)  # -0 is 0
    if temperature == 0 and path is not None:
        raise click.UsageError("expected a --temperature above 0 with --plot, got 0, where the exponentials have no limit to draw; take 0.01, or leave out --plot")
    columns = _chain(x, temperature)
    if with_sigmoid:
        columns["sigmoid"] = sigmoid(x)
    if path is not None:
        _draw_chain(path, names, x, target, temperature or 1.0, with_sigmoid)
    if as_json:
        rows = [{"label": name, **{key: float(values[i]) for key, values in columns.items()}} for i, name in enumerate(names)]
        print_json({"rows": rows, "target": target, **({} if temperature is None else {"temperature": temperature})})
        return
    _print_chain(names, columns, target, temperature)
    if path is not None:
        say(f"picture: {path}")


def _names(labels: str | None, n: int) -> list[str]:
    """Of the classes: as given, or counted from 0."""
    names = [str(i) for i in range(n)] if labels is None else [name.strip() for name in labels.split(",")]
    if len(names) != n:
        raise click.UsageError(f"expected one label a logit, got {len(names)} labels for {n} logits")
    if len(set(names)) < len(names):
        raise click.UsageError(f"expected a label of its own for each logit, got {listing(names)}")
    return names


def _chain(x: "NDArray[Any]", temperature: float | None) -> "dict[str, NDArray[Any]]":
    """Logits, exponentials, probabilities, losses; at temperature 0 the limit, in which exponentials have no value (NaN)."""
    import numpy as np

    from normexp.functional import log_softmax, softmax

    with np.errstate(over="ignore"):
        exponentials = np.full(x.shape, np.nan) if temperature == 0 else np.exp(x / (temperature or 1))
    return {"logit": x, "exponential": exponentials, "probability": softmax(x, temperature=temperature), "loss": 0.0 - log_softmax(x, temperature=temperature)}


def _print_chain(names: list[str], columns: "dict[str, NDArray[Any]]", target: str | None, temperature: float | None) -> None:
    divided = "z" if temperature is None else f"z/{temperature:g}"
    shown = {
        "class": [f"{name} (target)" if name == target else name for name in names], "logit z": [f"{z:.6g}" for z in columns["logit"]],
        f"exp({divided})": [f"{e:.6g}" for e in columns["exponential"]], "probability": [f"{p:.6f}" for p in columns["probability"]],
        "": [f"{p:.2%}" for p in columns["probability"]], "loss -ln(p)": [_digits(loss) for loss in columns["loss"]],
    }  # fmt: skip
    if temperature == 0:
        shown.pop(f"exp({divided})")
    if "sigmoid" in columns:
        shown["sigmoid(z)"] = [f"{s:.6f}" for s in columns["sigmoid"]]
    print_table(tuple(shown), list(zip(*shown.values(), strict=True)))
    echo(_how_they_came(columns, temperature))
    if len(names) == 1:
        echo("Softmax of one number is always 1: for two classes give two logits, or look at the number's sigmoid with --sigmoid.")
    if target is not None:
        p, loss = (float(columns[key][names.index(target)]) for key in ("probability", "loss"))
        is_tiny = p == 0 and loss < float("inf")
        echo(f"The loss, were '{target}' the true class, is {_digits(loss)}, taken from the logits: the probability is too small for a float." if is_tiny else
             f"The loss, were '{target}' the true class, is -ln({p:.4g}) = {_digits(loss)}.")  # fmt: skip
    if "sigmoid" in columns:
        echo(f"The sigmoids sum to {_digits(columns['sigmoid'].sum())}. {SIGMOID}")


def _how_they_came(columns: "dict[str, NDArray[Any]]", temperature: float | None) -> str:
    """A sentence on the step to the probabilities."""
    if not (columns["probability"] >= 0).all():
        return "Softmax is not defined where a logit is nan or all are -inf."
    if temperature == 0:
        n_largest = int((columns["probability"] > 0).sum())
        winners = "the largest logit has all the probability" if n_largest == 1 else f"the {n_largest} largest logits, which are equal, share all the probability equally"
        return f"At temperature 0 softmax is its limit, argmax: {winners}."
    total = columns["exponential"].sum()
    if 0 < total < float("inf"):
        return f"The exponentials sum to {total:.6g}; each probability is its exponential divided by that sum."
    return f"The exponentials sum to {total:g}, which cannot be divided by: the probabilities are those of the logits minus the largest, which are the same."


def _digits(value: float, sign: str = "") -> str:
    """Four decimals, or six digits where those are fewer."""
    return f"{value + 0.0:{sign}.4f}" if abs(value) < 100 else f"{value:{sign}.6g}"


def _draw_chain(path: Path, names: list[str], x: "NDArray[Any]", target: str | None, temperature: float, with_sigmoid: bool) -> None:
    from normexp import plots

    drawn = plots.figure(8.4, max(2.2, 1.3 + 0.42 * min(len(names), 14)))
    plots.chain(x, names, target=target, temperature=temperature, sigmoids=with_sigmoid, ax=drawn.add_subplot())
    plots.save_figure(drawn, path)


def _explain_row(model: str, table: str, row: int, target: str | None, path: Path | None, as_json: bool, options: dict[str, Any]) -> None:
    from normexp import saving
    from normexp.explanation import explain as explain_rows
    from normexp.tables import open_source

    loaded = saving.load_model(model)
    if loaded.schema is None:
        raise DataError(f"expected a model trained from a table with named columns, got one trained from an array ({model}); explain it from Python: normexp.explain(model, X)")
    if target is not None:
        raise click.UsageError("expected no --target with a table, whose own target column tells the true class")
    with open_source(table, target=loaded.schema.target, target_optional=True, schema=loaded.schema, classes=loaded.classes, **options) as source:
        found = explain_rows(loaded, source.row(row))
        say_notes(note for note in source.notes if note.startswith("column"))
    if path is not None:
        from normexp import plots

        drawn = plots.figure(8.4, 1.6 + 0.34 * min(len(found.feature_names) + 1, MOST_FEATURES))
        plots.contributions(found, 0, ax=drawn.add_subplot())
        plots.save_figure(drawn, path)
    if as_json:
        print_json({"model": model, "table": table, "row": row, **found.to_dict(0)})
        return
    _print_explanation(found, f"Row {row} of {table}")
    if path is not None:
        say(f"picture: {path}")


def _print_explanation(found: "Explanation", place: str) -> None:
    from normexp.explanation import NO_FLIP

    row = found.to_dict(0)
    first, second = row["predicted"], row["runner_up"]
    known = found.targets is not None and found.targets[0] >= 0
    truth = f", and it is {row['target']}" if known else ", and its class is missing or unknown to the model" if found.targets is not None else ""
    echo(f"{place}: {first} ({found.probabilities[0].max():.2%}){truth}")
    shown = sorted(row["classes"], key=lambda item: -item["logit"])[:MOST_FEATURES]
    names = [f"{item['class']} (target)" if known and item["class"] == row["target"] else str(item["class"]) for item in shown]
    cells = [(name, _digits(item["logit"]), f"{item['exponential']:.6g}", f"{item['probability']:.6f}") for name, item in zip(names, shown, strict=True)]
    print_table(("class", "logit z", "exp(z)", "probability"), cells, f"{len(row['classes'])} classes, the most probable first" if len(row["classes"]) > len(shown) else None)
    if known:
        echo(f"The loss is -ln({found.probabilities[0, found.targets[0]]:.4f}) = {_digits(row['loss'])}.\n")  # type: ignore[index]
    before, after = row["baseline_difference"], row["difference"]
    echo(f"Why {first} and not {second}? An average row has a difference of logits of {_digits(before, '+')}; this row's features move it to {_digits(after, '+')}:")
    features, rest = row["features"][:MOST_FEATURES], row["features"][MOST_FEATURES:]
    moved = [(item["feature"], item["value"], _digits(item["contribution"], "+")) for item in features]
    if rest:
        moved.append((f"{len(rest)} further features", "", _digits(sum(item["contribution"] for item in rest), "+")))
    print_table(("feature", "value", f"towards {first}"), moved)
    echo(f"{(row['flip'] or NO_FLIP)[:1].upper()}{(row['flip'] or NO_FLIP)[1:]}.")


def _are_model_and_table(words: tuple[str, ...]) -> bool:
    if len(words) != 2 or all(_are_numbers(word) for word in words) or any(word.startswith("-") and word != "-" for word in words):
        return False
    return Path(words[0]).exists() or not _are_numbers(words[0])


def _are_numbers(word: str) -> bool:
    return all(_is_number(piece) for piece in _pieces(word))


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _pieces(text: str) -> list[str]:
    """What spaces, commas, or commas and spaces separate; a comma may end it."""
    return re.split(r"\s*,\s*|\s+", text.strip().removesuffix(",").rstrip())


def _numbers(words: tuple[str, ...]) -> list[float]:
    text = " ".join(words)
    if len(text.split()) > 1 and (found := re.search(r"(?<!\S)([+-]?\d+),(\d+)(?=,?(\s|$))", text)):
        whole, part = found.groups()[:2]
        raise click.UsageError(f"expected a number, got '{found[0]}', which may be {whole}.{part} or {whole} and {part}; write a decimal point, or a space after the comma")
    return [_number(piece) for piece in _pieces(text)]


def _number(piece: str) -> float:
    if _is_number(piece):
        return float(piece)
    if piece.startswith("-"):
        raise click.UsageError(f"expected a number or an option out of {', '.join(OPTIONS)}, got '{piece}'{did_you_mean(piece, OPTIONS)}")
    raise click.UsageError(f"expected a number, got '{piece}'; separate the logits with spaces or with one comma each, or give a MODEL and a TABLE")
