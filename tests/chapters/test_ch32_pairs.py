"""Dates are written as people do, an encoder stops at the end of a text, and a look-up weighs what can be seen."""

import datetime

import numpy as np
import pytest

from rnn_utils.errors import SettingError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
pairs = pytest.importorskip("rnn_utils.chapters.ch32_pairs")


SIGNS = ["<", ">", "a", "b"]


def net(decoder: str = "AttentionDecoder", **narrow: int) -> object:
    """Return an untrained net with 6 units for these signs."""
    torch.manual_seed(1)
    encoder = pairs.NarrowEncoder(4, H=3, **narrow) if narrow else pairs.Encoder(4, D=5, H=3)
    return pairs.Translator(encoder, getattr(pairs, decoder)(4, D=5, H=6))


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (1, "一"),
        (9, "九"),
        (10, "十"),
        (11, "十一"),
        (19, "十九"),
        (20, "二十"),
        (21, "二十一"),
        (30, "三十"),
        (31, "三十一"),
    ],
)
def test_chinese_counts_tens_and_ones(number: int, written: str) -> None:
    day = datetime.date(2001, 1, number)
    assert pairs.write_date(day, "zh") == f"二〇〇一年一月{written}日"


def test_a_weekday_is_that_of_the_day() -> None:
    day = datetime.date(2024, 2, 29)  # a Thursday
    assert [pairs.write_date(day, language, weekday=True) for language in ("en", "ru", "zh")] == [
        "Thursday, February 29, 2024",
        "четверг, 29 февраля 2024 года",
        "二〇二四年二月二十九日星期四",
    ]


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(SettingError, match="language is 'de'; expected one of en, ru, zh"):
        pairs.write_date(datetime.date(2000, 1, 1), "de")


def test_dates_come_in_all_kinds_and_none_twice_over() -> None:
    known = pairs.draw_dates(300, np.random.default_rng(0))
    texts = [text for text, _ in known]
    assert [sum(text.isascii() for text in texts), sum(text.endswith("года") for text in texts)] == pytest.approx(
        [100, 100], abs=30
    )
    weekdays = {name for names in pairs.WEEKDAYS.values() for name in names}
    assert sum(any(name in text for name in weekdays) for text in texts) == pytest.approx(150, abs=40)
    new = pairs.draw_dates(300, np.random.default_rng(0), without=known[:299])
    assert not {day for _, day in new} & {day for _, day in known[:299]}
    assert new[0] == known[299]  # the same days were drawn, and left out


def test_words_are_turned_round() -> None:
    words = pairs.draw_words(200, np.random.default_rng(0), shortest=2, longest=4)
    assert all(answer == text[::-1] for text, answer in words)
    assert {len(text) for text, _ in words} == {2, 3, 4}


def test_signs_are_those_of_texts_and_answers() -> None:
    assert pairs.alphabet([("ba", "1"), ("a", "2")]) == ["1", "2", "<", ">", "a", "b"]


def test_a_sign_without_a_number_is_named() -> None:
    with pytest.raises(SettingError, match="encode: the texts have 'é'; expected signs of '<>ab'"):
        pairs.encode(["a", "aé"], "<>ab")


def test_an_answer_ends_at_its_first_end_sign() -> None:
    assert pairs.written(torch.tensor([[1, 3, 2, 4, 2], [1, 4, 4, 0, 0], [1, 2, 3, 3, 3]]), "<>ab") == ["a", "bb", ""]


def test_zeros_behind_a_text_change_nothing_unless_they_are_read() -> None:
    x = pairs.encode(["ab", "abba"], "<>ab")
    for kind, same in ((pairs.Encoder, True), (pairs.CarelessEncoder, False)):
        torch.manual_seed(0)
        encoder = kind(4, D=5, H=3)
        (among, seen), row_among = encoder(x)
        (alone, _), row_alone = encoder(x[:1, :2])
        assert seen.tolist() == [[True, True, False, False], [True] * 4]
        assert torch.allclose(among[0, :2], alone[0], atol=1e-6) is same
        assert torch.allclose(row_among[:, 0], row_alone[:, 0], atol=1e-6) is same


def test_what_is_handed_over_are_the_last_states_of_both_directions() -> None:
    torch.manual_seed(0)
    (states, _), row = pairs.Encoder(4, D=5, H=3)(pairs.encode(["ab", "abba"], "<>ab"))
    torch.testing.assert_close(row[0, 0], torch.cat([states[0, 1, :3], states[0, 0, 3:]]))
    torch.testing.assert_close(row[0, 1], torch.cat([states[1, 3, :3], states[1, 0, 3:]]))


def test_a_narrow_row_lets_so_many_numbers_pass() -> None:
    torch.manual_seed(0)
    _, rows = pairs.NarrowEncoder(4, row=2, H=3)(torch.randint(1, 5, (50, 7)))
    rows = rows[0] - rows[0].mean(dim=0)
    assert torch.linalg.matrix_rank(rows, tol=1e-4) == 2


def test_a_look_up_is_the_scaled_dot_product_of_the_libraries_without_its_scale() -> None:
    torch.manual_seed(0)
    asked, states = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    seen = torch.tensor([[True] * 5, [True, True, False, False, False]])
    found, weights = pairs.attend(asked, states, seen)
    expected = torch.nn.functional.scaled_dot_product_attention(
        asked, states, states, attn_mask=seen[:, None], scale=1.0
    )
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(2, 3))
    assert (weights[1, :, 2:] == 0).all() and (weights[1, :, :2] > 0).all()


