import os
import subprocess
import sys

import numpy as np
import pytest

from rnn_utils import claim
from rnn_utils.errors import ClaimError, SettingError
from rnn_utils.page import measured, typeset
from tools.chapters import ROOT


def test_a_claim_that_holds_prints_its_sentence_without_the_value(capsys: pytest.CaptureFixture[str]) -> None:
    claim("net-beats-guessing", "the net passes {bar:.0%}", 0.9731, ">", 0.97, baseline=0.1)
    assert capsys.readouterr().out == "✓ the net passes 97\N{NO-BREAK SPACE}%\n"


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


RECORD = {"id": "a", "sentence": "above 90\N{NO-BREAK SPACE}%", "comparison": ">", "bar": 0.9, "value": 0.9731}


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({}, "97.3\N{NO-BREAK SPACE}%"),  # as the bar: a share
        ({"sentence": "below 0.01\N{NO-BREAK SPACE}%", "bar": 0.0001, "value": 2.66e-5}, "0.003\N{NO-BREAK SPACE}%"),
        ({"sentence": "above 0.9"}, "0.973"),
        ({"sentence": "below", "comparison": "<", "value": 3.21e-7, "bar": 1e-5}, "3.21 × 10⁻⁷"),
        ({"value": 12345, "bar": 7}, "12,345"),
        ({"comparison": "=="}, ""),  # the sentence says it all
        ({"value": [1, 2]}, ""),
        (
            {"show": "{value:.0%} (untrained: {baseline:.1f})", "baseline": 0.25},
            "97\N{NO-BREAK SPACE}% (untrained: 0.2)",
        ),
        ({"show": ""}, ""),
    ],
)
def test_a_page_shows_what_was_measured(changed: dict, shown: str) -> None:
    assert measured({**RECORD, **changed}) == shown.replace(" ×", "\N{NO-BREAK SPACE}×").replace(
        "× ", "×\N{NO-BREAK SPACE}"
    )


@pytest.mark.parametrize("show", ["{value:.0%", "{values}", "{value[0]}", "{value:d}", "{baseline:.1f}"])
def test_what_cannot_be_shown_is_refused(show: str) -> None:
    with pytest.raises(SettingError, match=r"claim some-claim: .* cannot show 0.95"):
        claim("some-claim", "above {bar}", 0.95, ">", 0.9, show=show)


@pytest.mark.parametrize(
    ("text", "printed"),
    [("1e-05", "10⁻⁵"), ("3.5e+06", "3.5×10⁶"), ("5% of W1e2", "5% of W1e2"), ("2%", "2%"), ("2 %", "2%")],
)
def test_numbers_are_typeset(text: str, printed: str) -> None:
    assert typeset(text).replace("\N{NO-BREAK SPACE}", "") == printed
