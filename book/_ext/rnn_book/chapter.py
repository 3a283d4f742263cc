"""What stands under a chapter's title."""

import os
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from .records import read_notebook

logger = logging.getLogger(__name__)

META = "rnn_book"


def add_card(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a line under a chapter's title: how long it runs, on which data, where to get it."""
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
    if title := next(iter(doctree.findall(nodes.title)), None):
        title.parent.insert(title.parent.index(title) + 1, card)
