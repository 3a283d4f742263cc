import json
import shutil
from pathlib import Path

import pytest

from rnn_utils import results
from rnn_utils.errors import ResultError
from tools.chapters import ROOT


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "rnn_utils", tmp_path / "rnn_utils", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    (tmp_path / "book").mkdir()
    path = tmp_path / "benchmarks" / "seeds.py"
    path.parent.mkdir()
    path.write_text("STEPS = 3\n")
    monkeypatch.setattr(results, "ROOT", tmp_path)
    return path


def test_a_study_is_recalled_with_where_it_came_from(script: Path) -> None:
    results.Study(script).add("runs", {"seed": 0, "error": 0.5})
    record = results.load("seeds")
    assert record["rows"] == {"runs": [{"seed": 0, "error": 0.5}]}
    assert {"study", "machine", "versions", "date", "hash"} <= record.keys()


def test_the_tables_of_a_file_stand_beside_its_provenance(script: Path) -> None:
    study = results.Study(script)
    study.add("runs", {"seed": 0})
    stored = json.loads(study.path.read_text())
    assert stored["runs"] == [{"seed": 0}]
    assert stored.keys() == {"runs", *results.PROVENANCE}


def test_rows_come_back_as_they_were_given(script: Path) -> None:
    """A fingerprint does not count how rows are kept, so that they are kept exactly is held here."""
    rows = [
        {"seed": 0, "error": 0.1 + 0.2, "tiny": -5e-324, "large": 1.7976931348623157e308, "count": 2**60},
        {"seed": 1, "curve": [[0.1234567890123456, 1.0], [2, 3]], "text": "\u0445 \u4e00", "none": None, "yes": True},
    ]
    for row in rows:
        results.Study(script).add("runs", row)
        results.Study(script).add("more", row)
    assert repr(results.load("seeds")["rows"]) == repr({"runs": rows, "more": rows})


@pytest.mark.parametrize("name", results.PROVENANCE)
def test_a_table_cannot_take_the_place_of_provenance(script: Path, name: str) -> None:
    study = results.Study(script)
    with pytest.raises(ResultError, match=f"got a table '{name}'; expected a name other than study"):
        study.add(name, {"seed": 0})
    assert not study.path.exists()


def test_a_study_goes_on_where_it_stopped(script: Path) -> None:
    results.Study(script).add("runs", {"seed": 0})
    again = results.Study(script)
    assert again.has("runs", seed=0)
    assert not again.has("runs", seed=1)
    again.add("runs", {"seed": 1})
    assert [row["seed"] for row in results.load("seeds")["rows"]["runs"]] == [0, 1]


def test_a_stale_study_is_refused_and_not_mixed_with_new_rows(script: Path) -> None:
    results.Study(script).add("runs", {"seed": 0})
    script.write_text("STEPS = 4\n")
    with pytest.raises(ResultError, match=r"run `python benchmarks/seeds\.py` again"):
        results.load("seeds")
    later = results.Study(script)
    assert not later.has("runs", seed=0)
    later.add("runs", {"seed": 1})
    assert [row["seed"] for row in results.load("seeds")["rows"]["runs"]] == [1]


def test_a_missing_study_says_how_to_make_it(script: Path) -> None:
    with pytest.raises(ResultError, match="no stored study 'seeds'"):
        results.load("seeds")


def test_not_a_number_is_not_stored_and_leaves_the_file_whole(script: Path) -> None:
    study = results.Study(script)
    study.add("runs", {"seed": 0})
    with pytest.raises(ValueError, match="not JSON compliant"):
        study.add("runs", {"error": float("nan")})
    assert json.loads(study.path.read_text())["runs"] == [{"seed": 0}]


@pytest.mark.parametrize("path", [pytest.param(p, id=p.stem) for p in sorted((ROOT / "benchmarks").glob("*.py"))])
def test_every_committed_study_is_fresh(path: Path) -> None:
    assert results.load(path.stem)["rows"]
