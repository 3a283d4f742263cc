"""Pictures of the sine chapter: the states of a net as a path in the plane, and waves it never saw.

A colour of the wheel says at which place of the wave a point stands; the same colour is the same
place in every picture.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from rnn_utils.checks import Array
from rnn_utils.shapes import FAINT, INK
from rnn_utils.style import COLOURS

WHEEL = LinearSegmentedColormap.from_list(
    "wheel", [COLOURS[name] for name in ("blue", "green", "amber", "orange", "purple", "blue")]
)


def draw_path(path: Array, t: Array, *, ax: Axes, given: int = 0, size: float = 45) -> Axes:
    """Draw points of the plane, (T, 2), in their order, coloured by their angles; the first few, given, are hollow."""
    colours = WHEEL(t % (2 * np.pi) / (2 * np.pi))
    ax.plot(path[:, 0], path[:, 1], color=FAINT, linewidth=1, zorder=1)
    ax.scatter(*path[given:].T, s=size, color=colours[given:], linewidths=0, zorder=2)
    if given:
        ax.scatter(*path[:given].T, s=size, facecolor="white", edgecolor=INK, linewidths=1.5, zorder=3)
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.margins(0.12)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return ax


def draw_portraits(paths: Sequence[Array], t: Array) -> Sequence[Axes]:
    """Draw twenty paths, four rows of five, each at its own scale."""
    _, axes = plt.subplots(4, 5, figsize=(6.4, 5.3))
    for panel, path in zip(axes.flat, paths, strict=True):
        draw_path(path, t, ax=panel, size=9)
    return list(axes.flat)


def draw_other_waves(names: Sequence[str], true: Sequence[Array], said: Sequence[Array]) -> Sequence[Axes]:
    """Draw waves one below the other: what is true, and what a net says on its own."""
    _, axes = plt.subplots(len(names), 1, figsize=(6.4, 1.75 * len(names) + 0.9), sharex=True)
    for panel, name, truth, path in zip(axes, names, true, said, strict=True):
        steps = range(len(truth))  # for both, so that waves of unequal length are refused
        panel.plot(steps, truth, color=COLOURS["black"], linewidth=1.5, label="true")
        panel.plot(steps, path, "o-", color=COLOURS["blue"], markersize=4, linewidth=1, label="the net, on its own")
        panel.set_ylabel(name, rotation=0, ha="right", va="center", size=13)
        panel.margins(y=0.12)
    axes[0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    axes[-1].set_xlabel("steps of its own")
    return list(axes)
