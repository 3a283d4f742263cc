"""A fingerprint counts what can change a row, and nothing else."""

from pathlib import Path

import pytest

from tools.slices import fingerprint

STUDY = '''"""A study."""
import torch

from rnn_utils import setup
from rnn_utils.nets.small import train

RECIPES = {"slow": {"rate": 0.1}, "fast": {"rate": 0.5}}  # by name
STEPS, OTHER = 3, 4
STEPS += 1


def run(recipe: str, seed: int) -> dict:
    """Train."""
    from rnn_utils.chapters import helper

    torch.manual_seed(setup(seed))
    return {"error": helper.measure(train(RECIPES[recipe], STEPS, "digits"))}


def another() -> int:
    return OTHER
'''
FILES = {
    "benchmarks/study.py": STUDY,
    "rnn_utils/__init__.py": "from rnn_utils.environment import setup\n",
    "rnn_utils/environment.py": "def setup(seed):\n    return seed\n",
    "rnn_utils/errors.py": "class SettingError(Exception):\n    pass\n",
    "rnn_utils/nets/small.py": (
        "from rnn_utils.errors import SettingError\n\n\n@staticmethod\ndef train(recipe, steps, data):\n"
        "    if not steps:\n        raise SettingError\n    return UNITS * steps\n\n\n"
        "UNITS = 2\n\n\ndef unused():\n    return 1\n"
    ),
    "rnn_utils/chapters/helper.py": "def measure(net):\n    return net * 2\n",
    "rnn_utils/data/registry.toml": (
        '[[files]]\ndataset = "digits"\nname = "digits"\nsha256 = "aa"\n\n'
        '[[files]]\ndataset = "others"\nname = "others"\nsha256 = "bb"\n'
    ),
    "requirements.txt": "numpy==2.4.6\ntensorflow==2.21.0\ntorch==2.13.0\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def slow(root: Path) -> str:
    return fingerprint(root / "benchmarks" / "study.py", "run", frozenset({"slow"}), root)


def replaced(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("benchmarks/study.py", '"slow": {"rate": 0.1}', '"slow": {"rate": 0.2}'),
        ("benchmarks/study.py", "STEPS += 1", "STEPS += 2"),
        ("benchmarks/study.py", "STEPS, OTHER = 3, 4", "STEPS, OTHER = 5, 4"),
        ("rnn_utils/nets/small.py", "UNITS = 2", "UNITS = 3"),  # reached through a function of another module
        ("rnn_utils/nets/small.py", "@staticmethod", "@classmethod"),
        ("rnn_utils/chapters/helper.py", "* 2", "* 3"),  # imported inside the function, used as an attribute
        ("rnn_utils/environment.py", "return seed", "return seed + 1"),  # handed on by the package
        ("rnn_utils/data/registry.toml", '"aa"', '"cc"'),
        ("requirements.txt", "torch==2.13.0", "torch==2.14.0"),
        ("requirements.txt", "numpy==2.4.6", "numpy==2.5.0"),
    ],
)
def test_what_can_change_a_row_counts(root: Path, file: str, old: str, new: str) -> None:
    before = slow(root)
    replaced(root, file, old, new)
    assert slow(root) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("benchmarks/study.py", '"""Train."""', '"""Train a net,\n\n    slowly."""'),
        ("benchmarks/study.py", "  # by name", "  # by the name of the recipe"),
        ("benchmarks/study.py", '"fast": {"rate": 0.5}', '"fast": {"rate": 0.6}'),  # another row's recipe
        ("benchmarks/study.py", "return OTHER", "return OTHER + 1"),
        ("benchmarks/study.py", "\n\n\ndef another", "\n\n\n\n# a pause\ndef another"),
        ("rnn_utils/nets/small.py", "return 1", "return 2"),
        ("rnn_utils/errors.py", "pass", "code = 1"),  # messages change no number
        ("rnn_utils/data/registry.toml", '"bb"', '"cc"'),  # a data set that it does not name
        ("requirements.txt", "tensorflow==2.21.0", "tensorflow==2.22.0"),  # a framework that it does not use
    ],
)
def test_what_cannot_change_a_row_does_not_count(root: Path, file: str, old: str, new: str) -> None:
    before = slow(root)
    replaced(root, file, old, new)
    assert slow(root) == before


def test_a_program_that_a_run_starts_counts(root: Path) -> None:
    replaced(root, "benchmarks/study.py", '"digits"))}', '"digits", "cluster/train.py"))}')
    program = root / "benchmarks" / "cluster" / "train.py"
    program.parent.mkdir()
    program.write_text("RATE = 1  # an hour\n", encoding="utf-8")
    before = slow(root)
    replaced(root, "benchmarks/cluster/train.py", "an hour", "a minute")
    assert slow(root) == before
    replaced(root, "benchmarks/cluster/train.py", "RATE = 1", "RATE = 2")
    assert slow(root) != before


def test_a_definition_may_move(root: Path) -> None:
    before = slow(root)
    (root / "rnn_utils" / "nets" / "small.py").rename(root / "rnn_utils" / "nets" / "tiny.py")
    replaced(root, "benchmarks/study.py", "nets.small", "nets.tiny")
    assert slow(root) == before


def test_the_fingerprint_is_the_same_on_every_python(root: Path) -> None:
    assert slow(root) == "7a79b6e4f0fb8913"
