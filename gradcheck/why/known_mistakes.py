"""Which known mistake gives exactly these gradients, for a network that neuronnet can describe; see its
`diagnose`.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gradcheck.errors import GradcheckError, NotFinite, ShapeMismatch, StructureMismatch, UnknownName
from gradcheck.inputs.point import Point
from gradcheck.numeric.rounding import Bounded
from gradcheck.why.layout import Wanted, places, sample_pairs
from neuronnet import NeuronnetError, diagnose
from neuronnet.description.reading import read
from neuronnet.names import partial_name, spelled_out, split_partial

NOT_TRIED = "the known mistakes were not tried"
ALLOWED = (
    "allowed are a dict of the network's names to numbers, a dict of W1, b1, W2, ... to arrays, a list of such arrays in "
    "that order, or with `parameters` anything that has their structure"
)


def explain(network, samples, gradients, parameters=None):
    """Explanations of wrong gradients: a list of neuronnet's Diagnosis (id, sentence, odds), best first.

    It is empty where the gradients are right, and where no known mistake gives them. `network`: a
    NeuralNetwork or what `neuronnet.load` takes; `samples`: (inputs, targets) pairs, or two arrays (X, T)
    with a row per sample; None for the network's own. `gradients` of E_total, the samples combined as the
    network says: a dict of its own names ("w5" or "dE_total/dw5") to numbers; or a dict of "W1", "b1", "W2",
    ... to arrays, a row per neuron, not necessarily all; or a list of such arrays in the order of the layers,
    W1, b1, W2, b2, the biases only where the layer has some (or all weights and no bias). A shared bias is
    one number. Given the `parameters`, in any structure that `check` takes, the gradients have the same, and
    `gradients_by_name` finds out what is what.

    Raises ShapeMismatch, StructureMismatch, UnknownName, NotFinite or GradcheckError; neuronnet's errors for
    a bad network.
    """
    description = described(network, samples)
    if parameters is not None:
        point = Point(parameters)
        numbers, why = gradients_by_name(description, point, point.flatten_like(gradients))
        if numbers is None:
            raise GradcheckError(why)
    else:
        numbers = _numbers(gradients, description.names)
    if not numbers:
        raise GradcheckError("gradients: found none; give at least one")
    return _diagnoses(description, numbers)


def known_mistakes(network, samples, point, analytic):
    """(what `explain` finds, None), or ([], a sentence that says why the known mistakes could not be tried).

    `point` and `analytic` as for `gradients_by_name`. Raises GradcheckError for unsuitable samples, and
    neuronnet's errors for a bad network.
    """
    description = described(network, samples)
    numbers, why = gradients_by_name(description, point, analytic)
    if numbers is None:
        return [], why
    try:
        return _diagnoses(description, numbers), None
    except NeuronnetError as error:
        return [], f"{NOT_TRIED}: {error}"


def gradients_by_name(network, point, analytic):
    """({"w5": number}, None): the gradients under the network's names; or (None, a sentence that says why
    there are none).

    `network` as for `explain`; `point`: the Point of the caller's parameters, `analytic` the flat vector of
    their gradients. The network's weights and biases are found by their values, see `layout`; so the
    parameters must be those of the network, to the last bit. Not all need be there, and there may be others
    if all are.
    """
    description = described(network)
    names = description.names
    weights, biases = _wanted(description, names)
    wanted = {each.name: each for pair in zip(weights, biases) for each in pair if each is not None}
    found = places(weights, biases, point)
    missing = [name for name in wanted if name not in found]
    used = {position for positions in found.values() for position in positions.ravel().tolist()}
    others = [block.name for block in point.blocks if not used.issuperset(range(block.start, block.stop))]
    if missing and others:
        return None, (
            f"{NOT_TRIED}: the network's {', '.join(missing)} should be among {', '.join(others)} of the "
            "parameters, which have other values"
        )
    bad = np.flatnonzero(~np.isfinite(analytic))
    if bad.size > 0:
        return None, f"{NOT_TRIED}: the gradient of {point.names[bad[0]]} is {analytic[bad[0]]}"
    numbers = {}
    for name, positions in found.items():
        for entry, position in zip(wanted[name].entries.ravel().tolist(), positions.ravel().tolist()):
            numbers[entry] = numbers.get(entry, 0.0) + float(
                analytic[position]
            )  # a shared bias has them together
    return numbers, None


def described(network, samples=None):
    """The checked description of a network, with these samples in place of its own unless they are None."""
    description = read(network)
    if samples is None:
        return description
    pairs = sample_pairs(samples, description.layers[0].inputs, description.layers[-1].neurons)
    return read(
        description.to_dict()
        | {"sample": [{"inputs": inputs, "targets": targets} for inputs, targets in pairs]}
    )


def _diagnoses(description, numbers):
    """The Diagnoses of the gradient of all samples, which a program that updates in smaller batches never
    has.
    """
    names = description.names
    return diagnose(
        replace(description, batch="full"),
        {_partial(name, names): number for name, number in numbers.items()},
        bounded=Bounded,
    )


def _wanted(description, names):
    """(weights, biases): the arrays of every layer as Wanted, None for a layer without biases."""
    weights, biases = [], []
    for number, layer in enumerate(description.layers):
        weights.append(
            Wanted(
                f"W{number + 1}",
                np.array(layer.weights, dtype=np.float64),
                np.array(names.weights[number]),
            )
        )
        entries = names.biases[number]
        biases.append(
            None
            if entries is None
            else Wanted(
                f"b{number + 1}",
                np.array(layer.neuron_biases, dtype=np.float64),
                np.array(entries),
            )
        )
    return weights, biases


def _numbers(gradients, names):
    """{"w5": number}, in the names of the network."""
    if isinstance(gradients, Mapping):
        if any(_array(name, value).ndim > 0 for name, value in gradients.items()):
            return _of_arrays(gradients, names)
        return {_parameter(name, names): float(_array(name, value)) for name, value in gradients.items()}
    if not isinstance(gradients, (list, tuple)):
        raise GradcheckError(f"gradients: found {type(gradients).__name__}; {ALLOWED}")
    weights = [f"W{layer}" for layer in range(1, len(names.weights) + 1)]
    both = list(_blocks(names))
    if len(gradients) not in (len(both), len(weights)):
        raise StructureMismatch("gradients", f"{len(both)} arrays, {', '.join(both)}", f"{len(gradients)}")
    return _of_arrays(dict(zip(both if len(gradients) == len(both) else weights, gradients)), names)


def _blocks(names):
    """Block name -> the names of its entries: a list of rows for weights, a list for biases, one name for a
    shared bias.
    """
    found = {}
    for layer, (weights, biases) in enumerate(zip(names.weights, names.biases), 1):
        found[f"W{layer}"] = weights
        if biases is not None:
            shared = len(biases) > 1 and len(set(biases)) == 1
            found[f"b{layer}"] = biases[:1] if shared else biases
    return found


def _of_arrays(gradients, names):
    blocks, found = _blocks(names), {}
    for block, value in gradients.items():
        if block not in blocks:
            raise UnknownName("gradients", block, blocks)
        entries, numbers = np.array(blocks[block]), _array(block, value)
        if numbers.shape == () and entries.shape == (1,):
            numbers = numbers.reshape(1)
        if (
            entries.shape == (1,)
            and block.startswith("b")
            and numbers.shape == (len(blocks["W" + block[1:]]),)
        ):
            numbers = numbers.sum(keepdims=True)  # a shared bias has the neurons' gradients together
        if numbers.shape != entries.shape:
            raise ShapeMismatch(block, entries.shape, numbers.shape)
        for name, number in zip(entries.ravel().tolist(), numbers.ravel().tolist()):
            found[name] = number
    return found


def _parameter(name, names):
    """The parameter that a key means: "w5", or "dE_total/dw5"."""
    parts = split_partial(spelled_out(str(name)))
    if parts is not None and names.standard(parts[0]) != names.error:
        raise UnknownName("gradients", name, [_partial(each, names) for each in _parameters(names)])
    found = names.standard(str(name) if parts is None else parts[1])
    if found not in _parameters(names):
        raise UnknownName("gradients", name, _parameters(names))
    return found


def _parameters(names):
    return [name for block in _blocks(names).values() for name in np.ravel(block).tolist()]


def _partial(name, names):
    return partial_name(names.error, name)


def _array(block, value):
    try:
        found = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise GradcheckError(
            f"{block}: expected numbers, or rows of the same length, found {value!r}; {ALLOWED}"
        ) from None
    for index in np.argwhere(~np.isfinite(found)):
        raise NotFinite(block, index, found[tuple(index)])
    return found
