"""Mistakes on the way back: slopes of activations, paths into hidden neurons, factors of a delta."""

from neuronnet.activations import ACTIVATIONS
from neuronnet.mistakes.mistaken_program import HIDDEN, is_square, mistake

# dout/dnet, the slope of the activation: missing, taken twice, at the wrong place, or of another function.

_PLACES = {
    "output": ("of the output layer", lambda program, layer: layer == program.last),
    "hidden": ("of the hidden layers", lambda program, layer: layer < program.last),
    "everywhere": ("of every layer", lambda program, layer: True),
    "first hidden": ("of the first hidden layer", lambda program, layer: layer == 0 < program.last),
    "last hidden": ("of the last hidden layer", lambda program, layer: layer == program.last - 1),
}
_TWO_HIDDEN = (lambda program: program.depth > 2, "it takes two hidden layers")
_CANCEL = "the slopes of the loss and the output layer cancel"


def _slope(id, place, sentence, wrong, activations, jacobian=None):
    """`wrong(activation, net, out, right slope)` at a place; `jacobian(k, j)`: dout_k/dnet_j of a softmax."""
    where, chosen = _PLACES[place]

    def concerned(program, layer):
        return chosen(program, layer) and program.activations[layer].name in activations

    def concerns_the_output(program):
        return concerned(program, program.last)

    def concerns_a_hidden_layer(program):
        return any(concerned(program, layer) for layer in range(program.last))

    def slope(program, right, layer, j):
        if not concerned(program, layer):
            return right(layer, j)
        net, out = program.nets[layer][j], program.outs[layer][j]
        return wrong(program.activations[layer], net, out, right(layer, j))

    def softmax_jacobian(program, right, k, j):
        return jacobian(k, j) if concerned(program, program.last) else right(k, j)

    def is_taken(program):
        return not (program.cancels and concerns_the_output(program))

    needs = {"hidden": [HIDDEN], "first hidden": [_TWO_HIDDEN], "last hidden": [_TWO_HIDDEN]}.get(place, [])
    if place in ("output", "everywhere"):
        needs.append((concerns_the_output, "it does not concern the output layer's activation"))
    if place != "output":
        needs.append((concerns_a_hidden_layer, "it does not concern the hidden layers' activation"))
    needs.append((is_taken, _CANCEL))
    steps = {"slope": slope} | ({} if jacobian is None else {"jacobian": softmax_jacobian})
    return mistake(id, sentence.format(where=where), needs=needs, **steps)


def _slopes(ids, sentence, wrong, activations=("logistic", "tanh", "relu", "identity"), jacobian=None):
    """One mistake at each of the places, in their order, for which there is an id."""
    return tuple(_slope(id, place, sentence, wrong, activations, jacobian) for place, id in zip(_PLACES, ids))


def _ids(name, everywhere="both", by_layer=False):
    ids = [f"{name}: {place}" for place in ("output", "hidden", everywhere)]
    return ids + [f"{name}: first hidden layer", f"{name}: last hidden layer"] if by_layer else ids


def _plain_everywhere(name):
    ids = _ids(name, by_layer=True)
    return [*ids[:2], name, *ids[3:]]


def _of_another(name, sentence, wrong, activations):
    sentence = f"The derivative {{where}} was taken as {sentence}"
    return _slopes(_plain_everywhere(name), sentence, wrong, activations)


_BY_OUT = {"logistic": lambda out: out * (1 - out), "tanh": lambda out: 1 - out * out}


def _derivative_of(name):
    if name in _BY_OUT:
        return lambda activation, net, out, right: _BY_OUT[name](out)
    return lambda activation, net, out, right: ACTIVATIONS[name].derivative(net, out)


def _at_out(activation, net, out, right):
    return activation.derivative(out, activation.value(out))


