"""Drawings of steps that are joined in pairs, of nets in long games, and of what a sequence costs by its length."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from rnn_utils.drawing import BACK, COLOURS, INPUT, STATE, WORD, arrow, box, canvas, tint

APART = (1.6, 1.9)  # of columns, and of rounds


def draw_joined(T: int) -> Axes:
    """Draw the rounds in which a scan joins steps and finds states; T is a power of two, at least 4."""
    joins = T.bit_length() - 1
    lines = 2 * joins  # of boxes: the steps, a line for each round of joining, and for each round on the way back
    width, height = APART[0] * T + 0.3, APART[1] * (lines - 1) + 1.6
    ax = canvas(width=width, height=height, inches=(6.4, 6.4 * height / width))

    def place(step: int, line: int) -> tuple[float, float]:
        return 0.15 + APART[0] * (step - 0.5), 0.8 + APART[1] * line

    def lead(start: tuple[int, int], end: tuple[int, int], colour: str) -> None:
        (x0, y0), (x1, y1) = place(*start), place(*end)
        arrow(ax, (x0, y0 + 0.62), (x1, y1 - 0.62), colour)

    for line in range(joins + 1):
        length = 2**line  # steps that a box of this line stands for
        for step in range(length, T + 1, length):
            if line:
                lead((step - length // 2, line - 1), (step, line), STATE)
                lead((step, line - 1), (step, line), STATE)
            told = str(step) if line == 0 else f"{step - length + 1}–{step}"
            box(ax, *place(step, line), told, STATE, width=1.35, size=WORD)
    # Where each state was found; what begins with the first step is a state already.
    found = {2**line: line for line in range(joins + 1)}
    for line in range(joins + 1, lines):
        length = 2 ** (lines - 1 - line)
        states = range(length, T + 1, length)
        for step in states:
            if step in found:
                lead((step, found[step]), (step, line), BACK)
            else:
                lead((step, length.bit_length() - 1), (step, line), STATE)
                lead((step - length, found[step - length]), (step, line), BACK)
            box(ax, *place(step, line), f"$h_{step}$", BACK, width=1.35, size=WORD + 2)
        found |= dict.fromkeys(states, line)
    return ax


def draw_games(lines: Mapping[str, Sequence[float]], learned: int) -> Axes:
    """Draw how often two nets are right after every step; what they learned from lies in a shaded band.

    Parameters
    ----------
    lines : dict of name to shares
        Of games that are right after 1, 2, ... steps.
    learned : int
        Steps of the games that the nets learned from.
    """
    _, ax = plt.subplots(figsize=(6.4, 3.6))
    ax.axvspan(0, learned, color=tint(INPUT, 0.2), linewidth=0)
    for (name, shares), colour in zip(lines.items(), (STATE, BACK), strict=True):
        ax.plot(range(1, len(shares) + 1), shares, color=colour, linewidth=2.5, label=name)
    ax.set(ylim=(-0.05, 1.05), yticks=[0, 0.5, 1], yticklabels=["none", "half", "all"])
    ax.tick_params(labelsize=15)
    ax.set_xlabel("steps of the game", size=15, loc="left")
    ax.set_ylabel("right", size=15)
    ax.legend(loc="upper right", bbox_to_anchor=(1.0, -0.16), ncols=2, fontsize=14, borderaxespad=0, handlelength=1)
    return ax


def draw_costs(lengths: Sequence[int], lines: Mapping[str, Sequence[Sequence[float]]]) -> Axes:
    """Draw what a training step costs by length: a line through the medians, and a dot a round.

    Parameters
    ----------
    lengths : sequence of int
        Steps of the sequences.
    lines : dict of name to times
        Of each length the times of all rounds, in milliseconds.
    """
    _, ax = plt.subplots(figsize=(6.4, 4.4))
    hues = [COLOURS[hue] for hue in ("blue", "orange", "green", "grey")]  # each can be written in, by night as well
    for (name, times), colour in zip(lines.items(), hues, strict=False):
        ax.plot(lengths, [np.median(some) for some in times], color=colour, linewidth=2.5)
        for length, some in zip(lengths, times, strict=True):
            ax.plot([length] * len(some), some, ".", color=colour)
        ax.annotate(
            name, (lengths[-1], float(np.median(times[-1]))), (6, 0), textcoords="offset points",
            color=colour, va="center", annotation_clip=False,
        )  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="steps of the sequence", ylabel="milliseconds")
    ax.set_xlim(lengths[0] / 1.5, lengths[-1] * 25)  # room for the names
    ax.set_xticks(list(lengths), [f"{length:,}" for length in lengths])
    powers = [10**power for power in range(5)]
    ax.set_yticks(powers, [f"{power:,}" for power in powers])
    ax.minorticks_off()
    return ax
