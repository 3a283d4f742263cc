"""What the book itself costs: an import, loading MNIST, rendering, testing, and how these grow with the chapters.

Run ``make study STUDY=house_speed`` (an hour and a half) while nothing else computes; needs MNIST and Chromium.
Times are seconds.
"""

import importlib.util
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import yaml

from rnn_utils.data.mnist import Dataset, load_mnist
from tools.chapters import finished_paths
from tools.check import PYTEST, chapters_stage

ROOT = Path(__file__).resolve().parent.parent
ROUNDS, TURNS = 3, 5
CHAPTERS = (1, 20, 60)  # more than there are
IMPORTS = {"python": "pass", "numpy": "import numpy", "rnn_utils": "import rnn_utils"}
FRAMEWORKS = ("tensorflow", "keras", "torch", "matplotlib")
# By who loads MNIST: what is imported before, and what is timed, in a folder that holds it as each of them keeps it.
# Keras's own check of the file is left out: it knows one file alone, of which ours is a copy number by number.
LOADERS = {
    "rnn_utils": ("from rnn_utils.data.mnist import load_mnist", "load_mnist()"),
    "keras": (
        "from keras.datasets.mnist import load_data; load_data.__globals__['get_file'] = lambda *_, **__: 'mnist.npz'",
        "load_data()",
    ),
    "torchvision": ("from torchvision.datasets import MNIST", "MNIST('.', train=True), MNIST('.', train=False)"),
}
TIMED = """
import time
{imports}
start = time.perf_counter()
{work}
print(time.perf_counter() - start)
"""
ASK_FOR_IT = (
    "tests/tools/test_study.py::test_every_committed_study_is_fresh_and_whole[house_speed]",
    "tests/tools/test_bench.py",
)
ON_COPIES = ["tests/notebooks", "tests/site", "-k", "_copy_"]


def run(command: list[str], folder: Path = ROOT, **environment: str) -> str:
    """Run a command and return what it printed."""
    result = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", env={**os.environ, **environment}
    )
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {result.returncode}:\n{result.stderr[-2000:]}")
    return result.stdout


def seconds(command: list[str], folder: Path = ROOT) -> float:
    """Return the seconds that a command takes, start of the process included."""
    start = time.perf_counter()
    run(command, folder)
    return time.perf_counter() - start


def imports(turn: int) -> dict[str, Any]:
    """Start Python with nothing, with NumPy and with this package, in turns; name the frameworks that came along."""
    times = [{name: seconds([sys.executable, "-c", told]) for name, told in IMPORTS.items()} for _ in range(TURNS)]
    told = f"import sys, json, rnn_utils; print(json.dumps([name for name in {FRAMEWORKS} if name in sys.modules]))"
    row = {name: round(median(each[name] for each in times), 4) for name in IMPORTS}
    return {**row, "frameworks": json.loads(run([sys.executable, "-c", told]))}


def loading(turn: int) -> dict[str, float]:
    """Load MNIST in new processes, the first of which warms the system's cache, by each loader that is installed."""
    digits = load_mnist()
    if digits.source != "mnist":
        raise RuntimeError("MNIST was not found; see the documentation of load_mnist.")
    installed = [name for name in LOADERS if importlib.util.find_spec(name)]
    with tempfile.TemporaryDirectory() as folder:
        put_for_others(digits, Path(folder))
        times: dict[str, list[float]] = {name: [] for name in installed}
        for _ in range(1 + TURNS):
            for name in installed:
                imports, work = LOADERS[name]
                told = TIMED.format(imports=imports, work=work)
                times[name].append(float(run([sys.executable, "-c", told], Path(folder))))
    return {name: round(median(each[1:]), 3) for name, each in times.items()}


def put_for_others(digits: Dataset, folder: Path) -> None:
    """Store MNIST as Keras keeps it, and as torchvision does."""
    parts = {"train": (digits.x_train, digits.y_train), "t10k": (digits.x_test, digits.y_test)}
    (x, y), (x_test, y_test) = parts.values()
    np.savez_compressed(folder / "mnist.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, (images, labels) in parts.items():
        for name, numbers in (("images-idx3", images), ("labels-idx1", labels)):
            head = struct.pack(f">{1 + numbers.ndim}I", 0x800 + numbers.ndim, *numbers.shape)  # 8: bytes
            (raw / f"{part}-{name}-ubyte").write_bytes(head + numbers.astype(np.uint8).tobytes())


def rendering(turn: int) -> dict[str, float]:
    """Render the book from scratch, which is what happens after one changed page as well."""
    with tempfile.TemporaryDirectory() as folder:
        return {"book": round(seconds([sys.executable, "-m", "tools.build", "--output", folder]), 2)}


def validating(turn: int) -> dict[str, float]:
    """Run the chapters of the last part and compare their outputs, as the tests do."""
    last = [path for path in finished_paths() if path.name >= "40"]
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        outcome = chapters_stage("last", {}, last, nowhere)
    if outcome.failed:
        raise RuntimeError(f"{outcome.failed} cells of the last part failed; see `make test STAGE=chapters`.")
    return {"last_part": round(outcome.seconds, 1)}


def testing() -> dict[str, float]:
    """Do all tests, but for those that ask whether this very row is there."""
    start = time.perf_counter()
    run([sys.executable, "-m", "tools.check"], PYTEST_ADDOPTS=" ".join(f"--deselect={test}" for test in ASK_FOR_IT))
    return {"seconds": round(time.perf_counter() - start, 1)}


def growth(chapters: int, turn: int) -> dict[str, float]:
    """Render the book with so many chapters more, copies of the first with labels of their own, and test these.

    They are held against the rules and seen in a browser; to run them would take as long for each.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "book"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".git", ".venv", "_build", "__pycache__", ".*_cache"))
        contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
        first = next((root / "notebooks").glob("01_*.ipynb")).read_text(encoding="utf-8")
        for number in range(chapters):
            path = root / "notebooks" / f"14_copy_{number}.ipynb"
            path.write_text(re.sub(r"\border-(?=[a-z])", f"copy{number}-order-", first), encoding="utf-8")
            contents["parts"][-1]["chapters"].append({"file": f"notebooks/{path.stem}"})
            with (root / "README.md").open("a", encoding="utf-8") as readme:
                readme.write(f"\n| [A copy](notebooks/{path.stem}.ipynb) | Does order matter, and why is it so? |\n")
        (root / "_toc.yml").write_text(yaml.safe_dump(contents), encoding="utf-8")
        book = seconds([sys.executable, "-m", "tools.build"], root)
        tests = seconds([sys.executable, *PYTEST, *ON_COPIES], root)
        return {"book": round(book, 1), "tests": round(tests, 1)}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key, in turns."""
    for turn in range(ROUNDS):
        yield from ((table, {"turn": turn}) for table in BRIEF)
        yield from (("growth", {"chapters": chapters, "turn": turn}) for chapters in CHAPTERS)
    yield "testing", {}


BRIEF = {"imports": imports, "loading": loading, "rendering": rendering, "validating": validating}
RUNS = {**BRIEF, "growth": growth, "testing": testing}
