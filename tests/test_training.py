"""Mini-batches cover the rows, and the PyTorch loop does in each step what a hand-written one does."""

import numpy as np
import pytest

from rnn_utils.errors import SettingError
from rnn_utils.training import batches, train


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_batches_use_every_row_once_before_any_row_twice(rng: np.random.Generator) -> None:
    rows = batches(12, size=4, steps=7, rng=rng)
    assert rows.shape == (7, 4)
    assert sorted(rows[:3].ravel()) == sorted(rows[3:6].ravel()) == list(range(12))
    assert rows[:3].ravel().tolist() != rows[3:6].ravel().tolist(), "each pass has an order of its own"


def test_batches_leave_out_the_rest_of_a_pass(rng: np.random.Generator) -> None:
    rows = batches(11, size=4, steps=4, rng=rng)
    assert [len(set(rows[first : first + 2].ravel())) for first in (0, 2)] == [8, 8]


@pytest.mark.parametrize(("count", "size", "steps"), [(3, 4, 1), (3, 0, 1), (3, 1, 0)])
def test_batches_that_cannot_be_are_refused(count: int, size: int, steps: int, rng: np.random.Generator) -> None:
    with pytest.raises(SettingError, match=f"got {steps} steps of {size} rows from {count}"):
        batches(count, size, steps, rng)


@pytest.mark.torch
@pytest.mark.parametrize("clip", [float("inf"), 0.05])
@pytest.mark.parametrize("halving", [False, True])
def test_the_loop_is_the_one_written_by_hand(clip: float, halving: bool) -> None:
    import torch

    x = torch.from_numpy(np.random.default_rng(0).normal(size=(40, 4, 3)))

    def begin() -> tuple:
        torch.manual_seed(0)
        net, order = torch.nn.Linear(3, 1, dtype=x.dtype), iter(x)
        optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
        return net, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 10, 0.5), lambda: next(order)

    def loss(net: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
        return (net(batch) - batch.sum(dim=1, keepdim=True)).square().mean()

    ours, optimizer, schedule, draw = begin()
    found = train(ours, loss, optimizer, draw, steps=30, clip=clip, schedule=schedule if halving else None)
    theirs, optimizer, _, draw = begin()
    losses, norms = [], []
    for step in range(30):
        gradient = torch.autograd.grad(error := loss(theirs, draw()), list(theirs.parameters()))
        norm = torch.stack([part.norm() for part in gradient]).norm()
        for weight, part in zip(theirs.parameters(), gradient, strict=True):
            weight.grad = part * (clip / (norm + 1e-6)).clamp(max=1.0)  # 1e-6 is PyTorch's own
        optimizer.param_groups[0]["lr"] = 0.05 * 0.5 ** (step // 10 if halving else 0)
        optimizer.step()
        losses.append(error.item())
        norms.append(norm.item())
    assert found == (losses, norms)
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    assert min(norms) > 0.05 and losses[-1] < losses[0]
