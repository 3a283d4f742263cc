"""Say what is wrong with an array before NumPy does: where, what was expected, what came, what to do."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnn_utils.errors import DTypeError, NotFiniteError, SettingError, ShapeError

Array = NDArray[np.floating]
Sizes = dict[str, tuple[int, str]]  # of a letter: its size, and the array that says so

BEGIN = "Begin with zeros of that shape, or carry on the state of the same batch."
ADVICE = {  # by the first letter of an argument's name
    "x": "Inputs are (N, T, D), one step of them (N, D): swap the first two axes if yours begin with time.",
    "h": f"{BEGIN} For an LSTM the state is the pair (h, c), for the other cells h alone.",
    "c": BEGIN,
    "W": "Rows are what comes in, columns what goes out; "
    "rnn_utils.cells.convert reads the weights of Keras and PyTorch.",
    "b": "A bias is one row, as long as its weights are wide.",
    "d": "A gradient has the shape of what it belongs to.",
}


def check(function: str, **arrays: tuple[Any, str]) -> dict[str, int]:
    """Check that arrays fit each other.

    Parameters
    ----------
    function : str
        Who asks; every message begins with it.
    **arrays : (array, letters)
        By name, in the order of their authority: the first array that shows a letter sets its size,
        and the first of all sets the dtype.  Letters stand apart and may have a factor: ``"H 4H"``.

    Returns
    -------
    dict
        The size of each letter.

    Raises
    ------
    DTypeError
        If something is no NumPy array of float32 or float64, or if the two are mixed.
    ShapeError
        If an array is empty, or its shape is not what its letters say.
    NotFiniteError
        If an array holds NaN or infinity.

    Examples
    --------
    >>> check("rnn_step", W_hh=(np.eye(7), "H H"), x_t=(np.ones((2, 5)), "N D"))
    {'H': 7, 'N': 2, 'D': 5}
    >>> check("rnn_step", W_hh=(np.eye(7), "H H"), b_h=(np.ones(5), "H"))
    Traceback (most recent call last):
        ...
    rnn_utils.errors.ShapeError: rnn_step: b_h is (5,) but W_hh is (7, 7); expected b_h of shape (H,) = (7,).
    A bias is one row, as long as its weights are wide.
    """
    sizes: Sizes = {}
    first, (leader, _) = next(iter(arrays.items()))
    for name, (array, letters) in arrays.items():
        check_numbers(function, name, array, getattr(leader, "dtype", None))
        if array.dtype != leader.dtype:
            raise DTypeError(
                f"{function}: {name} holds {array.dtype} but {first} holds {leader.dtype}; expected the same. "
                f"Convert one of them: {name}.astype(np.{leader.dtype})."
            )
        _check_shape(function, name, array.shape, letters.split(), sizes)
    return {letter: size for letter, (size, _) in sizes.items()}


def check_numbers(function: str, name: str, array: Any, wanted: Any = None) -> None:
    """Check that something is a NumPy array of finite float32 or float64 numbers; advise the dtype that is wanted."""
    if not isinstance(array, np.ndarray):
        raise DTypeError(
            f"{function}: {name} is a {type(array).__name__}; expected a NumPy array. "
            f"Make one, np.asarray({name}), unless the arguments are in the wrong order."
        )
    if array.dtype not in (np.float32, np.float64):
        advised = wanted if wanted in (np.float32, np.float64) else np.dtype(np.float32)
        raise DTypeError(
            f"{function}: {name} holds {array.dtype}; expected float32 or float64. "
            f"Convert it: {name}.astype(np.{advised})."
        )
    if not np.isfinite(array).all():
        place = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        raise NotFiniteError(
            f"{function}: {name} holds {array[place]} at {place}; expected finite numbers. "
            "Look where it was made: a division by zero, a missing value, a training that diverged."
        )


def check_pair(function: str, name: str, pair: Any, kind: str) -> None:
    """Check that something which has two parts, such as ``LSTMState(h, c)``, comes as a pair."""
    if not isinstance(pair, tuple) or len(pair) != 2:
        came = f"an array of shape {pair.shape}" if isinstance(pair, np.ndarray) else f"a {type(pair).__name__}"
        raise ShapeError(f"{function}: {name} is {came}; expected a pair. Pass {kind}.")


def check_lengths(function: str, lengths: Sequence[int] | NDArray[np.integer], N: int, T: int) -> NDArray[np.int64]:
    """Check that there is one length for each of N sequences, from 1 to T; return them as an array."""
    array = np.asarray(lengths)
    if array.shape != (N,) or not np.issubdtype(array.dtype, np.integer):
        raise ShapeError(
            f"{function}: lengths is {array.shape} of {array.dtype}; expected {N} whole numbers, one a sequence. "
            "Count the steps of every sequence before it is padded."
        )
    if (wrong := np.flatnonzero((array < 1) | (array > T))).size:
        raise SettingError(
            f"{function}: lengths[{wrong[0]}] is {array[wrong[0]]}; expected 1 to {T}, the number of steps in x. "
            "Leave sequences without any step out of the batch, and pad the others to the longest."
        )
    return array.astype(np.int64)


def _check_shape(function: str, name: str, shape: tuple[int, ...], axes: list[str], sizes: Sizes) -> None:
    if len(shape) == len(axes):
        for place, axis in enumerate(axes):
            if axis.isalpha() and axis not in sizes:
                sizes[axis] = shape[place], f"{name} is {shape}"
    expected = [int(axis[:-1] or 1) * sizes[axis[-1]][0] if axis[-1] in sizes else axis for axis in axes]
    if list(shape) != expected:
        because = ""
        if len(shape) == len(axes):
            wrong = next(place for place, size in enumerate(expected) if shape[place] != size)
            owner = sizes[axes[wrong][-1]][1]
            because = "" if owner == f"{name} is {shape}" else f" but {owner}"
        raise ShapeError(
            f"{function}: {name} is {shape}{because}; expected {name} of shape {_tuple(axes)} = {_tuple(expected)}. "
            f"{ADVICE.get(name[0], '')}".rstrip()
        )
    if 0 in shape:
        raise ShapeError(
            f"{function}: {name} is {shape}; expected at least 1 along every axis of {_tuple(axes)}. "
            "Leave empty sequences and empty batches out."
        )


def _tuple(entries: Sequence[Any]) -> str:
    """Write letters and numbers as Python writes a tuple."""
    return f"({', '.join(map(str, entries))}{',' if len(entries) == 1 else ''})"
