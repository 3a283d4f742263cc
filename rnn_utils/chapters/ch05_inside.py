"""Three switches and a count: two tasks, a net that answers at every step, and where its state comes to rest.

Imports PyTorch.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from rnn_utils.cells.checks import Array
from rnn_utils.errors import SettingError
from rnn_utils.training import train

Batch = tuple[Tensor, Tensor]
Map = Callable[[Array], Array]  # of many states at once
A, B, END = range(3)  # the signs of the count


def draw_switches(N: int, rng: np.random.Generator, switches: int = 3, T: int = 60) -> Batch:
    """Draw pulses for switches, and how each switch stands after every step.

    Parameters
    ----------
    N, switches, T : int
        Sequences, switches of each, and steps.
    rng : numpy.random.Generator
        Where the pulses come from.

    Returns
    -------
    x, y : Tensors, float32, shape (N, T, switches)
        ``x``: 1 (on), -1 (off) or 0 (no pulse); every switch is set at step 0, and at each later step
        with probability 0.15.  ``y``: the last pulse that each switch has seen.

    Raises
    ------
    SettingError
        If N, ``switches`` or T is below 1.

    References
    ----------
    Sussillo and Barak (2013), "Opening the black box", train a net on three such switches.

    Examples
    --------
    >>> x, y = draw_switches(N=1, rng=np.random.default_rng(6), switches=1, T=12)
    >>> x[0, :, 0].int().tolist()
    [-1, 0, 0, 0, 1, -1, 0, -1, 0, 0, 0, 1]
    >>> y[0, :, 0].int().tolist()
    [-1, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1, 1]
    """
    if min(N, switches, T) < 1:
        raise SettingError(
            f"draw_switches: got N = {N}, switches = {switches} and T = {T}; expected at least 1 of each."
        )
    x = rng.choice([-1.0, 1.0], size=(N, T, switches))
    x[:, 1:] *= rng.random((N, T - 1, switches)) < 0.15
    y = x.copy()
    for t in range(1, T):
        y[:, t] = np.where(x[:, t] == 0, y[:, t - 1], x[:, t])
    return torch.tensor(x).float(), torch.tensor(y).float()


class EveryStep(nn.Module):
    """A recurrent cell and one linear layer, which answers after every step.

    Parameters
    ----------
    cell : {"RNN", "GRU", "LSTM"}
        Kind of cell; PyTorch draws its weights.
    D, H, outputs : int
        Inputs of a step, hidden units, and answers of a step.

    Examples
    --------
    >>> EveryStep("RNN", D=3, H=24, outputs=3)(torch.zeros(2, 60, 3)).shape
    torch.Size([2, 60, 3])
    """

    def __init__(self, cell: str, D: int, H: int, outputs: int):
        if cell not in ("RNN", "GRU", "LSTM"):
            raise SettingError(f"EveryStep: cell is {cell!r}; expected one of RNN, GRU, LSTM.")
        super().__init__()
        self.cell = getattr(nn, cell)(D, H, batch_first=True)
        self.answer = nn.Linear(H, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Read x, shape (N, T, D); return the answers, shape (N, T, outputs)."""
        return self.answer(self.cell(x)[0])


def teach(
    net: nn.Module, loss: Callable[[Any, Batch], Tensor], draw: Callable[[], Batch], rate: float, steps: int = 2000
) -> None:
    """Train a net in place with Adam, a rate that rises and falls, and clipping at 1."""
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps)
    train(net, loss, optimizer, draw, steps=steps, clip=1.0, schedule=schedule)


def switch_loss(net: nn.Module, batch: Batch) -> Tensor:
    """Return the mean squared error over all steps."""
    x, y = batch
    return functional.mse_loss(net(x), y)


def right_after(net: nn.Module, silent: int, switches: int = 3) -> float:
    """Return the share of switches that still stand right after so many silent steps."""
    x, y = draw_switches(500, np.random.default_rng(99), switches)
    x = torch.cat([x, torch.zeros(500, silent, switches)], dim=1)
    with torch.no_grad():
        return float((net(x)[:, -1].sign() == y[:, -1]).float().mean())


def tanh_map(W_hh: Array, b_h: Array) -> tuple[Map, Map]:
    """Return one silent step of a tanh cell, for states (N, H), and its Jacobians, (N, H, H).

    Entry (i, j) of a Jacobian is how unit j answers to a nudge of unit i.
    """

    def step(h: Array) -> Array:
        return np.tanh(h @ W_hh + b_h)

    def jacobian(h: Array) -> Array:
        return W_hh * (1 - step(h) ** 2)[:, None, :]

    return step, jacobian


