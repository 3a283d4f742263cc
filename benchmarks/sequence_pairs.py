"""What does a decoder need of its encoder?  Dates and words, with one row handed over, and with attention.

Run ``make study STUDY=sequence_pairs`` (about seventy minutes on one thread); a second start goes on where
the first was stopped.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from rnn_utils.chapters.ch32_pairs import (
    AdditiveDecoder,
    AttentionDecoder,
    CarelessEncoder,
    Decoder,
    Encoder,
    NarrowEncoder,
    Pair,
    Read,
    Translator,
    alphabet,
    beam_search,
    draw_dates,
    draw_words,
    encode,
    greedy,
    learn_pairs,
    written,
)

DECODERS = {"none": Decoder, "dot": AttentionDecoder, "additive": AdditiveDecoder}
LENGTHS = (5, 8, 10, 12, 15, 16, 18, 20)  # of words; nets learn from 5 to 15

LONGER = (15, 16, 18, 20, 25, 30)


class PlacedEncoder(Encoder):
    """Adds to every state waves of six to 6,000 places, by which its place can be told."""

    def forward(self, x: torch.Tensor) -> tuple[Read, torch.Tensor]:
        """As `Encoder.forward`."""
        (states, seen), h = super().forward(x)
        T, H = states.shape[1:]
        turned = torch.arange(T)[:, None] * torch.logspace(0, -3, H // 2)
        return (states + torch.cat([turned.sin(), turned.cos()], dim=1), seen), h


class SteeredDecoder(AttentionDecoder):
    """Sees where it looked last: how well a place fits depends on the last weights there and beside it as well.

    Chorowski et al. (2015), "Attention-based models for speech recognition".
    """

    def __init__(self, signs: int, D: int = 32, H: int = 128):
        super().__init__(signs, D, H)
        self.steer = nn.Conv1d(1, 1, kernel_size=3, padding=1, bias=False)

    def forward(self, y: torch.Tensor, h: Any, read: Read) -> tuple[torch.Tensor, Any]:
        """As `AttentionDecoder.forward`; what is handed on holds the last weights, too."""
        states, seen = read
        h, weights = h if isinstance(h, tuple) else (h, torch.zeros(seen.shape))
        asked, h = self.cell(self.embed(y), h)
        looks, found = [], []
        for question in asked.unbind(dim=1):
            fit = (states @ question[..., None])[..., 0] + self.steer(weights[:, None])[:, 0]
            weights = fit.masked_fill(~seen, -torch.inf).softmax(dim=1)
            looks.append(weights)
            found.append((weights[:, None] @ states)[:, 0])
        self.weights = torch.stack(looks, dim=1)
        return self.answer(torch.cat([asked, torch.stack(found, dim=1)], dim=2)), (h, weights)


def dates(attention: str, handed: str, updates: int, seed: int) -> dict[str, Any]:
    """Train one net on dates and ask it for 500 new ones.

    "handed" says how many numbers the decoder begins with: "128", fewer, or "0".
    """
    rng, pairs, signs = begin(draw_dates, seed)
    new = draw_dates(500, rng, without=pairs)
    encoder = Encoder(len(signs)) if handed == "128" else NarrowEncoder(len(signs), int(handed))
    net = Translator(encoder, DECODERS[attention](len(signs)))
    learn_pairs(net, batches(pairs, signs, rng), updates)
    x, y = tensors(new, signs)
    with torch.no_grad():
        forced = net(x, y[:, :-1]).argmax(dim=2) == y[:, 1:]
    free = greedy(net, x, signs)[:, 1:] == y[:, 1:]
    return {
        "right": share(free.all(dim=1)),
        "right_forced": share(forced.all(dim=1)),
        "signs": share(free),
        "signs_forced": share(forced),
        "places": [share(free[:, place]) for place in range(free.shape[1])],
        "beam": by_beam(net, new, signs),
    }


def words(attention: str, H: int, updates: int, seed: int) -> dict[str, Any]:
    """Train one net to reverse words of 5 to 15 letters, and ask it for 200 of each length."""
    rng, pairs, signs = begin(draw_words, seed)
    net = Translator(Encoder(len(signs), H=H), DECODERS[attention](len(signs), H=2 * H))
    learn_pairs(net, batches(pairs, signs, rng), updates)
    return {str(T): right(net, draw_words(200, rng, T, T), signs) for T in LENGTHS}


def longer(places: str, seed: int) -> dict[str, Any]:
    """Train one net with attention to reverse words, and see what fails in words that are longer.

    "places" says what a look knows of places: "nothing", "waves" or "last look".  Shares of 200 words of each
    length: "words" come out right, "unended" do if the end cannot be written before it is due, "looks" of the
    letters are looked at when they are due.
    """
    rng, pairs, signs = begin(draw_words, seed)
    encoder = (PlacedEncoder if places == "waves" else Encoder)(len(signs))
    net = Translator(encoder, (SteeredDecoder if places == "last look" else AttentionDecoder)(len(signs)))
    learn_pairs(net, batches(pairs, signs, rng), 1600)
    found: dict[str, dict[str, float]] = {"words": {}, "unended": {}, "looks": {}}
    for T in LONGER:
        some = draw_words(200, rng, T, T)
        x, y = tensors(some, signs)
        free, looks = unended(net, x, signs)
        found["words"][str(T)] = right(net, some, signs)
        found["unended"][str(T)] = share((free == y[:, 1:-1]).all(dim=1))
        found["looks"][str(T)] = share(looks == torch.arange(T).flip(0))
    return found


@torch.no_grad()
def unended(net: Translator, x: torch.Tensor, signs: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Write as many letters as x has, none of them an end; return them and the places looked at, both (N, T)."""
    read, h = net.encoder(x)
    y, looks = encode(["<"] * len(x), signs), []
    for _ in range(x.shape[1]):
        scores, h = net.decoder(y[:, -1:], h, read)
        scores[..., signs.index(">") + 1] = -torch.inf
        y = torch.cat([y, scores.argmax(dim=2)], dim=1)
        looks.append(net.decoder.weights[:, 0].argmax(dim=1))
    return y[:, 1:], torch.stack(looks, dim=1)


