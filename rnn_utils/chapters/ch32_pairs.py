"""From one sequence to another: dates in three languages, words to reverse, an encoder, two decoders.

Imports PyTorch.
"""

import datetime
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from rnn_utils.errors import SettingError
from rnn_utils.training import train

Pair = tuple[str, str]
Read = tuple[Tensor, Tensor]  # states (N, T, H), and which of them stand for signs (N, T)

MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "ru": (
        *("января", "февраля", "марта", "апреля", "мая", "июня"),
        *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
    ),
}
WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "ru": ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
    "zh": ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"),
}
FIGURES = "〇一二三四五六七八九"
FIRST, LAST = datetime.date(1000, 1, 1), datetime.date(2999, 12, 31)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def write_date(day: datetime.date, language: str, weekday: bool = False) -> str:
    """Write a day as people do in English, Russian or Chinese.

    Examples
    --------
    >>> day = datetime.date(1984, 3, 7)
    >>> [write_date(day, language) for language in ("en", "ru", "zh")]
    ['March 7, 1984', '7 марта 1984 года', '一九八四年三月七日']
    >>> write_date(datetime.date(2021, 12, 24), "zh", weekday=True)
    '二〇二一年十二月二十四日星期五'
    """
    if language not in WEEKDAYS:
        raise SettingError(f"write_date: language is {language!r}; expected one of {', '.join(WEEKDAYS)}.")
    name = WEEKDAYS[language][day.weekday()] if weekday else ""
    if language == "zh":
        year = "".join(FIGURES[int(figure)] for figure in str(day.year))
        return f"{year}年{_counted(day.month)}月{_counted(day.day)}日{name}"
    month, before = MONTHS[language][day.month - 1], f"{name}, " * weekday
    return before + (f"{month} {day.day}, {day.year}" if language == "en" else f"{day.day} {month} {day.year} года")


def _counted(number: int) -> str:
    """Write a number from 1 to 99 in Chinese."""
    tens, ones = divmod(number, 10)
    return (FIGURES[tens] if tens > 1 else "") + ("十" if tens else "") + (FIGURES[ones] if ones else "")


# March 7, 1984, in each language.
ONE_DAY = tuple(write_date(datetime.date(1984, 3, 7), language) for language in WEEKDAYS)


def draw_dates(count: int, rng: np.random.Generator, without: Sequence[Pair] = ()) -> list[Pair]:
    """Draw days of the years 1000 to 2999, each in one of three languages, every second with its weekday.

    Parameters
    ----------
    count : int
        How many.
    rng : numpy.random.Generator
        Where they come from.
    without : pairs
        No day of these is drawn, in any language.

    Returns
    -------
    list of (str, str)
        How it was written, and the same day as year-month-day.

    Examples
    --------
    >>> draw_dates(2, np.random.default_rng(8))
    [('February 6, 2439', '2439-02-06'), ('July 21, 2974', '2974-07-21')]
    """
    known = {day for _, day in without}
    drawn: list[Pair] = []
    while len(drawn) < count:
        day = datetime.date.fromordinal(int(rng.integers(FIRST.toordinal(), LAST.toordinal() + 1)))
        language, weekday = list(WEEKDAYS)[rng.integers(3)], bool(rng.integers(2))
        if day.isoformat() not in known:
            drawn.append((write_date(day, language, weekday), day.isoformat()))
    return drawn


def draw_words(count: int, rng: np.random.Generator, shortest: int = 5, longest: int = 15) -> list[Pair]:
    """Draw words of chance letters, and the same words backwards.

    Examples
    --------
    >>> draw_words(2, np.random.default_rng(0), shortest=3, longest=6)
    [('qnhibb', 'bbihnq'), ('evq', 'qve')]
    """
    words = []
    for _ in range(count):
        letters = rng.integers(len(LETTERS), size=rng.integers(shortest, longest + 1))
        words.append("".join(LETTERS[letter] for letter in letters))
    return [(word, word[::-1]) for word in words]


def alphabet(pairs: Sequence[Pair]) -> list[str]:
    """List the signs of all texts, and < and > for where an answer begins and ends."""
    texts = "".join(text for pair in pairs for text in pair)
    return sorted({*"<>", *texts})


