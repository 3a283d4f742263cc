"""What does a step of training cost by length, in time and in memory?  Loops, a scan, attention, in turns.

Run ``make study STUDY=scan_speed`` (about ten minutes on two cores) while nothing else computes.  A second
start goes on where the first was stopped.
"""

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from rnn_utils.chapters.ch41_recurrences import MinGRU, loop, scan

H = 64  # inputs and units
ROUNDS = 5
LENGTHS = (32, 128, 512, 2048, 8192, 65536)
BUDGET = 0.5  # seconds for the calls of one net at one length; at least one call


class Attention(nn.Module):
    """Causal self-attention with one head."""

    def __init__(self, D: int, H: int):
        super().__init__()
        self.asked_kept_found = nn.Linear(D, 3 * H)

    def forward(self, x: Tensor) -> Tensor:
        """Read x, (N, T, D); return what each step found at itself and before, (N, T, H)."""
        q, k, v = self.asked_kept_found(x)[:, None].chunk(3, dim=3)
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)[:, 0]


class WrittenOut(Attention):
    """The same, with all its weights in one table."""

    def forward(self, x: Tensor) -> Tensor:
        """As `Attention.forward`."""
        q, k, v = self.asked_kept_found(x).chunk(3, dim=2)
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        weights = (q @ k.mT / H**0.5).masked_fill(later, -torch.inf).softmax(dim=2)
        return weights @ v


NETS: dict[str, Callable[[], nn.Module]] = {
    "LSTM": lambda: nn.LSTM(H, H, batch_first=True),
    "loop": lambda: MinGRU(H, H, joined=loop),
    "scan": lambda: MinGRU(H, H, joined=scan),
    "attention": lambda: Attention(H, H),
    "written out": lambda: WrittenOut(H, H),
}
TIMED = ("LSTM", "loop", "scan", "attention")


def milliseconds(net: nn.Module, x: Tensor) -> float:
    """Return the median time of one forward and backward pass."""
    times: list[float] = []
    while not times or sum(times) < BUDGET:
        start = time.perf_counter()
        states = net(x)
        if isinstance(states, tuple):
            states = states[0]
        states.sum().backward()
        times.append(time.perf_counter() - start)
    return 1000 * median(times)


def run(threads: int, turn: int) -> dict[str, Any]:
    """Let all nets take their turns at every length, on one sequence."""
    torch.set_num_threads(threads)
    torch.manual_seed(turn)
    nets = {name: NETS[name]() for name in TIMED}
    for net in nets.values():
        milliseconds(net, torch.randn(1, 32, H))
    row: dict[str, Any] = {name: {} for name in nets}
    for T in LENGTHS:
        x = torch.randn(1, T, H)
        for name, net in nets.items():
            row[name][str(T)] = round(milliseconds(net, x), 2)
    return row


def side_by_side(N: int, threads: int, turn: int) -> dict[str, Any]:
    """Let the minGRU's two ways take turns on N sequences of 2,048 steps."""
    torch.set_num_threads(threads)
    torch.manual_seed(turn)
    x = torch.randn(N, 2048, H)
    return {name: round(milliseconds(NETS[name](), x), 2) for name in ("loop", "scan")}


def kept(net: str, T: int) -> dict[str, Any]:
    """Count the bytes that the forward pass of one net keeps for its backward pass, without its weights."""
    layer, found = NETS[net](), {}

    def note(tensor: Tensor) -> Tensor:
        found[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        states = layer(torch.randn(1, T, H))  # held until all is counted
    for weights in layer.parameters():
        found.pop(weights.untyped_storage().data_ptr(), None)
    del states
    return {"bytes": sum(found.values())}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    yield from (("kept", {"net": net, "T": T}) for net in NETS for T in (512, 2048, 8192))
    yield from (("rounds", {"threads": threads, "turn": turn}) for turn in range(ROUNDS) for threads in (1, 2))
    for turn in range(ROUNDS):
        for threads in (1, 2):
            yield from (("side_by_side", {"N": N, "threads": threads, "turn": turn}) for N in (1, 4, 16, 64))


RUNS = {"rounds": run, "side_by_side": side_by_side, "kept": kept}
