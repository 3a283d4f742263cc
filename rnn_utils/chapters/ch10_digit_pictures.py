"""Drawings of a net that reads a digit row by row: its opinion, state and gates, its training and its mistakes.

Time runs downwards beside the image, so that each line belongs to the row of pixels at its left.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import confusion_matrix

from rnn_utils.cells.checks import Array
from rnn_utils.drawing import COLOURS, FAINT, GATES, SIGNED

APART = 0.14  # least distance of two names below the gates


def draw_opinion(image: Array, probabilities: Array, truth: int) -> Sequence[Axes]:
    """Draw which digit a net believes in, (T, 10), after each row that it has read; the right one is framed."""
    T = len(image)
    _, axes = plt.subplots(1, 2, figsize=(6.4, 4.2), sharey=True, width_ratios=[1, 1.15])
    _draw_image(axes[0], image)
    # Grey: a shade of blue that is a colour of the book on one processor is none on another (tools/pictures.py).
    edges = np.arange(11) - 0.5, np.arange(T + 1) + 0.5
    shades = {"vmin": 0, "vmax": 1, "cmap": "Greys", "rasterized": True}
    axes[1].pcolormesh(*edges, probabilities, edgecolors="white", linewidth=0.6, **shades)
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
    edges = np.arange(H + 1) + 0.5, np.arange(T + 1) + 0.5
    axes[1].pcolormesh(*edges, states, vmin=-1, vmax=1, cmap=SIGNED, rasterized=True)
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
    axes[2].set_xlabel("gates open", size=15, labelpad=32)
    return list(axes)


def _draw_image(ax: Axes, image: Array) -> None:
    T, D = image.shape
    ax.imshow(image, cmap="Greys", extent=(0.5, D + 0.5, T + 0.5, 0.5), interpolation="nearest", aspect="auto")
    ax.set(xticks=[], yticks=[1, *range(7, T + 1, 7)])
    ax.tick_params(length=0, labelsize=15)
    ax.set_ylabel("row", size=15)
    ax.grid(visible=False)
    ax.spines[:].set(visible=True, color=FAINT)


def draw_training(history: dict[str, list[float]], every: int) -> Axes:
    """Draw the losses that Keras noted after each epoch of so many steps, also on held-out data where there is some."""
    _, ax = plt.subplots()
    for key, name, colour, marker in (("loss", "training", "blue", "o"), ("val_loss", "validation", "orange", "s")):
        if key in history:
            steps = every * np.arange(1, len(history[key]) + 1)
            ax.plot(steps, history[key], color=COLOURS[colour], marker=marker, markersize=6, label=name)
    ax.set(xlabel="training step", ylabel="loss", yscale="log", xlim=(0, None))
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.legend()
    return ax


def draw_confusion(truth: ArrayLike, predicted: ArrayLike) -> Axes:
    """Draw how often each digit was taken for each other; rows are the truth.

    Shades, and no numbers: with a handful of mistakes in a field, which number it is differs by processor.
    """
    mistakes = confusion_matrix(truth, predicted, labels=range(10)).astype(float)
    np.fill_diagonal(mistakes, np.nan)  # right answers stay grey: they would drown the shades of the others
    figure, ax = plt.subplots(figsize=(6.4, 5.6))
    ax.set_facecolor("#e8ebee")
    image = ax.imshow(mistakes, vmin=0, vmax=20)
    figure.colorbar(image, ax=ax, label="mistakes", shrink=0.7, ticks=[0, 5, 10, 15, 20])
    ax.set(xlabel="predicted digit", ylabel="true digit", xticks=range(10), yticks=range(10))
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return ax


def draw_digits(images: NDArray[Any], captions: Sequence[str] = ()) -> Axes:
    """Draw images, (N, H, W), in a grid, each on its own scale and with a caption above it, if there are any."""
    columns = 5  # as many fit a phone
    rows, top = -(-len(images) // columns), 0.06 * columns if captions else 0.06
    _, ax = plt.subplots(figsize=(6.4, 6.4 * rows * (1 + top) / (columns * 1.06)))
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        x, y = 1.06 * column, (1 + top) * row
        ax.imshow(image, cmap="Greys", extent=(x, x + 1, y + 1, y), interpolation="nearest")
        ax.add_patch(Rectangle((x, y), 1, 1, fill=False, edgecolor="#c3cad1", linewidth=1))
        if captions:
            ax.text(x + 0.5, y - 0.04, captions[number], size=14, ha="center", va="bottom")
    ax.set(xlim=(-0.01, 1.06 * columns - 0.05), ylim=((1 + top) * rows - top + 0.01, -top), aspect="equal")
    ax.axis("off")
    return ax


def draw_rows_as_steps(image: NDArray[Any], answer: str) -> Axes:
    """Draw an image cut into its rows, each read at one step of the same recurrent cell."""
    steps = len(image)
    _, ax = plt.subplots(figsize=(6.4, 4.9))
    for t, row in enumerate(image, start=1):
        ax.imshow(row[None], cmap="Greys", vmin=0, vmax=image.max(), extent=(0, steps, t + 0.36, t - 0.36))
        ax.add_patch(Rectangle((0, t - 0.36), steps, 0.72, fill=False, edgecolor=COLOURS["green"], linewidth=0.9))
        ax.add_patch(_arrow((steps + 0.3, t), (steps + 4.5, t), COLOURS["green"], width=1, head=7))
        ax.add_patch(Circle((steps + 5, t), 0.36, facecolor=COLOURS["blue"], linewidth=0))
    ax.add_patch(_arrow((steps + 5, 0.2), (steps + 5, steps + 2.5), COLOURS["orange"], width=2, head=16, zorder=0.5))
    middle = (steps + 1) / 2
    for t, name in ((1, "x_1"), (steps, f"x_{{{steps}}}")):
        ax.text(-0.8, t, f"${name}$", size=15, color=COLOURS["green"], ha="right", va="center")
    for t, name in ((1, "h_1"), (steps, f"h_{{{steps}}}")):
        ax.text(steps + 6.0, t, f"${name}$", size=17, color=COLOURS["blue"], ha="left", va="center")
    ax.text(-2.2, middle, "time step $t$", size=15, ha="center", va="center", rotation=90)
    text = "one cell,\nsame weights\nat every step"
    ax.text(steps + 6.4, middle, text, size=15, color=COLOURS["blue"], ha="left", va="center")
    ax.text(steps + 5, steps + 4.0, answer, size=24, weight="bold", ha="center", va="center")
    ax.set(xlim=(-3.2, steps + 15.5), ylim=(steps + 5.2, 0), aspect="equal")
    ax.axis("off")
    return ax


def _arrow(
    start: tuple[float, float], end: tuple[float, float], colour: str, *, width: float, head: float, zorder: float = 1
) -> FancyArrowPatch:
    return FancyArrowPatch(
        start,
        end,
        color=colour,
        linewidth=width,
        zorder=zorder,
        arrowstyle="-|>",
        mutation_scale=head,
        shrinkA=0,
        shrinkB=0,
    )
