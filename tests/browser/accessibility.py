"""Checks in the manner of axe: every control has a name, every picture a description, headings do not skip, ids are unique, text stands out from what is behind it."""

from pathlib import Path

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


def assert_accessible(page):
    assert page.evaluate(AUDIT) == []


def assert_fits(page):
    """No sideways scrolling."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
