"""Where in a network the names of a derivation belong, and the formulas around them: which names are alike,
how near, what a quantity is made of.
"""

from typing import NamedTuple

from neuronnet.errors import NeuronnetError
from neuronnet.formulas.expressions import Call, Name, Product, Sum, product_of
from neuronnet.formulas.rewriting import nodes
from neuronnet.names import partial_name, split_index, split_partial

LARGEST_FORMULA = 150  # parts
LONGEST_PART = 60  # characters; a longer one is spoken of by its name alone
MOST_FACTORS = 8
FEWEST_NAMES = 3  # in what is worth a name
STEPS_BACK = 3


class NamePlace(NamedTuple):
    """Where a name belongs: its kind, the neurons it touches as (layer, position), its sample and update.

    Layer 0 are the inputs. A weight touches the neuron it leads to and the one it comes from; what a whole
    layer shares has position None.
    """

    kind: str
    touches: tuple
    mark: str


class Places:
    """The places of all names of a derivation."""

    def __init__(self, derivation):
        self.own_name = derivation.own_name
        self.neurons = [derivation.names.inputs, *derivation.names.layers]
        self._layers = derivation.description.layers
        self._places = dict(_places(derivation.names))
        self._names = {place: name for name, place in self._places.items()}

    def of(self, name):
        """The NamePlace of a name; one that belongs nowhere in particular, such as eta, is its own kind."""
        parts = split_partial(name)
        if parts is not None:
            above, below = (self.of(part) for part in parts)
            return NamePlace(
                partial_name(above.kind, below.kind),
                above.touches + below.touches,
                f"{above.mark}/{below.mark}",
            )
        base, index = split_index(name)
        if base in self._places:
            kind, touches = self._places[base]
            return NamePlace(kind, touches, index)
        state, _, parameter = base.partition("_")
        kind, touches = self._places.get(parameter, (base, ()))
        return NamePlace(f"{state}_{kind}" if touches else base, touches, index)

    def moved(self, name, layer, start, end):
        """The same name for another neuron of a layer; `name` itself where there is none."""

        def change(touches):
            return tuple((layer, end) if each == (layer, start) else each for each in touches)

        return self._changed(name, change)

    def transposed(self, name):
        """The weight whose neuron and input are exchanged; `name` itself where there is none."""

        def exchanged(touches):
            if len(touches) != 2:
                return touches
            (layer, j), (before, i) = touches
            return (layer, i), (before, j)

        return self._changed(name, exchanged)

    def beside(self, name, kind):
        """The name of another kind for the same neuron, sample and update: `out_h1[2]` beside `net_h1[2]`."""
        place = self.of(name)
        return self._names[kind, place.touches] + place.mark

    def activation(self, name):
        """The activation of the neuron that a net or an out belongs to."""
        ((layer, _),) = self.of(name).touches
        return self._layers[layer - 1].activation

    def distance(self, one, other):
        """How far apart two names are: (differing neurons and samples, how far apart these stand)."""
        here, there = self.of(one), self.of(other)
        steps = [
            abs((a or 0) - (b or 0)) + 9 * (p != q) for (p, a), (q, b) in zip(here.touches, there.touches)
        ]
        differing = sum(step > 0 for step in steps) + abs(len(here.touches) - len(there.touches))
        return differing + (here.mark != there.mark), sum(steps)

    def touched(self, names):
        """All neurons that some names touch, as (layer, position)."""
        return {each for name in names for each in self.of(name).touches}

    def single(self, names):
        """The single neurons that some names touch, as (layer, position), in the order of the network."""
        return sorted(each for each in self.touched(names) if each[1] is not None)

    def _changed(self, name, change):
        parts = split_partial(name)
        if parts is not None:
            return self.own_name(partial_name(*(self._changed(part, change) for part in parts)))
        base, index = split_index(name)
        if base not in self._places:
            return name
        kind, touches = self._places[base]
        return self._names.get((kind, change(touches)), base) + index


def _places(names):
    """(name, (kind, touches)) of every part and quantity of a network that belongs to a neuron."""
    for position, name in enumerate(names.inputs):
        yield name, ("i", ((0, position),))
    for layer, neurons in enumerate(names.layers, 1):
        biases = names.biases[layer - 1]
        for j, neuron in enumerate(neurons):
            for i, name in enumerate(names.weights[layer - 1][j]):
                yield name, ("w", ((layer, j), (layer - 1, i)))
            if biases is not None:
                yield biases[j], ("b", ((layer, None if biases.count(biases[j]) > 1 else j),))
            for kind in ("net", "out", "target", "E", "delta"):
                yield names.of(kind, neuron), (kind, ((layer, j),))


