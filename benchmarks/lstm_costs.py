"""Where does the time of an LSTM go?  Calls and arithmetic, ways to train, what a layer loses, compiling, use.

Run ``make study STUDY=lstm_costs`` (25 minutes on two cores) while nothing else computes, least of
all beside the runs with two threads; a second start goes on where the first was stopped.  Needs MNIST, and for its
last table onnx, onnxscript and onnxruntime.

Tables, and about how many minutes each takes: ``counts`` (exact; half), ``sizes`` (seven), ``memory`` (one and a
half), ``ladder`` (ways to train; seven), ``torch_layers`` and ``keras_layers`` (what is asked of a layer, and what it
costs; two each), ``compiled`` (two), ``used`` (three).  Times are medians in milliseconds, but for names that end with
``_s`` (seconds) and ``_us``; what is compared takes turns within one row.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from rnn_utils.chapters.ch40_costs import (
    LAYER,
    READS,
    D,
    H,
    N,
    T,
    TimedNet,
    by_cell,
    by_layer,
    by_packing,
    chain,
    counted,
    milliseconds,
    new_weights,
    operations,
    products,
    there_and_back,
)
from rnn_utils.chapters.ch40_ways import BATCHES, WAYS, Task, net_loss
from rnn_utils.data.mnist import Dataset, load_mnist
from rnn_utils.training import batches, train

APART, THREADS = True, 2  # a process of its own for every run; most runs take fewer threads
ROUNDS, FEWER = 5, 3  # turns of a table, and of one whose turns are long
SIZES = ((1, 1), *((n, H) for n in (1, 8, 32, 128, 512, 1024)), *((N, h) for h in (32, 64, 256, 512)))
FEW = (1, N)  # images in a mini-batch, where two sizes will do
EPOCHS = {1: 3, N: 2}  # of a way to train, by the images of a mini-batch; the first warms up
KEEP = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**33)}  # glibc's
TAUGHT = 600  # mini-batches for the digit reader that is put to use


def begin(threads: int, turn: int) -> np.random.Generator:
    """Bound the threads of all libraries that are here, and seed PyTorch."""
    torch.set_num_threads(threads)
    threadpool_limits(threads)
    torch.manual_seed(turn)
    return np.random.default_rng(turn)


def begin_tensorflow(threads: int) -> Any:
    """Bound the threads of TensorFlow."""
    import tensorflow as tf

    for kind in ("intra", "inter"):
        getattr(tf.config.threading, f"set_{kind}_op_parallelism_threads")(threads)
    tf.config.set_visible_devices([], "GPU")
    return tf


def mnist() -> Dataset:
    """Return MNIST, and nothing in its place."""
    found = load_mnist()
    if found.source != "mnist":
        raise SystemExit("lstm_costs: MNIST was not found; set RNN_UTILS_DATA to a folder that holds mnist/*.gz.")
    return found


def counts(read: str) -> dict[str, Any]:
    """Count what a pass consists of at every size; numbers that are made inside a fused call are not seen."""
    begin(1, 0)
    row: dict[str, Any] = {}
    for n, h in SIZES:
        calls = counted(there_and_back(*READS[read], torch.randn(n, T, D), h))
        row[f"{n} x {h}"] = {"calls": calls.names.total(), "operations": operations(n, h), "numbers": calls.numbers}
    return row


def sizes(threads: int, turn: int) -> dict[str, Any]:
    """Let a loop, the layer, bare products and a bare sigmoid take turns at every size."""
    begin(threads, turn)
    row: dict[str, Any] = {"call_us": round(1000 * milliseconds(chain()) / counted(chain()).names.total(), 3)}
    for n, h in SIZES:
        x, gates = torch.randn(n, T, D), torch.randn(n, 4 * h)
        timed: dict[str, Callable[[], Any]] = {r: there_and_back(*READS[r], x, h) for r in ("formulas", "layer")}
        timed |= {"products": products(n, h), "sigmoid": gates.sigmoid}
        row[f"{n} x {h}"] = {name: milliseconds(step) for name, step in timed.items()}
    return row


def large(n: int) -> dict[str, float]:
    """Let a loop and the layer take turns at one size, in this process."""
    begin(1, 0)
    steps = {read: there_and_back(*READS[read], torch.randn(n, T, D), H) for read in ("formulas", "layer")}
    turns = [{read: milliseconds(step) for read, step in steps.items()} for _ in range(FEWER)]
    return {read: median(turn[read] for turn in turns) for read in steps}


def memory(n: int, turn: int) -> dict[str, Any]:
    """Do so in a process that gives freed memory back to the system, as is usual, and in one that keeps it."""
    told = f"import json; from {__name__} import large; print(json.dumps(large({n})))"
    row = {}
    for name, setting in (("given back", {}), ("kept", KEEP)):
        command, root = [sys.executable, "-c", told], Path(__file__).parent.parent
        row[name] = json.loads(subprocess.check_output(command, env={**os.environ, **setting}, cwd=root))
    return row


def ladder(n: int, threads: int, turn: int) -> dict[str, Any]:
    """Train by all ways, in an order of this turn: milliseconds of a step, and what the first epoch took beyond."""
    rng, found = begin(threads, turn), mnist()
    begin_tensorflow(threads)
    images, digits = found.x_train[: BATCHES * n], found.y_train[: BATCHES * n]
    task = Task(images.reshape(BATCHES, n, T, D), digits.reshape(BATCHES, n), new_weights(H, rng))
    row: dict[str, Any] = {}
    for name in rng.permutation(list(WAYS)).tolist():
        epochs = WAYS[name](task, EPOCHS[n])
        usual = median(seconds for seconds, _ in epochs[1:])
        first = {"first_s": round(epochs[0][0] - usual, 2), "loss": round(epochs[-1][1], 5)}
        row[name] = {"ms": round(1000 * usual / BATCHES, 3), **first}
    return row


def without_onednn(layer: nn.RNNBase, x: Tensor) -> Tensor:
    """Call a layer while oneDNN is switched off."""
    with warnings.catch_warnings(action="ignore"), torch.backends.mkldnn.flags(enabled=False):  # it warns of TF32
        return by_layer(layer, x)


def in_bfloat16(run: Callable[..., Tensor], cell: nn.Module, x: Tensor) -> Tensor:
    """Run under autocast."""
    with torch.autocast("cpu", torch.bfloat16):
        return run(cell, x).float()


ASKED: dict[str, tuple[Callable[..., nn.Module], Callable[..., Tensor]]] = {
    "layer": (LAYER, by_layer),
    "time-major": (nn.LSTM, by_layer),
    "two layers": (partial(LAYER, num_layers=2), by_layer),
    "dropout between two": (partial(LAYER, num_layers=2, dropout=0.2), by_layer),
    "bidirectional": (partial(LAYER, bidirectional=True), lambda layer, x: layer(x)[1][0]),  # both ends
    "no bias": (partial(LAYER, bias=False), by_layer),
    "proj_size": (partial(LAYER, proj_size=H // 2), by_layer),
    "packed, one length": (LAYER, by_packing),
    "packed, two lengths": (LAYER, partial(by_packing, shorter=1)),
    "float64": (partial(LAYER, dtype=torch.float64), lambda layer, x: by_layer(layer, x.double())),
    "without oneDNN": (LAYER, without_onednn),
    "autocast": (LAYER, partial(in_bfloat16, by_layer)),
    "LSTMCell": (nn.LSTMCell, by_cell),
    "LSTMCell, autocast": (nn.LSTMCell, partial(in_bfloat16, by_cell)),
    "GRU": (partial(nn.GRU, batch_first=True), by_layer),
    "RNN": (partial(nn.RNN, batch_first=True), by_layer),
}


def torch_layers(turn: int) -> dict[str, Any]:
    """Ask PyTorch for one thing more: calls, fused ones among them, milliseconds; what is refused says why."""
    begin(1, turn)
    row: dict[str, Any] = {}
    for name, (make, run) in ASKED.items():
        row[name] = {"weights": sum(W.numel() for W in make(D, H).parameters() if W.ndim == 2)}
        for n in FEW:
            try:
                step = there_and_back(make, run, torch.randn(n, T, D), H)
                names = counted(step).names
                fused = sum(names[kernel] for kernel in ("mkldnn_rnn_layer", "mkldnn_rnn_layer_backward"))
                row[name][str(n)] = {"calls": names.total(), "fused": fused, "ms": milliseconds(step)}
            except RuntimeError as error:  # oneDNN has no LSTM of bfloat16 for an older processor
                row[name][str(n)] = {"refused": str(error).partition(".")[0]}
    return row


def keras_asked() -> dict[str, Callable[[Any], Any]]:
    """Name what Keras may be asked for: each makes of an input, (N, T, D), the last state."""
    from keras import layers

    options: dict[str, dict[str, Any]] = {
        "layer": {},
        "activation='relu'": {"activation": "relu"},
        "dropout": {"dropout": 0.2},
        "recurrent_dropout": {"recurrent_dropout": 0.2},
        "no bias": {"use_bias": False},
        "unroll": {"unroll": True},
        "go_backwards": {"go_backwards": True},
    }
    asked: dict[str, Callable[[Any], Any]] = {name: layers.LSTM(H, **chosen) for name, chosen in options.items()}
    masked = layers.LSTM(H)
    return asked | {
        "RNN(LSTMCell)": layers.RNN(layers.LSTMCell(H)),
        "mask": lambda x: masked(layers.Masking()(x)),
        "bidirectional": layers.Bidirectional(layers.LSTM(H)),
        "GRU": layers.GRU(H),
        "GRU, reset before": layers.GRU(H, reset_after=False),
        "SimpleRNN": layers.SimpleRNN(H),
    }


def keras_layers(turn: int) -> dict[str, Any]:
    """Ask Keras for one thing more: milliseconds of a pass and back as a graph, and of the graph's making."""
    rng, tf = begin(1, turn), begin_tensorflow(1)
    import keras

    row: dict[str, Any] = {}
    for name, layer in keras_asked().items():
        net = keras.Model(given := keras.Input((T, D)), layer(given))

        @tf.function(input_signature=[tf.TensorSpec((None, T, D))])
        def step(x: Any, net: Any = net) -> Any:
            with tf.GradientTape() as tape:
                total = tf.reduce_sum(net(x, training=True))
            return tape.gradient(total, net.trainable_variables)

        start = time.perf_counter()
        step.get_concrete_function()
        row[name] = {"traced_s": round(time.perf_counter() - start, 2), "numbers": net.count_params()}
        for n in FEW:
            row[name][str(n)] = milliseconds(partial(step, tf.constant(rng.random((n, T, D), np.float32))))
    return row


