import os
import subprocess
import sys

import numpy as np
import pytest

from rnn_utils import claim
from rnn_utils.errors import ClaimError, SettingError
from tools.chapters import ROOT


def test_a_claim_that_holds_prints_its_sentence_without_the_value(capsys: pytest.CaptureFixture[str]) -> None:
    claim("net-beats-guessing", "the net passes {bar:.0%}", 0.9731, ">", 0.97, baseline=0.1)
    assert capsys.readouterr().out == "✓ the net passes 97%\n"


def test_a_claim_that_fails_says_expected_came_and_next_step() -> None:
    with pytest.raises(ClaimError, match=r"expected a value > 0.97, came 0.95.*change what the book says"):
        claim("net-beats-guessing", "the net passes {bar}", 0.95, ">", 0.97)


def test_a_bar_that_the_baseline_passes_proves_nothing() -> None:
    with pytest.raises(ClaimError, match="the bar proves nothing"):
        claim("net-beats-guessing", "the net passes {bar}", 0.95, ">", 0.5, baseline=0.6)


@pytest.mark.parametrize("value", [True, np.bool_(True), [1, False]])
def test_a_truth_value_is_refused(value: object) -> None:
    with pytest.raises(SettingError, match="hides what was measured"):
        claim("some-claim", "something", value, "==", 1)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1.0, -np.inf], np.array([np.nan, 1.0])])
def test_what_is_not_finite_never_passes(value: object) -> None:
    with pytest.raises(ClaimError, match=r"a value is -?(nan|inf).*diverged loss"):
        claim("some-claim", "something", value, "!=", 1.0)


def test_a_terminal_without_the_check_mark_gets_the_sentence() -> None:
    code = "from rnn_utils import claim; claim('some-claim', 'two is two', 2, '==', 2)"
    old = {**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"}
    assert (
        subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=old)
        == b"? two is two" + os.linesep.encode()
    )


@pytest.mark.parametrize(
    ("value", "bar"), [(np.float32(2.5), 2.5), (np.array([2, 3]), [2, 3]), ((2, 3), (2, 3)), ("a", "a")]
)
def test_numpy_values_tuples_and_texts_compare_with_plain_ones(value: object, bar: object) -> None:
    claim("some-claim", "something", value, "==", bar)


@pytest.mark.parametrize("name", ["Some Claim", "some_claim", "", "-x"])
def test_a_malformed_id_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match="joined by hyphens"):
        claim(name, "something", 1, "==", 1)


def test_an_unknown_comparison_is_refused() -> None:
    with pytest.raises(SettingError, match="expected one of"):
        claim("some-claim", "something", 1, "=", 1)
