"""jieba's words: quiet, repeatable, and nothing lost."""

import tempfile
from pathlib import Path

import pytest

from rnn_utils import languages
from rnn_utils.languages import chinese_words


@pytest.mark.parametrize("text", ["", "循环神经网络。", "LSTM有三个门：a-b、0和1。", "两 行\n一起", "𠮷🙂"])
def test_words_joined_are_the_text(text: str) -> None:
    assert "".join(chinese_words(text)) == text


def test_words_come_from_the_dictionary() -> None:
    assert chinese_words("网络读取的是数。") == ["网络", "读取", "的", "是", "数", "。"]


def test_it_is_quiet_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    languages._tokenizer.cache_clear()
    chinese_words("循环神经网络")
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
