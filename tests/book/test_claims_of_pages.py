"""A page may quote each claim of the book; a draft is not in the book, so its claims are not either."""

from pathlib import Path
from types import SimpleNamespace

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

from book._ext.rnn_book.claims import collect_claims
from rnn_utils.page import CLAIM_MIME


def test_claims_of_a_draft_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    for name, metadata in (("01_done", {}), ("02_begun", {"rnn_book": {"draft": True}})):
        output = new_output("display_data", {CLAIM_MIME: {"id": f"of-{name[3:]}"}, "text/plain": "✓"})
        notebook = new_notebook(cells=[new_code_cell("claim()", outputs=[output])], metadata=metadata)
        nbformat.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
    app = SimpleNamespace(srcdir=tmp_path)
    collect_claims(app)
    assert {name: document for name, (document, _) in app.rnn_claims.items()} == {"of-done": "notebooks/01_done"}
