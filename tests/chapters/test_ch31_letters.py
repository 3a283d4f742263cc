"""Counting and nets give probabilities, what they cost is what it says, and a net writes by them."""

import math
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from rnn_utils.errors import SettingError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
letters = pytest.importorskip("rnn_utils.chapters.ch31_letters")
TEXT = "the cat sat on the mat\nthe hat\n" * 3 + "a dog ate it\n"
ALPHABET = sorted(set(TEXT))


def writer(cell: str = "LSTM") -> "letters.Writer":
    torch.manual_seed(0)
    return letters.Writer(len(ALPHABET), E=5, H=7, cell=cell)


def test_a_running_text_has_a_line_a_paragraph() -> None:
    text = letters.running_text("zh", "test")
    assert text.count("\n") == len(letters.load_handbook("zh", "test")) > 100
    assert text.endswith("。\n") or text[-1] == "\n"


def test_longest_pieces_are_counted_and_shorter_ones_by_their_left_neighbours() -> None:
    """By hand: in "abab", padded, ab stands twice, ba once, and \\na once; b has one letter on its left, a has two."""
    pieces, total, kinds = letters.count_pieces("abab", order=2)
    assert pieces == Counter({"ab": 2, "ba": 1, "\na": 1, "a": 2, "b": 1})
    assert total == Counter({"a": 2, "b": 1, "\n": 1, "": 3})
    assert kinds == Counter({"a": 1, "b": 1, "\n": 1, "": 2})


def test_the_chance_is_kneser_neys() -> None:
    """By hand, discount 0.5: p(a) = (1.5 + 0.5 * 2 / 2) / 3, and p(a | b) = (0.5 + 0.5 * p(a)) / 1."""
    counts = letters.count_pieces("abab", order=2)
    by_one = (1.5 + 0.5 * 2 / 2) / 3
    assert letters.chance(counts, "", "a", discount=0.5) == pytest.approx(by_one)
    assert letters.chance(counts, "b", "a", discount=0.5) == pytest.approx(0.5 + 0.5 * by_one)
    assert letters.chance(counts, "x", "a", discount=0.5) == pytest.approx(by_one), "an unknown context says nothing"


@pytest.mark.parametrize("order", [1, 2, 5])
def test_chances_sum_to_one(order: int) -> None:
    counts = letters.count_pieces(TEXT, order)
    for before in ("", "t", "the ", "at\nq", "xyz"):
        before = before[max(0, len(before) - order + 1) :]
        assert sum(letters.chance(counts, before, letter) for letter in ALPHABET) == pytest.approx(1)


def test_chances_look_back_as_far_as_was_counted() -> None:
    counts = letters.count_pieces(TEXT, 4)
    p = letters.chances(counts, "the mat", 4)
    assert p[0] == letters.chance(counts, "\n\n\n", "t")
    assert p[6] == letters.chance(counts, " ma", "t")
    assert len(p) == 7


@pytest.mark.parametrize(("text", "order"), [("", 2), ("abc", 0)])
def test_nothing_to_count_is_named(text: str, order: int) -> None:
    with pytest.raises(SettingError, match=r"count_pieces: got order = .*expected at least 1 of each"):
        letters.count_pieces(text, order)


def test_a_price_is_in_bits_and_a_new_letter_costs_more() -> None:
    learned = "a" * 998 + "bc"  # two letters of a thousand came once
    bits = letters.price(np.array([0.25, 0.9]), "az", learned)
    np.testing.assert_allclose(bits, [2 - math.log2(0.998), 17 - math.log2(0.002)])
    other = letters.price(np.array([0.25, 1e-9]), "az", learned)
    assert other[1] == bits[1], "what a rival says of a letter that it cannot know changes its price"


def test_strips_go_on_where_they_stopped() -> None:
    x = torch.arange(100)
    (x1, y1), (x2, _), (x3, _) = islice(letters.strips(x, np.random.default_rng(0), N=2, T=20), 3)
    assert x1.shape == (2, 20)
    assert torch.equal(y1, (x1 + 1) % 100)
    assert torch.equal(x2[:, 0], (x1[:, -1] + 1) % 100)
    assert x3[0, 0] != (x2[0, -1] + 1) % 100, "a second reading begins elsewhere"
    begins = {int(next(letters.strips(x, np.random.default_rng(seed), N=2, T=20))[0][0, 0]) for seed in range(5)}
    assert len(begins) > 1, "each reading begins at the same letter"


