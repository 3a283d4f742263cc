"""Forecasting: windows that do not leak, rivals on series that can be continued by hand, and their scores."""

import re
import sys
from collections.abc import Callable

import numpy as np
import pytest

from rnn_utils import recall
from rnn_utils.chapters import ch21_forecasting as fc
from rnn_utils.data import series
from rnn_utils.errors import DTypeError, NotFiniteError, SettingError, ShapeError

RNG = np.random.default_rng(0)


def wave(count: int, turn: float = 0.4) -> np.ndarray:
    return 3 + np.sin(turn * np.arange(count))


def test_windows_hold_what_came_before_and_what_came_next() -> None:
    cut = fc.cut_windows(np.arange(20.0), past=3, horizon=2)
    assert cut.past.shape == (16, 3)
    assert cut.future.shape == (16, 2)
    assert (cut.past[:, -1] + 1 == cut.future[:, 0]).all()
    assert (cut.future[:, 0] == cut.start).all()


@pytest.mark.parametrize(("past", "horizon"), [(1, 1), (3, 2), (7, 4)])
def test_no_future_of_one_part_is_a_future_of_another(past: int, horizon: int) -> None:
    values, ends = np.arange(60.0), (0, 30, 45, 60)
    seen: list[set[float]] = []
    for first, last in zip(ends, ends[1:], strict=False):  # noqa: RUF007
        cut = fc.cut_windows(values, past, horizon, first, last)
        assert cut.future.min() == max(first, past)
        assert cut.future.max() == last - 1
        seen.append(set(cut.future.ravel()))
    assert not seen[0] & seen[1]
    assert not seen[1] & seen[2]
    assert not seen[0] & seen[2]


def test_training_windows_hold_no_value_from_behind_their_part() -> None:
    values = np.arange(60.0)
    before = fc.cut_windows(values, 5, 3, 0, 40)
    values[40:] = np.nan
    after = fc.cut_windows(values, 5, 3, 0, 40)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_windows_are_copies() -> None:
    values = np.arange(9.0)
    cut = fc.cut_windows(values, 2, 1)
    cut.past[:] = -1
    assert values.tolist() == list(range(9))


@pytest.mark.parametrize("part", [(0, 4), (5, 6), (8, 9), (0, -2)])
def test_a_part_without_a_window_is_named(part: tuple[int, int]) -> None:
    with pytest.raises(SettingError, match="no window with a past of 4 and a horizon of 2"):
        fc.cut_windows(np.arange(9.0), 4, 2, *part)


def test_a_part_that_reaches_behind_the_series_is_not_cut_short() -> None:
    with pytest.raises(IndexError):
        fc.cut_windows(np.arange(9.0), 4, 2, 0, 10)


def test_mirror_turns_the_sign_of_both_sides() -> None:
    cut = fc.cut_windows(np.arange(9.0), 2, 3)
    both = fc.mirror(cut)
    half = len(cut.past)
    assert np.array_equal(both.past[half:], -cut.past)
    assert np.array_equal(both.future[half:], -cut.future)
    assert fc.fit_scale(both.past).centre == 0


def test_scale_goes_there_and_back() -> None:
    values = RNG.normal(5, 3, 50)
    scale = fc.fit_scale(values)
    scaled = scale.apply(values)
    assert scaled.mean() == pytest.approx(0, abs=1e-12)
    assert scaled.std() == pytest.approx(1)
    assert np.allclose(scale.undo(scaled), values, rtol=1e-14)


def test_ar_finds_the_rule_of_a_sine_and_continues_it() -> None:
    values = wave(200)
    factors = fc.fit_ar(values[:100], 2)
    # x(t+1) = 2 cos(0.4) x(t) - x(t-1) around 3, so the constant is 3 (2 - 2 cos 0.4).
    turn = 2 * np.cos(0.4)
    assert np.allclose(factors, [3 * (2 - turn), turn, -1], atol=1e-9)
    assert np.allclose(fc.forecast_ar(factors, values[None, :100], 100)[0], values[100:], atol=1e-8)


