"""Mistakes and conventions in the forward pass: the error, softmax, activations, numbers misplaced."""

from dataclasses import replace

from neuronnet.elementary import ln
from neuronnet.mistakes.mistaken_program import in_layers, is_square, mistake, other_convention

# The error and its slope, softmax included.

_LOGARITHMIC = ("binary cross-entropy", "categorical cross-entropy")
_SQUARED = ("half squared error", "squared error")


def _has(key, *values, several=None):
    """A condition: an entry is one of these values, and there are several outputs or samples."""

    def has(description):
        outputs, samples = description.layers[-1].neurons, len(description.samples)
        value = getattr(description, key)
        return value in values and {None: 2, "outputs": outputs, "samples": samples}[several] > 1

    return has


def _ends_in(activation):
    """A condition: outputs of this activation, a squared error, and targets that are probabilities."""
    return lambda description: (
        description.layers[-1].activation == activation
        and description.loss in _SQUARED
        and all(0 <= target <= 1 for sample in description.samples for target in sample.targets)
    )


_SOFTMAX = (
    lambda program: program.softmax and program.sizes[-1] > 1,
    "it takes a softmax of several outputs",
)
_CROSS_ENTROPY = (lambda program: program.loss.name in _LOGARITHMIC, "it takes a cross-entropy")
_YES_OR_NO = (
    lambda program: program.loss.name == "binary cross-entropy" and program.cancels,
    "it takes logistic outputs and their cross-entropy",
)


def _from_outs(program):
    program.from_nets = False


def _logarithm(id, base, unit):
    def error(program, right, j):
        natural = right(j)
        return natural / ln(type(natural)(base))

    return mistake(
        id,
        f"The cross-entropy is taken with logarithms to base {base}{unit}; its logarithm is the natural one.",
        needs=[_CROSS_ENTROPY],
        error=error,
    )


def _yes_or_no(id, sentence, error, slope):
    return mistake(
        id,
        sentence,
        needs=[_YES_OR_NO],
        change=_from_outs,
        error=lambda program, right, j: error(program.targets[j], program.outs[-1][j]),
        cancelled=lambda program, right, j: slope(program.targets[j], program.outs[-1][j]),
    )


def _combined(what, key):
    ways = ("averaged", "mean"), ("summed", "sum")
    for (done, combine), (said, other) in (ways, ways[::-1]):
        yield other_convention(
            f"{what} {done}",
            f"The errors of the {what} are {done}; the network says that they are {said}.",
            f"the {combine} over the {what}",
            _has(key, other, several=what),
            **{key: combine},
        )


ERRORS = (
    other_convention(
        "the loss without its half",
        "E is (target - out)^2; the network says that it has the half.",
        "the loss without ½",
        _has("loss", "half squared error"),
        loss="squared error",
    ),
    other_convention(
        "the loss with a half",
        "E is 1/2 (target - out)^2; the network says that it has no half.",
        "the loss with ½",
        _has("loss", "squared error"),
        loss="half squared error",
    ),
    other_convention(
        "mean squared error",
        "E is the outputs' mean (target - out)^2; the network says otherwise.",
        "the mean squared error over the outputs, without ½",
        lambda description: (
            description.loss == "half squared error"
            and _has("outputs", "sum", several="outputs")(description)
        ),
        loss="squared error",
        outputs="mean",
    ),
    *_combined("outputs", "outputs"),
    *_combined("samples", "samples_combine"),
    other_convention(
        "squared error in place of the cross-entropy",
        "E is 1/2 (target - out)^2; the network's loss is a cross-entropy.",
        "the half squared error as the loss",
        _has("loss", *_LOGARITHMIC),
        loss="half squared error",
    ),
    other_convention(
        "cross-entropy in place of the squared error",
        "E is the cross-entropy of a yes or no; the network's loss is a squared error.",
        "the binary cross-entropy as the loss",
        _ends_in("logistic"),
        loss="binary cross-entropy",
    ),
    other_convention(
        "cross-entropy of classes in place of the squared error",
        "E is the cross-entropy of the classes; the network's loss is a squared error.",
        "the categorical cross-entropy as the loss",
        _ends_in("softmax"),
        loss="categorical cross-entropy",
    ),
    mistake(
        "softmax derivative on the diagonal only",
        "Only dout_j/dnet_j of the softmax is used; every output depends on every net input.",
        needs=[_SOFTMAX],
        change=lambda program: setattr(program, "cancels", False),
        jacobian=lambda program, right, k, j: right(k, j) if k == j else 0 * right(k, j),
    ),
    mistake(
        "softmax without exponentials",
        "The outputs are the shares of the net inputs; a softmax takes the shares of their exponentials.",
        needs=[_SOFTMAX],
        change=_from_outs,
        out=lambda program, right, layer, j: (
            program.nets[layer][j] / sum(program.nets[layer]) if layer == program.last else right(layer, j)
        ),
    ),
    _logarithm("log10 for ln", 10, ""),
    _logarithm("log2 for ln", 2, ", in bits"),
    mistake(
        "derivative multiplied in although it cancels",
        "The factor out*(1 - out) is in delta; with this cross-entropy it cancels, "
        "and delta is out - target.",
        needs=[_CROSS_ENTROPY, (lambda program: program.cancels, "nothing cancels here")],
        cancelled=lambda program, right, j: right(j) * (program.outs[-1][j] * (1 - program.outs[-1][j])),
    ),
    _yes_or_no(
        "sign slip in the cross-entropy",
        "E is -target*ln(out) + (1 - target)*ln(1 - out); both terms are subtracted.",
        lambda target, out: (1 - target) * ln(1 - out) - target * ln(out),
        lambda target, out: -(1 - target) * out - target * (1 - out),
    ),
    _yes_or_no(
        "only the first term of the cross-entropy",
        "E is -target*ln(out); for a yes or no the term -(1 - target)*ln(1 - out) belongs to it.",
        lambda target, out: -target * ln(out),
        lambda target, out: -target * (1 - out),
    ),
)


