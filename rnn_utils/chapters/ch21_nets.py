"""Recurrent nets that forecast: how they are fed, how they are trained, and when to stop; imports PyTorch."""

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from rnn_utils.chapters.ch21_forecasting import Array, Windows
from rnn_utils.errors import ShapeError


class Forecaster(nn.Module):
    """A recurrent cell that reads one value a step, and one linear layer on its state.

    Parameters
    ----------
    cell : type
        ``nn.RNN``, ``nn.GRU`` or ``nn.LSTM``; PyTorch draws its weights.
    H : int
        Hidden units.
    outputs : int
        1 to name the next value; K to name the next K values at once.
    """

    def __init__(self, cell: type[nn.RNNBase], H: int, outputs: int):
        super().__init__()
        self.cell = cell(1, H, batch_first=True)  # type: ignore[arg-type, call-arg]
        self.out = nn.Linear(H, outputs)

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read x, (N, T), from a state; return what it says after each step, (N, T, outputs), and the state."""
        h, state = self.cell(x[:, :, None], state)
        return self.out(h), state


class ChangeForecaster(Forecaster):
    """Names the change, and adds it to the value just read."""

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read x, (N, T), from a state; return each value with its change added, and the state."""
        change, state = super().forward(x, state)
        return x[:, :, None] + change, state


def say_direct(net: Forecaster, past: Tensor, future: Tensor) -> Tensor:
    """Let a net with K outputs name all K values at once: from (N, L) to (N, K), as many as the future has."""
    if net.out.out_features != future.shape[1]:
        raise ShapeError(
            f"say_direct: the net names {net.out.out_features} values at once and the future has {future.shape[1]}; "
            "expected as many. Make the net with outputs=K."
        )
    return net(past)[0][:, -1]


def say_free(net: Forecaster, past: Tensor, future: Tensor) -> Tensor:
    """Feed the net its own values after the past; of the future only the length is looked at."""
    said, state = net(past)
    path = [said[:, -1, :1]]
    for _ in range(future.shape[1] - 1):
        said, state = net(path[-1], state)
        path.append(said[:, -1, :1])
    return torch.cat(path, dim=1)


def say_fed(net: Forecaster, past: Tensor, future: Tensor) -> Tensor:
    """Feed the net the true values, each after it has named it."""
    said, _ = net(torch.cat((past, future[:, :-1]), dim=1))
    return said[:, past.shape[1] - 1 :, 0]


Way = Callable[[Forecaster, Tensor, Tensor], Tensor]


def tensors(windows: Windows) -> list[Tensor]:
    """Turn past and future into tensors."""
    return [torch.as_tensor(part, dtype=torch.float32) for part in windows[:2]]


@torch.no_grad()
def forecast(net: Forecaster, windows: Windows, say: Way) -> Array:
    """Return what a net says, shape (N, K), in the units of the windows.

    With `say_fed` it is no forecast: the net is shown each true value before it names the next.
    """
    return say(net, *tensors(windows)).double().numpy()


def fit(
    net: Forecaster,
    windows: Windows,
    say: Way,
    rng: np.random.Generator,
    *,
    steps: int,
    rate: float = 0.01,
    batch: int = 128,
) -> None:
    """Train a net on batches of windows with Adam; the rate falls to zero along a cosine.

    Parameters
    ----------
    net : Forecaster
        Trained in place.
    windows : Windows
        Of the training part, scaled.
    say : callable
        `say_fed`, `say_free` or `say_direct`; the targets are the same in all three.
    rng : Generator
        Draws the batches.
    steps, rate, batch : int, float, int
        Batches, first learning rate, windows per batch.
    """
    past, future = tensors(windows)
    adam = torch.optim.Adam(net.parameters(), lr=rate)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    for _ in range(steps):
        rows = torch.from_numpy(rng.integers(len(past), size=batch))
        error = say(net, past[rows], future[rows]) - future[rows]
        adam.zero_grad()
        error.square().mean().backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        adam.step()
        fall.step()


def fit_patiently(
    net: Forecaster,
    windows: Windows,
    say: Way,
    rng: np.random.Generator,
    *,
    steps: int,
    judge: Callable[[], float],
    patience: int = 3,
    rounds: int = 10,
) -> list[float]:
    """Train in rounds until the validation part stops improving, and go back to the best round.

    Parameters
    ----------
    net, windows, say, rng
        See `fit`.
    steps : int
        Of each round, in which the rate falls anew.
    judge : callable
        Returns the error on the validation part.
    patience : int
        Rounds to wait for a better one.
    rounds : int
        At most so many.

    Returns
    -------
    list of float
        The error on the validation part before training, and after each round.
    """
    errors, best = [judge()], deepcopy(net.state_dict())
    while len(errors) <= rounds and np.argmin(errors) >= len(errors) - patience:
        fit(net, windows, say, rng, steps=steps, batch=64)
        errors.append(judge())
        if errors[-1] == min(errors):
            best = deepcopy(net.state_dict())
    net.load_state_dict(best)
    return errors
