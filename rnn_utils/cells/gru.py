"""The GRU in its two kinds, reset after the product and before it: one step forward, and backward."""

from typing import NamedTuple

import numpy as np

from rnn_utils.cells.checks import Array, check
from rnn_utils.cells.parts import Cell, StepCache, blocks, read_inputs, read_inputs_backward, sigmoid


class GRUWeights(NamedTuple):
    """Weights of a GRU that resets after the product; blocks in the order r, z, n."""

    W_xh: Array  # (D, 3H)
    W_hh: Array  # (H, 3H)
    b_h: Array  # (3H,)
    b_hn: Array  # (H,), apart from b_h because the reset gate acts on it


class GRUBeforeWeights(NamedTuple):
    """Weights of a GRU that resets before the product; blocks in the order r, z, n."""

    W_xh: Array  # (D, 3H)
    W_hh: Array  # (H, 3H)
    b_h: Array  # (3H,)


class GRUGradients(NamedTuple):
    """Gradients of the loss with respect to everything that `gru_step` was given."""

    dx_t: Array  # (N, D)
    dh_prev: Array  # (N, H)
    dW_xh: Array  # (D, 3H)
    dW_hh: Array  # (H, 3H)
    db_h: Array  # (3H,)
    db_hn: Array  # (H,)


class GRUBeforeGradients(NamedTuple):
    """Gradients of the loss with respect to everything that `gru_before_step` was given."""

    dx_t: Array  # (N, D)
    dh_prev: Array  # (N, H)
    dW_xh: Array  # (D, 3H)
    dW_hh: Array  # (H, 3H)
    db_h: Array  # (3H,)


class GRUCache(NamedTuple):
    """What `gru_core_backward` and `gru_before_core_backward` need of the way forward."""

    h_prev: Array
    r: Array
    z: Array
    n: Array
    s: Array  # what the reset gate acts on, after the product, or what it lets through, before it
    W_hh: Array


