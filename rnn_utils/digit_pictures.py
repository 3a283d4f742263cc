"""Drawings of a net that reads a digit row by row: its opinion, its state and its gates.

Time runs downwards beside the image, so that each line belongs to the row of pixels at its left.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from rnn_utils.checks import Array
from rnn_utils.gate_pictures import GATES
from rnn_utils.shapes import FAINT
from rnn_utils.style import COLOURS

APART = 0.14  # least distance of two names below the gates
SIGNED = LinearSegmentedColormap.from_list("signed", [COLOURS["orange"], "white", COLOURS["blue"]])


def draw_opinion(image: Array, probabilities: Array, truth: int) -> Sequence[Axes]:
    """Draw which digit a net believes in, (T, 10), after each row that it has read; the right one is framed."""
    T = len(image)
    _, axes = plt.subplots(1, 2, figsize=(6.4, 4.2), sharey=True, width_ratios=[1, 1.15])
    _draw_image(axes[0], image)
    edges = np.arange(11) - 0.5, np.arange(T + 1) + 0.5
    axes[1].pcolormesh(*edges, probabilities, vmin=0, vmax=1, cmap="Blues", edgecolors="white", linewidth=0.6)
    box = [truth - 0.5, truth + 0.5]
    axes[1].plot(
        [*box, *box[::-1], box[0]],
        [0.5, 0.5, T + 0.5, T + 0.5, 0.5],
        color=COLOURS["orange"],
        linewidth=2.5,
        clip_on=False,
    )
    axes[1].set_xticks(range(10))
    axes[1].set_xlabel("digit", size=15)
    axes[1].tick_params(length=0, labelsize=15)
    axes[1].grid(visible=False)
    axes[1].spines[:].set_visible(False)
    return list(axes)


def draw_inside(image: Array, states: Array, gates: Mapping[str, Array]) -> Sequence[Axes]:
    """Draw the state of a net, (T, H), and how far its gates are open, for each row that it reads."""
    T, H = len(image), states.shape[1]
    _, axes = plt.subplots(1, 3, figsize=(6.4, 4.2), sharey=True, width_ratios=[1, 1.15, 0.85])
    _draw_image(axes[0], image)
    axes[1].pcolormesh(np.arange(H + 1) + 0.5, np.arange(T + 1) + 0.5, states, vmin=-1, vmax=1, cmap=SIGNED)
    axes[1].set_xticks([])
    axes[1].set_xlabel("units of $h_t$", size=15)
    axes[1].grid(visible=False)
    axes[1].spines[:].set_visible(False)
    axes[1].tick_params(length=0)
    place = -APART
    for name, curve in sorted(gates.items(), key=lambda pair: pair[1][-1]):
        axes[2].plot(curve, np.arange(1, T + 1), color=GATES[name], linewidth=3)
        place = max(curve[-1], place + APART)  # below the end of its line, but not over another's name
        axes[2].text(place, T + 1.1, f"${name}$", size=19, color=GATES[name], ha="center", va="top")
    axes[2].set(xlim=(0, 1))
    axes[2].set_xticks([0, 0.5, 1], ["0", "½", "1"], size=15)
    axes[2].xaxis.tick_top()
    axes[2].tick_params(length=0)
    axes[2].set_xlabel("gates open", size=15, labelpad=22)
    return list(axes)


def _draw_image(ax: Axes, image: Array) -> None:
    T, D = image.shape
    ax.imshow(image, cmap="Greys", extent=(0.5, D + 0.5, T + 0.5, 0.5), interpolation="nearest", aspect="auto")
    ax.set(xticks=[], yticks=[1, *range(7, T + 1, 7)])
    ax.tick_params(length=0, labelsize=15)
    ax.set_ylabel("row", size=15)
    ax.grid(visible=False)
    ax.spines[:].set(visible=True, color=FAINT)
