"""What the book promises of time and size, and whether it is kept: a table a question, each number drawn."""

import html
from itertools import groupby

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from rnn_utils import recall
from rnn_utils.errors import DataError
from rnn_utils.page import typeset
from tools.bars import STUDIES, Bar, bars, machines

from .claims import SIGNS

TICK = 0.6  # of the width of a drawing: where the bar stands


class BarTables(SphinxDirective):
    """What was measured beside what it is held to, and last who measured."""

    def run(self) -> list[nodes.Node]:
        """Build one table per question."""
        try:
            studies = list(map(recall, STUDIES))
            held = bars(*studies)
        except (DataError, KeyError, ValueError):  # a study that is not whole yet: one renders the book itself
            return [nodes.paragraph("", "Not all runs are stored; make bench does the rest.")]
        found: list[nodes.Node] = []
        head = "".join(f'<th scope="col">{name}</th>' for name in ("Promise", "Measured", "Bar", "Bar is", "Drawn"))
        for about, group in groupby(held, key=lambda bar: bar.about):
            rows = "".join(map(bar_row, group))
            table = f'<table class="table bars"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
            table = f'<div class="pst-scrollable-table-container">{table}</div>'
            section = nodes.section(ids=[nodes.make_id(about)])
            section += [nodes.title("", about), nodes.raw("", table, format="html")]
            found.append(section)
        found[-1] += nodes.paragraph("", f"Measured by: {'; '.join(machines(studies))}.")
        return found


def bar_row(bar: Bar) -> str:
    """Return one number as a row: in words, and drawn as a part of what it may be."""
    unit = f" {bar.unit}" if bar.unit else ""
    measured = typeset(bar.said()) + ("" if isinstance(bar.measured, str) else unit)
    allowed = f"{SIGNS[bar.holds]} {typeset(f'{bar.bar:g}')}{unit}"
    sides = [html.escape(side).replace(" ", "&nbsp;") for side in (measured, allowed)] + [bar.verdict()]
    asked = f'<th scope="row">{html.escape(bar.asked)}</th>'
    return f"<tr>{asked}{''.join(f'<td>{side}</td>' for side in sides)}<td>{drawn(bar)}</td></tr>"


def drawn(bar: Bar) -> str:
    """Draw a number as a length, with a tick where its bar is; nothing where there is no number, or no length."""
    if isinstance(bar.measured, str) or not bar.bar:
        return ""
    part = min(1, TICK * bar.measured / bar.bar)
    kind = bar.verdict().replace(" ", "-")
    return (
        f'<svg class="{kind}" viewBox="0 0 100 16" aria-hidden="true">'
        f'<rect y="4" width="{100 * part:.1f}" height="8"/><path d="M{100 * TICK} 0v16"/></svg>'
    )
