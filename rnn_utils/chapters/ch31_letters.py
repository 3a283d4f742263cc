"""The next letter of a text: guessed by counting, by a net, and by both; what a guess costs, and what a net writes.

Imports PyTorch.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from rnn_utils.cells.checks import Array
from rnn_utils.data.texts import load_handbook
from rnn_utils.errors import SettingError
from rnn_utils.nets.writer import Writer, numbered
from rnn_utils.training import train


def running_text(language: str, part: str) -> str:
    """Return a part of the handbook as one text, in which a line break ends each paragraph.

    Examples
    --------
    >>> text = running_text("en", "validation")
    >>> text.count("\\n"), text[-1]
    (111, '\\n')
    """
    return "\n".join(load_handbook(language, part)) + "\n"


Counts = tuple[Counter[str], Counter[str], Counter[str]]


def count_pieces(text: str, order: int) -> Counts:
    """Count pieces of a text, the way interpolated Kneser-Ney smoothing wants them.

    Parameters
    ----------
    text : str
        What is learned.
    order : int
        Letters of the longest pieces, 1 or more: what is guessed, and those before it.

    Returns
    -------
    pieces, total, kinds : Counters
        ``pieces``: how often each longest piece was there; of a shorter one, how many letters stood on its left.
        ``total`` and ``kinds``, by context, which is a piece without its last letter: the sum of these numbers,
        and how many letters followed.

    Raises
    ------
    SettingError
        If the order is below 1 or the text is empty.

    References
    ----------
    Kneser and Ney (1995), "Improved backing-off for m-gram language modeling".

    Examples
    --------
    In "anan", n always follows a, though it has one kind of letter on its left:

    >>> pieces, total, kinds = count_pieces("anan", order=2)
    >>> pieces["an"], pieces["n"], kinds["a"]
    (2, 1, 1)
    """
    if order < 1 or not text:
        raise SettingError(f"count_pieces: got order = {order} and {len(text)} letters; expected at least 1 of each.")
    padded = "\n" * (order - 1) + text
    level = Counter(padded[i : i + order] for i in range(len(text)))
    pieces: Counter[str] = Counter()
    for _ in range(order):
        pieces.update(level)
        level = Counter(piece[1:] for piece in level)
    total: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for piece, times in pieces.items():
        total[piece[:-1]] += times
        kinds[piece[:-1]] += 1
    return pieces, total, kinds


def chance(counts: Counts, before: str, letter: str, discount: float = 0.85) -> float:
    """Return the probability of a letter after those before it, by interpolated Kneser-Ney smoothing.

    Parameters
    ----------
    counts : Counts
        From `count_pieces`.
    before : str
        The letters before; of more than were counted, only the last ones matter.
    letter : str
        The next one.
    discount : float
        What is taken from each number, 0 to 1, and given to the guess by one letter less.

    Examples
    --------
    >>> counts = count_pieces("anan", order=2)
    >>> round(sum(chance(counts, "a", letter) for letter in "an"), 6)
    1.0
    """
    pieces, total, kinds = counts
    p = 1 / kinds[""]
    for start in range(len(before), -1, -1):
        context = before[start:]
        if context not in total:
            break
        kept = max(pieces[context + letter] - discount, 0)
        p = (kept + discount * kinds[context] * p) / total[context]
    return p


def chances(counts: Counts, text: str, order: int) -> Array:
    """Return the probability of each letter of a text after those before it; a text begins after line breaks."""
    padded = "\n" * (order - 1) + text
    return np.array([chance(counts, padded[i : i + order - 1], letter) for i, letter in enumerate(text)])


def price(p: Array, text: str, learned: str) -> Array:
    """Return what each letter of a text costs, in bits.

    Parameters
    ----------
    p : ndarray, shape (T,)
        The probability that was given to each letter.
    text : str
        The T letters.
    learned : str
        The text that was learned.  A letter that it does not have costs the same in every way of guessing:
        as much as the letters that it has once are rare, and 17 bits more, to say which of all signs it is.

    Examples
    --------
    >>> price(np.array([0.5, 0.25]), "ab", "ab" * 500 + "c").round(2).tolist()
    [1.0, 2.0]
    """
    seen = Counter(learned)
    new = max(1, sum(times == 1 for times in seen.values())) / len(learned)
    known = np.array([letter in seen for letter in text])
    return np.where(known, -np.log2(np.where(known, p, 1) * (1 - new)), 17 - np.log2(new))


def strips(x: Tensor, rng: np.random.Generator, N: int = 32, T: int = 64) -> Iterator[tuple[Tensor, Tensor]]:
    """Read a text in N places at once, T letters at a time, over and over, each time from another start.

    Yields
    ------
    x, y : Tensors of int64, shape (N, T)
        Letters, and the next ones.  A batch goes on where the last one stopped, but at the end of a reading.

    Raises
    ------
    SettingError
        If the text is too short for a single batch.
    """
    if len(x) // N <= T:
        raise SettingError(f"strips: {len(x)} letters; expected more than N * (T + 1) = {N * (T + 1)}.")
    while True:
        turned = x.roll(int(rng.integers(len(x))))
        rows = turned[: len(x) // N * N].view(N, -1)
        for at in range(0, rows.shape[1] - T, T):
            yield rows[:, at : at + T], rows[:, at + 1 : at + T + 1]


def carried_loss() -> Callable[[Writer, tuple[Tensor, Tensor]], Tensor]:
    """Return a loss, in nats a letter, that remembers the state after a batch and begins the next one with it."""
    state = None

    def loss(net: Writer, batch: tuple[Tensor, Tensor]) -> Tensor:
        nonlocal state
        x, y = batch
        scores, state = net(x, state)
        state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        return functional.cross_entropy(scores.flatten(0, 1), y.flatten())

    return loss


def teach_letters(net: Writer, x: Tensor, steps: int, rng: np.random.Generator, rate: float = 0.016) -> None:
    """Train a net on a text in place, with a rate that rises for a seventh of the time and falls again."""
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps, pct_start=0.15)
    draw = partial(next, strips(x, rng))
    train(net, carried_loss(), optimizer, draw, steps=steps, clip=1.0, schedule=schedule)


@torch.no_grad()
def net_chances(net: Writer, text: str, alphabet: Sequence[str]) -> Array:
    """Return the probability that a net gives each letter of a text; the text begins after a line break."""
    x = numbered("\n" + text, alphabet)
    p = net(x[None, :-1])[0][0].double().softmax(dim=1)
    true = x[1:].clamp(max=len(alphabet) - 1)
    return p[torch.arange(len(text)), true].numpy()


def ends_of_words(text: str) -> tuple[NDArray[np.integer], NDArray[np.bool_]]:
    """Return where a word has just ended, and whether a bracket is open there.

    Examples
    --------
    >>> at, inside = ends_of_words("so (he said) so.")
    >>> at.tolist(), inside.tolist()
    ([2, 6, 11, 15], [False, True, True, False])
    """
    inside, at, is_open = False, [], []
    for i, (before, letter) in enumerate(pairwise("\n" + text)):
        if before.isalnum() and not letter.isalnum():
            at.append(i)
            is_open.append(inside)
        if letter in "()\n":
            inside = letter == "("
    return np.array(at), np.array(is_open)


def hot(temperature: float) -> Callable[[Tensor], Tensor]:
    """Return a way from scores (V,) to probabilities: below a temperature of 1 the likely gets likelier."""
    return lambda scores: (scores / temperature).softmax(dim=0)


def top_k(k: int) -> Callable[[Tensor], Tensor]:
    """Return a way from scores (V,) to probabilities: only the k best letters stay.

    Examples
    --------
    >>> top_k(2)(torch.tensor([1.0, 3.0, 3.0])).tolist()
    [0.0, 0.5, 0.5]
    """
    return lambda scores: scores.masked_fill(scores < scores.topk(k).values[-1], -torch.inf).softmax(dim=0)


def top_p(share: float) -> Callable[[Tensor], Tensor]:
    """Return a way from scores (V,) to probabilities: the best letters stay that together have this share.

    Examples
    --------
    >>> top_p(0.7)(torch.tensor([0.4, 0.2, 0.4]).log()).round(decimals=3).tolist()
    [0.5, 0.0, 0.5]
    """

    def choose(scores: Tensor) -> Tensor:
        p, place = scores.softmax(dim=0).sort(descending=True)
        kept = p.where(p.cumsum(dim=0) - p < share, 0)
        return torch.zeros_like(p).scatter(0, place, kept / kept.sum())

    return choose


@torch.no_grad()
def write_on(
    net: Writer,
    alphabet: Sequence[str],
    begin: str,
    letters: int,
    choose: Callable[[Tensor], Tensor],
    rng: np.random.Generator,
) -> str:
    """Let a net go on with a text: it draws a letter, reads it, and draws the next.

    Parameters
    ----------
    net, alphabet
        What writes, and its letters.
    begin : str
        The text so far, from the beginning of a paragraph.
    letters : int
        How many to add.
    choose : callable
        From scores (V,) to the probabilities by which the letter is drawn: `hot`, `top_k`, `top_p`.
    rng : numpy.random.Generator
        Draws.
    """
    text = begin
    scores, state = net(numbered("\n" + begin, alphabet)[None])
    for _ in range(letters):
        p = choose(scores[0, -1].double()).numpy()
        drawn = int(rng.choice(len(p), p=p))
        text += alphabet[drawn]
        scores, state = net(torch.tensor([[drawn]]), state)
    return text


@torch.no_grad()
def write_likeliest(net: Writer, alphabet: Sequence[str], begin: str, letters: int, width: int) -> str:
    """Look for the likeliest text, keeping the best few beginnings after each letter (a beam); LSTMs only."""
    texts, logs = [begin], torch.zeros(1)
    scores, state = net(numbered("\n" + begin, alphabet)[None])
    for _ in range(letters):
        sums = logs[:, None] + scores[:, -1].double().log_softmax(dim=1)
        logs, place = sums.flatten().topk(width)
        old, new = place // len(alphabet), place % len(alphabet)
        texts = [texts[i] + alphabet[j] for i, j in zip(old, new, strict=True)]
        state = tuple(part[:, old] for part in state)
        scores, state = net(new[:, None], state)
    return texts[0]
