"""Pictures of the sine chapter: the states of a net as a path in the plane, and waves it never saw.

Every function takes ``ax=None`` and returns the axes, one for each panel; none calls ``show``.  A
colour of the wheel says at which place of the wave a point stands; the same colour is the same place
in every picture.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import ArrayLike

from rnn_utils.errors import SettingError
from rnn_utils.panels import panels
from rnn_utils.shapes import FAINT, INK
from rnn_utils.style import COLOURS

WHEEL = LinearSegmentedColormap.from_list(
    "wheel", [COLOURS[name] for name in ("blue", "green", "amber", "orange", "purple", "blue")]
)


def draw_path(path: ArrayLike, t: ArrayLike, given: int = 0, ax: Axes | None = None, size: float = 45) -> Axes:
    """Draw points of the plane in their order, coloured by their place on the wave.

    Parameters
    ----------
    path : array, shape (T, 2)
        One point for each step.
    t : array, shape (T,)
        The angle of each step, in radians.
    given : int
        The first so many points are drawn hollow: there the net was given the truth.
    ax : Axes, optional
        Where to draw; a new figure if left out.
    size : float
        Area of a point.

    Returns
    -------
    Axes
        With equal scales and no ticks.

    Raises
    ------
    SettingError
        If the path is not T points of the plane, T angles.

    Examples
    --------
    >>> ax = draw_path([[0, 1], [1, 0], [0, -1]], t=[0, 1.6, 3.1], given=1)
    >>> [len(points.get_offsets()) for points in ax.collections]  # filled, hollow
    [2, 1]
    """
    path, t = np.asarray(path, dtype=float), np.asarray(t, dtype=float)
    if path.shape != (len(t), 2):
        raise SettingError(f"draw_path: path has shape {path.shape}; expected {(len(t), 2)}, a point for each angle.")
    if ax is None:
        _, ax = plt.subplots(figsize=(4.2, 4.2))
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


def draw_portraits(paths: Sequence[ArrayLike], t: ArrayLike, rows: int = 4, ax: Axes | None = None) -> Sequence[Axes]:
    """Draw many paths side by side, each at its own scale, without the points that were given.

    Parameters
    ----------
    paths : sequence of array, shape (T, 2)
        One path for each net.
    t : array, shape (T,)
        The angle of each step, in radians.
    rows : int
        How many rows of panels.
    ax : Axes, optional
        Where to draw: its room is divided among the panels; a new figure if left out.

    Returns
    -------
    sequence of Axes
        One for each path.

    Examples
    --------
    >>> axes = draw_portraits([np.eye(2), -np.eye(2)], t=[0, 1], rows=1)
    >>> len(axes)
    2
    """
    columns = -(-len(paths) // rows)
    axes = panels(ax, rows, columns, inches=(6.4, 1.25 * rows + 0.3))
    for panel, path in zip(axes.flat, paths, strict=False):
        draw_path(path, t, ax=panel, size=9)
    for panel in axes.flat[len(paths) :]:
        panel.remove()
    return list(axes.flat[: len(paths)])


def draw_other_waves(
    names: Sequence[str], true: Sequence[ArrayLike], said: Sequence[ArrayLike], ax: Axes | None = None
) -> Sequence[Axes]:
    """Draw waves one below the other: what is true, and what a net says on its own.

    Parameters
    ----------
    names : sequence of str
        A formula for each wave, its panel's title.
    true, said : sequence of array, shape (T,)
        The true values, and those of the net from the first step of its own.
    ax : Axes, optional
        Where to draw: its room is divided among the panels; a new figure if left out.

    Returns
    -------
    sequence of Axes
        One panel for each wave.

    Raises
    ------
    SettingError
        If there is not one true and one said wave, of the same length, for each name.

    Examples
    --------
    >>> axes = draw_other_waves([r"$2\\sin t$"], [[0, 2, 0]], [[0, 1, 0]])
    >>> axes[0].lines[0].get_ydata().tolist(), axes[0].lines[1].get_ydata().tolist()
    ([0, 2, 0], [0, 1, 0])
    """
    lengths = [len(wave) for wave in true], [len(wave) for wave in said]
    if not len(names) == len(true) == len(said) or lengths[0] != lengths[1]:
        raise SettingError(f"draw_other_waves: {len(names)} names, true and said waves of lengths {lengths}.")
    axes = panels(ax, len(names), 1, inches=(6.4, 1.75 * len(names) + 0.9), sharex=True)
    for panel, name, truth, path in zip(axes.flat, names, true, said, strict=True):
        panel.plot(truth, color=COLOURS["black"], linewidth=1.5, label="true")
        panel.plot(path, "o-", color=COLOURS["blue"], markersize=4, linewidth=1, label="the net, on its own")
        panel.set_ylabel(name, rotation=0, ha="right", va="center", size=13)
        panel.margins(y=0.12)
    axes[0, 0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    axes[-1, 0].set_xlabel("steps of its own")
    return list(axes.flat)
