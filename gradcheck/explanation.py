"""Which known mistake gives exactly these gradients, for a network that neuronnet can describe; see its `diagnose`."""

from collections.abc import Mapping

import numpy as np

from neuronnet import diagnose
from neuronnet.derivation.mistakes import CATALOGUE, NotHere, replay
from neuronnet.names import Names, partial_name, spelled_out, split_partial
from neuronnet.spec import read

from .errors import GradcheckError, NotFinite, ShapeMismatch, StructureMismatch, UnknownName


def explain(network, samples, gradients):
    """Explanations of wrong gradients: a list of neuronnet's Diagnosis (id, sentence, odds), best first.

    It is empty where the gradients are right, and where no known mistake gives them. `network`: a NeuralNetwork or what
    `neuronnet.load` takes; `samples`: (inputs, targets) pairs, None for the network's own. `gradients` of E_total: a dict
    of the network's own names ("w5" or "dE_total/dw5") to numbers; or a dict of "W1", "b1", "W2", ... to arrays, a row per
    neuron, not necessarily all; or a list of such arrays in the order of the layers, W1, b1, W2, b2, the biases only where
    the layer has some (or all weights and no bias). A shared bias is one number.

    Raises ShapeMismatch, StructureMismatch, UnknownName, NotFinite or GradcheckError; neuronnet's errors for a bad network.
    """
    description = read(network.to_dict() if hasattr(network, "to_dict") else network)
    if samples is not None:
        description = read(description | {"sample": [{"inputs": _floats(inputs), "targets": _floats(targets)}
                                                     for inputs, targets in samples]})
    names = Names(description["layer"], description.get("names", {}))
    numbers = _numbers(gradients, names)
    if not numbers:
        raise GradcheckError("gradients: found none; give at least one")
    if len(description["sample"]) == 1:
        return diagnose(description, {_partial(name, names): number for name, number in numbers.items()})
    return _explain_sum(description, names, numbers)


def _explain_sum(description, names, numbers):
    """Several samples: a replay has their summed gradient only as the step of an update, w5 - w5@1 at a rate of 1."""
    layers = [layer | ({"train_bias": True} if layer.get("bias") is not None else {}) for layer in description["layer"]]
    plain = {"layer": layers, "batch": "full", "learning_rate": 1.0, "update": {"rule": "gradient descent"}}
    values = _values(description["layer"], names)
    steps = {f"{values[name]!r} - {name}@1": name for name in numbers}
    found = diagnose(description | plain, {step: numbers[name] for step, name in steps.items()})
    found = [_of_gradients(description, each) for each in found]
    return [each._replace(explains=_partials(each.explains, steps, names),
                          contradicts=_partials(each.contradicts, steps, names)) for each in found]


def _of_gradients(description, found):
    """A Diagnosis under a mistake in the gradient, where one gives the same digits as that in the update."""
    single = {(CATALOGUE[id],): id for id in found.same_as if id in CATALOGUE}
    one_sample = description | {"sample": description["sample"][:1]}
    if _changes_gradients(one_sample, found.mistakes):
        return found
    better = next((mistakes for mistakes in single if _changes_gradients(one_sample, mistakes)), None)
    if better is None:
        return found
    others = [id for id in (found.id, *found.same_as) if id != single[better]]
    return found._replace(mistakes=better, same_as=tuple(others))


def _changes_gradients(description, mistakes):
    """Whether the mistakes show in the gradients of E_total, not only in what an update makes of them."""
    def gradients(mistakes):
        return {name: value for name, value in replay(description, mistakes).items() if name.startswith(start)}

    start = partial_name(Names(description["layer"], description.get("names", {})).error, "")
    try:
        return gradients(mistakes) != gradients(())
    except NotHere:                 # a mistake that needs several samples is one of their sum
        return True


def _values(layers, names):
    """Parameter name -> its value."""
    found = {}
    for layer, weights, biases in zip(layers, names.weights, names.biases):
        found.update(zip(np.ravel(weights).tolist(), np.ravel(layer["weights"]).tolist()))
        if biases is not None:
            found.update(zip(biases, np.broadcast_to(layer["bias"], len(biases)).tolist()))
    return found


def _partials(explained, steps, names):
    return tuple(_partial(steps[step], names) for step in explained)


def _numbers(gradients, names):
    """{"w5": number}, in the names of the network."""
    if isinstance(gradients, Mapping):
        if any(_array(name, value).ndim > 0 for name, value in gradients.items()):
            return _of_arrays(gradients, names)
        return {_parameter(name, names): float(_array(name, value)) for name, value in gradients.items()}
    if not isinstance(gradients, (list, tuple)):
        raise StructureMismatch("gradients", "a dict or a list of arrays", type(gradients).__name__)
    weights = [f"W{layer}" for layer in range(1, len(names.weights) + 1)]
    both = list(_blocks(names))
    if len(gradients) not in (len(both), len(weights)):
        raise StructureMismatch("gradients", f"{len(both)} arrays, {', '.join(both)}", f"{len(gradients)}")
    return _of_arrays(dict(zip(both if len(gradients) == len(both) else weights, gradients)), names)


def _blocks(names):
    """Block name -> the names of its entries: a list of rows for weights, a list for biases, one name for a shared bias."""
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
        if entries.shape == (1,) and block.startswith("b") and numbers.shape == (len(blocks["W" + block[1:]]),):
            numbers = numbers.sum(keepdims=True)        # a shared bias has the neurons' gradients together
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
        raise GradcheckError(f"{block}: expected numbers, or rows of the same length, found {value!r}") from None
    for index in np.argwhere(~np.isfinite(found)):
        raise NotFinite(block, index, found[tuple(index)])
    return found


def _floats(values):
    return [float(each) for each in values]
