"""The table of the glossary."""

import html
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rnn_utils.languages import LANGUAGES, Term, load_glossary

from .records import read_notebook

# What leads in a term's other names, and what sets them apart.
ALSO = {"ru": (" (также: ", ", ", ")"), "zh": ("（又称：", "、", "）")}


class GlossaryTable(SphinxDirective):
    """The terms of ``book/glossary.toml``: English name and meaning, then Russian and Chinese."""

    def run(self) -> list[nodes.Node]:
        """Build one definition per term, with an anchor ``term-<id>``."""
        self.env.note_dependency(str(Path(self.env.srcdir) / "book" / "glossary.toml"))
        terms = load_glossary()
        names = {term.id: term.names["en"] for term in terms}
        parts = self.env.app.config.external_site_map.root.subtrees
        files = [Path(self.env.srcdir) / f"{page}.ipynb" for part in parts for page in map(str, part.items)]
        told = list(sections(path for path in files if path.parent.name == "notebooks"))
        found = nodes.definition_list(classes=["glossary"])
        for term in sorted(terms, key=lambda term: term.names["en"].casefold()):
            title = term.names["en"] + (f" ({term.short})" if term.short else "")
            body = nodes.definition("", nodes.paragraph("", term.definition["en"]))
            body += [self.translation(term, language, tag) for language, tag in LANGUAGES.items() if language != "en"]
            if term.also["en"]:
                body += nodes.paragraph("", f"Also found under {', '.join(term.also['en'])}", classes=["glossary-see"])
            if found_in := first_use(term, told):
                body += self.use(found_in)
            if term.see:
                body += self.related(term, names)
            anchor = nodes.term("", title, ids=[f"term-{term.id}"])
            found += nodes.definition_list_item("", anchor, body)
        return [found]

    def translation(self, term: Term, language: str, tag: str) -> nodes.raw:
        """Return one language's name and meaning; raw, since docutils has no ``lang`` attribute."""
        name, meaning = html.escape(term.names[language]), html.escape(term.definition[language])
        before, between, after = ALSO[language]
        others = f"{before}{between.join(map(html.escape, term.also[language]))}{after}" if term.also[language] else ""
        return nodes.raw("", f'<p lang="{tag}"><strong>{name}</strong>{others} · {meaning}</p>', format="html")

    def use(self, section: "Section") -> nodes.paragraph:
        """Return a link to the section that explains a term."""
        address = f"{self.env.app.builder.get_relative_uri(self.env.docname, section.document)}#{section.label}"
        line = nodes.paragraph("", "Used in ", classes=["glossary-see"])
        line += nodes.reference("", section.title, internal=True, refuri=address)
        return line

    def related(self, term: Term, names: dict[str, str]) -> nodes.paragraph:
        """Return links to the terms that this one is told apart from or rests on."""
        line = nodes.paragraph("", "See ", classes=["glossary-see"])
        for position, other in enumerate(term.see):
            line += nodes.Text(", " if position else "")
            line += nodes.reference("", names[other], internal=True, refuri=f"#term-{other}")
        return line


class Section(NamedTuple):
    """A labelled part of a chapter: its document, label, title and text."""

    document: str
    label: str
    title: str
    text: str


def sections(chapters: Iterable[Path]) -> Iterable[Section]:
    """Cut the text of chapters at the labels of headings; guesses and exercises are left out."""
    for path in chapters:
        cells = read_notebook(path)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        text = re.sub(r"^```\{.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        for label, title, body in re.findall(r"^\((.+)\)=\n#+ (.+)\n((?:(?!^\(.+\)=$).*\n?)*)", text, re.MULTILINE):
            plain = re.sub(r"[`*$]", "", title)
            if plain != "Exercises":
                yield Section(f"notebooks/{path.stem}", label, plain, f"**{plain}**\n{body}")


def first_use(term: Term, told: Sequence[Section]) -> Section | None:
    """Return the section that explains a term: the first with its name in italics, bold or the heading.

    Where there is none, it is the first that names it at all.
    """
    names = "|".join(filter(None, (spelled(term.names["en"]), re.escape(term.short))))
    named = rf"(?<![\w-])(?:{names})(?:e?s)?(?![\w-])"
    stressed = re.compile(rf"\*[^*\n]*{named}[^*\n]*\*", re.IGNORECASE)
    plain = re.compile(named, re.IGNORECASE)
    return next((part for sign in (stressed, plain) for part in told if sign.search(part.text)), None)


def spelled(name: str) -> str:
    """Return a pattern for a name as chapters write it: across stars, and with *net* for *neural network*."""
    words = [re.escape(word) for word in re.sub(r"(?<= )neural (?=network)", "", name).split()]
    return r"[*\s]+".join("(?:neural )?net(?:work)?" if word == "network" else word for word in words)


def add_spellings(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Let the search find a page by what readers type for a term that the page names.

    The words go where the search looks and no reader is disturbed: into the page's key words.
    """
    text = doctree.astext().casefold()
    found = [word for term in load_glossary() if term.names["en"].casefold() in text for word in term.also["en"]]
    if found:
        doctree += nodes.meta(name="keywords", content=", ".join(found), lang=app.config.language)
