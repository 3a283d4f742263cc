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
    Turning,
    left_of,
    play,
    right,
    set_turns,
    teach_toy,
)

H = 32
LENGTHS = (40, 100, 400, 4000)  # of games; nets learn from 40 steps
SILENT = (100, 1000)  # steps after a game of 40
DISTURBED = (1, 10, 100, 1000)  # silent steps after a disturbance


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


class Soft(Recurrence):
    """Factors between -1 and 1, neither ever reached."""

    def step(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Recurrence.step`."""
        a = self.A(x).tanh()
        return a, (1 - a.abs()) * self.B(x)


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


def turns(seed: int) -> dict[str, Any]:
    """Train complex factors on three lamps, and make the learned turns exact: of silence, of a press, of both."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    moves = TOYS["three lamps"]
    cell = Circling(2, H)
    net = Player(cell, H, 3)
    teach_toy(net, moves, np.random.default_rng(seed))
    with torch.no_grad():
        learned = cell.angle(torch.eye(2)) / (2 * np.pi)
    exact = torch.stack([learned[0].round(), (3 * learned[1]).round() / 3])
    found: dict[str, Any] = {}
    for name, which in {"none": [0, 0], "silence": [1, 0], "press": [0, 1], "both": [1, 1]}.items():
        set_turns(cell, torch.where(torch.tensor(which)[:, None] > 0, exact, learned))
        found[name] = {str(T): round(right(net, moves, T), 4) for T in LENGTHS}
    return found


def disturbed(seed: int) -> dict[str, Any]:
    """Train an LSTM on three lamps, and say how much of a disturbance is left after silent steps.

    "forget" is the largest of its forget gates after 1,000 of them, in 200 games.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    lstm, moves, rng = nn.LSTM(2, H, batch_first=True), TOYS["three lamps"], np.random.default_rng(seed)
    teach_toy(Player(lstm, H, 3), moves, rng)
    left = {str(silent): round(left_of(lstm, moves, silent, rng), 5) for silent in DISTURBED}
    silence = torch.eye(2)[torch.zeros(200, max(DISTURBED), dtype=torch.long)]
    with torch.no_grad():
        _, (h, _) = lstm(torch.cat([play(moves, 200, 40, rng)[0], silence], dim=1))
        W_x, W_h, b_x, b_h = lstm.parameters()
        a = silence[:, 0] @ W_x.T + b_x + h[0] @ W_h.T + b_h
    return left | {"forget": round(float(a[:, H : 2 * H].sigmoid().max()), 4)}


def longer(seed: int) -> dict[str, Any]:
    """Train a minGRU on two buttons five times as long, and ask it after silent steps."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    net, moves = Player(MinGRU(3, H), H, 2), TOYS["two buttons"]
    teach_toy(net, moves, np.random.default_rng(seed), updates=3000)
    return {f"silent {silent}": round(right(net, moves, 40, silent), 4) for silent in SILENT}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    for seed in range(5):
        for toy, cells in ASKED.items():
            for cell in cells:
                yield "toys", {"toy": toy, "cell": cell, "seed": seed}
        for table in ("turns", "disturbed", "longer"):
            yield table, {"seed": seed}


RUNS = {"toys": toys, "turns": turns, "disturbed": disturbed, "longer": longer}
