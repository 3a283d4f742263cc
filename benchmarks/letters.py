"""How well can the next letter be guessed?  Nets and counting, by time, amount of text, cell and language.

Run ``make study STUDY=letters AT_ONCE=2`` (about an hour and a half on two cores); a second start goes on where the
first was stopped.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from rnn_utils.chapters.ch31_letters import (
    chances,
    count_pieces,
    ends_of_words,
    hot,
    net_chances,
    price,
    running_text,
    teach_letters,
    top_k,
    top_p,
    write_likeliest,
    write_on,
)
from rnn_utils.data.texts import load_declaration, load_handbook
from rnn_utils.nets.writer import State, Writer, numbered

ORDER = {"en": 8, "ru": 8, "zh": 5}  # chosen on the validation part
EMBEDDED = {"en": 32, "ru": 32, "zh": 64}
WEIGHTS = np.arange(0, 1.01, 0.05)
BACK = (1, 2, 4, 8, 16, 32, 64, 128)  # letters that a net may read before it guesses
GUESSES = 1500  # by which that is measured
READ = 200  # letters before a guess whose gradients are looked at
SEEN = 20_000  # letters over which units are watched
BEGINS = {"en": "The ", "ru": "Для ", "zh": "在"}  # as many paragraphs do
WRITTEN = 200  # letters of a sample
WAYS = {
    "temperature 0.3": hot(0.3),
    "temperature 0.7": hot(0.7),
    "temperature 1": hot(1.0),
    "best 5": top_k(5),
    "best 90 %": top_p(0.9),
}
SENTENCE = "To get on with our real subject matter, we will quite naturally start with the installation pr"
VOWELS = "aeiouyAEIOUY"
BYTES = [chr(number) for number in range(256)]
SCRIPTS = r"[А-Яа-яЁё]", r"[\u4e00-\u9fff]"
WITNESS = {"steps": 50}  # enough to show that a change left the numbers alone


class Dropped(Writer):
    """A writer that forgets some of what it reads and of its state's parts while it learns."""

    def __init__(self, V: int, E: int, cell: str, dropped: float):
        super().__init__(V, E, cell=cell)
        self.drop = nn.Dropout(dropped)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read and score, as `Writer` does."""
        h, state = self.cell(self.drop(self.letters(x)), state)
        return self.score(self.drop(h)), state


def nets(language: str, cell: str, steps: int, text_of: int, dropped: float, seed: int) -> dict[str, Any]:
    """Train one net on the first paragraphs, one of so many, and hold it and counting against the test part."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    learned, chosen, test = texts_of(language, text_of)
    alphabet = sorted(set(learned))
    net = Dropped(len(alphabet), EMBEDDED[language], cell, dropped)
    before = known_by_units(net, test, alphabet)
    began = time.process_time()
    teach_letters(net, numbered(learned, alphabet), steps, np.random.default_rng(seed))
    seconds = time.process_time() - began
    net.eval()
    by_net = [net_chances(net, text, alphabet) for text in (chosen, test)]
    by_counts = counted(language, text_of)
    some = learned[: len(test)]
    return {
        **compared(by_net, by_counts, (chosen, test), learned),
        "better": round(float((by_net[1] > by_counts[1]).mean()), 4),
        "learned": round(float(price(net_chances(net, some, alphabet), some, learned).mean()), 4),
        "letters": len(learned),
        "back": after_few(net, chosen + test, alphabet, learned),
        "reach": reach(net, test, alphabet),
        "closes": closes(net, chosen + test, alphabet) if language == "en" else [],
        "hangs_on": hangs_on(net, test, alphabet) if language == "en" else [],
        "units": {name: [before[name], value] for name, value in known_by_units(net, test, alphabet).items()},
        "again": again(by_net, by_counts, (chosen, test), learned),
        "samples": samples(net, language, alphabet, learned) if cell == "LSTM" else {},
        "seconds": round(seconds),
    }


