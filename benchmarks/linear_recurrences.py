"""Which toys can a recurrence follow whose steps are linear?  Three toys, ten cells, five seeds.

Run ``make study STUDY=linear_recurrences`` (about twenty minutes on one thread); a second start goes on where
the first was stopped.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rnn_utils.chapters.ch41_recurrences import (
    TOYS,
    Fixed,
    MinGRU,
    MinLSTM,
    Player,
    Recurrence,
    Signed,
    Soft,
    Turning,
    right,
    teach,
)

H = 32
LENGTHS = (40, 400, 4000)  # of games; nets learn from 40 steps


class FixedSigned(Recurrence):
    """Every unit has a factor of its own between -1 and 1, whatever comes in."""

    def __init__(self, D: int, H: int):
        super().__init__(D, H)
        self.kept = nn.Parameter(torch.linspace(-3, 3, H))

    def step(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Recurrence.step`."""
        b = self.B(x)
        a = self.kept.tanh().expand(b.shape)
        return a, (1 - a.abs()) * b


class Clipped(Recurrence):
    """Factors from 0 to 1, both ends included."""

    def step(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Recurrence.step`."""
        a = self.A(x).clamp(0, 1)
        return a, (1 - a) * self.B(x)


CELLS = {
    "fixed": Fixed,
    "fixed signed": FixedSigned,
    "minGRU": MinGRU,
    "minLSTM": MinLSTM,
    "clipped": Clipped,
    "soft": Soft,
    "signed": Signed,
    "two signed": lambda D, H: nn.Sequential(Signed(D, H), nn.Linear(H, H), nn.GELU(), Signed(H, H)),
    "turning": Turning,
    "LSTM": lambda D, H: nn.LSTM(D, H, batch_first=True),
}


def toys(toy: str, cell: str, seed: int) -> dict[str, Any]:
    """Train one net on a toy, and ask it for games as long as those it learned from, and longer."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    moves = TOYS[toy]
    net = Player(CELLS[cell](len(moves), H), H, len(moves[0]))
    teach(net, moves, np.random.default_rng(seed))
    return {str(T): round(right(net, moves, T), 4) for T in LENGTHS}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    for seed in range(5):
        for toy in TOYS:
            for cell in CELLS:
                yield "toys", {"toy": toy, "cell": cell, "seed": seed}


RUNS = {"toys": toys}
