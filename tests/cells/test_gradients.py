import re
from typing import Any

import numpy as np
import pytest

from rnn_utils.cells.gradients import check_gradients, numerical_gradient, relative_error
from rnn_utils.errors import DTypeError, GradientError, SettingError, ShapeError


def test_the_gradient_of_a_cubic_is_measured_to_eleven_digits_or_so() -> None:
    """The error of central differences is step² times the third derivative / 6: here step² exactly."""
    q = np.array([[0.5, -1.0], [2.0, 3.0]])
    for step in (1e-3, 1e-5):
        measured = numerical_gradient(lambda: float((q**3).sum()), q, step)
        np.testing.assert_allclose(measured, 3 * q**2 + step**2, atol=1e-15 / step * 100)


def test_every_entry_is_put_back() -> None:
    q = np.array([0.1, 0.2, 0.3])
    before = q.copy()
    numerical_gradient(lambda: float(q.sum()), q)
    np.testing.assert_array_equal(q, before)


def test_an_entry_is_put_back_when_the_loss_fails() -> None:
    for fails_at in (1.5, 0.5):  # one step above, one below
        q = np.array([1.0])
        with pytest.raises(KeyboardInterrupt):
            numerical_gradient(lambda: interrupt() if q[0] == fails_at else 0.0, q, step=0.5)  # noqa: B023
        assert q[0] == 1.0


def interrupt() -> float:
    raise KeyboardInterrupt


def test_only_one_entry_is_changed_at_a_time_by_a_step_up_and_a_step_down() -> None:
    q = np.zeros(2)
    seen = []

    def loss() -> float:
        seen.append(q.tolist())
        return 0.0

    numerical_gradient(loss, q, step=0.5)
    assert seen == [[0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5]]


@pytest.mark.parametrize(("array", "came"), [(np.ones(2, np.float32), "float32"), ([1.0], "list")])
def test_only_float64_is_measured(array: Any, came: str) -> None:
    message = (
        f"numerical_gradient: array is of {came}; expected a NumPy array of float64, because small differences drown "
        "in float32's rounding. Check the same code with float64 inputs and weights."
    )
    with pytest.raises(DTypeError, match=f"^{re.escape(message)}$"):
        numerical_gradient(lambda: 0.0, array)


@pytest.mark.parametrize("step", [0, -1e-5, float("nan")])
def test_a_step_must_be_above_zero(step: float) -> None:
    message = f"numerical_gradient: step is {step!r}; expected a small number above 0, such as 1e-05."
    with pytest.raises(SettingError, match=f"^{re.escape(message)}$"):
        numerical_gradient(lambda: 0.0, np.ones(1), step)


def test_relative_error_is_the_largest_difference_over_the_largest_magnitude() -> None:
    assert relative_error(np.array([4.0, -1.0]), np.array([4.0, 1.0])) == 0.5
    assert relative_error(np.array([1.0]), np.array([-8.0])) == 9 / 8
    assert relative_error(np.array([-8.0]), np.array([1.0])) == 9 / 8
    assert relative_error(np.zeros(2), np.zeros(2)) == 0.0
    assert np.isnan(relative_error(np.array([1.0, np.nan]), np.ones(2)))
    assert np.isnan(relative_error(np.ones(2), np.array([1.0, np.nan])))


def test_relative_error_refuses_what_would_be_repeated_to_fit() -> None:
    message = r"^relative_error: the arrays are \(2, 1\) and \(1, 2\); expected one shape\. Transpose one\?$"
    with pytest.raises(ShapeError, match=message):
        relative_error(np.ones((2, 1)), np.ones((1, 2)))


def test_the_largest_error_of_all_arrays_is_returned() -> None:
    p, q = np.ones(1), np.ones(2)
    derived = (np.array([3 * (1 + 1e-7)]), [np.array([3.0, 3.0])])
    worst = check_gradients(lambda: float((p**3).sum() + (q**3).sum()), (p, [q]), derived)
    assert 0.9e-7 < worst < 1.1e-7


@pytest.mark.parametrize("slip", [1e-5, np.nan])
def test_a_wrong_gradient_is_shown_with_its_worst_entry(slip: float) -> None:
    p, q = np.ones(1), np.ones((2, 3))
    dq = 3 * q**2
    dq[1, 2] += slip
    shown = f"{3 + slip:.6}"
    message = (
        rf"^check_gradients: array 1 of 2 has a relative error of ({slip / 3:.2g}|nan), expected at most 1e-06; at "
        rf"\(1, 2\) the derived gradient is {shown}, the measured one 3\.0\. "
        r"Check the formula of this array's gradient\.$"
    )
    with pytest.raises(GradientError, match=message):
        check_gradients(lambda: float((p**3).sum() + (q**3).sum()), [p, q], [3 * p**2, dq])


def test_the_worst_entry_is_that_of_the_largest_difference_not_of_the_largest_gradient() -> None:
    q = np.array([1.0, 5.0])
    with pytest.raises(GradientError, match=r"at \(0,\) the derived gradient is 3\.1, the measured one 3\.0\."):
        check_gradients(lambda: float((q**3).sum()), q, 3 * q**2 + [0.1, 0.0])


def test_an_error_of_the_tolerance_is_allowed() -> None:
    assert check_gradients(lambda: 0.0, np.ones(2), np.zeros(2), tolerance=0.0) == 0.0


def test_the_tolerance_can_be_chosen() -> None:
    q = np.ones(2)
    off = 3 * q**2 * 1.001
    assert check_gradients(lambda: float((q**3).sum()), q, off, tolerance=0.01) > 1e-4
    with pytest.raises(GradientError, match=r"expected at most 0\.0001;"):
        check_gradients(lambda: float((q**3).sum()), q, off, tolerance=0.0001)


def test_arrays_and_gradients_must_match() -> None:
    message = r"^check_gradients: got 1 arrays and 2 gradients; expected one each\. Pass both in the same structure\.$"
    with pytest.raises(ShapeError, match=message):
        check_gradients(lambda: 0.0, [np.ones(1)], [np.ones(1), np.ones(1)])
