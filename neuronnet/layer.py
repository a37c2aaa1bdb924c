"""A layer of neurons: the place for what neurons do together, a softmax and the gradient of a shared bias."""


class NeuronLayer:
    """Neurons that receive the same inputs and share one activation."""

    def __init__(self, neurons):
        self.neurons = neurons
        self.activation = neurons[0].activation
        self.biases = list(dict.fromkeys(neuron.bias for neuron in neurons if neuron.bias is not None))

    def feed_forward(self, inputs):
        """Return the outputs of all neurons, in order."""
        if self.activation.whole_layer:
            return self._feed_forward_together(inputs)
        outs = []
        for neuron in self.neurons:
            outs.append(neuron.feed_forward(inputs))
        return outs

    def _feed_forward_together(self, inputs):
        nets = []
        for neuron in self.neurons:
            neuron.sum_inputs(inputs)
            nets.append(neuron.net)
        outs = []
        for j, neuron in enumerate(self.neurons):
            neuron.out = self.activation.value(nets, j)
            outs.append(neuron.out)
        return outs

    def backpropagate(self, dE_douts):
        """Set the deltas and gradients of the layer from dE_total/dout of each neuron."""
        if self.activation.whole_layer:
            self._backpropagate_together(dE_douts)
        else:
            for neuron, dE_dout in zip(self.neurons, dE_douts):
                neuron.backpropagate(dE_dout)
        self._set_bias_gradients()

    def _backpropagate_together(self, dE_douts):
        """Every output depends on every net: delta_j is the sum over k of dE/dout_k * dout_k/dnet_j."""
        outs = [neuron.out for neuron in self.neurons]
        for j, neuron in enumerate(self.neurons):
            neuron.dE_dout = dE_douts[j]
            neuron.dout_dnet = []
            delta = 0
            for k, dE_dout in enumerate(dE_douts):
                dout_dnet = self.activation.derivative(outs, k, j)
                neuron.dout_dnet.append(dout_dnet)
                delta += dE_dout * dout_dnet
            neuron.set_gradients(delta)

    def take_deltas(self, deltas):
        """Set gradients from deltas that are known already, where the slopes of loss and activation cancel."""
        for neuron, delta in zip(self.neurons, deltas):
            neuron.dE_dout = neuron.dout_dnet = None
            neuron.set_gradients(delta)
        self._set_bias_gradients()

    def _set_bias_gradients(self):
        """The gradient of a bias is the sum of the deltas of the neurons that use it."""
        for bias in self.biases:
            bias.gradient = 0
        for neuron in self.neurons:
            if neuron.bias is not None:
                neuron.bias.gradient += neuron.delta

    def __iter__(self):
        return iter(self.neurons)

    def __repr__(self):
        names = ", ".join(neuron.name for neuron in self.neurons)
        return f"NeuronLayer {self.activation.name}: {names}"
