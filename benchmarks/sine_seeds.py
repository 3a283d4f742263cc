"""How much does chance decide?  The sine net of chapter 20 by six recipes, from many seeds.

Run ``python benchmarks/sine_seeds.py`` (some minutes on one thread); a second start goes on where
the first was stopped.
"""

import time

import torch
from tqdm import tqdm

from rnn_utils import setup, sine
from rnn_utils.results import Study

FEW, MANY = 20, 200
DRAWN = ("published", "book")  # the free runs themselves are kept of these, from the first seeds
RUNS = {"published": FEW, "summed": FEW, "bptt": FEW, "lbfgs": MANY, "library": MANY, "book": MANY}


def run(recipe: str, seed: int) -> dict[str, object]:
    """Train one net and measure it."""
    start = time.perf_counter()
    net = sine.train(seed, recipe)
    scores = sine.score(net, time.perf_counter() - start)
    row = {"recipe": recipe, "seed": seed} | {name: float(f"{value:.4g}") for name, value in scores._asdict().items()}
    if recipe in DRAWN and seed < FEW:
        path = sine.free_run(net, sine.wave(sine.WARM))
        row["free_run"] = [round(value, 7) for value in path.tolist()]
    return row


def main() -> None:
    """Run the recipes and seeds that are not stored yet."""
    setup(0)
    torch.optim.SGD([torch.zeros(1)])  # the first optimiser loads a good part of PyTorch; keep that out of the seconds
    study = Study(__file__)
    jobs = [(recipe, seed) for recipe, count in RUNS.items() for seed in range(count)]
    for recipe, seed in tqdm(jobs, unit="run"):
        if not study.has("runs", recipe=recipe, seed=seed):
            study.add("runs", run(recipe, seed))


if __name__ == "__main__":
    main()
