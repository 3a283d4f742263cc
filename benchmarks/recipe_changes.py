"""What was it that made a published recipe good or bad?  One thing changed, then the whole training again.

Run ``python benchmarks/recipe_changes.py`` (about 50 minutes of one thread; ``--at-once 2`` for two runs
at a time: no seconds are compared); a second start goes on where the first was stopped.  Needs MNIST.

Table ``runs``.  Every run begins with the weights and sees the batches of the run with its source and
seed in the table ``rebuilds`` of the study ``four_recipes``, so that the change alone sets the two apart.
"""

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from typing import Any

import numpy as np
from tqdm import tqdm

from rnn_utils import setup
from rnn_utils.data import load_mnist
from rnn_utils.published_recipes import RECIPES, next_batches, scaled, training_part
from rnn_utils.results import Study

SEEDS = range(5)
TESTS = 20  # in a run, at equal distances
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {  # what changes, in which source
    "SGD, rate 0.1": ("003", {"rate": 0.1}),
    "one softmax": ("002", {"softmaxes": 1}),
    "Adam, rate 0.0001": ("000", {"rate": 0.0001}),
    "Adam, rate 0.01": ("000", {"rate": 0.01}),
    "Adam, rate 0.1": ("000", {"rate": 0.1}),
    "small answer weights": ("000", {"answer_kernel": 0.1}),
}


def run(change: str, seed: int) -> dict[str, Any]:
    """Train one changed recipe to its end, in this process, and test it on every test image."""
    from rnn_utils.keras_rebuilds import Rebuild

    setup(seed)
    mnist = load_mnist()
    if mnist.source != "mnist":
        raise SystemExit("recipe_changes: MNIST was not found; set RNN_UTILS_DATA to a folder that holds mnist/*.gz.")
    source, changed = CHANGES[change]
    recipe = replace(RECIPES[source], **changed)
    part, x_test = training_part(mnist.x_train, mnist.y_train), scaled(mnist.x_test)
    tested = np.linspace(0, recipe.steps, TESTS + 1)[1:].astype(int).tolist()
    rebuild, accuracies = Rebuild(recipe), []
    order = next_batches(len(part.x), recipe.batch, recipe.steps, np.random.default_rng(seed))
    for step, rows in enumerate(order, start=1):
        rebuild.train(part.x[rows], part.y[rows])
        if step in tested:
            accuracies.append(float((rebuild.outputs(x_test).argmax(axis=1) == mnist.y_test).mean()))
    return {
        "change": change,
        "source": source,
        "seed": seed,
        "steps": recipe.steps,
        "accuracy": accuracies[-1],
        "tested_after": tested,
        "accuracies": accuracies,
    }


def main() -> None:
    """Do the runs that are not stored yet, each in a process of its own."""
    parser = argparse.ArgumentParser(description="Change one thing in a published recipe, and train to the end.")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="runs at a time")
    study = Study(__file__)
    left = [(change, seed) for seed in SEEDS for change in CHANGES if not study.has("runs", change=change, seed=seed)]
    apart = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(parser.parse_args().at_once, mp_context=apart, max_tasks_per_child=1) as pool:
        waiting = [pool.submit(run, change, seed) for change, seed in left]
        for done in tqdm(as_completed(waiting), total=len(waiting), unit="run"):
            study.add("runs", done.result())


if __name__ == "__main__":
    main()
