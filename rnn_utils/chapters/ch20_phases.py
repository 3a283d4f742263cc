"""A sine net that may begin anywhere: waves from many phases, and a free run from each; imports PyTorch."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rnn_utils.nets.sine import FREE, POINTS, WARM, free_run, wave

TRAINED = 2 * np.pi * (np.arange(16) + 0.5) / 16  # phases of waves to learn from
TESTED = 2 * np.pi * np.arange(48) / 48  # none of those, and the one of chapter 20's first wave


def waves_from(phases: Iterable[float]) -> torch.Tensor:
    """Return the 21 points of a wave from each phase, side by side.

    Returns
    -------
    torch.Tensor, shape (21, N, 1)

    Examples
    --------
    >>> waves_from(TRAINED).shape
    torch.Size([21, 16, 1])
    """
    waves = [wave(POINTS + 1, phase=phase) for phase in phases]
    return torch.tensor(np.array(waves)).T[:, :, None]


class FirstUnasked(torch.nn.Module):
    """A net whose first prediction is left out: after one point nobody can know the next.

    Parameters
    ----------
    net : torch.nn.Module
        Reads values, (T, N, 1), and returns predictions and a state.
    """

    def __init__(self, net: torch.nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        """Return what the net says, from its second prediction on, and its last state."""
        predictions, last = self.net(x)
        return predictions[1:], last


def errors_by_phase(net: torch.nn.Module, phases: Iterable[float]) -> NDArray[np.float64]:
    """Start a free run from each phase; return the mean squared errors.

    Parameters
    ----------
    net : torch.nn.Module
        As for `free_run`.
    phases : iterable of float
        Where the waves begin; of each wave five true points are given.

    Returns
    -------
    ndarray, shape (N,)
    """
    errors = []
    for phase in phases:
        true = wave(WARM + FREE + 1, phase=phase)
        run = free_run(net, true[:WARM])
        errors.append(np.mean((run - true[WARM + 1 :]) ** 2))
    return np.array(errors)
