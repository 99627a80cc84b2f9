"""Looking at a model: intervals of 10,000 rows, the report of adult (48,842 rows), the page that teaches and its first paint.

usage: evaluation.py       medians; adult is looked for in the folder NORMEXP_DATA
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from normexp import softmax
from normexp.evaluation import Evaluation, intervals, score

NORMEXP = Path(sys.executable).parent / "normexp"
DATA = Path(os.environ.get("NORMEXP_DATA", Path(__file__).parents[2] / "shared/data"))


def seconds(call, times):
    seen = []
    for _ in range(times):
        started = time.perf_counter()
        result = call()
        seen.append(time.perf_counter() - started)
    return statistics.median(seen), result


def process(folder, *arguments):
    """Seconds of a whole process of the command line."""
    return seconds(lambda: subprocess.run([NORMEXP, *arguments], cwd=folder, check=True, capture_output=True), 3)[0]


def of_intervals():
    rng = np.random.default_rng(0)
    p = softmax(2 * rng.standard_normal((10_000, 10)))
    evaluation = Evaluation(np.arange(10), (p.cumsum(axis=1) > rng.random((10_000, 1))).argmax(axis=1), p)
    took, found = seconds(lambda: intervals(evaluation), 5)
    scores = score(evaluation)
    assert all(abs(interval.estimate - getattr(scores, name)) < 1e-9 and interval.low < interval.estimate < interval.high for name, interval in found.items())
    print(f"intervals of 10,000 rows of ten classes, {len(found)} scores: {1000 * took:.0f} ms")


def reports(folder):
    adult = DATA / "adult.csv.gz"
    if not adult.exists():
        print(f"{adult} is not there: reports not measured")
        return
    train = ["train", adult, "--target", "income", "-o", "m.safetensors", "--json"]
    plain, both, alone = (process(folder, *arguments) for arguments in (train, [*train, "--report", "r.html"], ["report", "m.safetensors", adult, "-o", "a.html"]))
    sizes = [(folder / name).stat().st_size / 1e6 for name in ("r.html", "a.html")]
    assert all("The model is right on" in (folder / name).read_text() for name in ("r.html", "a.html"))
    print(f"adult: train {plain:.1f} s, its report {both - plain:.1f} s more, {sizes[0]:.2f} MB (bar: 1.5)")
    print(f"normexp report on all of adult's rows, whole process: {alone:.1f} s, {sizes[1]:.2f} MB")


def lesson(folder):
    took = process(folder, "learn", "-o", "l.html", "--no-open")
    print(f"normexp learn, whole process: {took:.1f} s, {(folder / 'l.html').stat().st_size / 1e3:.0f} kB (bar: 300)")
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no Chromium: first paint not measured")
        return
    from playwright.sync_api import sync_playwright

    observed = "new PerformanceObserver(list => done(list.getEntriesByName('first-contentful-paint')[0].startTime)).observe({type: 'paint', buffered: true})"
    painted = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(5):
            page = browser.new_page()
            page.goto((folder / "l.html").as_uri())
            painted.append(page.evaluate(f"() => new Promise(done => {observed})"))
            page.close()
        browser.close()
    print(f"first contentful paint in headless Chromium: {statistics.median(painted):.0f} ms (bar: 1000)")


def main():
    of_intervals()
    with tempfile.TemporaryDirectory() as name:
        reports(Path(name))
        lesson(Path(name))


if __name__ == "__main__":
    main()
