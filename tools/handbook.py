"""Make the parallel text of chapter 31 from the Debian package ``debian-handbook``.

Unpack the package (``apt-get download debian-handbook``, then ``dpkg-deb -x debian-handbook_*.deb FOLDER``), and run
``python -m tools.handbook FOLDER/usr/share/doc/debian-handbook/html``.  It writes ``rnn_utils/data/handbook.jsonl.gz``
and prints what ``registry.toml`` must say of it.  The same package gives the same file.
"""

import argparse
import gzip
import hashlib
import json
import random
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
EXTRACT = ROOT / "rnn_utils" / "data" / "handbook.jsonl.gz"
FOLDERS = {"en": "en-US", "ru": "ru-RU", "zh": "zh-CN"}
# What a letter of the language is, and which share of a paragraph's letters must be some: commands stay Latin.
OWN = {"en": (r"[A-Za-z]", 0.9), "ru": (r"[А-Яа-яЁё]", 0.6), "zh": (r"[\u4e00-\u9fff]", 0.35)}
SHORTEST = 60  # characters of English; what is shorter introduces a list or a command
STRAY = r"https?://|www\.|[*_]{2}|\||[\U00010000-\U0010ffff]"  # addresses, markup, slips of a converter
LEFT = 40  # characters; a longer piece of English inside another language was left untranslated
PIECE = {"en": 24, "ru": 24, "zh": 8}  # characters
SHARED = 0.2  # of a paragraph's pieces, at most, may stand in earlier ones
PARTS = (("train", 0.8), ("validation", 0.1), ("test", 0.1))
VOID = {"br", "hr", "img", "input", "link", "meta"}


class Paragraph(NamedTuple):
    """One paragraph in three languages, by language, and the file where it stands."""

    file: str
    text: dict[str, str]


class Blocks(HTMLParser):
    """Collects the text of every ``<div class="para">``, without the lists, screens and addresses inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self._open: list[int | None] = []  # one place for each open tag: the block it writes to, if any

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, or stay in the one that is open, or leave it for what is no running text."""
        if tag in VOID:
            return
        writes_to = self._open[-1] if self._open else None
        if tag == "div" and ("class", "para") in attrs:
            writes_to = len(self.blocks)
            self.blocks.append("")
        elif tag in ("div", "pre", "ul", "ol", "dl", "table"):
            writes_to = None
        self._open.append(writes_to)

    def handle_endtag(self, tag: str) -> None:
        """Go back to what was open before."""
        if tag not in VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Write a text to the block that is open."""
        if self._open and self._open[-1] is not None:
            self.blocks[self._open[-1]] += data


def blocks_of(page: str) -> list[str]:
    """Return the texts of a page's paragraphs, each on one line."""
    parser = Blocks()
    parser.feed(page)
    parser.close()
    return [" ".join(unicodedata.normalize("NFC", block).split()) for block in parser.blocks]


def reading_order(folder: Path) -> list[str]:
    """Return the pages in the order of the table of contents, which is no alphabet."""
    linked = re.findall(r'href="([\w.-]+\.html)', (folder / "index.html").read_text(encoding="utf-8"))
    return list(dict.fromkeys(["index.html", *(name for name in linked if (folder / name).exists())]))


def parallel(html: Path) -> Iterator[Paragraph]:
    """Yield all paragraphs of the pages that have as many in each language."""
    for name in reading_order(html / FOLDERS["en"]):
        found = {key: blocks_of((html / folder / name).read_text(encoding="utf-8")) for key, folder in FOLDERS.items()}
        if len({len(blocks) for blocks in found.values()}) == 1:
            for texts in zip(*found.values(), strict=True):
                yield Paragraph(name, dict(zip(found, texts, strict=True)))


def pieces(text: str, length: int) -> set[str]:
    """Return all pieces of a text that have this length."""
    return {text[start : start + length] for start in range(len(text) - length + 1)}


def is_translated(paragraph: Paragraph) -> bool:
    """Tell whether each text is long enough, names no address, and is in its own language."""
    text = paragraph.text
    if len(text["en"]) < SHORTEST or any(re.search(STRAY, one) for one in text.values()):
        return False
    for language, (own, share) in OWN.items():
        letters = sum(letter.isalpha() for letter in text[language])
        if len(re.findall(own, text[language])) < share * max(letters, 1):
            return False
        if language != "en" and pieces(text[language], LEFT) & pieces(text["en"], LEFT):
            return False
    return 0.6 < len(text["ru"]) / len(text["en"]) < 1.8 and 0.15 < len(text["zh"]) / len(text["en"]) < 0.7


def distinct(paragraphs: Iterable[Paragraph]) -> Iterator[Paragraph]:
    """Leave out each paragraph that shares more than a fifth of its pieces, in any language, with earlier ones."""
    known: dict[str, set[str]] = {language: set() for language in FOLDERS}
    for paragraph in paragraphs:
        own = {language: pieces(text, PIECE[language]) for language, text in paragraph.text.items()}
        if all(len(some & known[language]) <= SHARED * len(some) for language, some in own.items()):
            for language, some in own.items():
                known[language] |= some
            yield paragraph


def extract(html: Path, seed: int = 0) -> list[dict[str, str]]:
    """Return the rows of the file: the part of the text to which a paragraph belongs, and its three texts."""
    kept = list(distinct(filter(is_translated, parallel(html))))
    ends = [0]
    for _, share in PARTS:
        ends.append(ends[-1] + round(share * len(kept)))
    ends[-1] = len(kept)
    drawn = random.Random(seed).sample(range(len(kept)), len(kept))
    part = {
        row: name for (name, _), (start, end) in zip(PARTS, pairwise(ends), strict=True) for row in drawn[start:end]
    }
    return [{"part": part[row], **paragraph.text} for row, paragraph in enumerate(kept)]


def packed(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Return the rows as a gzip file, one JSON line each, that tells no time."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def main(arguments: list[str] | None = None) -> None:
    """Write the extract and say what the registry must know."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("html", type=Path, help="the package's folder html, which holds en-US, ru-RU and zh-CN")
    parser.add_argument("--to", type=Path, default=EXTRACT, help="the file to write")
    asked = parser.parse_args(arguments)
    rows = extract(asked.html)
    content = packed(rows)
    asked.to.write_bytes(content)
    print(f'sha256 = "{hashlib.sha256(content).hexdigest()}"\nbytes = {len(content)}\nshape = [{len(rows)}, 3]')
    for name in FOLDERS:
        print(name, sum(len(row[name]) for row in rows), "characters")


if __name__ == "__main__":
    main()
