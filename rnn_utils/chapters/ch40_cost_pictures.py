"""Drawings of what an image costs by the size of its mini-batch, and of what ways to train cost."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from rnn_utils.drawing import BACK, COLOURS, STATE, tint

Rounds = Sequence[float]  # times of one thing in all rounds, in milliseconds


def draw_image_costs(
    sizes: Sequence[int], measured: Mapping[str, Sequence[Rounds]], expected: Mapping[str, Sequence[float]]
) -> Axes:
    """Draw milliseconds an image by the images of a mini-batch.

    Parameters
    ----------
    sizes : sequence of int
        Images in a mini-batch.
    measured : dict of name to times
        Two things; of each size the times of all rounds, an image: a dot each, and a line through the medians.
    expected : dict of name to times
        Two things, a time for each size: dashed and dotted lines.
    """
    _, ax = plt.subplots(figsize=(6.4, 4.4))
    for (name, times), style in zip(expected.items(), ("--", ":"), strict=True):
        ax.plot(sizes, times, style, color=COLOURS["grey"], linewidth=2, label=name)
    for (name, rounds), colour in zip(measured.items(), (STATE, BACK), strict=True):
        ax.plot(sizes, [np.median(some) for some in rounds], color=colour, linewidth=2.5, label=name)
        for size, some in zip(sizes, rounds, strict=True):
            ax.plot([size] * len(some), some, ".", color=colour)
    ax.set(xscale="log", yscale="log", ylim=(0.1, 40))  # below, calls cost nothing worth a line
    ax.set_xlabel("images in a mini-batch", size=15, loc="left")
    ax.set_ylabel("milliseconds an image", size=15)
    ax.set_xticks(list(sizes), [f"{size:,}" for size in sizes])
    ticks = [0.1, 0.3, 1, 3, 10]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.tick_params(labelsize=15)
    ax.legend(loc="upper right", fontsize=14, handlelength=1.6, borderaxespad=0)
    return ax


def draw_step_costs(columns: Mapping[str, Mapping[str, Rounds]]) -> tuple[Axes, Axes]:
    """Draw what a step costs in several ways, the cheapest of the first column on top.

    Parameters
    ----------
    columns : dict of title to ways
        Two columns of the same ways, each with its times in all rounds: a small dot each, a large one for the median.
    """
    first = next(iter(columns.values()))
    ways = sorted(first, key=lambda way: -float(np.median(first[way])))
    _, axes = plt.subplots(1, 2, sharey=True, figsize=(6.4, 0.34 * len(ways) + 1.2))
    for ax, (title, column), colour in zip(axes, columns.items(), (STATE, BACK), strict=True):
        for place, way in enumerate(ways):
            ax.plot(column[way], [place] * len(column[way]), ".", color=COLOURS["grey"], markersize=4)
            ax.plot([np.median(column[way])], [place], "o", color=colour, markersize=8)
        ax.set(xscale="log", title=title)
        ax.set_xlabel("milliseconds", size=14, loc="left")
        ax.tick_params(labelsize=14)
        ax.minorticks_off()
    for ax, ticks in zip(axes, ((3, 10, 30, 100, 300), (50, 100, 200, 400)), strict=True):
        ax.set_xticks(ticks, [str(tick) for tick in ticks])
    axes[0].set_yticks(range(len(ways)), ways)
    return axes[0], axes[1]


def draw_time_parts(sizes: Sequence[int], shares: Mapping[str, Sequence[float]]) -> Axes:
    """Draw what a time is made of: a bar for each size, the first on top.

    Parameters
    ----------
    sizes : sequence of int
        Images in a mini-batch.
    shares : dict of name to shares
        Three things, a share for each size; those of a size add up to 1.
    """
    _, ax = plt.subplots(figsize=(6.4, 3.8))
    start = np.zeros(len(sizes))
    for (name, some), colour in zip(shares.items(), (STATE, BACK, COLOURS["grey"]), strict=True):
        ax.barh(range(len(sizes)), some, left=start, color=tint(colour, 0.75), height=0.7, label=name)
        start += some
    ax.set_yticks(range(len(sizes)), [f"{size:,}" for size in sizes])
    ax.set_xticks([0, 0.5, 1], ["nothing", "half", "all"])
    ax.set(xlim=(0, 1))
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.tick_params(labelsize=15)
    ax.set_ylabel("images", size=15)
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.12), ncols=3, fontsize=14, borderaxespad=0, handlelength=1)
    return ax
