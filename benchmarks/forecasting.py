"""How far ahead can they see?  Recurrent nets against simple rivals on three series, several seeds.

Run ``make study STUDY=forecasting`` (about fifteen minutes on one thread); a second start goes on
where the first was stopped.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from rnn_utils.chapters.ch21_forecasting import (
    Scale,
    coverage,
    cut_windows,
    fit_ar,
    fit_interval,
    fit_scale,
    forecast_ar,
    mirror,
    order_errors,
    rmse,
)
from rnn_utils.chapters.ch21_nets import WAYS, Forecaster, RelativeForecaster, forecast, say_fed, train_forecaster
from rnn_utils.data.series import co2, noisy_sine, sunspots

UNITS, SEEDS, DRAWS = 16, range(5), range(10)
# The noisy sine: 600 points to learn from, of which the last 150 choose the order of AR.
SINE = {"horizon": 64, "fit": 450, "train": 600, "steps": 600}
PAST, LONG = 64, 128  # values that the nets read, and that one of them reads on every noise besides
ORDERS, RIDGES = (64, 96, 128, 160), (1, 3, 10, 30, 100)
SINE_NETS = [("LSTM", "direct", False), ("LSTM", "direct", True), ("LSTM", "teacher", True)]
SINE_NETS += [("GRU", "direct", True), ("RNN", "direct", True)]
# The real series: places where the training and the validation part end.
REAL: dict[str, dict[str, Any]] = {
    "sunspots": {"past": 33, "horizon": 11, "train": 200, "valid": 250, "steps": 150, "rate": 0.01, "relative": False},
    "co2": {"past": 104, "horizon": 52, "train": 1600, "valid": 1850, "steps": 600, "rate": 0.02, "relative": True},
}
# How a net forecasts that was trained in a way: nobody knows the true values that a teacher would feed.
USED = {"teacher": "free", "free": "free", "direct": "direct"}
LEAK = {"steps": 300, "rate": 0.01}


def rounded(values: np.ndarray) -> list[float]:
    """Keep four digits."""
    return [float(f"{value:.4g}") for value in values]


def make(cell: str, way: str, horizon: int, scale: Scale, seed: int, *, relative: bool = False) -> Forecaster:
    """Return an untrained net, its weights drawn by the seed."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    kind = RelativeForecaster if relative else Forecaster
    return kind(getattr(torch.nn, cell), UNITS, horizon if way == "direct" else 1, scale)


def run_sine(draw: int, seed: int, cell: str, way: str, mirrored: bool, past: int) -> dict[str, Any]:
    """Train one net on the first 600 points of one noisy sine; score it against the clean one."""
    noisy, clean = noisy_sine(np.random.default_rng(draw))
    horizon, end = SINE["horizon"], SINE["train"]
    known = cut_windows(noisy[:end], past, horizon)
    known = mirror(known) if mirrored else known
    net = make(cell, way, horizon, fit_scale(known.past), seed)
    start = time.perf_counter()
    losses = train_forecaster(net, known, WAYS[way], np.random.default_rng(seed), steps=SINE["steps"], batch=128)
    test = cut_windows(noisy, past, horizon, end)
    on_test = forecast(net, test, WAYS[USED[way]])
    return {
        "rmse": rounded(rmse(on_test, cut_windows(clean, past, horizon, end).future)),
        "loss": rounded(np.reshape(losses, (-1, 20)).mean(axis=1)),  # of every 20 steps, scaled
        "seconds": round(time.perf_counter() - start, 1),
    }


