"""``python -m rnn_utils``: what it finds, what it brings, and one sentence where something is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_utils import __main__ as command
from rnn_utils.data import mnist
from rnn_utils.data.mirrors import Missing


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let what is asked of a framework be answered by scripts that a test may replace; no MNIST, nothing lacking."""
    for title in command.ASKED:
        monkeypatch.setitem(command.ASKED, title, f"words = ['{title} speaks', 'noise'];print('noise')\n")
    monkeypatch.setattr(command, "find_spec", lambda name: name)
    monkeypatch.setattr(command, "_lacking", list)
    monkeypatch.delenv("RNN_UTILS_DATA", raising=False)
    monkeypatch.delenv("RNN_UTILS_DEVICE", raising=False)
    monkeypatch.setenv("RNN_UTILS_OFFLINE", "1")
    monkeypatch.setenv("RNN_UTILS_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_doctor_says_what_each_framework_is_and_that_nothing_fails(pretended: Path, capsys) -> None:
    assert command.command_line(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for title in command.ASKED:
        assert f"{title:<11} {title} speaks, noise, setup chooses cpu, threads: 1" in lines
    assert any(line.startswith("MNIST       not here") and "fetch" in line for line in lines)
    assert any(line.startswith(f"Cache       {pretended / 'cache'}") and "GB free" in line for line in lines)
    assert lines[-1] == "Nothing was found that will fail."


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("raise ImportError('libcud.so is broken')", "PyTorch does not start (ImportError: libcud.so is broken)"),
        ("import os; os._exit(7)", "PyTorch does not start (its process ended with code 7)"),
        ("import os; os._exit(0)", "PyTorch does not start (its process ended with code 0)"),
    ],
)
def test_a_broken_framework_is_named_and_the_others_still_speak(pretended, capsys, monkeypatch, script, said) -> None:
    monkeypatch.setitem(command.ASKED, "PyTorch", script)
    assert command.command_line(["doctor"]) == 1
    out = capsys.readouterr().out
    assert f"Will fail: {said}" in out and "TensorFlow speaks" in out and "Nothing was found" not in out


def test_a_setting_that_cannot_be_used_is_said_as_setup_says_it(pretended, capsys, monkeypatch) -> None:
    monkeypatch.setenv("RNN_UTILS_THREADS", "many")
    assert command.command_line(["doctor"]) == 1
    said = "Will fail: setup: RNN_UTILS_THREADS is 'many'; expected a whole number of at least 1."
    assert said in capsys.readouterr().out.splitlines()


def test_a_framework_that_never_answers_is_left(pretended, capsys, monkeypatch) -> None:
    monkeypatch.setattr(command, "PATIENCE", 1)
    monkeypatch.setitem(command.ASKED, "TensorFlow", "import time; time.sleep(60)")
    assert command.command_line(["doctor"]) == 1
    assert "TensorFlow did not start within 1 seconds" in capsys.readouterr().out


def test_what_is_not_installed_is_named_with_the_way_to_get_it(pretended, capsys, monkeypatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "torch" else name)
    monkeypatch.setattr(command, "_lacking", lambda: ["pandas>=2.2"])
    assert command.command_line(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "PyTorch     not installed" in out and "run python -m pip install torch." in out
    assert 'Some chapters need pandas>=2.2; run python -m pip install "pandas>=2.2".' in out


def test_without_tensorflow_the_doctor_names_the_other_backend(pretended, capsys, monkeypatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "tensorflow" else name)
    assert command.command_line(["doctor"]) == 1
    assert "install tensorflow. Without it, chapters that import Keras alone run with KERAS_BACKEND=torch.\n" in (
        capsys.readouterr().out
    )


def test_an_unsupported_python_will_fail(pretended, capsys, monkeypatch) -> None:
    monkeypatch.setattr(command, "SUPPORTED", ((3, 0), (3, 1)))
    assert command.command_line(["doctor"]) == 1
    assert "Will fail: Python 3.11" in capsys.readouterr().out


def test_what_chapters_need_is_here_and_one_less_is_seen(monkeypatch) -> None:
    pytest.importorskip("pandas")
    assert command._lacking() == []
    whole = list(command.metadata.distributions())
    monkeypatch.setattr(command.metadata, "distributions", lambda: [one for one in whole if one.name != "pandas"])
    assert [line.partition(">")[0] for line in command._lacking()] == ["pandas"]


def test_data_that_is_spoilt_will_fail(pretended, capsys, monkeypatch) -> None:
    monkeypatch.setenv("RNN_UTILS_DATA", str(pretended / "nothing"))
    assert command.command_line(["doctor"]) == 1
    assert "Put MNIST's four .gz files there" in capsys.readouterr().out
    assert command.command_line(["fetch"]) == 1
    assert "Put MNIST's four .gz files there" in capsys.readouterr().err


def test_fetch_without_a_network_is_one_sentence_and_leaves_nothing(pretended: Path, capsys) -> None:
    pytest.importorskip("pooch")
    assert command.command_line(["fetch"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("fetch: ") and "RNN_UTILS_OFFLINE=1 forbids" in err and err.count("\n") == 1
    assert not (pretended / "cache").exists()


def test_fetch_tells_of_what_comes_and_then_that_it_is_there(pretended: Path, capsys, monkeypatch) -> None:
    pytest.importorskip("pooch")
    there = []

    def download(rows, mirrors, folder, tell) -> None:
        for come in (2**16, 2**20, 2**20 + 10):
            tell("http://mirror/one.gz", come, 2**20 + 10)
        there.append(folder)

    def read(folder: Path) -> dict:
        if not there:
            raise Missing("nothing is there")
        return {}

    monkeypatch.setenv("RNN_UTILS_OFFLINE", "0")
    monkeypatch.setattr(mnist, "download", download)
    monkeypatch.setattr(mnist, "_read", read)
    assert command.command_line(["fetch"]) == 0
    out, err = capsys.readouterr()
    folder = pretended / "cache" / "mnist"
    assert out == f"MNIST was fetched: {folder}\n"
    lines = [f"http://mirror/one.gz: {come} of 1,048,586 bytes" for come in ("1,048,576", "1,048,586")]
    assert err.splitlines() == lines
    assert command.command_line(["fetch"]) == 0
    assert capsys.readouterr() == (f"MNIST is there already: {folder}\n", "")


@pytest.mark.parametrize("words", [[], ["train"], ["doctor", "--fast"], ["fetch", "cifar"]])
def test_other_words_get_one_sentence(words: list[str], capsys) -> None:
    assert command.command_line(words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "--help" in err
    assert not words or words[-1] in err


@pytest.mark.parametrize("words", [["--help"], ["doctor", "--help"], ["fetch", "--help"]])
def test_help_has_an_example(words: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as left:
        command.command_line(words)
    assert left.value.code == 0
    assert "example: python -m rnn_utils" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.torch
def test_the_real_frameworks_speak(tmp_path: Path) -> None:
    environment = os.environ | {"RNN_UTILS_CACHE": str(tmp_path), "RNN_UTILS_OFFLINE": "1", "RNN_UTILS_DEVICE": "cpu"}
    line = [sys.executable, "-m", "rnn_utils", "doctor"]
    result = subprocess.run(line, capture_output=True, encoding="utf-8", env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    for title in command.ASKED:
        assert any(row.startswith(title) and "setup chooses cpu" in row for row in result.stdout.splitlines())
