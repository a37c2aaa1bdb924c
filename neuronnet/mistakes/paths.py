"""Mistakes in the way back: which paths lead to a hidden neuron, and what they carry."""

from neuronnet.mistakes.mistake import Mistake, TakesHidden, is_square, other_convention

# --- Mistakes in the order of things: parameters that move before the backward pass is over, or do not move
# at all.


class _LayerByLayer(TakesHidden):
    """Each layer moves as soon as its own gradients are known."""

    def check(self):
        super().check()
        self.needs(self.rate is not None, "it takes a learning rate")

    def finished(self, layer, batch):
        super().finished(layer, batch)
        self.update_layer(layer)

    def update(self):
        """Every layer has moved already."""


class UpdatedWeightsBackwards(_LayerByLayer):
    id = "updated output weights used backwards"
    sentence = (
        "The hidden deltas use the weights of the layer after them when these are already updated; "
        "all gradients belong before the first update."
    )


class ForwardBetweenUpdates(_LayerByLayer):
    id = "forward pass repeated between the updates of the layers"
    sentence = (
        "The pass is repeated with the updated later layers before a hidden layer's gradients are taken; "
        "one forward pass serves all gradients of an update."
    )

    def finished(self, layer, batch):
        super().finished(layer, batch)
        named, self.rows = self.rows, self.names.rows(None)
        self.feed_forward(batch)
        for later in reversed(range(layer, self.depth)):
            for position in batch:
                self.enter(position)
                self.delta_layer(later)
        self.rows = named


class OnlyOutputUpdated(TakesHidden):
    id = "only the output layer updated"
    sentence = "Only the output layer's parameters were changed; the hidden layers learn as well."

    def moved(self, place, value, gradient):
        return super().moved(place, value, gradient) if place[0] == self.last else value


class OnlyHiddenUpdated(TakesHidden):
    id = "only the hidden layers updated"
    sentence = "The output layer's parameters were left as they were; they learn as well."

    def moved(self, place, value, gradient):
        return super().moved(place, value, gradient) if place[0] < self.last else value


UPDATE_ORDER = (UpdatedWeightsBackwards, ForwardBetweenUpdates, OnlyOutputUpdated, OnlyHiddenUpdated)


# --- Mistakes in the way back: which paths lead to a hidden neuron, and what they carry.


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
    sentence = (
        "Each path's share replaces the one before (= in place of +=); dE/dout is the sum over all paths."
    )

    def paths(self, layer, j):
        return super().paths(layer, j)[-1:]


class OwnPath(_Several):
    id = "only the path to the neuron of the same number"
    sentence = (
        "A hidden neuron hears of the neuron of its own number alone; dE/dout is the sum over all paths."
    )

    def check(self):
        super().check()
        self.needs(
            all(one <= other for one, other in zip(self.sizes, self.sizes[1:])),
            "some neuron has no such path",
        )

    def paths(self, layer, j):
        return super().paths(layer, j)[j : j + 1]


class AveragedPaths(_Several):
    id = "paths averaged instead of summed"
    sentence = "The paths into a hidden neuron are averaged; dE/dout is their sum."

    def passed_back(self, layer, j):
        return super().passed_back(layer, j) / self.sizes[layer + 1]


class TransposedBackwards(TakesHidden):
    id = "output weights transposed in the backward pass"
    sentence = (
        "The backward pass goes through the matrix of the next layer's weights the wrong way round; "
        "neuron j hears delta_k times the weight from j to k."
    )

    def check(self):
        super().check()
        self.needs(any(map(is_square, self.weights[1:])), "it takes a square matrix after a hidden layer")

    def weight_back(self, layer, k, j):
        return (
            super().weight_back(layer, j, k)
            if is_square(self.weights[layer])
            else super().weight_back(layer, k, j)
        )


class WithoutWeights(TakesHidden):
    id = "deltas summed without their weights"
    sentence = "The deltas of the next layer are added up as they are; each belongs multiplied by the weight on its path."

    def weight_back(self, layer, k, j):
        weight = super().weight_back(layer, k, j)
        return weight - weight + 1


PATHS = (
    RawOutputError,
    RawOutputErrorOnce,
    FirstPath,
    LastPath,
    OwnPath,
    AveragedPaths,
    TransposedBackwards,
    WithoutWeights,
)


# --- Mistakes in what a delta is multiplied by: dE/dw = delta * dnet/dw, where dnet/dw is the weight's input.


