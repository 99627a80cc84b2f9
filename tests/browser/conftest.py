"""The system's Chromium, without a network; skipped where there is none, unless NORMEXP_BROWSER=required says that there must be."""

import os
import shutil
from pathlib import Path

import pytest

SCREENSHOTS = Path(__file__).parent.parent.parent / "build" / "screenshots"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        message = "no Chromium on this machine: apt-get install chromium"
        if os.environ.get("NORMEXP_BROWSER") == "required":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()


class Opened:
    """A page, and what its console and the network said."""

    def __init__(self, browser, path, width, scheme):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
        self.page, self.said, self.asked = self.context.new_page(), [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url) if not request.url.startswith(("file:", "data:")) else None)
        self.page.goto(Path(path).as_uri())

    def screenshot(self, name):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def assert_clean(self):
        assert self.said == []
        assert self.asked == []


@pytest.fixture
def opened(chromium):
    """Opens a file; every context is closed and must have been clean."""
    pages = []

    def load(path, width=1000, scheme="light"):
        pages.append(Opened(chromium, path, width, scheme))
        return pages[-1]

    yield load
    for page in pages:
        page.assert_clean()
        page.context.close()
