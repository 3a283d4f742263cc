"""A change that leaves the numbers alone is shown on rows; one that does not is told, and stores nothing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.chapters import ROOT

STUDY = """\
import time

SCALE = {"RNN": 0.5, "LSTM": 0.25}


def run(net: str, seed: int) -> dict:
    return {"error": SCALE[net] * seed, "seconds": time.time(), "curve": [[time.time(), 1.0]]}


def jobs():
    yield from (("runs", {"net": net, "seed": seed}) for net in SCALE for seed in range(3))


RUNS = {"runs": run}
"""


def called(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a repository with one small study, done and committed."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    (tmp_path / "rnn_utils").mkdir()
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "small.py").write_text(STUDY)
    done = called(tmp_path, sys.executable, "-m", "tools.study", "small")
    assert done.returncode == 0, done.stderr
    called(tmp_path, "git", "init", "--quiet")
    called(tmp_path, "git", "add", "--all")
    commit = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "before"]
    assert called(tmp_path, "git", *commit).returncode == 0
    return tmp_path


def changed(root: Path, old: str, new: str) -> tuple[subprocess.CompletedProcess[str], dict, dict]:
    """Change the study and restamp it; return what was said, and the file before and after."""
    stored = root / "benchmarks" / "results" / "small.json"
    before = json.loads(stored.read_text())
    script = root / "benchmarks" / "small.py"
    script.write_text(script.read_text().replace(old, new))
    said = called(root, sys.executable, "-m", "tools.restamp", "small", "HEAD")
    assert len(called(root, "git", "worktree", "list").stdout.splitlines()) == 1
    return said, before, json.loads(stored.read_text())


def test_a_rename_is_proved_on_the_first_and_last_row_of_each_kind(root: Path) -> None:
    said, before, after = changed(root, "SCALE", "FACTOR")
    assert said.returncode == 0, said.stderr
    witnesses = [["runs", {"net": net, "seed": seed}] for net in ("RNN", "LSTM") for seed in (0, 2)]
    assert after["restamps"][0]["rows"] == witnesses
    assert after["restamps"][0]["from"] == called(root, "git", "rev-parse", "HEAD").stdout.strip()
    stamps = [{row["made_by"] for row in file["runs"]} for file in (before, after)]
    assert not stamps[0] & stamps[1]
    for old, new in zip(before["runs"], after["runs"], strict=True):
        assert {**old, "made_by": new["made_by"]} == new


def test_another_number_is_told_and_nothing_is_stored(root: Path) -> None:
    said, before, after = changed(root, '"LSTM": 0.25', '"LSTM": 0.2500001')
    assert said.returncode == 1
    assert "DIFFERENT: runs {'net': 'LSTM', 'seed': 2}" in said.stdout
    assert after == before


def test_a_quick_look_does_the_first_run_and_stores_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_UTILS_PROFILE", "quick")
    stored = root / "benchmarks" / "results" / "small.json"
    before = stored.read_bytes()
    said = called(root, sys.executable, "-m", "tools.study", "small")
    assert said.returncode == 0, said.stderr
    (row,) = said.stdout.splitlines()
    assert row.startswith("{'table': 'runs', 'net': 'RNN', 'seed': 0, 'error': 0.0, ")
    assert stored.read_bytes() == before
