"""Fixtures for all tests: no network but this machine's, and one place to find the chapters."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket
from nbformat import NotebookNode

from tools.chapters import chapter_paths, finished_paths, is_draft, read

# As `setup` does: a process of tests may load TensorFlow first and make a PyTorch optimizer later.
sys.modules.setdefault("triton", None)


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Close sockets; a test of a local server opens them to 127.0.0.1 with ``loopback``."""


@pytest.fixture
def loopback(no_network: None) -> None:
    """Open sockets again, to this machine alone."""
    pytest_socket.enable_socket()
    pytest_socket.socket_allow_hosts(["127.0.0.1"])


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
