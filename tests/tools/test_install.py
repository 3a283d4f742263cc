"""The installing: nothing half installed is trusted, errors are seen, and no probe holds anybody up."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import product
from pathlib import Path

import pytest

from tools import install
from tools.install import GROUPS, ROOT


def test_an_unsupported_python_is_told_at_once() -> None:
    code = (
        "import sys, runpy; sys.version_info = (3, 14, 0); sys.argv = sys.argv[1:] + ['render']\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-c", code, str(ROOT / "tools" / "install.py")]
    result = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert result.returncode == 1
    assert "expected 3.11, 3.12 or 3.13" in result.stderr


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace what `install` runs: the commands are noted, and `venv` makes a Python."""
    noted: list[str] = []

    def run(command: list[str]) -> int:
        noted.append(" ".join(command))
        if "venv" in command:
            python = Path(command[-1], "bin", "python")
            python.parent.mkdir()
            python.touch()
        return 0

    monkeypatch.setattr(install, "run", run)
    monkeypatch.setattr(install, "torch_index", lambda: ["--extra-index-url", "cpu"])
    return noted


def fails(code: int | BaseException, at: str) -> Callable[[list[str]], int]:
    """Return what runs commands in place of `install.run`, until one that names ``at`` fails."""
    run = install.run

    def run_or_fail(command: list[str]) -> int:
        if at not in " ".join(command):
            return run(command)
        if isinstance(code, int):
            return code
        raise code

    return run_or_fail


def test_the_book_needs_no_framework_and_asks_for_none(tmp_path: Path, commands: list[str]) -> None:
    install.install("render", tmp_path / "venv")
    assert len(commands) == 3
    assert commands[2].endswith("[render]")
    assert not any("cpu" in command for command in commands)


def test_what_is_installed_is_not_installed_again(tmp_path: Path, commands: list[str]) -> None:
    for group in ("test", "render", "test"):
        install.install(group, tmp_path / "all")
    assert len(commands) == 3
    assert "--extra-index-url cpu" in commands[2]
    for group in ("cells", "render", "cells", "render"):
        install.install(group, tmp_path / "two")
    assert len(commands) == 3 + 3 + 2


def test_a_changed_lock_is_installed(tmp_path: Path, commands: list[str]) -> None:
    install.install("render", tmp_path / "venv")
    os.utime(tmp_path / "venv" / ".render", (0, 0))
    install.install("render", tmp_path / "venv")
    assert sum("venv" in command.split() for command in commands) == 1
    assert sum("[render]" in command for command in commands) == 2


@pytest.mark.parametrize(
    ("code", "at"),
    [
        *product([-9, KeyboardInterrupt()], ["-m venv", "setuptools", "--editable"]),
        pytest.param(1, "-m venv", id="Debian without python3-venv"),
    ],
)
def test_an_install_that_was_cut_off_is_begun_again(
    tmp_path: Path, commands: list[str], monkeypatch: pytest.MonkeyPatch, code: int | BaseException, at: str
) -> None:
    folder = tmp_path / "venv"
    if at != "-m venv":
        install.install("render", folder)
    with monkeypatch.context() as patch:
        patch.setattr(install, "run", fails(code, at))
        with pytest.raises((SystemExit, KeyboardInterrupt)):
            install.install("test", folder)
    (folder / "lib").mkdir()
    (folder / "lib64").symlink_to(tmp_path)  # a folder that must not be followed
    assert not any((folder / f".{name}").exists() for name in GROUPS)
    commands.clear()
    install.install("test", folder)
    assert len(commands) == 3
    assert sorted(path.name for path in folder.iterdir()) == [".cells", ".publish", ".render", ".test", "bin"]


def test_what_pip_refused_by_itself_costs_no_new_beginning(
    tmp_path: Path, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install.install("render", tmp_path / "venv")
    with monkeypatch.context() as patch:
        patch.setattr(install, "run", fails(7, "--editable"))
        with pytest.raises(SystemExit, match="7"):
            install.install("test", tmp_path / "venv")
    install.install("test", tmp_path / "venv")
    assert sum("venv" in command.split() for command in commands) == 1


def test_emptying_can_be_cut_off_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / ".unfinished"
    mark.touch()
    (tmp_path / "lib").mkdir()
    monkeypatch.setattr(shutil, "rmtree", lambda path: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        install.empty(tmp_path, mark)
    assert mark.exists()


def test_errors_are_whole_and_noise_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    said = ["WARNING: Location 'file:///x/' is ignored: it is neither a file nor a directory.", "ERROR: no", "  why"]
    code = f"import sys; print(*{said!r}, sep='\\n', file=sys.stderr); sys.exit(3)"
    assert install.run([sys.executable, "-c", code]) == 3
    lines = capfd.readouterr().err.splitlines()
    assert lines[:2] == said[1:]
    assert lines[2].startswith("This failed, with exit code 3: ")


def test_two_installs_wait_for_each_other(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    command = [sys.executable, str(ROOT / "tools" / "install.py"), "render", "--into", str(tmp_path)]
    (tmp_path / ".render").touch()  # nothing is left to do
    with (ROOT / "tools" / "install.py").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(command)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
    assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("setting", "card", "reached", "asked"),
    [("", False, True, True), ("", True, True, False), ("", False, False, False), ("default", False, True, False)],
)
def test_the_cpu_index_is_asked_where_it_helps(
    monkeypatch: pytest.MonkeyPatch, setting: str, card: bool, reached: bool, asked: bool
) -> None:
    monkeypatch.setenv("RNN_UTILS_TORCH", setting)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(install, "has_card", lambda: card)
    monkeypatch.setattr(install, "answers", lambda address: reached)
    expected = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"] if asked else []
    assert install.torch_index() == expected


def test_a_torch_that_is_not_known_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_UTILS_TORCH", "cuda")
    with pytest.raises(SystemExit, match="RNN_UTILS_TORCH is 'cuda'; expected `default`"):
        install.torch_index()


class Answer(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


def test_an_index_that_answers_is_found(loopback: None) -> None:
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert install.answers(f"http://127.0.0.1:{server.server_port}", 30)


def test_an_index_that_does_not_answer_holds_nobody_up(
    loopback: None, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.perf_counter()
        assert not install.answers(address, 0.2)
        monkeypatch.setattr(install, "urlopen", lambda *_, **__: time.sleep(9))  # a name that is looked up for ever
        assert not install.answers(address, 0.2)
        assert time.perf_counter() - started < 5
    assert not install.answers(address, 30)  # refused at once
    assert capfd.readouterr() == ("", "")
