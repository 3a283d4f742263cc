"""The sine net of source 004, its repairs one by one, and one protocol to judge them; imports PyTorch."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rnn_utils.errors import SettingError
from rnn_utils.training import train

POINTS = 20  # inputs to learn from; the targets are the points that follow them
WARM = 5  # true values that a free run is given
FREE = 55  # steps in which it is fed its own output
UNITS = 6  # numbers in the state
EPOCHS, RATE = 300, 0.1  # the published training
SUM_RATE = 0.02  # where the losses of all points are summed; 0.1 would diverge
ADAM_RATE = 0.03
DECAYS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)  # weight decay that fades
ITERATIONS = 20  # of L-BFGS at each decay


class Scores(NamedTuple):
    """Errors of one trained net and what its training took.

    Attributes
    ----------
    one_step_mse : float
        Fed the 20 true points: mean squared error of the 20 predictions.
    free_running_mse : float
        Fed the first 5 true points, then its own output 55 times: mean over those 55 steps.
    beyond_mse : float
        Fed all 20 true points, then its own output 55 times: mean over those 55 steps, t > 10.
    seconds : float
        Wall clock of the training.
    """

    one_step_mse: float
    free_running_mse: float
    beyond_mse: float
    seconds: float


class HandNet(nn.Module):
    r"""The net of source 004: one matrix reads the value and the context units, one makes the output.

    .. math:: h_t = \tanh([x_t, h_{t-1}]\,W_1), \qquad \hat y_t = h_t W_2

    Parameters
    ----------
    generator : torch.Generator
        Draws the weights, N(0, 0.4) and N(0, 0.3).
    """

    def __init__(self, generator: torch.Generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.empty(1 + UNITS, UNITS).normal_(0.0, 0.4, generator=generator))
        self.w2 = nn.Parameter(torch.empty(UNITS, 1).normal_(0.0, 0.3, generator=generator))

    def forward(self, x: torch.Tensor, state: torch.Tensor, *, cut: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
        """Read T values, (T, 1), from a state, (1, H); return T predictions and the last state.

        With ``cut`` no gradient passes from a step to the step before.
        """
        predictions = []
        for x_t in x.split(1):
            state = torch.tanh(torch.cat((x_t, state.detach() if cut else state), 1) @ self.w1)
            predictions.append(state @ self.w2)
        return torch.cat(predictions), state


class LibraryNet(nn.Module):
    """The same net from PyTorch's parts, 48 weights and no bias, begun as PyTorch begins it.

    Parameters
    ----------
    generator : torch.Generator
        Draws the weights, uniform within ±1/√6: the library's own choice for 6 units.
    """

    def __init__(self, generator: torch.Generator):
        super().__init__()
        self.rnn = nn.RNN(1, UNITS, bias=False)
        self.out = nn.Linear(UNITS, 1, bias=False)
        for weight in self.parameters():
            nn.init.uniform_(weight, -(UNITS**-0.5), UNITS**-0.5, generator=generator)

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Read T values, (T, 1), from a state, (1, H); return T predictions and the last state."""
        states, last = self.rnn(x, state)
        return self.out(states), last


class GatedNet(nn.Module):
    """The same again with gates: a GRU (132 weights) or an LSTM (174) of six units, no bias.

    Parameters
    ----------
    generator : torch.Generator
        Draws the weights, uniform within ±1/√6: the library's own choice for 6 units.
    kind : str
        ``"gru"`` or ``"lstm"``; an LSTM's state is h and c side by side, (1, 2H).
    """

    def __init__(self, generator: torch.Generator, kind: str):
        super().__init__()
        self.state_size = 2 * UNITS if kind == "lstm" else UNITS
        self.rnn = {"gru": nn.GRU, "lstm": nn.LSTM}[kind](1, UNITS, bias=False)
        self.out = nn.Linear(UNITS, 1, bias=False)
        for weight in self.parameters():
            nn.init.uniform_(weight, -(UNITS**-0.5), UNITS**-0.5, generator=generator)

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Read T values, (T, 1), from a state; return T predictions and the last state."""
        if self.state_size == UNITS:
            states, last = self.rnn(x, state)
        else:
            states, pair = self.rnn(x, state.split(UNITS, dim=1))
            last = torch.cat(pair, 1)
        return self.out(states), last


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


def zero_state(net: nn.Module) -> torch.Tensor:
    """Return the state before the first point, (1, H), in the net's precision."""
    return torch.zeros(1, getattr(net, "state_size", UNITS), dtype=next(net.parameters()).dtype)


