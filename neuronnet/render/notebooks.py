"""What a notebook shows of a derivation: a part of a page, formulas in LaTeX, or Markdown.

Notebooks ask an object for these by name; the writers are imported when one does.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuronnet.render.document import Document

MOST_STEPS = 300  # in a notebook; a file takes them all


class InNotebooks:
    """The methods that notebooks call, of whatever gives a Document."""

    def _document(self) -> Document:
        raise NotImplementedError

    def _repr_html_(self) -> str:
        from neuronnet.render import web_page

        return web_page.cell(self._document().shortened(MOST_STEPS))

    def _repr_latex_(self) -> str:
        from neuronnet.render import latex

        return latex.displayed(self._document().shortened(MOST_STEPS))

    def _repr_markdown_(self) -> str:
        from neuronnet.render import latex

        return latex.markdown(self._document().shortened(MOST_STEPS))


def preformatted(text: str) -> str:
    """A text as a piece of HTML that keeps its columns."""
    return f"<pre>{escape(text)}</pre>"
