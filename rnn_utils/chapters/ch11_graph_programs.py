"""The published programs as they were written, through ``tf.compat.v1``: placeholders, a graph, a session.

The cells of TensorFlow 1 live on in the package ``tf_keras``.  TensorFlow takes it in place of Keras 3
only where ``TF_USE_LEGACY_KERAS=1`` was set before its first import, so these programs need a process
of their own: `run_apart` starts one.  Importing this module imports no framework.
"""

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_utils.chapters.ch11_recipes import ADAM_EPSILON, CLASSES, RECIPES, D, Recipe, T, next_batches, one_hot
from rnn_utils.errors import BookError, SettingError

PIECE = 1000  # images answered at once
Floats = NDArray[np.float32]


def legacy_tensorflow() -> ModuleType:
    """Import TensorFlow with the cells of TensorFlow 1, or say why that cannot be had here.

    Raises
    ------
    SettingError
        If this process uses Keras 3, or ``tf_keras`` is not installed.
    """
    if os.environ.get("TF_USE_LEGACY_KERAS", "").lower() not in ("1", "true"):
        raise SettingError(
            "graph_programs: BasicLSTMCell and BasicRNNCell need TF_USE_LEGACY_KERAS=1, set before TensorFlow is "
            "imported; this process uses Keras 3. Call run_apart, or start a new process with the variable set."
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    try:
        home = tf.keras.layers.Layer.__module__
    except ImportError as error:
        raise SettingError('graph_programs: needs tf_keras. Run pip install "tf-keras".') from error
    if not home.startswith("tf_keras."):
        raise SettingError(
            "graph_programs: TensorFlow was imported with Keras 3 before TF_USE_LEGACY_KERAS=1 was set. "
            "Call run_apart, or start a new process with the variable set."
        )
    tf.get_logger().setLevel("ERROR")  # each old name warns that it is old
    return tf


class GraphProgram:
    """One published program: its graph, and a session that holds its weights.

    Parameters
    ----------
    recipe : Recipe
        What to build.
    seed : int
        Decides the first weights; Python, NumPy and the graph are seeded with it.
    threads : int
        Threads of the session.

    Notes
    -----
    The names are those of the sources: ``placeholder``, ``BasicLSTMCell``, ``static_rnn`` and so on.
    """

    def __init__(self, recipe: Recipe, seed: int, threads: int = 1):
        tf = legacy_tensorflow()
        tf1, self.recipe, self.graph = tf.compat.v1, recipe, tf.Graph()
        with self.graph.as_default(), warnings.catch_warnings(action="ignore"):  # old names, on purpose
            tf.keras.utils.set_random_seed(seed)  # the old cells draw their weights with Python's own dice
            tf1.set_random_seed(seed)
            self.x = tf1.placeholder(tf.float32, [None, T, D])
            self.y = tf1.placeholder(tf.float32, [None, CLASSES])
            self.pred = _answer_layer(tf, recipe, _recurrent_part(tf, recipe, self.x))
            self.cost = tf.reduce_mean(tf1.nn.softmax_cross_entropy_with_logits(logits=self.pred, labels=self.y))
            made = {"Adam": tf1.train.AdamOptimizer, "SGD": tf1.train.GradientDescentOptimizer}[recipe.optimizer]
            options = {"epsilon": ADAM_EPSILON} if recipe.optimizer == "Adam" else {}
            self.train_op = made(recipe.rate, **options).minimize(self.cost)
            self.variables = {_short(variable.name): variable for variable in tf1.trainable_variables()}
            config = tf1.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
            self.session = tf1.Session(config=config)
            self.session.run(tf1.global_variables_initializer())

    def train(self, x: Floats, y: NDArray[np.integer]) -> None:
        """Do one step on a batch of images (N, 28, 28) and digits (N,)."""
        self.session.run(self.train_op, {self.x: x, self.y: one_hot(y)})

    def loss(self, x: Floats, y: NDArray[np.integer]) -> float:
        """Measure the loss on a batch."""
        return float(self.session.run(self.cost, {self.x: x, self.y: one_hot(y)}))

    def outputs(self, x: Floats) -> Floats:
        """Return the program's ten numbers for each image, (N, 10).

        A program whose first state is made for one batch is fed whole batches; the last is filled up
        with blank images, whose outputs are dropped.
        """
        size = self.recipe.batch if self.recipe.fixed_batch else PIECE
        pieces = []
        for first in range(0, len(x), size):
            piece = x[first : first + size]
            blank = size - len(piece) if self.recipe.fixed_batch else 0
            fed = np.concatenate([piece, np.zeros((blank, T, D), np.float32)]) if blank else piece
            pieces.append(self.session.run(self.pred, {self.x: fed})[: len(piece)])
        return np.concatenate(pieces)

    def weights(self) -> dict[str, Floats]:
        """Return the trainable arrays by name; those of the cell are ``kernel`` and ``bias``."""
        return self.session.run(self.variables)

    def close(self) -> None:
        """Free the session."""
        self.session.close()


def _recurrent_part(tf: ModuleType, recipe: Recipe, x: Any) -> Any:
    """Read x (N, 28, 28) row by row; return the last hidden state, (N, units)."""
    tf1 = tf.compat.v1
    if recipe.input_layer:
        weights = tf.Variable(tf1.random_normal([D, recipe.units]), name="weights_in")
        biases = tf.Variable(tf.constant(0.1, shape=[recipe.units]), name="biases_in")
        rows = tf.matmul(tf.reshape(x, [-1, D]), weights) + biases
        x = tf.reshape(rows, [-1, T, recipe.units])
    cells = tf1.nn.rnn_cell
    if recipe.cell == "LSTM":
        cell = cells.BasicLSTMCell(recipe.units, forget_bias=1.0)
    else:
        cell = cells.BasicRNNCell(recipe.units)
    if recipe.unroll == "static_rnn":
        outputs, _ = tf1.nn.static_rnn(cell, tf.unstack(x, T, 1), dtype=tf.float32)
        return outputs[-1]
    if recipe.fixed_batch:
        zeros = cell.zero_state(recipe.batch, tf.float32)
        _, state = tf1.nn.dynamic_rnn(cell, x, initial_state=zeros, time_major=False)
    else:
        _, state = tf1.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    return state[1] if recipe.cell == "LSTM" else state  # an LSTM's state is the pair (c, h)


def _answer_layer(tf: ModuleType, recipe: Recipe, state: Any) -> Any:
    """Turn the last state (N, units) into what goes into the loss, (N, 10)."""
    tf1 = tf.compat.v1
    draw = tf1.truncated_normal if recipe.truncated else tf1.random_normal
    weights = tf.Variable(draw([recipe.units, CLASSES], stddev=recipe.answer_kernel), name="weights_out")
    if recipe.answer_bias is None:
        biases = tf.Variable(tf1.random_normal([CLASSES]), name="biases_out")
    else:
        biases = tf.Variable(tf.constant(recipe.answer_bias, shape=[CLASSES]), name="biases_out")
    results = tf.matmul(state, weights) + biases
    return tf.nn.softmax(results) if recipe.softmaxes == 2 else results


def _short(name: str) -> str:
    """Strip scope and number: ``rnn/basic_lstm_cell/kernel:0`` is ``kernel``."""
    return name.rpartition("/")[2].partition(":")[0]


class Trial(NamedTuple):
    """The first steps of one program.

    Attributes
    ----------
    start, end : dict of ndarrays
        Weights before the first step and after the last.
    outputs_start, outputs_end : ndarrays, shape (batch, 10)
        Outputs for the first images, before and after.
    loss : ndarray, shape (steps,)
        Loss on each batch before its step.
    """

    start: dict[str, Floats]
    end: dict[str, Floats]
    outputs_start: Floats
    outputs_end: Floats
    loss: NDArray[np.float64]


def first_steps(recipe: Recipe, seed: int, x: Floats, y: NDArray[np.integer], steps: int) -> Trial:
    """Run a program for a few steps, in this process.

    The batches are those of `next_batches` from a generator with the same seed.
    """
    program = GraphProgram(recipe, seed)
    some, start = x[: recipe.batch], program.weights()
    before, losses = program.outputs(some), []
    for rows in next_batches(len(x), recipe.batch, steps, np.random.default_rng(seed)):
        losses.append(program.loss(x[rows], y[rows]))
        program.train(x[rows], y[rows])
    trial = Trial(start, program.weights(), before, program.outputs(some), np.array(losses))
    program.close()
    return trial


def run_apart(
    sources: Sequence[str], seed: int, x: Floats, y: NDArray[np.integer], steps: int, *, timeout: float = 600
) -> dict[str, Trial]:
    """Run the first steps of some programs in a process of their own.

    Parameters
    ----------
    sources : sequence of str
        Which programs, ``"000"`` to ``"003"``.
    seed : int
        Decides the first weights and the order of the images.
    x : ndarray of float32, shape (N, 28, 28)
        Images from 0 to 1; at least one batch of them.
    y : ndarray of int, shape (N,)
        Their digits.
    steps : int
        How many.
    timeout : float
        Seconds after which the process is given up.

    Returns
    -------
    dict of Trial
        By source.

    Raises
    ------
    BookError
        If the process fails, and then the message ends with what it said, or is not done in time.
    """
    with tempfile.TemporaryDirectory() as folder:
        data, result = Path(folder) / "data.npz", Path(folder) / "result.npz"
        np.savez(data, x=x, y=y)
        command = [sys.executable, "-m", __name__, str(data), str(result), str(seed), str(steps)]
        here = str(Path(__file__).resolve().parents[2])
        paths = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
        environment = {**os.environ, "TF_USE_LEGACY_KERAS": "1", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONPATH": paths}
        try:
            done = subprocess.run(
                [*command, *sources], env=environment, capture_output=True, encoding="utf-8", timeout=timeout
            )
        except subprocess.TimeoutExpired as error:
            raise BookError(
                f"run_apart: the graph programs were not done after {timeout:g} s; expected about a minute. "
                "Close what else computes, or pass a larger timeout."
            ) from error
        if done.returncode:
            raise BookError(f"run_apart: the process of the graph programs failed.\n{done.stderr[-2000:]}")
        with np.load(result) as stored:
            return {source: _unpacked(dict(stored), source) for source in sources}


def load_originals(seed: int, x: Floats, y: NDArray[np.integer], steps: int) -> dict[str, Trial]:
    """Load the first steps of all four programs, done by `run_apart` from one seed.

    Parameters
    ----------
    seed : int
        Decides the first weights and the order of the images.
    x, y : ndarrays, shapes (N, 28, 28) and (N,)
        Images from 0 to 1, at least one batch of them, and their digits.
    steps : int
        How many.

    Returns
    -------
    dict of Trial
        By source.
    """
    return run_apart(list(RECIPES), seed, x, y, steps)


def _packed(source: str, trial: Trial) -> dict[str, NDArray[Any]]:
    flat = {f"{source}/{name}": getattr(trial, name) for name in ("outputs_start", "outputs_end", "loss")}
    for when in ("start", "end"):
        flat |= {f"{source}/{when}/{name}": array for name, array in getattr(trial, when).items()}
    return flat


def _unpacked(stored: dict[str, NDArray[Any]], source: str) -> Trial:
    def below(prefix: str) -> dict[str, NDArray[Any]]:
        return {name.removeprefix(prefix): array for name, array in stored.items() if name.startswith(prefix)}

    plain = {name: stored[f"{source}/{name}"] for name in ("outputs_start", "outputs_end", "loss")}
    return Trial(start=below(f"{source}/start/"), end=below(f"{source}/end/"), **plain)


def main(arguments: list[str]) -> None:
    """Be the process that `run_apart` starts."""
    data, result, seed, steps, *sources = arguments
    recipes = {source: RECIPES[source] for source in sources}
    legacy_tensorflow().config.experimental.enable_op_determinism()
    with np.load(data) as stored:
        x, y = stored["x"], stored["y"]
    packed: dict[str, NDArray[Any]] = {}
    for source, recipe in recipes.items():
        packed |= _packed(source, first_steps(recipe, int(seed), x, y, int(steps)))
    np.savez(result, **packed)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(sys.argv[1:])
