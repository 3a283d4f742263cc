"""Compare two SVG figures: the same elements in the same style and order, each near where it was."""

import itertools
import re
import xml.etree.ElementTree as ET
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tools.pictures import picture_apart, picture_differences

SVG = "image/svg+xml"
PIXEL = 0.75  # points
SAME = 1.0  # pixels: what nothing was trained for is drawn where it was
CLOSE, FAR = 4.0, 80.0  # what was trained may move a little on any processor, and stays in its part of the figure
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
PLACES = ("x", "y", "width", "height", "transform", "viewBox", "cx", "cy", "r")
PNG = "data:image/png;base64,"


class Shape(NamedTuple):
    """One element: what it is, and where."""

    kind: str  # its tag, style and references: the same in both figures
    points: np.ndarray  # of a path, shape (points, 2); empty for other elements
    numbers: tuple[float, ...]  # of the attributes that place it
    image: str  # base64 of an embedded picture


def shapes(svg: str) -> list[Shape]:
    """Return a figure's elements in order."""
    elements = list(ET.fromstring(svg).iter())
    order = {element.get("id"): str(place) for place, element in enumerate(elements)}
    found = [shape(element.tag, *element.attrib.items()) for element in elements]
    # Names, which are hashes of places, are told by what they refer to.
    kinds = [re.sub(r"#([\w-]{8,})", lambda name: f"#{order.get(name[1], name[1])}", one.kind) for one in found]
    return [one._replace(kind=kind) for one, kind in zip(found, kinds, strict=True)]


@lru_cache(maxsize=10_000)  # two figures that are compared have most elements in common
def shape(tag: str, *attribute: tuple[str, str]) -> Shape:
    """Return one element, its references as they stand."""
    attributes = {name.rpartition("}")[2]: value for name, value in attribute}
    path, href = attributes.pop("d", ""), attributes.pop("href", "")
    placed = [attributes.pop(name) for name in PLACES if name in attributes]
    attributes.pop("id", None)
    image = href.removeprefix(PNG).replace("\n", "") if href.startswith(PNG) else ""
    words = [*attributes.values(), *([] if image else [href]), *(NUMBER.sub("#", text) for text in placed)]
    numbers = tuple(float(number) for text in placed for number in NUMBER.findall(text))
    points = np.array([float(number) for number in NUMBER.findall(path)]).reshape(-1, 2)
    return Shape(" ".join([tag.rpartition("}")[2], *words]), points, numbers, image)


def words(svg: str) -> str:
    """Return a figure's texts, one a line."""
    texts = ("".join(element.itertext()) for element in ET.fromstring(svg).iter() if element.tag.endswith("text"))
    return "\n".join(" ".join(text.split()) for text in texts)


def apart(one: Shape, other: Shape) -> float:
    """Return how far, in pixels, two elements of a kind lie apart at most."""
    moved = max((abs(a - b) for a, b in zip(one.numbers, other.numbers, strict=True)), default=0.0)
    if len(one.points) and len(other.points) and not np.array_equal(one.points, other.points):
        moved = max(moved, off(one.points, other.points), off(other.points, one.points))
    return moved / PIXEL


def off(points: np.ndarray, line: np.ndarray) -> float:
    """Return the largest distance of points, shape (n, 2), from a line of segments, shape (m, 2)."""
    starts, steps = line[:-1], np.diff(line, axis=0)
    if not len(steps):
        starts, steps = line, np.zeros_like(line)
    lengths = np.maximum((steps**2).sum(axis=1), 1e-12)
    farthest = 0.0
    for some in np.array_split(points, len(points) // 500 + 1):
        away = some[:, None] - starts
        share = np.clip((away * steps).sum(axis=2) / lengths, 0, 1)
        nearest = np.linalg.norm(away - share[..., None] * steps, axis=2).min(axis=1)
        farthest = max(farthest, float(nearest.max()))
    return farthest


def svg_apart(stored: str, new: str) -> tuple[float, float]:
    """Return how far two figures of the same elements lie apart: shapes in pixels, embedded pictures in grey."""
    pairs = list(zip(shapes(stored), shapes(new), strict=False))
    pictures = [picture_apart(a.image, b.image) for a, b in pairs if a.image and b.image]
    return max((apart(a, b) for a, b in pairs if a.kind == b.kind), default=0.0), max(pictures, default=0.0)


def svg_differences(stored: str, new: str, moves: float | None, image: float | None) -> list[str]:
    """Return what differs beside words: elements that are lost or come, and those that are elsewhere.

    Parameters
    ----------
    stored, new : SVG
    moves : float or None
        Pixels that a trained shape may move by; None where nothing is trained.
    image : float or None
        What an embedded picture may differ by (see `picture_differences`).
    """
    if stored == new:
        return []
    before, after = shapes(stored), shapes(new)
    for place, (a, b) in enumerate(itertools.zip_longest(before, after)):
        kinds = [one.kind if one else "nothing" for one in (a, b)]
        if kinds[0] != kinds[1]:
            return [f"figure: element {place} of {len(before)} is {kinds[0]!r} stored, {kinds[1]!r} now"]
    limit = SAME if moves is None else min(max(CLOSE, moves), FAR)
    found = [
        f"figure: {a.kind!r} moved by {far:.1f} px, allowed {limit:.1f}"
        for a, b in zip(before, after, strict=True)
        if (far := apart(a, b)) > limit
    ]
    for a, b in zip(before, after, strict=True):
        if a.image != b.image:
            found += picture_differences(a.image, b.image, image)
    return found
