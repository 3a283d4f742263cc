"""Gradients measured instead of derived: change one number a little, and see what the loss does."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rnn_utils.checks import Array
from rnn_utils.errors import DTypeError, GradientError, SettingError, ShapeError
from rnn_utils.nested import leaves

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
        array[place] = kept + step
        above = loss()
        array[place] = kept - step
        below = loss()
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
