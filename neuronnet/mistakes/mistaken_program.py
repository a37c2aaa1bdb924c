"""A network's passes and updates as a program of the steps in `program`; a mistake replaces some steps."""

from dataclasses import replace

from neuronnet.activations import ACTIVATIONS
from neuronnet.description.values import as_number
from neuronnet.errors import NeuronnetError
from neuronnet.losses import LOSSES, cancels, reads_nets
from neuronnet.mistakes.program import Steps, program_names


class Program(Steps):
    """The program of a description in a type of number; `numbers(counts)` runs it once."""

    def __init__(self, description, number=float):
        """Raises NeuronnetError for a description without samples."""
        self.description = description = self.described(description)
        if not description.samples:
            raise NeuronnetError("a pass needs at least one [[sample]] in the network's description")
        layers = description.layers
        self.depth, self.last = len(layers), len(layers) - 1
        self.sizes = [layer.neurons for layer in layers]
        self.activations = [ACTIVATIONS[layer.activation] for layer in layers]
        self.softmax = self.activations[-1].whole_layer
        self.loss = LOSSES[description.loss]
        self.cancels = cancels(self.activations[-1], self.loss)
        self.from_nets = reads_nets(self.activations[-1], self.loss, self.sizes[-1])
        self.weights = [[_numbers(row, number) for row in layer.weights] for layer in layers]
        self.biases = [_numbers(layer.biases, number) or None for layer in layers]
        self.shared_bias = [layer.bias_kind == "shared" for layer in layers]
        self.trained_bias = [layer.train_bias for layer in layers]
        self.samples = [_Sample(sample, self.depth, self.sizes[-1], number) for sample in description.samples]
        rate = description.learning_rate
        self.rate = None if rate is None else as_number(rate, number)
        self.l2 = as_number(description.l2, number)
        settings = description.update.settings
        self.settings = {name: as_number(value, number) for name, value in settings.items()}
        self.rule, self.state = description.update.rule, {}
        self.error_outputs = self.gradient_outputs = self.sizes[-1] if description.outputs == "mean" else 1
        self.error_averaged = self.gradient_averaged = description.samples_combine == "mean"
        self.weight_gradients, self.bias_gradients = [None] * self.depth, [None] * self.depth
        self.names, self.found = program_names(description), {}
        self.check()

    def described(self, description):
        """The description that the program is made from; a variation returns a changed copy."""
        return description

    def check(self):
        """Called when everything is in place; a variation refuses here what it makes no sense for."""

    def keep(self, name, value):
        """What the computation goes on with, for every number that has a name."""
        return value

    def save(self, name, value):
        """`value` as it is kept; a number without a name passes."""
        if name is None:
            return value
        value = self.found[name] = self.keep(name, value)
        return value

    # The order of things

    def numbers(self, counts=(1,)):
        """Name -> value: the pass before any update, and the state and forward pass after each of `counts`.

        The names are those of a derivation's rows; without a learning rate there is only the first pass.
        """
        asked = {0: [0]}
        for count in sorted({*counts} - {0}):
            asked.setdefault(self.updates_for(count), []).append(count)
        final = 0 if self.rate is None else max(asked)
        order = self.description.batches()
        for made in range(final + 1):
            batch = next(order)
            for count in reversed(asked.get(made, ())):
                self.look(count, named_already=made > 0)
            if made not in asked:
                self.rows = self.names.rows(None)
                self.feed_forward(batch)
            if made == final > 0:
                break
            self.moved_names = self.names.parameters(asked.get(made + 1, [None])[0])
            self.gradient_names = self.names.gradients(made == 0 and len(batch) == len(self.samples))
            self.backpropagate(batch)
            if made < final:
                self.update()
        return self.found

    def updates_for(self, count):
        return count

    def look(self, count, named_already):
        """The forward pass over all samples and their error, under the names after `count` updates."""
        self.rows = self.names.rows(count)
        if count and not named_already:
            self.name_parameters(count)
        self.feed_forward(range(len(self.samples)))
        self.total_error(*self.names.totals(count))

    def name_parameters(self, count):
        weight_names, bias_names = self.names.parameters(count)
        for layer, rows in enumerate(self.weights):
            for row, names in zip(rows, weight_names[layer]):
                row[:] = [self.save(name, value) for name, value in zip(names, row)]
            biases = self.biases[layer]
            if biases is not None:
                biases[:] = [self.save(name, value) for name, value in zip(bias_names[layer], biases)]

    def enter(self, position):
        """Make one sample the one at hand."""
        sample = self.samples[position]
        self.row = self.rows[position]
        self.inputs, self.targets, self.errors = sample.inputs, sample.targets, sample.errors
        self.nets, self.outs = sample.nets, sample.outs
        self.dE_douts, self.slopes, self.deltas = sample.dE_douts, sample.slopes, sample.deltas

    # Forward

    def feed_forward(self, batch):
        for position in batch:
            self.enter(position)
            for layer, size in enumerate(self.sizes):
                names, nets, outs = self.row, [], []
                self.nets[layer], self.outs[layer] = nets, outs
                for j in range(size):
                    nets.append(self.save(names.net[layer][j], self.net(layer, j)))
                for j in range(size):
                    outs.append(self.save(names.out[layer][j], self.out(layer, j)))
                if layer < self.last:
                    self.inputs[layer + 1] = outs

    def total_error(self, total_name, l2_name):
        totals = []
        for position in range(len(self.samples)):
            self.enter(position)
            self.errors[:] = [self.save(name, self.error(j)) for j, name in enumerate(self.row.E)]
            totals.append(self.save(self.row.total, self.sample_total()))
        total = self.combined_error(totals)
        if self.l2 != 0:
            total = total + self.save(l2_name, self.l2_error(len(totals)))
        return self.save(total_name, total)

    # Backward

    def backpropagate(self, batch):
        for layer in reversed(range(self.depth)):
            self.differentiate(layer, batch)
            self.finished(layer, batch)

    def finished(self, layer, batch):
        """Called when the gradients of a layer are known, and those of the layers before it are not."""

    def differentiate(self, layer, batch):
        """The deltas of one layer in every sample of a batch, and the layer's gradients."""
        weights, biases = [], []
        for position in batch:
            self.enter(position)
            self.delta_layer(layer)
            for j, names in enumerate(self.row.dE_dw[layer]):
                for i, name in enumerate(names):
                    weights.append(self.save(name, self.weight_gradient(layer, j, i)))
            for b, name in enumerate(self.row.dE_db[layer] or ()):
                biases.append(self.save(name, self.bias_gradient(layer, b)))
        weight_names, bias_names = (each[layer] for each in self.gradient_names)
        count, inputs = len(weight_names) * len(weight_names[0]), len(weight_names[0])
        self.weight_gradients[layer] = [
            [
                self.save(name, self.total_weight_gradient(layer, j, i, weights[j * inputs + i :: count]))
                for i, name in enumerate(names)
            ]
            for j, names in enumerate(weight_names)
        ]
        self.bias_gradients[layer] = [
            self.save(name, self.total_bias_gradient(layer, b, biases[b :: len(bias_names)]))
            for b, name in enumerate(bias_names or ())
        ]

    def delta_layer(self, layer):
        row = self.row
        if not (self.cancels and layer == self.last):
            dE_dout = self.dE_dout if layer == self.last else self.passed_back
            names = row.dE_dout[layer]
            self.dE_douts[layer] = [self.save(name, dE_dout(layer, j)) for j, name in enumerate(names)]
            if not self.activations[layer].whole_layer:
                names = row.slope[layer]
                self.slopes[layer] = [self.save(name, self.slope(layer, j)) for j, name in enumerate(names)]
        names = row.delta[layer]
        self.deltas[layer] = [self.save(name, self.delta(layer, j)) for j, name in enumerate(names)]

    # Update

    def update(self):
        for layer in range(self.depth):
            self.update_layer(layer)

    def update_layer(self, layer):
        weight_names, bias_names = self.moved_names
        for j, (row, names) in enumerate(zip(self.weights[layer], weight_names[layer])):
            row[:] = [self.save(name, self.moved_weight(layer, j, i)) for i, name in enumerate(names)]
        if self.trained_bias[layer]:
            biases, names = self.biases[layer], bias_names[layer]
            biases[:] = [self.save(name, self.moved_bias(layer, b)) for b, name in enumerate(names)]