def compiled(n: int) -> dict[str, Any]:
    """Compile the formulas, with an empty cache and with a full one, and let them take turns with others."""
    rng = begin(1, 0)
    x, y, weights = torch.randn(n, T, D), torch.arange(n) % 10, new_weights(H, rng)
    nets: dict[str, Any] = {name: TimedNet(name, weights) for name in ("formulas", "layer")}
    row: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
        for name in ("empty_cache_s", "full_cache_s"):
            torch.compiler.reset()
            nets["compiled"] = torch.compile(TimedNet("formulas", weights), fullgraph=True)
            start = time.perf_counter()
            net_loss(nets["compiled"], (x, y)).backward()
            row[name] = round(time.perf_counter() - start, 2)
        steps = {name: partial(lambda net: net_loss(net, (x, y)).backward(), net) for name, net in nets.items()}
        turns = [{name: milliseconds(step) for name, step in steps.items()} for _ in range(ROUNDS)]
        losses = {name: round(net_loss(net, (x, y)).item(), 5) for name, net in nets.items()}
    return {**row, "losses": losses, "turns": turns}


def taught(images: Any, digits: Any, rng: np.random.Generator, steps: int = TAUGHT) -> TimedNet:
    """Train a digit reader."""
    net, order = TimedNet("layer", new_weights(H, rng)), iter(batches(len(images), N, steps, rng))
    optimizer = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, steps)

    def draw() -> tuple[Tensor, Tensor]:
        rows = next(order)
        return torch.from_numpy(images[rows]).float() / 255, torch.from_numpy(digits[rows])

    train(net, net_loss, optimizer, draw, steps=steps, clip=1.0, schedule=schedule)
    return net.eval()


