"""Where in a network the names of a formula belong, and the slips that mistake one place for another."""

import re
from itertools import combinations, permutations
from math import isclose
from typing import NamedTuple

from neuronnet.formulas.expressions import Name, Number, Product, product_of
from neuronnet.formulas.functions import Call
from neuronnet.formulas.rewriting import nodes, with_names
from neuronnet.names import after, partial_name, split_index, split_partial
from neuronnet.repairs.changes import change

SAMPLE = re.compile(r"\[\d+\]")
SAME = 1e-9  # relative: two floats of one value, computed in another order
MOST_PLACES = 20
_CHANGED_BY_AN_UPDATE = ("w", "b", "net", "out", "E")
_BY_OUT = {"logistic": lambda out: out * (1 - out), "tanh": lambda out: 1 - out**2}
_OWNER = {"logistic": "the logistic", "tanh": "tanh"}
_GIVEN_NET = "net"


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
            kind, mark = partial_name(above.kind, below.kind), f"{above.mark}/{below.mark}"
            return NamePlace(kind, above.touches + below.touches, mark)
        base, index = split_index(name)
        if base in self._places:
            kind, touches = self._places[base]
            return NamePlace(kind, touches, index)
        state, _, parameter = base.partition("_")
        kind, touches = self._places.get(parameter, (base, ()))
        return NamePlace(f"{state}_{kind}" if touches else base, touches, index)

    def moved(self, name, layer, start, end):
        """The same name for another neuron of a layer; `name` itself where there is none."""
        old, new = (layer, start), (layer, end)
        return self._changed(name, lambda touches: tuple(new if each == old else each for each in touches))

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
        ((layer, _),) = self.of(name).touches
        return self._layers[layer - 1].activation

    def distance(self, one, other):
        """How far apart two names are: (differing neurons and samples, how far apart these stand)."""
        here, there = self.of(one), self.of(other)
        pairs = zip(here.touches, there.touches)
        steps = [abs((a or 0) - (b or 0)) + 9 * (p != q) for (p, a), (q, b) in pairs]
        differing = sum(step > 0 for step in steps) + abs(len(here.touches) - len(there.touches))
        return differing + (here.mark != there.mark), sum(steps)

    def touched(self, names):
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


# Names that are mistaken for others


class Renaming(NamedTuple):
    """Names of a formula and what they should be, `renames`, with the kind of slip and a sentence."""

    kind: str
    renames: dict
    sentence: str

    def texts(self):
        """(what stands there, what should), the two names alone where they are exchanged."""
        if self.kind == "exchanged names":
            return tuple(self.renames)
        return ", ".join(self.renames), ", ".join(self.renames.values())


def renamings(formula, quantity, places):
    """The Renamings of a formula that change more than one name; the new names need not exist."""
    names = formula.names()
    kinds = {name: places.of(name).kind for name in names}
    for one, other in combinations(names, 2):
        if kinds[one] == kinds[other]:
            yield Renaming("exchanged names", {one: other, other: one}, f"{one} and {other} are exchanged")
    updated = [name for name in names if "@" not in name and kinds[name] in _CHANGED_BY_AN_UPDATE]
    later = {name: places.own_name(after(name, 1)) for name in updated}
    yield from _several(later, "the values after the update are needed: {instead}")
    earlier = {name: name.partition("@")[0] for name in names if "@" in name}
    yield from _several(earlier, "the values before the update are needed: {instead}")
    samples = {sample for name in names + quantity.names() for sample in SAMPLE.findall(name)}
    for start, end in permutations(sorted(samples), 2):
        elsewhere = {name: name.replace(start, end) for name in names}
        yield from _several(elsewhere, f"this is about sample {end[1:-1]}, not about {start[1:-1]}")
    yield from _several({name: places.transposed(name) for name in names}, "the weights are transposed")
    for layer, start in places.single(names):
        for end, neuron in enumerate(places.neurons[layer]):
            moved = {name: places.moved(name, layer, start, end) for name in names}
            yield from _several(moved, f"this is about {neuron}, not about {places.neurons[layer][start]}")
            for kind in dict.fromkeys(kinds.values()):
                of_kind = {name: other for name, other in moved.items() if kinds[name] == kind}
                yield from _several(of_kind, "did you mean {instead} instead of {found}?")


def _several(renames, sentence):
    renames = {name: other for name, other in renames.items() if name != other}
    if len(renames) > 1:
        renaming = Renaming("name", renames, sentence)
        found, instead = renaming.texts()
        yield renaming._replace(sentence=sentence.format(found=found, instead=instead))


# The derivative of an activation mixed up, found by its value, however it is written


