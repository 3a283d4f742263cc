"""How much does chance decide?  The digit reader of chapter 10, trained from five seeds.

Run ``make study STUDY=lstm_mnist_seeds`` (about two minutes a seed on one thread); a second
start goes on where the first was stopped.  Needs MNIST: the embedded digits would be another study.

Tables: ``runs`` (the net that reads rows) and ``orders`` (a quarter of the recipe for nets that read
the rows, the columns, or the rows in one fixed random order, and for a linear model).
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from rnn_utils import setup
from rnn_utils.data.mnist import load_mnist
from rnn_utils.nets.digit_reader import LOSS, RECIPE, STEPS, ShiftedBatches, new_net, new_optimizer

SEEDS = range(5)
SHORT = STEPS // 4  # of a run in `orders`

SHUFFLE = np.random.default_rng(0).permutation(28)  # one order of rows, the same for all images and seeds
VIEWS: dict[str, Callable[[Any], Any]] = {  # what becomes of a batch of images before it is read
    "columns": lambda images: keras.ops.transpose(images, (0, 2, 1)),
    "shuffled rows": lambda images: keras.ops.take(images, SHUFFLE, axis=1),
}


def build(view: str) -> keras.Model:
    """Make a net that reads images in some order, or the linear model, which has no order."""
    if view == "rows":
        return new_net(28, 28)
    if view == "linear":
        return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)])
    images = keras.Input((28, 28))
    return keras.Model(images, new_net(28, 28)(VIEWS[view](images)))


def train_and_test(seed: int, view: str, steps: int) -> dict[str, Any]:
    """Train one net as the chapter does and test it on every test image."""
    setup(seed)
    mnist = load_mnist()
    if mnist.source != "mnist":
        raise SystemExit("lstm_mnist_seeds: MNIST was not found; set RNN_UTILS_DATA to a folder that holds mnist/*.gz.")
    x, x_test = (images.astype("float32") / 255 for images in (mnist.x_train, mnist.x_test))
    fitted = len(x) - len(x) // 12  # the last twelfth is held out, as in the chapter
    net = build(view)
    start, cpu_start = time.perf_counter(), time.process_time()
    net.compile(new_optimizer(steps), LOSS)
    shown = ShiftedBatches(x[:fitted], mnist.y_train[:fitted], steps, np.random.default_rng(seed))
    net.fit(shown, shuffle=False, verbose=0)
    seconds = time.perf_counter() - start
    cpu_seconds = time.process_time() - cpu_start  # what the training takes when it is alone
    answers = net.predict(x_test, batch_size=500, verbose=0).argmax(axis=1)
    wrong = np.flatnonzero(answers != mnist.y_test)
    return {
        "accuracy": 1 - len(wrong) / len(answers),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "wrong": wrong.tolist(),  # row numbers of the test images read wrongly
        "truth": mnist.y_test[wrong].tolist(),  # what they show
        "answers": answers[wrong].tolist(),  # what they were taken for
    }


def run(seed: int) -> dict[str, Any]:
    """Train the net of the chapter by its whole recipe."""
    return {**train_and_test(seed, "rows", STEPS), **RECIPE}


def order(view: str, seed: int) -> dict[str, Any]:
    """Train for a quarter of the recipe on images read in some order."""
    row = train_and_test(seed, view, SHORT)
    return {"steps": SHORT} | {name: row[name] for name in ("accuracy", "seconds", "cpu_seconds")}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    yield from (("runs", {"seed": seed}) for seed in SEEDS)
    for seed in SEEDS[:3]:
        yield from (("orders", {"view": view, "seed": seed}) for view in ("rows", *VIEWS, "linear"))


RUNS = {"runs": run, "orders": order}
