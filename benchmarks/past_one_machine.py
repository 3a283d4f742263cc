"""What changes with two machines, and with more?  What is learned, what a step takes, what happens to a lost worker.

Run ``make study STUDY=past_one_machine`` (about 50 minutes on two quiet cores; the times are of machines that do
nothing else).
"""

import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from torch import distributed, multiprocessing, nn
from torch.nn import functional

from rnn_utils.chapters.ch31_letters import carried_loss, net_chances, price, running_text, strips
from rnn_utils.nets.writer import Writer, numbered
from rnn_utils.training import train

ROWS, RATE, STEPS = 32, 0.016, 1000  # as in chapter 31, which is one worker
# Workers, steps, and how many rates are tried, each twice the one before: until the net gets worse.
LEARNED = (1, STEPS, 3), (1, 250, 5), (2, 500, 4), (4, 250, 5), (8, 125, 5), (16, 62, 5)
SEEDS = 0, 1, 2
ALONE = "step_times", "two", "engines"
APART = True
LETTERS = 64  # of a row in a step
SIZES = 1, 2, 4, 8, 16, 32, 64, 128, 256, 512  # rows of a step
SHARED = 8, 32, 128, 256  # rows of each of two workers
SENT = tuple(4**k for k in range(1, 14))  # bytes
REPEATED = 5


