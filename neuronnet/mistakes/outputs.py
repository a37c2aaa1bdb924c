"""Mistakes and conventions in the error and its slope, softmax included."""

from neuronnet.description.settings import is_shared
from neuronnet.elementary import ln
from neuronnet.mistakes.mistake import Convention, Mistake, each_layer, is_square, other_convention

# --- Mistakes and conventions in the error and its slope, softmax included.


_LOGARITHMIC = ("binary cross-entropy", "categorical cross-entropy")
_SQUARED = ("half squared error", "squared error")


def _outputs(description):
    return len(description["layer"][-1]["weights"])


def _ends_in(description, activation):
    """Whether the outputs are of this activation, under a squared error and with targets that are
    probabilities.
    """
    return (
        description["layer"][-1]["activation"] == activation
        and description["loss"] in _SQUARED
        and all(0 <= target <= 1 for sample in description["sample"] for target in sample["targets"])
    )


CONVENTIONS = (
    other_convention(
        "the loss without its half",
        "E is (target - out)^2; the network says that it has the half.",
        "the loss without ½",
        {"loss": "squared error"},
        lambda network: network["loss"] == "half squared error",
    ),
    other_convention(
        "the loss with a half",
        "E is 1/2 (target - out)^2; the network says that it has no half.",
        "the loss with ½",
        {"loss": "half squared error"},
        lambda network: network["loss"] == "squared error",
    ),
    other_convention(
        "mean squared error",
        "E is the outputs' mean (target - out)^2; the network says otherwise.",
        "the mean squared error over the outputs, without ½",
        {"loss": "squared error", "outputs": "mean"},
        lambda network: (
            network["loss"] == "half squared error" and network["outputs"] == "sum" and _outputs(network) > 1
        ),
    ),
    other_convention(
        "outputs averaged",
        "The errors of the outputs are averaged; the network says that they are summed.",
        "the mean over the outputs",
        {"outputs": "mean"},
        lambda network: network["outputs"] == "sum" and _outputs(network) > 1,
    ),
    other_convention(
        "outputs summed",
        "The errors of the outputs are summed; the network says that they are averaged.",
        "the sum over the outputs",
        {"outputs": "sum"},
        lambda network: network["outputs"] == "mean" and _outputs(network) > 1,
    ),
    other_convention(
        "samples averaged",
        "The errors of the samples are averaged; the network says that they are summed.",
        "the mean over the samples",
        {"samples_combine": "mean"},
        lambda network: network["samples_combine"] == "sum" and len(network["sample"]) > 1,
    ),
    other_convention(
        "samples summed",
        "The errors of the samples are summed; the network says that they are averaged.",
        "the sum over the samples",
        {"samples_combine": "sum"},
        lambda network: network["samples_combine"] == "mean" and len(network["sample"]) > 1,
    ),
    other_convention(
        "squared error in place of the cross-entropy",
        "E is 1/2 (target - out)^2; the network's loss is a cross-entropy.",
        "the half squared error as the loss",
        {"loss": "half squared error"},
        lambda network: network["loss"] in _LOGARITHMIC,
    ),
    other_convention(
        "cross-entropy in place of the squared error",
        "E is the cross-entropy of a yes or no; the network's loss is a squared error.",
        "the binary cross-entropy as the loss",
        {"loss": "binary cross-entropy"},
        lambda network: _ends_in(network, "logistic"),
    ),
    other_convention(
        "cross-entropy of classes in place of the squared error",
        "E is the cross-entropy of the classes; the network's loss is a squared error.",
        "the categorical cross-entropy as the loss",
        {"loss": "categorical cross-entropy"},
        lambda network: _ends_in(network, "softmax"),
    ),
)


class _Softmax(Mistake):
    def check(self):
        super().check()
        self.needs(self.softmax and self.sizes[-1] > 1, "it takes a softmax of several outputs")


class DiagonalOnly(_Softmax):
    id = "softmax derivative on the diagonal only"
    sentence = "Only dout_j/dnet_j of the softmax is used; every output depends on every net input."

    def check(self):
        super().check()
        self.cancels = False

    def jacobian(self, k, j):
        right = super().jacobian(k, j)
        return right if k == j else 0 * right


