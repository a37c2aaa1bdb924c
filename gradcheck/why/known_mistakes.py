"""Which mistake of neuronnet's catalogue gives exactly these gradients, for a network that it can describe.

The network's arrays are found among the caller's parameters by their values: weights stored (out, in) or (in,
out), arrays as blocks of their own, row by row, number by number, or as parts of one vector.
"""

from collections.abc import Mapping
from dataclasses import replace
from os.path import commonprefix
from typing import Any, NamedTuple

import numpy as np

from gradcheck.errors import GradcheckError, NotFinite, ShapeMismatch, StructureMismatch, UnknownName
from gradcheck.inputs.point import Point
from gradcheck.numeric.dual import Bounded
from neuronnet import NeuronnetError, diagnose
from neuronnet.description.reading import read
from neuronnet.names import partial_name, spelled_out, split_partial

NOT_TRIED = "the known mistakes were not tried"
ALLOWED_GRADIENTS = (
    "allowed are a dict of the network's names to numbers, a dict of W1, b1, W2, ... to arrays, a list of "
    "such arrays in that order, or with `parameters` anything that has their structure"
)
ALLOWED_SAMPLES = "allowed are a list of (inputs, targets) pairs, and two arrays (X, T) with a row per sample"
SINGLE_SAMPLE = "a single sample is [(inputs, targets)]"
OWN_NAMES, OWN_BLOCK, OWN_BLOCKS, PART_OF_A_BLOCK = range(4)  # how well an array is set apart, best first


def known_mistakes(network: Any, samples: Any, gradients: Any, parameters: Any = None) -> list:
    """The known mistakes that give exactly these gradients: a list of neuronnet's Diagnosis, best first.

    It is empty where the gradients are right, and where no known mistake gives them. `network`: a
    NeuralNetwork, what `neuronnet.load` takes, or a `neuronnet.Model`, whose names the gradients then have;
    `samples`: (inputs, targets) pairs, or two arrays (X, T) with a row per sample; None for the network's
    own. `gradients` of E_total, the samples combined as the network says: a dict of its own names ("w5" or
    "dE_total/dw5") to numbers; a dict of "W1", "b1", "W2", ... to arrays, a row per neuron, not necessarily
    all; or a list of such arrays in that order, or of all weights. A shared bias is one number. Given the
    `parameters`, in any structure that `check` takes, the gradients have the same.

    Raises ShapeMismatch, StructureMismatch, UnknownName, NotFinite or GradcheckError; neuronnet's errors for
    a bad network.
    """
    subject = network if is_model(network) else described(network, samples)
    if parameters is None:
        numbers = _of_model(subject, gradients) if is_model(network) else _numbers(gradients, subject)
    else:
        point = Point(parameters)
        numbers, why_not = gradients_by_name(subject, point, point.flatten_like(gradients))
        if numbers is None:
            raise GradcheckError(why_not)
    if not numbers:
        raise GradcheckError("gradients: found none; give at least one")
    return _diagnoses(subject, numbers)


def known_mistakes_at(network, samples, point, analytic):
    """(the known mistakes, None), or ([], a sentence that says why they were not tried).

    `point` and `analytic` as for `gradients_by_name`. Raises GradcheckError for unsuitable samples.
    """
    subject = network if is_model(network) else described(network, samples)
    numbers, why_not = gradients_by_name(subject, point, analytic)
    if numbers is None:
        return [], why_not
    try:
        return _diagnoses(subject, numbers), None
    except NeuronnetError as error:
        return [], f"{NOT_TRIED}: {error}"


def gradients_by_name(network, point, analytic):
    """({"w5": number}, None), or (None, a sentence that says why there are none).

    `point`: the Point of the caller's parameters, `analytic` the flat vector of their gradients. The
    parameters must be those of the network, to the last bit. Some may be missing, or there may be others.
    """
    bad = np.flatnonzero(~np.isfinite(analytic))
    if bad.size > 0:
        return None, f"{NOT_TRIED}: the gradient of {point.names[bad[0]]} is {analytic[bad[0]]}"
    if is_model(network):
        return _in_blocks(network, point, analytic)
    layers = _arrays(described(network))
    wanted = {array.name: array for layer in layers for array in layer if array is not None}
    found = _places(layers, point)
    missing = [name for name in wanted if name not in found]
    used = {position for positions in found.values() for position in positions.ravel().tolist()}
    others = [block.name for block in point.blocks if not used.issuperset(range(block.start, block.stop))]
    if missing and others:
        among = f"should be among {', '.join(others)} of the parameters, which have other values"
        return None, f"{NOT_TRIED}: the network's {', '.join(missing)} {among}"
    numbers = {}
    for name, positions in found.items():
        for entry, position in zip(wanted[name].entries.ravel().tolist(), positions.ravel().tolist()):
            # A shared bias has the gradients of all its neurons together.
            numbers[entry] = numbers.get(entry, 0.0) + float(analytic[position])
    return numbers, None


