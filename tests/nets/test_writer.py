"""The net that writes: read in pieces or in one, its first biases, and what it refuses."""

import pytest

from rnn_utils.errors import SettingError

torch = pytest.importorskip("torch")

from rnn_utils.nets.writer import Writer, numbered  # noqa: E402

pytestmark = pytest.mark.torch
TEXT = "the cat sat on the mat\nthe hat\n" * 3
ALPHABET = sorted(set(TEXT))


def writer(cell: str = "LSTM") -> Writer:
    torch.manual_seed(0)
    return Writer(len(ALPHABET), E=5, H=7, cell=cell)


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
def test_a_writer_reads_in_pieces_as_in_one(cell: str) -> None:
    net, x = writer(cell), numbered(TEXT, ALPHABET)[None]
    whole, _ = net(x)
    one, state = net(x[:, :20])
    other, _ = net(x[:, 20:], state)
    torch.testing.assert_close(torch.cat([one, other], dim=1), whole)


def test_forget_gates_begin_open_and_unknown_letters_are_zeros() -> None:
    net = writer()
    assert net.cell.bias_ih_l0[7:14].tolist() == [1.0] * 7
    assert not (net.cell.bias_ih_l0[:7] == 1).any()
    assert net.letters(numbered("é", ALPHABET)).tolist() == [[0.0] * 5]


def test_an_unknown_cell_is_named() -> None:
    with pytest.raises(SettingError, match="cell is 'MLP'; expected one of LSTM, GRU, RNN"):
        Writer(3, cell="MLP")
