"""The net that writes, and how it counts letters; imports PyTorch."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rnn_utils.errors import SettingError

State = Tensor | tuple[Tensor, Tensor]


def numbered(text: str, alphabet: Sequence[str]) -> Tensor:
    """Return the place of each letter in the alphabet; a letter that it lacks gets the number after the last.

    Examples
    --------
    >>> numbered("abba!", "ab").tolist()
    [0, 1, 1, 0, 2]
    """
    places = {letter: place for place, letter in enumerate(alphabet)}
    return torch.tensor([places.get(letter, len(alphabet)) for letter in text])


class Writer(nn.Module):
    """A recurrent cell that reads letters and scores, after each, what may come next.

    Parameters
    ----------
    V : int
        Letters there are; number V stands for all others, and is read as zeros.
    E, H : int
        Numbers that stand for a letter, and hidden units.
    cell : {"LSTM", "GRU", "RNN"}
        An LSTM's forget gates begin half open, with a bias of 1.

    Examples
    --------
    >>> scores, state = Writer(V=5, E=4, H=8)(torch.zeros(2, 3, dtype=torch.long))
    >>> scores.shape
    torch.Size([2, 3, 5])
    """

    def __init__(self, V: int, E: int = 32, H: int = 256, cell: str = "LSTM"):
        if cell not in ("LSTM", "GRU", "RNN"):
            raise SettingError(f"Writer: cell is {cell!r}; expected one of LSTM, GRU, RNN.")
        super().__init__()
        self.letters = nn.Embedding(V + 1, E, padding_idx=V)
        self.cell = getattr(nn, cell)(E, H, batch_first=True)
        self.score = nn.Linear(H, V)
        if cell == "LSTM":
            self.cell.bias_ih_l0.data[H : 2 * H] = 1

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read letters x, shape (N, T); return scores, shape (N, T, V), and the state after them."""
        h, state = self.cell(self.letters(x), state)
        return self.score(h), state
