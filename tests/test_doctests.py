"""Every example in a docstring runs and gives what it shows."""

import doctest
import importlib
import os
import sys

import numpy as np
import pytest

from rnn_utils import cells
from tools.chapters import ROOT

NUMPY_ALONE = [
    "cells", "checks", "claims", "clip", "convert", "environment", "gradcheck", "gru", "lstm", "nested",
    "parts", "rnn", "sequence", "show", "stack",
]  # fmt: skip
WITH_EXAMPLES = sorted(
    path.stem for path in (ROOT / "rnn_utils").glob("*.py") if ">>>" in path.read_text(encoding="utf-8")
)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())  # `setup` writes to it
    monkeypatch.setenv("MPLBACKEND", "agg")


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_hold(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "environment":  # else `setup` would set up the frameworks for the tests that follow
        for framework in ("matplotlib", "tensorflow", "torch"):
            monkeypatch.setitem(sys.modules, framework, None)
    if name in NUMPY_ALONE:
        module = importlib.import_module(f"rnn_utils.{name}")
    else:
        module = pytest.importorskip(f"rnn_utils.{name}", exc_type=ImportError)
    names = {"np": np, **{public: getattr(cells, public) for public in cells.__all__}}
    outcome = doctest.testmod(module, extraglobs=names, optionflags=OPTIONS)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_every_module_of_the_cells_has_an_example() -> None:
    assert set(NUMPY_ALONE) <= set(WITH_EXAMPLES)
