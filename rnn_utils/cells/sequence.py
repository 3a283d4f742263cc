"""A cell over whole sequences: unrolled forward, and back-propagation through time.

The input's share of all steps is one matrix product before the loop; what must wait for the step
before stays inside.  Of sequences that differ in length, the longest come first while the loop runs,
so that the sequences still running are always the first rows, and padding is never touched.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_utils.cells.checks import Array, check, check_lengths, check_pair
from rnn_utils.cells.kinds import State, Weights, cell_of, in_letters, zero_state
from rnn_utils.cells.lstm import LSTMState, LSTMWeights
from rnn_utils.cells.parts import Cell, below_each_other, read_inputs, read_inputs_backward
from rnn_utils.cells.trees import leaves, mapped
from rnn_utils.errors import SettingError

Lengths = Sequence[int] | NDArray[np.integer]


class Unrolled(NamedTuple):
    """What a cell makes of sequences, or the gradients of the loss with respect to it."""

    h: Any  # (N, T, H), the hidden state after every step, zero after a sequence's end; as a gradient None too
    state: Any  # the state after the last step of each sequence


class UnrolledGradients(NamedTuple):
    """Gradients of the loss with respect to everything that `unroll` was given."""

    dx: Array  # (N, T, D)
    dweights: Any
    dstate: Any


class Rows(NamedTuple):
    """Where each sequence stands while the loop runs, and how many are still running at each step."""

    order: Any  # the longest sequence first
    back: Any
    running: list[int]


class UnrolledCache(NamedTuple):
    """What `unroll_backward` needs of the way forward."""

    cell: Cell
    weights: Any
    x: Array  # (T, N, D), rows in the order of the loop
    rows: Rows
    history: Array  # (K, T, N, H), the K things that the core keeps of each step


def unroll(
    x: Array, weights: Weights, state: State | None = None, lengths: Lengths | None = None
) -> tuple[Unrolled, UnrolledCache]:
    """Run a cell over sequences.

    For sequences of one length it is this loop, made fast::

        for t in range(T):
            state, cache = step(x[:, t], state, *weights)

    Parameters
    ----------
    x : ndarray, shape (N, T, D)
        Inputs, sequences first; shorter sequences are padded on the right with any finite numbers.
    weights : RNNWeights, LSTMWeights, GRUWeights or GRUBeforeWeights
        Their type chooses the cell.
    state : ndarray of shape (N, H), or LSTMState, optional
        The state before the first step; zeros by default.  Pass the state of the chunk before to
        read a long sequence in pieces.
    lengths : sequence of int, shape (N,), optional
        Steps of each sequence, 1 to T; all T by default.

    Returns
    -------
    result : Unrolled
        ``h``, shape (N, T, H), zero after a sequence's end, and ``state`` after its last step.
    cache : UnrolledCache
        What `unroll_backward` needs; treat as read-only.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError
        If the arguments do not fit each other, are empty, or hold NaN.
    SettingError
        If a length is not within 1 to T.

    Examples
    --------
    A cell that adds up its inputs, nearly, since tanh is nearly a straight line near 0:

    >>> adder = RNNWeights(W_xh=np.eye(1), W_hh=np.eye(1), b_h=np.zeros(1))
    >>> x = np.array([[[0.01], [0.02], [0.03]], [[0.04], [0.0], [0.0]]])
    >>> result, _ = unroll(x, adder, lengths=[3, 1])
    >>> result.h[:, :, 0].round(2)
    array([[0.01, 0.03, 0.06],
           [0.04, 0.  , 0.  ]])
    >>> result.state.round(2)
    array([[0.06],
           [0.04]])
    """
    cell = cell_of("unroll", weights)
    (N, T), state = _check_sequence(x, weights, state)
    rows = _rows(None if lengths is None else check_lengths("unroll", lengths, N, T), N, T)
    x_time = x[rows.order].swapaxes(0, 1).copy()  # (T, N, D)
    W_xh, W_hh, b_h, *rest = weights
    a = read_inputs(x_time, W_xh, b_h)
    # Allocated once: new memory at every step would cost more time than a step's products.
    history = np.empty((len(cell.cache._fields) - 1, T, N, len(W_hh)), x.dtype)  # W_hh is not kept
    history[:, len(rows.running) :] = 0
    h = np.zeros((N, T, len(W_hh)), x.dtype)
    state = mapped(lambda part: part[rows.order], state)
    last = mapped(np.empty_like, state)
    for t, n in enumerate(rows.running):
        state, step = cell.core(a[t, :n], _first(n, state), W_hh, *rest)
        for number, part in enumerate(step[:-1]):
            history[number, t, :n], history[number, t, n:] = part, 0
        h[:n, t] = leaves(state)[0]
        _put_ends(last, state, rows, t)
    result = Unrolled(h[rows.back], mapped(lambda part: part[rows.back], last))
    return result, UnrolledCache(cell, weights, x_time, rows, history)


def unroll_backward(dresult: Unrolled, cache: UnrolledCache, truncate: int | None = None) -> UnrolledGradients:
    """Propagate gradients back through time.

    Parameters
    ----------
    dresult : Unrolled
        Gradients of the loss with respect to ``h``, shape (N, T, H), and to the last ``state``.
        Either may be None, which stands for zeros.  What lies after a sequence's end is ignored.
    cache : UnrolledCache
        From `unroll`.
    truncate : int, optional
        Cut the gradient between chunks of so many steps, counted from the first step: it no longer
        flows from a chunk to the one before, though the state did.  Not cut by default.

    Returns
    -------
    UnrolledGradients
        ``dx``, shape (N, T, D), zero after a sequence's end; ``dweights``, named as the weights are,
        summed over steps and sequences; ``dstate``, with respect to the state before the first step.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError
        If ``dresult`` does not fit what `unroll` gave.
    SettingError
        If ``truncate`` is not a whole number of at least 1.

    References
    ----------
    Werbos (1990), "Backpropagation through time: what it does and how to do it".
    Williams and Zipser (1989), "A learning algorithm for continually running fully recurrent neural
    networks", for the truncated kind.

    Examples
    --------
    The last state of an adder owes as much to its first input as to its last, unless the way is cut:

    >>> adder = RNNWeights(W_xh=np.eye(1), W_hh=np.eye(1), b_h=np.zeros(1))
    >>> _, cache = unroll(np.zeros((1, 4, 1)), adder)
    >>> loss = Unrolled(h=None, state=np.ones((1, 1)))
    >>> unroll_backward(loss, cache).dx.ravel()
    array([1., 1., 1., 1.])
    >>> unroll_backward(loss, cache, truncate=3).dx.ravel()
    array([0., 0., 0., 1.])
    """
    check_truncate("unroll_backward", truncate)
    cell, weights, x, rows, history = cache
    dh, dlast = _check_gradients(dresult, cache)
    da = np.empty((*x.shape[:2], len(weights.b_h)), x.dtype)  # (T, N, H), or a multiple of H
    da[len(rows.running) :] = 0
    dstate = _first(rows.running[-1], dlast)
    for t, n in reversed(list(enumerate(rows.running))):
        dstate = _add_h(_join_ends(dstate, dlast, n), dh[:n, t])
        da[t, n:] = 0
        da[t, :n], dstate = cell.core_backward(dstate, cell.cache(*history[:, t, :n], weights.W_hh))
        if truncate and t and t % truncate == 0:
            dstate = mapped(np.zeros_like, dstate)
    dx, dW_xh, db_h = read_inputs_backward(da, x, weights.W_xh)
    all_steps = cell.cache(*(below_each_other(kept) for kept in history), weights.W_hh)
    dW_hh, *drest = cell.core_weights(below_each_other(da), all_steps)
    dweights = type(weights)(dW_xh, dW_hh, db_h, *drest)
    return UnrolledGradients(dx.swapaxes(0, 1)[rows.back], dweights, mapped(lambda part: part[rows.back], dstate))


def record(cache: UnrolledCache, name: str) -> Array:
    """Collect what the cell computed on its way: a gate, or a state that it keeps to itself.

    Parameters
    ----------
    cache : UnrolledCache
        From `unroll`.
    name : str
        ``"i"``, ``"f"``, ``"g"``, ``"o"``, ``"c_prev"`` or ``"tanh_c"`` of an LSTM, ``"r"``, ``"z"`` or
        ``"n"`` of a GRU, ``"h_prev"`` of any cell.

    Returns
    -------
    ndarray, shape (N, T, H)
        Its values, zero after a sequence's end.

    Raises
    ------
    SettingError
        If the cell has nothing of that name.

    Examples
    --------
    >>> weights = LSTMWeights(W_xh=np.array([[0.0, 1.0, 0.0, 0.0]]), W_hh=np.zeros((1, 4)), b_h=np.zeros(4))
    >>> _, cache = unroll(np.array([[[-2.0], [0.0], [2.0]]]), weights)
    >>> record(cache, "f").ravel().round(2)
    array([0.12, 0.5 , 0.88])
    """
    names = cache.cell.cache._fields[:-1]  # all but W_hh
    if name not in names:
        raise SettingError(
            f"record: the cell, {cache.cell.name}, keeps no {name!r}; expected one of {', '.join(names)}."
        )
    return cache.history[names.index(name)].swapaxes(0, 1)[cache.rows.back].copy()


def check_truncate(function: str, truncate: Any) -> None:
    """Check that a chunk has at least one step."""
    whole = isinstance(truncate, int | np.integer) and not isinstance(truncate, bool)
    if truncate is not None and (not whole or truncate < 1):
        raise SettingError(
            f"{function}: truncate is {truncate!r}; expected a whole number of steps, at least 1. "
            "Leave it out to propagate through all steps."
        )


def _first(n: int, tree: Any) -> Any:
    return mapped(lambda part: part[:n], tree)


def _put_ends(last: State, state: State, rows: Rows, t: int) -> None:
    """Put aside the states of the sequences that end with step t."""
    n, still = [*rows.running, 0][t : t + 2]
    mapped(lambda end, part: np.copyto(end[still:n], part[still:n]), last, state)


def _join_ends(dstate: State, dlast: State, n: int) -> State:
    """Append the gradients of the states put aside, so that there are n rows."""
    if len(leaves(dstate)[0]) == n:
        return dstate
    return mapped(lambda part, end: np.concatenate([part, end[len(part) : n]]), dstate, dlast)


def _add_h(dstate: State, dh: Array) -> State:
    """Add what a step's output owes to the loss to what arrives from the step after."""
    return dstate._replace(h=dstate.h + dh) if isinstance(dstate, LSTMState) else dstate + dh


