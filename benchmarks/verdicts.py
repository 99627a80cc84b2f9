"""Verdicts on simulated tables of known truth: how often green on noise and on strong signal, how often the printed intervals hold the truth, what thresholds for costs lose.

usage: verdicts.py [TABLES] [FIRST]        500 tables take some twenty minutes; pure noise, weak and strong signal in turn, 2 to 5 classes, shares down to 1 %, 100 to 5,000 rows
"""

import sys
import warnings
from collections import Counter, defaultdict

import numpy as np

from normexp import evaluation as ev
from normexp import recipe, softmax
from normexp.evaluation import Evaluation
from normexp.explanation import features_of
from normexp.report import Subject, data_of
from normexp.report._columns import column_facts
from normexp.report._verdict import verdict
from normexp.tables import held_out_rows, read

KINDS = {"noise": (0.0, 0.0), "weak": (0.03, 0.12), "strong": (0.6, 0.9)}  # share of the entropy of the classes that the columns take away
FRESH = 40_000


class Simulated:
    """A table whose logits are linear in the columns, with products of them in every second table; scaled until the columns say as much as wanted."""

    def __init__(self, seed, kind):
        self.rng = np.random.default_rng(seed)
        rng, self.kind = self.rng, kind
        self.n, self.n_classes, self.n_columns = int(np.exp(rng.uniform(np.log(100), np.log(5_000)))), int(rng.integers(2, 6)), int(rng.integers(3, 11))
        least = max(0.01, 8 / self.n)  # a class of fewer rows cannot be tested
        shares = np.maximum(rng.dirichlet(np.full(self.n_classes, 2.0)), least)
        self.logs = np.log(shares / shares.sum())
        self.slopes = rng.normal(size=(self.n_columns, self.n_classes))
        self.products = rng.normal(size=(self.n_columns, self.n_classes)) * (seed % 2) * 0.5
        self.scale, self.bias = 0.0, self.logs
        low, high = KINDS[kind]
        if high:
            self._scale_to(rng.uniform(low, high))

    def _scale_to(self, wanted):
        """Bisection, with the shares of the classes kept."""
        x, low, high = self.columns(4_000), 0.01, 60.0
        for _ in range(14):
            self.scale, self.bias = np.sqrt(low * high), self.logs.copy()
            for _ in range(40):
                self.bias += self.logs - np.log(self.probabilities(x).mean(axis=0))
            p = self.probabilities(x)
            bayes, entropy = -(p * np.log(p + 1e-300)).sum(axis=1).mean(), -(np.exp(self.logs) @ self.logs)
            low, high = (low, self.scale) if 1 - bayes / entropy >= wanted else (self.scale, high)

    def columns(self, n):
        return self.rng.normal(size=(n, self.n_columns)).astype(np.float32)

    def probabilities(self, x):
        return softmax(self.scale * (x @ self.slopes + (x * np.roll(x, 1, axis=1)) @ self.products) + self.bias)

    def drawn(self, n):
        x = self.columns(n)
        return x, (self.probabilities(x).cumsum(axis=1) > self.rng.random((n, 1))).argmax(axis=1).clip(max=self.n_classes - 1)


