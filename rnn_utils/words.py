"""Words of Chinese text, which writes no spaces between them."""

import warnings
from functools import cache
from pathlib import Path
from typing import Any


def chinese_words(text: str) -> list[str]:
    """Cut Chinese text into words with the dictionary of jieba.

    Of all the ways to cut a sentence into words of the dictionary, jieba takes the one with the
    largest product of word frequencies.  Characters that begin no word stand alone.

    Parameters
    ----------
    text : str
        Chinese, with any punctuation, digits or Latin words in between.

    Returns
    -------
    list of str
        The words and marks in order; joined, they give the text back.

    Notes
    -----
    The dictionary is read from the installed package at the first call (about a second).
    ``jieba.cut`` would keep a copy of it in the folder for temporary files, would take such a copy
    from there whatever it holds, and would log both to the error stream.  Its second stage, which
    guesses words that no dictionary has, is left out (``HMM=False``).

    Examples
    --------
    >>> chinese_words("网络读取的是数。")
    ['网络', '读取', '的', '是', '数', '。']
    """
    return list(_tokenizer().cut(text, HMM=False))


@cache
def _tokenizer() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba is older than the Pythons that warn about its source
        import jieba
    tokenizer = jieba.Tokenizer()
    with (Path(jieba.__file__).parent / "dict.txt").open("rb") as lines:
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(lines)
    tokenizer.initialized = True
    return tokenizer