def learning(workers: int, steps: int, rate: float, seed: int) -> dict[str, Any]:
    """Train the net of chapter 31 with the joined mini-batch of so many workers; return bits a letter of new text.

    One process computes what all would: the mean of their gradients is the gradient of the joined mini-batch.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    learned, *others = (running_text("en", part) for part in ("train", "validation", "test"))
    alphabet = sorted(set(learned))
    net = Writer(len(alphabet))
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps, pct_start=0.15)
    draw = partial(next, strips(numbered(learned, alphabet), np.random.default_rng(seed), ROWS * workers))
    train(net, carried_loss(), optimizer, draw, steps=steps, clip=1.0, schedule=schedule)
    bits = [price(net_chances(net, text, alphabet), text, learned).mean() for text in others]
    return {"validation": round(float(bits[0]), 4), "test": round(float(bits[1]), 4)}


def step_times(round: int) -> dict[str, Any]:
    """Time a step of one worker by the rows it reads, in ms (medians), and count what it would send."""
    torch.set_num_threads(1)
    torch.manual_seed(round)
    step, net = stepper()
    times = timed({str(rows): partial(step, rows) for rows in SIZES})
    return {**times, "bytes": 4 * sum(weights.numel() for weights in net.parameters())}


def two(round: int) -> dict[str, Any]:
    """Time what two workers do, in ms (medians): a step, alone, both at once, with averaging; and all-reduce alone."""
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(one_of_two, (folder, round), nprocs=2)
        return json.loads(Path(folder, "times.json").read_text(encoding="utf-8"))


def one_of_two(rank: int, folder: str, seed: int) -> None:
    """Be one of two workers; the first one notes the times."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    step, _ = stepper()
    found: dict[str, Any] = {"alone": {}, "both": {}, "averaged": {}}
    for rows in SHARED:
        if rank == 0:
            found["alone"] |= timed({str(rows): partial(step, rows)})
        distributed.barrier()
        found["both"] |= timed({str(rows): partial(step, rows)}, distributed.barrier)
        found["averaged"] |= timed({str(rows): partial(step, rows, average)}, distributed.barrier)
    sent = {str(n): partial(distributed.all_reduce, torch.zeros(n // 4)) for n in SENT}
    found["all_reduce"] = timed(sent, distributed.barrier)
    if rank == 0:
        Path(folder, "times.json").write_text(json.dumps(found), encoding="utf-8")
    distributed.destroy_process_group()


def average(net: nn.Module) -> None:
    """Replace the gradients by their mean over all workers, sent as one piece."""
    weights = list(net.parameters())
    joined = torch.cat([w.grad.flatten() for w in weights])
    distributed.all_reduce(joined)
    joined /= distributed.get_world_size()
    for w, mean in zip(weights, joined.split([w.numel() for w in weights]), strict=True):
        w.grad.copy_(mean.view_as(w))


def stepper() -> tuple[Callable[..., None], Writer]:
    """Return what does a step of learning on so many rows of letters, and the net that it teaches."""
    V = len(set(running_text("en", "train")))
    net = Writer(V)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4)
    read = {rows: torch.randint(V, (rows, LETTERS + 1)) for rows in SIZES}

    def step(rows: int, average: Callable[[nn.Module], None] | None = None) -> None:
        scores, _ = net(read[rows][:, :-1])
        optimizer.zero_grad()
        functional.cross_entropy(scores.flatten(0, 1), read[rows][:, 1:].flatten()).backward()
        if average:
            average(net)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()

    return step, net


def timed(calls: dict[str, Callable[[], Any]], begin: Callable[[], Any] = lambda: None) -> dict[str, float]:
    """Return the median time of each call, in ms; they take turns, and each turn may wait for a common beginning."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(REPEATED):
        for name, call in calls.items():
            begin()
            start = time.perf_counter()
            call()
            taken[name].append(time.perf_counter() - start)
    return {name: round(1000 * float(np.median(times)), 4) for name, times in taken.items()}


PASSES = 4  # of 137 steps each
START = {
    "one process": [sys.executable, "cluster/letters.py"],
    "Lightning": [sys.executable, "cluster/letters.py", "--workers", "2"],
    "torchrun": ["torchrun", "--standalone", "--nproc-per-node", "2", "--max-restarts", "3", "cluster/letters.py"],
    "Ray": [sys.executable, "cluster/letters_on_ray.py", "--workers", "2"],
}


def engines(way: str, killed: bool, seed: int) -> dict[str, Any]:
    """Train by one of the engines, half of 32 rows for each of two workers; kill one worker at a random moment."""
    rows = ROWS if way == "one process" else ROWS // 2
    programs = Path(sys.executable).parent
    command = [str(programs / part) if part == "torchrun" else part for part in START[way]]
    with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("w+", encoding="utf-8") as log:
        out = Path(folder, "run")
        command += ["--out", str(out), "--passes", str(PASSES), "--rows", str(rows), "--seed", str(seed)]
        start = time.perf_counter()
        environment = os.environ | {"OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
        process = subprocess.Popen(command, cwd=Path(__file__).parent, stdout=log, stderr=log, env=environment)
        lost = kill_one(process, out, seed) if killed else None
        code = process.wait()
        seconds = time.perf_counter() - start
        log.seek(0)
        said = log.read()
    found = re.search(r"(\d+) workers, (\d+) steps: ([\d.]+) bits", said)
    if code or not found:
        raise RuntimeError(f"{way}, {killed=}: exit code {code}\n{said[-4000:]}")
    workers, done, bits = found.groups()
    measured = {"workers": int(workers), "steps": int(done), "bits": float(bits), "seconds": round(seconds)}
    went_on = said.count("Restoring states from the checkpoint")
    return measured | ({"after": lost, "went_on": went_on} if killed else {})


def kill_one(process: subprocess.Popen, out: Path, seed: int) -> float:
    """Kill the last worker at a random moment after the first checkpoint; return how many seconds after it.

    Two seconds at least: Ray goes on from a checkpoint that it has noted, which is a moment after it was written.
    """
    while not list(out.rglob("*.ckpt")):
        if process.poll() is not None:
            return math.nan  # it ended before; its exit code tells
        time.sleep(0.1)
    wait = random.Random(seed).uniform(2, 12)
    time.sleep(wait)
    workers = [child for child in psutil.Process(process.pid).children(recursive=True) if is_worker(child)]
    max(workers, key=lambda child: child.pid).kill()
    return round(wait, 1)


def is_worker(process: psutil.Process) -> bool:
    """Tell whether a process does the training: it runs the script, or Ray's worker does."""
    line = " ".join(process.cmdline())
    return "cluster/letters.py" in line or "RayTrainWorker" in line


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return table and key of every run."""
    for seed in SEEDS:
        for workers, steps, rates in LEARNED:
            for rate in sorted({*(RATE * 2**times for times in range(rates)), round(RATE * workers**0.5, 4)}):
                yield "learning", {"workers": workers, "steps": steps, "rate": rate, "seed": seed}
    for turn in range(5):
        yield "step_times", {"round": turn}
        yield "two", {"round": turn}
    for way in ("Lightning", "torchrun", "Ray"):
        yield "engines", {"way": way, "killed": False, "seed": 0}
    for seed in SEEDS:
        yield "engines", {"way": "one process", "killed": False, "seed": seed}
        for way in ("torchrun", "Ray"):
            yield "engines", {"way": way, "killed": True, "seed": seed}


RUNS = {"learning": learning, "step_times": step_times, "two": two, "engines": engines}
