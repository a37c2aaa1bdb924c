"""A network drawn as SVG: neurons with their numbers, weights with their sign and size.

A weight's line is solid where it is positive and dashed where it is negative, and the wider the larger it is.
Columns of cards share the height in equal bands. The label of a weight stands on its line, every label of a
column as far along its own as the others; `_share` finds how far, so that each has a line of text for itself.
"""

from __future__ import annotations

import textwrap
import unicodedata
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
    font = f"font:{SIZE:g}px {FONTS}"
    rules = [
        f".neuronnet{{max-width:100%;height:auto;{font}}}",
        *_colours(0),
        f"@media (prefers-color-scheme:dark){{{''.join(_colours(1))}}}",
    ]
    return "".join(rules)


def _colours(place):
    of = {look: both[place] for look, both in COLOURS.items()}
    yield f".neuronnet .paper{{fill:{of['paper']}}}"
    yield f".neuronnet .card{{fill:{of['card']};stroke:{of['frame']}}}"
    yield from (f".neuronnet .{look}{{fill:{of[look]}}}" for look in ("ink", "soft"))
    yield from (f".neuronnet .{look}{{stroke:{of[look]}}}" for look in ("positive", "negative", "none"))


def _element(shape):
    if isinstance(shape, Rectangle):
        place = " ".join(f'{key}="{getattr(shape, key):.4g}"' for key in ("x", "y", "width", "height"))
        return f'<rect class="{shape.look}" {place} rx="{8 if shape.look == "card" else 2}"/>'
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
PAD, MARGIN, APART = 9.0, 20.0, 16.0  # in a card, around the drawing, and between cards
NARROWEST, NARROWEST_GAP = 360.0, 120.0
MOST_LABELS = 36  # between two columns
AIR = 1.3  # from one label to the next, in heights of a label
LEFT_OUT = (
    f"of more than {MOST_LABELS} weights between two layers the numbers are left out; "
    "where titles are shown, pointing at a line shows its own"
)
THINNEST, LINE_OF_LEGEND, THICKEST = 1.2, 2.5, 6.0
SHARES = sorted((share / 100 for share in range(10, 91)), key=lambda share: abs(share - 0.7))


