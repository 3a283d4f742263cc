"""Formulas as MathML: written when the book is built, so that a page needs no script to show them.

latex2mathml reads the TeX.  What it leaves to the reader of MathML is mended here, after the rules of TeX: room beside
the name of a function, signs and bars by what stands before them, no room beside the signs of a small formula.
"""

import re
from collections.abc import Iterator
from html import escape, unescape
from xml.etree.ElementTree import Element, SubElement, tostring

from docutils import nodes
from latex2mathml import commands
from latex2mathml.converter import convert_to_element
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

THIN = "0.167em"
MEDIUM = {"lspace": "0.222em", "rspace": "0.222em"}
BARE = {"lspace": "0", "rspace": "0"}
APPLIED = "\u2061"  # "applied to": unseen, read aloud
SIGNS, OPENING, CLOSING, DOTS = set("+−±∓"), set("([{⌈⌊⟨"), set(")]}⌉⌋⟩"), set("…⋯")
TIMES, SUMS = set("⊙⊗·⋅×÷∘∗*"), set("∑∏∫")
LETTERS = set("∂∞∅∇∀∃⊤⊥")  # among the signs, but set like letters
TALL = {"mfrac", "msqrt", "mroot", "munder", "mover", "munderover", "mtable"}
SCRIPTS = {"msub": 2, "msup": 2, "msubsup": 3, "munder": 2, "mover": 2, "munderover": 3}  # with how many children
NUMBER_OF_CHILDREN = {**SCRIPTS, "mfrac": 2}


class FormulaError(ValueError):
    """A formula has no MathML; the message says why."""


def to_mathml(tex: str, display: bool = False) -> str:
    """Return the ``<math>`` element of a formula, its TeX in an annotation.

    Raises
    ------
    FormulaError
        If a command, an environment or the shape of the formula is not understood.
    """
    known = {name.removeprefix("\\") for name in commands.MATRICES} | {"aligned"}
    if unknown := [name for name in re.findall(r"\\begin\{(.*?)\}", tex) if name not in known]:
        raise FormulaError(f"the environment {unknown[0]} is not known")
    if re.search(r"\n\s*\n", tex):
        raise FormulaError("an empty line")
    # The reader knows `aligned` by its other name, and would set a single letter of \mathrm in italics.
    readable = re.sub(r"(\\(?:begin|end)\{)aligned\}", r"\1split}", tex).replace(r"\mathrm", r"\text")
    try:
        (row,) = convert_to_element(readable, display="block" if display else "inline")
    except Exception as error:  # each of its own kind, most without a message
        raise FormulaError(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()) from error
    for element in row.iter():
        element.text = unescape(element.text or "").replace("^", "ˆ") or None
    check(row)
    for element in row.iter():
        if element.tag in ("mrow", "mtd"):
            mend_row(element)
    tighten(row, "display" if display else "text")
    math = Element("math", {"display": "block"} if display else {})
    semantics = SubElement(math, "semantics")
    semantics.append(row)
    SubElement(semantics, "annotation", encoding="application/x-tex").text = tex
    return tostring(math, encoding="unicode")


def check(row: Element) -> None:
    """Refuse what the reader lets through although it did not understand it."""
    for element in row.iter():
        if element.tag != "mtext" and element.text and re.match(r"\\|&$", element.text):
            raise FormulaError(f"{element.text} is not known here")
        if element.get("linebreak"):
            raise FormulaError(r"a new line (\\) outside of an environment such as aligned")
        if element.get("mathvariant", "normal") != "normal":
            raise FormulaError(f"browsers do not show the face {element.get('mathvariant')}")
        if len(element) != NUMBER_OF_CHILDREN.get(element.tag, len(element)):
            raise FormulaError("a part of a fraction, an index or a power is missing")


def mend_row(row: Element) -> None:
    """Give the parts of a row the kind, the form and the room that they have in TeX."""
    parts = list(row)
    for before, part, after in neighbours(parts):
        mend(part, before, after)
    if len(parts) == 1 and parts[0].tag == "mo":
        parts[0].attrib.update(BARE)
    row[:] = [piece for before, part, after in neighbours(parts) for piece in with_room(before, part, after)]


def neighbours(parts: list[Element]) -> Iterator[tuple[Element | None, Element, Element | None]]:
    """Yield each part between the one before and the one after it."""
    return zip([None, *parts], parts, [*parts[1:], None], strict=False)


