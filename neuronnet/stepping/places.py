"""Where the objects of a network keep the quantities of a derivation, and the rows that come with each.

A place is (object, attribute): `delta_o1` is kept in (neuron o1, "delta"). The rows are those of
`derivation/passes.py`; a row that no object keeps, such as `dnet_o1/dw5`, comes just before the next that one
keeps. The names are those of a pass, without `@`.
"""

from dataclasses import replace
from functools import cached_property, reduce
from operator import add
from typing import NamedTuple

from neuronnet.building import describe
from neuronnet.derivation.layer_formulas import starting_state
from neuronnet.derivation.passes import Pass
from neuronnet.formulas.expressions import Expression
from neuronnet.formulas.rewriting import replaced
from neuronnet.names import after, in_sample, partial_name, split_index, split_partial

MOST_KEPT = 1000  # batches, and samples with their rows


class Row(NamedTuple):
    """A quantity: its name, `base` without `@1`, its formula, the one that loses no digits, its phase."""

    name: str
    base: str
    formula: Expression
    evaluated: Expression
    phase: str


class Places:
    """The passes of one network: `single` is a sample by itself, `own_batch` the samples of its own."""

    def __init__(self, network):
        self.network, self.description = network, describe(network)
        self.names = self.description.names
        self.error, self.has_l2 = self.names.error, self.description.l2 != 0
        self.parameters = {each.name: each for each in network.parameters}
        slopes = {name: partial_name(self.error, name) for name in self.parameters}
        self.gradients = {slopes[name]: (each, "gradient") for name, each in self.parameters.items()}
        self._batches, self._samples = {}, {}
        self.single_batch, self.single = self._batch(1, [0]), self.sample(None)
        self.alone = self.single
        count = max(1, len(network.samples))
        self.own_batch = self._batch(count, list(range(count)))
        self.start = starting_state(network.update_rule.name, self.parameters)  # of what the rule remembers
        self._things = {each.name: each for each in network.neurons + network.parameters}
        self._names = {place: name for name, place in self.alone.places.items()}

    def batch(self, samples):
        """The Batch of samples: the network's own keep their numbers, others are counted as they come."""
        own = self._positions
        if samples and all(id(each) in own for each in samples):
            return self._batch(len(self.network.samples), [own[id(each)] for each in samples])
        return self._batch(len(samples), list(range(len(samples))))

    @cached_property
    def _positions(self):
        return {id(sample): position for position, sample in reversed(list(enumerate(self.network.samples)))}

    def _batch(self, count, positions):
        return _kept(self._batches, (count, *positions), lambda: Batch(self, count, positions))

    def sample(self, number, targets=None):
        """The SampleRows of a sample by its number; what depends on its targets, once these are known."""
        found = self._samples.get(number)
        if found is not None and (targets is None or list(targets) == found.targets):
            return found
        targets = [0] * len(self.network.layers[-1]) if targets is None else list(targets)
        if found is not None and kind_of(targets) == found.kind:
            found.take(targets)
            return found
        self._samples.pop(number, None)
        return _kept(self._samples, number, lambda: SampleRows(self, number, targets))

    def formulas(self, count):
        """The Pass over so many samples."""
        return Pass(replace(self.description, samples=(None,) * count), {})

    def all(self):
        """Every place."""
        return [*self._names, *((each, "value") for each in self.network.parameters)]

    def name_of(self, place):
        """The name of what is kept in a place, None if it has none."""
        thing, attribute = place
        return thing.name if attribute == "value" else self._names.get(place)

    def own_name(self, text):
        """`text` as a pass has it: `dE_total/dw5` for `w5.gradient` and ∂E/∂w5; a pattern stays as it is."""
        thing, _, attribute = text.rpartition(".")
        found = self._things.get(self.names.standard(thing)) if thing else None
        if found is not None and self.name_of((found, attribute)) is not None:
            return self.name_of((found, attribute))
        if thing and attribute == "gradient":  # of several: w*.gradient
            return partial_name(self.error, thing)
        own = self.names.standard(text)
        place = self.alone.places.get(own, self._deltas.get(own))
        return own if place is None else self.name_of(place)

    def attributes(self):
        """Every name of the form `w5.gradient`."""
        return [f"{thing.name}.{attribute}" for thing, attribute in self._names]

    @cached_property
    def _deltas(self):
        """{dE_total/dnet_o1: the place of delta_o1}"""
        kept = [each for each in self._names if each[1] == "delta"]
        return {partial_name(self.error, self._names[thing, "net"]): (thing, each) for thing, each in kept}

    def times(self, place, method):
        """How often a method sets what is kept in a place until it is final."""
        thing, attribute = place
        if attribute == "out" and method == "_run_forward" and thing.activation.whole_layer:
            return 2  # first the net, then its share
        if attribute == "gradient" and method == "_backpropagate_sample" and thing.neuron is None:
            return sum(neuron.bias is thing for neuron in self.network.neurons)
        return 1

    def about(self, name):
        """(neuron, weight) that a quantity is about, each by its name or None."""
        parts = split_partial(name)
        base = split_index(parts[1] if parts else name)[0]
        if base not in self.parameters and base.partition("_")[0] in ("m", "v", "mhat", "vhat"):
            base = base.partition("_")[2]
        if base in self.parameters:
            neuron = self.parameters[base].neuron
            return None if neuron is None else neuron.name, base
        place = self.alone.places.get(base)
        return None if place is None else place[0].name, None


