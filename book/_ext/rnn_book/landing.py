"""The landing page: what it says of the chapters, and the picture that chapter 1 computes.

Nothing on it is typed twice: the picture's numbers come from the chapter's own cells, the questions from the
README, the order of the chapters from ``_toc.yml``.
"""

import inspect
import io
import os
from contextlib import redirect_stdout
from itertools import count, permutations
from pathlib import Path
from typing import Any

import numpy as np
from sphinx.application import Sphinx
from sphinx.util import logging

from tools.chapters import ROOT, minutes, picture, read

from .chapter import questions
from .figures import inline

logger = logging.getLogger(__name__)

SAYS = (
    "This book shows with small programs how networks read one thing at a time and remember, "
    "and it checks every result by running it again."
)
CHAPTER = "notebooks/01_order_matters"
CELLS = ("orders", "two-readers", "path", "recurrent-apart")  # of chapter 1: all that its picture needs
OTHER = "rice go eat I"  # the second order that the chapter draws in colour
STEP, UNIT, BEND = 100, 100, 45  # of the drawing: a word, a value of one, how long a path leaves a state level


def fill_landing_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Give the template of the landing page what it shows."""
    if pagename == "index":
        repository = os.environ.get("BOOK_REPOSITORY", "")  # owner/name, known where the book is published
        context.update(says=SAYS, orders=orders_picture(), parts=contents(app), repository=repository)


def contents(app: Sphinx) -> list[dict[str, Any]]:
    """Return the parts of the book with their pages; a chapter has its place, its question and its minutes as well."""
    asked, place = questions(), count(1)
    parts = []
    for part in app.config.external_site_map.root.subtrees:
        pages = [{"name": name, "title": app.env.titles[name].astext()} for name in map(str, part.items)]
        for page in pages:
            if page["name"].startswith("notebooks/"):
                stem = Path(page["name"]).name
                if stem not in asked:
                    logger.warning("README.md asks no question of %s: add it to the table of chapters", stem)
                chapter = read(ROOT / f"{page['name']}.ipynb")
                page |= {"number": next(place), "question": asked.get(stem, ""), "minutes": minutes(chapter)}
                page["picture"] = inline(picture(chapter), f"c{stem[:2]}", None)
        parts.append({"caption": part.caption, "pages": pages})
    return parts


def orders_picture() -> dict[str, Any]:
    """Return the numbers of chapter 1's picture and the lines that a reader without scripts sees."""
    chapter = run_cells(read(ROOT / f"{CHAPTER}.ipynb"), CELLS)
    orders, path = chapter["orders"], chapter["path"]
    cards = " ".join(orders[0])
    readers = {}
    for name, step in (("bag", chapter["bag_step"]), ("recurrent", chapter["recurrent_step"])):
        paths = {" ".join(order): path(step, order) for order in orders}
        steps = zip(*paths.values(), strict=True)
        readers[name] = {
            "lines": [curve(kept) for kept in paths.values()],
            "states": [dots(number, set(kept)) for number, kept in enumerate(steps)],
            "bold": {"other": curve(paths[OTHER]), "cards": curve(paths[cards])},
            "tips": {"other": dotted(paths[OTHER]), "cards": dotted(paths[cards])},
            "end": signed(paths[cards][-1]),
            "ends": chapter["count_ends"](step),
        }
    back = inspect.signature(chapter["recurrent_step"]).parameters["w_back"].default
    numbers = {"weight": chapter["weight"], "back": back, "orders": list(map(" ".join, orders)), "other": OTHER}
    words = [(word, signed(chapter["weight"][word], 1)) for word in orders[0]]
    return {"numbers": numbers, "readers": readers, "cards": words}


def run_cells(chapter: Any, ids: tuple[str, ...]) -> dict[str, Any]:
    """Run a few cells of a chapter, found by their ids, and return the names that they define."""
    names: dict[str, Any] = {"np": np, "permutations": permutations}  # chapter 1 imports what draws as well
    source = {cell.id: cell.source for cell in chapter.cells}
    with redirect_stdout(io.StringIO()):
        for name in ids:
            exec(source[name], names)
    return names


def curve(kept: list[float]) -> str:
    """Return the path through what is kept before the first word and after each, as SVG writes it."""
    parts = [f"M0 {height(kept[0])}"]
    for number, value in enumerate(kept[1:], start=1):
        x, y = STEP * number, height(value)
        start = f"C{BEND} {height(kept[0])} " if number == 1 else "S"
        parts.append(f"{start}{x - BEND} {y} {x} {y}")
    return "".join(parts)


def dots(number: int, kept: set[float]) -> str:
    """Return a dot for each value after so many words: strokes of no length with round ends."""
    return "".join(f"M{STEP * number} {height(value)}h.01" for value in sorted(kept))


def dotted(kept: list[float]) -> str:
    """Return the dots of one path."""
    return "".join(dots(number, {value}) for number, value in enumerate(kept))


def height(value: float) -> str:
    """Return where a value stands in the drawing, whose y axis points down."""
    return f"{round(-UNIT * value, 2) + 0.0:g}"


def signed(value: float, places: int = 2) -> str:
    """Write a number with a minus sign instead of a hyphen."""
    return f"{value:.{places}f}".replace("-", "−")
