"""Drawings of a net that reads a digit row by row: its opinion, its state and its gates.

Time runs downwards beside the image, so that each line belongs to the row of pixels at its left.
Every function takes ``ax=None`` and returns the axes, one for each panel; none calls ``show``.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import ArrayLike, NDArray

from rnn_utils.errors import SettingError
from rnn_utils.gate_pictures import GATES
from rnn_utils.panels import panels
from rnn_utils.shapes import FAINT
from rnn_utils.style import COLOURS

APART = 0.14  # least distance of two names below the gates
SIGNED = LinearSegmentedColormap.from_list("signed", [COLOURS["orange"], "white", COLOURS["blue"]])


def draw_opinion(image: ArrayLike, probabilities: ArrayLike, truth: int, ax: Axes | None = None) -> Sequence[Axes]:
    """Draw which digit a net believes in after each row that it has read.

    Parameters
    ----------
    image : array, shape (T, D)
        Grey levels, 0 for paper.
    probabilities : array, shape (T, 10)
        After each row, one for each digit.
    truth : int
        The right digit; its column is framed.
    ax : Axes, optional
        Where to draw: its room is divided among the panels; a new figure if left out.

    Returns
    -------
    sequence of Axes
        The image, and a field for each row and digit, the darker the surer.

    Raises
    ------
    SettingError
        If there is not one line of probabilities for each row.

    Examples
    --------
    >>> axes = draw_opinion(np.eye(3), np.full((3, 10), 0.1), truth=7)
    >>> len(axes)
    2
    """
    image, probabilities = _checked("draw_opinion", image, probabilities=probabilities)
    T = len(image)
    axes = panels(ax, 1, 2, inches=(6.4, 4.2), sharey=True, width_ratios=[1, 1.15])[0]
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


def draw_inside(
    image: ArrayLike, states: ArrayLike, gates: Mapping[str, ArrayLike], ax: Axes | None = None
) -> Sequence[Axes]:
    """Draw the state of a net and how far its gates are open, for each row that it reads.

    Parameters
    ----------
    image : array, shape (T, D)
        Grey levels, 0 for paper.
    states : array, shape (T, H)
        Values from -1 to 1, a column for each unit that is shown.
    gates : mapping of str to array, shape (T,)
        Values from 0 to 1 of the gates ``"i"``, ``"f"`` and ``"o"``.
    ax : Axes, optional
        Where to draw: its room is divided among the panels; a new figure if left out.

    Returns
    -------
    sequence of Axes
        The image, the states (blue above zero, orange below) and the gates.

    Raises
    ------
    SettingError
        If an array has not one value or line for each row.

    Examples
    --------
    >>> axes = draw_inside(np.eye(3), np.zeros((3, 5)), {"f": [0.9, 0.8, 0.9]})
    >>> len(axes)
    3
    """
    image, states, *curves = _checked("draw_inside", image, states=states, **gates)
    T, H = states.shape
    axes = panels(ax, 1, 3, inches=(6.4, 4.2), sharey=True, width_ratios=[1, 1.15, 0.85])[0]
    _draw_image(axes[0], image)
    axes[1].pcolormesh(np.arange(H + 1) + 0.5, np.arange(T + 1) + 0.5, states, vmin=-1, vmax=1, cmap=SIGNED)
    axes[1].set_xticks([])
    axes[1].set_xlabel("units of $h_t$", size=15)
    axes[1].grid(visible=False)
    axes[1].spines[:].set_visible(False)
    axes[1].tick_params(length=0)
    place = -APART
    for name, curve in sorted(zip(gates, curves, strict=True), key=lambda pair: pair[1][-1]):
        axes[2].plot(curve, np.arange(1, T + 1), color=GATES[name], linewidth=3)
        place = max(curve[-1], place + APART)  # below the end of its line, but not over another's name
        axes[2].text(place, T + 1.1, f"${name}$", size=19, color=GATES[name], ha="center", va="top")
    axes[2].set(xlim=(0, 1))
    axes[2].set_xticks([0, 0.5, 1], ["0", "½", "1"], size=15)
    axes[2].xaxis.tick_top()
    axes[2].tick_params(length=0)
    axes[2].set_xlabel("gates open", size=15, labelpad=22)
    return list(axes)


def _draw_image(ax: Axes, image: NDArray[np.float64]) -> None:
    T, D = image.shape
    ax.imshow(image, cmap="Greys", extent=(0.5, D + 0.5, T + 0.5, 0.5), interpolation="nearest", aspect="auto")
    ax.set(xticks=[], yticks=[1, *range(7, T + 1, 7)])
    ax.tick_params(length=0, labelsize=15)
    ax.set_ylabel("row", size=15)
    ax.grid(visible=False)
    ax.spines[:].set(visible=True, color=FAINT)


def _checked(function: str, image: ArrayLike, **arrays: ArrayLike) -> list[NDArray[np.float64]]:
    """Return all as arrays, once each has the image's number of rows."""
    image = np.asarray(image, dtype=float)
    found = [np.asarray(array, dtype=float) for array in arrays.values()]
    for name, array in zip(arrays, found, strict=True):
        if len(array) != len(image):
            raise SettingError(
                f"{function}: {name} has {len(array)} lines for an image of {len(image)} rows; expected one for each."
            )
    return [image, *found]
