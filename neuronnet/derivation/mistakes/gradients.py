"""Mistakes in what a delta is multiplied by: dE/dw = delta * dnet/dw, where dnet/dw is the weight's input."""

from neuronnet.derivation.mistakes.mistake import Mistake, TakesHidden, is_square


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


class NetForOut(TakesHidden):
    id = "net in place of out in the gradient"
    sentence = "The delta is multiplied by the net input of the neuron before; dnet/dw is that neuron's output."

    def dnet_dw(self, layer, j, i):
        return self.nets[layer - 1][i] if layer else super().dnet_dw(layer, j, i)


class Transposed(Mistake):
    id = "gradient matrix transposed"
    sentence = "The matrix of the weight gradients is transposed before it is used; row j belongs to neuron j."

    def check(self):
        super().check()
        self.needs(any(map(is_square, self.weights)), "it takes a square matrix")

    def weight_gradient(self, layer, j, i):
        if not is_square(self.weights[layer]):
            return super().weight_gradient(layer, j, i)
        return self.deltas[layer][i] * self.dnet_dw(layer, i, j)


class TransposedWithL2(Transposed):
    id = "gradient matrix transposed, its L2 term as well"
    sentence = "The matrix of the weight gradients is transposed when l2*w is in it already; row j belongs to neuron j."

    def check(self):
        super().check()
        self.needs(self.l2 != 0, "there is no L2 term")

    def decayed(self, layer, j, i):
        return super().decayed(layer, i, j) if is_square(self.weights[layer]) else super().decayed(layer, j, i)


MISTAKES = (InputMissing, WeightForInput, NetForOut, Transposed, TransposedWithL2)
