"""The progress bar is drawn on a terminal, wiped at the end, and never stored in a notebook."""

import io
import os
import subprocess
import sys

import pytest

from rnn_utils.errors import SettingError
from rnn_utils.progress import watch
from tools.chapters import ROOT, kernel_environment

pytest.importorskip("tqdm")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar_and_it_is_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(watch(range(30, 100))) == list(range(30, 100))
    shown = terminal.getvalue()
    assert "30/100" in shown, "it begins where an earlier run was stopped"
    assert shown.endswith("\r")
    assert shown.split("\r")[-2].strip() == ""


def test_a_bar_that_is_left_early_is_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    for step in watch(range(100)):
        if step == 3:
            break
    assert terminal.getvalue().split("\r")[-2].strip() == ""


@pytest.mark.parametrize("shown", [True, False])
def test_without_a_terminal_nothing_is_written(
    shown: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(watch(range(3), shown)) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw
    assert list(watch(range(3), shown)) == [0, 1, 2]


def test_a_bar_that_is_not_wanted_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    list(watch(range(3), shown=False))
    assert terminal.getvalue() == ""


def test_without_tqdm_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(SettingError, match=r"pip install .*progress=False"):
        watch(range(3))


NOTEBOOK = """
import sys
import nbformat
from nbclient import NotebookClient

cell = nbformat.v4.new_code_cell(sys.argv[1])
notebook = nbformat.v4.new_notebook(cells=[cell])
NotebookClient(notebook, timeout=120, kernel_name="rnn-book").execute()
print("outputs:", cell.outputs)
"""
CELL = """
import numpy as np
import torch
from rnn_utils.train_torch import fit
net, x = torch.nn.Linear(1, 1), np.ones((8, 1))
history = fit(net, torch.optim.SGD(net.parameters(), 0.1), torch.nn.MSELoss(), x, x,
              steps=50, batch=4, rng=np.random.default_rng(0), progress=True)
assert history.step == [50]
"""


@pytest.mark.torch
def test_a_stored_notebook_holds_no_trace_of_it() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("nbclient")
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK, CELL],
        cwd=ROOT,
        env=os.environ | kernel_environment(),
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.stdout.strip() == "outputs: []", done.stderr[-2000:]
