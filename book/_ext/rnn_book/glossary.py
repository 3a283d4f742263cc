"""The table of the glossary."""

import html
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rnn_utils.languages import LANGUAGES, Term, load_glossary


class GlossaryTable(SphinxDirective):
    """The terms of ``book/glossary.toml``: English name and meaning, then Russian and Chinese."""

    def run(self) -> list[nodes.Node]:
        """Build one definition per term, with an anchor ``term-<id>``."""
        self.env.note_dependency(str(Path(self.env.srcdir) / "book" / "glossary.toml"))
        terms = load_glossary()
        names = {term.id: term.names["en"] for term in terms}
        found = nodes.definition_list(classes=["glossary"])
        for term in sorted(terms, key=lambda term: term.names["en"].casefold()):
            title = term.names["en"] + (f" ({term.short})" if term.short else "")
            body = nodes.definition("", nodes.paragraph("", term.definition["en"]))
            body += [self.translation(term, language, tag) for language, tag in LANGUAGES.items() if language != "en"]
            if term.also:
                body += nodes.paragraph("", f"Also found under {', '.join(term.also)}", classes=["glossary-see"])
            if term.see:
                body += self.related(term, names)
            anchor = nodes.term("", title, ids=[f"term-{term.id}"])
            found += nodes.definition_list_item("", anchor, body)
        return [found]

    def translation(self, term: Term, language: str, tag: str) -> nodes.raw:
        """Return one language's name and meaning; raw, since docutils has no ``lang`` attribute."""
        name, meaning = html.escape(term.names[language]), html.escape(term.definition[language])
        return nodes.raw("", f'<p lang="{tag}"><strong>{name}</strong> · {meaning}</p>', format="html")

    def related(self, term: Term, names: dict[str, str]) -> nodes.paragraph:
        """Return links to the terms that this one is told apart from or rests on."""
        line = nodes.paragraph("", "See ", classes=["glossary-see"])
        for position, other in enumerate(term.see):
            line += nodes.Text(", " if position else "")
            line += nodes.reference("", names[other], internal=True, refuri=f"#term-{other}")
        return line


def add_spellings(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Let the search find a page by what readers type for a term that the page names.

    The words go where the search looks and no reader is disturbed: into the page's key words.
    """
    text = doctree.astext().casefold()
    found = [word for term in load_glossary() if term.names["en"].casefold() in text for word in term.also]
    if found:
        doctree += nodes.meta(name="keywords", content=", ".join(found), lang=app.config.language)
