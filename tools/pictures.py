"""Compare two pictures: as a whole, and colour by colour, so that no curve is lost."""

import base64
import io

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from rnn_utils.drawing import COLOURS

# Root of the mean squared difference of two grey pictures (0 black, 1 white): text that moves by one pixel
# gives about 0.005, a curve that is missing 0.02, but one that moved a little just as much, up to 0.08.
SAME_PICTURE, CLOSE_PICTURE, MOVED_PICTURE = 0.01, 0.03, 0.1
# So a close picture must keep its colours too.  Runs differ by a twentieth of a curve's pixels, and by
# three times in a map whose shades pass through a colour.
MANY_PIXELS, SAME_COLOUR, FEWER = 150, 40, 4


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


def picture_differences(stored: str, new: str, moves: float | None) -> list[str]:
    """Demand the same size, nearly the same picture, and no colour lost or come.

    ``moves`` says how far a trained curve may (see `picture_apart`); None where nothing is trained.
    """
    if stored == new:
        return []
    a, b = opened(stored), opened(new)
    # A tick label with one more digit moves the edge of a trained curve's figure.
    slack = 0 if moves is None else 0.04
    if any(abs(x - y) > slack * max(x, y) for x, y in zip(a.size, b.size, strict=True)):
        return [f"picture: {a.size[0]}×{a.size[1]} stored, {b.size[0]}×{b.size[1]} now"]
    limit = SAME_PICTURE if moves is None else min(max(CLOSE_PICTURE, moves), MOVED_PICTURE)
    apart = picture_apart(stored, new)
    found = [f"picture: differs by {apart:.3f}, allowed {limit:.3f}"] if apart > limit else []
    before, after = colours(stored), colours(new)
    for name in before:
        few, many = sorted((before[name], after[name]))
        if many >= MANY_PIXELS and few * FEWER < many:
            found.append(f"picture: {name} covered {before[name]} pixels, now {after[name]}")
    return found
