"""How much does chance decide?  The digit reader of chapter 10, trained from five seeds.

Run ``make study STUDY=lstm_mnist_seeds`` (about two minutes a seed on one thread); a second
start goes on where the first was stopped.  Needs MNIST: the embedded digits would be another study.

Tables: ``runs`` (the net that reads rows); ``orders`` (a quarter of the recipe for nets that read
the rows, the columns, or the rows in one fixed random order, and for a linear model); ``nets`` (a third
of the recipe for the net of the chapter and its rivals, ten minutes in all); and ``rates`` (the same with
other peaks of the rate, ten minutes).
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from rnn_utils import setup
from rnn_utils.data.mnist import load_mnist
from rnn_utils.nets.digit_reader import (
    BETA_2,
    CLIP,
    LOSS,
    RECIPE,
    RISE,
    STEPS,
    ShiftedBatches,
    new_net,
    new_optimizer,
)

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


def rows_net(layer: keras.layers.Layer) -> keras.Model:
    """Make a net of a recurrent layer, called ``"cell"``, and a layer that answers with ten logits."""
    return keras.Sequential([keras.Input((28, 28)), layer, keras.layers.Dense(10, name="answer")])


NETS: dict[str, Callable[[], keras.Model]] = {
    "linear": lambda: build("linear"),
    "hidden layer": lambda: keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(103, activation="relu"),
            keras.layers.Dense(10),
        ]
    ),
    "plain recurrent": lambda: rows_net(keras.layers.SimpleRNN(128, name="cell")),
    "plain recurrent, wide": lambda: rows_net(keras.layers.SimpleRNN(267, name="cell")),
    "LSTM": lambda: new_net(28, 28),
    "LSTM, asked at every row": lambda: rows_net(
        keras.layers.LSTM(128, kernel_initializer="he_normal", return_sequences=True, name="cell")
    ),
}
LOSSES: dict[str, Any] = {
    "LSTM, asked at every row": lambda y, logits: LOSS(keras.ops.repeat(y[:, None], 28, axis=1), logits),
}


def short(net: str, seed: int) -> dict[str, Any]:
    """Train one net for a third of the recipe, test it, and ask one that reads row by row after every row."""
    setup(seed)
    mnist = load_mnist()
    if mnist.source != "mnist":
        raise SystemExit("lstm_mnist_seeds: MNIST was not found; set RNN_UTILS_DATA to a folder that holds mnist/*.gz.")
    x, x_test = (images.astype("float32") / 255 for images in (mnist.x_train, mnist.x_test))
    fitted, steps = len(x) - len(x) // 12, STEPS // 3
    model = NETS[net]()
    model.compile(new_optimizer(steps), LOSSES.get(net, LOSS))
    shown = ShiftedBatches(x[:fitted], mnist.y_train[:fitted], steps, np.random.default_rng(seed))
    cpu_start = time.process_time()
    model.fit(shown, shuffle=False, verbose=0)
    row = {"weights": model.count_params(), "steps": steps, "cpu_seconds": round(time.process_time() - cpu_start, 1)}
    logits = model.predict(x_test, batch_size=500, verbose=0)
    logits = logits[:, -1] if logits.ndim == 3 else logits
    row["wrong"] = int((logits.argmax(axis=1) != mnist.y_test).sum())
    if "LSTM" not in net:
        return row
    held = states_by_row(model, x[fitted:]), mnist.y_train[fitted:]
    return row | by_row(model, held, (states_by_row(model, x_test), mnist.y_test))


RATES = {
    "linear": (0.01, 0.02),
    "hidden layer": (0.01, 0.02),
    "plain recurrent": (0.001, 0.002),
    "plain recurrent, wide": (0.001, 0.002),
    "LSTM": (0.002, 0.01),
}


def with_peak(net: str, peak: float, seed: int) -> dict[str, Any]:
    """Train one net for a third of the recipe with another peak of the rate, and test it."""
    setup(seed)
    mnist = load_mnist()
    if mnist.source != "mnist":
        raise SystemExit("lstm_mnist_seeds: MNIST was not found; set RNN_UTILS_DATA to a folder that holds mnist/*.gz.")
    x, x_test = (images.astype("float32") / 255 for images in (mnist.x_train, mnist.x_test))
    fitted, steps = len(x) - len(x) // 12, STEPS // 3
    rate = keras.optimizers.schedules.CosineDecay(
        peak / 3, decay_steps=steps - RISE, warmup_target=peak, warmup_steps=RISE
    )
    model = NETS[net]()
    model.compile(keras.optimizers.Adam(rate, beta_2=BETA_2, global_clipnorm=CLIP), LOSS)
    shown = ShiftedBatches(x[:fitted], mnist.y_train[:fitted], steps, np.random.default_rng(seed))
    model.fit(shown, shuffle=False, verbose=0)
    answers = model.predict(x_test, batch_size=500, verbose=0).argmax(axis=1)
    return {"steps": steps, "wrong": int((answers != mnist.y_test).sum())}


def states_by_row(model: keras.Model, images: Any) -> Any:
    """Return the states of a trained net after every row, (N, T, H)."""
    cell = model.get_layer("cell")
    watched = type(cell).from_config({**cell.get_config(), "return_sequences": True})
    watcher = keras.Sequential([keras.Input(images.shape[1:]), watched])
    watcher.set_weights(cell.get_weights())
    return watcher.predict(images, batch_size=500, verbose=0)


def by_row(model: keras.Model, held: tuple[Any, Any], test: tuple[Any, Any]) -> dict[str, list[float]]:
    """Return the share that a net says correctly after every row, and the share that its state holds.

    A state holds what a linear read-out of its own finds, fitted by least squares for each row on held-out images.
    """
    (states, digits), (states_test, digits_test) = held, test
    W, b = model.get_layer("answer").get_weights()
    shares: dict[str, list[float]] = {"says": [], "holds": []}
    for t in range(states.shape[1]):
        A, A_test = (np.insert(s[:, t].astype(float), 0, 1, axis=1) for s in (states, states_test))
        read_out = np.linalg.solve(A.T @ A + np.eye(A.shape[1]), A.T @ np.eye(10)[digits])  # a little ridge
        for name, scores in (("says", states_test[:, t] @ W + b), ("holds", A_test @ read_out)):
            shares[name].append(round(float(np.mean(scores.argmax(axis=1) == digits_test)), 4))
    return shares


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    yield from (("runs", {"seed": seed}) for seed in SEEDS)
    for seed in SEEDS[:3]:
        yield from (("orders", {"view": view, "seed": seed}) for view in ("rows", *VIEWS, "linear"))
    for seed in SEEDS[:3]:
        yield from (("nets", {"net": net, "seed": seed}) for net in NETS)
    for seed in SEEDS[:2]:
        for net, peaks in RATES.items():
            yield from (("rates", {"net": net, "peak": peak, "seed": seed}) for peak in peaks)


RUNS = {"runs": run, "orders": order, "nets": short, "rates": with_peak}
