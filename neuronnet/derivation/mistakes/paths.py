"""Mistakes in the way back: which paths lead to a hidden neuron, and what they carry."""

from neuronnet.derivation.mistakes.mistake import TakesHidden, is_square


class _Several(TakesHidden):
    def check(self):
        super().check()
        self.needs(max(self.sizes[1:]) > 1, "there is one path only")


class _Raw(TakesHidden):
    """What the layers that `is_sent_raw` says send back has no slope of the activation in it."""

    def upstream(self, layer, k):
        if self.dE_douts[layer] is None or not self.is_sent_raw(layer):
            return super().upstream(layer, k)
        return self.dE_douts[layer][k]


class RawOutputError(_Raw):
    id = "hidden delta from the raw output error"
    sentence = "What is sent back is the next layer's dE/dout; it is its delta, dE/dout * dout/dnet."

    def is_sent_raw(self, layer):
        return True


class RawOutputErrorOnce(_Raw):
    id = "hidden delta from the raw output error, at the output only"
    sentence = "The outputs send back their dE/dout and the hidden layers their deltas; every layer sends back its delta."

    def check(self):
        super().check()
        self.needs(self.depth > 2, "it takes two hidden layers")
        self.needs(not self.cancels, "the slopes of the loss and the output layer cancel")

    def is_sent_raw(self, layer):
        return layer == self.last


class FirstPath(_Several):
    id = "only o1's path into h1 (no sum over outputs)"
    sentence = "Only the path through the first neuron of the next layer is counted; dE/dout is the sum over all paths."

    def paths(self, layer, j):
        return super().paths(layer, j)[:1]


class LastPath(_Several):
    id = "only the last path into a hidden neuron"
    sentence = "Each path's share replaces the one before (= in place of +=); dE/dout is the sum over all paths."

    def paths(self, layer, j):
        return super().paths(layer, j)[-1:]


class OwnPath(_Several):
    id = "only the path to the neuron of the same number"
    sentence = "A hidden neuron hears of the neuron of its own number alone; dE/dout is the sum over all paths."

    def check(self):
        super().check()
        self.needs(all(one <= other for one, other in zip(self.sizes, self.sizes[1:])), "some neuron has no such path")

    def paths(self, layer, j):
        return super().paths(layer, j)[j:j + 1]


class AveragedPaths(_Several):
    id = "paths averaged instead of summed"
    sentence = "The paths into a hidden neuron are averaged; dE/dout is their sum."

    def passed_back(self, layer, j):
        return super().passed_back(layer, j) / self.sizes[layer + 1]


class TransposedBackwards(TakesHidden):
    id = "output weights transposed in the backward pass"
    sentence = ("The backward pass goes through the matrix of the next layer's weights the wrong way round; "
                "neuron j hears delta_k times the weight from j to k.")

    def check(self):
        super().check()
        self.needs(any(map(is_square, self.weights[1:])), "it takes a square matrix after a hidden layer")

    def weight_back(self, layer, k, j):
        return super().weight_back(layer, j, k) if is_square(self.weights[layer]) else super().weight_back(layer, k, j)


class WithoutWeights(TakesHidden):
    id = "deltas summed without their weights"
    sentence = "The deltas of the next layer are added up as they are; each belongs multiplied by the weight on its path."

    def weight_back(self, layer, k, j):
        weight = super().weight_back(layer, k, j)
        return weight - weight + 1


MISTAKES = (RawOutputError, RawOutputErrorOnce, FirstPath, LastPath, OwnPath, AveragedPaths, TransposedBackwards, WithoutWeights)
