"""Compare a chapter's stored outputs with new ones, number by number, and say how far two runs lie apart.

A cell is exact, free or close.  A close cell's metadata says what may differ::

    compare: {reason, seen: {unit: relative difference}, exact: [unit or row], moves: pixels, image: difference}

Units are those of `tools.outputs`.  ``seen``, ``moves`` (of a figure's shapes) and ``image`` (of pictures in it)
are the largest differences among the runs that `make run` made, with several instruction sets and numbers of
threads; ``exact`` is the author's: what no processor changes.
"""

import math
import re
from collections import defaultdict
from typing import Any

from rnn_utils.page import CLAIM_MIME, TABLE, as_text
from tools.drawn import SVG, svg_differences, words
from tools.outputs import (
    GLUED,
    NUMBER,
    Number,
    by_kind,
    glued_names,
    last_place,
    numbers,
    table_cells,
    texts,
    value,
)

TIMES = 3  # a processor that nobody tried may differ this many times as much as those that were
STABLE = 0.1  # and a printed number that may differ by more than that says nothing
# What a measured value of a claim may differ by though no run moved it: float32 rounds its sums.
RELATIVE, ABSOLUTE = 1e-3, 1e-6


def differences(stored: list[dict[str, Any]], new: list[dict[str, Any]], compare: dict[str, Any] | None) -> list[str]:
    """Return what differs, in words; nothing means equal.

    Parameters
    ----------
    stored, new : outputs of one cell
    compare : dict or None
        The metadata of a close cell.  None for an exact cell.
    """
    if (names := glued_names(stored)) != (now := glued_names(new)):
        return [f"glued: {names} stored, {now} now"]
    old, fresh = by_kind(stored), by_kind(new)
    found = torn_tables(stored) + torn_tables(new)
    for kind in sorted(old.keys() | fresh.keys()):
        before, after = old.get(kind, []), fresh.get(kind, [])
        if len(before) != len(after):
            found.append(f"{kind}: {len(before)} stored, {len(after)} now")
            continue
        for place, (a, b) in enumerate(zip(before, after, strict=True)):
            if kind == SVG:
                found += figure_differences(a, b, compare)
            elif kind == CLAIM_MIME:
                found += claim_differences(a, b)
            elif a != b:
                found += text_differences(kind, a, b, compare, names[place] if kind == GLUED else None)
    return found


# Figures


def figure_differences(stored: str, new: str, compare: dict[str, Any] | None) -> list[str]:
    """Demand the same elements in their places, and their words as of any text."""
    if (before := words(stored)) != (after := words(new)):
        found = text_differences("figure", before, after, compare, None)
        if found and NUMBER.sub("#", before) != NUMBER.sub("#", after):
            return found  # other words, so other elements too
    else:
        found = []
    moves, image = (None if compare is None else TIMES * compare.get(name, 0.0) for name in ("moves", "image"))
    return found + svg_differences(stored, new, moves, image)


# Texts


def torn_tables(outputs: list[dict[str, Any]]) -> list[str]:
    """Return the tables whose plain text is another one."""
    shown = [output["data"] for output in outputs if output.get("data", {}).get("text/html", "").startswith(TABLE)]
    return [
        f"text/plain is not the table beside it:\n{data.get('text/plain')}"
        for data in shown
        if data.get("text/plain") != as_text(table_cells(data["text/html"]))
    ]


def is_exact(number: Number, compare: dict[str, Any]) -> bool:
    """Tell whether a number of a close cell may not differ at all."""
    return number.unit is None or not {number.unit, number.row}.isdisjoint(compare.get("exact", ()))


def within(apart: float, allowed: float) -> bool:
    """Compare two differences of decimal fractions, which binary ones miss by a hair."""
    return apart <= allowed * (1 + 1e-6)


