"""Series to forecast: a noisy sine, and two real ones that come with statsmodels, so nothing is downloaded."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_utils.errors import DTypeError, SettingError, ShapeError

Array = NDArray[np.float64]


class Series(NamedTuple):
    """A measured series.

    Attributes
    ----------
    values : ndarray, shape (T,)
        One value per time step, gaps filled.
    times : ndarray, shape (T,)
        When, in years.
    filled : ndarray of bool, shape (T,)
        Which values were not measured but filled in.
    season : int
        Steps after which the series comes round again.
    """

    values: Array
    times: Array
    filled: NDArray[np.bool_]
    season: int


def noisy_sine(rng: np.random.Generator, count: int = 1000, *, noise: float = 0.2) -> tuple[Array, Array]:
    """Draw sin(0.01 t) with normal noise, for t = 1, 2, …

    Parameters
    ----------
    rng : Generator
        Draws the noise.
    count : int
        How many points.
    noise : float
        Standard deviation of the noise.

    Returns
    -------
    noisy, clean : ndarray, shape (count,)
        What a forecaster sees, and what it is scored against.
    """
    clean = np.sin(0.01 * np.arange(1, count + 1))
    return clean + rng.normal(0.0, noise, count), clean


def sunspots() -> Series:
    """Return the yearly mean number of sunspots, 1700 to 2008, no gaps; season: 11 years.

    Raises
    ------
    SettingError
        If statsmodels, which carries the data, is not installed.

    Notes
    -----
    Source: National Geophysical Data Center, public domain, as shipped with statsmodels.
    """
    table = _statsmodels("sunspots")
    values = table["SUNACTIVITY"].to_numpy(float)
    return Series(values, table["YEAR"].to_numpy(float), np.zeros(len(values), bool), 11)


def co2() -> Series:
    """Return the weekly carbon dioxide of the air over Mauna Loa, 1958 to 2001, in parts per million.

    Weeks without a measurement are filled along the straight line between their neighbours.
    Season: 52 weeks.

    Raises
    ------
    SettingError
        If statsmodels, which carries the data, is not installed.

    Notes
    -----
    Source: Keeling and Whorf (2004), Scripps Institution of Oceanography, public domain, as shipped with
    statsmodels.
    """
    table = _statsmodels("co2")
    values = table["co2"].to_numpy(float)
    days = table.index.to_numpy().astype("datetime64[D]")
    first = days[0].astype("datetime64[Y]")
    times = first.astype(int) + 1970 + (days - first.astype("datetime64[D]")).astype(float) / 365.25
    return Series(fill_gaps(values), times, np.isnan(values), 52)


def _statsmodels(name: str) -> Any:
    """Load a table that ships with statsmodels; nothing is downloaded."""
    try:
        from statsmodels import datasets
    except ImportError as error:
        raise SettingError(
            f"forecasting: the series {name!r} comes with statsmodels, which is not installed; run `pip install "
            "statsmodels` (a few megabytes, with its data) and start again."
        ) from error
    return getattr(datasets, name).load_pandas().data


def evenly_spaced(values: Any, times: Any) -> Array:
    """Put a series in the order of its times, with NaN where a step is missing.

    Parameters
    ----------
    values, times : array or column of pandas, shape (T,)
        Times are dates or numbers, in any order.  A value may be missing or masked, a time may not.

    Returns
    -------
    ndarray, shape (as many steps as there should be,)
        Ready for `fill_gaps`.

    Raises
    ------
    SettingError
        If a time is there twice or missing, or a step is not a whole number of usual ones, give or take a
        fifth: months are alike enough, days of business are not.
    DTypeError
        If the times are neither dates nor numbers to NumPy, such as dates with a time zone.
    ShapeError
        If there is not one time for each value.

    Examples
    --------
    >>> days = np.array(["2024-03-02", "2024-03-01", "2024-03-05", "2024-03-03"], dtype="datetime64")
    >>> evenly_spaced([20.0, 10.0, 50.0, 30.0], days).tolist()
    [10.0, 20.0, 30.0, nan, 50.0]
    """
    values, times = np.ma.filled(np.ma.asarray(values).astype(float), np.nan), np.asarray(times)
    if values.ndim != 1 or values.shape != times.shape or len(values) < 2:
        raise ShapeError(
            f"evenly_spaced: {values.shape} values and {times.shape} times; expected both (T,), T above 1."
        )
    if times.dtype.kind not in "iufM":
        raise DTypeError(
            f"evenly_spaced: times hold {times.dtype}; expected dates or numbers. "
            "Take a time zone off with pandas: index.tz_localize(None)."
        )
    if np.isnan(times).any():
        raise SettingError("evenly_spaced: a time is missing; expected one for each value. Leave such rows out.")
    order = np.argsort(times)
    steps = np.diff(times[order]).astype(float)
    usual = np.median(steps)
    jumps = np.rint(steps / usual) if usual else np.zeros_like(steps)
    if (wrong := np.flatnonzero((jumps < 1) | (abs(steps / (usual or 1) - jumps) > 0.2))).size:
        before, after = times[order][wrong[0] : wrong[0] + 2]
        raise SettingError(
            f"evenly_spaced: from {before} to {after} is no whole number of the usual steps; expected each time once, "
            'at even distances. Bring them to a grid first, with pandas for example: series.resample("D").mean().'
        )
    places = np.concatenate([[0], np.cumsum(jumps)]).astype(int)
    even = np.full(places[-1] + 1, np.nan)
    even[places] = values[order]
    return even


def fill_gaps(values: Array) -> Array:
    """Fill each gap (NaN, or masked) along the straight line between its neighbours.

    Parameters
    ----------
    values : ndarray, shape (T,)
        The first and the last must not be missing.

    Returns
    -------
    ndarray, shape (T,)

    Raises
    ------
    SettingError
        If an end is missing: a line needs two neighbours.
    ShapeError
        If there is more than one value a time step.

    Examples
    --------
    >>> fill_gaps(np.array([1.0, np.nan, np.nan, 4.0])).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    values = np.ma.filled(np.ma.asarray(values).astype(float), np.nan)
    if values.ndim != 1:
        raise ShapeError(f"fill_gaps: values is {values.shape}; expected (T,). Fill one series at a time.")
    known = np.flatnonzero(~np.isnan(values))
    if len(known) == 0 or known[0] != 0 or known[-1] != len(values) - 1:
        raise SettingError("fill_gaps: the first or the last value is missing; cut the series so that both are there.")
    return np.interp(np.arange(len(values)), known, values[known])
