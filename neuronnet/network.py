"""A network of neurons: the forward pass, the backward pass and the update, one named quantity at a time.

    network = NeuralNetwork.from_dict(description)
    network.feed_forward(inputs)         sets net and out of every neuron
    network.backpropagate(targets)       sets delta of every neuron and the gradient of every parameter
    network.update(learning_rate)        moves every trainable parameter against its gradient

All gradients are computed before any parameter moves, so the hidden deltas use the weights of the forward
pass. A backward pass sets gradients; it never adds to those of an earlier one.
"""

from neuronnet.building import build, describe, require_suitable
from neuronnet.description.description import Order, batches, l2_share
from neuronnet.description.reading import read
from neuronnet.errors import PassOrderError, UnknownName, named, require_numbers
from neuronnet.losses import LOSSES, cancels, reads_nets
from neuronnet.neuron import Neuron
from neuronnet.updates import GradientDescent


class NeuralNetwork:
    """Layers of neurons, and the conventions that turn their outputs into one error, E_total.

    E_total of one sample is the sum (`outputs="mean"`: the mean) of the outputs' errors; of several samples,
    the sum (`samples_combine="mean"`: the mean) of theirs, plus the L2 term, l2/2 times the sum of all
    squared weights (`l2_scale="per sample"`: divided by the number of samples). Biases are never part of the
    L2 term.
    """

    def __init__(
        self,
        layers,
        loss,
        outputs="sum",
        samples_combine="sum",
        learning_rate=None,
        l2=0,
        l2_scale="as is",
        batch="full",
        order=None,
        update_rule=None,
        samples=(),
        held_out=(),
        title="untitled network",
        names=None,
        input_names=None,
    ):
        if input_names is None:
            input_names = [f"i{number}" for number in range(1, len(layers[0].neurons[0].weights) + 1)]
        require_suitable(layers)
        for convention, choices in (
            (outputs, ("sum", "mean")),
            (samples_combine, ("sum", "mean")),
            (l2_scale, ("as is", "per sample")),
        ):
            named(convention, dict.fromkeys(choices))
        self.inputs = [Neuron(name, [], None, None) for name in input_names]
        self.layers = layers
        self.loss = named(loss, LOSSES)
        self.outputs = outputs
        self.samples_combine = samples_combine
        self.learning_rate = learning_rate
        self.l2 = l2
        self.l2_scale = l2_scale
        self.batch = batch
        self.order = Order() if order is None else order
        self.update_rule = GradientDescent() if update_rule is None else update_rule
        self.samples = list(samples)
        self.held_out = list(held_out)
        self.title = title
        self.names = {} if names is None else names
        self.neurons = [neuron for layer in layers for neuron in layer]
        self.weights = [weight for neuron in self.neurons for weight in neuron.weights]
        self.biases = [bias for layer in layers for bias in layer.biases]
        self.parameters = self.weights + self.biases
        self._by_name = {part.name: part for part in self.parameters + self.neurons + self.inputs}
        self._hidden_layers_backwards = layers[-2::-1]
        self._slopes_cancel = cancels(layers[-1].activation, self.loss)
        self._error_reads_nets = reads_nets(layers[-1].activation, self.loss)
        self._batches = None
        self._update_count = 0
        self._connect()
        self.collect_trainable()

    def collect_trainable(self):
        """Gather the parameters that an update moves; a parameter asks for it when its `trainable` changes."""
        self.trainable = [parameter for parameter in self.parameters if parameter.trainable]

    def _connect(self):
        for parameter in self.parameters:
            parameter.network = self
        sources = self.inputs
        for layer in self.layers:
            for neuron in layer:
                neuron.connect(sources)
            sources = layer.neurons

    # Forward pass

    def feed_forward(self, inputs):
        """Run the forward pass; return the outputs, a list with one number per output neuron."""
        self._run_forward(inputs)
        return [neuron.out for neuron in self.layers[-1]]

    def _run_forward(self, inputs):
        for neuron, value in zip(self.inputs, require_numbers(inputs, "inputs", len(self.inputs))):
            neuron.out = value
        for layer in self.layers:
            layer.feed_forward()

    def error(self, targets):
        """The outputs' errors combined, without the L2 term, after a forward pass; every output neuron keeps
        its `E`.
        """
        output_layer = self.layers[-1]
        targets = self._checked_targets(targets)
        nets = [neuron.net for neuron in output_layer]
        E_data = 0
        for j, (neuron, target) in enumerate(zip(output_layer, targets)):
            if self._error_reads_nets:
                neuron.E = self.loss.value_from_nets(target, nets, j, output_layer.activation)
            else:
                neuron.E = self.loss.value(target, neuron.out)
            E_data += neuron.E
        return E_data / len(nets) if self.outputs == "mean" else E_data

    # Backward pass

    def backpropagate(self, targets):
        """Set delta of every neuron and the gradient of every parameter, for the sample that was just fed
        forward.
        """
        self._backpropagate_data(targets)
        if self.l2 != 0:
            self._add_l2_gradients(1)

    def _backpropagate_data(self, targets):
        targets = self._checked_targets(targets)
        for bias in self.biases:
            bias.gradient = type(bias.value)(0)
        output_layer = self.layers[-1]
        share = len(targets) if self.outputs == "mean" else 1
        if self._slopes_cancel:
            output_layer.backpropagate_cancelled(targets, share)
        else:
            output_layer.backpropagate(self.loss.derivative, targets, share)
        for layer in self._hidden_layers_backwards:
            layer.backpropagate_hidden()

    def _add_l2_gradients(self, sample_count):
        for weight in self.weights:
            weight.gradient += self._l2_share(self.l2 * weight.value, sample_count)

    def _l2_share(self, term, sample_count):
        return l2_share(term, self.l2_scale, sample_count)

    # Update

    def update(self, learning_rate=None):
        """Move every trainable parameter by its gradient; by default, value = value - learning_rate *
        gradient.
        """
        rate = self.learning_rate if learning_rate is None else learning_rate
        if rate is None:
            raise PassOrderError("an update", "a learning_rate, as an argument or in the description,")
        if self.weights[0].gradient is None:
            raise PassOrderError("an update", "a backward pass")
        self.update_rule.move(self.trainable, rate)
        self._update_count += 1

    def train(self, inputs, targets, learning_rate=None):
        """One online update: forward pass, backward pass and update for a single sample."""
        self._run_forward(inputs)
        self.backpropagate(targets)
        self.update(learning_rate)

    def train_batch(self, samples, learning_rate=None):
        """One update from the combined gradient of several samples, (inputs, targets) pairs."""
        self.gradients(samples)
        self.update(learning_rate)

    def fit(self, updates):
        """Make `updates` updates from the network's own samples, in their order, going on where the last
        call stopped.
        """
        for _ in range(updates):
            self.train_batch(self.next_batch())

    def next_batch(self):
        """The samples that the next update rests on: all, or as many as `batch` says, in the network's
        `order`.
        """
        if not self.samples:
            raise PassOrderError("training", "at least one sample")
        if self.batch == "full":
            return self.samples
        if self._batches is None:
            self._batches = batches(len(self.samples), self.batch, self.order)
        return [self.samples[position] for position in next(self._batches)]

    # Over several samples

    def total_error(self, samples=None):
        """E_total of the given samples, (inputs, targets) pairs, with the L2 term; of its own samples by
        default.
        """
        samples = self._checked_samples(samples)
        E_total = 0
        for inputs, targets in samples:
            self.feed_forward(inputs)
            E_total += self.error(targets)
        if self.samples_combine == "mean":
            E_total = E_total / len(samples)
        if self.l2 != 0:
            E_total += self.l2_error(len(samples))
        return E_total

    def l2_error(self, sample_count):
        """The L2 term, l2/2 times the sum of all squared weights."""
        squares = 0
        for weight in self.weights:
            squares += weight.value * weight.value
        return self._l2_share(self.l2 * squares / 2, sample_count)

    def gradients(self, samples=None):
        """Set every parameter's gradient for the given samples together; return them, parameter name ->
        gradient.
        """
        samples = self._checked_samples(samples)
        totals = None
        for inputs, targets in samples:
            self.feed_forward(inputs)
            self._backpropagate_data(targets)
            if totals is None:
                totals = [parameter.gradient for parameter in self.parameters]
            else:
                totals = [total + parameter.gradient for total, parameter in zip(totals, self.parameters)]
        for parameter, total in zip(self.parameters, totals):
            parameter.gradient = total / len(samples) if self.samples_combine == "mean" else total
        if self.l2 != 0:
            self._add_l2_gradients(len(samples))
        return {parameter.name: parameter.gradient for parameter in self.parameters}

    # Names, reading and writing

    def __getitem__(self, name):
        """The parameter or neuron of that name: network["w5"], network["h1"]."""
        try:
            return self._by_name[name]
        except KeyError:
            pass
        own = describe(self).names.standard(name)
        if own not in self._by_name:
            raise UnknownName(name, self._by_name)
        return self._by_name[own]

    @classmethod
    def from_dict(cls, description, number=float):
        """The network of a description (see `neuronnet.spec`), in any type of number: float, Decimal,
        Fraction ...
        """
        return cls(**build(read(description), number))

    def to_dict(self):
        """The description of this network as it stands now, with every convention explicit."""
        return describe(self).to_dict()

    def __repr__(self):
        sizes = [len(self.layers[0].neurons[0].weights)] + [len(layer.neurons) for layer in self.layers]
        return f"NeuralNetwork {'-'.join(map(str, sizes))}: {self.title}, {self.loss.name}, {self._update_count} updates"

    # Checks

    def _checked_targets(self, targets):
        neurons = self.layers[-1].neurons
        if neurons[0].out is None:
            raise PassOrderError("what follows from the targets", "a forward pass")
        return (
            require_numbers(targets, "targets", len(neurons))
            if self.loss.takes_targets
            else [0] * len(neurons)
        )

    def _checked_samples(self, samples):
        samples = self.samples if samples is None else list(samples)
        if not samples:
            raise PassOrderError("a total over samples", "at least one sample")
        return samples


def load(source, number=float):
    """The network of a file, an example's name or a dict, as a NeuralNetwork in any type of number."""
    return NeuralNetwork.from_dict(source, number)
