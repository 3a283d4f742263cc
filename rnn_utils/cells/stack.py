"""Layers upon layers, and layers that read both ways."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_utils.cells.checks import Array, check, check_pair
from rnn_utils.cells.kinds import Weights, check_weights, in_letters
from rnn_utils.cells.sequence import Lengths, Unrolled, UnrolledCache, UnrolledGradients, unroll, unroll_backward
from rnn_utils.errors import DTypeError, SettingError, ShapeError


class Bidirectional(NamedTuple):
    """A layer that reads both ways: its weights, its states or their gradients, for each way."""

    forward: Any
    backward: Any


Layer = Weights | Bidirectional


class BidirectionalCache(NamedTuple):
    """What `unroll_bidirectional_backward` needs of the way forward."""

    forward: UnrolledCache
    backward: UnrolledCache
    lengths: NDArray[np.int64]


def unroll_stack(
    x: Array, layers: Sequence[Layer], states: Sequence[Any] | None = None, lengths: Lengths | None = None
) -> tuple[Unrolled, list[Any]]:
    """Run layers over sequences; each reads the hidden states of the one below.

    Parameters
    ----------
    x : ndarray, shape (N, T, D)
        Inputs of the lowest layer; shorter sequences are padded on the right.
    layers : sequence of weights, or of `Bidirectional` pairs of weights
        From the lowest to the highest.  A layer above H units reads D = H numbers a step, above a
        `Bidirectional` one both halves, forward first.
    states : sequence, optional
        The state to begin with, for each layer; zeros by default, also where an entry is None.
    lengths : sequence of int, shape (N,), optional
        Steps of each sequence, 1 to T; all T by default.

    Returns
    -------
    result : Unrolled
        ``h`` of the highest layer, (N, T, H) or (N, T, 2H), zero after a sequence's end, and
        ``state``, a list of the last state of each layer.
    caches : list
        What `unroll_stack_backward` needs; treat as read-only.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError
        If the arguments do not fit each other, are empty, or hold NaN.
    SettingError
        If a length is not within 1 to T.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> lowest = Bidirectional(random_weights(GRUWeights, 5, 3, rng), random_weights(GRUWeights, 5, 3, rng))
    >>> highest = random_weights(LSTMWeights, 6, 4, rng)
    >>> result, _ = unroll_stack(np.ones((2, 7, 5)), [lowest, highest])
    >>> result.h.shape
    (2, 7, 4)
    """
    _check_layers(layers)
    states = _one_each("unroll_stack", "states", states, len(layers))
    h, last = x, []
    caches = []
    for number, layer in enumerate(layers):
        run: Any = unroll_bidirectional if isinstance(layer, Bidirectional) else unroll
        (h, end), cache = run(h, layer, states[number], lengths)
        last.append(end)
        caches.append(cache)
    return Unrolled(h, last), caches


def unroll_stack_backward(dresult: Unrolled, caches: Sequence[Any], truncate: int | None = None) -> UnrolledGradients:
    """Propagate gradients back through layers and time.

    Parameters
    ----------
    dresult : Unrolled
        Gradients of the loss with respect to ``h`` of the highest layer and to the list of last
        states.  Either, and any entry of the list, may be None, which stands for zeros.
    caches : list
        From `unroll_stack`.
    truncate : int, optional
        As for `rnn_utils.cells.sequence.unroll_backward`; not for layers that read both ways.

    Returns
    -------
    UnrolledGradients
        ``dx``, and lists with an entry for each layer, ``dweights`` and ``dstate``.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError
        If ``dresult`` does not fit what `unroll_stack` gave.
    SettingError
        If ``truncate`` is not a whole number of at least 1, or a layer reads both ways.

    Examples
    --------
    >>> layers = [random_weights(RNNWeights, D, 4, np.random.default_rng(D)) for D in (5, 4)]
    >>> result, caches = unroll_stack(np.ones((2, 3, 5)), layers)
    >>> gradients = unroll_stack_backward(Unrolled(np.ones_like(result.h), None), caches)
    >>> gradients.dx.shape, [dlayer.W_xh.shape for dlayer in gradients.dweights]
    ((2, 3, 5), [(5, 4), (4, 4)])
    """
    check_pair("unroll_stack_backward", "dresult", dresult, "Unrolled(h, [state of each layer])")
    dh, dstates = dresult
    dstates = _one_each("unroll_stack_backward", "dresult.state", dstates, len(caches))
    gradients = []
    for number, cache in reversed(list(enumerate(caches))):
        backward = unroll_bidirectional_backward if isinstance(cache, BidirectionalCache) else unroll_backward
        gradients.append(backward(Unrolled(dh, dstates[number]), cache, truncate))
        dh = gradients[-1].dx
    gradients.reverse()
    return UnrolledGradients(dh, [layer.dweights for layer in gradients], [layer.dstate for layer in gradients])


def unroll_bidirectional(
    x: Array, layer: Bidirectional, state: Bidirectional | None = None, lengths: Lengths | None = None
) -> tuple[Unrolled, BidirectionalCache]:
    """Run two cells over sequences, one from the first step on and one from the last.

    Parameters
    ----------
    x : ndarray, shape (N, T, D)
        Inputs; shorter sequences are padded on the right.
    layer : Bidirectional
        Weights for each way.
    state : Bidirectional, optional
        States to begin with; the backward one stands before a sequence's own last step.
    lengths : sequence of int, shape (N,), optional
        Steps of each sequence, 1 to T; all T by default.

    Returns
    -------
    result : Unrolled
        ``h``, shape (N, T, 2H): at each step what the forward cell knows of the past, then what the
        backward cell knows of the future; and ``state``, a `Bidirectional` of the last states.  The
        backward one is that after the first step: at ``h[:, -1]`` the backward cell has read one step.
    cache : BidirectionalCache
        What `unroll_bidirectional_backward` needs; treat as read-only.

    Raises
    ------
    ShapeError, DTypeError, NotFiniteError, SettingError
        As `rnn_utils.cells.sequence.unroll`.

    References
    ----------
    Schuster and Paliwal (1997), "Bidirectional recurrent neural networks".

    Examples
    --------
    >>> adder = RNNWeights(W_xh=np.eye(1), W_hh=np.eye(1), b_h=np.zeros(1))
    >>> x = np.array([[[0.01], [0.02], [0.03]]])
    >>> result, _ = unroll_bidirectional(x, Bidirectional(adder, adder))
    >>> result.h[0].round(2)
    array([[0.01, 0.06],
           [0.03, 0.05],
           [0.06, 0.03]])
    """
    state = Bidirectional(None, None) if state is None else state
    check_pair("unroll_bidirectional", "state", state, "Bidirectional(forward, backward)")
    _check_both(layer)
    forward_state, backward_state = state
    forward, forward_cache = unroll(x, layer.forward, forward_state, lengths)
    known = np.full(len(x), x.shape[1]) if lengths is None else np.asarray(lengths)
    backward, backward_cache = unroll(reverse_within(x, known), layer.backward, backward_state, lengths)
    h = np.concatenate([forward.h, reverse_within(backward.h, known)], axis=2)
    cache = BidirectionalCache(forward_cache, backward_cache, known)
    return Unrolled(h, Bidirectional(forward.state, backward.state)), cache


def unroll_bidirectional_backward(
    dresult: Unrolled, cache: BidirectionalCache, truncate: int | None = None
) -> UnrolledGradients:
    """Propagate gradients back through a layer that reads both ways; ``truncate`` must be None.

    ``dresult`` and what is returned are as for `rnn_utils.cells.sequence.unroll_backward`, with a
    `Bidirectional` for the state and the weights.
    """
    if truncate is not None:
        raise SettingError(
            f"unroll_bidirectional_backward: truncate is {truncate!r}; expected None, because the backward cell "
            "reads from the end of the whole sequence. Leave truncate out, or use layers that read one way."
        )
    (dforward_h, dbackward_h), (dforward_state, dbackward_state) = _halves(dresult, cache)
    forward = unroll_backward(Unrolled(dforward_h, dforward_state), cache.forward)
    backward = unroll_backward(Unrolled(dbackward_h, dbackward_state), cache.backward)
    dx = forward.dx + reverse_within(backward.dx, cache.lengths)
    dweights = Bidirectional(forward.dweights, backward.dweights)
    return UnrolledGradients(dx, dweights, Bidirectional(forward.dstate, backward.dstate))


def reverse_within(x: Array, lengths: NDArray[np.integer]) -> Array:
    """Turn each sequence around within its own length; padding stays where it is.

    Examples
    --------
    >>> reverse_within(np.array([[[1.0], [2.0], [0.0]]]), lengths=np.array([2])).ravel()
    array([2., 1., 0.])
    """
    steps, ends = np.arange(x.shape[1]), lengths[:, np.newaxis]
    places = np.where(steps < ends, ends - 1 - steps, steps)  # (N, T)
    return np.take_along_axis(x, places[:, :, np.newaxis], axis=1)


def _halves(dresult: Unrolled, cache: BidirectionalCache) -> tuple[Bidirectional, Any]:
    """Return what the forward cell and the backward cell are to carry back, of h and of the state."""
    function = "unroll_bidirectional_backward"
    check_pair(function, "dresult", dresult, "Unrolled(h, Bidirectional(forward, backward))")
    dh, dstate = (Bidirectional(None, None) if part is None else part for part in dresult)
    check_pair(function, "dstate", dstate, "Bidirectional(forward, backward)")
    if isinstance(dh, Bidirectional):
        return dh, dstate
    W_hh = in_letters(cache.forward.weights)["W_hh"]
    check(function, W_hh=W_hh, x=(cache.forward.x.swapaxes(0, 1), "N T D"), dh=(dh, "N T 2H"))
    dforward, dbackward = np.split(dh, 2, axis=2)
    return Bidirectional(dforward, reverse_within(dbackward, cache.lengths)), dstate


def _one_each(function: str, name: str, entries: Sequence[Any] | None, layers: int) -> Sequence[Any]:
    """Check that there is one entry for each layer; None stands for None everywhere."""
    entries = [None] * layers if entries is None else entries
    if isinstance(entries, np.ndarray) or len(entries) != layers:
        raise ShapeError(
            f"{function}: {name} has {len(entries)} entries; expected {layers}, one for each layer. "
            "Put None where a layer has nothing to give."
        )
    return entries


def _check_layers(layers: Sequence[Layer]) -> None:
    """Check that every layer reads as many numbers as the one below it gives."""
    if not isinstance(layers, list | tuple) or hasattr(layers, "_fields") or not layers:
        raise DTypeError(
            f"unroll_stack: layers is a {type(layers).__name__}; expected a list of at least one layer. "
            "Wrap a single one: [weights]."
        )
    given = None
    for number, layer in enumerate(layers):
        ways = layer if isinstance(layer, Bidirectional) else (layer,)
        sizes = [check_weights("unroll_stack", weights) for weights in ways]
        for way in sizes:
            if given not in (None, way["D"]):
                raise ShapeError(
                    f"unroll_stack: layer {number} reads {way['D']} numbers a step (W_xh) but layer {number - 1} "
                    f"gives {given}; expected the same. A layer that reads both ways gives 2H."
                )
        given = sum(way["H"] for way in sizes)


def _check_both(layer: Bidirectional) -> None:
    """Check that both ways have the same number of hidden units."""
    check_pair("unroll_bidirectional", "layer", layer, "Bidirectional(forward, backward), both of them weights")
    forward, backward = (check_weights("unroll_bidirectional", weights)["H"] for weights in layer)
    if forward != backward:
        raise ShapeError(
            f"unroll_bidirectional: H is {forward} forward but {backward} backward; expected the same. "
            "Give both ways equally many hidden units."
        )
