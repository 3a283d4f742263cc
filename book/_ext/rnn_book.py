"""What the book adds to Sphinx: proved claims on pages, the glossary, chapter cards, own MathJax.

Everything shown is derived: claims from the records stored in the chapters, terms from
``book/glossary.toml``, a chapter's time and data from its metadata.
"""

import ast
import html
import json
import os
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from rnn_utils.languages import LANGUAGES, Term, load_glossary
from rnn_utils.page import CLAIM_MIME

logger = logging.getLogger(__name__)

META = "rnn_book"
LAYER = "@layer theme {\n"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register roles, directives and hooks."""
    app.add_role("claim", ClaimRole())
    app.add_directive("glossary-table", GlossaryTable)
    app.connect("config-inited", serve_vendored_files)
    app.connect("builder-inited", collect_claims)
    app.connect("doctree-resolved", add_card)
    app.connect("doctree-resolved", fold_checks)
    app.connect("html-page-context", leave_out_thebe, priority=900)
    app.connect("html-page-context", part_lines)
    app.connect("build-finished", put_theme_into_layer, priority=900)  # the theme writes one of its own then
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def serve_vendored_files(app: Sphinx, config: Any) -> None:
    """Copy MathJax into the book.

    Listed in ``_config.yml`` it would be added to every page, script by script; added here it is only copied.
    """
    config.html_static_path.append("book/_vendor")
    # The menu could fetch speech rules from another host.
    config.mathjax3_config = {"options": {"enableMenu": False, **(config.mathjax3_config or {}).get("options", {})}}


def read_notebook(path: Path) -> dict[str, Any]:
    """Read a chapter's file."""
    return json.loads(path.read_text(encoding="utf-8"))


def collect_claims(app: Sphinx) -> None:
    """Find every claim of every chapter: id to (document, sentence)."""
    app.rnn_claims = {}
    for path in sorted((Path(app.srcdir) / "notebooks").glob("*.ipynb")):
        for cell in read_notebook(path)["cells"]:
            for output in cell.get("outputs", []):
                if is_claim(output):
                    record = output["data"][CLAIM_MIME]
                    app.rnn_claims[record["id"]] = (f"notebooks/{path.stem}", record["sentence"])


class ClaimRole(SphinxRole):
    """``{claim}`some-id```: the proved sentence, linked to the cell that proves it."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, or warn (an error when the book is built) for an unknown id."""
        found = self.env.app.rnn_claims.get(self.text)
        if found is None:
            logger.warning("no chapter proves a claim %r", self.text, location=self.get_location(), type="rnn_book")
            return [nodes.literal(self.text, self.text)], []
        document, sentence = found
        address = f"{self.env.app.builder.get_relative_uri(self.env.docname, document)}#claim-{self.text}"
        link = nodes.reference("", "", internal=True, refuri=address, classes=["proved-claim"])
        link += nodes.Text(sentence[:1].upper() + sentence[1:] + ".")
        return [link], []


class GlossaryTable(SphinxDirective):
    """The terms of ``book/glossary.toml``: English name and meaning, then Russian and Chinese."""

    def run(self) -> list[nodes.Node]:
        """Build one definition per term, with an anchor ``term-<id>``."""
        self.env.note_dependency(str(Path(self.env.srcdir) / "book" / "glossary.toml"))
        terms = load_glossary()
        names = {term.id: term.names["en"] for term in terms}
        found = nodes.definition_list(classes=["glossary"])
        for term in sorted(terms, key=lambda term: term.names["en"].casefold()):
            title = term.names["en"] + (f" ({term.short})" if term.short else "")
            body = nodes.definition("", nodes.paragraph("", term.definition["en"]))
            body += [self.translation(term, language, tag) for language, tag in LANGUAGES.items() if language != "en"]
            if term.see:
                body += self.related(term, names)
            anchor = nodes.term("", title, ids=[f"term-{term.id}"])
            found += nodes.definition_list_item("", anchor, body)
        return [found]

    def translation(self, term: Term, language: str, tag: str) -> nodes.raw:
        """Return one language's name and meaning; raw, since docutils has no ``lang`` attribute."""
        name, meaning = html.escape(term.names[language]), html.escape(term.definition[language])
        return nodes.raw("", f'<p lang="{tag}"><strong>{name}</strong> · {meaning}</p>', format="html")

    def related(self, term: Term, names: dict[str, str]) -> nodes.paragraph:
        """Return links to the terms that this one is told apart from or rests on."""
        line = nodes.paragraph("", "See ", classes=["glossary-see"])
        for position, other in enumerate(term.see):
            line += nodes.Text(", " if position else "")
            line += nodes.reference("", names[other], internal=True, refuri=f"#term-{other}")
        return line


