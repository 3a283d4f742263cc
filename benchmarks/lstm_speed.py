"""How fast is the LSTM written in NumPy?  Forward and backward, beside ``torch.nn.LSTM`` on the same processor.

Run ``make study STUDY=lstm_speed`` (about half a minute on two threads) while nothing else
computes: a ratio taken beside other work says little, so every round records what others took.  A
second start goes on where the first was stopped.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from rnn_utils.cells import LSTMWeights, random_weights
from rnn_utils.cells.convert import to_torch
from rnn_utils.cells.gradients import relative_error
from rnn_utils.cells.sequence import Unrolled, unroll, unroll_backward

N, T, D, H = 128, 28, 28, 128  # a batch of MNIST's rows
THREADS, ROUNDS, CALLS = 2, 10, 20
REST = 0.1  # seconds: the threads of one library go to sleep before the other begins


class Case:
    """One problem, the same for both: outputs of all steps, gradients of all weights and of the input."""

    def __init__(self, rng: np.random.Generator):
        self.x = rng.standard_normal((N, T, D), dtype=np.float32)
        self.dh = rng.standard_normal((N, T, H), dtype=np.float32)
        self.weights = random_weights(LSTMWeights, D, H, rng, np.float32)
        self.layer = torch.nn.LSTM(D, H, batch_first=True)
        self.layer.load_state_dict({name: torch.from_numpy(array) for name, array in to_torch(self.weights).items()})
        self.inputs, self.dh_torch = torch.tensor(self.x, requires_grad=True), torch.from_numpy(self.dh)

    def numpy(self) -> tuple[np.ndarray, np.ndarray]:
        """Run ours."""
        result, cache = unroll(self.x, self.weights)
        return result.h, unroll_backward(Unrolled(self.dh, None), cache).dx

    def torch(self) -> tuple[np.ndarray, np.ndarray]:
        """Run PyTorch's."""
        self.layer.zero_grad(set_to_none=True)
        self.inputs.grad = None
        h, _ = self.layer(self.inputs)
        h.backward(self.dh_torch)
        return h.detach().numpy(), self.inputs.grad.numpy()


def milliseconds(function: Callable[[], object]) -> float:
    """Return the median time of a call, after a rest and one call to warm up."""
    time.sleep(REST)
    function()
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1000 * median(times)


def computed_by_others() -> float:
    """Return the seconds that other processes have computed so far; 0 where the system does not tell."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    ticks = sum(int(count) for count in stat.read_text(encoding="utf-8").split()[1:4])  # user, nice, system
    return ticks / os.sysconf("SC_CLK_TCK") - time.process_time()


def run(turn: int) -> dict[str, float]:
    """Let both libraries take turns once, so that a busy moment hits them alike."""
    torch.set_num_threads(THREADS)
    case = Case(np.random.default_rng(0))
    with threadpool_limits(THREADS, user_api="blas"):
        for ours, theirs in zip(case.numpy(), case.torch(), strict=True):
            assert relative_error(ours, theirs) < 1e-5, "the two must compute the same before their times compare"
        others, start = computed_by_others(), time.perf_counter()
        ours, theirs = milliseconds(case.numpy), milliseconds(case.torch)
        others = (computed_by_others() - others) / (time.perf_counter() - start)
    row = {"numpy_ms": round(ours, 2), "torch_ms": round(theirs, 2), "ratio": round(ours / theirs, 3)}
    return {**row, "others": round(others, 2)}  # in whole processors


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    yield from (("rounds", {"turn": turn}) for turn in range(ROUNDS))


RUNS = {"rounds": run}
