"""Which cells of a chapter only check: decided by what a cell does, not by a tag that somebody may forget."""

import ast
import re
from typing import Any

from nbformat import NotebookNode

from rnn_utils.page import CLAIM_MIME


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


def share_that_only_checks(cells: list[NotebookNode]) -> float:
    """Return the share of the visible lines of code whose names only `claim` or `glue` uses, in the end."""
    unseen = only_checks(cells) | folded_by_place(cells)
    code = {number: ast.parse(cell.source).body for number, cell in enumerate(cells) if cell.cell_type == "code"}
    visible = [statement for number, body in code.items() if number not in unseen for statement in body]
    checks = [statement for number, body in code.items() if number in unseen for statement in body]
    checks += [statement for statement in visible if calls_a_check(statement)]
    while True:
        rest = [statement for statement in visible if statement not in checks]
        used, asked = names(rest, ast.Load), names(checks, ast.Load)
        more = [one for one in rest if (made := bound(one)) and not made & used and made & asked]
        if not more:
            return lines([one for one in checks if one in visible]) / lines(visible)
        checks += more


def folded_by_place(cells: list[NotebookNode]) -> set[int]:
    """Return the cells that stand folded for another reason: the opening, solutions, the audit at the end."""
    found, inside = [number for number, cell in enumerate(cells) if cell.cell_type == "code"][:2], False
    for number, cell in enumerate(cells):
        if cell.cell_type == "code":
            found += [number] * inside
        elif re.search(r"-checked\)=|\{solution-start\}", cell.source):
            inside = True
        elif "{solution-end}" in cell.source:
            inside = False
    return set(found)


def calls_a_check(statement: ast.stmt) -> bool:
    """Tell whether a statement is a claim or keeps a value for the prose."""
    called = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    return called and getattr(statement.value.func, "id", None) in ("claim", "glue")


def names(statements: list[ast.stmt], context: type[ast.expr_context]) -> set[str]:
    """Return the names that statements read, or those that they bind."""
    nodes = [node for one in statements for node in ast.walk(one) if isinstance(node, ast.Name)]
    return {node.id for node in nodes if isinstance(node.ctx, context)}


def bound(statement: ast.stmt) -> set[str]:
    """Return what an assignment or a definition gives a name to."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    return names([statement], ast.Store) if isinstance(statement, ast.Assign | ast.AnnAssign) else set()


def lines(statements: list[ast.stmt]) -> int:
    """Return how many lines statements take."""
    return sum(one.end_lineno - one.lineno + 1 for one in statements)
