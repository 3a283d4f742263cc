"""Fixtures for all tests: no network but this machine's, and one place to find the chapters."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import pytest_socket
from nbformat import NotebookNode

from tools.chapters import chapter_paths, finished_paths, is_draft, read

# As `setup` does: a process of tests may load TensorFlow first and make a PyTorch optimizer later.
sys.modules.setdefault("triton", None)


FRAMEWORKS = ("tensorflow", "keras", "tf_keras", "torch")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is marked with a framework that is not installed, before its fixtures are made."""
    for mark in item.iter_markers():
        if mark.name in FRAMEWORKS and importlib.util.find_spec(mark.name) is None:
            pytest.skip(f"{mark.name} is not installed")


def imported(name: str) -> ModuleType:
    """Import a module, or skip the test where a framework is missing that it needs."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name in FRAMEWORKS:
            pytest.skip(str(error))
        raise


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Close sockets; a test of a local server opens them to 127.0.0.1 with ``loopback``."""


@pytest.fixture
def loopback(no_network: None) -> None:
    """Open sockets again, to this machine alone."""
    pytest_socket.enable_socket()
    pytest_socket.socket_allow_hosts(["127.0.0.1"])


@pytest.fixture(autouse=True)
def book_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a test starts be of the usual extent, however much of the tests is run."""
    monkeypatch.delenv("RNN_UTILS_PROFILE", raising=False)


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    """Close what a test drew; matplotlib warns, and so fails a test, when too many figures stay open."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


def chapters() -> list[object]:
    """Return every chapter of the book as a parameter named after its file."""
    return [pytest.param(path, id=path.stem) for path in finished_paths()]


@pytest.fixture(params=[pytest.param(path, id=path.stem) for path in chapter_paths()])
def chapter_path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def any_chapter(chapter_path: Path) -> NotebookNode:
    """Return a chapter, be it a draft."""
    return read(chapter_path)


@pytest.fixture
def chapter(any_chapter: NotebookNode) -> NotebookNode:
    """Return a finished chapter."""
    if is_draft(any_chapter):
        pytest.skip("a draft")
    return any_chapter
