"""The browser that pages are opened in, and the one visit to each that serves many tests."""

import pickle
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.site.visit import visit
from tools.install import held

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

needs_chromium = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install it (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visited(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[str], dict[str, Any]]:
    """Return what was seen on a page, which one of the workers visits, and once."""
    own = tmp_path_factory.getbasetemp()
    folder = own if worker_id == "master" else own.parent

    def visited(document: str) -> dict[str, Any]:
        kept = folder / f"{document.replace('/', '-')}.visit"
        kept.touch()
        with held(kept):  # whoever else wants to know waits until it is seen
            if not kept.stat().st_size:
                kept.write_bytes(pickle.dumps(visit(browser, document)))
            return pickle.loads(kept.read_bytes())

    return visited
