"""The LSTM: one step forward, and the same step backward."""

from typing import NamedTuple

import numpy as np

from rnn_utils.cells.checks import Array, check, check_pair
from rnn_utils.cells.parts import Cell, StepCache, blocks, read_inputs, read_inputs_backward, sigmoid


class LSTMState(NamedTuple):
    """The two memories of an LSTM: what it shows and what it keeps."""

    h: Array  # (N, H)
    c: Array  # (N, H)


class LSTMWeights(NamedTuple):
    """Weights of an LSTM; the four blocks stand side by side in the order i, f, g, o."""

    W_xh: Array  # (D, 4H)
    W_hh: Array  # (H, 4H)
    b_h: Array  # (4H,)


class LSTMGradients(NamedTuple):
    """Gradients of the loss with respect to everything that `lstm_step` was given."""

    dx_t: Array  # (N, D)
    dstate_prev: LSTMState
    dW_xh: Array  # (D, 4H)
    dW_hh: Array  # (H, 4H)
    db_h: Array  # (4H,)


class LSTMCache(NamedTuple):
    """What `lstm_core_backward` needs of the way forward."""

    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    o: Array
    tanh_c: Array
    W_hh: Array


def lstm_step(x_t: Array, state_prev: LSTMState, W_xh: Array, W_hh: Array, b_h: Array) -> tuple[LSTMState, StepCache]:
    r"""Advance an LSTM by one time step.

    .. math::
        i &= \sigma(x_t W_{xi} + h_{t-1} W_{hi} + b_i) \\
        f &= \sigma(x_t W_{xf} + h_{t-1} W_{hf} + b_f) \\
        g &= \tanh(x_t W_{xg} + h_{t-1} W_{hg} + b_g) \\
        o &= \sigma(x_t W_{xo} + h_{t-1} W_{ho} + b_o) \\
        c_t &= f \odot c_{t-1} + i \odot g \\
        h_t &= o \odot \tanh c_t

    Parameters
    ----------
    x_t : ndarray, shape (N, D)
        Inputs at step t, one row per sequence.
    state_prev : LSTMState or pair of ndarray, each of shape (N, H)
        Hidden state :math:`h_{t-1}` and cell state :math:`c_{t-1}`; zeros before the first step.
    W_xh, W_hh, b_h : ndarray, shapes (D, 4H), (H, 4H), (4H,)
        The blocks i, f, g, o side by side, so that one product serves all gates.

    Returns
    -------
    state : LSTMState
        New hidden state ``h`` and cell state ``c``; ``h`` is also the output.
    cache : StepCache
        What `lstm_step_backward` needs; ``cache.core`` holds the gates.  Treat as read-only.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError
        If the arguments do not fit each other; the message shows both shapes.

    Notes
    -----
    PyTorch has the same order of blocks but transposes them and adds two biases; Keras has this very
    layout and writes c for g.  Nothing is added to the forget gate here: put 1 into its block of
    ``b_h`` to start as Keras does.

    References
    ----------
    Hochreiter and Schmidhuber (1997), "Long short-term memory"; the forget gate is due to
    Gers, Schmidhuber and Cummins (2000), "Learning to forget".

    Examples
    --------
    A forget gate of 1 and an input gate of 0 keep the cell state exactly:

    >>> b_h = np.array([-1000.0, 1000.0, 0.0, 0.0])  # i, f, g, o
    >>> state, _ = lstm_step(np.ones((1, 1)), LSTMState(np.zeros((1, 1)), np.array([[0.3]])),
    ...                      W_xh=np.ones((1, 4)), W_hh=np.ones((1, 4)), b_h=b_h)
    >>> state.c
    array([[0.3]])
    """
    check_pair("lstm_step", "state_prev", state_prev, "LSTMState(h, c)")
    h_prev, c_prev = state_prev
    weights = {"W_hh": (W_hh, "H 4H"), "W_xh": (W_xh, "D 4H"), "b_h": (b_h, "4H")}
    check("lstm_step", **weights, x_t=(x_t, "N D"), h_prev=(h_prev, "N H"), c_prev=(c_prev, "N H"))
    state, core = lstm_core(read_inputs(x_t, W_xh, b_h), state_prev, W_hh)
    return state, StepCache(x_t, W_xh, core)


