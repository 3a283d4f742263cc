"""Drawings of the traps: what a state has read, where padding begins, and what clipping does to a gradient.

Every function takes ``ax=None`` and returns the axes; none calls ``show``.  What
goes wrong is orange and what is right is blue.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle
from numpy.typing import ArrayLike, NDArray

from rnn_utils.errors import SettingError
from rnn_utils.shapes import BACK, FAINT, INK, INPUT, WORD, arrow, box, canvas, tint
from rnn_utils.style import COLOURS

WRONG, RIGHT = COLOURS["orange"], COLOURS["blue"]


def draw_both_ways(steps: int = 5, ax: Axes | None = None) -> Axes:
    """Draw a layer that reads both ways; each box says how many steps its state has read.

    Parameters
    ----------
    steps : int
        Length of the sequence.
    ax : Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    Axes
        Without frame or ticks.  The two boxes of the last index stand in an orange frame, the two
        boxes that have read everything are filled.

    Examples
    --------
    >>> [text.get_text() for text in draw_both_ways(7).texts].count("7")  # one for each way
    2
    """
    if steps < 2:
        raise SettingError(f"draw_both_ways: steps is {steps}; expected at least 2, or both ways are one.")
    width = 3.4 + 2.3 * steps
    ax = canvas(ax, width=width, height=8.6, inches=(6.4, 6.4 * 8.6 / width))
    columns = [4.0 + 2.3 * step for step in range(steps)]
    ax.add_patch(Rectangle((columns[-1] - 1.1, 2.15), 2.2, 4.7, fill=False, edgecolor=WRONG, linewidth=4))
    ax.text(columns[-1] + 1.1, 7.35, "last index", size=WORD, color=WRONG, ha="right", va="center")
    for step, x in enumerate(columns, start=1):
        box(ax, x, 0.7, f"$x_{step}$", INPUT, width=1.5)
    for y, way, read in ((3.2, "forward", range(1, steps + 1)), (5.7, "backward", range(steps, 0, -1))):
        ax.text(0.1, y, f"{way}\nhas read", size=WORD, color=INK, ha="left", va="center")
        for x, count in zip(columns, read, strict=True):
            box(ax, x, y, str(count), RIGHT, width=1.5)
            if count == steps:
                ax.add_patch(Rectangle((x - 0.72, y - 0.57), 1.44, 1.14, color=RIGHT, alpha=0.4, linewidth=0))
        for left, right in zip(columns, columns[1:], strict=False):  # noqa: RUF007
            ends = ((left + 0.77, y), (right - 0.77, y))
            arrow(ax, *(ends if way == "forward" else ends[::-1]), INK)
    for x in columns:
        arrow(ax, (x, 1.32), (x, 2.56), FAINT)
    return ax


def draw_padding(states: ArrayLike, length: int, ax: Axes | None = None) -> Axes:
    """Draw the state of a sequence over its steps and over the padding behind its end.

    Parameters
    ----------
    states : array, shape (T, H)
        The hidden state after every step, padding included.
    length : int
        Steps before the padding.
    ax : Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    Axes
        One line for each unit; the padding is shaded.

    Raises
    ------
    SettingError
        If the length does not leave any padding, or is below 1.

    Examples
    --------
    >>> len(draw_padding(np.zeros((6, 2)), length=2).lines)  # two units, and the end of the sequence
    3
    """
    states = np.asarray(states, dtype=float)
    steps = len(states)
    if not 1 <= length < steps:
        raise SettingError(f"draw_padding: length is {length}; expected 1 to {steps - 1}, fewer than the steps drawn.")
    ax = plt.subplots()[1] if ax is None else ax
    ax.axvspan(length, steps + 0.4, color=tint(BACK, 0.14), linewidth=0)
    for unit, colour in zip(states.T, ("blue", "green", "purple", "sky", "amber", "grey"), strict=False):
        ax.plot(np.arange(1, steps + 1), unit, "o-", color=COLOURS[colour], markersize=6)
    ax.axvline(length, color=WRONG, linewidth=3)
    low, high = ax.get_ylim()
    ax.set(xlim=(0.6, steps + 0.4), ylim=(low, high + 0.22 * (high - low)), xticks=range(1, steps + 1))
    ax.text(length + 0.2, high + 0.1 * (high - low), "padding", size=WORD, color=WRONG, va="center")
    ax.set_xlabel("time step $t$", size=15)
    ax.set_ylabel("$h_t$", size=17)
    return ax


def clip_each(gradient: Sequence[float], limit: float) -> NDArray[np.float64]:
    """Shorten every entry alone to the limit, as the trap does.

    Examples
    --------
    >>> clip_each((4.0, 0.5), limit=1.0)
    array([1. , 0.5])
    """
    return np.clip(np.asarray(gradient, dtype=float), -limit, limit)


def draw_clipping(gradient: Sequence[float] = (3.2, 1.1), limit: float = 1.0, ax: Axes | None = None) -> Axes:
    """Draw a gradient of two parameters, shortened as a whole and each parameter alone.

    Parameters
    ----------
    gradient : two floats
        One entry for each parameter.
    limit : float
        The longest norm allowed.
    ax : Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    Axes
        The circle holds all gradients within the limit.

    Raises
    ------
    SettingError
        If the gradient is within the limit, so that there is nothing to see.

    Examples
    --------
    >>> len(draw_clipping().patches)  # a circle and three arrows
    4
    """
    whole = np.asarray(gradient, dtype=float)
    norm = float(np.linalg.norm(whole))
    if norm <= limit:
        raise SettingError(f"draw_clipping: the norm is {norm:g}; expected one above the limit, {limit:g}.")
    ax = plt.subplots(figsize=(6.4, 3.9))[1] if ax is None else ax
    ax.add_patch(Circle((0, 0), limit, facecolor=tint(RIGHT, 0.1), edgecolor=FAINT, linewidth=2))
    together, alone = whole * limit / norm, clip_each(whole, limit)
    for end, colour, width in ((whole, COLOURS["grey"], 3), (alone, WRONG, 4), (together, RIGHT, 4)):
        arrow(ax, (0, 0), tuple(end), colour, width=width)
    ax.text(whole[0] - 0.1, whole[1] + 0.16, "gradient", size=WORD, color=COLOURS["grey"], ha="right")
    ax.text(alone[0], alone[1] + 0.12, "each alone", size=WORD, color=WRONG, ha="left")
    ax.text(together[0] + 0.12, together[1] - 0.26, "together", size=WORD, color=RIGHT, ha="left")
    ax.set(xlim=(-1.25, 3.6), ylim=(-1.2, 1.75), aspect="equal", xticks=[-1, 0, 1, 2, 3], yticks=[-1, 0, 1])
    ax.set_xlabel("first parameter", size=14)
    ax.set_ylabel("second parameter", size=14)
    return ax