def described(network, samples=None):
    """The Description of a network, with these samples in place of its own unless they are None."""
    description = read(network)
    if samples is None:
        return description
    pairs = sample_pairs(samples, description.layers[0].inputs, description.layers[-1].neurons)
    own = [{"inputs": inputs, "targets": targets} for inputs, targets in pairs]
    return read(description.to_dict() | {"sample": own})


def is_model(network: Any) -> bool:
    """Whether a network is described by formulas of its own: a `neuronnet.Model`."""
    return hasattr(network, "canonical")


def _of_model(model, gradients):
    """{"W1": number or array} from a dict by the names of a Model or of the derivatives of its loss."""
    if not isinstance(gradients, Mapping):
        found = f"gradients: found {type(gradients).__name__}"
        raise GradcheckError(f"{found}; of a Model allowed is a dict of its own names to numbers or arrays")
    return {str(name): _array(name, value) for name, value in gradients.items()}


def _in_blocks(model, point, analytic):
    """The gradients of the blocks that have the values of a given quantity of a Model, by its name."""
    known = {name: np.ravel(model[name]) for name in model.names() if model.formula(name) is None}
    numbers = {}
    for block in point.blocks:
        own = slice(block.start, block.stop)
        alike = [name for name in known if np.array_equal(known[name], point.vector[own])]
        free = [name for name in alike if name not in numbers]
        for name in ([block.name] if block.name in alike else free)[:1]:
            numbers[name] = analytic[own].reshape(np.shape(model[name]))
    if not numbers:
        return None, f"{NOT_TRIED}: no block has the values of {', '.join(known)}, which the model has"
    return numbers, None


def _diagnoses(subject, numbers):
    """The Diagnoses of a gradient summed over all samples, whatever batch the network updates from."""
    if is_model(subject):
        named = {name: split_partial(name) or (subject.loss, name) for name in numbers}
        return diagnose(subject, {partial_name(*named[name]): value for name, value in numbers.items()})
    description = subject
    error = description.names.error
    claims = {partial_name(error, name): number for name, number in numbers.items()}
    return diagnose(replace(description, batch="full"), claims, bounded=Bounded)


class NetworkArray(NamedTuple):
    """An array of the network: its `name`, `values` of shape (out, in) or (out,), and the names of its
    `entries`, alike. Entries of the same name are one parameter, which may be stored once.
    """

    name: str
    values: np.ndarray
    entries: np.ndarray

    @property
    def is_shared(self):
        return len(set(self.entries.ravel().tolist())) == 1 < self.entries.size


def _arrays(description):
    """(weights, biases or None) of every layer, as NetworkArrays W1, b1, W2, ..."""
    names, layers = description.names, []
    for i, layer in enumerate(description.layers):
        weights = np.array(layer.weights, dtype=np.float64), np.array(names.weights[i])
        biases = np.array(layer.neuron_biases, dtype=np.float64), np.array(names.biases[i] or ())
        b = None if layer.bias_kind == "none" else NetworkArray(f"b{i + 1}", *biases)
        layers.append((NetworkArray(f"W{i + 1}", *weights), b))
    return layers


# Gradients under the network's names


