"""Run everything and compare (`make test`): helpers, chapters on three settings, the rendered book, other Pythons.

How much of it, ``RNN_UTILS_PROFILE`` says (`tools.profiles`).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple, TextIO

from rnn_utils.data.mnist import mnist_source
from tools import pythons
from tools.chapters import (
    META,
    ROOT,
    chapter_paths,
    finished_paths,
    kernel_environment,
    probed_environment,
    read,
    seconds,
)
from tools.checking import share_that_only_checks
from tools.processors import earlier, native
from tools.profiles import in_turn, profile

# Three at a time: some of these tests wait for programs that they start.
UNIT = ["tests", "--ignore=tests/site", "--ignore=tests/data/test_mnist.py", "-n", "3"]
PYTEST = ["-m", "pytest", "-p", "no:cacheprovider", "--quiet", "-n", "2"]
NBVAL = ["--nbval", "--nbval-kernel-name=rnn-book", "--nbval-cell-timeout=900", "--nbval-kernel-startup-timeout=120"]
# Files, not cells, go to the two workers; nbval itself leaves handles open, so warnings stay warnings.
NBVAL += ["-p", "tools.nbval_plugin", "--dist=loadfile", "-W", "default"]

# Two workers on two cores: more threads would only wait for each other.
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}

# What needs NumPy alone, and so runs on another Python at the price of seconds.
FRAMEWORKS = ("test_convert", "test_parity_keras", "test_parity_torch")
CELLS = sorted(str(path) for path in (ROOT / "tests" / "cells").glob("test_*.py") if path.stem not in FRAMEWORKS)


# Stages that a profile leaves out.
LEFT_OUT = {
    "quick": ("pythons", "chapters-isa", "chapters-digits", "chapters-card"),
    "book": ("chapters-card",),
    "full": (),
}


class Outcome(NamedTuple):
    """What a stage came to."""

    stage: str
    passed: int
    failed: int
    skipped: int
    seconds: float


def main() -> int:
    """Run the stages, all of them even if one fails; return the number of failures."""
    stages: dict[str, Callable[[str], Outcome]] = {
        "unit": lambda name: pytest_stage(name, UNIT),
        # Alone: these tests hold time limits against the clock.
        "data": lambda name: pytest_stage(name, ["tests/data/test_mnist.py", "-n", "0"]),
        "book": book_stage,
        "pythons": pythons_stage,
        # One by one: two long tests stand side by side, and shall not wait for each other in one worker.
        "site": lambda name: pytest_stage(name, ["tests/site", "--maxschedchunk=1"]),
        "chapters": lambda name: chapters_stage(name, {}),
        "chapters-isa": lambda name: chapters_stage(name, other_instructions(), a_third(finished_paths())),
        "chapters-digits": digits_stage,
        "chapters-card": card_stage,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "stages", nargs="*", metavar="stage", help=f"which (default all of the profile): {', '.join(stages)}"
    )
    parser.add_argument("--chapter", help="hold one chapter against the rules and run it, and nothing else")
    asked = parser.parse_args()
    if asked.chapter is not None:
        stages = one_chapter(asked.chapter)
    left_out = LEFT_OUT[profile()]
    chosen = asked.stages or [name for name in stages if name not in left_out]
    if unknown := [name for name in chosen if name not in stages]:
        parser.error(f"no stage {unknown[0]!r}; expected {', '.join(stages)}")
    os.environ.update(probed_environment())
    outcomes = []
    # One chapter keeps one core busy, and installing for other Pythons the other; what it says waits for its turn.
    with ThreadPoolExecutor() as beside, tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        for name in chosen:
            print(f"\n== {name} ==", flush=True)
            if name == "pythons" and "chapters-digits" in chosen:
                begun = beside.submit(digits_stage, "chapters-digits", said)
                stages["chapters-digits"] = partial(spoken, said, begun)
            outcomes.append(stages[name](name))
            print(f"{name}: {outcomes[-1].seconds:.0f} s", flush=True)
    return summed_up(outcomes)


def spoken(said: TextIO, begun: Future[Outcome], name: str) -> Outcome:
    """Wait for a stage that was begun beside another, and print what it has said."""
    outcome = begun.result()
    said.seek(0)
    print(said.read(), end="", flush=True)
    return outcome


def one_chapter(number: str) -> dict[str, Callable[[str], Outcome]]:
    """Return the stages of one chapter: the rules, and its outputs."""
    (path,) = chapter_paths(number)
    print(f"{share_that_only_checks(read(path).cells):.0%} of the code lines on its page only check.")
    return {
        "rules": lambda name: pytest_stage(name, ["tests/notebooks", "-n", "0", "-k", path.stem]),
        "chapter": lambda name: chapters_stage(name, {}, [path]),
    }


def pytest_stage(
    name: str,
    arguments: list[str],
    environment: dict[str, str] | None = None,
    python: str = sys.executable,
    said: TextIO | None = None,
) -> Outcome:
    """Run pytest and count from its own record."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "junit.xml"
        brief = ["-m", "not slow"] if profile() == "quick" else []
        command = [python, *PYTEST, f"--junit-xml={record}", *brief, *arguments]
        settings = {**os.environ, **ONE_THREAD, **(environment or {})}
        result = subprocess.run(command, cwd=ROOT, env=settings, stdout=said, stderr=said)
        suite = ET.parse(record).getroot()[0].attrib if record.exists() else {}
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    skipped = int(suite.get("skipped", 0))
    passed = int(suite.get("tests", 0)) - failed - skipped
    # A run that collected nothing, or broke before its tests, has failed however few it counted.
    failed = max(failed, 1) if result.returncode else failed
    return Outcome(name, passed, failed, skipped, time.perf_counter() - start)