class WithoutExponentials(_Softmax):
    id = "softmax without exponentials"
    sentence = (
        "The outputs are the shares of the net inputs; a softmax takes the shares of their exponentials."
    )

    def out(self, layer, j):
        return self.nets[layer][j] / sum(self.nets[layer]) if layer == self.last else super().out(layer, j)

    def check(self):
        super().check()
        self.from_nets = False


class _CrossEntropy(Mistake):
    def check(self):
        super().check()
        self.needs(self.loss.name in _LOGARITHMIC, "it takes a cross-entropy")


class Log10(_CrossEntropy):
    id = "log10 for ln"
    sentence = "The cross-entropy is taken with logarithms to base 10; its logarithm is the natural one."

    def error(self, j):
        error = super().error(j)
        return error / ln(type(error)(10))


class Log2(_CrossEntropy):
    id = "log2 for ln"
    sentence = (
        "The cross-entropy is taken with logarithms to base 2, in bits; its logarithm is the natural one."
    )

    def error(self, j):
        error = super().error(j)
        return error / ln(type(error)(2))


class SlopeAlthoughCancelled(_CrossEntropy):
    id = "derivative multiplied in although it cancels"
    sentence = (
        "The factor out*(1 - out) is in delta; with this cross-entropy it cancels, and delta is out - target."
    )

    def check(self):
        super().check()
        self.needs(self.cancels, "nothing cancels here")

    def cancelled(self, j):
        out = self.outs[-1][j]
        return super().cancelled(j) * (out * (1 - out))


class _YesOrNo(Mistake):
    def check(self):
        super().check()
        self.needs(
            self.loss.name == "binary cross-entropy" and self.cancels,
            "it takes logistic outputs and their cross-entropy",
        )
        self.from_nets = False


class CrossEntropySign(_YesOrNo):
    id = "sign slip in the cross-entropy"
    sentence = "E is -target*ln(out) + (1 - target)*ln(1 - out); both terms are subtracted."

    def error(self, j):
        target, out = self.targets[j], self.outs[-1][j]
        return (1 - target) * ln(1 - out) - target * ln(out)

    def cancelled(self, j):
        target, out = self.targets[j], self.outs[-1][j]
        return -(1 - target) * out - target * (1 - out)


class FirstTermOnly(_YesOrNo):
    id = "only the first term of the cross-entropy"
    sentence = "E is -target*ln(out); for a yes or no the term -(1 - target)*ln(1 - out) belongs to it."

    def error(self, j):
        return -self.targets[j] * ln(self.outs[-1][j])

    def cancelled(self, j):
        return -self.targets[j] * (1 - self.outs[-1][j])


ERRORS_OF_OUTPUTS = CONVENTIONS + (
    DiagonalOnly,
    WithoutExponentials,
    Log10,
    Log2,
    SlopeAlthoughCancelled,
    CrossEntropySign,
    FirstTermOnly,
)


# --- Mistakes made before the first sum: numbers of the network that were read in into the wrong places.


def loaded_transposed(id, sentence, which):
    """The mistake of loading square matrices transposed, those of the layers `which(number, count)`."""

    class LoadedTransposed(Mistake):
        def described(self, description):
            description = super().described(description)
            count = len(description["layer"])
            chosen = {
                number
                for number, layer in enumerate(description["layer"])
                if which(number, count) and is_square(layer["weights"])
            }
            self.needs(chosen, "it takes a square matrix of weights")
            return each_layer(
                description,
                lambda number, layer: (
                    layer
                    | {
                        "weights": [list(column) for column in zip(*layer["weights"])]
                        if number in chosen
                        else layer["weights"]
                    }
                ),
            )

    LoadedTransposed.id, LoadedTransposed.sentence = id, sentence
    return LoadedTransposed


class BiasesSwapped(Mistake):
    id = "biases of the layers swapped"
    sentence = "The layers' biases were read in reverse order, the output layer's into the first layer."

    def described(self, description):
        description = super().described(description)
        biases = [layer["bias"] for layer in description["layer"]][::-1]
        self.needs(
            len(biases) > 1 and all(is_shared(layer) for layer in description["layer"]),
            "it takes several layers with a shared bias each",
        )
        return each_layer(description, lambda number, layer: layer | {"bias": biases[number]})


