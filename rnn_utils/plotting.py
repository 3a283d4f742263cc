"""Charts that chapters share.

Every function takes ``ax=None`` and returns the axes; none calls ``show``.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import ArrayLike, NDArray

from rnn_utils.errors import SettingError
from rnn_utils.labels import label
from rnn_utils.style import COLOURS


def draw_training(history: dict[str, list[float]], every: int, ax: Axes | None = None) -> Axes:
    """Draw the loss of a training run, and that on held-out data where there is some.

    Parameters
    ----------
    history : dict
        What Keras's `fit` keeps: ``loss`` and, where there is held-out data, ``val_loss``.
    every : int
        Steps of what Keras calls an epoch.
    ax : Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    Axes
        The loss is on a logarithmic scale, so that each halving is the same way down.
    """
    ax = _axes(ax)
    for name, key, colour, marker in (("loss", "training", "blue", "o"), ("val_loss", "validation", "orange", "s")):
        if name in history:
            steps = every * np.arange(1, len(history[name]) + 1)
            ax.plot(steps, history[name], color=COLOURS[colour], marker=marker, markersize=6, label=label(key))
    ax.set(xlabel=label("training_step"), ylabel=label("loss"), yscale="log", xlim=(0, None))
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.legend()
    return ax


def draw_confusion(truth: ArrayLike, predicted: ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw how often each digit was taken for each other.

    Parameters
    ----------
    truth, predicted : array of int, shape (N,)
        What is right and what was answered, 0 to 9.
    ax : Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    Axes
        Rows are the truth; right answers lie on the diagonal, which is left grey, so that the
        blue of the mistakes is not drowned.  Fields without a case stay empty.
    """
    counts = count_confusion(truth, predicted)
    ax = _axes(ax, figsize=(6.4, 6.2))
    mistakes = counts * (1 - np.eye(10, dtype=int))
    ax.imshow(np.where(np.eye(10, dtype=bool), np.nan, mistakes), vmin=0, vmax=max(1, 1.6 * mistakes.max()))
    for row, column in np.argwhere(counts):
        right = row == column
        if right:
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, color="#e8ebee", linewidth=0))
        size, colour = (10.5, COLOURS["grey"]) if right else (13, COLOURS["black"])
        ax.text(column, row, str(counts[row, column]), size=size, color=colour, ha="center", va="center_baseline")
    ax.set(xlabel=label("predicted_digit"), ylabel=label("true_digit"), xticks=range(10), yticks=range(10))
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return ax


def count_confusion(truth: ArrayLike, predicted: ArrayLike) -> NDArray[np.int64]:
    """Count answers by truth (row) and prediction (column).

    Parameters
    ----------
    truth, predicted : array of int, shape (N,)
        Digits, 0 to 9.

    Returns
    -------
    ndarray of int, shape (10, 10)
        Adds up to N.

    Examples
    --------
    One 7 was taken for a 1, the other was read well:

    >>> counts = count_confusion([7, 7], [1, 7])
    >>> int(counts[7, 1]), int(counts[7, 7])
    (1, 1)
    """
    counts = np.zeros((10, 10), dtype=np.int64)
    np.add.at(counts, (np.asarray(truth), np.asarray(predicted)), 1)
    return counts


def draw_digits(images: ArrayLike, captions: Sequence[str] = (), *, columns: int = 5, ax: Axes | None = None) -> Axes:
    """Draw images in a grid, each with a line of text above it.

    Parameters
    ----------
    images : array, shape (N, H, W)
        Grey levels, 0 for paper; each image is drawn on its own scale.
    captions : sequence of str, optional
        One for each image.
    columns : int
        Images side by side; five fit a phone.
    ax : Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    Axes
        Without frame or ticks.

    Raises
    ------
    SettingError
        If there are captions, but not one for each image.
    """
    images = np.asarray(images, dtype=float)
    if len(captions) not in (0, len(images)):
        raise SettingError(
            f"draw_digits: got {len(captions)} captions for {len(images)} images; expected one for each."
        )
    rows, top = -(-len(images) // columns), 0.06 * columns if len(captions) else 0.06
    ax = _axes(ax, figsize=(6.4, 6.4 * rows * (1 + top) / (columns * 1.06)))
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        x, y = 1.06 * column, (1 + top) * row
        ax.imshow(image, cmap="Greys", extent=(x, x + 1, y + 1, y), interpolation="nearest")
        ax.add_patch(Rectangle((x, y), 1, 1, fill=False, edgecolor="#c3cad1", linewidth=1))
        if len(captions):
            ax.text(x + 0.5, y - 0.04, captions[number], size=14, ha="center", va="bottom")
    ax.set(xlim=(-0.01, 1.06 * columns - 0.05), ylim=((1 + top) * rows - top + 0.01, -top), aspect="equal")
    ax.axis("off")
    return ax


def draw_rows_as_steps(image: ArrayLike, answer: str, ax: Axes | None = None) -> Axes:
    """Draw an image cut into its rows, each read at one step of the same recurrent cell.

    Parameters
    ----------
    image : array, shape (H, W)
        Grey levels, 0 for paper.
    answer : str
        What is read off after the last row.
    ax : Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    Axes
        Without frame or ticks; time runs downwards, as the rows do.
    """
    image = np.asarray(image, dtype=float)
    steps = len(image)
    ax = _axes(ax, figsize=(6.4, 4.9))
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
    ax.text(-2.2, middle, label("time_step"), size=15, ha="center", va="center", rotation=90)
    text = label("lstm_reads_a_digit.one_cell")
    ax.text(steps + 6.4, middle, text, size=15, color=COLOURS["blue"], ha="left", va="center")
    ax.text(steps + 5, steps + 4.0, answer, size=24, weight="bold", ha="center", va="center")
    ax.set(xlim=(-3.2, steps + 15.5), ylim=(steps + 5.2, 0), aspect="equal")
    ax.axis("off")
    return ax


def _axes(ax: Axes | None, **figure: Any) -> Axes:
    return plt.subplots(**figure)[1] if ax is None else ax


def _arrow(
    start: tuple[float, float], end: tuple[float, float], colour: str, *, width: float, head: float, zorder: float = 1
) -> FancyArrowPatch:
    style = {"arrowstyle": "-|>", "mutation_scale": head, "shrinkA": 0, "shrinkB": 0}
    return FancyArrowPatch(start, end, color=colour, linewidth=width, zorder=zorder, **style)