def test_a_text_that_is_too_short_is_named() -> None:
    with pytest.raises(SettingError, match="strips: 30 letters; expected more than"):
        next(letters.strips(torch.arange(30), np.random.default_rng(0)))


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_the_loss_carries_the_state_and_not_its_graph(cell: str) -> None:
    net, loss = writer(cell), letters.carried_loss()
    x = letters.numbered(TEXT[:41], ALPHABET)[None]
    first, second = (loss(net, (x[:, a:b], x[:, a + 1 : b + 1])) for a, b in ((0, 20), (20, 40)))
    whole = torch.nn.functional.cross_entropy(net(x[:, :-1])[0][0], x[0, 1:])
    torch.testing.assert_close((first + second) / 2, whole)
    first.backward()
    second.backward()  # a graph that went back into the first batch would be freed by now


def test_a_net_learns_a_text() -> None:
    net, x = writer(), letters.numbered(TEXT * 30, ALPHABET)
    before = letters.price(letters.net_chances(net, TEXT, ALPHABET), TEXT, TEXT).mean()
    letters.teach_letters(net, x, steps=150, rng=np.random.default_rng(0))
    after = letters.price(letters.net_chances(net, TEXT, ALPHABET), TEXT, TEXT).mean()
    assert after < 0.6 * before


def test_a_net_gives_each_letter_its_own_chance() -> None:
    net = writer()
    p = letters.net_chances(net, "cat", ALPHABET)
    x = letters.numbered("\ncat", ALPHABET)[None]
    expected = net(x)[0][0].softmax(dim=1)
    np.testing.assert_allclose(p, [expected[t, x[0, t + 1]].item() for t in range(3)], rtol=1e-5)


def test_ways_to_choose() -> None:
    scores = torch.tensor([0.5, 0.3, 0.2]).log().double()
    np.testing.assert_allclose(letters.hot(1.0)(scores), [0.5, 0.3, 0.2])
    np.testing.assert_allclose(letters.hot(0.5)(scores), np.array([0.25, 0.09, 0.04]) / 0.38)
    np.testing.assert_allclose(letters.top_k(2)(scores), [0.625, 0.375, 0])
    np.testing.assert_allclose(letters.top_p(0.6)(scores), [0.625, 0.375, 0])
    np.testing.assert_allclose(letters.top_p(0.4)(scores), [1, 0, 0])


def test_what_is_written_is_drawn_letter_by_letter() -> None:
    net = writer()
    text = letters.write_on(net, ALPHABET, "the ", 30, letters.hot(1.0), np.random.default_rng(0))
    assert text.startswith("the ") and len(text) == 34 and set(text) <= set(ALPHABET)


def test_what_was_read_decides_what_is_written() -> None:
    """With larger weights than a fresh net has, so that the likeliest letter changes from place to place."""
    net = writer()
    for weights in net.parameters():
        weights.data *= 8
    cold = letters.write_on(net, ALPHABET, "the ", 12, letters.hot(1e-4), np.random.default_rng(0))
    assert len(set(cold[4:])) > 2
    for at in range(4, 16):
        p = [letters.net_chances(net, cold[:at] + letter, ALPHABET)[-1] for letter in ALPHABET]
        assert ALPHABET[int(np.argmax(p))] == cold[at], "cold, it takes the likeliest letter"


def test_a_wider_beam_finds_the_likeliest_text() -> None:
    """As wide as the alphabet, it has all first letters to choose from when it takes the second."""
    net, wide = writer(), len(ALPHABET)

    def log(text: str) -> float:
        return float(np.log(letters.net_chances(net, text, ALPHABET)).sum())

    found = {width: letters.write_likeliest(net, ALPHABET, "the ", 2, width) for width in (1, wide)}
    every = [f"the {a}{b}" for a in ALPHABET for b in ALPHABET]
    assert log(found[wide]) == pytest.approx(max(map(log, every)))
    assert found[1] == letters.write_on(net, ALPHABET, "the ", 2, letters.hot(1e-4), np.random.default_rng(0))


def test_brackets_are_open_until_they_close_or_the_paragraph_ends() -> None:
    at, inside = letters.ends_of_words("a (b c) d (e\nf")
    assert at.tolist() == [1, 4, 6, 9, 12]
    assert inside.tolist() == [False, True, True, False, True]
    at, inside = letters.ends_of_words("(a\nb c")
    assert inside.tolist() == [True, False], "a line break ends the paragraph"
