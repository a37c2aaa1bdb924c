"""Mistakes of a factor: halves, numbers of outputs and samples, the learning rate, gradients that add up."""

from neuronnet.activations import ACTIVATIONS
from neuronnet.mistakes.mistake import Convention, Mistake

# --- Mistakes in dout/dnet, the slope of the activation: missing, taken twice, at the wrong place, or of
# another function.


_PLACES = {
    "output": ("of the output layer", lambda program, layer: layer == program.last),
    "hidden": ("of the hidden layers", lambda program, layer: layer < program.last),
    "everywhere": ("of every layer", lambda program, layer: True),
    "first hidden": ("of the first hidden layer", lambda program, layer: layer == 0 < program.last),
    "last hidden": ("of the last hidden layer", lambda program, layer: layer == program.last - 1),
}
_ONE_OF_SEVERAL = ("first hidden", "last hidden")


def slope_mistake(id, place, sentence, wrong, activations, jacobian=None):
    """The mistake of a slope `wrong(activation, net, out, right slope)` in the layers at a place.

    It concerns the layers that have one of these activations; `jacobian(k, j)` stands for dout_k/dnet_j of a
    softmax.
    """
    where, chosen = _PLACES[place]

    def concerned(program, layer):
        return chosen(program, layer) and program.activations[layer].name in activations

    class Slope(Mistake):
        def check(self):
            super().check()
            layers = [layer for layer in range(self.depth) if concerned(self, layer)]
            self.needs(place != "hidden" or self.depth > 1, "it takes a hidden layer")
            self.needs(place not in _ONE_OF_SEVERAL or self.depth > 2, "it takes two hidden layers")
            self.needs(
                self.last in layers or place not in ("output", "everywhere"),
                "it does not concern the output layer's activation",
            )
            self.needs(
                min(layers, default=self.depth) < self.last or place == "output",
                "it does not concern the hidden layers' activation",
            )
            self.needs(
                self.last not in layers or not self.cancels,
                "the slopes of the loss and the output layer cancel",
            )

        def slope(self, layer, j):
            right = super().slope(layer, j)
            if not concerned(self, layer):
                return right
            return wrong(self.activations[layer], self.nets[layer][j], self.outs[layer][j], right)

        def jacobian(self, k, j):
            if jacobian is None or not concerned(self, self.last):
                return super().jacobian(k, j)
            return jacobian(k, j)

    Slope.id, Slope.sentence = id, sentence.format(where=where)
    return Slope


def _at_places(ids, sentence, wrong, activations=("logistic", "tanh", "relu", "identity"), jacobian=None):
    return tuple(
        slope_mistake(id, place, sentence, wrong, activations, jacobian) for place, id in zip(_PLACES, ids)
    )


def _ids(name, all_layers="both"):
    return [f"{name}: {place}" for place in ("output", "hidden", all_layers)]


def _ids_of_each_layer(name, all_layers="both"):
    return [*_ids(name, all_layers), *(f"{name}: {place} layer" for place in _ONE_OF_SEVERAL)]


def _at_out(activation, net, out, right):
    return activation.derivative(out, activation.value(out))


def _given_net(activation, net, out, right):
    return activation.derivative(net, net)


def _derivative_of(name):
    """The slope of another function, written with what this layer left."""

    def derivative(activation, net, out, right):
        return ACTIVATIONS[name].derivative(net, out)

    return derivative


def _leaky(activation, net, out, right):
    return right if right else (net - net + 1) / 100


MISSING = _at_places(
    [
        f"activation derivative missing {place}"
        for place in (
            "at the output",
            "at the hidden layer",
            "everywhere",
            "at the first hidden layer",
            "at the last hidden layer",
        )
    ],
    "The activation's derivative dout/dnet {where} is missing in delta = dE/dout * dout/dnet.",
    lambda activation, net, out, right: right - right + 1,
    tuple(ACTIVATIONS),
    lambda k, j: int(k == j),
)
TWICE = _at_places(
    _ids_of_each_layer("activation derivative used twice", "everywhere"),
    "The activation's derivative dout/dnet {where} is multiplied in twice; delta = dE/dout * dout/dnet has it once.",
    lambda activation, net, out, right: right * right,
)
LOGISTIC_TWICE = _at_places(
    _ids_of_each_layer("logistic applied twice in its derivative"),
    "The derivative {where} applies the logistic to out once more; with out at hand it is out*(1 - out).",
    _at_out,
    ("logistic",),
)
TANH_TWICE = _at_places(
    _ids_of_each_layer("tanh applied twice in its derivative"),
    "The derivative {where} applies tanh to out once more; with out at hand it is 1 - out^2.",
    _at_out,
    ("tanh",),
)
GIVEN_NET = _at_places(
    _ids("derivative written for out, given net"),
    "The derivative {where} is written with the output, as out*(1 - out) or 1 - out^2, and was given net in place of out.",
    _given_net,
    ("logistic", "tanh"),
)
SIGN_SLIP = _at_places(
    _ids("sign slip in the derivative", "everywhere"),
    "The derivative {where} has the wrong sign, as in out*(out - 1); the logistic's is out*(1 - out), tanh's 1 - out^2.",
    lambda activation, net, out, right: -right,
    ("logistic", "tanh"),
)