def leave_out_thebe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Drop the scripts of a live-code service that this book does not use.

    Jupyter Book adds them to every page, twice, and the second is an error in the browser.
    """
    scripts = context.get("script_files", [])
    context["script_files"] = [script for script in scripts if not is_thebe(script)]


def is_thebe(script: Any) -> bool:
    """Tell whether a script of a page belongs to thebe."""
    return "thebe" in f"{script.filename} {getattr(script, 'attributes', {}).get('body', '')}".lower()


def fold_checks(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Fold the code of cells that only check; what only glues leaves no trace."""
    if not docname.startswith("notebooks/"):
        return
    cells = read_notebook(Path(app.env.doc2path(docname)))["cells"]
    folded = only_checks(cells)
    for shown in list(doctree.findall(nodes.container)):
        if shown.get("nb_element") != "cell_code" or shown["cell_index"] not in folded:
            continue
        if not any(is_claim(output) for output in cells[shown["cell_index"]]["outputs"]):
            shown.parent.remove(shown)
        elif sources := [part for part in shown.children if part.get("nb_element") == "cell_code_source"]:
            shown.remove(sources[0])
            shown["classes"].append("check")
            summary = '<details class="check"><summary>how this is checked</summary>'
            shown += [nodes.raw("", summary, format="html"), sources[0], nodes.raw("", "</details>", format="html")]


def only_checks(cells: list[dict[str, Any]]) -> set[int]:
    """Return the numbers of the cells that put nothing on the page but claims and glued values.

    They also neither define nor change what a cell on the page reads: what a lesson needs is shown.
    """
    found, read_later = set(), set()
    for number, cell in reversed(list(enumerate(cells))):
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        silent = all(is_claim(output) or "scrapbook" in output.get("metadata", {}) for output in cell["outputs"])
        if cell["outputs"] and silent and not has_effects(tree) and not changed(tree) & read_later:
            found.add(number)
        else:
            names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
            read_later |= {name.id for name in names if isinstance(name.ctx, ast.Load)}
    return found


def has_effects(tree: ast.AST) -> bool:
    """Tell whether something is called for what it does, and not for its value, other than `claim` and `glue`."""
    calls = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    return any(getattr(call.func, "id", None) not in ("claim", "glue") for call in calls)


def changed(tree: ast.Module) -> set[str]:
    """Return the names that code binds, and those of the objects that it writes into."""
    loops = [node.target for node in ast.walk(tree) if isinstance(node, ast.comprehension)]
    inner = [node for target in loops for node in ast.walk(target)]
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    names |= {node.asname or node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
    for node in ast.walk(tree):
        if isinstance(getattr(node, "ctx", None), ast.Store) and node not in inner:
            names |= {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return names


def is_claim(output: dict[str, Any]) -> bool:
    """Tell whether an output is a claim's."""
    return CLAIM_MIME in output.get("data", {})


def part_lines(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Make an element of every line of code, so that the style sheet can break a long one and indent the rest."""
    if "body" in context:
        context["body"] = re.sub(r"(<pre><span></span>)(.*?)\n?(</pre>)", parted, context["body"], flags=re.DOTALL)


def parted(block: re.Match[str]) -> str:
    """Return a block of highlighted code line by line; Pygments ends its own elements with each line."""
    lines = "".join(f'<span class="line">{line}\n</span>' for line in block[2].split("\n"))
    return block[1] + lines + block[3]


def put_theme_into_layer(app: Sphinx, exception: Exception | None) -> None:
    """Wrap every style sheet but the book's own: what stands in no layer wins over what stands in one."""
    if exception is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir, "_static").rglob("*.css"):
        text = path.read_text(encoding="utf-8").removeprefix('@charset "UTF-8";')
        # A sheet that only imports another may not do so from inside a layer.
        if path.name != "book.css" and "@import" not in text and not text.startswith(LAYER):
            path.write_text(f"{LAYER}{text}\n}}\n", encoding="utf-8")


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
