"""Train small nets, kill them with SIGKILL at random moments, start them again, and compare.

``python -m tests.kill_training FRAMEWORK FOLDER KILLS`` imports the framework once and forks a child for each
start: the child makes its net and its data anew and calls `fit`, as a script does that is started again.
The parent never computes with the framework, so a child begins like a new process.  Prints a report as JSON.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

STEPS, EVERY, BATCH = 120, 6, 8
SLOW_SECONDS = 0.02  # each time a file is brought to the disk, as on a slower one
SEED = 5


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3, 4)).astype("float32")
    return x, (x[:, 0, 0] > 0).astype("int64")


def settings(folder: str | Path) -> dict[str, Any]:
    x, y = data()
    return {
        "steps": STEPS,
        "batch": BATCH,
        "every": EVERY,
        "rng": np.random.default_rng(1),
        "validation": (x[30:], y[30:]),
        "patience": STEPS,  # never stops, but the best weights are kept
        "checkpoint": folder,
        "augment": noisy,
    }


def noisy(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return x + rng.normal(0, 0.1, x.shape).astype("float32")


def train_keras(folder: str | Path) -> tuple[dict[str, np.ndarray], Any]:
    import keras

    from rnn_utils import train_keras

    keras.utils.set_random_seed(SEED)
    net = keras.Sequential(
        [
            keras.Input((3, 4)),
            keras.layers.SimpleRNN(6, unroll=True),
            keras.layers.Dropout(0.3),  # has a generator of its own
            keras.layers.Dense(2),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(0.05, decay_steps=STEPS)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x, y = data()
    optimizer = keras.optimizers.Adam(rate, global_clipnorm=0.5)
    history = train_keras.fit(net, optimizer, loss, x[:30], y[:30], **settings(folder))
    return {f"{place}": kept.numpy() for place, kept in enumerate([*net.variables, *optimizer.variables])}, history


def train_torch(folder: str | Path) -> tuple[dict[str, np.ndarray], Any]:
    import torch
    from torch import nn

    from rnn_utils import train_torch

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn, self.norm = nn.LSTM(4, 6, batch_first=True), nn.BatchNorm1d(6)  # the norm has buffers
            self.drop, self.out = nn.Dropout(0.3), nn.Linear(6, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.out(self.drop(self.norm(self.rnn(x)[0][:, -1])))

    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    net = Net()
    x, y = data()
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    rate = train_torch.one_cycle(STEPS, 0.05)
    history = train_torch.fit(
        net, optimizer, nn.CrossEntropyLoss(), x[:30], y[:30], rate=rate, clip=0.5, **settings(folder)
    )
    moments = {
        f"{place}.{name}": tensor
        for place, state in optimizer.state_dict()["state"].items()
        for name, tensor in state.items()
    }
    return {name: tensor.numpy() for name, tensor in (net.state_dict() | moments).items()}, history


def run(framework: str, folder: str | Path, answer: Path) -> None:
    """Train once, from the start or from a checkpoint, and store weights and history."""
    arrays, history = {"keras": train_keras, "torch": train_torch}[framework](folder)
    kept = {name: np.array(values) for name, values in history._asdict().items() if name != "seconds"}
    np.savez(answer, **arrays, **kept)


def forked(framework: str, folder: Path, answer: Path) -> int:
    """Start a child that trains; return its number."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        to_disk = os.fsync

        def slow(file: int) -> None:
            time.sleep(SLOW_SECONDS)
            to_disk(file)

        os.fsync = slow
        run(framework, folder, answer)
        status = 0
    finally:
        os._exit(status)


def half_written(folder: Path) -> set[tuple[str, int]]:
    """Return name and time of what lies half written in a folder."""
    found = set()
    for path in folder.glob("*.part"):
        with contextlib.suppress(FileNotFoundError):  # whole by now
            found.add((path.name, path.stat().st_mtime_ns))
    return found


def stopped(child: int, seconds: float, left: set[tuple[str, int]] | None = None, folder: Path = Path()) -> bool:
    """Kill a child after some seconds; return whether it was still at work.

    Given what was left half written in a folder, wait on until something else is being written there.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end or (left is not None and half_written(folder) <= left):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            if status:
                raise SystemExit(f"A training failed by itself with status {status}.")
            return False
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def main(framework: str, place: str, kills: int) -> None:
    """Kill so many times, then let every training come to its end."""
    import safetensors.numpy  # noqa: F401

    if framework == "keras":
        import keras  # noqa: F401

        import rnn_utils.train_keras
    else:
        import torch._dynamo  # noqa: F401  (else every child imports it with its first optimizer)

        import rnn_utils.train_torch  # noqa: F401
    chance, folder = random.Random(SEED), Path(place)
    report: dict[str, Any] = {"kills": 0, "while_writing": 0, "at_steps": [], "starts": 0, "trainings": 0}
    begun = time.monotonic()
    stopped(forked(framework, folder / "undisturbed", folder / "undisturbed.npz"), 300)
    longest = 1.1 * (time.monotonic() - begun)
    while report["kills"] < kills:
        trained = False
        at_work = folder / f"training-{report['trainings']}"
        while not trained:
            report["starts"] += 1
            patience = chance.uniform(0, longest) if report["kills"] < kills else 300
            left = half_written(at_work)  # by the start before
            # Every second kill waits for a file being written, however seldom chance would meet one.
            waits = report["kills"] % 2 == 1 and report["kills"] < kills
            child = forked(framework, at_work, folder / f"{at_work.name}.npz")
            trained = not stopped(child, patience, left if waits else None, at_work)
            if not trained:
                report["kills"] += 1
                report["while_writing"] += bool(half_written(at_work) - left)
                newest = max((path.name for path in at_work.glob("step-*.safetensors")), default="step-0")
                report["at_steps"].append(int(newest.split(".")[0].removeprefix("step-")))
        report["trainings"] += 1
        shutil.rmtree(at_work)
    print(json.dumps(report))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
