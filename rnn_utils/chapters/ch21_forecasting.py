"""Forecasting without a net: windows that do not leak, simple rivals, and how to score them.

A *window* is a stretch of the past and the stretch of values that follows it.  The last value of the
past is the *origin*; a forecast *h* steps ahead is for the value h places behind it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_utils.errors import SettingError

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

    past: Array
    future: Array
    start: NDArray[np.int64]


class Scale(NamedTuple):
    """A centre and a width, which turn values into numbers near zero and back."""

    centre: float
    width: float

    def apply(self, values: Array) -> Array:
        """Return the values as distances from the centre, in widths."""
        return (np.asarray(values) - self.centre) / self.width

    def undo(self, scaled: Array) -> Array:
        """Return the values that `apply` came from."""
        return np.asarray(scaled) * self.width + self.centre


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
        If no window fits.

    Examples
    --------
    >>> cut = cut_windows(np.arange(8.0), past=3, horizon=2, first=5)
    >>> cut.past.tolist(), cut.future.tolist()
    ([[2.0, 3.0, 4.0], [3.0, 4.0, 5.0]], [[5.0, 6.0], [6.0, 7.0]])
    """
    values, last = np.asarray(values, dtype=float), len(values) if last is None else last
    start = np.arange(max(first, past), last - horizon + 1)
    if past < 1 or horizon < 1 or last > len(values) or len(start) == 0:
        raise SettingError(
            f"cut_windows: no window with a past of {past} and a horizon of {horizon} has its future in places "
            f"{first} to {last} of {len(values)} values; expected a longer part or shorter stretches."
        )
    stretches = np.lib.stride_tricks.sliding_window_view(values, past + horizon)[start - past]
    return Windows(stretches[:, :past].copy(), stretches[:, past:].copy(), start)


def mirror(windows: Windows) -> Windows:
    """Add every window once more, upside down: what holds for a wave holds for its mirror image."""
    both = [np.concatenate([part, -part]) for part in (windows.past, windows.future)]
    return Windows(*both, np.concatenate([windows.start, windows.start]))


def fit_scale(values: Array) -> Scale:
    """Return mean and standard deviation of these values; give it the training part and nothing else.

    Examples
    --------
    >>> fit_scale(np.array([1.0, 3.0]))
    Scale(centre=2.0, width=1.0)
    """
    return Scale(float(np.mean(values)), float(np.std(values)))


def fit_direct(windows: Windows, *, ridge: float = 0.0) -> Array:
    r"""Fit a linear rule for each horizon by least squares, all at once.

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
        The constants, then the weights of the past, oldest value first.

    Raises
    ------
    SettingError
        If there are fewer equations than numbers to be found, and no ridge to choose among them.
    """
    count, order = windows.past.shape
    if count + (order if ridge > 0 else 0) < order + 1:
        raise SettingError(
            f"fit_direct: {count} windows are {count} equations for {order + 1} numbers; expected at least "
            f"{order + 1}. Give more values or a shorter past."
        )
    weak = np.sqrt(ridge) * np.eye(order + 1)[1:]
    equations = np.vstack([_with_constant(windows.past), weak])
    answers = np.vstack([windows.future, np.zeros((order, windows.future.shape[1]))])
    return np.linalg.lstsq(equations, answers, rcond=None)[0]


def forecast_direct(weights: Array, past: Array) -> Array:
    """Name all horizons at once from the newest L values: shape (N, K)."""
    return _with_constant(past[:, past.shape[1] - len(weights) + 1 :]) @ weights


