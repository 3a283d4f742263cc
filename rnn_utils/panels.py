"""Room for drawings of several panels: a figure of their own, or the room of axes that somebody gives."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import NDArray

from rnn_utils.errors import SettingError


def panels(
    ax: Axes | None,
    rows: int,
    columns: int,
    *,
    inches: tuple[float, float],
    sharex: bool = False,
    sharey: bool = False,
    height_ratios: Sequence[float] | None = None,
    width_ratios: Sequence[float] | None = None,
) -> NDArray[Any]:
    """Make a grid of panels: in a new figure, or in the room of the axes given.

    Parameters
    ----------
    ax : Axes or None
        Their room is divided among the panels, and they are hidden; with None, a new figure is made.
    rows, columns : int
        How many panels, downwards and across.
    inches : (float, float)
        Width and height of a new figure.
    sharex, sharey : bool
        Whether all panels have the same scale, named only at the edge.
    height_ratios, width_ratios : sequence of float, optional
        How high the rows are and how wide the columns, in proportion; all alike if left out.

    Returns
    -------
    array of Axes, shape (rows, columns)
        The panels; two axes also where there is a single row.

    Raises
    ------
    SettingError
        If the axes given stand free in their figure and not in a grid, so that nothing can be divided.

    Examples
    --------
    >>> figure, (left, right) = plt.subplots(1, 2)
    >>> grid = panels(right, 3, 1, inches=(6.4, 4.8), sharex=True)
    >>> grid.shape, right.get_visible(), all(ax.figure is figure for ax in grid.flat)
    ((3, 1), False, True)
    """
    same = {"sharex": sharex, "sharey": sharey, "squeeze": False}
    ratios = {"height_ratios": height_ratios, "width_ratios": width_ratios}
    if ax is None:
        return plt.subplots(rows, columns, figsize=inches, **same, **ratios)[1]
    room = ax.get_subplotspec()
    if room is None:
        raise SettingError(
            "panels: the axes given stand free in their figure; expected axes of a grid, as plt.subplots makes them."
        )
    ax.set_visible(False)
    return room.subgridspec(rows, columns, **ratios).subplots(**same)