def _reversed(id, key, sentence):
    class Reversed(Mistake):
        def described(self, description):
            description = super().described(description)
            self.needs(
                any(len(sample[key]) > 1 for sample in description["sample"]),
                f"there are no {key} to exchange",
            )
            return description | {
                "sample": [sample | {key: sample[key][::-1]} for sample in description["sample"]]
            }

    Reversed.id, Reversed.sentence = id, sentence
    return Reversed


LOADING = (
    loaded_transposed(
        "both weight matrices loaded transposed",
        "Every square matrix of weights was loaded transposed; a row has the weights of one neuron.",
        lambda number, count: True,
    ),
    loaded_transposed(
        "first weight matrix loaded transposed",
        "The first matrix of weights was loaded transposed; a row has the weights of one neuron.",
        lambda number, count: number == 0 < count - 1,
    ),
    loaded_transposed(
        "last weight matrix loaded transposed",
        "The last matrix of weights was loaded transposed; a row has the weights of one neuron.",
        lambda number, count: number == count - 1 > 0,
    ),
    BiasesSwapped,
    _reversed(
        "inputs in reverse order", "inputs", "The inputs were read in reverse order, the last one into i1."
    ),
    _reversed(
        "targets in reverse order", "targets", "The targets were read in reverse order, the last one for o1."
    ),
)


# --- What people do with the activation in the forward pass: another function, none, or a sign in its
# exponent.


_PROBABILITIES = ("binary cross-entropy", "categorical cross-entropy")


def other_activation(id, sentence, convention, instead, concerned):
    """The convention of another activation in the layers `concerned(layer, is it the last?)`, slope
    included.
    """

    class OtherActivation(Convention):
        def described(self, description):
            description = super().described(description)
            last = len(description["layer"]) - 1
            chosen = {
                number
                for number, layer in enumerate(description["layer"])
                if layer["activation"] != instead and concerned(layer["activation"], number == last)
            }
            self.needs(chosen, "no layer has such an activation")
            self.needs(
                last not in chosen or instead == "logistic" or description["loss"] not in _PROBABILITIES,
                "the loss takes probabilities",
            )
            return each_layer(
                description,
                lambda number, layer: (
                    layer | {"activation": instead if number in chosen else layer["activation"]}
                ),
            )

    OtherActivation.id, OtherActivation.sentence, OtherActivation.convention = id, sentence, convention
    return OtherActivation


class ExponentSign(Mistake):
    id = "exp(net) for exp(-net)"
    sentence = "The logistic is computed as 1/(1 + exp(net)); its exponent is -net."

    def check(self):
        super().check()
        self.needs(any(each.name == "logistic" for each in self.activations), "no layer is logistic")
        self.from_nets = False

    def out(self, layer, j):
        activation = self.activations[layer]
        return (
            activation.value(-self.nets[layer][j]) if activation.name == "logistic" else super().out(layer, j)
        )


FORWARD = (
    other_activation(
        "tanh in place of the logistic",
        "Outputs are tanh(net); the network's activation is the logistic.",
        "tanh in place of the logistic",
        "tanh",
        lambda activation, last: activation == "logistic",
    ),
    other_activation(
        "the logistic in place of tanh",
        "Outputs are 1/(1 + exp(-net)); the network's activation is tanh.",
        "the logistic in place of tanh",
        "logistic",
        lambda activation, last: activation == "tanh",
    ),
    other_activation(
        "the logistic in place of softmax",
        "Every output is 1/(1 + exp(-net)) for itself; the network's is a softmax.",
        "logistic outputs",
        "logistic",
        lambda activation, last: activation == "softmax",
    ),
    other_activation(
        "no activation at the output",
        "The outputs are the net inputs; the network has an activation there.",
        "an output layer without activation",
        "identity",
        lambda activation, last: last,
    ),
    other_activation(
        "no activation in the hidden layers",
        "Hidden outputs are the net inputs; the network has an activation there.",
        "hidden layers without activation",
        "identity",
        lambda activation, last: not last,
    ),
    ExponentSign,
)
