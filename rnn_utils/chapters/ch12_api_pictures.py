"""Drawings of the chapter on the recurrent API: the loop and its arguments, layouts, and what stands after an end."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from rnn_utils.cells.checks import Array
from rnn_utils.drawing import BACK, COLOURS, FAINT, INK, INPUT, OUTPUT, SIGNED, STATE, WORD, arrow, box, canvas, tint
from rnn_utils.errors import SettingError

SEQUENCES = ("blue", "orange", "green")  # a colour for each sequence of the batch drawn
STEPS, READ = 4, 2  # of these steps, counted from 1, the inputs of one are framed


def draw_loop() -> Axes:
    """Draw a cell used three times, with the names of what goes in and what comes out."""
    ax = canvas(width=13.4, height=7.6, inches=(6.4, 3.63))
    for t, x in enumerate((3.5, 6.5, 9.5), start=1):
        box(ax, x, 3.8, "cell", STATE, width=1.9, size=WORD)
        arrow(ax, (x, 2.05), (x, 3.15), INPUT)
        arrow(ax, (x, 4.45), (x, 5.55), OUTPUT)
        arrow(ax, (x - 1.95, 3.8), (x - 1.0, 3.8), STATE, width=3)
        ax.text(x, 1.6, f"$x_{t}$", size=19, ha="center", va="center")
        ax.text(x, 6.0, f"$h_{t}$", size=19, ha="center", va="center")
    arrow(ax, (10.5, 3.8), (11.5, 3.8), STATE, width=3)
    _words(ax, 6.5, 7.1, "outputs", OUTPUT)
    _words(ax, 6.5, 0.5, "inputs", INPUT)
    _words(ax, 0.8, 3.8, "initial\n_state", STATE)
    _words(ax, 12.4, 3.8, "states", STATE)
    return ax


def draw_depth_and_direction() -> Sequence[Axes]:
    """Draw four steps of two layers, left, and of two directions, right; what the third output has read stands out."""
    _, axes = plt.subplots(1, 2, figsize=(6.4, 3.7))
    last = STEPS - 1  # the output that is asked about, counted from 1
    for ax, name in zip(axes, ("two layers", "two directions"), strict=True):
        ax.set(xlim=(0, 9), ylim=(-0.2, 9.6), aspect="equal")
        ax.axis("off")
        ax.set_title(name, size=15)
    layers, ways = axes
    for t in range(1, STEPS + 1):
        x, read = 2.2 * t - 1.0, t <= last
        _step(layers, x, t, 0.4, INPUT if read else FAINT)
        arrow(layers, (x, 0.9), (x, 2.0), INPUT if read else FAINT)
        _cells(layers, x, 2.6, STATE if read else FAINT, forward=t < STEPS, strong=t < last)
        arrow(layers, (x, 3.2), (x, 4.6), STATE if read else FAINT)
        _cells(layers, x, 5.2, STATE if read else FAINT, forward=t < STEPS, strong=t < last)
        _output(layers, x, t, 5.8, 8.3, strong=t == last)

        _step(ways, x, t, 4.7, INPUT)
        arrow(ways, (x, 5.2), (x, 5.8), INPUT if read else FAINT)
        arrow(ways, (x, 4.2), (x, 3.6), INPUT if t >= last else FAINT)
        _cells(ways, x, 6.4, STATE if read else FAINT, forward=t < STEPS, strong=t < last)
        _cells(ways, x, 3.0, BACK if t >= last else FAINT, forward=False, strong=False)
        if t > 1:
            arrow(ways, (x - 0.6, 3.0), (x - 1.6, 3.0), BACK if t > last else FAINT, width=3)
        _output(ways, x, t, 7.0, 8.9, strong=t == last)
        _output(ways, x, t, 2.4, 0.5, strong=t == last)
    return list(axes)


def draw_layouts() -> Sequence[Axes]:
    """Draw how a batch lies in memory, batch-major above and time-major below, a colour for each sequence."""
    _, axes = plt.subplots(2, 1, figsize=(6.4, 2.6))
    batch_major = [(n, t) for n in range(len(SEQUENCES)) for t in range(1, STEPS + 1)]
    time_major = sorted(batch_major, key=lambda place: place[1])
    orders = {"batch-major, (N, T, D)": batch_major, "time-major, (T, N, D)": time_major}
    for strip, (name, order) in zip(axes, orders.items(), strict=True):
        strip.set(xlim=(0, len(order)), ylim=(0, 1.1), aspect="equal")
        strip.axis("off")
        for place, (n, t) in enumerate(order):
            _tile(strip, place, n, t, framed=t == READ)
        strip.set_title(name, size=15)
    return list(axes)


def draw_ends(states: Mapping[str, Array], lengths: Sequence[int]) -> Sequence[Axes]:
    """Draw one unit's outputs, (N, T), a panel for each title; every sequence's last real step is framed."""
    for name, values in states.items():
        if np.ndim(values) != 2 or len(values) != len(lengths):
            raise SettingError(
                f"draw_ends: {name} has shape {np.shape(values)}; expected ({len(lengths)}, T), a row for each length. "
                "Swap the axes of time-major outputs."
            )
    top = max(np.abs(values).max() for values in states.values())
    _, axes = plt.subplots(len(states), 1, figsize=(6.4, 1.85 * len(states)), sharex=True, squeeze=False)
    for panel, (name, values) in zip(axes[:, 0], states.items(), strict=True):
        panel.imshow(values, cmap=SIGNED, vmin=-1.3 * top, vmax=1.3 * top, aspect="auto")
        for n, t in np.ndindex(*np.shape(values)):
            panel.text(t, n, f"{values[n, t]:.2f}".replace("-", "−"), size=13, ha="center", va="center", color=INK)
        for n, length in enumerate(lengths):
            panel.add_patch(Rectangle((length - 1.5, n - 0.5), 1, 1, fill=False, edgecolor=INK, linewidth=3, zorder=3))
        panel.set_title(name, size=15)
        panel.set(yticks=[], xticks=range(np.shape(values)[1]))
        panel.set_xticklabels([str(t + 1) for t in range(np.shape(values)[1])], size=14)
        panel.tick_params(length=0)
        panel.grid(visible=False)
    axes[-1, 0].set_xlabel("time step $t$", size=15)
    return list(axes[:, 0])


def _step(ax: Axes, x: float, t: int, y: float, colour: str) -> None:
    ax.text(x, y, f"$x_{t}$", size=17, ha="center", va="center", color=INK if colour == INPUT else OUTPUT)


def _cells(ax: Axes, x: float, y: float, colour: str, *, forward: bool, strong: bool) -> None:
    """Draw a cell, and the arrow to the next one."""
    box(ax, x, y, "", colour, width=1.2)
    if forward:
        arrow(ax, (x + 0.6, y), (x + 1.6, y), STATE if strong else FAINT, width=3)


def _output(ax: Axes, x: float, t: int, start: float, end: float, *, strong: bool) -> None:
    """Draw the arrow to an output, up or down, and its name."""
    up = 1 if end > start else -1
    arrow(ax, (x, start), (x, end - 0.5 * up), INK if strong else FAINT, width=3 if strong else 2)
    ax.text(x, end, f"$h_{t}$", size=17, ha="center", va="center", color=INK if strong else OUTPUT)


def _tile(ax: Axes, place: int, n: int, t: int, *, framed: bool) -> None:
    colour = COLOURS[SEQUENCES[n]]
    edge, width = (INK, 3) if framed else ("white", 1)
    face = tint(colour, 0.75 if framed else 0.3)
    ax.add_patch(
        Rectangle((place + 0.06, 0.06), 0.88, 0.98, facecolor=face, edgecolor=edge, linewidth=width, zorder=2 + framed)
    )
    ax.text(place + 0.5, 0.53, str(t), size=17, ha="center", va="center", color=INK, zorder=4)


def _words(ax: Axes, x: float, y: float, words: str, colour: str) -> None:
    ax.text(x, y, words, size=WORD, color=colour, ha="center", va="center")
