"""The code of cells that only check is folded; what only glues leaves no trace."""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from rnn_utils.page import CLAIM_MIME
from tools.checking import is_claim, only_checks

from .records import read_notebook

AUDIT = "-checked"  # how the label ends of the section that says how its page was checked
NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def fold_checks(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Fold the code of cells that only check; what only glues leaves no trace.

    Where a chapter says of some claims what to show, the others stand together at the end of their section.
    """
    if not docname.startswith("notebooks/"):
        return
    cells = read_notebook(Path(app.env.doc2path(docname)))["cells"]
    folded = only_checks(cells)
    story = {name for name, (place, record) in app.rnn_claims.items() if place == docname and "show" in record}
    for shown in list(doctree.findall(nodes.container)):
        if shown.get("nb_element") != "cell_code" or shown["cell_index"] not in folded:
            continue
        names = [record_name(output) for output in cells[shown["cell_index"]]["outputs"] if is_claim(output)]
        if not names:
            shown.parent.remove(shown)
        else:
            fold(shown)
            aside = isinstance(shown.parent, nodes.section) and not is_audit(shown)
            if story and not story.intersection(names) and aside:
                put_aside(shown, len(names))
    fold_opening(doctree)
    for section in doctree.findall(nodes.section):
        if says_how_checked(section):
            fold_audit(section)


def fold_opening(doctree: nodes.document) -> None:
    """Put imports and settings, the first two cells of each chapter, behind one line."""
    cells = [shown for shown in doctree.findall(nodes.container) if shown.get("nb_element") == "cell_code"][:2]
    parent = cells[0].parent
    place = parent.index(cells[0])
    opening = nodes.container(classes=["opening"])
    for shown in cells:
        shown.parent.remove(shown)
    summary = "<details><summary>Imports and settings</summary>"
    opening += [nodes.raw("", summary, format="html"), *cells, nodes.raw("", "</details>", format="html")]
    parent.insert(place, opening)


def is_audit(node: nodes.Node) -> bool:
    """Tell whether a node belongs to the section that says how its page was checked."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.section) and says_how_checked(node):
            return True
    return False


def says_how_checked(section: nodes.section) -> bool:
    """Tell whether a section's label, or the name that its heading gives it, says that it is the audit."""
    return any(name.endswith(AUDIT) for name in section["ids"])


def fold_audit(section: nodes.section) -> None:
    """Fold all of a section but its heading."""
    section["classes"].append("audit")
    section.insert(1, nodes.raw("", "<details><summary>Open the checks</summary>", format="html"))
    section += nodes.raw("", "</details>", format="html")


def record_name(output: dict[str, Any]) -> str:
    """Return a claim's id."""
    return output["data"][CLAIM_MIME]["id"]


def fold(shown: nodes.container) -> None:
    """Put a cell's code behind a line to open."""
    if sources := [part for part in shown.children if part.get("nb_element") == "cell_code_source"]:
        shown.remove(sources[0])
        shown["classes"].append("check")
        summary = '<details class="check"><summary>how this is checked</summary>'
        shown += [nodes.raw("", summary, format="html"), sources[0], nodes.raw("", "</details>", format="html")]


def put_aside(shown: nodes.container, claims: int) -> None:
    """Move a cell to the others at the end of its section's own text."""
    section = shown.parent
    section.remove(shown)
    found = [part for part in section.children if "more-checks" in part.get("classes", [])]
    if not found:
        found = [nodes.container(classes=["more-checks"], claims=0)]
        inner = [place for place, part in enumerate(section.children) if isinstance(part, nodes.section)]
        section.insert(inner[0] if inner else len(section), found[0])
        found[0] += [nodes.raw(format="html"), nodes.raw("", "</details>", format="html")]
    aside = found[0]
    aside["claims"] += claims
    count = aside["claims"]
    words = f"{NUMBERS[count] if count < len(NUMBERS) else count} more {'check' if count == 1 else 'checks'}"
    aside[0] = nodes.raw("", f"<details><summary>{words}</summary>", format="html")
    aside.insert(-1, shown)
