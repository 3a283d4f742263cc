"""The book in a real browser, on a phone and on a desktop: no request leaves, nothing overflows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.site.conftest import needs_chromium
from tests.site.test_pages import SITE, contents
from tests.site.visit import FONTS, WIDTHS, selectors_of
from tools.chapters import ROOT, chapter_paths, code_cells, read

pytestmark = needs_chromium


@pytest.mark.parametrize("document", contents())
@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_page_shows_whole_without_a_network(
    browser: Browser, visited: Callable[[str], dict[str, Any]], device: str, document: str
) -> None:
    try:
        check(visited(document)[device])
    except AssertionError:
        page = browser.new_page(viewport={"width": WIDTHS[device][0], "height": 900})
        page.goto((SITE / f"{document}.html").as_uri(), wait_until="load")
        name = f"{Path(document).name}-{page.viewport_size['width']}.png"
        page.screenshot(path=ROOT / "_build" / "screenshots" / name, full_page=True)
        page.close()
        raise


def check(shown: dict[str, Any]) -> None:
    """See that a page that was shown asks nobody, complains of nothing, and fits."""
    assert [address for address in shown["asked"] if not address.startswith(("file:", "data:", "blob:"))] == []
    assert shown["complaints"] == []
    for width, (torn, scrolling_code, wider) in shown["misfits"].items():
        assert torn == [], f"punctuation leaves its formula at {width} px"
        assert scrolling_code == [], f"code scrolls sideways at {width} px"
        assert wider <= 1, f"the page scrolls sideways by {wider} px at {width} px"


# What the design says, by selector: size and leading in pixels on a wide screen and on a phone, face, weight, style.
DESIGN = {
    "section > p:not([class])": ((19, 30), (18, 28), "Source Serif 4", "400", "normal"),
    "h1": ((41, 47), (32, 37), "Source Serif 4", "600", "normal"),
    "h2": ((28, 35), (24, 30), "Source Serif 4", "600", "normal"),
    "h3": ((21, 28), (20, 27), "Source Serif 4", "600", "italic"),
    ".cell_input pre": ((13.8, 21.4), (13.8, 21.4), "Source Code Pro", "400", "normal"),
    "p.claim": ((15.5, 21.7), (15.5, 21.7), "Source Sans 3", "400", "normal"),
}
READ_STYLE = """selector => {
    const style = getComputedStyle(document.querySelector("article " + selector));
    const number = name => parseFloat(style.getPropertyValue(name));
    return [number("font-size"), number("line-height"), style.fontFamily.split(",")[0].replaceAll('"', ""),
            style.fontWeight, style.fontStyle];
}"""
# The mean width of a letter, by what the browser draws.
LETTERS = """() => {
    const text = [...document.querySelectorAll("article section > p:not([class])")].map(p => p.innerText).join(" ");
    const span = document.createElement("span");
    span.style.cssText = "position: absolute; white-space: nowrap";
    span.textContent = text.replace(/\\s+/g, " ").slice(0, 2000);
    const p = document.querySelector("article section > p:not([class])");
    p.after(span);
    const letter = span.getBoundingClientRect().width / span.textContent.length;
    span.remove();
    return p.getBoundingClientRect().width / letter;
}"""
# Where blocks of text and code end, without what is narrower by itself.
EDGES = """() => {
    const blocks = [...document.querySelectorAll("article section > :is(p, div.cell, div.admonition)")]
        .filter(block => !block.parentElement.closest(".admonition"));
    return [...new Set(blocks.map(block => Math.round(block.getBoundingClientRect().right)))].sort((a, b) => a - b);
}"""


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1280, 1920])
def test_page_is_set_as_it_is_designed(browser: Browser, width: int, mode: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=mode)
    page = context.new_page()
    page.goto((SITE / "notebooks" / "03_how_long_memory.html").as_uri(), wait_until="load")
    page.evaluate(FONTS)
    for selector, (wide, phone, face, weight, style) in DESIGN.items():
        *sizes, shown_face, shown_weight, shown_style = page.evaluate(READ_STYLE, selector)
        assert sizes == pytest.approx(phone if width < 600 else wide, abs=0.6), selector
        assert (shown_face, shown_weight, shown_style) == (face, weight, style), selector
    loaded = page.evaluate(
        "() => [...document.fonts].filter(face => face.status === 'loaded').map(face => face.family)"
    )
    assert {"Source Serif 4", "Source Sans 3", "Source Code Pro"} <= {name.strip('"') for name in loaded}
    if width < 600:
        assert 41 <= page.evaluate(LETTERS) <= 44
    else:
        assert 63 <= page.evaluate(LETTERS) <= 66
        text, *others = page.evaluate(EDGES)
        assert len(others) == 2, "text, text in a tint, and what is wide"
        assert others[0] - text == 12
        wide = min(48 * 16, width - 15.5 * 16 - 2 * 28)  # what the contents on the left and the edges leave
        assert others[1] - text == 12 + wide - 35.5 * 16
    paper, ink = page.evaluate("() => ['background-color', 'color'].map(n => getComputedStyle(document.body)[n])")
    assert (paper, ink) == DAY_AND_NIGHT[mode]
    context.close()


DAY_AND_NIGHT = {
    "light": ("rgb(255, 254, 251)", "rgb(28, 27, 25)"),
    "dark": ("rgb(21, 23, 26)", "rgb(227, 224, 217)"),
}


def test_every_rule_of_our_sheet_styles_something(visited: Callable[[str], dict[str, Any]]) -> None:
    unmatched = [visited(document)["unmatched"] for document in contents()]
    assert [selector for selector in selectors_of("book.css") if all(selector in page for page in unmatched)] == []


def test_a_copied_cell_is_the_code_that_was_shown(browser: Browser) -> None:
    page = browser.new_page()
    page.goto((SITE / "notebooks" / "01_order_matters.html").as_uri(), wait_until="load")
    stored = [cell.source for cell in code_cells(read(chapter_paths("01")[0]))]
    shown = page.evaluate(
        "() => [...document.querySelectorAll('.cell_input pre')].map(pre => pre.textContent.trimEnd())"
    )
    aside = page.evaluate(
        "() => [...document.querySelectorAll('.more-checks pre')].map(pre => pre.textContent.trimEnd())"
    )
    glued = [source for source in stored if source not in shown]
    assert all("glue(" in source and "claim(" not in source for source in glued)
    assert sorted(shown) == sorted(source for source in stored if source not in glued)
    in_place = [source for source in stored if source not in glued + aside]
    assert [source for source in shown if source not in aside] == in_place
    page.close()


# Whether the face of the formulas came.
FACE_LOADED = """() => document.fonts.ready.then(() => [...document.fonts].some(
    face => face.family.includes("STIX Two Math") && face.status === "loaded"))"""
# Of a displayed formula: its height, how far its left edge stands from the text's, and its face.
PLACE = """math => {
    const box = math.getBoundingClientRect();
    const text = math.closest("section").querySelector("p").getBoundingClientRect();
    return [box.height, box.left - text.left, getComputedStyle(math).fontFamily.split(",")[0].replaceAll('"', "")];
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_formulas_are_drawn_with_their_face_and_set_left(browser: Browser, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=False)
    page = context.new_page()
    page.goto((SITE / "notebooks" / "11_four_recipes.html").as_uri(), wait_until="load")
    assert page.evaluate(FACE_LOADED)
    height, indent, face = page.locator("article math[display]:has(msqrt)").evaluate(PLACE)
    assert 60 <= height <= 100, "fractions in a fraction, and a root around two of them"
    assert (indent, face) == (24, "STIX Two Math")
    # A root is as wide as what it holds and its sign, which is half as wide as high.
    for root in page.locator("article msqrt").all():
        outer, inner = root.bounding_box(), root.locator("> *").first.bounding_box()
        assert 0.3 * outer["height"] <= outer["width"] - inner["width"] <= 0.9 * outer["height"]
    context.close()


def test_a_long_formula_begins_in_sight_and_scrolls_by_itself(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto((SITE / "notebooks" / "02_rnn_from_scratch.html").as_uri(), wait_until="load")
    long = page.locator("article div.math:has(munderover)")
    assert long.evaluate("box => box.scrollWidth - box.clientWidth") > 50
    assert long.locator("math").bounding_box()["x"] >= 16
    assert not page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.close()
