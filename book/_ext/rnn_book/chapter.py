"""What stands under a chapter's title."""

import html
import os
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from tools.chapters import ROOT, picture, picture_cell, read

from .figures import inline
from .records import read_notebook

logger = logging.getLogger(__name__)

META = "rnn_book"


def questions() -> dict[str, str]:
    """Return the question of each chapter, which README's table asks, by the name of its file, as HTML."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[.+?\]\(\S+/(\w+)\.ipynb\) \| (.+) \|$", readme, re.MULTILINE)
    return {stem: re.sub("`(.+?)`", r"<code>\1</code>", html.escape(question)) for stem, question in rows}


def add_card(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put under a chapter's title its question, its picture, and how long it runs, on which data, where to get it."""
    if not docname.startswith("notebooks/"):
        return
    own = read_notebook(Path(app.env.doc2path(docname)))["metadata"].get(META, {})
    stem = Path(docname).name
    if "seconds" not in own:
        logger.warning('%s.ipynb states no time: write {"rnn_book": {"seconds": 30}} into its metadata', docname)
    parts = [f"Runs in about {own.get('seconds', '?')} s on two CPU cores"]
    if own.get("data") == "mnist":
        parts.append("data: MNIST, or the embedded digits when there is no network")
    card = nodes.paragraph("", " · ".join(parts) + " · ", classes=["chapter-card"])
    card += nodes.reference("", "notebook", internal=True, refuri=f"../downloads/{stem}.ipynb")
    if repository := os.environ.get("BOOK_REPOSITORY"):  # owner/name, known where the book is published
        address = f"https://colab.research.google.com/github/{repository}/blob/notebooks/{stem}.ipynb"
        card += nodes.Text(" · ")
        card += nodes.reference("", "open in Colab", refuri=address)
    chapter = read(Path(app.env.doc2path(docname)))
    alt = picture_cell(chapter).metadata.mystnb.image.alt
    question = f'<p class="standfirst">{questions()[stem]}</p>'
    head = [question, inline(picture(chapter), "head", alt)]
    if title := next(iter(doctree.findall(nodes.title)), None):
        place = title.parent.index(title) + 1
        title.parent[place:place] = [*(nodes.raw("", part, format="html") for part in head), card]
