"""Four published recipes and the book's own, judged alike: seconds, and accuracy on every test image.

Run ``make study STUDY=four_recipes`` on a machine that does nothing else; a second start goes on
where the first was stopped.  Needs MNIST.  Each run has a process and one thread of its own, and the
runs take turns: seed 0 of every recipe, then seed 1, and so on.  The rebuilds come last; nobody's seconds
are compared with theirs, so ``AT_ONCE=2`` does two of them at a time.

Tables: ``runs`` (the graph programs as they were published, and ``book``), ``rebuilds`` (Keras 3), and
``charts`` (one rebuild more, for the chart that its source draws).
``seconds`` count building, tracing and training, not loading or testing; ``others`` is what other
processes computed meanwhile, in whole processors.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rnn_utils import setup
from rnn_utils.chapters.ch11_recipes import RECIPES, SHORT_TEST, next_batches, scaled, training_part
from rnn_utils.data.mnist import Dataset, load_mnist
from rnn_utils.training import batches

APART, ALONE = True, ("runs",)  # a process of its own for every run; their seconds are compared
WITNESS = {"trial": 50}  # steps that tell whether a change of the code left the numbers alone
SEEDS = range(5)
OFTEN = 50  # steps between tests in the first pass through the images
LATER = 12  # tests in all the passes that follow
BOOK_OFTEN = 25  # of the book's recipe, which is over sooner
CHARTED = 200  # steps from dot to dot in the chart of source 003


class Program(Protocol):
    """What `GraphProgram` and `Rebuild` have in common."""

    def train(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> Any:
        """Do one step."""

    def outputs(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return ten numbers for each image."""


class Clock:
    """Wall and processor seconds of the stretches between `start` and `stop`, and what others took."""

    def __init__(self) -> None:
        self.seconds = self.cpu = 0.0
        self._others, self._begun = computed_by_others(), time.perf_counter()

    def start(self) -> None:
        """Go on counting."""
        self._wall_at, self._cpu_at = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        """Pause, while something is measured."""
        self.seconds += time.perf_counter() - self._wall_at
        self.cpu += time.process_time() - self._cpu_at

    def row(self) -> dict[str, float]:
        """Return what was counted."""
        others = (computed_by_others() - self._others) / (time.perf_counter() - self._begun)
        return {"seconds": round(self.seconds, 2), "cpu_seconds": round(self.cpu, 2), "others": round(others, 2)}


class Examiner:
    """Tests a net whenever it is asked to, on every test image, and keeps the results."""

    def __init__(self, mnist: Dataset):
        self.x, self.y = scaled(mnist.x_test), mnist.y_test
        self.steps: list[int] = []
        self.accuracies: list[float] = []
        self.right = np.zeros(len(self.y), bool)

    def test(self, step: int, outputs: Callable[[NDArray[np.float32]], NDArray[Any]]) -> None:
        """Test after a step; outputs gives ten numbers for each image."""
        self.right = outputs(self.x).argmax(axis=1) == self.y
        self.steps.append(step)
        self.accuracies.append(float(self.right.mean()))

    def row(self, seconds: list[float]) -> dict[str, Any]:
        """Return the last test and the curve, given the seconds of training before each test."""
        return {
            "steps": self.steps[-1],
            "accuracy_128": float(self.right[:SHORT_TEST].mean()),
            "accuracy": self.accuracies[-1],
            "curve": [[round(s, 3), share] for s, share in zip(seconds, self.accuracies, strict=True)],
            "curve_steps": self.steps,
        }


def computed_by_others() -> float:
    """Return the seconds that other processes have computed so far; 0 where the system does not tell."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    ticks = sum(int(count) for count in stat.read_text(encoding="utf-8").split()[1:4])  # user, nice, system
    return ticks / os.sysconf("SC_CLK_TCK") - time.process_time()


def steps_to_test(steps: int, epoch: int, often: int) -> set[int]:
    """Say after which steps to test: often in the first pass, some times later, and at the end."""
    later = np.linspace(epoch, max(steps, epoch), LATER + 1) // often * often
    return {step for step in (*range(often, epoch + often, often), *later.astype(int).tolist(), steps) if step <= steps}


def judged(
    make: Callable[[], Program], draw: Callable[..., Iterable[NDArray[Any]]], steps: int, batch: int, often: int
) -> dict[str, Any]:
    """Train a program step by step on the images that the published ones had, and test it in between."""
    mnist = judged_on()
    part, examiner = training_part(mnist.x_train, mnist.y_train), Examiner(mnist)
    order = draw(len(part.x), batch, steps)
    tested = steps_to_test(steps, len(part.x) // batch, often)
    clock, seconds = Clock(), []
    clock.start()
    program = make()
    for step, rows in enumerate(order, start=1):
        program.train(part.x[rows], part.y[rows])
        if step in tested:
            clock.stop()
            seconds.append(clock.seconds)
            examiner.test(step, program.outputs)
            clock.start()
    clock.stop()
    return {**examiner.row(seconds), **clock.row()}


def judged_on() -> Dataset:
    """Return MNIST, and nothing in its place."""
    mnist = load_mnist()
    if mnist.source != "mnist":
        raise SystemExit("four_recipes: MNIST was not found; set RNN_UTILS_DATA to a folder that holds mnist/*.gz.")
    return mnist


def run_graph(recipe: str, seed: int, trial: int | None = None) -> dict[str, Any]:
    """Train a program of TensorFlow 1; this process sees the old Keras."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # read when TensorFlow is imported, which comes now
    from rnn_utils.chapters.ch11_graph_programs import GraphProgram, legacy_tensorflow

    legacy_tensorflow()
    setup(seed)
    plan, draw = RECIPES[recipe], partial(next_batches, rng=np.random.default_rng(seed))
    return judged(lambda: GraphProgram(plan, seed), draw, trial or plan.steps, plan.batch, OFTEN)


