"""Reports in a real browser: nothing from the network, nothing executed, fits a phone, readable in the dark."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from normexp import SoftmaxClassifier
from normexp.evaluation import Evaluation
from normexp.report import Subject, data_of, write_predictions_report, write_report
from normexp.tables import Table, held_out_rows, read

sys.path.insert(0, str(Path(__file__).parent))

from accessibility import assert_accessible, assert_fits

HOSTILE = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "مرحبا بالعالم", "a class name of sixty characters, which is rather a lot of them"]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A report on a table whose every name is an attack or hard to show."""
    folder, rng = tmp_path_factory.mktemp("hostile"), np.random.default_rng(0)
    with (folder / "table.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["</style><script>alert(2)</script>", "{{ 7 * 7 }}", "שם", "target"])
        for _ in range(240):
            k = rng.integers(4)
            writer.writerow([round(rng.normal() + k, 3), rng.choice(["'\"><b>", "&amp;"]), round(rng.normal(), 3), HOSTILE[k]])
    table = read(folder / "table.csv", target="target")
    rows, held = held_out_rows(table.targets, 0.4, 0)
    model = SoftmaxClassifier((8,), epochs=20, random_state=0, quality="fast").fit_table(table, rows)
    tested = table.take(held)
    other = SoftmaxClassifier((), epochs=3, random_state=0, quality="fast").fit_table(table, rows)
    models = {"<i>one</i>": model, "two": other}
    subjects = [Subject(name, fitted, Evaluation(fitted.classes_, tested.targets, fitted.predict_proba(tested))) for name, fitted in models.items()]
    write_report(folder / "report.html", subjects, data_of("<u>table</u>.csv", tested, subjects[0], training=table, training_rows=rows))
    write_predictions_report(folder / "predictions.html", "<i>one</i>", "<u>new</u>.csv", model, Table(table.schema, table.matrix))
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 800, 1400])
@pytest.mark.parametrize("name", ["report", "predictions"])
def test_reports_fit_and_are_accessible(hostile, opened, name, width, scheme):
    shown = opened(hostile / f"{name}.html", width, scheme)
    for details in shown.page.locator("details").all():
        details.evaluate("d => { d.open = true; }")
    shown.screenshot(f"{name}-{width}-{scheme}")
    assert_fits(shown.page)
    assert_accessible(shown.page)


def test_strange_names_are_text(hostile, opened):
    page = opened(hostile / "report.html").page
    text = page.locator("main").inner_text()
    for name in (*HOSTILE, "</style><script>alert(2)</script>", "{{ 7 * 7 }}", "שם", "<i>one</i>", "<u>table</u>.csv"):
        assert name in text, name
    assert page.locator("main script, main img, main i, main u").count() == 0
    assert "49" not in page.locator("#data table").nth(1).inner_text().split("{{ 7 * 7 }}")[0].splitlines()[-1]


def test_the_report_has_what_it_promises(hostile, opened):
    page = opened(hostile / "report.html").page
    assert page.locator(".card").count() == 3
    assert "95% interval" in page.locator(".card").first.inner_text()
    for section in ("models", "data", "training", "confusion", "calibration", "classes", "features", "mistakes", "next"):
        assert page.locator(f"section#{section} h2").count() == 1
        page.locator(f"nav a[href='#{section}']").click()
    assert page.locator("#mistakes details").count() == 10
    assert page.locator("#mistakes details table").count() == 20
    page.locator("#mistakes summary").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator("#mistakes details").nth(1).get_attribute("open") is not None
    size = page.locator("#confusion svg").evaluate("svg => svg.getBoundingClientRect().width")
    assert size > 300


def test_it_prints(hostile, opened):
    shown = opened(hostile / "report.html", scheme="dark")
    shown.page.emulate_media(media="print")
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(shown.page.pdf(format="A4")) > 20_000
