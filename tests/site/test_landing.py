"""The landing page: its picture has the numbers of chapter 1, moves by keyboard, and is whole without scripts."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from itertools import permutations
from math import tanh
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from rnn_utils.page import CLAIM_MIME
from tests.site.conftest import needs_chromium
from tests.site.test_browser import DAY_AND_NIGHT, check
from tests.site.test_pages import SITE, contents, soup
from tests.site.visit import UNMATCHED, WIDTHS, selectors_of, shown
from tools.chapters import ROOT, chapter_paths, finished_paths, minutes, read, title

INDEX = SITE / "index.html"


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open the page in a context of its own: one that asks for no motion, unless a test asks for another."""
    contexts = []

    def open_page(**options: Any) -> Page:
        width = options.pop("width", 1280)
        options = {"viewport": {"width": width, "height": 900}, "reduced_motion": "reduce", **options}
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.goto(INDEX.as_uri(), wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()


# --- The numbers, from the chapter as it is written and as its outputs are stored ------------------------------------


def cells_of_chapter_one() -> dict[str, Any]:
    return {cell.id: cell for cell in read(chapter_paths("01")[0]).cells}


def claimed(claim: str) -> float:
    """Return the value that a claim of the chapter stored when it was run."""
    outputs = [output for cell in cells_of_chapter_one().values() for output in cell.get("outputs", [])]
    records = [output["data"][CLAIM_MIME] for output in outputs if CLAIM_MIME in output.get("data", {})]
    return next(record["value"] for record in records if record["id"] == claim)


def weights() -> tuple[dict[str, float], float]:
    """Return the numbers of the words and the weight of the loop, as the chapter's code has them."""
    source = cells_of_chapter_one()["two-readers"].source
    words = ast.literal_eval(re.search(r"^weight = (\{.*\})$", source, re.MULTILINE)[1])
    return words, float(re.search(r"w_back=([\d.]+)", source)[1])


def numbers() -> dict[str, Any]:
    return json.loads(soup(INDEX).find(id="orders-data").string)


def expected_paths(reader: str, loop: float) -> list[list[float]]:
    """Return what a reader keeps before the first word and after each, for every order, by arithmetic of our own."""
    words, _ = weights()
    found = []
    for order in permutations(words):
        kept = [0.0]
        for word in order:
            kept.append(kept[-1] + words[word] if reader == "bag" else tanh(words[word] + loop * kept[-1]))
        found.append(kept)
    return found


def drawn(line: str) -> list[float]:
    """Return the values through which a drawn path goes: its start, and the last point of each curve."""
    points = [float(number) for number in re.findall(r"-?[\d.]+", line)]
    assert points[0] == 0
    assert len(points) == 2 + 6 + 3 * 4
    return [-points[1] / 100, -points[7] / 100, *(-points[place] / 100 for place in (11, 15, 19))]


def test_the_page_holds_the_numbers_of_the_chapter() -> None:
    words, loop = weights()
    assert numbers()["weight"] == words
    assert numbers()["back"] == loop
    assert numbers()["orders"] == [" ".join(order) for order in permutations(words)]
    coloured = f'bold = {{"I go eat rice": COLOURS["blue"], "{numbers()["other"]}"'
    assert coloured in cells_of_chapter_one()["paths"].source


@pytest.mark.parametrize("reader", ["bag", "recurrent"])
def test_the_still_goes_through_the_chapters_points(reader: str) -> None:
    part = soup(INDEX).select_one(f"[data-reader={reader}]")
    expected = expected_paths(reader, weights()[1])
    shown = [drawn(path["d"]) for path in part.select(".all path")]
    assert np.allclose(shown, expected, rtol=0, atol=1e-4)
    orders = numbers()["orders"]
    for who, order in (("cards", "I go eat rice"), ("other", "rice go eat I")):
        assert drawn(part.select_one(f".bold.{who}")["d"]) == shown[orders.index(order)]


def test_the_still_counts_the_ends_that_the_chapter_counted() -> None:
    printed = cells_of_chapter_one()["recurrent-apart"].outputs[0].text
    assert re.findall(r": (\d+)", printed) == [b.get_text() for b in soup(INDEX).select(".count b")] == ["1", "24"]
    assert claimed("order-recurrent-apart") == 24


# --- What the page says of the book -----------------------------------------------------------------------------------


def test_every_chapter_is_listed_with_its_question_and_minutes_in_the_order_of_reading() -> None:
    rows = soup(INDEX).select("#chapters li")
    chapters = [name for name in contents() if name.startswith("notebooks/")]
    assert [row.a["href"] for row in rows] == [f"{name}.html" for name in chapters]
    assert sorted(chapters) == [f"notebooks/{path.stem}" for path in finished_paths()]
    for place, (row, name) in enumerate(zip(rows, chapters, strict=True), start=1):
        chapter = read(ROOT / f"{name}.ipynb")
        assert row.a.get_text(" ", strip=True) == f"{place} {title(chapter)}"
        assert row.select_one(".minutes").get_text() == f"{minutes(chapter)} min"
        assert len(row.p.get_text()) > 40
    linked = {link["href"].removesuffix(".html") for link in soup(INDEX).find_all("a")}
    assert set(contents()) <= linked


def test_the_page_says_what_it_is() -> None:
    page = soup(INDEX)
    assert page.html["lang"] == "en"
    assert [h1.get_text() for h1 in page.find_all("h1")] == [page.title.get_text()]
    assert page.title.get_text() == "Recurrent networks, run and checked"
    assert page.find("meta", attrs={"name": "description"})["content"].endswith(".")
    assert all(len(page.find_all(landmark)) == 1 for landmark in ("header", "nav", "main", "footer"))


def test_the_books_name_leads_back_to_it() -> None:
    for document in contents():
        path = SITE / f"{document}.html"
        assert (path.parent / soup(path).select_one("a.navbar-brand")["href"]).resolve() == INDEX, document


def test_the_script_is_small_and_plain() -> None:
    text = Path(SITE / "_static" / "landing.js").read_text(encoding="utf-8")
    assert len(text) < 12_000
    assert not re.search(r"\bimport\b|\bfetch\(|XMLHttpRequest|https?:", text)


# --- In a browser -----------------------------------------------------------------------------------------------------

LINES = """() => [...document.querySelectorAll(".plot .paths path")].map(path => path.getAttribute("d"))"""


class TestInABrowser:
    """What moves, and what does not."""

    pytestmark = needs_chromium

    def test_the_picture_is_whole_without_scripts(self, opened: Callable[..., Page]) -> None:
        page = opened(java_script_enabled=False)
        assert page.locator(".plot .all path").count() == 48
        assert page.locator(".plot .paths").first.is_visible()
        assert "4 words read: the 24 orders have 1 end above and 24 below" in page.locator(".seen").inner_text()
        assert [part.is_visible() for part in page.locator(".moves").all() if part.is_visible()] == []

    def test_the_script_draws_the_same_picture_and_says_the_same(self, opened: Callable[..., Page]) -> None:
        page = opened()
        still = soup(INDEX)
        before = [number for path in still.select(".plot .paths path") for number in floats(path["d"])]
        assert [number for line in page.evaluate(LINES) for number in floats(line)] == pytest.approx(before, abs=0.011)
        assert page.locator(".seen").inner_text() == still.select_one(".seen").get_text()

    def test_arrow_keys_read_word_by_word(self, opened: Callable[..., Page]) -> None:
        page = opened()
        page.locator("#read").focus()
        said = []
        for _ in range(4):
            page.keyboard.press("ArrowLeft")
            said.append(page.locator(".seen").inner_text())
        paths = {reader: expected_paths(reader, weights()[1]) for reader in ("bag", "recurrent")}
        for text, number in zip(said, (3, 2, 1, 0), strict=True):
            above, below = (len({round(kept[number], 9) for kept in found}) for found in paths.values())
            word, place = "word" if number == 1 else "words", "place" if above == 1 else "places"
            where = f"{above} {place} above and {below} below"
            assert text.startswith(f"{number} {word} read: the 24 orders are in {where}.")
        assert page.locator("#read").get_attribute("aria-valuetext") == "0 of 4"
        page.keyboard.press("ArrowRight")
        assert page.locator("#read").get_attribute("aria-valuetext") == "1 of 4: I"

    def test_the_ends_fall_together_when_the_loop_is_cut(self, opened: Callable[..., Page]) -> None:
        page = opened()
        page.locator("#cut").focus()
        page.keyboard.press("Space")
        lines = page.evaluate(LINES.replace(".plot", "[data-reader=recurrent]").replace(".paths", ".all"))
        assert np.allclose([drawn(line) for line in lines], expected_paths("recurrent", 0.0), rtol=0, atol=1e-4)
        ends = {drawn(line)[-1] for line in lines}
        assert len(ends) == claimed("order-recurrent-means-back") == 4
        said = "4 words read, loop cut: the 24 orders have 1 end above and 4 below, one for each last word."
        assert page.inner_text(".seen").startswith(said)
        assert page.locator(".names span").all_inner_texts() == list(weights()[0])
        page.keyboard.press("Space")
        assert "1 end above and 24 below" in page.inner_text(".seen")

    def test_cards_change_the_order_that_is_shown(self, opened: Callable[..., Page]) -> None:
        page = opened()
        page.get_by_role("button", name="Swap go and eat").focus()
        page.keyboard.press("Enter")
        assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Swap eat and go"
        assert "I eat go rice is at" in page.inner_text(".seen")
        order = numbers()["orders"].index("I eat go rice")
        for reader in ("bag", "recurrent"):
            line = page.locator(f"[data-reader={reader}] .bold.cards").get_attribute("d")
            assert line == page.locator(f"[data-reader={reader}] .all path").nth(order).get_attribute("d")
        card = page.locator(".cards li").nth(3)
        box, width = card.bounding_box(), page.locator(".cards ol").bounding_box()["width"] / 4
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 20 - 3 * width, box["y"] + 20, steps=20)
        page.mouse.up()
        assert "rice I eat go is at" in page.inner_text(".seen")

    def test_nothing_moves_for_who_asks_for_no_motion(self, opened: Callable[..., Page]) -> None:
        page = opened()
        assert "4 words read" in page.inner_text(".seen")
        page.evaluate("() => { window.frames_asked = 0; window.requestAnimationFrame = () => window.frames_asked++; }")
        page.locator("#read").press("ArrowLeft")
        page.locator("#cut").press("Space")
        assert page.evaluate("() => window.frames_asked + document.getAnimations().length") == 0
        assert page.locator("#play").is_hidden()

    def test_it_is_drawn_word_by_word_for_others(self, opened: Callable[..., Page]) -> None:
        page = opened(reduced_motion="no-preference")
        page.wait_for_function("() => document.querySelector('.seen').textContent.startsWith('1 word read')")
        assert page.locator(".seen").get_attribute("aria-live") == "off"  # a screen reader is spared the first playing
        page.wait_for_function("() => document.querySelector('.seen').textContent.startsWith('4 words read')")
        page.wait_for_function("() => !document.querySelector('.paths').style.clipPath")
        page.wait_for_function("() => document.querySelector('.seen').ariaLive === 'polite'")

    def test_who_takes_hold_of_the_slider_stops_the_playing(self, opened: Callable[..., Page]) -> None:
        page = opened(reduced_motion="no-preference")
        page.wait_for_function("() => document.querySelector('.seen').textContent.startsWith('2 words read')")
        page.locator("#read").press("ArrowLeft")  # on a slow machine a third word may have come
        page.wait_for_timeout(2500)  # longer than a word takes
        read = page.locator("#read").input_value()
        assert read in ("1", "2")
        assert page.inner_text(".seen").startswith({"1": "1 word read", "2": "2 words read"}[read])

    @pytest.mark.parametrize("device", WIDTHS)
    def test_it_asks_no_other_host_and_complains_of_nothing(self, browser: Browser, device: str) -> None:
        page = browser.new_page(reduced_motion="no-preference")
        check(shown(page, "index", *WIDTHS[device]))
        page.close()

    @pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
    def test_everything_fits_and_can_be_touched(self, opened: Callable[..., Page], width: int) -> None:
        page = opened(width=width, reduced_motion="no-preference")
        assert page.evaluate("() => document.documentElement.scrollWidth") == width
        small = """() => [...document.querySelectorAll("button, #read, label, nav a, #chapters a, .begin a")]
            .filter(part => part.getBoundingClientRect().height < 40 || part.getBoundingClientRect().width < 24)
            .map(part => part.outerHTML)"""
        assert page.evaluate(small) == []

    @pytest.mark.parametrize("mode", ["light", "dark"])
    def test_its_colours_are_those_of_the_other_pages(self, opened: Callable[..., Page], mode: str) -> None:
        colours = "() => ['background-color', 'color'].map(name => getComputedStyle(document.body)[name])"
        page = opened(color_scheme=mode)
        assert tuple(page.evaluate(colours)) == DAY_AND_NIGHT[mode]
        page.locator("#mode").click()
        other = "dark" if mode == "light" else "light"
        assert tuple(page.evaluate(colours)) == DAY_AND_NIGHT[other]
        # A browser hands what a page keeps on to the process of the next page, which may take it a moment.
        for _ in range(30):
            page.goto((SITE / "book" / "glossary.html").as_uri())
            if page.evaluate("() => localStorage.getItem('mode')") is not None:
                break
            page.wait_for_timeout(100)
        assert tuple(page.evaluate(colours)) == DAY_AND_NIGHT[other]

    def test_every_rule_of_its_sheet_styles_something(self, opened: Callable[..., Page]) -> None:
        unused = selectors_of("landing.css")
        page = opened()
        for change in ("#cut", "#mode", "#mode", "#mode"):
            unused = page.evaluate(UNMATCHED, unused)
            page.locator(change).press("Space")
        page.locator("#read").press("ArrowLeft")
        assert page.evaluate(UNMATCHED, unused) == []


def floats(line: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+", line)]
