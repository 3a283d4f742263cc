"""The trainings of the sine net that chapter 20 compares, and one protocol to judge them; imports PyTorch."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rnn_utils.environment import check_seed
from rnn_utils.errors import SettingError
from rnn_utils.nets.sine import (
    DECAYS,
    FREE,
    POINTS,
    UNITS,
    WARM,
    HandNet,
    LibraryNet,
    draw_weights,
    free_run,
    train_lbfgs,
    wave,
)
from rnn_utils.training import train

EPOCHS, RATE = 300, 0.1  # the published training
SUM_RATE = 0.02  # where the losses of all points are summed; 0.1 would diverge
ADAM_RATE = 0.03


class Scores(NamedTuple):
    """Errors of one trained net.

    Attributes
    ----------
    one_step_mse : float
        Fed the 20 true points: mean squared error of the 20 predictions.
    free_running_mse : float
        Fed the first 5 true points, then its own output 55 times: mean over those 55 steps.
    beyond_mse : float
        Fed all 20 true points, then its own output 55 times: mean over those 55 steps, t > 10.
    """

    one_step_mse: float
    free_running_mse: float
    beyond_mse: float


@torch.no_grad()
def one_step(net: nn.Module, given: NDArray[np.floating]) -> NDArray[np.float64]:
    """Feed true points from a zero state; return the prediction after each, shape (K,)."""
    values = torch.as_tensor(given, dtype=next(net.parameters()).dtype)[:, None]
    return net(values)[0][:, 0].double().numpy()


def score(net: nn.Module) -> Scores:
    """Measure a net by the protocol of the chapter (see `Scores`)."""
    true = wave(POINTS + FREE + 1)

    def mse(predictions: NDArray[np.float64], first: int) -> float:
        return float(np.mean((predictions - true[first : first + len(predictions)]) ** 2))

    return Scores(
        mse(one_step(net, true[:POINTS]), 1),
        mse(free_run(net, true[:WARM]), WARM + 1),
        mse(free_run(net, true[:POINTS]), POINTS + 1),
    )


def train_published(net: HandNet, x: torch.Tensor, y: torch.Tensor) -> None:
    """Train as source 004 does: after every point move the weights and cut the state."""
    for _ in range(EPOCHS):
        state = x.new_zeros(1, UNITS)
        for x_t, y_t in zip(x.split(1), y.split(1), strict=True):
            prediction, state = net(x_t, state.detach())
            loss = (prediction - y_t).pow(2).sum() / 2
            step_down(net, loss, RATE)


def train_summed(net: HandNet, x: torch.Tensor, y: torch.Tensor) -> None:
    """Read all points with the same weights, add up the losses, then move the weights once."""
    for _ in range(EPOCHS):
        step_down(net, (read_cut(net, x) - y).pow(2).sum() / 2, SUM_RATE)


def read_cut(net: HandNet, x: torch.Tensor) -> torch.Tensor:
    """Return the predictions, (T, 1); no gradient passes from a step to the step before."""
    state, predictions = x.new_zeros(1, UNITS), []
    for x_t in x.split(1):
        prediction, state = net(x_t, state.detach())
        predictions.append(prediction)
    return torch.cat(predictions)


def train_bptt(net: HandNet, x: torch.Tensor, y: torch.Tensor) -> None:
    """Do as `train_summed` without the cut: the error travels back through all points."""
    for _ in range(EPOCHS):
        step_down(net, (net(x)[0] - y).pow(2).sum() / 2, SUM_RATE)


def train_carried(net: HandNet, x: torch.Tensor, y: torch.Tensor) -> None:
    """Do as `train_bptt`, but begin each round with the state in which the last one ended."""
    state = x.new_zeros(1, UNITS)
    for _ in range(EPOCHS):
        predictions, state = net(x, state.detach())
        step_down(net, (predictions - y).pow(2).sum() / 2, SUM_RATE)


def train_adam(net: HandNet, x: torch.Tensor, y: torch.Tensor) -> None:
    """Do as `train_bptt`, but let Adam make the moves."""

    def loss(net: HandNet, points: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        x, y = points
        return (net(x)[0] - y).pow(2).sum() / 2

    train(net, loss, torch.optim.Adam(net.parameters(), lr=ADAM_RATE), lambda: (x, y), steps=EPOCHS)


def step_down(net: nn.Module, loss: torch.Tensor, rate: float) -> None:
    """Move every weight once against its gradient."""
    net.zero_grad()
    loss.backward()
    with torch.no_grad():
        for weight in net.parameters():
            weight -= rate * weight.grad  # type: ignore[operator, misc]


train_book = partial(train_lbfgs, decays=DECAYS)


def drawn(seed: int) -> HandNet:
    """Return a net of source 004 before its training."""
    return HandNet(*draw_weights(seed))


class Recipe(NamedTuple):
    """A kind of net, the precision it is trained in, and its training."""

    net: Callable[[int], nn.Module]
    dtype: torch.dtype
    train: Callable[..., None]


# In the order of the chapter: each changes one thing of the one before, except the side roads at the
# end: the first two change one thing of "bptt", the last two one thing of "book".
RECIPES = {
    "published": Recipe(drawn, torch.float32, train_published),
    "summed": Recipe(drawn, torch.float32, train_summed),
    "bptt": Recipe(drawn, torch.float32, train_bptt),
    "lbfgs": Recipe(drawn, torch.float64, train_lbfgs),
    "library": Recipe(LibraryNet, torch.float64, train_lbfgs),
    "book": Recipe(LibraryNet, torch.float64, train_book),
    "carried": Recipe(drawn, torch.float32, train_carried),
    "adam": Recipe(drawn, torch.float32, train_adam),
    "gru": Recipe(partial(LibraryNet, layer=nn.GRU), torch.float64, train_book),
    "lstm": Recipe(partial(LibraryNet, layer=nn.LSTM), torch.float64, train_book),
}


def make(seed: int, recipe: str = "book") -> nn.Module:
    """Return an untrained net of a recipe, its weights drawn by the seed alone."""
    seed = check_seed("sine", seed)
    if recipe not in RECIPES:
        raise SettingError(f"sine: recipe is {recipe!r}; expected one of {', '.join(RECIPES)}.")
    return RECIPES[recipe].net(seed).to(RECIPES[recipe].dtype)


def train_sine(seed: int, recipe: str = "book") -> nn.Module:
    """Train a net of a recipe on the 20 points and return it.

    Parameters
    ----------
    seed : int
        Decides the first weights, and nothing else is left to chance.
    recipe : str
        ``"published"`` (source 004), ``"summed"``, ``"bptt"``, ``"lbfgs"``, ``"library"``
        or ``"book"``, each changes one thing of the one before; ``"carried"`` and ``"adam"`` change
        one thing of ``"bptt"``, ``"gru"`` and ``"lstm"`` one of ``"book"``.

    Returns
    -------
    Module

    Raises
    ------
    SettingError
        If there is no such recipe, or the seed cannot be one.

    Examples
    --------
    >>> score(train_sine(0)).free_running_mse < 1e-3
    True
    """
    net = make(seed, recipe)
    points = torch.as_tensor(wave(POINTS + 1), dtype=RECIPES[recipe].dtype)[:, None]
    RECIPES[recipe].train(net, points[:-1], points[1:])
    return net
