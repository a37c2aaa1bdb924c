"""How far rounding alone moves each quantity: the network's own objects, every operation off by a rounding.

The givens are rounded at random once, as another implementation rounds them; between the passes that are
looked at, a training is disturbed at every update by what such a pass was seen to round.

Source: D. S. Parker, "Monte Carlo arithmetic", UCLA CSD-970002 (1997).
"""

import math
import random
import struct
from itertools import islice
from numbers import Real

from neuronnet.golden.recording import pass_of, state_of
from neuronnet.network import NeuralNetwork

ULPS = {"float64": 2.0**-52, "float32": 2.0**-23}  # at 1: twice the largest relative error of a rounding
REPRODUCIBLE = 0.005  # of a value: a tolerance beyond this leaves fewer than two digits


def float32(value):
    """A number rounded to single precision, as a float; infinite where that overflows."""
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def rounded_to(value, dtype):
    """A number, of any real type, rounded to a dtype, as a float."""
    return float32(float(value)) if dtype == "float32" else float(value)


def shortest(value, dtype):
    """The float with the fewest digits that is a number, of any real type, in a dtype."""
    value = rounded_to(value, dtype)
    if dtype == "float64" or not math.isfinite(value):
        return value
    digits = next(each for each in range(1, 10) if float32(float(f"{value:.{each}g}")) == value)
    return float(f"{value:.{digits}g}")


def ulp_of(value, dtype):
    """The distance from a float to the next of its dtype."""
    return math.ulp(value) if dtype == "float64" else max(2.0**-149, math.ldexp(math.ulp(value), 29))


def disturbed(description, at, dtype, seed):
    """(update, {name: value}) for each update in `at`: a training with every operation off by a rounding."""
    draw, ulp = random.Random(seed), ULPS[dtype]
    number = disturbed_number(ulp, draw)
    network, in_passes = NeuralNetwork.from_dict(description), NeuralNetwork.from_dict(description, number)
    _in_plain_formulas(in_passes)
    _round_givens(network, in_passes, ulp, draw)
    looked_at = {*at, *(2**k for k in range(max(at).bit_length()))}
    share = {
        parameter.name: 0.0 for parameter in network.parameters
    }  # rounding of a gradient, of the largest
    lasting = {name: draw.gauss(0.0, 1.0) for name in share}  # near a minimum the same roundings come again
    for update, batch in enumerate(islice(description.batches(), max(at) + 1)):
        samples = [network.samples[position] for position in batch]
        gradients = network.gradients(samples)
        largest = max(map(abs, gradients.values()))
        if update in looked_at:
            for parameter, other in zip(network.parameters, in_passes.parameters):
                other.value = number(parameter.value)
            if update in at:
                rows = [*state_of(network, update), *pass_of(in_passes, description, batch, update)]
                yield update, {name: float(value) for name, _, value in rows}
            else:
                in_passes.gradients([in_passes.samples[position] for position in batch])
            for parameter in in_passes.parameters if largest else ():
                rounding = abs(float(parameter.gradient) - gradients[parameter.name]) / largest
                share[parameter.name] = max(share[parameter.name], rounding)
        for parameter in network.parameters:
            off = draw.gauss(lasting[parameter.name], 1.0)
            parameter.gradient += off * share[parameter.name] * largest
        if update < max(at):
            network.update()
            for parameter in network.trainable:
                parameter.value *= 1.0 + draw.uniform(-ulp, ulp)
            state = network.update_rule.state
            for name in state:
                state[name] *= 1.0 + draw.uniform(-ulp, ulp)


class _PlainFormulas:
    """An activation with the slopes of a textbook, 1 - out*out and out*(1 - out), as most programs have."""

    def derivative(self, net, out):
        plain = {"logistic": lambda: out * (1 - out), "tanh": lambda: 1 - out * out}.get(self.name)
        return super().derivative(net, out) if plain is None else plain()

    def rest(self, nets, outs, j):
        return 1 - (self.value(nets[j]) if outs is None else outs[j])

    def surprises(self, nets, j):
        out = self.share(nets, j) if self.whole_layer else self.value(nets[j])
        return -out.ln(), -(1 - out).ln()


def _in_plain_formulas(network):
    for layer in network.layers:
        kind = type(layer.activation)
        layer.activation = type(kind.__name__, (_PlainFormulas, kind), {})()
        for neuron in layer:
            neuron.activation = layer.activation


def _round_givens(network, in_passes, ulp, draw):
    """Give both networks the same rounded givens; a number that binary has exactly stays."""
    for parameter, other in zip(network.parameters, in_passes.parameters):
        parameter.value = float(other.value)
    network.samples = [tuple([float(each) for each in part] for part in one) for one in in_passes.samples]
    settings = network.update_rule.settings
    if network.learning_rate is not None:
        network.learning_rate *= 1.0 + draw.uniform(-ulp, ulp)
        for beta, power in (("beta1", 1.0), ("beta2", -0.5)):  # 1 - beta is a given, too
            if beta in settings:
                network.learning_rate *= (1.0 + draw.uniform(-ulp, ulp) / (1.0 - settings[beta])) ** power
    for beta in [name for name in settings if name.startswith("beta")]:  # or comes from a rounded beta
        settings = {**settings, beta: settings[beta] * (1.0 + draw.uniform(-ulp, ulp) / 2)}
    network.update_rule.settings = settings


def disturbed_number(ulp, draw):
    """A type of number whose every operation is off by up to a `ulp` of its result, at random."""
    uniform = draw.random

    def off(value):
        return Disturbed(value + value * ulp * (2.0 * uniform() - 1.0))

    def is_one(other):
        return type(other) is Disturbed or isinstance(other, Real)

    class Disturbed:
        """A float in disturbed arithmetic."""

        __slots__ = ("value",)

        def __init__(self, value):
            self.value = float(value)

        @classmethod
        def as_written(cls, value):
            """A given number, off by a rounding unless it has few binary digits."""
            value = float(value)
            return cls(value) if float32(value) == value else off(value)

        def __float__(self):
            return self.value

        def __add__(self, other):
            return off(self.value + float(other)) if is_one(other) else NotImplemented

        def __sub__(self, other):
            return off(self.value - float(other)) if is_one(other) else NotImplemented

        def __rsub__(self, other):
            return off(float(other) - self.value)

        def __mul__(self, other):
            return off(self.value * float(other)) if is_one(other) else NotImplemented

        def __truediv__(self, other):
            return off(self.value / float(other)) if is_one(other) else NotImplemented

        def __rtruediv__(self, other):
            return off(float(other) / self.value)

        def __int__(self):
            return int(self.value)

        def __neg__(self):
            return Disturbed(-self.value)

        def __abs__(self):
            return Disturbed(abs(self.value))

        def __eq__(self, other):
            return self.value == float(other)

        def __lt__(self, other):
            return self.value < float(other)

        def __gt__(self, other):
            return self.value > float(other)

        def __le__(self, other):
            return self.value <= float(other)

        def __ge__(self, other):
            return self.value >= float(other)

        __radd__, __rmul__ = __add__, __mul__

        def exp(self):
            return off(math.exp(self.value) if self.value < 709.0 else math.inf)

        def ln(self):
            return off(math.log(self.value) if self.value > 0.0 else -math.inf)

        def log1p(self):
            return off(math.log1p(self.value))

        def tanh(self):
            return off(math.tanh(self.value))

        def sqrt(self):
            return off(math.sqrt(self.value))

    return Disturbed
