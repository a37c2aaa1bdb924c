"""The layers of a description: activation, weights written out or drawn, and biases.

Weights are drawn, or all equal, where a layer gives `neurons` and `init` in place of numbers:

    init = {kind = "normal", scale = 0.1}                  0.1 times a standard normal number
    init = {kind = "uniform", scale = 1}                   from [0, 1)
    init = {kind = "constant", scale = 0.5}                0.5
    init = {kind = "normal", scale = "1/sqrt(inputs)"}     a standard normal number, divided by sqrt(inputs)
    seed = 7              starts a new stream; otherwise that of the layer before goes on, at first that of 0
    order = "by neuron"   a neuron's weights are drawn together; "by input": those of an input
    bias = "zero"         one per neuron: 0; "drawn": drawn after the layer's weights, in the same way

A stream is that of NumPy's legacy generator: the weights are those of `np.random.seed(seed)` and `randn`.
"""

import random
from math import log, sqrt

from neuronnet.activations import ACTIVATIONS
from neuronnet.description.description import LayerDescription
from neuronnet.errors import counted, did_you_mean, nearest, shortened

SAME_ACTIVATION = {"sigmoid": "logistic", "linear": "identity"}
LARGEST = 10**9  # of sizes that are written
LAYER_KEYS = set("activation weights bias train_bias inputs neurons init input_dim output_dim".split())
DIMENSIONS_INIT = {"kind": "normal", "scale": 0.1}  # of a layer with input_dim and output_dim
DIMENSIONS_SEED = 99


class LayerReader:
    """Reads the layers of a description, whose Checks it is given; `input_count()` is that of its samples."""

    def __init__(self, check, input_count):
        self.check, self.input_count = check, input_count

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
                before = None if "weights" in layer else self.input_count()
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


KINDS = ("normal", "uniform", "constant")
ORDERS = ("by neuron", "by input")
BIASES = ("zero", "drawn")
SCALED_BY_INPUTS = "1/sqrt(inputs)"
EXAMPLE = '{kind = "normal", scale = 0.1, seed = 0}'

_WORDS = 624
_VERSION = 3  # of the state that random.setstate takes


class InitialWeights:
    """Draws the weights of one layer after another; the stream goes on from layer to layer."""

    def __init__(self, check):
        self.check, self.stream, self.drawn = check, None, 0

    def layer(self, init, bias, inputs, neurons, where):
        """(weights, biases) of a layer; the biases are None unless `bias` is "zero" or "drawn"."""
        kind, order, scale, seed = self.settings(init, f"{where}, init")
        self.drawn += inputs * neurons
        self.check.within("weights", self.drawn, where)
        if seed is not None or self.stream is None:
            self.stream = LegacyRandom(seed or 0)
        draw = self._draw(kind, scale, inputs)
        if order == "by neuron":
            weights = [[draw() for _ in range(inputs)] for _ in range(neurons)]
        else:
            by_input = [[draw() for _ in range(neurons)] for _ in range(inputs)]
            weights = [list(row) for row in zip(*by_input)]
        if bias == "drawn":
            return weights, [draw() for _ in range(neurons)]
        return weights, [0.0] * neurons if bias == "zero" else None

    def settings(self, given, where):
        """(kind, order, scale, seed) of the table `init`; the seed is None where none is given."""
        check = self.check
        given = check.table(given, where, {"kind", "scale", "seed", "order"}, EXAMPLE)
        kind = check.choice(given.get("kind"), f"{where}, kind", KINDS)
        order = check.choice(given.get("order"), f"{where}, order", ORDERS, "by neuron")
        scale = check.required(given, "scale", where, f'a number is needed, or "{SCALED_BY_INPUTS}"')
        if isinstance(scale, str) and scale != SCALED_BY_INPUTS:
            needed = f'allowed are a number and "{SCALED_BY_INPUTS}"'
            check.refuse(f"{where}, scale", shortened(scale), needed)
        if not isinstance(scale, str):
            number = check.number if kind == "constant" else check.not_negative
            scale = number(scale, f"{where}, scale")
        return kind, order, scale, check.seed(given["seed"], f"{where}, seed") if "seed" in given else None

    def _draw(self, kind, scale, inputs):
        if kind == "constant":
            constant = 1 / sqrt(inputs) if scale == SCALED_BY_INPUTS else scale
            return lambda: constant
        draw = self.stream.standard_normal if kind == "normal" else self.stream.random_sample
        if scale == SCALED_BY_INPUTS:
            root = sqrt(inputs)
            return lambda: draw() / root
        factor = float(scale)
        return lambda: draw() * factor


class LegacyRandom:
    """The stream of `numpy.random.RandomState(seed)`."""

    def __init__(self, seed):
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
            raise ValueError(f"seed: expected a whole number from 0 to {2**32 - 1}, found {seed!r}")
        self._twister = random.Random(0)
        self._twister.setstate((_VERSION, (*_first_words(seed), _WORDS), None))
        self._second_normal = None

    def random_sample(self):
        """A float from [0, 1), 53 bits of it drawn."""
        return self._twister.random()

    def standard_normal(self):
        """A normal number of mean 0 and standard deviation 1, by G. Marsaglia's polar method.

        A point is drawn in the unit disc, at the squared distance r2 from its centre; both coordinates times
        sqrt(-2*ln(r2)/r2) are normal. The second is returned, the first kept for the next call.
        """
        if self._second_normal is not None:
            normal, self._second_normal = self._second_normal, None
            return normal
        r2 = 0.0
        while r2 >= 1.0 or r2 == 0.0:
            x1 = 2.0 * self._twister.random() - 1.0
            x2 = 2.0 * self._twister.random() - 1.0
            r2 = x1 * x1 + x2 * x2
        factor = sqrt(-2.0 * log(r2) / r2)
        self._second_normal = factor * x1
        return factor * x2

    def normal(self, scale):
        return 0.0 + scale * self.standard_normal()

    def shuffle(self, items):
        """Shuffle a list in place: from the last item down, each changes places with one at or before it."""
        for last in range(len(items) - 1, 0, -1):
            chosen = self._up_to(last)
            items[last], items[chosen] = items[chosen], items[last]

    def permutation(self, count):
        positions = list(range(count))
        self.shuffle(positions)
        return positions

    def _up_to(self, most):
        """A whole number from 0 to `most`: words cut to its number of bits, until one is small enough."""
        mask = (1 << most.bit_length()) - 1
        word = self._twister.getrandbits(32) & mask
        while word > most:
            word = self._twister.getrandbits(32) & mask
        return word


def _first_words(seed):
    """The state of a seed, 624 words: `init_genrand` of Matsumoto and Nishimura's program of 2002."""
    word = seed
    for position in range(1, _WORDS + 1):
        yield word
        word = (1812433253 * (word ^ (word >> 30)) + position) % 2**32
