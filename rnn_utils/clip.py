"""Clipping: gradients that are too long together are shortened together."""

from typing import Any, NamedTuple

import numpy as np

from rnn_utils.errors import NotFiniteError, SettingError
from rnn_utils.nested import leaves, mapped


class Clipped(NamedTuple):
    """Gradients after clipping, and their norm before it."""

    gradients: Any
    norm: float


def clip_by_global_norm(gradients: Any, limit: float) -> Clipped:
    r"""Shorten gradients, all by one factor, if their common norm exceeds a limit.

    .. math:: \|g\| = \sqrt{\textstyle\sum_k g_k^2}, \qquad g \leftarrow g \min\left(1, \frac{limit}{\|g\|}\right)

    The sum runs over every entry of every array.  The direction stays, so a step still goes downhill;
    clipping each array or entry alone would turn it.

    Parameters
    ----------
    gradients : ndarray, or nested tuples and lists of ndarray
        Such as ``dweights`` of `rnn_utils.sequence.unroll_backward`.
    limit : float
        The longest norm allowed, above 0.

    Returns
    -------
    Clipped
        ``gradients``, fresh arrays in the same structure and dtype, and ``norm``, the norm that came.

    Raises
    ------
    SettingError
        If the limit is not above 0.
    NotFiniteError
        If a gradient holds NaN or infinity: no factor could mend it.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks".

    Examples
    --------
    >>> clip_by_global_norm((np.array([3.0]), np.array([4.0])), limit=1)
    Clipped(gradients=(array([0.6]), array([0.8])), norm=5.0)
    """
    if not limit > 0:
        raise SettingError(f"clip_by_global_norm: limit is {limit!r}; expected a number above 0, such as 1.0.")
    largest = float(np.max([np.abs(gradient).max() for gradient in leaves(gradients)]))  # NaN if one is NaN
    if not np.isfinite(largest):
        raise NotFiniteError(
            "clip_by_global_norm: the gradients hold NaN or infinity; expected finite numbers. "
            "Stop here: look at the loss of the steps before, and lower the learning rate."
        )
    if largest == 0:
        return Clipped(mapped(np.copy, gradients), 0.0)
    # Squares of very large or very small numbers leave the range of floats; squares of ratios do not.
    squares = sum(float(np.square(gradient / largest).sum()) for gradient in leaves(gradients))
    norm = largest * float(np.sqrt(squares))
    factor = min(1.0, limit / norm)
    return Clipped(mapped(lambda gradient: gradient * gradient.dtype.type(factor), gradients), norm)
