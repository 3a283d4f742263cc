"""Checked sentences on any page, linked to the cell that checks them."""

import html
import itertools
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from rnn_utils.page import CLAIM_MIME, measured, typeset
from tools.chapters import is_draft, read
from tools.checking import is_claim

from .records import title_of

logger = logging.getLogger(__name__)

SIGNS = {">": ">", ">=": "≥", "<": "<", "<=": "≤", "==": "=", "!=": "≠"}


def collect_claims(app: Sphinx) -> None:
    """Find every claim of every chapter that is no draft: id to (document, record)."""
    app.rnn_claims = {}
    for path in sorted((Path(app.srcdir) / "notebooks").glob("*.ipynb")):
        chapter = read(path)
        for cell in [] if is_draft(chapter) else chapter["cells"]:
            for output in cell.get("outputs", []):
                if is_claim(output):
                    record = output["data"][CLAIM_MIME]
                    app.rnn_claims[record["id"]] = (f"notebooks/{path.stem}", record)


class ClaimRole(SphinxRole):
    """``{claim}`some-id```: the checked sentence, linked to the cell that checks it."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, or warn (an error when the book is built) for an unknown id."""
        found = self.env.app.rnn_claims.get(self.text)
        if found is None:
            logger.warning("no chapter checks a claim %r", self.text, location=self.get_location(), type="rnn_book")
            return [nodes.literal(self.text, self.text)], []
        document, record = found
        address = f"{self.env.app.builder.get_relative_uri(self.env.docname, document)}#claim-{self.text}"
        link = nodes.reference("", "", internal=True, refuri=address, classes=["proved-claim"])
        link += nodes.Text(record["sentence"][:1].upper() + record["sentence"][1:] + ".")
        return [link], []


def show_measured(app: Sphinx, doctree: nodes.document) -> None:
    """Write beside each claim what was measured."""
    for line in doctree.findall(nodes.raw):
        if (name := claim_name(line)) and (value := measured(app.rnn_claims[name][1])):
            shown = f' <span class="measured">{html.escape(value)}</span></p>'
            line.replace_self(nodes.raw("", line.astext().replace("</p>", shown), format="html"))


def claim_name(node: nodes.Node) -> str | None:
    """Return the id of the claim that a piece of HTML shows, if it does."""
    found = isinstance(node, nodes.raw) and re.match(r'<p class="claim" id="claim-([^"]*)"', node.astext())
    return found[1] if found else None


class MeasuredTables(SphinxDirective):
    """All claims of the book by chapter: the sentence, what was measured, and what it was held against."""

    def run(self) -> list[nodes.Node]:
        """Build one table per chapter."""
        found: list[nodes.Node] = []
        for document, claims in itertools.groupby(self.env.app.rnn_claims.items(), key=lambda item: item[1][0]):
            address = self.env.app.builder.get_relative_uri(self.env.docname, document)
            title = title_of(Path(self.env.doc2path(document)))
            rows = "".join(measured_row(name, record, address) for name, (_, record) in claims)
            head = "".join(f'<th scope="col">{name}</th>' for name in ("Sentence", "Measured", "Without", "Bar"))
            table = f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
            table = f'<div class="pst-scrollable-table-container">{table}</div>'
            section = nodes.section(ids=[Path(document).name])
            section += [nodes.title("", title), nodes.raw("", table, format="html")]
            found.append(section)
        return found


def measured_row(name: str, record: dict[str, Any], address: str) -> str:
    """Return one claim as a row."""
    sentence = html.escape(record["sentence"])
    sides = [
        plain(record["value"]),
        plain(record.get("baseline")),
        f"{SIGNS[record['comparison']]} {plain(record['bar'])}",
    ]
    link = f'<a href="{address}#claim-{name}" id="measured-{name}">{sentence}</a>'
    return f"<tr><td>{link}</td>" + "".join(f"<td>{html.escape(side)}</td>" for side in sides) + "</tr>"


def plain(value: Any) -> str:
    """Return a measured value with its first digits; of a list, the first entries."""
    if isinstance(value, list):
        return ", ".join(map(plain, value[:4])) + (", …" if len(value) > 4 else "")
    return typeset(f"{value:.4g}") if isinstance(value, float) else "" if value is None else str(value)
