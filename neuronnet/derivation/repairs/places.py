"""Where in a network the names of a derivation belong: which are alike, how near, and what stands beside them.

A place is a kind, `w` or `net` or `dnet/dw`, and the neurons it touches. Nothing is evaluated here.
"""

from typing import NamedTuple

from neuronnet.derivation.expressions import Name
from neuronnet.names import partial_name, split_index, split_partial


class Place(NamedTuple):
    """Where a name belongs: its kind, the neurons it touches as (layer, position), and its sample and update.

    Layer 0 are the inputs. A weight touches the neuron it leads to and the one it comes from; what a whole layer shares
    has position None.
    """

    kind: str
    touches: tuple
    index: str


class Places:
    """The places of all names of a derivation."""

    def __init__(self, derivation):
        self.own_name = derivation.own_name
        self.neurons = [derivation.names.inputs, *derivation.names.layers]
        self._layers = derivation.description["layer"]
        self._places = dict(_places(derivation.names))
        self._names = {place: name for name, place in self._places.items()}

    def of(self, name):
        """The Place of a name; one that belongs nowhere in particular, such as eta, is its own kind."""
        parts = split_partial(name)
        if parts is not None:
            above, below = (self.of(part) for part in parts)
            return Place(partial_name(above.kind, below.kind), above.touches + below.touches, f"{above.index}/{below.index}")
        base, index = split_index(name)
        if base in self._places:
            kind, touches = self._places[base]
            return Place(kind, touches, index)
        state, _, parameter = base.partition("_")
        kind, touches = self._places.get(parameter, (base, ()))
        return Place(f"{state}_{kind}" if touches else base, touches, index)

    def moved(self, name, layer, start, end):
        """The name of the same thing with one neuron of a layer in place of another; `name` itself where there is none."""
        def change(touches):
            return tuple((layer, end) if each == (layer, start) else each for each in touches)
        return self._changed(name, change)

    def transposed(self, name):
        """The weight whose neuron and input are exchanged; `name` itself where it is no weight or there is none."""
        def exchanged(touches):
            if len(touches) != 2:
                return touches
            (layer, j), (before, i) = touches
            return (layer, i), (before, j)
        return self._changed(name, exchanged)

    def beside(self, name, kind):
        """The name of another kind for the same neuron, sample and update: `out_h1[2]` beside `net_h1[2]`."""
        place = self.of(name)
        return self._names[kind, place.touches] + place.index

    def activation(self, name):
        """The activation of the neuron that a net or an out belongs to."""
        (layer, _), = self.of(name).touches
        return self._layers[layer - 1]["activation"]

    def distance(self, one, other):
        """How far apart two names are: (differing neurons and samples, how far apart these stand)."""
        here, there = self.of(one), self.of(other)
        steps = [abs((a or 0) - (b or 0)) + 9 * (p != q) for (p, a), (q, b) in zip(here.touches, there.touches)]
        differing = sum(step > 0 for step in steps) + abs(len(here.touches) - len(there.touches))
        return differing + (here.index != there.index), sum(steps)

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
