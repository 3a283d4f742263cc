"""How far ahead can they see?  Recurrent nets against linear rules on three series, several seeds.

Run ``make study STUDY=forecasting`` (about fifteen minutes on one thread); a second start goes on
where the first was stopped.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from rnn_utils.chapters.ch21_forecasting import (
    Array,
    Scale,
    Windows,
    coverage,
    cut_windows,
    fit_ar,
    fit_direct,
    fit_interval,
    fit_scale,
    forecast_ar,
    mirror,
    order_errors,
    rmse,
    with_constant,
)
from rnn_utils.chapters.ch21_nets import (
    ChangeForecaster,
    Forecaster,
    fit,
    fit_patiently,
    forecast,
    say_direct,
    say_fed,
    say_free,
)
from rnn_utils.data.series import co2, noisy_sine, sunspots

UNITS, SEEDS, DRAWS = 16, range(5), range(10)
# The noisy sine: 600 points to learn from.
SINE = {"horizon": 64, "train": 600, "steps": 600}
PAST, LONG = 64, 128  # values that the nets read
# Two judges of the linear rules: one sees a quarter of the wave, one half of it.
QUARTER, HALF = 450, 300
ORDERS, RIDGES = (4, 64, 96, 128), (0, 3, 10, 30, 100)
# The real series: places where the training and the validation part end, steps of a round.
REAL: dict[str, dict[str, Any]] = {
    "sunspots": {"past": 33, "horizon": 11, "train": 200, "valid": 250, "steps": 25, "relative": False},
    "co2": {"past": 104, "horizon": 52, "train": 1600, "valid": 1850, "steps": 200, "relative": True},
}
# What a net names: the next value, the change to it, or the whole future at once.
WAYS = ("value", "change", "direct")
LEAK = {"steps": 300, "batch": 64}


def rounded(values: np.ndarray) -> list[float]:
    """Keep four digits."""
    return [float(f"{value:.4g}") for value in values]


def run_sine(draw: int, seed: int, mirrored: bool, past: int) -> dict[str, Any]:
    """Train one LSTM on the first 600 points of one noisy sine; score it against the clean one."""
    torch.set_num_threads(1)
    noisy, clean = noisy_sine(np.random.default_rng(draw))
    horizon, end = SINE["horizon"], SINE["train"]
    known = cut_windows(noisy[:end], past, horizon)
    known = mirror(known) if mirrored else known
    torch.manual_seed(seed)
    net = Forecaster(torch.nn.LSTM, UNITS, horizon)
    start = time.perf_counter()
    fit(net, known, say_direct, np.random.default_rng(seed), steps=SINE["steps"])
    on_test = forecast(net, cut_windows(noisy, past, horizon, end), say_direct)
    truth = cut_windows(clean, past, horizon, end).future
    return {"rmse": rounded(rmse(on_test, truth)), "seconds": round(time.perf_counter() - start, 1)}


def rivals_on_sine(draw: int) -> dict[str, Any]:
    """Score the linear rules on one noisy sine; order and ridge are chosen before the test part is seen."""
    noisy, clean = noisy_sine(np.random.default_rng(draw))
    horizon, end = SINE["horizon"], SINE["train"]
    known = noisy[:end]
    by_quarter = order_errors(known, QUARTER, ORDERS, horizon)
    by_half = {
        (order, ridge): error
        for ridge in RIDGES
        for order, error in order_errors(known, HALF, ORDERS, horizon, ridge=ridge).items()
    }
    order, ridge = min(by_half, key=by_half.get)
    as_far = min(RIDGES, key=lambda ridge: by_half[PAST, ridge])
    past = cut_windows(noisy, max(ORDERS), horizon, end).past
    truth = cut_windows(clean, max(ORDERS), horizon, end).future
    models = {"ar4": fit_ar(known, 4), "as_far": fit_ar(known, PAST, ridge=as_far)}
    models["chosen"] = fit_ar(known, order, ridge=ridge)
    said = {name: forecast_ar(model, past, horizon) for name, model in models.items()}
    said["ar4_direct"] = with_constant(past[:, -4:]) @ fit_direct(cut_windows(known, 4, horizon))
    said["last"] = np.repeat(past[:, -1:], horizon, axis=1)
    choice = {"order": order, "ridge": ridge, "ridge_as_far": as_far, "by_quarter": min(by_quarter, key=by_quarter.get)}
    return choice | {name: rounded(rmse(path, truth)) for name, path in said.items()}


def run_real(series: str, seed: int, way: str) -> dict[str, Any]:
    """Train one net on a real series until its validation part stops improving; score it on the test part."""
    torch.set_num_threads(1)
    values, plan = {"sunspots": sunspots, "co2": co2}[series]().values, REAL[series]
    past, horizon, ends = plan["past"], plan["horizon"], (plan["train"], plan["valid"])
    known = cut_windows(values, past, horizon, 0, ends[0])
    valid = cut_windows(values, past, horizon, *ends)
    test = cut_windows(values, past, horizon, ends[1])

    def now(windows: Windows) -> Array:
        return windows.past[:, -1:] if plan["relative"] else np.mean(values[: ends[0]])

    width = np.std(known.past - now(known))

    def scaled(windows: Windows) -> Windows:
        past, future = ((part - now(windows)) / width for part in windows[:2])
        return Windows(past, future, windows.start)

    torch.manual_seed(seed)
    kind = ChangeForecaster if way == "change" else Forecaster
    net = kind(torch.nn.LSTM, UNITS, horizon if way == "direct" else 1)
    learn, use = (say_direct, say_direct) if way == "direct" else (say_fed, say_free)

    def path(windows: Windows, say: Any = use) -> Array:
        return forecast(net, scaled(windows), say) * width + now(windows)

    def judge() -> float:
        return float(np.sqrt(np.mean((path(valid) - valid.future) ** 2)))

    start, rng = time.perf_counter(), np.random.default_rng(seed)
    errors = fit_patiently(net, scaled(known), learn, rng, steps=plan["steps"], judge=judge)
    row = {
        "rmse": rounded(rmse(path(test), test.future)),
        "mae": rounded(np.abs(path(test) - test.future).mean(axis=0)),
        "coverage": rounded(coverage(path(test), test.future, fit_interval(path(valid), valid.future))),
        "errors_valid": rounded(np.array(errors)),
        "seconds": round(time.perf_counter() - start, 1),
    }
    if way != "direct":
        row["rmse_fed"] = rounded(rmse(path(test, say_fed), test.future))  # shown each true value
    return row


def run_leak(seed: int, scaled_by: str) -> dict[str, Any]:
    """Train a net on the plain carbon dioxide, scaled by the training part, by the whole series, or wider."""
    torch.set_num_threads(1)
    values, plan = co2().values, REAL["co2"]
    past, horizon = plan["past"], plan["horizon"]
    own = fit_scale(values[: plan["train"]])
    scale = {"train": own, "whole": fit_scale(values), "wide": Scale(own.centre, 2 * own.width)}[scaled_by]
    torch.manual_seed(seed)
    net, rng = Forecaster(torch.nn.GRU, UNITS, horizon), np.random.default_rng(seed)
    scaled = scale.apply(values)
    fit(net, cut_windows(scaled, past, horizon, 0, plan["train"]), say_direct, rng, **LEAK)
    said = scale.undo(forecast(net, cut_windows(scaled, past, horizon, plan["valid"]), say_direct))
    return {"rmse": rounded(rmse(said, cut_windows(values, past, horizon, plan["valid"]).future))}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    yield from (("rivals", {"draw": draw}) for draw in DRAWS)
    for seed in SEEDS:
        yield from (("real", {"series": series, "seed": seed, "way": way}) for series in REAL for way in WAYS)
    for seed in SEEDS:
        yield from (("sine", {"draw": 0, "seed": seed, "mirrored": m, "past": PAST}) for m in (False, True))
    more = {"seed": 0, "mirrored": True}
    yield from (("sine", {"draw": draw, **more, "past": PAST}) for draw in DRAWS[1:])
    yield from (("sine", {"draw": draw, **more, "past": LONG}) for draw in DRAWS)
    for seed in SEEDS:
        yield from (("leak", {"seed": seed, "scaled_by": part}) for part in ("train", "whole", "wide"))


RUNS = {"rivals": rivals_on_sine, "sine": run_sine, "real": run_real, "leak": run_leak}
