"""Recurrent nets that forecast: three ways to train them, on the same windows; imports PyTorch."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from rnn_utils.chapters.ch21_forecasting import Array, Scale, Windows
from rnn_utils.errors import ShapeError
from rnn_utils.training import train


class Forecaster(nn.Module):
    """A recurrent cell that reads one value a step, and one linear layer on its hidden state.

    Parameters
    ----------
    cell : type
        ``nn.RNN``, ``nn.GRU`` or ``nn.LSTM``; PyTorch draws its weights.
    H : int
        Hidden units.
    outputs : int
        1 to name the next value; K to name the next K values at once.
    scale : Scale
        From the training part.
    """

    def __init__(self, cell: type[nn.RNNBase], H: int, outputs: int, scale: Scale):
        super().__init__()
        self.cell = cell(1, H, batch_first=True)  # type: ignore[arg-type, call-arg]
        self.out = nn.Linear(H, outputs)
        self.scale = scale

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read x, (N, T), from a state; return what it says after each step, (N, T, outputs), and the state."""
        h, state = self.cell(x[:, :, None], state)
        return self.out(h), state

    def ground(self, past: Array) -> Array | float:
        """Return what is taken off each window before it is scaled: here nothing."""
        return 0.0

    def prepare(self, windows: Windows) -> list[Tensor]:
        """Turn past and future into scaled tensors."""
        ground = self.ground(windows.past)
        parts = [self.scale.apply(part - ground) for part in windows[:2]]
        return [torch.as_tensor(part, dtype=torch.float32) for part in parts]


class RelativeForecaster(Forecaster):
    """Sees how a window moved from its own first value, and not at which level it is."""

    def ground(self, past: Array) -> Array:
        """Return how far each first value lies from the centre, (N, 1)."""
        return past[:, :1] - self.scale.centre


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
WAYS: dict[str, Way] = {"teacher": say_fed, "free": say_free, "direct": say_direct}


def train_forecaster(
    net: Forecaster,
    windows: Windows,
    say: Way,
    rng: np.random.Generator,
    *,
    steps: int,
    rate: float = 0.01,
    batch: int = 32,
) -> list[float]:
    """Train a net with Adam on batches of windows; the learning rate falls to zero along a cosine.

    Parameters
    ----------
    net : Forecaster
        Trained in place.
    windows : Windows
        Of the training part, not scaled.
    say : callable
        `say_fed`, `say_free` or `say_direct`; the targets are the same in all three.
    rng : Generator
        Draws the batches.
    steps, rate, batch : int, float, int
        Batches, first learning rate, windows per batch.

    Returns
    -------
    list of float
        Mean squared error of each batch, scaled.
    """
    past, future = net.prepare(windows)
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)

    def loss(net: Forecaster, rows: Tensor) -> Tensor:
        return (say(net, past[rows], future[rows]) - future[rows]).square().mean()

    def draw() -> Tensor:
        return torch.from_numpy(rng.integers(len(past), size=batch))

    losses, _ = train(net, loss, optimizer, draw, steps=steps, clip=1.0, schedule=schedule)
    return losses


@torch.no_grad()
def forecast(net: Forecaster, windows: Windows, say: Way) -> Array:
    """Return what a net says, in the units of the series, shape (N, K).

    With `say_fed` it is no forecast: the net is shown each true value before it names the next.
    """
    said = say(net, *net.prepare(windows)).double().numpy()
    return net.scale.undo(said) + net.ground(windows.past)
