"""The formulas of the rendered book: MathML in a face of the book's own, which has every sign that they need."""

import re
from collections import Counter
from functools import cache
from unicodedata import normalize

import pytest
from bs4 import Tag
from fontTools.ttLib import TTFont

from tests.site.test_pages import SITE, article, contents, prose
from tools.chapters import ROOT, read

FACE = ROOT / "book" / "_static" / "faces" / "stix-two-math.woff2"
# What a browser draws in place of a single letter, by how far the italics are from the letters; h has a place apart.
ITALICS = {"A": 0x1D434 - ord("A"), "a": 0x1D44E - ord("a"), "Α": 0x1D6E2 - ord("Α"), "α": 0x1D6FC - ord("α")}
ODD_ITALICS = {"h": "ℎ", "∂": "𝜕", "ϵ": "𝜖", "ϑ": "𝜗", "ϕ": "𝜙", "ϱ": "𝜚"}
STRETCHED_UP = set("()[]{}⌈⌉⌊⌋|√")
STRETCHED_ASIDE = set("⏞⏟")


def source(document: str) -> str:
    """Return the text that a page is made of, captions included."""
    path = ROOT / f"{document}.md"
    if path.exists():
        return path.read_text(encoding="utf-8")
    texts = []
    for cell in read(path.with_suffix(".ipynb")).cells:
        caption = cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")
        texts.append(cell.source if cell.cell_type == "markdown" else caption)
    return "\n\n".join(texts)


def formulas(text: str) -> list[str]:
    """Return the TeX of each formula of a source, in order."""
    text = re.sub(r"```(\w+\n.*?)?```|`[^`\n]+`", "", text, flags=re.DOTALL)
    return [(shown or inline).strip() for shown, inline in re.findall(r"\$\$(.+?)\$\$|\$(.+?)\$", text, re.DOTALL)]


@cache
def all_math() -> list[Tag]:
    return [math for document in contents() for math in article(SITE / f"{document}.html").find_all("math")]


@cache
def face() -> TTFont:
    return TTFont(FACE)


@pytest.mark.parametrize("document", contents())
def test_every_formula_of_the_sources_is_on_its_page(document: str) -> None:
    shown = article(SITE / f"{document}.html").select('math > semantics > annotation[encoding="application/x-tex"]')
    assert Counter(note.get_text() for note in shown) == Counter(formulas(source(document)))


def test_the_book_has_formulas_in_lines_and_displayed_ones() -> None:
    assert len(all_math()) > 300
    assert len([math for math in all_math() if math.get("display") == "block"]) > 10


@pytest.mark.parametrize("document", contents())
def test_no_tex_is_left_in_the_text(document: str) -> None:
    text = prose(SITE / f"{document}.html", "annotation", "pre", "code", "script")
    assert re.findall(r"\\\w+|\\[()\[\]]|\$|[_^]\{", text) == []


def test_nothing_is_left_of_the_script_that_set_formulas() -> None:
    for document in contents():
        assert "mathjax" not in (SITE / f"{document}.html").read_text(encoding="utf-8").lower()
    assert not (SITE / "_static" / "mathjax").exists()


def drawn(element: Tag) -> set[str]:
    """Return the signs that a browser draws for the text of one element."""
    text = element.get_text()
    if element.name != "mi" or len(text) != 1:
        return set(text)
    upright = max((first for first in ITALICS if first <= text), key=ord, default=None)
    if text in ODD_ITALICS or not text.isalpha() or upright is None:
        return {ODD_ITALICS.get(text, text)}
    return {chr(ord(text) + ITALICS[upright])}


def test_the_face_has_every_sign_of_every_formula() -> None:
    needed = {"√"} if any(math.find(["msqrt", "mroot"]) for math in all_math()) else set()
    for math in all_math():
        for element in math.find_all(["mi", "mn", "mo", "mtext"]):
            needed |= drawn(element)
    assert {normalize("NFKC", sign) for sign in needed} >= {"h", "σ", "∂", "√", "2", "⊙"}, (
        "the test looks at too little"
    )
    assert sorted(sign for sign in needed if ord(sign) not in face().getBestCmap()) == []


def test_the_face_has_the_larger_forms_of_what_stretches() -> None:
    variants = face()["MATH"].table.MathVariants
    signs = {name: chr(code) for code, name in face().getBestCmap().items()}
    for wanted, coverage, constructions in (
        (STRETCHED_UP | {"∑"}, variants.VertGlyphCoverage, variants.VertGlyphConstruction),
        (STRETCHED_ASIDE, variants.HorizGlyphCoverage, variants.HorizGlyphConstruction),
    ):
        larger = {signs.get(name): forms for name, forms in zip(coverage.glyphs, constructions, strict=True)}
        assert wanted <= set(larger)
        for sign in wanted:
            forms = [record.VariantGlyph for record in larger[sign].MathGlyphVariantRecord]
            parts = [part.glyph for part in larger[sign].GlyphAssembly.PartRecords] if sign != "∑" else []
            assert len({*forms, *parts}) >= (1 if sign == "|" else 2), sign
            assert all(face()["glyf"][name].numberOfContours for name in [*forms, *parts]), sign
