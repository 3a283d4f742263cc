"""Drawings of gates: one gate alone, the cells of LSTM and GRU, and gates at work over a sequence.

A gate has one colour in every drawing.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle

from rnn_utils.cells.checks import Array
from rnn_utils.drawing import BACK, COLOURS, GATES, INK, STATE, WORD, arrow, box, canvas, tint

PART_COLOURS = {**GATES, "g": COLOURS["grey"], "z": COLOURS["orange"], "n": COLOURS["grey"], "r": COLOURS["green"]}


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
    """Draw one step of an LSTM: the memory runs along the top, and three gates decide about it."""
    ax = canvas(width=13.2, height=9.2, inches=(6.4, 4.7))
    _parts(ax, {"f": (2.6, "forget"), "i": (5.0, "input"), "g": (7.4, "candidate"), "o": (10.2, "output")})
    _line(ax, 2.6, "c")
    arrow(ax, (5.0, 3.75), (5.9, 5.1), PART_COLOURS["i"], width=3)
    arrow(ax, (7.4, 3.75), (6.6, 5.1), PART_COLOURS["g"], width=3)
    arrow(ax, (10.2, 8.2), (10.2, 6.2), INK, width=3)
    ax.text(10.0, 7.15, r"$\tanh$", size=16, ha="right", va="center")
    arrow(ax, (10.2, 3.75), (10.2, 5.0), PART_COLOURS["o"], width=3)
    arrow(ax, (10.8, 5.6), (11.7, 5.6), INK, width=3)
    ax.text(12.3, 5.6, "$h_t$", size=19, ha="center", va="center")
    _sign(ax, 2.6, 8.2, r"$\times$", PART_COLOURS["f"])
    _sign(ax, 6.2, 5.6, r"$\times$", PART_COLOURS["i"])
    _sign(ax, 10.2, 5.6, r"$\times$", PART_COLOURS["o"])
    return ax


def draw_gru_cell() -> Axes:
    """Draw one step of a GRU: one gate both keeps and writes, the other hides the state from the candidate."""
    ax = canvas(width=13.2, height=9.2, inches=(6.4, 4.7))
    _parts(ax, {"z": (2.6, "update"), "n": (6.2, "candidate"), "r": (10.2, "reset")})
    _line(ax, 2.6, "h")
    arrow(ax, (3.0, 3.75), (5.65, 5.3), PART_COLOURS["z"], width=3)
    ax.text(4.1, 5.15, "$1 - z$", size=16, color=PART_COLOURS["z"], ha="right", va="center")
    ax.text(2.35, 6.0, "$z$", size=16, color=PART_COLOURS["z"], ha="right", va="center")
    arrow(ax, (6.2, 3.75), (6.2, 5.0), PART_COLOURS["n"], width=3)
    arrow(ax, (9.4, 3.1), (7.0, 3.1), PART_COLOURS["r"], width=3)
    ax.text(8.2, 3.6, "$r$", size=16, color=PART_COLOURS["r"], ha="center", va="center")
    _sign(ax, 2.6, 8.2, r"$\times$", PART_COLOURS["z"])
    _sign(ax, 6.2, 5.6, r"$\times$", PART_COLOURS["z"])
    return ax


def draw_gates(keys: Sequence[str], gates: Mapping[str, Array], answers: Array, truth: Array) -> Sequence[Axes]:
    """Draw how far each gate is open at every step of one sequence, above what the net answers."""
    steps = np.arange(1, len(keys) + 1)
    heights = [1] * len(gates) + [1.5]
    _, axes = plt.subplots(len(heights), 1, figsize=(6.4, 5.4), sharex=True, height_ratios=heights)
    for panel, (name, values) in zip(axes, gates.items(), strict=False):
        panel.bar(steps, np.ones(len(keys)), width=0.86, color="#eceff2")
        panel.bar(steps, values, width=0.86, color=GATES[name])
        panel.set(ylim=(0, 1.02), yticks=[0, 1])
        panel.set_ylabel(f"${name}$", size=20, rotation=0, labelpad=14, va="center", color=GATES[name])
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


def _parts(ax: Axes, parts: Mapping[str, tuple[float, str]]) -> None:
    """Draw a box for each gate and candidate, above the two things that all of them read."""
    box(ax, 6.7, 0.75, "$x_t$,   $h_{t-1}$", COLOURS["black"], width=10.2)
    for name, (x, word) in parts.items():
        colour = PART_COLOURS[name]
        arrow(ax, (x, 1.4), (x, 2.5), INK)
        box(ax, x, 3.1, f"${name}$", colour, width=1.5)
        ax.text(x + 0.2, 1.95, word, size=14, color=colour, ha="left", va="center")


def _line(ax: Axes, gate: float, name: str) -> None:
    """Draw what is carried on: multiplied by the gate at one place, added to at the next."""
    colour = PART_COLOURS["f"]
    for start, end in ((1.4, gate - 0.55), (gate + 0.6, 5.65), (6.8, 11.7)):
        arrow(ax, (start, 8.2), (end, 8.2), INK, width=3)
    ax.text(0.55, 8.2, f"${name}_{{t-1}}$", size=19, ha="center", va="center")
    ax.text(12.3, 8.2, f"${name}_t$", size=19, ha="center", va="center")
    arrow(ax, (gate, 3.75), (gate, 7.6), colour, width=3)
    arrow(ax, (6.2, 6.2), (6.2, 7.6), INK, width=3)
    _sign(ax, 6.2, 8.2, "$+$", INK)


def _sign(ax: Axes, x: float, y: float, sign: str, colour: str) -> None:
    ax.add_patch(Circle((x, y), 0.58, facecolor="white", edgecolor=colour, linewidth=2.5, zorder=3))
    ax.text(x, y, sign, size=20, color=INK, ha="center", va="center", zorder=4)