def _of_another(id, sentence, wrong, activations):
    """A slope that belongs to another function, in the layers with one of these activations."""
    ids = [
        id if place == "everywhere" else f"{id}: {place}{' layer' if place in _ONE_OF_SEVERAL else ''}"
        for place in _PLACES
    ]
    return _at_places(ids, sentence, wrong, activations)


OF_ANOTHER = (
    *_of_another(
        "the logistic's derivative for tanh",
        "The derivative {where} was taken as out*(1 - out), the logistic's; tanh's is 1 - out^2.",
        _derivative_of("logistic"),
        ("tanh",),
    ),
    *_of_another(
        "the logistic's derivative for relu or no activation",
        "The derivative {where} was taken as out*(1 - out), the logistic's; relu's is 1 or 0, the identity's 1.",
        _derivative_of("logistic"),
        ("relu", "identity"),
    ),
    *_of_another(
        "tanh's derivative for the logistic",
        "The derivative {where} was taken as 1 - out^2, tanh's; the logistic's is out*(1 - out).",
        _derivative_of("tanh"),
        ("logistic",),
    ),
    *_of_another(
        "tanh's derivative for relu or no activation",
        "The derivative {where} was taken as 1 - out^2, tanh's; relu's is 1 or 0, the identity's 1.",
        _derivative_of("tanh"),
        ("relu", "identity"),
    ),
    *_of_another(
        "relu's derivative for another activation",
        "The derivative {where} was taken as 1 where net is positive and 0 elsewhere, relu's; the layer is none of relu.",
        _derivative_of("relu"),
        ("logistic", "tanh", "identity"),
    ),
    *_of_another(
        "leaky relu's derivative for relu",
        "The derivative {where} was taken as 0.01 where net is not positive, a leaky relu's; relu's is 0 there.",
        _leaky,
        ("relu",),
    ),
    *_of_another(
        "only 1 - out of the logistic's derivative",
        "The derivative {where} was taken as 1 - out; the logistic's has the factor out.",
        lambda activation, net, out, right: 1 - out,
        ("logistic",),
    ),
    *_of_another(
        "relu's derivative left out",
        "The derivative of relu {where} was taken as 1; it is 0 where the net input is not positive.",
        lambda activation, net, out, right: 1,
        ("relu",),
    ),
)

SLOPES = MISSING + TWICE + LOGISTIC_TWICE + TANH_TWICE + GIVEN_NET + SIGN_SLIP + OF_ANOTHER


# --- Mistakes of a factor: halves, numbers of outputs and samples, the learning rate, gradients that add up.


class HalfDropped(Mistake):
    id = "half dropped in the gradient (or rate 1)"
    sentence = "The slope dE/dout is 2*(out - target), as if E had no 1/2; with the half it is out - target."

    def check(self):
        super().check()
        self.needs(self.loss.name == "half squared error", "the loss has no half")

    def shared(self, slope):
        return 2 * super().shared(slope)


class ExtraHalf(Mistake):
    id = "an extra half"
    sentence = "The slope dE/dout is halved, which nothing in the error does."

    def shared(self, slope):
        return super().shared(slope) / 2


class _SeveralOutputs(Mistake):
    def check(self):
        super().check()
        self.needs(self.sizes[-1] > 1, "there is one output only")


class OutputsInGradientOnly(_SeveralOutputs):
    id = "outputs averaged in the gradient only"
    sentence = (
        "The gradient is divided by the number of outputs and the error is not; both follow from one error."
    )

    def check(self):
        super().check()
        self.error_outputs, self.gradient_outputs = 1, self.sizes[-1]


class OutputsInErrorOnly(_SeveralOutputs):
    id = "outputs averaged in the error only"
    sentence = (
        "The error is divided by the number of outputs and the gradient is not; both follow from one error."
    )

    def check(self):
        super().check()
        self.error_outputs, self.gradient_outputs = self.sizes[-1], 1


class TimesOutputs(_SeveralOutputs):
    id = "gradient multiplied by the number of outputs"
    sentence = "The gradient is multiplied by the number of outputs, which nothing in the error does."

    def shared(self, slope):
        return self.sizes[-1] * super().shared(slope)


class _SeveralSamples(Mistake):
    def check(self):
        super().check()
        self.needs(len(self.samples) > 1, "there is one sample only")


