"""The Elman RNN: one step forward, and the same step backward."""

from typing import NamedTuple

import numpy as np

from rnn_utils.cells.checks import Array, check
from rnn_utils.cells.parts import Cell, StepCache, read_inputs, read_inputs_backward


class RNNWeights(NamedTuple):
    """Weights of an Elman RNN."""

    W_xh: Array  # (D, H)
    W_hh: Array  # (H, H)
    b_h: Array  # (H,)


class RNNGradients(NamedTuple):
    """Gradients of the loss with respect to everything that `rnn_step` was given."""

    dx_t: Array  # (N, D)
    dh_prev: Array  # (N, H)
    dW_xh: Array  # (D, H)
    dW_hh: Array  # (H, H)
    db_h: Array  # (H,)


class RNNCache(NamedTuple):
    """What `rnn_core_backward` needs of the way forward."""

    h_prev: Array
    h_t: Array
    W_hh: Array


def rnn_step(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> tuple[Array, StepCache]:
    r"""Advance an Elman RNN by one time step.

    .. math:: h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h)

    Parameters
    ----------
    x_t : ndarray, shape (N, D)
        Inputs at step t, one row per sequence.
    h_prev : ndarray, shape (N, H)
        Hidden state :math:`h_{t-1}`; zeros before the first step.
    W_xh, W_hh, b_h : ndarray, shapes (D, H), (H, H), (H,)
        Row-vector convention, as Keras stores them; PyTorch keeps the transposes.

    Returns
    -------
    h_t : ndarray, shape (N, H)
        New hidden state; every entry lies in [-1, 1].
    cache : StepCache
        What `rnn_step_backward` needs; treat as read-only.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError
        If the arguments do not fit each other; the message shows both shapes.

    References
    ----------
    Elman (1990), "Finding structure in time".

    Examples
    --------
    With no input and ``W_hh = I`` the state can only decay:

    >>> h_t, _ = rnn_step(np.zeros((1, 1)), np.array([[0.5]]),
    ...                   W_xh=np.zeros((1, 1)), W_hh=np.eye(1), b_h=np.zeros(1))
    >>> h_t.round(3)
    array([[0.462]])
    """
    check("rnn_step", W_hh=(W_hh, "H H"), W_xh=(W_xh, "D H"), b_h=(b_h, "H"), x_t=(x_t, "N D"), h_prev=(h_prev, "N H"))
    h_t, core = rnn_core(read_inputs(x_t, W_xh, b_h), h_prev, W_hh)
    return h_t, StepCache(x_t, W_xh, core)


def rnn_step_backward(dh_t: Array, cache: StepCache) -> RNNGradients:
    r"""Carry a gradient through one step of an Elman RNN, from its end to its beginning.

    .. math::
        da_t &= dh_t \odot (1 - h_t^2) \\
        dh_{t-1} &= da_t W_{hh}^\top, \quad dx_t = da_t W_{xh}^\top \\
        dW_{hh} &= h_{t-1}^\top da_t, \quad dW_{xh} = x_t^\top da_t, \quad db_h = \textstyle\sum_n da_t

    Parameters
    ----------
    dh_t : ndarray, shape (N, H)
        Gradient of the loss with respect to ``h_t``.
    cache : StepCache
        From `rnn_step`.

    Returns
    -------
    RNNGradients
        In the order of the arguments of `rnn_step`; those of the weights are summed over the batch.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError
        If ``dh_t`` does not fit the ``h_t`` of the way forward.

    Examples
    --------
    Where tanh is flat, hardly any gradient comes through:

    >>> one = np.ones((1, 1))
    >>> h_t, cache = rnn_step(3 * one, 0 * one, W_xh=one, W_hh=one, b_h=np.zeros(1))
    >>> rnn_step_backward(one, cache).dh_prev.round(3)
    array([[0.01]])
    """
    check("rnn_step_backward", h_t=(cache.core.h_t, "N H"), dh_t=(dh_t, "N H"))
    da_t, dh_prev = rnn_core_backward(dh_t, cache.core)
    dx_t, dW_xh, db_h = read_inputs_backward(da_t, cache.x_t, cache.W_xh)
    return RNNGradients(dx_t, dh_prev, dW_xh, *rnn_core_weights(da_t, cache.core), db_h)


def rnn_core(a_x: Array, h_prev: Array, W_hh: Array) -> tuple[Array, RNNCache]:
    """Do what must wait for the step before; ``a_x``, shape (N, H), is what the input adds."""
    h_t = np.tanh(a_x + h_prev @ W_hh)
    return h_t, RNNCache(h_prev, h_t, W_hh)


def rnn_core_backward(dh_t: Array, cache: RNNCache) -> tuple[Array, Array]:
    """Return ``da_t`` and ``dh_prev``."""
    da_t = dh_t * (1 - cache.h_t**2)
    return da_t, da_t @ cache.W_hh.T


def rnn_core_weights(da_t: Array, cache: RNNCache) -> tuple[Array]:
    """Return ``dW_hh``, of one step, or summed over all whose rows stand below each other."""
    return (cache.h_prev.T @ da_t,)


RNN = Cell(
    "RNN",
    "h",
    rnn_step,
    rnn_step_backward,
    rnn_core,
    rnn_core_backward,
    rnn_core_weights,
    RNNCache,
)