class Rectangle(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    look: str  # "card", or "paper" behind a text


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
    """The Shapes of a Picture: columns of cards from left to right, every label on its own line."""
    columns = _Columns(drawn)
    heading, y = _heading(drawn, columns.width)
    names = list(columns.names(y))
    columns.top = y + 2 * LINE + PAD
    largest = max((size_of(edge.value) or 0.0 for edge in drawn.edges), default=0.0)
    lines = {edge: columns.line(edge, largest) for edge in drawn.edges}
    labels = [
        columns.label(edge, line) for edge, line in lines.items() if edge in columns.labelled[edge.column]
    ]
    left_out = [LEFT_OUT] * (len(lines) > len(labels))
    legend, y = _legend(drawn, columns.top + columns.height + PAD, columns.width, largest, left_out)
    front = [*heading, *names, *columns.cards(), *(text for label in labels for text in label), *legend]
    parts = (*lines.values(), *map(_paper, labels), *front)
    return Shapes(columns.width, y + MARGIN - LINE / 2, drawn.title, parts)


class _Columns:
    """The columns of a drawing: how wide and high they are, and where each begins."""

    def __init__(self, drawn):
        self.drawn, self.top = drawn, 0.0
        self.labelled = [_labelled(drawn, number) for number, _ in enumerate(drawn.columns[:-1])]
        needed = [_height_of_labels(drawn, edges) for edges in self.labelled]
        self.height = max([*map(_needed_height, drawn.columns), *needed])
        self.shares = [_share(drawn, edges, self.height) for edges in self.labelled]
        self.widths = [_column_width(column) for column in drawn.columns]
        gaps = [*map(_gap, self.labelled, self.shares), 0.0]
        inner = sum(self.widths) + sum(gaps)
        self.width = max(inner + 2 * MARGIN, NARROWEST)
        ends = accumulate(map(sum, zip(self.widths, gaps)), initial=(self.width - inner) / 2)
        self.lefts = list(ends)[:-1]

    def names(self, y):
        """The headings of the columns."""
        for column, left, width in zip(self.drawn.columns, self.lefts, self.widths):
            for at, heading in enumerate(column.heading):
                yield Text(left + width / 2, y + (at + 0.5) * LINE, heading, "middle", "soft")

    def middle(self, number, at):
        """Where the middle of a card is, from the top of the drawing."""
        return self.top + self.height * _band(self.drawn.columns[number], at)

    def cards(self):
        for number, column in enumerate(self.drawn.columns):
            for at, card in enumerate(column.cards):
                yield from _card(card, self.lefts[number], self.widths[number], self.middle(number, at))

    def line(self, edge, largest):
        """The Line of an edge, from card to card."""
        start = self.lefts[edge.column] + self.widths[edge.column], self.middle(edge.column, edge.source)
        end = self.lefts[edge.column + 1], self.middle(edge.column + 1, edge.target)
        thickness, look = _look(edge.value, largest)
        return Line(*start, *end, thickness, look, _title(edge))

    def label(self, edge, line):
        """The texts of an edge's label, on its line."""
        share = self.shares[edge.column]
        x, y = line.x1 + share * (line.x2 - line.x1), line.y1 + share * (line.y2 - line.y1)
        return list(_label(edge, x, y))


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


def _column_width(column):
    texts = [shortened(card.name) for card in column.cards] + [
        f"{label}  {number}" for label, number in _lines(column)
    ]
    card = max(map(text_width, texts), default=0.0) * 1.02 + 2 * PAD
    return max(card, *map(text_width, column.heading))


def _lines(column):
    return [(shortened(row.label), short(row.value)) for card in column.cards for row in card.rows]


def _card_height(card):
    return LINE * (1 + len(card.rows)) + 2 * PAD * (card.neuron is not None)


def _needed_height(column):
    """The cards share the height in equal bands."""
    return max((_card_height(card) + APART for card in column.cards), default=0.0) * len(column.cards)


def _band(column, at):
    """Where in the height the middle of a card is."""
    return (2 * at + 1) / (2 * len(column.cards))


def _card(card, left, width, middle):
    if card.neuron is None:
        yield Text(left + width / 2, middle, shortened(card.name), "middle", "soft")
        return
    height = _card_height(card)
    y = middle - height / 2
    yield Rectangle(left, y, width, height, "card")
    y += PAD + LINE / 2
    yield Text(left + width / 2, y, shortened(card.name), "middle", bold=True, title=card.name)
    for row in card.rows:
        y += LINE
        title = said(row.name, row.value)
        if not row.label:
            yield Text(left + width / 2, y, short(row.value), "middle", title=title)
            continue
        yield Text(left + PAD, y, shortened(row.label), "start", "soft", title=title)
        yield Text(left + width - PAD, y, short(row.value), "end", title=title)


# Edges and their labels


def _labelled(drawn, number):
    """The edges between a column and the next that get a label: all, or none where there are too many."""
    edges = [edge for edge in drawn.edges if edge.column == number]
    return edges if len(edges) <= MOST_LABELS else []


def _label(edge, x, y):
    """The texts of a label around a point."""
    texts = _label_texts(edge)
    for at, (words, look) in enumerate(zip(texts, ("ink", "soft"))):
        yield Text(x, y + LINE * (at - (len(texts) - 1) / 2), words, "middle", look, title=_title(edge))


def _paper(label):
    lefts, tops, rights, bottoms = zip(*(text.box for text in label))
    left, top = min(lefts) - 2, min(tops) - 1
    return Rectangle(left, top, max(rights) + 2 - left, max(bottoms) + 1 - top, "paper")


def _label_texts(edge):
    name = f"{shortened(edge.name, 10)} {short(edge.value)}"
    return [name] if edge.gradient is None else [name, f"grad {short(edge.gradient)}"]


def _spacing(drawn, edges, share):
    """The distance, as a share of the height, between labels that stand so far along their edges."""
    places = []
    for edge in edges:
        start = _band(drawn.columns[edge.column], edge.source)
        end = _band(drawn.columns[edge.column + 1], edge.target)
        places.append(start + share * (end - start))
    places.sort()
    return min((after - before for before, after in zip(places, places[1:])), default=1.0)


def _height_of_labels(drawn, edges):
    """The height at which some share of the way leaves every label a line of its own."""
    if not edges:
        return 0.0
    return _room(edges) / max(_spacing(drawn, edges, share) for share in SHARES) + 1


def _room(edges):
    return 2 + LINE * max(len(_label_texts(edge)) for edge in edges)


def _share(drawn, edges, height):
    """How far along their edges labels stand: where lines have crossed, and each label has air around it."""
    if not edges:
        return 0.5
    spacings = {share: _spacing(drawn, edges, share) * height for share in SHARES}
    needed = min(max(spacings.values()), AIR * _room(edges))
    return next(share for share, spacing in spacings.items() if spacing >= needed)


def _gap(edges, share):
    """The width between two columns in which the labels have room."""
    texts = [each for edge in edges for each in _label_texts(edge)]
    return max(
        NARROWEST_GAP, (max(map(text_width, texts), default=0.0) / 2 + 2 * PAD) / min(share, 1 - share)
    )


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
    words_of = {"positive": "positive", "negative": "negative", "none": "no connection"}
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