def lstm_step_backward(dstate: LSTMState, cache: StepCache) -> LSTMGradients:
    r"""Carry a gradient through one step of an LSTM, from its end to its beginning.

    .. math::
        do &= dh_t \odot \tanh c_t, \quad
        dc_t \mathrel{+}= dh_t \odot o \odot (1 - \tanh^2 c_t) \\
        di &= dc_t \odot g, \quad df = dc_t \odot c_{t-1}, \quad dg = dc_t \odot i, \quad
        dc_{t-1} = dc_t \odot f \\
        da_t &= \big[\, di \odot i (1-i), \; df \odot f (1-f), \; dg \odot (1-g^2), \; do \odot o (1-o) \,\big] \\
        dh_{t-1} &= da_t W_{hh}^\top, \quad dx_t = da_t W_{xh}^\top \\
        dW_{hh} &= h_{t-1}^\top da_t, \quad dW_{xh} = x_t^\top da_t, \quad db_h = \textstyle\sum_n da_t

    Parameters
    ----------
    dstate : LSTMState or pair of ndarray, each of shape (N, H)
        Gradients of the loss with respect to ``h_t`` and to ``c_t``.  The second is what arrives
        through the next step; it is zero after the last one.
    cache : StepCache
        From `lstm_step`.

    Returns
    -------
    LSTMGradients
        In the order of the arguments of `lstm_step`; those of the weights are summed over the batch.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError
        If ``dstate`` does not fit the state of the way forward.

    Examples
    --------
    Along the cell state the gradient is multiplied by the forget gate, and by nothing else:

    >>> b_h = np.array([0.0, np.log(3), 0.0, 0.0])  # sigmoid(log 3) = 3/4
    >>> zero = np.zeros((1, 1))
    >>> _, cache = lstm_step(zero, LSTMState(zero, zero), W_xh=np.zeros((1, 4)), W_hh=np.zeros((1, 4)), b_h=b_h)
    >>> lstm_step_backward(LSTMState(zero, np.ones((1, 1))), cache).dstate_prev.c.round(6)
    array([[0.75]])
    """
    check_pair("lstm_step_backward", "dstate", dstate, "LSTMState(h, c)")
    dh_t, dc_t = dstate
    check("lstm_step_backward", h_t=(cache.core.o, "N H"), dh_t=(dh_t, "N H"), dc_t=(dc_t, "N H"))
    da_t, dstate_prev = lstm_core_backward(dstate, cache.core)
    dx_t, dW_xh, db_h = read_inputs_backward(da_t, cache.x_t, cache.W_xh)
    return LSTMGradients(dx_t, dstate_prev, dW_xh, *lstm_core_weights(da_t, cache.core), db_h)


def lstm_core(a_x: Array, state_prev: LSTMState, W_hh: Array) -> tuple[LSTMState, LSTMCache]:
    """Do what must wait for the step before; ``a_x``, shape (N, 4H), is what the input adds."""
    h_prev, c_prev = state_prev
    a_i, a_f, a_g, a_o = blocks(a_x + h_prev @ W_hh, 4)  # each (N, H)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c_t = f * c_prev + i * g
    tanh_c = np.tanh(c_t)
    return LSTMState(o * tanh_c, c_t), LSTMCache(h_prev, c_prev, i, f, g, o, tanh_c, W_hh)


def lstm_core_backward(dstate: LSTMState, cache: LSTMCache) -> tuple[Array, LSTMState]:
    """Return ``da_t`` and ``dstate_prev``."""
    dh_t, dc_t = dstate
    _, c_prev, i, f, g, o, tanh_c, W_hh = cache
    dc_t = dc_t + dh_t * o * (1 - tanh_c**2)
    da_i = dc_t * g * i * (1 - i)
    da_f = dc_t * c_prev * f * (1 - f)
    da_g = dc_t * i * (1 - g**2)
    da_o = dh_t * tanh_c * o * (1 - o)
    da_t = np.concatenate([da_i, da_f, da_g, da_o], axis=1)  # (N, 4H)
    return da_t, LSTMState(da_t @ W_hh.T, dc_t * f)


def lstm_core_weights(da_t: Array, cache: LSTMCache) -> tuple[Array]:
    """Return ``dW_hh``, of one step, or summed over all whose rows stand below each other."""
    return (cache.h_prev.T @ da_t,)


LSTM = Cell(
    "LSTM",
    "ifgo",
    lstm_step,
    lstm_step_backward,
    lstm_core,
    lstm_core_backward,
    lstm_core_weights,
    LSTMCache,
)
