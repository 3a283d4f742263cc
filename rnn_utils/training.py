"""Mini-batches, and the loop by which the book trains its PyTorch nets."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rnn_utils.errors import SettingError

if TYPE_CHECKING:
    import torch


def batches(count: int, size: int, steps: int, rng: np.random.Generator) -> NDArray[np.integer]:
    """Draw the row numbers of mini-batches, in passes over shuffled rows.

    Parameters
    ----------
    count : int
        Rows there are.
    size : int
        Rows of a mini-batch; those left over at the end of a pass wait for the next shuffle.
    steps : int
        Mini-batches wanted, however many passes that takes.
    rng : numpy.random.Generator
        Decides the order.

    Returns
    -------
    ndarray, shape (steps, size)
        Row numbers from 0 to ``count - 1``; none twice in one pass.

    Raises
    ------
    SettingError
        If a mini-batch is larger than the data, or nothing is asked for.

    Examples
    --------
    >>> rows = batches(7, size=3, steps=4, rng=np.random.default_rng(0))
    >>> rows.shape, len(set(rows[:2].ravel()))
    ((4, 3), 6)
    """
    if not 1 <= size <= count or steps < 1:
        raise SettingError(
            f"batches: got {steps} steps of {size} rows from {count}; "
            f"expected at least one step, and from 1 to {count} rows in each."
        )
    whole = count // size  # mini-batches in a pass
    passes = [rng.permutation(count)[: whole * size].reshape(whole, size) for _ in range(-(-steps // whole))]
    return np.concatenate(passes)[:steps]


def train(
    net: "torch.nn.Module",
    loss: Callable[[Any, Any], "torch.Tensor"],
    optimizer: "torch.optim.Optimizer",
    draw: Callable[[], Any],
    *,
    steps: int,
    clip: float = float("inf"),
    schedule: "torch.optim.lr_scheduler.LRScheduler | None" = None,
) -> tuple[list[float], list[float]]:
    """Train a PyTorch net in place, one mini-batch a step; chapter 3 shows this very loop.

    Parameters
    ----------
    net : Module
        What is trained.
    loss : callable
        ``loss(net, batch)``, one number to be made small.
    optimizer : Optimizer
        Made from ``net.parameters()``; holds the learning rate.
    draw : callable
        Makes the next mini-batch, in whatever form ``loss`` takes it.
    steps : int
        How many mini-batches.
    clip : float
        Largest global norm of a gradient; a longer one is shortened to it.
    schedule : LRScheduler, optional
        Changes the learning rate after each step.

    Returns
    -------
    losses, norms : list of float
        Loss and gradient norm of each step, the norm before clipping.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks", for clipping.
    """
    import torch  # not at the top: `batches` serves Keras too

    losses, norms = [], []
    for _ in range(steps):
        error = loss(net, draw())
        optimizer.zero_grad()
        error.backward()
        norm = torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
        optimizer.step()
        if schedule is not None:
            schedule.step()
        losses.append(error.item())
        norms.append(norm.item())
    return losses, norms
