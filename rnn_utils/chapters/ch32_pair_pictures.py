"""Drawings of two nets in a row, of where a decoder looks, and of how often words of each length come out right."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from rnn_utils.cells.checks import Array
from rnn_utils.drawing import BACK, COLOURS, FAINT, INK, INPUT, OUTPUT, STATE, WORD, arrow, box, canvas, tint

LETTERED = ("Figure Sans", "Figure Han", "DejaVu Sans")  # dates are written in three scripts
THICKEST = 0.013  # of the width: a line of weight 1
PARTS = (("year", 4, STATE), ("month", 7, BACK), ("day", 10, COLOURS["green"]))  # and where each ends in 1984-03-07


def draw_two_nets(text: str, answer: str) -> Axes:
    """Draw an encoder that reads the signs of a text, and a decoder that writes an answer from one row of numbers."""
    width = 1.5 * (len(text) + len(answer)) + 3.2
    ax = canvas(width=width, height=5.4, inches=(6.4, 6.4 * 5.4 / width))
    places = 1.0 + 1.5 * np.arange(len(text))
    for place, sign in zip(places, text, strict=True):
        ax.text(place, 0.6, sign, size=WORD + 3, color=INPUT, ha="center", va="center")
        arrow(ax, (place, 1.1), (place, 2.0), INPUT)
        box(ax, place, 2.65, "", STATE, width=1.0)
    for one, other in pairwise(places):
        ax.annotate("", (other - 0.5, 2.65), (one + 0.5, 2.65), arrowprops={"arrowstyle": "<|-|>", "color": STATE})
    row = places[-1] + 1.55
    ax.add_patch(plt.Rectangle((row - 0.22, 1.55), 0.44, 2.2, facecolor=tint(BACK, 0.5), edgecolor=BACK, linewidth=2))
    arrow(ax, (places[-1] + 0.5, 2.65), (row - 0.25, 2.65), STATE)
    later = row + 1.65 + 1.5 * np.arange(len(answer))
    arrow(ax, (row + 0.25, 2.65), (later[0] - 0.5, 2.65), BACK)
    for place, sign, before in zip(later, answer, "<" + answer, strict=False):
        ax.text(place, 0.6, before, size=WORD + 3, color=OUTPUT, ha="center", va="center")
        arrow(ax, (place, 1.1), (place, 2.0), OUTPUT)
        box(ax, place, 2.65, "", STATE, width=1.0)
        arrow(ax, (place, 3.3), (place, 4.2), OUTPUT)
        ax.text(place, 4.75, sign, size=WORD + 3, color=INK, ha="center", va="center")
    for one, other in pairwise(later):
        arrow(ax, (one + 0.5, 2.65), (other - 0.5, 2.65), STATE)
    ax.text(places.mean(), 4.0, "reads", size=WORD, color=INPUT, ha="center", va="center")
    ax.text(row, 4.2, "one row", size=WORD, color=BACK, ha="center", va="center")
    return ax


def draw_looks(looks: Sequence[tuple[str, str, Array]]) -> Sequence[Axes]:
    """Draw where a decoder looks while it writes: bands from the signs of each answer, as wide as the weight.

    Parameters
    ----------
    looks : sequence of (text, answer, weights)
        The answer as year-month-day; weights of shape (10, len(text)), each row with the sum 1.
    """
    _, axes = plt.subplots(len(looks), 1, figsize=(6.4, 2.35 * len(looks)))
    widest = max(len(text) for text, _, _ in looks)
    for ax, (text, answer, weights) in zip(np.atleast_1d(axes), looks, strict=True):
        above = np.linspace(0, 1, len(text)) if len(text) > 1 else np.array([0.5])
        above = 0.5 + (above - 0.5) * max(len(text) / widest, 0.72)
        below = 0.5 + (np.linspace(0, 1, len(answer)) - 0.5) * 0.72
        for place, sign in zip(above, text, strict=True):
            ax.text(place, 1.08, sign, size=16, color=INK, ha="center", va="bottom", family=LETTERED)
        for number, sign in enumerate(answer):
            colour = next(colour for _, end, colour in PARTS if number < end)
            written = OUTPUT if sign == "-" else colour
            ax.text(below[number], -0.08, sign, size=16, color=written, ha="center", va="top")
            if sign == "-":
                continue
            for place, weight in zip(above, weights[number], strict=True):
                half = THICKEST * weight / 2
                across = [below[number] - half, below[number] + half, place + half, place - half]
                ax.fill(across, [0, 0, 1, 1], color=colour, alpha=0.8, linewidth=0)
        ax.set(xlim=(-0.03, 1.03), ylim=(-0.42, 1.45))
        ax.axis("off")
    return list(np.atleast_1d(axes))


def draw_lengths(shares: Mapping[str, Mapping[int, Sequence[float]]], learned: tuple[int, int]) -> Axes:
    """Draw the share of words that are right, by length: the median of several nets, and all that they had."""
    _, ax = plt.subplots(figsize=(6.4, 4.0))
    ax.axvspan(*learned, color=tint(INPUT, 0.14), linewidth=0)
    ax.text(learned[0] + 0.2, 0.03, "learned", size=14, color=INPUT)
    for (words, by_length), colour in zip(shares.items(), (BACK, STATE, COLOURS["purple"]), strict=False):
        lengths = list(by_length)
        ax.fill_between(
            lengths, [min(by_length[T]) for T in lengths], [max(by_length[T]) for T in lengths],
            color=tint(colour, 0.25), linewidth=0,
        )  # fmt: skip
        ax.plot(lengths, [np.median(by_length[T]) for T in lengths], "o-", color=colour, linewidth=3, label=words)
    ax.axhline(0, color=FAINT, linewidth=1, zorder=0)
    ax.set(ylim=(-0.05, 1.05), yticks=[0, 0.5, 1], yticklabels=["none", "half", "all"], xticks=[5, 10, 15, 20])
    ax.tick_params(labelsize=15)
    ax.set_xlabel("letters of the word", size=15)
    ax.set_ylabel("right", size=15)
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 0.22), fontsize=14)
    return ax
