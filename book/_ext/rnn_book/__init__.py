"""What the book adds to Sphinx: claims, glossary, openings, folded checks, MathML, a look, a landing page, social tags.

Everything shown is derived: claims from the records stored in the chapters, terms from
``book/glossary.toml``, a chapter's time and data from its metadata.
"""

import os
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from .bars import BarTables
from .chapter import add_card
from .claims import ClaimRole, MeasuredTables, collect_claims, show_measured
from .figures import put_figures_inline, write_colours
from .folding import fold_checks
from .formulas import hold_percent, hold_punctuation, visit_displayed, visit_formula
from .glossary import GlossaryTable, add_spellings
from .landing import fill_landing_page
from .mending import mend_pages
from .social import add_tags, draw_pictures
from .theme import leave_out_thebe, part_lines, put_theme_into_layer

# Extensions of Jupyter Book that do not say whether pages may be read side by side.  They may: the first numbers
# sections when all pages are read, the second is for LaTeX.
SILENT = ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex")


def read_side_by_side(app: Sphinx, config: Config) -> None:
    """Read and write pages on all cores, for which the command of Jupyter Book has no option."""
    app.parallel = os.cpu_count() or 1
    for name in SILENT:
        app.extensions[name].parallel_read_safe = True


def setup(app: Sphinx) -> dict[str, Any]:
    """Register roles, directives and hooks."""
    app.add_role("claim", ClaimRole())
    app.add_directive("glossary-table", GlossaryTable)
    app.add_directive("measured-tables", MeasuredTables)
    app.add_directive("bar-tables", BarTables)
    app.add_html_math_renderer("mathml", (visit_formula, None), (visit_displayed, None))
    app.connect("config-inited", read_side_by_side)
    app.connect("builder-inited", collect_claims)
    app.connect("doctree-read", put_figures_inline, priority=100)  # before Sphinx gathers the images
    app.connect("doctree-read", show_measured)
    app.connect("doctree-resolved", add_card)
    app.connect("doctree-resolved", fold_checks)
    app.connect("doctree-resolved", hold_punctuation)
    app.connect("doctree-resolved", hold_percent)
    app.connect("doctree-resolved", add_spellings)
    app.connect("html-page-context", leave_out_thebe, priority=900)
    app.connect("html-page-context", part_lines)
    app.connect("html-page-context", fill_landing_page)
    app.connect("build-finished", write_colours)
    app.connect("build-finished", put_theme_into_layer, priority=900)  # the theme writes one of its own then
    app.connect("build-finished", mend_pages, priority=950)
    if os.environ.get("BOOK_URL"):  # the address of the book, known where it is published
        app.connect("html-page-context", add_tags)
        app.connect("build-finished", draw_pictures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
