"""A network drawn in characters: before every neuron stand its weights, each with what it multiplies.

    i1 --- w1 0.15 ---+
    i2 --- w2 0.2  ---+-> h1  net 0.3775  out 0.5933

A line of `-` is a positive weight, of `~` a negative one, and it is the longer the larger the weight is.
"""

from __future__ import annotations

from neuronnet.render.picture import Picture, short, shortened, size_of
from neuronnet.render.text import WIDEST

LONGEST = 6  # of the lines that show the size of a weight
APART = "   "


def text(drawn: Picture) -> str:
    """A Picture in plain characters; a wide one layer below layer."""
    sizes = [size_of(edge.value) or 0.0 for edge in drawn.edges]
    largest = max(sizes, default=0.0)
    blocks = [_column(drawn, number, largest) for number, _ in enumerate(drawn.columns)]
    widths = [max(map(len, block)) for block in blocks]
    if sum(widths) + len(APART) * (len(widths) - 1) <= WIDEST:
        height = max(map(len, blocks))
        rows = zip(*(block + [""] * (height - len(block)) for block in blocks))
        lines = [APART.join(map(str.ljust, row, widths)).rstrip() for row in rows]
    else:
        lines = "\n\n".join("\n".join(block) for block in blocks).split("\n")
    legend = [f"- positive, ~ negative; the longest line is {short(largest)}"] if largest else []
    return "\n".join([drawn.title, *drawn.sentences, "", *lines, "", *legend]).rstrip()


def _column(drawn, number, largest):
    column = drawn.columns[number]
    lines = [", ".join(column.heading)]
    for at, card in enumerate(column.cards):
        edges = [edge for edge in drawn.edges if edge.column == number - 1 and edge.target == at]
        lines += ["", *_card(drawn, card, edges, largest)]
    return lines


def _card(drawn, card, edges, largest):
    """A neuron behind its weights, or an input alone."""
    rows = [f"{shortened(row.label)} {short(row.value)}".strip() for row in card.rows]
    if not edges:
        return [f"{shortened(card.name)} {'  '.join(rows)}".rstrip()]
    sources = [shortened(drawn.columns[edge.column].cards[edge.source].name) for edge in edges]
    texts = [f"{shortened(edge.name, 10)} {short(edge.value)}" for edge in edges]
    gradients = ["" if edge.gradient is None else f" grad {short(edge.gradient)}" for edge in edges]
    wide = [max(map(len, each)) for each in (sources, texts, gradients)]
    middle, lines = len(edges) // 2, []
    for at, (edge, *parts) in enumerate(zip(edges, sources, texts, gradients)):
        source, label, gradient = map(str.ljust, parts, wide)
        line = f"{source} {_line(edge.value, largest)} {label}{gradient} --+"
        lines.append(f"{line}-> {shortened(card.name)}" if at == middle else line)
    arrow = lines[middle].index("+-> ") + 4
    said = [shortened(card.name), *rows]
    lines[middle] = lines[middle][:arrow] + said[0]
    for at, each in enumerate(said[1:], middle + 1):
        lines += [""] * (at + 1 - len(lines))
        lines[at] = lines[at].ljust(arrow) + each
    return lines


def _line(value, largest):
    size = size_of(value)
    if not size:
        return ("?" if size is None else ".").ljust(LONGEST)
    length = max(1, round(LONGEST * (size / largest)))
    return ("~" if complex(value).real < 0 else "-") * length + " " * (LONGEST - length)
