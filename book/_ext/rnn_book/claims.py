"""Proved sentences on any page, linked to the cell that proves them."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from rnn_utils.page import CLAIM_MIME

from .records import is_claim, read_notebook

logger = logging.getLogger(__name__)


def collect_claims(app: Sphinx) -> None:
    """Find every claim of every chapter: id to (document, sentence)."""
    app.rnn_claims = {}
    for path in sorted((Path(app.srcdir) / "notebooks").glob("*.ipynb")):
        for cell in read_notebook(path)["cells"]:
            for output in cell.get("outputs", []):
                if is_claim(output):
                    record = output["data"][CLAIM_MIME]
                    app.rnn_claims[record["id"]] = (f"notebooks/{path.stem}", record["sentence"])


class ClaimRole(SphinxRole):
    """``{claim}`some-id```: the proved sentence, linked to the cell that proves it."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, or warn (an error when the book is built) for an unknown id."""
        found = self.env.app.rnn_claims.get(self.text)
        if found is None:
            logger.warning("no chapter proves a claim %r", self.text, location=self.get_location(), type="rnn_book")
            return [nodes.literal(self.text, self.text)], []
        document, sentence = found
        address = f"{self.env.app.builder.get_relative_uri(self.env.docname, document)}#claim-{self.text}"
        link = nodes.reference("", "", internal=True, refuri=address, classes=["proved-claim"])
        link += nodes.Text(sentence[:1].upper() + sentence[1:] + ".")
        return [link], []
