"""One update of the worked example with a mistake in it, by small variations of the correct program.

Each function takes a NeuralNetwork that has one sample and leaves the parameters as the mistaken program
would.
"""

from neuronnet import load
from neuronnet.activations import ACTIVATIONS
from neuronnet.inspecting import Inspected

MISTAKES = {}


def mistake(name):
    """Register a mistaken update under the name it has in the data."""

    def register(function):
        MISTAKES[name] = function
        return function

    return register


def correct_gradients(network):
    """Forward and backward pass of the only sample."""
    ((inputs, targets),) = network.samples
    network.feed_forward(inputs)
    network.backpropagate(targets)


def backpropagate_hidden(network, dE_dout_of):
    """Redo the hidden layer with another rule for dE/dout: dE_dout_of(index of the hidden neuron)."""
    for index, neuron in enumerate(network.layers[0]):
        restart_bias(neuron)
        neuron.backpropagate(dE_dout_of(index))


def restart_bias(neuron):
    """Start the gradient of a neuron's bias again at 0, so that another backward pass sets it and does not
    add.
    """
    if neuron.bias is not None:
        neuron.bias.gradient = 0


def move(network, parameters, rate=None):
    """Move the given parameters, trainable or not."""
    for parameter in parameters:
        parameter.value -= (network.learning_rate if rate is None else rate) * parameter.gradient


@mistake("none")
def none(network):
    correct_gradients(network)
    network.update()


@mistake("updated output weights used backwards")
def updated_weights(network):
    correct_gradients(network)
    output = network.layers[-1].neurons
    move(network, [weight for neuron in output for weight in neuron.weights])
    backpropagate_hidden(
        network, lambda index: sum(neuron.delta * neuron.weights[index].value for neuron in output)
    )
    move(network, [weight for neuron in network.layers[0] for weight in neuron.weights])


def per_neuron_biases(layers):
    """A network like this one with one trained bias per neuron in the given layers (positions)."""

    def build(network):
        description = network.to_dict()
        for position in layers:
            layer = description["layer"][position]
            layer["bias"] = [layer["bias"]] * len(layer["weights"])
            layer["train_bias"] = True
        return load(description)

    return build


def on_another_network(build, update):
    """The update made on a network built from this one; the parameters come back by position."""

    def run(network):
        other = build(network)
        update(other)
        for name in Inspected.__slots__[:-1]:  # all but its place for weak references
            setattr(network, name, getattr(other, name))

    return run


@mistake("updated weights and bias per neuron")
def updated_weights_and_biases(network):
    def update(other):
        updated_weights(other)
        move(other, other.biases)

    on_another_network(per_neuron_biases([0, 1]), update)(network)


MISTAKES["bias per neuron, trained"] = on_another_network(per_neuron_biases([0, 1]), none)
MISTAKES["only output biases trained (per neuron)"] = on_another_network(per_neuron_biases([1]), none)


def shared_bias(rule):
    """The layers' shared biases trained, by a gradient that `rule` makes of the neurons' deltas."""

    def update(network):
        correct_gradients(network)
        network.update()
        for layer in network.layers:
            layer.biases[0].value -= network.learning_rate * rule([neuron.delta for neuron in layer])

    return update


MISTAKES["shared bias trained: summed"] = shared_bias(sum)
MISTAKES["shared bias trained: averaged"] = shared_bias(lambda deltas: sum(deltas) / len(deltas))
MISTAKES["shared bias trained: first neuron only"] = shared_bias(lambda deltas: deltas[0])


def scaled(factor):
    """Every gradient multiplied by the factor."""

    def update(network):
        correct_gradients(network)
        move(network, network.weights, factor * network.learning_rate)

    return update


MISTAKES["half dropped in the gradient (or rate 1)"] = scaled(2)
MISTAKES["an extra half"] = scaled(0.5)
MISTAKES["sign flipped"] = scaled(-1)


def other_slopes(output_slope, hidden_slope):
    """The backward pass with other slopes of the activation: functions of (out, right slope)."""

    def update(network):
        correct_gradients(network)
        hidden, output = network.layers
        slopes = {neuron: neuron.dout_dnet for neuron in network.neurons}
        for neuron in output:
            neuron.backpropagate(neuron.dE_dout, neuron.dE_dout * output_slope(neuron.out, slopes[neuron]))
        for index, neuron in enumerate(hidden):
            dE_dout = sum(each.delta * each.weights[index].value for each in output)
            neuron.backpropagate(dE_dout, dE_dout * hidden_slope(neuron.out, slopes[neuron]))
        network.update()

    return update


def right(out, slope):
    return slope


def missing(out, slope):
    return 1.0


def twice(out, slope):
    again = ACTIVATIONS["logistic"].value(out)
    return again * (1 - again)


MISTAKES["activation derivative missing at the output"] = other_slopes(missing, right)
MISTAKES["activation derivative missing at the hidden layer"] = other_slopes(right, missing)
MISTAKES["activation derivative missing everywhere"] = other_slopes(missing, missing)
MISTAKES["logistic applied twice in its derivative: both"] = other_slopes(twice, twice)
MISTAKES["logistic applied twice in its derivative: output"] = other_slopes(twice, right)
MISTAKES["logistic applied twice in its derivative: hidden"] = other_slopes(right, twice)


def other_paths(rule):
    """The hidden layer with another dE/dout: rule(output neurons, index of the hidden neuron)."""

    def update(network):
        correct_gradients(network)
        output = network.layers[-1].neurons
        backpropagate_hidden(network, lambda index: rule(output, index))
        network.update()

    return update


MISTAKES["hidden delta from the raw output error"] = other_paths(
    lambda output, index: sum(neuron.dE_dout * neuron.weights[index].value for neuron in output)
)
MISTAKES["only o1's path into h1 (no sum over outputs)"] = other_paths(
    lambda output, index: output[0].delta * output[0].weights[index].value
)
MISTAKES["output weights transposed in the backward pass"] = other_paths(
    lambda output, index: sum(
        neuron.delta * output[index].weights[k].value for k, neuron in enumerate(output)
    )
)
MISTAKES["deltas summed without their weights"] = other_paths(
    lambda output, index: sum(neuron.delta for neuron in output)
)


@mistake("absolute value instead of sign")
def absolute_value(network):
    correct_gradients(network)
    hidden, output = network.layers
    for neuron in output:
        neuron.backpropagate(neuron.dE_dout, abs(neuron.delta))
    backpropagate_hidden(
        network, lambda index: sum(neuron.delta * neuron.weights[index].value for neuron in output)
    )
    network.update()


@mistake("only the output layer updated")
def only_output(network):
    correct_gradients(network)
    move(network, [weight for neuron in network.layers[-1] for weight in neuron.weights])


def transposed(network):
    """The same network with both square weight matrices loaded transposed."""
    description = network.to_dict()
    for layer in description["layer"]:
        layer["weights"] = [list(column) for column in zip(*layer["weights"])]
    return load(description)


def without_biases(network):
    """The same network without biases."""
    description = network.to_dict()
    for layer in description["layer"]:
        layer["bias"], layer["train_bias"] = None, False
    return load(description)


MISTAKES["both weight matrices loaded transposed"] = on_another_network(transposed, none)
MISTAKES["no biases"] = on_another_network(without_biases, none)
