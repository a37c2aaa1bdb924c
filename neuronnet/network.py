"""A network of neurons: the forward pass, the backward pass and the update, one named quantity at a time.

    network = NeuralNetwork.from_dict(description)
    network.feed_forward(inputs)         sets net and out of every neuron
    network.backpropagate(targets)       sets delta of every neuron and the gradient of every parameter
    network.update(learning_rate)        moves every trainable parameter against its gradient

All gradients are computed before any parameter moves: hidden deltas use the weights of the forward pass.
"""

from typing import Any

from neuronnet.building import build, connect, describe, require_suitable
from neuronnet.description.description import IN_TURN, Order, batches, l2_share
from neuronnet.description.reading import read
from neuronnet.errors import A_RATE, PassOrderError, UnknownName, named, require_numbers, require_samples
from neuronnet.inspecting import Inspected
from neuronnet.layer import NeuronLayer
from neuronnet.losses import LOSSES, Loss, cancels, reads_nets
from neuronnet.neuron import Neuron, Parameter
from neuronnet.training import GradientDescent, UpdateRule


class NeuralNetwork(Inspected):
    """Layers of neurons, and the conventions that turn their outputs into one error, E_total.

    E_total of one sample is the sum (`outputs="mean"`: the mean) of the outputs' errors; of several samples
    the sum (`samples_combine="mean"`: the mean) of theirs, plus the L2 term: l2/2 times the sum of squares of
    all weights, not biases (`l2_scale="per sample"`: divided by the number of samples).
    """

    __slots__ = ()

    def __init__(
        self,
        layers: list[NeuronLayer],
        loss: Loss | str,
        outputs: str = "sum",
        samples_combine: str = "sum",
        learning_rate: Any = None,
        l2: Any = 0,
        l2_scale: str = "as is",
        batch: str | int = "full",
        order: Order = IN_TURN,
        update_rule: UpdateRule | None = None,
        samples: tuple | list = (),
        held_out: tuple | list = (),
        title: str = "untitled network",
        names: dict[str, str] | None = None,
        input_names: list[str] | None = None,
        batches_taken: int = 0,
    ) -> None:
        require_suitable(layers, outputs, samples_combine, l2_scale)
        input_names = input_names or [f"i{place}" for place, _ in enumerate(layers[0].neurons[0].weights, 1)]
        self.inputs = [Neuron(name, [], None, None) for name in input_names]
        self.layers, self.loss = layers, named(loss, LOSSES)
        self.outputs, self.samples_combine = outputs, samples_combine
        self.learning_rate, self.l2, self.l2_scale = learning_rate, l2, l2_scale
        self.update_rule = GradientDescent() if update_rule is None else update_rule
        self.samples, self.held_out = list(samples), list(held_out)
        self.batch, self.order, self.title, self.names = batch, order, title, names or {}
        self.neurons = [neuron for layer in layers for neuron in layer]
        self.weights = [weight for neuron in self.neurons for weight in neuron.weights]
        self.biases = [bias for layer in layers for bias in layer.biases]
        self.parameters = self.weights + self.biases
        self._numbered_inputs = list(enumerate(self.inputs))
        self._by_name = {part.name: part for part in self.parameters + self.neurons + self.inputs}
        self._hidden_layers_backwards = layers[-2::-1]
        self._slopes_cancel = cancels(layers[-1].activation, self.loss)
        self._error_reads_nets = reads_nets(layers[-1].activation, self.loss, len(layers[-1]))
        self._batches: Any = None
        self.batches_taken, self._update_count, self._gradients_of_one_sample = batches_taken, 0, False
        connect(self)

    def collect_trainable(self) -> None:
        """Gather what an update moves; a parameter asks for it when its `trainable` changes."""
        self.trainable = [parameter for parameter in self.parameters if parameter.trainable]

    def feed_forward(self, inputs: list) -> list:
        """Run the forward pass; return the outputs, one number per output neuron."""
        self._run_forward(inputs)
        return [neuron.out for neuron in self.layers[-1]]

    def _run_forward(self, inputs):
        require_numbers(inputs, "inputs", len(self.inputs))
        for place, neuron in self._numbered_inputs:
            neuron.out = inputs[place]
        for layer in self.layers:
            layer.feed_forward()

    def error(self, targets: list) -> Any:
        """The outputs' errors combined, without the L2 term; every output neuron keeps its `E`."""
        targets = self._checked_targets(targets)
        nets = [neuron.net for neuron in self.layers[-1]]
        E_data = 0
        for j, (neuron, target) in enumerate(zip(self.layers[-1], targets)):
            if self._error_reads_nets:
                neuron.E = self.loss.value_from_nets(target, nets, j, neuron.activation)
            else:
                neuron.E = self.loss.value(target, neuron.out)
            E_data += neuron.E
        return E_data / len(nets) if self.outputs == "mean" else E_data

    def backpropagate(self, targets: list) -> None:
        """Set all deltas and gradients, for the sample that was just fed forward."""
        self._backpropagate_sample(targets)
        self._gradients_of_one_sample = True

    def _backpropagate_sample(self, targets, with_l2=True):
        targets = self._checked_targets(targets)
        share = len(targets) if self.outputs == "mean" else 1
        if self._slopes_cancel:
            self.layers[-1].backpropagate_cancelled(targets, share)
        else:
            self.layers[-1].backpropagate(self.loss, targets, share)
        for layer in self._hidden_layers_backwards:
            layer.backpropagate_hidden()
        if with_l2 and self.l2 != 0:
            self._add_l2_gradients(1)

    def _add_l2_gradients(self, sample_count):
        for weight in self.weights:
            weight.gradient += l2_share(self.l2 * weight.value, self.l2_scale, sample_count)

    def update(self, learning_rate: Any = None) -> None:
        """Move every trainable parameter; by default, value = value - learning_rate * gradient.

        Raises PassOrderError without gradients, or with those of one sample where updates rest on several.
        """
        if self.weights[0].gradient is None:
            raise PassOrderError("an update", "a backward pass")
        if self._gradients_of_one_sample and self.batch not in ("online", 1) and len(self.samples) > 1:
            several = f"an update from {'all' if self.batch == 'full' else self.batch} samples"
            raise PassOrderError(several, "gradients(samples) of them, or fit(1); train() takes one sample;")
        self._move(learning_rate)

    def _move(self, learning_rate):
        rate = self.learning_rate if learning_rate is None else learning_rate
        if rate is None:
            raise PassOrderError("an update", A_RATE)
        self.update_rule.move(self.trainable, rate)
        self._update_count += 1

    def train(self, inputs: list, targets: list, learning_rate: Any = None) -> None:
        """One online update: forward pass, backward pass and update for a single sample."""
        self._run_forward(inputs)
        self.backpropagate(targets)
        self._move(learning_rate)

    def fit(self, updates: int) -> None:
        """Make so many updates from the network's own samples, going on where the last call stopped."""
        for _ in range(updates):
            self.gradients(self.next_batch())
            self.update()

    def next_batch(self) -> list[tuple]:
        """The samples that the next update rests on, as `batch` and `order` say."""
        if self._batches is None:
            count = len(require_samples(self.samples))
            self._batches = batches(count, self.batch, self.order, self.batches_taken)
        self.batches_taken += 1
        return [self.samples[position] for position in next(self._batches)]

    def total_error(self, samples: list[tuple] | None = None) -> Any:
        """E_total of the samples, (inputs, targets) pairs, by default its own, with the L2 term."""
        samples = require_samples(self.samples if samples is None else samples)
        E_total: Any = 0
        for inputs, targets in samples:
            self._run_forward(inputs)
            E_total += self.error(targets)
        if self.samples_combine == "mean":
            E_total = E_total / len(samples)
        return E_total if self.l2 == 0 else E_total + self.l2_error(len(samples))

    def l2_error(self, sample_count: int) -> Any:
        """The L2 term, l2/2 times the sum of all squared weights."""
        squares = 0
        for weight in self.weights:
            squares += weight.value * weight.value
        return l2_share(self.l2 * squares / 2, self.l2_scale, sample_count)

    def gradients(self, samples: list[tuple] | None = None) -> dict[str, Any]:
        """Set every gradient for the samples together; return them, parameter name -> gradient."""
        samples = require_samples(self.samples if samples is None else samples)
        totals: Any = None
        for inputs, targets in samples:
            self._run_forward(inputs)
            self._backpropagate_sample(targets, with_l2=False)
            gradients = [parameter.gradient for parameter in self.parameters]
            totals = gradients if totals is None else [one + other for one, other in zip(totals, gradients)]
        for parameter, total in zip(self.parameters, totals):
            parameter.gradient = total / len(samples) if self.samples_combine == "mean" else total
        if self.l2 != 0:
            self._add_l2_gradients(len(samples))
        self._gradients_of_one_sample = False
        return {parameter.name: parameter.gradient for parameter in self.parameters}

    def __getitem__(self, name: str) -> Parameter | Neuron:
        """The parameter or neuron of that name: network["w5"], network["h1"]."""
        own = name if name in self._by_name else describe(self).names.standard(name)
        if own not in self._by_name:
            raise UnknownName(own, self._by_name)
        return self._by_name[own]

    @classmethod
    def from_dict(cls, source: Any, number: type = float) -> "NeuralNetwork":
        """The network of a file, an example's name or a dict, in any type of number: float, Decimal ..."""
        return cls(**build(read(source), number))

    def to_dict(self) -> dict:
        """The description of this network as it stands now, with every convention explicit."""
        return describe(self).to_dict()

    def __repr__(self) -> str:
        sizes = "-".join(str(len(each)) for each in [self.inputs, *(layer.neurons for layer in self.layers)])
        return f"NeuralNetwork {sizes}: {self.title}, {self.loss.name}, {self._update_count} updates"

    def _checked_targets(self, targets):
        if self.neurons[-1].out is None:
            raise PassOrderError("what follows from the targets", "a forward pass")
        if not self.loss.takes_targets:
            return [0] * len(self.layers[-1])
        return require_numbers(targets, "targets", len(self.layers[-1].neurons))


load = NeuralNetwork.from_dict
