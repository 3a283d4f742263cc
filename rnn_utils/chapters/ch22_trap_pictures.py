"""Drawings of the traps: what a state has read, where padding begins, and what clipping does to a gradient.

What goes wrong is orange and what is right is blue.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle

from rnn_utils.cells.checks import Array
from rnn_utils.drawing import BACK, COLOURS, FAINT, INK, INPUT, WORD, arrow, box, canvas, tint

WRONG, RIGHT = COLOURS["orange"], COLOURS["blue"]


def draw_both_ways() -> Axes:
    """Draw a layer that reads both ways; each box says how many steps its state has read."""
    steps = 5
    width = 3.4 + 2.3 * steps
    ax = canvas(width=width, height=8.6, inches=(6.4, 6.4 * 8.6 / width))
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


def draw_padding(states: Array, length: int) -> Axes:
    """Draw the state of a sequence, (T, H), over its steps and over the padding behind its end."""
    steps = len(states)
    _, ax = plt.subplots()
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


def draw_clipping() -> Axes:
    """Draw a gradient of two parameters, shortened to length 1 as a whole and each parameter alone."""
    whole = np.array([3.2, 1.1])
    together, alone = whole / np.linalg.norm(whole), np.clip(whole, -1, 1)
    _, ax = plt.subplots(figsize=(6.4, 3.9))
    ax.add_patch(Circle((0, 0), 1, facecolor=tint(RIGHT, 0.1), edgecolor=FAINT, linewidth=2))
    for end, colour, width in ((whole, COLOURS["grey"], 3), (alone, WRONG, 4), (together, RIGHT, 4)):
        arrow(ax, (0, 0), tuple(end), colour, width=width)
    ax.text(whole[0] - 0.1, whole[1] + 0.16, "gradient", size=WORD, color=COLOURS["grey"], ha="right")
    ax.text(alone[0], alone[1] + 0.12, "each alone", size=WORD, color=WRONG, ha="left")
    ax.text(together[0] + 0.12, together[1] - 0.26, "together", size=WORD, color=RIGHT, ha="left")
    ax.set(xlim=(-1.25, 3.6), ylim=(-1.2, 1.75), aspect="equal", xticks=[-1, 0, 1, 2, 3], yticks=[-1, 0, 1])
    ax.set_xlabel("first parameter", size=14)
    ax.set_ylabel("second parameter", size=14)
    return ax