Runner = tuple[Callable[[Any], Any], int]  # answers images with logits, as arrays; bytes on disk


def in_torch(net: nn.Module) -> Runner:
    """Run a module of PyTorch."""
    torch.save(net.state_dict(), file := io.BytesIO())

    def answer(x: Any) -> Any:
        with torch.inference_mode():
            return net(torch.from_numpy(x)).numpy()

    return answer, file.tell()


def in_onnx(path: Path, threads: int = 1) -> Runner:
    """Run a file of ONNX."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"x": x})[0], path.stat().st_size


def export(net: nn.Module, folder: Path) -> dict[str, Path]:
    """Write a net as ONNX; then with 8-bit weights, from the file as it is, and from one whose constants are folded."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    paths = {name: folder / f"{name}.onnx" for name in ("ONNX", "folded", "ONNX, 8 bits", "ONNX, 8 bits at once")}
    free = {"x": {0: torch.export.Dim("N")}}  # how many images may come
    options = {"input_names": ["x"], "dynamic_shapes": free, "external_data": False, "verbose": False}
    torch.onnx.export(net, (torch.zeros(2, T, D),), paths["ONNX"], **options)
    quant_pre_process(paths["ONNX"], paths["folded"])
    for source, name in (("folded", "ONNX, 8 bits"), ("ONNX", "ONNX, 8 bits at once")):
        quantize_dynamic(paths[source], paths[name], weight_type=QuantType.QInt8)
    paths.pop("folded")
    return paths


