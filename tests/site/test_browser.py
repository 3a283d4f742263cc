"""The book in a real browser, on a phone and on a desktop: no request leaves, formulas show, nothing overflows."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.site.test_pages import SITE, contents
from tools.chapters import ROOT

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WIDTHS = {"phone": 390, "desktop": 1440}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install it (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": WIDTHS[request.param], "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("document", contents())
def test_page_shows_whole_without_a_network(page: Page, document: str) -> None:
    try:
        check_page(page, document)
    except AssertionError:
        name = f"{Path(document).name}-{page.viewport_size['width']}.png"
        page.screenshot(path=ROOT / "_build" / "screenshots" / name, full_page=True)
        raise


def check_page(page: Page, document: str) -> None:
    """Open a page and see that it asks nobody, complains of nothing, and fits."""
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((SITE / f"{document}.html").as_uri(), wait_until="load")
    page.evaluate("() => window.MathJax?.startup?.promise")
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:"))] == []
    assert complaints == []
    assert page.locator("mjx-merror").count() == 0
    formulas = page.locator("article .math").count()
    assert page.locator("article mjx-container").count() >= formulas
    wider = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 1, f"the page scrolls sideways by {wider} px"
