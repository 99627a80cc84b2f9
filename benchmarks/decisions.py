"""Deciding by named costs on real tables: cheaper than the most probable class, and than always the same decision?

usage: decisions.py        the tables are looked for in the folder NORMEXP_DATA; three seeds
"""

import os
import warnings
from pathlib import Path

from normexp import evaluation as ev
from normexp import recipe
from normexp.model import evaluation_of
from normexp.tables import held_out_rows, read

DATA = Path(os.environ.get("NORMEXP_DATA", Path(__file__).parents[2] / "shared/data"))
CUTS = ("Fair", "Good", "Very Good", "Premium", "Ideal")


def of_illness(classes):
    """A missed illness costs 50, a false alarm or the wrong illness 5."""
    return {true: {said: 0 if true == said else 50 if said == "negative" else 5 for said in classes} for true in classes}


def of_cuts(_):
    """A cut taken for a better one costs 4 a step, for a worse one 1."""
    return {true: {said: (4 if CUTS.index(said) > CUTS.index(true) else 1) * abs(CUTS.index(said) - CUTS.index(true)) for said in CUTS} for true in CUTS}


def of_income(_):
    """A rich one missed costs 20, a poor one called 5."""
    return {"<=50K": {"<=50K": 0, ">50K": 5}, ">50K": {"<=50K": 20, ">50K": 0}}


def main():
    warnings.simplefilter("ignore")
    for file, target, costs_for in (("adult.csv.gz", "income", of_income), ("hypothyroid.csv", "Class", of_illness), ("diamonds.csv.gz", "cut", of_cuts)):
        if not (DATA / file).exists():
            print(f"{DATA / file} is not there: not measured")
            continue
        table = read(DATA / file, target=target)
        costs = ev.costs_of(costs_for(table.classes.tolist()), table.classes)
        for seed in range(3):
            rows, held = held_out_rows(table.targets, 0.25, seed)
            model = recipe.fit_table(table, recipe.portfolio(len(rows), table.schema.matrix_columns(), len(table.classes), seed=seed), rows=rows)
            found = ev.decision_costs(evaluation_of(model, table.take(held)), costs, drawn_from=len(table))
            print(f"{file}, seed {seed}: {found.decided.estimate:.4f} a row; the most probable class {found.most_probable.estimate:.4f}, dearer by "
                  f"{found.less_than_most_probable.low:.4f} to {found.less_than_most_probable.high:.4f}; always {costs.decisions[found.always_decision]!r} "
                  f"{found.always.estimate:.4f}, dearer by {found.less_than_always.low:.4f} to {found.less_than_always.high:.4f}")  # fmt: skip
            assert found.decided.estimate < found.most_probable.estimate
            assert found.less_than_always.low > 0


if __name__ == "__main__":
    main()