def changed(what: str, steps: int, seed: int) -> dict[str, Any]:
    """Train an English net with one thing done otherwise, and hold it and counting against the test part."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    learned, *others = texts_of("en", 1)
    alphabet = sorted(set(learned))
    net = (Forgetful if what == "state not carried" else Dropped)(len(alphabet), EMBEDDED["en"], "LSTM", 0.0)
    if what == "two layers":
        net = Dropped(len(alphabet), EMBEDDED["en"], "LSTM", 0.1)
        net.cell = nn.LSTM(EMBEDDED["en"], 256, num_layers=2, dropout=0.1, batch_first=True)
        for bias in (net.cell.bias_ih_l0, net.cell.bias_ih_l1):
            bias.data[256:512] = 1
    rate = float(what.removeprefix("rate ")) if what.startswith("rate ") else 0.016
    decay = float(what.removeprefix("weight decay ")) if what.startswith("weight decay ") else 0.01
    began = time.process_time()
    with register_optimizer_step_pre_hook(lambda optimizer, *_: optimizer.param_groups[0].update(weight_decay=decay)):
        teach_letters(net, numbered(learned, alphabet), steps, np.random.default_rng(seed), rate)
    seconds = time.process_time() - began
    net.eval()
    by_net = [net_chances(net, text, alphabet) for text in others]
    return {**compared(by_net, counted("en", 1), others, learned), "seconds": round(seconds)}


class Forgetful(Dropped):
    """A writer that begins every batch of its training with an empty state."""

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read and score, as `Writer` does."""
        return super().forward(x, None if self.training else state)


def elsewhere(language: str, steps: int, seed: int) -> dict[str, Any]:
    """Train a net on the handbook; return bits a letter of net, counting and both there and on the Declaration."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    learned, chosen, test = texts_of(language, 1)
    away = "\n".join(load_declaration(language)) + "\n"
    alphabet = sorted(set(learned))
    net = Writer(len(alphabet), EMBEDDED[language])
    teach_letters(net, numbered(learned, alphabet), steps, np.random.default_rng(seed))
    net.eval()
    counts = count_pieces(learned, ORDER[language])
    by_net = [net_chances(net, text, alphabet) for text in (chosen, test, away)]
    by_counts = [*counted(language, 1), chances(counts, away, ORDER[language])]
    here = compared(by_net[:2], by_counts[:2], (chosen, test), learned)
    there = compared(by_net[::2], by_counts[::2], (chosen, away), learned)
    new = float(np.mean([letter not in alphabet for letter in away]))
    return {name: [here[name], there[name]] for name in ("net", "counting", "both")} | {"new": round(new, 4)}


def in_bytes(steps: int, seed: int) -> dict[str, Any]:
    """Train one net on the bytes of all three languages; return bits a letter of each, and how it changes languages."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    learned = [text for language in ORDER for text in load_handbook(language, "train")]
    net = Writer(len(BYTES))
    mixed = "".join(as_bytes(learned[i] + "\n") for i in rng.permutation(len(learned)))
    teach_letters(net, numbered(mixed, BYTES), steps, rng)
    net.eval()
    tests = {language: texts_of(language, 1)[2] for language in ORDER}
    written = write_on(net, BYTES, "", 6000, hot(1.0), rng).encode("latin-1").decode(errors="replace")
    scripts = [
        [[k for k, script in enumerate(SCRIPTS) if re.match(script, letter)] for letter in line]
        for line in written.split("\n")
    ]
    lines = [[which for (which,) in filter(None, line)] for line in scripts]
    return {
        **{
            language: round(float(-np.log2(net_chances(net, as_bytes(text), BYTES)).sum()) / len(text), 4)
            for language, text in tests.items()
        },
        "paragraphs": len(lines),
        "changes_inside": sum(one != other for line in lines for one, other in pairwise(line)),
        "changes_between": sum(one[-1] != other[0] for one, other in pairwise(filter(None, lines))),
        "broken": written.count("\ufffd"),
    }


def as_bytes(text: str) -> str:
    """Return a text with one letter for each byte of its UTF-8."""
    return text.encode().decode("latin-1")


def compared(
    by_net: Sequence[np.ndarray], by_counts: Sequence[np.ndarray], texts: Sequence[str], learned: str
) -> dict[str, float]:
    """Return bits a letter of the second text; the weight of the mixture is chosen on the first."""

    def bits(weight: float, part: int) -> float:
        p = weight * by_net[part] + (1 - weight) * by_counts[part]
        return float(price(p, texts[part], learned).mean())

    weight = min(WEIGHTS, key=lambda weight: bits(weight, 0))
    return {
        "net": round(bits(1, 1), 4),
        "counting": round(bits(0, 1), 4),
        "both": round(bits(weight, 1), 4),
        "weight": round(float(weight), 2),
    }


