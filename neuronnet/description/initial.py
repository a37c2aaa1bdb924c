"""Initial weights that are drawn, or all equal, where a layer gives `neurons` and `init` in place of numbers.

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

from neuronnet.errors import shortened

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
        self.check = check
        self.stream = None
        self.drawn = 0

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
