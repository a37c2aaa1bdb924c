"""A peer to measure against: the usual object-per-neuron program, in the style most tutorials use.

Index loops that reach everything from the network down, a method for every partial derivative, deltas in
local lists, and biases that never move.
"""

import math


class ClassicNeuron:
    def __init__(self, weights, bias):
        self.weights = weights
        self.bias = bias

    def calculate_output(self, inputs):
        self.inputs = inputs
        self.output = self.squash(self.calculate_net())
        return self.output

    def calculate_net(self):
        total = 0
        for i in range(len(self.inputs)):
            total += self.inputs[i] * self.weights[i]
        return total + self.bias

    def squash(self, net):
        return 1 / (1 + math.exp(-net))

    def slope_of_error_at_net(self, target):
        return self.slope_of_error_at_output(target) * self.slope_of_output_at_net()

    def slope_of_error_at_output(self, target):
        return -(target - self.output)

    def slope_of_output_at_net(self):
        return self.output * (1 - self.output)

    def slope_of_net_at_weight(self, index):
        return self.inputs[index]


class ClassicLayer:
    def __init__(self, neurons):
        self.neurons = neurons

    def feed_forward(self, inputs):
        outputs = []
        for neuron in self.neurons:
            outputs.append(neuron.calculate_output(inputs))
        return outputs


class ClassicNetwork:
    LEARNING_RATE = 0.5

    def __init__(self, hidden_layer, output_layer):
        self.hidden_layer = hidden_layer
        self.output_layer = output_layer

    def feed_forward(self, inputs):
        return self.output_layer.feed_forward(self.hidden_layer.feed_forward(inputs))

    def train(self, inputs, targets):
        self.feed_forward(inputs)

        output_deltas = [0] * len(self.output_layer.neurons)
        for o in range(len(self.output_layer.neurons)):
            output_deltas[o] = self.output_layer.neurons[o].slope_of_error_at_net(targets[o])

        hidden_deltas = [0] * len(self.hidden_layer.neurons)
        for h in range(len(self.hidden_layer.neurons)):
            slope = 0
            for o in range(len(self.output_layer.neurons)):
                slope += output_deltas[o] * self.output_layer.neurons[o].weights[h]
            hidden_deltas[h] = slope * self.hidden_layer.neurons[h].slope_of_output_at_net()

        for o in range(len(self.output_layer.neurons)):
            for w in range(len(self.output_layer.neurons[o].weights)):
                gradient = output_deltas[o] * self.output_layer.neurons[o].slope_of_net_at_weight(w)
                self.output_layer.neurons[o].weights[w] -= self.LEARNING_RATE * gradient

        for h in range(len(self.hidden_layer.neurons)):
            for w in range(len(self.hidden_layer.neurons[h].weights)):
                gradient = hidden_deltas[h] * self.hidden_layer.neurons[h].slope_of_net_at_weight(w)
                self.hidden_layer.neurons[h].weights[w] -= self.LEARNING_RATE * gradient


def classic_twin(network):
    """The classic program with the parameters of a neuronnet.NeuralNetwork of two layers."""
    layers = [
        ClassicLayer(
            [
                ClassicNeuron([weight.value for weight in neuron.weights], neuron.bias.value)
                for neuron in layer
            ]
        )
        for layer in network.layers
    ]
    return ClassicNetwork(*layers)
