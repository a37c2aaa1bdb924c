"""A layer of neurons: the place for what neurons do one after another or, in a softmax, all together."""

from collections.abc import Iterator
from typing import Any

from neuronnet.neuron import Neuron


class NeuronLayer:
    """Neurons that are fed by the same sources and have the same activation."""

    def __init__(self, neurons: list[Neuron], own_bias: bool = False) -> None:
        self.neurons, self.own_bias = neurons, own_bias  # of a single neuron: described as a list of one
        self.numbered = list(enumerate(neurons))  # made once: in a small layer, a zip costs a neuron's time
        self.activation = neurons[0].activation
        self.biases = list(dict.fromkeys(neuron.bias for neuron in neurons if neuron.bias is not None))
        for before, neuron in zip([None, *neurons], neurons):
            neuron.adds_to_bias = before is not None and neuron.bias is before.bias

    def feed_forward(self) -> None:
        """Set net and out of every neuron, in order."""
        for neuron in self.neurons:
            neuron.feed_forward()

    def backpropagate(self, loss: Any, targets: list, share: int) -> None:
        """The backward pass of an output layer: dE_total/dout is the slope of the loss, over `share`."""
        for j, neuron in self.numbered:
            dE_dout = loss.derivative(targets[j], neuron.out)
            neuron.backpropagate(dE_dout if share == 1 else dE_dout / share)

    def backpropagate_cancelled(self, targets: list, share: int) -> None:
        """The same where the slopes of loss and activation cancel: delta is out - target, over `share`."""
        for neuron, target in zip(self.neurons, targets):
            delta = neuron.out - target if target != 1 else -self.activation.rest([neuron.net], None, 0)
            neuron.backpropagate(None, delta if share == 1 else delta / share)

    def backpropagate_hidden(self) -> None:
        """The backward pass of a hidden layer: every path from a neuron's output onward adds to its slope."""
        for neuron in self.neurons:
            dE_dout = neuron.zero
            for weight in neuron.outgoing:
                dE_dout += weight.neuron.delta * weight.value
            neuron.backpropagate(dE_dout)

    def __iter__(self) -> Iterator[Neuron]:
        return iter(self.neurons)

    def __len__(self) -> int:
        return len(self.neurons)

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.activation.name}: {', '.join(each.name for each in self)}"


class SoftmaxLayer(NeuronLayer):
    """A layer whose every output depends on every net, so that its passes look at all neurons together."""

    def feed_forward(self) -> None:
        """Set net and out of every neuron; the outs sum to 1."""
        super().feed_forward()
        nets = [neuron.net for neuron in self.neurons]
        for j, neuron in self.numbered:
            neuron.out = self.activation.share(nets, j)

    def backpropagate_cancelled(self, targets: list, share: int) -> None:
        """delta = out*(sum of the targets) - target: out - target where the targets sum to 1."""
        total = targets[0]
        for target in targets[1:]:
            total += target
        outs = [neuron.out for neuron in self.neurons]
        for j, neuron in self.numbered:
            delta = neuron.out * total - targets[j]
            if targets[j] == total == 1:
                delta = -self.activation.rest(None, outs, j)
            neuron.backpropagate(None, delta if share == 1 else delta / share)

    def backpropagate(self, loss: Any, targets: list, share: int) -> None:
        """delta_j sums dE/dout_k * dout_k/dnet_j over k; `dout_dnet` of neuron j is the list over k."""
        outs = [neuron.out for neuron in self.neurons]
        for k, neuron in self.numbered:
            rest = self.activation.rest(None, outs, k)
            neuron.dE_dout = loss.slope(targets[k], neuron.out, rest) / share
        for j, neuron in self.numbered:
            dout_dnets, delta = [], 0
            for k, other in self.numbered:
                dout_dnet = self.activation.jacobian(outs, k, j)
                dout_dnets.append(dout_dnet)
                delta += other.dE_dout * dout_dnet
            neuron.backpropagate(neuron.dE_dout, delta)
            neuron.dout_dnet = dout_dnets