def test_additive_attention_is_its_formula() -> None:
    torch.manual_seed(0)
    decoder = pairs.AdditiveDecoder(4, D=5, H=6)
    y, h, keys = torch.tensor([[1, 3]]), torch.randn(1, 1, 6), torch.randn(1, 3, 6)
    decoder(y, h, (keys, torch.tensor([[True, True, False]])))
    asked, _ = decoder.cell(decoder.embed(y), h)
    fit = [[decoder.u(torch.tanh(decoder.A(q) + decoder.B(k))).item() for k in keys[0, :2]] for q in asked[0]]
    torch.testing.assert_close(decoder.weights[0, :, :2], torch.tensor(fit).softmax(dim=1))
    assert (decoder.weights[0, :, 2] == 0).all()


@pytest.mark.parametrize("decoder", ["Decoder", "AttentionDecoder", "AdditiveDecoder"])
def test_an_answer_at_once_is_scored_as_sign_by_sign(decoder: str) -> None:
    translator = net(decoder)
    x, y = pairs.encode(["ab", "bba"], "<>ab"), pairs.encode(["<ba", "<ab"], "<>ab")
    read, h = translator.encoder(x)
    scores = []
    for sign in y.split(1, dim=1):
        score, h = translator.decoder(sign, h, read)
        scores.append(score)
    torch.testing.assert_close(translator(x, y), torch.cat(scores, dim=1))


def test_with_nothing_handed_over_the_text_reaches_the_answer_by_looking_alone() -> None:
    x, y = pairs.encode(["ab", "ba"], "<>ab"), pairs.encode(["<ba", "<ba"], "<>ab")
    blind, looking = net("Decoder", row=0)(x, y), net("AttentionDecoder", row=0)(x, y)
    torch.testing.assert_close(blind[0], blind[1])
    assert not torch.allclose(looking[0], looking[1])


def test_the_loss_asks_for_the_next_sign_and_leaves_out_what_is_after_the_end() -> None:
    translator = net()
    x, y = pairs.encode(["ab", "b"], "<>ab"), pairs.encode(["<ba>", "<b>"], "<>ab")
    score = translator(x, y[:, :-1]).log_softmax(dim=2)
    asked = [(0, 0, "b"), (0, 1, "a"), (0, 2, ">"), (1, 0, "b"), (1, 1, ">")]
    expected = -sum(score[row, place, "<>ab".index(sign) + 1] for row, place, sign in asked) / len(asked)
    torch.testing.assert_close(pairs.next_sign_loss(translator, (x, y)), expected)


def test_greedy_takes_the_best_sign_after_its_own() -> None:
    translator = net()
    x = pairs.encode(["ab", "bba"], "<>ab")
    y = pairs.greedy(translator, x, SIGNS, longest=6)
    assert y.shape == (2, 7) and (y[:, 0] == 1).all()
    torch.testing.assert_close(translator(x, y[:, :-1]).argmax(dim=2), y[:, 1:])


def likelihood(translator: object, x: object, y: object) -> float:
    """Return the log-probability of an answer up to its end, the sign 2."""
    score = translator(x, y[:, :-1]).log_softmax(dim=2)[0]
    signs = y[0, 1:].tolist()
    last = signs.index(2) if 2 in signs else len(signs) - 1
    return float(sum(score[place, sign] for place, sign in enumerate(signs[: last + 1])))


def test_a_beam_of_one_is_greedy_and_a_wide_one_finds_the_likeliest_line() -> None:
    translator, x = net(), pairs.encode(["abba"], "<>ab")
    with torch.no_grad():
        narrow = pairs.beam_search(translator, x, SIGNS, longest=3, beams=1)
        best = pairs.written(pairs.greedy(translator, x, SIGNS, longest=3), SIGNS)
        assert pairs.written(narrow, SIGNS) == best
        wide = pairs.beam_search(translator, x, SIGNS, longest=3, beams=125)
        lines = [torch.tensor([[1, a, b, c]]) for a in range(5) for b in range(5) for c in range(5)]
        likeliest = max(lines, key=lambda y: likelihood(translator, x, y))
        assert likelihood(translator, x, wide) == pytest.approx(likelihood(translator, x, likeliest), abs=1e-5)


def test_a_line_that_has_ended_stays_ended() -> None:
    translator, x = net(), pairs.encode(["ab"], "<>ab")
    with torch.no_grad():
        translator.decoder.answer.bias[2] += 20  # it wants to end at once
    y = pairs.beam_search(translator, x, SIGNS, longest=5)
    assert y.tolist() == [[1, 2, 2, 2, 2, 2]]


def test_a_net_learns_to_copy_a_sign() -> None:
    translator = net()
    x, y = pairs.encode(["a", "b"], "<>ab"), pairs.encode(["<a>", "<b>"], "<>ab")
    pairs.learn_pairs(translator, lambda: (x, y), updates=60, rate=0.02)
    assert pairs.greedy(translator, x, SIGNS, longest=2).tolist() == y.tolist()
