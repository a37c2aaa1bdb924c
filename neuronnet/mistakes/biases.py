"""Mistakes and conventions of biases and of the L2 term, in number, gradient and step."""

import re
from dataclasses import replace

from neuronnet.mistakes.mistaken_program import HIDDEN, SEVERAL_SAMPLES, each_layer, mistake, other_convention
from neuronnet.mistakes.updates import UPDATED_WEIGHTS_BACKWARDS


def _any_layer(condition):
    return lambda description: any(map(condition, description.layers))


# Biases: how many there are and whether they learn, and mistakes in their gradients and steps.

_HAS_BIAS = (_any_layer(lambda layer: layer.bias is not None), "there is no bias")
_SHARES_A_BIAS = (_any_layer(lambda layer: layer.bias_kind == "shared"), "no layer shares a bias")
_FEW_OR_FROZEN = (
    _any_layer(lambda each: each.bias_kind == "shared" or (each.bias is not None and not each.train_bias)),
    "no bias is shared or frozen",
)
_TWO_LAYERS = (lambda description: len(description.layers) > 1, "it takes a hidden layer")
_ADDS_A_BIAS = (lambda program: any(each is not None for each in program.biases), "there is no bias")
_TRAINS_A_BIAS = (lambda program: any(program.trained_bias), "no bias is trained")
_ALL_SHARED = (
    lambda program: program.depth > 1 and all(program.shared_bias),
    "it takes several layers with a shared bias each",
)
_BIAS_PER_NEURON = (
    lambda program: any(each is not None and len(each) > 1 for each in program.biases),
    "no layer has a bias per neuron",
)


def _own_and_trained(layer):
    return layer if layer.bias is None else replace(layer, bias=layer.neuron_biases, train_bias=True)


def _frozen(layer):
    return replace(layer, train_bias=False)


def _without_bias(layer):
    return replace(layer, bias=None, train_bias=False)


def _with_biases(change):
    """Changes every layer; other numbers of biases do away with the author's names for them."""

    def described(description):
        changed = each_layer(description, change)
        counts = [[len(layer.biases) for layer in each.layers] for each in (changed, description)]
        if counts[0] == counts[1]:
            return changed
        renames = description.renames.items()
        kept = {name: own for name, own in renames if not re.fullmatch("b[0-9]+", name)}
        return replace(changed, renames=kept)

    return described


def _only_biases_of(place, is_output):
    def described(description):
        last = description.layers[-1]
        return _with_biases(
            lambda layer: _own_and_trained(layer) if (layer is last) == is_output else _frozen(layer)
        )(description)

    def has_such_biases(description):
        *hidden, output = description.layers
        return any(layer.bias is not None for layer in ([output] if is_output else hidden))

    return mistake(
        f"only {place} biases trained (per neuron)",
        f"Only the {place} neurons learn a bias, each its own; the layers of a network are treated alike.",
        where=[_TWO_LAYERS, (has_such_biases, f"no {place} neuron has a bias")],
        described=described,
    )


def _bias_missing(place, is_output):
    def has_such_biases(program):
        biases = program.biases[-1:] if is_output else program.biases[:-1]
        return any(each is not None for each in biases)

    def bias(program, right, layer, j):
        return None if (layer == program.last) == is_output else right(layer, j)

    return mistake(
        f"bias missing in the {place} net input",
        f"The bias is missing in the net inputs of the {place} layer.",
        needs=[HIDDEN, (has_such_biases, f"the {place} layer has no bias")],
        bias=bias,
    )


def _train_shared(description):
    return each_layer(description, lambda layer: replace(layer, train_bias=layer.bias is not None))


def _of_shared(gradient):
    """The step that takes `gradient(right gradient, deltas)` for a bias shared by a layer."""

    def bias_gradient(program, right, layer, b):
        if not program.shared_bias[layer]:
            return right(layer, b)
        return gradient(right(layer, b), program.deltas[layer])

    return bias_gradient


def _from_weight_gradients(program, right, layer, b):
    rows = range(program.sizes[layer]) if program.shared_bias[layer] else [b]
    return sum(program.weight_gradient(layer, j, i) for j in rows for i in range(len(program.inputs[layer])))


def _once_per_weight(program, right, layer, b):
    biases = program.biases[layer]
    before = biases[b]
    for _ in program.weights[layer][0]:
        moved = biases[b] = right(layer, b)
    biases[b] = before
    return moved


def _remember_first_weights(program, right, layer):
    program.first_weights = [row[0] for row in program.weights[layer]]
    right(layer)