class NotHere(NeuronnetError):
    """A mistake that makes no sense for a network. Carries `mistake`, its id, and `reason`."""

    def __init__(self, mistake, reason):
        self.mistake, self.reason = mistake, reason
        super().__init__(f"{mistake}: {reason}")


class Mistake:
    """A variation of `Program`, to be combined with it: it overrides the mistaken steps.

    `id` names it, `sentence` says what was done and what is right. `kind` is "mistake", or "convention" for
    another choice that is as legitimate; then `convention` completes "all numbers are right for ...".
    """

    id: str
    sentence: str
    convention: str | None = None
    kind: str = "mistake"
    is_miscount: bool = False  # whether it concerns each number by itself, and says nothing of its neighbours

    @classmethod
    def require(cls, conditions, subject):
        """Raise NotHere with the reason of the first (condition, reason) that is not met."""
        for condition, reason in conditions:
            if not condition(subject):
                raise NotHere(cls.id, reason)


def mistake(
    id, sentence, *, convention=None, of=(), where=(), described=None, needs=(), change=None, **steps
):
    """A row of the catalogue: a Mistake class whose `steps`, by name, replace those of `Program`.

    A step is `step(program, right, *arguments)`, with `right` the step that it replaces:
    `shared=lambda program, right, slope: right(slope) / 2` halves the slope of the error.
    `described(description)` gives the description that the program starts from, `change(program)` alters the
    program before it runs; `where` and `needs` are the conditions for either, as (condition, reason). `of`
    are rows that this one combines.
    """
    row = type("Row", tuple(of) or (Mistake,), {"id": id, "sentence": sentence, "convention": convention})
    row.kind, row.is_miscount = "mistake" if convention is None else "convention", "updates_for" in steps

    def row_described(program, right, description):
        description = right(description)
        row.require(where, description)
        return description if described is None else described(description)

    def row_check(program, right):
        right()
        row.require(needs, program)
        if change is not None:
            change(program)

    if where or described is not None:
        steps["described"] = row_described
    if needs or change is not None:
        steps["check"] = row_check
    for name, step in steps.items():
        setattr(row, name, _overriding(row, name, step))
    return row


