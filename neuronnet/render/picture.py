"""What a drawing of a network shows: a card for every neuron, an edge for every weight, and sentences.

It reads what the objects hold and computes nothing; large networks are folded, and say so. `in_characters`
draws it for a terminal, before every neuron its weights, each with what it multiplies:

    i1 --- w1 0.15 ---+
    i2 --- w2 0.2  ---+-> h1  net 0.3775  out 0.5933

A line of `-` is a positive weight, of `~` a negative one, and it is the longer the larger the weight is.
"""

from __future__ import annotations

from copy import copy
from typing import Any, NamedTuple

from neuronnet.errors import NeuronnetError, counted, shown
from neuronnet.render.text import WIDEST

SHOWN = ("values", "gradients", "deltas")
MOST_WEIGHTS = 200  # of a network that is drawn whole
MOST_NEURONS, FIRST, LAST = 12, 3, 1  # of a layer drawn whole; of a folded one, those that are drawn
WIDEST_WORD = 16  # of the letters of a name or number
MOST_COLUMNS, OUTER = 12, 3  # of a network drawn whole; of a folded one, those at either end


class Row(NamedTuple):
    """A number on a card: what it is called there, in full, and its value."""

    label: str
    name: str
    value: Any


class Card(NamedTuple):
    """A neuron, or in a folded layer what stands for those left out, which has no rows and no `neuron`."""

    name: str
    rows: tuple[Row, ...] = ()
    neuron: Any = None


class Column(NamedTuple):
    """A layer under its heading; without cards it stands for the layers left out."""

    heading: tuple[str, ...]
    cards: tuple[Card, ...] = ()


class Edge(NamedTuple):
    """A weight between cards of one column and the next; `gradient` is None where it is not shown."""

    column: int
    source: int
    target: int
    name: str
    value: Any
    gradient: Any


class Picture(NamedTuple):
    title: str
    sentences: tuple[str, ...]
    columns: tuple[Column, ...]
    edges: tuple[Edge, ...]


def picture(
    network: Any, show: tuple[str, ...] = ("values",), targets: list | None = None, said: str | None = None
) -> Picture:
    """The Picture of a NeuralNetwork as it stands.

    `show` names what is drawn beside weights and biases, some of "values", "gradients" and "deltas". The
    `targets` are those of the pass that the neurons keep, `said` is a sentence about it.
    """
    unknown = [each for each in show if each not in SHOWN]
    if unknown:
        raise NeuronnetError(f"show: found {unknown[0]!r}; allowed are {', '.join(SHOWN)}")
    folded = len(network.weights) > MOST_WEIGHTS
    layers = [network.inputs, *(layer.neurons for layer in network.layers)]
    columns = []
    for number, neurons in enumerate(layers):
        cards = [Card(each.name, tuple(_rows(each, show)), each) for each in neurons]
        if number == len(layers) - 1 and targets is not None and "values" in show:
            cards = [_with_target(card, target) for card, target in zip(cards, targets)]
        columns.append(Column(_heading(network, number), _few(cards, folded)))
    if len(columns) > MOST_COLUMNS:
        left_out = Column((f"{len(columns) - 2 * OUTER} more", "layers"))
        columns = [*columns[:OUTER], left_out, *columns[-OUTER:]]
    weights, count = len(network.weights), sum(len(each) for each in layers)
    drawn = sum(card.neuron is not None for column in columns for card in column.cards)
    sentences = [*([] if said is None else [said]), *_sentences(network, show)]
    if drawn < count:
        sentences.append(f"folded: {counted(weights, 'weight')}, {drawn} of {count} inputs and neurons drawn")
    return Picture(network.title, tuple(sentences), tuple(columns), tuple(_edges(columns, show)))


def _rows(neuron, show):
    name = neuron.name
    if not neuron.weights:
        if "values" in show and neuron.out is not None:
            yield Row("", name, neuron.out)
        return
    bias = neuron.bias
    if bias is not None:
        yield Row(bias.name, bias.name, bias.value)
        if "gradients" in show and bias.gradient is not None:
            yield Row("grad", f"the gradient of {bias.name}", bias.gradient)
    kinds = [kind for kind in ("net", "out", "E") if "values" in show]
    for kind in [*kinds, *(["delta"] if "deltas" in show else [])]:
        if getattr(neuron, kind) is not None:
            yield Row(kind, f"{kind}_{name}", getattr(neuron, kind))


def _with_target(card, target):
    place = next((at for at, row in enumerate(card.rows) if row.label == "E"), len(card.rows))
    row = Row("target", f"target_{card.name}", target)
    return card._replace(rows=(*card.rows[:place], row, *card.rows[place:]))


def _heading(network, number):
    if number == 0:
        return ("inputs" if len(network.inputs) > 1 else "input",)
    count, activation = len(network.layers), network.layers[number - 1].activation.name
    hidden = "hidden layer" if count == 2 else f"hidden layer {number}"
    return ("output layer" if number == count else hidden, activation)


def _few(cards, folded):
    if len(cards) <= (FIRST + LAST if folded else MOST_NEURONS):
        return tuple(cards)
    return (*cards[:FIRST], Card(f"{len(cards) - FIRST - LAST} more"), *cards[len(cards) - LAST :])


def _edges(columns, show):
    for number, (column, following) in enumerate(zip(columns, columns[1:])):
        place = {id(card.neuron): at for at, card in enumerate(column.cards) if card.neuron is not None}
        for target, card in enumerate(following.cards):
            for weight in [] if card.neuron is None else card.neuron.weights:
                if id(weight.source) in place:
                    gradient = weight.gradient if "gradients" in show else None
                    yield Edge(number, place[id(weight.source)], target, weight.name, weight.value, gradient)


def _sentences(network, show):
    if network._update_count:
        yield f"after {counted(network._update_count, 'update')}"
    if network.neurons[-1].out is None:
        yield "before a forward pass: weights and biases alone"
    elif "values" in show and any(_has_moved(neuron) for neuron in network.neurons):
        yield "the values are those of the pass before the last change of the weights"
    asked = [each for each in ("gradients", "deltas") if each in show]
    if asked and network.neurons[-1].delta is None:
        yield f"before a backward pass: no {' or '.join(asked)} yet"


def _has_moved(neuron):
    """Whether a neuron would have another net now, from the outs that its sources keep."""
    again = copy(neuron)
    again.feed_forward()
    return again.net != neuron.net and again.net == again.net


# Numbers and names in a drawing


def short(value: Any) -> str:
    """A number in four significant digits; its full value belongs into a title."""
    try:
        return format(value, ".4g") if value else "0"
    except (TypeError, ValueError):
        return shortened(shown(value))


def shortened(text: str, most: int = WIDEST_WORD) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def size_of(value: Any) -> float | None:
    """How large a weight is, None for what has no size."""
    try:
        size = abs(complex(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return size if size < float("inf") else None


LONGEST = 6  # of the lines that show the size of a weight
APART = "   "


def in_characters(drawn: Picture) -> str:
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
