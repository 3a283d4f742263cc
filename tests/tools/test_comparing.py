import base64
import io

import numpy as np
import pytest
from PIL import Image

from rnn_utils.page import CLAIM_MIME
from tools.comparing import differences

CLOSE = {"rtol": 0.01, "atol": 0.0, "reason": "training"}


def stream(text: str, name: str = "stdout") -> list[dict]:
    return [{"output_type": "stream", "name": name, "text": text}]


def shown(**data: object) -> list[dict]:
    return [{"output_type": "display_data", "data": data, "metadata": {}}]


def picture(shift: int = 0, size: tuple[int, int] = (60, 80)) -> str:
    pixels = np.full(size, 255, dtype=np.uint8)
    pixels[20 + shift : 24 + shift, 5:70] = 0
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize(
    ("stored", "new", "words"),
    [
        ("loss 0.500\n", "loss 0.504\n", None),
        ("loss 0.500\n", "loss 0.510\n", "further apart"),
        ("loss 0.500\n", "cost 0.500\n", "text differs"),
        ("a 1 b 2\n", "a 1\n", "text differs"),
        ("error −1.00e-05\n", "error −1.005e-05\n", None),
        ("x  9.99\n", "x 10.00\n", None),  # a column that grew by a digit
    ],
)
def test_close_texts_are_equal_outside_numbers_and_near_in_them(stored: str, new: str, words: str | None) -> None:
    found = differences(stream(stored), stream(new), CLOSE)
    assert (found == []) if words is None else (words in found[0])


def test_glued_values_are_compared_too() -> None:
    mime = "application/papermill.record/text/plain"
    assert differences(shown(**{mime: "97.1%"}), shown(**{mime: "97.2%"}), CLOSE) == []
    assert differences(shown(**{mime: "97.1%"}), shown(**{mime: "94.0%"}), CLOSE)


def test_a_stream_cut_elsewhere_is_the_same() -> None:
    assert differences(stream("ab"), [*stream("a"), *stream("b")], CLOSE) == []


def test_a_missing_or_new_output_is_noticed() -> None:
    both = shown(**{"image/png": picture(), "text/plain": "<Figure>"})
    assert differences(both, shown(**{"text/plain": "<Figure>"}), None) == ["image/png: 1 stored, 0 now"]
    assert differences([], stream("warning", "stderr"), CLOSE)


def test_pictures_are_compared_by_size_and_content() -> None:
    def one(data: str) -> list[dict]:
        return shown(**{"image/png": data})

    assert differences(one(picture()), one(picture()), None) == []
    assert "differs by" in differences(one(picture()), one(picture(shift=8)), None)[0]
    assert "×" in differences(one(picture()), one(picture(size=(90, 80))), None)[0]


def test_claims_are_compared_without_their_values() -> None:
    record = {"id": "a-b", "sentence": "s", "comparison": ">", "bar": 1, "value": 2.0}
    assert differences(shown(**{CLAIM_MIME: record}), shown(**{CLAIM_MIME: {**record, "value": 2.1}}), None) == []
    assert differences(shown(**{CLAIM_MIME: record}), shown(**{CLAIM_MIME: {**record, "bar": 0}}), None)