_MISSING_AT = ["at the output", "at the hidden layer", "everywhere"]
_MISSING_AT += ["at the first hidden layer", "at the last hidden layer"]
SLOPES = (
    *_slopes(
        [f"activation derivative missing {place}" for place in _MISSING_AT],
        "The activation's derivative dout/dnet {where} is missing in delta = dE/dout * dout/dnet.",
        lambda activation, net, out, right: right - right + 1,
        tuple(ACTIVATIONS),
        lambda k, j: int(k == j),
    ),
    *_slopes(
        _ids("activation derivative used twice", "everywhere", by_layer=True),
        "The activation's derivative dout/dnet {where} is multiplied in twice; "
        "delta = dE/dout * dout/dnet has it once.",
        lambda activation, net, out, right: right * right,
    ),
    *_slopes(
        _ids("logistic applied twice in its derivative", by_layer=True),
        "The derivative {where} applies the logistic to out once more; with out at hand it is out*(1 - out).",
        _at_out,
        ("logistic",),
    ),
    *_slopes(
        _ids("tanh applied twice in its derivative", by_layer=True),
        "The derivative {where} applies tanh to out once more; with out at hand it is 1 - out^2.",
        _at_out,
        ("tanh",),
    ),
    *_slopes(
        _ids("derivative written for out, given net"),
        "The derivative {where} is written with the output, as out*(1 - out) or 1 - out^2, "
        "and was given net in place of out.",
        lambda activation, net, out, right: _BY_OUT[activation.name](net),
        ("logistic", "tanh"),
    ),
    *_slopes(
        _ids("sign slip in the derivative", "everywhere"),
        "The derivative {where} has the wrong sign, as in out*(out - 1); "
        "the logistic's is out*(1 - out), tanh's 1 - out^2.",
        lambda activation, net, out, right: -right,
        ("logistic", "tanh"),
    ),
    *_of_another(
        "the logistic's derivative for tanh",
        "out*(1 - out), the logistic's; tanh's is 1 - out^2.",
        _derivative_of("logistic"),
        ("tanh",),
    ),
    *_of_another(
        "the logistic's derivative for relu or no activation",
        "out*(1 - out), the logistic's; relu's is 1 or 0, the identity's 1.",
        _derivative_of("logistic"),
        ("relu", "identity"),
    ),
    *_of_another(
        "tanh's derivative for the logistic",
        "1 - out^2, tanh's; the logistic's is out*(1 - out).",
        _derivative_of("tanh"),
        ("logistic",),
    ),
    *_of_another(
        "tanh's derivative for relu or no activation",
        "1 - out^2, tanh's; relu's is 1 or 0, the identity's 1.",
        _derivative_of("tanh"),
        ("relu", "identity"),
    ),
    *_of_another(
        "relu's derivative for another activation",
        "1 where net is positive and 0 elsewhere, relu's; the layer is none of relu.",
        _derivative_of("relu"),
        ("logistic", "tanh", "identity"),
    ),
    *_of_another(
        "leaky relu's derivative for relu",
        "0.01 where net is not positive, a leaky relu's; relu's is 0 there.",
        lambda activation, net, out, right: right if right else (net - net + 1) / 100,
        ("relu",),
    ),
    *_of_another(
        "only 1 - out of the logistic's derivative",
        "1 - out; the logistic's has the factor out.",
        lambda activation, net, out, right: 1 - out,
        ("logistic",),
    ),
    *_slopes(
        _plain_everywhere("relu's derivative left out"),
        "The derivative of relu {where} was taken as 1; it is 0 where the net input is not positive.",
        lambda activation, net, out, right: 1,
        ("relu",),
    ),
)


# Which paths lead to a hidden neuron, and what they carry.

_SEVERAL_PATHS = (HIDDEN, (lambda program: max(program.sizes[1:]) > 1, "there is one path only"))


_SQUARE_BEHIND = (
    lambda program: any(map(is_square, program.weights[1:])),
    "it takes a square matrix after a hidden layer",
)


def _none_narrows(program):
    return all(one <= other for one, other in zip(program.sizes, program.sizes[1:]))


def _raw(program, right, layer, k):
    return right(layer, k) if program.dE_douts[layer] is None else program.dE_douts[layer][k]


def _transposed_back(program, right, layer, k, j):
    return right(layer, j, k) if is_square(program.weights[layer]) else right(layer, k, j)


def _one(program, right, *place):
    value = right(*place)
    return value - value + 1