def runners(net: nn.Module, folder: Path) -> dict[str, Runner]:
    """Make what answers: the net, with 8-bit weights, and both as ONNX."""
    with warnings.catch_warnings(action="ignore"):  # deprecated since PyTorch 2.10, but there
        small = torch.ao.quantization.quantize_dynamic(net, {nn.LSTM, nn.Linear})
        paths = export(net, folder)
    return {"PyTorch": in_torch(net), "PyTorch, 8 bits": in_torch(small), **{n: in_onnx(p) for n, p in paths.items()}}


def used(turn: int) -> dict[str, Any]:
    """Teach a digit reader, and let it answer in several ways, with one thread."""
    rng, data = begin(1, turn), mnist()
    net = taught(data.x_train, data.y_train, rng)
    x = data.x_test.astype(np.float32) / 255
    with tempfile.TemporaryDirectory() as folder:
        answers = runners(net, Path(folder))
        first = answers["PyTorch"][0](x)
        row: dict[str, Any] = {"largest": round(float(abs(first).max()), 2)}
        for name, (answer, size) in answers.items():
            logits = answer(x)
            wrong, off = int((logits.argmax(axis=1) != data.y_test).sum()), float(abs(logits - first).max())
            times = {f"{n}": milliseconds(partial(answer, x[:n])) for n in (1, 1000)}
            row[name] = {"bytes": size, "wrong": wrong, "off": float(f"{off:.3g}"), **times}
    return row


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key, in turns."""
    yield from (("counts", {"read": read}) for read in READS)
    yield from (("compiled", {"n": n}) for n in FEW)
    for turn in range(ROUNDS):
        yield "sizes", {"threads": 1, "turn": turn}
        yield from (("memory", {"n": n, "turn": turn}) for n in (N, 1024))
        yield from (("ladder", {"n": n, "threads": 1, "turn": turn}) for n in FEW)
        yield "torch_layers", {"turn": turn}
    for turn in range(FEWER):
        yield "sizes", {"threads": 2, "turn": turn}
        yield from ((table, {"turn": turn}) for table in ("keras_layers", "used"))


RUNS = {
    "counts": counts,
    "sizes": sizes,
    "memory": memory,
    "ladder": ladder,
    "torch_layers": torch_layers,
    "keras_layers": keras_layers,
    "compiled": compiled,
    "used": used,
}
