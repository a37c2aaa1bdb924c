"""Every quantity of a training in the order in which it is computed, exactly or disturbed by roundings.

Both come from the network's own objects. In a disturbed training every operation is off by a rounding: the
givens are rounded at random once, as another implementation rounds them; between the passes that are looked
at, each update is disturbed by what such a pass was seen to round.

Source: D. S. Parker, "Monte Carlo arithmetic", UCLA CSD-970002 (1997).
"""

from __future__ import annotations

import math
import operator
import random
import struct
from collections.abc import Callable, Iterator
from functools import total_ordering
from itertools import islice
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

from neuronnet.description.description import batches_in_a_round
from neuronnet.elementary import exp, log1p, sqrt, tanh
from neuronnet.errors import NeuronnetError
from neuronnet.names import BATCH_ERROR, after, in_sample, partial_name, split_index, split_partial, update_of

if TYPE_CHECKING:
    from neuronnet.network import NeuralNetwork

KINDS = ("parameters", "optimiser", "forward", "errors", "deltas", "gradients")


class Recorded(NamedTuple):
    """A quantity: its name, such as `net_h1[2]@10`, one of KINDS, and its value."""

    name: str
    kind: str
    value: Any


def batches_of(description, updates: int) -> list[list[int]]:
    """The positions of the samples of every batch, the one after the last update included; a cycle once."""
    found = list(islice(description.batches(), updates + 1))
    if description.batch == "full" or description.order.kind == "in turn":
        return found[: batches_in_a_round(len(description.samples), description.batch)]
    return found


def error_of_batch(description, batch) -> str:
    """What the error that an update makes smaller is called: E_total, or E_batch of some of the samples."""
    return description.names.error if len(batch) == len(description.samples) else BATCH_ERROR


def over_samples(description, batches, name: str) -> str:
    """The formula of a quantity over those of single samples: of `dE_batch/dw1@3` over `dE_total[2]/dw1@3`.

    The L2 term comes in once, as an update counts it. The other quantities are their own formulas.
    """
    base, update = split_index(name)[0], update_of(name)
    error, parameter = split_partial(base) or (base, None)
    if error != BATCH_ERROR:
        return name
    batch = batches[update % len(batches)]
    errors = [in_sample(description.names.error, number) for number in batch]
    terms = [after(each if parameter is None else partial_name(each, parameter), update) for each in errors]
    divided = f"/{len(terms)}" if description.samples_combine == "mean" and len(terms) > 1 else ""
    found = f"({' + '.join(terms)}){divided}" if len(terms) > 1 else terms[0]
    weights = [each for each, _, is_bias in description.names.parameters() if not is_bias]
    if description.l2 == 0 or parameter not in (None, *weights):
        return found
    squares = f"({' + '.join(f'{after(each, update)}*{after(each, update)}' for each in weights)})/2"
    term = squares if parameter is None else after(parameter, update)
    divided = f"/{len(terms)}" if description.l2_scale == "per sample" else ""
    return f"{found} + {description.names.l2}*{term}{divided}"


def recorded(
    network: NeuralNetwork, description, at, progress: Callable[[int, int], None] | None = None
) -> Iterator[tuple[int, list[Recorded]]]:
    """(update, its Recorded quantities) for each update in `at`, in order, while the network trains.

    What is recorded after k updates is the state, and the pass that update k + 1 rests on: its samples, one
    by one, then the error of all samples, that of the batch, and its gradients. `progress(made, all)` hears
    of each update.
    """
    for update, batch in enumerate(islice(description.batches(), max(at) + 1)):
        if update in at:
            yield update, [*state_of(network, update), *pass_of(network, description, batch, update)]
        if update < max(at):
            network.gradients([network.samples[position] for position in batch])
            network.update()
        if progress is not None:
            progress(update, max(at))


def quantities_of(description, updates: int) -> int:
    """About how many quantities are recorded at so many updates."""
    neurons = sum(layer.neurons for layer in description.layers)
    return updates * (2 * description.weight_count + 3 * neurons * len(next(description.batches())))


