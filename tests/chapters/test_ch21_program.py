"""The program that forecasts a reader's file: what it refuses, what it says then, and that a new process goes on."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pd = pytest.importorskip("pandas")

from tests.notebooks.test_shown import bare  # noqa: E402
from tools.chapters import ROOT, code_cells, read  # noqa: E402

pytestmark = pytest.mark.torch
PROGRAM = ROOT / "book" / "programs" / "forecast_csv.py"
MONTHS = pd.date_range("2010-01-31", periods=180, freq="ME")


def series(count: int = 180) -> np.ndarray:
    """Return months with a season and a climb, and a little noise."""
    t = np.arange(count)
    return 50 + 0.1 * t + 5 * np.sin(2 * np.pi * t / 12) + np.random.default_rng(0).normal(0, 0.2, count)


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, PROGRAM, *arguments], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def write(folder: Path, dates: object, values: object, name: str = "data.csv") -> None:
    pd.DataFrame({"date": dates, "value": values}).to_csv(folder / name, index=False)


@pytest.fixture(scope="module")
def program() -> dict:
    """Return what the program defines."""
    names: dict = {"__name__": "forecast_csv"}
    exec(compile(PROGRAM.read_text(encoding="utf-8"), PROGRAM.name, "exec"), names)
    return names


@pytest.mark.slow
def test_a_file_becomes_a_net_that_another_process_loads(tmp_path: Path) -> None:
    values = series()
    values[40] = np.nan
    write(tmp_path, MONTHS.strftime("%Y-%m-%d"), values.round(3))
    code, out, error = run(tmp_path, "train", "data.csv", "--fill", "1")
    assert (code, error) == (0, "")
    told = {line[:13].strip(): float(line[13:]) for line in out.splitlines() if line.startswith("  ")}
    assert told["linear rule"] < told["last season"] < told["last value"]
    assert told["net"] < told["last season"]
    assert ("a baseline does better" in out) == (told["net"] > told["linear rule"])
    assert "the intervals promise 80% and hold" in out
    found = []
    for name in ("one.csv", "two.csv"):
        assert run(tmp_path, "forecast", "data.csv", "--fill", "1", "--out", name) == (0, "", "")
        found.append(pd.read_csv(tmp_path / name))
    assert found[0].equals(found[1])
    assert found[0]["date"].tolist()[:2] == ["2025-01-31", "2025-02-28"]  # ends of months stay ends of months
    assert len(found[0]) == 12
    assert (found[0]["low"] < found[0]["forecast"]).all()
    assert (found[0]["forecast"] < found[0]["high"]).all()
    t = np.arange(180, 192)
    assert np.abs(found[0]["forecast"] - (50 + 0.1 * t + 5 * np.sin(2 * np.pi * t / 12))).mean() < 1.5
    write(tmp_path, pd.date_range("2010-01-01", periods=180), values)
    code, _, error = run(tmp_path, "forecast", "data.csv", "--fill", "1")
    assert code == 1
    assert "expected a date every 1 months, as in training; came 1 days 00:00:00" in error


@pytest.mark.parametrize(
    ("dates", "values", "message"),
    [
        (["2024-01-01", "2024-01-02", "2024-01-02"], [1, 2, 3], "expected every date once; came 2024-01-02 twice"),
        (["2024-01-01", "2024-01-03", "2024-01-02"], [1, 2, 3], "came 2024-01-02 after 2024-01-03. What to do: sort"),
        (["2024-01-01", "01/02/2024", "2024-01-03"], [1, 2, 3], "came '01/02/2024' in line 3. What to do: mend"),
        (["2024-01-01", None, "2024-01-03"], [1, 2, 3], "expected a date such as 2024-01-31 in column 'date'"),
        (["2024-01-01", "2024-01-02", "2024-01-03"], [1, "n/k", 3], "expected a number, or nothing in column 'value'"),
        (["2024-01-01", "2024-01-02"], [1, 2], "expected at least three lines of data; came 2"),
        (["2024-01-01", "2024-01-02", "2024-01-03"], [1, 2, None], "expected a value at both ends; came a gap there"),
        (
            ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-07"], [1, 2, 3, 4, 7],
            "expected no gap of more than 1 values; came 2 missing from 2024-01-05 on. What to do: .* --fill 2",
        ),
        (
            ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-03 07:00", "2024-01-04", "2024-01-05"],
            [1, 2, 3, 4, 5, 6],
            "expected a date every 1 days 00:00:00; came 2024-01-03 07:00:00 between two of them. What to do: bring",
        ),
    ],
)  # fmt: skip
def test_each_fault_of_a_file_is_named(program: dict, tmp_path: Path, dates: list, values: list, message: str) -> None:
    write(tmp_path, dates, values)
    with pytest.raises(program["ForecastError"], match=message):
        program["read_series"](tmp_path / "data.csv", "date", "value", fill=1)


def test_faults_of_the_request_are_named(program: dict, tmp_path: Path) -> None:
    write(tmp_path, MONTHS.strftime("%Y-%m-%d"), series())
    with pytest.raises(program["ForecastError"], match=r"came columns date, value\. What to do: name"):
        program["read_series"](tmp_path / "data.csv", "date", "price")
    read_in = program["read_series"](tmp_path / "data.csv", "date", "value")
    with pytest.raises(program["ForecastError"], match="came past 24, season 12, horizon 12, 60 values"):
        program["train"](read_in[:60], 24, 12, 12)
    with pytest.raises(program["ForecastError"], match="expected at least 24 values, as many as the net reads; came 9"):
        program["forecast"]({"past": 24, "horizon": 1}, read_in[:9])


def test_faults_end_the_program_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("", encoding="utf-8")
    code, out, error = run(tmp_path, "train", "data.csv")
    assert (code, out, error) == (1, "", "forecast_csv: No columns to parse from file\n")
    code, _, error = run(tmp_path, "forecast", "data.csv")
    assert code == 1
    assert error.startswith("forecast_csv: expected a trained net in model.pt; came no such file. What to do: train")


@pytest.mark.parametrize(
    ("first", "step", "count"),
    [
        ("2024-01-31", "1 months", 14),
        ("2020-02-29", "3 months", 9),
        ("1900-01-01", "12 months", 5),
        ("2024-01-06", "7", 9),
    ],
)
def test_rhythms_are_seen(program: dict, first: str, step: str, count: int) -> None:
    whole = pd.DateOffset(months=int(step.split()[0])) if "months" in step else pd.Timedelta(days=7)
    dates = pd.DatetimeIndex([pd.Timestamp(first) + k * whole for k in range(count)])
    holed = pd.Series(np.arange(float(count)), dates).drop(dates[2])
    assert program["name_of"](program["usual_step"](holed.index)).startswith(step)
    filled = program["fill_gaps"](program["put_on_grid"](holed), 1)
    assert filled.tolist() == list(range(count))
    assert filled.index.equals(dates)


def test_the_linear_rule_finds_a_climb_and_a_season(program: dict) -> None:
    t = np.arange(200)
    past, future = program["windows"](3 + 0.5 * t + np.sin(2 * np.pi * t / 6), 12, 6, 0, 200)
    rule = program["fit_rule"](past[:100], future[:100], ridge=1e-9)
    assert program["error_of"](rule(past[100:]), future[100:]) < 0.01
    flat = program["fit_rule"](past[:100], future[:100], ridge=1e9)  # no weight is left: nothing changes
    assert program["error_of"](flat(past[100:]), past[100:, -1:].expand(-1, 6)) < 0.01


def test_no_training_window_holds_a_value_of_the_test_part(program: dict) -> None:
    values = np.arange(200.0)
    past, future = program["windows"](values, 10, 5, 0, 140)
    assert future.max() == 139
    assert past.shape == (126, 10)
    later_past, later = program["windows"](values, 10, 5, 140, 170)
    assert (later.min(), later.max(), later_past[0, -1]) == (140, 169, 139)


def test_the_chapter_shows_the_program_as_it_is() -> None:
    held = {
        node.name: bare(node)
        for node in ast.parse(PROGRAM.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    cells = code_cells(read(ROOT / "notebooks" / "21_forecasting.ipynb"))
    nodes = [node for cell in cells for node in ast.parse(cell.source).body]
    stands = {node.name: bare(node) for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert {"check_dates", "stop", "day", "ForecastError", "Net"} <= set(held) & set(stands)
    assert [name for name in ("check_dates", "stop", "day", "ForecastError", "Net") if held[name] != stands[name]] == []
