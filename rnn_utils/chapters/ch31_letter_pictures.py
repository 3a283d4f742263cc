"""Drawings of what letters cost, along a text, by training and by how far back a net reads; on what a guess hangs."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from rnn_utils.cells.checks import Array
from rnn_utils.drawing import BACK, COLOURS, FAINT, INK, STATE, tint


def draw_price(text: str, bits: Array, width: int = 38) -> Sequence[Axes]:
    """Draw a text in rows that end between words, and above each letter a bar as high as its price in bits.

    Parameters
    ----------
    text : str
        What is read; no word may be longer than a row.
    bits : ndarray, shape (T,)
        What each letter costs.
    width : int
        Letters of a row, at most.
    """
    rows: list[int] = []
    while sum(rows) < len(text):
        rest = text[sum(rows) :]
        rows.append(len(rest) if len(rest) <= width else rest[:width].rindex(" ") + 1)
    _, axes = plt.subplots(len(rows), 1, figsize=(6.4, 1.35 * len(rows) + 0.5), sharey=True, squeeze=False)
    for number, ax in enumerate(axes[:, 0]):
        start = sum(rows[:number])
        for at in range(start, start + rows[number]):
            begins = text[at].isalpha() and not text[:at][-1:].isalpha()
            ax.bar(at, bits[at], width=0.75, color=BACK if begins else STATE)
            ax.text(at, -0.8, text[at].replace("\n", "¶"), size=15, ha="center", va="top", color=INK)
        ax.set(xlim=(start - 0.7, start + width - 0.3), ylim=(0, max(11, max(bits))), yticks=[0, 5, 10], xticks=[])
        ax.tick_params(labelsize=14)
        ax.spines["bottom"].set_color(FAINT)
        ax.grid(visible=False, axis="x")
    axes[len(rows) // 2, 0].set_ylabel("bits", size=15)
    return list(axes[:, 0])


def draw_learning(batches: Sequence[int], lines: Mapping[str, Sequence[float]], counting: float) -> Axes:
    """Draw bits a letter by batches of training, a line for each name, and the level of counting."""
    _, ax = plt.subplots(figsize=(6.4, 4.0))
    for (name, bits), colour in zip(lines.items(), (STATE, COLOURS["green"], BACK), strict=False):
        ax.plot(batches, bits, "o-", color=colour, markersize=8)
        ax.text(1.12 * batches[-1], bits[-1], name, size=14, color=colour, va="bottom")
    ax.axhline(counting, color=BACK, linewidth=2)
    ax.text(batches[0], counting, "counting", size=14, color=BACK, va="bottom")
    ax.set(xscale="log", xlim=(0.8 * batches[0], 2 * batches[-1]))
    ax.set_xticks(batches, [f"{count:,}" for count in batches])
    ax.minorticks_off()
    ax.tick_params(labelsize=14)
    ax.set_xlabel("batches of training", size=15)
    ax.set_ylabel("bits a letter", size=15)
    return ax


def draw_back(letters: Sequence[int], lines: Mapping[str, Sequence[float]], whole: tuple[float, float]) -> Axes:
    """Draw bits a letter by how many letters a net reads before it guesses; the shade begins at a usual sentence."""
    _, ax = plt.subplots(figsize=(6.4, 4.0))
    ax.axvspan(*whole, color=tint(INK, 0.08), linewidth=0)
    for (name, bits), colour in zip(lines.items(), (STATE, COLOURS["green"], BACK), strict=False):
        ax.plot(letters, bits, "o-", color=colour, markersize=8, label=name)
    ax.set(xscale="log")
    ax.set_xticks(letters, list(map(str, letters)))
    ax.minorticks_off()
    ax.tick_params(labelsize=14)
    ax.set_xlabel("letters read before the guess", size=15)
    ax.set_ylabel("bits a letter", size=15)
    ax.legend(fontsize=14)
    return ax


def draw_hangs_on(text: str, shares: Mapping[str, Sequence[float]], last: int = 36) -> Sequence[Axes]:
    """Draw on which letters a guess hangs: a row for each net, and above each letter its share of the gradient.

    Parameters
    ----------
    text : str
        What was read, and at its end the letter that is guessed.
    shares : mapping of name to floats
        A share for each letter but the last.
    last : int
        Letters drawn.
    """
    top = max(0.5, 1.05 * max(max(heights) for heights in shares.values()))
    _, axes = plt.subplots(len(shares), 1, figsize=(6.4, 1.35 * len(shares) + 0.5), sharey=True, squeeze=False)
    for (name, heights), ax in zip(shares.items(), axes[:, 0], strict=True):
        for at, letter in enumerate(text[-last:], len(text) - last):
            guessed = at == len(text) - 1
            if not guessed:
                ax.bar(at, heights[at], width=0.75, color=STATE)
            ax.text(at, -0.02, letter, size=15, ha="center", va="top", color=BACK if guessed else INK)
        ax.set(xlim=(len(text) - last - 0.7, len(text) - 0.3), ylim=(0, top), xticks=[])
        ax.set_yticks([0, 0.25, 0.5], ["0", "", "half"])
        ax.text(0.02, 0.8, name, transform=ax.transAxes, size=15)
        ax.tick_params(labelsize=14)
        ax.spines["bottom"].set_color(FAINT)
        ax.grid(visible=False)
    return list(axes[:, 0])
