"""One visit to a page, on a desktop and on a phone, that serves all tests which only look at it."""

import re
from typing import Any

from playwright.sync_api import Browser, Page

from tests.site.test_pages import SITE
from tools.chapters import ROOT

# How wide a page opens, and the widths that it is drawn to from there.
WIDTHS = {"desktop": (1440, (1024, 1280, 1440)), "phone": (390, (390, 420, 700))}

FONTS = "() => document.fonts.ready.then(() => 0)"
MODE = "mode => Object.assign(document.documentElement.dataset, {mode, theme: mode})"
# Formulas whose punctuation stands on another line, code that scrolls sideways, and by how much the page does.
MISFITS = """() => [
    [...document.querySelectorAll("article .held")]
        .filter(held => held.offsetParent && held.getClientRects().length !== 1).map(held => held.textContent),
    [...document.querySelectorAll("article pre")]
        .filter(pre => pre.scrollWidth > pre.clientWidth + 1).map(pre => pre.textContent),
    document.documentElement.scrollWidth - document.documentElement.clientWidth]"""
# Selectors for which there is nothing on the page; one that is no selector is one of them.
UNMATCHED = """selectors => selectors.filter(selector => {
    try { return !document.querySelector(selector); } catch { return true; }
})"""
# Every text of every figure: its words, its place in pixels, its size, its figure's place.
TEXTS = """() => [...document.querySelectorAll("svg.figure")].map(svg => {
    const at = element => { const r = element.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const size = text => Math.max(...[text, ...text.querySelectorAll("tspan")]
        .map(part => parseFloat(getComputedStyle(part).fontSize) || 0)) * scale;
    const texts = [...svg.querySelectorAll("text")].map(text => [text.textContent.trim(), at(text), size(text)]);
    return {name: svg.getAttribute("aria-label"), place: at(svg), texts};
})"""
CONTRAST = """() => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
    const light = colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part => part / 255);
        const [r, g, b] = parts.map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const page = light(getComputedStyle(document.body).backgroundColor);
    const ratio = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    // What is written in white stands on a dark field of a picture.
    return [...document.querySelectorAll("svg.figure text")]
        .filter(text => !(text.closest(".plate") && light(getComputedStyle(text).fill) > 0.99))
        .map(text => [text.textContent.trim(),
                      ratio(light(getComputedStyle(text).fill), text.closest(".plate") ? 1 : page)]);
}"""


def visit(browser: Browser, document: str) -> dict[str, Any]:
    """Return what is seen on a page; nothing that changes it comes before what shall find it unchanged."""
    page = browser.new_page()
    try:
        seen = {"desktop": shown(page, document, *WIDTHS["desktop"])}
        page.set_viewport_size({"width": 1280, "height": 900})
        unmatched = selectors_of("book.css")
        for mode in ("light", "dark"):
            page.evaluate(MODE, mode)
            unmatched = page.evaluate(UNMATCHED, unmatched)
        seen["unmatched"] = unmatched
        page.evaluate(MODE, "light")
        seen["paper"] = page.pdf(format="A4", print_background=False)
        page.evaluate("() => localStorage.clear()")  # the phone is another reader's
        seen["phone"] = shown(page, document, *WIDTHS["phone"])
        return seen | figures(page)
    finally:
        page.close()


def shown(page: Page, document: str, opens: int, widths: tuple[int, ...]) -> dict[str, Any]:
    """Open a page; return the addresses it asks for, what it complains of, and by width what does not fit."""
    asked: list[str] = []
    complaints: list[str] = []
    heard = {"request": lambda request: asked.append(request.url), "pageerror": lambda e: complaints.append(str(e))}
    for event, hear in heard.items():
        page.on(event, hear)
    page.set_viewport_size({"width": opens, "height": 900})
    page.goto((SITE / f"{document}.html").as_uri(), wait_until="load")
    page.evaluate(FONTS)
    misfits = {}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        misfits[width] = page.evaluate(MISFITS)
    for event, hear in heard.items():
        page.remove_listener(event, hear)
    return {"asked": asked, "complaints": complaints, "misfits": misfits}


def figures(page: Page) -> dict[str, Any]:
    """Return the texts of the figures by width, and by mode how they stand out."""
    page.evaluate("() => { document.querySelectorAll('details').forEach(part => part.open = true); }")
    page.evaluate(FONTS)
    texts, contrast = {}, {}
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        texts[width] = page.evaluate(TEXTS)
    for mode in ("light", "dark"):
        page.emulate_media(color_scheme=mode)
        page.evaluate(MODE, mode)
        contrast[mode] = page.evaluate(CONTRAST)
    return {"texts": texts, "contrast": contrast}


PSEUDO = (
    r"::?(before|after|target|details-content|hover|focus-visible|is\(:hover, :focus-visible\)|-(webkit|moz)-[\w-]+)"
)


def selectors_of(sheet: str) -> list[str]:
    """Return the selectors of one of our sheets, without what depends on the reader's hand."""
    text = (ROOT / "book" / "_static" / sheet).read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    selectors = re.findall(r"(?<=[{};])\s*([^{}@;]+)\{", ";" + text)
    selectors = [re.sub(PSEUDO, "", text) for text in selectors]
    # Each of a list, but for commas in brackets.
    return [one for text in selectors for one in re.split(r",(?![^(]*\))", text)]