class Batch:
    """The samples, by position among `count`, that gradients are taken of together."""

    def __init__(self, places, count, positions):
        self.places, self.count, self.positions = places, count, positions
        self.is_whole = len(positions) == count
        self.formulas = places.formulas(count)
        self.numbers = [self.formulas.samples[each] for each in positions]
        self._rows = {}

    @cached_property
    def total_error_rows(self):
        """The rows of the error of all samples together."""
        rows = self.formulas.total_error()
        return [Row(name, name, formula, formula, "error") for name, formula, _ in rows]

    def rows_at(self, place):
        """The rows of a parameter's gradient, from those of the samples, or those that move its value."""
        if place not in self._rows:
            parameter, attribute = place
            self._rows[place] = (self._gradient if attribute == "gradient" else self._moves)(parameter)
        return self._rows[place]

    def _gradient(self, parameter):
        name = partial_name(self.places.error, parameter.name)
        formula = self.formulas.gradient(parameter.name, parameter.neuron is None, self.positions)
        return [Row(name, name, formula, formula, "backward")]

    def _moves(self, parameter):
        """Before those of the first parameter come the powers that the rule keeps."""
        trainable = self.places.network.trainable
        if not trainable or parameter is not trainable[0]:
            rows = self.formulas.moves(parameter.name, parameter.neuron is None, self.positions)
        else:
            rows = []
            for row in self.formulas.update(self.positions):
                rows.append(row)
                if row[0] == after(parameter.name, 1):
                    break
        return [Row(name, split_index(name)[0], formula, formula, "update") for name, formula, _ in rows]


class SampleRows:
    """The rows of the passes of one sample, by its `number` among several, or of one alone, None."""

    def __init__(self, places, number, targets):
        self.network, self.number, self.error = places.network, number, in_sample(places.error, number)
        self.inputs = {in_sample(each.name, number): each for each in places.network.inputs}
        self.formulas = places.formulas(1)
        self.formulas.samples = [number]
        self.kind = kind_of(targets)
        self.take(targets)

    def take(self, targets):
        """Have other targets of the same kind."""
        self.targets = targets
        names = self.formulas.names_of("target", self.formulas.top, self.number)
        self.given = self.formulas.given = dict(zip(names, targets))

    @cached_property
    def places(self):
        """{name: (object, attribute)} of every quantity of the pass that an object keeps."""
        found = {}
        of, error = self.formulas.name_of, self.error
        for place, layer in enumerate(self.network.layers):
            for j, neuron in enumerate(layer):
                net, out, delta = (of(kind, place, j, self.number) for kind in ("net", "out", "delta"))
                found |= {net: (neuron, "net"), out: (neuron, "out"), delta: (neuron, "delta")}
                found[partial_name(error, out)] = neuron, "dE_dout"
                if not layer.activation.whole_layer:
                    found[partial_name(out, net)] = neuron, "dout_dnet"
                if place == self.formulas.top:
                    found[of("E", place, j, self.number)] = neuron, "E"
        for parameter in self.network.parameters:
            found[partial_name(error, parameter.name)] = parameter, "gradient"
        return found

    @cached_property
    def in_order(self):
        """All rows."""
        others = {formula.format(): other for formula, other in self.formulas.without_cancellation()}
        rows = []
        for name, formula, part in self.formulas.forward():
            rows.append((name, formula, "error" if "errors" in part else "forward"))
        rows += [(name, formula, "backward") for name, formula, _ in self.formulas.backward([0])]
        return [
            Row(name, name, formula, formula if name in self.places else replaced(formula, others), phase)
            for name, formula, phase in rows
        ]

    @cached_property
    def rows(self):
        """{place: the rows that come with what is set there}."""
        return grouped(self.in_order, self.places)

    def rows_at(self, place):
        return self.rows.get(place, ())

    @cached_property
    def by_name(self):
        return {row.name: row for row in self.in_order}


def kind_of(targets):
    """What the formulas of a pass depend on: which targets are 0 or 1, and whether they sum to 1."""
    return tuple(each if each in (0, 1) else None for each in targets), reduce(add, targets) == 1


def grouped(rows, kept):
    """{place: its row after those that no object keeps}; those after the last place of a phase go with it."""
    found, waiting, last = {}, [], None
    for row in rows:
        if last is not None and waiting and row.phase != last.phase:
            found[kept[last.name]] += waiting
            waiting = []
        waiting.append(row)
        if row.name in kept:
            found.setdefault(kept[row.name], []).extend(waiting)
            waiting, last = [], row
    if last is not None:
        found[kept[last.name]] += waiting
    return found


def _kept(cache, key, make):
    """What a cache has under a key, made where it has nothing; a full one starts anew."""
    if key not in cache:
        if len(cache) >= MOST_KEPT:
            cache.clear()
        cache[key] = make()
    return cache[key]
