"""How much does chance decide?  The digit reader of chapter 10, trained from five seeds.

Run ``python benchmarks/lstm_mnist_seeds.py`` (about a minute a seed on one thread); a second start
goes on where the first was stopped.  Needs MNIST: the embedded digits would be another study.
"""

import time

import keras
import numpy as np
from tqdm import tqdm

from rnn_utils import setup
from rnn_utils.data import Dataset, load_mnist
from rnn_utils.results import Study
from rnn_utils.train_keras import fit, one_cycle

SEEDS = range(5)
RECIPE = {"hidden": 128, "batch": 128, "steps": 1000, "peak": 0.01, "clip": 1.0}


def train_and_test(seed: int, mnist: Dataset) -> dict[str, object]:
    """Train one net as the chapter does and test it on every test image."""
    setup(seed)
    x, x_test = (images.astype("float32") / 255 for images in (mnist.x_train, mnist.x_test))
    fitted = len(x) - len(x) // 12  # the last twelfth is held out, as in the chapter
    net = keras.Sequential([keras.Input((28, 28)), keras.layers.LSTM(RECIPE["hidden"]), keras.layers.Dense(10)])
    start = time.process_time()
    history = fit(
        net,
        keras.optimizers.Adam(one_cycle(RECIPE["steps"], RECIPE["peak"]), global_clipnorm=RECIPE["clip"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        x[:fitted],
        mnist.y_train[:fitted],
        steps=RECIPE["steps"],
        batch=RECIPE["batch"],
        rng=np.random.default_rng(seed),
    )
    cpu_seconds = time.process_time() - start  # of one thread: what the training takes when it is alone
    answers = net.predict(x_test, batch_size=500, verbose=0).argmax(axis=1)
    wrong = np.flatnonzero(answers != mnist.y_test)
    return {
        "seed": seed,
        "accuracy": 1 - len(wrong) / len(answers),
        "seconds": round(history.seconds[-1], 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "wrong": wrong.tolist(),  # row numbers of the test images read wrongly
        "truth": mnist.y_test[wrong].tolist(),  # what they show
        "answers": answers[wrong].tolist(),  # what they were taken for
        **RECIPE,
    }


def main() -> None:
    """Run the seeds that are not stored yet."""
    mnist = load_mnist()
    if mnist.source != "mnist":
        raise SystemExit("lstm_mnist_seeds: MNIST was not found; set RNN_UTILS_DATA to a folder that holds mnist/*.gz.")
    study = Study(__file__)
    for seed in tqdm(SEEDS, unit="seed"):
        if not study.has("runs", seed=seed):
            study.add("runs", train_and_test(seed, mnist))


if __name__ == "__main__":
    main()
