"""Parts that every cell is made of: the input's share, which needs no memory, and the sigmoid."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnn_utils.cells.checks import Array


class Cell(NamedTuple):
    """A kind of cell: what is needed to run it over a sequence.

    The cores do what must wait for the step before: ``core(a_x, state_prev, W_hh, ...)`` gives
    ``(state, cache)``, and ``core_backward(dstate, cache)`` gives ``(da_t, dstate_prev)``.  The
    gradients ``core_weights(da_t, cache)`` of ``W_hh`` and of what follows it need not wait.
    """

    name: str
    blocks: str  # the order in which W_xh, W_hh and b_h stack them
    step: Callable[..., tuple[Any, Any]]
    step_backward: Callable[..., Any]
    core: Callable[..., tuple[Any, Any]]
    core_backward: Callable[..., tuple[Array, Any]]
    core_weights: Callable[..., tuple[Array, ...]]
    cache: Any  # the core's named tuple


class StepCache(NamedTuple):
    """What the backward step of any cell needs: the input, its weights, and the cell's own cache."""

    x_t: Array
    W_xh: Array
    core: Any


def read_inputs(x: Array, W_xh: Array, b_h: Array) -> Array:
    r"""Multiply inputs by their weights and add the bias.

    .. math:: a_x = x W_{xh} + b_h

    Parameters
    ----------
    x : ndarray, shape (N, D) or (T, N, D)
        One step, or all steps at once.
    W_xh, b_h : ndarray, shapes (D, K) and (K,)
        K is H for a plain cell, 4H for an LSTM, 3H for a GRU.

    Returns
    -------
    ndarray, shape (N, K) or (T, N, K)
        The input's share of the pre-activations.

    Examples
    --------
    >>> read_inputs(np.array([[1.0, 2.0]]), W_xh=np.array([[10.0], [1.0]]), b_h=np.array([0.5]))
    array([[12.5]])
    """
    a_x = below_each_other(x) @ W_xh
    a_x += b_h  # in place: over all steps this is the largest array of the net
    return a_x.reshape(*x.shape[:-1], -1)


def read_inputs_backward(da: Array, x: Array, W_xh: Array) -> tuple[Array, Array, Array]:
    """Return the gradients ``(dx, dW_xh, db_h)`` of `read_inputs`; the weights' are summed over all rows."""
    da, rows = below_each_other(da), below_each_other(x)
    return (da @ W_xh.T).reshape(x.shape), rows.T @ da, da.sum(axis=0)


def below_each_other(x: Array) -> Array:
    """Put the rows of all steps below each other: (T, N, D) becomes (T N, D); (N, D) stays."""
    return x.reshape(-1, x.shape[-1])


def blocks(array: Array, count: int) -> list[Array]:
    """Cut an array into blocks that stand side by side, such as the gates of a cell.

    Examples
    --------
    >>> blocks(np.array([[1.0, 2.0, 3.0, 4.0]]), 2)
    [array([[1., 2.]]), array([[3., 4.]])]
    """
    width = array.shape[1] // count  # np.split does the same, but takes as long as a small product
    return [array[:, start : start + width] for start in range(0, array.shape[1], width)]


def sigmoid(a: Array) -> Array:
    r"""Squeeze numbers into the range from 0 to 1.

    .. math:: \sigma(a) = \frac{1}{1 + e^{-a}}

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    with np.errstate(over="ignore"):  # where exp(-a) is too large for a number, 1 / inf = 0 is right
        return 1 / (1 + np.exp(-a))
