"""The states of a sine net in its free run: where they lie, and what they tell; imports PyTorch."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rnn_utils.nets.sine import FREE


@torch.no_grad()
def free_states(net: torch.nn.Module, given: NDArray[np.floating], steps: int = FREE) -> NDArray[np.float64]:
    """Run as `free_run` does and return the state after every step.

    Parameters
    ----------
    net : HandNet or LibraryNet
        As for `free_run`.
    given : ndarray, shape (K,)
        The true points.
    steps : int
        How often the net is fed its own output.

    Returns
    -------
    ndarray, shape (K + steps, H)
        Row 0 is the state after the first true point.

    Examples
    --------
    >>> from rnn_utils.nets.sine import LibraryNet, wave
    >>> free_states(LibraryNet(0), wave(5), steps=2).shape
    (7, 6)
    """
    values = torch.as_tensor(given, dtype=next(net.parameters()).dtype)[:, None, None]
    state, rows = None, []
    for step in range(len(given) + steps):
        if step < len(given):
            value = values[step]
        value, state = net(value, state)
        rows.append(state[0].double().numpy())
    return np.array(rows)


class Portrait(NamedTuple):
    """The states of a run, seen from where they spread most.

    Attributes
    ----------
    path : ndarray, shape (T, 2)
        Shadow of the states on the plane of the first two right singular vectors.
    singular_values : ndarray, shape (H,)
        How far the states reach in each direction, largest first.
    """

    path: NDArray[np.float64]
    singular_values: NDArray[np.float64]


def portrait(states: NDArray[np.floating]) -> Portrait:
    """Project states, (T, H), on the plane in which they spread most.

    Notes
    -----
    A singular vector has no sign of its own.  The first is turned so that the last state lies to
    the right, the second so that the path runs clockwise, as (sin t, cos t) does.

    Examples
    --------
    >>> t = 0.4 * np.arange(40)
    >>> circle = np.stack([np.sin(t), np.cos(t), 0 * t], axis=1)
    >>> portrait(circle).singular_values.round(1).tolist()
    [4.5, 4.4, 0.0]
    """
    _, singular_values, directions = np.linalg.svd(states, full_matrices=False)
    path = states @ directions[:2].T
    path[:, 0] *= np.copysign(1.0, path[-1, 0])
    turning = np.sum(path[:-1, 0] * path[1:, 1] - path[1:, 0] * path[:-1, 1])
    path[:, 1] *= np.copysign(1.0, -turning)
    return Portrait(path, singular_values)


def explained(states: NDArray[np.floating], truth: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the R² with which columns can be read linearly from states.

    Parameters
    ----------
    states : ndarray, shape (T, H)
        What is read from; the first half of the rows fits the factors, the second half judges them.
    truth : ndarray, shape (T, K)
        What is to be read.

    Returns
    -------
    ndarray, shape (K,)
        1 is perfect; 0 is no better than the mean of the second half.

    Examples
    --------
    >>> steps = np.arange(8.0)[:, None]
    >>> explained(steps, 3 * steps).round(6).tolist()
    [1.0]
    """
    half = len(states) // 2
    factors, *_ = np.linalg.lstsq(states[:half], truth[:half], rcond=None)
    rest = truth[half:]
    errors = ((rest - states[half:] @ factors) ** 2).sum(axis=0)
    return 1 - errors / ((rest - rest.mean(axis=0)) ** 2).sum(axis=0)
