"""How much does chance decide?  The sine nets of chapter 20 from many seeds, their inner life, and other waves.

Run ``make study STUDY=sine_seeds`` (some minutes on one thread); a second start goes on where
the first was stopped.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from rnn_utils import setup
from rnn_utils.chapters.ch20_inside import explained, free_states, portrait
from rnn_utils.chapters.ch20_phases import TESTED, TRAINED, FirstUnasked, errors_by_phase, waves_from
from rnn_utils.nets.sine import DECAYS, FREE, POINTS, WARM, free_run, train_lbfgs, wave
from rnn_utils.nets.sine_recipes import (
    EPOCHS,
    RECIPES,
    SUM_RATE,
    make,
    score,
    step_down,
    train_book,
    train_sine,
)

FEW, MANY = 20, 200
DRAWN = ("published", "book")  # the free runs and the states are kept of these, from the first seeds
COUNTS = dict.fromkeys(RECIPES, FEW) | {"lbfgs": MANY, "library": MANY, "book": MANY}
WAVES = {
    "phase": (0.0, np.pi / 4, np.pi / 2, np.pi),
    "frequency": (0.5, 0.9, 1.1, 2.0),
    "amplitude": (0.1, 0.5, 2.0, 3.0),
}
NOISES = (0.01, 0.05, 0.2)  # standard deviations of what is added to the points
PARTS = ("precision", "loss", "moves", "optimiser")  # what the recipe "lbfgs" changes of "bptt"
WAYS = ("one", "many", "unasked", "longer")  # one phase; many; their first answer not asked; and twice the rounds


def short(numbers: object) -> object:
    """Round to four digits: a float, or an array into a list."""
    if isinstance(numbers, np.ndarray):
        return [short(number) for number in numbers.tolist()]
    return float(f"{numbers:.4g}")


def run(recipe: str, seed: int) -> dict[str, object]:
    """Train one net and measure it."""
    setup(0)
    torch.optim.SGD([torch.zeros(1)])  # the first optimiser loads a good part of PyTorch; keep that out of the seconds
    start = time.perf_counter()
    net = train_sine(seed, recipe)
    seconds = time.perf_counter() - start
    row = {name: short(value) for name, value in score(net)._asdict().items()} | {"seconds": short(seconds)}
    if recipe in DRAWN and seed < FEW:
        path = free_run(net, wave(WARM))
        row["free_run"] = [round(value, 7) for value in path.tolist()]
    return row


def look_inside(recipe: str, seed: int) -> dict[str, object]:
    """Measure the states of a free run: their shadow, their spread, their turn, and what they tell."""
    setup(0)
    states = free_states(train_sine(seed, recipe), wave(WARM))
    path, singular_values = portrait(states)
    free = path[WARM:]
    step, *_ = np.linalg.lstsq(free[:-1], free[1:], rcond=None)  # the 2x2 matrix that leads on best
    t = 2 + 0.4 * np.arange(WARM, len(states))
    truth = np.stack([np.sin(t), np.cos(t)], axis=1)
    return {
        "path": np.round(path, 4).T.tolist(),
        "singular_values": short(singular_values),
        "turn": round(float(np.abs(np.angle(np.linalg.eigvals(step))).max()), 6),
        "explained": np.round(explained(states[WARM:], truth), 8).tolist(),
    }


def other_waves(seed: int) -> dict[str, object]:
    """Let a net continue waves that it was not trained on, from 5 and from 20 true points."""
    setup(0)
    net, rows = train_sine(seed, "book"), []
    for kind, values in WAVES.items():
        for value in values:
            true = wave(POINTS + FREE + 1, **{kind: value})
            early, late = free_run(net, true[:WARM]), free_run(net, true[:POINTS])
            rows.append(
                {
                    "kind": kind,
                    "value": round(value, 6),
                    "free_running_mse": short(np.mean((early - true[WARM + 1 :][:FREE]) ** 2)),
                    "beyond_mse": short(np.mean((late - true[POINTS + 1 :]) ** 2)),
                    "height": short(np.sqrt(2 * np.mean(late[-31:] ** 2))),  # 31 steps: two whole waves
                }
            )
    return {"waves": rows}


def continue_linearly(points: np.ndarray, order: int) -> np.ndarray:
    """Fit an AR model to 21 points by least squares; continue from the first 20, as `free_run` does."""
    past = np.stack([points[order - 1 - back : 20 - back] for back in range(order)], axis=1)
    factors, *_ = np.linalg.lstsq(past, points[order:21], rcond=None)
    values = list(points[:20])
    for _ in range(FREE + 1):
        values.append(factors @ values[: -order - 1 : -1])
    return np.array(values[21:])


def with_noise(noise: float, seed: int) -> dict[str, object]:
    """Fit the book's net and two AR models to noisy points; judge all by the clean wave beyond t = 10."""
    setup(0)
    true = wave(POINTS + FREE + 1)
    points = true[: POINTS + 1] + np.random.default_rng(seed).normal(0, noise, POINTS + 1)
    net, values = make(seed), torch.as_tensor(points)[:, None]
    train_book(net, values[:-1], values[1:])
    runs = {"net": free_run(net, points[:POINTS])}
    runs |= {f"ar{order}": continue_linearly(points, order) for order in (2, 6)}
    return {name: short(np.mean((path - true[POINTS + 1 :]) ** 2)) for name, path in runs.items()}


