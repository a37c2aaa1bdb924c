"""What people do with biases: how many there are and whether they learn, and mistakes in their gradients and
steps.
"""

import re

from neuronnet.description.settings import biases_given, biases_of_neurons, is_shared
from neuronnet.mistakes.mistake import Convention, Mistake, TakesHidden, each_layer
from neuronnet.mistakes.paths import UpdatedWeightsBackwards

# --- What people do with biases: how many there are and whether they learn, and mistakes in their gradients
# and steps.


_BIAS = re.compile("b[0-9]+")


def own_and_trained(layer):
    """The layer with a trained bias for every neuron, if it has any bias at all."""
    return layer if layer["bias"] is None else layer | {"bias": biases_of_neurons(layer), "train_bias": True}


def with_biases(description, change):
    """A description whose layers are changed; new numbers of biases do away with the author's names for
    them.
    """
    changed = each_layer(description, change)
    if [_bias_count(layer) for layer in changed["layer"]] != [
        _bias_count(layer) for layer in description["layer"]
    ]:
        changed["names"] = {
            name: own for name, own in description["names"].items() if not _BIAS.fullmatch(name)
        }
    return changed


def _bias_count(layer):
    return len(biases_given(layer) or ())


class BiasPerNeuron(Convention):
    id = "bias per neuron, trained"
    sentence = "Every neuron has a bias of its own and learns it, which the network does not say."
    convention = "one bias per neuron, trained"

    def described(self, description):
        description = super().described(description)
        self.needs(
            any(
                layer["bias"] is not None and not (layer["train_bias"] and not is_shared(layer))
                for layer in description["layer"]
            ),
            "no bias is shared or frozen",
        )
        return with_biases(description, lambda number, layer: own_and_trained(layer))


def only_biases_of(place, of_output):
    """The mistake of training the biases of the output neurons alone, or of the hidden ones."""

    class OnlyBiases(Mistake):
        id = f"only {place} biases trained (per neuron)"
        sentence = (
            f"Only the {place} neurons learn a bias, each its own; the layers of a network are treated alike."
        )

        def described(self, description):
            description = super().described(description)
            last = len(description["layer"]) - 1
            self.needs(last > 0, "it takes a hidden layer")
            self.needs(
                any(
                    layer["bias"] is not None
                    for number, layer in enumerate(description["layer"])
                    if (number == last) == of_output
                ),
                f"no {place} neuron has a bias",
            )
            return with_biases(
                description,
                lambda number, layer: (
                    own_and_trained(layer) if (number == last) == of_output else layer | {"train_bias": False}
                ),
            )

    return OnlyBiases


class _SharedTrained(Mistake):
    """Shared biases learn."""

    def described(self, description):
        description = super().described(description)
        self.needs(any(is_shared(layer) for layer in description["layer"]), "no layer shares a bias")
        return each_layer(
            description, lambda number, layer: layer | {"train_bias": layer["bias"] is not None}
        )


class SharedSummed(_SharedTrained, Convention):
    id = "shared bias trained: summed"
    sentence = "The layers' shared biases learn, by the sum of the deltas, which the network does not say."
    convention = "shared biases that are trained"


class SharedAveraged(_SharedTrained):
    id = "shared bias trained: averaged"
    sentence = "A shared bias moves by the mean of its neurons' deltas; its gradient is their sum."

    def bias_gradient(self, layer, b):
        gradient = super().bias_gradient(layer, b)
        return gradient / self.sizes[layer] if self.shared_bias[layer] else gradient


class SharedFirst(_SharedTrained):
    id = "shared bias trained: first neuron only"
    sentence = (
        "A shared bias moves by the delta of the first neuron alone; its gradient is the sum of all deltas."
    )

    def bias_gradient(self, layer, b):
        return self.deltas[layer][0] if self.shared_bias[layer] else super().bias_gradient(layer, b)


class UpdatedWeightsAndBiases(UpdatedWeightsBackwards, BiasPerNeuron):
    id = "updated weights and bias per neuron"
    kind, convention = "mistake", None
    sentence = (
        "Every neuron learns a bias of its own, and the hidden deltas use weights that are already updated; "
        "all gradients belong before the first update."
    )


