"""The sine net by hand and from PyTorch's parts, its free run and its training; imports PyTorch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rnn_utils.errors import SettingError

POINTS = 20  # inputs to learn from; the targets are the points that follow them
WARM = 5  # true values that a free run is given
FREE = 55  # steps in which it is fed its own output
UNITS = 6  # numbers in the state
ITERATIONS = 20  # of L-BFGS at each decay
DECAYS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)  # weight decay that fades


def wave(count: int, *, phase: float = 0.0, frequency: float = 1.0, amplitude: float = 1.0) -> NDArray[np.float64]:
    """Return the first points of sin t at t = 2, 2.4, 2.8, …, or of another wave.

    Parameters
    ----------
    count : int
        How many; 21 end at t = 10.
    phase, frequency, amplitude : float
        Those of A sin(ω t + φ), in radians, radians per unit of t, and units of height.

    Returns
    -------
    ndarray, shape (count,)

    Examples
    --------
    >>> bool((wave(21) == np.sin(np.linspace(2, 10, 21))).all())
    True
    """
    t = np.linspace(2.0, 2.0 + 0.4 * (count - 1), count)
    return amplitude * np.sin(frequency * t + phase)


def draw_weights(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw W1, (7, 6), and W2, (6, 1), as source 004 does: N(0, 0.4) and N(0, 0.3)."""
    generator = torch.Generator().manual_seed(seed)
    w1 = torch.empty(1 + UNITS, UNITS).normal_(0.0, 0.4, generator=generator)
    w2 = torch.empty(UNITS, 1).normal_(0.0, 0.3, generator=generator)
    return w1.requires_grad_(), w2.requires_grad_()


def elman_step(
    x_t: torch.Tensor, context: torch.Tensor, w1: torch.Tensor, w2: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    r"""Read one point, (1, 1), and the context units, (1, H); return the prediction of the next and the new state.

    .. math:: h_t = \tanh([x_t, h_{t-1}]\,W_1), \qquad \hat y_t = h_t W_2
    """
    context = torch.tanh(torch.cat((x_t, context), dim=1) @ w1)
    return context @ w2, context


class HandNet(torch.nn.Module):
    """The net of source 004: `elman_step`, point after point.

    Parameters
    ----------
    w1, w2 : torch.Tensor, shapes (1 + H, H) and (H, 1)
        What it begins with, such as `draw_weights` makes.
    """

    def __init__(self, w1: torch.Tensor, w2: torch.Tensor):
        super().__init__()
        self.w1, self.w2 = torch.nn.Parameter(w1), torch.nn.Parameter(w2)

    def forward(self, x: torch.Tensor, state: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Read T points, (T, 1); return T predictions and the last state, (1, H)."""
        state = x.new_zeros(1, UNITS) if state is None else state
        predictions = []
        for x_t in x.split(1):
            prediction, state = elman_step(x_t, state, self.w1, self.w2)
            predictions.append(prediction)
        return torch.cat(predictions), state


class LibraryNet(torch.nn.Module):
    """The same net from PyTorch's parts, 48 weights and no bias, begun as PyTorch begins it.

    Parameters
    ----------
    seed : int
        Decides the weights, and leaves PyTorch's global generator alone.
    layer : type
        ``torch.nn.GRU`` and ``torch.nn.LSTM`` bring gates, and 132 and 174 weights.
    """

    def __init__(self, seed: int, layer: Any = torch.nn.RNN):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.rnn = layer(1, UNITS, bias=False)
            self.out = torch.nn.Linear(UNITS, 1, bias=False)

    def forward(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """Read T points, (T, 1); return T predictions and the last state, of an LSTM a pair."""
        states, last = self.rnn(x, state)
        return self.out(states), last


@torch.no_grad()
def free_run(net: torch.nn.Module, given: NDArray[np.floating], steps: int = FREE) -> NDArray[np.float64]:
    """Feed true points from a zero state, then the net's own output again and again.

    Parameters
    ----------
    net : HandNet or LibraryNet
        Or any module that turns values, (T, 1), and a state, or None, into predictions, (T, 1), and a state.
    given : ndarray, shape (K,)
        The true points.
    steps : int
        How often the net is fed its own output.

    Returns
    -------
    ndarray, shape (steps,)
        What it predicts in these steps.  The prediction from the last true point is the first
        value fed back, so entry 0 stands two points after the last given one.

    Raises
    ------
    SettingError
        If no true point is given.
    """
    if len(given) == 0:
        raise SettingError("free_run: no true points were given; expected at least one to start from.")
    values = torch.as_tensor(given, dtype=next(net.parameters()).dtype)[:, None]
    predictions, state = net(values)
    value, path = predictions[-1:], []
    for _ in range(steps):
        value, state = net(value, state)
        path.append(value.item())
    return np.array(path)


def train_lbfgs(net: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, decays: Sequence[float] = (0.0,) * 5) -> None:
    """Minimise the mean squared error by L-BFGS with a strong-Wolfe line search, a decay at a time.

    Parameters
    ----------
    net : HandNet or LibraryNet
        Trained in place; the gradient goes back through all points.
    x, y : torch.Tensor, shapes (T, 1) and (T, 1)
        Inputs and targets.
    decays : sequence of float
        Factors of the sum of squared weights in the loss, one per round of 20 iterations; with
        `DECAYS`, which fade, this is the book's recipe.
    """
    weights = list(net.parameters())
    optimizer = torch.optim.LBFGS(
        weights,
        max_iter=ITERATIONS,
        history_size=20,
        line_search_fn="strong_wolfe",
        tolerance_grad=1e-12,
        tolerance_change=1e-14,
    )
    for decay in decays:

        def closure(decay: float = decay) -> torch.Tensor:
            optimizer.zero_grad()
            loss = (net(x)[0] - y).pow(2).mean()
            loss = loss + decay * sum(weight.pow(2).sum() for weight in weights)
            loss.backward()
            return loss

        optimizer.step(closure)
