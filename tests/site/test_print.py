"""The book on paper: every line of code and nothing of the screen's furniture, within the margins, by day and night."""

import re
from collections import Counter
from collections.abc import Callable
from copy import copy
from typing import Any

import pypdfium2
import pytest
from bs4 import Tag
from playwright.sync_api import Browser
from pypdfium2 import raw

from tests.site.conftest import needs_chromium
from tests.site.test_pages import SITE, article, contents
from tests.site.visit import FONTS, MODE

pytestmark = needs_chromium

SIDE = FOOT = 26 / 25.4 * 72  # the margins that book.css leaves, in points
TITLE = 2.5625 * 9.25  # the size of its largest letters
# What the theme or the screen would say, and paper cannot do.
FURNITURE = [
    "Click to", "how this is checked", "code cell source", "Imports and settings", "Open the checks", "Contents",
    "Skip to", "Back to top", "Search", "previous", "next", "By The book", "Copyright",
]  # fmt: skip


def split(sheet: pypdfium2.PdfPage) -> tuple[str, str]:
    """Return the text of a page and that of its foot; a hyphen at the end of a line has a sign of its own."""
    text = sheet.get_textpage()
    foot = text.get_text_bounded(top=FOOT - 3)
    return text.get_text_bounded(bottom=FOOT).replace("\2", "-").strip(), foot.strip()


def squeezed(text: str) -> str:
    """Leave out spaces, and signs that are drawn as pictures."""
    return "".join(sign for sign in text if not sign.isspace() and sign <= "\uffff")


@pytest.mark.parametrize("document", contents())
def test_page_prints_as_a_book(visited: Callable[[str], dict[str, Any]], document: str) -> None:
    shown = copy(article(SITE / f"{document}.html"))
    folded = [squeezed(pre.get_text()) for pre in shown.select("div.cell > details pre")]
    for part in shown.select("summary, div.cell > details"):
        part.decompose()
    sheets = list(pypdfium2.PdfDocument(visited(document)["paper"]))
    bodies, feet = zip(*map(split, sheets), strict=True)
    text = squeezed("".join(bodies))
    assert lost_code(shown, text) == []
    assert [code for code in folded if code in text] == []
    assert lost_addresses(shown, text) == []
    kept = squeezed(shown.get_text())
    for words in [name(shown.h1), *FURNITURE]:
        assert text.count(squeezed(words)) == kept.count(squeezed(words)), words
    assert list(feet) == [str(number) for number in range(1, len(sheets) + 1)]
    assert [cut(sheet) for sheet in sheets] == [[]] * len(sheets)
    assert max(sizes(sheets[0])) == pytest.approx(TITLE, abs=0.1), "what is too wide makes a browser print all smaller"
    assert all(bodies), "a page is empty"
    headings = [name(heading) for heading in shown.find_all(["h2", "h3"])]
    assert [body for body in bodies if body.endswith(tuple(f"\r\n{heading}" for heading in headings))] == []


def name(heading: Tag) -> str:
    """Return a heading's text without the sign that links to it."""
    return "".join(part.get_text() for part in heading.children if part.get_text() != "#")


def lost_code(article: Tag, text: str) -> list[str]:
    """Return the lines of code, solutions included, that are not on paper."""
    lines = Counter(squeezed(line) for pre in article.select("pre") for line in pre.get_text().splitlines())
    return [line for line, times in lines.items() if text.count(line) < times]


def lost_addresses(article: Tag, text: str) -> list[str]:
    """Return the addresses that do not stand behind their link, or stand beside a text that says them."""
    lost = []
    for link in article.select("a[href^=http]"):
        name, address = squeezed(link.get_text()), link["href"]
        says = name.replace("doi:", "https://doi.org/") == address
        if name not in text or (f"{name}({address})" in text) == says:
            lost.append(address)
    return lost


def cut(sheet: pypdfium2.PdfPage) -> list[str]:
    """Return what reaches into the margins at the sides; a letter's tail may, by a hair."""
    text = sheet.get_textpage()
    width = sheet.get_size()[0]
    boxes = [text.get_rect(number) for number in range(text.count_rects())]
    return [text.get_text_bounded(*box) for box in boxes if box[0] < SIDE - 2 or box[2] > width - SIDE + 2]


def sizes(sheet: pypdfium2.PdfPage) -> set[float]:
    """Return the sizes of the letters on a page, in points."""
    text, matrix, found = sheet.get_textpage(), raw.FS_MATRIX(), set()
    for number in range(text.count_chars()):
        raw.FPDFText_GetMatrix(text, number, matrix)
        found.add(raw.FPDFText_GetFontSize(text, number) * matrix.a)
    return found


def test_a_dark_page_prints_as_a_light_one(browser: Browser) -> None:
    page = browser.new_page()
    page.goto((SITE / "notebooks" / "01_order_matters.html").as_uri(), wait_until="load")
    page.evaluate(FONTS)
    files = []
    for mode in ("light", "dark"):
        page.evaluate(MODE, mode)
        file = page.pdf(format="A4", print_background=True)
        files.append(re.sub(rb"\(D:\d{14}[^)]*\)", b"", file))  # when it was printed
    page.close()
    assert files[0] == files[1]
