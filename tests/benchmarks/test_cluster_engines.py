"""Engines that share a training among workers: what they learn together is what one learns alone."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "benchmarks/cluster"
SECONDS = 300  # a process may take; on two cores at rest, to import TensorFlow takes 10 of them
PORTS = """
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]  # at once, or they might get the same port
print(*(each.getsockname()[1] for each in sockets))
"""
# digits.py with 192 images, the brightest dot of each its own number, by plain gradient descent: weights differ by
# no more than gradients do.  Where there are two processes, each notes which images it gets.
DIGITS = """
import sys
from types import SimpleNamespace
import keras
import numpy as np
import tensorflow as tf
import digits

noted, out, strategies = (sys.argv.pop(1) for _ in range(3))

class Noting(digits.Averaged):
    def train_step(self, data):
        numbers = tf.cast(tf.round(255 * tf.reduce_max(data[0], (1, 2))), tf.int32)
        tf.print(numbers, summarize=-1, output_stream=f"file://{noted}")
        return super().train_step(data)

rng = np.random.default_rng(0)
images = rng.integers(0, np.arange(1, 193)[:, None, None], (192, 28, 28))
images[:, 14, 14] = np.arange(1, 193)
answers = rng.integers(0, 10, 192)
digits.load_mnist = lambda: SimpleNamespace(x_train=images, y_train=answers, x_test=images[:9], y_test=answers[:9])
digits.new_optimizer = lambda steps: keras.optimizers.SGD(0.5)
digits.Averaged = Noting
asked = sys.argv
for strategy in strategies.split():
    sys.argv = [*asked, "--strategy", strategy, "--out", f"{out}/{strategy}"]
    digits.main()
"""
Command = tuple[list[str], dict[str, str]]  # what Python is asked, and what the environment has besides


@contextmanager
def started(*commands: Command) -> Iterator[list[subprocess.Popen[str]]]:
    """Start Python programs at once, on this machine alone; end those that are left."""
    common = {**os.environ, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    common["PYTHONPATH"] = os.pathsep.join(map(str, (CLUSTER, ROOT)))
    common["GLOO_SOCKET_IFNAME"] = "lo0" if sys.platform == "darwin" else "lo"
    common.pop("TF_CONFIG", None)
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    processes = [subprocess.Popen([sys.executable, *asked], env=common | more, **pipes) for asked, more in commands]
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()  # torchrun ends its workers then, and could not if it were killed
            process.communicate()


def finished(*commands: Command) -> list[str]:
    """Run Python programs at once; return what each said."""
    with started(*commands) as processes:
        said = [process.communicate(timeout=SECONDS)[0] for process in processes]
        assert [process.returncode for process in processes] == [0] * len(commands), "\n".join(said)
    return said


def on_two(*asked: list[str]) -> list[Command]:
    """Return what two processes are asked, who know each other by TF_CONFIG."""
    ports = finished((["-c", PORTS], {}))[0].split()
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    return [
        (each, {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": number}})})
        for number, each in enumerate(asked)
    ]


def weights(folder: Path) -> list[np.ndarray]:
    """Return the weights of the digit reader in a backup of Keras."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "latest.weights.h5") as file:
        layers = file["layers"]
        return [layers["lstm/cell/vars"][str(i)][()] for i in range(3)] + [
            layers["dense/vars"][str(i)][()] for i in range(2)
        ]


@pytest.mark.tensorflow
@pytest.mark.slow
def test_keras_goes_on_after_a_lost_worker_and_learns_with_two_what_it_learns_with_one(tmp_path: Path) -> None:
    def asked(strategies: str, rounds: int, worker: int = 0) -> list[str]:
        program = ["-c", DIGITS, str(tmp_path / f"noted {worker}"), str(tmp_path), strategies]
        return [*program, "--images", "192", "--steps", str(2 * rounds), "--rounds", str(rounds)]

    backup = tmp_path / "multi"
    state = backup / "training_metadata.json"
    with started(*on_two(asked("multi", 9999), asked("multi", 9999, 1))) as (first, second):
        until = time.monotonic() + SECONDS
        while not state.exists() and time.monotonic() < until:
            time.sleep(0.1)
        second.kill()
        said = first.communicate(timeout=SECONDS)[0]
    assert first.returncode == 1 and "UnavailableError" in said
    done = json.loads(state.read_text(encoding="utf-8"))["epoch"]
    assert 1 <= done < 9999

    before = weights(backup)
    for strategy in ("mirrored", "one"):
        shutil.copytree(backup, tmp_path / strategy)
    for worker in (0, 1):
        (tmp_path / f"noted {worker}").unlink()
    alone = asked("mirrored one", done + 1), {}
    _, said, silent = finished(alone, *on_two(asked("multi", done + 1), asked("multi", done + 1, 1)))
    assert re.findall(r"Epoch (\d+)/", said) == [str(done + 1)]
    assert "2 workers" in said and "workers" not in silent
    for strategy in ("mirrored", "multi"):
        for ours, lone, old in zip(weights(tmp_path / strategy), weights(tmp_path / "one"), before, strict=True):
            assert np.abs(lone - old).max() > 1e-3
            np.testing.assert_allclose(ours, lone, rtol=0, atol=1e-6, err_msg=strategy)
    parts = [re.findall(r"\d+", (tmp_path / f"noted {worker}").read_text(encoding="utf-8")) for worker in (0, 1)]
    assert [len(part) for part in parts] == [96, 96]
    assert sorted(int(number) for part in parts for number in part) == list(range(1, 193))


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("pytorch_lightning") is None, reason="pytorch_lightning is not installed")
def test_workers_with_parts_of_the_weights_learn_what_one_with_all_of_them_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from rnn_utils.chapters.ch31_letters import carried_loss, running_text
    from rnn_utils.nets.writer import Writer, numbered

    script = [str(CLUSTER / "letters_sharded.py"), "--steps", "5", "--rows", "4", "--save", str(tmp_path / "weights")]
    said = finished((["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *script], {}))[0]
    text = running_text("en", "train")
    alphabet = sorted(set(text))
    torch.manual_seed(42)
    net, loss, T = Writer(len(alphabet)), carried_loss(), 64
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.001)
    x = numbered(text, alphabet)
    rows = x[: len(x) // 8 * 8].view(8, -1)
    for at in range(0, 5 * T, T):
        optimizer.zero_grad()
        loss(net, (rows[:, at : at + T], rows[:, at + 1 : at + T + 1])).backward()
        optimizer.step()
    together = torch.load(tmp_path / "weights")
    assert together.keys() == net.state_dict().keys()
    for name, weight in net.state_dict().items():
        np.testing.assert_allclose(together[name], weight, rtol=0, atol=1e-5, err_msg=name)
    held = re.findall(r"holds ([\d,]+) of ([\d,]+) bytes of weights, and ([\d,]+) of ([\d,]+)", said)
    own, whole, own_moments, moments = np.array([[int(n.replace(",", "")) for n in line] for line in held]).T
    assert whole[0] == sum(weight.nbytes for weight in net.parameters()) == own.sum()
    assert moments[0] == 2 * whole[0] == own_moments.sum()
    assert (own < 0.51 * whole).all()