def _numbers(gradients, description):
    """{"w5": number} from a dict or list of numbers or arrays."""
    blocks = [each for pair in _arrays(description) for each in pair if each is not None]
    entries = {each.name: each.entries[:1] if each.is_shared else each.entries for each in blocks}
    if isinstance(gradients, Mapping):
        arrays = {name: _array(name, value) for name, value in gradients.items()}
        if any(value.ndim > 0 for value in arrays.values()):
            return _of_arrays(arrays, entries)
        known = [name for block in entries.values() for name in block.ravel().tolist()]
        return {_parameter(name, description.names, known): float(value) for name, value in arrays.items()}
    if not isinstance(gradients, (list, tuple)):
        raise GradcheckError(f"gradients: found {type(gradients).__name__}; {ALLOWED_GRADIENTS}")
    weights = [name for name in entries if name.startswith("W")]
    if len(gradients) not in (len(entries), len(weights)):
        expected = f"{len(entries)} arrays, {', '.join(entries)}"
        raise StructureMismatch("gradients", expected, f"{len(gradients)}")
    named = zip(entries if len(gradients) == len(entries) else weights, gradients)
    return _of_arrays({name: _array(name, value) for name, value in named}, entries)


def _of_arrays(arrays, entries):
    found = {}
    for name, numbers in arrays.items():
        if name not in entries:
            raise UnknownName("gradients", name, entries)
        wanted = entries[name]
        if wanted.shape == (1,) and numbers.shape == ():
            numbers = numbers.reshape(1)
        neurons = entries[f"W{name[1:]}"].shape[0]
        if name.startswith("b") and wanted.shape == (1,) and numbers.shape == (neurons,):
            numbers = numbers.sum(keepdims=True)  # a shared bias has the neurons' gradients together
        if numbers.shape != wanted.shape:
            raise ShapeMismatch(name, wanted.shape, numbers.shape)
        found |= zip(wanted.ravel().tolist(), numbers.ravel().tolist())
    return found


def _parameter(key, names, known):
    """The parameter that a key means: "w5", or "dE_total/dw5"."""
    parts = split_partial(spelled_out(str(key)))
    if parts is not None and names.standard(parts[0]) != names.error:
        raise UnknownName("gradients", key, [partial_name(names.error, each) for each in known])
    found = names.standard(str(key) if parts is None else parts[1])
    if found not in known:
        raise UnknownName("gradients", key, known)
    return found


def _array(name, value):
    try:
        found = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        needed = f"expected numbers, or rows of the same length, found {value!r}"
        raise GradcheckError(f"{name}: {needed}; {ALLOWED_GRADIENTS}") from None
    for index in np.argwhere(~np.isfinite(found)):
        raise NotFinite(name, index, found[tuple(index)])
    return found


# Samples


def sample_pairs(samples, inputs, outputs):
    """A list of (inputs, targets), each a list of floats, of a network with so many inputs and outputs.

    `samples`: pairs of rows of numbers, or two arrays whose first axis is the samples; an array of one axis
    will do where the network has one input, or one output. Raises GradcheckError for anything else.
    """
    if isinstance(samples, (str, bytes, dict)) or not hasattr(samples, "__iter__"):
        raise GradcheckError(f"samples: found {samples!r}; {ALLOWED_SAMPLES}")
    samples = list(samples)
    if len(samples) == 2 and all(hasattr(each, "ndim") for each in samples):
        samples = list(zip(*_rows_of_each(*samples, inputs, outputs)))
    return [_pair(number, pair) for number, pair in enumerate(samples)]


def _rows_of_each(X, T, inputs, outputs):
    """The rows of X and those of T."""
    found = f"samples: found arrays of shapes {np.shape(X)} and {np.shape(T)}"
    X = np.reshape(X, (-1, 1)) if np.ndim(X) == inputs == 1 else np.asarray(X)
    T = np.reshape(T, (-1, 1)) if np.ndim(T) == outputs == 1 else np.asarray(T)
    if X.ndim != 2 or T.ndim != 2:
        raise GradcheckError(f"{found}; {ALLOWED_SAMPLES}; {SINGLE_SAMPLE}")
    if len(X) != len(T):
        raise GradcheckError(f"{found}, which is {len(X)} samples and {len(T)}; {ALLOWED_SAMPLES}")
    return X, T


def _pair(number, pair):
    try:
        inputs, targets = (np.asarray(each, dtype=np.float64) for each in pair)
    except (TypeError, ValueError):
        inputs = targets = np.float64(0.0)
    if inputs.ndim != 1 or targets.ndim != 1:
        found = f"samples: found {pair!r} as sample {number}"
        raise GradcheckError(f"{found}; {ALLOWED_SAMPLES}; {SINGLE_SAMPLE}")
    return inputs.tolist(), targets.tolist()