@torch.no_grad()
def free_run(net: nn.Module, given: NDArray[np.floating], steps: int = FREE) -> NDArray[np.float64]:
    """Feed true points from a zero state, then the net's own output again and again.

    Parameters
    ----------
    net : HandNet or LibraryNet
        Or any module that turns values (T, 1) and a state into predictions (T, 1) and a state.
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
    state = zero_state(net)
    predictions, state = net(torch.as_tensor(given, dtype=state.dtype)[:, None], state)
    value, path = predictions[-1:], []
    for _ in range(steps):
        value, state = net(value, state)
        path.append(value.item())
    return np.array(path)


@torch.no_grad()
def one_step(net: nn.Module, given: NDArray[np.floating]) -> NDArray[np.float64]:
    """Feed true points from a zero state; return the prediction after each, shape (K,)."""
    state = zero_state(net)
    return net(torch.as_tensor(given, dtype=state.dtype)[:, None], state)[0][:, 0].double().numpy()


@torch.no_grad()
def free_states(net: nn.Module, given: NDArray[np.floating], steps: int = FREE) -> NDArray[np.float64]:
    """Run as `free_run` does and return the state after every step.

    Parameters
    ----------
    net : HandNet or LibraryNet
        As for `free_run`.
    given : ndarray, shape (K,)
        The true points.
    steps : int
        How often the net is fed its own output.

    Returns
    -------
    ndarray, shape (K + steps, H)
        Row 0 is the state after the first true point.

    Examples
    --------
    >>> free_states(make(0), wave(5), steps=2).shape
    (7, 6)
    """
    state, rows = zero_state(net), []
    for step in range(len(given) + steps):
        if step < len(given):
            value = torch.full((1, 1), float(given[step]), dtype=state.dtype)
        value, state = net(value, state)
        rows.append(state[0].double().numpy().copy())
    return np.array(rows)


class Portrait(NamedTuple):
    """The states of a run, seen from where they spread most.

    Attributes
    ----------
    path : ndarray, shape (T, 2)
        Shadow of the states on the plane of the first two right singular vectors.
    singular_values : ndarray, shape (H,)
        How far the states reach in each direction, largest first.
    """

    path: NDArray[np.float64]
    singular_values: NDArray[np.float64]


def portrait(states: NDArray[np.floating]) -> Portrait:
    """Project states, (T, H), on the plane in which they spread most.

    Notes
    -----
    A singular vector has no sign of its own.  The first is turned so that the last state lies to
    the right, the second so that the path runs clockwise, as (sin t, cos t) does.

    Examples
    --------
    >>> t = 0.4 * np.arange(40)
    >>> circle = np.stack([np.sin(t), np.cos(t), 0 * t], axis=1)
    >>> portrait(circle).singular_values.round(1).tolist()
    [4.5, 4.4, 0.0]
    """
    _, singular_values, directions = np.linalg.svd(states, full_matrices=False)
    path = states @ directions[:2].T
    path[:, 0] *= np.copysign(1.0, path[-1, 0])
    turning = np.sum(path[:-1, 0] * path[1:, 1] - path[1:, 0] * path[:-1, 1])
    path[:, 1] *= np.copysign(1.0, -turning)
    return Portrait(path, singular_values)


def explained(states: NDArray[np.floating], truth: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the R² with which columns can be read linearly from states.

    Parameters
    ----------
    states : ndarray, shape (T, H)
        What is read from; the first half of the rows fits the factors, the second half judges them.
    truth : ndarray, shape (T, K)
        What is to be read.

    Returns
    -------
    ndarray, shape (K,)
        1 is perfect; 0 is no better than the mean of the second half.

    Examples
    --------
    >>> steps = np.arange(8.0)[:, None]
    >>> explained(steps, 3 * steps).round(6).tolist()
    [1.0]
    """
    half = len(states) // 2
    factors, *_ = np.linalg.lstsq(states[:half], truth[:half], rcond=None)
    rest = truth[half:]
    errors = ((rest - states[half:] @ factors) ** 2).sum(axis=0)
    return 1 - errors / ((rest - rest.mean(axis=0)) ** 2).sum(axis=0)


def score(net: nn.Module, seconds: float = 0.0) -> Scores:
    """Measure a net by the protocol of the chapter (see `Scores`)."""
    true = wave(POINTS + FREE + 1)

    def mse(predictions: NDArray[np.float64], first: int) -> float:
        return float(np.mean((predictions - true[first : first + len(predictions)]) ** 2))

    return Scores(
        mse(one_step(net, true[:POINTS]), 1),
        mse(free_run(net, true[:WARM]), WARM + 1),
        mse(free_run(net, true[:POINTS]), POINTS + 1),
        seconds,
    )


def train_published(net: HandNet, x: torch.Tensor, y: torch.Tensor) -> None:
    """Train as source 004 does: after every point move the weights and cut the state."""
    for _ in range(EPOCHS):
        state = zero_state(net)
        for x_t, y_t in zip(x.split(1), y.split(1), strict=True):
            prediction, state = net(x_t, state.detach())
            loss = (prediction - y_t).pow(2).sum() / 2
            descend(net, loss, RATE)


def train_summed(net: HandNet, x: torch.Tensor, y: torch.Tensor, *, cut: bool = True) -> None:
    """Read all points with the same weights, add up the losses, then move the weights once."""
    for _ in range(EPOCHS):
        predictions, _ = net(x, zero_state(net), cut=cut)
        descend(net, (predictions - y).pow(2).sum() / 2, SUM_RATE)


