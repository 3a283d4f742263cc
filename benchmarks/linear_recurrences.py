"""Which toys can a recurrence follow whose steps are linear?  Four toys, eleven cells, five seeds.

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
    Circling,
    Clipped,
    Fixed,
    MinGRU,
    MinLSTM,
    Player,
    Recurrence,
    Signed,
    Soft,
    Turning,
    right,
    teach_toy,
)

H = 32
LENGTHS = (40, 400, 4000)  # of games; nets learn from 40 steps
SILENT = (100, 1000)  # steps after a game of 40


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


CELLS = {
    "fixed": Fixed,
    "fixed signed": FixedSigned,
    "minGRU": MinGRU,
    "minLSTM": MinLSTM,
    "clipped": Clipped,
    "soft": Soft,
    "signed": Signed,
    "two signed": lambda D, H: nn.Sequential(Signed(D, H), nn.Linear(H, H), nn.GELU(), Signed(H, H)),
    "circling": Circling,
    "turning": Turning,
    "LSTM": lambda D, H: nn.LSTM(D, H, batch_first=True),
}


ASKED = {
    "two buttons": ("fixed", "minGRU", "minLSTM", "clipped", "turning", "LSTM"),
    "one button": ("fixed signed", "minGRU", "clipped", "soft", "signed", "LSTM"),
    "three lamps": ("signed", "two signed", "circling", "turning", "LSTM"),
    "three cups": ("signed", "two signed", "circling", "turning", "LSTM"),
}


def toys(toy: str, cell: str, seed: int) -> dict[str, Any]:
    """Train one net on a toy, and ask it for games as long as those it learned from, and longer."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    moves = TOYS[toy]
    net = Player(CELLS[cell](len(moves), H), H, len(moves[0]))
    teach_toy(net, moves, np.random.default_rng(seed))
    shares = {str(T): right(net, moves, T) for T in LENGTHS}
    shares |= {f"silent {silent}": right(net, moves, 40, silent) for silent in SILENT}
    return {asked: round(share, 4) for asked, share in shares.items()}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    for seed in range(5):
        for toy, cells in ASKED.items():
            for cell in cells:
                yield "toys", {"toy": toy, "cell": cell, "seed": seed}


RUNS = {"toys": toys}
