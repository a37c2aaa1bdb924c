"""Mistakes in what a delta is multiplied by: dE/dw = delta * dnet/dw, where dnet/dw is the weight's input."""

from neuronnet.derivation.mistakes.mistake import Mistake


class InputMissing(Mistake):
    id = "input not multiplied into the gradient"
    sentence = "Every weight of a neuron moves by its delta; dE/dw is the delta times what the weight multiplies."

    def dnet_dw(self, layer, j, i):
        right = super().dnet_dw(layer, j, i)
        return right - right + 1


class WeightForInput(Mistake):
    id = "the weight in place of its input in the gradient"
    sentence = "The delta is multiplied by the weight itself; dE/dw is the delta times what the weight multiplies."

    def dnet_dw(self, layer, j, i):
        return self.weights[layer][j][i]


class NetForOut(Mistake):
    id = "net in place of out in the gradient"
    sentence = "The delta is multiplied by the net input of the neuron before; dnet/dw is that neuron's output."

    def check(self):
        super().check()
        self.needs(self.depth > 1, "it takes a hidden layer")

    def dnet_dw(self, layer, j, i):
        return self.nets[layer - 1][i] if layer else super().dnet_dw(layer, j, i)


class Transposed(Mistake):
    id = "gradient matrix transposed"
    sentence = "The matrix of the weight gradients is transposed before it is used; row j belongs to neuron j."

    def check(self):
        super().check()
        self.needs(any(self._fits(layer) for layer in range(self.depth)), "it takes a square matrix")

    def _fits(self, layer):
        return len(self.weights[layer]) == len(self.weights[layer][0]) > 1

    def weight_gradient(self, layer, j, i):
        if not self._fits(layer):
            return super().weight_gradient(layer, j, i)
        return self.deltas[layer][i] * self.dnet_dw(layer, i, j)


class TransposedWithL2(Transposed):
    id = "gradient matrix transposed, its L2 term as well"
    sentence = "The matrix of the weight gradients is transposed when l2*w is in it already; row j belongs to neuron j."

    def check(self):
        super().check()
        self.needs(self.l2 != 0, "there is no L2 term")

    def decayed(self, layer, j, i):
        return super().decayed(layer, i, j) if self._fits(layer) else super().decayed(layer, j, i)


MISTAKES = (InputMissing, WeightForInput, NetForOut, Transposed, TransposedWithL2)
