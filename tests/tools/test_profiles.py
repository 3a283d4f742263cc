"""How much is run: a quick run leaves out, a full one takes everything, and turns miss nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import check, profiles
from tools.chapters import chapter_paths
from tools.profiles import PROFILES, in_turn, profile

ALWAYS = ["unit", "data", "book", "site", "chapters"]
MORE = ["pythons", "chapters-isa", "chapters-digits"]


def test_the_book_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RNN_UTILS_PROFILE", raising=False)
    assert profile() == "book"


def test_a_mistyped_profile_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_UTILS_PROFILE", "fast")
    told = r"^RNN_UTILS_PROFILE is 'fast'; expected one of quick, book, full\.$"
    with pytest.raises(SystemExit, match=told):
        profile()
    monkeypatch.setattr(sys, "argv", ["check", "book"])
    with pytest.raises(SystemExit, match=told):
        check.main()


@pytest.mark.parametrize("count", [1, 3, 17])
def test_turns_take_each_once_and_a_full_run_all(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    items, taken = list(range(17)), []
    monkeypatch.setenv("RNN_UTILS_PROFILE", "book")
    for turn in range(1000, 1000 + count):
        monkeypatch.setattr(profiles, "turn", lambda turn=turn: turn)
        taken += in_turn(items, count)
    assert sorted(taken) == items
    monkeypatch.setenv("RNN_UTILS_PROFILE", "full")
    assert in_turn(items, count) == items


@pytest.mark.parametrize(
    ("name", "expected"), [("quick", ALWAYS), ("book", [*ALWAYS, *MORE]), ("full", [*ALWAYS, *MORE, "chapters-card"])]
)
def test_a_profile_chooses_the_stages(name: str, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def stage(name: str, *_: object) -> check.Outcome:
        done.append(name)
        return check.Outcome(name, 1, 0, 0, 0.0)

    for function in ("pytest_stage", "book_stage", "pythons_stage", "chapters_stage", "digits_stage", "card_stage"):
        monkeypatch.setattr(check, function, stage)
    monkeypatch.setattr(check, "probed_environment", dict)
    monkeypatch.setenv("RNN_UTILS_PROFILE", name)
    monkeypatch.setattr(sys, "argv", ["check"])
    assert check.main() == 0
    assert sorted(done) == sorted(expected)


@pytest.mark.parametrize(("name", "count"), list(zip(PROFILES, (1, 2, 2), strict=True)))
def test_a_quick_run_leaves_out_what_is_slow(
    name: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "test_two.py"
    path.write_text("import pytest\n\n@pytest.mark.slow\ndef test_a(): ...\n\ndef test_b(): ...\n")
    monkeypatch.setenv("RNN_UTILS_PROFILE", name)
    outcome = check.pytest_stage("two", [str(path), "-n", "0", "-W", "ignore"])
    assert outcome[1:4] == (count, 0, 0)


def test_without_a_card_its_stage_is_skipped_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(subprocess, "check_output", lambda command, **_: "False\n")
    assert check.card_stage("chapters-card") == ("chapters-card", 0, 0, 1, 0.0)
    assert capsys.readouterr().out == "Skipped: PyTorch sees no graphics card.\n"


def test_with_a_card_the_claims_of_all_chapters_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def run(command: list[str], *, env: dict[str, str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append((command[1:], env["RNN_UTILS_DEVICE"]))
        return subprocess.CompletedProcess(command, 2)

    monkeypatch.setattr(subprocess, "check_output", lambda command, **_: "True\n")
    monkeypatch.setattr(subprocess, "run", run)
    assert check.card_stage("chapters-card")[:4] == ("chapters-card", len(chapter_paths()) - 2, 2, 0)
    assert asked == [(["-m", "tools.run", "--check"], "auto")]
