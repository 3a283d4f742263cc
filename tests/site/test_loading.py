"""What a page of the book loads: few files, each of them used, and not too much of them."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.site.conftest import needs_chromium
from tests.site.test_pages import SITE, article, contents, soup
from tools.chapters import finished_paths

pytestmark = needs_chromium

CHAPTERS = [f"notebooks/{path.stem}" for path in finished_paths()]
# Beside its own text, figures and faces.
SHARED = {
    "basic.css",
    "book.css",
    "bootstrap.js",
    "clipboard.min.js",
    "copybutton.css",
    "copybutton.js",
    "doctools.js",
    "documentation_options.js",
    "exercise.css",
    "figures.css",
    "logo.svg",
    "pydata-sphinx-theme.css",
    "pydata-sphinx-theme.js",
    "pygments.css",
    "sphinx-book-theme.css",
    "sphinx-book-theme.js",
    "sphinx_highlight.js",
    "theme.css",
    "togglebutton.css",
    "togglebutton.js",
}
PACKED = {".png", ".woff2"}


@pytest.mark.parametrize("document", CHAPTERS)
def test_chapter_loads_what_it_uses_and_comes_in_600_kilobytes(
    visited: Callable[[str], dict[str, Any]], document: str
) -> None:
    asked = visited(document)["desktop"]["asked"]
    everything = {Path(unquote(urlsplit(address).path)) for address in asked if address.startswith("file:")}
    files = [path for path in everything if path.parent.name not in ("_images", "faces", "notebooks")]
    names = {"mystnb.css" if path.name.startswith("mystnb.") else path.name for path in files}
    assert names == SHARED | {"mystnb.css"}
    sizes = {path.name: transferred(path) for path in everything}
    assert sum(sizes.values()) <= 600_000, sorted(sizes.items(), key=lambda row: -row[1])[:10]


def test_no_file_is_served_that_nobody_asks_for() -> None:
    folders = {path.name for path in (SITE / "_static").iterdir() if path.is_dir()}
    assert folders <= {"faces", "scripts", "styles"}
    assert not [path for path in SITE.rglob("*") if "fontawesome" in path.name or path.suffix == ".map"]


@pytest.mark.parametrize("document", contents())
def test_page_uses_nothing_whose_styles_are_left_out(document: str) -> None:
    assert article(SITE / f"{document}.html").select("[class*='sd-'], [class*='thebe']") == []


@pytest.mark.parametrize("document", [*contents(), "search", "genindex"])
def test_every_icon_is_drawn_in_the_page(document: str) -> None:
    page = soup(SITE / f"{document}.html")
    assert page.select("[class*='fa-']") == []
    assert page.select("svg.icon[aria-hidden='true'] > path")


def transferred(path: Path) -> int:
    """Return how many bytes a server sends for a file: packed, unless it is so by itself."""
    return path.stat().st_size if path.suffix in PACKED else len(gzip.compress(path.read_bytes(), 6))