def book_stage(name: str) -> Outcome:
    """Render the book; one pass or one failure."""
    start = time.perf_counter()
    broken = subprocess.run([sys.executable, "-m", "tools.build"], cwd=ROOT).returncode != 0
    return Outcome(name, int(not broken), int(broken), 0, time.perf_counter() - start)


def pythons_stage(name: str) -> Outcome:
    """Test the cells on every other supported Python found here; `tests/site/test_social.py` builds the book there."""
    start = time.perf_counter()
    others = pythons.others()
    if not others:
        print(f"Skipped: no supported Python but {sys.version.split()[0]} was found.")
        return Outcome(name, 0, 0, 1, 0.0)
    outcomes = []
    for version, program in others.items():
        if python := pythons.prepare(version, program, "cells"):
            print(f"the cells on {version}:", flush=True)
            outcomes.append(pytest_stage(version, CELLS, python=python))
        else:
            outcomes.append(Outcome(version, 0, 1, 0, 0.0))
    counts = [sum(outcome[i] for outcome in outcomes) for i in (1, 2, 3)]
    return Outcome(name, *counts, time.perf_counter() - start)


def chapters_stage(
    name: str, extra: dict[str, str], paths: list[Path] | None = None, said: TextIO | None = None
) -> Outcome:
    """Run chapters, none of them a draft, under nbval, the longest first, and compare what they print and draw."""
    paths = longest_first(paths or finished_paths())
    return pytest_stage(name, [*map(str, paths), *NBVAL], {**kernel_environment(), **extra}, said=said)


def longest_first(paths: list[Path]) -> list[Path]:
    """Return chapters by the time they take."""
    return sorted(paths, key=lambda path: -seconds(read(path), path.name))


def a_third(paths: list[Path]) -> list[Path]:
    """Return every third chapter, by the time it takes."""
    return in_turn(longest_first(paths), 3)


def other_instructions() -> dict[str, str]:
    """Return the settings that make this processor compute like an earlier one, where it can."""
    name, chosen = next(iter(earlier().items()), (native(), {}))
    print(f"as another processor ({name}):", " ".join(f"{key}={value}" for key, value in chosen.items()))
    return chosen


def digits_stage(name: str, said: TextIO | None = None) -> Outcome:
    """Where the other stages had MNIST, run one of its chapters with the digits that everybody has."""
    if mnist_source() != "mnist":
        print("The chapters above ran on the embedded digits already.", file=said)
        return Outcome(name, 0, 0, 0, 0.0)
    paths = [path for path in finished_paths() if read(path).metadata.get(META, {}).get("data") == "mnist"]
    with tempfile.TemporaryDirectory() as empty:
        nowhere = {"RNN_UTILS_DATA": "", "RNN_UTILS_OFFLINE": "1", "RNN_UTILS_CACHE": empty}
        return chapters_stage(name, nowhere, in_turn(paths, len(paths)), said)


def card_stage(name: str) -> Outcome:
    """Check the claims of all chapters with a graphics card in sight; skipped where there is none."""
    start = time.perf_counter()
    code = "import torch; print(torch.cuda.is_available() or torch.backends.mps.is_available())"
    if subprocess.check_output([sys.executable, "-c", code], encoding="utf-8").strip() != "True":
        print("Skipped: PyTorch sees no graphics card.")
        return Outcome(name, 0, 0, 1, 0.0)
    command, settings = [sys.executable, "-m", "tools.run", "--check"], {**os.environ, "RNN_UTILS_DEVICE": "auto"}
    failed = subprocess.run(command, cwd=ROOT, env=settings).returncode
    return Outcome(name, len(chapter_paths()) - failed, failed, 0, time.perf_counter() - start)


def summed_up(outcomes: list[Outcome]) -> int:
    """Print a line a stage and the total; return the number of failures."""
    print("\n== summary ==")
    for stage, passed, failed, skipped, taken in outcomes:
        verdict = "FAILED" if failed else "passed"
        print(f"{stage:<16} {verdict}  {passed:>4} passed {failed:>3} failed {skipped:>3} skipped  {taken:>5.0f} s")
    passed, failed, skipped = (sum(outcome[i] for outcome in outcomes) for i in (1, 2, 3))
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return min(failed, 100)


if __name__ == "__main__":
    sys.exit(main())
