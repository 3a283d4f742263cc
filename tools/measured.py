"""How far the runs of one chapter lie apart, written beside its numbers (`make run`)."""

from typing import Any

from nbformat import NotebookNode

from rnn_utils.page import CLAIM_MIME
from tools.chapters import META, code_cells
from tools.comparing import differences, seen_apart
from tools.drawn import PNG, SVG, svg_apart
from tools.outputs import by_kind

SIDES = ("value", "baseline", "bar")


def measured(stored: NotebookNode, runs: list[NotebookNode], processors: list[str]) -> list[str]:
    """Write into the first run what the others differ by; return what no run may differ in, in words.

    Where the first run says what is stored, what earlier processors differed by is kept and only widened.
    """
    first, *others = runs
    pairs = zip(code_cells(stored), code_cells(first), strict=True)
    known = not any(differences(old.outputs, new.outputs, old.metadata.get("compare")) for old, new in pairs)
    before = stored.metadata[META].get("processors", []) if known else []
    first.metadata[META]["processors"] = sorted({*processors, *before})
    wrong = []
    for earlier, cell, *again in zip(*map(code_cells, [stored, first, *others]), strict=True):
        if "free" not in cell.metadata:
            measure_cell(cell, again, earlier if known else None)
            wrong += [
                f"{cell.id}: {words}"
                for other in again
                for words in differences(cell.outputs, other.outputs, cell.metadata.get("compare"))
            ]
    return wrong


def measure_cell(cell: NotebookNode, others: list[NotebookNode], earlier: NotebookNode | None) -> None:
    """Write into one cell what the same cell of other runs, and of earlier ones, differs by."""
    if earlier is not None:
        others = [*others, earlier]
    if compare := cell.metadata.get("compare"):
        before = earlier.metadata.compare if earlier is not None else {}
        seen = dict(before.get("seen", {}))
        for other in others:
            for unit, apart in seen_apart(cell.outputs, other.outputs, compare).items():
                seen[unit] = max(seen.get(unit, 0.0), float(f"{apart:.2g}"))
        compare.seen = seen
        for figure in figures(cell):
            apart = [svg_apart(figure, other) for again in others for other in figures(again)]
            compare.moves = max([before.get("moves", 0.0), *(round(moved, 1) for moved, _ in apart)])
            compare.pop("image", None)
            if PNG in figure:
                compare.image = max([before.get("image", 0.0), *(round(grey, 3) for _, grey in apart)])
    for place, record in enumerate(claims(cell)):
        again = [found[place] for other in others if len(found := claims(other)) > place]
        record["range"] = {}
        for side in SIDES:
            before = [end for old in again for end in old.get("range", {}).get(side, [])]
            values = [found[side] for found in (record, *again) if side in found] + before
            if any(value != values[0] for value in values):
                record["range"][side] = extent(values)


def extent(values: list[Any]) -> list[Any]:
    """Return the lowest and the highest of some values, entry by entry for lists."""
    if isinstance(values[0], list):
        entries = [extent(list(entry)) for entry in zip(*values, strict=False)]
        return [[low for low, _ in entries], [high for _, high in entries]]
    return [min(values), max(values)]


def keep_ranges(stored: NotebookNode, run: NotebookNode) -> None:
    """Write the ranges of earlier runs beside the claims of a single one."""
    ranges = {old["id"]: old["range"] for cell in code_cells(stored) for old in claims(cell) if "range" in old}
    for record in (record for cell in code_cells(run) for record in claims(cell)):
        if record["id"] in ranges:
            record["range"] = ranges[record["id"]]


def claims(cell: NotebookNode) -> list[dict[str, Any]]:
    """Return the records of a cell's claims."""
    return by_kind(cell.outputs).get(CLAIM_MIME, [])


def figures(cell: NotebookNode) -> list[str]:
    """Return a cell's figures."""
    return by_kind(cell.outputs).get(SVG, [])
