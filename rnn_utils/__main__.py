"""The command line: ``python -m rnn_utils doctor`` and ``python -m rnn_utils fetch``."""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from typing import NoReturn

from rnn_utils.data.mirrors import Missing, needed
from rnn_utils.data.mnist import mnist_cache, mnist_folder
from rnn_utils.errors import BookError, SettingError

COMMANDS = {
    "doctor": "say what the notebooks will find on this machine, and what to do where they would fail",
    "fetch": "download MNIST (12 MB) to the cache, unless it is there",
}
EXAMPLE = "example: python -m rnn_utils {}; ends with 0 if all is well, with 1 if not"
SUPPORTED = ((3, 11), (3, 13))  # as pyproject.toml has it
PATIENCE = 120  # seconds: a framework starts slowly just after it was installed

# What a framework is asked, each in a process of its own: it may be noisy or broken, or end the process.
ASKED = {
    "NumPy": "import numpy; words = [numpy.__version__]",
    "TensorFlow": """
import keras, tensorflow
cuda = tensorflow.sysconfig.get_build_info().get("cuda_version")
words = [tensorflow.__version__, f"built for CUDA: {cuda or 'no'}",
         f"cards: {len(tensorflow.config.list_physical_devices('GPU'))}",
         f"Keras {keras.__version__} computes with {keras.config.backend()}"]
""",
    "PyTorch": """
import torch
cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
words = [torch.__version__, f"built for CUDA: {torch.version.cuda or 'no'}", f"cards: {cards}"]
""",
}
ANSWER = """
from rnn_utils import setup
chosen = setup(0)
print("\\nsetup: " + ", ".join([*words, f"setup chooses {chosen.device}, threads: {chosen.threads}"]))
"""
PACKAGES = {"NumPy": "numpy", "TensorFlow": "tensorflow", "PyTorch": "torch"}
INSTEAD = {"TensorFlow": " Without it, chapters that import Keras alone run with KERAS_BACKEND=torch."}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingError(f"{message}; see python -m rnn_utils --help")  # one sentence, not a paragraph


def command_line(arguments: list[str]) -> int:
    """Do what the words after ``python -m rnn_utils`` ask for.

    Returns
    -------
    int
        The exit code: 0 if all is well, 1 if something fails, 2 if the words cannot be understood.
    """
    parser = _Parser(prog="python -m rnn_utils", epilog=EXAMPLE.format("doctor"))
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in COMMANDS.items():
        commands.add_parser(name, help=what, description=what, epilog=EXAMPLE.format(name))
    try:
        command = parser.parse_args(arguments).command
    except SettingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        return doctor() if command == "doctor" else fetch()
    except (BookError, Missing, OSError) as error:
        sys.stderr.write(f"{command}: {error}\n")
        return 1


def doctor() -> int:
    """Print what the notebooks will find here; return 1 if something will fail.  Downloads nothing."""
    print(f"Python      {platform.python_version()} on {platform.platform()}, cores: {os.cpu_count()}")
    fails = []
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        fails.append("Python 3.11, 3.12 and 3.13 are supported; make an environment with one of these.")
    for title in ASKED:
        says, problem = _ask(title)
        print(f"{title:<11} {says}")
        fails += problem
    if lacking := _lacking():
        wanted = " ".join(f'"{package}"' for package in lacking)
        fails.append(f"Some chapters need {', '.join(lacking)}; run python -m pip install {wanted}.")
    try:
        print(f"MNIST       {mnist_folder()}, each SHA-256 is right")
    except Missing as reason:
        print(f"MNIST       not here ({reason}); python -m rnn_utils fetch brings it")
        print("            without it, chapters read scikit-learn's digits and get other numbers than the book")
    except (BookError, OSError) as error:
        fails.append(str(error))
    cache = mnist_cache()
    there = next(place for place in (cache, *cache.parents) if place.exists())
    print(f"Cache       {cache}, {shutil.disk_usage(there).free / 1e9:.1f} GB free")
    print("", *[f"Will fail: {problem}" for problem in fails] or ["Nothing was found that will fail."], sep="\n")
    return 1 if fails else 0


def _ask(title: str) -> tuple[str, list[str]]:
    """Return what a framework says of itself, and what will fail: an empty list, if all is well."""
    if find_spec(PACKAGES[title]) is None:
        bring = f"run python -m pip install {PACKAGES[title]}.{INSTEAD.get(title, '')}"
        return "not installed", [f"{title} is not installed; {bring}"]
    try:
        command = [sys.executable, "-c", ASKED[title] + ANSWER]
        child = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return "did not answer", [f"{title} did not start within {PATIENCE} seconds; try again."]
    answers = [line for line in child.stdout.splitlines() if line.startswith("setup: ")]
    if child.returncode == 0 and answers:
        return answers[-1].removeprefix("setup: "), []
    last = (child.stderr.strip().splitlines() or [f"its process ended with code {child.returncode}"])[-1]
    if "SettingError: " in last:
        return "set up wrongly", [last.partition("SettingError: ")[2]]
    return "does not start", [f"{title} does not start ({last}); install it again."]


def _lacking() -> list[str]:
    """Name the packages of the extra ``chapters`` that are not installed; unknown where this one is not either."""
    found = {one.name.lower().replace("_", "-") for one in metadata.distributions() if one.name}
    asked = [line.split(";") for line in metadata.requires("rnn-utils") or []] if "rnn-utils" in found else []
    names = [name.strip() for name, *when in asked if "chapters" in "".join(when)]
    return [name for name in names if name.partition(">")[0].lower() not in found]


def fetch() -> int:
    """Download MNIST to the cache, unless it is there or ``RNN_UTILS_DATA`` names another folder."""
    try:
        print(f"MNIST is there already: {mnist_folder()}")
    except Missing:
        needed("pooch").get_logger().setLevel("WARNING")  # our lines stand for its own

        def tell(address: str, come: int, expected: int) -> None:
            if come == expected or come % 2**20 == 0:  # pieces are 64 KiB
                print(f"{address}: {come:,} of {expected:,} bytes", file=sys.stderr)

        print(f"MNIST was fetched: {mnist_folder(bring=True, tell=tell)}")
    return 0


if __name__ == "__main__":
    sys.exit(command_line(sys.argv[1:]))