def train_bptt(net: HandNet, x: torch.Tensor, y: torch.Tensor) -> None:
    """Do the same without the cut: the error travels back through all points."""
    train_summed(net, x, y, cut=False)


def train_carried(net: HandNet, x: torch.Tensor, y: torch.Tensor) -> None:
    """Do as `train_bptt`, but begin each round with the state in which the last one ended."""
    state = zero_state(net)
    for _ in range(EPOCHS):
        predictions, state = net(x, state.detach())
        descend(net, (predictions - y).pow(2).sum() / 2, SUM_RATE)


def train_adam(net: HandNet, x: torch.Tensor, y: torch.Tensor) -> None:
    """Do as `train_bptt`, but let Adam make the moves."""

    def loss(net: HandNet, points: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        x, y = points
        return (net(x, zero_state(net))[0] - y).pow(2).sum() / 2

    train(net, loss, torch.optim.Adam(net.parameters(), lr=ADAM_RATE), lambda: (x, y), steps=EPOCHS)


def descend(net: nn.Module, loss: torch.Tensor, rate: float) -> None:
    """Move every weight once against its gradient."""
    net.zero_grad()
    loss.backward()
    with torch.no_grad():
        for weight in net.parameters():
            weight -= rate * weight.grad


def train_lbfgs(net: nn.Module, x: torch.Tensor, y: torch.Tensor, decays: Sequence[float] = (0.0,) * 5) -> None:
    """Minimise the mean squared error by L-BFGS with a strong-Wolfe line search, a decay at a time.

    Parameters
    ----------
    net : HandNet or LibraryNet
        Trained in place; the gradient goes back through all points.
    x, y : torch.Tensor, shapes (T, 1) and (T, 1)
        Inputs and targets.
    decays : sequence of float
        Factors of the sum of squared weights in the loss, one per round of 20 iterations.
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
            loss = (net(x, zero_state(net))[0] - y).pow(2).mean()
            loss = loss + decay * sum(weight.pow(2).sum() for weight in weights)
            loss.backward()
            return loss

        optimizer.step(closure)


def train_book(net: LibraryNet, x: torch.Tensor, y: torch.Tensor) -> None:
    """Train by L-BFGS while the weight decay fades from 1e-2 to 1e-6."""
    train_lbfgs(net, x, y, DECAYS)


class Recipe(NamedTuple):
    """A kind of net, the precision it is trained in, and its training."""

    net: Callable[[torch.Generator], nn.Module]
    dtype: torch.dtype
    train: Callable[..., None]


# In the order of the chapter: each changes one thing of the one before, except the side roads at the
# end: the first two change one thing of "bptt", the last two one thing of "book".
RECIPES = {
    "published": Recipe(HandNet, torch.float32, train_published),
    "summed": Recipe(HandNet, torch.float32, train_summed),
    "bptt": Recipe(HandNet, torch.float32, train_bptt),
    "lbfgs": Recipe(HandNet, torch.float64, train_lbfgs),
    "library": Recipe(LibraryNet, torch.float64, train_lbfgs),
    "book": Recipe(LibraryNet, torch.float64, train_book),
    "carried": Recipe(HandNet, torch.float32, train_carried),
    "adam": Recipe(HandNet, torch.float32, train_adam),
    "gru": Recipe(partial(GatedNet, kind="gru"), torch.float64, train_book),
    "lstm": Recipe(partial(GatedNet, kind="lstm"), torch.float64, train_book),
}


def make(seed: int, recipe: str = "book") -> nn.Module:
    """Return an untrained net of a recipe, its weights drawn by the seed alone."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise SettingError(f"sine: seed is {seed!r}; expected a whole number from 0 to 2**32 - 1.")
    if recipe not in RECIPES:
        raise SettingError(f"sine: recipe is {recipe!r}; expected one of {', '.join(RECIPES)}.")
    chosen = RECIPES[recipe]
    with torch.random.fork_rng(devices=[]):  # PyTorch's parts draw first weights that are drawn again here
        return chosen.net(torch.Generator().manual_seed(seed)).to(chosen.dtype)


def train_recipe(seed: int, recipe: str = "book") -> nn.Module:
    """Train a net of a recipe on the 20 points and return it."""
    net = make(seed, recipe)
    points = torch.as_tensor(wave(POINTS + 1), dtype=RECIPES[recipe].dtype)[:, None]
    RECIPES[recipe].train(net, points[:-1], points[1:])
    return net


def evaluate(seed: int, recipe: str = "book") -> Scores:
    """Train one net and measure it by the protocol.

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
    Scores
        Three errors and the seconds of the training.

    Raises
    ------
    SettingError
        If there is no such recipe, or the seed cannot be one.

    Examples
    --------
    >>> evaluate(0).free_running_mse < 1e-3
    True
    """
    # The first optimiser of a process loads a good part of PyTorch: seconds that no training needs.
    torch.optim.SGD(make(seed, recipe).parameters())
    start = time.perf_counter()
    net = train_recipe(seed, recipe)
    return score(net, time.perf_counter() - start)
