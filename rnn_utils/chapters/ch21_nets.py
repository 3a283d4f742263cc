"""Recurrent nets that forecast: three ways to train them, on the same windows; imports PyTorch."""

import numpy as np
import torch
from torch import Tensor, nn

from rnn_utils.chapters.ch21_forecasting import Array, Scale, Windows
from rnn_utils.errors import SettingError
from rnn_utils.training import train

CELLS = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}
WAYS = ("teacher", "free", "direct")


class Forecaster(nn.Module):
    """A recurrent cell that reads one value a step, and one linear layer on its hidden state.

    Parameters
    ----------
    cell : {"RNN", "GRU", "LSTM"}
        Kind of cell; PyTorch draws its weights.
    H : int
        Hidden units.
    outputs : int
        1 to name the next value; K to name the next K values at once.
    scale : Scale
        From the training part.
    relative : bool
        Subtract from each window its own first value, so that the net sees how the series moved and
        not at which level it is.
    """

    def __init__(self, cell: str, H: int, outputs: int, scale: Scale, *, relative: bool = False):
        super().__init__()
        if cell not in CELLS:
            raise SettingError(f"Forecaster: cell is {cell!r}; expected one of {', '.join(CELLS)}.")
        self.cell = CELLS[cell](1, H, batch_first=True)
        self.out = nn.Linear(H, outputs)
        self.scale, self.relative = scale, relative

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read x, (N, T), from a state; return what it says after each step, (N, T, outputs), and the state."""
        h, state = self.cell(x[:, :, None], state)
        return self.out(h), state

    def prepare(self, *stretches: Array) -> list[Tensor]:
        """Turn stretches of the same windows, the past first, into scaled tensors."""
        ground = stretches[0][:, :1] - self.scale.centre if self.relative else 0.0
        return [torch.as_tensor(self.scale.apply(part - ground), dtype=torch.float32) for part in stretches]


def free_run(net: Forecaster, past: Tensor, horizon: int) -> Tensor:
    """Read the past, then the net's own output again and again; return it, (N, horizon)."""
    said, state = net(past)
    path = [said[:, -1, :1]]
    for _ in range(horizon - 1):
        said, state = net(path[-1], state)
        path.append(said[:, -1, :1])
    return torch.cat(path, dim=1)


def say(net: Forecaster, past: Tensor, future: Tensor, way: str) -> Tensor:
    """Return what the net says about the future, (N, K), in one of three ways.

    Parameters
    ----------
    net : Forecaster
        With one output, or K for the way ``"direct"``.
    past, future : Tensor, shapes (N, L) and (N, K)
        Scaled; only ``"teacher"`` looks at the future's values, each after it has named it.
    way : {"teacher", "free", "direct"}
        Fed the true values, fed its own, or naming all K at once.
    """
    if way not in WAYS:
        raise SettingError(f"say: way is {way!r}; expected one of {', '.join(WAYS)}.")
    if way == "direct":
        return net(past)[0][:, -1]
    if way == "free":
        return free_run(net, past, future.shape[1])
    return net(torch.cat((past, future[:, :-1]), dim=1))[0][:, past.shape[1] - 1 :, 0]


def train_forecaster(
    net: Forecaster,
    windows: Windows,
    way: str,
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
    way : {"teacher", "free", "direct"}
        See `say`; the targets are the same in all three.
    rng : Generator
        Draws the batches.
    steps, rate, batch : int, float, int
        Batches, first learning rate, windows per batch.

    Returns
    -------
    list of float
        Mean squared error of each batch, scaled.
    """
    past, future = net.prepare(windows.past, windows.future)
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)

    def loss(net: Forecaster, rows: Tensor) -> Tensor:
        return (say(net, past[rows], future[rows], way) - future[rows]).square().mean()

    def draw() -> Tensor:
        return torch.from_numpy(rng.integers(len(past), size=batch))

    losses, _ = train(net, loss, optimizer, draw, steps=steps, clip=1.0, schedule=schedule)
    return losses


@torch.no_grad()
def forecast(net: Forecaster, windows: Windows, way: str) -> Array:
    """Return forecasts in the units of the series, shape (N, K).

    The way ``"teacher"`` is no forecast: it is shown each true value before it names the next.
    """
    past, future = net.prepare(windows.past, windows.future)
    said = say(net, past, future, way).double().numpy()
    ground = windows.past[:, :1] - net.scale.centre if net.relative else 0.0
    return net.scale.undo(said) + ground