class _Unit(NamedTuple):
    """A neuron in one sample: its activation, and its net and out by name."""

    activation: str
    net: str
    out: str

    def slope(self):
        if self.activation in _BY_OUT:
            return _BY_OUT[self.activation](Name(self.out))
        return Call("step", [Name(self.net)]) if self.activation == "relu" else Number(1)

    def wrong(self, slip):
        """What the slip takes for the slope; None where it makes no difference to this neuron."""
        if slip == _GIVEN_NET:
            return _BY_OUT[self.activation](Name(self.net)) if self.activation in _BY_OUT else None
        return None if slip == self.activation else _BY_OUT[slip](Name(self.out))


def mixed_up_derivatives(formula, places, worth):
    """The Changes, of the whole formula, that put derivatives of activations right.

    Another activation's stands in the formula, or the right one with net in place of out.
    `worth(expression)` is a float or None.
    """
    units = _units(formula, places)
    for slip in (*_BY_OUT, _GIVEN_NET):
        found = [unit for unit in units if _put_right(formula, [unit], slip, worth)]
        for group in ([found] if len(found) > 1 else []) + [[unit] for unit in found]:
            at, repaired = _put_right(formula, group, slip, worth)
            wrong = _joined(unit.wrong(slip) for unit in group)
            right = _joined(unit.slope() for unit in group)
            yield change("derivative", at, repaired, _sentence(slip, group, wrong, right), wrong, right)
    outs = {unit.net: unit.out for unit in units}
    for renames in [outs, *({net: out} for net, out in outs.items())]:
        nets = [node for node, _, _ in nodes(formula) if isinstance(node, Name) and node.name in renames]
        if len(nets) > 1:
            names = dict.fromkeys(node.name for node in nets)
            net, out = ", ".join(names), ", ".join(renames[name] for name in names)
            repaired = with_names(formula, lambda name, renames=renames: renames.get(name, name))
            yield change("derivative", nets[0], repaired, f"{out}, not {net}", net, out)


def _joined(expressions):
    return " and ".join(map(str, expressions))


def _sentence(slip, group, wrong, right):
    is_or_are = "are" if len(group) > 1 else "is"
    if slip == _GIVEN_NET:
        outs, nets = (" and ".join(getattr(unit, kind) for unit in group) for kind in ("out", "net"))
        return f"{outs}, not {nets}: the derivative{'s are' if len(group) > 1 else ' is'} {right}"
    what = "are derivatives" if len(group) > 1 else "is the derivative"
    own = group[0].activation
    if own == "identity":
        return f"{wrong} {what} of {_OWNER[slip]}; without an activation it is 1"
    return f"{wrong} {what} of {_OWNER[slip]}; {_OWNER.get(own, own)}'s {is_or_are} {right}"


def _units(formula, places):
    found = {}
    for name in formula.names():
        if places.of(name).kind in ("net", "out"):
            activation = places.activation(name)
            if activation != "softmax":
                found[_Unit(activation, *(places.beside(name, kind) for kind in ("net", "out")))] = None
    return list(found)


def _put_right(formula, units, slip, worth):
    """(place of the first, formula) with the slopes of some neurons put right, or None."""
    first = None
    for unit in units:
        wrong, right = unit.wrong(slip), unit.slope()
        value = None if wrong is None else worth(wrong)
        for _ in range(MOST_PLACES if value is not None else 0):
            step = _one_put_right(formula, wrong.names(), value, right, worth)
            if step is None:
                break
            at, formula = step
            first = at if first is None else first
    return None if first is None else (first, formula)


def _one_put_right(formula, names, value, right, worth):
    def is_it(expression):
        found = worth(expression) if expression.names() == names else None
        return found is not None and isclose(found, value, rel_tol=SAME)

    for node, rebuild, parent in nodes(formula):
        if isinstance(node, Product):
            factors = node.factors
            times = [(place, each) for place, (operator, each) in enumerate(factors) if operator == "*"]
            at_hand = [place for place, each in times if each.names() == names]
            for places in [*combinations(at_hand, 1), *combinations(at_hand, 2)]:
                if is_it(product_of([factors[place] for place in places])):
                    return factors[places[0]][1], rebuild(_with_factors(factors, places, right))
        elif not isinstance(parent, Product) and is_it(node):
            return node, rebuild(right)
    return None


def _with_factors(factors, places, right):
    """The product with `right` in place of the factors at some places; a factor 1 is left out."""
    own = [] if isinstance(right, Number) else right._factors()
    first = places[0]
    after = [each for place, each in enumerate(factors[first + 1 :], first + 1) if place not in places]
    return product_of([*factors[:first], *own, *after] or [("*", Number(1))])