def other_convention(id, sentence, convention, suits, **entries):
    """The row of a network with other entries in its description, where `suits(description)`."""
    return mistake(
        id,
        sentence,
        convention=convention,
        where=[(suits, "it makes no difference, or no sense")],
        described=lambda description: replace(description, **entries),
    )


def _overriding(row, name, step):
    def overriding(program, *arguments):
        return step(program, getattr(super(row, program), name), *arguments)

    return overriding


# Conditions that several rows share

HIDDEN = (lambda program: program.depth > 1, "it takes a hidden layer")
RATE = (lambda program: program.rate is not None, "it takes a learning rate")
SEVERAL_SAMPLES = (lambda program: len(program.samples) > 1, "there is one sample only")
AVERAGED_SAMPLES = (lambda program: program.gradient_averaged, "the samples are not averaged")


def is_square(matrix):
    return len(matrix) == len(matrix[0]) > 1


def each_layer(description, change):
    """A copy of a description whose layers are `change(layer)`."""
    return replace(description, layers=tuple(map(change, description.layers)))


def in_layers(is_chosen, change, reason):
    """(condition, described) of a row that changes the layers `is_chosen(layer, number, last)`, from 0."""

    def chosen(description):
        last = len(description.layers) - 1
        return [number for number, layer in enumerate(description.layers) if is_chosen(layer, number, last)]

    def described(description):
        layers = list(description.layers)
        for number in chosen(description):
            layers[number] = change(layers[number])
        return replace(description, layers=tuple(layers))

    return (chosen, reason), described


class _Sample:
    """One sample, and what its last pass left, by layer."""

    def __init__(self, sample, depth, outputs, number):
        self.inputs = [_numbers(sample.inputs, number)] + [None] * (depth - 1)
        self.targets = _numbers(sample.targets or [0] * outputs, number)
        self.errors = []
        self.nets, self.outs, self.dE_douts, self.slopes, self.deltas = ([None] * depth for _ in range(5))


def _numbers(values, number):
    return [as_number(value, number) for value in values]
