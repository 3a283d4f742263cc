"""The search of the book knows the spellings that readers type."""

import re

import pytest
from playwright.sync_api import Browser

from rnn_utils.languages import load_glossary
from tests.site.conftest import needs_chromium
from tests.site.test_pages import SITE

pytestmark = needs_chromium

SPELLINGS = [word for term in load_glossary() for words in term.also.values() for word in words]


@pytest.mark.parametrize("word", SPELLINGS)
def test_search_finds_the_glossary(browser: Browser, word: str) -> None:
    assert "book/glossary.html" in found(browser, word)


def test_search_finds_the_chapters_that_write_back_propagation(browser: Browser) -> None:
    chapters = {f"notebooks/{name}.html" for name in ("01_order_matters", "02_rnn_from_scratch", "20_sine_wave")}
    assert chapters <= found(browser, "backpropagation")


@pytest.mark.parametrize(
    "word", ["backpropagation", "underfitting", "seq2seq", "эмбеддинг", "исчезающий градиент", "隐藏状态"]
)
def test_what_was_asked_for_is_in_the_glossary(word: str) -> None:
    assert word in SPELLINGS


def found(browser: Browser, word: str) -> set[str]:
    """Return the addresses that the search page finds."""
    page = browser.new_page()
    page.goto(f"{(SITE / 'search.html').as_uri()}?q={word}", wait_until="load")
    page.get_by_text(re.compile("page.s. matching|did not match")).wait_for()
    links = page.eval_on_selector_all("#search-results li a", "links => links.map(link => link.getAttribute('href'))")
    page.close()
    return {link.split("#")[0].split("?")[0] for link in links}
