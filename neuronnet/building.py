"""Builds the objects of a Description, layers of neurons first, and describes a network again."""

from neuronnet.activations import ACTIVATIONS
from neuronnet.description.description import (
    Description,
    FrozenMapping,
    LayerDescription,
    Sample,
    Update,
    batches_in_a_round,
)
from neuronnet.elementary import as_number
from neuronnet.errors import NeuronnetError, SizeError, named
from neuronnet.layer import NeuronLayer, SoftmaxLayer
from neuronnet.names import Names
from neuronnet.neuron import Neuron, Parameter
from neuronnet.training import UPDATE_RULES


def build(description, number):
    """The arguments of the NeuralNetwork of a Description, in a type of number."""

    rate = description.learning_rate
    kept = ("loss", "outputs", "samples_combine", "l2_scale", "batch", "order", "title", "batches_taken")
    return {key: getattr(description, key) for key in kept} | {
        "names": dict(description.renames),
        "layers": build_layers(description, number),
        "learning_rate": None if rate is None else as_number(rate, number),
        "l2": as_number(description.l2, number),
        "update_rule": build_update_rule(description, number),
        "samples": build_samples(description.samples, number),
        "held_out": build_samples(description.held_out, number),
        "input_names": description.names.inputs,
    }


def describe(network):
    """The description of a network as it stands now, with every convention explicit."""
    kept = ("title", "outputs", "samples_combine", "learning_rate", "l2", "l2_scale", "batch", "order")
    return Description(
        **{key: getattr(network, key) for key in kept},
        loss=network.loss.name,
        update=Update(network.update_rule.name, FrozenMapping(network.update_rule.settings)),
        state=FrozenMapping(network.update_rule.state),
        batches_taken=_batches_taken(network),
        layers=tuple(describe_layer(layer) for layer in network.layers),
        samples=describe_samples(network.samples),
        held_out=describe_samples(network.held_out),
        renames=FrozenMapping(describe_names(network)),
    )


def _batches_taken(network):
    """How many batches are through, of those in turn in the present round."""
    if network.order.kind == "random" and network.batch != "full":
        return network.batches_taken
    return network.batches_taken % batches_in_a_round(max(1, len(network.samples)), network.batch)


def build_layers(description, number):
    """The NeuronLayers of a Description, every parameter and neuron with its name."""
    names = description.names
    layers = []
    for index, layer in enumerate(description.layers):
        biases = _build_biases(layer, names.biases[index], number)
        activation = ACTIVATIONS[layer.activation]
        neurons, named = [], zip(names.layers[index], names.weights[index], layer.weights, biases)
        for name, weight_names, row, bias in named:
            weights = [Parameter(each, as_number(value, number)) for each, value in zip(weight_names, row)]
            neurons.append(Neuron(name, weights, bias, activation))
        kind = SoftmaxLayer if activation.whole_layer else NeuronLayer
        layers.append(kind(neurons, own_bias=layer.bias_kind == "per neuron"))
    return layers


def _build_biases(layer, names, number):
    """One bias per neuron: the same Parameter for all where the layer shares it, None where there is none."""
    if names is None:
        return [None] * layer.neurons
    values = [as_number(value, number) for value in layer.biases]
    biases = [Parameter(name, value, layer.train_bias) for name, value in zip(names, values)]
    return biases * layer.neurons if layer.bias_kind == "shared" else biases


def require_suitable(layers, outputs, samples_combine, l2_scale):
    """Refuse layers, built by hand, that share what they must not, and conventions that do not exist."""
    for convention in (outputs, samples_combine):
        named(convention, {"sum": None, "mean": None})
    named(l2_scale, {"as is": None, "per sample": None})
    seen = set()
    for number, layer in enumerate(layers, 1):
        if {neuron.activation for neuron in layer} != {layer.activation}:
            raise NeuronnetError(f"layer {number}: its neurons have different activations; a layer has one")
        if layer.activation.whole_layer != isinstance(layer, SoftmaxLayer):
            needed = "softmax goes with SoftmaxLayer, and every other activation with NeuronLayer"
            raise NeuronnetError(f"layer {number}: {needed}")
        biases = [neuron.bias for neuron in layer]
        if len(layer.biases) not in (0, 1, len(biases)) or (None in biases and layer.biases):
            raise NeuronnetError(f"layer {number}: its neurons have no bias, share one, or have one each")
        if len({bias.trainable for bias in layer.biases}) > 1:
            raise NeuronnetError(f"layer {number}: its biases are all trained or all frozen")
        for part in [weight for neuron in layer for weight in neuron.weights] + layer.biases:
            if part.neuron is not None:
                found = f"{part.name} already belongs to a network or to another neuron"
                raise NeuronnetError(f"{found}; build layers anew")
            if part.name in seen:
                found = f"{part.name} stands for two parameters"
                raise NeuronnetError(f"{found}; every parameter has a name of its own")
            seen.add(part.name)


def connect(network):
    """Let each weight multiply the `out` of its source: an input, or a neuron of the layer before."""
    sources = network.inputs
    for layer in network.layers:
        for neuron in layer:
            if len(neuron.weights) != len(sources):
                raise SizeError(f"weights of {neuron.name}", len(sources), len(neuron.weights))
            for weight, source in zip(neuron.weights, sources):
                weight.source, weight.neuron = source, neuron
                source.outgoing.append(weight)
        sources = layer.neurons
    for parameter in network.parameters:
        parameter.network = network
    network.collect_trainable()


def build_samples(samples, number):
    """Described samples as (inputs, targets) pairs of lists of numbers."""
    return [tuple([as_number(value, number) for value in part] for part in sample) for sample in samples]


def describe_samples(samples):
    """(inputs, targets) pairs as a description has them."""
    return tuple(Sample(tuple(inputs), tuple(targets)) for inputs, targets in samples)


def build_update_rule(description, number):
    """The update rule as it goes on, its settings and what it remembers in the network's type of number."""
    settings, state = (
        {name: as_number(value, number) for name, value in each.items()}
        for each in (description.update.settings, description.state)
    )
    rule = UPDATE_RULES[description.update.rule](**settings)
    rule.state = state
    return rule


def describe_layer(layer):
    """A layer as a description has it, with the values its parameters have now."""
    biases = tuple(each.value for each in layer.biases)
    return LayerDescription(
        layer.activation.name,
        tuple(tuple(weight.value for weight in neuron.weights) for neuron in layer),
        None if not biases else biases if len(biases) > 1 or layer.own_bias else biases[0],
        bool(biases) and layer.biases[0].trainable,
    )


def describe_names(network):
    """Every name that differs from the standard one, standard -> own, those of quantities included."""
    names = Names([describe_layer(layer) for layer in network.layers], {})
    standard = list(names.inputs) + [name for layer in names.layers for name in layer]
    standard += [name for name, _, _ in names.parameters()]
    own = [part.name for part in network.inputs + network.neurons + network.parameters]
    return network.names | {name: new for name, new in zip(standard, own) if name != new}
