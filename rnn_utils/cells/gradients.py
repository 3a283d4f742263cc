"""Gradients measured instead of derived, and gradients made shorter.

`numerical_gradient` changes one number a little and sees what the loss does; `clip_by_global_norm`
shortens together what is too long together.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnn_utils.cells.checks import Array
from rnn_utils.cells.trees import leaves, mapped
from rnn_utils.errors import DTypeError, GradientError, NotFiniteError, SettingError, ShapeError

STEP = 1e-5  # near the cube root of float64's rounding, where the two errors of the quotient balance
TOLERANCE = 1e-6


def numerical_gradient(loss: Callable[[], float], array: Array, step: float = STEP) -> Array:
    r"""Measure the gradient of a loss with respect to an array by central differences.

    .. math:: \frac{\partial L}{\partial q_k} \approx \frac{L(q_k + \epsilon) - L(q_k - \epsilon)}{2 \epsilon}

    The error falls with :math:`\epsilon^2`, while rounding grows with :math:`1 / \epsilon`.

    Parameters
    ----------
    loss : callable
        Takes nothing, reads ``array`` and returns one number.
    array : ndarray of float64
        Changed in place, one entry at a time, and put back.
    step : float, optional
        The small change :math:`\epsilon`.

    Returns
    -------
    ndarray, as array
        The loss is computed twice for every entry, so keep the arrays small.

    Raises
    ------
    DTypeError
        If the array is not of float64: float32 keeps too few digits of a small difference.

    Examples
    --------
    >>> q = np.array([1.0, 2.0, 3.0])
    >>> numerical_gradient(lambda: (q**2).sum(), q).round(6)
    array([2., 4., 6.])
    """
    if not isinstance(array, np.ndarray) or array.dtype != np.float64:
        came = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise DTypeError(
            f"numerical_gradient: array is of {came}; expected a NumPy array of float64, because small differences "
            "drown in float32's rounding. Check the same code with float64 inputs and weights."
        )
    if not step > 0:
        raise SettingError(f"numerical_gradient: step is {step!r}; expected a small number above 0, such as {STEP}.")
    gradient = np.empty_like(array)
    for place in np.ndindex(array.shape):
        kept = array[place]
        try:
            array[place] = kept + step
            above = loss()
            array[place] = kept - step
            below = loss()
        finally:  # also when the loss fails, or somebody loses patience
            array[place] = kept
        gradient[place] = (above - below) / (2 * step)
    return gradient


def relative_error(a: Array, b: Array) -> float:
    r"""Return the largest difference of two arrays over the largest magnitude in them.

    .. math:: \frac{\max_k |a_k - b_k|}{\max_k \max(|a_k|, |b_k|)}

    Two arrays of zeros are equal: 0.

    Raises
    ------
    ShapeError
        If the shapes differ: what would be repeated to fit could hide a mistake.

    Examples
    --------
    >>> round(relative_error(np.array([100.0, 1.0]), np.array([100.0, 1.5])), 6)
    0.005
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ShapeError(f"relative_error: the arrays are {a.shape} and {b.shape}; expected one shape. Transpose one?")
    largest = float(np.maximum(np.abs(a), np.abs(b)).max())
    return float(np.abs(a - b).max()) / largest if largest else 0.0


