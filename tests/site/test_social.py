"""What a message shows of a page: in the published book a title, a question and a picture; offline nothing."""

import html
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from book._ext.rnn_book.social import FACES, drawn
from tests.site.test_pages import SITE, article, contents
from tools import pythons
from tools.chapters import ROOT, finished_paths, picture, picture_cell, read, title
from tools.drawn import words

URL = "https://example.org/book"
TAG = re.compile(r'\n<meta (?:property|name)="((?:og|twitter):[\w:]+)" content="([^"]*)">')


def test_the_offline_book_tells_messages_nothing() -> None:
    pages = list(SITE.rglob("*.html"))
    assert len(pages) > len(contents())
    assert [page.name for page in pages if re.search(r"[\"'](og|twitter):", page.read_text(encoding="utf-8"))] == []
    assert not (SITE / "social").exists()


@pytest.mark.slow
@pytest.mark.enable_socket
def test_the_published_book_tells_them_of_every_page_and_is_the_same_otherwise(tmp_path: Path) -> None:
    """Published from another folder, and on the newest other Python where there is one."""
    python = sys.executable
    for version, program in list(pythons.others().items())[-1:]:
        python = pythons.prepare(version, program, "publish")
        assert python, f"{version}: what building needs could not be installed"
    command = [python, "-m", "tools.build", "--output", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "BOOK_URL": f"{URL}/"}, check=True)
    built = tmp_path / "_build" / "html"
    chapters = {f"notebooks/{path.stem}.html": path for path in finished_paths()}
    told = {str(page.relative_to(SITE)) for page in SITE.rglob("*.html")}
    assert set(pythons.different(SITE, built)) == told | {f"social/{path.stem}.png" for path in finished_paths()}
    for page in SITE.rglob("*.html"):
        name = str(page.relative_to(SITE))
        published = (built / name).read_text(encoding="utf-8")
        found = [(tag, html.unescape(text)) for tag, text in TAG.findall(published.partition("</head>")[0])]
        shown = dict(found)
        assert len(shown) == len(found)
        assert TAG.sub("", published) == page.read_text(encoding="utf-8")
        own = chapters.get(name, finished_paths()[0])  # whose picture it is
        assert shown["og:url"] == f"{URL}/{name}".removesuffix("index.html")
        assert shown["og:image"] == f"{URL}/social/{own.stem}.png"
        assert shown["og:image:alt"] == picture_cell(read(own)).metadata.mystnb.image.alt
        assert shown["og:type"] == ("book" if name == "index.html" else "article")
        assert shown["twitter:card"] == "summary_large_image"
        assert re.fullmatch(r"[^<>&\n]{20,}", shown["og:description"])
        if name in chapters:
            assert shown["og:title"] == title(read(own))
            assert shown["og:description"] == article(page).select_one(".standfirst").get_text()
    stored = {path.stem: path.read_bytes() for path in (built / "social").iterdir()}
    assert stored == {path.stem: drawn(picture(read(path))) for path in finished_paths()}


@pytest.mark.parametrize("path", finished_paths(), ids=lambda path: path.stem)
def test_a_picture_is_drawn_whole_on_paper(path: Path) -> None:
    svg = picture(read(path))
    stored = drawn(svg)
    image = Image.open(io.BytesIO(stored))
    assert (image.format, image.size) == ("PNG", (1200, 630))
    edge = [image.convert("RGB").getpixel((x, y)) for x in (0, 1199) for y in (0, 629)]
    assert edge == [(0xFF, 0xFE, 0xFB)] * 4
    assert len(image.convert("RGB").getcolors(2**20)) > 50
    for family in set(re.findall("'(Source .*?)'", svg)):
        assert drawn(svg.replace(family, "no such face")) != stored, family
    letters = {letter for face in FACES.glob("*.ttf") for letter in map(chr, TTFont(face).getBestCmap())}
    assert set(words(svg)) - letters - {"\n"} == set()
