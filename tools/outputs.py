"""What a cell's outputs hold: texts by their kind, and their numbers, each with what it is a number of.

A unit is what a person would name: the column of a table, a glued value, the words of a printed line.
"""

import html
import re
from collections import defaultdict
from typing import Any, NamedTuple

from rnn_utils.page import CLAIM_MIME, GLUE_PREFIX, TABLE
from tools.drawn import SVG, words

NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
GLUED = GLUE_PREFIX + "text/plain"


class Number(NamedTuple):
    """One number of an output, as printed."""

    text: str
    unit: str | None  # None: it counts or names, and is exact in a close cell too
    row: str = ""  # the first cell of its row of a table


def by_kind(outputs: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return what the outputs hold by MIME type or stream name, in order.

    Streams are joined; a table's plain text, which repeats its HTML, is left out.
    """
    kinds: dict[str, list[Any]] = defaultdict(list)
    for output in outputs:
        if output["output_type"] == "stream":
            name = output["name"]
            kinds[name] = ["".join([*kinds[name], output["text"]])]
        shown = output.get("data", {})
        for mime, data in shown.items():
            if mime != "text/plain" or not shown.get("text/html", "").startswith(TABLE):
                kinds[mime].append(data)
    return dict(kinds)


def glued_names(outputs: list[dict[str, Any]]) -> list[str]:
    """Return the names of the glued values, in order."""
    return [output["metadata"]["scrapbook"]["name"] for output in outputs if GLUED in output.get("data", {})]


def table_cells(text: str) -> list[list[str]]:
    """Return the cells of a table's HTML, row by row, the header first."""
    rows = re.findall(r"<tr>(.*?)</tr>", text)
    return [[html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def numbers(text: str, glued: str | None) -> list[Number]:
    """Return the numbers of a text with their units."""
    if glued is not None:
        return [Number(number, glued) for number in NUMBER.findall(text)]
    if text.startswith(TABLE):
        head, *rows = table_cells(text)
        named = [Number(number, None) for cell in head for number in NUMBER.findall(cell)]
        return named + [
            Number(number, column, row[0])
            for row in rows
            for column, cell in zip(head, row, strict=True)
            for number in NUMBER.findall(cell)
        ]
    return [
        Number(number, None if number.isdigit() else " ".join(re.findall(r"[^\W\d_]+", NUMBER.sub(" ", line))))
        for line in text.splitlines()
        for number in NUMBER.findall(line)
    ]


def texts(outputs: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Return every text that is compared, with the name of a glued one."""
    kinds, names = by_kind(outputs), glued_names(outputs)
    return [
        (words(text) if kind == SVG else text, names[place] if kind == GLUED else None)
        for kind in sorted(kinds.keys() - {CLAIM_MIME})
        for place, text in enumerate(kinds[kind])
    ]


def value(number: Number) -> float:
    """Return a printed number as one to reckon with."""
    return float(number.text.replace("−", "-"))


def last_place(number: Number) -> float:
    """Return one unit in the last printed place behind a point: a number in between is printed as either neighbour."""
    digits, _, power = number.text.lower().partition("e")
    return 10.0 ** (int(power or 0) - len(digits.partition(".")[2])) if "." in digits else 0.0
