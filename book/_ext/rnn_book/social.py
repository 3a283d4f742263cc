"""What a message shows when somebody shares a page: its title, its question and its picture.

Only where the book has an address (``BOOK_URL``): who shows them takes whole addresses alone, and of pictures PNG.
"""

import html
import os
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from tools.chapters import ROOT, finished_paths, picture, picture_cell, read

from .chapter import questions
from .landing import CHAPTER, SAYS

FOLDER, FACES = "social", ROOT / "rnn_utils" / "faces"
WIDTH, HEIGHT, AIR = 1200, 630, 24


def add_tags(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Say in a page's head what is shown of it; a page without a picture of its own has chapter 1's."""
    site, stem = os.environ["BOOK_URL"].rstrip("/"), Path(pagename).name
    chapter = pagename if pagename.startswith("notebooks/") else CHAPTER
    begins = next((part.astext() for part in doctree.findall(nodes.paragraph)), SAYS) if doctree else SAYS
    asks = re.sub("</?code>", "", questions()[stem]) if chapter == pagename else ""
    shown = {
        "og:site_name": app.config.html_title,
        "og:title": app.env.titles[pagename].astext() if pagename in app.env.titles else app.config.html_title,
        "og:description": html.unescape(asks) or " ".join(begins.split()),
        "og:type": "book" if pagename == "index" else "article",
        "og:url": f"{site}/{app.builder.get_target_uri(pagename)}".removesuffix("index.html"),
        "og:image": f"{site}/{FOLDER}/{Path(chapter).name}.png",
        "og:image:alt": picture_cell(read(ROOT / f"{chapter}.ipynb")).metadata.mystnb.image.alt,
    }
    tags = [f'\n<meta property="{name}" content="{html.escape(text)}">' for name, text in shown.items()]
    tags.append('\n<meta name="twitter:card" content="summary_large_image">')
    context["metatags"] = context.get("metatags", "") + "".join(tags)


def draw_pictures(app: Sphinx, exception: Exception | None) -> None:
    """Write the picture of each chapter as PNG."""
    if exception is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir, FOLDER)
    folder.mkdir(exist_ok=True)
    for path in finished_paths():
        (folder / f"{path.stem}.png").write_bytes(drawn(picture(read(path))))


def drawn(svg: str) -> bytes:
    """Return a figure as it is by day, on a sheet of the book's paper, in the faces that it was laid out with."""
    from resvg_py import svg_to_bytes  # not there for the offline book

    style = (ROOT / "book" / "_static" / "book.css").read_text(encoding="utf-8")
    paper, ink = (re.search(rf"--{name}: (#\w+);", style)[1] for name in ("paper", "ink"))
    svg = re.sub(r"'Source (\w+) \d'", r"'Figure \1'", svg.replace("#ffffff", paper))
    place = f'x="{AIR}" y="{AIR}" width="{WIDTH - 2 * AIR}" height="{HEIGHT - 2 * AIR}" fill="{ink}"'
    svg = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', place, svg, count=1)
    sheet = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">{svg}</svg>'
    faces = sorted(map(str, FACES.glob("*.ttf")))
    return svg_to_bytes(svg_string=sheet, background=paper, skip_system_fonts=True, font_files=faces)