def test_iterated_forecast_takes_each_value_for_true() -> None:
    # Fibonacci, with a past longer than the rule needs.
    assert fc.forecast_ar(np.array([0.0, 1.0, 1.0]), np.array([[99.0, 1, 1]]), 5).tolist() == [[2, 3, 5, 8, 13]]


def test_newest_factor_comes_first() -> None:
    values = RNG.normal(size=300)
    for t in range(3, 300):
        values[t] = 1 + 0.5 * values[t - 1] - 0.3 * values[t - 3] + 0.01 * values[t]
    assert np.allclose(fc.fit_ar(values, 3), [1, 0.5, 0, -0.3], atol=0.03)


def test_direct_rule_is_the_iterated_one_where_that_is_exact() -> None:
    values = wave(120)
    known = fc.cut_windows(values, 2, 5, 0, 80)
    later = fc.cut_windows(values, 2, 5, 80)
    assert np.allclose(fc.with_constant(later.past) @ fc.fit_direct(known), later.future, atol=1e-8)


def test_ridge_is_the_minimum_of_its_sum() -> None:
    cut = fc.cut_windows(RNG.normal(size=60), 4, 2)

    def total(weights: np.ndarray) -> float:
        gaps = fc.with_constant(cut.past) @ weights - cut.future
        return float((gaps**2).sum() + 7.0 * (weights[1:] ** 2).sum())

    best = fc.fit_direct(cut, ridge=7.0)
    for nudge in 1e-3 * np.eye(best.size).reshape(-1, *best.shape):
        assert total(best) < min(total(best + nudge), total(best - nudge))


def test_ridge_finds_numbers_where_equations_are_few() -> None:
    few = fc.cut_windows(RNG.normal(size=12), 8, 1)
    assert fc.fit_direct(few, ridge=1.0).shape == (9, 1)
    with pytest.raises(SettingError, match="4 windows are too few equations for 9 numbers"):
        fc.fit_direct(few)


def test_scaling_does_not_change_what_least_squares_forecasts() -> None:
    values = wave(100) + RNG.normal(0, 0.1, 100)
    scale = fc.Scale(-7.0, 0.01)
    plain = fc.forecast_ar(fc.fit_ar(values, 5), values[None], 9)
    scaled = scale.apply(values)
    assert np.allclose(scale.undo(fc.forecast_ar(fc.fit_ar(scaled, 5), scaled[None], 9)), plain, atol=1e-7)


@pytest.mark.parametrize("shape", [(1, 2), (9,)])
def test_a_rule_is_not_fed_a_past_that_does_not_fit(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=rf"past is {re.escape(str(shape))}; expected \(N, L\) with L at least 3"):
        fc.forecast_ar(np.ones(4), np.zeros(shape), 1)


def test_order_is_judged_behind_the_fit_and_not_on_it() -> None:
    values = wave(120) + RNG.normal(0, 0.3, 120)
    errors = fc.order_errors(values, 80, (1, 2, 30), 5)
    cut = fc.cut_windows(values, 30, 5, 80)
    for order, error in errors.items():
        gaps = fc.forecast_ar(fc.fit_ar(values[:80], order), cut.past, 5) - cut.future
        assert error == pytest.approx(np.sqrt((gaps**2).mean()))
    training = fc.cut_windows(values, 30, 5, 0, 80)
    gaps = fc.forecast_ar(fc.fit_ar(values[:80], 30), training.past, 5) - training.future
    assert np.sqrt((gaps**2).mean()) < errors[30]


def test_an_interval_covers_its_share_of_what_it_was_fitted_to() -> None:
    forecast, truth = RNG.normal(size=(2, 1000, 3)) * [1, 2, 5]
    interval = fc.fit_interval(forecast, truth, 0.8)
    assert fc.coverage(forecast, truth, interval) == pytest.approx(0.8, abs=0.005)
    width = interval[1] - interval[0]
    assert (np.diff(width) > 0).all()  # the errors grow with the horizon, and so does the interval
    assert (interval[0] == -interval[1]).all()  # the forecast lies in the middle