_OWN_BIASES = mistake(
    "bias per neuron, trained",
    "Every neuron has a bias of its own and learns it, which the network does not say.",
    convention="one bias per neuron, trained",
    where=[_FEW_OR_FROZEN],
    described=_with_biases(_own_and_trained),
)
BIASES = (
    _OWN_BIASES,
    mistake(
        "shared bias trained: summed",
        "The layers' shared biases learn, by the sum of the deltas, which the network does not say.",
        convention="shared biases that are trained",
        where=[_SHARES_A_BIAS],
        described=_train_shared,
    ),
    mistake(
        "shared bias trained: averaged",
        "A shared bias moves by the mean of its neurons' deltas; its gradient is their sum.",
        where=[_SHARES_A_BIAS],
        described=_train_shared,
        bias_gradient=_of_shared(lambda gradient, deltas: gradient / len(deltas)),
    ),
    mistake(
        "shared bias trained: first neuron only",
        "A shared bias moves by the delta of the first neuron alone; its gradient is the sum of all deltas.",
        where=[_SHARES_A_BIAS],
        described=_train_shared,
        bias_gradient=_of_shared(lambda gradient, deltas: deltas[0]),
    ),
    _only_biases_of("output", True),
    _only_biases_of("hidden", False),
    mistake(
        "updated weights and bias per neuron",
        "Every neuron learns a bias of its own, and the hidden deltas use weights that are already updated; "
        "all gradients belong before the first update.",
        of=[UPDATED_WEIGHTS_BACKWARDS, _OWN_BIASES],
    ),
    mistake(
        "no biases",
        "The net inputs have no bias, which the network has.",
        convention="the network without biases",
        where=[_HAS_BIAS],
        described=_with_biases(_without_bias),
    ),
    mistake(
        "biases never updated",
        "The biases were left as they were; the network says that they learn.",
        convention="biases that are not trained",
        where=[(_any_layer(lambda layer: layer.train_bias), "no bias is trained")],
        described=lambda description: each_layer(description, _frozen),
    ),
    _bias_missing("hidden", False),
    _bias_missing("output", True),
    mistake(
        "the first layer's bias used everywhere",
        "Every layer adds the bias of the first one; each layer has a bias of its own.",
        needs=[_ALL_SHARED],
        bias=lambda program, right, layer, j: right(0, j),
    ),
    mistake(
        "one bias gradient for all neurons of a layer",
        "Every bias of a layer moves by the sum of all its deltas; "
        "a neuron's own bias moves by its own delta.",
        needs=[_BIAS_PER_NEURON],
        bias_gradient=lambda program, right, layer, b: sum(program.deltas[layer]),
    ),
    mistake(
        "bias gradient averaged over the samples",
        "The bias gradients are divided by the number of samples once more than the weights'; "
        "both combine in the same way.",
        needs=[_ADDS_A_BIAS, SEVERAL_SAMPLES],
        total_bias_gradient=lambda program, right, layer, b, terms: right(layer, b, terms) / len(terms),
    ),
    mistake(
        "bias gradient from the weight gradients",
        "The bias gradient is the sum of the neuron's weight gradients; "
        "it is the delta, because dnet/db is 1.",
        needs=[_ADDS_A_BIAS],
        bias_gradient=_from_weight_gradients,
    ),
    mistake(
        "bias moved once per weight",
        "The bias is moved inside the loop over the weights, once for each; it moves once in an update.",
        needs=[_TRAINS_A_BIAS],
        moved_bias=_once_per_weight,
    ),
    mistake(
        "bias step taken from the first weight",
        "The new bias is the neuron's first weight minus the bias's step (b = w - eta*db); "
        "it starts from the bias.",
        needs=[_TRAINS_A_BIAS],
        update_layer=_remember_first_weights,
        moved_bias=lambda program, right, layer, b: program.moved(
            (layer, b), program.first_weights[b], program.bias_gradients[layer][b]
        ),
    ),
)


# The L2 term, l2/2 times the sum of the squared weights.

_L2 = (lambda description: description.l2 != 0, "there is no L2 term")


def _l2(id, sentence, where=(), **row):
    return mistake(id, sentence, where=[_L2, *where], **row)


def _missing_in_error(program, right, total_name, l2_name):
    l2, program.l2 = program.l2, 0
    total = right(total_name, l2_name)
    program.l2 = l2
    return total


def _error_with_biases(program, right, count):
    squares = sum(bias * bias for biases in program.biases if biases is not None for bias in biases)
    return right(count) + program.l2_share(program.l2 * squares / 2, count)


def _gradient_with_bias(program, right, layer, b, terms):
    return right(layer, b, terms) + program.l2_gradient(program.biases[layer][b], len(terms))


def _scaled(which, sentence, scale):
    def differs(description):
        return description.l2 != 0 and description.l2_scale != scale and len(description.samples) > 1

    return other_convention(
        f"L2 term {which}divided by the number of samples",
        sentence,
        f"an L2 term {which and 'that is ' + which}divided by the number of samples",
        differs,
        l2_scale=scale,
    )


L2_TERMS = (
    _l2(
        "L2 term missing",
        "Neither the error nor the gradients have the L2 term that the network says.",
        convention="the network without its L2 term",
        described=lambda description: replace(description, l2=0),
    ),
    _l2(
        "L2 term missing in the gradient",
        "The error has the L2 term and the gradients lack l2*w.",
        l2_gradient=lambda program, right, weight, count: 0 * weight,
    ),
    _l2(
        "L2 term missing in the error",
        "The gradients have l2*w and the error lacks the L2 term.",
        total_error=_missing_in_error,
    ),
    _l2(
        "L2 term without its half",
        "The L2 term is l2 times the sum of the squared weights and its slope 2*l2*w; "
        "the network's has the half.",
        convention="an L2 term without ½",
        change=lambda program: setattr(program, "l2", 2 * program.l2),
    ),
    _l2(
        "L2 gradient doubled",
        "The L2 term adds 2*l2*w to the gradient; with the half in the error it is l2*w.",
        l2_gradient=lambda program, right, weight, count: 2 * right(weight, count),
    ),
    _l2(
        "L2 term without its half in the error only",
        "The L2 term of the error lacks its half, while its slope is l2*w; both follow from one error.",
        l2_error=lambda program, right, count: 2 * right(count),
    ),
    _l2(
        "L2 term on the biases as well",
        "The L2 term counts the biases; it is made of the weights alone.",
        needs=[_ADDS_A_BIAS],
        l2_error=_error_with_biases,
        total_bias_gradient=_gradient_with_bias,
    ),
    _l2(
        "L2 gradient of the wrong sign",
        "The gradient has l2*w subtracted, so that weights grow; it is added.",
        l2_gradient=lambda program, right, weight, count: -right(weight, count),
    ),
    _scaled(
        "", "The L2 term is divided by the number of samples, which the network does not say.", "per sample"
    ),
    _scaled("not ", "The L2 term counts in full; the network divides it by the number of samples.", "as is"),
)
