import json
from pathlib import Path
from typing import Any

import pytest

from rnn_utils import recall
from tests.conftest import imported
from tools import study as tool
from tools.chapters import ROOT
from tools.study import Study

STUDIES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))


def run(net: str, seed: int, trial: int | None = None) -> dict[str, Any]:
    return {"error": SCALE[net] * seed}


SCALE = {"RNN": 0.5, "LSTM": 0.25}
RUNS = {"runs": run}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    script = tmp_path / "benchmarks" / "seeds.py"
    script.parent.mkdir()
    script.write_text("")
    monkeypatch.setattr(tool, "fingerprint", lambda script, function, words, root: f"{function} {sorted(words)}")
    return Study(script, RUNS)


def again(study: Study) -> Study:
    return Study(study.script, study.runs)


def test_a_row_says_what_made_it_and_in_which_sitting(study: Study) -> None:
    study.add("runs", {"net": "RNN", "seed": 1}, run("RNN", 1))
    stored = json.loads(study.path.read_text())
    made = {"made_by": "run ['RNN']", "sitting": 0}
    assert stored["runs"] == [{"net": "RNN", "seed": 1, "error": 0.5, **made}]
    assert stored["sittings"][0].keys() == {"date", "machine", "versions"}


def test_rows_come_back_as_they_were_given(study: Study) -> None:
    row = {"error": 0.1 + 0.2, "tiny": -5e-324, "large": 1.7976931348623157e308, "count": 2**60, "text": "х 一"}
    row |= {"curve": [[0.1234567890123456, 1.0], [2, 3]], "none": None, "yes": True}
    study.add("runs", {"net": "RNN", "seed": 1}, row)
    kept = again(study).tables["runs"][0]
    assert repr({name: kept[name] for name in row}) == repr(row)


def test_a_study_goes_on_where_it_stopped(study: Study) -> None:
    study.add("runs", {"net": "RNN", "seed": 0}, {"error": 1.0})
    later = again(study)
    assert later.has("runs", {"net": "RNN", "seed": 0})
    assert not later.has("runs", {"net": "RNN", "seed": 1})
    later.add("runs", {"net": "RNN", "seed": 1}, {"error": 2.0})
    assert [row["seed"] for row in again(study).tables["runs"]] == [0, 1]


def test_a_changed_recipe_drops_its_own_rows_alone(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    for net in SCALE:
        study.add("runs", {"net": net, "seed": 0}, {"error": 1.0})
    changed = {"RNN": "another recipe"}
    monkeypatch.setattr(
        tool, "fingerprint", lambda script, function, words, root: changed.get(*words, f"{function} {sorted(words)}")
    )
    later = again(study)
    assert later.stale() == ["runs: {'net': 'RNN', 'seed': 0}"]
    assert not later.has("runs", {"net": "RNN", "seed": 0})
    later.add("runs", {"net": "LSTM", "seed": 1}, {"error": 2.0})
    assert [(row["net"], row["seed"]) for row in later.tables["runs"]] == [("LSTM", 0), ("LSTM", 1)]
    assert later.stale() == []


def test_a_row_made_again_takes_the_place_of_the_old_one(study: Study) -> None:
    for error in (1.0, 2.0):
        study.add("runs", {"net": "RNN", "seed": 0}, {"error": error})
    assert [row["error"] for row in again(study).tables["runs"]] == [2.0]


def test_not_a_number_is_not_stored_and_leaves_the_file_whole(study: Study) -> None:
    study.add("runs", {"net": "RNN", "seed": 0}, {"error": 1.0})
    with pytest.raises(ValueError, match="not JSON compliant"):
        study.add("runs", {"net": "RNN", "seed": 1}, {"error": float("nan")})
    assert len(json.loads(study.path.read_text())["runs"]) == 1


@pytest.mark.parametrize("name", STUDIES)
def test_every_committed_study_is_fresh_and_whole(name: str) -> None:
    """The one place that asks: a chapter recalls a study without asking what made it."""
    module = imported(f"benchmarks.{name}")
    kept = Study(module.__file__, module.RUNS)
    assert kept.stale() == [], f"`make study STUDY={name}`, or `make restamp` if the numbers are the same"
    assert [job for job in module.jobs() if not kept.has(*job)] == []
    assert all(0 <= row["sitting"] < len(kept.sittings) for rows in kept.tables.values() for row in rows)
    assert recall(name)["sittings"]


def test_an_unknown_study_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        tool.main(["seeds"])
    assert "no study 'seeds'; expected one of forecasting, four_recipes" in capsys.readouterr().err


def test_a_run_that_times_all_tests_times_the_usual_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool.os, "environ", {"RNN_UTILS_PROFILE": "quick"})
    tool.bound(2)
    assert (tool.os.environ["RNN_UTILS_PROFILE"], tool.os.environ["OMP_NUM_THREADS"]) == ("book", "2")
