"""What was it that made a published recipe good or bad?  One thing changed, then the whole training again.

Run ``make study STUDY=recipe_changes`` (about 50 minutes of one thread; ``AT_ONCE=2`` for two runs at a
time: no seconds are compared); a second start goes on where the first was stopped.  Needs MNIST.

Table ``runs``.  Every run begins with the weights and sees the batches of the run with its source and
seed in the table ``rebuilds`` of the study ``four_recipes``, so that the change alone sets the two apart.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from rnn_utils import setup
from rnn_utils.chapters.ch11_recipes import RECIPES, next_batches, scaled, training_part
from rnn_utils.data.mnist import load_mnist

APART = True  # a process of its own for every run
WITNESS = {"trial": 50}  # steps that tell whether a change of the code left the numbers alone
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


def run(change: str, source: str, seed: int, trial: int | None = None) -> dict[str, Any]:
    """Train one changed recipe to its end, or for the first steps only, and test it on every test image."""
    from rnn_utils.chapters.ch11_rebuilds import Rebuild

    setup(seed)
    mnist = load_mnist()
    if mnist.source != "mnist":
        raise SystemExit("recipe_changes: MNIST was not found; set RNN_UTILS_DATA to a folder that holds mnist/*.gz.")
    recipe = replace(RECIPES[source], **CHANGES[change][1])
    steps = trial or recipe.steps
    part, x_test = training_part(mnist.x_train, mnist.y_train), scaled(mnist.x_test)
    tested = np.linspace(0, steps, TESTS + 1)[1:].astype(int).tolist()
    rebuild, accuracies = Rebuild(recipe), []
    order = next_batches(len(part.x), recipe.batch, steps, np.random.default_rng(seed))
    for step, rows in enumerate(order, start=1):
        rebuild.train(part.x[rows], part.y[rows])
        if step in tested:
            accuracies.append(float((rebuild.outputs(x_test).argmax(axis=1) == mnist.y_test).mean()))
    return {
        "steps": steps,
        "accuracy": accuracies[-1],
        "tested_after": tested,
        "accuracies": accuracies,
    }


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    for seed in SEEDS:
        for change, (source, _) in CHANGES.items():
            yield "runs", {"change": change, "source": source, "seed": seed}


RUNS = {"runs": run}
