"""Every example in a docstring runs and gives what it shows."""

import doctest
import os
import sys

import numpy as np
import pytest

from rnn_utils import cells
from tests.conftest import imported
from tools.chapters import ROOT

WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "rnn_utils").rglob("*.py")
    if ">>>" in path.read_text(encoding="utf-8")
)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())  # `setup` writes to it
    monkeypatch.setenv("MPLBACKEND", "agg")


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_hold(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "rnn_utils.environment":  # else `setup` would set up the frameworks for the tests that follow
        for framework in ("matplotlib", "tensorflow", "torch"):
            monkeypatch.setitem(sys.modules, framework, None)
    module = imported(name)
    names = {"np": np, **{public: getattr(cells, public) for public in cells.__all__}}
    outcome = doctest.testmod(module, extraglobs=names, optionflags=OPTIONS)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_every_module_of_the_cells_has_an_example() -> None:
    modules = {f"rnn_utils.cells.{path.stem}" for path in (ROOT / "rnn_utils" / "cells").glob("[a-z]*.py")}
    assert modules <= set(WITH_EXAMPLES)
