"""Compare a chapter's stored outputs with new ones: exactly, within a tolerance, or by picture."""

import base64
import io
import json
import math
import re
from collections import defaultdict
from typing import Any

import numpy as np
from PIL import Image

from rnn_utils.page import CLAIM_MIME

NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
PICTURES = ("image/png", "image/jpeg")
# Root of the mean squared difference of two grey pictures (0 black, 1 white): text that moves by
# one pixel gives about 0.005, a curve that is missing 0.02 and more.
SAME_PICTURE, CLOSE_PICTURE = 0.01, 0.03


def by_kind(outputs: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return what the outputs hold by MIME type or stream name, in order; streams are joined."""
    kinds: dict[str, list[Any]] = defaultdict(list)
    for output in outputs:
        if output["output_type"] == "stream":
            name = output["name"]
            kinds[name] = ["".join([*kinds[name], output["text"]])]
        for mime, data in output.get("data", {}).items():
            kinds[mime].append(data)
    return dict(kinds)


def differences(stored: list[dict[str, Any]], new: list[dict[str, Any]], tolerance: dict[str, Any] | None) -> list[str]:
    """Return what differs, in words; nothing means equal.

    Parameters
    ----------
    stored, new : outputs of one cell
    tolerance : dict or None
        ``rtol``, ``atol`` and optionally ``image`` of a close cell.  None for an exact cell, whose texts
        nbval compares itself: only pictures and claims remain.
    """
    old, fresh = by_kind(stored), by_kind(new)
    found = []
    for kind in sorted(old.keys() | fresh.keys()):
        before, after = old.get(kind, []), fresh.get(kind, [])
        if len(before) != len(after):
            found.append(f"{kind}: {len(before)} stored, {len(after)} now")
            continue
        for a, b in zip(before, after, strict=True):
            if kind in PICTURES:
                found += picture_differences(a, b, tolerance)
            elif kind == CLAIM_MIME:
                found += claim_differences(a, b)
            elif tolerance is not None:
                found += text_differences(kind, a, b, tolerance)
    return found


def text_differences(kind: str, stored: Any, new: Any, tolerance: dict[str, Any]) -> list[str]:
    """Demand equal text outside the numbers, and numbers within the tolerance."""
    texts = [value if isinstance(value, str) else json.dumps(value, sort_keys=True) for value in (stored, new)]
    words = [re.sub(r"[ \t]+", " ", NUMBER.sub("#", text)) for text in texts]
    if words[0] != words[1]:
        return [f"{kind}: text differs outside the numbers:\n  stored {texts[0]!r}\n  now    {texts[1]!r}"]
    pairs = zip(*([float(number.replace("−", "-")) for number in NUMBER.findall(text)] for text in texts), strict=True)
    rtol, atol = tolerance.get("rtol", 0.0), tolerance.get("atol", 0.0)
    return [
        f"{kind}: {a} stored, {b} now: further apart than rtol {rtol}, atol {atol}"
        for a, b in pairs
        if not math.isclose(a, b, rel_tol=rtol, abs_tol=atol)
    ]


def claim_differences(stored: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Demand the same claims; measured values, bars among them, may differ: the claim itself judges them."""
    fixed = ["id", "sentence", "comparison"]
    if not isinstance(stored.get("bar"), float):
        fixed.append("bar")
    return [f"claim {stored['id']}: {key} differs" for key in fixed if stored.get(key) != new.get(key)]


def picture_differences(stored: str, new: str, tolerance: dict[str, Any] | None) -> list[str]:
    """Demand the same size and nearly the same picture."""
    a, b = (Image.open(io.BytesIO(base64.b64decode(data))).convert("L") for data in (stored, new))
    limit = SAME_PICTURE if tolerance is None else tolerance.get("image", CLOSE_PICTURE)
    # A tick label with one more digit moves the edge of a trained curve's figure.
    slack = 0 if tolerance is None else 0.04
    if any(abs(x - y) > slack * max(x, y) for x, y in zip(a.size, b.size, strict=True)):
        return [f"picture: {a.size[0]}×{a.size[1]} stored, {b.size[0]}×{b.size[1]} now"]
    pixels = [np.asarray(picture.resize(a.size), dtype=float) / 255 for picture in (a, b)]
    apart = float(np.sqrt(np.mean((pixels[0] - pixels[1]) ** 2)))
    return [f"picture: differs by {apart:.3f}, allowed {limit}"] if apart > limit else []