class NoBiases(Convention):
    id = "no biases"
    sentence = "The net inputs have no bias, which the network has."
    convention = "the network without biases"

    def described(self, description):
        description = super().described(description)
        self.needs(any(layer["bias"] is not None for layer in description["layer"]), "there is no bias")
        return with_biases(description, lambda number, layer: layer | {"bias": None, "train_bias": False})


class FrozenBiases(Convention):
    id = "biases never updated"
    sentence = "The biases were left as they were; the network says that they learn."
    convention = "biases that are not trained"

    def described(self, description):
        description = super().described(description)
        self.needs(any(layer["train_bias"] for layer in description["layer"]), "no bias is trained")
        return each_layer(description, lambda number, layer: layer | {"train_bias": False})


def bias_missing(id, place, which):
    """The mistake of leaving the biases of some layers out of the net inputs."""

    class BiasMissing(TakesHidden):
        sentence = f"The bias is missing in the net inputs of the {place}."

        def check(self):
            super().check()
            self.needs(
                any(self.biases[layer] is not None for layer in range(self.depth) if which(self, layer)),
                f"the {place} has no bias",
            )

        def bias(self, layer, j):
            return None if which(self, layer) else super().bias(layer, j)

    BiasMissing.id = id
    return BiasMissing


class FirstBiasEverywhere(Mistake):
    id = "the first layer's bias used everywhere"
    sentence = "Every layer adds the bias of the first one; each layer has a bias of its own."

    def check(self):
        super().check()
        self.needs(
            self.depth > 1 and all(self.shared_bias), "it takes several layers with a shared bias each"
        )

    def bias(self, layer, j):
        return super().bias(0, j)


class SameForAll(Mistake):
    id = "one bias gradient for all neurons of a layer"
    sentence = "Every bias of a layer moves by the sum of all its deltas; a neuron's own bias moves by its own delta."

    def check(self):
        super().check()
        self.needs(
            any(biases is not None and len(biases) > 1 for biases in self.biases),
            "no layer has a bias per neuron",
        )

    def bias_gradient(self, layer, b):
        return sum(self.deltas[layer])


class _WithBiases(Mistake):
    def check(self):
        super().check()
        self.needs(any(biases is not None for biases in self.biases), "there is no bias")


class AveragedOverSamples(_WithBiases):
    id = "bias gradient averaged over the samples"
    sentence = (
        "The bias gradients are divided by the number of samples once more than the weights'; both combine in the "
        "same way."
    )

    def check(self):
        super().check()
        self.needs(len(self.samples) > 1, "it takes several samples")

    def total_bias_gradient(self, layer, b, terms):
        return super().total_bias_gradient(layer, b, terms) / len(terms)


class FromWeightGradients(_WithBiases):
    id = "bias gradient from the weight gradients"
    sentence = "The bias gradient is the sum of the neuron's weight gradients; it is the delta, because dnet/db is 1."

    def bias_gradient(self, layer, b):
        rows = range(self.sizes[layer]) if self.shared_bias[layer] else [b]
        return sum(self.weight_gradient(layer, j, i) for j in rows for i in range(len(self.inputs[layer])))


class _TrainedBiases(Mistake):
    def check(self):
        super().check()
        self.needs(any(self.trained_bias), "no bias is trained")


class OncePerWeight(_TrainedBiases):
    id = "bias moved once per weight"
    sentence = (
        "The bias is moved inside the loop over the weights, once for each; it moves once in an update."
    )

    def moved_bias(self, layer, b):
        biases = self.biases[layer]
        before = biases[b]
        for _ in self.weights[layer][0]:
            moved = biases[b] = super().moved_bias(layer, b)
        biases[b] = before
        return moved


class FromFirstWeight(_TrainedBiases):
    id = "bias step taken from the first weight"
    sentence = "The new bias is the neuron's first weight minus the bias's step (b = w - eta*db); it starts from the bias."

    def moved_bias(self, layer, b):
        return self.moved((layer, b), self.first_weights[b], self.bias_gradients[layer][b])

    def update_layer(self, layer):
        self.first_weights = [row[0] for row in self.weights[layer]]
        super().update_layer(layer)