def check_gradients(loss: Callable[[], float], arrays: Any, gradients: Any, tolerance: float = TOLERANCE) -> float:
    """Compare derived gradients with measured ones.

    Parameters
    ----------
    loss : callable
        Takes nothing, reads the arrays and returns one number.
    arrays : ndarray of float64, or nested tuples and lists of them
        What the loss depends on: weights, inputs, the first state.
    gradients : as arrays
        The derived gradients, in the same structure.
    tolerance : float, optional
        The largest `relative_error` allowed for any array.

    Returns
    -------
    float
        The largest `relative_error`.

    Raises
    ------
    GradientError
        If an array's error is above the tolerance; the message shows the worst entry.

    Examples
    --------
    >>> q = np.array([1.0, 2.0])
    >>> check_gradients(lambda: (q**2).sum(), q, gradients=2 * q) < 1e-6
    True
    >>> check_gradients(lambda: (q**2).sum(), q, gradients=q)
    Traceback (most recent call last):
        ...
    rnn_utils.errors.GradientError: check_gradients: array 0 of 1 has a relative error of 0.5, expected at most 1e-06;
    at (1,) the derived gradient is 2.0, the measured one 4.0. Check the formula of this array's gradient.
    """
    arrays, gradients = leaves(arrays), leaves(gradients)
    if len(arrays) != len(gradients):
        raise ShapeError(
            f"check_gradients: got {len(arrays)} arrays and {len(gradients)} gradients; expected one each. "
            "Pass both in the same structure."
        )
    worst = 0.0
    for number, array in enumerate(arrays):
        derived = gradients[number]
        measured = numerical_gradient(loss, array)
        error = relative_error(derived, measured)
        if not error <= tolerance:
            place = np.unravel_index(np.abs(derived - measured).argmax(), array.shape)
            raise GradientError(
                f"check_gradients: array {number} of {len(arrays)} has a relative error of {error:.2g}, expected at "
                f"most {tolerance}; at {tuple(map(int, place))} the derived gradient is {derived[place]:.6}, "
                f"the measured one {measured[place]:.6}. Check the formula of this array's gradient."
            )
        worst = max(worst, error)
    return worst


class Clipped(NamedTuple):
    """Gradients after clipping, and their norm before it."""

    gradients: Any
    norm: float


def clip_by_global_norm(gradients: Any, limit: float) -> Clipped:
    r"""Shorten gradients, all by one factor, if their common norm exceeds a limit.

    .. math:: \|g\| = \sqrt{\textstyle\sum_k g_k^2}, \qquad g \leftarrow g \min\left(1, \frac{limit}{\|g\|}\right)

    The sum runs over every entry of every array.  The direction stays, so a step still goes downhill;
    clipping each array or entry alone would turn it.

    Parameters
    ----------
    gradients : ndarray, or nested tuples and lists of ndarray
        Such as ``dweights`` of `rnn_utils.cells.sequence.unroll_backward`.
    limit : float
        The longest norm allowed, above 0.

    Returns
    -------
    Clipped
        ``gradients``, fresh arrays in the same structure and dtype, and ``norm``, the norm that came.

    Raises
    ------
    SettingError
        If the limit is not above 0.
    DTypeError
        If a gradient holds whole numbers, which no factor shortens.
    NotFiniteError
        If a gradient holds NaN or infinity: no factor could mend it.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks".

    Examples
    --------
    >>> clip_by_global_norm((np.array([3.0]), np.array([4.0])), limit=1)
    Clipped(gradients=(array([0.6]), array([0.8])), norm=5.0)
    """
    if not limit > 0:
        raise SettingError(f"clip_by_global_norm: limit is {limit!r}; expected a number above 0, such as 1.0.")
    for gradient in leaves(gradients):
        if not np.issubdtype(gradient.dtype, np.floating):
            raise DTypeError(
                f"clip_by_global_norm: a gradient holds {gradient.dtype}; expected float32 or float64. "
                "Convert it: gradient.astype(np.float64)."
            )
    largest = float(np.max([np.abs(gradient).max() for gradient in leaves(gradients)]))  # NaN if one is NaN
    if not np.isfinite(largest):
        raise NotFiniteError(
            "clip_by_global_norm: the gradients hold NaN or infinity; expected finite numbers. "
            "Stop here: look at the loss of the steps before, and lower the learning rate."
        )
    if largest == 0:
        return Clipped(mapped(np.copy, gradients), 0.0)
    # Squares of very large or very small numbers leave the range of floats; squares of ratios do not.
    # `sum` rounds more before Python 3.12 than after it, and a training carries the last digit far.
    squares = math.fsum(np.square(gradient / largest).sum() for gradient in leaves(gradients))
    norm = largest * float(np.sqrt(squares))
    factor = min(1.0, limit / norm)
    return Clipped(mapped(lambda gradient: gradient * gradient.dtype.type(factor), gradients), norm)
