"""What the plugin adds to nbval: a kernel that does not answer is started once more, and that is told."""

import pytest
from nbval.kernel import RunningKernel

from tools.nbval_plugin import StartedAgain


def starts(failures: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let so many starts fail; return the list that takes how long each was waited for."""
    waited: list[float] = []

    def start(self: RunningKernel, kernel_name: str, cwd: str, startup_timeout: float) -> None:
        waited.append(startup_timeout)
        if len(waited) <= failures:
            raise RuntimeError(f"Kernel didn't respond in {startup_timeout} seconds")

    monkeypatch.setattr(RunningKernel, "__init__", start)
    return waited


def test_a_kernel_that_does_not_answer_is_started_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = starts(1, monkeypatch)
    with pytest.warns(UserWarning, match=r"Kernel didn't respond in 30 seconds\. It is started again\."):
        StartedAgain("rnn-book", "notebooks", 120)
    assert waited == [30, 120]


def test_a_kernel_that_never_answers_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    starts(2, monkeypatch)
    with (
        pytest.warns(UserWarning, match="started again"),
        pytest.raises(RuntimeError, match="didn't respond in 120 seconds"),
    ):
        StartedAgain("rnn-book", "notebooks", 120)


def test_a_kernel_that_answers_is_started_once(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = starts(0, monkeypatch)
    StartedAgain("rnn-book", "notebooks", 120)
    assert waited == [30]
