"""Figures in the page: their words are words, inside them, apart from each other, and large enough on a phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.site.conftest import needs_chromium
from tests.site.test_pages import SITE, article
from tools.chapters import chapter_paths, code_cells, finished_paths, read
from tools.drawn import words
from tools.measured import figures

pytestmark = needs_chromium
SMALLEST = 9  # pixels on a phone; indices may be smaller


def faults(figure: dict, width: int) -> list[str]:
    """Return which texts of a figure are too small, outside, or upon each other."""
    left, top, right, bottom = figure["place"]
    found = []
    for place, (text, (x0, y0, x1, y1), size) in enumerate(figure["texts"]):
        if size < SMALLEST and width < 600:
            found.append(f"{text!r}: {size:.1f} px")
        if x0 < left - 1 or x1 > right + 1 or y0 < top - 1 or y1 > bottom + 1:
            found.append(f"{text!r} leaves the figure")
        for other, (a0, b0, a1, b1), _ in figure["texts"][:place]:
            # The boxes of letters have air above and below.
            high = min(y1 - y0, b1 - b0) / 4
            if min(x1, a1) - max(x0, a0) > 2 and min(y1, b1) - max(y0, b0) > high:
                found.append(f"{text!r} on {other!r}")
    return [f"{figure['name'][:40]}…: {fault}" for fault in found]


@pytest.mark.parametrize("path", finished_paths(), ids=lambda path: path.stem)
def test_every_text_of_a_figure_is_read_on_a_phone_and_a_desktop_by_day_and_by_night(
    visited: Callable[[str], dict[str, Any]], path: Path
) -> None:
    seen = visited(f"notebooks/{path.stem}")
    drawn = [cell for cell in code_cells(read(path)) if figures(cell)]
    for width, shown in seen["texts"].items():
        assert len(shown) >= len(drawn)
        assert [fault for figure in shown for fault in faults(figure, width)] == [], width
    for mode, contrast in seen["contrast"].items():
        assert [(text, round(ratio, 1)) for text, ratio in contrast if ratio < 3] == [], mode


@pytest.mark.parametrize("path", finished_paths(), ids=lambda path: path.stem)
def test_page_shows_each_figure_with_its_words_name_and_caption(path: Path) -> None:
    page = article(SITE / "notebooks" / f"{path.stem}.html")
    shown = page.select("div.cell svg.figure")
    drawn = [cell for cell in code_cells(read(path)) if figures(cell)]
    assert len(shown) == len(drawn)
    assert page.select("div.cell_output img") == []
    for svg, cell in zip(shown, drawn, strict=True):
        texts = [" ".join(text.get_text().split()) for text in svg.find_all("text")]
        assert texts == words(figures(cell)[0]).splitlines()
        assert svg["aria-label"] == cell.metadata.mystnb.image.alt
        caption = svg.find_parent("figure").select_one(".caption-text").get_text()
        assert caption.replace("’", "'").startswith(cell.metadata.mystnb.figure.caption.partition("$")[0])
    ids = [element["id"] for svg in page.select("svg.figure") for element in svg.find_all(id=True)]
    assert len(ids) == len(set(ids))


def test_no_figure_is_heavy() -> None:
    sizes = {
        f"{path.stem}: {cell.id}": len(figures(cell)[0])
        for path in chapter_paths()
        for cell in code_cells(read(path))
        if figures(cell)
    }
    assert {name: size for name, size in sizes.items() if size > 150_000} == {}
