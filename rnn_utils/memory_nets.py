"""Small nets that read a sequence and answer once at its end, and how far back they feel; imports PyTorch."""

import copy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from rnn_utils.errors import SettingError
from rnn_utils.memory_tasks import Batch

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