# Where the arrays lie in the caller's parameters


class StoredArray(NamedTuple):
    """Where an array lies: its `positions` in the flat vector, in its own shape, and whether it is `turned`.

    `rank` says how well it is set apart, `block` is the name of the block at its start.
    """

    positions: np.ndarray
    turned: bool
    rank: int
    block: str


def _places(layers, point):
    """Name of each array -> its positions in the flat vector of a Point, for those that have some there.

    Where values leave a choice, the order is: a block of its own before a part of one, the orientation of the
    other layers, (out, in), the network's own names, a bias beside its weights, and last the order of the
    parameters. A bias that all neurons share has shape (1,) where it is stored once.
    """
    plain, turned = (_placed(layers, point, prefer_turned) for prefer_turned in (False, True))
    matrices = [weights.name for weights, _ in layers if min(weights.values.shape) > 1]
    all_may_be_turned = all(turned[name].turned for name in matrices if name in turned)
    some_must_be = any(plain[name].turned for name in matrices if name in plain)
    found = turned if some_must_be and all_may_be_turned else plain
    return {name: stored.positions for name, stored in found.items()}


def _placed(layers, point, prefer_turned):
    """Name -> StoredArray, the weights first; the biases follow in the order in which their weights lie."""
    free, found = np.full(point.vector.shape, True), {}

    def place(wanted, beside):
        def order(each):
            likeness = len(commonprefix([each.block, beside]))
            likeness += len(commonprefix([each.block[::-1], beside[::-1]]))
            is_other = each.turned != prefer_turned, each.block != wanted.name
            return each.rank, *is_other, -likeness, each.positions.min()

        candidates = [each for each in _candidates(wanted, point) if free[each.positions].all()]
        for best in sorted(candidates, key=order)[:1]:
            found[wanted.name] = best
            free[best.positions] = False

    for weights, _ in layers:
        place(weights, "")
    placed = [found.get(weights.name) for weights, _ in layers]
    starts = [free.size if stored is None else stored.positions.min() for stored in placed]
    for i in np.argsort(starts, kind="stable"):
        if layers[i][1] is not None:
            place(layers[i][1], "" if placed[i] is None else placed[i].block)
    return found


def _candidates(wanted, point):
    """Every StoredArray that has the values of a NetworkArray."""
    yield from _by_names(wanted, point)
    values, vector = wanted.values, point.vector
    orders = [(values, False)]
    if values.ndim == 2 and min(values.shape) > 1:
        orders.append((values.T, True))
    if wanted.is_shared:
        orders.append((values[:1], False))
    for stored, turned in orders:
        flat = stored.ravel()
        for start in np.flatnonzero(vector[: vector.size - flat.size + 1] == flat[0]).tolist():
            rank, block = _rank(start, stored, point)
            if rank is not None and np.array_equal(vector[start : start + flat.size], flat):
                positions = np.arange(start, start + flat.size).reshape(stored.shape)
                yield StoredArray(positions.T if turned else positions, turned, rank, block.name)


def _by_names(wanted, point):
    """The StoredArray whose numbers are parameters of their own, under the network's names."""
    numbers = {block.name: block.start for block in point.blocks if block.stop - block.start == 1}
    names = list(dict.fromkeys(wanted.entries.ravel().tolist()))
    if all(name in numbers for name in names):
        positions = np.array([numbers[name] for name in names])
        if np.array_equal(point.vector[positions], wanted.values.ravel()[: len(names)]):
            shape = wanted.values.shape if len(names) == wanted.values.size else (1,)
            yield StoredArray(positions.reshape(shape), False, OWN_NAMES, wanted.name)


def _rank(start, stored, point):
    """(how the run of numbers from `start` is set apart or None if it is not, its first block)."""
    stop = start + stored.size
    inside = [block for block in point.blocks if block.start < stop and start < block.stop]
    whole = inside[0].start == start and inside[-1].stop == stop
    is_matrix = any(sum(side > 1 for side in block.shape) > 1 for block in inside)
    if len(inside) == 1 and whole:
        rank = OWN_BLOCK if not is_matrix or inside[0].shape == stored.shape else None
    elif is_matrix:
        rank = None
    else:
        rank = PART_OF_A_BLOCK if len(inside) == 1 else OWN_BLOCKS if whole else None
    return rank, inside[0]
