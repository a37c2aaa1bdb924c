"""A network drawn as SVG: neurons with their numbers, weights with their sign and size.

A weight's line is solid where it is positive and dashed where it is negative, and the wider the larger it is.
Columns of cards share the height in equal bands. The number of a weight stands in the card of its neuron,
where its line ends, so that a drawing of four columns can be read at a width of 400 pixels.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections import Counter, defaultdict
from itertools import accumulate
from typing import NamedTuple

from neuronnet.render.picture import Picture, short, shortened, size_of
from neuronnet.render.text import clean

FONTS = "'DejaVu Sans Mono',Menlo,Consolas,monospace"
COLOURS = {  # class: in the light and in the dark
    "paper": ("#FFFFFF", "#15181C"),
    "card": ("#F3F5F7", "#252A31"),
    "frame": ("#5A6570", "#9AA5B1"),
    "ink": ("#15181C", "#F1F3F5"),
    "soft": ("#48525C", "#B9C2CB"),
    "positive": ("#0072B2", "#56B4E9"),
    "negative": ("#C14F00", "#F5A45D"),
    "none": ("#8A949E", "#77818B"),
}
DASHES = {"negative": "7 5", "none": "1 4"}


def svg(picture: Picture) -> str:
    """A Picture as the text of an SVG file, which is light or dark as its reader prefers."""
    drawn = shapes(picture)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="neuronnet" role="img" width="{drawn.width:g}" '
        f'height="{drawn.height:g}" viewBox="0 0 {drawn.width:g} {drawn.height:g}">',
        f"<title>{clean(drawn.title)}</title>",
        f"<style>{_style()}</style>",
        '<rect class="paper" width="100%" height="100%"/>',
    ]
    return "\n".join([*lines, *map(_element, drawn.shapes), "</svg>"])


def _style():
    whole = f".neuronnet{{max-width:100%;height:auto;font:{SIZE:g}px {FONTS}}}"
    dark = f"@media (prefers-color-scheme:dark){{{''.join(_colours(1))}}}"
    return "".join([whole, *_colours(0), dark])


def _colours(place):
    of = {look: both[place] for look, both in COLOURS.items()}
    yield f".neuronnet .paper{{fill:{of['paper']}}}"
    yield f".neuronnet .card{{fill:{of['card']};stroke:{of['frame']}}}"
    yield from (f".neuronnet .{look}{{fill:{of[look]}}}" for look in ("ink", "soft"))
    yield from (f".neuronnet .{look}{{stroke:{of[look]}}}" for look in ("positive", "negative", "none"))


def _element(shape):
    if isinstance(shape, Rectangle):
        place = " ".join(f'{key}="{getattr(shape, key):.4g}"' for key in ("x", "y", "width", "height"))
        return f'<rect class="{shape.look}" {place} rx="8"/>'
    title = f"<title>{clean(shape.title)}</title>" if shape.title else ""
    if isinstance(shape, Line):
        ends = " ".join(f'{key}="{getattr(shape, key):.5g}"' for key in ("x1", "y1", "x2", "y2"))
        dash = f' stroke-dasharray="{DASHES[shape.look]}"' if shape.look in DASHES else ""
        return f'<line class="{shape.look}" {ends} stroke-width="{shape.width:.3g}"{dash}>{title}</line>'
    bold = ' font-weight="bold"' if shape.bold else ""
    place = f'x="{shape.x:.5g}" y="{shape.y + 0.35 * SIZE:.5g}" text-anchor="{shape.anchor}"'
    return f'<text class="{shape.look}" {place}{bold}>{clean(shape.text)}{title}</text>'


SIZE, ADVANCE = 13.0, 0.61  # of the letters, and the width of one in a fixed-width font as a share of it
LINE = 17.0  # from one line of text to the next
PAD, MARGIN, APART = 6.0, 10.0, 16.0  # in a card, around the drawing, and between cards
NARROWEST, ROOM = 360.0, 500.0  # of a drawing: at least, and up to where columns stand further apart
GAPS = 32.0, 120.0  # between two columns, at least and at most
MOST_LABELS = 36  # between two columns
LEFT_OUT = (
    f"of more than {MOST_LABELS} weights between two layers the numbers are left out; "
    "where titles are shown, pointing at a line shows its own"
)
THINNEST, LINE_OF_LEGEND, THICKEST = 1.2, 2.5, 6.0


class Rectangle(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    look: str  # "card"


class Line(NamedTuple):
    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    look: str  # "positive", "negative" or "none"
    title: str


class Text(NamedTuple):
    """Text around its middle `y`; `anchor` is "start", "middle" or "end", `title` the full value."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    look: str = "ink"
    bold: bool = False
    title: str = ""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom)."""
        width = text_width(self.text)
        left = self.x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor]
        return left, self.y - SIZE / 2, left + width, self.y + SIZE / 2


class Shapes(NamedTuple):
    """What is drawn, from the back to the front."""

    width: float
    height: float
    title: str
    shapes: tuple


def shapes(drawn: Picture) -> Shapes:
    """The Shapes of a Picture: columns of cards from left to right, lines between them."""
    columns = _Columns(drawn)
    heading, y = _heading(drawn, columns.width)
    names = list(columns.names(y))
    columns.top = y + 2 * LINE + PAD
    largest = max((size_of(edge.value) or 0.0 for edge in drawn.edges), default=0.0)
    lines = [columns.line(edge, largest) for edge in drawn.edges]
    left_out = [LEFT_OUT] * (not all(map(columns.is_labelled, drawn.edges)))
    legend, y = _legend(drawn, columns.top + columns.height + PAD, columns.width, largest, left_out)
    parts = (*lines, *heading, *names, *columns.cards(), *legend)
    return Shapes(columns.width, y + MARGIN - LINE / 2, drawn.title, parts)


class _Columns:
    """The columns of a drawing: how wide and high they are, and where each begins."""

    def __init__(self, drawn):
        self.drawn, self.top = drawn, 0.0
        self.counts = Counter(edge.column for edge in drawn.edges)
        self.edges = defaultdict(list)  # (column, place of a card) -> the edges whose numbers stand in it
        for edge in filter(self.is_labelled, drawn.edges):
            self.edges[edge.column + 1, edge.target].append(edge)
        columns = list(enumerate(drawn.columns))
        self.height = max(self._needed_height(*each) for each in columns)
        self.widths = [self._needed_width(*each) for each in columns]
        room = (ROOM - 2 * MARGIN - sum(self.widths)) / max(1, len(columns) - 1)
        gap = min(max(room, GAPS[0]), GAPS[1])
        inner = sum(self.widths) + gap * (len(columns) - 1)
        self.width = max(inner + 2 * MARGIN, NARROWEST)
        ends = accumulate((width + gap for width in self.widths), initial=(self.width - inner) / 2)
        self.lefts = list(ends)[:-1]

    def is_labelled(self, edge):
        """Whether an edge's numbers are shown: all of a column, or none where there are too many."""
        return self.counts[edge.column] <= MOST_LABELS

    def _texts(self, number, at):
        """(text, look, edge) of each line that a card has for the weights into it."""
        for edge in self.edges[number, at]:
            yield f"{shortened(edge.name, 10)} {short(edge.value)}", "ink", edge
            if edge.gradient is not None:
                yield f"grad {short(edge.gradient)}", "soft", edge

    def _card_height(self, number, at):
        card = self.drawn.columns[number].cards[at]
        lines = 1 + len(card.rows) + len(list(self._texts(number, at)))
        return LINE * lines + 2 * PAD * (card.neuron is not None)

    def _needed_height(self, number, column):
        """The cards share the height in equal bands."""
        heights = (self._card_height(number, at) + APART for at, _ in enumerate(column.cards))
        return max(heights, default=0.0) * len(column.cards)

    def _needed_width(self, number, column):
        texts = [shortened(card.name) for card in column.cards]
        texts += [f"{shortened(row.label)} {short(row.value)}" for card in column.cards for row in card.rows]
        texts += [text for at, _ in enumerate(column.cards) for text, *_ in self._texts(number, at)]
        card = max(map(text_width, texts), default=0.0) * 1.02 + 2 * PAD
        return max(card, *map(text_width, column.heading))

    def names(self, y):
        """The headings of the columns."""
        for column, left, width in zip(self.drawn.columns, self.lefts, self.widths):
            for at, heading in enumerate(column.heading):
                yield Text(left + width / 2, y + (at + 0.5) * LINE, heading, "middle", "soft")

    def middle(self, number, at):
        """Where the middle of a card is, from the top of the drawing."""
        return self.top + self.height * (2 * at + 1) / (2 * len(self.drawn.columns[number].cards))

    def cards(self):
        for number, column in enumerate(self.drawn.columns):
            for at, card in enumerate(column.cards):
                yield from self._card(card, number, at)

    def _card(self, card, number, at):
        left, width, y = self.lefts[number], self.widths[number], self.middle(number, at)
        if card.neuron is None:
            yield Text(left + width / 2, y, shortened(card.name), "middle", "soft")
            return
        height = self._card_height(number, at)
        y -= height / 2
        yield Rectangle(left, y, width, height, "card")
        y += PAD + LINE / 2
        yield Text(left + width / 2, y, shortened(card.name), "middle", bold=True, title=card.name)
        for text, look, edge in self._texts(number, at):
            y += LINE
            yield Text(left + PAD, y, text, "start", look, title=_title(edge))
        for row in card.rows:
            y += LINE
            title = said(row.name, row.value)
            if not row.label:
                yield Text(left + width / 2, y, short(row.value), "middle", title=title)
                continue
            yield Text(left + PAD, y, shortened(row.label), "start", "soft", title=title)
            yield Text(left + width - PAD, y, short(row.value), "end", title=title)

    def line(self, edge, largest):
        """The Line of an edge, from card to card: to the line of text that is its own, if it has one."""
        number, at = edge.column + 1, edge.target
        y = self.middle(number, at)
        own = [each for _, _, each in self._texts(number, at)]
        if edge in own:
            y += PAD + LINE * (1.5 + own.index(edge)) - self._card_height(number, at) / 2
        start = self.lefts[edge.column] + self.widths[edge.column], self.middle(edge.column, edge.source)
        thickness, look = _look(edge.value, largest)
        return Line(*start, self.lefts[number], y, thickness, look, _title(edge))


