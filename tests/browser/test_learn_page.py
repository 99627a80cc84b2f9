"""The page that teaches softmax, in a real browser: its arithmetic against the package's, its sliders, its looks."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from normexp import cross_entropy, logsumexp, sigmoid, softmax
from normexp.learn import write_page

sys.path.insert(0, str(Path(__file__).parent))

from accessibility import assert_accessible, assert_fits

GOLDEN = [
    ([1000.0, 0.0, -1000.0], 1), ([-1000.0, -1000.0], 1), ([1000.0, 1000.0, 999.0], 1), ([0.7, 1.5, 4.8], 1), ([3.0, 3.0, 3.0, 3.0], 1),
    ([1.0, 2.0, 3.0], 1e-3), ([1.0, 1.0, 0.5], 1e-3),
    ([1.0, 2.0, 3.0], 1e3), ([0.1, -0.2, 700.0], 0.5), ([-3.44, 1.16, -0.81, 3.91], 1), ([5.0], 1),
]  # fmt: skip


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("learn") / "softmax.html"
    write_page(path)
    return path


def slide(page, selector, value):
    page.locator(selector).evaluate("(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }", value)


def numbers(text):
    return [float(word) for word in re.findall(r"-?\d+\.\d+", text)]


def test_its_arithmetic_is_the_packages(page_file, opened):
    page = opened(page_file).page
    for z, temperature in GOLDEN:
        np.testing.assert_allclose(page.evaluate("([z, t]) => normexp.softmax(z, t)", [z, temperature]), softmax(z, temperature=temperature), rtol=1e-13, atol=0)
        np.testing.assert_allclose(page.evaluate("z => normexp.logsumexp(z)", z), logsumexp(z), rtol=1e-14)
        losses = [-loss for loss in page.evaluate("z => normexp.logSoftmax(z)", z)]
        np.testing.assert_allclose(losses, [cross_entropy(z, k) for k in range(len(z))], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose([page.evaluate("x => normexp.sigmoid(x)", x) for x in z], sigmoid(np.array(z)), rtol=1e-13)
    naive = page.evaluate("normexp.naiveSoftmax([1000, 999]).map(String)")
    assert naive == ["NaN", "NaN"]


def test_dragging_a_logit_moves_bars_and_numbers(page_file, opened):
    page = opened(page_file).page
    shown = page.locator("#drag output[data-is=probability]")
    assert [float(text) for text in shown.all_inner_texts()] == [0.0157, 0.0350, 0.9493]
    boat = page.locator("#drag .row").nth(2)
    width = "rect => Number(rect.getAttribute('width').replace('%', ''))"
    before = boat.locator("rect").nth(1).evaluate(width)
    slide(page, "#drag .row:nth-child(3) input", -2)
    expected = softmax([0.7, 1.5, -2])
    assert [float(text) for text in shown.all_inner_texts()] == pytest.approx(expected, abs=5.1e-5)
    after = boat.locator("rect").nth(1).evaluate(width)
    assert (before, after) == (pytest.approx(94.93, abs=0.01), pytest.approx(100 * expected[2], abs=0.01))
    assert numbers(page.locator("#drag-sum").inner_text())[-1] == 1
    for _ in range(5):
        page.locator("#drag-add").click()
        assert [float(text) for text in shown.all_inner_texts()] == pytest.approx(expected, abs=5.1e-5)
    while page.locator("#drag-add").is_enabled():
        page.locator("#drag-add").click()
    assert [float(text) for text in shown.all_inner_texts()] == pytest.approx(expected, abs=5.1e-5)
    page.locator("#drag-reset").click()
    assert shown.nth(2).inner_text() == "0.9493"


def test_sliders_by_keyboard_and_their_numbers(page_file, opened):
    page = opened(page_file).page
    page.locator("#shift").focus()
    page.keyboard.press("End")
    assert page.locator("#overflow-rows td.wrong").count() == 3
    assert [float(text) for text in page.locator("#overflow-rows td[data-is=safe]").all_inner_texts()] == pytest.approx(softmax([2.0, 1, 0]), abs=5.1e-5)
    for value in (-3, 0, 1):
        slide(page, "#temperature", value)
        shown = [float(text) for text in page.locator("#temperature-rows output").all_inner_texts()]
        assert shown == pytest.approx(softmax([1, 2, 3, 2.5], temperature=10.0**value), abs=5.1e-5)
    slide(page, "#gradient", 1.5)
    p = softmax([1.5, 0])[0]
    assert numbers(page.locator("#gradient-note").inner_text())[:2] == pytest.approx([p, p * (1 - p)], abs=5.1e-5)
    slide(page, "#z1", -3.3)
    by_softmax, by_sigmoid = (page.locator(f"#by-{name}").inner_text() for name in ("softmax", "sigmoid"))
    assert by_softmax == by_sigmoid == f"{softmax([-3.3, 0.5])[0]:.6f}"
    shown = [float(text) for text in page.locator("#labels output").all_inner_texts()]
    z = np.array([2, 1.2, -0.8])
    assert shown == pytest.approx(np.column_stack([z, softmax(z), sigmoid(z)]).ravel(), abs=5.1e-5)


def test_the_worked_example(page_file, opened):
    page = opened(page_file).page
    assert "The loss is \u2212ln(0.9315)=0.0709" in page.locator("#worked-note").text_content()
    page.locator("#worked-rows input").nth(0).fill("6.5")
    page.locator("#worked-target").select_option("1")
    z = [6.5, 1.16, -0.81, 3.91]
    assert numbers(page.locator("#worked-note").text_content()) == pytest.approx([softmax(z)[1], cross_entropy(z, 1)], abs=5.1e-5)
    assert "The model says dog and is wrong" in page.locator("#worked-note").text_content()
    page.locator("#worked-rows input").nth(0).fill("987.65")
    assert page.locator("#worked-note").text_content().endswith("=986.49.")
    assert page.locator("#worked-rows td:last-child").all_inner_texts() == ["0.0000", "986.49", "988.46", "983.74"]


def test_the_network_learns_epoch_by_epoch(page_file, opened):
    page = opened(page_file).page
    assert "After 30 epochs 250 of 250 test points" in page.locator("#learn-note").inner_text()
    last = page.locator("#plane canvas").evaluate("canvas => canvas.toDataURL()")
    slide(page, "#epoch", 0)
    right = int(re.search(r"(\d+) of 250", page.locator("#learn-note").inner_text()).group(1))
    assert right < 200
    assert page.locator("#plane canvas").evaluate("canvas => canvas.toDataURL()") != last
    before = page.locator("#probe-note").inner_text()
    shown = [float(text) for text in page.locator("#probe-rows td").all_inner_texts()]
    assert shown[1::2] == pytest.approx(softmax(shown[::2]), abs=5e-3)
    assert f"the network says class {int(np.argmax(shown[::2]))}:" in before
    page.locator("#plane svg").focus()
    page.keyboard.press("ArrowUp")
    assert page.locator("#probe-note").inner_text() != before
    page.locator("#play").click()
    expect(page.locator("#epoch-value")).to_have_text("3")
    page.locator("#play").click()


def test_numbers_in_the_text_are_the_packages(page_file, opened):
    page = opened(page_file).page
    lines = [text for block in page.locator("pre:has(.in)").all() for text in block.inner_text().splitlines()]
    assert "# [0.0157317, 0.0350116, 0.949257]" in lines
    assert f"# {cross_entropy([-3.44, 1.16, -0.81, 3.91], 3):.6g}" in lines
    cold = softmax([1.0, 2.0, 3.0], temperature=0.1)
    assert f"# [{', '.join(f'{p:.6g}' for p in cold)}]" in lines


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 800, 1400])
def test_its_looks(page_file, opened, width, scheme):
    shown = opened(page_file, width, scheme)
    shown.screenshot(f"learn-{width}-{scheme}")
    assert_fits(shown.page)
    assert_accessible(shown.page)
    for overflowing in shown.page.locator(".lab").all():
        assert overflowing.evaluate("lab => [...lab.querySelectorAll('output, input, .bar')].every(e => e.getBoundingClientRect().right <= lab.getBoundingClientRect().right)")


def test_it_is_small_and_painted(page_file, opened):
    assert page_file.stat().st_size < 300_000
    page = opened(page_file).page
    observed = "new PerformanceObserver(list => done(list.getEntriesByName('first-contentful-paint')[0].startTime)).observe({type: 'paint', buffered: true})"
    assert page.evaluate(f"() => new Promise(done => {observed})") > 0


def test_the_policy_forbids_everything_from_outside(page_file, opened):
    shown = opened(page_file)
    policy = shown.page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    shown.page.evaluate("() => { const s = document.createElement('script'); s.textContent = 'window.evil = 1'; document.body.append(s); }")
    assert shown.page.evaluate("window.evil === undefined")
    assert "Content Security Policy" in shown.said[0]
    shown.said.clear()  # the browser reports what it has blocked
