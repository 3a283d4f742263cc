import base64
import io

import numpy as np
import pytest
from PIL import Image

from rnn_utils.page import CLAIM_MIME, GLUE_PREFIX, TABLE, as_text
from tools.comparing import differences, is_magnitude, seen_apart
from tools.pictures import picture_differences

CLOSE = {"reason": "training", "seen": {"loss": 0.01, "right": 0.02, "best-loss": 0.01}, "exact": ["always 1", "rate"]}


def stream(text: str, name: str = "stdout") -> list[dict]:
    return [{"output_type": "stream", "name": name, "text": text}]


def shown(data: dict, **metadata: object) -> list[dict]:
    return [{"output_type": "display_data", "data": data, "metadata": metadata}]


def glued(text: str, name: str = "best-loss") -> list[dict]:
    return shown({GLUE_PREFIX + "text/plain": text}, scrapbook={"name": name, "mime_prefix": GLUE_PREFIX})


def table(*rows: tuple[str, ...], last: str = "rate") -> list[dict]:
    cells = [("model", "right", last), *rows]
    marks = ["".join(f"<td>{cell}</td>" for cell in row) for row in cells]
    html = TABLE + "".join(f"<tr>{row}</tr>\n" for row in marks) + "</table>"
    return shown({"text/html": html, "text/plain": as_text(cells)})


def picture(shift: int = 0, size: tuple[int, int] = (120, 160), colour: tuple[int, int, int] = (0, 114, 178)) -> str:
    pixels = np.full((*size, 3), 255, dtype=np.uint8)
    pixels[20 + shift : 24 + shift, 5:70] = colour
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize(
    ("stored", "new", "words"),
    [
        ("loss 0.500\n", "loss 0.515\n", None),
        ("loss 0.500\n", "loss 0.516\n", "loss: 0.500 stored, 0.516 now, may differ by 0.015"),
        ("loss 0.500\n", "cost 0.500\n", "text differs"),
        ("a 1 b 2\n", "a 1\n", "text differs"),
        ("loss −1.00e-05\n", "loss −1.03e-05\n", None),
        ("loss  9.99\n", "loss 10.00\n", None),  # a column that grew by a digit
        ("error 0.50\n", "error 0.51\n", None),  # nothing seen, but rounding may fall to the other side
        ("error 0.50\n", "error 0.52\n", "may differ by 0.01"),
        ("error 3.10e-07\n", "error 3.11e-07\n", None),
        ("loss 100\n", "loss 101\n", "label"),  # a whole number of a line counts or names
    ],
)
def test_a_printed_number_differs_as_much_as_its_unit(stored: str, new: str, words: str | None) -> None:
    found = differences(stream(stored), stream(new), CLOSE)
    assert (found == []) if words is None else (words in found[0])


def test_in_an_exact_cell_nothing_differs() -> None:
    assert differences(stream("loss 0.50\n"), stream("loss 0.50\n"), None) == []
    assert differences(stream("loss 0.50\n"), stream("loss 0.51\n"), None)
    assert differences(glued("97.1%"), glued("97.2%"), None)
    assert differences(table(("net", "97.1%", "0.5")), table(("net", "97.2%", "0.5")), None)


@pytest.mark.parametrize(
    ("stored", "new", "equal"),
    [
        (("net", "50%", "0.5"), ("net", "53%", "0.5"), True),
        (("net", "50%", "0.5"), ("net", "54%", "0.5"), False),
        (("net", "50%", "0.5"), ("net", "50%", "0.6"), False),  # an exact column
        (("always 1", "11.35%", "0.5"), ("always 1", "11.36%", "0.5"), False),  # an exact row
        (("net 1", "50%", "0.5"), ("net 2", "50%", "0.5"), False),
    ],
)
def test_a_column_has_its_tolerance_and_a_row_may_be_exact(stored: tuple, new: tuple, equal: bool) -> None:
    assert (differences(table(stored), table(new), CLOSE) == []) == equal


def test_a_table_says_the_same_twice() -> None:
    torn = table(("net", "50%", "0.5"))
    torn[0]["data"]["text/plain"] = torn[0]["data"]["text/plain"].replace("50", "51")
    for compare in (None, CLOSE):
        assert "not the table" in differences(torn, table(("net", "50%", "0.5")), compare)[0]
        assert "not the table" in differences(table(("net", "50%", "0.5")), torn, compare)[0]


def test_the_header_of_a_table_is_exact() -> None:
    row = ("net", "50%", "0.5")
    found = differences(table(row, last="loss 10"), table(row, last="loss 11"), {"seen": {"right": 0.2}})
    assert "label: 10 stored, 11 now" in found[0]


def test_glued_values_are_compared_by_name() -> None:
    assert differences(glued("0.500"), glued("0.514"), CLOSE) == []
    assert differences(glued("0.500"), glued("0.516"), CLOSE)
    assert differences(glued("0.500", "other"), glued("0.502", "other"), CLOSE)
    assert "glued" in differences(glued("0.500"), glued("0.500", "other"), CLOSE)[0]


def test_a_stream_cut_elsewhere_is_the_same() -> None:
    assert differences(stream("ab"), [*stream("a"), *stream("b")], CLOSE) == []


def test_a_missing_or_new_output_is_noticed() -> None:
    both = shown({"image/png": picture(), "text/plain": "<Figure>"})
    assert differences(both, shown({"text/plain": "<Figure>"}), None) == ["image/png: 1 stored, 0 now"]
    assert differences([], stream("warning", "stderr"), CLOSE)