def text_differences(kind: str, stored: str, new: str, compare: dict[str, Any] | None, glued: str | None) -> list[str]:
    """Demand equal words, and numbers as near as their unit allows."""
    words = [re.sub(r"[ \t]+", " ", NUMBER.sub("#", text)) for text in (stored, new)]
    if compare is None or words[0] != words[1]:
        return [f"{kind}: text differs:\n  stored {stored!r}\n  now    {new!r}"]
    found = []
    for a, b in zip(numbers(stored, glued), numbers(new, glued), strict=True):
        seen = compare.get("seen", {}).get(a.unit, 0.0)
        allowed = 0.0 if is_exact(a, compare) else max(TIMES * seen * abs(value(a)), last_place(a))
        if a.text != b.text and not within(abs(value(a) - value(b)), allowed):
            found.append(f"{kind}: {a.unit or 'label'}: {a.text} stored, {b.text} now, may differ by {allowed:.2g}")
    return found


def seen_apart(one: list[dict[str, Any]], other: list[dict[str, Any]], compare: dict[str, Any]) -> dict[str, float]:
    """Return the largest relative difference of each unit.

    Both runs print the same words, which `differences` demands.  One unit in the last printed place is
    rounding where the place is coarse, and tells of no difference.
    """
    seen: dict[str, float] = defaultdict(float)
    for ours, theirs in zip(texts(one), texts(other), strict=False):
        for a, b in zip(numbers(*ours), numbers(*theirs), strict=False):
            apart = abs(value(a) - value(b))
            relative = apart / abs(value(a)) if value(a) else 1.0
            if apart and not is_exact(a, compare) and (TIMES * relative <= STABLE or not within(apart, last_place(a))):
                seen[a.unit] = max(seen[a.unit], relative)
    return dict(seen)


# Claims


def claim_differences(stored: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Demand the same sentence, and value, baseline and bar as near as their ranges allow."""
    found = [
        f"claim {stored['id']}: {key} differs: {stored.get(key)!r} stored, {new.get(key)!r} now"
        for key in ("id", "sentence", "comparison")
        if stored.get(key) != new.get(key)
    ]
    for key in ("value", "baseline", "bar"):
        seen = stored.get("range", {}).get(key)
        # A bar is mostly written down; what is measured anew, and near nothing, is not a bar.
        floor = 0.0 if key == "bar" else ABSOLUTE
        if not near(new.get(key), stored.get(key), seen, floor, logarithms=is_magnitude(stored, key)):
            found.append(f"claim {stored['id']}: {key}: {stored.get(key)!r} stored, {new.get(key)!r} now, range {seen}")
    return found


def near(new: Any, stored: Any, seen: list[Any] | None, floor: float, *, logarithms: bool = False) -> bool:
    """Tell whether a new value is no further from the range seen than three times its width."""
    if isinstance(stored, list):
        ranges = list(map(list, zip(*seen, strict=True))) if seen else [None] * len(stored)
        same_kind = isinstance(new, list) and len(new) == len(stored)
        return same_kind and all(near(*three, floor) for three in zip(new, stored, ranges, strict=True))
    numeric = all(isinstance(side, int | float) for side in (new, stored))
    if not numeric or (isinstance(stored, int) and seen is None):
        return new == stored
    low, high = seen or (stored, stored)
    beyond = max(low - new, new - high)
    if beyond <= max(TIMES * (high - low), RELATIVE * max(abs(low), abs(high)), floor):
        return True
    return logarithms and new > 0 and math.log(max(low / new, new / high)) <= TIMES * math.log(high / low)


def is_magnitude(record: dict[str, Any], key: str = "value") -> bool:
    """Tell whether a measured number stays at least ten times away from the bar: its logarithm counts."""
    sides = [span(record, side) for side in (key, "bar")]
    if key == "bar" or None in sides or min(low for low, _ in sides) <= 0:
        return False
    (low, high), (bar_low, bar_high) = sides
    return high * 10 <= bar_low or low >= 10 * bar_high


def span(record: dict[str, Any], key: str) -> tuple[float, float] | None:
    """Return the lowest and the highest that was seen of a claim's number; None if it is none."""
    stored = record.get(key)
    if not isinstance(stored, int | float):
        return None
    low, high = record.get("range", {}).get(key, (stored, stored))
    return low, high