def encode(texts: Sequence[str], signs: Sequence[str]) -> Tensor:
    """Number the signs of texts from 1 on, and fill short texts up with 0.

    Examples
    --------
    >>> encode(["ab", "b"], signs="<>ab")
    tensor([[3, 4],
            [4, 0]])
    """
    if foreign := {*"".join(texts)} - {*signs}:
        raise SettingError(
            f"encode: the texts have {''.join(sorted(foreign))!r}; expected signs of {''.join(signs)!r}."
        )
    code = {sign: number for number, sign in enumerate(signs, start=1)}
    rows = [torch.tensor([code[sign] for sign in text]) for text in texts]
    return pad_sequence(rows, batch_first=True)


class Encoder(nn.Module):
    """A GRU that reads in both directions, and stops at the end of each text.

    Parameters
    ----------
    signs, D, H : int
        Kinds of signs, numbers that stand for one, and units of each direction.

    Examples
    --------
    >>> (states, seen), h = Encoder(signs=9)(torch.tensor([[3, 4, 5], [4, 0, 0]]))
    >>> states.shape, seen.tolist(), h.shape
    (torch.Size([2, 3, 128]), [[True, True, True], [True, False, False]], torch.Size([1, 2, 128]))
    """

    def __init__(self, signs: int, D: int = 32, H: int = 64):
        super().__init__()
        self.embed = nn.Embedding(signs + 1, D, padding_idx=0)
        self.cell = nn.GRU(D, H, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> tuple[Read, Tensor]:
        """Read x, (N, T); return what can be looked up, and what is handed over, (1, N, 2H)."""
        seen = x > 0
        packed = pack_padded_sequence(
            self.embed(x),
            seen.sum(dim=1),
            batch_first=True,
            enforce_sorted=False,
        )
        states, last = self.cell(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=x.shape[1])
        return (states, seen), torch.cat([*last], dim=1)[None]


class CarelessEncoder(Encoder):
    """Reads the zeros behind a text as well."""

    def forward(self, x: Tensor) -> tuple[Read, Tensor]:
        """As `Encoder.forward`, but what comes out depends on how many zeros there are."""
        states, last = self.cell(self.embed(x))
        return (states, x > 0), torch.cat([*last], dim=1)[None]


class NarrowEncoder(Encoder):
    """Hands over no more than ``row`` independent numbers; nothing but zeros if ``row`` is 0."""

    def __init__(self, signs: int, row: int, H: int = 64):
        super().__init__(signs, H=H)
        self.row = row
        self.narrow = nn.Sequential(nn.Linear(2 * H, row), nn.Linear(row, 2 * H)) if row else nn.Identity()

    def forward(self, x: Tensor) -> tuple[Read, Tensor]:
        """As `Encoder.forward`; its states are not narrowed."""
        read, h = super().forward(x)
        return read, self.narrow(h) if self.row else torch.zeros_like(h)


class Decoder(nn.Module):
    """A GRU that goes on from what is handed over, and scores the next sign at each step."""

    def __init__(self, signs: int, D: int = 32, H: int = 128):
        super().__init__()
        self.embed = nn.Embedding(signs + 1, D)
        self.cell = nn.GRU(D, H, batch_first=True)
        self.answer = nn.Linear(H, signs + 1)

    def forward(self, y: Tensor, h: Tensor, read: Read) -> tuple[Tensor, Tensor]:
        """Take the signs so far, y (N, T), and h (1, N, H); return scores (N, T, signs + 1) and the last state."""
        states, h = self.cell(self.embed(y), h)
        return self.answer(states), h


def attend(asked: Tensor, states: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Look up: for each question the mean of the states, weighted by how well they fit it.

    Parameters
    ----------
    asked : Tensor, shape (N, T_y, H)
        Questions.
    states, seen : Tensors, shapes (N, T_x, H) and (N, T_x)
        Where to look, and where there is something to see; every row has a True.

    Returns
    -------
    found, weights : Tensors, shapes (N, T_y, H) and (N, T_y, T_x)
        Weights are positive and sum to 1 over what can be seen.

    References
    ----------
    Luong, Pham and Manning (2015), "Effective approaches to attention-based neural machine translation".
    """
    fit = asked @ states.transpose(1, 2)
    fit = fit.masked_fill(~seen[:, None], -torch.inf)
    weights = fit.softmax(dim=2)
    return weights @ states, weights


class AttentionDecoder(Decoder):
    """A decoder that looks up, at each step, what the encoder knew; its last weights are kept."""

    def __init__(self, signs: int, D: int = 32, H: int = 128):
        super().__init__(signs, D, H)
        self.answer = nn.Linear(2 * H, signs + 1)

    def forward(self, y: Tensor, h: Tensor, read: Read) -> tuple[Tensor, Tensor]:
        """As `Decoder.forward`; read is what `attend` searches."""
        states, h = self.cell(self.embed(y), h)
        found, self.weights = attend(states, *read)
        return self.answer(torch.cat([states, found], dim=2)), h


class AdditiveDecoder(AttentionDecoder):
    """The same, but how well a state fits is learned by a small net (Bahdanau, Cho and Bengio, 2015)."""

    def __init__(self, signs: int, D: int = 32, H: int = 128):
        super().__init__(signs, D, H)
        self.A = nn.Linear(H, H, bias=False)
        self.B = nn.Linear(H, H)
        self.u = nn.Linear(H, 1, bias=False)

    def forward(self, y: Tensor, h: Tensor, read: Read) -> tuple[Tensor, Tensor]:
        """As `AttentionDecoder.forward`."""
        states, h = self.cell(self.embed(y), h)
        keys, seen = read
        both = self.A(states)[:, :, None] + self.B(keys)[:, None]
        fit = self.u(torch.tanh(both))[..., 0]
        fit = fit.masked_fill(~seen[:, None], -torch.inf)
        self.weights = fit.softmax(dim=2)
        found = self.weights @ keys
        return self.answer(torch.cat([states, found], dim=2)), h


class Translator(nn.Module):
    """An encoder and a decoder."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score every sign of the answers from y, (N, T), the signs before it; shape (N, T, signs + 1)."""
        read, h = self.encoder(x)
        return self.decoder(y, h, read)[0]


def next_sign_loss(net: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean cross-entropy of the next sign, with the right signs before it."""
    x, y = batch
    scores = net(x, y[:, :-1])
    return functional.cross_entropy(scores.transpose(1, 2), y[:, 1:], ignore_index=0)


def learn_pairs(net: nn.Module, draw: Callable[[], tuple[Tensor, Tensor]], updates: int, rate: float = 0.004) -> None:
    """Train a net in place with Adam, a rate that rises and falls, and clipping at 1."""
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, updates)
    train(net, next_sign_loss, optimizer, draw, steps=updates, clip=1.0, schedule=schedule)


@torch.no_grad()
def greedy(net: Translator, x: Tensor, signs: Sequence[str], longest: int = 11) -> Tensor:
    """Write answers sign by sign, each the best after those before it; shape (N, longest + 1)."""
    read, h = net.encoder(x)
    y = encode(["<"] * len(x), signs)
    for _ in range(longest):
        scores, h = net.decoder(y[:, -1:], h, read)
        y = torch.cat([y, scores.argmax(dim=2)], dim=1)
    return y


@torch.no_grad()
def beam_search(net: Translator, x: Tensor, signs: Sequence[str], longest: int = 11, beams: int = 5) -> Tensor:
    """Write one answer while the best few beginnings are kept; x has the shape (1, T).

    Returns
    -------
    Tensor, shape (1, longest + 1)
        The likeliest line of those that were kept; after its end it repeats the end.
    """
    (states, seen), h = net.encoder(x)
    y, score = encode(["<"], signs), torch.zeros(1)
    end = signs.index(">") + 1
    for _ in range(longest):
        read = states.expand(len(y), -1, -1), seen.expand(len(y), -1)
        scores, h = net.decoder(y[:, -1:], h, read)
        more = scores[:, 0].log_softmax(dim=1)
        ended = y[:, -1] == end
        more[ended] = -torch.inf
        more[ended, end] = 0.0
        total = (score[:, None] + more).flatten()
        score, best = total.topk(min(beams, len(total)))
        line, sign = best // more.shape[1], best % more.shape[1]
        y, h = torch.cat([y[line], sign[:, None]], dim=1), h[:, line]
    return y[:1]


def written(y: Tensor, signs: Sequence[str]) -> list[str]:
    """Return answers, (N, T), as texts: from behind the < to before the first >.

    Examples
    --------
    >>> written(torch.tensor([[1, 3, 4, 2, 3], [1, 4, 4, 4, 0]]), signs="<>ab")
    ['ab', 'bbb']
    """
    texts = ("".join(signs[number - 1] for number in row[1:] if number) for row in y.tolist())
    return [text.split(">")[0] for text in texts]
