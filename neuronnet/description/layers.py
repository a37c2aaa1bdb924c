"""The layers of a description: activation, weights written out or drawn, and biases."""

from neuronnet.activations import ACTIVATIONS
from neuronnet.description.description import LayerDescription
from neuronnet.description.initial import BIASES, InitialWeights
from neuronnet.description.samples import input_count
from neuronnet.errors import counted, did_you_mean, nearest, shortened

SAME_ACTIVATION = {"sigmoid": "logistic", "linear": "identity"}
LARGEST = 10**9  # of sizes that are written
LAYER_KEYS = set("activation weights bias train_bias inputs neurons init input_dim output_dim".split())
DIMENSIONS_INIT = {"kind": "normal", "scale": 0.1}  # of a layer with input_dim and output_dim
DIMENSIONS_SEED = 99


class LayerReader:
    """Reads the layers of a description, whose Checks it is given."""

    def __init__(self, check):
        self.check = check

    def read(self, given):
        """The LayerDescriptions of a whole description."""
        layers, initial, found = self.check.entries(given, "layer"), InitialWeights(self.check), []
        if not layers:
            self.check.refuse("layer", "none", "a network has at least one [[layer]]")
        for number, layer in enumerate(layers, 1):
            if found:
                before = found[-1].neurons
                who = f"layer {number - 1} has {counted(before, 'neuron')}"
            else:
                before = None if "weights" in layer else input_count(self.check, given)
                who = f"the first sample has {counted(before or 0, 'input')}"
            found.append(self.layer(layer, number, len(layers), (before, who), initial))
        return tuple(found)

    def layer(self, given, number, count, before, initial):
        """One layer; `before` is how many inputs it has, None if that is open, and a clause that says why."""
        where = f"layer {number}"
        given = self.check.table(given, where, LAYER_KEYS)
        word, of_it = given.get("activation"), f"{where}, activation"
        activation = self.check.choice(word, of_it, ACTIVATIONS, aliases=SAME_ACTIVATION)
        if ACTIVATIONS[activation].whole_layer and number < count:
            self.check.refuse(of_it, "softmax", "softmax is allowed in the last layer only")
        if "weights" in given:
            weights, bias = self.written(given, where, before), given.get("bias")
        else:
            weights, bias = self.drawn(given, where, before, initial)
        bias = self.bias(bias, weights, f"{where}, bias")
        train_bias = given.get("train_bias", bias is not None)
        if not isinstance(train_bias, bool):
            self.check.refuse(f"{where}, train_bias", shortened(train_bias), "allowed are true and false")
        if train_bias and bias is None:
            self.check.refuse(f"{where}, train_bias", "true", "the layer has no bias; bias = 0 gives it one")
        return LayerDescription(activation, tuple(map(tuple, weights)), bias, train_bias)

    def written(self, given, where, before):
        for key in ("neurons", "init", "input_dim", "output_dim"):
            if key in given:
                needed = "weights are given as numbers, or drawn, not both"
                self.check.refuse(where, f"weights and {key}", needed)
        weights = self.weights(given["weights"], f"{where}, weights")
        inputs, (expected, who) = len(weights[0]), before
        if expected is not None and inputs != expected:
            found = f"{counted(inputs, 'number')} in a row"
            self.check.refuse(f"{where}, weights", found, f"{who}, a weight is needed for each")
        if "inputs" in given and self.size(given, where, "inputs") != inputs:
            needed = f"a row of weights has {counted(inputs, 'number')}"
            self.check.refuse(f"{where}, inputs", str(given["inputs"]), needed)
        return weights

    def drawn(self, given, where, before, initial):
        inputs_key, neurons_key, init, bias = "inputs", "neurons", given.get("init"), given.get("bias")
        if "input_dim" in given or "output_dim" in given:
            self.check.table(given, where, LAYER_KEYS - {"weights", "inputs", "neurons"})
            inputs_key, neurons_key, bias = "input_dim", "output_dim", given.get("bias", "drawn")
            if init is None:
                init = DIMENSIONS_INIT | ({} if initial.stream else {"seed": DIMENSIONS_SEED})
        elif init is None:
            found, needed = "no init", 'init = {kind = "normal", scale = 0.1} says how they are drawn'
            if "neurons" not in given:
                found = "no weights"
                needed = "a layer needs weights = [[...], ...], a row per neuron, or neurons and init"
            self.check.refuse(where, found, needed)
        neurons = self.size(given, where, neurons_key)
        inputs, who = before
        if inputs_key in given:
            own = self.size(given, where, inputs_key)
            if inputs not in (None, own):
                self.check.refuse(f"{where}, {inputs_key}", str(own), who)
            inputs = own
        if inputs is None or (inputs_key == "input_dim" and inputs_key not in given):
            needed = f"{inputs_key} = ... says how many there are, or in layer 1 a sample does"
            self.check.refuse(where, f"no {inputs_key}", needed)
        weights, biases = initial.layer(init, bias, inputs, neurons, where)
        return weights, bias if biases is None else biases

    def size(self, given, where, key):
        size = self.check.required(given, key, where, "a whole number is needed")
        return self.check.whole(size, f"{where}, {key}", 1, LARGEST)

    def bias(self, given, weights, where):
        if isinstance(given, (list, tuple)):
            bias = tuple(self.check.numbers(given, where))
            if len(bias) != len(weights):
                neurons = counted(len(weights), "neuron")
                needed = f"a list has one for each of the {neurons}; a single number is shared"
                self.check.refuse(where, counted(len(bias), "number"), needed)
            return bias
        if isinstance(given, str):
            words = f"one of {', '.join(BIASES)}{did_you_mean(nearest(given, BIASES))}"
            needed = f"a number is needed, a list of them, or with init {words}"
            self.check.refuse(where, shortened(given), needed)
        return None if given is None else self.check.number(given, where)

    def weights(self, given, where):
        if not isinstance(given, (list, tuple)) or not given:
            found = "an empty layer" if given == [] else shortened(given)
            self.check.refuse(where, found, "a row of numbers per neuron is needed")
        self.check.within("weights", sum(len(row) for row in given if isinstance(row, (list, tuple))), where)
        rows = [self.check.numbers(row, f"{where}, row {number}") for number, row in enumerate(given, 1)]
        for number, row in enumerate(rows, 1):
            if len(row) != len(rows[0]) or not row:
                needed = f"every row has one number per input, and row 1 has {len(rows[0])}"
                self.check.refuse(f"{where}, row {number}", counted(len(row), "number"), needed)
        return rows
