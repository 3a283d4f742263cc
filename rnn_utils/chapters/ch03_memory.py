"""Two tasks that need a long memory, nets that read a sequence and answer once, and how far back they feel.

The inputs are made fresh for every batch: `delayed_recall` asks *which symbol was first*, `adding_problem`
asks for a sum of two numbers that stand far apart.  Imports PyTorch.
"""

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from rnn_utils.errors import SettingError

Batch = tuple[NDArray[np.float32], NDArray]  # sequences, (N, T, D), and what to answer after each, (N,)


def delayed_recall(N: int, wait: int, rng: np.random.Generator) -> Batch:
    """Draw sequences whose first symbol must be named after a long wait.

    Step 0 shows one of four symbols.  Each of the ``wait`` steps after it shows a distractor, one
    of four other signs, drawn anew at each step and of no use.

    Parameters
    ----------
    N : int
        Sequences.
    wait : int
        Steps between the symbol and the end.
    rng : numpy.random.Generator
        Where the symbols come from.

    Returns
    -------
    x, y : ndarrays
        ``x``, one-hot, shape (N, 1 + wait, 8): columns 0 to 3 are the symbols, 4 to 7 the distractors.
        ``y``, shape (N,): the symbols.

    Raises
    ------
    SettingError
        If N or ``wait`` is below 1.

    References
    ----------
    Hochreiter and Schmidhuber (1997), "Long short-term memory", has a task of this kind.

    Examples
    --------
    >>> x, y = delayed_recall(N=2, wait=3, rng=np.random.default_rng(0))
    >>> x.shape
    (2, 4, 8)
    >>> x[0].argmax(axis=1).tolist(), int(y[0])
    ([3, 6, 5, 5], 3)
    """
    if N < 1 or wait < 1:
        raise SettingError(f"delayed_recall: got N = {N} and wait = {wait}; expected at least 1 of each.")
    y = rng.integers(4, size=N)
    distractors = rng.integers(4, 8, size=(N, wait))
    shown = np.column_stack([y, distractors])  # (N, 1 + wait)
    return np.eye(8, dtype=np.float32)[shown], y


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
    x, y : ndarrays
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
    if N < 1 or T < 2:
        raise SettingError(f"adding_problem: got N = {N} and T = {T}; expected N of at least 1 and T of at least 2.")
    numbers = rng.random((N, T), dtype=np.float32)
    marks = np.zeros((N, T), dtype=np.float32)
    rows = np.arange(N)
    marks[rows, rng.integers(T // 2, size=N)] = 1
    marks[rows, rng.integers(T // 2, T, size=N)] = 1
    return np.stack([numbers, marks], axis=2), (numbers * marks).sum(axis=1)


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
        if cell not in ("RNN", "GRU", "LSTM"):
            raise SettingError(f"Reader: cell is {cell!r}; expected one of RNN, GRU, LSTM.")
        super().__init__()
        self.cell = getattr(nn, cell)(D, H, batch_first=True)
        self.answer = nn.Linear(H, outputs)
        with torch.no_grad():
            if forget_bias is not None:
                self.cell.bias_ih_l0[H : 2 * H] = forget_bias  # PyTorch's blocks: i, f, g, o
                self.cell.bias_hh_l0[H : 2 * H] = 0
            if radius is not None:
                eigenvalues = torch.linalg.eigvals(self.cell.weight_hh_l0.double())
                self.cell.weight_hh_l0 *= radius / eigenvalues.abs().max()

    def forward(self, x: Tensor) -> Tensor:
        """Read x, shape (N, T, D); return the answers, shape (N, outputs)."""
        h, _ = self.cell(x)
        return self.answer(h[:, -1])


def loss_of(net: Reader, batch: Batch) -> Tensor:
    """Return the mean loss: cross-entropy for symbols, squared error for numbers."""
    x, y = map(torch.from_numpy, batch)
    y_hat = net(x)
    return functional.mse_loss(y_hat[:, 0], y) if y.is_floating_point() else functional.cross_entropy(y_hat, y)


def gradient_by_lag(net: Reader, batch: Batch) -> NDArray[np.float64]:
    r"""Measure how much the answer still depends on the state, lag by lag.

    The gradient of the answer with respect to the state after a step tells how far a small nudge there
    would move it.  The answer is the score of the right symbol, or the sum; unlike the loss it does not
    fade as the net gets better.

    Parameters
    ----------
    net : Reader
        Read only.
    batch : tuple of ndarrays
        Sequences to measure on, and the right answers.

    Returns
    -------
    ndarray, shape (T,)
        Entry k is the root mean square over sequences of the gradient's norm k steps before the end:
        entry 0 belongs to the last state.  The state of an LSTM is h and c together.

    Examples
    --------
    A quiet net of one unit with weight 1/2 loses half of the gradient at each step back:

    >>> net = Reader("RNN", D=2, H=1, outputs=1)
    >>> for values in net.parameters():
    ...     values = torch.nn.init.zeros_(values)
    >>> net.cell.weight_hh_l0.data[:], net.answer.weight.data[:] = 0.5, 1.0
    >>> gradient_by_lag(net, (np.zeros((3, 4, 2), np.float32), np.zeros(3, np.float32)))
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    x, y = map(torch.from_numpy, batch)
    exact, state, states = copy.deepcopy(net).double(), None, []
    for x_t in x.double().split(1, dim=1):
        _, state = exact.cell(x_t, state)
        states.append(state if isinstance(state, tuple) else (state,))  # an LSTM has h and c
    scores = exact.answer(states[-1][0][0])
    right = scores[:, 0] if y.is_floating_point() else scores.gather(1, y[:, None])
    flat = [part for parts in reversed(states) for part in parts]
    gradients = torch.autograd.grad(right.sum(), flat, allow_unused=True)  # the last c moves nothing
    squares = [0.0 if g is None else float(g.square().sum()) / len(x) for g in gradients]
    return np.sqrt(np.reshape(squares, (len(states), -1)).sum(axis=1))