def gaps(attention: str, dots: int, seed: int) -> dict[str, Any]:
    """Train one net for 400 updates to reverse words of five letters, which stand between so many dots, and test it.

    The dots make the way longer, and nothing more has to be kept.
    """

    def between_dots(count: int, rng: np.random.Generator) -> list[Pair]:
        return [("." * dots + word + "." * dots, answer) for word, answer in draw_words(count, rng, 5, 5)]

    rng, pairs, signs = begin(between_dots, seed)
    net = Translator(Encoder(len(signs)), DECODERS[attention](len(signs)))
    learn_pairs(net, batches(pairs, signs, rng), 400)
    return {"right": right(net, between_dots(500, rng), signs)}


def padding(attention: str, seed: int) -> dict[str, Any]:
    """Train a net whose encoder reads the zeros behind a text, and ask it in batches, and one text at a time."""
    rng, pairs, signs = begin(draw_dates, seed)
    new = draw_dates(500, rng, without=pairs)
    net = Translator(CarelessEncoder(len(signs)), DECODERS[attention](len(signs)))
    learn_pairs(net, batches(pairs, signs, rng), UPDATES[attention])
    alone = [right(net, [pair], signs) for pair in new]
    return {"together": right(net, new, signs), "alone": float(np.mean(alone).round(4))}


UPDATES = {"none": 1600, "dot": 600}


def begin(
    draw: Callable[[int, np.random.Generator], list[Pair]], seed: int
) -> tuple[np.random.Generator, list[Pair], list[str]]:
    """Set one thread and the seed; draw what is learned from, and list its signs."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pairs = draw(20_000, rng)
    return rng, pairs, alphabet(pairs)


def tensors(pairs: list[Pair], signs: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the numbers of texts, and of their answers between < and >."""
    return encode([text for text, _ in pairs], signs), encode([f"<{answer}>" for _, answer in pairs], signs)


def batches(
    pairs: list[Pair], signs: list[str], rng: np.random.Generator
) -> Callable[[], tuple[torch.Tensor, torch.Tensor]]:
    """Return what draws 64 pairs, no wider than the longest text among them."""
    x, y = tensors(pairs, signs)

    def draw() -> tuple[torch.Tensor, torch.Tensor]:
        rows = torch.from_numpy(rng.integers(len(pairs), size=64))
        return tuple(some[rows][:, : int((some[rows] > 0).sum(dim=1).max())] for some in (x, y))

    return draw


def share(right: torch.Tensor) -> float:
    """Return the mean of what is True."""
    return round(float(right.double().mean()), 4)


def right(net: Translator, pairs: list[Pair], signs: list[str]) -> float:
    """Return the share of pairs whose whole answer is right."""
    x, y = tensors(pairs, signs)
    texts = written(greedy(net, x, signs, y.shape[1] - 1), signs)
    return round(float(np.mean([text == answer for text, (_, answer) in zip(texts, pairs, strict=True)])), 4)


def by_beam(net: Translator, pairs: list[Pair], signs: list[str]) -> float:
    """Return the share of pairs whose whole answer a beam of 5 finds."""
    found = [written(beam_search(net, encode([text], signs), signs), signs) == [answer] for text, answer in pairs]
    return round(float(np.mean(found)), 4)


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""
    for seed in range(5):
        for attention, handed, updates in (
            ("none", "128", 600),
            ("dot", "128", 600),
            ("none", "128", 1600),
            ("dot", "0", 600),
            ("additive", "128", 600),
        ):
            yield "dates", {"attention": attention, "handed": handed, "updates": updates, "seed": seed}
        for attention in ("none", "dot"):
            yield "words", {"attention": attention, "H": 64, "updates": 1600, "seed": seed}
        yield "padding", {"attention": "none", "seed": seed}
        for attention, dots in (("none", 0), ("none", 5), ("none", 10), ("dot", 10)):
            yield "gaps", {"attention": attention, "dots": dots, "seed": seed}
    for seed in range(3):
        yield "dates", {"attention": "none", "handed": "32", "updates": 1600, "seed": seed}
    for seed in range(3):
        for places in ("nothing", "waves", "last look"):
            yield "longer", {"places": places, "seed": seed}
    yield "words", {"attention": "none", "H": 128, "updates": 1600, "seed": 0}
    yield "words", {"attention": "none", "H": 64, "updates": 5000, "seed": 0}


RUNS = {"dates": dates, "words": words, "longer": longer, "gaps": gaps, "padding": padding}