def mend(part: Element, before: Element | None, after: Element | None) -> None:
    """Mend one part of a row by what stands beside it."""
    text = part.text or ""
    if part.tag == "mo" and text in LETTERS:
        part.tag = "mi"
    elif part.tag == "mi" and len(text) == 1 and not text.isalpha() and text not in LETTERS:
        part.tag = "mo"
        part.set("stretchy", "false")
    if part.tag == "mrow" and not any(inner.tag in TALL or inner.text in SUMS for inner in part.iter()):
        for fence in part.iter("mo"):  # \left and \right: no larger than what they hold
            fence.attrib.update({"stretchy": "false"} if fence.get("stretchy") else {})
    if nucleus(part).text in SUMS:
        nucleus(part).set("lspace", THIN if is_value(before) else "0")
    if part.tag != "mo":
        return
    if text in SIGNS and not is_value(before):
        part.set("form", "prefix")
    elif text == "|":
        part.set("form", "postfix" if is_value(before) else "prefix")
    elif text in TIMES or text == "/":
        part.attrib.update(BARE if text == "/" else MEDIUM)
    elif text in DOTS:
        if before is not None and before.text in SIGNS:
            part.text = "⋯"
        part.set("lspace", THIN if is_value(before) else "0")
        part.set("rspace", THIN if after is not None and after.tag != "mo" else "0")


def is_value(part: Element | None) -> bool:
    """Tell whether a sign after this part stands between two values."""
    return part is not None and part.tag != "mspace" and (part.tag != "mo" or part.text in CLOSING | DOTS)


def nucleus(part: Element) -> Element:
    """Return what carries the indices of a part, or the part itself."""
    return part[0] if part.tag in SCRIPTS else part


def is_name(part: Element | None) -> bool:
    """Tell whether a part is the name of a function, with or without an index."""
    return part is not None and nucleus(part).tag == "mi" and len(nucleus(part).text or "") > 1


def with_room(before: Element | None, part: Element, after: Element | None) -> list[Element]:
    """Return a part, and if it is a function's name, the thin spaces that part it from its neighbours."""
    if not is_name(part):
        return [part]
    pieces = [part]
    if (is_value(before) and not is_name(before)) or (before is not None and before.text == "/"):
        pieces.insert(0, Element("mspace", width=THIN))
    if after is not None and (after.tag not in ("mo", "mspace") or after.text in OPENING):
        first = after[0] if after.tag == "mrow" and len(after) else after
        applied = Element("mo", {} if first.text in OPENING else {"rspace": THIN})
        applied.text = APPLIED
        pieces.append(applied)
    return pieces


def tighten(element: Element, style: str) -> None:
    """Take the room beside the signs of what is set small, as TeX does: indices, powers, fractions in a line."""
    if element.tag == "mo" and style == "script" and element.text != APPLIED:
        element.attrib.update(BARE)
    if element.get("displaystyle") == "true":
        style = "display"
    for place, child in enumerate(element):
        if element.tag in SCRIPTS and place > 0:
            tighten(child, "script")
        elif element.tag == "mfrac":
            tighten(child, "text" if style == "display" else "script")
        else:
            tighten(child, style)


def written(writer: HTML5Translator, node: nodes.math | nodes.math_block, display: bool = False) -> str:
    """Return a node's MathML, or warn (an error when the book is built) and return its TeX."""
    tex = node.astext().strip()
    try:
        return to_mathml(tex, display)
    except FormulaError as error:
        page = writer.builder.current_docname
        logger.warning("%s: no MathML for the formula %r: %s", page, tex, error, location=node, type="rnn_book")
        return f"<code>{escape(tex)}</code>"


def visit_formula(writer: HTML5Translator, node: nodes.math) -> None:
    """Write a formula that stands in a line."""
    writer.body.append(written(writer, node))
    raise nodes.SkipNode


def visit_displayed(writer: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula that stands alone, with its number if it has one."""
    writer.body.append(writer.starttag(node, "div", "", CLASS="math") + written(writer, node, display=True))
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def hold_punctuation(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a formula and the punctuation that touches it into one span, within which no line ends."""
    for formula in list(doctree.findall(nodes.math)):
        parent, place = formula.parent, formula.parent.index(formula)
        before, after = touching(parent, place - 1, r"[^\w\s]+$"), touching(parent, place + 1, r"^[^\w\s]+")
        if not before and not after:
            continue
        held = nodes.inline("", "", nodes.Text(before), formula.deepcopy(), nodes.Text(after), classes=["held"])
        parent[place] = held
        if after:
            parent[place + 1] = nodes.Text(parent[place + 1].astext().removeprefix(after))
        if before:
            parent[place - 1] = nodes.Text(parent[place - 1].astext().removesuffix(before))


def hold_percent(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Let no line end between a number and its percent sign; code stays as it is typed."""
    for text in list(doctree.findall(nodes.Text)):
        if re.search(r"\d %", text) and not isinstance(text.parent, nodes.literal | nodes.FixedTextElement | nodes.raw):
            text.parent.replace(text, nodes.Text(re.sub(r"(?<=\d) (?=%)", "\N{NO-BREAK SPACE}", text)))


def touching(parent: nodes.Element, place: int, pattern: str) -> str:
    """Return what matches in the text at a place among a node's children; nothing if no text is there."""
    text = parent[place] if 0 <= place < len(parent) else None
    found = re.search(pattern, text.astext()) if isinstance(text, nodes.Text) else None
    return found[0] if found else ""
