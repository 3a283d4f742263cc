"""The code of cells that only check is folded; what only glues leaves no trace."""

import ast
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from rnn_utils.page import CLAIM_MIME

from .records import is_claim, read_notebook

AUDIT = "-checked"  # how the label ends of the section "How this page was checked"
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
        if section["ids"][0].endswith(AUDIT):
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
        if isinstance(node, nodes.section) and node["ids"][0].endswith(AUDIT):
            return True
    return False


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
