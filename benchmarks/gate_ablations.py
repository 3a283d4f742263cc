"""Which gate does a net miss?  The till of chapter 4, kept by LSTMs of 1 to 8 units with a part taken out.

Run ``make study STUDY=gate_ablations`` (a few minutes on one thread); a second start goes on
where the first was stopped.  The nets of one size learn side by side: the first axis of every weight
counts nets, six parts taken out times five seeds.  Nets of one seed start from the same weights.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import torch

from rnn_utils import setup

UNITS, SEEDS = (1, 2, 4, 8), 5
WITHOUT = ("nothing", "input", "forget", "output", "coupled", "tanh")
RECIPE = {"steps": 500, "batch": 32, "length": 20, "peak": 0.03, "clip": 1.0}
OPEN = 1000.0  # added to a gate's pre-activation, it holds the gate at 1


def till(N: int, T: int, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw inputs (N, T, 4), number, add, clear, show, and what is to be shown (N, T)."""
    numbers, keys = rng.uniform(-1, 1, (N, T)), rng.choice(4, (N, T), p=[0.4, 0.25, 0.1, 0.25])
    total, shown = np.zeros(N), np.zeros((N, T))
    for t in range(T):
        total = np.where(keys[:, t] == 2, 0, total + numbers[:, t] * (keys[:, t] == 1))
        shown[:, t] = np.where(keys[:, t] == 3, total, 0)
    x = np.concatenate([numbers[..., None], keys[..., None] == [1, 2, 3]], axis=-1)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(shown, dtype=torch.float32)


class Nets:
    """One LSTM for each part taken out and each seed; all weights have the nets as first axis."""

    def __init__(self, H: int):
        self.H, bound = H, 0.5 / np.sqrt(H)
        rngs = [np.random.default_rng(seed) for seed in range(SEEDS)]

        def draw(*shape: int) -> torch.Tensor:
            fresh = np.stack([rng.uniform(-bound, bound, shape) for rng in rngs])
            return torch.tensor(np.tile(fresh, (len(WITHOUT), 1, 1)), dtype=torch.float32)

        self.weights = [draw(4, 4 * H), draw(H, 4 * H), draw(1, 4 * H), draw(H, 1), draw(1, 1)]
        self.weights[2][:] = 0
        self.weights[2][:, :, H : 2 * H] = 1  # the forget gates begin open, as in Keras
        for weight in self.weights:
            weight.requires_grad_()
        self.held = torch.zeros(len(WITHOUT) * SEEDS, 1, 4 * H)
        for name, block in (("input", 0), ("forget", 1), ("output", 3)):
            self.held[self.rows(name), :, block * H : (block + 1) * H] = OPEN

    def rows(self, name: str) -> slice:
        """Return which nets lack the part of that name."""
        first = WITHOUT.index(name) * SEEDS
        return slice(first, first + SEEDS)

    def only(self, name: str) -> torch.Tensor:
        """Return a mask of the nets that lack the part of that name."""
        mask = torch.zeros(len(WITHOUT) * SEEDS, 1, 1, dtype=torch.bool)
        mask[self.rows(name)] = True
        return mask

    def answer(self, x: torch.Tensor) -> torch.Tensor:
        """Read sequences (N, T, 4); return what each net shows, (nets, N, T)."""
        W_xh, W_hh, b_h, W_hy, b_y = self.weights
        coupled, linear = self.only("coupled"), self.only("tanh")
        h_t = c_t = torch.zeros(len(WITHOUT) * SEEDS, len(x), self.H)
        answers = []
        for x_t in x.unbind(1):
            a_i, a_f, a_g, a_o = (x_t @ W_xh + h_t @ W_hh + b_h + self.held).chunk(4, -1)
            i = torch.sigmoid(torch.where(coupled, -a_f, a_i))  # sigmoid(-a) = 1 - sigmoid(a)
            g = torch.where(linear, a_g, torch.tanh(a_g))
            c_t = torch.sigmoid(a_f) * c_t + i * g
            h_t = torch.sigmoid(a_o) * torch.tanh(c_t)
            answers.append((h_t @ W_hy + b_y)[..., 0])
        return torch.stack(answers, -1)


def train(nets: Nets) -> None:
    """Train all nets on the same batches; each is clipped by its own norm."""
    rng = np.random.default_rng(100)
    optimizer = torch.optim.Adam(nets.weights)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RECIPE["peak"], RECIPE["steps"], pct_start=0.1)
    for _ in range(RECIPE["steps"]):
        x, y = till(RECIPE["batch"], RECIPE["length"], rng)
        optimizer.zero_grad()
        ((nets.answer(x) - y) ** 2).mean((1, 2)).sum().backward()
        norm = sum((weight.grad**2).sum((1, 2), keepdim=True) for weight in nets.weights).sqrt()
        for weight in nets.weights:
            weight.grad /= (norm / RECIPE["clip"]).clamp(min=1)
        optimizer.step()
        schedule.step()


@cache
def errors(units: int) -> torch.Tensor:
    """Train the nets of one size and test them on sequences never seen; return the share of the squares left."""
    setup(0)
    x, y = till(1000, RECIPE["length"], np.random.default_rng(200))
    nets = Nets(units)
    train(nets)
    with torch.no_grad():
        return ((nets.answer(x) - y) ** 2).mean((1, 2)) / (y**2).mean()


def run(units: int, without: str) -> dict[str, Any]:
    """Return what the nets of one size that lack one part were left with, a number a seed."""
    first = WITHOUT.index(without) * SEEDS
    left = errors(units)[first : first + SEEDS]
    return {"errors": [round(error, 5) for error in left.tolist()], **RECIPE}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    for units in UNITS:
        for without in WITHOUT:
            yield "runs", {"units": units, "without": without}


RUNS = {"runs": run}