def rivals_on_sine(draw: int) -> dict[str, Any]:
    """Score the linear models on one noisy sine; orders and ridge are chosen before the test part is seen."""
    noisy, clean = noisy_sine(np.random.default_rng(draw))
    horizon, end = SINE["horizon"], SINE["train"]
    errors = order_errors(noisy[:end], SINE["fit"], ORDERS, horizon)
    order = min(errors, key=errors.get)
    held = {p: factor(noisy[:end], p) for p in (order, PAST)}  # PAST: what the nets see, and no more
    past = cut_windows(noisy, max(ORDERS), horizon, end).past
    truth = cut_windows(clean, max(ORDERS), horizon, end).future
    models = {"ar4": fit_ar(noisy[:end], 4), "ar": fit_ar(noisy[:end], order)}
    models["ridge"] = fit_ar(noisy[:end], order, ridge=held[order])
    models["ridge_as_far"] = fit_ar(noisy[:end], PAST, ridge=held[PAST])
    scores = {name: rounded(rmse(forecast_ar(model, past, horizon), truth)) for name, model in models.items()}
    scores["last"] = rounded(rmse(np.repeat(past[:, -1:], horizon, axis=1), truth))
    return {"order": order, "factor": held[order], "factor_as_far": held[PAST]} | scores


def factor(noisy: np.ndarray, order: int) -> int:
    """Choose the ridge factor of an order on the last part of the noisy values."""
    errors = {r: order_errors(noisy, SINE["fit"], (order,), SINE["horizon"], ridge=r)[order] for r in RIDGES}
    return min(errors, key=errors.get)


def run_real(series: str, seed: int, way: str) -> dict[str, Any]:
    """Train one net on the training part of a real series; score it on the parts behind."""
    values, plan = {"sunspots": sunspots, "co2": co2}[series]().values, REAL[series]
    past, horizon = plan["past"], plan["horizon"]
    known = cut_windows(values, past, horizon, 0, plan["train"])
    valid = cut_windows(values, past, horizon, plan["train"], plan["valid"])
    test = cut_windows(values, past, horizon, plan["valid"])
    net = make("LSTM", way, horizon, fit_scale(values[: plan["train"]]), seed, relative=plan["relative"])
    start = time.perf_counter()
    rng = np.random.default_rng(seed)
    train_forecaster(net, known, WAYS[way], rng, steps=plan["steps"], rate=plan["rate"], batch=64)
    seconds = time.perf_counter() - start
    on_valid, on_test = (forecast(net, part, WAYS[USED[way]]) for part in (valid, test))
    interval = fit_interval(on_valid, valid.future)
    row = {
        "rmse": rounded(rmse(on_test, test.future)),
        "rmse_valid": rounded(rmse(on_valid, valid.future)),
        "coverage": rounded(coverage(on_test, test.future, interval)),
        "seconds": round(seconds, 1),
    }
    if way == "teacher":
        row["rmse_fed"] = rounded(rmse(forecast(net, test, say_fed), test.future))  # shown each true value
    return row


def run_leak(seed: int, scaled_by: str) -> dict[str, Any]:
    """Train a net on the plain carbon dioxide; scale it by the training part, or by the whole series."""
    values, plan = co2().values, REAL["co2"]
    past, horizon = plan["past"], plan["horizon"]
    scale = fit_scale(values[: plan["train"]] if scaled_by == "train" else values)
    net = make("GRU", "direct", horizon, scale, seed)
    known = cut_windows(values, past, horizon, 0, plan["train"])
    train_forecaster(net, known, WAYS["direct"], np.random.default_rng(seed), **LEAK, batch=64)
    test = cut_windows(values, past, horizon, plan["valid"])
    return {"rmse": rounded(rmse(forecast(net, test, WAYS["direct"]), test.future))}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    yield from (("rivals", {"draw": draw}) for draw in DRAWS)
    names = ("cell", "way", "mirrored")
    for seed in SEEDS:
        for net in SINE_NETS:
            yield "sine", {"draw": 0, "seed": seed, **dict(zip(names, net, strict=True)), "past": PAST}
        yield from (("real", {"series": series, "seed": seed, "way": way}) for series in REAL for way in WAYS)
        yield from (("leak", {"seed": seed, "scaled_by": part}) for part in ("train", "whole"))
    more = {"seed": 0, "cell": "LSTM", "way": "direct", "mirrored": True}
    yield from (("sine", {"draw": draw, **more, "past": PAST}) for draw in DRAWS[1:])
    yield from (("sine", {"draw": draw, **more, "past": LONG}) for draw in DRAWS)


RUNS = {"rivals": rivals_on_sine, "sine": run_sine, "real": run_real, "leak": run_leak}