def test_rmse_is_by_horizon() -> None:
    assert fc.rmse(np.zeros((3, 2)), np.array([[3.0, 0], [4, 0], [0, 6]])) == pytest.approx([5 / 3**0.5, 12**0.5])


@pytest.mark.parametrize("score", [fc.rmse, fc.fit_interval, lambda a, b: fc.coverage(a, b, np.zeros((2, 1)))])
def test_scores_repeat_nothing_and_wrap_nothing_around(score: Callable[..., object]) -> None:
    with pytest.raises(ShapeError, match=r"forecast is \(3,\) and truth \(3, 1\); expected both \(N, K\)"):
        score(np.zeros(3), np.zeros((3, 1)))
    with pytest.raises(DTypeError, match=r"truth holds uint8; expected floats\. Convert it: truth\.astype\(float\)"):
        score(np.zeros((3, 1)), np.full((3, 1), 200, np.uint8))


def test_series_that_cannot_be_used_say_what_to_do() -> None:
    gap = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0, 7.0])
    with pytest.raises(NotFiniteError, match="fill_gaps fills the gaps"):
        fc.fit_ar(gap, 1)
    with pytest.raises(DTypeError, match=r"values has a mask; .*fill_gaps fills it"):
        fc.cut_windows(np.ma.masked_invalid(gap), 2, 1)
    for function in (series.fill_gaps, lambda values: fc.cut_windows(values, 2, 1)):
        with pytest.raises(ShapeError, match=r"values is \(7, 1\); expected \(T,\)"):
            function(gap[:, None])
    for values in (np.ones(5), gap):
        with pytest.raises(SettingError, match="expected values that differ, and none missing"):
            fc.fit_scale(values)
    with pytest.raises(SettingError, match="orders is a generator; expected a list or a range"):
        fc.order_errors(wave(60), 40, (order for order in (1, 2)), 5)


def test_noisy_sine_is_the_one_of_the_text() -> None:
    noisy, clean = series.noisy_sine(np.random.default_rng(4), 20_000)
    assert clean[:3].tolist() == [np.sin(0.01), np.sin(0.02), np.sin(0.03)]
    assert np.std(noisy - clean) == pytest.approx(0.2, rel=0.02)
    assert np.array_equal(noisy, series.noisy_sine(np.random.default_rng(4), 20_000)[0])


def test_ar4_on_the_noisy_sine_has_the_known_errors() -> None:
    scores = []
    for draw in range(20):
        noisy, clean = series.noisy_sine(np.random.default_rng(draw))
        past = fc.cut_windows(noisy, 128, 64, 600).past
        truth = fc.cut_windows(clean, 128, 64, 600).future
        scores.append(
            [fc.rmse(fc.forecast_ar(fc.fit_ar(noisy[:600], p), past, 64), truth)[[0, 3, 15, 63]] for p in (4, 128)]
        )
    four, many = np.mean(scores, axis=0)
    assert four == pytest.approx([0.105, 0.124, 0.182, 0.470], rel=0.05)
    assert many == pytest.approx([0.12, 0.12, 0.11, 0.10], rel=0.12)


def test_gaps_are_filled_along_a_line_and_nothing_else_moves() -> None:
    values = np.array([2.0, np.nan, 4.0, 1.0, np.nan, np.nan, 7.0])
    assert series.fill_gaps(values).tolist() == [2, 3, 4, 1, 3, 5, 7]
    hidden = np.ma.array([2.0, -999.0, 4.0], mask=[False, True, False])
    assert series.fill_gaps(hidden).tolist() == [2, 3, 4]
    for broken in (np.array([np.nan, 1.0]), np.array([1.0, np.nan]), np.array([np.nan])):
        with pytest.raises(SettingError, match="first or the last value is missing"):
            series.fill_gaps(broken)


