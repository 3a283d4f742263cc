"""The cells of the book side by side, and what they have in common.

Every cell has a step forward, ``(state, cache) = step(x_t, state_prev, *weights)``, and the same step
backward, ``gradients = step_backward(dstate, cache)``.  The state is ``h``, or for an LSTM the pair
``LSTMState(h, c)``.  The equations stand in the two cores, without the input's share, which
`rnn_utils.cells.sequence` computes for all steps at once.
"""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from rnn_utils.cells.checks import Array, check
from rnn_utils.cells.gru import (
    GRU,
    GRU_BEFORE,
    GRUBeforeWeights,
    GRUWeights,
)
from rnn_utils.cells.lstm import LSTM, LSTMState, LSTMWeights
from rnn_utils.cells.parts import Cell
from rnn_utils.cells.rnn import RNN, RNNWeights
from rnn_utils.errors import DTypeError, SettingError

Weights = RNNWeights | LSTMWeights | GRUWeights | GRUBeforeWeights
State = Array | LSTMState
Kind = TypeVar("Kind", RNNWeights, LSTMWeights, GRUWeights, GRUBeforeWeights)


CELLS: dict[type, Cell] = {RNNWeights: RNN, LSTMWeights: LSTM, GRUWeights: GRU, GRUBeforeWeights: GRU_BEFORE}


def cell_of(function: str, weights: Any) -> Cell:
    """Return the cell that the weights belong to, or say for ``function`` that they belong to none."""
    if type(weights) not in CELLS:
        names = ", ".join(kind.__name__ for kind in CELLS)
        raise DTypeError(
            f"{function}: the weights are a {type(weights).__name__}; expected one of {names}. "
            "Name the cell by wrapping its arrays: LSTMWeights(W_xh, W_hh, b_h)."
        )
    return CELLS[type(weights)]


def check_weights(function: str, weights: Any) -> dict[str, int]:
    """Check that weights are those of a cell and fit each other; return the sizes D and H."""
    cell_of(function, weights)
    return check(function, **in_letters(weights))


def in_letters(weights: Weights) -> dict[str, tuple[Array, str]]:
    """Return a cell's weights with their shapes in letters, as `rnn_utils.cells.checks.check` takes them.

    Examples
    --------
    >>> weights = random_weights(LSTMWeights, D=5, H=7, rng=np.random.default_rng(0))
    >>> {name: letters for name, (array, letters) in in_letters(weights).items()}
    {'W_hh': 'H 4H', 'W_xh': 'D 4H', 'b_h': '4H'}
    """
    wide = f"{len(CELLS[type(weights)].blocks)}H".removeprefix("1")
    letters = {"W_hh": f"H {wide}", "W_xh": f"D {wide}", "b_h": wide, "b_hn": "H"}
    return {name: (getattr(weights, name), letters[name]) for name in letters if name in weights._fields}


def random_weights(kind: type[Kind], D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = np.float64) -> Kind:
    r"""Draw weights of a cell, every one uniformly from :math:`\pm 1/\sqrt{H}`, as PyTorch does.

    Parameters
    ----------
    kind : type
        `RNNWeights`, `LSTMWeights`, `GRUWeights` or `GRUBeforeWeights`.
    D, H : int
        Inputs and hidden units.
    rng : numpy.random.Generator
        Where the numbers come from.
    dtype : dtype, optional
        float64 (default) or float32.

    Returns
    -------
    kind
        Fresh arrays, which may be changed in place: ``weights.b_h[H : 2 * H] = 1`` opens the forget
        gates of an LSTM.

    Raises
    ------
    SettingError
        If D or H is not a whole number of at least 1.

    Examples
    --------
    >>> weights = random_weights(LSTMWeights, D=5, H=7, rng=np.random.default_rng(0))
    >>> [array.shape for array in weights]
    [(5, 28), (7, 28), (28,)]
    """
    for name, size in (("D", D), ("H", H)):
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise SettingError(f"random_weights: {name} is {size!r}; expected a whole number of at least 1.")
    if kind not in CELLS:
        names = ", ".join(cell.__name__ for cell in CELLS)
        raise SettingError(f"random_weights: kind is {kind!r}; expected one of {names}.")
    wide = len(CELLS[kind].blocks) * H
    shapes = {"W_xh": (D, wide), "W_hh": (H, wide), "b_h": (wide,), "b_hn": (H,)}
    bound = 1 / np.sqrt(H)
    return kind(*(rng.uniform(-bound, bound, shapes[name]).astype(dtype) for name in kind._fields))


def zero_state(weights: Weights, N: int) -> State:
    """Return the state before the first step, of N sequences: zeros in the dtype of the weights.

    Examples
    --------
    >>> zero_state(random_weights(RNNWeights, D=5, H=3, rng=np.random.default_rng(0)), N=2)
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """
    cell_of("zero_state", weights)
    zeros = np.zeros((N, weights.W_hh.shape[0]), weights.W_hh.dtype)
    return LSTMState(zeros, zeros.copy()) if isinstance(weights, LSTMWeights) else zeros
