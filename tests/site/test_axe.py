"""Every page before axe, by day with all rules but those of level AAA, by night with those of colour."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.site.conftest import needs_chromium
from tests.site.test_pages import SITE, contents, prose
from tests.site.visit import MODE

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
# A colour that axe has read once it knows: so it says the same a quarter sooner.
READ_ONCE = """() => {
    const {prototype} = axe.commons.color.Color, read = prototype.parseString, known = new Map();
    prototype.parseString = function (text) {
        if (!known.has(text)) {
            const {r, g, b, alpha} = read.call(this, text);
            known.set(text, {r, g, b, alpha});
        }
        return Object.assign(this, known.get(text));
    };
}"""
# The names of the rules; only colours differ by mode.
RULES = """tag => axe.getRules()
    .filter(rule => !rule.tags.includes("wcag2aaa") && (!tag || rule.tags.includes(tag))).map(rule => rule.ruleId)"""
FAULTS = """async names => {
    const found = await axe.run({resultTypes: ["violations"], preload: false, runOnly: {type: "rule", values: names}});
    return found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 200)}`));
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    # A colour that is still changing has no contrast to measure.
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("document", ["index", *contents(), "search", "genindex"])
def test_axe_finds_no_fault(page: Page, document: str) -> None:
    page.goto((SITE / f"{document}.html").as_uri(), wait_until="load")
    page.evaluate(THINNED)
    page.evaluate(AXE_SCRIPT)
    page.evaluate(READ_ONCE)
    for mode, tag in (("light", ""), ("dark", "cat.color")):
        page.emulate_media(color_scheme=mode)
        page.evaluate(MODE, mode)
        rules = page.evaluate(RULES, tag)
        assert "color-contrast" in rules
        assert page.evaluate(FAULTS, rules) == [], mode


@pytest.mark.parametrize("document", contents())
def test_no_back_tick_is_left_in_the_text(document: str) -> None:
    assert "`" not in prose(SITE / f"{document}.html", "pre", "code", "script")


# The title of a box holds the button that unfolds it, at its right edge.
SHORT_TITLES = """() => [...document.querySelectorAll("article div.admonition > .admonition-title")].filter(title => {
    const style = getComputedStyle(title.parentElement);
    const inner = title.parentElement.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return Math.abs(title.getBoundingClientRect().width - inner) > 1;
}).map(title => title.textContent)"""


def test_the_title_of_a_box_is_as_wide_as_the_box(page: Page) -> None:
    page.goto((SITE / "notebooks" / "10_lstm_reads_a_digit.html").as_uri(), wait_until="load")
    assert page.evaluate(SHORT_TITLES) == []
