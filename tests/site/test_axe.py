"""Every page before axe, in light and in dark: all rules but those that ask for more contrast than WCAG's level AA."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.site.conftest import needs_chromium
from tests.site.test_pages import SITE, article, contents

pytestmark = needs_chromium

# Contrast is measured word by word: of the lines of code only those stay that show a colour for the first time.
THINNED = """() => {
    const seen = new Set();
    for (const pre of document.querySelectorAll("article pre")) {
        const place = [".output", ".admonition", "details"].map(name => !!pre.closest(name)).join();
        for (const line of pre.querySelectorAll(".line")) {
            const kinds = [...line.querySelectorAll("span")].map(token => place + token.className).concat(place);
            if (kinds.every(kind => seen.has(kind))) line.remove();
            kinds.forEach(kind => seen.add(kind));
        }
    }
}"""
FAULTS = """async () => {
    const rules = axe.getRules().filter(rule => !rule.tags.includes("wcag2aaa"));
    const on = Object.fromEntries(rules.map(rule => [rule.ruleId, {enabled: true}]));
    const found = await axe.run({resultTypes: ["violations"], preload: false, rules: on});
    return found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 200)}`));
}"""


@pytest.fixture(scope="module", params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    # A colour that is still changing has no contrast to measure.
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=request.param, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("document", ["index", *contents(), "search", "genindex"])
def test_axe_finds_no_fault(page: Page, document: str) -> None:
    page.goto((SITE / f"{document}.html").as_uri(), wait_until="load")
    page.evaluate(THINNED)
    page.evaluate(AXE_SCRIPT)
    assert page.evaluate(FAULTS) == []


@pytest.mark.parametrize("document", contents())
def test_no_back_tick_is_left_in_the_text(document: str) -> None:
    path = SITE / f"{document}.html"
    texts = article(path).find_all(string=re.compile("`"))
    assert [text for text in texts if not text.find_parent(["pre", "code", "script"])] == []


# The title of a box holds the button that unfolds it, at its right edge.
SHORT_TITLES = """() => [...document.querySelectorAll("article div.admonition > .admonition-title")].filter(title => {
    const style = getComputedStyle(title.parentElement);
    const inner = title.parentElement.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return Math.abs(title.getBoundingClientRect().width - inner) > 1;
}).map(title => title.textContent)"""


def test_the_title_of_a_box_is_as_wide_as_the_box(page: Page) -> None:
    page.goto((SITE / "notebooks" / "10_lstm_reads_a_digit.html").as_uri(), wait_until="load")
    assert page.evaluate(SHORT_TITLES) == []