def test_times_that_are_not_even_are_named() -> None:
    months = np.array(["2023-12", "2024-01", "2024-02", "2024-03", "2024-05"], dtype="datetime64[M]").astype(
        "datetime64[D]"
    )
    even = series.evenly_spaced(np.arange(5.0), months)
    assert np.array_equal(even, [0, 1, 2, 3, np.nan, 4], equal_nan=True)
    for times, where in (
        ([0, 1, 1, 2], "from 1 to 1"),
        ([0, 1, 2, 3.5], r"from 2\.0 to 3\.5"),
        ([7, 7, 7, 7], "from 7 to 7"),
    ):
        with pytest.raises(SettingError, match=rf"{where} is no whole number of the usual steps; .*resample"):
            series.evenly_spaced(np.arange(4.0), times)
    hidden = np.ma.array([1.0, -999.0, 3.0], mask=[False, True, False])
    assert np.array_equal(series.evenly_spaced(hidden, [0, 1, 2]), [1, np.nan, 3], equal_nan=True)
    for missing in ([0, 1, np.nan], np.array(["2024-01-01", "2024-01-02", "NaT"], dtype="datetime64")):
        with pytest.raises(SettingError, match=r"a time is missing; .*Leave such rows out"):
            series.evenly_spaced(np.arange(3.0), missing)
    pandas = pytest.importorskip("pandas")
    with pytest.raises(DTypeError, match=r"times hold object; .*tz_localize\(None\)"):
        series.evenly_spaced(np.arange(3.0), pandas.date_range("2024-01-01", periods=3, tz="UTC"))
    with pytest.raises(ShapeError, match=r"\(4,\) values and \(3,\) times"):
        series.evenly_spaced(np.arange(4.0), np.arange(3))


def test_real_series_come_without_a_download() -> None:
    pytest.importorskip("statsmodels")
    spots, air = series.sunspots(), series.co2()
    assert (len(spots.values), spots.times[0], spots.times[-1], spots.filled.sum()) == (309, 1700, 2008, 0)
    assert (len(air.values), air.filled.sum()) == (2284, 59)
    assert np.isfinite(air.values).all()
    assert air.times[0] == pytest.approx(1958.24, abs=0.01)
    assert np.diff(air.times) == pytest.approx(7 / 365.25, abs=0.003)  # years are not all as long
    assert spots.values.argmax() == 1957 - 1700
    assert np.flatnonzero(air.filled).max() < 1600  # all gaps lie in the chapter's training part


def test_a_missing_statsmodels_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    with pytest.raises(SettingError, match="pip install statsmodels"):
        series.sunspots()


def test_study_holds_every_run_once_and_its_nets_beat_ar4() -> None:
    rows = recall("forecasting")
    four = next(row["ar4"] for row in rows["rivals"] if row["draw"] == 0)
    mirrored = [row["rmse"] for row in rows["sine"] if row["draw"] == 0 and row["mirrored"] and row["past"] == 64]
    assert len(mirrored) == 5
    assert (np.median(mirrored, axis=0)[[3, 15, 63]] < np.array(four)[[3, 15, 63]]).all()
    assert sorted((row["series"], row["way"], row["seed"]) for row in rows["real"]) == [
        (name, way, seed) for name in ("co2", "sunspots") for way in ("change", "direct", "value") for seed in range(5)
    ]
    assert len(rows["rivals"]) == 10
    assert sorted((row["scaled_by"], row["seed"]) for row in rows["leak"]) == [
        (part, seed) for part in ("train", "whole", "wide") for seed in range(5)
    ]
    for past in (64, 128):
        own = [row["draw"] for row in rows["sine"] if row["past"] == past and row["seed"] == 0 and row["mirrored"]]
        assert sorted(own) == list(range(10))
