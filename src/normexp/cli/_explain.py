"""normexp explain"""

import click

from normexp._checks import did_you_mean, listing
from normexp.cli._console import print_json, print_table

OPTIONS = ("--labels", "--target", "--json", "--help")


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("logits", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--labels", metavar="A,B,…", help="Names of the classes.")
@click.option("--target", metavar="LABEL", help="The true class: marks its row and prints its loss.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain(logits: tuple[str, ...], labels: str | None, target: str | None, as_json: bool) -> None:
    """Softmax of LOGITS, step by step: logit, exponential, probability, negative log loss.

    \b
    Examples:
      normexp explain 0.7 1.5 4.8
      normexp explain -3.44 1.16 -0.81 3.91 --labels dog,cat,boat,airplane --target airplane
    """
    import numpy as np

    from normexp.functional import log_softmax, softmax

    x = np.array([_number(word) for word in logits])
    names = labels.split(",") if labels else [str(i) for i in range(len(x))]
    if len(names) != len(x):
        raise click.UsageError(f"expected one label a logit, got {len(names)} labels for {len(x)} logits")
    if target is not None and target not in names:
        raise click.UsageError(f"expected --target out of {listing(names)}, got '{target}'{did_you_mean(target, names)}")
    probabilities, losses = softmax(x), -log_softmax(x)
    with np.errstate(over="ignore"):
        exponentials = np.exp(x)
    if as_json:
        columns = {"logit": x, "exponential": exponentials, "probability": probabilities, "loss": losses}
        print_json({"rows": [{"label": name, **{key: float(values[i]) for key, values in columns.items()}} for i, name in enumerate(names)], "target": target})
        return
    table = [
        (f"{name} (target)" if name == target else name, f"{z:g}", f"{e:.6g}", f"{p:.6f}", f"{p:.2%}", f"{loss:.4f}")
        for name, z, e, p, loss in zip(names, x, exponentials, probabilities, losses + 0.0, strict=True)
    ]
    print_table(("class", "logit z", "exp(z)", "probability", "", "loss -ln(p)"), table)
    total = exponentials.sum()
    click.echo(f"The exponentials sum to {total:.6g}; each probability is its exponential divided by that sum.")
    if target is not None:
        i = names.index(target)
        click.echo(f"The loss, were '{target}' the true class, is -ln({probabilities[i]:.4f}) = {losses[i] + 0.0:.4f}.")


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        if word.startswith("-"):
            raise click.UsageError(f"expected a number or an option out of {', '.join(OPTIONS)}, got '{word}'{did_you_mean(word, OPTIONS)}") from None
        raise click.UsageError(f"expected a number, got '{word}'; separate the logits with spaces") from None
