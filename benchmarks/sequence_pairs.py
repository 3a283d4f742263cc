"""What does a decoder need of its encoder?  Dates and words, with one row handed over, and with attention.

Run ``make study STUDY=sequence_pairs`` (about fifty minutes on one thread); a second start goes on where
the first was stopped.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from rnn_utils.chapters.ch32_pairs import (
    AdditiveDecoder,
    AttentionDecoder,
    CarelessEncoder,
    Decoder,
    Encoder,
    NarrowEncoder,
    Pair,
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
    yield "words", {"attention": "none", "H": 128, "updates": 1600, "seed": 0}
    yield "words", {"attention": "none", "H": 64, "updates": 5000, "seed": 0}


RUNS = {"dates": dates, "words": words, "gaps": gaps, "padding": padding}
