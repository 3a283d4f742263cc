"""Every example in a docstring runs and gives what it shows."""

import doctest
import importlib

import numpy as np
import pytest

from rnn_utils import cells

NUMPY_ALONE = [
    "cells",
    "checks",
    "clip",
    "convert",
    "gradcheck",
    "gru",
    "lstm",
    "nested",
    "parts",
    "rnn",
    "sequence",
    "stack",
]


@pytest.mark.parametrize("name", NUMPY_ALONE)
def test_examples_hold(name: str) -> None:
    module = importlib.import_module(f"rnn_utils.{name}")
    names = {"np": np, **{public: getattr(cells, public) for public in cells.__all__}}
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    outcome = doctest.testmod(module, extraglobs=names, optionflags=options)
    assert outcome.attempted > 0
    assert outcome.failed == 0