def texts_of(language: str, text_of: int) -> tuple[str, str, str]:
    """Return the text to learn, its first paragraphs alone if asked, and those for choices and for the test."""
    learned, chosen, test = (running_text(language, part) for part in ("train", "validation", "test"))
    return learned[: learned.index("\n", len(learned) // text_of - 1) + 1], chosen, test


@cache
def counted(language: str, text_of: int) -> list[np.ndarray]:
    """Return the probabilities by counting for the part for choices and for the test."""
    learned, *others = texts_of(language, text_of)
    counts = count_pieces(learned, ORDER[language])
    return [chances(counts, text, ORDER[language]) for text in others]


def samples(net: Writer, language: str, alphabet: list[str], learned: str) -> dict[str, Any]:
    """Return what a net writes, the first three texts in each way, and how many of its words training had."""
    begin, known = BEGINS[language], set(re.findall(word_of(language), learned))
    written = {
        name: [write_on(net, alphabet, begin, WRITTEN, way, np.random.default_rng(draw)) for draw in range(3)]
        for name, way in WAYS.items()
    }
    written["likeliest"] = [write_likeliest(net, alphabet, begin, WRITTEN, width=10)]
    return {
        name: {
            "texts": texts,
            "known": round(sum(word in known for word in words) / max(len(words), 1), 3),
            "different": round(len(set(words)) / max(len(words), 1), 3),
        }
        for name, texts in written.items()
        for words in [[word for text in texts for word in re.findall(word_of(language), text)[:-1]]]
    }


def word_of(language: str) -> str:
    """Return a pattern of words; Chinese leaves no space between them, so pairs of signs stand for them."""
    return r"(?=(\w\w))" if language == "zh" else r"\w+"


@torch.no_grad()
def after_few(net: Writer, text: str, alphabet: list[str], learned: str) -> list[float]:
    """Return bits a letter when a net reads only the last few letters before each guess, from an empty state."""
    x = numbered("\n" + text, alphabet)
    at = np.random.default_rng(0).choice(np.arange(max(BACK), len(text)), GUESSES, replace=False)
    asked = "".join(text[i] for i in at)
    true = x[at + 1].clamp(max=len(alphabet) - 1)
    found = []
    for back in BACK:
        rows = torch.stack([x[i - back + 1 : i + 1] for i in at])
        p = torch.cat([net(some)[0][:, -1].double().softmax(dim=1) for some in rows.split(250)])
        found.append(round(float(price(p[torch.arange(len(at)), true].numpy(), asked, learned).mean()), 4))
    return found


def reach(net: Writer, text: str, alphabet: list[str]) -> list[float]:
    """Return on which letters a guess hangs: shares of the gradient by distance, the mean of 100 guesses."""
    x = numbered(text, alphabet)
    at = np.random.default_rng(0).integers(READ, len(text) - 1, size=100)
    shares = gradient_shares(net, torch.stack([x[i - READ + 1 : i + 2] for i in at]))
    return [round(float(share), 5) for share in shares.mean(dim=0).flip(0)]


@torch.no_grad()
def closes(net: Writer, text: str, alphabet: list[str]) -> list[float]:
    """Return the mean probability that a bracket closes where a word ends: outside brackets, and inside."""
    x = numbered("\n" + text, alphabet)
    p = net(x[None, :-1])[0][0].double().softmax(dim=1)[:, alphabet.index(")")].numpy()
    at, inside = ends_of_words(text)
    return [round(float(p[at[inside == which]].mean()), 5) for which in (False, True)]


def hangs_on(net: Writer, text: str, alphabet: list[str]) -> list[float]:
    """Return shares of the gradient for one guess, by letter of a sentence; the last letter is what is guessed."""
    x = numbered("\n" + text[text.index(SENTENCE[:30]) :][: len(SENTENCE)], alphabet)
    return [round(float(share), 5) for share in gradient_shares(net, x[None])[0, 1:]]


def gradient_shares(net: Writer, rows: Tensor) -> Tensor:
    """Return how the length of the gradient of each row's last letter is shared by the letters before it."""
    read = net.letters(rows[:, :-1]).detach().requires_grad_()
    scores = net.score(net.cell(read)[0][:, -1])
    true = rows[:, -1].clamp(max=scores.shape[1] - 1)
    (gradient,) = torch.autograd.grad(scores.log_softmax(dim=1)[torch.arange(len(rows)), true].sum(), read)
    size = gradient.norm(dim=2)
    return size / size.sum(dim=1, keepdim=True)


@torch.no_grad()
def known_by_units(net: Writer, text: str, alphabet: list[str]) -> dict[str, float]:
    """Return how well the best unit follows each of four things, as the size of a correlation."""
    text = text[:SEEN]
    h = net.cell(net.letters(numbered(text, alphabet)[None]))[0][0].numpy()
    h = (h - h.mean(axis=0)) / (h.std(axis=0) + 1e-9)
    depth = np.cumsum([(letter == "(") - (letter == ")") for letter in text]).clip(0, 1)
    things = {
        "place in the word": since(text, str.isalpha),
        "place in the sentence": np.log1p(since(text, lambda letter: letter not in ".!?\n")),
        "a vowel": np.array([letter in VOWELS for letter in text], float),
        "inside brackets": depth.astype(float),
    }
    return {
        name: round(float(np.abs(h.T @ ((thing - thing.mean()) / thing.std()) / len(thing)).max()), 4)
        for name, thing in things.items()
        if thing.std() > 0
    }


def since(text: str, goes_on: Callable[[str], bool]) -> np.ndarray:
    """Count letters since the last one at which a stretch ended."""
    counted = []
    for letter in text:
        counted.append(counted[-1] + 1 if counted and goes_on(letter) else float(goes_on(letter)))
    return np.array(counted)


def again(
    by_net: list[np.ndarray], by_counts: list[np.ndarray], texts: tuple[str, str], learned: str
) -> dict[str, list[float]]:
    """Return bits a letter of words that training never had: where a paragraph has them first, and again."""
    known = set(re.findall(r"\w+", learned))
    found: dict[str, list[tuple[float, float]]] = {"first": [], "again": []}
    for text, *both in zip(texts, by_net, by_counts, strict=True):
        net, counted = (price(p, text, learned) for p in both)
        place, paragraph, seen = 0, 0, set()
        for match in re.finditer(r"\w{4,}", text):
            if paragraph != text.count("\n", 0, match.start()):
                paragraph, seen = text.count("\n", 0, match.start()), set()
            if match[0] not in known:
                place = slice(*match.span())
                found["again" if match[0] in seen else "first"].append((net[place].mean(), counted[place].mean()))
                seen.add(match[0])
    return {
        name: [len(pairs), *(round(float(side), 3) for side in np.mean(pairs, axis=0))]
        for name, pairs in found.items()
        if pairs
    }


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name all runs by table and key."""

    def run(
        seed: int, language: str = "en", cell: str = "LSTM", steps: int = 1000, text_of: int = 1, dropped: float = 0.0
    ):
        key = {"language": language, "cell": cell, "steps": steps, "text_of": text_of, "dropped": dropped}
        return "nets", {**key, "seed": seed}

    for seed in range(3):
        for cell in ("GRU", "RNN", "LSTM"):
            yield run(seed, cell=cell)
        yield run(seed, steps=4000, dropped=0.1)
        yield run(seed, language="zh", steps=500)
        yield run(seed, language="ru")
        yield run(seed, steps=250)
        yield run(seed, text_of=4)
        yield "changed", {"what": "state not carried", "steps": 1000, "seed": seed}
        yield "in_bytes", {"steps": 2500, "seed": seed}
        for language in ORDER:
            yield "elsewhere", {"language": language, "steps": 500 if language == "zh" else 1000, "seed": seed}
    for seed in (3, 4):
        yield run(seed)
    for dropped in (0.0, 0.3):
        yield run(0, steps=4000, dropped=dropped)
    for rate in ("0.004", "0.008"):
        yield "changed", {"what": f"rate {rate}", "steps": 1000, "seed": 0}
    for decay in ("0.1", "0.3", "1"):
        yield "changed", {"what": f"weight decay {decay}", "steps": 4000, "seed": 0}
    for seed in range(3):
        yield run(seed, text_of=2)
        yield run(seed, text_of=8)
    yield "changed", {"what": "two layers", "steps": 4000, "seed": 0}
    yield run(0, steps=8000, dropped=0.1)


RUNS = {"nets": nets, "changed": changed, "elsewhere": elsewhere, "in_bytes": in_bytes}
