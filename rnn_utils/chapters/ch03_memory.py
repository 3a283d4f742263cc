"""Two tasks that need a long memory, nets that read a sequence and answer once, and how far back they feel.

The inputs are made fresh for every batch: `delayed_recall` asks *which symbol was first*, `adding_problem`
asks for a sum of two numbers that stand far apart.  Imports PyTorch.
"""

import copy
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from rnn_utils.errors import SettingError


class Batch(NamedTuple):
    """Sequences and what a net should answer after the last step of each."""

    x: NDArray[np.float32]  # (N, T, D)
    y: NDArray  # (N,)


def delayed_recall(N: int, wait: int, rng: np.random.Generator, symbols: int = 4) -> Batch:
    """Draw sequences whose first symbol must be named after a long wait.

    Step 0 shows one of ``symbols`` signs.  Each of the ``wait`` steps after it shows a distractor, one
    of as many other signs, drawn anew at each step and of no use.

    Parameters
    ----------
    N : int
        Sequences.
    wait : int
        Steps between the symbol and the end.
    rng : numpy.random.Generator
        Where the symbols come from.
    symbols : int, optional
        How many different symbols there are; a blind guess is right once in ``symbols`` times.

    Returns
    -------
    Batch
        ``x``, one-hot, shape (N, 1 + wait, 2 * symbols): the first half of the columns are the symbols,
        the second half the distractors.  ``y``, shape (N,): the symbols, 0 to ``symbols - 1``.

    Raises
    ------
    SettingError
        If N or ``wait`` is below 1, or there are fewer than two symbols.

    References
    ----------
    Hochreiter and Schmidhuber (1997), "Long short-term memory", has a task of this kind.

    Examples
    --------
    >>> x, y = delayed_recall(N=2, wait=3, rng=np.random.default_rng(0))
    >>> x.shape
    (2, 4, 8)
    >>> x[0].argmax(axis=1), y[0]
    (array([3, 6, 5, 5]), np.int64(3))
    """
    _check("delayed_recall", N=(N, 1), wait=(wait, 1), symbols=(symbols, 2))
    y = rng.integers(symbols, size=N)
    distractors = rng.integers(symbols, 2 * symbols, size=(N, wait))
    shown = np.column_stack([y, distractors])  # (N, 1 + wait)
    return Batch(np.eye(2 * symbols, dtype=np.float32)[shown], y)


