"""Recurrences that need not wait: four toys, a scan, and cells whose gates hear the input alone.

Imports PyTorch.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from rnn_utils.errors import SettingError
from rnn_utils.training import train

Moves = Sequence[Sequence[int]]  # moves[sign][place] is the next place

# The sign 0 leaves everything as it is.
TOYS: dict[str, Moves] = {
    "two buttons": [[0, 1], [0, 0], [1, 1]],  # off, on
    "one button": [[0, 1], [1, 0]],  # the other of the two
    "three lamps": [[0, 1, 2], [1, 2, 0]],  # the next of three in a circle
    "three cups": [[0, 1, 2], [1, 0, 2], [0, 2, 1]],  # the left two change places, the right two
}


def play(moves: Moves, N: int, T: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Play with a toy; a sign is drawn at one step of five, and is 0 at the others.

    Parameters
    ----------
    moves : sequence of sequences
        ``moves[sign][place]`` is the place after the sign; place 0 is where each game begins.
    N, T : int
        Games, and steps of each.
    rng : numpy.random.Generator
        Where the signs come from.

    Returns
    -------
    x : Tensor, float32, shape (N, T, signs)
        Signs, one-hot.
    y : Tensor, int64, shape (N, T)
        The place after every step.

    Raises
    ------
    SettingError
        If N or T is below 1.

    Examples
    --------
    >>> x, y = play(TOYS["one button"], N=1, T=16, rng=np.random.default_rng(0))
    >>> x.argmax(dim=2).tolist()
    [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0]]
    >>> y.tolist()
    [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]]
    """
    if min(N, T) < 1:
        raise SettingError(f"play: got N = {N} and T = {T}; expected at least 1 of each.")
    signs = rng.integers(len(moves), size=(N, T)) * (rng.random((N, T)) < 0.2)
    next_place, place, y = np.array(moves), np.zeros(N, dtype=int), []
    for t in range(T):
        place = next_place[signs[:, t], place]
        y.append(place)
    x = functional.one_hot(torch.tensor(signs), len(moves)).float()
    return x, torch.tensor(np.stack(y, axis=1))


