"""The search of the book knows the spellings that readers type."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from rnn_utils.languages import load_glossary
from tests.site.conftest import needs_chromium
from tests.site.test_pages import SITE

pytestmark = needs_chromium

CHAPTERS = {
    "backpropagation": ("01_order_matters", "02_rnn_from_scratch", "20_sine_wave"),
    "循环": ("30_three_languages",),
}
SPELLINGS = [word for term in load_glossary() for words in term.also.values() for word in words]


@pytest.fixture(scope="module")
def search(browser: Browser) -> Iterator[Page]:
    """The page of the search, which has read its index once."""
    page = browser.new_page()
    page.goto((SITE / "search.html").as_uri(), wait_until="load")
    yield page
    page.close()


@pytest.mark.parametrize("word", SPELLINGS)
def test_search_finds_the_glossary(search: Page, word: str) -> None:
    search.evaluate("document.getElementById('search-results').replaceChildren()")
    search.evaluate("word => Search.performSearch(word)", word)
    assert "book/glossary.html" in found(search)


@pytest.mark.parametrize("word", ["backpropagation", "循环"])
def test_what_the_address_asks_for_is_found(browser: Browser, word: str) -> None:
    page = browser.new_page()
    page.goto(f"{(SITE / 'search.html').as_uri()}?q={word}", wait_until="load")
    chapters = {f"notebooks/{name}.html" for name in CHAPTERS[word]}
    assert chapters <= found(page)
    page.close()


@pytest.mark.parametrize(
    "word", ["backpropagation", "underfitting", "seq2seq", "эмбеддинг", "исчезающий градиент", "隐藏状态"]
)
def test_what_was_asked_for_is_in_the_glossary(word: str) -> None:
    assert word in SPELLINGS


def found(page: Page) -> set[str]:
    """Return the addresses that the search page shows."""
    page.get_by_text(re.compile("page.s. matching|did not match")).wait_for()
    links = page.eval_on_selector_all("#search-results li a", "links => links.map(link => link.getAttribute('href'))")
    return {link.split("#")[0].split("?")[0] for link in links}