def gru_step(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> tuple[Array, StepCache]:
    r"""Advance a GRU by one time step, resetting after the product with :math:`W_{hn}`.

    .. math::
        r &= \sigma(x_t W_{xr} + h_{t-1} W_{hr} + b_r) \\
        z &= \sigma(x_t W_{xz} + h_{t-1} W_{hz} + b_z) \\
        n &= \tanh\big(x_t W_{xn} + b_n + r \odot (h_{t-1} W_{hn} + b_{hn})\big) \\
        h_t &= (1 - z) \odot n + z \odot h_{t-1}

    Parameters
    ----------
    x_t : ndarray, shape (N, D)
        Inputs at step t, one row per sequence.
    h_prev : ndarray, shape (N, H)
        Hidden state :math:`h_{t-1}`; zeros before the first step.
    W_xh, W_hh, b_h : ndarray, shapes (D, 3H), (H, 3H), (3H,)
        The blocks r, z, n side by side.
    b_hn : ndarray, shape (H,)
        The bias that the reset gate can switch off.

    Returns
    -------
    h_t : ndarray, shape (N, H)
        New hidden state.
    cache : StepCache
        What `gru_step_backward` needs; ``cache.core`` holds the gates.  Treat as read-only.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError
        If the arguments do not fit each other; the message shows both shapes.

    Notes
    -----
    Two choices differ between libraries.  Here, as in PyTorch and in Keras, z near 1 keeps the old
    state, and the reset gate acts after the product (Keras: ``reset_after=True``, its default).
    `gru_before_step` makes the other second choice.  Keras orders the blocks z, r, n.

    References
    ----------
    Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder for statistical
    machine translation", resets before the product; the other kind came with fast GPU code.

    Examples
    --------
    An update gate of 1 keeps the hidden state exactly, whatever the input is:

    >>> b_h = np.array([0.0, 1000.0, 0.0])  # r, z, n
    >>> h_t, _ = gru_step(np.ones((1, 1)), np.array([[0.3]]), W_xh=np.ones((1, 3)), W_hh=np.ones((1, 3)),
    ...                   b_h=b_h, b_hn=np.ones(1))
    >>> h_t
    array([[0.3]])
    """
    weights = {"W_hh": (W_hh, "H 3H"), "W_xh": (W_xh, "D 3H"), "b_h": (b_h, "3H"), "b_hn": (b_hn, "H")}
    check("gru_step", **weights, x_t=(x_t, "N D"), h_prev=(h_prev, "N H"))
    h_t, core = gru_core(read_inputs(x_t, W_xh, b_h), h_prev, W_hh, b_hn)
    return h_t, StepCache(x_t, W_xh, core)


def gru_step_backward(dh_t: Array, cache: StepCache) -> GRUGradients:
    r"""Carry a gradient through one step of a GRU that resets after the product.

    With :math:`s = h_{t-1} W_{hn} + b_{hn}`:

    .. math::
        da_n &= dh_t \odot (1 - z) \odot (1 - n^2), \quad ds = da_n \odot r \\
        da_r &= da_n \odot s \odot r (1 - r), \quad da_z = dh_t \odot (h_{t-1} - n) \odot z (1 - z) \\
        dh_{t-1} &= dh_t \odot z + [da_r, da_z, ds] W_{hh}^\top, \quad dx_t = [da_r, da_z, da_n] W_{xh}^\top \\
        dW_{hh} &= h_{t-1}^\top [da_r, da_z, ds], \quad dW_{xh} = x_t^\top [da_r, da_z, da_n] \\
        db_h &= \textstyle\sum_{\text{rows}} [da_r, da_z, da_n], \quad db_{hn} = \sum_{\text{rows}} ds

    Parameters
    ----------
    dh_t : ndarray, shape (N, H)
        Gradient of the loss with respect to ``h_t``.
    cache : StepCache
        From `gru_step`.

    Returns
    -------
    GRUGradients
        In the order of the arguments of `gru_step`; those of the weights are summed over the batch.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError
        If ``dh_t`` does not fit the ``h_t`` of the way forward.

    Examples
    --------
    An update gate of 1 lets the whole gradient pass to the step before:

    >>> one = np.ones((1, 1))
    >>> _, cache = gru_step(one, one, W_xh=np.ones((1, 3)), W_hh=np.ones((1, 3)),
    ...                     b_h=np.array([0.0, 1000.0, 0.0]), b_hn=np.zeros(1))
    >>> gru_step_backward(one, cache).dh_prev
    array([[1.]])
    """
    check("gru_step_backward", h_t=(cache.core.h_prev, "N H"), dh_t=(dh_t, "N H"))
    da_t, dh_prev = gru_core_backward(dh_t, cache.core)
    dW_hh, db_hn = gru_core_weights(da_t, cache.core)
    dx_t, dW_xh, db_h = read_inputs_backward(da_t, cache.x_t, cache.W_xh)
    return GRUGradients(dx_t, dh_prev, dW_xh, dW_hh, db_h, db_hn)


def gru_core(a_x: Array, h_prev: Array, W_hh: Array, b_hn: Array) -> tuple[Array, GRUCache]:
    """Do what must wait for the step before; ``a_x``, shape (N, 3H), is what the input adds."""
    a_xr, a_xz, a_xn = blocks(a_x, 3)  # each (N, H)
    a_hr, a_hz, a_hn = blocks(h_prev @ W_hh, 3)
    r, z, s = sigmoid(a_xr + a_hr), sigmoid(a_xz + a_hz), a_hn + b_hn
    n = np.tanh(a_xn + r * s)
    return (1 - z) * n + z * h_prev, GRUCache(h_prev, r, z, n, s, W_hh)


def gru_core_backward(dh_t: Array, cache: GRUCache) -> tuple[Array, Array]:
    """Return ``da_t``, that is ``[da_r, da_z, da_n]``, and ``dh_prev``."""
    h_prev, r, z, n, s, W_hh = cache
    da_n = dh_t * (1 - z) * (1 - n**2)
    da_r = da_n * s * r * (1 - r)
    da_z = dh_t * (h_prev - n) * z * (1 - z)
    da_h = np.concatenate([da_r, da_z, da_n * r], axis=1)  # (N, 3H), of the product with W_hh
    return np.concatenate([da_r, da_z, da_n], axis=1), dh_t * z + da_h @ W_hh.T


def gru_core_weights(da_t: Array, cache: GRUCache) -> tuple[Array, Array]:
    """Return ``dW_hh`` and ``db_hn``, of one step, or summed over all whose rows stand below each other."""
    da_r, da_z, da_n = blocks(da_t, 3)
    ds = da_n * cache.r
    return cache.h_prev.T @ np.concatenate([da_r, da_z, ds], axis=1), ds.sum(axis=0)


def gru_before_step(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> tuple[Array, StepCache]:
    r"""Advance a GRU by one time step, resetting before the product with :math:`W_{hn}`.

    As `gru_step`, but for one line, which needs no bias of its own:

    .. math:: n = \tanh\big(x_t W_{xn} + b_n + (r \odot h_{t-1}) W_{hn}\big)

    Parameters
    ----------
    x_t, h_prev, W_xh, W_hh, b_h : ndarray
        As for `gru_step`.

    Returns
    -------
    h_t : ndarray, shape (N, H)
        New hidden state.
    cache : StepCache
        What `gru_before_step_backward` needs; treat as read-only.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError
        If the arguments do not fit each other; the message shows both shapes.

    Notes
    -----
    Keras has this kind with ``reset_after=False``; PyTorch does not have it.

    References
    ----------
    Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder for statistical
    machine translation".

    Examples
    --------
    A closed reset gate hides the old state from the candidate, so what is new comes from the input alone:

    >>> b_h = np.array([-1000.0, -1000.0, 0.0])  # r, z, n
    >>> h_t, _ = gru_before_step(np.array([[0.5]]), np.array([[0.3]]), W_xh=np.ones((1, 3)),
    ...                          W_hh=np.ones((1, 3)), b_h=b_h)
    >>> bool(h_t == np.tanh(0.5))
    True
    """
    weights = {"W_hh": (W_hh, "H 3H"), "W_xh": (W_xh, "D 3H"), "b_h": (b_h, "3H")}
    check("gru_before_step", **weights, x_t=(x_t, "N D"), h_prev=(h_prev, "N H"))
    h_t, core = gru_before_core(read_inputs(x_t, W_xh, b_h), h_prev, W_hh)
    return h_t, StepCache(x_t, W_xh, core)


def gru_before_step_backward(dh_t: Array, cache: StepCache) -> GRUBeforeGradients:
    r"""Carry a gradient through one step of a GRU that resets before the product.

    With :math:`s = r \odot h_{t-1}`:

    .. math::
        da_n &= dh_t \odot (1 - z) \odot (1 - n^2), \quad ds = da_n W_{hn}^\top \\
        da_r &= ds \odot h_{t-1} \odot r (1 - r), \quad da_z = dh_t \odot (h_{t-1} - n) \odot z (1 - z) \\
        dh_{t-1} &= dh_t \odot z + ds \odot r + da_r W_{hr}^\top + da_z W_{hz}^\top \\
        dW_{hr} &= h_{t-1}^\top da_r, \quad dW_{hz} = h_{t-1}^\top da_z, \quad dW_{hn} = s^\top da_n

    Parameters
    ----------
    dh_t : ndarray, shape (N, H)
        Gradient of the loss with respect to ``h_t``.
    cache : StepCache
        From `gru_before_step`.

    Returns
    -------
    GRUBeforeGradients
        In the order of the arguments of `gru_before_step`; those of the weights are summed over the batch.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError
        If ``dh_t`` does not fit the ``h_t`` of the way forward.

    Examples
    --------
    An update gate of 0 and a reset gate of 0 let nothing pass to the step before:

    >>> one = np.ones((1, 1))
    >>> _, cache = gru_before_step(one, one, W_xh=np.ones((1, 3)), W_hh=np.ones((1, 3)),
    ...                            b_h=np.array([-1000.0, -1000.0, 0.0]))
    >>> gru_before_step_backward(one, cache).dh_prev
    array([[0.]])
    """
    check("gru_before_step_backward", h_t=(cache.core.h_prev, "N H"), dh_t=(dh_t, "N H"))
    da_t, dh_prev = gru_before_core_backward(dh_t, cache.core)
    dx_t, dW_xh, db_h = read_inputs_backward(da_t, cache.x_t, cache.W_xh)
    return GRUBeforeGradients(dx_t, dh_prev, dW_xh, *gru_before_core_weights(da_t, cache.core), db_h)


def gru_before_core(a_x: Array, h_prev: Array, W_hh: Array) -> tuple[Array, GRUCache]:
    """Do what must wait for the step before; ``a_x``, shape (N, 3H), is what the input adds."""
    a_xr, a_xz, a_xn = blocks(a_x, 3)  # each (N, H)
    W_hr, W_hz, W_hn = blocks(W_hh, 3)  # each (H, H)
    r, z = sigmoid(a_xr + h_prev @ W_hr), sigmoid(a_xz + h_prev @ W_hz)
    s = r * h_prev
    n = np.tanh(a_xn + s @ W_hn)
    return (1 - z) * n + z * h_prev, GRUCache(h_prev, r, z, n, s, W_hh)


def gru_before_core_backward(dh_t: Array, cache: GRUCache) -> tuple[Array, Array]:
    """Return ``da_t``, that is ``[da_r, da_z, da_n]``, and ``dh_prev``."""
    h_prev, r, z, n, _, W_hh = cache
    W_hr, W_hz, W_hn = blocks(W_hh, 3)
    da_n = dh_t * (1 - z) * (1 - n**2)
    ds = da_n @ W_hn.T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh_t * (h_prev - n) * z * (1 - z)
    dh_prev = dh_t * z + ds * r + da_r @ W_hr.T + da_z @ W_hz.T
    return np.concatenate([da_r, da_z, da_n], axis=1), dh_prev


def gru_before_core_weights(da_t: Array, cache: GRUCache) -> tuple[Array]:
    """Return ``dW_hh``, of one step, or summed over all whose rows stand below each other."""
    da_r, da_z, da_n = blocks(da_t, 3)
    h_prev, s = cache.h_prev, cache.s
    return (np.concatenate([h_prev.T @ da_r, h_prev.T @ da_z, s.T @ da_n], axis=1),)


GRU = Cell(
    "GRU",
    "rzn",
    gru_step,
    gru_step_backward,
    gru_core,
    gru_core_backward,
    gru_core_weights,
    GRUCache,
)
GRU_BEFORE = Cell(
    "GRU that resets before",
    "rzn",
    gru_before_step,
    gru_before_step_backward,
    gru_before_core,
    gru_before_core_backward,
    gru_before_core_weights,
    GRUCache,
)