def scan(a: Tensor, b: Tensor) -> Tensor:
    """Return all states of ``h_t = a_t h_{t-1} + b_t``, from zero, in about 2 log2 T rounds.

    Parameters
    ----------
    a, b : Tensors, shape (N, T, H)
        Factors and what is added.

    Returns
    -------
    Tensor, shape (N, T, H)
        h_t for every t.

    Raises
    ------
    SettingError
        If the shapes differ, or there is no step.

    References
    ----------
    Blelloch (1990), "Prefix sums and their applications".

    Examples
    --------
    >>> ones = torch.ones(1, 5, 1)
    >>> scan(ones, ones).flatten().tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0]
    """
    if a.shape != b.shape or a.ndim != 3 or not a.shape[1]:
        raise SettingError(
            f"scan: a has the shape {tuple(a.shape)} and b {tuple(b.shape)}; expected (N, T, H) twice, T at least 1."
        )
    T = a.shape[1]
    if T == 1:
        return b
    a0, a1 = a[:, :-1:2], a[:, 1::2]
    b0, b1 = b[:, :-1:2], b[:, 1::2]
    even = scan(a1 * a0, a1 * b0 + b1)
    h = b.clone()
    h[:, 1::2] = even
    h[:, 2::2] += a[:, 2::2] * even[:, : (T - 1) // 2]
    return h


def loop(a: Tensor, b: Tensor) -> Tensor:
    """Return the same states as `scan`, one after another."""
    h, states = torch.zeros_like(b[:, 0]), []
    for a_t, b_t in zip(a.unbind(dim=1), b.unbind(dim=1), strict=True):
        h = a_t * h + b_t
        states.append(h)
    return torch.stack(states, dim=1)


class Recurrence(nn.Module):
    """A cell whose factors and summands come from the input alone; a subclass says how.

    Parameters
    ----------
    D, H : int
        Inputs of a step, and units.
    joined : function
        `scan` or `loop`.
    """

    def __init__(self, D: int, H: int, joined: Callable[[Tensor, Tensor], Tensor] = scan):
        super().__init__()
        self.A, self.B = nn.Linear(D, H), nn.Linear(D, H)
        self.start = nn.Parameter(torch.randn(H))
        self.joined = joined

    def forward(self, x: Tensor) -> Tensor:
        """Read x, (N, T, D); return all states, (N, T, H)."""
        a, b = self.step(x)
        first = b[:, :1] + a[:, :1] * self.start
        return self.joined(a, torch.cat([first, b[:, 1:]], dim=1))

    def step(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the factors and the summands of all steps, each (N, T, H)."""
        raise NotImplementedError


class Fixed(Recurrence):
    """Every unit keeps a share of its own, whatever comes in."""

    def __init__(self, D: int, H: int):
        super().__init__(D, H)
        self.kept = nn.Parameter(torch.linspace(-2, 5, H))

    def step(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Recurrence.step`."""
        b = self.B(x)
        a = self.kept.sigmoid().expand(b.shape)
        return a, (1 - a) * b


class MinGRU(Recurrence):
    """A GRU whose gate and proposal do not hear the state.

    References
    ----------
    Feng and others (2024), "Were RNNs all we needed?"
    """

    def step(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Recurrence.step`."""
        a = self.A(x).sigmoid()
        return a, (1 - a) * self.B(x)


class MinLSTM(Recurrence):
    """An LSTM whose gates do not hear the state; what is kept and what is let in add up to 1.

    References
    ----------
    Feng and others (2024), "Were RNNs all we needed?"
    """

    def __init__(self, D: int, H: int):
        super().__init__(D, H)
        self.I = nn.Linear(D, H)

    def step(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Recurrence.step`."""
        f, i = self.A(x).sigmoid(), self.I(x).sigmoid()
        return f / (f + i), i / (f + i) * self.B(x)


class Clipped(Recurrence):
    """Factors from 0 to 1, both ends included."""

    def step(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Recurrence.step`."""
        a = self.A(x).clamp(0, 1)
        return a, (1 - a) * self.B(x)


class Signed(Recurrence):
    """Factors from -1 to 1, both ends included."""

    def step(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Recurrence.step`."""
        a = self.A(x).clamp(-1, 1)
        return a, (1 - a.abs()) * self.B(x)


class Circling(Recurrence):
    """Complex factors, from 0 to 1 long, whose angle the input chooses, too; H is even.

    References
    ----------
    Gu, Gupta, Goel and Ré (2022), "On the parameterization and initialization of diagonal state space models", have
    complex factors, the same at every step.
    """

    def __init__(self, D: int, H: int):
        super().__init__(D, H // 2)
        self.angle = nn.Linear(D, H // 2)
        self.start = nn.Parameter(torch.randn(H // 2, dtype=torch.cfloat))

    def forward(self, x: Tensor) -> Tensor:
        """Read x, (N, T, D); return real and imaginary parts of all states, (N, T, H)."""
        states = super().forward(x)
        return torch.cat([states.real, states.imag], dim=2)

    def step(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Recurrence.step`."""
        length = self.A(x).clamp(0, 1)
        return torch.polar(length, self.angle(x)), (1 - length) * self.B(x)


class Turning(nn.Module):
    """A turn of the whole state for each sign: H by H numbers, which keep its length.

    Parameters
    ----------
    D, H : int
        Signs, and units.
    """

    def __init__(self, D: int, H: int):
        super().__init__()
        self.A = nn.Parameter(0.3 * torch.randn(D, H, H))
        self.start = nn.Parameter(torch.randn(H))

    def forward(self, x: Tensor) -> Tensor:
        """Read x, one-hot, (N, T, D); return all states, (N, T, H)."""
        turns = torch.matrix_exp(self.A - self.A.mT)
        h, states = self.start.expand(len(x), -1), []
        for signs in x.unbind(dim=1):
            h = torch.einsum("ns,sij,nj->ni", signs, turns, h)
            states.append(h)
        return torch.stack(states, dim=1)


class Player(nn.Module):
    """A cell, and one linear layer that names the place after every step."""

    def __init__(self, cell: nn.Module, H: int, places: int):
        super().__init__()
        self.cell, self.answer = cell, nn.Linear(H, places)

    def forward(self, x: Tensor) -> Tensor:
        """Read x, (N, T, signs); return scores, (N, T, places)."""
        states = self.cell(x)
        if isinstance(states, tuple):  # PyTorch's layers return their last state, too
            states = states[0]
        return self.answer(states)


def place_loss(net: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean cross-entropy of the place, over all steps."""
    x, y = batch
    return functional.cross_entropy(net(x).transpose(1, 2), y)


def teach_toy(net: nn.Module, moves: Moves, rng: np.random.Generator, updates: int = 600) -> None:
    """Train a net in place on games of 40 steps."""
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, updates)
    train(net, place_loss, optimizer, lambda: play(moves, 64, 40, rng), steps=updates, clip=1.0, schedule=schedule)


@torch.no_grad()
def right(net: nn.Module, moves: Moves, T: int, silent: int = 0, games: int = 500) -> float:
    """Return the share of new games of T steps, and some silent ones, whose last place is named."""
    x, y = play(moves, games, T, np.random.default_rng(4100))
    silence = functional.one_hot(torch.zeros(games, silent, dtype=torch.long), len(moves))
    x = torch.cat([x, silence], dim=1)
    return float((net(x)[:, -1].argmax(dim=1) == y[:, -1]).double().mean())


@torch.no_grad()
def set_turns(cell: Circling, turns: Tensor) -> None:
    """Let every sign turn each unit by so much of a circle; turns has the shape (signs, units)."""
    cell.angle.weight.copy_(2 * np.pi * turns.T)
    cell.angle.bias.zero_()


@torch.no_grad()
def left_of(lstm: nn.LSTM, moves: Moves, silent: int, rng: np.random.Generator) -> float:
    """Return how much of a disturbance of an LSTM's cells is left after so many silent steps, as a share.

    The median of 200 games of 40 steps.
    """
    _, (h, c) = lstm(play(moves, 200, 40, rng)[0])
    disturbed = c + 0.3 * torch.randn_like(c)
    silence = torch.zeros(200, silent, dtype=torch.long)
    silence = functional.one_hot(silence, len(moves)).float()
    one, other = (lstm(silence, (h, cells))[1][1] for cells in (c, disturbed))
    return float(((other - one).norm(dim=2) / (disturbed - c).norm(dim=2)).median())
