"""A layer of neurons: the place for what neurons do one after another or, in a softmax, all together."""


class NeuronLayer:
    """Neurons that are fed by the same sources and have the same activation."""

    def __init__(self, neurons):
        self.neurons = neurons
        self.activation = neurons[0].activation
        self.biases = list(dict.fromkeys(neuron.bias for neuron in neurons if neuron.bias is not None))

    def feed_forward(self):
        """Set net and out of every neuron, in order."""
        for neuron in self.neurons:
            neuron.feed_forward()

    def backpropagate(self, slope_of, targets, share):
        """The backward pass of an output layer: dE_total/dout is slope_of(target, out), divided by `share`."""
        for neuron, target in zip(self.neurons, targets):
            dE_dout = slope_of(target, neuron.out)
            neuron.backpropagate(dE_dout if share == 1 else dE_dout / share)

    def backpropagate_cancelled(self, targets, share):
        """The same where the slopes of loss and activation cancel and leave delta = out - target, divided by
        `share`.
        """
        for neuron, target in zip(self.neurons, targets):
            delta = neuron.out - target
            if target == 1:
                delta = -self.activation.rest([neuron.net], None, 0)
            neuron.backpropagate(None, delta if share == 1 else delta / share)

    def backpropagate_hidden(self):
        """The backward pass of a hidden layer: every path from a neuron's output onward counts, and they add
        up.
        """
        for neuron in self.neurons:
            dE_dout = neuron.zero
            for weight in neuron.outgoing:
                dE_dout += weight.neuron.delta * weight.value
            neuron.backpropagate(dE_dout)

    def __getitem__(self, index):
        return self.neurons[index]

    def __len__(self):
        return len(self.neurons)

    def __repr__(self):
        names = ", ".join(neuron.name for neuron in self.neurons)
        return f"{type(self).__name__} {self.activation.name}: {names}"


class SoftmaxLayer(NeuronLayer):
    """A layer whose every output depends on every net, so that its passes look at all neurons together."""

    def feed_forward(self):
        """Set net and out of every neuron; the outs sum to 1."""
        super().feed_forward()
        nets = [neuron.net for neuron in self.neurons]
        for j, neuron in enumerate(self.neurons):
            neuron.out = self.activation.share(nets, j)

    def backpropagate_cancelled(self, targets, share):
        """What the slopes leave here is delta = out*(sum of the targets) - target: out - target where they
        sum to 1.
        """
        total = targets[0]
        for target in targets[1:]:
            total += target
        outs = [neuron.out for neuron in self.neurons]
        for j, (neuron, target) in enumerate(zip(self.neurons, targets)):
            delta = neuron.out * total - target
            if target == total == 1:
                delta = -self.activation.rest(None, outs, j)
            neuron.backpropagate(None, delta if share == 1 else delta / share)

    def backpropagate(self, slope_of, targets, share):
        """delta_j is the sum over k of dE/dout_k * dout_k/dnet_j; `dout_dnet` of neuron j is the list over
        k.
        """
        outs = [neuron.out for neuron in self.neurons]
        dE_douts = [slope_of(target, out) for target, out in zip(targets, outs)]
        if share != 1:
            dE_douts = [dE_dout / share for dE_dout in dE_douts]
        for j, neuron in enumerate(self.neurons):
            dout_dnets = []
            delta = 0
            for k, dE_dout in enumerate(dE_douts):
                dout_dnet = self.activation.jacobian(outs, k, j)
                dout_dnets.append(dout_dnet)
                delta += dE_dout * dout_dnet
            neuron.backpropagate(dE_douts[j], delta)
            neuron.dout_dnet = dout_dnets
