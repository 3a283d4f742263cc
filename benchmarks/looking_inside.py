"""What do trained nets look like inside?  Places of rest of nets with switches, and nets that count.

Run ``make study STUDY=looking_inside`` (about 15 minutes on one thread); a second start goes on
where the first was stopped.
"""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, jacrev, vmap

from rnn_utils.cells import RNNWeights
from rnn_utils.cells.convert import from_torch
from rnn_utils.chapters.ch05_inside import (
    EveryStep,
    Map,
    count_loss,
    counts_right,
    draw_counts,
    draw_switches,
    rest_points,
    right_after,
    right_with,
    starts_for,
    switch_loss,
    tanh_map,
    teach,
    unstable_directions,
)

SILENT = 1000
LONG = 60  # times a, three times as many as a net was trained on
HEIGHTS = (10, 20, 30, 40, 50)
HIDDEN = {1: 24, 2: 24, 3: 24, 4: 32}  # units by number of switches
SWITCHES = [
    *(("RNN", switches, "switches") for switches in (1, 2, 3, 4)),
    *(("RNN", 3, taught) for taught in ("nothing", "noise")),
    ("GRU", 3, "switches"),
]


def rest(cell: str, switches: int, taught: str, seed: int) -> dict[str, Any]:
    """Train one net on switches, or on something else, and find where its state comes to rest."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    net, rng = EveryStep(cell, switches, HIDDEN[switches], switches), np.random.default_rng(seed)

    def noise() -> tuple[torch.Tensor, torch.Tensor]:
        x, y = draw_switches(64, rng, switches)
        return x, torch.tensor(rng.choice([-1.0, 1.0], size=y.shape)).float()

    if taught == "switches":
        teach(net, switch_loss, lambda: draw_switches(64, rng, switches), 0.005)
    elif taught == "noise":
        teach(net, switch_loss, noise, 0.005)
    step, jacobian = maps(net)
    points = rest_points(step, jacobian, starts_for(net, switches))
    slopes = jacobian(points)
    unstable = unstable_directions(slopes)
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) ** 2
    stable = slopes[unstable == 0]
    return {
        "right": right_after(net, 0, switches),
        "held": right_after(net, SILENT, switches),
        "points": len(points),
        "unstable": np.bincount(unstable, minlength=switches + 1).tolist(),
        "largest_stable": round(float(np.abs(np.linalg.eigvals(stable)).max()), 4) if len(stable) else None,
        "in_as_many_directions": round(float(spread[:switches].sum() / spread.sum()), 4) if len(points) > 1 else None,
    }


def far(first: str, seed: int) -> dict[str, Any]:
    """Teach switches by one pulse and a question at the end, and ask as taught, and a thousand steps later.

    The first matrix is PyTorch's ("usual"), or one that keeps lengths ("orthogonal").
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    net, rng = EveryStep("RNN", 3, HIDDEN[3], 3), np.random.default_rng(seed)
    if first == "orthogonal":
        nn.init.orthogonal_(net.cell.weight_hh_l0)

    def one_pulse(silent: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        x, _ = draw_switches(64, rng)
        x[:, 1:] = 0
        return torch.cat([x, torch.zeros(64, silent, 3)], dim=1), x[:, :1]

    def loss(net: EveryStep, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return nn.functional.mse_loss(net(batch[0])[:, -1:], batch[1])

    def right(silent: int) -> float:
        x, y = one_pulse(silent)
        with torch.no_grad():
            return round(float((net(x)[:, -1:].sign() == y).float().mean()), 4)

    teach(net, loss, one_pulse, 0.005)
    step, jacobian = maps(net)
    unstable = unstable_directions(jacobian(rest_points(step, jacobian, starts_for(net))))
    return {"right": right(0), "held": right(SILENT), "points": len(unstable), "stable": int(sum(unstable == 0))}


def maps(net: EveryStep) -> tuple[Map, Map]:
    """Return a silent step of the net's cell and its Jacobians."""
    if isinstance(net.cell, nn.RNN):
        (weights,) = from_torch(copy.deepcopy(net.cell).double().state_dict(), RNNWeights)
        return tanh_map(*weights[1:])
    cell = nn.GRUCell(net.cell.input_size, net.cell.hidden_size).double()
    cell.load_state_dict({name.removesuffix("_l0"): values for name, values in net.cell.state_dict().items()})
    values = {name: part.detach() for name, part in cell.named_parameters()}
    silence = torch.zeros(net.cell.input_size, dtype=torch.float64)

    def one(h: torch.Tensor) -> torch.Tensor:
        return functional_call(cell, values, (silence, h))

    return (
        lambda h: vmap(one)(torch.from_numpy(h)).numpy(),
        lambda h: vmap(jacrev(one))(torch.from_numpy(h)).transpose(1, 2).numpy(),
    )


def count(cell: str, seed: int) -> dict[str, Any]:
    """Train one net on up to 20 times a and as many b, and see how far it counts and which unit follows."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    net, rng = EveryStep(cell, 3, 8, 3), np.random.default_rng(seed)
    untrained, _ = best_unit(net)
    teach(net, count_loss, lambda: draw_counts(rng.integers(1, 21, size=16)), 0.02)
    followed, unit = best_unit(net)
    states = memory(net)[:, unit]
    moved = np.abs(np.diff(states)).astype(float).round(3).tolist()
    return {
        "first_wrong": next((n for n in range(1, 200) if not counts_right(net, n)), None),
        "followed": followed,
        "untrained": untrained,
        "lowest": round(float(states.min()), 2),
        "highest": round(float(states.max()), 2),
        "up": [moved[n] for n in HEIGHTS],  # by how much an a moves it, and a b at the same height
        "down": [moved[2 * LONG - 1 - n] for n in HEIGHTS],
        "mended_by": mended_by(net) if cell == "LSTM" else None,
    }


def mended_by(net: EveryStep) -> list[float]:
    """Return the lowest and the highest factor on c, at the turn, with which all of `LONG` counts come out right."""
    factors = torch.arange(0.8, 1.6, 0.002)
    right = factors[right_with(net, LONG, factors)]
    return [round(float(right.min()), 3), round(float(right.max()), 3)] if len(right) else []


@torch.no_grad()
def memory(net: EveryStep) -> np.ndarray:
    """Return what each unit holds while the net reads `LONG` times a and as many b: c of an LSTM, h of the others."""
    x, _ = draw_counts([LONG])
    state, rows = None, []
    for x_t in x.split(1, dim=1):
        _, state = net.cell(x_t, state)
        rows.append((state[1] if isinstance(state, tuple) else state)[0, 0].numpy())
    return np.array(rows)


def best_unit(net: EveryStep) -> tuple[float, int]:
    """Return how well the best unit follows the count (size of the correlation), and which it is."""
    true = LONG - np.abs(np.arange(2 * LONG + 1) - LONG)
    follows = [abs(np.corrcoef(unit, true)[0, 1]) for unit in memory(net).T]
    return round(float(np.max(follows)), 4), int(np.argmax(follows))


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    for seed in range(6):
        for cell, switches, taught in SWITCHES:
            yield "rest", {"cell": cell, "switches": switches, "taught": taught, "seed": seed}
    for seed in range(5):
        for cell in ("LSTM", "GRU", "RNN"):
            yield "count", {"cell": cell, "seed": seed}
    for seed in range(6):
        for first in ("usual", "orthogonal"):
            yield "far", {"first": first, "seed": seed}


RUNS = {"rest": rest, "count": count, "far": far}
