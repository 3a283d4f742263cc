"""Parts of every drawing: boxes, arrows, and one colour for each kind of thing."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from rnn_utils.style import COLOURS

# One colour for each kind of thing, the same in every drawing.
INPUT, STATE, OUTPUT, BACK = COLOURS["green"], COLOURS["blue"], COLOURS["grey"], COLOURS["orange"]
INK, FAINT = COLOURS["black"], "#c3cad1"
SYMBOL, WORD, WEIGHT = 19, 15, 15  # points: still legible when a phone shows the figure 360 px wide


def canvas(*, width: float, height: float, inches: tuple[float, float]) -> Axes:
    """Make a figure for a drawing, in its own units, without frame or ticks; return its axes."""
    _, ax = plt.subplots(figsize=inches)
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")
    return ax


def box(ax: Axes, x: float, y: float, text: str, colour: str, *, width: float, size: float = SYMBOL) -> None:
    """Draw a rounded box of height 1.2 around the centre (x, y), with its text."""
    style = "round,pad=0,rounding_size=0.3"
    corner = (x - width / 2, y - 0.6)
    ax.add_patch(
        FancyBboxPatch(corner, width, 1.2, boxstyle=style, facecolor=tint(colour, 0.16), edgecolor=colour, linewidth=2)
    )
    ax.text(x, y - 0.03, text, size=size, color=INK, ha="center", va="center")


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, *, width: float = 2) -> None:
    """Draw an arrow whose head touches the end."""
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=15 + width, color=colour, linewidth=width, shrinkA=0, shrinkB=0
        )
    )


def tint(colour: str, strength: float) -> tuple[float, float, float]:
    """Mix a colour with white: strength 1 keeps it, 0 is white."""
    return tuple(1 - strength * (1 - part) for part in to_rgb(colour))