def _heading(drawn, width):
    """(the title and the sentences, where they end)."""
    found, y = [], MARGIN
    lines = [(line, "ink") for line in _wrapped([drawn.title], width, max_lines=2, placeholder=" …")]
    lines += [(line, "soft") for line in _wrapped(drawn.sentences, width)]
    for line, look in lines:
        found.append(Text(MARGIN, y + LINE / 2, line, look=look, bold=look == "ink"))
        y += LINE
    return found, y + LINE / 2


def _wrapped(sentences, width, **settings):
    room, found = width - 2 * MARGIN, []
    for each in sentences:
        letter = max(map(text_width, each), default=1.0)
        found += textwrap.wrap(each, int(room / letter), **settings)
    return found


# Edges


def _title(edge):
    title = said(edge.name, edge.value)
    return title if edge.gradient is None else f"{title}, gradient {edge.gradient}"


def _look(value, largest):
    """(width of the line, its look) of a weight beside the largest one."""
    size = size_of(value)
    if size is None or size == 0:
        return THINNEST, "none"
    negative = complex(value).real < 0
    return THINNEST + (THICKEST - THINNEST) * size / largest, "negative" if negative else "positive"


def _legend(drawn, y, width, largest, sentences):
    """(the shapes of the legend, where they end)."""
    looks = {_look(edge.value, largest)[1] for edge in drawn.edges}
    words_of = {"positive": "positive", "negative": "negative", "none": "neither"}
    entries = [(look, LINE_OF_LEGEND, words) for look, words in words_of.items() if look in looks]
    if largest:
        widest = "positive" if "positive" in looks else "negative"
        entries.append((widest, THICKEST, f"the widest: {short(largest)}"))
    found, x = [], MARGIN
    for look, thickness, words in entries:
        needed = 34 + text_width(words)
        if x > MARGIN and x + needed > width - MARGIN:
            x, y = MARGIN, y + LINE
        found.append(Line(x, y + LINE / 2, x + 28, y + LINE / 2, thickness, look, words))
        found.append(Text(x + 34, y + LINE / 2, words, look="soft"))
        x += needed + 18
    y += LINE
    for line in _wrapped(sentences, width):
        found.append(Text(MARGIN, y + LINE / 2, line, look="soft"))
        y += LINE
    return found, y


# Texts


def text_width(text: str) -> float:
    """How wide a text is; letters of East Asia are twice as wide."""
    return ADVANCE * SIZE * sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def said(name: str, value: object) -> str:
    return f"{name} = {value}"
