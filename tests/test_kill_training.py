"""Twenty SIGKILLs at random moments, some inside writing, do not change one bit of a training's end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tools.chapters import ROOT

KILLS = 20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="starts are forked; this system cannot"),
]


@pytest.mark.parametrize(
    "framework",
    [pytest.param("keras", marks=pytest.mark.tensorflow), pytest.param("torch", marks=pytest.mark.torch)],
)
def test_killed_trainings_end_as_an_undisturbed_one(framework: str, tmp_path: Path) -> None:
    pytest.importorskip(framework)
    done = subprocess.run(
        [sys.executable, "-m", "tests.kill_training", framework, str(tmp_path), str(KILLS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
        env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "-1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["kills"] == KILLS
    assert report["while_writing"] >= KILLS // 4, "too few kills left a half-written file behind"
    assert len(set(report["at_steps"])) >= 5, "the kills came at too few places"
    undisturbed = np.load(tmp_path / "undisturbed.npz")
    endings = sorted(tmp_path.glob("training-*.npz"))
    assert len(endings) == report["trainings"] >= 1
    for ending in endings:
        killed = np.load(ending)
        assert sorted(killed.files) == sorted(undisturbed.files)
        assert len(killed.files) > 10, "weights, optimizer, history"
        for name in killed.files:
            assert killed[name].dtype == undisturbed[name].dtype
            assert killed[name].tobytes() == undisturbed[name].tobytes(), f"{ending.name}: {name} differs"
