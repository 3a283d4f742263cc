import shutil
from pathlib import Path

import pytest

from rnn_utils.fingerprint import fingerprint
from tools.chapters import ROOT

CELLS = [
    "import torch\nfrom rnn_utils import claim, results",
    "claim('a-b', 'x', 1 + 1, '==', 2)",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "rnn_utils", tmp_path / "rnn_utils", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    (tmp_path / "book").mkdir()
    return tmp_path


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_comments_and_docstrings_do_not_count(root: Path) -> None:
    before = fingerprint(CELLS, root)
    replaced(
        root / "rnn_utils" / "claims.py",
        '"""Assert a sentence of the book',
        '# why\n    """Prove a sentence of the book',
    )
    assert fingerprint([CELLS[0] + "  # the framework", CELLS[1]], root) == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("rnn_utils/claims.py", "operator.gt", "operator.ge"),
        ("rnn_utils/show.py", 'GLUE_PREFIX = "application', 'GLUE_PREFIX = "text'),  # reached through claims
        ("requirements.txt", "torch==2.13.0", "torch==2.14.0"),
        ("requirements.txt", "\nnumpy==", "\nnumpy==9."),
    ],
)
def test_what_changes_results_changes_the_fingerprint(root: Path, file: str, old: str, new: str) -> None:
    before = fingerprint(CELLS, root)
    replaced(root / file, old, new)
    assert fingerprint(CELLS, root) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("rnn_utils/data.py", "import", "import  os\nimport"),  # a helper that these cells do not use
        ("requirements.txt", "tensorflow==2.21.0", "tensorflow==2.22.0"),  # a framework that they do not use
        ("rnn_utils/results.py", "indent=1", "indent=2"),  # how rows are kept
    ],
)
def test_what_does_not_matter_does_not_count(root: Path, file: str, old: str, new: str) -> None:
    before = fingerprint(CELLS, root)
    replaced(root / file, old, new)
    assert fingerprint(CELLS, root) == before


def test_code_counts(root: Path) -> None:
    assert fingerprint(CELLS, root) != fingerprint([CELLS[0], CELLS[1].replace("2", "3")], root)


def test_a_named_study_counts(root: Path) -> None:
    study = root / "benchmarks" / "results" / "seeds.json"
    study.write_text("{}")
    cells = [*CELLS, "runs = load('seeds')"]
    before = fingerprint(cells, root)
    study.write_text('{"rows": 1}')
    assert fingerprint(cells, root) != before


def test_named_data_counts_by_its_registered_hash(root: Path) -> None:
    cells = ["from rnn_utils.data import load_mnist", "load_mnist()"]
    before = fingerprint(cells, root)
    replaced(root / "rnn_utils" / "registry.toml", "440fcabf73cc546fa", "550fcabf73cc546fa")
    assert fingerprint(cells, root) != before
