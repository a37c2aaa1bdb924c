"""Builds the layers of neurons that a description speaks of, and describes them again."""

from neuronnet.activations import ACTIVATIONS
from neuronnet.layer import NeuronLayer, SoftmaxLayer
from neuronnet.names import Names
from neuronnet.neuron import Neuron
from neuronnet.parameter import Parameter
from neuronnet.spec import as_number


def build_layers(description, number):
    """The NeuronLayers of a description from `spec.read`, every parameter and neuron with its name."""
    names = Names(description["layer"], description["names"])
    layers = []
    for index, layer in enumerate(description["layer"]):
        biases = _build_biases(layer, names.biases[index], number)
        activation = ACTIVATIONS[layer["activation"]]
        neurons = []
        for name, weight_names, row, bias in zip(names.layers[index], names.weights[index], layer["weights"], biases):
            weights = [Parameter(each, as_number(value, number)) for each, value in zip(weight_names, row)]
            neurons.append(Neuron(name, weights, bias, activation))
        layers.append((SoftmaxLayer if activation.whole_layer else NeuronLayer)(neurons))
    return layers


def _build_biases(layer, names, number):
    """One bias per neuron: the same Parameter for all where the layer shares it, None where there is none."""
    if names is None:
        return [None] * len(layer["weights"])
    if isinstance(layer["bias"], (list, tuple)):
        return [Parameter(name, as_number(value, number), layer["train_bias"])
                for name, value in zip(names, layer["bias"])]
    return [Parameter(names[0], as_number(layer["bias"], number), layer["train_bias"])] * len(names)


def build_samples(description, number):
    """The samples of a description as (inputs, targets) pairs of lists of numbers."""
    return [([as_number(value, number) for value in sample["inputs"]],
             [as_number(value, number) for value in sample["targets"]]) for sample in description["sample"]]


def describe_layer(layer):
    """A layer as the dict that a description has for it, with the values its parameters have now."""
    if not layer.biases:
        bias = None
    elif len(layer.biases) == 1:
        bias = layer.biases[0].value
    else:
        bias = [each.value for each in layer.biases]
    return {"activation": layer.activation.name,
            "weights": [[weight.value for weight in neuron.weights] for neuron in layer],
            "bias": bias,
            "train_bias": bool(layer.biases) and layer.biases[0].trainable}