def adding_problem(N: int, T: int, rng: np.random.Generator) -> Batch:
    """Draw sequences of numbers of which two are marked, and the sum of those two.

    Parameters
    ----------
    N, T : int
        Sequences, and steps of each.
    rng : numpy.random.Generator
        Where the numbers and the marks come from.

    Returns
    -------
    Batch
        ``x``, shape (N, T, 2): a number from 0 to 1, and a mark that is 1 at two steps, one in each half
        of the sequence, and 0 elsewhere.  ``y``, shape (N,), float32: the sum of the two marked numbers.
        Always answering 1 has a mean squared error of 1/6.

    Raises
    ------
    SettingError
        If N is below 1 or T is below 2.

    References
    ----------
    Hochreiter and Schmidhuber (1997), "Long short-term memory", has a task of this kind.

    Examples
    --------
    >>> x, y = adding_problem(N=1, T=4, rng=np.random.default_rng(0))
    >>> x[0].round(2)
    array([[0.85, 1.  ],
           [0.64, 0.  ],
           [0.51, 1.  ],
           [0.27, 0.  ]], dtype=float32)
    >>> y.round(2)
    array([1.36], dtype=float32)
    """
    _check("adding_problem", N=(N, 1), T=(T, 2))
    numbers = rng.random((N, T), dtype=np.float32)
    marks = np.zeros((N, T), dtype=np.float32)
    rows = np.arange(N)
    marks[rows, rng.integers(T // 2, size=N)] = 1
    marks[rows, rng.integers(T // 2, T, size=N)] = 1
    return Batch(np.stack([numbers, marks], axis=2), (numbers * marks).sum(axis=1))


def _check(function: str, **settings: tuple[int, int]) -> None:
    for name, (value, least) in settings.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise SettingError(f"{function}: {name} is {value!r}; expected a whole number of at least {least}.")


CELLS = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}


class Reader(nn.Module):
    """A recurrent cell and one linear layer on its last hidden state.

    Parameters
    ----------
    cell : {"RNN", "GRU", "LSTM"}
        Kind of cell; PyTorch draws its weights.
    D, H, outputs : int
        Inputs of a step, hidden units, and answers: one score per symbol, or one number.
    forget_bias : float, optional
        For an LSTM: what the biases of the forget gates add up to before training.  PyTorch has two
        biases per gate; the first gets the value, the second 0.
    radius : float, optional
        For an RNN: scale ``W_hh`` to this spectral radius before training.

    Examples
    --------
    >>> net = Reader("LSTM", D=8, H=5, outputs=4, forget_bias=1.0)
    >>> net(torch.zeros(2, 7, 8)).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        cell: str,
        D: int,
        H: int,
        outputs: int,
        *,
        forget_bias: float | None = None,
        radius: float | None = None,
    ):
        super().__init__()
        if cell not in CELLS:
            raise SettingError(f"Reader: cell is {cell!r}; expected one of {', '.join(CELLS)}.")
        self.cell = CELLS[cell](D, H, batch_first=True)
        self.answer = nn.Linear(H, outputs)
        with torch.no_grad():
            if forget_bias is not None:
                self.cell.bias_ih_l0[H : 2 * H] = forget_bias  # PyTorch's blocks: i, f, g, o
                self.cell.bias_hh_l0[H : 2 * H] = 0
            if radius is not None:
                self.cell.weight_hh_l0 *= radius / spectral_radius(self.cell.weight_hh_l0)

    def forward(self, x: Tensor) -> Tensor:
        """Read x, shape (N, T, D); return the answers, shape (N, outputs)."""
        h, _ = self.cell(x)
        return self.answer(h[:, -1])


def spectral_radius(matrix: Tensor) -> float:
    """Return the largest magnitude of a square matrix's eigenvalues.

    Examples
    --------
    A quarter turn that doubles every length:

    >>> round(spectral_radius(torch.tensor([[0.0, 2.0], [-2.0, 0.0]])), 6)
    2.0
    """
    return float(torch.linalg.eigvals(matrix.detach().double()).abs().max())


def loss_of(net: Reader, batch: Batch) -> Tensor:
    """Return the mean loss: cross-entropy for symbols, squared error for numbers."""
    y_hat, y = net(torch.from_numpy(batch.x)), torch.from_numpy(batch.y)
    return functional.mse_loss(y_hat[:, 0], y) if y.is_floating_point() else functional.cross_entropy(y_hat, y)


def gradient_by_lag(net: Reader, batch: Batch) -> np.ndarray:
    r"""Measure how much the answer still depends on the state, lag by lag.

    A nudge of zero is added to the state after each step.  The gradient of the answer with respect to
    the nudge tells how far the answer would move.  The answer is the score of the right symbol, or the
    sum; unlike the loss it does not fade as the net gets better.

    Parameters
    ----------
    net : Reader
        Read only.
    batch : Batch
        Sequences to measure on.

    Returns
    -------
    ndarray of float64, shape (T,)
        Entry k is the root mean square over sequences of the gradient's norm k steps before the end:
        entry 0 belongs to the last state.  The state of an LSTM is h and c together.

    Examples
    --------
    A quiet net of one unit with weight 1/2 loses half of the gradient at each step back:

    >>> net = Reader("RNN", D=2, H=1, outputs=1)
    >>> for values in net.parameters():
    ...     values = torch.nn.init.zeros_(values)
    >>> net.cell.weight_hh_l0.data[:], net.answer.weight.data[:] = 0.5, 1.0
    >>> gradient_by_lag(net, Batch(np.zeros((3, 4, 2), np.float32), np.zeros(3, np.float32)))
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    x, y = torch.from_numpy(batch.x).double(), torch.from_numpy(batch.y)
    exact = copy.deepcopy(net).double()
    cell, answer = exact.cell, exact.answer
    zeros = torch.zeros(1, len(x), cell.hidden_size, dtype=torch.float64)
    state, nudges = (zeros, zeros) if isinstance(cell, nn.LSTM) else (zeros,), []
    for x_t in x.split(1, dim=1):
        _, new = cell(x_t, state if len(state) == 2 else state[0])
        nudge = [torch.zeros_like(part, requires_grad=True) for part in state]
        state = tuple(a + b for a, b in zip(new if len(state) == 2 else (new,), nudge, strict=True))
        nudges.append(nudge)
    scores = answer(state[0][0])
    right = scores[:, 0] if y.is_floating_point() else scores.gather(1, y[:, None])[:, 0]
    flat = [part for nudge in reversed(nudges) for part in nudge]
    gradients = torch.autograd.grad(right.sum(), flat, allow_unused=True)
    squares = [0.0 if g is None else float(g.square().sum()) / len(x) for g in gradients]
    return np.sqrt(np.reshape(squares, (len(nudges), -1)).sum(axis=1))