class InputMissing(Mistake):
    id = "input not multiplied into the gradient"
    sentence = (
        "Every weight of a neuron moves by its delta; dE/dw is the delta times what the weight multiplies."
    )

    def dnet_dw(self, layer, j, i):
        right = super().dnet_dw(layer, j, i)
        return right - right + 1


class WeightForInput(Mistake):
    id = "the weight in place of its input in the gradient"
    sentence = (
        "The delta is multiplied by the weight itself; dE/dw is the delta times what the weight multiplies."
    )

    def dnet_dw(self, layer, j, i):
        return self.weights[layer][j][i]


class NetForOut(TakesHidden):
    id = "net in place of out in the gradient"
    sentence = (
        "The delta is multiplied by the net input of the neuron before; dnet/dw is that neuron's output."
    )

    def dnet_dw(self, layer, j, i):
        return self.nets[layer - 1][i] if layer else super().dnet_dw(layer, j, i)


class Transposed(Mistake):
    id = "gradient matrix transposed"
    sentence = (
        "The matrix of the weight gradients is transposed before it is used; row j belongs to neuron j."
    )

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
        return (
            super().decayed(layer, i, j) if is_square(self.weights[layer]) else super().decayed(layer, j, i)
        )


GRADIENTS = (InputMissing, WeightForInput, NetForOut, Transposed, TransposedWithL2)


# --- Mistakes in the step itself and in counting the steps.


class Assigned(Mistake):
    id = "weight assigned instead of changed"
    sentence = "The new weight is -eta * dE/dw, without the old one; the update is w - eta * dE/dw."

    def moved(self, place, value, gradient):
        return super().moved(place, value, gradient) - value


class _Miscounted(Mistake):
    is_miscount = True

    def check(self):
        super().check()
        self.needs(self.rate is not None, "it takes a learning rate")


class OneTooFew(_Miscounted):
    id = "one update too few"
    sentence = "The numbers are those of one update before."

    def updates_for(self, count):
        return super().updates_for(count) - 1


class OneTooMany(_Miscounted):
    id = "one update too many"
    sentence = "The numbers are those of one update later."

    def updates_for(self, count):
        return super().updates_for(count) + 1


STEPS = (Assigned, OneTooFew, OneTooMany)


# --- What people do with several samples: leave some out, or update after each where the network waits for
# all.


class _SeveralSamples(Mistake):
    def check(self):
        super().check()
        self.needs(
            len(self.samples) > 1 and self.description["batch"] != "online",
            "every update rests on one sample",
        )


class FirstSample(_SeveralSamples):
    id = "gradient of the first sample only"
    sentence = "The update uses the gradient of the first sample alone; it combines those of all samples."

    def combined(self, terms):
        return super().combined(terms[:1])


class LastSample(_SeveralSamples):
    id = "gradient of the last sample only"
    sentence = "Each sample's gradient replaces the one before (= in place of +=); they add up."

    def combined(self, terms):
        return super().combined([0 * term for term in terms[:-1]] + terms[-1:])


class _SeveralAveraged(_SeveralSamples):
    def check(self):
        super().check()
        self.needs(self.gradient_averaged, "the samples are not averaged")


class FirstSampleOfTheMean(_SeveralAveraged):
    id = "gradient of the first sample only, divided by their number"
    sentence = "The update uses the gradient of the first sample alone, divided by the number of samples; it is the mean of all."

    def combined(self, terms):
        return super().combined(terms[:1] + [0 * term for term in terms[1:]])


class LastSampleUndivided(_SeveralAveraged):
    id = "gradient of the last sample only, not divided"
    sentence = "Each sample's gradient replaces the one before (= in place of +=) and is not divided; it is the mean of all."

    def combined(self, terms):
        return super().combined(terms[-1:])


def other_batch(id, sentence, convention, batch):
    """The convention of updates from batches of another size."""
    return other_convention(
        id,
        sentence,
        convention,
        {"batch": batch},
        lambda network: len(network["sample"]) > 1 and network["batch"] != batch,
    )


SAMPLES = (
    FirstSample,
    LastSample,
    FirstSampleOfTheMean,
    LastSampleUndivided,
    other_batch(
        "updates sample by sample",
        "The parameters move after every sample; the network says that a batch is combined first.",
        "updates after every sample",
        "online",
    ),
    other_batch(
        "updates from all samples together",
        "The parameters move once for all samples; the network says that they move in smaller batches.",
        "updates from all samples together",
        "full",
    ),
)
