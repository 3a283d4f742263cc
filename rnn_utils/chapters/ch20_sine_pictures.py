"""Drawings of the sine chapter: context units, what a net is fed, where a gradient stops, states as a path in a plane.

A colour of the wheel says at which place of the wave a point stands; the same colour is the same
place in every picture.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.text import Text

from rnn_utils.cells.checks import Array
from rnn_utils.drawing import (
    BACK,
    COLOURS,
    FAINT,
    INK,
    INPUT,
    OUTPUT,
    STATE,
    SYMBOL,
    WEIGHT,
    WORD,
    arrow,
    box,
    canvas,
    tint,
)

WHEEL = LinearSegmentedColormap.from_list(
    "wheel", [COLOURS[name] for name in ("blue", "green", "amber", "orange", "purple", "blue")]
)


def draw_path(path: Array, t: Array, *, ax: Axes, given: int = 0, size: float = 45) -> Axes:
    """Draw points of the plane, (T, 2), in their order, coloured by their angles; the first few, given, are hollow."""
    colours = WHEEL(t % (2 * np.pi) / (2 * np.pi))
    ax.plot(path[:, 0], path[:, 1], color=FAINT, linewidth=1, zorder=1)
    ax.scatter(path[given:, 0], path[given:, 1], s=size, color=colours[given:], linewidths=0, zorder=2)
    if given:
        ax.scatter(path[:given, 0], path[:given, 1], s=size, facecolor="white", edgecolor=INK, linewidths=1.5, zorder=3)
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.margins(0.12)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return ax


PLACES = {"top": np.pi / 2, "falling": np.pi, "bottom": 3 * np.pi / 2, "rising": 2 * np.pi}


def name_places(ax: Axes, path: Array, t: Array) -> list[Text]:
    """Write inside a loop, (T, 2), where on the wave its points stand: top, falling, bottom, rising."""
    middle, names = path.mean(axis=0), []
    for name, angle in PLACES.items():
        x, y = middle + 0.68 * (path[np.argmax(np.cos(t - angle))] - middle)
        names.append(ax.text(x, y, name, color=INK, size=WORD - 3, ha="center", va="center"))
    return names


def draw_starts(names: Sequence[str], true: Sequence[Array], runs: Sequence[Sequence[Array]]) -> Sequence[Axes]:
    """Draw waves that begin at other phases, the given points, and how two nets go on: by one phase, and by many."""
    _, axes = plt.subplots(len(names), 1, figsize=(6.4, 1.75 * len(names) + 0.9), sharex=True)
    for panel, name, truth, by_one, by_many in zip(axes, names, true, *runs, strict=True):
        first = len(truth) - len(by_one)
        panel.plot(truth, color="#b4bdc6", linewidth=5)
        panel.plot(range(first, len(truth)), by_one, "--", color=COLOURS["sky"], linewidth=2, label="one beginning")
        panel.plot(range(first, len(truth)), by_many, color=COLOURS["blue"], linewidth=1.5, label="sixteen")
        panel.plot(truth[: first - 1], "o", color=COLOURS["black"], markersize=5)
        panel.set_ylabel(name, rotation=0, ha="right", va="center", size=15)
        panel.margins(y=0.12)
    axes[0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    axes[-1].set_xlabel("step")
    return list(axes)


CONTEXT = [5.1, 7.3, 9.5]
HIDDEN = [3.5, 5.7, 7.9]


def draw_context() -> Axes:
    """Draw a net of three units: an input and the context units feed all of them, and they are copied back."""
    ax = canvas(width=13.4, height=10.6, inches=(6.4, 5.1))
    bottom, middle, top, output = 1.9, 5.7, 9.5, HIDDEN[1]
    style = "round,pad=0,rounding_size=0.5"
    for columns, y in ((CONTEXT, bottom), (HIDDEN, middle)):  # copied as a whole
        corner, width = (columns[0] - 1.1, y - 0.9), columns[-1] - columns[0] + 2.2
        ax.add_patch(FancyBboxPatch(corner, width, 1.8, boxstyle=style, facecolor=tint(STATE, 0.07), linewidth=0))
    reads = [box_of(ax, 2.0, bottom, "$x_1$", INPUT)]
    reads += [box_of(ax, x, bottom, f"$c_{unit}$", STATE) for unit, x in enumerate(CONTEXT, start=1)]
    for unit, x in enumerate(HIDDEN, start=1):
        box_of(ax, x, middle, f"$h_{unit}$", STATE)
        for place, start in enumerate(reads):
            arrow(ax, (start, bottom + 0.62), (x + 0.36 * (place - 1.5), middle - 0.62), INK, width=1.2)
        arrow(ax, (x, middle + 0.62), (output + 0.5 * (unit - 2), top - 0.62), INK, width=1.2)
    box_of(ax, output, top, "$o_1$", OUTPUT)
    right = [(HIDDEN[-1] + 1.1, middle), (13.0, middle), (13.6, bottom), (CONTEXT[-1] + 1.1, bottom)]
    curve = Path(right, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    ax.add_patch(FancyArrowPatch(path=curve, arrowstyle="-|>", mutation_scale=18, color=BACK, linewidth=3))
    for x, y, text, colour in (
        (2.0, 0.6, "input", INPUT),
        (CONTEXT[1], 0.6, "context units", STATE),
        (1.05, middle, "hidden", STATE),
        (output + 2.2, top, "output", OUTPUT),
        (11.2, middle + 1.7, "copied for", BACK),
        (11.2, middle + 0.8, "the next step", BACK),
    ):
        ax.text(x, y, text, size=WORD, color=colour, ha="center", va="center")
    ax.text(1.3, 3.8, "$W_1$", size=WEIGHT, color=INK, ha="center", va="center")
    ax.text(3.6, 7.7, "$W_2$", size=WEIGHT, color=INK, ha="center", va="center")
    return ax


def box_of(ax: Axes, x: float, y: float, text: str, colour: str) -> float:
    """Draw the box of one unit; return its place from left to right."""
    box(ax, x, y, text, colour, width=1.6)
    return x


STEPS = (1, 2, 3, 4)
COLUMNS = [2.2 + 3.1 * step for step in range(len(STEPS))]


def draw_feeding() -> Axes:
    """Draw four steps of a net twice: fed the true points, and fed its own output after the second."""
    ax = canvas(width=13.2, height=14.6, inches=(6.4, 7.1))
    rows = ((8.2, "one step: every input is true", 4), (0.7, "free run: own output comes back", 2))
    for bottom, title, true_steps in rows:
        ax.text(0.2, bottom + 5.85, title, size=WORD, weight="bold", color=INK, va="center")
        _state_arrows(ax, bottom + 2.3, INK)
        for step, x in zip(STEPS, COLUMNS, strict=True):
            own = step > true_steps
            text = rf"$\hat{{y}}_{step - 1}$" if own else f"$x_{step}$"
            box(ax, x, bottom, text, BACK if own else INPUT, width=1.6)
            box(ax, x, bottom + 2.3, f"$h_{step}$", STATE, width=1.6)
            box(ax, x, bottom + 4.6, rf"$\hat{{y}}_{step}$", BACK if true_steps <= step < 4 else OUTPUT, width=1.6)
            arrow(ax, (x, bottom + 0.6), (x, bottom + 1.68), INK)
            arrow(ax, (x, bottom + 2.9), (x, bottom + 3.98), INK)
            if own:
                arrow(ax, (x - 3.1 + 0.82, bottom + 4.2), (x - 0.7, bottom + 0.66), BACK, width=3)
    return ax


def draw_cut() -> Axes:
    """Draw how far the error of the last step travels back, with and without a cut state."""
    ax = canvas(width=13.2, height=11.4, inches=(6.4, 5.55))
    for bottom, title, cut in ((6.6, "whole", False), (0.7, "cut at every step", True)):
        y = bottom + 1.9
        ax.text(0.2, bottom + 4.1, title, size=WORD, weight="bold", color=INK, va="center")
        _state_arrows(ax, y, FAINT)
        for step, x in zip(STEPS, COLUMNS, strict=True):
            reached = not cut or step == STEPS[-1]
            box(ax, x, y, f"$h_{step}$", STATE, width=1.6)
            box(ax, x, bottom - 0.05, f"$x_{step}$", INPUT, width=1.6, size=SYMBOL - 2)
            if reached:
                arrow(ax, (x, y - 0.62), (x, bottom + 0.57), BACK, width=3)
            else:
                arrow(ax, (x, bottom + 0.57), (x, y - 0.62), FAINT)
            if step > 1 and cut:
                for side in (-0.13, 0.13):
                    ax.plot([x - 1.55 + side] * 2, [y - 0.5, y + 0.5], color=INK, linewidth=3)
            elif step > 1:
                arrow(ax, (x - 0.82, y + 0.32), (x - 3.1 + 0.82, y + 0.32), BACK, width=3)
        box(ax, COLUMNS[-1] - 0.1, bottom + 4.1, "error", BACK, width=2.3, size=WORD)
        arrow(ax, (COLUMNS[-1], bottom + 3.48), (COLUMNS[-1], y + 0.64), BACK, width=3)
    return ax


def _state_arrows(ax: Axes, y: float, colour: str) -> None:
    """Draw the state going from cell to cell, beginning as zeros."""
    ax.text(0.35, y, "$h_0$", size=SYMBOL, color=STATE, ha="center", va="center")
    arrow(ax, (0.85, y), (COLUMNS[0] - 0.82, y), colour)
    for before, x in zip(COLUMNS, COLUMNS[1:], strict=False):  # noqa: RUF007
        arrow(ax, (before + 0.82, y), (x - 0.82, y), colour)
