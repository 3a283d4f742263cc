"""Which cells of a chapter only check: decided by what a cell does, not by a tag that somebody may forget."""

import ast
from typing import Any

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
