"""Forecasting without a net: windows that do not leak, simple rivals, and how to score them.

A *window* is a stretch of the past and the stretch of values that follows it.  The last value of the
past is the *origin*; a forecast *h* steps ahead is for the value h places behind it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_utils.errors import DTypeError, NotFiniteError, SettingError, ShapeError

Array = NDArray[np.float64]


class Windows(NamedTuple):
    """Stretches of the past with what came next; entry n of each belongs together.

    Attributes
    ----------
    past : ndarray, shape (N, L)
        What a forecaster may look at, the newest value last.
    future : ndarray, shape (N, K)
        What it has to name: column h - 1 lies h steps ahead.
    start : ndarray of int, shape (N,)
        Place of the first future value in the series.
    """

    past: np.ndarray
    future: np.ndarray
    start: np.ndarray


class Scale(NamedTuple):
    """A centre and a width, which turn values into numbers near zero and back."""

    centre: float
    width: float

    def apply(self, values: Array) -> Array:
        """Return the values as distances from the centre, in widths."""
        return (values - self.centre) / self.width

    def undo(self, scaled: Array) -> Array:
        """Return the values that `apply` came from."""
        return scaled * self.width + self.centre


def cut_windows(values: Array, past: int, horizon: int, first: int = 0, last: int | None = None) -> Windows:
    """Cut all windows whose *future* lies wholly in one part of a series.

    The past may reach back into the part before: on the day of a forecast it is known.  No future value
    of one part is ever a future value of another.

    Parameters
    ----------
    values : ndarray, shape (T,)
        The whole series.
    past, horizon : int
        Lengths L and K of both stretches.
    first, last : int
        The part reaches from `first` up to, not including, `last`; the end of the series if left out.

    Returns
    -------
    Windows

    Raises
    ------
    SettingError
        If no window fits: a mean over none would be NaN.
    ShapeError, DTypeError
        If the series has more than one axis, or a mask.
    IndexError
        If the part reaches behind the series.

    Examples
    --------
    >>> cut = cut_windows(np.arange(8.0), past=3, horizon=2, first=5)
    >>> cut.past.tolist(), cut.future.tolist()
    ([[2.0, 3.0, 4.0], [3.0, 4.0, 5.0]], [[5.0, 6.0], [6.0, 7.0]])
    """
    if np.ndim(values) != 1:
        raise ShapeError(f"cut_windows: values is {np.shape(values)}; expected (T,). Cut one series at a time.")
    if isinstance(values, np.ma.MaskedArray):
        raise DTypeError(
            "cut_windows: values has a mask; expected a plain array. rnn_utils.data.series.fill_gaps fills it."
        )
    if past < 1 or horizon < 1 or max(first, past) + horizon > (len(values) if last is None else last):
        raise SettingError(
            f"cut_windows: no window with a past of {past} and a horizon of {horizon} has its future in places "
            f"{first} to {last} of {len(values)} values; expected a longer part or shorter stretches."
        )
    last = len(values) if last is None else last
    start = np.arange(max(first, past), last - horizon + 1)
    before, after = np.arange(-past, 0), np.arange(horizon)
    return Windows(values[start[:, None] + before], values[start[:, None] + after], start)


def mirror(windows: Windows) -> Windows:
    """Add every window once more, upside down: what holds for a wave holds for its mirror image."""
    past, future, start = windows
    return Windows(np.concatenate([past, -past]), np.concatenate([future, -future]), np.tile(start, 2))


def fit_scale(values: Array) -> Scale:
    """Return mean and standard deviation of these values; give it the training part and nothing else.

    Raises
    ------
    SettingError
        If all values are the same, or one is NaN: nothing can be divided by such a width.

    Examples
    --------
    >>> fit_scale(np.array([1.0, 3.0]))
    Scale(centre=2.0, width=1.0)
    """
    if not np.std(values) > 0:
        raise SettingError(
            f"fit_scale: the standard deviation is {np.std(values)}; expected values that differ, and none missing."
        )
    return Scale(float(np.mean(values)), float(np.std(values)))


def with_constant(past: Array) -> Array:
    """Put a one before each stretch, for the constant of a rule: from (N, L) to (N, L + 1)."""
    return np.column_stack([np.ones(len(past)), past])


def fit_direct(windows: Windows, *, ridge: float = 0.0) -> Array:
    """Fit a linear rule for each horizon by least squares, all at once.

    Parameters
    ----------
    windows : Windows
        Of the training part.
    ridge : float
        Factor of the sum of the squared weights, added to the sum of the squared errors: it keeps the
        weights small where there are few equations.  The constant is left free.

    Returns
    -------
    ndarray, shape (L + 1, K)
        The constants, then the weights of the past, oldest value first; ``with_constant(past) @ weights``
        is the forecast.

    Raises
    ------
    NotFiniteError
        If a value is missing.
    SettingError
        If there are fewer equations than numbers to be found, and no ridge to choose among them.
    """
    if not (np.isfinite(windows.past).all() and np.isfinite(windows.future).all()):
        raise NotFiniteError(
            "fit_direct: the windows hold NaN or infinity; expected numbers. "
            "rnn_utils.data.series.fill_gaps fills the gaps of a series before it is cut."
        )
    if ridge == 0 and len(windows.past) <= windows.past.shape[1]:
        raise SettingError(
            f"fit_direct: {len(windows.past)} windows are too few equations for {windows.past.shape[1] + 1} numbers; "
            "give more values, a shorter past, or a ridge."
        )
    order, horizon = windows.past.shape[1], windows.future.shape[1]
    small = np.sqrt(ridge) * np.eye(order + 1)[1:]  # one equation a weight: it should be 0
    equations = np.vstack([with_constant(windows.past), small])
    answers = np.vstack([windows.future, np.zeros((order, horizon))])
    return np.linalg.lstsq(equations, answers, rcond=None)[0]


def fit_ar(values: Array, order: int, *, ridge: float = 0.0) -> Array:
    r"""Fit an autoregressive model by least squares.

    .. math:: \hat x_{t+1} = c + a_1 x_t + a_2 x_{t-1} + \dots + a_p x_{t-p+1}

    Parameters
    ----------
    values : ndarray, shape (T,)
        The training part.
    order : int
        How many values p it looks back.
    ridge : float
        See `fit_direct`.

    Returns
    -------
    ndarray, shape (p + 1,)
        The constant c, then the factors, newest value first.

    Examples
    --------
    The rise grows by one at each step: 1 more than a straight line through the last two values.

    >>> fit_ar(np.array([1.0, 2.0, 4.0, 7.0, 11.0, 16.0]), order=2).round(6).tolist()
    [1.0, 2.0, -1.0]
    """
    weights = fit_direct(cut_windows(values, order, 1), ridge=ridge)[:, 0]
    return np.concatenate([weights[:1], weights[:0:-1]])


def forecast_ar(factors: Array, past: Array, horizon: int) -> Array:
    """Forecast one step, take the forecast for true, and go on (an *iterated* forecast).

    Parameters
    ----------
    factors : ndarray, shape (p + 1,)
        From `fit_ar`.
    past : ndarray, shape (N, L)
        L at least p.
    horizon : int
        How many steps.

    Returns
    -------
    ndarray, shape (N, horizon)

    Raises
    ------
    ShapeError
        If the past has another shape, or is shorter than the model looks back.

    Examples
    --------
    >>> forecast_ar(np.array([0.0, 2.0, -1.0]), np.array([[1.0, 2.0]]), 3).tolist()  # a straight line
    [[3.0, 4.0, 5.0]]
    """
    if np.ndim(past) != 2 or past.shape[1] < len(factors) - 1:
        raise ShapeError(
            f"forecast_ar: past is {np.shape(past)}; expected (N, L) with L at least {len(factors) - 1}, as far as the "
            "model looks back. One series makes one row: past[None]."
        )
    order, known = len(factors) - 1, past
    for _ in range(horizon):
        step = factors[0] + known[:, : -order - 1 : -1] @ factors[1:]
        known = np.column_stack([known, step])
    return known[:, past.shape[1] :]


def check_scored(function: str, forecast: Array, truth: Array) -> None:
    """Check that forecasts and truths have one shape, (N, K), which nothing is repeated to fit, and are floats.

    Raises
    ------
    ShapeError, DTypeError
        If not; differences of small whole numbers would wrap around.
    """
    if np.shape(forecast) != np.shape(truth) or np.ndim(truth) != 2:
        raise ShapeError(
            f"{function}: forecast is {np.shape(forecast)} and truth {np.shape(truth)}; expected both (N, K), a row a "
            "window and a column a horizon."
        )
    for name, array in (("forecast", forecast), ("truth", truth)):
        if not np.issubdtype(np.asarray(array).dtype, np.floating):
            raise DTypeError(
                f"{function}: {name} holds {array.dtype}; expected floats. Convert it: {name}.astype(float)."
            )


def rmse(forecast: Array, truth: Array) -> Array:
    """Return the root mean squared error at each horizon, shape (K,), from (N, K) and (N, K).

    Raises
    ------
    ShapeError, DTypeError
        See `check_scored`.

    Examples
    --------
    >>> rmse(np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([[2.0, 2.0], [2.0, 2.0]])).tolist()
    [1.0, 3.0]
    """
    check_scored("rmse", forecast, truth)
    return np.sqrt(np.mean((forecast - truth) ** 2, axis=0))


def order_errors(
    values: Array, fit_end: int, orders: Sequence[int], horizon: int, *, ridge: float = 0.0
) -> dict[int, float]:
    """Judge orders of an AR model on the part of a series behind `fit_end`.

    Parameters
    ----------
    values : ndarray, shape (T,)
        Training and validation part; the test part stays away.
    fit_end : int
        The models are fitted to the values before this place and judged on those from it on.
    orders : sequence of int
        Orders to try; they are gone through twice.
    horizon : int
        They are judged by the root mean squared error over all steps up to this one, iterated.
    ridge : float
        See `fit_direct`.

    Returns
    -------
    dict
        Error by order; the smallest is the one to take: ``min(errors, key=errors.get)``.
    """
    if not isinstance(orders, Sequence | np.ndarray):
        raise SettingError(f"order_errors: orders is a {type(orders).__name__}; expected a list or a range.")
    judged = cut_windows(values, max(orders), horizon, fit_end)
    errors = {}
    for order in orders:
        factors = fit_ar(values[:fit_end], order, ridge=ridge)
        gaps = forecast_ar(factors, judged.past, horizon) - judged.future
        errors[order] = np.sqrt(np.mean(gaps**2))
    return errors


def fit_interval(forecast: Array, truth: Array, share: float = 0.8) -> Array:
    """Return how far from its forecasts the truth lay, horizon by horizon.

    Parameters
    ----------
    forecast, truth : ndarray, shape (N, K)
        On a validation part: on the training part a model looks better than it is.
    share : float
        Share of the truths that lie at most so far away.

    Returns
    -------
    ndarray, shape (2, K)
        Below and above, to be added to a forecast; one is the other with its sign turned, so that the forecast
        lies in the middle.

    Examples
    --------
    >>> below, above = fit_interval(np.zeros((11, 1)), np.arange(11.0)[:, None], share=0.8)
    >>> below.tolist(), above.tolist()
    ([-8.0], [8.0])
    """
    check_scored("fit_interval", forecast, truth)
    width = np.quantile(np.abs(truth - forecast), share, axis=0)
    return np.array([-width, width])


def coverage(forecast: Array, truth: Array, interval: Array) -> Array:
    """Return the share of truths inside an interval, at each horizon, shape (K,).

    Examples
    --------
    >>> coverage(np.zeros((4, 1)), np.array([[-3.0], [0.0], [1.0], [3.0]]), np.array([[-2.0], [2.0]]))
    array([0.5])
    """
    check_scored("coverage", forecast, truth)
    gaps, (below, above) = truth - forecast, interval
    return np.mean((gaps >= below) & (gaps <= above), axis=0)
