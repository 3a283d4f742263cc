"""What becomes of a formula's TeX: MathML with the room that TeX gives, or an error that says why not."""

import re

import pytest
from docutils import nodes

from book._ext.rnn_book.formulas import FormulaError, hold_percent, hold_punctuation, to_mathml


def row(tex: str, display: bool = False) -> str:
    """Return what stands between the outer row and the annotation, its spaces and marks written short."""
    inner = re.fullmatch(r"<math.*?><semantics><mrow>(.*)</mrow><annotation .*</math>", to_mathml(tex, display))[1]
    return inner.replace("\u2061", "@").replace('lspace="0" rspace="0"', "bare")


def test_the_tex_stays_beside_the_formula() -> None:
    end = '<annotation encoding="application/x-tex">a &lt; b</annotation></semantics></math>'
    assert to_mathml("a < b").endswith(end)
    assert to_mathml("a < b").startswith("<math><semantics>")
    assert to_mathml("a < b", display=True).startswith('<math display="block">')


@pytest.mark.parametrize(
    ("tex", "written"),
    [
        (r"\ln 2", '<mi>ln</mi><mo rspace="0.167em">@</mo><mn>2</mn>'),
        (r"a \sin(t)", '<mi>a</mi><mspace width="0.167em" /><mi>sin</mi><mo>@</mo><mo stretchy="false">(</mo>'),
        (r"= \ln \ln 2", '<mo>=</mo><mi>ln</mi><mo rspace="0.167em">@</mo><mi>ln</mi><mo rspace="0.167em">@</mo>'),
        (r"\log_2 V", '<msub><mi>log</mi><mn>2</mn></msub><mo rspace="0.167em">@</mo><mi>V</mi>'),
        (r"(-a)", '<mo stretchy="false">(</mo><mo form="prefix">−</mo><mi>a</mi>'),
        ("a - b", "<mi>a</mi><mo>−</mo><mi>b</mi>"),
        ("h_{t-1}", "<msub><mi>h</mi><mrow><mi>t</mi><mo bare>−</mo><mn>1</mn></mrow></msub>"),
        (r"\frac{1}{1-f}", "<mn>1</mn><mo bare>−</mo><mi>f</mi>"),
        (r"|a|", '<mo stretchy="false" form="prefix">|</mo><mi>a</mi><mo stretchy="false" form="postfix">|</mo>'),
        (r"\lceil T/2 \rceil", '<mo stretchy="false">⌈</mo><mi>T</mi><mo bare>/</mo><mn>2</mn>'),
        (r"T_\mathrm{t}", "<msub><mi>T</mi><mtext>t</mtext></msub>"),
        (r"a + \dots + b", "<mo>+</mo><mo bare>⋯</mo><mo>+</mo>"),
        (r"\left(a\right)", '<mo stretchy="false" fence="true" form="prefix">(</mo>'),
        (r"\left(\frac{a}{b}\right)", '<mo stretchy="true" fence="true" form="prefix">(</mo>'),
        (r"\partial L", "<mi>∂</mi><mi>L</mi>"),
        (r"\top", "<mi>⊤</mi>"),
        (r"\odot", "<mo bare>⊙</mo>"),
        (r"\hat y", '<mover accent="true"><mi>y</mi><mo bare>ˆ</mo></mover>'),
        (r"= \sum_j a", '<mo>=</mo><msub><mo lspace="0">∑</mo><mi>j</mi></msub>'),
    ],
)
def test_parts_have_the_form_and_the_room_of_tex(tex: str, written: str) -> None:
    assert written in row(tex)


def test_a_displayed_fraction_keeps_its_room_and_one_in_it_does_not() -> None:
    assert "<mn>1</mn><mo>+</mo>" in row(r"\frac{1}{1 + a}", display=True)
    assert "<mn>1</mn><mo bare>+</mo>" in row(r"\frac{\frac{1 + a}{2}}{2}", display=True)


def test_aligned_lines_are_a_table() -> None:
    table = row(r"\begin{aligned} a &= b \\ c &= d \end{aligned}", display=True)
    assert table.count("<mtr>") == 2
    assert table.count('<mtd columnalign="right">') == 2


@pytest.mark.parametrize(
    ("tex", "reason"),
    [
        (r"\tanhh x", r"\tanhh is not known"),
        (r"\begin{equation} a \end{equation}", "environment equation"),
        ("a & b", "& is not known here"),
        (r"a \\ b", "new line"),
        ("a\n\nb", "empty line"),
        (r"\frac{1}", "fraction, an index or a power is missing"),
        (r"\left( a", "extra left or missing right"),
        ("x^", "missing super script"),
        (r"\mathcal L", "face script"),
    ],
)
def test_what_is_not_understood_is_refused(tex: str, reason: str) -> None:
    with pytest.raises(FormulaError) as caught:
        to_mathml(tex)
    assert reason in str(caught.value)


def test_punctuation_is_held_by_its_formula() -> None:
    formulas = [nodes.math("", tex) for tex in "abc"]
    paragraph = nodes.paragraph("", "", nodes.Text("of ("), formulas[0], nodes.Text("), then "), formulas[1],
                                nodes.Text(", and "), formulas[2], nodes.Text(" ends"))  # fmt: skip
    hold_punctuation(None, paragraph, "")
    assert paragraph.astext() == "of (a), then b, and c ends"
    assert [held.astext() for held in paragraph.findall(nodes.inline)] == ["(a),", "b,"]


def test_a_percent_sign_stays_with_its_number_but_not_in_code() -> None:
    paragraph = nodes.paragraph("", "", nodes.Text("It is 98 % right, or "), nodes.literal("", "98 % 3"))
    hold_percent(None, paragraph, "")
    assert paragraph.astext() == "It is 98\N{NO-BREAK SPACE}% right, or 98 % 3"