def judged(simulated, seed):
    """The verdict on a model of the table, and for each interval whether it holds the truth of fresh rows."""
    x, y = simulated.drawn(simulated.n)
    frame = {f"x{i}": x[:, i] for i in range(x.shape[1])} | {"y": np.array(list("abcde"))[y]}
    table = read(frame, target="y")
    rows, held = held_out_rows(table.targets, 0.25, seed)
    model = recipe.fit_table(table, recipe.portfolio(len(rows), table.schema.matrix_columns(), len(table.classes), seed=seed), rows=rows)
    tested = table.take(held)
    subject = Subject("model", model, Evaluation(model.classes, tested.targets, model.probabilities(tested.matrix)))
    data = data_of("t", tested, subject, training=table, training_rows=rows, drawn_from=len(table))
    owners = features_of(model)[1]
    found = verdict(subject, data, column_facts(data, subject, np.arange(x.shape[1]), owners))

    new_x, new_y = simulated.drawn(FRESH)
    places = np.searchsorted(table.classes, np.array(list("abcde"))[new_y])
    fresh = Evaluation(table.classes, np.where(np.isin(np.array(list("abcde"))[new_y], table.classes), places, -1), model.probabilities(new_x))
    held_truth = {}
    truths = ev.intervals(fresh)
    for name, interval in ev.intervals(subject.evaluation, drawn_from=data.drawn_from).items():
        if np.isfinite(interval.low):
            held_truth[name] = interval.low <= truths[name].estimate <= interval.high
    gain = ev.compare(ev.class_share_evaluation(fresh, model.class_shares), fresh, ["log_loss"])["log_loss"].estimate
    held_truth["log loss against the class shares"] = found.against_shares.low <= gain <= found.against_shares.high
    paid = chosen = best = 0.0
    if simulated.n_classes == 2 and len(table.classes) == 2:  # a threshold for costs, against the best that there is for this model
        costs = ev.costs_of(np.array([[0.0, 1.0], [float(np.exp(simulated.rng.uniform(0, 3))), 0.0]]), table.classes)
        curve, share = ev.gains(fresh, 1), (fresh.targets == 1).mean()
        missed, in_vain = share * (1 - curve.found), curve.flagged - share * curve.found
        best = float((costs.matrix[1, 0] * missed + costs.matrix[0, 1] * in_vain).min())
        truth = ev.decision_costs(fresh, costs)
        paid, tested_cost = truth.decided.estimate, ev.decision_costs(subject.evaluation, costs, drawn_from=data.drawn_from)
        chosen = paid_from(costs, model.held_out, missed, in_vain, curve.probability, paid)
        held_truth["cost of decisions"] = tested_cost.decided.low <= paid <= tested_cost.decided.high
    return found, held_truth, (paid, chosen, best)


def paid_from(costs, held_out, missed, in_vain, probabilities, otherwise):
    """What the threshold that was cheapest on the rows held out in training costs; as otherwise where there is none."""
    own, other = held_out.of_class(1).astype(float), 1 - held_out.of_class(0).astype(float)
    threshold = ev.best_threshold(costs, 1, own, other, held_out.counts[1], held_out.counts[0]).estimate
    if np.isnan(threshold):
        return otherwise
    at = np.searchsorted(-probabilities, -threshold, side="right") - 1  # the last that is flagged
    return float(costs.matrix[1, 0] * missed[at] + costs.matrix[0, 1] * in_vain[at])


def main():
    n_tables, first = (int(argument) for argument in (*sys.argv[1:], *("500", "0")[len(sys.argv) - 1 :]))
    warnings.simplefilter("ignore")
    grades, held, examples, all_paid = defaultdict(Counter), defaultdict(list), defaultdict(list), []
    for i in range(first, first + n_tables):
        kind = list(KINDS)[i % 3]
        simulated = Simulated(i, kind)
        found, held_truth, paid = judged(simulated, i)
        all_paid += [paid] if paid[-1] else []
        grades[kind][found.grade] += 1
        for name, holds in held_truth.items():
            held[name].append(holds)
        if (kind, found.grade) in {("noise", "good"), ("strong", "fair"), ("strong", "poor"), ("strong", "none")}:
            examples[kind].append(f"  {i} ({simulated.n} rows, {simulated.n_classes} classes): {found.sentence}")
    for kind, counts in grades.items():
        print(f"{kind}: {dict(counts)}; green {counts['good'] / sum(counts.values()):.1%}", *examples[kind], sep="\n")
    for name, holds in held.items():
        print(f"95 % interval of {name}: holds the truth in {np.mean(holds):.1%} of {len(holds)} tables (bar: 92 to 98)")
    paid, chosen, best = np.sum(all_paid, axis=0)
    chosen_words = f"chosen on held-out rows: {chosen / best - 1:.1%}"
    print(f"thresholds for costs: {paid / best - 1:.1%} dearer than the best possible, over {len(all_paid)} tables of two classes (bar: 3); {chosen_words}")
    assert grades["noise"]["good"] <= 0.01 * sum(grades["noise"].values()), "noise was called good"


if __name__ == "__main__":
    main()