BIASES = (
    BiasPerNeuron,
    SharedSummed,
    SharedAveraged,
    SharedFirst,
    only_biases_of("output", True),
    only_biases_of("hidden", False),
    UpdatedWeightsAndBiases,
    NoBiases,
    FrozenBiases,
    bias_missing(
        "bias missing in the hidden net input", "hidden layer", lambda program, layer: layer < program.last
    ),
    bias_missing(
        "bias missing in the output net input", "output layer", lambda program, layer: layer == program.last
    ),
    FirstBiasEverywhere,
    SameForAll,
    AveragedOverSamples,
    FromWeightGradients,
    OncePerWeight,
    FromFirstWeight,
)


# --- What people do with the L2 term, l2/2 times the sum of the squared weights: leave it out, double it,
# scale it.


class _L2(Mistake):
    def described(self, description):
        description = super().described(description)
        self.needs(description["l2"] != 0, "there is no L2 term")
        return description


class Missing(_L2, Convention):
    id = "L2 term missing"
    sentence = "Neither the error nor the gradients have the L2 term that the network says."
    convention = "the network without its L2 term"

    def described(self, description):
        return super().described(description) | {"l2": 0}


class MissingInGradient(_L2):
    id = "L2 term missing in the gradient"
    sentence = "The error has the L2 term and the gradients lack l2*w."

    def l2_gradient(self, weight, count):
        return 0 * weight


class MissingInError(_L2):
    id = "L2 term missing in the error"
    sentence = "The gradients have l2*w and the error lacks the L2 term."

    def total_error(self, total_name, l2_name):
        l2, self.l2 = self.l2, 0
        total = super().total_error(total_name, l2_name)
        self.l2 = l2
        return total


class WithoutHalf(_L2, Convention):
    id = "L2 term without its half"
    sentence = "The L2 term is l2 times the sum of the squared weights and its slope 2*l2*w; the network's has the half."
    convention = "an L2 term without ½"

    def check(self):
        super().check()
        self.l2 = 2 * self.l2


class DoubledInGradient(_L2):
    id = "L2 gradient doubled"
    sentence = "The L2 term adds 2*l2*w to the gradient; with the half in the error it is l2*w."

    def l2_gradient(self, weight, count):
        return 2 * super().l2_gradient(weight, count)


class WithoutHalfInError(_L2):
    id = "L2 term without its half in the error only"
    sentence = "The L2 term of the error lacks its half, while its slope is l2*w; both follow from one error."

    def l2_error(self, count):
        return 2 * super().l2_error(count)


class OnBiases(_L2):
    id = "L2 term on the biases as well"
    sentence = "The L2 term counts the biases; it is made of the weights alone."

    def check(self):
        super().check()
        self.needs(any(biases is not None for biases in self.biases), "there is no bias")

    def l2_error(self, count):
        squares = sum(bias * bias for biases in self.biases if biases is not None for bias in biases)
        return super().l2_error(count) + self.l2_share(self.l2 * squares / 2, count)

    def total_bias_gradient(self, layer, b, terms):
        return super().total_bias_gradient(layer, b, terms) + self.l2_gradient(
            self.biases[layer][b], len(terms)
        )


class WrongSign(_L2):
    id = "L2 gradient of the wrong sign"
    sentence = "The gradient has l2*w subtracted, so that weights grow; it is added."

    def l2_gradient(self, weight, count):
        return -super().l2_gradient(weight, count)


def other_scale(id, sentence, convention, scale):
    """The convention of an L2 term that is divided by the number of samples, or is not."""

    class OtherScale(_L2, Convention):
        def described(self, description):
            description = super().described(description)
            self.needs(
                description["l2_scale"] != scale and len(description["sample"]) > 1, "it makes no difference"
            )
            return description | {"l2_scale": scale}

    OtherScale.id, OtherScale.sentence, OtherScale.convention = id, sentence, convention
    return OtherScale


L2_TERMS = (
    Missing,
    MissingInGradient,
    MissingInError,
    WithoutHalf,
    DoubledInGradient,
    WithoutHalfInError,
    OnBiases,
    WrongSign,
    other_scale(
        "L2 term divided by the number of samples",
        "The L2 term is divided by the number of samples, which the network does not say.",
        "an L2 term divided by the number of samples",
        "per sample",
    ),
    other_scale(
        "L2 term not divided by the number of samples",
        "The L2 term counts in full; the network divides it by the number of samples.",
        "an L2 term that is not divided by the number of samples",
        "as is",
    ),
)