def only_name(expression):
    """The name that an expression is, None where it is more than a name."""
    return expression.name if isinstance(expression, Name) else None


def named_parts(formula, quantity, derivation):
    """(formula, parts): sub-expressions that equal a named quantity replaced by its name, and what to call
    them.

    `out_o1*(1 - out_o1)` becomes `dout_o1/dnet_o1`, which `parts` maps to "dout_o1/dnet_o1 = out_o1*(1 -
    out_o1)". The `quantity` itself is never put in. `derivation` is that of a drawn network, where nothing is
    equal by chance, in fifty digits.
    """
    parts = {}
    relu = any(layer.activation == "relu" for layer in derivation.description.layers)
    if relu or sum(1 for _ in nodes(formula)) > LARGEST_FORMULA:
        return formula, parts  # a relu that is on is its net input, by chance
    rows = {
        _digits(row.value): row.name
        for row in reversed(derivation.quantities)
        if row.expression is not None
        and not isinstance(row.expression, Name)
        and row.name not in quantity.names()
    }
    while step := _first_named(formula, derivation, rows):
        name, part, formula = step
        parts[name] = f"{name} = {part}" if len(part.format()) <= LONGEST_PART else name
    return formula, parts


def _first_named(formula, derivation, rows):
    """(name, part, formula with the name in its place) of the first part that is a quantity, or None."""
    for node, rebuild, _ in nodes(formula):
        for start, end, part in _candidates(node):
            name = _name_of(part, derivation, rows)
            if name is not None:
                named = Name(name)
                if start is not None:
                    named = product_of([*node.factors[:start], ("*", named), *node.factors[end:]])
                return name, part, rebuild(named)
    return None


def _candidates(node):
    """(start, end, part) for a sum as a whole, and every run of factors of a product, the longest first."""
    if isinstance(node, Sum):
        yield None, None, node
    if isinstance(node, Product):
        count = len(node.factors)
        for length in range(min(count, MOST_FACTORS), 1, -1):
            for start in range(count - length + 1):
                run = node.factors[start : start + length]
                if all(operator == "*" for operator, _ in run):
                    yield start, start + length, product_of(run)


def _name_of(part, derivation, rows):
    if len(part.names()) < FEWEST_NAMES:
        return None
    try:
        return rows.get(_digits(derivation.evaluated(part)))
    except (ArithmeticError, NeuronnetError):
        return None


def _digits(value):
    return f"{value:.30e}"


class NearbyFormulas:
    """The formulas behind a quantity, an Expression over the names of a derivation.

    `row_names` are the names in its own formula, `names` those in all of them; `factors` the sums and
    functions that are factors in one of them, such as `1 - out_o1`; `terms` what is added up in its own
    formula, also after multiplying out.
    """

    def __init__(self, quantity, derivation):
        """Raises UnknownName."""
        name = only_name(quantity)
        row = quantity if name is None else derivation[name].expression or quantity
        self.row_names = set(row.names())
        self.names, self.factors, texts, rows = set(), [], [], [row]
        for _ in range(STEPS_BACK):
            texts += [each.format() for each in rows]
            self.factors += [
                factor
                for each in rows
                for node, _, _ in nodes(each)
                if isinstance(node, Product)
                for operator, factor in node.factors
                if operator == "*" and isinstance(factor, (Sum, Call))
            ]
            new = {name for each in rows for name in each.names()} - self.names
            self.names |= new
            expressions = (derivation[name].expression for name in sorted(new))
            rows = [each for each in expressions if each is not None]
        self._text = "; ".join(texts)
        self.terms = list(_terms(row, derivation))

    def mention(self, text, is_name):
        """Whether a text is part of the formulas; a name as that name."""
        return text in self.names if is_name else text in self._text


def _terms(row, derivation):
    """The terms of a formula, and of it with the formula of one of its names put in and multiplied out."""
    if isinstance(row, Sum):
        yield from (term for _, term in row.terms)
    for node, rebuild, _ in nodes(row):
        name = only_name(node)
        inner = None if name is None else derivation[name].expression
        if isinstance(inner, Sum):
            yield from (each for _, term in inner.terms for each in (term, rebuild(term)))
