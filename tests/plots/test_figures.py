"""Every figure, at several sizes and with awkward names: no two labels overlap, none is cut off, nothing is shown or saved by itself, and the ink is where the data are."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest

from normexp import SoftmaxClassifier, explain, plots, softmax
from normexp.evaluation import Evaluation, confusion_matrix

mpl.use("Agg")
RNG = np.random.default_rng(0)
SIXTY = [f"a rather long name of a class that has exactly sixty chars {i:02d}" for i in range(99)]
STRANGE = ["<script>alert(1)</script>", "_hidden", "$x$", "two\nlines", "שלום", "مرحبا", "", "%s {0}", "nan", "\\frac"]
NAMES = {2: ["no", "yes"], 3: ["Adelie", "Chinstrap", "Gentoo"], 10: STRANGE, 99: SIXTY}


def evaluation_of(names, n=1500):
    z = RNG.standard_normal((n, len(names))) * 2
    p = softmax(z)
    return Evaluation(np.array(names, object), (softmax(z / 1.4).cumsum(axis=1) > RNG.random((n, 1))).argmax(axis=1), p)


@pytest.fixture(scope="module")
def explained():
    """A model of 30 features, and an explanation of a row."""
    x = RNG.standard_normal((200, 30))
    model = SoftmaxClassifier((8,), epochs=4, random_state=0, quality="fast").fit(x, np.array(SIXTY[:3])[(x[:, 0] > 0).astype(int) + (x[:, 1] > 0)])
    return model, explain(model, x[:1], model.classes_[:1])


def trials_of(words):
    """Columns of a search: values of wide reach, some that did not come to their end, a setting of words and one of numbers."""
    n, rng = 60, np.random.default_rng(1)
    family = np.array(["network", "trees", "linear"])[np.arange(n) % 3]
    value = np.where(np.arange(n) % 7 == 3, np.nan, 0.3 + 0.2 * rng.lognormal(size=n))
    activation = np.array([words[i % len(words)] if kind == "network" else None for i, kind in enumerate(family)], object)
    depth = np.where(family == "trees", np.arange(n) % 8 + 1.0, np.nan)
    return {"value": value, "family": family, "activation": activation, "max_depth": depth}


def figures(names, model, explanation):
    evaluation, k = evaluation_of(names), len(names)
    points, targets, z = RNG.standard_normal((300, 2)), evaluation.targets[:300], np.linspace(-3, 3, k)
    draw = {
        "scatter": lambda ax: plots.scatter(points, targets, names, title="Two features", ax=ax), "history": lambda ax: plots.training_history(model.history_, ax=ax),
        "confusion": lambda ax: plots.confusion(evaluation, ax=ax), "reliability": lambda ax: plots.reliability(evaluation, ax=ax),
        "roc": lambda ax: plots.roc(evaluation, ax=ax), "precision_recall": lambda ax: plots.precision_recall(evaluation, ax=ax),
        "regions": lambda ax: plots.decision_regions(lambda x: softmax(x @ RNG.standard_normal((2, k))), points, targets, names, ax=ax),
        "chain": lambda ax: plots.chain(z, names, target=names[-1], sigmoids=True, ax=ax), "gradients": lambda ax: plots.gradients(ax=ax),
        "temperatures": lambda ax: plots.temperatures(z[:4], names[:4], ax=ax), "sigmoid": lambda ax: plots.sigmoid_and_softmax(ax=ax),
        "contributions": lambda ax: plots.contributions(explanation, ax=ax),
        "course": lambda ax: plots.search_course(trials_of(names), ax=ax), "setting": lambda ax: plots.search_setting(trials_of(names), "trees", "max_depth", ax=ax),
        "words": lambda ax: plots.search_setting(trials_of(names[:3]), "network", "activation", ax=ax),
        "importance": lambda ax: plots.importance(names[:12], np.ones(min(k, 12)), np.zeros(min(k, 12)), 2 * np.ones(min(k, 12)), ax=ax),
    }  # fmt: skip
    if k == 3:
        draw["simplex"] = lambda ax: plots.simplex(evaluation.probabilities, evaluation.targets, names, ax=ax)
    return draw


def boxes(drawn):
    """Text and box of every label that is seen, rotated ones upright."""
    drawn.draw_without_rendering()
    renderer = drawn._get_renderer()
    texts, labels, in_view = drawn.findobj(mpl.text.Text), set(), set()
    for axis in (axis for ax in drawn.axes for axis in (ax.xaxis, ax.yaxis)):
        labels |= {axis.label, axis.offsetText}
        labels |= {label for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()] for label in (tick.label1, tick.label2)}
        if axis.axes.axison:
            in_view |= {axis.label, *(tick.label1 for tick in axis._update_ticks() if tick.label1.get_visible())}
    shown = [text for text in texts if text.get_visible() and text.get_text().strip() and (text not in labels or text in in_view)]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in shown]


@pytest.mark.parametrize("inches", [4, 12], ids=["400px", "1200px"])
@pytest.mark.parametrize("k", NAMES)
def test_no_labels_overlap_and_none_is_cut_off(k, inches, explained):
    for name, draw in figures(NAMES[k], *explained).items():
        drawn = plots.figure(inches, 0.75 * inches)
        ax = drawn.add_subplot()
        assert draw(ax) is ax
        drawn.savefig("/dev/null", format="png", dpi=100)
        seen = boxes(drawn)
        width, height = drawn.get_size_inches() * drawn.dpi
        for text, box in seen:
            assert box.x0 > -2, f"{name}: {text!r} is cut off at the left"
            assert box.x1 < width + 2, f"{name}: {text!r} is cut off at the right"
            assert -2 < box.y0 < box.y1 < height + 2, f"{name}: {text!r} is cut off"
        for (one, a), (two, b) in itertools.combinations(seen, 2):
            overlap = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
            assert min(overlap) < 1.5, f"{name}: {one!r} and {two!r} overlap by {overlap}"


def test_names_are_shown_as_they_are(explained):
    for name, draw in figures(STRANGE, *explained).items():
        drawn = plots.figure(12, 9)
        draw(drawn.add_subplot())
        texts = {text.get_text() for text in drawn.findobj(mpl.text.Text)}
        if name in ("scatter", "confusion", "chain", "importance", "regions"):
            assert {"<script>alert(1)</script>", "_hidden", "$x$", "two lines", "שלום", "(empty)", "%s {0}"} <= texts, name


def test_own_axes_are_pyplots_and_nothing_is_left_open_by_given_ones(explained):
    from matplotlib import pyplot as plt

    plt.close("all")
    ax = plots.reliability(evaluation_of(NAMES[2]))
    assert plt.get_fignums() == [1]
    assert ax.get_xlabel() == "probability of 'yes'"
    plt.close("all")
    for draw in figures(NAMES[3], *explained).values():
        draw(plots.figure().add_subplot())
    assert plt.get_fignums() == []


def test_a_dark_background_is_obeyed(explained):
    from matplotlib import pyplot as plt

    with plt.style.context("dark_background"):
        for name, draw in figures(NAMES[3], *explained).items():
            drawn = plots.figure(4, 3)
            draw(drawn.add_subplot())
            for text in drawn.findobj(mpl.text.Text):
                if text.get_text() and text.get_visible() and text.get_alpha() is None:
                    assert sum(mpl.colors.to_rgb(text.get_color())) > 0.9, f"{name}: {text.get_text()!r} is dark"


def test_the_ink_is_where_the_data_are(explained):
    evaluation = evaluation_of(NAMES[3])
    ax = plots.confusion(evaluation, ax=plots.figure().add_subplot())
    assert [int(text.get_text().split("\n")[0]) for text in ax.texts] == confusion_matrix(evaluation).ravel().tolist()
    ax = plots.chain([0.7, 1.5, 4.8], ["a", "b", "c"], target="c", ax=plots.figure().add_subplot())
    assert ax.get_title(loc="left") == "Loss for c: -ln(0.9493) = 0.0521"
    assert {"0.0157", "0.0350", "0.9493", "121.5"} <= {text.get_text() for text in ax.texts}
    explanation = explained[1]
    ax = plots.contributions(explanation, ax=plots.figure().add_subplot())
    assert ax.patches[-1].get_width() == pytest.approx(explanation.differences[0], abs=1e-3)
    ax = plots.temperatures([1.0, 2.0], values=(1,), ax=plots.figure().add_subplot())
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0, 1, *softmax([1.0, 2.0])])
    ax = plots.gradients(ax=plots.figure().add_subplot())
    assert ax.lines[2].get_ydata().max() == pytest.approx(0.25)
    assert not ax.lines[3].get_ydata().any()
    corner = plots.simplex(np.eye(3), np.arange(3), NAMES[3], ax=plots.figure().add_subplot()).collections
    assert [tuple(np.round(c.get_offsets()[0], 3)) for c in corner[-3:]] == [(0, 0), (1, 0), (0.5, 0.866)]


def test_few_rows_and_infinite_logits():
    one = Evaluation(np.arange(2), [1], [[0.3, 0.7]])
    none = Evaluation(np.arange(2), np.empty(0, int), np.empty((0, 2)))
    for evaluation in (one, none):
        for draw in (plots.confusion, plots.reliability, plots.roc, plots.precision_recall):
            plots.svg(draw(evaluation, ax=plots.figure().add_subplot()).figure, "few rows")
    ax = plots.chain([1000, -np.inf, 0], ax=plots.figure().add_subplot())
    assert {"inf", "-inf", "1.0000"} <= {text.get_text() for text in ax.texts}


def test_an_svg_takes_the_pages_colours():
    with plots.page_colours():
        text = plots.svg(plots.confusion(evaluation_of(STRANGE[:3]), ax=plots.figure().add_subplot()).figure, 'a "label" <b>')
    assert text.startswith("<svg ")
    assert 'aria-label="a &quot;label&quot; &lt;b&gt;"' in text
    assert "var(--ink)" in text
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "font-family" not in text


def test_wrong_input_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"expected probabilities of three classes and three names, got \(1, 2\) and 2"):
        plots.simplex(np.array([[0.5, 0.5]]), np.array([0]), ["a", "b"])
    with pytest.raises(ValueError, match=r"expected logits of shape \(n_classes,\) and a name for each, got shape \(2,\) and 1 names"):
        plots.chain([1, 2], ["a"])
    plots.save_figure(plots.gradients(ax=plots.figure().add_subplot()).figure, tmp_path / "g.svg")
    assert (tmp_path / "g.svg").read_text().startswith("<?xml")


def test_the_best_so_far_never_rises_and_the_best_is_ringed():
    found = trials_of(["relu", "gelu"])
    ax = plots.search_course(found, ax=plots.figure().add_subplot())
    (line,) = ax.lines
    best = line.get_ydata()
    assert (np.diff(best) <= 0).all()
    assert best[-1] == np.nanmin(found["value"])
    ax = plots.search_setting(found, "trees", "max_depth", ax=plots.figure().add_subplot())
    points, ring = ax.collections
    assert len(points.get_offsets()) == (np.isfinite(found["value"]) & (found["family"] == "trees")).sum()
    assert ring.get_offsets()[0][1] == np.nanmin(found["value"][found["family"] == "trees"])


def test_a_search_without_results_is_an_empty_figure():
    empty = {"value": np.array([np.nan]), "family": np.array(["trees"]), "max_depth": np.array([3.0])}
    assert not plots.search_course(empty, ax=plots.figure().add_subplot()).lines
    assert len(plots.search_setting(empty, "trees", "max_depth", ax=plots.figure().add_subplot()).collections[0].get_offsets()) == 0
