"""Compare a chapter's stored outputs with new ones, number by number, and say how far two runs lie apart.

A cell is exact, free or close.  A close cell's metadata says what may differ::

    compare: {reason, seen: {unit: relative difference}, exact: [unit or row], image: difference}

A unit is what a person would name: the column of a table, a glued value, the words of a printed line.
``seen`` and ``image`` are the largest differences among the runs that `make run` made, with several
instruction sets and numbers of threads; ``exact`` is the author's: what no processor changes.
"""

import base64
import html
import io
import math
import re
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from rnn_utils.drawing import COLOURS
from rnn_utils.page import CLAIM_MIME, GLUE_PREFIX, TABLE, as_text

NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
PICTURES = ("image/png", "image/jpeg")
GLUED = GLUE_PREFIX + "text/plain"
TIMES = 3  # a processor that nobody tried may differ this many times as much as those that were
STABLE = 0.1  # and a printed number that may differ by more than that says nothing
# What a measured value of a claim may differ by though no run moved it: float32 rounds its sums.
RELATIVE, ABSOLUTE = 1e-3, 1e-6
# Root of the mean squared difference of two grey pictures (0 black, 1 white): text that moves by one pixel
# gives about 0.005, a curve that is missing 0.02, but one that moved a little just as much, up to 0.08.
SAME_PICTURE, CLOSE_PICTURE, MOVED_PICTURE = 0.01, 0.03, 0.1
# So a close picture must keep its colours too.  Runs differ by a twentieth of a curve's pixels, and by
# three times in a map whose shades pass through a colour.
MANY_PIXELS, SAME_COLOUR, FEWER = 150, 40, 4


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
            if kind in PICTURES:
                found += picture_differences(a, b, compare)
            elif kind == CLAIM_MIME:
                found += claim_differences(a, b)
            elif a != b:
                found += text_differences(kind, a, b, compare, names[place] if kind == GLUED else None)
    return found


# Texts


def glued_names(outputs: list[dict[str, Any]]) -> list[str]:
    """Return the names of the glued values, in order."""
    return [output["metadata"]["scrapbook"]["name"] for output in outputs if GLUED in output.get("data", {})]


def table_cells(text: str) -> list[list[str]]:
    """Return the cells of a table's HTML, row by row, the header first."""
    rows = re.findall(r"<tr>(.*?)</tr>", text)
    return [[html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def torn_tables(outputs: list[dict[str, Any]]) -> list[str]:
    """Return the tables whose plain text is another one."""
    shown = [output["data"] for output in outputs if output.get("data", {}).get("text/html", "").startswith(TABLE)]
    return [
        f"text/plain is not the table beside it:\n{data.get('text/plain')}"
        for data in shown
        if data.get("text/plain") != as_text(table_cells(data["text/html"]))
    ]


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
        (text, names[place] if kind == GLUED else None)
        for kind in sorted(kinds.keys() - {*PICTURES, CLAIM_MIME})
        for place, text in enumerate(kinds[kind])
    ]


def value(number: Number) -> float:
    """Return a printed number as one to reckon with."""
    return float(number.text.replace("−", "-"))


def last_place(number: Number) -> float:
    """Return one unit in the last printed place behind a point: a number in between is printed as either neighbour."""
    digits, _, power = number.text.lower().partition("e")
    return 10.0 ** (int(power or 0) - len(digits.partition(".")[2])) if "." in digits else 0.0


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


# Pictures


def opened(data: str) -> Image.Image:
    """Return a stored picture."""
    return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")


def picture_apart(stored: str, new: str) -> float:
    """Return the root of the mean squared difference of two pictures in grey."""
    a, b = opened(stored).convert("L"), opened(new).convert("L")
    one, other = (np.asarray(picture.resize(a.size), dtype=float) / 255 for picture in (a, b))
    return float(np.sqrt(np.mean((one - other) ** 2)))


def colours(data: str) -> dict[str, int]:
    """Return how many pixels each colour of the house covers."""
    codes, pixels = np.unique(np.asarray(opened(data)).astype(int) @ (1 << 16, 1 << 8, 1), return_counts=True)
    shades = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    return {
        name: int(pixels[np.linalg.norm(shades - 255 * np.array(to_rgb(code)), axis=1) < SAME_COLOUR].sum())
        for name, code in COLOURS.items()
        if name not in ("grey", "black")  # text
    }


def picture_differences(stored: str, new: str, compare: dict[str, Any] | None) -> list[str]:
    """Demand the same size, nearly the same picture, and no colour lost or come."""
    if stored == new:
        return []
    a, b = opened(stored), opened(new)
    # A tick label with one more digit moves the edge of a trained curve's figure.
    slack = 0 if compare is None else 0.04
    if any(abs(x - y) > slack * max(x, y) for x, y in zip(a.size, b.size, strict=True)):
        return [f"picture: {a.size[0]}×{a.size[1]} stored, {b.size[0]}×{b.size[1]} now"]
    limit = SAME_PICTURE
    if compare is not None:
        limit = min(max(CLOSE_PICTURE, TIMES * compare.get("image", 0.0)), MOVED_PICTURE)
    apart = picture_apart(stored, new)
    found = [f"picture: differs by {apart:.3f}, allowed {limit:.3f}"] if apart > limit else []
    before, after = colours(stored), colours(new)
    for name in before:
        few, many = sorted((before[name], after[name]))
        if many >= MANY_PIXELS and few * FEWER < many:
            found.append(f"picture: {name} covered {before[name]} pixels, now {after[name]}")
    return found
