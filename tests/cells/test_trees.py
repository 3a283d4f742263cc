import numpy as np
import pytest

from rnn_utils.cells import LSTMState
from rnn_utils.cells.trees import leaves, mapped


def test_leaves_are_listed_from_left_to_right() -> None:
    assert leaves((1, [2, (3,)], [], LSTMState(4, 5))) == [1, 2, 3, 4, 5]
    assert leaves(6) == [6]


def test_mapped_keeps_lists_tuples_and_names() -> None:
    tree = [(1, 2), LSTMState(h=3, c=[4])]
    tenfold = mapped(lambda a, b: 10 * a + b, tree, [(5, 6), (7, (8,))])
    assert tenfold == [(15, 26), LSTMState(h=37, c=[48])]
    assert isinstance(tenfold[1], LSTMState)


def test_mapped_refuses_trees_that_differ() -> None:
    with pytest.raises(ValueError, match="shorter"):
        mapped(np.add, (1, 2), (1,))