class SamplesInGradientOnly(_SeveralSamples):
    id = "samples averaged in the gradient only"
    sentence = (
        "The gradient is averaged over the samples and the error is summed; both follow from one error."
    )

    def check(self):
        super().check()
        self.error_averaged, self.gradient_averaged = False, True


class SamplesInErrorOnly(_SeveralSamples):
    id = "samples averaged in the error only"
    sentence = (
        "The error is averaged over the samples and the gradient is summed; both follow from one error."
    )

    def check(self):
        super().check()
        self.error_averaged, self.gradient_averaged = True, False


class DividedTwice(_SeveralSamples):
    id = "gradient divided by the number of samples twice"
    sentence = "The gradient is divided by the number of samples twice; a mean divides once."

    def check(self):
        super().check()
        self.needs(self.gradient_averaged, "the samples are not averaged")

    def combined(self, terms):
        return super().combined(terms) / len(terms)


def other_rate(id, sentence, rate):
    """The mistake of another learning rate, `rate(the right one)`."""

    class OtherRate(Mistake):
        def check(self):
            super().check()
            self.needs(self.rate is not None, "it takes a learning rate")
            self.rate = rate(self.rate)

    OtherRate.id, OtherRate.sentence = id, sentence
    return OtherRate


class AddedUp(Mistake):
    id = "gradients added up from update to update"
    sentence = (
        "The gradients of earlier updates are never set back to 0 and add up; every update uses its own."
    )

    def check(self):
        super().check()
        self.earlier = {}

    def moved(self, place, value, gradient):
        self.earlier[place] = self.earlier.get(place, 0) + gradient
        return super().moved(place, value, self.earlier[place])


class BackwardTwice(Mistake):
    id = "backward pass run twice, gradients doubled"
    sentence = (
        "The gradients of two backward passes are added, so that each is doubled; a backward pass sets them."
    )

    def total_weight_gradient(self, layer, j, i, terms):
        return 2 * super().total_weight_gradient(layer, j, i, terms)

    def total_bias_gradient(self, layer, b, terms):
        return 2 * super().total_bias_gradient(layer, b, terms)


FACTORS = (
    HalfDropped,
    ExtraHalf,
    OutputsInGradientOnly,
    OutputsInErrorOnly,
    TimesOutputs,
    SamplesInGradientOnly,
    SamplesInErrorOnly,
    DividedTwice,
    other_rate(
        "learning rate missing",
        "The step is the gradient itself; it is the learning rate times the gradient.",
        lambda rate: type(rate)(1),
    ),
    other_rate(
        "learning rate multiplied in twice",
        "The learning rate is multiplied in twice; the step has it once.",
        lambda rate: rate * rate,
    ),
    other_rate(
        "learning rate doubled",
        "The step is twice the learning rate times the gradient; it is once.",
        lambda rate: rate + rate,
    ),
    other_rate(
        "learning rate halved",
        "The step is half the learning rate times the gradient; it is the whole.",
        lambda rate: rate / 2,
    ),
    AddedUp,
    BackwardTwice,
)


# --- Mistakes in signs, and the convention that turns two of them around at once.


class Ascent(Mistake):
    id = "sign flipped"
    sentence = "The parameters move along the gradient and not against it; the update is w - eta * dE/dw."

    def moved(self, place, value, gradient):
        return value + value - super().moved(place, value, gradient)


class TargetMinusOut(Mistake):
    id = "target - out taken for out - target"
    sentence = "The slope of the error has the wrong sign (target - out); dE/dout is out - target."

    def check(self):
        super().check()
        self.needs(self.loss.takes_targets, "the loss takes no targets")

    def shared(self, slope):
        return -super().shared(slope)


class NegativeDeltas(Convention):
    id = "deltas of the opposite sign, added in the update"
    sentence = "The deltas start from target - out and the update adds; the derivatives themselves have the other sign."
    convention = "deltas that start from target - out, and an update that adds"

    def check(self):
        super().check()
        self.needs(self.loss.takes_targets, "the loss takes no targets")

    def shared(self, slope):
        return -super().shared(slope)

    def l2_gradient(self, weight, count):
        return -super().l2_gradient(weight, count)

    def moved(self, place, value, gradient):
        return super().moved(place, value, -gradient)


class AbsoluteValue(Mistake):
    id = "absolute value instead of sign"
    sentence = "The slope of the error is taken without its sign (|out - target|); dE/dout is out - target."

    def shared(self, slope):
        return abs(super().shared(slope))


class WeightTurned(Mistake):
    id = "the weight's own sign turned in the update"
    sentence = "The update is written -w - eta * dE/dw; it is w - eta * dE/dw."

    def moved(self, place, value, gradient):
        moved = super().moved(place, value, gradient)
        return moved - value - value if len(place) == 3 else moved


SIGNS = (Ascent, TargetMinusOut, NegativeDeltas, AbsoluteValue, WeightTurned)