def _with_constant(past: Array) -> Array:
    return np.column_stack([np.ones(len(past)), past])


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

    Raises
    ------
    SettingError
        If the series is too short.

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
    SettingError
        If the past is shorter than the model looks back.

    Examples
    --------
    >>> forecast_ar(np.array([0.0, 2.0, -1.0]), np.array([[1.0, 2.0]]), 3).tolist()  # a straight line
    [[3.0, 4.0, 5.0]]
    """
    order = len(factors) - 1
    if past.shape[1] < order:
        raise SettingError(f"forecast_ar: the past has {past.shape[1]} values; expected at least {order}.")
    known = past[:, past.shape[1] - order :]
    for _ in range(horizon):
        step = factors[0] + known[:, : -order - 1 : -1] @ factors[1:]
        known = np.column_stack([known, step])
    return known[:, order:]


def forecast_last(past: Array, horizon: int) -> Array:
    """Repeat the last value: the *naive* forecast, shape (N, horizon)."""
    return np.repeat(past[:, -1:], horizon, axis=1)


def forecast_season(past: Array, horizon: int, season: int, *, drift: bool = False) -> Array:
    """Repeat the last season, again and again: the *seasonal-naive* forecast.

    Parameters
    ----------
    past : ndarray, shape (N, L)
        L at least one season; with drift, two.
    horizon, season : int
        Steps to forecast, and steps of a season.
    drift : bool
        Add what the last season lay above the one before, in the mean, for each season ahead.

    Returns
    -------
    ndarray, shape (N, horizon)

    Examples
    --------
    >>> forecast_season(np.array([[1.0, 2.0, 3.0, 4.0]]), 3, season=2).tolist()
    [[3.0, 4.0, 3.0]]
    >>> forecast_season(np.array([[1.0, 2.0, 3.0, 4.0]]), 3, season=2, drift=True).tolist()
    [[5.0, 6.0, 7.0]]
    """
    needed = season * (2 if drift else 1)
    if past.shape[1] < needed:
        raise SettingError(f"forecast_season: the past has {past.shape[1]} values; expected at least {needed}.")
    step = np.arange(horizon)
    repeated = past[:, past.shape[1] - season :][:, step % season]
    if not drift:
        return repeated
    rise = past[:, -season:].mean(axis=1) - past[:, -2 * season : -season].mean(axis=1)
    return repeated + rise[:, None] * (step // season + 1)


def rmse(forecast: Array, truth: Array) -> Array:
    """Return the root mean squared error at each horizon, shape (K,), from (N, K) and (N, K).

    Examples
    --------
    >>> rmse(np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([[2.0, 2.0], [2.0, 2.0]])).tolist()
    [1.0, 3.0]
    """
    return np.sqrt(np.mean((np.asarray(forecast) - np.asarray(truth)) ** 2, axis=0))


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
        Orders to try.
    horizon : int
        They are judged by the root mean squared error over all steps up to this one, iterated.
    ridge : float
        See `fit_direct`.

    Returns
    -------
    dict
        Error by order; the smallest is the one to take: ``min(errors, key=errors.get)``.
    """
    judged = cut_windows(values, max(orders), horizon, fit_end)
    errors = {}
    for order in orders:
        gaps = forecast_ar(fit_ar(values[:fit_end], order, ridge=ridge), judged.past, horizon) - judged.future
        errors[order] = float(np.sqrt(np.mean(gaps**2)))
    return errors


def fit_interval(forecast: Array, truth: Array, share: float = 0.8) -> tuple[Array, Array]:
    """Return how far below and above its forecasts the truth lay, horizon by horizon.

    Parameters
    ----------
    forecast, truth : ndarray, shape (N, K)
        On a validation part: on the training part a model looks better than it is.
    share : float
        Share of the truths that shall lie between both.

    Returns
    -------
    below, above : ndarray, shape (K,)
        To be added to a forecast.

    Examples
    --------
    >>> below, above = fit_interval(np.zeros((11, 1)), np.arange(11.0)[:, None] - 5, share=0.8)
    >>> below.tolist(), above.tolist()
    ([-4.0], [4.0])
    """
    gaps = np.asarray(truth) - np.asarray(forecast)
    below, above = np.quantile(gaps, [(1 - share) / 2, (1 + share) / 2], axis=0)
    return below, above


def coverage(forecast: Array, truth: Array, interval: tuple[Array, Array]) -> Array:
    """Return the share of truths inside an interval, at each horizon, shape (K,).

    Examples
    --------
    >>> coverage(np.zeros((4, 1)), np.array([[-3.0], [0.0], [1.0], [3.0]]), (np.array([-2.0]), np.array([2.0])))
    array([0.5])
    """
    below, above = interval
    gaps = np.asarray(truth) - np.asarray(forecast)
    return np.mean((gaps >= below) & (gaps <= above), axis=0)
