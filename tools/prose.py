"""What a chapter's prose says in numbers, and whether a cell answers for them."""

import ast
import re
from collections.abc import Iterable

from nbformat import NotebookNode

from tools.chapters import code_cells

NUMBER = re.compile(r"(?<![\w.,/#-])\d+(?:[.,]\d+)*(?:\s?%)?")
SMALL = 12  # whole numbers up to here count things and name steps
YEARS = range(1900, 2100)

# Not prose: roles with their targets, link targets, directive fences and options, labels, HTML.
SILENT = re.compile(
    r"\{[\w:-]+\}`[^`]*`"
    r"|\]\([^)]*\)"
    r"|^\s*:[\w-]+:.*$"
    r"|^\s*(?:`{3,}|:{3,})\s*\{.*$"
    r"|^\([\w-]+\)=$"
    r"|<[^>]+>"
    r"|https?://\S+",
    re.MULTILINE,
)


def typed_numbers(notebook: NotebookNode) -> list[str]:
    """Return the numbers in prose, captions and alt texts that no cell answers for, each with its cell and line.

    A number may stand in prose if it is glued, a literal of the chapter's code (a setting, a bar),
    a whole number up to twelve, or a year.  A percentage is held against the fraction.
    """
    literals = numeric_literals(cell.source for cell in code_cells(notebook))
    texts = {cell.id: cell.source if cell.cell_type == "markdown" else around_figure(cell) for cell in notebook.cells}
    return [f"{name}: {found}" for name, text in texts.items() for found in unanswered(text, literals)]


def around_figure(cell: NotebookNode) -> str:
    """Return the caption and the alt text of a cell's figure."""
    own = cell.metadata.get("mystnb", {})
    return "\n".join([own.get("figure", {}).get("caption", ""), own.get("image", {}).get("alt", "")])


def unanswered(text: str, literals: set[float]) -> list[str]:
    """Return the numbers of a text that are neither literals nor small, each with its line."""
    return [
        f"{match[0]!r} in: {line.strip()}"
        for line in SILENT.sub(" ", text).splitlines()
        for match in NUMBER.finditer(line.replace("\\%", "%").replace("\\,", "").replace("{,}", ","))
        if not answered(match[0], literals)
    ]


def numeric_literals(sources: Iterable[str]) -> set[float]:
    """Return every number written in the code, also inside its strings' format fields."""
    values = set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, int | float)
                and not isinstance(node.value, bool)
            ):
                values.add(float(node.value))
    return values


def answered(text: str, literals: set[float]) -> bool:
    """Tell whether a numeral as written in prose is a count, a year or a literal of the code."""
    percent = text.endswith("%")
    digits = text.rstrip("% ").replace(",", "")
    value = float(digits) if digits.count(".") <= 1 else None
    if value is None:  # a version such as 1.0.4
        return False
    if percent:
        return any(abs(value / 100 - literal) < 1e-9 for literal in literals) or value in (0, 100)
    if "." not in digits and (value <= SMALL or (int(value) in YEARS and len(digits) == 4)):
        return True
    return value in literals
