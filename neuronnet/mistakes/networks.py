"""A described network as a graph to vary, and its training replayed with a Variation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import chain
from types import SimpleNamespace

from neuronnet.derivation.network_model import NetworkModel
from neuronnet.derivation.quantities import Derivation
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.expressions import Expression, Name, total
from neuronnet.mistakes.backward import RAW, raw
from neuronnet.mistakes.graph import Graph
from neuronnet.mistakes.passes import Pass, Values, changed_step
from neuronnet.mistakes.slopes import CANCELLED
from neuronnet.mistakes.variation import (
    RIGHT,
    Place,
    Variation,
    always,
    everywhere,
    instead,
    known,
    named,
    starting_at,
)
from neuronnet.names import after, partial_name, split_partial, update_of

FEW = 3  # updates, each of whose values is computed only when it is asked for
MOST_SINGLE = 40  # neurons, among which each is looked at by itself
REMEMBERED = ("m_", "v_", "mhat_", "vhat_", "beta")


class Network:
    """The Model of a description, the steps of its updates, and its `graph`.

    `nets[l]`, `outs[l]` hold the names of a layer in every sample, sample by sample; `errors` those of the
    outputs, `totals` the edges from the error of an update to those of its samples.
    """

    def __init__(self, description):
        """Raises NeuronnetError for a description without samples."""
        if not description.samples:
            raise NeuronnetError("a pass needs at least one [[sample]] in the network's description")
        self.description, self.names = description, description.names
        self.model = NetworkModel(SimpleNamespace(derivation=_Steps(description, float, 0)))
        self.rows = rows = self.model._pass
        self.samples = rows.samples
        self.cancels, self.top = rows.cancels, rows.top

        def every(kind, layer):
            return [name for sample in self.samples for name in rows.names_of(kind, layer, sample)]

        layers = range(len(rows.layers))
        self.nets, self.outs = ([every(kind, layer) for layer in layers] for kind in ("net", "out"))
        self.errors, outputs = every("E", self.top), len(rows.layers[-1].weights)
        self.output_edges = [
            (rows.error_of(self.samples[place // outputs]), error) for place, error in enumerate(self.errors)
        ]
        self.out_of = dict(zip(chain(*self.nets), chain(*self.outs)))
        self.ends = list(zip(self.errors, zip(every("target", self.top), self.outs[-1])))
        self.weights = list(chain(*chain(*self.names.weights)))
        self.biases = [list(dict.fromkeys(layer or ())) for layer in self.names.biases]
        self.mirrored = {}  # the weight from j to k for that from k to j, in every square matrix
        for matrix in self.names.weights:
            if len(matrix) == len(matrix[0]) > 1:
                self.mirrored |= zip(chain(*matrix), chain(*zip(*matrix)))
        self._others: dict = {}
        self._passes: dict[tuple, Pass] = {}
        self._batches: list[tuple] = []
        self._order = description.batches()
        self.all_biases = [name for layer in self.biases for name in layer]
        self.batch_errors: dict[str, int] = {}  # what updates go down, and of how many samples
        self.sample_edges: list[tuple[str, str]] = []
        self.l2_edges = [(self.names.error, self.names.error_l2)] if rows.has_l2 else []
        self.l2_terms = {self.names.error_l2: len(self.samples)} if rows.has_l2 else {}

    @property
    def learns(self) -> bool:
        return self.description.learning_rate is not None

    @property
    def is_small(self) -> bool:
        """Whether a mistake at a single neuron is one to look for: of many neurons or samples it is not."""
        return len(self.samples) == 1 and sum(map(len, self.nets)) <= MOST_SINGLE

    # Updates

    def batch(self, count: int) -> tuple:
        """The positions of the samples of the update after `count` updates."""
        while len(self._batches) <= count:
            self._batches.append(tuple(next(self._order)))
        return self._batches[count]

    def steps_of(self, count: int) -> Pass:
        """The Pass and the update made after `count` updates."""
        batch = self.batch(count)
        if batch not in self._passes:
            made = self.rows.update(batch, self._error_of(batch)) if self.learns else ()
            self._passes[batch] = Pass(self.model, {name: formula for name, formula, _ in made})
        return self._passes[batch]

    def _error_of(self, batch):
        """The name of the error that an update goes down, defined if it is that of some samples only."""
        rows = self.rows
        if len(batch) == len(self.samples):
            name = self.names.error
        else:
            name = f"{self.names.error}[{'+'.join(str(position + 1) for position in batch)}]update"
            combined = rows._combined([Name(rows.error_of(self.samples[each])) for each in batch])
            if rows.has_l2:
                squares = total(Name(weight) ** 2 for weight in self.weights)
                term = self.description.l2_share(Name(self.names.l2) * squares / 2, len(batch))
                self.model.define(f"{name}_l2", term)
                self.l2_terms[f"{name}_l2"] = len(batch)
                self.l2_edges.append((name, f"{name}_l2"))
                combined = combined + Name(f"{name}_l2")
            self.model.define(name, combined)
        self.batch_errors[name] = len(batch)
        if len(self.samples) > 1:
            self.sample_edges += [(name, rows.error_of(self.samples[each])) for each in batch]
        return name

    @cached_property
    def graph(self) -> Graph:
        """The Graph of the pass, with the errors of all batches."""
        for count in range(len(self.samples) if self.learns else 1):
            self.steps_of(count)
        if len(self.samples) > 1 and self.names.error not in self.batch_errors:
            self.sample_edges += [(self.names.error, self.rows.error_of(each)) for each in self.samples]
        steps = self.steps_of(0)
        parameters = [*self.weights, *self.all_biases]
        moved = {after(name, 1): name for name in parameters if after(name, 1) in steps.updates}
        rate = self.names.rate if self.learns else None
        graph = Graph(steps, self.names.error, parameters, moved, rate)
        graph.network = self
        graph.errors = self.errors
        edges = [zip(outs, nets) for outs, nets in zip(self.outs, self.nets)]
        graph.layers = [[edge for edge in each if edge in graph.edges] for each in edges]
        if self.rows.last == "softmax":
            graph.layers[-1] = []
        graph.inner = [name for layer in self.outs[:-1] for name in layer]
        graph.nets = {out: net for edges in graph.layers for out, net in edges}
        graph.outputs = self.description.layers[-1].neurons
        graph.has_half = self.description.loss == "half squared error"
        graph.has_targets = self.description.loss != "output"
        graph.losses = {*self.batch_errors, self.names.error}
        remembered = [name for name in self.model.given if name.startswith(("m_", "v_"))]
        graph.states = {after(name, 1): name for name in remembered if name not in parameters}
        graph.update_lines = list(steps.updates)
        graph.settle()
        graph.gradients = [edge for edge in graph.gradients if edge[0] not in self.l2_terms]
        return graph

    # Places

    def slope_places(self, layers) -> list[Place]:
        *hidden, output = layers
        places = [Place("at the output", "output", ": output", "of the output layer", output)]
        if hidden:
            inside = [edge for edges in hidden for edge in edges]
            places.append(Place("at the hidden layer", "hidden", ": hidden", "of the hidden layers", inside))
            places += [everywhere(inside + output, len(layers))] if output else []
        if len(hidden) > 1:
            for which, edges in (("first", hidden[0]), ("last", hidden[-1])):
                where = f"{which} hidden layer"
                places.append(Place(f"at the {where}", where, f": {where}", f"of the {where}", edges))
            places += [named(edges, 1) for edges in hidden[1:-1]]
        if self.is_small:
            singles = [edge for edges in layers if len(edges) > 1 for edge in edges]
            places += [named([edge], 1) for edge in singles]
        return [each for each in places if each.edges]

    def more_of_backward(self, graph: Graph) -> Iterator[Variation]:
        """What takes the rows and columns of a layer: matrices turned, a softmax by its diagonal."""
        if self.rows.last == "softmax":
            yield from self._of_softmax(graph)
        elif not self.cancels and self.top > 1:
            shares = {edge: raw(graph, edge) for edge in graph.back if edge[0] in self.nets[-1]}
            yield known(f"{RAW}, at the output only", shares=shares)
        turned = dict(self._turned_gradients())
        if turned:
            yield known("gradient matrix transposed", shares=turned)
        if turned and self.l2_terms:
            others = {weight: instead({weight: Name(other)}) for weight, other in self.mirrored.items()}
            both = turned | {(term, each): others[each] for term in self.l2_terms for each in others}
            yield known("gradient matrix transposed, its L2 term as well", shares=both)

    def _of_softmax(self, graph):
        size, outs, nets = graph.outputs, self.outs[-1], self.nets[-1]
        pairs = [(k, j) for k in range(len(outs)) for j in range(len(nets)) if k // size == j // size]
        others = {(outs[k], nets[j]): always(None) for k, j in pairs if k != j}
        if size > 1:
            yield known("softmax derivative on the diagonal only", shares=others)
        if not self.cancels:
            own = {(out, net): lambda share, upstream: upstream for out, net in zip(outs, nets)}
            places = {"at": "at the output", "where": "of the output layer"}
            yield known("activation derivative missing {at}", places, shares=others | own)
        else:
            slopes = {net: Name(out) * (1 - Name(out)) for net, out in zip(nets, outs)}
            sums = {
                net: lambda shares, _, slope=slope: [total(shares) * slope] for net, slope in slopes.items()
            }
            yield known(CANCELLED, sums=sums)

    def _turned_gradients(self):
        """The change of each use of a weight that gives it the gradient of that across the diagonal."""
        for layer, rows in enumerate(self.names.weights):
            for sample in self.samples if len(rows) == len(rows[0]) > 1 else ():
                nets, inputs = self.rows.names_of("net", layer, sample), self.rows.inputs_of(layer, sample)
                for j, row in enumerate(rows):
                    for i, weight in enumerate(row):
                        yield (nets[j], weight), _turned_to(nets[i], inputs[j])

    # Training

    @property
    def variations(self) -> dict[str, Variation]:
        """Every Variation of this network by its id."""
        return self.graph.variations

    def starting_at(self, variation: Variation, since: int) -> Variation | None:
        """The same mistake where all is right before some update; None where it has no place there."""
        has_place = since <= FEW and variation.described is None and not (variation.given or variation.later)
        return starting_at(variation, since) if has_place else None

    @property
    def known_names(self) -> list[str]:
        """The names of all numbers before the third update, what update rules remember left out."""
        updates = 2 if self.learns else 0
        names = [each.name for each in Derivation(self.description, float, updates).quantities]
        return [name for name in names if not name.startswith(REMEMBERED)]

    @property
    def work(self) -> int:
        """About how much there is to compute in an update."""
        return self.description.weight_count * len(self.samples)

    def replay(self, variation: Variation = RIGHT, number: type = float, keep=None):
        """A Replay, of another network if the variation is one; {} where that does not have it."""
        network, own = self._meant(variation)
        return {} if own is None else Replay(network, own, number, keep)

    def _meant(self, variation):
        """(a network, its Variation) of one that describes another; None where that does not have it."""
        described = variation.described
        if described is None:
            return self, variation
        try:
            self._others[described] = self._others.get(described) or Network(described(self.description))
        except NeuronnetError:
            return self, None
        other = self._others[described]
        return other, RIGHT if variation.then is None else other.variations.get(variation.then)

    def others(self, variation: Variation) -> list[str]:
        """None: a network has few variations, each of which is replayed."""
        return []

    def users(self, name: str) -> list[str]:
        """None: see `others`."""
        return []

    def reached(self, expressions: Iterable[Expression]) -> int:
        """None: see `others`."""
        return 0

    def steps_in(self, values) -> int:
        """None that count: its variations are few."""
        return 0

    def moves(self, variation: Variation, reached: int) -> bool:
        """Whether a Variation may move what was `reached`: only a replay tells."""
        return True

    def place(self, expression: Expression) -> int:
        """Where a quantity comes in the order of computation."""
        steps, names = self.steps_of(0), map(_without_count, expression.names())
        return max((len(steps.uses(name)) for name in names), default=0)

    def instead(self, variation: Variation, expression: Expression) -> tuple[str, str, str] | None:
        """(name, formula used, right formula) of the first step on the way to a number that is another."""
        steps, names = self.steps_of(0), [_without_count(name) for name in expression.names()]
        if any("@" in name for name in expression.names()):
            names += steps.updates
        network, own = self._meant(variation)
        return None if own is None else changed_step(steps, network.steps_of(0).varied(own), names)


def _turned_to(net, value):
    def change(share, upstream):
        of = split_partial(getattr(upstream, "name", ""))
        return Name(value) if of is None else Name(partial_name(of[0], net)) * Name(value)

    return change


class _Steps(Derivation):
    """The formulas of a derivation without their values."""

    def _keep(self, name, formula, part, listed=True):
        return None


@lru_cache(maxsize=4)
def network_of(description) -> Network:
    """The Network of a description: the same one, with all that it knows, when it is asked for again."""
    return Network(description)


class Replay:
    """What a training leaves with a Variation: `replay[name]` for a name with its count of updates."""

    def __init__(self, network: Network, variation: Variation, number: type = float, keep=None):
        self.network, self.variation, self.number, self.keep = network, variation, number, keep
        self._values: dict[int, Values] = {}
        self._states: dict[int, dict] = {}  # what long trainings are at
        self._plans: dict[int, Callable] = {}
        updates = network.steps_of(0).updates
        of_updates = {name: change for name, change in variation.values.items() if name in updates}
        self._first = Variation("", "", values=of_updates) if variation.since else variation

    def __getitem__(self, name: str):
        count, own = _counted(name)
        return self._after(max(0, count + self.variation.later) if count else 0)[own]

    def _after(self, made):
        """The values after so many updates, the first ones each from those before."""
        if made not in self._values:
            steps = self.network.steps_of(made).varied(self._variation_at(made))
            before = None if not made else self._after(made - 1) if made <= FEW else self._state(made)
            self._values[made] = steps.values(self.number, self.keep, before, made)
        return self._values[made]

    def _variation_at(self, made):
        """What is varied in the pass after so many updates: before the first wrong one, its update alone."""
        since = self.variation.since
        return self.variation if made >= since else self._first if made == since - 1 else RIGHT

    def _state(self, made):
        """The next values before the pass after so many updates, by plans made once for each batch."""
        reached = max([FEW, *(each for each in self._states if each <= made)])
        state = self._states.get(reached) or self._after(FEW - 1)
        for count in range(reached, made):
            steps = self.network.steps_of(count)
            if id(steps) not in self._plans:
                names = [*steps.updates, *(after(name, 1) for name in self.variation.start)]
                values = steps.varied(self.variation).values(self.number, None, state, count)
                self._plans[id(steps)] = values.plan(names)
            state = self._plans[id(steps)](state)
        self._states[made] = state
        return state


@lru_cache(maxsize=10_000)
def _counted(name):
    """(how many updates a name is after, the name of the same before any)."""
    return update_of(name), _without_count(name)


def _without_count(name):
    parts = split_partial(name)
    if parts is not None:
        return partial_name(*map(_without_count, parts))
    return name.partition("@")[0]