def run_rebuild(recipe: str, seed: int, trial: int | None = None) -> dict[str, Any]:
    """Train the same in Keras 3."""
    from rnn_utils.chapters.ch11_rebuilds import Rebuild

    setup(seed)
    plan, draw = RECIPES[recipe], partial(next_batches, rng=np.random.default_rng(seed))
    return judged(lambda: Rebuild(plan), draw, trial or plan.steps, plan.batch, OFTEN)


def run_chart(recipe: str, seed: int, trial: int | None = None) -> dict[str, Any]:
    """Train a rebuild, and measure it where its source draws a dot: on the batch just used, and on every test image."""
    from rnn_utils.chapters.ch11_rebuilds import Rebuild

    setup(seed)
    mnist, plan = judged_on(), RECIPES[recipe]
    part, examiner, on_batch = training_part(mnist.x_train, mnist.y_train), Examiner(mnist), []
    rebuild, steps = Rebuild(plan), trial or plan.steps
    order = next_batches(len(part.x), plan.batch, steps, rng=np.random.default_rng(seed))
    for step, rows in enumerate(order, start=1):
        rebuild.train(part.x[rows], part.y[rows])
        if step == 1 or step % CHARTED == 0:
            on_batch.append(float((rebuild.outputs(part.x[rows]).argmax(axis=1) == part.y[rows]).mean()))
            examiner.test(step, rebuild.outputs)
    return {"charted_after": examiner.steps, "on_batch": on_batch, "on_all": examiner.accuracies}


def run_book(recipe: str, seed: int, trial: int | None = None) -> dict[str, Any]:
    """Train the digit reader of chapter 10, stepped by hand like the others."""
    import tensorflow as tf

    from rnn_utils.nets.digit_reader import BATCH, LOSS, STEPS, new_net, new_optimizer, shifted

    setup(seed)
    steps, rng = trial or STEPS, np.random.default_rng(seed)

    class Book:
        """The net, its optimizer, and one step of both."""

        def __init__(self) -> None:
            self.net, self.optimizer = new_net(28, 28), new_optimizer(steps)
            self.optimizer.build(self.net.trainable_variables)
            self._step, self._answer = tf.function(self._train), tf.function(self.net)

        def _train(self, x: tf.Tensor, y: tf.Tensor) -> None:
            with tf.GradientTape() as tape:
                loss = LOSS(y, self.net(x, training=True))
            self.optimizer.apply(tape.gradient(loss, self.net.trainable_variables), self.net.trainable_variables)

        def train(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
            self._step(shifted(x, rng), y)

        def outputs(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.concatenate([self._answer(x[n : n + 1000]) for n in range(0, len(x), 1000)])

    return judged(Book, partial(batches, rng=rng), steps, BATCH, BOOK_OFTEN)


RUN: dict[str, Callable[..., dict[str, Any]]] = {
    "book": run_book,
    "000": run_graph,
    "001": run_graph,
    "002": run_graph,
    "003": run_graph,
}


def run(recipe: str, seed: int, trial: int | None = None) -> dict[str, Any]:
    """Train by one recipe as it was published, or the first steps only."""
    return RUN[recipe](recipe, seed, trial)


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key, in turns."""
    for table, recipes in (("runs", RUN), ("rebuilds", RECIPES)):
        for seed in SEEDS:
            yield from ((table, {"recipe": recipe, "seed": seed}) for recipe in recipes)
    yield "charts", {"recipe": "003", "seed": SEEDS[0]}


RUNS = {"runs": run, "rebuilds": run_rebuild, "charts": run_chart}
