"""A network drawn as SVG: neurons with their numbers, weights with their sign and size.

`shapes` places rectangles, lines and texts; `svg` writes them, and `figures.drawing` paints the same ones.
A weight's line is solid where it is positive and dashed where it is negative, and the wider the larger it is.
"""

from __future__ import annotations

import textwrap
import unicodedata
from html import escape
from typing import NamedTuple

from neuronnet.render.picture import Picture, short, shortened, size_of

SIZE, ADVANCE = 13.0, 0.61  # of the letters, and the width of one in a fixed-width font as a share of it
FONTS = "'DejaVu Sans Mono',Menlo,Consolas,monospace"
LINE = 17.0  # from one line of text to the next
PAD, MARGIN, APART = 9.0, 20.0, 16.0  # in a card, around the drawing, and between cards
NARROWEST = 360.0
MOST_LABELS = 36  # between two columns
AIR = 1.3  # from one label to the next, in heights of a label
LEFT_OUT = (
    f"of more than {MOST_LABELS} weights between two layers the numbers are left out; "
    "where titles are shown, pointing at a line shows its own"
)
THINNEST, THICKEST = 1.2, 6.0
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
SHARES = sorted((share / 100 for share in range(10, 91)), key=lambda share: abs(share - 0.7))
DASHES = {"negative": "7 5", "none": "1 4"}


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


def clean(text: str) -> str:
    """A text for SVG and HTML: escaped, and what XML cannot hold replaced."""
    return escape("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text))


# Texts


def text_width(text: str) -> float:
    """How wide a text is; letters of East Asia are twice as wide."""
    return ADVANCE * SIZE * sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def said(name: str, value: object) -> str:
    return f"{name} = {value}"


# Places


def shapes(drawn: Picture) -> Shapes:
    """The Shapes of a Picture: columns of cards from left to right, every label on its own line."""
    widths = [_column_width(column) for column in drawn.columns]
    labelled = [_labelled(drawn, number) for number, _ in enumerate(drawn.columns[:-1])]
    heights = [*map(_needed_height, drawn.columns), *(_height_of_labels(drawn, each) for each in labelled)]
    height = max(heights, default=0.0)
    shares = [_share(drawn, each, height) for each in labelled]
    gaps = [_gap(labels, share) for labels, share in zip(labelled, shares)]
    inner = sum(widths) + sum(gaps)
    width = max(inner + 2 * MARGIN, NARROWEST)
    front, y = _heading(drawn, width)
    lefts, x = [], (width - inner) / 2
    for column_width, gap in zip(widths, [*gaps, 0.0]):
        lefts.append(x)
        x += column_width + gap
    for column, left, column_width in zip(drawn.columns, lefts, widths):
        for at, heading in enumerate(column.heading):
            front.append(Text(left + column_width / 2, y + (at + 0.5) * LINE, heading, "middle", "soft"))
    y += 2 * LINE + PAD
    middles = [
        [y + height * _band(column, at) for at, _ in enumerate(column.cards)] for column in drawn.columns
    ]
    for column, left, column_width, places in zip(drawn.columns, lefts, widths, middles):
        for card, middle in zip(column.cards, places):
            front += _card(card, left, column_width, middle)
    back, largest = (
        [],
        max((size for edge in drawn.edges if (size := size_of(edge.value)) is not None), default=0.0),
    )
    for edge in drawn.edges:
        start = lefts[edge.column] + widths[edge.column], middles[edge.column][edge.source]
        end = lefts[edge.column + 1], middles[edge.column + 1][edge.target]
        thickness, look = _look(edge.value, largest)
        back.append(Line(*start, *end, thickness, look, _title(edge)))
    for edge, line in zip(drawn.edges, tuple(back)):
        if edge in labelled[edge.column]:
            share = shares[edge.column]
            middle = line.x1 + share * (line.x2 - line.x1), line.y1 + share * (line.y2 - line.y1)
            label = list(_label(edge, *middle))
            back.append(_paper(label))
            front += label
    left_out = len(drawn.edges) > sum(map(len, labelled))
    legend, y = _legend(drawn, y + height + PAD, width, largest, [LEFT_OUT] * left_out)
    return Shapes(width, y + MARGIN - LINE / 2, drawn.title, (*back, *front, *legend))


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
    letters = int((width - 2 * MARGIN) / (ADVANCE * SIZE))
    return [line for each in sentences for line in textwrap.wrap(each, letters, **settings)]


def _column_width(column):
    texts = [card.name for card in column.cards] + [f"{label}  {number}" for label, number in _lines(column)]
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
    return max(120.0, (max(map(text_width, texts), default=0.0) / 2 + 2 * PAD) / min(share, 1 - share))


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
    entries = [(look, 2.5, words) for look, words in words_of.items() if look in looks]
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