def _rows(lengths: NDArray[np.int64] | None, N: int, T: int) -> Rows:
    if lengths is None:
        return Rows(slice(None), slice(None), [N] * T)
    order = np.argsort(-lengths)
    return Rows(order, np.argsort(order), [int((lengths > t).sum()) for t in range(lengths.max())])


def _check_sequence(x: Array, weights: Weights, state: State | None) -> tuple[tuple[int, int], State]:
    """Return ``(N, T)`` and the state to begin with."""
    arrays = {**in_letters(weights), "x": (x, "N T D")}
    if state is not None:
        arrays |= _state_parts("unroll", "state", weights, state, "h", "c")
    sizes = check("unroll", **arrays)
    return (sizes["N"], sizes["T"]), zero_state(weights, sizes["N"]) if state is None else state


def _check_gradients(dresult: Unrolled, cache: UnrolledCache) -> tuple[Array, Any]:
    """Return the gradients with zeros for None, in the order of the loop."""
    check_pair("unroll_backward", "dresult", dresult, "Unrolled(h, state)")
    T, N, _ = cache.x.shape
    weights, (dh, dstate) = cache.weights, dresult
    dh = np.zeros((N, T, len(weights.W_hh)), cache.x.dtype) if dh is None else dh
    dstate = zero_state(weights, N) if dstate is None else dstate
    parts = _state_parts("unroll_backward", "dstate", weights, dstate, "dh_last", "dc_last")
    forward = {"W_hh": in_letters(weights)["W_hh"], "x": (cache.x.swapaxes(0, 1), "N T D")}
    check("unroll_backward", **forward, dh=(dh, "N T H"), **parts)
    order = cache.rows.order
    return dh[order], mapped(lambda part: part[order], dstate)


def _state_parts(function: str, name: str, weights: Weights, state: Any, *names: str) -> dict[str, tuple[Array, str]]:
    """Return the arrays of a state with their shapes in letters, as `rnn_utils.cells.checks.check` takes them."""
    if not isinstance(weights, LSTMWeights):
        return {names[0]: (state, "N H")}
    check_pair(function, name, state, "LSTMState(h, c)")
    return {names[0]: (state[0], "N H"), names[1]: (state[1], "N H")}