def state_of(network, update):
    """What the updates so far have made: parameters, and what the update rule keeps."""
    for parameter in network.parameters:
        yield Recorded(after(parameter.name, update), "parameters", parameter.value)
    for name, value in network.update_rule.state.items():
        yield Recorded(after(name, update), "optimiser", value)


def pass_of(network, description, batch, update):
    """Every quantity of a forward and a backward pass of the samples at the positions of a batch."""
    names, several, backward = description.names, len(network.samples) > 1, []
    for position in batch:
        sample, (inputs, targets) = position + 1 if several else None, network.samples[position]
        network.feed_forward(inputs)
        error = network.error(targets)

        def of(kind, neuron, sample=sample):
            return after(in_sample(names.of(kind, neuron.name), sample), update)

        for layer in network.layers:
            yield from (Recorded(of("net", neuron), "forward", neuron.net) for neuron in layer)
            yield from (Recorded(of("out", neuron), "forward", neuron.out) for neuron in layer)
        yield from (Recorded(of("E", neuron), "errors", neuron.E) for neuron in network.layers[-1])
        if several:
            yield Recorded(after(in_sample(names.error, sample), update), "errors", error)
        network.backpropagate(targets)
        for layer in reversed(network.layers):
            backward += [Recorded(of("delta", neuron), "deltas", neuron.delta) for neuron in layer]
    if network.l2 != 0:
        yield Recorded(after(names.error_l2, update), "errors", network.l2_error(len(network.samples)))
    yield Recorded(after(names.error, update), "errors", network.total_error())
    error, samples = error_of_batch(description, batch), [network.samples[position] for position in batch]
    if error == BATCH_ERROR:
        yield Recorded(after(error, update), "errors", network.total_error(samples))
    yield from backward
    for name, value in network.gradients(samples).items():
        yield Recorded(after(partial_name(error, name), update), "gradients", value)


def require_trainable(description, updates: int) -> None:
    """Raise NeuronnetError where a description has no samples, or no learning rate for the updates asked."""
    if not description.samples:
        raise NeuronnetError("golden values need samples; the description has none: add [[sample]] or data")
    if updates and description.learning_rate is None:
        raise NeuronnetError("updates need a learning rate; the description has none: add learning_rate")


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


def disturbed(new_network, description, at, dtype, seed):
    """(update, {name: value}) for each update in `at`: a training with every operation off by a rounding.

    `new_network(description, number)` is `NeuralNetwork.from_dict`.
    """
    draw, ulp = random.Random(seed), ULPS[dtype]
    number = disturbed_number(ulp, draw)
    network, in_passes = new_network(description), new_network(description, number)
    _in_plain_formulas(in_passes)
    _round_givens(network, in_passes, ulp, draw)
    looked_at = {*at, *(2**k for k in range(max(at).bit_length()))}
    share = {each.name: 0.0 for each in network.parameters}  # rounding of a gradient, of the largest
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

    def operation(compute):
        def operate(self, other):
            is_number = type(other) is Disturbed or isinstance(other, Real)
            return off(compute(self.value, float(other))) if is_number else NotImplemented

        return operate, lambda self, other: off(compute(float(other), self.value))

    @total_ordering
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

        def __int__(self):
            return int(self.value)

        def __eq__(self, other):
            return self.value == float(other)

        def __lt__(self, other):
            return self.value < float(other)

        def __neg__(self):
            return Disturbed(-self.value)

        def __abs__(self):
            return Disturbed(abs(self.value))

        __add__, __radd__ = operation(operator.add)
        __sub__, __rsub__ = operation(operator.sub)
        __mul__, __rmul__ = operation(operator.mul)
        __truediv__, __rtruediv__ = operation(operator.truediv)

        def ln(self):
            return off(math.log(self.value) if self.value > 0.0 else -math.inf)  # a rounding below 0 is none

    for function in (exp, log1p, tanh, sqrt):
        setattr(Disturbed, function.__name__, lambda self, function=function: off(function(self.value)))
    return Disturbed