def test_pictures_are_compared_by_size_and_content() -> None:
    assert picture_differences(picture(), picture(), None) == []
    assert "differs by" in picture_differences(picture(), picture(shift=8), None)[0]
    assert "×" in picture_differences(picture(), picture(size=(180, 160)), None)[0]


def test_a_close_picture_may_move_and_not_lose_a_colour() -> None:
    assert picture_differences(picture(), picture(shift=1), 0.15) == []
    assert "differs by" in picture_differences(picture(), picture(shift=1), 0.03)[0]
    lost = picture_differences(picture(), picture(colour=(255, 255, 255)), 0.15)
    assert "picture: blue covered 260 pixels, now 0" in lost
    assert picture_differences(picture(colour=(255, 255, 255)), picture(), 0.15)


RECORD = {"id": "a-b", "sentence": "s", "comparison": ">", "bar": 0.5, "value": 2.0, "baseline": 0.25, "range": {}}


@pytest.mark.parametrize(
    ("stored", "new", "equal"),
    [
        ({}, {"value": 2.0019}, True),
        ({}, {"value": 2.0021}, False),
        ({}, {"baseline": 0.2503}, False),
        ({}, {"bar": 0.6}, False),
        ({}, {"sentence": "t"}, False),
        ({"value": 0.0}, {"value": 9e-7}, True),  # float32's rounding
        ({"value": 0.0}, {"value": 2e-6}, False),
        ({"bar": 1e-12}, {"bar": 1e-9}, False),
        ({"value": 7813}, {"value": 7814}, False),  # whole numbers count
        ({"value": 24, "range": {"value": [24, 26]}}, {"value": 32}, True),
        ({"value": 24, "range": {"value": [24, 26]}}, {"value": 34}, False),
        ({"range": {"value": [1.9, 2.0]}}, {"value": 2.29}, True),
        ({"range": {"value": [1.9, 2.0]}}, {"value": 1.59}, False),
        ({"range": {"bar": [0.5, 0.52]}}, {"bar": 0.57}, True),
        ({"range": {"bar": [0.5, 0.52]}}, {"bar": 0.59}, False),
        ({"value": "ё"}, {"value": "е"}, False),
        ({"value": [1, 2.0]}, {"value": [1, 2.001]}, True),
        ({"value": [1, 2.0]}, {"value": [2, 2.0]}, False),
        ({"value": [1, 2.0]}, {"value": [1]}, False),
        ({"value": [1, 2.0], "range": {"value": [[1, 1.9], [1, 2.0]]}}, {"value": [1, 2.2]}, True),
        ({"value": [1, 2.0], "range": {"value": [[1, 1.9], [1, 2.0]]}}, {"value": [1, 2.4]}, False),
        # Ten times over the bar, twice the lowest: logarithms, three times as far.
        ({"value": 10.0, "range": {"value": [10.0, 20.0]}}, {"value": 159.0}, True),
        ({"value": 10.0, "range": {"value": [10.0, 20.0]}}, {"value": 161.0}, False),
        ({"value": 4.0, "range": {"value": [4.0, 8.0]}}, {"value": 21.0}, False),
    ],
)
def test_claims_are_compared_with_their_ranges(stored: dict, new: dict, equal: bool) -> None:
    pair = ({CLAIM_MIME: {**RECORD, **stored}}, {CLAIM_MIME: {**RECORD, **stored, **new}})
    assert (differences(shown(pair[0]), shown(pair[1]), None) == []) == equal


def test_a_baseline_that_is_lost_is_noticed() -> None:
    new = {key: value for key, value in RECORD.items() if key != "baseline"}
    assert differences(shown({CLAIM_MIME: RECORD}), shown({CLAIM_MIME: new}), None)


def test_a_magnitude_stays_ten_times_away_from_its_bar() -> None:
    assert is_magnitude({**RECORD, "value": 5.0})
    assert not is_magnitude({**RECORD, "value": 4.9})
    assert not is_magnitude({**RECORD, "value": 5.0, "range": {"value": [4.9, 5.0]}})
    assert not is_magnitude({**RECORD, "value": -5.0})
    assert not is_magnitude({**RECORD, "value": "5"})


@pytest.mark.parametrize(
    ("one", "other", "seen"),
    [
        (stream("loss 0.500\n"), stream("loss 0.510\n"), {"loss": 0.02}),
        (stream("loss 0.500\n"), stream("loss 0.501\n"), {"loss": 0.002}),
        (stream("loss 0.01\n"), stream("loss 0.02\n"), {}),  # rounding, in a coarse last place
        (glued("50%"), glued("49%"), {"best-loss": 0.02}),
        (table(("net", "50%", "1")), table(("net", "45%", "1")), {"right": 0.1}),
        (table(("always 1", "50%", "1")), table(("always 1", "45%", "2")), {}),  # exact: a difference, not a tolerance
        (table(("a", "50%", "1"), ("b", "10%", "1")), table(("a", "45%", "1"), ("b", "11.5%", "1")), {"right": 0.15}),
        (stream("loss 0.00\n"), stream("loss 0.01\n"), {}),
        (stream("loss 0.00\n"), stream("loss 0.02\n"), {"loss": 1.0}),
    ],
)
def test_what_differs_between_runs_is_seen_by_unit(one: list, other: list, seen: dict) -> None:
    assert seen_apart(one, other, CLOSE) == pytest.approx(seen)
