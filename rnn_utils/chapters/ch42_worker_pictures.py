"""Drawings of sums that go round a ring, of what is learned by many workers, and of what a step costs by machines."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from rnn_utils.cells.checks import Array
from rnn_utils.drawing import BACK, COLOURS, STATE, tint


def draw_ring(history: Sequence[Array]) -> list[Axes]:
    """Draw how many workers' numbers each piece of each worker holds, round after round.

    Parameters
    ----------
    history : sequence of ndarray, shape (workers, pieces)
        Of each round, first the beginning: how many have been added up.
    """
    columns = -(-len(history) // 2)
    _, axes = plt.subplots(2, columns, figsize=(6.4, 3.9))
    workers = len(history[0])
    for moment, (ax, held) in enumerate(zip(axes.flat, history, strict=False)):
        for (worker, piece), count in np.ndenumerate(held):
            whole = count == workers
            ax.add_patch(plt.Rectangle((piece, worker), 0.94, 0.94, color=tint(STATE, 0.44 * float(count) / workers)))
            ax.text(
                piece + 0.47,
                worker + 0.5,
                f"{count:.0f}",
                ha="center",
                va="center",
                size=14,
                weight="bold" if whole else "normal",
            )
        ax.set(xlim=(0, held.shape[1]), ylim=(workers, 0), aspect="equal", xticks=[], yticks=[])
        ax.set_title(f"after {moment}" if moment else "at first", size=14, loc="left")
        ax.spines[:].set_visible(False)
    for ax in axes.flat[len(history) :]:
        ax.axis("off")
    axes[0, 0].set_ylabel("workers", size=14)
    axes[0, 0].set_xlabel("pieces", size=14)
    return list(axes.flat)


def draw_bits(workers: Sequence[int], bits: Mapping[str, Sequence[Sequence[float]]], line: float, label: str) -> Axes:
    """Draw bits a letter by the number of workers: a dot a net, a line through the medians.

    Parameters
    ----------
    workers : sequence of int
        How many there were.
    bits : dict of name to bits
        Two ways, for each number of workers the bits of several nets.
    line, label
        A height to compare with, and what it is.
    """
    _, ax = plt.subplots(figsize=(6.4, 4))
    for (name, rows), colour in zip(bits.items(), (BACK, STATE), strict=True):
        ax.plot(workers, [np.median(row) for row in rows], color=colour, linewidth=2.5, label=name)
        for place, row in zip(workers, rows, strict=True):
            ax.plot([place] * len(row), row, ".", color=colour)
    ax.axhline(line, color=COLOURS["grey"], linestyle="--")
    ax.text(workers[-1], line, label, ha="right", va="bottom", size=14)
    ax.set_xscale("log", base=2)
    ax.set_xticks(list(workers), [str(place) for place in workers])
    ax.set_xlabel("workers, each with 32 rows", size=15, loc="left")
    ax.set_ylabel("bits a letter", size=15)
    ax.minorticks_off()
    ax.tick_params(labelsize=15)
    ax.legend(fontsize=14, loc="upper left")
    return ax


def draw_machines(
    machines: Sequence[int], times: Mapping[str, Sequence[float]], measured: Mapping[int, Sequence[float]]
) -> tuple[Axes, Axes]:
    """Draw the time of a step and its cost by the number of machines.

    Parameters
    ----------
    machines : sequence of int
        From one on.
    times : dict of name to seconds
        What a model expects, by the way the machines are joined; all begin with one machine's time.
    measured : dict of machines to seconds
        What a step took, in some rounds.
    """
    _, axes = plt.subplots(2, 1, sharex=True, figsize=(6.4, 6.4))
    number = np.array(machines)
    for (name, seconds), colour, style in zip(
        times.items(), (STATE, BACK, COLOURS["grey"]), ("-", "--", ":"), strict=True
    ):
        axes[0].plot(number, seconds, style, color=colour, linewidth=2.5, label=name)
        axes[1].plot(number, number * seconds / seconds[0], style, color=colour, linewidth=2.5)
    alone = float(np.median(measured[1]))
    for count, seconds in measured.items():
        axes[0].plot([count] * len(seconds), seconds, "o", color="black", markersize=5, zorder=3)
        axes[1].plot(
            [count] * len(seconds), count * np.array(seconds) / alone, "o", color="black", markersize=5, zorder=3
        )
    axes[0].set_ylabel("seconds a step", size=15)
    axes[1].set_ylabel("cost, times one machine's", size=15)
    axes[1].set_xlabel("machines", size=15, loc="left")
    for ax in axes:
        ax.set(xscale="log", yscale="log")
        ax.set_xticks(list(machines), [str(count) for count in machines])
        ax.minorticks_off()
        ax.tick_params(labelsize=14)
    axes[0].legend(fontsize=14)
    return axes[0], axes[1]
