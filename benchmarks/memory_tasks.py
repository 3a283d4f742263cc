"""How long can they remember?  Six small nets on two memory tasks, five seeds, clipping on and off.

Some of them, and a plain net that begins with an orthogonal matrix, are also trained for longer.
Run ``make study STUDY=memory_tasks`` (about 25 minutes on one thread); a second start goes on
where the first was stopped.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from rnn_utils.cells import LSTMWeights
from rnn_utils.cells.convert import from_torch
from rnn_utils.cells.sequence import record, unroll
from rnn_utils.chapters.ch03_memory import Batch, Reader, adding_problem, delayed_recall, gradient_by_lag, loss_of
from rnn_utils.training import train

SEEDS = range(5)
WAIT, H, N, CLIP, PIECE = 40, 32, 32, 1.0, 20
TASKS: dict[str, dict[str, Any]] = {
    "recall": {"D": 8, "outputs": 4, "steps": 400, "rate": 0.005},
    "adding": {"D": 2, "outputs": 1, "steps": 800, "rate": 0.01},
}
PLAN: list[tuple[str, float | None]] = [("recall", CLIP), ("adding", CLIP), ("recall", None), ("adding", None)]
NETS: dict[str, dict[str, Any]] = {
    "RNN": {"cell": "RNN"},
    "RNN, radius 1": {"cell": "RNN", "radius": 1.0},
    "GRU": {"cell": "GRU"},
    "LSTM, bias 0": {"cell": "LSTM", "forget_bias": 0.0},
    "LSTM, bias 1": {"cell": "LSTM", "forget_bias": 1.0},
    "LSTM, bias 5": {"cell": "LSTM", "forget_bias": 5.0},
}
ORTHOGONAL = "RNN, orthogonal"  # as PyTorch draws it, but for a matrix W_hh that keeps lengths
CHECKPOINTS = (400, 800, 1600, 3200)
LONGER = {
    "adding": [ORTHOGONAL, "RNN", "RNN, radius 1"],
    "recall": [ORTHOGONAL, "LSTM, bias 1", "GRU"],
}


def draw(task: str, count: int, rng: np.random.Generator) -> Batch:
    """Make a batch of a task."""
    return delayed_recall(count, WAIT, rng) if task == "recall" else adding_problem(count, WAIT, rng)


def run(task: str, net: str, seed: int, clip: float | None) -> dict[str, Any]:
    """Train one net and measure it before and after."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng, test = np.random.default_rng(seed), draw(task, 500, np.random.default_rng([seed, 1]))
    few = test[0][:100], test[1][:100]
    recipe = TASKS[task]
    reader = Reader(D=recipe["D"], H=H, outputs=recipe["outputs"], **NETS[net])
    before, radius, gates = gradient_by_lag(reader, few), radius_of(reader), forget_gates(reader, few)
    optimizer, limit = torch.optim.Adam(reader.parameters(), lr=recipe["rate"]), np.inf if clip is None else clip
    start = time.perf_counter()
    losses, norms = train(reader, loss_of, optimizer, lambda: draw(task, N, rng), steps=recipe["steps"], clip=limit)
    seconds = time.perf_counter() - start
    return {
        **measured(reader, test),
        "loss": rounded(np.reshape(losses, (-1, PIECE)).mean(axis=1)),  # of every 20 steps
        "largest_gradient": float(f"{max(norms):.4g}"),
        "above_clip": float(np.mean(np.array(norms) > CLIP)),  # share of the steps
        "by_lag_before": rounded(before),
        "by_lag_after": rounded(gradient_by_lag(reader, few)),
        "radius_before": radius,
        "radius_after": radius_of(reader),
        "forget_before": gates,
        "forget_after": forget_gates(reader, few),
        "parameters": sum(values.numel() for values in reader.parameters()),
        "steps": recipe["steps"],
        "seconds": round(seconds, 1),
    }


def longer(task: str, net: str, seed: int) -> dict[str, Any]:
    """Train one net, with clipping, for longer than `run` does, and measure it on the way."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng, test = np.random.default_rng(seed), draw(task, 500, np.random.default_rng([seed, 1]))
    recipe = TASKS[task]
    reader = Reader(D=recipe["D"], H=H, outputs=recipe["outputs"], **NETS["RNN" if net == ORTHOGONAL else net])
    if net == ORTHOGONAL:
        torch.nn.init.orthogonal_(reader.cell.weight_hh_l0)
    optimizer, found = torch.optim.Adam(reader.parameters(), lr=recipe["rate"]), []
    for steps in np.diff([0, *CHECKPOINTS]):
        train(reader, loss_of, optimizer, lambda: draw(task, N, rng), steps=steps, clip=CLIP)
        found += measured(reader, test).values()
    return {"after": list(CHECKPOINTS), "measured": found}


def measured(net: Reader, test: Batch) -> dict[str, float]:
    """Return the share of right answers, or the mean squared error, on sequences never trained on."""
    x, y = test
    with torch.no_grad():
        if y.dtype.kind == "f":
            return {"error": float(loss_of(net, test))}
        answers = net(torch.from_numpy(x)).argmax(dim=1).numpy()
    return {"accuracy": float(np.mean(answers == y))}


def radius_of(net: Reader) -> float | None:
    """Return the spectral radius of an RNN's matrix; cells with gates have several matrices."""
    if not isinstance(net.cell, torch.nn.RNN):
        return None
    return float(torch.linalg.eigvals(net.cell.weight_hh_l0.detach().double()).abs().max())


def forget_gates(net: Reader, few: Batch) -> list[float] | None:
    """Return how far the forget gate of each of an LSTM's units is open, widest first: means over all steps."""
    if not isinstance(net.cell, torch.nn.LSTM):
        return None
    (weights,) = from_torch(net.cell.state_dict(), LSTMWeights)
    _, cache = unroll(few[0], weights)
    return rounded(np.sort(record(cache, "f").mean(axis=(0, 1)))[::-1])


def rounded(values: np.ndarray) -> list[float]:
    """Keep four digits."""
    return [float(f"{value:.4g}") for value in values]


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    for task, clip in PLAN:
        for seed in SEEDS:
            for net in NETS:
                yield "runs", {"task": task, "net": net, "seed": seed, "clip": clip}
    for task, nets in LONGER.items():
        for net in nets:
            for seed in SEEDS:
                yield "longer", {"task": task, "net": net, "seed": seed}


RUNS = {"runs": run, "longer": longer}
