"""Arrays in nested tuples and lists: the weights of a stack, their gradients, the state of an LSTM."""

from collections.abc import Callable
from typing import Any

from rnn_utils.cells.checks import Array


def leaves(tree: Any) -> list[Array]:
    """List the arrays of nested tuples and lists, from left to right.

    Examples
    --------
    >>> leaves((np.ones(2), [np.zeros(1), (np.eye(1),)]))
    [array([1., 1.]), array([0.]), array([[1.]])]
    """
    if isinstance(tree, tuple | list):
        return [leaf for branch in tree for leaf in leaves(branch)]
    return [tree]


def mapped(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """Apply a function to every array, or to the arrays at the same place of several trees.

    Parameters
    ----------
    function : callable
        Takes one array of each tree.
    tree, *others : array, or nested tuples and lists of arrays
        All of one structure.

    Returns
    -------
    As tree
        What the function returned, in the same structure; named tuples keep their names.

    Examples
    --------
    One step of gradient descent, whatever the weights are:

    >>> weights, gradients = (np.array([1.0]), [np.array([2.0])]), (np.array([10.0]), [np.array([20.0])])
    >>> mapped(lambda w, dw: w - 0.01 * dw, weights, gradients)
    (array([0.9]), [array([1.8])])
    """
    if not isinstance(tree, tuple | list):
        return function(tree, *others)
    branches = [mapped(function, *same_place) for same_place in zip(tree, *others, strict=True)]
    return type(tree)(*branches) if hasattr(tree, "_fields") else type(tree)(branches)
