"""What the book itself costs: an import, loading MNIST, rendering, and how rendering grows with the chapters.

Run ``make study STUDY=house_speed`` (ten minutes) while nothing else computes; needs MNIST.
Times are seconds.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
ROUNDS, TURNS = 3, 5
CHAPTERS = (1, 20, 60)  # more than there are
IMPORTS = {"python": "pass", "numpy": "import numpy", "rnn_utils": "import rnn_utils"}
FRAMEWORKS = ("tensorflow", "keras", "torch", "matplotlib")
LOAD = """
import time, rnn_utils.data.mnist as mnist
start = time.perf_counter()
assert mnist.load_mnist().source == "mnist"
print(time.perf_counter() - start)
"""


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
    """Load MNIST in new processes, the first of which warms the system's cache."""
    times = [float(run([sys.executable, "-c", LOAD])) for _ in range(1 + TURNS)]
    return {"load_mnist": round(median(times[1:]), 3)}


def rendering(turn: int) -> dict[str, float]:
    """Render the book from scratch, which is what happens after one changed page as well."""
    with tempfile.TemporaryDirectory() as folder:
        return {"book": round(seconds([sys.executable, "-m", "tools.build", "--output", folder]), 2)}


def growth(chapters: int, turn: int) -> dict[str, float]:
    """Render the book with so many chapters more, copies of the first with labels and names of their own."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("benchmarks", "book", "notebooks", "rnn_utils", "tools"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in (ROOT / name for name in ("_config.yml", "README.md", "pyproject.toml", "requirements.txt")):
            shutil.copy(path, root)
        contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
        first = next((root / "notebooks").glob("01_*.ipynb")).read_text(encoding="utf-8")
        for number in range(chapters):
            path = root / "notebooks" / f"14_copy_{number}.ipynb"
            path.write_text(re.sub(r"\border-(?=[a-z])", f"copy{number}-order-", first), encoding="utf-8")
            contents["parts"][-1]["chapters"].append({"file": f"notebooks/{path.stem}"})
            with (root / "README.md").open("a", encoding="utf-8") as readme:
                readme.write(f"\n| [A copy](notebooks/{path.stem}.ipynb) | Does order matter? |\n")
        (root / "_toc.yml").write_text(yaml.safe_dump(contents), encoding="utf-8")
        return {"book": round(seconds([sys.executable, "-m", "tools.build"], root), 1)}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key, in turns."""
    for turn in range(ROUNDS):
        yield from ((table, {"turn": turn}) for table in ("imports", "loading", "rendering"))
        yield from (("growth", {"chapters": chapters, "turn": turn}) for chapters in CHAPTERS if turn == 0)


RUNS = {"imports": imports, "loading": loading, "rendering": rendering, "growth": growth}
