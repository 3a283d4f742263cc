"""Drawings of gates: one alone, the cells of LSTM and GRU, the way back, and gates at work over a sequence.

A gate has one colour in every drawing.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from rnn_utils.cells.checks import Array
from rnn_utils.drawing import BACK, COLOURS, FAINT, GATES, INK, STATE, WORD, arrow, box, canvas, tint

PART_COLOURS = {**GATES, "g": COLOURS["grey"], "z": COLOURS["orange"], "n": COLOURS["grey"], "r": COLOURS["green"]}
TOP, BOXES, FROM_H, FROM_X = 9.1, 4.0, 2.3, 1.0  # heights: what is carried on, the boxes, what they read
OUT = 11.45  # where the output turns down to the next step
LSTM_PARTS = {"f": (2.7, r"$\sigma$"), "i": (5.0, r"$\sigma$"), "g": (7.4, r"$\tanh$"), "o": (9.9, r"$\sigma$")}
NAMES = {
    "f": "forget", "i": "input", "g": "candidate", "o": "output", "z": "update", "r": "reset", "n": "candidate",
}  # fmt: skip


def draw_gate(values: Sequence[float]) -> Axes:
    """Draw one signal passing gates that are open by values from 0 to 1, like lamps on a dimmer."""
    rows = len(values)
    ax = canvas(width=12.0, height=2.0 * rows + 1.1, inches=(6.4, 0.95 * rows + 0.75))
    top = 2.0 * rows + 0.6
    for x, word, colour in ((2.3, "signal", INK), (6.0, "gate", BACK), (9.7, "what passes", STATE)):
        ax.text(x, top, word, size=WORD, color=colour, ha="center", va="center")
    for row, value in enumerate(values):
        y = 2.0 * (rows - row) - 1.0
        ax.add_patch(Rectangle((0.4, y - 0.6), 5.6, 1.2, facecolor=tint(INK, 0.35), linewidth=0))
        ax.add_patch(Rectangle((6.0, y - 0.6 * value), 5.6, 1.2 * value, facecolor=tint(STATE, 0.75), linewidth=0))
        ax.add_patch(Circle((6.0, y), 0.88, facecolor="white", edgecolor=BACK, linewidth=2.5))
        ax.text(6.0, y, f"{value:.2f}", size=WORD - 1, color=BACK, ha="center", va="center")
    return ax


def draw_lstm_cell() -> Axes:
    """Draw one step of an LSTM: the memory runs along the top, and the output comes back into the next step."""
    ax = canvas(width=13.2, height=10.2, inches=(6.4, 4.95))
    _lstm(ax, PART_COLOURS, INK)
    for name, (x, text) in LSTM_PARTS.items():
        box(ax, x, BOXES, text, PART_COLOURS[name], width=1.8 if name == "g" else 1.5)
    ax.text(10.1, 8.05, r"$\tanh$", size=16, ha="left", va="center")
    for x, y, name, side in (
        (2.95, 7.6, "f", "left"),
        (4.9, 5.72, "i", "right"),
        (7.5, 5.72, "g", "left"),
        (10.15, 5.72, "o", "left"),
    ):
        _named(ax, x, y, name, side)
    return ax


def draw_lstm_backward() -> Axes:
    """Draw the way back through one step of an LSTM, with the factor that the error meets on each path."""
    ax = canvas(width=13.2, height=10.2, inches=(6.4, 4.95))
    _lstm(ax, dict.fromkeys(PART_COLOURS, FAINT), FAINT)
    for start, end in (
        *(((12.1, TOP), (6.85, TOP)), ((5.55, TOP), (3.35, TOP)), ((2.05, TOP), (1.05, TOP))),
        *(((2.7, 8.55), (2.7, 4.65)), ((6.2, 8.55), (6.2, 7.05)), ((5.85, 5.85), (5.15, 4.65))),
        *(((6.55, 5.85), (7.25, 4.65)), ((9.9, 7.05), (9.9, 9.1)), ((9.9, 5.75), (9.9, 4.65))),
        *(((12.1, 6.4), (10.55, 6.4)), ((OUT, FROM_H), (OUT, 6.3)), ((9.9, FROM_H), (1.05, FROM_H))),
        *(((x, 3.35), (x, FROM_H + 0.05)) for x, _ in LSTM_PARTS.values()),
    ):
        arrow(ax, start, end, BACK, width=2.5)
    ax.plot([OUT, 12.1], [FROM_H, FROM_H], color=BACK, linewidth=2.5)
    for name, (x, _) in LSTM_PARTS.items():
        slope = "$1 - g^2$" if name == "g" else f"${name}\\,(1 - {name})$"
        box(ax, x, BOXES, slope, COLOURS["grey"], width=2.0, size=14)
    for x, y, factor, side in (
        (4.45, 9.62, r"$\odot\, f$", "center"),
        (2.95, 7.0, r"$\odot\, c_{t-1}$", "left"),
        (5.2, 5.75, r"$\odot\, g$", "right"),
        (7.2, 5.75, r"$\odot\, i$", "left"),
        (9.7, 7.75, r"$\odot\, o\,(1 - \tanh^2 c_t)$", "right"),
        (9.75, 5.15, r"$\odot\, \tanh c_t$", "right"),
        (6.2, 1.6, r"$da_t\, W_{hh}^\top$", "center"),
    ):
        ax.text(x, y, factor, size=14, color=INK, ha=side, va="center")
    for x, y, name in (
        *((0.5, TOP, "c_{t-1}"), (0.5, FROM_H, "h_{t-1}"), (12.65, TOP, "c_t")),
        *((12.65, 6.4, "h_t"), (12.65, FROM_H, "h_t")),
    ):
        ax.text(x, y, f"$d{name}$", size=16, color=BACK, ha="center", va="center")
    return ax


def draw_gru_cell() -> Axes:
    """Draw one step of a GRU: z shares out between old state and candidate, r dims the old state for the candidate."""
    ax = canvas(width=13.2, height=10.2, inches=(6.4, 4.95))
    _frame(ax)
    grey, z, r, n, dim, down = COLOURS["grey"], 3.0, 5.3, 9.6, 7.45, 1.75
    for start, end in (((1.15, TOP), (z - 0.6, TOP)), ((z + 0.6, TOP), (n - 0.6, TOP)), ((n + 0.6, TOP), (12.1, TOP))):
        arrow(ax, start, end, INK, width=3)
    ax.plot([down, down, dim], [TOP, FROM_H, FROM_H], color=INK, linewidth=3)
    ax.plot(down, TOP, "o", color=INK, markersize=7)
    ax.plot([1.05, n + 0.3], [FROM_X, FROM_X], color=grey, linewidth=3)
    for x in (z, r):
        arrow(ax, (x - 0.3, FROM_H), (x - 0.3, BOXES - 0.6), INK)
    for x in (z, r, n):
        arrow(ax, (x + 0.3, FROM_X), (x + 0.3, BOXES - 0.6), grey)
    arrow(ax, (dim, FROM_H), (dim, BOXES - 0.58), INK, width=3)
    arrow(ax, (r + 0.75, BOXES), (dim - 0.6, BOXES), PART_COLOURS["r"], width=3)
    arrow(ax, (dim + 0.6, BOXES), (n - 0.9, BOXES), INK, width=3)
    arrow(ax, (z, BOXES + 0.6), (z, TOP - 0.6), PART_COLOURS["z"], width=3)
    arrow(ax, (z, 6.7), (n - 0.6, 6.7), PART_COLOURS["z"], width=3)
    ax.plot(z, 6.7, "o", color=PART_COLOURS["z"], markersize=7)
    arrow(ax, (n, BOXES + 0.6), (n, 6.1), PART_COLOURS["n"], width=3)
    arrow(ax, (n, 7.3), (n, TOP - 0.6), INK, width=3)
    for x, text, part in ((z, r"$\sigma$", "z"), (r, r"$\sigma$", "r"), (n, r"$\tanh$", "n")):
        box(ax, x, BOXES, text, PART_COLOURS[part], width=1.8 if part == "n" else 1.5)
    for x, y, sign, part in (
        *((z, TOP, r"$\times$", "z"), (n, 6.7, r"$\times$", "z")),
        (dim, BOXES, r"$\times$", "r"),
    ):
        _sign(ax, x, y, sign, PART_COLOURS[part])
    _sign(ax, n, TOP, "$+$", INK)
    for x, name, side in ((z + 0.25, "z", "left"), (r, "r", "center"), (n + 0.25, "n", "left")):
        _named(ax, x, 5.72, name, side)
    ax.text(6.1, 7.15, "$1 - z$", size=16, color=PART_COLOURS["z"], ha="center", va="center")
    for x, y, text in ((0.55, TOP, "$h_{t-1}$"), (12.65, TOP, "$h_t$"), (0.55, FROM_X, "$x_t$")):
        ax.text(x, y, text, size=19, ha="center", va="center")
    return ax


def draw_gates(keys: Sequence[str], gates: Mapping[str, Array], answers: Array, truth: Array) -> Sequence[Axes]:
    """Draw how far each gate is open at every step of one sequence, above what the net answers."""
    steps = np.arange(1, len(keys) + 1)
    heights = [1] * len(gates) + [1.5]
    _, axes = plt.subplots(len(heights), 1, figsize=(6.4, 5.4), sharex=True, height_ratios=heights)
    for panel, (name, values) in zip(axes, gates.items(), strict=False):
        panel.bar(steps, np.ones(len(keys)), width=0.86, color="#eceff2")
        panel.bar(steps, values, width=0.86, color=PART_COLOURS[name])
        panel.set(ylim=(0, 1.02), yticks=[0, 1])
        panel.set_ylabel(f"${name}$", size=20, rotation=0, labelpad=14, va="center", color=PART_COLOURS[name])
        panel.grid(visible=False)
    last = axes[-1]
    last.axhline(0, color="#c3cad1", linewidth=1, zorder=0)
    last.plot(steps, truth, "o", markersize=13, mfc="none", mec=INK, mew=1.6, label="right")
    last.plot(steps, answers, "o", markersize=7, color=COLOURS["purple"], label="the net")
    last.set_ylabel("$y$", size=20, rotation=0, labelpad=14, va="center")
    last.set_xlabel("key pressed", size=15)
    last.set_xticks(steps, [key or "·" for key in keys], size=19)
    low, high = last.get_ylim()
    last.set_ylim(low - 0.08 * (high - low), high + 0.35 * (high - low))
    last.legend(ncols=2, loc="upper left", fontsize=14, borderaxespad=0, handletextpad=0.2)
    return list(axes)


def _lstm(ax: Axes, colours: Mapping[str, str], ink: str) -> None:
    """Draw the paths of an LSTM, each part in its colour; in faint ink without heads and names, as a ground."""
    _frame(ax)
    forward = ink == INK
    grey = COLOURS["grey"] if forward else FAINT
    for start, end, colour in (
        *(((1.15, TOP), (2.1, TOP), ink), ((3.3, TOP), (5.6, TOP), ink), ((6.8, TOP), (12.1, TOP), ink)),
        *(((2.7, BOXES + 0.6), (2.7, TOP - 0.6), colours["f"]), ((5.0, BOXES + 0.6), (5.85, 5.9), colours["i"])),
        *(((7.4, BOXES + 0.6), (6.55, 5.9), colours["g"]), ((9.9, BOXES + 0.6), (9.9, 5.8), colours["o"])),
        *(((6.2, 7.0), (6.2, TOP - 0.6), ink), ((9.9, TOP), (9.9, 7.0), ink)),
        *(((10.5, 6.4), (12.1, 6.4), ink), ((OUT, FROM_H), (12.1, FROM_H), ink)),
    ):
        _way(ax, start, end, colour, 3, head=forward)
    for x, _ in LSTM_PARTS.values():
        _way(ax, (x - 0.3, FROM_H), (x - 0.3, BOXES - 0.6), ink, 2, head=forward)
        _way(ax, (x + 0.3, FROM_X), (x + 0.3, BOXES - 0.6), grey, 2, head=forward)
    ax.plot([1.15, LSTM_PARTS["o"][0] - 0.3], [FROM_H, FROM_H], color=ink, linewidth=3, zorder=0)
    ax.plot([1.05, LSTM_PARTS["o"][0] + 0.3], [FROM_X, FROM_X], color=grey, linewidth=3, zorder=0)
    ax.plot([OUT, OUT], [6.4, FROM_H], color=ink, linewidth=3, zorder=0)
    ax.plot([9.9, OUT], [TOP, 6.4], "o", color=ink, markersize=7)
    for x, y, sign, part in ((2.7, TOP, r"$\times$", "f"), (6.2, 6.4, r"$\times$", "i"), (9.9, 6.4, r"$\times$", "o")):
        _sign(ax, x, y, sign, colours[part])
    _sign(ax, 6.2, TOP, "$+$", ink)
    for x, y, text in (
        *((0.55, TOP, "$c_{t-1}$"), (0.55, FROM_H, "$h_{t-1}$"), (12.65, TOP, "$c_t$")),
        *((12.65, 6.4, "$h_t$"), (12.65, FROM_H, "$h_t$")),
    ):
        if forward:
            ax.text(x, y, text, size=19, ha="center", va="center")
    ax.text(0.55, FROM_X, "$x_t$", size=19, color=INK if forward else COLOURS["grey"], ha="center", va="center")


def _way(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, width: float, *, head: bool
) -> None:
    """Draw a path, with or without a head."""
    if head:
        arrow(ax, start, end, colour, width=width)
    else:
        ax.plot([start[0], end[0]], [start[1], end[1]], color=colour, linewidth=width, zorder=0)


def _frame(ax: Axes) -> None:
    """Draw the edge of the cell: what leaves on the right enters the next step on the left."""
    shape = "round,pad=0,rounding_size=0.3"
    ax.add_patch(FancyBboxPatch((1.35, 0.4), 10.35, 9.6, boxstyle=shape, facecolor="none", edgecolor=FAINT))


def _named(ax: Axes, x: float, y: float, name: str, side: str) -> None:
    """Write a part's letter and, below it, its word."""
    ax.text(x, y, f"${name}$", size=18, color=PART_COLOURS[name], ha=side, va="center")
    ax.text(x, y - 0.8, NAMES[name], size=13, color=PART_COLOURS[name], ha=side, va="center")


def _sign(ax: Axes, x: float, y: float, sign: str, colour: str) -> None:
    ax.add_patch(Circle((x, y), 0.58, facecolor="white", edgecolor=colour, linewidth=2.5, zorder=3))
    ax.text(x, y, sign, size=20, color=INK, ha="center", va="center", zorder=4)
