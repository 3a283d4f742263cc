"""Drawings of networks, made by code: two kinds of net, a net unrolled in time.

Symbols follow the book's notation: ``W_xh`` reads the input, ``W_hh`` brings the state back, ``W_hy``
gives the output, ``dq`` is the gradient of the loss with respect to ``q``.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from rnn_utils.drawing import BACK, FAINT, INK, INPUT, OUTPUT, STATE, SYMBOL, WEIGHT, WORD, arrow, box, canvas, tint


def draw_feed_forward_and_recurrent() -> Axes:
    """Draw a feed-forward net beside a recurrent one; the single difference is coloured."""
    ax = canvas(width=12.4, height=7.0, inches=(6.4, 3.9))
    for x, name, symbols in ((2.6, "feed-forward", "x h y"), (8.0, "recurrent", "x_t h_t y_t")):
        ax.text(x, 6.55, name, size=WORD, weight="bold", color=INK, ha="center", va="center")
        colours, heights = (INPUT, STATE, OUTPUT), (0.75, 3.05, 5.35)
        for symbol, colour, y in zip(symbols.split(), colours, heights, strict=True):
            box(ax, x, y, f"${symbol}$", colour, width=2.5)
        for weight, y in (("W_{xh}", 1.9), ("W_{hy}", 4.2)):
            arrow(ax, (x, y - 0.55), (x, y + 0.55), INK)
            ax.text(x - 0.25, y, f"${weight}$", size=WEIGHT, color=INK, ha="right", va="center")
    _loop(ax, 9.25, 3.05)
    ax.text(11.45, 3.05, "$W_{hh}$", size=WEIGHT + 2, color=BACK, ha="center", va="center")
    return ax


def draw_unrolled(words: Sequence[str], *, backward: bool = False) -> Axes:
    """Draw one recurrent cell once per word, with the same weights at every step.

    With ``backward``, draw instead how the error travels: each step adds its share to one gradient.
    """
    ax = canvas(width=3.0 * len(words) + 1.3, height=7.4, inches=(6.4, 3.9))
    columns = [3.0 * t - 0.25 for t in range(1, len(words) + 1)]
    colour = FAINT if backward else INK
    if not backward:
        _band(ax, columns[0] - 0.95, columns[-1] + 0.95)
    _forward_arrows(ax, columns, colour, weights=not backward)
    ax.text(0.5, 3.7, "$h_0$", size=SYMBOL, color=OUTPUT if backward else STATE, ha="center", va="center")
    for t, (x, word) in enumerate(zip(columns, words, strict=True), start=1):
        box(ax, x, 3.7, f"$h_{t}$", STATE, width=1.5)
        if not backward:
            box(ax, x, 0.8, word, INPUT, width=2.3, size=WORD + 1)
    if backward:
        _backward_arrows(ax, columns)
    else:
        box(ax, columns[-1], 6.6, "$y$", OUTPUT, width=1.5)
        ax.text(columns[0] - 0.95, 5.5, "one cell, the same weights", size=WORD, color=STATE, ha="left", va="center")
    return ax


def _forward_arrows(ax: Axes, columns: list[float], colour: str, *, weights: bool) -> None:
    """Draw the way of the words: up into each cell, right from state to state, up to the output."""
    for x, before in zip(columns, [0.2, *columns[:-1]], strict=True):
        arrow(ax, (before + 0.82, 3.7), (x - 0.82, 3.7), BACK if weights else colour)
        if weights:
            arrow(ax, (x, 1.42), (x, 3.08), colour)
            middle = (before + x) / 2 if x > columns[0] else 1.2  # the first stays clear of the band
            ax.text(middle, 4.15, "$W_{hh}$", size=WEIGHT, color=BACK, ha="center", va="bottom")
            ax.text(x - 0.15, 2.25, "$W_{xh}$", size=WEIGHT, color=colour, ha="right", va="center")
    if weights:
        arrow(ax, (columns[-1], 4.32), (columns[-1], 5.98), colour)
        ax.text(columns[-1] + 0.2, 5.4, "$W_{hy}$", size=WEIGHT, color=colour, ha="left", va="center")


def _backward_arrows(ax: Axes, columns: list[float]) -> None:
    """Draw the way of the error: down into the last state, left from state to state, down into one sum."""
    last, width = columns[-1], columns[-1] - columns[0] + 1.9
    box(ax, last - 0.3, 6.6, "error", BACK, width=2.1, size=WORD + 1)
    arrow(ax, (last, 5.98), (last, 4.32), BACK, width=3)
    ax.text(last + 0.2, 5.15, f"$dh_{len(columns)}$", size=WEIGHT, color=BACK, ha="left", va="center")
    for t, (x, before) in enumerate(zip(columns[1:], columns[:-1], strict=True), start=1):
        arrow(ax, (x - 0.8, 4.05), (before + 0.8, 4.05), BACK, width=3)
        ax.text((before + x) / 2, 4.4, f"$dh_{t}$", size=WEIGHT, color=BACK, ha="center", va="bottom")
    for x in columns:
        arrow(ax, (x, 3.08), (x, 1.42), BACK, width=2)
    box(ax, (columns[0] + last) / 2, 0.8, "one gradient: the sum of all steps", BACK, width=width, size=WORD)
    ax.text((columns[0] + columns[-2]) / 2, 6.3, "back through time", size=WORD, color=BACK, ha="center", va="center")


def _band(ax: Axes, left: float, right: float) -> None:
    """Lay a pale band behind the cells, since they are one."""
    style = "round,pad=0,rounding_size=0.5"
    ax.add_patch(
        FancyBboxPatch((left, 2.75), right - left, 2.25, boxstyle=style, facecolor=tint(STATE, 0.07), linewidth=0)
    )


def _loop(ax: Axes, x: float, y: float) -> None:
    """Draw the arrow by which a state comes back to the box whose right edge is at (x, y)."""
    points = [(x, y + 0.35), (x + 2.0, y + 1.5), (x + 2.0, y - 1.5), (x, y - 0.35)]
    curve = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    ax.add_patch(FancyArrowPatch(path=curve, arrowstyle="-|>", mutation_scale=18, color=BACK, linewidth=3))