PATHS = (
    mistake(
        "hidden delta from the raw output error",
        "What is sent back is the next layer's dE/dout; it is its delta, dE/dout * dout/dnet.",
        needs=[HIDDEN],
        upstream=_raw,
    ),
    mistake(
        "hidden delta from the raw output error, at the output only",
        "The outputs send back their dE/dout and the hidden layers their deltas; "
        "every layer sends back its delta.",
        needs=[HIDDEN, _TWO_HIDDEN, (lambda program: not program.cancels, _CANCEL)],
        upstream=lambda program, right, layer, k: (
            _raw(program, right, layer, k) if layer == program.last else right(layer, k)
        ),
    ),
    mistake(
        "only o1's path into h1 (no sum over outputs)",
        "Only the path through the first neuron of the next layer is counted; "
        "dE/dout is the sum over all paths.",
        needs=_SEVERAL_PATHS,
        paths=lambda program, right, layer, j: right(layer, j)[:1],
    ),
    mistake(
        "only the last path into a hidden neuron",
        "Each path's share replaces the one before (= in place of +=); dE/dout is the sum over all paths.",
        needs=_SEVERAL_PATHS,
        paths=lambda program, right, layer, j: right(layer, j)[-1:],
    ),
    mistake(
        "only the path to the neuron of the same number",
        "A hidden neuron hears of the neuron of its own number alone; dE/dout is the sum over all paths.",
        needs=[*_SEVERAL_PATHS, (_none_narrows, "some neuron has no such path")],
        paths=lambda program, right, layer, j: right(layer, j)[j : j + 1],
    ),
    mistake(
        "paths averaged instead of summed",
        "The paths into a hidden neuron are averaged; dE/dout is their sum.",
        needs=_SEVERAL_PATHS,
        passed_back=lambda program, right, layer, j: right(layer, j) / program.sizes[layer + 1],
    ),
    mistake(
        "output weights transposed in the backward pass",
        "The backward pass goes through the matrix of the next layer's weights the wrong way round; "
        "neuron j hears delta_k times the weight from j to k.",
        needs=[HIDDEN, _SQUARE_BEHIND],
        weight_back=_transposed_back,
    ),
    mistake(
        "deltas summed without their weights",
        "The deltas of the next layer are added up as they are; "
        "each belongs multiplied by the weight on its path.",
        needs=[HIDDEN],
        weight_back=_one,
    ),
)


# What a delta is multiplied by: dE/dw = delta * dnet/dw, where dnet/dw is the weight's input.


def _transposed_gradient(program, right, layer, j, i):
    if not is_square(program.weights[layer]):
        return right(layer, j, i)
    return program.deltas[layer][i] * program.dnet_dw(layer, i, j)


_TRANSPOSED = mistake(
    "gradient matrix transposed",
    "The matrix of the weight gradients is transposed before it is used; row j belongs to neuron j.",
    needs=[(lambda program: any(map(is_square, program.weights)), "it takes a square matrix")],
    weight_gradient=_transposed_gradient,
)
GRADIENTS = (
    mistake(
        "input not multiplied into the gradient",
        "Every weight of a neuron moves by its delta; dE/dw is the delta times what the weight multiplies.",
        dnet_dw=_one,
    ),
    mistake(
        "the weight in place of its input in the gradient",
        "The delta is multiplied by the weight itself; dE/dw is the delta times what the weight multiplies.",
        dnet_dw=lambda program, right, layer, j, i: program.weights[layer][j][i],
    ),
    mistake(
        "net in place of out in the gradient",
        "The delta is multiplied by the net input of the neuron before; dnet/dw is that neuron's output.",
        needs=[HIDDEN],
        dnet_dw=lambda program, right, layer, j, i: (
            program.nets[layer - 1][i] if layer else right(layer, j, i)
        ),
    ),
    _TRANSPOSED,
    mistake(
        "gradient matrix transposed, its L2 term as well",
        "The matrix of the weight gradients is transposed when l2*w is in it already; "
        "row j belongs to neuron j.",
        of=[_TRANSPOSED],
        needs=[(lambda program: program.l2 != 0, "there is no L2 term")],
        decayed=lambda program, right, layer, j, i: (
            right(layer, i, j) if is_square(program.weights[layer]) else right(layer, j, i)
        ),
    ),
)
