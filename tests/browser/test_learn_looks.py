"""The page that teaches softmax: code that is copied, what stands under what, charts of one size, in a real browser."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from normexp.learn import write_page

LOOKS = (Path(__file__).parent / "learn_looks.js").read_text("utf-8").strip()
WIDTHS = [320, 385, 400, 640, 768, 1280]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("learn") / "softmax.html"
    write_page(path)
    return path


def test_code_is_copied_by_keyboard_and_runs(page_file, opened):
    shown = opened(page_file)
    shown.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = shown.page
    buttons = page.locator(".code button")
    assert buttons.count() == page.locator("pre").count() == 11
    for i, button in enumerate(buttons.all()):
        button.focus()
        page.keyboard.press("Enter" if i % 2 else "Space")
        expect(button).to_contain_text("Copied")
        expect(page.locator("#said")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        if i < 10:
            assert "# [" not in copied
            assert copied.startswith(("import ", "from "))
            with np.errstate(all="ignore"):
                exec(copied, {})
    assert copied.splitlines()[-1] == "normexp demo"
    expect(buttons.last).to_contain_text("Copy the Shell of: What it means, and what to try", timeout=4000)
    assert buttons.last.evaluate("button => button === document.activeElement")


def test_code_is_copied_where_the_clipboard_is_closed(page_file, opened):
    shown = opened(page_file)
    shown.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = shown.page
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('closed')); }")
    button = page.locator("#logits .code button")
    button.press("Enter")
    expect(button).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "from normexp import softmax\nsoftmax([0.7, 1.5, 4.8])\n"
    assert button.evaluate("button => button === document.activeElement")
    assert page.locator("textarea").count() == 0
    page.evaluate("() => { document.execCommand = () => false; }")
    button.press("Enter")
    expect(button).to_contain_text("Selected")
    assert page.evaluate("getSelection().toString()").startswith("from normexp import softmax")


@pytest.mark.parametrize("width", WIDTHS)
def test_labels_keep_their_distance_from_sliders(page_file, opened, width):
    """Measured at the letters, not at their box."""
    distances = opened(page_file, width).page.evaluate(f"{LOOKS}.distances()")
    assert len(distances) == 12
    assert min(distances) >= 8


@pytest.mark.parametrize("width", WIDTHS)
def test_numbers_stand_under_their_headings(page_file, opened, width):
    gaps = opened(page_file, width).page.evaluate(f"{LOOKS}.gaps()")
    assert len(gaps) == (58 if width >= 768 else 40 if width >= 640 else 36)
    assert max(gaps) < 1.5


@pytest.mark.parametrize("width", WIDTHS)
def test_charts_are_of_one_size_and_one_font_size(page_file, opened, width):
    charts = opened(page_file, width).page.evaluate(f"{LOOKS}.charts()")
    assert len(charts) == 5
    assert len({chart["size"] for chart in charts}) == 1
    letters = [size for chart in charts for size in chart["letters"]]
    assert letters == pytest.approx([14.0] * 31, abs=0.1)
    assert [text for chart in charts for text in chart["cut"]] == []


@pytest.mark.parametrize("width", [385, 400, 768])
def test_code_and_formulas_fit_without_scrolling(page_file, opened, width):
    page = opened(page_file, width).page
    assert page.evaluate("[...document.querySelectorAll('pre, .equation, .scroll')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_legend_names_the_colours_of_the_points(page_file, opened, scheme):
    page = opened(page_file, 768, scheme).page
    assert page.locator("#classes li").all_inner_texts() == ["class 0", "class 1", "class 2", "class 3"]
    legend = page.evaluate("[...document.querySelectorAll('#classes i')].map(i => getComputedStyle(i).backgroundColor)")
    points = page.evaluate("""() => { const { targets } = JSON.parse(document.getElementById("data").textContent), circles = document.querySelectorAll("#plane circle");
        return [0, 1, 2, 3].map(k => [...new Set([...circles].filter((_, i) => targets[i] === k).map(c => getComputedStyle(c).fill))]); }""")
    assert points == [[colour] for colour in legend]
    assert len(set(legend)) == 4


def test_formulas_have_one_font(page_file, opened):
    page = opened(page_file).page
    families = page.evaluate("[...document.querySelectorAll('math, text.formula')].map(e => getComputedStyle(e).fontFamily)")
    assert len(families) > 20
    assert len(set(families)) == 1
    assert families[0].startswith('"STIX Two Math", "Cambria Math", "Latin Modern Math"')
