"""Every quantity of a training in the order in which it is computed, from the network's own objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from neuronnet.errors import NeuronnetError
from neuronnet.names import after, in_sample, partial_name, split_index, split_partial, update_of

if TYPE_CHECKING:
    from neuronnet.network import NeuralNetwork

KINDS = ("parameters", "optimiser", "forward", "errors", "deltas", "gradients")
BATCH_ERROR = "E_batch"


class Recorded(NamedTuple):
    """A quantity: its name, such as `net_h1[2]@10`, one of KINDS, and its value."""

    name: str
    kind: str
    value: Any


def batches_of(description, updates: int) -> list[list[int]]:
    """The positions of the samples of every batch, the one after the last update included; a cycle once."""
    found = list(islice(description.batches(), updates + 1))
    if description.batch == "full":
        return found[:1]
    if description.order.kind == "in turn":
        size = 1 if description.batch == "online" else description.batch
        return found[: -(-len(description.samples) // size)]
    return found


def error_of_batch(description, batch) -> str:
    """What the error that an update makes smaller is called: E_total, or E_batch of some of the samples."""
    return description.names.error if len(batch) == len(description.samples) else BATCH_ERROR


def over_samples(description, batches, name: str) -> str | None:
    """The formula of a quantity over those of single samples: of `dE_batch/dw1@3` over `dE_total[2]/dw1@3`.

    The other quantities are their own formulas; None where a network with L2 has none.
    """
    base, update = split_index(name)[0], update_of(name)
    error, parameter = split_partial(base) or (base, None)
    if error != BATCH_ERROR:
        return name
    if description.l2 != 0:
        return None
    batch = batches[update % len(batches)]
    errors = [in_sample(description.names.error, number) for number in batch]
    terms = [after(each if parameter is None else partial_name(each, parameter), update) for each in errors]
    divided = f"/{len(terms)}" if description.samples_combine == "mean" and len(terms) > 1 else ""
    return f"({' + '.join(terms)}){divided}" if len(terms) > 1 else terms[0]


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