def rest_points(step: Map, jacobian: Map, starts: Array, moves: int = 40) -> Array:
    """Look for states that a silent step leaves where they are, by Newton's method.

    Parameters
    ----------
    step, jacobian : callable
        The step, from (N, H) to (N, H), and its Jacobians, (N, H, H).
    starts : ndarray, shape (N, H)
        Where to begin; double precision.
    moves : int
        Of Newton's method; none is longer than 1, nor leaves the range of tanh, from -1 to 1.

    Returns
    -------
    ndarray, shape (K, H)
        The points found, each once.  There may be others.

    Examples
    --------
    One unit that doubles before its tanh rests at three places:

    >>> double = lambda h: np.tanh(2 * h)
    >>> slope = lambda h: 2 * (1 - np.tanh(2 * h) ** 2)[:, :, None]
    >>> np.sort(rest_points(double, slope, np.array([[-1.0], [0.1], [1.0]])), axis=0).round(3).ravel().tolist()
    [-0.958, 0.0, 0.958]
    """
    h, eye = starts, np.eye(starts.shape[1])
    for _ in range(moves):
        system = (eye - jacobian(h)).transpose(0, 2, 1)
        d = np.linalg.solve(system, (step(h) - h)[..., None])[..., 0]
        length = np.linalg.norm(d, axis=1, keepdims=True)
        h = np.clip(h + d / np.maximum(length, 1), -1, 1)
    points: list[Array] = []
    for row in h[np.abs(step(h) - h).max(axis=1) < 1e-10]:
        if all(np.abs(row - other).max() > 1e-4 for other in points):
            points.append(row)
    return np.array(points).reshape(-1, starts.shape[1])


def unstable_directions(jacobians: Array) -> NDArray[np.integer]:
    """Count, for each Jacobian (N, H, H), the directions in which a nudge grows: eigenvalues beyond 1 in size."""
    return (np.abs(np.linalg.eigvals(jacobians)) > 1).sum(axis=1)


def starts_for(net: EveryStep, switches: int = 3, count: int = 600) -> Array:
    """Return visited states, and points halfway between two of them, shape (2 * count, H)."""
    rng = np.random.default_rng(7)
    x, _ = draw_switches(64, rng, switches)
    with torch.no_grad():
        visited = net.cell(x)[0].flatten(0, 1).double().numpy()
    one, other = visited[rng.integers(len(visited), size=(2, count))]
    return np.concatenate([one, (one + other) / 2])


def draw_counts(counts: Iterable[int]) -> Batch:
    """Write n times a, then n times b, then the end; ask at each step for the next sign.

    Parameters
    ----------
    counts : ints, 1 or more each
        n, for each sequence.

    Returns
    -------
    x : Tensor, float32, shape (N, T, 3)
        One-hot a, b, end; each begins with the end sign, and is filled up with it.
    y : Tensor, int64, shape (N, T)
        The next sign, 0 to 2; -100, which `cross_entropy` leaves out, after the end.

    Examples
    --------
    >>> x, y = draw_counts([2, 1])
    >>> x.argmax(dim=2).tolist()
    [[2, 0, 0, 1, 1], [2, 0, 1, 2, 2]]
    >>> y.tolist()
    [[0, 0, 1, 1, 2], [0, 1, 2, -100, -100]]
    """
    signs = [[END, *[A] * n, *[B] * n, END] for n in counts]
    T = max(map(len, signs)) - 1
    x = torch.tensor([(row[:-1] + [END] * T)[:T] for row in signs])
    y = torch.tensor([(row[1:] + [-100] * T)[:T] for row in signs])
    return functional.one_hot(x, 3).float(), y


def count_loss(net: nn.Module, batch: Batch) -> Tensor:
    """Return the mean cross-entropy of the next sign."""
    x, y = batch
    return functional.cross_entropy(net(x).transpose(1, 2), y)


def counts_right(net: nn.Module, n: int) -> bool:
    """Tell whether a net, after n times a and the first b, names every sign to the end."""
    x, y = draw_counts([n])
    with torch.no_grad():
        return bool((net(x).argmax(dim=2) == y)[0, n + 1 :].all())


@torch.no_grad()
def right_with(net: EveryStep, n: int, factors: Tensor) -> Tensor:
    """Multiply an LSTM's memory c by each factor, once, between the last a and the first b.

    Parameters
    ----------
    net : EveryStep
        An LSTM that counts.
    n : int
        Times a, and b.
    factors : Tensor, shape (F,)
        What c is multiplied by; with 1 it stays as it is.

    Returns
    -------
    Tensor of bool, shape (F,)
        Whether it names every sign after the first b.
    """
    x, y = draw_counts([n])
    _, (h, c) = net.cell(x[:, : n + 1])
    state = h.repeat(1, len(factors), 1), c * factors[:, None]
    states, _ = net.cell(x[:, n + 1 :].repeat(len(factors), 1, 1), state)
    return (net.answer(states).argmax(dim=2) == y[:, n + 1 :]).all(dim=1)