def part(change: str, seed: int) -> dict[str, object]:
    """Make one of the four changes from "bptt" to "lbfgs", and leave the other three."""
    setup(0)
    net = make(seed, "bptt").to(torch.float64 if change == "precision" else torch.float32)
    points, looks = torch.as_tensor(wave(POINTS + 1), dtype=next(net.parameters()).dtype)[:, None], 0

    def loss() -> torch.Tensor:
        nonlocal looks
        looks += 1
        squares = (net(points[:-1])[0] - points[1:]).pow(2)
        return squares.mean() if change == "loss" else squares.sum() / 2

    if change == "optimiser":
        minimise(net, loss)
    else:
        rate = SUM_RATE * POINTS / 2 if change == "loss" else SUM_RATE  # the mean is that much smaller
        for _ in range(100 if change == "moves" else EPOCHS):
            step_down(net, loss(), rate)
    return {name: short(value) for name, value in score(net)._asdict().items()} | {"looks": looks}


def minimise(net: torch.nn.Module, loss: Callable[[], torch.Tensor]) -> None:
    """Let L-BFGS look at the loss as often as plain descent does, with the settings of `train_lbfgs`."""
    optimizer = torch.optim.LBFGS(
        net.parameters(),
        max_iter=EPOCHS,
        max_eval=EPOCHS,
        history_size=20,
        line_search_fn="strong_wolfe",
        tolerance_grad=1e-12,
        tolerance_change=1e-14,
    )

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        error = loss()
        error.backward()
        return error

    optimizer.step(closure)


def by_phase(way: str, seed: int) -> dict[str, object]:
    """Train on one phase or on many by the book's recipe, and start free runs all around the wave."""
    setup(0)
    net, points = make(seed, "book"), waves_from([0.0] if way == "one" else TRAINED)
    decays = (*DECAYS, *(0.0,) * 5) if way == "longer" else DECAYS
    if way in ("unasked", "longer"):
        train_lbfgs(FirstUnasked(net), points[:-1], points[2:], decays)
    else:
        train_lbfgs(net, points[:-1], points[1:], decays)
    return {"free_running_mse": short(errors_by_phase(net, TESTED))}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    for recipe, count in COUNTS.items():
        for seed in range(count):
            yield "runs", {"recipe": recipe, "seed": seed}
    for seed in range(FEW):
        yield from (("insides", {"recipe": recipe, "seed": seed}) for recipe in DRAWN)
        yield "waves", {"seed": seed}
        yield from (("noises", {"noise": noise, "seed": seed}) for noise in NOISES)
        yield from (("parts", {"change": change, "seed": seed}) for change in PARTS)
        yield from (("phases", {"way": way, "seed": seed}) for way in WAYS)


RUNS = {
    "runs": run,
    "insides": look_inside,
    "waves": other_waves,
    "noises": with_noise,
    "parts": part,
    "phases": by_phase,
}
