"""What the quantities of a pass are called, by kind, layer, neuron, sample and number of updates. Their formulas are not here."""

from neuronnet.names import after, in_sample


class PassNames:
    """The names in the passes of one network. `samples` numbers its samples; an only one has None in place of a number."""

    def __init__(self, description, names):
        """`description` is a checked one, `names` its Names."""
        self.description, self.names = description, names
        self.layers = description["layer"]
        count = len(description["sample"])
        self.samples = [None] if count == 1 else list(range(1, count + 1))

    def quantity(self, kind, layer, j, sample, update=0):
        """The name of one neuron's net, out, E, target or delta."""
        return after(in_sample(self.names.of(kind, self.names.layers[layer][j]), sample), update)

    def quantities(self, kind, layer, sample, update=0):
        """The same for all neurons of a layer."""
        return [self.quantity(kind, layer, j, sample, update) for j in range(len(self.layers[layer]["weights"]))]

    def inputs_of(self, layer, sample, update=0):
        """What a layer receives: the inputs, or the outputs of the layer before."""
        if layer == 0:
            return [in_sample(name, sample) for name in self.names.inputs]
        return self.quantities("out", layer - 1, sample, update)

    def parameter(self, name, layer, is_bias, update):
        """A parameter's name after some updates; a frozen bias keeps its first name."""
        return name if is_bias and not self.layers[layer]["train_bias"] else after(name, update)

    def error_of(self, sample, update=0):
        """E_total of one sample; of the only sample, that is E_total itself."""
        return after(in_sample(self.names.error, sample), update)

    def parameters(self):
        """(name, layer, is_bias) of every parameter, weights first, a shared bias once."""
        for layer, rows in enumerate(self.names.weights):
            for row in rows:
                for name in row:
                    yield name, layer, False
        for layer, biases in enumerate(self.names.biases):
            for name in dict.fromkeys(biases or []):
                yield name, layer, True
