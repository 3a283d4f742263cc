import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_utils.cells.gradients import clip_by_global_norm
from rnn_utils.cells.trees import leaves
from rnn_utils.errors import DTypeError, NotFiniteError, SettingError
from tests.cells.cell_cases import PROPERTY


def norm_of(tree: object) -> float:
    return float(np.linalg.norm(np.concatenate([leaf.ravel() for leaf in leaves(tree)])))


@PROPERTY
@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3), limit=st.floats(1e-3, 1e3))
def test_the_norm_never_exceeds_the_limit_and_the_direction_stays(seed: int, scale: float, limit: float) -> None:
    rng = np.random.default_rng(seed)
    gradients = [rng.standard_normal((2, 3)) * scale, (rng.standard_normal(5) * scale,)]
    clipped, norm = clip_by_global_norm(gradients, limit)
    np.testing.assert_allclose(norm, norm_of(gradients), rtol=1e-12)
    factor = min(1, limit / norm)
    for before, after in zip(leaves(gradients), leaves(clipped), strict=True):
        np.testing.assert_allclose(after, before * factor, rtol=1e-12)
    assert isinstance(clipped, list)
    assert isinstance(clipped[1], tuple)


def test_gradients_within_the_limit_come_back_exactly_and_fresh() -> None:
    gradients = (np.array([3.0]), np.array([4.0]))
    for limit in (5.0, 6.0):
        clipped, norm = clip_by_global_norm(gradients, limit)
        assert norm == 5.0
        assert [leaf.tolist() for leaf in clipped] == [[3.0], [4.0]]
        assert not np.shares_memory(clipped[0], gradients[0])


def test_zeros_stay_zeros() -> None:
    clipped, norm = clip_by_global_norm(np.zeros(3), 1)
    assert norm == 0.0
    np.testing.assert_array_equal(clipped, np.zeros(3))


@pytest.mark.parametrize(("dtype", "size"), [(np.float64, 1e300), (np.float32, 1e38), (np.float64, 1e-300)])
def test_squares_that_leave_the_range_do_no_harm(dtype: type, size: float) -> None:
    clipped, norm = clip_by_global_norm(np.array([0.3, 0.4], dtype) * dtype(size), limit=size / 10)
    np.testing.assert_allclose(norm, size / 2, rtol=1e-6)
    np.testing.assert_allclose(clipped, np.array([0.06, 0.08]) * size, rtol=1e-6)
    assert clipped.dtype == dtype


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_no_factor_mends_is_refused(bad: float) -> None:
    message = (
        "clip_by_global_norm: the gradients hold NaN or infinity; expected finite numbers. "
        "Stop here: look at the loss of the steps before, and lower the learning rate."
    )
    with pytest.raises(NotFiniteError, match=f"^{re.escape(message)}$"):
        clip_by_global_norm((np.ones(2), np.array([1.0, bad])), 1)
    with pytest.raises(NotFiniteError, match="NaN or infinity"):
        clip_by_global_norm((np.array([1.0, bad]), np.ones(2)), 1)


def test_whole_numbers_are_refused() -> None:
    message = (
        "clip_by_global_norm: a gradient holds int64; expected float32 or float64. "
        "Convert it: gradient.astype(np.float64)."
    )
    with pytest.raises(DTypeError, match=f"^{re.escape(message)}$"):
        clip_by_global_norm((np.ones(2), np.array([3, 4])), 1)


@pytest.mark.parametrize("limit", [0, -1.0, float("nan")])
def test_a_limit_must_be_above_zero(limit: float) -> None:
    with pytest.raises(
        SettingError, match=rf"^clip_by_global_norm: limit is {limit!r}; expected a number above 0, such as 1\.0\.$"
    ):
        clip_by_global_norm(np.ones(2), limit)