# Numbers of the network that were read into the wrong places.


def _transposed(which, all_of, is_chosen):
    suits, described = in_layers(
        lambda layer, number, last: is_chosen(number, last) and is_square(layer.weights),
        lambda layer: replace(layer, weights=tuple(zip(*layer.weights))),
        "it takes a square matrix of weights",
    )
    return mistake(
        f"{which} loaded transposed",
        f"{all_of} of weights was loaded transposed; a row has the weights of one neuron.",
        where=[suits],
        described=described,
    )


def _reversed(key, sentence):
    def described(description):
        samples = (sample._replace(**{key: getattr(sample, key)[::-1]}) for sample in description.samples)
        return replace(description, samples=tuple(samples))

    def has_several(description):
        return any(len(getattr(sample, key)) > 1 for sample in description.samples)

    reason = f"there are no {key} to exchange"
    return mistake(f"{key} in reverse order", sentence, where=[(has_several, reason)], described=described)


def _biases_swapped(description):
    layers = description.layers
    swapped = (replace(layer, bias=other.bias) for layer, other in zip(layers, layers[::-1]))
    return replace(description, layers=tuple(swapped))


_ALL_SHARED = (
    lambda description: (
        len(description.layers) > 1 and all(layer.bias_kind == "shared" for layer in description.layers)
    ),
    "it takes several layers with a shared bias each",
)


LOADING = (
    _transposed("both weight matrices", "Every square matrix", lambda number, last: True),
    _transposed("first weight matrix", "The first matrix", lambda number, last: number == 0 < last),
    _transposed("last weight matrix", "The last matrix", lambda number, last: number == last > 0),
    mistake(
        "biases of the layers swapped",
        "The layers' biases were read in reverse order, the output layer's into the first layer.",
        where=[_ALL_SHARED],
        described=_biases_swapped,
    ),
    _reversed("inputs", "The inputs were read in reverse order, the last one into i1."),
    _reversed("targets", "The targets were read in reverse order, the last one for o1."),
)


# Activations: another function, none, or a sign in its exponent.


def _activation(id, sentence, convention, instead, is_chosen):
    suits, described = in_layers(
        lambda layer, number, last: (
            layer.activation != instead and is_chosen(layer.activation, number == last)
        ),
        lambda layer: replace(layer, activation=instead),
        "no layer has such an activation",
    )

    def suits_the_loss(description):
        last = description.layers[-1].activation
        stays = last == instead or not is_chosen(last, True)
        return stays or instead == "logistic" or description.loss not in _LOGARITHMIC

    return mistake(
        id,
        sentence,
        convention=convention,
        where=[suits, (suits_the_loss, "the loss takes probabilities")],
        described=described,
    )


def _exponent_sign(program, right, layer, j):
    activation = program.activations[layer]
    return activation.value(-program.nets[layer][j]) if activation.name == "logistic" else right(layer, j)


_IS_LOGISTIC = (
    lambda program: any(each.name == "logistic" for each in program.activations),
    "no layer is logistic",
)
ACTIVATIONS = (
    _activation(
        "tanh in place of the logistic",
        "Outputs are tanh(net); the network's activation is the logistic.",
        "tanh in place of the logistic",
        "tanh",
        lambda activation, is_last: activation == "logistic",
    ),
    _activation(
        "the logistic in place of tanh",
        "Outputs are 1/(1 + exp(-net)); the network's activation is tanh.",
        "the logistic in place of tanh",
        "logistic",
        lambda activation, is_last: activation == "tanh",
    ),
    _activation(
        "the logistic in place of softmax",
        "Every output is 1/(1 + exp(-net)) for itself; the network's is a softmax.",
        "logistic outputs",
        "logistic",
        lambda activation, is_last: activation == "softmax",
    ),
    _activation(
        "no activation at the output",
        "The outputs are the net inputs; the network has an activation there.",
        "an output layer without activation",
        "identity",
        lambda activation, is_last: is_last,
    ),
    _activation(
        "no activation in the hidden layers",
        "Hidden outputs are the net inputs; the network has an activation there.",
        "hidden layers without activation",
        "identity",
        lambda activation, is_last: not is_last,
    ),
    mistake(
        "exp(net) for exp(-net)",
        "The logistic is computed as 1/(1 + exp(net)); its exponent is -net.",
        needs=[_IS_LOGISTIC],
        change=_from_outs,
        out=_exponent_sign,
    ),
)
